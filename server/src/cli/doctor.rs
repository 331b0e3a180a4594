//! `viridian doctor`.

use super::client::typed;
use super::print;
use super::{Done, Failure, Outcome};
use crate::checkup::{self, Finding};
use crate::data::DataDir;
use crate::database::DatabaseArgs;
use cloud_local::LocalCloud;
use engine::{Clock, SystemClock};
use serde_json::json;

/// Check the journal's hash chain, the node, every byte of the images, and the data folder.
///
/// Works while `serve` runs and while it does not. Ends with 1 when something is wrong.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  viridian doctor --data .viridian\n\nExit codes: 0 everything is sound; 1 something is wrong, or it could not be looked at; 2 wrong usage"
)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args) -> Outcome {
    let data = DataDir::at(&args.database.data);
    let findings = match super::connect::running(&data) {
        // The database is open in that process, and in that one only.
        Some(client) => {
            let answer = client.get("/api/v1/doctor").await?;
            typed(&answer["findings"])?
        }
        None => {
            let node = LocalCloud::at(&data.node());
            match args.database.open_existing().await {
                Ok(store) => {
                    let findings = checkup::all(&store, &data, &node, SystemClock.now()).await;
                    store.close().await;
                    findings
                }
                Err(failure) => vec![Finding::bad("journal", failure.to_string())],
            }
        }
    };
    report(&findings, args.json)
}

fn report(findings: &[Finding], json: bool) -> Outcome {
    let wrong = findings.iter().filter(|finding| !finding.sound).count();
    if json {
        print::json(&json!({ "sound": wrong == 0, "findings": findings }));
    } else {
        let rows: Vec<_> = findings
            .iter()
            .map(|finding| {
                let word = if finding.sound { "good" } else { "BAD" };
                vec![word.to_owned(), finding.what.clone(), finding.text.clone()]
            })
            .collect();
        print::line(if wrong == 0 {
            "Everything is sound.\n"
        } else {
            "Something is wrong.\n"
        });
        print::line(print::table(&["", "WHAT", "FOUND"], &rows));
    }
    if wrong == 0 {
        return Ok(Done::Ok);
    }
    Err(Failure::new(
        format!("{wrong} of {} checks found something wrong", findings.len()),
        "each line above says what to do",
    ))
}
