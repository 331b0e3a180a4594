//! `viridian migrate`.

use super::{Done, Failure, Outcome};
use crate::database::DatabaseArgs;
use store::Store;

/// Bring the database's schema up to date. `serve` does so by itself.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  viridian migrate --data .viridian")]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args) -> Outcome {
    let url = args.database.url()?;
    let store = Store::open(&url)
        .await
        .map_err(|error| Failure::new(error, ""))?;
    store.close().await;
    if args.json {
        super::print::json(&serde_json::json!({ "database": url.to_string(), "up_to_date": true }));
    } else {
        super::print::line(format!("{url} is up to date."));
    }
    Ok(Done::Ok)
}
