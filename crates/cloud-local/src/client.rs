//! HTTP over the node's Unix socket, one connection a call: opening one takes some 50 µs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::{Buf, Bytes};
use cloud::CloudError;
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde::{Serialize, de::DeserializeOwned};
use tokio::net::UnixStream;

use crate::wire::Problem;

/// More than any answer needs; a bound on what a broken node could make us hold.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

#[derive(Clone, Debug)]
pub(crate) struct Client {
    socket: PathBuf,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody listens: the request was never sent.
    Absent(String),
    Cloud(CloudError),
}

impl From<Failure> for CloudError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Absent(why) => CloudError::Transient(why),
            Failure::Cloud(error) => error,
        }
    }
}

impl Client {
    pub(crate) fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    /// Sends a request and reads the whole answer; both are JSON.
    pub(crate) async fn call<B: Serialize + Sync, A: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &B,
        timeout: Duration,
    ) -> Result<A, Failure> {
        let exchange = async {
            let answer = self.send(method, path, body).await?;
            let bytes = self.collect(answer).await?;
            let bytes = if bytes.is_empty() {
                Bytes::from_static(b"null")
            } else {
                bytes
            };
            serde_json::from_slice(&bytes).map_err(|error| self.garbled(&error))
        };
        tokio::time::timeout(timeout, exchange)
            .await
            .unwrap_or_else(|_| Err(self.broken(&format_args!("no answer within {timeout:?}"))))
    }

    /// Sends a request; an answer that is no success becomes the error it carries.
    pub(crate) async fn send<B: Serialize + Sync>(
        &self,
        method: Method,
        path: &str,
        body: &B,
    ) -> Result<Response<Incoming>, Failure> {
        let stream = UnixStream::connect(&self.socket)
            .await
            .map_err(|error| self.absent(&error))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.broken(&error))?;
        tokio::spawn(async move {
            // Its errors reach the caller through the answer.
            let _ = connection.await;
        });
        let body = serde_json::to_vec(body).map_err(|error| self.garbled(&error))?;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "node")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| self.garbled(&error))?;
        let answer = sender
            .send_request(request)
            .await
            .map_err(|error| self.broken(&error))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let bytes = self.collect(answer).await?;
        match serde_json::from_slice::<Problem>(&bytes) {
            Ok(problem) => Err(Failure::Cloud(problem.into())),
            Err(_) => {
                let text = String::from_utf8_lossy(&bytes);
                Err(self.broken(&format_args!("it answered {status}: {text}")))
            }
        }
    }

    /// Calls `each` with every line of an answer as it comes.
    pub(crate) async fn lines<T: DeserializeOwned>(
        &self,
        answer: Response<Incoming>,
        each: &mut (dyn FnMut(T) + Send),
    ) -> Result<(), Failure> {
        let mut body = answer.into_body();
        let mut rest = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| self.broken(&error))?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            rest.extend_from_slice(&data);
            while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = rest.drain(..=end).collect();
                each(serde_json::from_slice(&line).map_err(|error| self.garbled(&error))?);
            }
        }
        Ok(())
    }

    async fn collect(&self, answer: Response<Incoming>) -> Result<Bytes, Failure> {
        let limited = http_body_util::Limited::new(answer.into_body(), ANSWER_BYTES_MAX);
        let body = limited
            .collect()
            .await
            .map_err(|error| self.broken(&error))?;
        let mut body = body.aggregate();
        Ok(body.copy_to_bytes(body.remaining()))
    }

    fn absent(&self, error: &std::io::Error) -> Failure {
        let socket = self.socket.display();
        Failure::Absent(format!(
            "no node listens on {socket} ({error}); start one with `viridian node`"
        ))
    }

    fn broken(&self, why: &dyn std::fmt::Display) -> Failure {
        let text = format!("the node at {}: {why}", self.socket.display());
        Failure::Cloud(CloudError::Transient(text))
    }

    fn garbled(&self, why: &dyn std::fmt::Display) -> Failure {
        let text = format!(
            "the node at {} speaks another version of the protocol ({why}); restart it with this `viridian`",
            self.socket.display()
        );
        Failure::Cloud(CloudError::Unsupported(text))
    }
}
