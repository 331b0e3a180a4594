//! Header rules of a proxy: what ends at this hop and what is added.

use http::header::{self, Entry, HeaderMap, HeaderName, HeaderValue};
use http::{Uri, Version, request, response};

use crate::client::Client;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Hold a sign-in to Viridian itself. Browsers keep the cookies of one host for all its ports, so they
/// arrive here too: no application may see one, and none may plant one.
const SESSION_COOKIES: [&[u8]; 2] = [b"viridian_session", b"__Host-viridian_session"];

/// Whether the message asks for (or grants) a change of protocol.
pub(crate) fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.contains_key(header::UPGRADE)
        && headers
            .get_all(header::CONNECTION)
            .iter()
            .any(|value| has_token(value, "upgrade"))
}

fn has_token(value: &HeaderValue, token: &str) -> bool {
    let text = value.to_str().unwrap_or_default();
    text.split(',')
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// Turns a request as received into the request as sent on.
pub(crate) fn prepare_request(parts: &mut request::Parts, client: &Client, upgrade: bool) {
    let wants_trailers = parts
        .headers
        .get(header::TE)
        .is_some_and(|te| has_token(te, "trailers"));
    strip_hop(&mut parts.headers, upgrade);
    parts.headers.remove(header::TE);
    if wants_trailers {
        parts
            .headers
            .insert(header::TE, HeaderValue::from_static("trailers"));
        parts
            .headers
            .append(header::CONNECTION, HeaderValue::from_static("te"));
    }
    strip_session(&mut parts.headers);
    if parts.uri.authority().is_some() {
        to_origin_form(parts);
    }
    if let Entry::Vacant(entry) = parts.headers.entry(header::HOST) {
        // Only HTTP/1.0 clients leave it out; what is sent on is HTTP/1.1, which must have it.
        entry.insert(HeaderValue::from_static("localhost"));
    }
    match parts.headers.entry(FORWARDED_FOR) {
        Entry::Vacant(entry) => {
            entry.insert(client.ip_value.clone());
        }
        Entry::Occupied(entry) => {
            let mut all = Vec::new();
            for value in entry.iter() {
                all.extend_from_slice(value.as_bytes());
                all.extend_from_slice(b", ");
            }
            all.extend_from_slice(client.ip.as_bytes());
            if let Ok(all) = HeaderValue::from_bytes(&all) {
                parts.headers.insert(FORWARDED_FOR, all);
            }
        }
    }
    // A proxy in front that ends TLS knows the visitor's protocol and host better.
    if let Entry::Vacant(entry) = parts.headers.entry(FORWARDED_PROTO) {
        entry.insert(HeaderValue::from_static("http"));
    }
    if let Some(host) = parts.headers.get(header::HOST).cloned()
        && let Entry::Vacant(entry) = parts.headers.entry(FORWARDED_HOST)
    {
        entry.insert(host);
    }
    parts.version = Version::HTTP_11;
    parts.extensions.clear();
}

fn strip_session(headers: &mut HeaderMap) {
    if !headers
        .get_all(header::COOKIE)
        .iter()
        .any(|value| pairs(value).any(is_session))
    {
        return;
    }
    if let Entry::Occupied(entry) = headers.entry(header::COOKIE) {
        let (_, values) = entry.remove_entry_mult();
        let kept: Vec<_> = values.filter_map(|value| without_session(&value)).collect();
        for value in kept {
            headers.append(header::COOKIE, value);
        }
    }
}

fn without_session(value: &HeaderValue) -> Option<HeaderValue> {
    let kept: Vec<_> = pairs(value).filter(|pair| !is_session(pair)).collect();
    let is_empty = kept.iter().all(|pair| pair.is_empty());
    // Parts of a valid value are a valid value.
    HeaderValue::from_bytes(&kept.join(&b"; "[..]))
        .ok()
        .filter(|_| !is_empty)
}

fn pairs(cookies: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    let parts = cookies.as_bytes().split(|byte| *byte == b';');
    parts.map(<[u8]>::trim_ascii)
}

fn is_session(pair: &[u8]) -> bool {
    // A cookie without a name is sent back as its bare value, which may look like a named one.
    let mut words = pair.split(|byte| *byte == b'=').map(<[u8]>::trim_ascii);
    let name = words.find(|word| !word.is_empty());
    name.is_some_and(|name| SESSION_COOKIES.contains(&name))
}

/// A client that takes this for a forward proxy names the host in the request line, where it
/// overrules the header (RFC 9112, section 3.2.2).
fn to_origin_form(parts: &mut request::Parts) {
    if let Some(host) = parts
        .uri
        .authority()
        .and_then(|name| HeaderValue::from_str(name.as_str()).ok())
    {
        parts.headers.insert(header::HOST, host);
    }
    let path = parts.uri.path_and_query().cloned();
    parts.uri = path.map_or_else(|| Uri::from_static("/"), Uri::from);
}

/// Turns a backend's response into the one for the client.
pub(crate) fn prepare_response(parts: &mut response::Parts, upgrade: bool) {
    strip_hop(&mut parts.headers, upgrade);
    strip_planted(&mut parts.headers);
    parts.version = Version::HTTP_11;
}

fn strip_planted(headers: &mut HeaderMap) {
    let planted = |value: &HeaderValue| pairs(value).next().is_some_and(is_session);
    if !headers.get_all(header::SET_COOKIE).iter().any(planted) {
        return;
    }
    if let Entry::Occupied(entry) = headers.entry(header::SET_COOKIE) {
        let (_, values) = entry.remove_entry_mult();
        let kept: Vec<_> = values.filter(|value| !planted(value)).collect();
        for value in kept {
            headers.append(header::SET_COOKIE, value);
        }
    }
}

/// RFC 9110, section 7.6.1. `transfer-encoding` goes too: the framing is each hop's own.
fn strip_hop(headers: &mut HeaderMap, upgrade: bool) {
    if headers.contains_key(header::CONNECTION) {
        let named: Vec<HeaderName> = headers
            .get_all(header::CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok())
            .filter(|name| *name != header::UPGRADE && !is_framing(name))
            .collect();
        for name in named {
            headers.remove(name);
        }
        headers.remove(header::CONNECTION);
    }
    headers.remove(KEEP_ALIVE);
    headers.remove(PROXY_CONNECTION);
    if headers.remove(header::TRANSFER_ENCODING).is_some() {
        // The encoding overrules a length (RFC 9112, section 6.3). A proxy that passed both on would
        // let two servers see two different ends of the message.
        headers.remove(header::CONTENT_LENGTH);
    }
    if upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    } else {
        headers.remove(header::UPGRADE);
    }
}

