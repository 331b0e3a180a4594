use crate::{Made, compress};
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::process::Command;
use wasm_bindgen_cli_support::Bindgen;

/// Raised when this program writes something else for the same module.
const RECIPE: &str = "1";

/// Writes `viridian.js` and `viridian_bg.wasm` with their compressed twins into a new `pkg`,
/// unless the one there was made from the same module.
pub(crate) fn build(wasm: &Path, wasm_opt: Option<&Path>, out: &Path, pkg: &Path) -> Result<Made> {
    let stamp_file = out.join("module.stamp");
    let stamp = stamp(wasm, wasm_opt)?;
    if pkg.join("viridian_bg.wasm.br").exists()
        && std::fs::read_to_string(&stamp_file).is_ok_and(|found| found == stamp)
    {
        return Ok(Made::Fresh);
    }
    // The stamp goes first and comes last: an interrupted build is never taken for a whole one.
    gone(std::fs::remove_file(&stamp_file), &stamp_file)?;
    gone(std::fs::remove_dir_all(pkg), pkg)?;

    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(wasm)
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .out_name("viridian");
    bindgen
        .generate(pkg)
        .with_context(|| format!("wasm-bindgen cannot process {}", wasm.display()))?;

    let module = pkg.join("viridian_bg.wasm");
    if let Some(tool) = wasm_opt
        && let Err(error) = shrink(tool, &module)
    {
        eprintln!("wasm-opt is left out: {error:#}");
    }
    compress::beside(&module)?;
    compress::beside(&pkg.join("viridian.js"))?;
    compress::write(&stamp_file, stamp.as_bytes())?;
    Ok(Made::Anew)
}

fn stamp(wasm: &Path, wasm_opt: Option<&Path>) -> Result<String> {
    let module = std::fs::read(wasm)
        .with_context(|| format!("cannot read {}; was it built?", wasm.display()))?;
    let tool = wasm_opt.map(|tool| tool.display().to_string());
    Ok(format!(
        "{RECIPE} {} {}",
        hex::encode(Sha256::digest(&module)),
        tool.unwrap_or_default()
    ))
}

/// A removal that found nothing has succeeded.
fn gone(removed: std::io::Result<()>, path: &Path) -> Result<()> {
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Optional, as the distributions' `wasm-opt` is often older than what rustc emits.
fn shrink(tool: &Path, module: &Path) -> Result<()> {
    let smaller = module.with_extension("wasm.opt");
    let output = Command::new(tool)
        .arg("-Oz")
        .args([
            "--enable-bulk-memory",
            "--enable-multivalue",
            "--enable-mutable-globals",
            "--enable-nontrapping-float-to-int",
            "--enable-reference-types",
            "--enable-sign-ext",
        ])
        .arg(module)
        .arg("-o")
        .arg(&smaller)
        .output()
        .with_context(|| format!("cannot run {}", tool.display()))?;
    if !output.status.success() {
        gone(std::fs::remove_file(&smaller), &smaller)?;
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    std::fs::rename(&smaller, module)?;
    Ok(())
}
