//! Reads, for the server's rendering and for the browser's.

use super::LoadError;
use crate::view::*;
use domain::{AppName, Digest, RolloutId};

/// One question in two worlds: `$method` of the backend on the server, GET `$path` in the browser.
macro_rules! read {
    ($path:expr, $method:ident($($argument:expr),*)) => {{
        #[cfg(feature = "ssr")]
        {
            let (backend, viewer) = asked_by()?;
            backend.$method(&viewer, $($argument),*).await.map_err(LoadError::from)
        }
        #[cfg(not(feature = "ssr"))]
        {
            browser::get(&$path).await
        }
    }};
}

pub async fn now() -> Result<NowView, LoadError> {
    read!("/now", now())
}

pub async fn applications() -> Result<Vec<ApplicationRow>, LoadError> {
    read!("/applications", applications())
}

pub async fn application(name: String) -> Result<ApplicationView, LoadError> {
    let app = AppName::new(&name).map_err(|_| LoadError::not_found("application", &name))?;
    read!(format!("/applications/{app}"), application(&app))
}

pub async fn images() -> Result<ImagesView, LoadError> {
    read!("/images", images(None))
}

pub async fn image(digest: String) -> Result<ImageView, LoadError> {
    let digest = Digest::new(&digest).map_err(|_| LoadError::not_found("image", &digest))?;
    read!(format!("/images/{digest}"), image(&digest))
}

pub async fn rollout(id: String) -> Result<RolloutView, LoadError> {
    let id: RolloutId = id
        .parse()
        .map_err(|_| LoadError::not_found("rollout", &id))?;
    read!(format!("/rollouts/{id}"), rollout(id))
}

pub async fn history(filter: RolloutFilter) -> Result<HistoryView, LoadError> {
    read!(format!("/history{}", query_of(&filter)), history(filter))
}

/// A filter as an address carries it: `?app=shop&state=failed`, or nothing.
#[must_use]
pub fn query_of(filter: &RolloutFilter) -> String {
    let fields = [
        ("app", filter.app.as_ref().map(ToString::to_string)),
        ("env", filter.env.as_ref().map(ToString::to_string)),
        ("state", filter.state.clone()),
        ("strategy", filter.strategy.clone()),
        ("cursor", filter.cursor.clone()),
        ("limit", filter.limit.map(|limit| limit.to_string())),
    ];
    let filled = fields
        .into_iter()
        .filter_map(|(key, value)| value.map(|value| (key, value)));
    filled
        .collect::<leptos_router::params::ParamsMap>()
        .to_query_string()
}

/// What a rollout would do; changes nothing.
pub async fn plan(request: StartRequest) -> Result<PlanView, LoadError> {
    #[cfg(feature = "ssr")]
    {
        let (backend, viewer) = asked_by()?;
        backend
            .plan(&viewer, request)
            .await
            .map_err(LoadError::from)
    }
    #[cfg(not(feature = "ssr"))]
    {
        send_wrapper::SendWrapper::new(super::write::post("/rollouts/plan", &request)).await
    }
}

#[cfg(feature = "ssr")]
fn asked_by() -> Result<(crate::backend::SharedBackend, crate::backend::Viewer), LoadError> {
    use leptos::prelude::use_context;
    let backend = use_context().ok_or_else(|| {
        LoadError::new(
            500,
            "The page was rendered without a backend.",
            "This is a fault of the server; its log says more.",
        )
    })?;
    let viewer = use_context().ok_or_else(|| {
        LoadError::new(
            401,
            "You are not signed in.",
            "Open the sign-in link that `viridian serve` printed.",
        )
    })?;
    Ok((backend, viewer))
}

#[cfg(not(feature = "ssr"))]
mod browser {
    use super::LoadError;
    use serde::de::DeserializeOwned;

    pub(super) async fn get<T: DeserializeOwned>(path: &str) -> Result<T, LoadError> {
        let url = format!("/api/v1{path}");
        // There is one thread in the browser; the resource asks for `Send` because servers have more.
        send_wrapper::SendWrapper::new(async move {
            let response = gloo_net::http::Request::get(&url).send().await;
            super::super::write::answer(response).await
        })
        .await
    }
}
