//! Pieces of work handed to threads, and what they do with the rows.

use super::rows::NoCode;
use super::{Rows, Tally, TimeKind, Variants, Wanted};
use crate::failure::Failure;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where one thread's rows go. Works are numbered in the order of the file; a thread is given them
/// in ascending order, and whole.
pub(crate) trait Sink: Send {
    fn rows(&mut self, work: u32, rows: &Rows) -> Result<(), Failure>;
    fn end_of_work(&mut self, work: u32) -> Result<(), Failure>;
}

/// How far a long piece of reading is; shared with whoever draws it.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    pub(crate) fn expect(&self, total: u64) {
        self.total.fetch_add(total, Ordering::Relaxed);
    }

    pub(crate) fn add(&self, done: u64) {
        self.done.fetch_add(done, Ordering::Relaxed);
    }

    /// The part that is done, from 0 to 1; `None` until anything is known.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a bar has a hundred steps")]
    pub fn share(&self) -> Option<f64> {
        let total = self.total.load(Ordering::Relaxed);
        let done = self.done.load(Ordering::Relaxed);
        (total > 0).then(|| (done as f64 / total as f64).min(1.0))
    }
}

/// What every reader of one scan needs.
pub(super) struct Scan<'a> {
    pub(super) path: &'a Path,
    pub(super) columns: &'a [String],
    pub(super) wanted: &'a Wanted,
    pub(super) variants: &'a Variants,
    pub(super) times: &'a TimeKind,
    pub(super) progress: &'a Progress,
}

impl Scan<'_> {
    pub(super) fn wrong(&self, column: usize, what: impl Into<String>, remedy: &str) -> Failure {
        Failure::file(self.path, what, remedy).column(&self.columns[column])
    }

    pub(super) fn no_variant(&self, why: NoCode) -> Failure {
        match self.wanted.variant {
            Some(column) => self.wrong(column, why.what, why.remedy),
            None => Failure::file(self.path, why.what, why.remedy),
        }
    }
}

/// The first failure in the order of the file, whatever order the threads found them in.
#[derive(Debug)]
pub(super) struct FirstFailure(AtomicU64);

impl FirstFailure {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }

    /// Whether a work this late is still of use.
    pub(super) fn concerns(&self, work: u32) -> bool {
        u64::from(work) < self.0.load(Ordering::Relaxed)
    }

    pub(super) fn at(&self, work: u32) {
        self.0.fetch_min(u64::from(work), Ordering::Relaxed);
    }
}

/// Joins what the threads bring back.
pub(super) fn together(outcomes: Vec<Result<Tally, (u32, Failure)>>) -> Result<Tally, Failure> {
    let mut sum = Tally::default();
    let mut first: Option<(u32, Failure)> = None;
    for outcome in outcomes {
        match outcome {
            Ok(tally) => sum.add(&tally),
            Err(failure) if first.as_ref().is_none_or(|first| failure.0 < first.0) => {
                first = Some(failure);
            }
            Err(_) => {}
        }
    }
    match first {
        None => Ok(sum),
        Some((_, failure)) => Err(failure),
    }
}
