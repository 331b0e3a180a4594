//! The node as a process of its own, with nothing else around it: `node node --data DIR`.
//! The product's binary has the same command; the tests of this crate kill this one.

use std::path::PathBuf;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [command, flag, dir] = words.as_slice() else {
        eprintln!("usage: node node --data DIR");
        return ExitCode::from(2);
    };
    if command != "node" || flag != "--data" {
        eprintln!("usage: node node --data DIR");
        return ExitCode::from(2);
    }
    let options = node::NodeOptions {
        dir: PathBuf::from(dir),
        ready: None,
    };
    match node::run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
