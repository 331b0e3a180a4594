//! What was wrong with a form, for a browser without script.

use super::page;
use crate::http::problem::ProblemBody;
use axum::response::Response;
use http::StatusCode;

pub(crate) fn problem(status: StatusCode, problem: &ProblemBody) -> Response {
    let field = match &problem.field {
        Some(field) => format!("<p>Field: <code>{}</code></p>", escape(field)),
        None => String::new(),
    };
    page(
        status,
        "This could not be done",
        "",
        &format!(
            "<p>{}</p><p>{}</p>{field}<p><a href=\"/\">Go to the first page</a></p>",
            escape(&sentence(&problem.detail)),
            escape(&sentence(&problem.remedy)),
        ),
    )
}

/// Begins with a capital and ends with a full stop.
fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    let first: String = rest
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let end = if text.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    format!("{first}{}{end}", rest.as_str())
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::problem::Trouble;

    #[tokio::test]
    async fn what_a_form_brought_is_shown_and_never_run() {
        let trouble = Trouble::new(
            StatusCode::NOT_FOUND,
            "\"<script>alert(1)</script>\" cannot be said",
            "go back",
        );
        let response = problem(trouble.status(), trouble.body());
        let body = axum::body::to_bytes(response.into_body(), 10_000).await;
        let html = String::from_utf8(body.unwrap().to_vec()).unwrap();
        assert!(
            html.contains("&lt;script&gt;alert(1)") && !html.contains("<script"),
            "{html}"
        );
        assert!(html.contains("Go back."), "{html}");
    }
}
