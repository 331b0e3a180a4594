//! `/history` and `/history.csv`

use super::super::Server;
use super::super::extract::{Filter, Who};
use super::super::problem::{Handled, Trouble};
use super::Otherwise;
use crate::calendar::iso;
use app::view::{HistoryView, RolloutFilter, RolloutRow};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::IntoResponse;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

/// Deployments with the delivery figures they add up to.
#[utoipa::path(get, path = "/history", tag = "history", params(RolloutFilter),
    responses((status = 200, body = HistoryView), Otherwise))]
pub(crate) async fn history(
    State(server): State<Server>,
    Who(viewer): Who,
    Filter(filter): Filter<RolloutFilter>,
) -> Handled<Json<HistoryView>> {
    Ok(Json(server.backend.history(&viewer, filter).await?))
}

const HEAD: &str = "id,app,env,strategy,state,from,to,started_by,created_at,ended_at\r\n";

/// Every deployment that the filter asks for, as CSV. Pages are read as they are sent.
#[utoipa::path(get, path = "/history.csv", tag = "history", params(RolloutFilter),
    responses((status = 200, body = String, content_type = "text/csv"), Otherwise))]
pub(crate) async fn csv(
    State(server): State<Server>,
    Who(viewer): Who,
    Filter(filter): Filter<RolloutFilter>,
) -> Handled<impl IntoResponse> {
    let first = RolloutFilter {
        limit: Some(200),
        ..filter
    };
    // A filter that makes no sense is told before the stream begins.
    let page = server
        .backend
        .rollouts(&viewer, first.clone())
        .await
        .map_err(Trouble::from)?;
    let stream = futures::stream::unfold(Some((page, true)), move |state| {
        let (server, viewer, filter) = (server.clone(), viewer.clone(), first.clone());
        async move {
            let (page, is_first) = state?;
            let mut text = String::from(if is_first { HEAD } else { "" });
            page.items.iter().for_each(|row| line(&mut text, row));
            let next = match page.next {
                None => None,
                Some(cursor) => {
                    let filter = RolloutFilter {
                        cursor: Some(cursor),
                        ..filter
                    };
                    match server.backend.rollouts(&viewer, filter).await {
                        Ok(page) => Some((page, false)),
                        Err(problem) => return Some((Err(std::io::Error::other(problem)), None)),
                    }
                }
            };
            Some((Ok(text), next))
        }
    });
    Ok((
        [
            (CONTENT_TYPE, "text/csv; charset=utf-8"),
            (
                CONTENT_DISPOSITION,
                "attachment; filename=\"viridian-history.csv\"",
            ),
        ],
        Body::from_stream(stream),
    ))
}

fn line(text: &mut String, row: &RolloutRow) {
    let from = row.from.as_ref().map(|v| v.as_str()).unwrap_or_default();
    let cells = [
        row.id.to_string(),
        row.app.to_string(),
        row.env.to_string(),
        row.strategy.as_str().to_owned(),
        row.state.clone(),
        from.to_owned(),
        row.to.to_string(),
        row.started_by.clone(),
        iso(row.created_at),
        row.ended_at.map(iso).unwrap_or_default(),
    ];
    let cells: Vec<_> = cells.iter().map(|cell| quoted(cell)).collect();
    text.push_str(&cells.join(","));
    text.push_str("\r\n");
}

/// RFC 4180; a cell that a spreadsheet would take for a formula is made text.
fn quoted(cell: &str) -> String {
    let cell = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    };
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn cells_are_text_and_nothing_else() {
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(quoted("=HYPERLINK()"), "'=HYPERLINK()");
    }
}
