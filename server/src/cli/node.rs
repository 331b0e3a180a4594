//! `viridian node`.

use super::{Done, Failure, Outcome};
use std::path::PathBuf;

/// Run the node: the local cloud's instances and its traffic.
///
/// `viridian serve` starts it by itself; it survives that process on purpose.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  viridian node --data .viridian/node")]
pub(crate) struct Args {
    /// The node's own folder.
    #[arg(long, value_name = "DIR", default_value = ".viridian/node")]
    data: PathBuf,
}

pub(crate) async fn run(args: Args) -> Outcome {
    crate::log::start();
    let place = args.data.display().to_string();
    ::node::run(::node::NodeOptions {
        dir: args.data,
        ready: None,
    })
    .await
    .map_err(|error| {
        Failure::new(super::client::chain(&error), "").at(format!("node of {place}"))
    })?;
    Ok(Done::Ok)
}
