//! Real backends and a real client, all on loopback ports chosen by the kernel.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use bytes::Bytes;
use gateway::{Backend, Gateway, Options, Route, Table};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) type Body = BoxBody<Bytes, hyper::Error>;

pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never: Infallible| match never {})
        .boxed()
}

/// An HTTP/1.1 server that answers its name and counts what it served.
pub(crate) struct Server {
    pub(crate) name: String,
    pub(crate) addr: SocketAddr,
    pub(crate) served: Arc<AtomicUsize>,
    kill: CancellationToken,
    tasks: TaskTracker,
}

impl Server {
    pub(crate) async fn named(name: &str) -> Self {
        let answer = name.to_owned();
        Self::with(name, move |_request| {
            let answer = answer.clone();
            async move { Response::new(full(answer)) }
        })
        .await
    }

    pub(crate) async fn with<F, A>(name: &str, answer: F) -> Self
    where
        F: Fn(Request<Incoming>) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Response<Body>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (kill, tasks) = (CancellationToken::new(), TaskTracker::new());
        let served = Arc::new(AtomicUsize::new(0));
        let (accept_kill, accept_tasks, count) = (kill.clone(), tasks.clone(), Arc::clone(&served));
        tasks.spawn(async move {
            while let Some(Ok((stream, _))) =
                accept_kill.run_until_cancelled(listener.accept()).await
            {
                stream.set_nodelay(true).unwrap();
                let (answer, count, kill) =
                    (answer.clone(), Arc::clone(&count), accept_kill.clone());
                accept_tasks.spawn(async move {
                    let service = service_fn(|request| {
                        count.fetch_add(1, SeqCst);
                        let answer = answer(request);
                        async move { Ok::<_, Infallible>(answer.await) }
                    });
                    let serving = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .with_upgrades();
                    let _ = kill.run_until_cancelled(serving).await;
                });
            }
        });
        tasks.close();
        Self {
            name: name.to_owned(),
            addr,
            served,
            kill,
            tasks,
        }
    }

    /// Closes the listener and every connection at once; returns when the port refuses.
    pub(crate) async fn kill(&self) {
        self.kill.cancel();
        self.tasks.wait().await;
    }

    pub(crate) fn count(&self) -> usize {
        self.served.load(SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill.cancel();
    }
}

pub(crate) fn backend(id: &str, addr: SocketAddr) -> Backend {
    Backend {
        id: id.to_owned(),
        addr,
        healthy: true,
    }
}

/// A route of one group with the given servers.
pub(crate) fn route(group: &str, weight: u32, servers: &[&Server]) -> Route {
    let backends = servers
        .iter()
        .map(|one| backend(&one.name, one.addr))
        .collect();
    Route {
        group: group.to_owned(),
        weight,
        backends,
    }
}

pub(crate) fn table(routes: Vec<Route>) -> Table {
    Table {
        routes,
        ..Table::default()
    }
}

pub(crate) async fn gateway(table: Table) -> Gateway {
    gateway_with(table, Options::for_environment("shop-test")).await
}

pub(crate) async fn gateway_with(table: Table, options: Options) -> Gateway {
    let gateway = Gateway::bind("127.0.0.1:0".parse().unwrap(), options)
        .await
        .unwrap();
    gateway.set_table(table);
    gateway
}

/// A kept-alive client connection.
pub(crate) struct Client(SendRequest<Body>);

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Client {
    pub(crate) async fn to(gateway: &Gateway) -> Self {
        Self::connect(gateway.local_addr()).await
    }

    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection.with_upgrades());
        Self(sender)
    }

    pub(crate) async fn send(
        &mut self,
        request: Request<Body>,
    ) -> hyper::Result<Response<Incoming>> {
        self.0.ready().await?;
        self.0.send_request(request).await
    }

    pub(crate) async fn try_get(&mut self, headers: &[(&str, &str)]) -> hyper::Result<Answer> {
        let mut request = Request::get("/").header("host", "shop.example");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, body) = self
            .send(request.body(full("")).unwrap())
            .await?
            .into_parts();
        let bytes = body.collect().await?.to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            text,
        })
    }

    pub(crate) async fn get(&mut self, headers: &[(&str, &str)]) -> Answer {
        self.try_get(headers).await.unwrap()
    }
}

/// Waits until `condition` holds; fails the test when it does not within ten seconds.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "never came true: {what}"
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
