//! Rows on their way from a file to the join.

use super::cell::Time;
use super::clock::Clock;
use crate::failure::shown;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{PoisonError, RwLock};

/// The code of a row that names no variant.
pub(crate) const NO_VARIANT: u16 = u16::MAX;
/// More arms than this are a sign of a wrong column.
const MOST_VARIANTS: usize = 100;

/// Some rows of one file, column by column.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// The unit, as a well-mixed 64-bit key.
    pub(crate) keys: Vec<u64>,
    /// Empty when the file has no variants.
    pub(crate) variants: Vec<u16>,
    /// Empty when no time is read. Dates are nanoseconds since 1970, plain numbers in a unit of their
    /// own.
    pub(crate) times: Vec<i64>,
    /// The millionths above a plain time; shorter than `times` where the rest have none.
    pub(crate) micros: Vec<u32>,
    /// NaN stands for missing.
    pub(crate) metrics: Vec<Vec<f64>>,
    /// Rows that cannot be used, for want of a unit or a time. Empty when all can.
    pub(crate) dropped: Vec<bool>,
}

impl Rows {
    pub(crate) fn clear(&mut self, metrics: usize) {
        self.keys.clear();
        self.variants.clear();
        self.times.clear();
        self.micros.clear();
        self.dropped.clear();
        self.metrics.resize_with(metrics, Vec::new);
        self.metrics.iter_mut().for_each(Vec::clear);
    }

    #[inline]
    pub(super) fn push_time(&mut self, time: Time) {
        match time {
            Time::Date { nanos, .. } => self.times.push(nanos),
            Time::Plain { whole, micros } => {
                if micros > 0 {
                    self.micros.resize(self.times.len(), 0);
                    self.micros.push(micros);
                }
                self.times.push(whole);
            }
        }
    }

    /// A row's time and the millionths above it.
    #[inline]
    pub(crate) fn time(&self, row: usize) -> (i64, u32) {
        let micros = self.micros.get(row).copied().unwrap_or(0);
        (self.times[row], micros)
    }
}

/// What was seen while reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) rows: u64,
    pub(crate) no_unit: u64,
    pub(crate) no_time: u64,
    /// Cells of metrics that say NaN.
    pub(crate) nan_cells: u64,
    /// Rows earlier than the row before them, within one piece of work.
    pub(crate) backwards: u64,
    /// The first such row, from 1; only of a scan with one sink.
    pub(crate) first_backwards: Option<u64>,
    /// The first row without a time, from 1; only of a scan with one sink.
    pub(crate) first_no_time: Option<u64>,
    last_time: Option<(i64, u32)>,
    pub(crate) clock: Clock,
    /// Whether a unit was named by something else than a whole number.
    pub(crate) hashed: bool,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.no_unit += other.no_unit;
        self.no_time += other.no_time;
        self.nan_cells += other.nan_cells;
        self.backwards += other.backwards;
        self.first_backwards = self.first_backwards.or(other.first_backwards);
        self.first_no_time = self.first_no_time.or(other.first_no_time);
        self.hashed |= other.hashed;
        self.clock.add(&other.clock);
    }

    /// Counts the places where time goes back. `before` counts the rows before this batch.
    pub(crate) fn look_at_times(&mut self, before: u64, rows: &Rows) {
        for row in 0..rows.times.len() {
            if rows.dropped.get(row).is_some_and(|dropped| *dropped) {
                continue;
            }
            let time = rows.time(row);
            if self.last_time.is_some_and(|last| time < last) {
                self.backwards += 1;
                self.first_backwards.get_or_insert(before + row as u64 + 1);
            }
            self.last_time = Some(time);
        }
    }
}

/// The names of the variants, coded in the order of their first sight.
#[derive(Debug, Default)]
pub(crate) struct Variants {
    names: RwLock<Vec<Vec<u8>>>,
}

impl Variants {
    /// The names by code, as text.
    pub(crate) fn names(&self) -> Vec<String> {
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        names
            .iter()
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect()
    }

    fn code(&self, name: &[u8]) -> Result<u16, NoCode> {
        if name.iter().any(|byte| [b'\n', b'\r'].contains(byte)) {
            return Err(NoCode {
                what: format!("{} goes over several lines", shown(name)),
                remedy: "is this the column of the variant, and each quotation mark closed where it should be?",
            });
        }
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        let at = match names.iter().position(|known| known == name) {
            Some(at) => at,
            None if names.len() == MOST_VARIANTS => {
                return Err(NoCode {
                    what: format!("there are more than {MOST_VARIANTS} variants"),
                    remedy: "name the column that holds the variant",
                });
            }
            None => {
                names.push(name.to_vec());
                names.len() - 1
            }
        };
        u16::try_from(at).map_err(|error| NoCode {
            what: error.to_string(),
            remedy: "name the column that holds the variant",
        })
    }
}

/// Why something is no name of a variant, and what to do.
#[derive(Debug)]
pub(crate) struct NoCode {
    pub(super) what: String,
    pub(super) remedy: &'static str,
}

/// One reader's memory of the codes, so that the shared list is asked once a name.
pub(crate) struct VariantCodes<'a> {
    shared: &'a Variants,
    known: Vec<(Box<[u8]>, u16)>,
    last: usize,
}

impl<'a> VariantCodes<'a> {
    pub(super) fn new(shared: &'a Variants) -> Self {
        Self {
            shared,
            known: Vec::new(),
            last: 0,
        }
    }

    #[inline]
    pub(super) fn code(&mut self, name: &[u8]) -> Result<u16, NoCode> {
        if let Some((known, code)) = self.known.get(self.last)
            && **known == *name
        {
            return Ok(*code);
        }
        self.look_up(name)
    }

    fn look_up(&mut self, name: &[u8]) -> Result<u16, NoCode> {
        let name = name.trim_ascii();
        if name.is_empty() {
            return Ok(NO_VARIANT);
        }
        if let Some(at) = self.known.iter().position(|(known, _)| **known == *name) {
            self.last = at;
            return Ok(self.known[at].1);
        }
        let code = self.shared.code(name)?;
        self.last = self.known.len();
        self.known.push((name.into(), code));
        Ok(code)
    }
}

/// Whether a file's times are plain numbers or dates; they do not mix.
#[derive(Debug, Default)]
pub(crate) struct TimeKind(AtomicU8);

impl TimeKind {
    const PLAIN: u8 = 1;
    const DATE: u8 = 2;

    pub(super) fn admit(&self, time: &Time) -> Result<(), &'static str> {
        self.is_date(matches!(time, Time::Date { .. }))
    }

    pub(super) fn is_date(&self, date: bool) -> Result<(), &'static str> {
        self.is(if date { Self::DATE } else { Self::PLAIN })
    }

    fn is(&self, kind: u8) -> Result<(), &'static str> {
        let before = self.0.load(Ordering::Relaxed);
        if before == kind {
            return Ok(());
        }
        match self
            .0
            .compare_exchange(0, kind, Ordering::Relaxed, Ordering::Relaxed)
        {
            Ok(_) => Ok(()),
            Err(now) if now == kind => Ok(()),
            Err(_) => Err("times are plain numbers in some rows and dates in others"),
        }
    }
}
