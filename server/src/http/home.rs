//! Where a form without script leads back to, and what is told there.

use crate::auth::Seal;
use app::Told;
use app::backend::Problem;
use axum::extract::Query;
use axum::response::Redirect;
use http::request::Parts;
use serde::Deserialize;

/// What of an address only this server may have put there.
const OURS: [&str; 2] = ["problem=", "seal="];

#[derive(Deserialize)]
struct Sealed {
    problem: String,
    seal: String,
}

/// Back to the page, which tells the problem.
pub(super) fn back(home: &str, problem: &Problem, seal: &Seal) -> Redirect {
    let mut text = problem.detail.clone();
    if !problem.remedy.is_empty() {
        text = format!("{text}; {}", problem.remedy);
    }
    let (path, fragment) = home
        .split_once('#')
        .map_or((home, None), |(path, f)| (path, Some(f)));
    let sign = if path.contains('?') { '&' } else { '?' };
    let mut to = format!(
        "{path}{sign}problem={}&seal={}",
        crate::cli::escape(&text),
        seal.on(&text)
    );
    if let Some(fragment) = fragment {
        to = format!("{to}#{fragment}");
    }
    Redirect::to(&to)
}

/// What the address of a page says in this server's name to the one who asks; nothing where somebody
/// else wrote it.
pub(super) fn told(parts: &Parts) -> Option<Told> {
    let seal = parts.extensions.get::<Seal>()?;
    let Query(said) = Query::<Sealed>::try_from_uri(&parts.uri).ok()?;
    seal.is_on(&said.seal, &said.problem)
        .then_some(Told(said.problem))
}

/// A path of this server, without the problem of an earlier try; anything else is not followed.
pub(super) fn local(return_to: &str) -> Option<String> {
    let is_path = return_to.starts_with('/')
        && !return_to.starts_with("//")
        && !return_to.contains('\\')
        && return_to.bytes().all(|b| (0x21..0x7f).contains(&b));
    if !is_path {
        return None;
    }
    let Some((path, query)) = return_to.split_once('?') else {
        return Some(return_to.to_owned());
    };
    let kept: Vec<_> = query
        .split('&')
        .filter(|pair| !OURS.iter().any(|ours| pair.starts_with(ours)))
        .collect();
    Some(if kept.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", kept.join("&"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_server_are_gone_back_to() {
        assert_eq!(
            local("/rollouts/7?tab=x&problem=old&seal=0").as_deref(),
            Some("/rollouts/7?tab=x")
        );
        for bad in [
            "",
            "http://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/a\r\nset-cookie: x",
            "rollouts",
        ] {
            assert_eq!(local(bad), None, "{bad:?}");
        }
    }
}
