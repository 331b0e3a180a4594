//! `GET /api/v1/events`: what changes, as server-sent events, resumable by `Last-Event-ID`.

use super::Server;
use super::extract::Filter;
use super::live::{LISTENERS, News, of_entry};
use super::problem::{Handled, ProblemBody, Trouble};
use crate::auth::Proof;
use app::view::Change;
use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::{AppName, EnvName, RolloutId, Target};
use futures::{Stream, StreamExt, stream};
use http::header::{CACHE_CONTROL, CONNECTION};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// Entries that are told again to somebody who comes back; with more missed, looking anew is less.
const REPLAYED: u32 = 1_000;
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Entries after which somebody who listens may have lost the right to.
const ENDS_ACCESS: [&str; 2] = ["token_revoked", "signed_out"];

/// Which changes to hear of; all without.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Wanted {
    #[param(value_type = Option<String>)]
    app: Option<AppName>,
    #[param(value_type = Option<String>)]
    env: Option<EnvName>,
    #[param(value_type = Option<i64>)]
    rollout: Option<RolloutId>,
}

/// What changes, as it changes.
///
/// Each event `change` has the journal's number as its id and a [`Change`] as its data; `observed`
/// changes are of figures only and have no id. An event `resync` says that some were missed.
#[utoipa::path(
    get, path = "/events", tag = "live", params(Wanted, ("Last-Event-ID" = Option<i64>, Header, description = "Go on after this one")),
    responses(
        (status = 200, description = "An endless stream", content_type = "text/event-stream", body = Change),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn events(
    State(server): State<Server>,
    Filter(wanted): Filter<Wanted>,
    Extension(proof): Extension<Proof>,
    headers: HeaderMap,
) -> Response {
    match listen(&server, wanted, proof, &headers).await {
        Ok(stream) => stream.into_response(),
        Err(trouble) => {
            let mut response = trouble.into_response();
            // Listeners that are too many come by the thousand: none keeps its connection.
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
            response
        }
    }
}

async fn listen(
    server: &Server,
    wanted: Wanted,
    proof: Proof,
    headers: &HeaderMap,
) -> Handled<impl IntoResponse + use<>> {
    // Listening begins before the past is read, so that nothing falls between the two.
    let (news, seat) = server.live.listen().ok_or_else(|| {
        Trouble::new(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("{LISTENERS} are listening already, and no more can"),
            "close other pages, or ask for what you need now and then instead",
        )
    })?;
    let target = match wanted.rollout {
        None => None,
        Some(id) => {
            let snapshot = server
                .world
                .engine
                .snapshot(id)
                .await
                .map_err(crate::world::of_engine)?;
            let missing = || crate::world::of_engine(engine::EngineError::NoRollout(id));
            Some(snapshot.ok_or_else(missing)?.rollout.plan.target.clone())
        }
    };
    // What ended between the gate and the seat was told to nobody here.
    if !server.people.is_good(&proof).await {
        return Err(Trouble::unauthenticated());
    }
    let mut looks = interval_at(Instant::now() + KEEP_ALIVE, KEEP_ALIVE);
    // A reader that stood still is looked up once when it reads on, not once for each time missed.
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut listener = Listener {
        news,
        server: server.clone(),
        proof,
        looks,
        wanted,
        target,
        told: 0,
        ready: VecDeque::new(),
        _seat: seat,
    };
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    if let Some(last) = last.filter(|last| !last.is_empty()) {
        match last.trim().parse() {
            Ok(last) => listener.replay(server, last).await?,
            Err(_) => listener.ready.push_back(resync()),
        }
    }
    let stopping = server.stopping.clone();
    let stream = listener.stream().take_until(stopping.cancelled_owned());
    let stream =
        Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE).text("still here"));
    let unbuffered = HeaderName::from_static("x-accel-buffering");
    Ok(([(CACHE_CONTROL, "no-store"), (unbuffered, "no")], stream))
}

struct Listener {
    news: broadcast::Receiver<News>,
    server: Server,
    /// What the listener came in with: it is let go when that ends.
    proof: Proof,
    /// When that is looked up, whether or not something was told: a token that expires tells nobody.
    looks: Interval,
    wanted: Wanted,
    /// Where the wanted rollout is, whose figures are of interest too.
    target: Option<Target>,
    /// The last entry of the journal that was told.
    told: i64,
    ready: VecDeque<Event>,
    _seat: OwnedSemaphorePermit,
}

impl Listener {
    async fn replay(&mut self, server: &Server, last: i64) -> Handled<()> {
        let store = &server.world.store;
        let head = store.head().await.map_err(crate::world::of_store)?;
        self.told = last;
        if last < 0 || last > head || head - last > i64::from(REPLAYED) {
            // Of another journal, or too long ago.
            self.told = head;
            self.ready.push_back(resync());
            return Ok(());
        }
        for entry in store
            .journal(None, last, REPLAYED)
            .await
            .map_err(crate::world::of_store)?
        {
            let change = of_entry(&entry);
            self.told = change.seq;
            if self.wants(&change) {
                let json = serde_json::to_string(&change).unwrap_or_default();
                self.ready.push_back(event(&change, &json));
            }
        }
        Ok(())
    }

    fn wants(&self, change: &Change) -> bool {
        let Wanted { app, env, rollout } = &self.wanted;
        let here = |target: &Target| {
            change.app.as_ref() == Some(&target.app) && change.env.as_ref() == Some(&target.env)
        };
        app.as_ref()
            .is_none_or(|app| change.app.as_ref() == Some(app))
            && env
                .as_ref()
                .is_none_or(|env| change.env.as_ref() == Some(env))
            && rollout.is_none_or(|id| {
                change.rollout == Some(id)
                    || (change.what == "observed" && self.target.as_ref().is_some_and(here))
            })
    }

    fn stream(self) -> impl Stream<Item = Result<Event, Infallible>> + Send {
        stream::unfold(self, |mut listener| async move {
            let event = listener.next().await?;
            Some((Ok(event), listener))
        })
    }

    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let heard = tokio::select! {
                heard = self.news.recv() => heard,
                _ = self.looks.tick() => {
                    if !self.server.people.is_good(&self.proof).await {
                        return None;
                    }
                    continue;
                }
            };
            let ends_access = match &heard {
                Ok(News::Change(change, _)) => ENDS_ACCESS.contains(&change.what.as_str()),
                Ok(News::Gap) | Err(_) => true,
            };
            if ends_access && !self.server.people.is_good(&self.proof).await {
                return None;
            }
            match heard {
                Ok(News::Change(change, json)) => {
                    let observed = change.what == "observed";
                    if !observed && change.seq <= self.told {
                        continue;
                    }
                    if !observed {
                        self.told = change.seq;
                    }
                    if self.wants(&change) {
                        return Some(event(&change, &json));
                    }
                }
                Ok(News::Gap) | Err(RecvError::Lagged(_)) => return Some(resync()),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

fn event(change: &Change, json: &str) -> Event {
    let event = Event::default().event("change").data(json);
    if change.what == "observed" {
        event
    } else {
        event.id(change.seq.to_string())
    }
}

fn resync() -> Event {
    Event::default().event("resync").data("{}")
}
