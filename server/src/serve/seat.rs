//! One server at a time works with a database: on PostgreSQL it takes the database's seat before it
//! opens it, and ends where somebody else has it.

use crate::cli::Failure;
use rand::TryRngCore;
use std::time::{Duration, Instant};
use store::{Seat, SeatError, StoreUrl};

/// How long a server that was killed may still seem to be there.
const PATIENCE: Duration = Duration::from_secs(10);
const NEXT_TRY: Duration = Duration::from_millis(200);
/// Between two looks whether the seat is still ours: the connection may have been made anew.
const NEXT_LOOK: Duration = Duration::from_secs(2);

pub(super) async fn take(database: &StoreUrl) -> Result<Seat, Failure> {
    let name = name().map_err(|error| {
        Failure::new(format!("this machine gives no random bytes: {error}"), "")
    })?;
    let seat = Seat::of(database, &name).map_err(|error| Failure::new(error, ""))?;
    let began = Instant::now();
    loop {
        match seat.take().await {
            Ok(()) => return Ok(seat),
            Err(SeatError::Taken { .. } | SeatError::Lingering { .. })
                if began.elapsed() < PATIENCE =>
            {
                tokio::time::sleep(NEXT_TRY).await;
            }
            Err(error) => return Err(refused(error)),
        }
    }
}

/// Returns when somebody else has the seat. While the database does not answer, nobody can take it;
/// nor while it keeps it for a connection of this server's that broke on this side only.
pub(super) async fn lost(seat: &Seat) -> Failure {
    let mut waits = false;
    loop {
        tokio::time::sleep(NEXT_LOOK).await;
        match seat.take().await {
            Ok(()) => waits = false,
            Err(error @ SeatError::Taken { .. }) => return refused(error),
            Err(error @ SeatError::Lingering { .. }) => {
                if !std::mem::replace(&mut waits, true) {
                    tracing::warn!(%error, "the connection to the database broke; this one takes over when the database has noticed");
                }
            }
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
        SeatError::Lingering { .. } => "start it again in half a minute",
        SeatError::Store(_) => "",
    };
    Failure::new(error, remedy)
}

/// What the other one is told, within the 63 bytes that PostgreSQL keeps. A process number comes again,
/// and machines may be called alike: the random part is this process's own.
fn name() -> Result<String, rand::rand_core::OsError> {
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy();
    let mut own = [0; 4];
    rand::rngs::OsRng.try_fill_bytes(&mut own)?;
    let (pid, own) = (std::process::id(), hex::encode(own));
    Ok(format!("viridian serve, process {pid} ({own}) on {host}"))
}
