//! The values of one arm, for their quantiles, in bounded memory.

use stats::effect::QuantileArm;
use stats::sketch::LatencyHistogram;
use stats::{Alpha, CannotCompute, Failure};

/// So many values other than 0 are kept as they are, in 8 MiB; of more than that a sketch is.
const MOST_EXACT: usize = 1 << 20;
/// What the sketch knows a value to. Of a million values and more the bounds of a quantile lie close
/// together, and a coarser bucket would hold both; nine powers of ten take half a million buckets.
pub(crate) const ACCURACY: f64 = 2e-5;

/// A multiset of finite numbers.
#[derive(Clone, Debug)]
pub(crate) struct Values {
    /// The usual value of most units, and no room for it.
    zeros: u64,
    most: usize,
    rest: Rest,
}

#[derive(Clone, Debug)]
enum Rest {
    Exact(Vec<f64>),
    /// The sketch knows sizes only, so those below zero have one of their own.
    Sketch {
        above: Box<LatencyHistogram>,
        below: Box<LatencyHistogram>,
    },
}

/// A quantile with the bounds [`QuantileArm`] asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quantile {
    pub(crate) value: f64,
    pub(crate) lo: f64,
    pub(crate) hi: f64,
}

/// A value that many observations share, and how large a part of all they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Lump {
    pub(crate) value: f64,
    pub(crate) share: f64,
    /// Both bounds of the quantile are among them, which is no interval.
    pub(crate) holds_both: bool,
}

impl Default for Values {
    fn default() -> Self {
        Self::with_exact(MOST_EXACT)
    }
}

impl Values {
    fn with_exact(most: usize) -> Self {
        Self {
            zeros: 0,
            most,
            rest: Rest::Exact(Vec::new()),
        }
    }

    pub(crate) fn n(&self) -> u64 {
        self.zeros
            + match &self.rest {
                Rest::Exact(values) => values.len() as u64,
                Rest::Sketch { above, below } => above.count() + below.count(),
            }
    }

    pub(crate) const fn is_exact(&self) -> bool {
        matches!(self.rest, Rest::Exact(_))
    }

    #[inline]
    pub(crate) fn push(&mut self, value: f64) {
        if value == 0.0 {
            self.zeros += 1;
            return;
        }
        match &mut self.rest {
            Rest::Exact(values) => {
                values.push(value);
                if values.len() > self.most {
                    self.sketch();
                }
            }
            Rest::Sketch { above, below } => record(above, below, value),
        }
    }

    pub(crate) const fn push_zeros(&mut self, zeros: u64) {
        self.zeros += zeros;
    }

    /// Takes in all of another. What comes out depends on the values only: they are sketched if
    /// together they are too many, in whatever order they came.
    pub(crate) fn merge(&mut self, other: Self) {
        self.zeros += other.zeros;
        match other.rest {
            Rest::Exact(values) => {
                if let Rest::Exact(mine) = &mut self.rest
                    && mine.len() + values.len() <= self.most
                {
                    mine.extend(values);
                    return;
                }
                self.sketch();
                values.into_iter().for_each(|value| self.push(value));
            }
            Rest::Sketch { above, below } => {
                self.sketch();
                if let Rest::Sketch {
                    above: mine_above,
                    below: mine_below,
                } = &mut self.rest
                {
                    // All sketches here have one accuracy, which is all that can be refused.
                    let _ = mine_above.merge(&above);
                    let _ = mine_below.merge(&below);
                }
            }
        }
    }

    fn sketch(&mut self) {
        if let Rest::Exact(values) = &mut self.rest
            && let (Ok(mut above), Ok(mut below)) = (
                LatencyHistogram::new(ACCURACY),
                LatencyHistogram::new(ACCURACY),
            )
        {
            for value in values.drain(..) {
                record(&mut above, &mut below, value);
            }
            self.rest = Rest::Sketch {
                above: Box::new(above),
                below: Box::new(below),
            };
        }
    }

    /// Puts what is kept exactly in order, once all is in.
    pub(super) fn sort(&mut self) {
        if let Rest::Exact(values) = &mut self.rest {
            values.sort_unstable_by(f64::total_cmp);
        }
    }

