//! The session cookie.

use super::PublicUrl;
use super::people::SESSION_MS;
use http::HeaderMap;
use http::header::COOKIE;

/// Over plain HTTP. Browsers keep it for all ports of the host.
const PLAIN: &str = "viridian_session";
/// Over HTTPS: browsers take a cookie with this prefix from a secure page of exactly this host only.
const SECURE: &str = "__Host-viridian_session";
/// Sessions of one request that are looked up; a browser of ours sends one.
const LOOKED_UP: usize = 8;

fn is_secure(public: Option<&PublicUrl>) -> bool {
    public.is_some_and(PublicUrl::is_secure)
}

/// The secrets of the cookie header that may be sessions, each once.
pub(super) fn sessions<'a>(headers: &'a HeaderMap, public: Option<&PublicUrl>) -> Vec<&'a str> {
    let name = if is_secure(public) { SECURE } else { PLAIN };
    let mut secrets = Vec::new();
    let values = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(found, _)| *found == name)
        .map(|(_, value)| value);
    for value in values {
        if secrets.len() < LOOKED_UP && !secrets.contains(&value) {
            secrets.push(value);
        }
    }
    secrets
}

/// `Set-Cookie` of a session that was opened; of none, it ends the browser's.
pub(super) fn set(secret: Option<&str>, public: Option<&PublicUrl>) -> String {
    let (name, secure) = if is_secure(public) {
        (SECURE, "; Secure")
    } else {
        (PLAIN, "")
    };
    let (secret, age) = match secret {
        Some(secret) => (secret, SESSION_MS / 1_000),
        None => ("", 0),
    };
    format!("{name}={secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age={age}{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cookie_that_may_be_a_session_is_looked_at_once() {
        let mut headers = HeaderMap::new();
        for value in [
            "a=1; viridian_session=x; viridian_session=y",
            "viridian_session=x; __Host-viridian_session=z; xviridian_session=w",
        ] {
            headers.append(COOKIE, value.parse().unwrap());
        }
        assert_eq!(sessions(&headers, None), ["x", "y"]);
        let public = "https://ops.example.org".parse().unwrap();
        assert_eq!(sessions(&headers, Some(&public)), ["z"]);
    }

    #[test]
    fn over_https_no_other_host_and_no_plain_page_can_set_it() {
        let public = "https://ops.example.org".parse().unwrap();
        let cookie = set(Some("x"), Some(&public));
        assert!(cookie.starts_with("__Host-viridian_session=x;"), "{cookie}");
        assert!(
            cookie.ends_with("; Secure") && !cookie.contains("Domain"),
            "{cookie}"
        );
        assert!(!set(Some("x"), None).contains("Secure"));
    }
}
