//! `viridian login-link`: the way into the browser.

use super::connect::Connect;
use super::print;
use super::{Done, Outcome};
use crate::auth::Role;
use serde_json::json;

/// Print a link that signs in one browser, once, within an hour.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  viridian login-link\n  viridian login-link --name ada --role approver"
)]
pub(crate) struct Args {
    /// Who signs in with it; the journal names them so.
    #[arg(long)]
    name: Option<String>,
    #[arg(long, default_value = "admin")]
    role: Role,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(args: Args) -> Outcome {
    let body = json!({ "name": args.name, "role": args.role });
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
