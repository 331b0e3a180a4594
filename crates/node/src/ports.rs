//! Free loopback ports for instances.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, PoisonError};

/// Between the choice of a port and the instance that opens it lies its start; a port that was handed
/// out this few choices ago is not handed out again, even though nobody listens there yet.
const REMEMBERED: usize = 512;
const ATTEMPTS: usize = 64;

#[derive(Default)]
pub(crate) struct Ports(Mutex<VecDeque<u16>>);

impl Ports {
    pub(crate) fn choose(&self) -> io::Result<u16> {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..ATTEMPTS {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
                .local_addr()?
                .port();
            if recent.contains(&port) {
                continue;
            }
            if recent.len() == REMEMBERED {
                recent.pop_front();
            }
            recent.push_back(port);
            return Ok(port);
        }
        Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            "no free port on the loopback address",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_handed_out_twice_in_a_row_of_starts() {
        let ports = Ports::default();
        let chosen: std::collections::BTreeSet<_> =
            (0..200).map(|_| ports.choose().unwrap()).collect();
        assert_eq!(chosen.len(), 200);
    }
}
