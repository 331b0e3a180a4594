//! A metric that must not get worse by more than a margin.

use super::basis::{Basis, RARE};
use super::refusal::Refusal;
use super::report::{Guardrail, Verdict};
use super::{Method, Request};
use crate::Number;
use stats::effect::Share;
use stats::non_inferiority::{self, non_inferiority};
use stats::numeric::student_quantile;
use stats::{Alpha, Better, CannotCompute, Difference, Estimate, Interval, Question, Side};

/// Whether it holds, one-sided at the level of the report, each guardrail for itself: missing a harm
/// is worse than a false alarm.
pub(super) fn guardrail(
    request: &Request,
    basis: &Basis,
    margin: f64,
    better: Better,
) -> Result<(Guardrail, Verdict), Refusal> {
    let alpha = request.question.alpha;
    let told = |bound: f64, best: f64, p: Option<[f64; 2]>| Guardrail {
        margin: Number(margin),
        bound: Number(bound),
        best: Number(best),
        p: p.map(|[held, _]| Number(held)),
        p_broken: p.map(|[_, broken]| Number(broken)),
    };
    // A share is tested where the margin is, with the standard error that it has there.
    let at_margin = |share: &Share| match better {
        Better::Higher => share.at(-margin),
        Better::Lower => share.at(margin),
    };
    let estimate = match basis {
        Basis::Estimate(estimate, portion) => Some((*estimate, *portion)),
        Basis::Share(share, portion) => Some((at_margin(share), *portion)),
        Basis::Quantiles(_) | Basis::Counts(_) => None,
    };
    let at_worst_and_best = |interval: Interval| match better {
        Better::Higher => (interval.lo, interval.hi),
        Better::Lower => (interval.hi, interval.lo),
    };
    match (estimate, request.method) {
        (Some((estimate, _)), Method::Fixed | Method::Bayesian) => {
            let ask = |effect: f64| {
                let estimate = Estimate { effect, ..estimate };
                non_inferiority(&estimate, margin, better, alpha)
            };
            let found = ask(estimate.effect)?;
            // As far beyond the margin on its other side: its p is the other tail of this one.
            let mirrored = match better {
                Better::Higher => -estimate.effect - 2.0 * margin,
                Better::Lower => 2.0 * margin - estimate.effect,
            };
            let verdict = match found.verdict {
                non_inferiority::Verdict::NonInferior => Verdict::Holds,
                non_inferiority::Verdict::Inferior => Verdict::Broken,
                non_inferiority::Verdict::Inconclusive => Verdict::Inconclusive,
            };
            // Each end is one-sided; not at the margin, but wherever it is.
            let interval = match basis {
                Basis::Share(share, _) => share.interval(Alpha::new(2.0 * alpha.get())?),
                _ => estimate.within(-student_quantile(alpha.get(), estimate.df)),
            };
            let (bound, best) = at_worst_and_best(interval);
            let p = [found.p, ask(mirrored)?.p];
            Ok((told(bound, best, Some(p)), verdict))
        }
        (Some((estimate, portion)), Method::Sequential { tuning }) => {
            let ask = |side: Side, effect: f64| {
                let question = Question {
                    side,
                    ..request.question
                };
                let estimate = Estimate { effect, ..estimate };
                portion.sequence(&estimate, question, tuning, alpha)
            };
            let (good, bad, from_margin) = match better {
                Better::Higher => (Side::Greater, Side::Less, estimate.effect + margin),
                Better::Lower => (Side::Less, Side::Greater, estimate.effect - margin),
            };
            let (reach, held) = ask(good, from_margin)?;
            let (_, broken) = ask(bad, from_margin)?;
            let verdict = match (held < alpha.get(), broken < alpha.get()) {
                (true, _) => Verdict::Holds,
                (false, true) => Verdict::Broken,
                (false, false) => Verdict::Inconclusive,
            };
            let interval = match basis {
                Basis::Share(share, _) => share.within(reach),
                _ => estimate.within(reach),
            };
            let (bound, best) = at_worst_and_best(interval);
            Ok((told(bound, best, Some([held, broken])), verdict))
        }
        // Counts know ratios only, and a margin in points is none.
        (None, _)
            if matches!(basis, Basis::Counts(_))
                && request.question.difference == Difference::Absolute =>
        {
            Err(Refusal::cannot(
                CannotCompute::TooFew,
                format!(
                    "a margin in points is tested from {RARE} conversions a variant on; leave --absolute away, \
                     or wait for more"
                ),
            ))
        }
        (None, method) => {
            // Each end of an exact central interval at 2α is one-sided at α. The two ends of a sequence
            // share their level, and nothing says that either has only half of it.
            let level = match method {
                Method::Fixed | Method::Bayesian => 2.0 * alpha.get(),
                Method::Sequential { .. } => alpha.get(),
            };
            let level = Alpha::new(level)?;
            let interval = basis.answer(request, level)?.interval;
            let (bound, best) = at_worst_and_best(interval);
            let loss = |effect: f64| match better {
                Better::Higher => -effect,
                Better::Lower => effect,
            };
            let verdict = if loss(bound) < margin {
                Verdict::Holds
            } else if loss(best) > margin {
                Verdict::Broken
            } else {
                Verdict::Inconclusive
            };
            Ok((told(bound, best, None), verdict))
        }
    }
}
