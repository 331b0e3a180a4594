//! `viridian instance`: what runs, and what it wrote.

use super::client::{Client, escape, typed};
use super::connect::Connect;
use super::print;
use super::{Done, Failure, Outcome};
use app::view::ApplicationView;
use clap::Subcommand;
use domain::{AppName, EnvName};
use http_body_util::{BodyExt, Limited};
use serde_json::json;

/// More than any answer to `log` holds.
const LOG_BYTES_MAX: usize = 1 << 20;

/// See the instances of an application, and what one of them wrote.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(List),
    Log(Log),
}

/// List the instances that run, and how each differs from its image.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  viridian instance list --app site --env prod")]
struct List {
    #[arg(long, value_name = "NAME")]
    app: AppName,
    /// Only of this environment.
    #[arg(long, value_name = "NAME")]
    env: Option<EnvName>,
    #[command(flatten)]
    connect: Connect,
}

/// Print the last lines that an instance wrote, also of one that ended.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  viridian instance log site-prod-v001-3f2a91 --lines 50")]
struct Log {
    /// As `viridian instance list` and the pages name it.
    id: String,
    /// At most so many lines, and at most 64 KiB.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    lines: u32,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(args: Args) -> Outcome {
    match args.command {
        Command::List(args) => list(args).await,
        Command::Log(args) => log(args).await,
    }
}

async fn list(args: List) -> Outcome {
    let client = args.connect.client()?;
    let answer = client
        .get(&format!("/api/v1/applications/{}", args.app))
        .await?;
    let application: ApplicationView = typed(&answer)?;
    let environments = application.environments.iter();
    let wanted: Vec<_> = environments
        .filter(|env| args.env.as_ref().is_none_or(|name| &env.cell.env == name))
        .collect();
    if let Some(env) = &args.env
        && wanted.is_empty()
    {
        return Err(Failure::new(
            format!("there is no environment {}/{env}", args.app),
            "leave --env out to see them all",
        ));
    }
    let found = wanted.iter().flat_map(|env| {
        env.groups.iter().flat_map(move |group| {
            let instances = group.instances.iter();
            instances.map(move |one| (&env.cell.env, group, one))
        })
    });
    if args.connect.json {
        let items: Vec<_> = found
            .map(|(env, group, one)| {
                json!({
                    "id": one.id, "env": env, "group": group.name, "image": group.image,
                    "health": one.health, "address": one.address, "since": one.since,
                    "drift": one.drift,
                })
            })
            .collect();
        print::json(&json!({ "items": items }));
        return Ok(Done::Ok);
    }
    let rows: Vec<_> = found
        .map(|(env, group, one)| {
            vec![
                one.id.clone(),
                env.to_string(),
                group.image.to_string(),
                one.health.as_str().to_owned(),
                one.address.clone(),
                print::time(one.since),
                if one.drift.is_empty() {
                    "-".to_owned()
                } else {
                    one.drift.join(", ")
                },
            ]
        })
        .collect();
    let head = [
        "INSTANCE",
        "ENV",
        "IMAGE",
        "HEALTH",
        "ADDRESS",
        "SINCE (UTC)",
        "DIFFERS",
    ];
    print::line(if rows.is_empty() {
        "Nothing runs.".to_owned()
    } else {
        print::table(&head, &rows)
    });
    Ok(Done::Ok)
}

async fn log(args: Log) -> Outcome {
    let client = args.connect.client()?;
    let text = read(&client, &args).await?;
    if args.connect.json {
        print::json(&json!({ "instance": args.id, "text": text }));
    } else if text.is_empty() {
        eprintln!("{} wrote nothing.", args.id);
    } else {
        print::line(plain(text.trim_end_matches('\n')));
    }
    Ok(Done::Ok)
}

async fn read(client: &Client, args: &Log) -> Result<String, Failure> {
    let path = format!(
        "/api/v1/instances/{}/log?lines={}",
        escape(&args.id),
        args.lines
    );
    let answer = client.open(&path, "text/plain", None).await?;
    let body = Limited::new(answer.into_body(), LOG_BYTES_MAX);
    let read = body.collect().await.map_err(|error| {
        Failure::new(format!("the output broke off: {error}"), "ask for it again")
    })?;
    Ok(String::from_utf8_lossy(&read.to_bytes()).into_owned())
}

/// A program's output may hold what a terminal takes for orders.
fn plain(text: &str) -> String {
    let harmless = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars()
        .map(|c| if harmless(c) { c } else { '\u{fffd}' })
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_output_gives_the_terminal_no_orders() {
        assert_eq!(
            super::plain("a\tb\n\u{1b}[2Jc\r"),
            "a\tb\n\u{fffd}[2Jc\u{fffd}"
        );
    }
}
