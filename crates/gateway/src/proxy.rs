//! The way of one request: choose, send, retry where that is safe, answer.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::{Duration, Instant};

use http::header::{self, HeaderMap, HeaderValue};
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
    /// Backends that failed this request.
    tried: Vec<Arc<Upstream>>,
    /// To be told to a new visitor by the answer.
    set_cookie: Option<HeaderValue>,
}

/// An attempt that brought no answer.
struct Failure {
    reason: String,
    /// The request, where it may be sent again.
    request: Option<Request<RequestBody>>,
    fault: Fault,
}

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    NoConnection,
    NoAnswer,
    /// The client's own body broke off.
    Client,
}

/// Why a request gets no further attempt.
enum Refusal {
    Unroutable(Unroutable),
    /// Every backend it may go to has been tried.
    Exhausted,
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
        set_cookie: None,
    };
    if incoming.method() == Method::CONNECT {
        let text = "CONNECT is not supported: this is a gateway to one application\n";
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
            (
                RequestBody::Stream {
                    incoming,
                    moved: Arc::clone(&moved),
                },
                Some(moved),
            )
        };
        let mut outgoing = Request::from_parts(parts, body);
        let mut retries_left = self.shared.options.retries_max;
        let mut last: Option<(Trip, String)> = None;
        loop {
            let trip = match self.embark(
                outgoing.headers(),
                last.as_ref().map(|(trip, _)| &trip.group),
            ) {
                Ok(trip) => trip,
                Err(refusal) => return self.refuse(refusal, last),
            };
            if let Some((mut failed, _)) = last.take()
                && !Arc::ptr_eq(&failed.group, &trip.group)
            {
                // Another group stands in; that this one could not serve must show in its figures.
                failed.fail();
            }
            let failure = match self
                .attempt(outgoing, &trip.upstream, repeatable, moved.as_deref())
                .await
            {
                Ok(Some((response, line))) => return self.answer(response, line, trip, on_upgrade),
                Ok(None) => {
                    trip.upstream.instance.errors.fetch_add(1, Relaxed);
                    return self.fail(trip, StatusCode::GATEWAY_TIMEOUT, "did not answer in time");
                }
                Err(failure) => failure,
            };
            if failure.fault == Fault::Client {
                return self.text(
                    StatusCode::BAD_REQUEST,
                    "the request body broke off\n".to_owned(),
                );
            }
            self.note(&failure, &trip);
            match failure.request {
                Some(request) if retries_left > 0 => {
                    retries_left -= 1;
                    outgoing = request;
                    self.tried.push(Arc::clone(&trip.upstream));
                    last = Some((trip, failure.reason));
                }
                _ => return self.fail(trip, StatusCode::BAD_GATEWAY, &failure.reason),
            }
        }
    }

    /// Chooses a backend and sets out for it: from here on the request is in flight there.
    fn embark(&mut self, headers: &HeaderMap, last: Option<&Arc<Group>>) -> Result<Trip, Refusal> {
        let shared = self.shared;
        loop {
            let plan = shared.plan.load();
            let turn = || shared.turns.fetch_add(1, Relaxed);
            let mut choice = plan.choose(headers, turn).map_err(Refusal::Unroutable)?;
            if !choice.pinned
                && let Some(again) = last.and_then(|group| plan.route_of(group))
            {
                choice.route = again;
            }
            let now = if self.tried.is_empty() {
                self.started
            } else {
                Instant::now()
            };
            let now_ms = shared.epoch.ms(now);
            let backend_turn = shared.backend_turns.fetch_add(1, Relaxed);
            let found = plan.backend(choice, &self.tried, now_ms, backend_turn);
            let (route, upstream) = found.ok_or(Refusal::Exhausted)?;
            let group = &plan.routes[route].group;
            let trip = Trip::start(group, upstream);
            // Pairs with `Gateway::set_table`: either this sees the new table, or whoever set it
            // sees this request in flight. So a drained group stays drained.
            if shared.generation.load(SeqCst) != plan.generation {
                continue;
            }
            if !last.is_some_and(|last| Arc::ptr_eq(last, group)) {
                group.count_request(now_ms);
            }
            upstream.instance.requests.fetch_add(1, Relaxed);
            self.set_cookie = if choice.set_cookie {
                plan.set_cookie(route)
            } else {
                None
            };
            return Ok(trip);
        }
    }

    /// One attempt at one backend. `None` is a backend that took too long.
    async fn attempt(
        &self,
        mut request: Request<RequestBody>,
        upstream: &Arc<Upstream>,
        repeatable: bool,
        moved: Option<&Moved>,
    ) -> Result<Option<(Response<Incoming>, Line)>, Failure> {
        let mut fresh = false;
        loop {
            let mut line = match self.line(upstream, repeatable, fresh).await {
                Ok(line) => line,
                Err(error) => {
                    let fault = if is_own_shortage(&error) {
                        Fault::NoAnswer
                    } else {
                        Fault::NoConnection
                    };
                    return Err(Failure {
                        reason: format!("refused the connection ({error})"),
                        request: Some(request),
                        fault,
                    });
                }
            };
            let spare = repeatable.then(|| copy(&request));
            let sent_ms = self.shared.epoch.ms(self.started);
            let limit_ms = self.shared.options.response_timeout.as_millis() as u64;
            let expired = || {
                let since_ms = moved.map_or(0, Moved::at_ms).max(sent_ms);
                self.shared.epoch.ms(Instant::now()) >= since_ms + limit_ms
            };
            match line.exchange(request, expired).await {
                Ok(response) => {
                    upstream.readmit();
                    return Ok(Some((response, line)));
                }
                Err(ExchangeError::Expired) => return Ok(None),
                Err(ExchangeError::Broken(mut error)) => match error.take_message().or(spare) {
                    // The backend closed an idle connection: no sign of ill health, and a fresh
                    // connection to it will tell.
                    Some(again) if line.reused => {
                        request = again;
                        fresh = true;
                    }
                    request => {
                        let reason = format!("broke off the connection ({})", error.error());
                        let fault = if error.error().is_user() {
                            Fault::Client
                        } else {
                            Fault::NoAnswer
                        };
                        return Err(Failure {
                            reason,
                            request,
                            fault,
                        });
                    }
                },
            }
        }
    }

    async fn line(&self, upstream: &Upstream, repeatable: bool, fresh: bool) -> io::Result<Line> {
        let options = &self.shared.options;
        if !fresh {
            let age_max = if repeatable {
                options.pool_idle_timeout
            } else {
                UNREPEATABLE_IDLE_MAX
            };
            if let Some(line) = upstream.check_out(self.started, age_max) {
                return Ok(line);
            }
        }
        upstream.connect(options.connect_timeout).await
    }

    fn note(&self, failure: &Failure, trip: &Trip) {
        trip.upstream.instance.errors.fetch_add(1, Relaxed);
        if failure.fault == Fault::NoConnection {
            let until = Instant::now() + self.shared.options.ejection;
            trip.upstream.eject_until(self.shared.epoch.ms(until));
        }
        tracing::debug!(
            group = trip.group.name,
            addr = %trip.upstream.addr,
            reason = failure.reason,
            "A backend did not take a request."
        );
    }

    fn answer(
        &mut self,
        response: Response<Incoming>,
        line: Line,
        mut trip: Trip,
        on_upgrade: Option<OnUpgrade>,
    ) -> Response<ResponseBody> {
        let (mut parts, incoming) = response.into_parts();
        let upgraded = parts.status == StatusCode::SWITCHING_PROTOCOLS;
        trip.group
            .count_answer(parts.status, self.started.elapsed());
        if parts.status.is_server_error() {
            trip.upstream.instance.errors.fetch_add(1, Relaxed);
            trip.fail();
        }
        let backend_upgrade = parts.extensions.remove::<OnUpgrade>();
        headers::prepare_response(&mut parts, upgraded);
        if let Some(cookie) = self.set_cookie.take() {
            parts.headers.append(header::SET_COOKIE, cookie);
        }
        if !upgraded {
            let answer = Answer::new(incoming, line, trip, self.shared.options.pool_idle_max);
            return Response::from_parts(parts, ResponseBody::answer(answer, self.client));
        }
        match (on_upgrade, backend_upgrade) {
            (Some(client), Some(backend)) => {
                let door = self.client.door();
                tunnel::open(
                    &self.shared.tasks,
                    door.map_or(&self.shared.cut, |door| &door.cut),
                    client,
                    backend,
                    line,
                    trip,
                );
                Response::from_parts(parts, ResponseBody::text("", self.client))
            }
            _ => {
                trip.fail();
                let text = self.about(&trip, "changed the protocol without being asked");
                self.text(StatusCode::BAD_GATEWAY, text)
            }
        }
    }

    /// Answers on behalf of a group that could not.
    fn fail(&self, mut trip: Trip, status: StatusCode, reason: &str) -> Response<ResponseBody> {
        trip.fail();
        trip.group.count_answer(status, self.started.elapsed());
        self.text(status, self.about(&trip, reason))
    }

    fn about(&self, trip: &Trip, reason: &str) -> String {
        let environment = &self.shared.options.environment;
        format!(
            "{environment}: an instance of {} {reason}\n",
            trip.group.name
        )
    }

    fn refuse(&self, refusal: Refusal, last: Option<(Trip, String)>) -> Response<ResponseBody> {
        if let Some((trip, reason)) = last {
            return self.fail(trip, StatusCode::BAD_GATEWAY, &reason);
        }
        self.shared.unrouted.fetch_add(1, Relaxed);
        let environment = &self.shared.options.environment;
        let text = match refusal {
            Refusal::Unroutable(Unroutable::GroupWithoutHealthy(group)) => {
                format!("{environment}: no healthy instance of {group}\n")
            }
            Refusal::Unroutable(Unroutable::UnknownGroup(group)) => {
                format!("{environment}: {group} is not, or no longer, in the routing table\n")
            }
            Refusal::Unroutable(Unroutable::NoHealthy) | Refusal::Exhausted => {
                format!("{environment} has no healthy instance\n")
            }
        };
        let mut response = self.text(StatusCode::SERVICE_UNAVAILABLE, text);
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        response
    }

    fn text(&self, status: StatusCode, text: String) -> Response<ResponseBody> {
        let mut response = Response::new(ResponseBody::text(text, self.client));
        *response.status_mut() = status;
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, plain);
        response
    }
}

/// Out of file descriptors (`ENFILE`, `EMFILE`) or of local ports: no reason to pass the backend over.
fn is_own_shortage(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(23 | 24)) || error.kind() == io::ErrorKind::AddrNotAvailable
}

/// RFC 9110, section 9.2.2.
fn is_idempotent(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE | Method::TRACE
    )
}

fn copy(request: &Request<RequestBody>) -> Request<RequestBody> {
    let mut copy = Request::new(RequestBody::Empty);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    *copy.headers_mut() = request.headers().clone();
    copy
}
