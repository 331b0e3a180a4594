//! Writes that carry a cookie have to come from our own pages. The browser says where a request
//! comes from in headers that no page can set.

use super::PublicUrl;
use http::HeaderMap;
use http::header::{HOST, ORIGIN};

/// Whether a write with a cookie comes from a page of this server. What does not say so does not.
///
/// This server speaks plain HTTP, so a page of `https://HOST` is another's, unless somebody said that
/// this is the address in front of it; then a plain page of that host is not ours either.
pub(super) fn is_ours(headers: &HeaderMap, public: Option<&PublicUrl>) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = text("sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin") {
        return false;
    }
    let Some(origin) = text(ORIGIN.as_str()) else {
        return site.is_some();
    };
    let host = text(HOST.as_str()).unwrap_or("");
    match public {
        Some(public) if origin.eq_ignore_ascii_case(&public.to_string()) => true,
        Some(public) if host.eq_ignore_ascii_case(public.authority()) => false,
        Some(_) | None => {
            let authority = origin.strip_prefix("http://");
            !host.is_empty()
                && authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_write() {
        let cases: [(&[(&str, &str)], bool); 10] = [
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
            (&[("host", "a"), ("origin", "https://a")], false),
            (&[("host", "a"), ("sec-fetch-site", "none")], false),
        ];
        for (given, expected) in cases {
            assert_eq!(is_ours(&headers(given), None), expected, "{given:?}");
        }
    }

    #[test]
    fn the_address_in_front_counts_once_it_was_told() {
        let public = "https://ops.example.org".parse().unwrap();
        let ours = |host: &str, origin: &str| {
            is_ours(
                &headers(&[("host", host), ("origin", origin)]),
                Some(&public),
            )
        };
        assert!(ours("ops.example.org", "https://ops.example.org"));
        assert!(ours("127.0.0.1:3000", "https://ops.example.org"));
        assert!(ours("127.0.0.1:3000", "http://127.0.0.1:3000"));
        assert!(!ours("ops.example.org", "http://ops.example.org"));
        assert!(!ours("127.0.0.1:3000", "https://127.0.0.1:3000"));
        assert!(!ours("ops.example.org", "https://evil.example"));
    }

    fn headers(given: &[(&str, &str)]) -> HeaderMap {
        let pairs = given.iter().map(|(name, value)| {
            let name = http::HeaderName::try_from(*name).unwrap();
            (name, value.parse().unwrap())
        });
        pairs.collect()
    }
}
