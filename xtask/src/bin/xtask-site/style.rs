use crate::compress;
use anyhow::{Result, anyhow};
use lightningcss::bundler::{Bundler, FileProvider};
use lightningcss::stylesheet::{MinifyOptions, ParserOptions, PrinterOptions};
use std::path::Path;

/// Writes `viridian.css`: the entry with all it imports, in their layers, minified.
pub(crate) fn build(entry: &Path, pkg: &Path) -> Result<()> {
    let target = pkg.join("viridian.css");
    let css = bundle(entry)?;
    if pkg.join("viridian.css.br").exists()
        && std::fs::read_to_string(&target).is_ok_and(|found| found == css)
    {
        return Ok(());
    }
    compress::write(&target, css.as_bytes())?;
    compress::beside(&target)
}

fn bundle(entry: &Path) -> Result<String> {
    let files = FileProvider::new();
    // The errors borrow the sources, so they are put into words here. They name file and line.
    let mut sheet = Bundler::new(&files, None, ParserOptions::default())
        .bundle(entry)
        .map_err(|error| anyhow!("{error}"))?;
    sheet
        .minify(MinifyOptions::default())
        .map_err(|error| anyhow!("{error}"))?;
    let printed = sheet
        .to_css(PrinterOptions {
            minify: true,
            ..Default::default()
        })
        .map_err(|error| anyhow!("{error}"))?;
    Ok(printed.code)
}
