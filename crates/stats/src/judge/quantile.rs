//! A quantile, compared at every look.

use super::{Compared, Judgement, Method, Reason, Rule, Verdict, relative, without_data};
use crate::sequential::{Comparison, QuantileTest, Tuning};
use crate::{Failure, Interval, InvalidInput};

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
    let changed = test.compare(control, canary, comparison, rule.alpha);
    let change = match changed {
        Ok(change) => change,
        Err(Failure::CannotCompute(_)) => {
            return Ok(without_data(n, Method::SequentialQuantile, rule));
        }
        Err(Failure::Invalid(invalid)) => return Err(invalid),
    };
    // A ratio is a share already; a difference is one of the baseline's quantile.
    let baseline = match test.interval(control, rule.alpha) {
        Ok(alone) => alone.estimate.abs(),
        Err(_) => f64::NAN,
    };
    let share = |value: f64| {
        if positive {
            value - 1.0
        } else {
            relative(value, baseline)
        }
    };
    let compared = Compared {
        n,
        effect: share(change.estimate),
        interval: Interval {
            lo: share(change.interval.lo),
            hi: share(change.interval.hi),
        },
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
