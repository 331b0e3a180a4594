//! The way of one request: choose, send, retry where that is safe, answer.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::{Duration, Instant};

use http::header::{self, HeaderValue};
use http::{Method, Request, Response, StatusCode, request};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;

use crate::body::{Answer, Moved, RequestBody, ResponseBody};
use crate::client::Client;
use crate::gateway::Shared;
use crate::headers;
use crate::meter::{Group, Trip};
use crate::plan::Unroutable;
use crate::pool::{ExchangeError, Line, Upstream};
use crate::tunnel;

/// A request that cannot be repeated only takes a connection used this recently, which its backend
/// is unlikely to be closing.
const UNREPEATABLE_IDLE_MAX: Duration = Duration::from_millis(500);

/// One request and what is known of its attempts.
struct Passage<'a> {
    shared: &'a Shared,
    client: &'a Arc<Client>,
    started: Instant,
    tried: Vec<Arc<Upstream>>,
    /// The group of the last attempt, which a retry prefers.
    last: Option<Arc<Group>>,
    set_cookie: Option<HeaderValue>,
}

pub(crate) async fn serve(
    shared: &Shared,
    client: &Arc<Client>,
    mut incoming: Request<Incoming>,
) -> Response<ResponseBody> {
    client.request_begun();
    let mut passage = Passage {
        shared,
        client,
        started: Instant::now(),
        tried: Vec::new(),
        last: None,
        set_cookie: None,
    };
    if incoming.method() == Method::CONNECT {
        let text = "CONNECT is not supported: this gateway serves an application\n";
        return passage.text(StatusCode::NOT_IMPLEMENTED, text.to_owned());
    }
    let upgrade = headers::is_upgrade(incoming.headers());
    let on_upgrade = upgrade.then(|| hyper::upgrade::on(&mut incoming));
    let (mut parts, body) = incoming.into_parts();
    headers::prepare_request(&mut parts, client, upgrade);
    passage.carry(parts, body, on_upgrade).await
}

impl Passage<'_> {
    async fn carry(
        &mut self,
        parts: request::Parts,
        incoming: Incoming,
        on_upgrade: Option<OnUpgrade>,
    ) -> Response<ResponseBody> {
        let bodyless = incoming.is_end_stream();
        // Safe to send twice: the method says so, and no byte of a body is lost by it.
        let repeatable = bodyless && is_idempotent(&parts.method);
        let (body, moved) = if bodyless {
            (RequestBody::Empty, None)
        } else {
            let moved = Arc::new(Moved::new(self.shared.epoch));
            (RequestBody::Stream { incoming, moved: Arc::clone(&moved) }, Some(moved))
        };
        let mut outgoing = Request::from_parts(parts, body);
        let mut retries_left = self.shared.options.retries_max;
        loop {
            let mut trip = match self.embark(outgoing.headers()) {
                Ok(trip) => trip,
                Err(refusal) => return self.refuse(refusal),
            };
            let upstream = Arc::clone(&trip.upstream);
            let mut fresh = false;
            // Twice at most: the second time on a fresh connection to the same backend.
            let failure = loop {
                let line = match self.line(&upstream, repeatable, fresh).await {
                    Ok(line) => line,
                    Err(error) => break Failure::connect(error, outgoing),
                };
                let reused = line.reused;
                let spare = repeatable.then(|| copy(&outgoing));
                match self.exchange(line, outgoing, moved.as_deref()).await {
                    Ok((response, line)) => {
                        upstream.readmit();
                        return self.answer(response, line, trip, on_upgrade);
                    }
                    Err(ExchangeError::Expired) => {
                        return self.give_up(trip, StatusCode::GATEWAY_TIMEOUT, "did not answer in time");
                    }
                    Err(ExchangeError::Broken(mut error)) => {
                        let unsent = error.take_message().or(spare);
                        match unsent {
                            // It was idle and its backend closed it: that says nothing of the
                            // backend's health.
                            Some(request) if reused && !fresh => {
                                outgoing = request;
                                fresh = true;
                            }
                            unsent => break Failure::exchange(error.into_error(), unsent),
                        }
                    }
                }
            };
            if failure.by_client {
                return self.text(StatusCode::BAD_REQUEST, "the request body broke off\n".to_owned());
            }
            upstream.instance.errors.fetch_add(1, Relaxed);
            if failure.connecting {
                let until = self.started + self.started.elapsed() + self.shared.options.ejection;
                upstream.eject_until(self.shared.epoch.ms(until));
            }
            tracing::debug!(
                group = trip.group.name,
                addr = %upstream.addr,
                error = failure.reason,
                "An attempt failed."
            );
            match failure.unsent {
                Some(request) if retries_left > 0 => {
                    retries_left -= 1;
                    outgoing = request;
                    self.tried.push(upstream);
                    self.last = Some(Arc::clone(&trip.group));
                    if !self.has_alternative(&trip, outgoing.headers()) {
                        return self.give_up(trip, StatusCode::BAD_GATEWAY, &failure.reason);
                    }
                    self.leave(&mut trip, outgoing.headers());
                }
                _ => return self.give_up(trip, StatusCode::BAD_GATEWAY, &failure.reason),
            }
        }
    }
}
