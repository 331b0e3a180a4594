//! `viridian hold` and `viridian veto`: what keeps automation off, and which image may not start.

use super::client::escape;
use super::connect::Connect;
use super::print;
use super::{Done, Outcome};
use clap::Subcommand;
use domain::{AppName, EnvName, Time};
use serde_json::Value;

/// See and remove holds on environments.
#[derive(clap::Args)]
pub(crate) struct HoldArgs {
    #[command(subcommand)]
    command: Hold,
}

#[derive(Subcommand)]
enum Hold {
    /// List the environments that automation keeps off.
    #[command(after_help = "Example:\n  viridian hold list")]
    List(Connect),
    /// Let automation act in an environment again.
    #[command(after_help = "Example:\n  viridian hold remove --app site --env prod")]
    Remove(Place),
}

/// See and remove vetoes on images.
#[derive(clap::Args)]
pub(crate) struct VetoArgs {
    #[command(subcommand)]
    command: Veto,
}

#[derive(Subcommand)]
enum Veto {
    /// List the images that may not be started, and where.
    #[command(after_help = "Example:\n  viridian veto list")]
    List(Connect),
    /// Allow an image again.
    #[command(after_help = "Example:\n  viridian veto remove --app site --env prod --image 1.2")]
    Remove(VetoedImage),
}

#[derive(clap::Args)]
struct Place {
    #[arg(long, value_name = "NAME")]
    app: AppName,
    #[arg(long, value_name = "NAME")]
    env: EnvName,
    #[command(flatten)]
    connect: Connect,
}

#[derive(clap::Args)]
struct VetoedImage {
    #[arg(long, value_name = "NAME")]
    app: AppName,
    #[arg(long, value_name = "NAME")]
    env: EnvName,
    /// Its version or digest.
    #[arg(long, value_name = "VERSION|DIGEST")]
    image: String,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run_hold(args: HoldArgs) -> Outcome {
    match args.command {
        Hold::List(connect) => {
            let head = ["WHERE", "SINCE (UTC)", "BY", "WHY"];
            list(
                &connect,
                "/api/v1/holds",
                &head,
                "No environment is on hold.",
                |item| vec![place(item), at(item), text(item, "by"), text(item, "why")],
            )
            .await
        }
        Hold::Remove(Place { app, env, connect }) => {
            let answer = connect
                .client()?
                .delete(&format!("/api/v1/holds/{app}/{env}"))
                .await?;
            removed(
                &connect,
                &answer,
                &format!("{app}/{env} is not on hold any more."),
                &format!("There was no hold on {app}/{env}; nothing has changed."),
            )
        }
    }
}

pub(crate) async fn run_veto(args: VetoArgs) -> Outcome {
    match args.command {
        Veto::List(connect) => {
            let head = ["WHERE", "IMAGE", "SINCE (UTC)", "BY", "WHY"];
            list(
                &connect,
                "/api/v1/vetoes",
                &head,
                "No image is vetoed.",
                |item| {
                    vec![
                        place(item),
                        text(item, "version"),
                        at(item),
                        text(item, "by"),
                        text(item, "why"),
                    ]
                },
            )
            .await
        }
        Veto::Remove(VetoedImage {
            app,
            env,
            image,
            connect,
        }) => {
            let path = format!("/api/v1/vetoes/{app}/{env}/{}", escape(&image));
            let answer = connect.client()?.delete(&path).await?;
            removed(
                &connect,
                &answer,
                &format!("{image} may be started in {app}/{env} again."),
                &format!("There was no veto of {image} in {app}/{env}; nothing has changed."),
            )
        }
    }
}

async fn list(
    connect: &Connect,
    path: &str,
    head: &[&str],
    none: &str,
    row: impl Fn(&Value) -> Vec<String>,
) -> Outcome {
    let answer = connect.client()?.get(path).await?;
    if connect.json {
        print::json(&answer);
        return Ok(Done::Ok);
    }
    let rows: Vec<_> = answer["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(row)
        .collect();
    print::line(if rows.is_empty() {
        none.to_owned()
    } else {
        print::table(head, &rows)
    });
    Ok(Done::Ok)
}

fn removed(connect: &Connect, answer: &Value, gone: &str, none: &str) -> Outcome {
    if connect.json {
        print::json(answer);
    } else {
        let changed = answer["changed"].as_bool().unwrap_or(true);
        print::line(if changed { gone } else { none });
    }
    Ok(Done::Ok)
}

fn text(item: &Value, name: &str) -> String {
    item[name].as_str().unwrap_or("-").to_owned()
}

fn place(item: &Value) -> String {
    format!("{}/{}", text(item, "app"), text(item, "env"))
}

fn at(item: &Value) -> String {
    item["at"]
        .as_i64()
        .map_or_else(|| "-".to_owned(), |ms| print::time(Time(ms)))
}
