//! Parquet files, by row groups, a column at a time.

mod column;
mod damaged;
mod file;

use super::Wanted;
use super::input::Input;
use super::look::{Look, ROWS};
use super::rows::{Rows, Tally, TimeKind, VariantCodes, Variants};
use super::work::{FirstFailure, Progress, Scan, Sink, together};
use crate::failure::{Failure, Place};
use ::parquet::errors::ParquetError;
use ::parquet::file::reader::FileReader;
use ::parquet::file::serialized_reader::SerializedFileReader;
use column::{MetricColumn, TimeColumn, UnitColumn, VariantColumn};
use file::Positioned;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Rows decoded at once: a few hundred kilobytes, which stay in the second-level cache.
const BATCH: usize = 16_384;
/// Small row groups are taken together until they are worth a piece of work.
const ROWS_A_WORK: u64 = 500_000;

pub(super) struct Table {
    reader: SerializedFileReader<Positioned>,
    rows: u64,
    works: Vec<Work>,
}

struct Work {
    first_row: u64,
    groups: Range<usize>,
}

pub(super) fn unreadable(path: &Path, error: &ParquetError) -> Failure {
    let remedy = if error.to_string().contains("Disabled feature") {
        "compress it with Zstandard, Snappy, LZ4 or gzip instead"
    } else {
        "was it written to its end?"
    };
    Failure::file(
        path,
        format!("the Parquet file cannot be read: {error}"),
        remedy,
    )
}

impl Table {
    pub(super) fn open(path: &Path, input: Input) -> Result<(Vec<String>, Self), Failure> {
        damaged::told(path, || Self::opened(path, input))
    }

    fn opened(path: &Path, input: Input) -> Result<(Vec<String>, Self), Failure> {
        let reader = SerializedFileReader::new(Positioned(input))
            .map_err(|error| unreadable(path, &error))?;
        let metadata = reader.metadata();
        let columns = metadata
            .file_metadata()
            .schema_descr()
            .columns()
            .iter()
            .map(|column| column.path().string())
            .collect();
        let mut works: Vec<Work> = Vec::new();
        let (mut rows, mut pending) = (0, 0);
        for (at, group) in metadata.row_groups().iter().enumerate() {
            match works.last_mut() {
                Some(work) if pending < ROWS_A_WORK => work.groups.end = at + 1,
                _ => {
                    works.push(Work {
                        first_row: rows,
                        groups: at..at + 1,
                    });
                    pending = 0;
                }
            }
            let here = u64::try_from(group.num_rows()).unwrap_or(0);
            rows += here;
            pending += here;
        }
        if rows == 0 {
            return Err(Failure::file(
                path,
                "there are no rows in the file",
                "is the export complete?",
            ));
        }
        Ok((
            columns,
            Self {
                reader,
                rows,
                works,
            },
        ))
    }

    /// Whether a row may have several values of this column.
    pub(super) fn holds_lists(&self, column: usize) -> bool {
        let schema = self.reader.metadata().file_metadata().schema_descr();
        schema.column(column).max_rep_level() > 0
    }

    pub(super) const fn rows(&self) -> u64 {
        self.rows
    }

    /// What cannot be read counts as text here; what is wrong is told when all of it is read.
    pub(super) fn look(&self, path: &Path, columns: &[String], column: usize) -> Look {
        damaged::told(path, || Ok(self.looked(path, columns, column))).unwrap_or(Look::Text)
    }

    fn looked(&self, path: &Path, columns: &[String], column: usize) -> Look {
        let metadata = self.reader.metadata();
        let Some((group, rows)) = metadata
            .row_groups()
            .iter()
            .enumerate()
            .find_map(|(at, of)| {
                let rows = usize::try_from(of.num_rows())
                    .ok()
                    .filter(|rows| *rows > 0)?;
                Some((at, rows.min(ROWS)))
            })
        else {
            return Look::Empty;
        };
        let scan = Scan {
            path,
            columns,
            wanted: &Wanted::default(),
            variants: &Variants::default(),
            times: &TimeKind::default(),
            progress: &Progress::default(),
        };
        let Ok(group) = self.reader.get_row_group(group) else {
            return Look::Text;
        };
        let open = || column::Column::open(&scan, &*group, column);
        let mut numbers = Vec::new();
        let metric = open().and_then(MetricColumn::new);
        if metric.is_ok_and(|mut metric| metric.read(rows, &mut numbers).is_ok()) {
            numbers.retain(|number| !number.is_nan());
            return if numbers.is_empty() {
                Look::Empty
            } else {
                Look::Numbers(numbers)
            };
        }
        let time = open().and_then(TimeColumn::new);
        if time.is_ok_and(|mut time| time.read(rows, &mut Rows::default()).is_ok()) {
            return Look::Dates;
        }
        Look::Text
    }

