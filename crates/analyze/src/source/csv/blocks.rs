//! Cuts a text file into blocks of whole records.

use super::LONGEST_RECORD;
use crate::failure::{Failure, Place};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

const BLOCK: usize = 4 << 20;

/// Some whole records.
pub(super) struct Block {
    pub(super) work: u32,
    /// The number of the first line, from 1.
    pub(super) first_line: u64,
    pub(super) bytes: Vec<u8>,
}

pub(super) enum Wrong {
    Io(io::Error),
    RecordTooLong { line: u64 },
}

impl From<io::Error> for Wrong {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Wrong {
    pub(super) fn into_failure(self, path: &Path) -> Failure {
        match self {
            Self::Io(error) => Failure::file(path, error.to_string(), ""),
            Self::RecordTooLong { line } => Failure::file(
                path,
                format!("a row longer than {} MiB", LONGEST_RECORD >> 20),
                "is a quotation mark not closed, or is this no CSV file?",
            )
            .at(Place::Line(line)),
        }
    }
}

pub(super) struct Blocks {
    file: File,
    work: u32,
    line: u64,
    /// Read already, but part of a record whose end has not been seen.
    rest: Vec<u8>,
    ended: bool,
}

impl Blocks {
    pub(super) fn open(path: &Path, from: u64, line: u64) -> io::Result<Self> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(from))?;
        Ok(Self {
            file,
            work: 0,
            line,
            rest: Vec::new(),
            ended: false,
        })
    }

    /// The number the next block will have.
    pub(super) const fn work(&self) -> u32 {
        self.work
    }

    pub(super) fn next(&mut self) -> Result<Option<Block>, Wrong> {
        if self.ended {
            return Ok(None);
        }
        let mut bytes = std::mem::take(&mut self.rest);
        loop {
            let start = bytes.len();
            bytes.reserve(BLOCK);
            let got = (&mut self.file)
                .take(BLOCK as u64)
                .read_to_end(&mut bytes)?;
            if got == 0 {
                self.ended = true;
                break;
            }
            if let Some(end) = last_record_end(&bytes) {
                self.rest = bytes.split_off(end);
                break;
            }
            if start > LONGEST_RECORD {
                return Err(Wrong::RecordTooLong { line: self.line });
            }
        }
        if self.rest.len() > LONGEST_RECORD {
            return Err(Wrong::RecordTooLong { line: self.line });
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        let first_line = self.line;
        self.line += memchr::memchr_iter(b'\n', &bytes).count() as u64;
        let work = self.work;
        self.work += 1;
        Ok(Some(Block {
            work,
            first_line,
            bytes,
        }))
    }
}

/// Just behind the last line end outside quotation marks. A doubled mark closes and opens again, so
/// it is enough to count them.
fn last_record_end(bytes: &[u8]) -> Option<usize> {
    if memchr::memchr(b'"', bytes).is_none() {
        return memchr::memrchr(b'\n', bytes).map(|at| at + 1);
    }
    let mut quoted = false;
    let mut end = None;
    for at in memchr::memchr2_iter(b'"', b'\n', bytes) {
        if bytes[at] == b'"' {
            quoted = !quoted;
        } else if !quoted {
            end = Some(at + 1);
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_ends_outside_quotation_marks_only() {
        assert_eq!(last_record_end(b"a,b\nc"), Some(4));
        assert_eq!(last_record_end(b"a\n\"b\nc"), Some(2));
        assert_eq!(last_record_end(b"\"a\"\"\n\"\n\"b\n"), Some(7));
        assert_eq!(last_record_end(b"no end"), None);
    }
}
