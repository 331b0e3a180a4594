//! The node's HTTP interface on its Unix socket. Handlers only translate.

mod images;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use cloud::CloudError;
use cloud_local::wire::{self, Instances, Problem};
use domain::{AppName, EnvName, GroupName, Observation, Target};
use serde::Deserialize;
use tokio::net::UnixListener;
use tokio::sync::mpsc;

use crate::error::transient;
use crate::folder::Folder;
use crate::node::{Node, blocking};
use crate::{NodeError, logs, observe, verbs};

/// What `sun_path` holds, its final zero byte left out.
const SOCKET_PATH_MAX: usize = 107;
const LOG_BYTES_MAX: u64 = 8 * 1024 * 1024;

pub(crate) fn bind(folder: &Folder) -> Result<(UnixListener, PathBuf), NodeError> {
    let path = cloud_local::socket_of(&folder.path);
    let length = path.as_os_str().len();
    if length > SOCKET_PATH_MAX {
        return Err(NodeError::SocketPathTooLong {
            path,
            length,
            limit: SOCKET_PATH_MAX,
        });
    }
    // The lock is ours, so whoever made it is gone.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(NodeError::io("remove the old socket", &path)(error));
        }
        _ => {}
    }
    let listener = UnixListener::bind(&path).map_err(NodeError::io("listen on", &path))?;
    // The folder keeps others out until this is done.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
        .map_err(NodeError::io("protect", &path))?;
    Ok((listener, path))
}

#[derive(Clone)]
struct Api {
    node: Arc<Node>,
    shutdown: mpsc::Sender<Instances>,
}

pub(crate) async fn serve(
    listener: UnixListener,
    node: Arc<Node>,
    shutdown: mpsc::Sender<Instances>,
) {
    let environment = "/v1/environments/{app}/{env}";
    let router = Router::new()
        .route("/v1/status", get(status))
        .route("/v1/events", get(events))
        .route("/v1/metrics", get(metrics))
        .route("/v1/shutdown", post(shut_down))
        .route("/v1/instances/{id}/log", get(log))
        .route(environment, get(observe_environment))
        .route(&format!("{environment}/traffic"), put(ensure_traffic))
        .route(
            &format!("{environment}/groups/{{group}}"),
            put(ensure_group).delete(ensure_retired),
        )
        .route(
            &format!("{environment}/groups/{{group}}/size"),
            put(ensure_size),
        )
        .route(
            &format!("{environment}/groups/{{group}}/instances/{{instance}}/replace"),
            post(replace_instance),
        )
        .merge(images::routes())
        .with_state(Api { node, shutdown });
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "The node's socket failed.");
    }
}

/// A typed error on its way out.
struct Refusal(CloudError);

impl From<CloudError> for Refusal {
    fn from(error: CloudError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let problem = Problem::from(self.0);
        let status = StatusCode::from_u16(problem.kind.status());
        (
            status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            Json(problem),
        )
            .into_response()
    }
}

type Answer<T> = Result<Json<T>, Refusal>;

#[derive(Deserialize)]
struct Place {
    app: AppName,
    env: EnvName,
}

#[derive(Deserialize)]
struct GroupPlace {
    app: AppName,
    env: EnvName,
    group: GroupName,
}

#[derive(Deserialize)]
struct InstancePlace {
    app: AppName,
    env: EnvName,
    group: GroupName,
    instance: String,
}

async fn status(State(api): State<Api>) -> Json<wire::Status> {
    Json(observe::status(&api.node))
}

#[derive(Deserialize)]
struct EventsQuery {
    app: AppName,
}

async fn events(State(api): State<Api>, Query(query): Query<EventsQuery>) -> Json<wire::Events> {
    Json(wire::Events {
        events: api.node.events.of(&query.app),
    })
}

async fn metrics(State(api): State<Api>) -> Json<wire::Text> {
    Json(wire::Text {
        text: observe::prometheus(&api.node),
    })
}

async fn shut_down(State(api): State<Api>, Json(asked): Json<wire::Shutdown>) -> Json<()> {
    // A node that ends already needs no second word.
    let _ = api.shutdown.try_send(asked.instances);
    Json(())
}

#[derive(Deserialize)]
struct LogQuery {
    bytes: Option<u64>,
}

async fn log(
    State(api): State<Api>,
    Path(id): Path<String>,
    Query(query): Query<LogQuery>,
) -> Answer<wire::Text> {
    // Ids become file names.
    if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(CloudError::NotFound(format!("an instance {id:?}")).into());
    }
    let path = api.node.records.log(&id);
    let bytes = query.bytes.unwrap_or(64 * 1024).min(LOG_BYTES_MAX);
    match blocking(move || logs::tail(&path, bytes))
        .await
        .ok_or_else(verbs::crashed)?
    {
        Ok(text) => Ok(Json(wire::Text { text })),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(CloudError::NotFound(format!("a log of instance {id}")).into())
        }
        Err(error) => Err(transient("the log cannot be read", &error).into()),
    }
}

async fn observe_environment(
    State(api): State<Api>,
    Path(place): Path<Place>,
) -> Json<Observation> {
    Json(observe::observe(
        &api.node,
        &Target {
            app: place.app,
            env: place.env,
        },
    ))
}

async fn ensure_group(
    State(api): State<Api>,
    Path(place): Path<GroupPlace>,
    Json(asked): Json<wire::EnsureGroup>,
) -> Answer<()> {
    if place.group != asked.group.name {
        let text = format!(
            "the path names {} and the body {}",
            place.group, asked.group.name
        );
        return Err(CloudError::Invalid(text).into());
    }
    let target = Target {
        app: place.app,
        env: place.env,
    };
    verbs::ensure_group(&api.node, &target, asked.listen, asked.group, asked.size).await?;
    Ok(Json(()))
}

async fn ensure_size(
    State(api): State<Api>,
    Path(place): Path<GroupPlace>,
    Json(asked): Json<wire::EnsureSize>,
) -> Answer<()> {
    let target = Target {
        app: place.app,
        env: place.env,
    };
    verbs::ensure_size(&api.node, &target, &place.group, asked.size).await?;
    Ok(Json(()))
}

async fn ensure_traffic(
    State(api): State<Api>,
    Path(place): Path<Place>,
    Json(asked): Json<wire::EnsureTraffic>,
) -> Answer<()> {
    let target = Target {
        app: place.app,
        env: place.env,
    };
    verbs::ensure_traffic(&api.node, &target, asked.listen, asked.routes).await?;
    Ok(Json(()))
}

async fn ensure_retired(State(api): State<Api>, Path(place): Path<GroupPlace>) -> Answer<()> {
    let target = Target {
        app: place.app,
        env: place.env,
    };
    verbs::ensure_retired(&api.node, &target, &place.group).await?;
    Ok(Json(()))
}

async fn replace_instance(State(api): State<Api>, Path(place): Path<InstancePlace>) -> Answer<()> {
    let target = Target {
        app: place.app,
        env: place.env,
    };
    verbs::replace_instance(&api.node, &target, &place.group, &place.instance).await?;
    Ok(Json(()))
}
