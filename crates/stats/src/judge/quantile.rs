//! A quantile, compared at every look.

use super::{Compared, Judgement, Method, Reason, Rule, Verdict, relative, share, without_data};
use crate::sequential::{Comparison, QuantileTest, Tuning};
use crate::{Alpha, Failure, Interval, InvalidInput};

pub(super) fn judge(
    q: f64,
    control: &[f64],
    canary: &[f64],
    rule: &Rule,
) -> Result<Judgement, InvalidInput> {
    let n = [control.len() as u64, canary.len() as u64];
    crate::guard::inside_unit("q", q)?;
    let tuning = Tuning {
        v_opt: (50.0 / q.min(1.0 - q)).max(4.0 * rule.min_sample as f64),
        alpha_opt: 0.05,
    };
    let test = QuantileTest::new(q, tuning)?;
    let positive = control.iter().chain(canary).all(|value| *value > 0.0);
    let comparison = if positive {
        Comparison::Ratio
    } else {
        Comparison::Difference
    };
    // A ratio is a share already; a difference is one of the baseline's quantile, which gets half of
    // the level.
    let half = rule.alpha.get() / 2.0;
    let alpha = if positive {
        rule.alpha
    } else {
        Alpha::new(half)?
    };
    let change = match test.compare(control, canary, comparison, alpha) {
        Ok(change) => change,
        Err(Failure::CannotCompute(_)) => {
            return Ok(without_data(n, Method::SequentialQuantile, rule));
        }
        Err(Failure::Invalid(invalid)) => return Err(invalid),
    };
    let (effect, interval) = if positive {
        let Interval { lo, hi } = change.interval;
        let (lo, hi) = (lo - 1.0, hi - 1.0);
        (change.estimate - 1.0, Interval { lo, hi })
    } else {
        let baseline = match test.interval(control, alpha) {
            Ok(alone) => alone.estimate.abs(),
            Err(_) => f64::NAN,
        };
        let size = share::size(test, control, half)?;
        (
            relative(change.estimate, baseline),
            share::of(change.interval, size),
        )
    };
    let compared = Compared {
        n,
        effect,
        interval,
        method: Method::SequentialQuantile,
        alpha: rule.alpha.get(),
    };
    let least = n[0].min(n[1]);
    if least < rule.min_sample {
        let wanted = rule.min_sample;
        return Ok(compared.with(Verdict::Inconclusive, Reason::TooFew { least, wanted }));
    }
    Ok(compared.judged(rule))
}
