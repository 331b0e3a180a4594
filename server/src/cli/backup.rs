//! `viridian backup` and `viridian restore`.

use super::print;
use super::{Done, Failure, Outcome};
use crate::data::DataDir;
use crate::database::DatabaseArgs;
use serde_json::json;
use std::path::PathBuf;
use store::Store;

/// Copy the database into a new file, also while `serve` runs.
///
/// Images and running instances belong to the node's folder and are not part of it.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  viridian backup --data .viridian --to /backups/viridian-monday.db"
)]
pub(crate) struct BackupArgs {
    /// The file to make.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    #[command(flatten)]
    database: DatabaseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Put a back-up in the place of the database. `serve` must not run on that folder.
///
/// What stood there before is kept beside it.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  viridian restore --from /backups/viridian-monday.db --data .viridian"
)]
pub(crate) struct RestoreArgs {
    /// The back-up.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The data folder.
    #[arg(long, value_name = "DIR", default_value = DataDir::DEFAULT)]
    data: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn backup(args: BackupArgs) -> Outcome {
    let to = std::path::absolute(&args.to).map_err(|error| {
        Failure::new(
            format!("{}: {error}", args.to.display()),
            "name a file with --to",
        )
    })?;
    let data = DataDir::at(&args.database.data);
    let (bytes, rows) = match super::connect::running(&data) {
        Some(client) => {
            let answer = client.post("/api/v1/backups", &json!({ "to": to })).await?;
            (
                answer["bytes"].as_u64().unwrap_or_default(),
                answer["rows"].as_u64().unwrap_or_default(),
            )
        }
        None => {
            let store = args.database.open_existing().await?;
            let done = store
                .back_up(&to)
                .await
                .map_err(|error| Failure::new(error, ""))?;
            store.close().await;
            (done.bytes, done.rows)
        }
    };
    if args.json {
        print::json(&json!({ "to": to, "bytes": bytes, "rows": rows }));
    } else {
        let size = print::bytes(bytes);
        print::line(format!(
            "{} holds {rows} journal entries, {size}; it was read back and is whole.",
            to.display()
        ));
    }
    Ok(Done::Ok)
}

pub(crate) async fn restore(args: RestoreArgs) -> Outcome {
    let folder = args.data.display().to_string();
    let data = DataDir::create(&args.data).map_err(|error| {
        Failure::new(
            format!("{folder} cannot be made: {error}"),
            "name a folder with --data DIR",
        )
    })?;
    let lock = data
        .lock()
        .map_err(|error| Failure::new(format!("{folder} cannot be locked: {error}"), ""))?;
    let Some(_lock) = lock else {
        return Err(Failure::new(
            format!("`viridian serve` runs on {folder}"),
            "stop it first, or restore into another folder",
        ));
    };
    let database = data.database();
    let from = args.from.clone();
    let restored = tokio::task::spawn_blocking(move || Store::restore(&from, &database)).await;
    restored
        .map_err(|error| Failure::new(format!("restoring broke off: {error}"), ""))?
        .map_err(|error| Failure::new(error, ""))?;
    if args.json {
        print::json(&json!({ "from": args.from, "data": args.data }));
        return Ok(Done::Ok);
    }
    print::line(format!(
        "{folder} holds what {} held. Start `viridian serve --data {folder}`.",
        args.from.display()
    ));
    Ok(Done::Ok)
}
