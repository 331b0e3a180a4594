//! `viridian token`: tokens for scripts and other machines.

use super::client::escape;
use super::connect::Connect;
use super::print;
use super::{Done, Outcome};
use crate::auth::{GrantSpec, Role, Scope};
use clap::Subcommand;
use domain::{AppName, EnvName, Time};
use serde_json::{Value, json};

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
///
/// Reading is open to every token. A role counts everywhere, or where --app and --env say; nobody
/// gives more than they have themselves.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  viridian token create --name ci --role operator --app site --env dev --days 90\n  viridian token create --name grace --grant operator@site --grant approver@site/prod"
)]
struct Create {
    /// What it is called in the journal.
    #[arg(long)]
    name: String,
    #[command(flatten)]
    given: Given,
    /// Valid for so many days.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    /// Only for this; can be given more than once. Without it, for all that the role may.
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<Scope>,
    #[command(flatten)]
    connect: Connect,
}

/// Which rights a token or a sign-in link gives.
#[derive(clap::Args)]
pub(super) struct Given {
    /// What it may do; where, --app and --env say.
    #[arg(long)]
    role: Option<Role>,
    /// The role counts in this application only.
    #[arg(long, value_name = "NAME", requires = "role")]
    app: Option<AppName>,
    /// The role counts in this environment only; without --app in that of every application.
    #[arg(long, value_name = "NAME", requires = "role")]
    env: Option<EnvName>,
    /// A role and where it counts, in one word: operator@site/prod, admin@site, approver@*/prod. Can
    /// be given more than once.
    #[arg(long = "grant", value_name = "ROLE@APP/ENV")]
    grants: Vec<GrantSpec>,
}

impl Given {
    /// All of it, as the server takes it.
    pub(super) fn grants(self) -> Vec<GrantSpec> {
        let Self {
            role,
            app,
            env,
            grants,
        } = self;
        let first = role.map(|role| GrantSpec { role, app, env });
        first.into_iter().chain(grants).collect()
    }
}

/// Make a token worthless at once, and with it the browsers that signed in through it.
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
            let mut grants = args.given.grants();
            if grants.is_empty() {
                grants.push(GrantSpec {
                    role: Role::Viewer,
                    app: None,
                    env: None,
                });
            }
            let body = json!({ "name": args.name, "grants": grants, "days": args.days, "scopes": args.scopes });
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
                        grants(&token["grants"]),
                        words(&token["scopes"]),
                        until.map_or_else(|| "never".to_owned(), |ms| print::time(Time(ms))),
                    ]
                })
                .collect();
            print::line(print::table(
                &["NAME", "MAY", "ONLY FOR", "EXPIRES (UTC)"],
                &rows,
            ));
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

fn grants(value: &Value) -> String {
    let grants: Vec<GrantSpec> = super::client::typed(value).unwrap_or_default();
    crate::auth::in_words(&grants)
}

fn words(value: &Value) -> String {
    let words: Vec<_> = value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if words.is_empty() {
        "-".to_owned()
    } else {
        words.join(", ")
    }
}
