//! The threads that move the bytes: one for each core, shared by every gateway of the process.
//!
//! A client connection stays on one thread with the backend connections it uses, so that a request
//! is never handed from core to core; and whatever else the process is busy with does not delay it.

use std::cell::Cell;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock, PoisonError};

use tokio::runtime::{Builder, Handle};

thread_local! {
    static INDEX: Cell<usize> = const { Cell::new(0) };
}

pub(crate) struct Worker {
    pub(crate) handle: Handle,
    connections: AtomicUsize,
}

/// The workers, started at the first call.
pub(crate) fn all() -> io::Result<&'static [Worker]> {
    static WORKERS: OnceLock<Vec<Worker>> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());
    if let Some(workers) = WORKERS.get() {
        return Ok(workers);
    }
    let _starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(workers) = WORKERS.get() {
        return Ok(workers);
    }
    let workers = (0..count()).map(start).collect::<io::Result<_>>()?;
    Ok(WORKERS.get_or_init(|| workers))
}

/// How many workers there are or will be.
pub(crate) fn count() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// Which worker this thread is; 0 on other threads.
pub(crate) fn index() -> usize {
    INDEX.get()
}

fn start(index: usize) -> io::Result<Worker> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new()
        .name(format!("gateway-{index}"))
        .spawn(move || {
            INDEX.set(index);
            runtime.block_on(std::future::pending::<()>());
        })?;
    Ok(Worker {
        handle,
        connections: AtomicUsize::new(0),
    })
}

/// A connection's place on the worker that had the fewest.
pub(crate) struct Seat(pub(crate) &'static Worker);

impl Seat {
    pub(crate) fn take(workers: &'static [Worker]) -> Option<Self> {
        let worker = workers
            .iter()
            .min_by_key(|one| one.connections.load(Relaxed))?;
        worker.connections.fetch_add(1, Relaxed);
        Some(Self(worker))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Relaxed);
    }
}
