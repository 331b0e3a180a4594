//! Lines of bounded length.

use std::io::{self, BufRead, BufReader, Read};

/// One line, without its end.
pub(super) enum Line<'a> {
    Text(&'a [u8]),
    /// Longer than allowed. It was read over, not kept.
    TooLong,
}

pub(super) struct Lines<R> {
    input: BufReader<R>,
    line: Vec<u8>,
    longest: usize,
    first: bool,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(input: R, longest: usize) -> Self {
        Self {
            input: BufReader::with_capacity(1 << 16, input),
            line: Vec::new(),
            longest,
            first: true,
        }
    }

    /// Whether the next line has to be waited for: answers given so far should go out now.
    pub(super) fn must_wait(&self) -> bool {
        !self.input.buffer().contains(&b'\n')
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let mut too_long = false;
        let mut any = false;
        loop {
            let ready = match self.input.fill_buf() {
                Ok(ready) => ready,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if ready.is_empty() {
                break;
            }
            any = true;
            let end = ready.iter().position(|byte| *byte == b'\n');
            let part = &ready[..end.unwrap_or(ready.len())];
            if self.line.len() + part.len() > self.longest {
                too_long = true;
                self.line = Vec::new();
            }
            if !too_long {
                self.line.extend_from_slice(part);
            }
            let used = end.map_or(ready.len(), |end| end + 1);
            self.input.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        if std::mem::take(&mut self.first) {
            if let Some(what) = no_text(&self.line) {
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
            // A byte order mark is no part of the first request.
            if self.line.starts_with("\u{feff}".as_bytes()) {
                self.line.drain(..3);
            }
        }
        Ok(Some(if too_long {
            Line::TooLong
        } else {
            Line::Text(&self.line)
        }))
    }
}

/// What an input is whose first bytes no line of JSON begins with.
fn no_text(head: &[u8]) -> Option<&'static str> {
    if head.starts_with(b"{\0") || head.starts_with(b"\0{") {
        return Some("this is text in UTF-16, without its mark");
    }
    if head.starts_with(b"PAR1") {
        return Some("this is a Parquet file");
    }
    crate::source::kind(head).map(|(what, _)| what)
}
