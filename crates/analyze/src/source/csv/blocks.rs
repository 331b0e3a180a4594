//! Cuts a text file into blocks of whole records.

use super::LONGEST_RECORD;
use crate::failure::{Failure, Place};
use crate::source::input::From;
use std::io::{self, Read};
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
    RecordTooLong {
        line: u64,
    },
    /// The line of a quotation mark that opens what nothing closes.
    Unclosed {
        line: u64,
    },
}

impl std::convert::From<io::Error> for Wrong {
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
                "is this a CSV file?",
            )
            .at(Place::Line(line)),
            Self::Unclosed { line } => Failure::file(
                path,
                "the quotation mark that is opened here is never closed",
                "close it; a quotation mark inside quotation marks is written twice",
            )
            .at(Place::Line(line)),
        }
    }
}

pub(super) struct Blocks {
    file: From,
    separator: u8,
    work: u32,
    line: u64,
    /// Read already, but part of a record whose end has not been seen.
    rest: Vec<u8>,
    ended: bool,
}

impl Blocks {
    pub(super) fn new(file: From, line: u64, separator: u8) -> Self {
        Self {
            file,
            separator,
            work: 0,
            line,
            rest: Vec::new(),
            ended: false,
        }
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
            let ends = record_ends(&bytes, self.separator);
            let too_long = |start: usize| match ends.open {
                Some(at) => Wrong::Unclosed {
                    line: self.line + lines(&bytes[..at]),
                },
                None => Wrong::RecordTooLong {
                    line: self.line + lines(&bytes[..start]),
                },
            };
            if got == 0 {
                if ends.open.is_some() {
                    return Err(too_long(0));
                }
                self.ended = true;
                break;
            }
            if let Some(end) = ends.last {
                if bytes.len() - end > LONGEST_RECORD {
                    return Err(too_long(end));
                }
                self.rest = bytes.split_off(end);
                break;
            }
            if start > LONGEST_RECORD {
                return Err(too_long(0));
            }
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        let first_line = self.line;
        self.line += lines(&bytes);
        let work = self.work;
        self.work += 1;
        Ok(Some(Block {
            work,
            first_line,
            bytes,
        }))
    }
}

pub(super) fn lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// Where records end in some bytes that begin with one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ends {
    /// Just behind the last line end outside quotation marks.
    last: Option<usize>,
    /// The quotation mark that is still open at the end.
    pub(super) open: Option<usize>,
}

/// As the reader of records sees it, a quotation mark opens only at the start of a field; one inside
/// quotation marks closes, unless another follows, and one anywhere else is a character like others.
pub(super) fn record_ends(bytes: &[u8], separator: u8) -> Ends {
    if memchr::memchr(b'"', bytes).is_none() {
        return Ends {
            last: memchr::memrchr(b'\n', bytes).map(|at| at + 1),
            open: None,
        };
    }
    let mut ends = Ends::default();
    let mut opened = 0;
    let mut closed = None;
    for at in memchr::memchr2_iter(b'"', b'\n', bytes) {
        match (bytes[at], ends.open) {
            (b'"', Some(_)) => {
                ends.open = None;
                closed = Some(at);
            }
            (b'"', None) => {
                let starts = at == 0
                    || [separator, b'\n', b'\r'].contains(&bytes[at - 1])
                    || (at == 3 && bytes.starts_with(b"\xef\xbb\xbf"));
                if starts {
                    opened = at;
                    ends.open = Some(opened);
                } else if closed == at.checked_sub(1) {
                    ends.open = Some(opened);
                }
            }
            (_, None) => ends.last = Some(at + 1),
            (_, Some(_)) => {}
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_ends_outside_quotation_marks_only() {
        let of = |bytes: &[u8]| {
            let ends = record_ends(bytes, b',');
            (ends.last, ends.open)
        };
        assert_eq!(of(b"a,b\nc"), (Some(4), None));
        assert_eq!(of(b"a\n\"b\nc"), (Some(2), Some(2)));
        assert_eq!(of(b"\"a\"\"\n\"\n\"b\n"), (Some(7), Some(7)));
        assert_eq!(of(b"no end"), (None, None));
        assert_eq!(of(b"a,\"\"\n"), (Some(5), None));
        assert_eq!(of(b"a,\"\"\"\n\"\n"), (Some(8), None));
        // Inches are no quotation marks.
        assert_eq!(of(b"5\" pipe,1\n6\" pipe,2\n"), (Some(20), None));
        assert_eq!(of(b"\"a\"b\"\n"), (Some(6), None));
    }
}
