//! What is kept of the units of one arm.

use super::{Missing, Values};
use stats::{Moments, PairSkewness, Skewness};

/// What is measured of a unit's folded values, by their positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    Mean(usize),
    /// The share of units with a value other than 0.
    Share(usize),
    Ratio {
        numerator: usize,
        denominator: usize,
    },
    /// A mean after the exposure, and what the same units did before.
    Adjusted {
        after: usize,
        before: usize,
    },
    /// The values themselves, for their quantiles.
    Values(usize),
}

/// One arm's figures.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arm {
    pub(crate) units: u64,
    pub(crate) metrics: Vec<MetricSums>,
}

/// One metric in one arm.
#[derive(Clone, Debug)]
pub(crate) struct MetricSums {
    /// Units without a value of their own.
    pub(crate) missing: u64,
    /// Of the values that are averaged; pairs have their own.
    pub(crate) skewness: Skewness,
    /// Whether any unit's is below 0.
    pub(crate) negative: bool,
    /// Whether any unit's is beyond the doubles: nothing that is said of them all would be true.
    pub(crate) overflows: bool,
    pub(crate) sums: Sums,
}

#[derive(Clone, Debug)]
pub(crate) enum Sums {
    Mean(Moments),
    Share {
        x: u64,
        n: u64,
    },
    Ratio(PairSkewness),
    Adjusted {
        pairs: PairSkewness,
        /// Units with a value from before the exposure.
        known: u64,
    },
    Values(Values),
}

impl MetricSums {
    fn new(measure: Measure) -> Self {
        let sums = match measure {
            Measure::Mean(_) => Sums::Mean(Moments::new()),
            Measure::Share(_) => Sums::Share { x: 0, n: 0 },
            Measure::Ratio { .. } => Sums::Ratio(PairSkewness::default()),
            Measure::Adjusted { .. } => Sums::Adjusted {
                pairs: PairSkewness::default(),
                known: 0,
            },
            Measure::Values(_) => Sums::Values(Values::default()),
        };
        Self {
            missing: 0,
            skewness: Skewness::default(),
            negative: false,
            overflows: false,
            sums,
        }
    }

    /// Units that count.
    pub(crate) fn n(&self) -> u64 {
        match &self.sums {
            Sums::Mean(moments) => moments.n(),
            Sums::Share { n, .. } => *n,
            Sums::Ratio(pairs) | Sums::Adjusted { pairs, .. } => pairs.pairs().n(),
            Sums::Values(values) => values.n(),
        }
    }
}

impl Arm {
    pub(crate) fn new(measures: &[Measure]) -> Self {
        Self {
            units: 0,
            metrics: measures.iter().copied().map(MetricSums::new).collect(),
        }
    }

    /// Moves the values, which may be many, into `pool`; what they come to does not depend on the
    /// order in which arms are emptied.
    pub(super) fn empty_values_into(&mut self, pool: &mut Self) {
        for (from, into) in self.metrics.iter_mut().zip(&mut pool.metrics) {
            if let (Sums::Values(from), Sums::Values(into)) = (&mut from.sums, &mut into.sums) {
                into.merge(std::mem::take(from));
            }
        }
    }

    pub(super) fn sort_values(&mut self) {
        for metric in &mut self.metrics {
            if let Sums::Values(values) = &mut metric.sums {
                values.sort();
            }
        }
    }

    /// Adds all but the values, which [`Self::empty_values_into`] moves.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.units += other.units;
        for (sum, metric) in self.metrics.iter_mut().zip(&other.metrics) {
            sum.missing += metric.missing;
            sum.skewness.merge(&metric.skewness);
            sum.negative |= metric.negative;
            sum.overflows |= metric.overflows;
            match (&mut sum.sums, &metric.sums) {
                (Sums::Mean(sum), Sums::Mean(more)) => sum.merge(more),
                (Sums::Ratio(sum), Sums::Ratio(more)) => sum.merge(more),
                (
                    Sums::Adjusted { pairs, known },
                    Sums::Adjusted {
                        pairs: more,
                        known: others,
                    },
                ) => {
                    pairs.merge(more);
                    *known += others;
                }
                (Sums::Share { x, n }, Sums::Share { x: more, n: of }) => {
                    *x += more;
                    *n += of;
                }
                _ => {}
            }
        }
    }
}

