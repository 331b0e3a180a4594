//! The address under which browsers reach this server where that is another than the one it listens
//! on: behind a proxy that ends TLS.

use http::Uri;
use std::fmt;
use std::str::FromStr;

/// Scheme, host and port, in lower case; the scheme's own port left out, as browsers do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicUrl {
    secure: bool,
    authority: String,
}

#[derive(Debug, thiserror::Error)]
#[error(
    "{given:?} is not an address of a whole site: write it as https://ops.example.org, without a path"
)]
pub(crate) struct BadPublicUrl {
    given: String,
}

impl PublicUrl {
    pub(crate) fn is_secure(&self) -> bool {
        self.secure
    }

    /// As in a `Host` header.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    /// Without the port.
    pub(crate) fn host(&self) -> &str {
        super::hosts::without_port(&self.authority)
    }
}

impl FromStr for PublicUrl {
    type Err = BadPublicUrl;

    fn from_str(given: &str) -> Result<Self, BadPublicUrl> {
        let bad = || BadPublicUrl {
            given: given.to_owned(),
        };
        let uri: Uri = given.parse().map_err(|_| bad())?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(bad()),
        };
        let authority = uri.authority().ok_or_else(bad)?.as_str();
        if authority.contains('@') || uri.path() != "/" || uri.query().is_some() {
            return Err(bad());
        }
        let usual = if secure { ":443" } else { ":80" };
        let authority = authority.strip_suffix(usual).unwrap_or(authority);
        Ok(Self {
            secure,
            authority: authority.to_ascii_lowercase(),
        })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_site_is_read_as_browsers_write_it() {
        for (given, read) in [
            ("https://Ops.Example.org:443/", "https://ops.example.org"),
            (
                "https://ops.example.org:8443",
                "https://ops.example.org:8443",
            ),
            ("http://10.0.0.7:80", "http://10.0.0.7"),
        ] {
            assert_eq!(given.parse::<PublicUrl>().unwrap().to_string(), read);
        }
        for bad in [
            "ops.example.org",
            "ftp://a",
            "https://a/viridian",
            "https://me@a",
            "https://",
            "",
        ] {
            assert!(bad.parse::<PublicUrl>().is_err(), "{bad}");
        }
    }
}
