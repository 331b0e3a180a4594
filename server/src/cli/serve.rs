//! `viridian serve`.

use super::{Done, Outcome};
use crate::auth::PublicUrl;
use crate::data::DataDir;
use crate::serve;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Run the server: the website, the REST interface and the engine.
///
/// Starts the node of the data folder where none runs, and leaves it running at the end: traffic
/// never depends on this process.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  viridian serve --data .viridian --listen 127.0.0.1:3000")]
pub(crate) struct Args {
    /// The folder everything is kept in.
    #[arg(long, value_name = "DIR", default_value = DataDir::DEFAULT)]
    data: PathBuf,
    /// Where to listen. Port 0 takes any free one and prints it.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// The folder the website was built into; without it, the `site` beside the program's own folder.
    #[arg(long, value_name = "DIR")]
    site: Option<PathBuf>,
    /// A PostgreSQL database instead of the file in the data folder.
    #[arg(
        long,
        value_name = "URL",
        env = "VIRIDIAN_DATABASE_URL",
        hide_env_values = true
    )]
    database_url: Option<String>,
    /// A host name under which browsers may reach this server, besides those of this machine; can be
    /// given more than once.
    #[arg(long = "allow-host", value_name = "NAME")]
    hosts: Vec<String>,
    /// The address that browsers use, where a proxy in front of this server has another one, such as
    /// https://ops.example.org. Without it only pages of plain http:// count as this server's own.
    #[arg(long = "public-url", value_name = "URL", env = "VIRIDIAN_PUBLIC_URL")]
    public: Option<PublicUrl>,
}

pub(crate) async fn run(args: Args) -> Outcome {
    crate::log::start();
    serve::run(serve::Options {
        data: args.data,
        listen: args.listen,
        site: args.site.or_else(site_of_program),
        database_url: args.database_url,
        hosts: args.hosts,
        public: args.public,
    })
    .await?;
    Ok(Done::Ok)
}

/// Where `cargo xtask run` builds the website: beside the folder of the program.
fn site_of_program() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let site = program.parent()?.parent()?.join("site");
    site.join("pkg").is_dir().then_some(site)
}