    pub(super) fn scan<S: Sink>(&self, scan: &Scan<'_>, sinks: &mut [S]) -> Result<Tally, Failure> {
        let failed = FirstFailure::new();
        let next = AtomicUsize::new(0);
        let outcomes = std::thread::scope(|threads| {
            let readers: Vec<_> = sinks
                .iter_mut()
                .map(|sink| {
                    let (failed, next) = (&failed, &next);
                    threads.spawn(move || self.read_works(scan, sink, next, failed))
                })
                .collect();
            readers
                .into_iter()
                .map(|reader| {
                    reader
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect()
        });
        together(outcomes)
    }

    fn read_works<S: Sink>(
        &self,
        scan: &Scan<'_>,
        sink: &mut S,
        next: &AtomicUsize,
        failed: &FirstFailure,
    ) -> Result<Tally, (u32, Failure)> {
        let mut tally = Tally::default();
        let mut codes = VariantCodes::new(scan.variants);
        let mut rows = Rows::default();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let number = u32::try_from(at).unwrap_or(u32::MAX);
            let Some(work) = self.works.get(at).filter(|_| failed.concerns(number)) else {
                return Ok(tally);
            };
            let mut first_row = work.first_row;
            let read = || {
                work.groups.clone().try_for_each(|group| {
                    self.read_group(
                        scan,
                        (number, group),
                        &mut first_row,
                        &mut codes,
                        &mut rows,
                        &mut tally,
                        sink,
                    )
                })
            };
            let outcome = damaged::told(scan.path, read).and_then(|()| sink.end_of_work(number));
            if let Err(failure) = outcome {
                failed.at(number);
                return Err((number, failure));
            }
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one reader's whole state, borrowed apart"
    )]
    fn read_group<S: Sink>(
        &self,
        scan: &Scan<'_>,
        (work, group): (u32, usize),
        first_row: &mut u64,
        codes: &mut VariantCodes<'_>,
        rows: &mut Rows,
        tally: &mut Tally,
        sink: &mut S,
    ) -> Result<(), Failure> {
        let wanted = scan.wanted;
        let total =
            usize::try_from(self.reader.metadata().row_group(group).num_rows()).unwrap_or(0);
        let group = self
            .reader
            .get_row_group(group)
            .map_err(|error| unreadable(scan.path, &error))?;
        let open = |column: usize| column::Column::open(scan, &*group, column);
        let mut unit = wanted
            .unit
            .map(|at| open(at).and_then(UnitColumn::new))
            .transpose()?;
        let mut variant = wanted
            .variant
            .map(|at| open(at).and_then(VariantColumn::new))
            .transpose()?;
        let mut time = wanted
            .time
            .map(|at| open(at).and_then(TimeColumn::new))
            .transpose()?;
        let mut metrics = wanted
            .metrics
            .iter()
            .map(|at| open(*at).and_then(MetricColumn::new))
            .collect::<Result<Vec<_>, _>>()?;
        tally.hashed |= unit.as_ref().is_some_and(UnitColumn::is_text);
        let mut done = 0;
        while done < total {
            let count = BATCH.min(total - done);
            rows.clear(wanted.metrics.len());
            let at_row = |(row, failure): (usize, Failure)| {
                failure.at(Place::Row(*first_row + row as u64 + 1))
            };
            let no_unit = match &mut unit {
                Some(unit) => unit.read(count, &mut rows.keys).map_err(at_row)?,
                None => {
                    rows.keys.resize(count, 0);
                    Vec::new()
                }
            };
            if let Some(variant) = &mut variant {
                variant
                    .read(count, codes, &mut rows.variants)
                    .map_err(at_row)?;
            }
            let mut no_time = Vec::new();
            if let Some(time) = &mut time {
                no_time = time.read(count, rows).map_err(at_row)?;
                if let Some(row) = no_time.first() {
                    tally
                        .first_no_time
                        .get_or_insert(tally.rows + *row as u64 + 1);
                }
            }
            for (at, (metric, into)) in metrics.iter_mut().zip(&mut rows.metrics).enumerate() {
                let nan = metric.read(count, into).map_err(at_row)?;
                // A column that is read for two metrics has its cells once.
                if !wanted.metrics[..at].contains(&wanted.metrics[at]) {
                    tally.nan_cells += nan;
                }
            }
            if !(no_unit.is_empty() && no_time.is_empty()) {
                rows.dropped = vec![false; count];
                for row in &no_time {
                    rows.dropped[*row] = true;
                }
                for row in &no_unit {
                    rows.dropped[*row] = true;
                }
            }
            tally.look_at_times(tally.rows, rows);
            tally.rows += count as u64;
            tally.no_unit += no_unit.len() as u64;
            tally.no_time += no_time.len() as u64;
            sink.rows(work, rows)?;
            done += count;
            *first_row += count as u64;
            scan.progress.add(count as u64);
        }
        if let Some(time) = &time {
            tally.clock.add(&time.clock);
        }
        Ok(())
    }
}
