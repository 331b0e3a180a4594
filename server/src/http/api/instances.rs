//! `/instances`

use super::super::Server;
use super::super::extract::{At, Filter, Who};
use super::super::problem::{Handled, Trouble};
use super::Otherwise;
use axum::extract::State;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Deserialize;

/// How much of an output.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Tail {
    /// The last so many lines; 200 without, never more than 5,000, and never more than 64 KiB.
    lines: Option<usize>,
}

/// The last lines that an instance wrote to its standard output and error, also of one that ended.
#[utoipa::path(get, path = "/instances/{id}/log", tag = "environments", operation_id = "instance_log",
    params(("id" = String, Path), Tail),
    responses((status = 200, body = String, content_type = "text/plain"), Otherwise))]
pub(crate) async fn log(
    State(server): State<Server>,
    Who(_): Who,
    At(id): At<String>,
    Filter(tail): Filter<Tail>,
) -> Handled<([(http::HeaderName, &'static str); 1], String)> {
    let lines = tail.lines.unwrap_or(200);
    if !(1..=5_000).contains(&lines) {
        return Err(Trouble::new(
            StatusCode::BAD_REQUEST,
            format!("lines is {lines}"),
            "use 1 to 5000",
        )
        .at("lines"));
    }
    let text = server.world.instance_log(&id, lines).await?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], text))
}
