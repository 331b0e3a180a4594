//! One address that leads to a gateway's table, and how it closes while others stay open.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{
    AtomicU8,
    Ordering::{Acquire, Release},
};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::gateway::{CLOSING, CUT, OPEN, Shared};

pub(crate) struct Door {
    pub(crate) addr: SocketAddr,
    /// Tells what came in here to end after the request it is at; the gateway's own does too.
    pub(crate) closing: CancellationToken,
    /// Ends what came in here at once; the gateway's own does too.
    pub(crate) cut: CancellationToken,
    /// As the tokens of this door alone, readable without their locks.
    stage: AtomicU8,
}

impl Door {
    pub(crate) fn new(addr: SocketAddr, shared: &Shared) -> Self {
        Self {
            addr,
            closing: shared.closing.child_token(),
            cut: shared.cut.child_token(),
            stage: AtomicU8::new(OPEN),
        }
    }

    /// The later of the door's stage and the gateway's.
    pub(crate) fn stage(&self, shared: &Shared) -> u8 {
        self.stage.load(Acquire).max(shared.stage.load(Acquire))
    }

    /// At once: nothing new comes in. Then, after `grace`, what is still there is cut.
    pub(crate) fn close(self: Arc<Self>, grace: Duration) -> impl Future<Output = ()> + Send {
        self.stage.store(CLOSING, Release);
        self.closing.cancel();
        async move {
            let waited = self.cut.run_until_cancelled(tokio::time::sleep(grace));
            if waited.await.is_some() {
                self.stage.store(CUT, Release);
                self.cut.cancel();
            }
        }
    }
}
