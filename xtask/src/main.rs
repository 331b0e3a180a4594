//! The two commands of the README, in Rust: `cargo xtask run` and `cargo xtask test`; and
//! `cargo xtask gen-experiment` for trying `viridian analyze`.
//!
//! **The rule of this crate:** it drives programs (cargo, node, the product itself) and says what it
//! does, in one line a part. One file a command.
//!
//! **Deliberately absent:** the product. Nothing here is linked into it, and nothing of it here; what
//! links wasm-bindgen is a program of its own, `xtask-site`, so that this one compiles in seconds.

mod browser;
mod demo;
mod experiment;
mod make;
mod node;
mod process;
mod run;
mod steps;
mod test;
mod tools;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything and run it with a demonstration, until Ctrl-C.
    Run(run::Args),
    /// Run every test: Rust, WebAssembly and the browser.
    Test(test::Args),
    GenExperiment(experiment::Args),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Test(args) => test::run(&args),
        Command::GenExperiment(args) => experiment::run(&args),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
