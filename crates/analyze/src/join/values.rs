//! The values of one arm, for their quantiles, in bounded memory.

mod sketch;

use sketch::Sketch;
use stats::effect::QuantileArm;
use stats::{CannotCompute, Failure, InvalidInput};

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
    Sketch(Box<Sketch>),
    /// A sketch did not take them: none of so many is known any more.
    Refused {
        n: u64,
        why: InvalidInput,
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
                Rest::Sketch(sketch) => sketch.count(),
                Rest::Refused { n, .. } => *n,
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
            Rest::Sketch(sketch) => {
                let n = sketch.count() + 1;
                if let Err(why) = sketch.record(value) {
                    self.rest = Rest::Refused { n, why };
                }
            }
            Rest::Refused { n, .. } => *n += 1,
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
            Rest::Sketch(other) => {
                self.sketch();
                match &mut self.rest {
                    Rest::Sketch(mine) => {
                        let n = mine.count() + other.count();
                        if let Err(why) = mine.merge(&other) {
                            self.rest = Rest::Refused { n, why };
                        }
                    }
                    Rest::Refused { n, .. } => *n += other.count(),
                    Rest::Exact(_) => {}
                }
            }
            Rest::Refused { n, why } => {
                let n = n + self.n() - self.zeros;
                self.rest = Rest::Refused { n, why };
            }
        }
    }

    /// From what is kept exactly.
    fn sketch(&mut self) {
        if let Rest::Exact(values) = &mut self.rest {
            let n = values.len() as u64;
            self.rest = match Sketch::of(values.drain(..)) {
                Ok(sketch) => Rest::Sketch(Box::new(sketch)),
                Err(why) => Rest::Refused { n, why },
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
            Rest::Sketch(sketch) => sketch.quantile(self.zeros, q),
            Rest::Refused { why, .. } => Err(why.clone().into()),
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
            // Without a rank there is no lump, and the quantile itself says why there is none.
            Rest::Sketch(sketch) => sketch.runs(self.zeros, &looked).unwrap_or_default(),
            Rest::Refused { .. } => Vec::new(),
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
    pub(crate) fn all(&self) -> Result<Vec<f64>, Failure> {
        const MOST: u64 = 1 << 22;
        match &self.rest {
            _ if self.n() == 0 => Err(CannotCompute::EmptyArm.into()),
            Rest::Exact(sorted) if self.n() <= MOST => {
                let below = sorted.partition_point(|value| *value < 0.0);
                let mut all = sorted[..below].to_vec();
                all.extend((0..self.zeros).map(|_| 0.0));
                all.extend(&sorted[below..]);
                Ok(all)
            }
            Rest::Exact(_) | Rest::Sketch(_) => Err(CannotCompute::TooMany.into()),
            Rest::Refused { why, .. } => Err(why.clone().into()),
        }
    }

    /// The quantile alone, where there is one.
    pub(crate) fn value(&self, q: f64) -> f64 {
        match &self.rest {
            Rest::Exact(sorted) if self.n() > 0 => {
                at_rank(sorted, self.zeros, QuantileArm::ranks(self.n(), q)[0])
            }
            Rest::Exact(_) => f64::NAN,
            Rest::Sketch(sketch) => sketch.value(self.zeros, q).unwrap_or(f64::NAN),
            Rest::Refused { .. } => f64::NAN,
        }
    }
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

#[cfg(test)]
mod tests;
