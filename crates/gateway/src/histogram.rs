//! A log-linear latency histogram: exact below 64 µs, then 32 buckets an octave.
//!
//! A bucket's width is at most 1/32 of its lower bound, so its midpoint is at most 1/64 (1.6%) off.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use serde::{Deserialize, Serialize};

const EXACT: u64 = 64;
const EXACT_BITS: u32 = 6;
const PER_OCTAVE: u64 = 32;
/// Values from 2^36 µs (19 hours) on share the last bucket.
const VALUE_BITS: u32 = 36;
const BUCKETS: usize = (EXACT + (VALUE_BITS - EXACT_BITS) as u64 * PER_OCTAVE) as usize;

fn index(micros: u64) -> usize {
    if micros < EXACT {
        return micros as usize;
    }
    let micros = micros.min((1 << VALUE_BITS) - 1);
    let octave = u64::from(micros.ilog2());
    let sub = (micros >> (octave - 5)) - PER_OCTAVE;
    (EXACT + (octave - u64::from(EXACT_BITS)) * PER_OCTAVE + sub) as usize
}

/// Lower bound (inclusive) and upper bound (exclusive) of a bucket, in µs.
fn bounds(index: usize) -> (u64, u64) {
    let index = index as u64;
    if index < EXACT {
        return (index, index + 1);
    }
    let octave = (index - EXACT) / PER_OCTAVE + u64::from(EXACT_BITS);
    let sub = (index - EXACT) % PER_OCTAVE;
    let width = 1 << (octave - 5);
    let low = (PER_OCTAVE + sub) * width;
    (low, low + width)
}

/// The live side: one atomic a bucket.
pub(crate) struct Recorder {
    buckets: Box<[AtomicU64]>,
    sum_us: AtomicU64,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        Self {
            buckets: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(),
            sum_us: AtomicU64::new(0),
        }
    }

    pub(crate) fn record(&self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.buckets[index(micros)].fetch_add(1, Relaxed);
        self.sum_us.fetch_add(micros, Relaxed);
    }

    pub(crate) fn snapshot(&self) -> Histogram {
        let buckets = self
            .buckets
            .iter()
            .enumerate()
            .filter_map(|(at, count)| match count.load(Relaxed) {
                0 => None,
                count => Some((at as u32, count)),
            })
            .collect();
        Histogram {
            buckets,
            sum_us: self.sum_us.load(Relaxed),
        }
    }
}

/// A snapshot: the non-empty buckets in ascending order, as (bucket number, count).
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
pub struct Histogram {
    buckets: Vec<(u32, u64)>,
    sum_us: u64,
}

impl Histogram {
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }

    /// Sum of all latencies, in milliseconds.
    pub fn sum_ms(&self) -> f64 {
        self.sum_us as f64 / 1000.0
    }

    pub fn mean_ms(&self) -> Option<f64> {
        match self.count() {
            0 => None,
            count => Some(self.sum_ms() / count as f64),
        }
    }

    /// Latency in milliseconds that a share `p` (0 to 1) of the requests did not exceed, by the
    /// nearest-rank definition; at most 1.6% off. `None` when nothing was recorded.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let rank = ((p.clamp(0.0, 1.0) * count as f64).ceil() as u64).max(1);
        let mut seen = 0;
        for &(at, in_bucket) in &self.buckets {
            seen += in_bucket;
            if seen >= rank {
                let (low, high) = bounds(at as usize);
                return Some((low + high - 1) as f64 / 2.0 / 1000.0);
            }
        }
        None
    }

    /// Requests that took at most `bound`, to the resolution of a bucket.
    pub fn count_within(&self, bound: Duration) -> u64 {
        let bound = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX);
        self.buckets
            .iter()
            .take_while(|(at, _)| bounds(*at as usize).0 <= bound)
            .map(|(_, count)| count)
            .sum()
    }

    /// The non-empty buckets as (lower bound, upper bound, count), bounds in milliseconds.
    pub fn buckets_ms(&self) -> impl Iterator<Item = (f64, f64, u64)> + '_ {
        self.buckets.iter().map(|&(at, count)| {
            let (low, high) = bounds(at as usize);
            (low as f64 / 1000.0, high as f64 / 1000.0, count)
        })
    }

    /// Adds what `other` recorded, as if both had been recorded here.
    pub fn merge(&mut self, other: &Self) {
        self.combine(other, u64::saturating_add);
    }

    /// What was recorded after `earlier`, a snapshot of the same recorder.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut window = self.clone();
        window.combine(earlier, u64::saturating_sub);
        window
    }

    fn combine(&mut self, other: &Self, with: impl Fn(u64, u64) -> u64) {
        let mut all = std::collections::BTreeMap::new();
        all.extend(self.buckets.iter().copied());
        for &(at, count) in &other.buckets {
            let mine = all.entry(at).or_insert(0);
            *mine = with(*mine, count);
        }
        self.buckets = all.into_iter().filter(|(_, count)| *count > 0).collect();
        self.sum_us = with(self.sum_us, other.sum_us);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bucket_and_the_midpoint_is_within_two_percent() {
        let mut value = 0u64;
        while value < 1 << VALUE_BITS {
            let (low, high) = bounds(index(value));
            assert!(low <= value && value < high, "{value} not in {low}..{high}");
            let middle = (low + high - 1) as f64 / 2.0;
            assert!((middle - value as f64).abs() <= 0.02 * value as f64);
            value += 1 + value / 97;
        }
        assert_eq!(index(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles_of_known_latencies() {
        let recorder = Recorder::new();
        assert_eq!(recorder.snapshot().quantile(0.5), None);
        for ms in 1..=1000 {
            recorder.record(Duration::from_millis(ms));
        }
        let seen = recorder.snapshot();
        for (p, expect) in [
            (0.0, 1.0),
            (0.5, 500.0),
            (0.95, 950.0),
            (0.99, 990.0),
            (1.0, 1000.0),
        ] {
            let got = seen.quantile(p).unwrap();
            assert!(
                (got - expect).abs() <= 0.02 * expect,
                "p{p}: {got} for {expect}"
            );
        }
        assert_eq!(seen.count(), 1000);
        assert_eq!(seen.sum_ms(), 500_500.0);
    }

    #[test]
    fn merge_then_since_gives_back_the_merged_part() {
        let (a, b) = (Recorder::new(), Recorder::new());
        for us in [3, 70, 900, 900, 12_345] {
            a.record(Duration::from_micros(us));
        }
        for us in [5, 900, 1_000_000] {
            b.record(Duration::from_micros(us));
        }
        let (a, b) = (a.snapshot(), b.snapshot());
        let mut both = a.clone();
        both.merge(&b);
        assert_eq!(both.count(), 8);
        assert_eq!(both.since(&a), b);
        assert_eq!(both.since(&b), a);
    }
}
