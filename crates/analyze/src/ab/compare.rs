//! The figures of two arms, handed to `stats`, and what its answers mean.

use super::basis::{self, Basis, better};
use super::guardrail::guardrail;
use super::lopsided::{may_answer, ratio};
use super::metric::{Direction, Kind, Metric, loses_no_more_than_all};
use super::refusal::Refusal;
use super::report::{Adjusted, ArmReport, Figures, MetricReport, Outcome, Verdict};
use super::{Method, Request};
use crate::Number;
use crate::join::{MetricSums, Sums};
use stats::bayes::{self, BetaPrior, Prior};
use stats::sequential::{LARGEST_SKEWNESS, RatioMismatch};
use stats::{Better, Difference, Failure, adjust, srm};

/// How many units' worth the sequence believes in the planned split before it sees one. The 10,000 of the
/// test's authors tell a lost per cent of millions a little sooner, and of hundreds nothing: 20 against
/// 80 would be as planned.
const SPLIT_CONCENTRATION: f64 = 100.0;

/// The test of the split.
pub(super) struct Split {
    pub(super) chi2: f64,
    pub(super) p: f64,
    pub(super) mismatch: bool,
    /// A variant that was planned to get no unit and got some.
    pub(super) unplanned: Option<String>,
}

/// Whether the arms' sizes are as planned, at this one look or at every look; None where there are too
/// few units to tell.
pub(super) fn split(request: &Request, arms: &[ArmReport]) -> Option<Split> {
    let method = request.method;
    let unplanned = arms.iter().find(|arm| {
        arm.units > 0
            && request
                .shares
                .iter()
                .any(|(planned, share)| *planned == arm.name && *share == 0.0)
    });
    if let Some(arm) = unplanned {
        return Some(Split {
            chi2: f64::INFINITY,
            p: 0.0,
            mismatch: true,
            unplanned: Some(arm.name.clone()),
        });
    }
    let observed: Vec<u64> = arms.iter().map(|arm| arm.units).collect();
    let weights: Vec<f64> = arms.iter().map(|arm| arm.planned).collect();
    let srm = srm::srm(&observed, &weights).ok()?;
    let p = match method {
        Method::Fixed | Method::Bayesian => srm.p,
        Method::Sequential { .. } => {
            let planned: Vec<&ArmReport> = arms.iter().filter(|arm| arm.planned > 0.0).collect();
            let shares: Vec<f64> = planned.iter().map(|arm| arm.planned).collect();
            let units: Vec<u64> = planned.iter().map(|arm| arm.units).collect();
            let mut split = RatioMismatch::new(&shares, SPLIT_CONCENTRATION).ok()?;
            split.observe(&units).ok()?.p
        }
    };
    (srm.least_expected >= srm::LEAST_EXPECTED).then_some(Split {
        chi2: srm.chi2,
        p,
        mismatch: p < srm::ALARM_P,
        unplanned: None,
    })
}

/// An arm's figure in the metric's own unit; NaN where there is none.
#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
pub(super) fn value(kind: Kind, metric: &MetricSums) -> f64 {
    match &metric.sums {
        _ if metric.overflows => f64::NAN,
        Sums::Values(values) => match kind {
            Kind::Quantile(q) => values.value(q),
            Kind::Mean | Kind::Conversion | Kind::Ratio => f64::NAN,
        },
        Sums::Adjusted { pairs, .. } if pairs.pairs().n() > 0 => pairs.pairs().x().mean(),
        Sums::Mean(moments) if moments.n() > 0 => moments.mean(),
        Sums::Share { x, n } if *n > 0 => *x as f64 / *n as f64,
        Sums::Ratio(pairs) => ratio(pairs),
        _ => f64::NAN,
    }
}

pub(super) fn compare(
    request: &Request,
    metric: &Metric,
    arms: [&MetricSums; 2],
) -> Result<Figures, Refusal> {
    let question = request.question;
    let (basis, theta) = basis::basis(request, metric, arms.map(|arm| &arm.sums))?;
    let skewness = may_answer(request, &basis, theta, arms)?;
    let better = better(metric.direction);
    let answer = basis.answer(request, question.alpha)?;
    let mut figures = Figures {
        difference: match basis {
            Basis::Counts(_) => Difference::Relative,
            _ => question.difference,
        },
        effect: Number(answer.effect),
        interval: [Number(answer.interval.lo), Number(answer.interval.hi)],
        interval_adjusted: None,
        stderr: answer.stderr.map(Number),
        p: Some(Number(answer.p)),
        p_adjusted: None,
        chance_to_win: None,
        theta: theta.map(Number),
        adjusted: theta.and_then(|theta| adjusted(theta, arms)),
        method: basis.compared_by(request.method),
        skewed: skewness > LARGEST_SKEWNESS,
        guardrail: None,
        guarded: Verdict::Inconclusive,
        floor: floor(request, arms),
        basis,
    };
    if request.method == Method::Bayesian {
        believe(&mut figures, better, request)?;
    }
    figures.interval = above(figures.floor, figures.interval);
    if let Some(margin) = metric.guardrail {
        if figures.floor == ALL
            && let Some((what, remedy)) = loses_no_more_than_all(metric)
        {
            return Err(Refusal::Asked { what, remedy });
        }
        let (mut told, verdict) = guardrail(request, &figures.basis, margin, better)?;
        [told.bound, told.best] = above(figures.floor, [told.bound, told.best]);
        figures.guardrail = Some(told);
        figures.guarded = verdict;
    }
    Ok(figures)
}

