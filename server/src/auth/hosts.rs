//! Under which names this server answers: protection from a name that another site points here
//! (DNS rebinding), whose pages would otherwise count as ours.

use std::net::{IpAddr, SocketAddr};

#[derive(Clone, Debug)]
pub(crate) struct Hosts {
    listen: IpAddr,
    allowed: Vec<String>,
}

impl Hosts {
    pub(crate) fn new(listen: SocketAddr, allowed: &[String]) -> Self {
        Self {
            listen: listen.ip(),
            allowed: allowed
                .iter()
                .map(|name| name.to_ascii_lowercase())
                .collect(),
        }
    }

    /// Whether a `Host` header names the machine of whoever asks.
    pub(super) fn is_loopback(host: &str) -> bool {
        let name = without_port(host).to_ascii_lowercase();
        let name = name.trim_end_matches('.');
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        name == "localhost"
            || name.ends_with(".localhost")
            || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// Whether a `Host` header names this server. Ports are not compared: a forwarded port differs.
    pub(crate) fn allow(&self, host: &str) -> bool {
        if Self::is_loopback(host) {
            return true;
        }
        let name = without_port(host).to_ascii_lowercase();
        let name = name.trim_end_matches('.');
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        match bare.parse::<IpAddr>() {
            Ok(ip) => ip == self.listen || self.allowed.iter().any(|a| a == bare),
            Err(_) => self.allowed.iter().any(|allowed| allowed == name),
        }
    }
}

pub(super) fn without_port(host: &str) -> &str {
    if host.starts_with('[') {
        return host.find(']').map_or(host, |end| &host[..=end]);
    }
    host.split_once(':').map_or(host, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_and_those_allowed_pass() {
        let hosts = Hosts::new(
            ([127, 0, 0, 1], 3000).into(),
            &["Ops.example.org".to_owned()],
        );
        for good in [
            "localhost:3000",
            "127.0.0.1",
            "127.0.0.9:1",
            "[::1]:3000",
            "LOCALHOST",
            "ops.example.org:443",
        ] {
            assert!(hosts.allow(good), "{good}");
        }
        for bad in [
            "evil.example",
            "127.0.0.1.evil.example",
            "",
            "localhost.evil.example",
            "10.0.0.1",
            "[::2]",
        ] {
            assert!(!hosts.allow(bad), "{bad}");
        }
    }
}
