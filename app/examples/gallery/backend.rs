//! A backend of invented data, and enough of the REST interface for the browser's half.

use crate::sample;
use app::backend::{Answer, Backend, Problem, ProblemKind, SharedBackend, Viewer};
use app::view::*;
use axum::extract::{Path, Query};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use domain::{AppName, Command, Digest, RolloutId, Time};
use std::convert::Infallible;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How much there is to be seen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scene {
    Ordinary,
    /// More of everything than anybody wants.
    Crowd,
    /// A server that nobody has told anything yet.
    Empty,
}

pub(crate) struct Sample {
    scene: Scene,
    begun: Instant,
    /// The last verb, so that a click is seen to do something.
    said: Mutex<Option<Command>>,
}

impl Sample {
    pub(crate) fn new(scene: Scene) -> Self {
        Self {
            scene,
            begun: Instant::now(),
            said: Mutex::default(),
        }
    }

    fn now(&self) -> Time {
        sample::BEGIN.plus_ms(u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(0))
    }

    fn said(&self) -> Option<Command> {
        *self.said.lock().expect("no panic while it is held")
    }
}

fn missing(what: &str) -> Problem {
    Problem {
        kind: ProblemKind::NotFound,
        detail: format!("There is no {what}."),
        remedy: "Look at the list of what there is.".into(),
        field: None,
    }
}

#[async_trait::async_trait]
impl Backend for Sample {
    async fn now(&self, _: &Viewer) -> Answer<NowView> {
        let ordinary = sample::now(Sample::now(self));
        Ok(match self.scene {
            Scene::Ordinary => ordinary,
            Scene::Crowd => sample::crowded_now(Sample::now(self)),
            Scene::Empty => NowView {
                needs: vec![],
                moving: vec![],
                environments: vec![],
                applications: vec![],
                ..ordinary
            },
        })
    }
    async fn applications(&self, _: &Viewer) -> Answer<Vec<ApplicationRow>> {
        Ok(vec![])
    }
    async fn application(&self, _: &Viewer, app: &AppName) -> Answer<ApplicationView> {
        if self.scene == Scene::Crowd {
            Ok(sample::crowded_application(Sample::now(self)))
        } else if app.as_str() == "storefront" {
            Ok(sample::application(Sample::now(self)))
        } else {
            Err(missing("such application"))
        }
    }
    async fn apply(&self, _: &Viewer, _: ApplyRequest) -> Answer<ApplyView> {
        Err(missing("file"))
    }
    async fn images(&self, _: &Viewer, _: Option<&AppName>) -> Answer<ImagesView> {
        Ok(ImagesView {
            as_of: Sample::now(self),
            seq: 1,
            images: match self.scene {
                Scene::Empty => vec![],
                Scene::Ordinary | Scene::Crowd => sample::images(),
            },
        })
    }
    async fn image(&self, _: &Viewer, digest: &Digest) -> Answer<ImageView> {
        sample::images()
            .into_iter()
            .find(|image| image.digest == *digest)
            .ok_or_else(|| missing("such image"))
    }
    async fn bake(&self, _: &Viewer, _: BakeRequest) -> Answer<ImageView> {
        Err(missing("folder"))
    }
    async fn plan(&self, _: &Viewer, request: StartRequest) -> Answer<PlanView> {
        Ok(sample::plan(request))
    }
    async fn start(&self, _: &Viewer, request: StartRequest) -> Answer<RolloutView> {
        if request.image == "1.4.0" {
            return Err(Problem {
                kind: ProblemKind::Conflict,
                ..missing("room: another rollout of this image waits already")
            });
        }
        Ok(sample::rollout(412, Sample::now(self), self.said()))
    }
    async fn rollouts(&self, _: &Viewer, _: RolloutFilter) -> Answer<Page<RolloutRow>> {
        Ok(Page {
            items: vec![],
            next: None,
        })
    }
    async fn rollout(&self, _: &Viewer, id: RolloutId) -> Answer<RolloutView> {
        if id.0 < 400 {
            Err(missing("such rollout"))
        } else {
            Ok(sample::rollout(id.0, Sample::now(self), self.said()))
        }
    }
    async fn command(
        &self,
        _: &Viewer,
        id: RolloutId,
        command: Command,
        _: CommandRequest,
    ) -> Answer<RolloutView> {
        *self.said.lock().expect("no panic while it is held") = Some(command);
        Ok(sample::rollout(id.0, Sample::now(self), Some(command)))
    }
    async fn history(&self, _: &Viewer, filter: RolloutFilter) -> Answer<HistoryView> {
        let mut history = sample::history(Sample::now(self), &filter);
        if self.scene == Scene::Empty {
            history.rows.clear();
            history.next = None;
        }
        Ok(history)
    }
}

pub(crate) fn rest(backend: SharedBackend, viewer: Viewer) -> Router {
    macro_rules! on {
        ([$($extracted:ident: $kind:ty),*] $method:ident($($argument:expr),*)) => {{
            let (backend, viewer) = (backend.clone(), viewer.clone());
            move |$($extracted: $kind),*| async move { said(backend.$method(&viewer, $($argument),*).await) }
        }};
    }
    Router::new()
        .route("/api/v1/now", get(on!([] now())))
        .route("/api/v1/applications/{app}", get(on!([app: Path<AppName>] application(&app.0))))
        .route("/api/v1/images", get(on!([] images(None))))
        .route("/api/v1/images/{digest}", get(on!([digest: Path<Digest>] image(&digest.0))))
        .route("/api/v1/rollouts/{id}", get(on!([id: Path<i64>] rollout(RolloutId(id.0)))))
        .route("/api/v1/history", get(on!([filter: Query<RolloutFilter>] history(filter.0))))
        .route("/api/v1/rollouts", post(on!([request: Json<StartRequest>] start(request.0))))
        .route("/api/v1/rollouts/plan", post(on!([request: Json<StartRequest>] plan(request.0))))
        .route(
            "/api/v1/rollouts/{id}/{verb}",
            post(on!([path: Path<(i64, Command)>, request: Json<CommandRequest>] command(RolloutId(path.0.0), path.0.1, request.0))),
        )
        .route("/api/v1/events", get(events))
}

fn said<T: serde::Serialize>(answer: Answer<T>) -> Response {
    match answer {
        Ok(value) => Json(value).into_response(),
        Err(problem) => {
            let error = app::api::LoadError::from(problem);
            let status = axum::http::StatusCode::from_u16(error.status).unwrap_or_default();
            (status, Json(error)).into_response()
        }
    }
}

async fn events() -> Sse<impl futures::Stream<Item = Result<Event, Infallible>>> {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    let stream = futures::stream::poll_fn(move |context| {
        tick.poll_tick(context).map(|_| {
            let change = Change {
                seq: 1,
                rollout: Some(RolloutId(412)),
                app: None,
                env: None,
                what: "observed".into(),
            };
            let text = serde_json::to_string(&change).expect("plain data");
            Some(Ok(Event::default().event("change").id("1").data(text)))
        })
    });
    Sse::new(stream)
}
