use std::{net::IpAddr, str::FromStr};

use http::Uri;

/// The address of a shop on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// An address, never a name: a name could be pointed elsewhere between the check and the connection.
    authority: String,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum TargetError {
    #[error("this is not an address such as http://127.0.0.1:8103")]
    Malformed,
    #[error("only plain http is spoken here; write http://127.0.0.1:8103")]
    OtherScheme,
    #[error("`{0}` is not this machine; visitors only go to loopback, such as 127.0.0.1")]
    Elsewhere(String),
}

impl Target {
    pub(crate) fn join(&self, path: &str) -> Option<Uri> {
        format!("http://{}{path}", self.authority).parse().ok()
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let uri: Uri = text.parse().map_err(|_| TargetError::Malformed)?;
        match uri.scheme_str() {
            Some("http") => {}
            Some(_) => return Err(TargetError::OtherScheme),
            None => return Err(TargetError::Malformed),
        }
        let authority = uri.authority().ok_or(TargetError::Malformed)?;
        let host = authority.host();
        if authority.as_str().contains('@') || !matches!(uri.path(), "" | "/") {
            return Err(TargetError::Malformed);
        }
        let host = match host.trim_matches(['[', ']']) {
            "localhost" => "127.0.0.1",
            other => other,
        };
        match host.parse::<IpAddr>() {
            Ok(address) if address.is_loopback() => {
                let address = match address {
                    IpAddr::V4(v4) => v4.to_string(),
                    IpAddr::V6(v6) => format!("[{v6}]"),
                };
                let port = authority.port_u16().unwrap_or(80);
                Ok(Self {
                    authority: format!("{address}:{port}"),
                })
            }
            _ => Err(TargetError::Elsewhere(host.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_a_target() {
        for (text, authority) in [
            ("http://127.0.0.1:8103", "127.0.0.1:8103"),
            ("http://127.9.9.9:1/", "127.9.9.9:1"),
            ("http://localhost", "127.0.0.1:80"),
            ("http://[::1]:81", "[::1]:81"),
        ] {
            assert_eq!(
                text.parse(),
                Ok(Target {
                    authority: authority.into()
                })
            );
        }
        for text in [
            "http://10.0.0.1",
            "http://0.0.0.0:80",
            "http://example.org",
            "http://[::ffff:10.0.0.1]:80",
            "http://localhost.example.org",
            "https://127.0.0.1",
            "http://127.0.0.1@example.org/",
            "http://127.0.0.1/path",
            "127.0.0.1:80",
            "",
        ] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
