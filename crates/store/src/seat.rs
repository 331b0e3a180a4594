//! One server at a time on a PostgreSQL database: whoever has its seat. It is a lock of a session,
//! which the database lets go of when the connection ends, whichever way its owner did. A file needs
//! none: it has the lock that opening takes.

use crate::StoreUrl;
use crate::connect::postgres_options;
use crate::error::{Place, StoreError};
use sea_orm::sqlx::postgres::PgPoolOptions;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, SqlxPostgresConnector, Statement};
use std::time::Duration;

/// Any number, the same in every server. The other half of the lock's name is the schema, so that
/// two of them in one database are two seats.
const SEAT: i32 = 760_421_903;
const SCHEMA: &str = "hashtext(coalesce(current_schema(), ''))";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A machine that is gone says no farewell: its connection is given up after 25 s. On a Unix socket
/// nothing of it counts.
const KEEPALIVE: [(&str, &str); 3] = [
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
];

/// The seat of a database, or the wish for it.
#[derive(Debug)]
pub struct Seat {
    /// One session, since the lock is its own; `None` for a file.
    session: Option<DatabaseConnection>,
    place: Place,
}

#[derive(Debug, thiserror::Error)]
pub enum SeatError {
    #[error("{place} is used by another server: {by}, since {since}")]
    Taken {
        place: String,
        /// As that server called itself.
        by: String,
        since: String,
    },
    /// A session of the same name: one whose connection broke here, which the database has not
    /// noticed yet. Nobody else can take the seat meanwhile.
    #[error("{place} is held by an earlier connection of this server, since {since}")]
    Lingering { place: String, since: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Seat {
    /// The seat of a database, which [`Seat::take`] takes; nothing of the database needs to be there
    /// yet. `name` is shown to whom it is refused, and tells this server from every other: it differs
    /// from theirs in the first 63 bytes.
    ///
    /// # Errors
    /// When the address of the database is wrong.
    pub fn of(url: &StoreUrl, name: &str) -> Result<Seat, StoreError> {
        let place = Place(url.to_string());
        let StoreUrl::Postgres(url) = url else {
            return Ok(Seat {
                session: None,
                place,
            });
        };
        let options = postgres_options(url, &place)?
            .application_name(name)
            .options(KEEPALIVE);
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(CONNECT_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(options);
        Ok(Seat {
            session: Some(SqlxPostgresConnector::from_sqlx_postgres_pool(pool)),
            place,
        })
    }

    /// Takes the seat. Who has it keeps it, also where the connection had to be made anew and nobody
    /// was faster: so this is called again and again.
    ///
    /// # Errors
    /// [`SeatError::Taken`] while somebody else has it, [`SeatError::Lingering`] while a session of
    /// this name has that is not this one.
    pub async fn take(&self) -> Result<(), SeatError> {
        let Some(session) = &self.session else {
            return Ok(());
        };
        let trouble = |e| SeatError::Store(self.place.trouble(e));
        let ask =
            |sql: String| session.query_one_raw(Statement::from_string(DbBackend::Postgres, sql));
        // What this session has already is not taken a second time: such locks are counted.
        let mine = format!(
            "SELECT CASE WHEN EXISTS ({} AND l.pid = pg_backend_pid()) THEN true
                ELSE pg_try_advisory_lock({SEAT}, {SCHEMA}) END AS mine",
            holders("1")
        );
        let row = ask(mine).await.map_err(trouble)?;
        let mine = row.map(|row| row.try_get("", "mine")).transpose();
        if mine.map_err(trouble)? == Some(true) {
            return Ok(());
        }
        // Compared there: the database keeps names in its own way.
        let who = holders(
            "coalesce(a.application_name, 'it does not say which') AS by,
             coalesce(a.application_name = current_setting('application_name'), false) AS own,
             coalesce(to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI \"UTC\"'), 'a while') AS since",
        );
        let row = ask(who).await.map_err(trouble)?;
        let text = |name: &str| row.as_ref().and_then(|row| row.try_get("", name).ok());
        let place = self.place.0.clone();
        let since = text("since").unwrap_or_else(|| "a moment ago".to_owned());
        let own = row.as_ref().and_then(|row| row.try_get("", "own").ok());
        if own == Some(true) {
            return Err(SeatError::Lingering { place, since });
        }
        let by = text("by").unwrap_or_else(|| "one that has only just ended".to_owned());
        Err(SeatError::Taken { place, by, since })
    }

    /// Gives the seat up.
    pub async fn leave(self) {
        if let Some(session) = self.session
            && let Err(error) = session.close().await
        {
            tracing::debug!(%error, "the seat's connection did not close cleanly; it is free all the same");
        }
    }
}

/// A question about the session that has the seat.
fn holders(what: &str) -> String {
    format!(
        "SELECT {what} FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
         WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND l.classid = {SEAT}::bigint::oid
           AND l.objid = ({SCHEMA}::bigint & 4294967295)::oid"
    )
}
