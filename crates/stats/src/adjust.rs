//! Many comparisons at once: p values that keep their promise together, and intervals that agree with them but hold
//! one by one.
//!
//! Goal metrics × variants × slices belong in; guardrails do not, where missing a harm is worse than
//! a false alarm.

use crate::numeric::student_quantile;
use crate::{Estimate, Interval, InvalidInput, Question, Side};

fn check(p: &[f64]) -> Result<(), InvalidInput> {
    if p.iter().all(|p| (0.0..=1.0).contains(p)) {
        Ok(())
    } else {
        Err(InvalidInput::new(
            "p",
            "one is not between 0 and 1",
            "leave out what could not be computed",
        ))
    }
}

/// The positions of the p values, smallest first; equal ones keep their order.
fn ascending(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    order
}

/// Bonferroni's: each p times their number, at most 1. Holds the chance of any false alarm.
///
/// The answer has the order of `p`; no p gives no answer, one stays as it is.
///
/// Source: C. E. Bonferroni (1936); O. J. Dunn, JASA 56 (1961).
///
/// # Errors
///
/// `p` where one is not between 0 and 1, or NaN.
///
/// # Examples
///
/// ```
/// assert_eq!(stats::adjust::bonferroni(&[0.01, 0.5])?, [0.02, 1.0]);
/// # Ok::<(), stats::InvalidInput>(())
/// ```
pub fn bonferroni(p: &[f64]) -> Result<Vec<f64>, InvalidInput> {
    check(p)?;
    Ok(p.iter()
        .map(|one| (one * p.len() as f64).min(1.0))
        .collect())
}

/// Holm's: the i-th smallest of m times (m − i + 1), never below a smaller one's. Holds the chance
/// of any false alarm, whatever the comparisons have to do with each other, and finds more than
/// Bonferroni's. The answer has the order of `p`.
///
/// Source: S. Holm, Scandinavian Journal of Statistics 6 (1979).
///
/// # Errors
///
/// `p` where one is not between 0 and 1, or NaN.
///
/// # Examples
///
/// ```
/// // statsmodels: multipletests([0.04, 0.01, 0.5], method="holm")
/// assert_eq!(stats::adjust::holm(&[0.04, 0.01, 0.5])?, [0.08, 0.03, 0.5]);
/// # Ok::<(), stats::InvalidInput>(())
/// ```
pub fn holm(p: &[f64]) -> Result<Vec<f64>, InvalidInput> {
    check(p)?;
    let mut adjusted = vec![0.0; p.len()];
    let mut least: f64 = 0.0;
    for (rank, position) in ascending(p).into_iter().enumerate() {
        least = least.max((p[position] * (p.len() - rank) as f64).min(1.0));
        adjusted[position] = least;
    }
    Ok(adjusted)
}

/// Benjamini and Hochberg's: the i-th smallest of m times m/i, never above a larger one's. Holds
/// the share of false ones among the alarms, for comparisons that are independent or depend on each
/// other positively. The answer has the order of `p`.
///
/// Source: Y. Benjamini and Y. Hochberg, JRSS B 57 (1995); for dependence Y. Benjamini and D. Yekutieli,
/// Annals of Statistics 29 (2001).
///
/// # Errors
///
/// `p` where one is not between 0 and 1, or NaN.
///
/// # Examples
///
/// ```
/// // statsmodels: multipletests([0.04, 0.01, 0.5], method="fdr_bh")
/// assert_eq!(stats::adjust::benjamini_hochberg(&[0.04, 0.01, 0.5])?, [0.06, 0.03, 0.5]);
/// # Ok::<(), stats::InvalidInput>(())
/// ```
pub fn benjamini_hochberg(p: &[f64]) -> Result<Vec<f64>, InvalidInput> {
    check(p)?;
    let mut adjusted = vec![0.0; p.len()];
    let mut most: f64 = 1.0;
    for (rank, position) in ascending(p).into_iter().enumerate().rev() {
        let ratio = p.len() as f64 / (rank + 1) as f64;
        most = most.min(p[position] * ratio);
        adjusted[position] = most;
    }
    Ok(adjusted)
}

