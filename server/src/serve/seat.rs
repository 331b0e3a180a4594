//! One server at a time works with a database: on PostgreSQL it takes the database's seat before it
//! starts anything, and ends where somebody else has it.

use crate::cli::Failure;
use std::time::{Duration, Instant};
use store::{Seat, SeatError, Store};

/// How long a server that was killed may still seem to be there.
const PATIENCE: Duration = Duration::from_secs(10);
const NEXT_TRY: Duration = Duration::from_millis(200);
/// Between two looks whether the seat is still ours: the connection may have been made anew.
const NEXT_LOOK: Duration = Duration::from_secs(2);

pub(super) async fn take(store: &Store) -> Result<Seat, Failure> {
    let seat = store
        .seat(&name())
        .map_err(|error| Failure::new(error, ""))?;
    let began = Instant::now();
    loop {
        match seat.take().await {
            Ok(()) => return Ok(seat),
            Err(SeatError::Taken { .. }) if began.elapsed() < PATIENCE => {
                tokio::time::sleep(NEXT_TRY).await;
            }
            Err(error) => return Err(refused(error)),
        }
    }
}

/// Returns when somebody else has the seat. While the database does not answer, nobody can take it.
pub(super) async fn lost(seat: &Seat) -> Failure {
    loop {
        tokio::time::sleep(NEXT_LOOK).await;
        match seat.take().await {
            Ok(()) => {}
            Err(error @ SeatError::Taken { .. }) => return refused(error),
            Err(SeatError::Store(error)) => {
                tracing::debug!(%error, "whether the database is still this server's own cannot be told");
            }
        }
    }
}

fn refused(error: SeatError) -> Failure {
    let remedy = match error {
        SeatError::Taken { .. } => {
            "stop that one first: what the cloud `local` runs is on that server's machine, so one server at a time works with a database"
        }
        SeatError::Store(_) => "",
    };
    Failure::new(error, remedy)
}

/// What the other one is told, within the 63 bytes that PostgreSQL keeps.
fn name() -> String {
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy();
    format!("viridian serve, process {} on {host}", std::process::id())
}
