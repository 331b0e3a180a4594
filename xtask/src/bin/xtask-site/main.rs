//! Turns the compiled WebAssembly and the style sheets into the folder the server serves.
//!
//! A program of its own, as it links wasm-bindgen and lightningcss: the small commands of `xtask`
//! need not wait for those to compile.

mod compress;
mod script;
mod style;
mod unused;

use anyhow::{Context, Result};
use clap::Parser;
use std::path::{Path, PathBuf};

#[derive(Parser)]
struct Args {
    /// The module cargo built.
    #[arg(long)]
    wasm: PathBuf,
    /// The style sheet that imports all others.
    #[arg(long)]
    style: PathBuf,
    /// The site folder to write `pkg/` into.
    #[arg(long)]
    out: PathBuf,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let pkg = args.out.join("pkg");
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot create {}", args.out.display()))?;
    let module = script::build(&args.wasm, &args.out, &pkg)?;
    style::build(&args.style, &pkg)?;
    println!("{}", sizes(&pkg, module)?);
    Ok(())
}

/// Whether a part had to be made anew.
#[derive(Clone, Copy, PartialEq)]
enum Made {
    Anew,
    Fresh,
}

/// One line for a person: what a browser downloads.
fn sizes(pkg: &Path, module: Made) -> Result<String> {
    let kilobytes = |name: &str| -> Result<u64> {
        let path = pkg.join(name);
        let size = std::fs::metadata(&path)
            .with_context(|| format!("{} was not written", path.display()))?
            .len();
        Ok(size.div_ceil(1000))
    };
    Ok(format!(
        "module {} kB ({} kB brotli), script {} kB ({} kB), style {} kB ({} kB){}",
        kilobytes("viridian_bg.wasm")?,
        kilobytes("viridian_bg.wasm.br")?,
        kilobytes("viridian.js")?,
        kilobytes("viridian.js.br")?,
        kilobytes("viridian.css")?,
        kilobytes("viridian.css.br")?,
        if module == Made::Fresh {
            ", module unchanged"
        } else {
            ""
        },
    ))
}
