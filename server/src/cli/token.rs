//! `viridian token`: tokens for scripts and other machines.

use super::client::escape;
use super::connect::Connect;
use super::print;
use super::{Done, Outcome};
use crate::auth::{Role, Scope};
use clap::Subcommand;
use domain::Time;
use serde_json::json;

/// Make, list and revoke API tokens.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Create(Create),
    /// List the tokens there are; never the secrets.
    #[command(after_help = "Example:\n  viridian token list")]
    List(Connect),
    Revoke(Revoke),
}

/// Make a token. It is shown once.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  viridian token create --name ci --role operator --days 90")]
struct Create {
    /// What it is called in the journal.
    #[arg(long)]
    name: String,
    #[arg(long, default_value = "viewer")]
    role: Role,
    /// Valid for so many days.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    /// Only for this; can be given more than once. Without it, for all that the role may.
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<Scope>,
    #[command(flatten)]
    connect: Connect,
}

/// Make a token worthless at once.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  viridian token revoke ci")]
struct Revoke {
    name: String,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(args: Args) -> Outcome {
    match args.command {
        Command::Create(args) => {
            let body = json!({ "name": args.name, "role": args.role, "days": args.days, "scopes": args.scopes });
            let answer = args.connect.client()?.post("/api/v1/tokens", &body).await?;
            if args.connect.json {
                print::json(&answer);
            } else {
                print::line(answer["token"].as_str().unwrap_or_default());
                eprintln!(
                    "Shown only now. Use it as VIRIDIAN_TOKEN, or as `Authorization: Bearer …`."
                );
            }
        }
        Command::List(connect) => {
            let answer = connect.client()?.get("/api/v1/tokens").await?;
            if connect.json {
                print::json(&answer);
                return Ok(Done::Ok);
            }
            let rows: Vec<_> = answer["items"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|token| {
                    let text = |name: &str| token[name].as_str().unwrap_or("-").to_owned();
                    let until = token["expires_at"].as_i64();
                    vec![
                        text("name"),
                        text("role"),
                        until.map_or_else(|| "never".to_owned(), |ms| print::time(Time(ms))),
                    ]
                })
                .collect();
            print::line(print::table(&["NAME", "ROLE", "EXPIRES (UTC)"], &rows));
        }
        Command::Revoke(args) => {
            let path = format!("/api/v1/tokens/{}", escape(&args.name));
            let answer = args.connect.client()?.delete(&path).await?;
            if args.connect.json {
                print::json(&answer);
            } else {
                print::line(format!("The token {} is worthless now.", args.name));
            }
        }
    }
    Ok(Done::Ok)
}