/// The means that a slope leaves, of arms that have values from before.
fn adjusted(theta: f64, [control, treatment]: [&MetricSums; 2]) -> Option<Adjusted> {
    let mean = |arm: &MetricSums| match &arm.sums {
        Sums::Adjusted { pairs, .. } => Some(Number(
            pairs.pairs().x().mean() - theta * pairs.pairs().y().mean(),
        )),
        _ => None,
    };
    Some(Adjusted {
        control: mean(control)?,
        treatment: mean(treatment)?,
    })
}

/// All of it, as a change.
const ALL: f64 = -1.0;

/// What is never below nothing cannot fall by more than all of it.
fn floor(request: &Request, arms: [&MetricSums; 2]) -> f64 {
    let share = request.question.difference == Difference::Relative;
    if share && !arms.iter().any(|arm| arm.negative) {
        ALL
    } else {
        f64::NEG_INFINITY
    }
}

fn above(floor: f64, bounds: [Number; 2]) -> [Number; 2] {
    bounds.map(|Number(bound)| {
        Number(if bound < floor && bound.is_finite() {
            floor
        } else {
            bound
        })
    })
}

/// The chance to win instead of p.
fn believe(figures: &mut Figures, better: Better, request: &Request) -> Result<(), Refusal> {
    figures.p = None;
    let chance = match &figures.basis {
        Basis::Estimate(estimate, _) => {
            let prior = Prior::normal(0.0, Prior::USUAL_VARIANCE)?;
            let posterior = bayes::effect(estimate, prior, better, request.question)?;
            figures.effect = Number(posterior.expected);
            figures.interval = [posterior.interval.lo, posterior.interval.hi].map(Number);
            figures.stderr = Some(Number(posterior.stddev));
            posterior.chance_to_win
        }
        Basis::Share(..) | Basis::Quantiles(_) => {
            return Err(Refusal::Defect("a belief begins with an estimate"));
        }
        Basis::Counts(counts) => {
            let belief = bayes::beta_binomial(counts.control, counts.treatment, BetaPrior::FLAT)?;
            match better {
                Better::Higher => belief.p_treatment_beats_control,
                Better::Lower => 1.0 - belief.p_treatment_beats_control,
            }
        }
    };
    figures.chance_to_win = Some(Number(chance));
    Ok(())
}

/// Holm's p and intervals over every comparison but those of guardrails, and the verdicts that follow.
pub(super) fn adjust(metrics: &mut [MetricReport], request: &Request) -> Result<(), Failure> {
    let mut figures: Vec<(&mut Figures, f64)> = metrics
        .iter_mut()
        .flat_map(|metric| &mut metric.comparisons)
        .filter_map(|comparison| match &mut comparison.outcome {
            Outcome::Computed(figures) if figures.guardrail.is_none() => {
                let p = figures.p?.get();
                Some((figures.as_mut(), p))
            }
            Outcome::Computed(_) | Outcome::Cannot { .. } => None,
        })
        .collect();
    if figures.len() > 1 {
        let all = figures.len();
        let p: Vec<f64> = figures.iter().map(|(_, p)| *p).collect();
        for ((figures, p), adjusted) in figures.iter_mut().zip(adjust::holm(&p)?) {
            figures.p_adjusted = Some(Number(adjusted));
            figures.interval_adjusted = figures
                .basis
                .adjusted(request, (*p, adjusted), all)
                .map(|wider| above(figures.floor, [Number(wider.lo), Number(wider.hi)]));
        }
    }
    let alpha = request.question.alpha.get();
    for metric in metrics {
        let direction = metric.direction;
        for comparison in &mut metric.comparisons {
            if let Outcome::Computed(figures) = &comparison.outcome {
                comparison.verdict = verdict(figures, direction, alpha);
            }
        }
    }
    Ok(())
}

fn verdict(figures: &Figures, direction: Direction, alpha: f64) -> Verdict {
    if figures.guardrail.is_some() {
        return figures.guarded;
    }
    if let Some(Number(chance)) = figures.chance_to_win {
        return match chance {
            chance if chance >= 1.0 - alpha / 2.0 => Verdict::Better,
            chance if chance <= alpha / 2.0 => Verdict::Worse,
            _ => Verdict::Inconclusive,
        };
    }
    let shown = figures
        .p_adjusted
        .or(figures.p)
        .is_some_and(|p| p.get() < alpha);
    let up = figures.effect.get() > 0.0;
    match (shown, up == (direction == Direction::Up)) {
        (false, _) => Verdict::Inconclusive,
        (true, true) => Verdict::Better,
        (true, false) => Verdict::Worse,
    }
}