/// The interval that goes with an adjusted p: widened until it just reaches "no effect" at the
/// level of the adjusted p, and never narrower than it was.
///
/// With t(p) the point of Student's t that p belongs to, the half-width is multiplied by
/// t(p)/t(adjusted p). An adjusted p of 1 (two-sided) or one half or more (one-sided) says nothing:
/// the interval is then everything, unless p was there already.
///
/// Source: the standard error at which the effect would have the adjusted p, as gbstats
/// `frequentist` corrections. Units as the estimate's; `question` is the one that it answers.
///
/// # Errors
///
/// `p` where the adjusted one is not between 0 and 1, or NaN.
///
/// # Examples
///
/// ```
/// use stats::{Question, adjust, effect};
/// let control = effect::Proportion::new(500, 10_000)?;
/// let treatment = effect::Proportion::new(570, 10_000)?;
/// let question = Question::default();
/// let estimate = effect::proportion(control, treatment, question).unwrap();
/// // +14% with p = 0.0394, the best of four comparisons.
/// assert!((estimate.interval.lo - 0.006_782_395).abs() < 1e-9);
/// let adjusted = adjust::interval(&estimate, 4.0 * estimate.p, question)?;
/// // 0.14 less 0.13322·t(p)/t(4p), by scipy.
/// assert!((adjusted.lo + 0.054_215_454).abs() < 1e-9);
/// # Ok::<(), stats::InvalidInput>(())
/// ```
pub fn interval(
    estimate: &Estimate,
    adjusted_p: f64,
    question: Question,
) -> Result<Interval, InvalidInput> {
    check(&[adjusted_p])?;
    if adjusted_p <= estimate.p {
        return Ok(estimate.interval);
    }
    let share = match question.side {
        Side::Two => 0.5,
        Side::Greater | Side::Less => 1.0,
    };
    let point = |p: f64| -student_quantile(share * p, estimate.df);
    let half_width = match question.side {
        Side::Less => estimate.interval.hi - estimate.effect,
        Side::Two | Side::Greater => estimate.effect - estimate.interval.lo,
    };
    let (before, after) = (point(estimate.p), point(adjusted_p));
    let wider = if before <= 0.0 {
        // The effect lies on the other side: there is nothing to widen for.
        1.0
    } else if after <= 0.0 {
        f64::INFINITY
    } else {
        (before / after).max(1.0)
    };
    Ok(Interval::around(
        estimate.effect,
        half_width * wider,
        question.side,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(effect: f64, p: f64, half_width: f64, side: Side) -> Estimate {
        Estimate {
            effect,
            interval: Interval::around(effect, half_width, side),
            p,
            stderr: 1.0,
            df: f64::INFINITY,
            n: 100,
            baseline: 1.0,
            signal: 10.0,
        }
    }

    #[test]
    fn the_half_width_grows_by_the_ratio_of_the_points() {
        // 1.96 standard errors, so p is 0.05; adjusted to 0.1 it belongs to 1.645.
        let question = Question::default();
        let told = estimate(1.959_963_984_540_054, 0.05, 3.0, Side::Two);
        let wider = interval(&told, 0.1, question).unwrap();
        let want = 3.0 * 1.959_963_984_540_054 / 1.644_853_626_951_472_7;
        assert!((told.effect - wider.lo - want).abs() < 1e-12);
        assert!((wider.hi - told.effect - want).abs() < 1e-12);
        // One-sided the whole of p is in one tail.
        let question = question.side(Side::Less);
        let told = estimate(-1.644_853_626_951_472_7, 0.05, 3.0, Side::Less);
        let wider = interval(&told, 0.1, question).unwrap();
        let want = 3.0 * 1.644_853_626_951_472_7 / 1.281_551_565_544_600_4;
        assert_eq!(wider.lo, f64::NEG_INFINITY);
        assert!((wider.hi - told.effect - want).abs() < 1e-12);
    }

    #[test]
    fn a_smaller_or_equal_p_changes_nothing_and_a_useless_one_says_everything() {
        let question = Question::default();
        let told = estimate(2.0, 0.05, 3.0, Side::Two);
        for p in [0.0, 0.01, 0.05] {
            assert_eq!(interval(&told, p, question).unwrap(), told.interval);
        }
        let all = interval(&told, 1.0, question).unwrap();
        assert_eq!((all.lo, all.hi), (f64::NEG_INFINITY, f64::INFINITY));
        assert_eq!(interval(&told, 1.1, question).unwrap_err().field, "p");
        // On the other side there is nothing to widen for.
        let question = question.side(Side::Greater);
        let told = estimate(-2.0, 0.9, 3.0, Side::Greater);
        assert_eq!(interval(&told, 1.0, question).unwrap(), told.interval);
        let told = estimate(0.2, 0.4, 3.0, Side::Greater);
        let wider = interval(&told, 0.6, question).unwrap();
        assert_eq!((wider.lo, wider.hi), (f64::NEG_INFINITY, f64::INFINITY));
    }
}
