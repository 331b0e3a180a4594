//! Clicks, sent from the browser. Without script the same forms go to the server by themselves.

use super::LoadError;
use crate::view::*;
use domain::{AppName, Command, Digest, EnvName, RolloutId};
use serde::{Serialize, de::DeserializeOwned};

/// Says a verb to a rollout. `step` is the one that was on the screen: a rollout that has moved on
/// refuses, so that a second click does not promote twice.
pub async fn command(
    id: RolloutId,
    command: Command,
    step: usize,
) -> Result<RolloutView, LoadError> {
    let path = format!("/rollouts/{id}/{}", command.as_str());
    post(&path, &CommandRequest { step: Some(step) }).await
}

pub async fn start(request: StartRequest) -> Result<RolloutView, LoadError> {
    post("/rollouts", &request).await
}

/// Lets automation act in an environment again.
pub async fn remove_hold(app: &AppName, env: &EnvName) -> Result<(), LoadError> {
    delete(&format!("/holds/{app}/{env}")).await
}

/// Allows an image in an environment again.
pub async fn remove_veto(app: &AppName, env: &EnvName, image: &Digest) -> Result<(), LoadError> {
    delete(&format!("/vetoes/{app}/{env}/{image}")).await
}

async fn delete(path: &str) -> Result<(), LoadError> {
    let request = gloo_net::http::Request::delete(&format!("/api/v1{path}"));
    answer::<serde::de::IgnoredAny>(request.send().await)
        .await
        .map(drop)
}

pub(super) async fn post<T: DeserializeOwned>(
    path: &str,
    body: &impl Serialize,
) -> Result<T, LoadError> {
    let request = gloo_net::http::Request::post(&format!("/api/v1{path}"))
        .json(body)
        .map_err(|error| LoadError::unreachable(&error.to_string()))?;
    answer(request.send().await).await
}

/// The value, or the problem the server named.
pub(super) async fn answer<T: DeserializeOwned>(
    response: Result<gloo_net::http::Response, gloo_net::Error>,
) -> Result<T, LoadError> {
    let response = response.map_err(|error| LoadError::unreachable(&error.to_string()))?;
    let status = response.status();
    let text = response
        .text()
        .await
        .map_err(|error| LoadError::unreachable(&error.to_string()))?;
    if response.ok() {
        return serde_json::from_str(&text).map_err(|error| {
            LoadError::unreachable(&format!("its answer cannot be read: {error}"))
        });
    }
    let problem: Result<LoadError, _> = serde_json::from_str(&text);
    Err(problem.map(LoadError::in_sentences).unwrap_or_else(|_| {
        LoadError::new(
            status,
            format!("The server answered {status}."),
            "Reload the page.",
        )
    }))
}
