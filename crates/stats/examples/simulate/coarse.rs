//! Values of which many are the same, as counts, zeros and whole milliseconds are, before the judge.

use super::draw::Draw;
use super::trial::Outcome;
use stats::judge::{Looks, Observed, Rule, Verdict, judge};

/// What one arm's values are like.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Values {
    /// Poisson counts of this mean.
    Counts(f64),
    /// A figure and now and then another.
    Now { share: f64, usual: f64, then: f64 },
    /// Lognormal of this median, σ and factor, in whole units.
    Whole(f64, f64, f64),
    /// The same with all its digits; of the share the tenfold.
    Fine { sigma: f64, factor: f64, slow: f64 },
}

impl Values {
    fn draw(self, draw: &mut Draw) -> f64 {
        match self {
            Self::Counts(mean) => draw.poisson(mean) as f64,
            Self::Now { share, usual, then } => {
                if draw.chance(share) {
                    then
                } else {
                    usual
                }
            }
            Self::Whole(median, sigma, factor) => {
                (median * (sigma * draw.normal()).exp() * factor).round()
            }
            Self::Fine {
                sigma,
                factor,
                slow,
            } => {
                let value = 100.0 * (sigma * draw.normal()).exp() * factor;
                if draw.chance(slow) {
                    10.0 * value
                } else {
                    value
                }
            }
        }
    }
}

/// Values an arm at the end, and between two looks.
pub(crate) const N: usize = 300;
const EACH: usize = 20;

/// Fifteen looks at 300 values an arm, or one: rejected is "fails at some look", told that it passed at one.
pub(crate) fn judged([control, canary]: [Values; 2], looks: Looks, draw: &mut Draw) -> Outcome {
    let rule = Rule {
        looks,
        ..Rule::default()
    };
    let mut arms = [Vec::new(), Vec::new()];
    let mut outcome = Outcome::default();
    for n in (EACH..=N).step_by(EACH) {
        for _ in 0..EACH {
            arms[0].push(control.draw(draw));
            arms[1].push(canary.draw(draw));
        }
        if looks == Looks::One && n < N {
            continue;
        }
        let observed = Observed::Continuous {
            control: &arms[0],
            canary: &arms[1],
        };
        match judge(&observed, &rule).map(|judgement| judgement.verdict) {
            Ok(Verdict::Fail) => outcome.rejected_at = outcome.rejected_at.or(Some(n as u64)),
            Ok(Verdict::Pass) => outcome.told = outcome.told.or(Some(n as u64)),
            _ => {}
        }
    }
    outcome
}
