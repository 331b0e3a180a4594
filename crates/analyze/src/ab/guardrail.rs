//! A metric that must not get worse by more than a margin.

use super::basis::Basis;
use super::report::{Guardrail, Verdict};
use super::{Method, Request};
use crate::Number;
use stats::non_inferiority::{self, non_inferiority};
use stats::{Alpha, Better, CannotCompute, Difference, Estimate, Question, Side, sequential};

/// Whether it holds, one-sided at the level of the report, each guardrail for itself: missing a harm
/// is worse than a false alarm.
pub(super) fn guardrail(
    request: &Request,
    basis: &Basis,
    margin: f64,
    better: Better,
) -> Result<(Guardrail, Verdict), CannotCompute> {
    let alpha = request.question.alpha;
    let told = |bound: f64, p: Option<f64>| Guardrail {
        margin: Number(margin),
        bound: Number(bound),
        p: p.map(Number),
    };
    match (basis, request.method) {
        (Basis::Estimate(estimate), Method::Fixed | Method::Bayesian) => {
            let found = non_inferiority(estimate, margin, better, alpha)
                .map_err(|_| CannotCompute::TooFew)?;
            let verdict = match found.verdict {
                non_inferiority::Verdict::NonInferior => Verdict::Holds,
                non_inferiority::Verdict::Inferior => Verdict::Broken,
                non_inferiority::Verdict::Inconclusive => Verdict::Inconclusive,
            };
            Ok((told(found.bound, Some(found.p)), verdict))
        }
        (Basis::Estimate(estimate), Method::Sequential { tuning }) => {
            let ask = |side: Side, effect: f64| {
                let question = Question {
                    side,
                    ..request.question
                };
                sequential::asymptotic(
                    &Estimate {
                        effect,
                        ..*estimate
                    },
                    question,
                    tuning,
                )
                .map_err(|_| CannotCompute::TooFew)
            };
            let (good, bad, from_margin) = match better {
                Better::Higher => (Side::Greater, Side::Less, estimate.effect + margin),
                Better::Lower => (Side::Less, Side::Greater, estimate.effect - margin),
            };
            let own = ask(good, estimate.effect)?.interval;
            let held = ask(good, from_margin)?.p;
            let broken = ask(bad, from_margin)?.p;
            let verdict = match (held < alpha.get(), broken < alpha.get()) {
                (true, _) => Verdict::Holds,
                (false, true) => Verdict::Broken,
                (false, false) => Verdict::Inconclusive,
            };
            let bound = if better == Better::Higher {
                own.lo
            } else {
                own.hi
            };
            Ok((told(bound, Some(held)), verdict))
        }
        // Counts know ratios only, and a margin in points is none.
        (Basis::Counts(_), _) if request.question.difference == Difference::Absolute => {
            Err(CannotCompute::TooFew)
        }
        (Basis::Counts(_), _) => {
            // Each end of a two-sided interval at 2α is one-sided at α.
            let double = Alpha::new(2.0 * alpha.get()).map_err(|_| CannotCompute::TooFew)?;
            let interval = basis.answer(request, double)?.interval;
            let (worst, best) = match better {
                Better::Higher => (-interval.lo, -interval.hi),
                Better::Lower => (interval.hi, interval.lo),
            };
            let verdict = if worst < margin {
                Verdict::Holds
            } else if best > margin {
                Verdict::Broken
            } else {
                Verdict::Inconclusive
            };
            let bound = if better == Better::Higher {
                -worst
            } else {
                worst
            };
            Ok((told(bound, None), verdict))
        }
    }
}
