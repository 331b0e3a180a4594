//! Text files with a header line. One thread cuts the file into blocks of whole records, the others
//! read them.

mod blocks;
mod record;
mod strange;

pub(crate) use strange::kind;

use super::input::Input;
use super::look::{Look, ROWS};
use super::rows::{Rows, Tally, VariantCodes};
use super::work::{FirstFailure, Scan, Sink, together};
use crate::failure::{Failure, Place};
use ::csv::{ByteRecord, ReaderBuilder};
use blocks::{Block, Blocks, lines, record_ends};
use std::io::{BufReader, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};

/// What one record may be long; a file without line ends would fill the memory.
const LONGEST_RECORD: usize = 16 << 20;
/// Rows handed on at once.
const BATCH: usize = 4096;

pub(super) struct Table {
    input: Input,
    header_ends: u64,
    header_lines: u64,
    separator: u8,
    row_about: u64,
}

impl Table {
    pub(super) fn open(path: &Path, input: Input) -> Result<(Vec<String>, Self), Failure> {
        let size = input.size();
        let head = input
            .part(0, LONGEST_RECORD as u64)
            .map_err(|error| Failure::file(path, error.to_string(), ""))?;
        strange::first_bytes(path, &head)?;
        let separator = separator(&head);
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .from_reader(head.as_slice());
        let mut header = ByteRecord::new();
        let any = reader
            .read_byte_record(&mut header)
            .map_err(|error| Failure::file(path, error.to_string(), ""))?;
        let header_ends = reader.position().byte();
        if !any {
            return Err(Failure::file(
                path,
                "the file holds nothing but blank lines",
                "write a header line and at least one row",
            ));
        }
        let whole = head.len() as u64 == size;
        let header_bytes = &head[..usize::try_from(header_ends).unwrap_or(head.len())];
        if let Some(at) = record_ends(header_bytes, separator).open {
            let line = 1 + lines(&head[..at]);
            return Err(blocks::Wrong::Unclosed { line }.into_failure(path));
        }
        if header_ends == head.len() as u64 && !whole {
            return Err(Failure::file(
                path,
                format!("the first line is longer than {} MiB", LONGEST_RECORD >> 20),
                "is this a CSV file?",
            )
            .at(Place::Line(1)));
        }
        let columns: Vec<String> = header
            .iter()
            .map(|name| String::from_utf8_lossy(name).trim().to_owned())
            .collect();
        let body = &head[usize::try_from(header_ends).unwrap_or(head.len())..];
        if whole && body.trim_ascii().is_empty() {
            return Err(Failure::file(
                path,
                "there is a header and no row below it",
                "is the export complete?",
            ));
        }
        let table = Self {
            input,
            header_ends,
            header_lines: reader.position().line() - 1,
            separator,
            row_about: row_about(body),
        };
        Ok((columns, table))
    }

    pub(super) const fn size(&self) -> u64 {
        self.input.size() - self.header_ends
    }

    pub(super) fn rows_about(&self) -> u64 {
        self.size() / self.row_about + 1
    }

    pub(super) fn look(&self, column: usize) -> Look {
        self.looks(column..column + 1).pop().unwrap_or(Look::Empty)
    }

    /// Of neighbouring columns, each in its place. The head of the file is read once.
    pub(super) fn looks(&self, columns: Range<usize>) -> Vec<Look> {
        let head = self.input.from(self.header_ends);
        let mut reader = self.reader(head.take(LONGEST_RECORD as u64));
        let mut record = ByteRecord::new();
        let mut looks = vec![Look::Empty; columns.len()];
        for _ in 0..ROWS {
            // What cannot be read here is told when all of it is read.
            let read = reader.read_byte_record(&mut record);
            let cut = reader.position().byte() >= LONGEST_RECORD as u64;
            if !matches!(read, Ok(true)) || cut {
                break;
            }
            for (look, cell) in looks.iter_mut().zip(record.iter().skip(columns.start)) {
                *look = std::mem::replace(look, Look::Empty).and(cell);
            }
        }
        looks
    }

    /// The line of a row, both from 1. Reads the file again; for errors.
    pub(super) fn line_of(&self, row: u64) -> Option<u64> {
        let mut reader = self.reader(self.input.from(self.header_ends));
        let mut record = ByteRecord::new();
        for _ in 0..row {
            if !reader.read_byte_record(&mut record).ok()? {
                return None;
            }
        }
        let at = record.position()?;
        let bytes = BufReader::new(self.input.from(self.header_ends + at.byte())).bytes();
        let blank = blank_lines(bytes.map_while(Result::ok));
        Some(self.header_lines + at.line() + blank)
    }

