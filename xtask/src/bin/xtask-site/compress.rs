use anyhow::{Context, Result};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Files below this size cost a browser one packet either way.
const WORTH_COMPRESSING: usize = 1024;

/// Writes `NAME.br` and `NAME.gz` beside a file, which the server sends in its stead.
pub(crate) fn beside(path: &Path) -> Result<()> {
    let content = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    write(&twin(path, "br"), &brotli(&content)?)?;
    if content.len() >= WORTH_COMPRESSING {
        write(&twin(path, "gz"), &gzip(&content)?)?;
    }
    Ok(())
}

/// Writes a file whole or says where it could not.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<()> {
    std::fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

fn twin(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let params = brotli::enc::BrotliEncoderParams {
        quality: 11,
        size_hint: content.len(),
        ..Default::default()
    };
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &content[..], &mut out, &params)?;
    Ok(out)
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}
