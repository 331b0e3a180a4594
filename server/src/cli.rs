//! The command line. One file a command; each talks REST to a running server unless it is about
//! the data folder itself.
//!
//! Exit codes: 0 done, 1 error, 2 usage, and for what is watched 3 rolled back or cancelled,
//! 4 failed. A canary judged out of files ends with 3 where it fails, 5 where it is not decided.

mod analyze;
mod apply;
mod backup;
mod client;
mod connect;
mod doctor;
mod failure;
mod hold;
mod image;
mod instance;
mod login_link;
mod migrate;
mod node;
mod print;
mod progress;
mod rollout;
mod serve;
mod sse;
mod token;
mod watch;

pub(crate) use client::{chain, escape};
pub(crate) use failure::Failure;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::process::ExitCode;

/// Replaces servers, never changes them: starts new server groups from immutable images, moves
/// traffic to them by a strategy, and can take every step back.
#[derive(Parser)]
#[command(
    name = "viridian",
    version,
    max_term_width = 100,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Args),
    Node(node::Args),
    Migrate(migrate::Args),
    Apply(apply::Args),
    Analyze(analyze::Args),
    Image(image::Args),
    Rollout(rollout::Args),
    Instance(instance::Args),
    Hold(hold::HoldArgs),
    Veto(hold::VetoArgs),
    Doctor(doctor::Args),
    Backup(backup::BackupArgs),
    Restore(backup::RestoreArgs),
    Token(token::Args),
    LoginLink(login_link::Args),
}

/// What a command that ended without error says to the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    Ok,
    /// What was watched went back, or what was judged must.
    WentBack,
    /// What was watched needs a person.
    Failed,
    /// The figures do not decide.
    Undecided,
}

pub(crate) type Outcome = Result<Done, Failure>;

const EXIT_CODES: &str = "Exit codes: 0 done; 1 an error, told on standard error; 2 wrong usage";

/// Every command tells how it ends; those that say it themselves end in other ways, too.
fn with_exit_codes(command: clap::Command) -> clap::Command {
    let names: Vec<_> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    if !names.is_empty() {
        return names.iter().fold(command, |command, name| {
            command.mut_subcommand(name, with_exit_codes)
        });
    }
    let told = command.get_after_help().map(ToString::to_string);
    let told = told.unwrap_or_default();
    if told.contains("Exit codes") {
        return command;
    }
    command.after_help(format!("{told}\n\n{EXIT_CODES}"))
}

impl Cli {
    /// The command of this process; wrong usage ends it with 2, `--help` with 0.
    pub(crate) fn of_arguments() -> Self {
        let matches = with_exit_codes(Self::command()).get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// Runs the command to its end and prints its error, if any.
    pub(crate) async fn run(self) -> ExitCode {
        let outcome = match self.command {
            Command::Serve(args) => Box::pin(serve::run(args)).await,
            Command::Node(args) => Box::pin(node::run(args)).await,
            Command::Migrate(args) => migrate::run(args).await,
            Command::Apply(args) => apply::run(args).await,
            Command::Analyze(args) => analyze::run(args).await,
            Command::Image(args) => Box::pin(image::run(args)).await,
            Command::Rollout(args) => Box::pin(rollout::run(args)).await,
            Command::Instance(args) => instance::run(args).await,
            Command::Hold(args) => hold::run_hold(args).await,
            Command::Veto(args) => hold::run_veto(args).await,
            Command::Doctor(args) => Box::pin(doctor::run(args)).await,
            Command::Backup(args) => backup::backup(args).await,
            Command::Restore(args) => backup::restore(args).await,
            Command::Token(args) => token::run(args).await,
            Command::LoginLink(args) => login_link::run(args).await,
        };
        match outcome {
            Ok(Done::Ok) => ExitCode::SUCCESS,
            Ok(Done::WentBack) => ExitCode::from(3),
            Ok(Done::Failed) => ExitCode::from(4),
            Ok(Done::Undecided) => ExitCode::from(5),
            Err(failure) => {
                eprintln!("{failure}");
                ExitCode::from(1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cli, with_exit_codes};
    use clap::CommandFactory;

    #[test]
    fn every_command_explains_itself_with_an_example_and_how_it_ends() {
        fn check(command: &clap::Command, path: &str) {
            if command.get_subcommands().next().is_none() {
                let help = command.clone().render_long_help().to_string();
                assert!(help.contains("Example"), "{path} has no example:\n{help}");
                assert_eq!(help.matches("Exit codes: 0 ").count(), 1, "{path}:\n{help}");
            }
            for sub in command.get_subcommands() {
                check(sub, &format!("{path} {}", sub.get_name()));
            }
        }
        let cli = with_exit_codes(Cli::command());
        cli.clone().debug_assert();
        check(&cli, "viridian");
    }
}
