//! Writes that carry a cookie have to come from our own pages. The browser says where a request
//! comes from in headers that no page can set.

use http::HeaderMap;
use http::header::{HOST, ORIGIN};

/// Whether a write with a cookie comes from a page of this server. What does not say so does not.
pub(super) fn is_ours(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = text("sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin") {
        return false;
    }
    match text(ORIGIN.as_str()) {
        Some(origin) => {
            let host = text(HOST.as_str()).unwrap_or("");
            let authority = origin
                .strip_prefix("http://")
                .or(origin.strip_prefix("https://"));
            !host.is_empty()
                && authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
        }
        None => site.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_write() {
        let cases: [(&[(&str, &str)], bool); 9] = [
            (
                &[
                    ("host", "127.0.0.1:3000"),
                    ("origin", "http://127.0.0.1:3000"),
                ],
                true,
            ),
            (
                &[
                    ("host", "a"),
                    ("origin", "http://a"),
                    ("sec-fetch-site", "same-origin"),
                ],
                true,
            ),
            (&[("host", "a"), ("sec-fetch-site", "same-origin")], true),
            (&[("host", "a")], false),
            (&[("host", "a"), ("origin", "null")], false),
            (&[("host", "a"), ("origin", "http://a:81")], false),
            (
                &[
                    ("host", "a"),
                    ("origin", "http://a"),
                    ("sec-fetch-site", "same-site"),
                ],
                false,
            ),
            (&[("host", "a"), ("origin", "http://evil.example")], false),
            (&[("host", "a"), ("sec-fetch-site", "none")], false),
        ];
        for (given, expected) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in given {
                headers.insert(
                    http::HeaderName::try_from(*name).unwrap(),
                    value.parse().unwrap(),
                );
            }
            assert_eq!(is_ours(&headers), expected, "{given:?}");
        }
    }
}
