//! Bytes that are no text we can read, told by what they most likely are.

use crate::failure::{Failure, Place};
use std::path::Path;

const KINDS: [(&[u8], &str, &str); 11] = [
    (
        b"\x1f\x8b",
        "this is compressed with gzip",
        "unpack it first, as in <(gzip -dc FILE)",
    ),
    (
        b"\x28\xb5\x2f\xfd",
        "this is compressed with Zstandard",
        "unpack it first, as in <(zstd -dc FILE)",
    ),
    (
        b"\xfd7zXZ\0",
        "this is compressed with xz",
        "unpack it first, as in <(xz -dc FILE)",
    ),
    (
        b"BZh",
        "this is compressed with bzip2",
        "unpack it first, as in <(bzip2 -dc FILE)",
    ),
    (
        b"7z\xbc\xaf\x27\x1c",
        "this is a 7z archive",
        "unpack it first, as in <(7z x -so FILE)",
    ),
    (
        b"PK\x03\x04",
        "this is a ZIP archive or a spreadsheet",
        "unpack it, or export the sheet as CSV",
    ),
    (b"ARROW1", "this is an Arrow file", "write it as Parquet"),
    (
        b"PARE",
        "this Parquet file is encrypted",
        "decrypt it first",
    ),
    (b"\xff\xfe\0\0", "this is text in UTF-32", UTF_8),
    (b"\xff\xfe", "this is text in UTF-16", UTF_8),
    (b"\xfe\xff", "this is text in UTF-16", UTF_8),
];

const UTF_8: &str = "save it as UTF-8, as in <(iconv -f UTF-16 -t UTF-8 FILE)";

/// What begins so and is no text in UTF-8, and what to do with it.
pub(crate) fn kind(head: &[u8]) -> Option<(&'static str, &'static str)> {
    let found = KINDS.iter().find(|(magic, ..)| head.starts_with(magic));
    found.map(|(_, what, remedy)| (*what, *remedy))
}

/// What of a file's first bytes, or of any of its parts, can be told to be no CSV.
pub(super) fn first_bytes(path: &Path, head: &[u8]) -> Result<(), Failure> {
    if let Some((what, remedy)) = kind(head) {
        return Err(Failure::file(path, what, remedy));
    }
    let sample = &head[..head.len().min(4096)];
    let zeros = |from: usize| {
        let bytes = sample.iter().skip(from).step_by(2);
        bytes.clone().filter(|byte| **byte == 0).count() * 10 > bytes.count() * 8
    };
    if sample.len() >= 4 && (zeros(0) != zeros(1)) {
        let remedy = if zeros(1) {
            "save it as UTF-8, as in <(iconv -f UTF-16LE -t UTF-8 FILE)"
        } else {
            "save it as UTF-8, as in <(iconv -f UTF-16BE -t UTF-8 FILE)"
        };
        return Err(Failure::file(
            path,
            "this is text in UTF-16, without its mark",
            remedy,
        ));
    }
    let unprintable = sample
        .iter()
        .filter(|byte| **byte < b' ' && !byte.is_ascii_whitespace())
        .count();
    if unprintable * 20 > sample.len() {
        return Err(Failure::file(
            path,
            "this is neither CSV nor Parquet",
            "name a CSV or Parquet file",
        ));
    }
    no_zero(path, head, 1)
}

/// A zero byte is in no text; most often the file was cut and grown again.
pub(super) fn no_zero(path: &Path, bytes: &[u8], first_line: u64) -> Result<(), Failure> {
    match memchr::memchr(0, bytes) {
        None => Ok(()),
        Some(at) => {
            let line = first_line + memchr::memchr_iter(b'\n', &bytes[..at]).count() as u64;
            Err(Failure::file(
                path,
                "a zero byte, which no text has",
                "is the file damaged? Remove such bytes, as in <(tr -d '\\000' < FILE)",
            )
            .at(Place::Line(line)))
        }
    }
}
