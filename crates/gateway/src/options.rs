//! Limits and timeouts of one listener, and why it could not be opened.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// Limits and timeouts. The defaults suit a public listener in front of a web application.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Name of the environment, used in the plain bodies of 502, 503 and 504 answers.
    pub environment: String,
    /// Open client connections; further ones wait in the kernel's accept queue.
    pub connections_max: usize,
    /// Request heads larger than this are refused with 431.
    pub header_bytes_max: usize,
    pub headers_max: usize,
    /// A client that has not sent its whole request head by then is disconnected.
    pub header_timeout: Duration,
    /// A kept-alive client connection without any request for this long is closed.
    pub idle_timeout: Duration,
    pub connect_timeout: Duration,
    /// How long a backend may take until its response head, counted from the last byte of the
    /// request body that moved. Does not limit the response body.
    pub response_timeout: Duration,
    /// Further attempts after the first, on connection failures only.
    pub retries_max: u32,
    /// How long a backend is passed over after a failed connection.
    pub ejection: Duration,
    /// Idle connections kept for each backend.
    pub pool_idle_max: usize,
    /// Shorter than the keep-alive timeout of common servers, so that it is this side that closes.
    pub pool_idle_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            environment: "this environment".to_owned(),
            connections_max: 10_000,
            header_bytes_max: 64 * 1024,
            headers_max: 100,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            connect_timeout: Duration::from_secs(1),
            response_timeout: Duration::from_secs(60),
            retries_max: 3,
            ejection: Duration::from_secs(1),
            pool_idle_max: 256,
            pool_idle_timeout: Duration::from_secs(4),
        }
    }
}

impl Options {
    /// The defaults for an environment of this name.
    pub fn for_environment(name: impl Into<String>) -> Self {
        Self {
            environment: name.into(),
            ..Self::default()
        }
    }
}

/// The listener could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error(
        "{addr} is taken: another program listens on port {port}; stop it or give this environment another port",
        port = addr.port()
    )]
    Taken {
        addr: SocketAddr,
        #[source]
        source: io::Error,
    },
    #[error(
        "no permission to listen on {addr}: ports below 1024 need extra rights; choose a higher port"
    )]
    Denied {
        addr: SocketAddr,
        #[source]
        source: io::Error,
    },
    #[error(
        "cannot listen on {addr}: this address belongs to no network interface of this machine"
    )]
    NoSuchAddress {
        addr: SocketAddr,
        #[source]
        source: io::Error,
    },
    #[error("cannot listen on {addr}")]
    Other {
        addr: SocketAddr,
        #[source]
        source: io::Error,
    },
}

impl BindError {
    pub(crate) fn new(addr: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::Taken { addr, source },
            io::ErrorKind::PermissionDenied => Self::Denied { addr, source },
            io::ErrorKind::AddrNotAvailable => Self::NoSuchAddress { addr, source },
            _ => Self::Other { addr, source },
        }
    }

    pub fn addr(&self) -> SocketAddr {
        match self {
            Self::Taken { addr, .. }
            | Self::Denied { addr, .. }
            | Self::NoSuchAddress { addr, .. }
            | Self::Other { addr, .. } => *addr,
        }
    }
}