/// The sums of one part under way. Units with nothing to add are counted and merged at the end: they
/// are most units of most metrics, and a division each would cost more than their join.
pub(super) struct Adder<'a> {
    measures: &'a [Measure],
    missing: Missing,
    arms: Vec<(Arm, Vec<u64>)>,
}

impl<'a> Adder<'a> {
    pub(super) fn new(measures: &'a [Measure], missing: Missing, arms: usize) -> Self {
        Self {
            measures,
            missing,
            arms: vec![(Arm::new(measures), vec![0; measures.len()]); arms],
        }
    }

    /// Adds a unit by its folded values; NaN where it has none.
    #[inline]
    pub(super) fn unit(&mut self, arm: usize, values: &[f64]) {
        let (arm, zeros) = &mut self.arms[arm];
        arm.units += 1;
        for ((measure, metric), zeros) in self.measures.iter().zip(&mut arm.metrics).zip(zeros) {
            let (a, b) = match *measure {
                Measure::Mean(at) | Measure::Share(at) | Measure::Values(at) => (values[at], 0.0),
                // A unit that did nothing before is as good as any: never a reason to leave it out.
                Measure::Adjusted { after, before } => {
                    let before = values[before];
                    (values[after], if before.is_nan() { 0.0 } else { before })
                }
                Measure::Ratio {
                    numerator,
                    denominator,
                } => (values[numerator], values[denominator]),
            };
            if a.is_nan() || b.is_nan() {
                metric.missing += 1;
                if self.missing == Missing::LeaveOut {
                    continue;
                }
            }
            if let (Sums::Adjusted { known, .. }, Measure::Adjusted { before, .. }) =
                (&mut metric.sums, *measure)
            {
                *known += u64::from(!values[before].is_nan());
            }
            let present = |value: f64| if value.is_nan() { 0.0 } else { value };
            let (a, b) = (present(a), present(b));
            metric.negative |= a < 0.0 || b < 0.0;
            let beyond = a.is_infinite() || b.is_infinite();
            metric.overflows |= beyond;
            // It is counted, and no figure is made of it.
            if beyond || a == 0.0 && b == 0.0 {
                *zeros += 1;
                continue;
            }
            match &mut metric.sums {
                Sums::Mean(moments) => {
                    moments.push(a);
                    metric.skewness.push(a);
                }
                Sums::Share { x, n } => {
                    *x += 1;
                    *n += 1;
                }
                Sums::Ratio(pairs) | Sums::Adjusted { pairs, .. } => pairs.push(a, b),
                Sums::Values(values) => values.push(a),
            }
        }
    }

    pub(super) fn end(self) -> Vec<Arm> {
        self.arms
            .into_iter()
            .map(|(mut arm, zeros)| {
                for (metric, zeros) in arm.metrics.iter_mut().zip(zeros) {
                    match &mut metric.sums {
                        Sums::Share { n, .. } => *n += zeros,
                        // Sums of zeros are always sound.
                        Sums::Mean(moments) => {
                            metric.skewness.merge(&Skewness::of_zeros(zeros));
                            moments.merge(&Moments::from_sums(zeros, 0.0, 0.0).unwrap_or_default());
                        }
                        Sums::Values(values) => values.push_zeros(zeros),
                        Sums::Ratio(pairs) | Sums::Adjusted { pairs, .. } => {
                            pairs.merge(&PairSkewness::of_zeros(zeros));
                        }
                    }
                }
                arm
            })
            .collect()
    }
}
