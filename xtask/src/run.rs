//! `cargo xtask run`: from a clone to a page in the browser.

use crate::demo::Stage;
use crate::make;
use crate::node::Node;
use crate::process::{Service, Shown, ask};
use crate::steps::{seconds, step};
use crate::workspace::{Profile, Workspace};
use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// A first start migrates a database, on whatever disk there is.
const START: Duration = Duration::from_secs(60);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Optimise the server.
    #[arg(long)]
    release: bool,
    /// Where the server listens. Port 0 takes any free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// The folder everything is kept in.
    #[arg(long, value_name = "DIR", default_value = ".viridian")]
    data: PathBuf,
    /// Start empty: no demonstration.
    #[arg(long)]
    no_demo: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let start = Instant::now();
    let workspace = Workspace::locate()?;
    let profile = if args.release {
        Profile::Release
    } else {
        Profile::Dev
    };
    make::site(&workspace)?;
    make::programs(&workspace, profile)?;

    // Registered before anything is started, so that no signal finds a process without an owner.
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGCHLD])?;
    let data = std::env::current_dir()?.join(&args.data);
    let ran_before = Node::running(&data)?.is_some();
    let mut services = Vec::new();
    let outcome = start_services(&workspace, profile, args, &data, &mut services).and_then(|url| {
        let _visitors = (!args.no_demo)
            .then(|| set_up_demonstration(&workspace, profile, &data))
            .transpose()?;
        let viridian = workspace.binary(profile, "viridian");
        announce(
            &workspace,
            &url,
            &services,
            &viridian,
            &data,
            start.elapsed(),
        );
        wait(&mut signals, &mut services)
    });
    // Whatever happened above, nothing that was started here outlives this program.
    println!("\nStopping.");
    stop(services, &data, ran_before)?;
    outcome?;
    println!("Stopped.");
    Ok(ExitCode::SUCCESS)
}

/// Starts the product and waits until it answers, to say where. The node is `serve`'s to start.
fn start_services(
    workspace: &Workspace,
    profile: Profile,
    args: &Args,
    data: &Path,
    services: &mut Vec<Service>,
) -> Result<String> {
    let text = |path: &Path| {
        path.to_str()
            .map(str::to_owned)
            .with_context(|| format!("{} is not UTF-8", path.display()))
    };
    let (data, site) = (text(data)?, text(&workspace.site())?);
    let listen = args.listen.to_string();
    step("start", || {
        let mut serve = Service::start(
            &workspace.binary(profile, "viridian"),
            &[
                "serve", "--data", &data, "--listen", &listen, "--site", &site,
            ],
            &workspace.root,
            Shown::Yes,
        )?;
        let url = serve.wait_for(START, address);
        services.push(serve);
        url
    })
}

/// The visitors, who are let in anew with each run and are not missed when their day is over.
fn set_up_demonstration(workspace: &Workspace, profile: Profile, data: &Path) -> Result<Service> {
    step("set up the demonstration", || {
        let stage = Stage {
            root: &workspace.root,
            data,
            viridian: &workspace.binary(profile, "viridian"),
            storefront: &workspace.binary(profile, "storefront"),
        };
        println!("  {}", stage.seed()?);
        let visitors = stage.visitors()?;
        if let Some(what) = stage.begin_canary()? {
            println!("  {what}");
        }
        Ok(visitors)
    })
}

/// Stops the services, the latest first, then the node they left running.
fn stop(mut services: Vec<Service>, data: &Path, ran_before: bool) -> Result<()> {
    while let Some(mut service) = services.pop() {
        service.stop()?;
    }
    match Node::running(data)? {
        Some(_) if ran_before => println!("The node ran before and is left running."),
        Some(node) => node.stop()?,
        None => {}
    }
    Ok(())
}

/// The line with which `viridian serve` says that it answers.
fn address(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("listening on ")?;
    rest.split_whitespace()
        .next()
        .filter(|url| url.starts_with("http"))
        .map(str::to_owned)
}

/// The last lines a person sees: where to look, how to come in, and how to end it.
fn announce(
    workspace: &Workspace,
    url: &str,
    services: &[Service],
    viridian: &Path,
    data: &Path,
    took: Duration,
) {
    println!("\nViridian runs at {url} (ready after {}).", seconds(took));
    // What the server said before the demonstration has scrolled away; its sign-in link must not.
    let said: Vec<_> = services
        .iter()
        .flat_map(Service::lines)
        .filter(|line| line.contains("://"))
        .collect();
    for line in &said {
        println!("{}", line.trim());
    }
    // It prints one on its first run only; this is for somebody who may well use another browser.
    if !said.iter().any(|line| line.contains("/sign-in/")) {
        let mut command = Command::new(viridian);
        match ask(command.arg("login-link").arg("--data").arg(data)) {
            Some(link) => println!("Sign in, once, within an hour: {}", link.trim()),
            None => println!("`viridian login-link --data DIR` prints a link to sign in."),
        }
    }
    println!(
        "Everything is kept in {}. Ctrl-C stops it.",
        workspace.shown(data).display()
    );
}

/// Blocks until a signal asks for the end. That a service ends by itself is an error.
fn wait(signals: &mut Signals, services: &mut [Service]) -> Result<()> {
    loop {
        for service in services.iter_mut() {
            if let Some(status) = service.ended()? {
                bail!(
                    "{} ended with {status}; its own words are above",
                    service.name()
                );
            }
        }
        if signals.wait().any(|signal| signal != SIGCHLD) {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_read_from_the_line_that_names_it() {
        let line = "listening on http://127.0.0.1:3000";
        assert_eq!(address(line).as_deref(), Some("http://127.0.0.1:3000"));
        assert_eq!(address("listening on a socket"), None);
        assert_eq!(address("sign in at http://127.0.0.1:3000/login/x"), None);
    }
}
