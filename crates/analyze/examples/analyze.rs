//! `viridian analyze` without the rest of `viridian`, which takes much longer to build.

use analyze::cli::Ended;
use clap::Parser;
use std::process::ExitCode;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: analyze::cli::Args,
}

fn main() -> ExitCode {
    let progress = analyze::Progress::default();
    let (input, output) = (std::io::stdin(), std::io::stdout());
    match analyze::cli::run(Cli::parse().args, input, output, &progress) {
        Ok(Ended::Done) => ExitCode::SUCCESS,
        Ok(Ended::Fails) => ExitCode::from(3),
        Ok(Ended::Undecided) => ExitCode::from(5),
        Err(failure) => {
            eprintln!("error: {failure}\n  {}", failure.remedy());
            ExitCode::FAILURE
        }
    }
}