    /// The quantile `q` of sorted values with its bounds at 95%. Those of a sketch are the outer
    /// edges of their buckets.
    ///
    /// # Errors
    ///
    /// `EmptyArm`; of a sketch, `TooFew`, and `DegenerateQuantile` where one bucket holds both bounds.
    pub(crate) fn quantile(&self, q: f64) -> Result<Quantile, Failure> {
        let n = self.n();
        if n == 0 {
            return Err(CannotCompute::EmptyArm.into());
        }
        match &self.rest {
            Rest::Exact(sorted) => {
                let [value, lo, hi] =
                    QuantileArm::ranks(n, q).map(|rank| at_rank(sorted, self.zeros, rank));
                Ok(Quantile { value, lo, hi })
            }
            Rest::Sketch { above, below } => sketched(above, below, self.zeros, q),
        }
    }

    /// Equal values that reach into the ranks where the quantile may lie, and are many beside them: the
    /// bounds then tell how wide the gap beside such values is, and not how dense the values lie.
    /// Looked for as far again as the bounds are, for an arm may have its quantile there by chance.
    pub(crate) fn lump(&self, q: f64) -> Option<Lump> {
        /// Fewer are no mass.
        const FEWEST: u64 = 10;
        let n = self.n();
        if n == 0 {
            return None;
        }
        let [at, lo, hi] = QuantileArm::ranks(n, q);
        let width = hi + 1 - lo;
        let (first, last) = (lo.saturating_sub(width / 2).max(1), (hi + width / 2).min(n));
        // What fills a quarter of the bounds holds one of these, or reaches in from outside.
        let step = usize::try_from((width / 4).max(1)).unwrap_or(usize::MAX);
        let looked: Vec<u64> = [lo, at, hi]
            .into_iter()
            .chain((first..=last).step_by(step))
            .chain([last])
            .collect();
        let runs: Vec<(f64, u64, u64)> = match &self.rest {
            Rest::Exact(sorted) => looked.iter().map(|rank| self.run(sorted, *rank)).collect(),
            Rest::Sketch { above, below } => sketched_runs(above, below, self.zeros, &looked),
        };
        let (value, from, to) = runs.into_iter().find(|(_, from, to)| {
            let of = to + 1 - from;
            of >= FEWEST && of.saturating_mul(4) >= width
        })?;
        #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
        let share = (to + 1 - from) as f64 / n as f64;
        Some(Lump {
            value,
            share,
            holds_both: from <= lo && hi <= to,
        })
    }

    /// The value at a rank, and the first and the last rank that have it.
    fn run(&self, sorted: &[f64], rank: u64) -> (f64, u64, u64) {
        let value = at_rank(sorted, self.zeros, rank);
        let below = sorted.partition_point(|known| *known < value) as u64;
        let to = sorted.partition_point(|known| *known <= value) as u64;
        // All zeros stand before what is above them.
        (
            value,
            below + if value > 0.0 { self.zeros } else { 0 } + 1,
            to + if value >= 0.0 { self.zeros } else { 0 },
        )
    }

    /// All values in order, where they are kept.
    ///
    /// # Errors
    ///
    /// `EmptyArm`; `TooMany` where they are sketched, or zeros would make four million of them.
    pub(crate) fn all(&self) -> Result<Vec<f64>, CannotCompute> {
        const MOST: u64 = 1 << 22;
        match &self.rest {
            _ if self.n() == 0 => Err(CannotCompute::EmptyArm),
            Rest::Exact(sorted) if self.n() <= MOST => {
                let below = sorted.partition_point(|value| *value < 0.0);
                let mut all = sorted[..below].to_vec();
                all.extend((0..self.zeros).map(|_| 0.0));
                all.extend(&sorted[below..]);
                Ok(all)
            }
            Rest::Exact(_) | Rest::Sketch { .. } => Err(CannotCompute::TooMany),
        }
    }

    /// The quantile alone, where there is one.
    pub(crate) fn value(&self, q: f64) -> f64 {
        match &self.rest {
            Rest::Exact(sorted) if self.n() > 0 => {
                at_rank(sorted, self.zeros, QuantileArm::ranks(self.n(), q)[0])
            }
            Rest::Exact(_) => f64::NAN,
            Rest::Sketch { above, below } => {
                let half = |of: &LatencyHistogram, q: f64| {
                    let mut whole = of.clone();
                    let _ = whole.record(0.0, self.n() - of.count());
                    whole.estimate(q).unwrap_or(f64::NAN)
                };
                half(above, q) - half(below, 1.0 - q)
            }
        }
    }
}

