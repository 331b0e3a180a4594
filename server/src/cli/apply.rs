//! `viridian apply`: what Git says about an application becomes what the server knows.

use super::client::typed;
use super::connect::Connect;
use super::print;
use super::{Done, Failure, Outcome};
use app::view::{ApplyRequest, ApplyView};
use std::path::PathBuf;

/// Declare an application and its environments from a TOML file.
///
/// Applying the same file twice changes nothing. What runs keeps running: new settings count from
/// the next rollout on.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  viridian apply -f app.toml --plan\n  viridian apply -f app.toml"
)]
pub(crate) struct Args {
    /// The declaration.
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// Only print what would change.
    #[arg(long)]
    plan: bool,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(args: Args) -> Outcome {
    let file = args.file.display();
    let toml = std::fs::read_to_string(&args.file).map_err(|error| {
        Failure::new(
            format!("{file} cannot be read: {error}"),
            "name the file with -f FILE",
        )
    })?;
    let client = args.connect.client()?;
    let request = ApplyRequest {
        toml,
        plan: args.plan,
    };
    let answer = client
        .post("/api/v1/applications", &request)
        .await
        .map_err(|failure| {
            if matches!(failure.status, Some(400 | 422)) {
                failure.at(file)
            } else {
                failure
            }
        })?;
    if args.connect.json {
        print::json(&answer);
        return Ok(Done::Ok);
    }
    let view: ApplyView = typed(&answer)?;
    match (view.changes.is_empty(), view.applied) {
        (true, _) => print::line(format!("{} is as declared: nothing to change.", view.app)),
        (false, true) => print::line(format!("{} is applied.", view.app)),
        (false, false) => print::line(format!("{} would change:", view.app)),
    }
    for change in view.changes {
        print::line(format!("  {change}"));
    }
    if !view.takes_rollout.is_empty() {
        print::line("Not in force until a rollout has brought it:");
    }
    for waiting in view.takes_rollout {
        print::line(format!("  {waiting}"));
    }
    Ok(Done::Ok)
}
