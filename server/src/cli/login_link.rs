//! `viridian login-link`: the way into the browser.

use super::connect::Connect;
use super::print;
use super::token::Given;
use super::{Done, Outcome};
use serde_json::json;

/// Print a link that signs in one browser, once, within an hour.
///
/// Without a role the browser may what the token may that this command uses, and no longer than it.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  viridian login-link\n  viridian login-link --name ada --role approver --app site --env prod"
)]
pub(crate) struct Args {
    /// Who signs in with it; the journal names them so.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    given: Given,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(args: Args) -> Outcome {
    let body = json!({ "name": args.name, "grants": args.given.grants() });
    let answer = args
        .connect
        .client()?
        .post("/api/v1/login-links", &body)
        .await?;
    if args.connect.json {
        print::json(&answer);
    } else {
        print::line(answer["url"].as_str().unwrap_or_default());
    }
    Ok(Done::Ok)
}