fn record(above: &mut LatencyHistogram, below: &mut LatencyHistogram, value: f64) {
    let into = if value > 0.0 { above } else { below };
    // A value other than 0 that is finite is never refused.
    let _ = into.record(value.abs(), 1);
}

/// The value at a rank, from 1, among sorted values and so many zeros.
fn at_rank(sorted: &[f64], zeros: u64, rank: u64) -> f64 {
    let below = sorted.partition_point(|value| *value < 0.0) as u64;
    let rank = rank.max(1) - 1;
    let at = if rank < below {
        rank
    } else if rank < below + zeros {
        return 0.0;
    } else {
        rank - zeros
    };
    usize::try_from(at)
        .ok()
        .and_then(|at| sorted.get(at))
        .copied()
        .unwrap_or(0.0)
}

/// What [`Values::run`] tells, as far as a sketch knows it. Values that lie close together share a
/// bucket, too; they are no lump where the next bucket has others.
fn sketched_runs(
    above: &LatencyHistogram,
    below: &LatencyHistogram,
    zeros: u64,
    ranks: &[u64],
) -> Vec<(f64, u64, u64)> {
    let n = above.count() + below.count() + zeros;
    let whole = |of: &LatencyHistogram| {
        let mut whole = of.clone();
        let _ = whole.record(0.0, n - of.count());
        whole
    };
    let (up, down) = (whole(above), whole(below));
    #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
    let value = |rank: u64| {
        let q = (rank as f64 - 0.5) / n as f64;
        up.estimate(q).unwrap_or(0.0) - down.estimate(1.0 - q).unwrap_or(0.0)
    };
    // The farthest rank with the same value, by halves.
    let end = |from: u64, to: u64, same: f64| {
        let (mut inside, mut outside) = (from, to);
        while inside.abs_diff(outside) > 1 {
            let middle = u64::midpoint(inside, outside);
            if value(middle) == same {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        inside
    };
    let mut runs: Vec<(f64, u64, u64)> = Vec::new();
    for rank in ranks {
        if runs.iter().any(|(_, from, to)| (from..=to).contains(&rank)) {
            continue;
        }
        let here = value(*rank);
        let (from, to) = (end(*rank, 0, here), end(*rank, n + 1, here));
        let apart = |rank: u64| {
            !(1..=n).contains(&rank) || (value(rank) - here).abs() > 10.0 * ACCURACY * here.abs()
        };
        if apart(from - 1) || apart(to + 1) {
            runs.push((here, from, to));
        }
    }
    runs
}

/// Any number is what it has above zero less what it has below, and so are order statistics: one
/// sketch with all below zero held at zero, less the mirror of the other.
fn sketched(
    above: &LatencyHistogram,
    below: &LatencyHistogram,
    zeros: u64,
    q: f64,
) -> Result<Quantile, Failure> {
    let half = |of: &LatencyHistogram, others: u64, q: f64| {
        if of.count() == 0 {
            return Ok(None);
        }
        let mut whole = of.clone();
        let _ = whole.record(0.0, others + zeros);
        match whole.quantile(q, Alpha::default()) {
            Ok(found) => Ok(Some(found)),
            Err(Failure::CannotCompute(CannotCompute::DegenerateQuantile)) => Ok(None),
            Err(failure) => Err(failure),
        }
    };
    let up = half(above, below.count(), q)?;
    let down = half(below, above.count(), 1.0 - q)?;
    match (up, down) {
        // Both bounds in one bucket, be it that of the zeros.
        (None, None) => Err(CannotCompute::DegenerateQuantile.into()),
        (up, down) => {
            let of = |side: Option<stats::sketch::QuantileBounds>| {
                side.map_or((0.0, 0.0, 0.0), |found| {
                    (found.estimate, found.interval.lo, found.interval.hi)
                })
            };
            let ((value, lo, hi), (mirrored, least, most)) = (of(up), of(down));
            Ok(Quantile {
                value: value - mirrored,
                lo: lo - most,
                hi: hi - least,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = f64>, most: usize) -> Values {
        let mut all = Values::with_exact(most);
        values.into_iter().for_each(|value| all.push(value));
        all.sort();
        all
    }

    #[test]
    fn few_values_are_exact_with_zeros_in_their_place() {
        let values = of((0..1_000).map(|i| f64::from(i * 7 % 1_000 - 500)), 5_000);
        assert!(values.is_exact());
        let found = values.quantile(0.5).unwrap();
        // Ranks 500, 469 and 531 of -500..500.
        assert_eq!((found.value, found.lo, found.hi), (-1.0, -32.0, 30.0));
        assert_eq!(of([0.0, 0.0, 3.0], 10).value(0.5), 0.0);
        assert_eq!(
            of([], 10).quantile(0.5),
            Err(CannotCompute::EmptyArm.into())
        );
    }

    #[test]
    fn a_quantile_at_the_edge_of_equal_values_is_known_as_such() {
        // 1,000 values; the bounds of the p90 are the ranks 881 and 919, as far again is 862.
        let zeros = |zeros: u32| of((0..1_000).map(|i| f64::from(i.max(zeros) - zeros)), 5_000);
        let lump = |zeros| {
            Some(Lump {
                value: 0.0,
                share: f64::from(zeros) / 1_000.0,
                holds_both: zeros > 918,
            })
        };
        // Of the rank that is the first above 0, one value is 0, too.
        assert_eq!(zeros(0).lump(0.9), None);
        assert_eq!(zeros(860).lump(0.9), None);
        assert_eq!(zeros(861).lump(0.9), lump(862));
        assert_eq!(zeros(894).lump(0.9), lump(895));
        assert_eq!(zeros(910).lump(0.9), lump(911));
        assert_eq!(zeros(950).lump(0.9), lump(951));
        let mut sketched = zeros(894);
        sketched.sketch();
        assert_eq!(sketched.lump(0.9), lump(895));
        let top = of((0..1_000).map(|i| f64::from(i.min(905)) - 500.0), 5_000);
        let most = Lump {
            value: 405.0,
            share: 0.095,
            holds_both: false,
        };
        assert_eq!(top.lump(0.9), Some(most));
        assert_eq!(of([], 10).lump(0.9), None);
    }

    #[test]
    fn many_are_sketched_and_the_bounds_hold_those_of_the_values() {
        for shift in [0.0, -250.0, -500.0, -900.0, -2_000.0] {
            let all = || (1..=20_000).map(|i| f64::from(i * 77 % 20_001) / 20.0 + shift);
            let (exact, sketch) = (of(all(), usize::MAX), of(all(), 10));
            assert!(!sketch.is_exact() && sketch.n() == exact.n());
            for q in [0.05, 0.5, 0.9] {
                let (want, got) = (exact.quantile(q).unwrap(), sketch.quantile(q).unwrap());
                assert!(
                    got.value == sketch.value(q)
                        && (got.value - want.value).abs() <= 0.0011 * want.value.abs() + 0.06,
                    "{shift} {q}"
                );
                // One rank of 20,000, a twentieth, is lost where a value changes its sign.
                assert!(
                    got.lo <= want.lo + 0.06 && got.hi >= want.hi - 0.06,
                    "{shift} {q}: {got:?} {want:?}"
                );
            }
        }
    }

    #[test]
    fn it_does_not_matter_in_which_order_they_come_together() {
        let part = |from: i32| of((from..from + 40).map(f64::from), 100);
        let together = |order: [i32; 4]| {
            let mut all = Values::with_exact(100);
            for from in order {
                all.merge(part(from));
            }
            all.sort();
            all
        };
        let (one, two) = (together([1, 50, -90, 200]), together([200, -90, 50, 1]));
        assert!(!one.is_exact() && !two.is_exact());
        assert_eq!(one.quantile(0.5), two.quantile(0.5));
        let mut few = part(1);
        few.merge(part(50));
        assert!(few.is_exact());
    }

    #[test]
    fn one_bucket_for_both_bounds_is_refused() {
        for value in [7.0, -7.0, 0.0] {
            let mut all = of((0..500).map(|_| value), 10);
            all.sketch();
            assert_eq!(
                all.quantile(0.5),
                Err(CannotCompute::DegenerateQuantile.into()),
                "{value}"
            );
        }
    }
}
