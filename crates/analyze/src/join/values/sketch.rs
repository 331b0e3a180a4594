//! More values than are kept: how many there are of each size.

use super::{ACCURACY, Quantile};
use stats::sketch::LatencyHistogram;
use stats::{Alpha, CannotCompute, Failure, InvalidInput};

/// The histogram knows sizes only, so those below zero have one of their own. Zeros are in neither.
///
/// Any number is what it has above zero less what it has below, and so are order statistics: one
/// histogram with all below zero held at zero, less the mirror of the other.
#[derive(Clone, Debug)]
pub(super) struct Sketch {
    above: LatencyHistogram,
    below: LatencyHistogram,
}

impl Sketch {
    /// # Errors
    ///
    /// A value that is 0 or not finite.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Result<Self, InvalidInput> {
        let mut sketch = Self {
            above: LatencyHistogram::new(ACCURACY)?,
            below: LatencyHistogram::new(ACCURACY)?,
        };
        for value in values {
            sketch.record(value)?;
        }
        Ok(sketch)
    }

    pub(super) const fn count(&self) -> u64 {
        self.above.count() + self.below.count()
    }

    pub(super) fn record(&mut self, value: f64) -> Result<(), InvalidInput> {
        let into = if value > 0.0 {
            &mut self.above
        } else {
            &mut self.below
        };
        into.record(value.abs(), 1)
    }

    pub(super) fn merge(&mut self, other: &Self) -> Result<(), InvalidInput> {
        self.above.merge(&other.above)?;
        self.below.merge(&other.below)
    }

    /// Both halves, each with all the others and so many zeros at zero.
    fn whole(&self, zeros: u64) -> Result<[LatencyHistogram; 2], InvalidInput> {
        let [mut above, mut below] = [self.above.clone(), self.below.clone()];
        above.record(0.0, self.below.count() + zeros)?;
        below.record(0.0, self.above.count() + zeros)?;
        Ok([above, below])
    }

    /// The quantile alone.
    pub(super) fn value(&self, zeros: u64, q: f64) -> Result<f64, Failure> {
        let [above, below] = self.whole(zeros)?;
        Ok(above.estimate(q)? - below.estimate(1.0 - q)?)
    }

    /// The quantile with the outer edges of its bounds' buckets.
    pub(super) fn quantile(&self, zeros: u64, q: f64) -> Result<Quantile, Failure> {
        let half = |of: &LatencyHistogram, own: u64, q: f64| {
            if own == 0 {
                return Ok(None);
            }
            match of.quantile(q, Alpha::default()) {
                Ok(found) => Ok(Some(found)),
                Err(Failure::CannotCompute(CannotCompute::DegenerateQuantile)) => Ok(None),
                Err(failure) => Err(failure),
            }
        };
        let [above, below] = self.whole(zeros)?;
        let up = half(&above, self.above.count(), q)?;
        let down = half(&below, self.below.count(), 1.0 - q)?;
        if up.is_none() && down.is_none() {
            // Both bounds in one bucket, be it that of the zeros.
            return Err(CannotCompute::DegenerateQuantile.into());
        }
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

    /// Of each rank the value, and the first and the last rank that have it, as far as that is known:
    /// values that lie close together share a bucket, too, and are left out where the next bucket has others.
    pub(super) fn runs(&self, zeros: u64, ranks: &[u64]) -> Result<Vec<(f64, u64, u64)>, Failure> {
        let n = self.count() + zeros;
        let [up, down] = self.whole(zeros)?;
        #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
        let value = |rank: u64| -> Result<f64, Failure> {
            let q = (rank as f64 - 0.5) / n as f64;
            Ok(up.estimate(q)? - down.estimate(1.0 - q)?)
        };
        // The farthest rank with the same value, by halves.
        let end = |from: u64, to: u64, same: f64| {
            let (mut inside, mut outside) = (from, to);
            while inside.abs_diff(outside) > 1 {
                let middle = u64::midpoint(inside, outside);
                if value(middle)? == same {
                    inside = middle;
                } else {
                    outside = middle;
                }
            }
            Ok::<u64, Failure>(inside)
        };
        let mut runs: Vec<(f64, u64, u64)> = Vec::new();
        for rank in ranks {
            if runs.iter().any(|(_, from, to)| (from..=to).contains(&rank)) {
                continue;
            }
            let here = value(*rank)?;
            let (from, to) = (end(*rank, 0, here)?, end(*rank, n + 1, here)?);
            let apart = |rank: u64| {
                let beyond = !(1..=n).contains(&rank);
                Ok::<bool, Failure>(
                    beyond || (value(rank)? - here).abs() > 10.0 * ACCURACY * here.abs(),
                )
            };
            if apart(from - 1)? || apart(to + 1)? {
                runs.push((here, from, to));
            }
        }
        Ok(runs)
    }
}
