//! A small HTTP client for our own REST interface.

use super::Failure;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rand::TryRngCore;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// The largest answer that is read whole.
const MAX_ANSWER: usize = 64 << 20;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) struct Client {
    http: hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>,
    base: String,
    authorization: HeaderValue,
}

impl Client {
    pub(crate) fn new(url: &str, token: &str) -> Result<Self, Failure> {
        let base = url.trim_end_matches('/').to_owned();
        let uri: Uri = base.parse().map_err(|error| {
            Failure::new(
                format!("{base:?} is not an address: {error}"),
                "give it as http://127.0.0.1:3000",
            )
        })?;
        if uri.scheme_str() != Some("http") || uri.authority().is_none() {
            return Err(Failure::new(
                format!("{base:?} cannot be used: only http:// addresses can"),
                "for a server elsewhere forward its port, as with `ssh -L 3000:127.0.0.1:3000 HOST`",
            ));
        }
        let mut authorization = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| {
            Failure::new(
                "the token holds characters that no token has",
                "copy it again, whole",
            )
        })?;
        authorization.set_sensitive(true);
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let http =
            hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self {
            http,
            base,
            authorization,
        })
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.call(Method::GET, path, Bytes::new()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.call(Method::DELETE, path, Bytes::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &impl Serialize) -> Result<Value, Failure> {
        let body = serde_json::to_vec(body).map_err(|e| Failure::new(e, ""))?;
        self.call(Method::POST, path, body.into()).await
    }

    /// The same, and whether it made something new: what was there already is answered with 200.
    pub(crate) async fn make(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<(Value, bool), Failure> {
        let body = serde_json::to_vec(body).map_err(|e| Failure::new(e, ""))?;
        let request = self.request(Method::POST, path, body.into())?;
        let response = self.send(request).await?;
        let new = response.status() == http::StatusCode::CREATED;
        Ok((self.read(response).await?, new))
    }

    /// Reads text as it is, such as CSV or an event stream.
    pub(crate) async fn open(
        &self,
        path: &str,
        accept: &'static str,
        last_event_id: Option<i64>,
    ) -> Result<Response<Incoming>, Failure> {
        let mut request = self.request(Method::GET, path, Bytes::new())?;
        request
            .headers_mut()
            .insert(ACCEPT, HeaderValue::from_static(accept));
        if let Some(id) = last_event_id {
            request
                .headers_mut()
                .insert("last-event-id", HeaderValue::from(id));
        }
        let response = self.send(request).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(self
            .read(response)
            .await
            .err()
            .unwrap_or_else(|| Failure::new("no answer", "")))
    }

    async fn call(&self, method: Method, path: &str, body: Bytes) -> Result<Value, Failure> {
        let request = self.request(method, path, body)?;
        let response = self.send(request).await?;
        self.read(response).await
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, Failure> {
        let mut request = Request::builder()
            .method(&method)
            .uri(format!("{}{path}", self.base))
            .header(AUTHORIZATION, self.authorization.clone())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json");
        if method == Method::POST {
            // One per run of the command: a repetition by the network does it once.
            let mut key = [0; 16];
            if rand::rngs::OsRng.try_fill_bytes(&mut key).is_ok() {
                request = request.header("idempotency-key", hex::encode(key));
            }
        }
        request
            .body(Full::new(body))
            .map_err(|e| Failure::new(e, ""))
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Failure> {
        self.http.request(request).await.map_err(|error| {
            Failure::new(
                format!("no server answers at {}: {}", self.base, chain(&error)),
                "is it running? `viridian serve` starts one",
            )
        })
    }

    async fn read(&self, response: Response<Incoming>) -> Result<Value, Failure> {
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_ANSWER)
            .collect()
            .await
            .map_err(|error| {
                Failure::new(
                    format!("the answer of {} broke off: {error}", self.base),
                    "try again; look at what was done with `viridian rollout list`",
                )
            })?;
        let bytes = body.to_bytes();
        if status.is_success() {
            if bytes.is_empty() {
                return Ok(Value::Null);
            }
            return serde_json::from_slice(&bytes).map_err(|error| self.unexpected(&error));
        }
        let problem: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let text = |name: &str| {
            problem
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let detail = match text("detail") {
            "" => format!("{} answered {status}", self.base),
            detail => detail.to_owned(),
        };
        let detail = match text("field") {
            "" => detail,
            field => format!("{field}: {detail}"),
        };
        let mut remedy = text("remedy").to_owned();
        let allowed: Vec<_> = problem
            .get("actions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter(|offer| offer["allowed"] == true)
            .filter_map(|offer| offer["name"].as_str())
            .collect();
        if !allowed.is_empty() {
            remedy = format!("{remedy}\n  allowed now: {}", allowed.join(", "));
        }
        Err(Failure::new(detail, remedy).answered(status.as_u16()))
    }

    fn unexpected(&self, error: &serde_json::Error) -> Failure {
        Failure::new(
            format!("the answer of {} is not understood: {error}", self.base),
            "is it a Viridian server of the same version as this command?",
        )
    }
}

/// Reads an answer as one of the types the REST interface speaks in.
pub(crate) fn typed<T: DeserializeOwned>(answer: &Value) -> Result<T, Failure> {
    T::deserialize(answer).map_err(|error| {
        Failure::new(
            format!("the answer is not understood: {error}"),
            "is it a Viridian server of the same version as this command?",
        )
    })
}

/// An error with all its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// One value of a query, with everything escaped that has a meaning there.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(byte));
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// `path?a=b`, of the values that are there.
pub(crate) fn with_query(path: &str, pairs: &[(&str, Option<String>)]) -> String {
    let query: Vec<_> = pairs
        .iter()
        .filter_map(|(name, value)| value.as_ref().map(|v| format!("{name}={}", escape(v))))
        .collect();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", query.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_addresses_are_taken() {
        assert!(Client::new("http://127.0.0.1:3000/", "t").is_ok());
        for bad in ["https://example.org", "127.0.0.1:3000", "", "http://"] {
            assert!(Client::new(bad, "t").is_err(), "{bad}");
        }
    }

    #[test]
    fn a_query_keeps_its_values_apart() {
        let query = with_query("/x", &[("a", Some("1&b=2 ä".into())), ("c", None)]);
        assert_eq!(query, "/x?a=1%26b%3D2%20%C3%A4");
    }
}
