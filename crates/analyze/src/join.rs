//! Exposures and metric values, brought together unit by unit in bounded memory.
//!
//! Rows are first dealt out into parts by the top bits of the unit's key, so that a unit is whole
//! within its part ([`scatter`], [`store`]); what exceeds the memory given goes to an unnamed
//! temporary file. Then each part is joined in a table small enough for the processor's cache
//! ([`table`]). Within a part records keep the order of the files, and parts are summed in order:
//! the result has the same bits whatever the number of threads.

mod layout;
mod moment;
mod scatter;
mod store;
mod sums;
mod table;
mod values;

pub(crate) use sums::{Arm, Measure, MetricSums, Sums};
pub(crate) use table::Fold;
pub(crate) use values::{ACCURACY, Lump, Values};

use crate::failure::Failure;
use crate::figures::plain;
use crate::source::{Progress, Remark, Source, Tally, TimeKind, Variants, Wanted};
use layout::Layout;
use scatter::{Room, Scatter};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use store::Store;
use table::Table;

/// One file and what is read of it.
pub(crate) struct Feed<'a> {
    pub(crate) source: &'a Source,
    pub(crate) wanted: Wanted,
}

/// What is to be made of the rows.
pub(crate) struct Question<'a> {
    /// One file, or exposures and then metric values.
    pub(crate) feeds: &'a [Feed<'a>],
    /// How the values of a unit become one, by column of [`Wanted::metrics`].
    pub(crate) folds: &'a [Fold],
    pub(crate) measures: &'a [Measure],
    pub(crate) missing: Missing,
    /// Bytes of records kept in memory, and of their buffers, before the rest goes to disk.
    pub(crate) memory: usize,
    pub(crate) threads: usize,
}

/// What a unit without any value of a metric is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// A unit that did nothing: zero.
    #[default]
    Zero,
    /// No observation: left out of this metric.
    LeaveOut,
}

/// The arms, and what was seen on the way.
#[derive(Debug, Default)]
pub(crate) struct Joined {
    /// Name and figures, sorted by name.
    pub(crate) arms: Vec<(String, Arm)>,
    pub(crate) seen: Seen,
    pub(crate) tallies: Vec<Tally>,
    /// How the dates of two files differ.
    pub(crate) remark: Option<Remark>,
    /// Bytes that went to disk.
    pub(crate) spilled: u64,
}

/// What did not count, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Units seen in more than one arm; left out.
    pub(crate) in_two_arms: u64,
    /// Exposures after a unit's first; without effect.
    pub(crate) repeated_exposures: u64,
    /// Metric rows earlier than their unit's first exposure; left out.
    pub(crate) before_exposure: u64,
    /// Metric rows of units that were never exposed; left out.
    pub(crate) never_exposed: u64,
    /// Metric rows that count.
    pub(crate) used: u64,
}

impl Seen {
    fn add(&mut self, other: &Self) {
        self.in_two_arms += other.in_two_arms;
        self.repeated_exposures += other.repeated_exposures;
        self.before_exposure += other.before_exposure;
        self.never_exposed += other.never_exposed;
        self.used += other.used;
    }
}

/// Rows a part should have: its table then fits the second-level cache.
const ROWS_A_PART: u64 = 60_000;

pub(crate) fn join(question: &Question<'_>, progress: &Progress) -> Result<Joined, Failure> {
    let rows: u64 = question
        .feeds
        .iter()
        .map(|feed| feed.source.rows_about())
        .sum();
    let bits = (rows / ROWS_A_PART).next_power_of_two().ilog2().min(11);
    for feed in question.feeds {
        progress.expect(feed.source.size());
    }
    let threads = question.threads.max(1);
    let room = Room::new(question.memory, threads, 1 << bits);
    let store = Store::new(bits, room.store);
    let variants = Variants::default();
    let mut tallies = Vec::new();
    let mut layouts = Vec::new();
    for (number, feed) in question.feeds.iter().enumerate() {
        let layout_pair = Layout::of(&feed.wanted);
        let feed_number = u8::try_from(number).unwrap_or(u8::MAX);
        let mut sinks: Vec<Scatter<'_>> = (0..threads)
            .map(|_| Scatter::new(feed_number, layout_pair, (&store, room), feed.source.path()))
            .collect();
        let kind = TimeKind::default();
        tallies.push(
            feed.source
                .scan(&feed.wanted, &variants, &kind, progress, &mut sinks)?,
        );
        layouts.extend(layout_pair);
    }
    let remark = of_one_clock(question.feeds, &tallies)?;
    let names = variants.names();
    // Values are pooled as parts are done, so that not all of them are ever in memory at once.
    let pool = Mutex::new(vec![Arm::new(question.measures); names.len()]);
    let parts = join_parts(question, &store, &layouts, &pool, names.len())?;
    let mut joined = Joined {
        arms: names
            .into_iter()
            .map(|name| (name, Arm::new(question.measures)))
            .collect(),
        tallies,
        remark,
        spilled: store.spilled(),
        ..Joined::default()
    };
    for (arms, seen) in &parts {
        joined.seen.add(seen);
        for ((_, sum), arm) in joined.arms.iter_mut().zip(arms) {
            sum.merge(arm);
        }
    }
    let mut pool = pool.into_inner().unwrap_or_else(PoisonError::into_inner);
    for ((_, arm), values) in joined.arms.iter_mut().zip(&mut pool) {
        values.empty_values_into(arm);
        arm.sort_values();
    }
    joined.arms.sort_by(|(left, _), (right, _)| left.cmp(right));
    Ok(joined)
}

/// Whether times can be held against each other, and in what those of two files differ all the same.
fn of_one_clock(feeds: &[Feed<'_>], tallies: &[Tally]) -> Result<Option<Remark>, Failure> {
    let name = |feed: &Feed<'_>| plain(&feed.source.path().display().to_string());
    for (feed, tally) in feeds.iter().zip(tallies) {
        tally.clock.must_be_one(&name(feed))?;
    }
    let ([one, two], [first, second]) = (feeds, tallies) else {
        return Ok(None);
    };
    let (one, two) = (name(one), name(two));
    first.clock.must_match(&second.clock, [&one, &two])?;
    Ok(first.clock.remark(&second.clock, [&one, &two]))
}

type Part = (Vec<Arm>, Seen);

/// Joins every part, a thread taking the next that is free; the results come back in order.
fn join_parts(
    question: &Question<'_>,
    store: &Store,
    layouts: &[Layout],
    pool: &Mutex<Vec<Arm>>,
    arms: usize,
) -> Result<Vec<Part>, Failure> {
    let next = AtomicUsize::new(0);
    let mut parts: Vec<(usize, Part)> = std::thread::scope(|threads| {
        let workers: Vec<_> = (0..question.threads.max(1))
            .map(|_| {
                threads.spawn(|| {
                    let mut table = Table::new(question.folds, question.measures, question.missing);
                    let mut done = Vec::new();
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        if at >= store.parts() {
                            return Ok(done);
                        }
                        let chunks = store.take(at);
                        let (mut part, seen) = table.join(store, &chunks, layouts, arms)?;
                        let mut pool = pool.lock().unwrap_or_else(PoisonError::into_inner);
                        for (arm, pool) in part.iter_mut().zip(pool.iter_mut()) {
                            arm.empty_values_into(pool);
                        }
                        drop(pool);
                        done.push((at, (part, seen)));
                    }
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect::<Result<Vec<_>, Failure>>()
    })?
    .into_iter()
    .flatten()
    .collect();
    parts.sort_by_key(|(at, _)| *at);
    Ok(parts.into_iter().map(|(_, part)| part).collect())
}
