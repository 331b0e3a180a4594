//! Quantiles of two arms, compared at every look.

use super::Answer;
use crate::join::Values;
use stats::sequential::{Comparison, QuantileTest, Tuning};
use stats::{Alpha, CannotCompute, Difference, Failure, Interval};

/// Beyond this a ratio is one to nothing.
const BOUNDLESS: f64 = 1e290;

/// The values of control and treatment, whatever their distribution.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::ab) struct Quantiles {
    test: QuantileTest,
    comparison: Comparison,
    arms: [Vec<f64>; 2],
    p: f64,
}

impl Quantiles {
    /// Tuned for half of `tuning` values an arm, which counts those of both.
    ///
    /// # Errors
    ///
    /// `EmptyArm`; `TooMany`, of which not all are kept; for a share, `NegativeValues` and
    /// `ZeroBaseline` where the control's quantile is 0.
    pub(super) fn of(
        arms: [&Values; 2],
        q: f64,
        difference: Difference,
        tuning: f64,
    ) -> Result<Self, Failure> {
        let [control, treatment] = arms.map(Values::all);
        let mut arms = [control?, treatment?];
        let comparison = match difference {
            Difference::Absolute => Comparison::Difference,
            Difference::Relative => {
                for value in arms.iter_mut().flatten() {
                    if *value < 0.0 {
                        return Err(CannotCompute::NegativeValues.into());
                    }
                    // Nothing is less than anything: the order is all that the test looks at.
                    *value = value.max(f64::MIN_POSITIVE);
                }
                Comparison::Ratio
            }
        };
        let tuning = Tuning {
            v_opt: tuning / 2.0,
            alpha_opt: 0.05,
        };
        let test = QuantileTest::new(q, tuning)?;
        let p = test.p_value(&arms[0], &arms[1])?;
        let found = Self {
            test,
            comparison,
            arms,
            p,
        };
        if comparison == Comparison::Ratio {
            let alone = found.test.interval(&found.arms[0], Alpha::default());
            if alone?.estimate <= f64::MIN_POSITIVE {
                return Err(CannotCompute::ZeroBaseline.into());
            }
        }
        Ok(found)
    }

    pub(super) fn answer(&self, alpha: Alpha) -> Result<Answer, Failure> {
        let [control, treatment] = &self.arms;
        let found = self
            .test
            .compare(control, treatment, self.comparison, alpha)?;
        let (effect, interval) = match self.comparison {
            Comparison::Difference => (found.estimate, found.interval),
            Comparison::Ratio => {
                let hi = if found.interval.hi > BOUNDLESS {
                    f64::INFINITY
                } else {
                    found.interval.hi - 1.0
                };
                let lo = found.interval.lo - 1.0;
                (found.estimate - 1.0, Interval { lo, hi })
            }
        };
        Ok(Answer {
            effect,
            interval,
            stderr: None,
            p: self.p,
        })
    }
}