/// Headers that a message must not lose by naming them in `connection`.
fn is_framing(name: &HeaderName) -> bool {
    [header::CONTENT_LENGTH, header::HOST, FORWARDED_FOR].contains(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str, pairs: &[(&str, &str)]) -> request::Parts {
        let mut builder = http::Request::builder().uri(uri);
        for (name, value) in pairs {
            builder = builder.header(*name, *value);
        }
        let (mut parts, ()) = builder.body(()).unwrap().into_parts();
        let client = Client::new(([10, 0, 0, 9], 4000).into(), None);
        let upgrade = is_upgrade(&parts.headers);
        prepare_request(&mut parts, &client, upgrade);
        parts
    }

    fn shown(parts: &request::Parts) -> Vec<String> {
        let pairs = parts.headers.iter();
        let mut all: Vec<_> = pairs
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        all.sort();
        all
    }

    #[test]
    fn hop_by_hop_headers_end_here_and_the_visitor_is_named() {
        let parts = request(
            "/a?b",
            &[
                ("host", "shop.example"),
                ("connection", "close, x-secret, content-length"),
                ("x-secret", "1"),
                ("keep-alive", "3"),
                ("transfer-encoding", "chunked"),
                ("content-length", "7"),
                ("x-forwarded-for", "1.2.3.4"),
                ("te", "gzip"),
            ],
        );
        assert_eq!(
            shown(&parts),
            [
                "host: shop.example",
                "x-forwarded-for: 1.2.3.4, 10.0.0.9",
                "x-forwarded-host: shop.example",
                "x-forwarded-proto: http",
            ]
        );
    }

    #[test]
    fn a_sign_in_to_viridian_reaches_no_application_and_other_cookies_do() {
        let cookies = |sent: &[&str]| {
            let pairs: Vec<_> = sent.iter().map(|value| ("cookie", *value)).collect();
            let parts = request("/", &pairs);
            let left = parts.headers.get_all(header::COOKIE).iter();
            left.map(|value| value.to_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let both = ["theme=dark; viridian_session=s3cr=t; viridian_arm=b"];
        assert_eq!(cookies(&both), ["theme=dark; viridian_arm=b"]);
        let apart = ["a=1", "viridian_session=1;viridian_session=2", "b=2"];
        assert_eq!(cookies(&apart), ["a=1", "b=2"]);
        assert!(cookies(&["viridian_session=1"]).is_empty());
        assert!(cookies(&["__Host-viridian_session=1; =viridian_session=2"]).is_empty());
        let alike = ["my_viridian_session=1;viridian_session2=2; x=viridian_session=3"];
        assert_eq!(cookies(&alike), alike);
    }

    #[test]
    fn no_application_plants_a_sign_in_to_viridian() {
        let sent = [
            "a=1; Path=/",
            "viridian_session=evil; Path=/; HttpOnly",
            " __Host-viridian_session =evil; Secure; Path=/",
            "=viridian_session=evil",
            "b=viridian_session=2",
        ];
        let (mut parts, ()) = http::Response::new(()).into_parts();
        for cookie in sent {
            let value = HeaderValue::from_static(cookie);
            parts.headers.append(header::SET_COOKIE, value);
        }
        prepare_response(&mut parts, false);
        let left: Vec<_> = parts.headers.get_all(header::SET_COOKIE).iter().collect();
        assert_eq!(left, ["a=1; Path=/", "b=viridian_session=2"]);
    }

    #[test]
    fn an_upgrade_is_passed_on() {
        let parts = request(
            "/ws",
            &[
                ("connection", "keep-alive, Upgrade"),
                ("upgrade", "websocket"),
            ],
        );
        assert!(is_upgrade(&parts.headers));
        assert_eq!(parts.headers[header::CONNECTION], "upgrade");
    }

    #[test]
    fn an_absolute_target_becomes_host_and_path() {
        let parts = request("http://shop.example:81/a?b=c", &[("host", "other")]);
        assert_eq!(parts.uri, "/a?b=c");
        assert_eq!(parts.headers[header::HOST], "shop.example:81");
    }
}
