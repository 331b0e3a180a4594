//! Whether a treatment is at most a little worse than the control: for guardrails.

use crate::guard::positive;
use crate::numeric::{student_quantile, student_sf};
use crate::{Alpha, Better, Estimate, InvalidInput};

/// What can be said of a guardrail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Worse by less than the margin, at the level of error asked.
    NonInferior,
    /// Worse by more than the margin, at the level of error asked.
    Inferior,
    /// Neither can be said at that level.
    Inconclusive,
}

/// What [`non_inferiority`] says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NonInferiority {
    /// Non-inferior where `p` is below α; inferior where 1 − `p` is.
    pub verdict: Verdict,
    /// The chance, from 0 to 1, of a figure at least this good if the treatment is worse by the margin.
    pub p: f64,
    /// The worst effect that is compatible with the data, one-sided at α, in the estimate's unit.
    pub bound: f64,
}

/// The one-sided test of "worse by the margin or more".
///
/// Where higher is better: t = (effect + margin)/SE, p = P(T > t), bound = effect − t(1 − α)·SE;
/// mirrored where lower is better; Student's t with the estimate's degrees of freedom. `margin` is
/// above 0, in the unit of the estimate (a share of the control's mean for a relative one). The side
/// and the level of the question behind the estimate do not matter. For one look.
///
/// Source: EMA, "Guideline on the choice of the non-inferiority margin" (2005); ICH E9, 3.3.2.
///
/// # Errors
///
/// `margin` not above 0 or not finite.
///
/// # Examples
///
/// ```
/// use stats::{Alpha, Better, Question, effect};
/// use stats::non_inferiority::{Verdict, non_inferiority};
/// let control = effect::Proportion::new(5000, 10_000)?;
/// let treatment = effect::Proportion::new(4990, 10_000)?;
/// let estimate = effect::proportion(control, treatment, Question::default()).unwrap();
/// let answer = non_inferiority(&estimate, 0.05, Better::Higher, Alpha::default())?;
/// assert_eq!(answer.verdict, Verdict::NonInferior);
/// // −0.2% with a standard error of 1.4128%: scipy `t.sf(0.048/0.014128, 20_000)`, and −0.002 less
/// // 1.645 standard errors.
/// assert!((answer.p - 0.000_340_670_754).abs() < 1e-12);
/// assert!((answer.bound + 0.025_239_546_235).abs() < 1e-12);
/// # Ok::<(), stats::InvalidInput>(())
/// ```
pub fn non_inferiority(
    estimate: &Estimate,
    margin: f64,
    better: Better,
    alpha: Alpha,
) -> Result<NonInferiority, InvalidInput> {
    positive("margin", margin)?;
    let gain = match better {
        Better::Higher => estimate.effect,
        Better::Lower => -estimate.effect,
    };
    let t = (gain + margin) / estimate.stderr;
    let reach = -student_quantile(alpha.get(), estimate.df) * estimate.stderr;
    let p = student_sf(t, estimate.df);
    let verdict = if p < alpha.get() {
        Verdict::NonInferior
    } else if student_sf(-t, estimate.df) < alpha.get() {
        Verdict::Inferior
    } else {
        Verdict::Inconclusive
    };
    let worst = gain - reach;
    Ok(NonInferiority {
        verdict,
        p,
        bound: match better {
            Better::Higher => worst,
            Better::Lower => -worst,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Interval, Side};

    fn estimate(effect: f64) -> Estimate {
        Estimate {
            effect,
            interval: Interval::around(effect, 1.96, Side::Two),
            p: 0.5,
            stderr: 1.0,
            df: f64::INFINITY,
            n: 100,
            baseline: 10.0,
            signal: 10.0,
        }
    }

    #[test]
    fn each_verdict_at_its_border() {
        // One-sided at 5%: 1.6449 standard errors either way of the margin.
        let ask = |effect: f64, better| {
            non_inferiority(&estimate(effect), 2.0, better, Alpha::default()).unwrap()
        };
        for (effect, verdict) in [
            (-0.3, Verdict::NonInferior),
            (-0.36, Verdict::Inconclusive),
            (-0.35, Verdict::NonInferior),
            (5.0, Verdict::NonInferior),
            (-3.64, Verdict::Inconclusive),
            (-3.65, Verdict::Inferior),
        ] {
            assert_eq!(ask(effect, Better::Higher).verdict, verdict, "{effect}");
            assert_eq!(ask(-effect, Better::Lower).verdict, verdict, "{effect}");
        }
        let even = ask(-2.0, Better::Higher);
        assert_eq!(even.p, 0.5);
        assert!((even.bound + 2.0 + 1.644_853_626_951_472_7).abs() < 1e-12);
        let even = ask(2.0, Better::Lower);
        assert!((even.bound - 2.0 - 1.644_853_626_951_472_7).abs() < 1e-12);
        let certain = ask(0.0, Better::Higher);
        assert!((certain.p - 0.022_750_131_948_179_21).abs() < 1e-15);
    }

    #[test]
    fn a_margin_is_above_zero() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let refused = non_inferiority(&estimate(0.0), bad, Better::Higher, Alpha::default());
            assert_eq!(refused.unwrap_err().field, "margin");
        }
    }
}