    /// The records below the header; their lines are counted from there.
    fn reader<R: Read>(&self, from: R) -> ::csv::Reader<R> {
        ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.separator)
            .from_reader(from)
    }

    pub(super) fn scan<S: Sink>(&self, scan: &Scan<'_>, sinks: &mut [S]) -> Result<Tally, Failure> {
        let failed = FirstFailure::new();
        // Room for as many waiting blocks as readers: no reader idles, and memory stays bounded.
        let (send, receive) = sync_channel::<Block>(sinks.len());
        let receive = Mutex::new(receive);
        std::thread::scope(|threads| {
            let readers: Vec<_> = sinks
                .iter_mut()
                .map(|sink| {
                    let (receive, failed) = (&receive, &failed);
                    threads.spawn(move || self.read_blocks(scan, sink, receive, failed))
                })
                .collect();
            let cut = self.cut(scan, send, &failed);
            let mut outcomes: Vec<_> = readers
                .into_iter()
                .map(|reader| {
                    reader
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect();
            outcomes.extend(cut.err().map(Err));
            together(outcomes)
        })
    }

    /// Hands out the blocks until the file ends or a reader has failed.
    fn cut(
        &self,
        scan: &Scan<'_>,
        send: std::sync::mpsc::SyncSender<Block>,
        failed: &FirstFailure,
    ) -> Result<(), (u32, Failure)> {
        let mut blocks = Blocks::new(
            self.input.from(self.header_ends),
            self.header_lines + 1,
            self.separator,
        );
        loop {
            let work = blocks.work();
            let block = blocks.next().map_err(|wrong| {
                failed.at(work);
                (work, wrong.into_failure(scan.path))
            })?;
            match block {
                Some(block) if failed.concerns(block.work) => {
                    if send.send(block).is_err() {
                        return Ok(());
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    fn read_blocks<S: Sink>(
        &self,
        scan: &Scan<'_>,
        sink: &mut S,
        receive: &Mutex<Receiver<Block>>,
        failed: &FirstFailure,
    ) -> Result<Tally, (u32, Failure)> {
        let mut tally = Tally::default();
        let mut codes = VariantCodes::new(scan.variants);
        let mut rows = Rows::default();
        loop {
            let next = receive
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .recv();
            let Ok(block) = next else {
                return Ok(tally);
            };
            // A block behind a failure is let go, but still taken, so that the cutter does not wait.
            if !failed.concerns(block.work) {
                continue;
            }
            let outcome = self
                .read_block(scan, &block, &mut codes, &mut rows, &mut tally, sink)
                .and_then(|()| sink.end_of_work(block.work));
            if let Err(failure) = outcome {
                failed.at(block.work);
                // The channel is emptied by the other readers; with one only, the cutter must see the end.
                while let Ok(rest) = receive
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .recv()
                {
                    drop(rest);
                }
                return Err((block.work, failure));
            }
            scan.progress.add(block.bytes.len() as u64);
        }
    }

    fn read_block<S: Sink>(
        &self,
        scan: &Scan<'_>,
        block: &Block,
        codes: &mut VariantCodes<'_>,
        rows: &mut Rows,
        tally: &mut Tally,
        sink: &mut S,
    ) -> Result<(), Failure> {
        strange::no_zero(scan.path, &block.bytes, block.first_line)?;
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.separator)
            .from_reader(block.bytes.as_slice());
        let mut record = ByteRecord::new();
        rows.clear(scan.wanted.metrics.len());
        loop {
            let any = reader
                .read_byte_record(&mut record)
                .map_err(|error| Failure::file(scan.path, error.to_string(), ""))?;
            if !any || rows.keys.len() == BATCH {
                tally.look_at_times(tally.rows - rows.times.len() as u64, rows);
                sink.rows(block.work, rows)?;
                rows.clear(scan.wanted.metrics.len());
            }
            if !any {
                return Ok(());
            }
            tally.rows += 1;
            if scan.columns.len() == 1 && block.line_is_blank(&record) {
                let blank = Failure::file(
                    scan.path,
                    "the line is blank",
                    "write \"\" for a row without a value, as no other column tells that there is one, or leave \
                     the line out",
                );
                return Err(blank.at(Place::Line(block.line_of(&record) - 1)));
            }
            let outcome = if record.len() == scan.columns.len() {
                record::read(scan, &record, codes, rows, tally)
            } else {
                let end = block.first_line + reader.position().line() - 1;
                Err(record::fields(
                    scan,
                    record.len(),
                    block.line_of(&record)..end,
                ))
            };
            outcome.map_err(|failure| failure.at(Place::Line(block.line_of(&record))))?;
        }
    }
}

impl Block {
    /// Whether there is a blank line before a record.
    fn line_is_blank(&self, record: &ByteRecord) -> bool {
        let at = record.position().map_or(0, ::csv::Position::byte);
        let first = usize::try_from(at).ok().and_then(|at| self.bytes.get(at));
        first.is_some_and(|byte| [b'\n', b'\r'].contains(byte))
    }

    /// The line a record of this block begins in.
    fn line_of(&self, record: &ByteRecord) -> u64 {
        record.position().map_or(self.first_line, |at| {
            let from = usize::try_from(at.byte()).unwrap_or(0);
            let rest = self.bytes.iter().skip(from).copied();
            self.first_line + at.line() - 1 + blank_lines(rest)
        })
    }
}

/// The position of a record is that of the blank lines before it.
fn blank_lines(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes
        .take_while(|byte| [b'\n', b'\r'].contains(byte))
        .filter(|byte| *byte == b'\n')
        .count() as u64
}

/// The separator of a header line: the comma, or the usual one that is there when no comma is.
fn separator(head: &[u8]) -> u8 {
    let line = head
        .split(|byte| *byte == b'\n')
        .find(|line| !line.trim_ascii().is_empty());
    let line = line.unwrap_or_default();
    [b',', b';', b'\t', b'|']
        .into_iter()
        .find(|separator| line.contains(separator))
        .unwrap_or(b',')
}

/// The bytes a row takes, from the first rows.
fn row_about(body: &[u8]) -> u64 {
    let sample = &body[..body.len().min(1 << 16)];
    let lines = memchr::memchr_iter(b'\n', sample).count();
    (sample.len() as u64 / (lines as u64 + 1)).max(2)
}
