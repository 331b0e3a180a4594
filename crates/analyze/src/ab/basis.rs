//! What two arms come to before the level of error is chosen: an estimate, or counts of rare events.

use super::metric::{Direction, Kind, Metric};
use super::{Method, Request};
use crate::join::Sums;
use stats::count::{Events, central};
use stats::effect::{self, Proportion, QuantileArm};
use stats::sequential::{self, CountsQuestion};
use stats::{Alpha, Better, CannotCompute, Difference, Estimate, Failure, Interval, adjust};

/// Below so many conversions in an arm the normal approximation is no good, and the relative and the
/// absolute difference may contradict each other.
const RARE: u64 = 10;

/// Below so many conversions in an arm the counts are compared. A relative sequence needs more than a
/// single look does.
pub(super) fn rare(request: &Request) -> u64 {
    match (request.method, request.question.difference) {
        (Method::Sequential { .. }, Difference::Relative) => sequential::LEAST_EVENTS,
        _ => RARE,
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Basis {
    Estimate(Estimate),
    Counts(Counts),
}

/// Conversions too few for an estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Counts {
    pub(super) control: Proportion,
    pub(super) treatment: Proportion,
    /// The planned shares of the two, adding up to 1.
    shares: [f64; 2],
}

/// What a method says at a level of error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) effect: f64,
    pub(super) interval: Interval,
    pub(super) stderr: Option<f64>,
    pub(super) p: f64,
}

pub(super) const fn better(direction: Direction) -> Better {
    match direction {
        Direction::Up => Better::Higher,
        Direction::Down => Better::Lower,
    }
}

/// The basis, and of CUPED the slope it adjusted by. `planned` are the shares of control and treatment.
pub(super) fn basis(
    request: &Request,
    metric: &Metric,
    [control, treatment]: [&Sums; 2],
    planned: [f64; 2],
) -> Result<(Basis, Option<f64>), CannotCompute> {
    let question = request.question;
    let mut theta = None;
    let estimate = match (control, treatment) {
        (Sums::Mean(control), Sums::Mean(treatment)) => effect::mean(control, treatment, question)?,
        (Sums::Share { x, n }, Sums::Share { x: more, n: of }) => {
            // At most one for each unit, so the counts are always sound.
            let proportion = |x, n| Proportion::new(x, n).map_err(|_| CannotCompute::TooFew);
            let (control, treatment) = (proportion(*x, *n)?, proportion(*more, *of)?);
            if control.n().min(treatment.n()) == 0 {
                return Err(CannotCompute::EmptyArm);
            }
            if control.x().min(treatment.x()) < rare(request) {
                let counts = Counts::new(control, treatment, planned)?;
                return Ok((Basis::Counts(counts), None));
            }
            if let Method::Sequential { tuning } = request.method {
                // Refuses what has as few units without a conversion.
                sequential::proportion(control, treatment, question, tuning).map_err(
                    |failure| match failure {
                        Failure::CannotCompute(cannot) => cannot,
                        Failure::Invalid(_) => CannotCompute::TooFew,
                    },
                )?;
            }
            effect::proportion(control, treatment, question)?
        }
        (Sums::Ratio(control), Sums::Ratio(treatment)) => {
            effect::ratio(control, treatment, question)?.estimate
        }
        (
            Sums::Adjusted { pairs: control, .. },
            Sums::Adjusted {
                pairs: treatment, ..
            },
        ) => {
            let adjusted = effect::cuped(control, treatment, question)?;
            theta = Some(adjusted.theta);
            adjusted.estimate
        }
        (Sums::Values(control), Sums::Values(treatment)) => {
            let Kind::Quantile(q) = metric.kind else {
                return Err(CannotCompute::EmptyArm);
            };
            let arm = |values: &crate::join::Values| {
                let n = values.n();
                let found = values.quantile(q)?;
                QuantileArm::new(n, n, q, found.value, found.lo, found.hi)
                    .map_err(|_| CannotCompute::TooFew)
            };
            effect::quantile(&arm(control)?, &arm(treatment)?, question)?
        }
        _ => return Err(CannotCompute::EmptyArm),
    };
    Ok((Basis::Estimate(estimate), theta))
}

impl Basis {
    /// How the figures come about, where that is not the method of the whole report.
    pub(super) const fn counted(&self, method: Method) -> Option<&'static str> {
        match (self, method) {
            (Self::Estimate(_), _) => None,
            (Self::Counts(_), Method::Sequential { .. }) => Some("sequential_counts"),
            (Self::Counts(_), Method::Fixed | Method::Bayesian) => Some("exact_counts"),
        }
    }

    /// Effect, interval and p at a level of error.
    pub(super) fn answer(&self, request: &Request, alpha: Alpha) -> Result<Answer, CannotCompute> {
        match (self, request.method) {
            (Self::Counts(counts), method) => counts.answer(method, alpha),
            (Self::Estimate(estimate), Method::Sequential { tuning }) => {
                let question = stats::Question {
                    alpha,
                    ..request.question
                };
                sequential::asymptotic(estimate, question, tuning)
                    .map(|at_any_time| of(&at_any_time))
                    .map_err(|_| CannotCompute::TooFew)
            }
            (Self::Estimate(estimate), Method::Fixed | Method::Bayesian) => Ok(of(estimate)),
        }
    }

    /// The interval that goes with a p after Holm over `all` comparisons; never narrower than the one
    /// it had.
    pub(super) fn adjusted(
        &self,
        request: &Request,
        (p, adjusted): (f64, f64),
        all: usize,
    ) -> Option<Interval> {
        let own = self.answer(request, request.question.alpha).ok()?.interval;
        let wider = match (self, request.method) {
            (Self::Estimate(estimate), Method::Fixed | Method::Bayesian) => {
                adjust::interval(estimate, adjusted, request.question).ok()?
            }
            // p times k is the level of error over k.
            _ => {
                #[expect(clippy::cast_precision_loss, reason = "a handful of comparisons")]
                let times = if adjusted < 1.0 && p > 0.0 {
                    adjusted / p
                } else {
                    all as f64
                };
                let alpha = Alpha::new(request.question.alpha.get() / times.max(1.0)).ok()?;
                self.answer(request, alpha).ok()?.interval
            }
        };
        Some(Interval {
            lo: own.lo.min(wider.lo),
            hi: own.hi.max(wider.hi),
        })
    }
}

fn of(estimate: &Estimate) -> Answer {
    Answer {
        effect: estimate.effect,
        interval: estimate.interval,
        stderr: Some(estimate.stderr),
        p: estimate.p,
    }
}

impl Counts {
    fn new(
        control: Proportion,
        treatment: Proportion,
        planned: [f64; 2],
    ) -> Result<Self, CannotCompute> {
        if control.x() + treatment.x() == 0 {
            return Err(CannotCompute::TooFew);
        }
        #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
        let seen = [control.n() as f64, treatment.n() as f64];
        // A variant that was not planned has no other share than the one it got.
        let of = if planned.iter().all(|share| *share > 0.0) {
            planned
        } else {
            seen
        };
        let control_share = of[0] / (of[0] + of[1]);
        Ok(Self {
            control,
            treatment,
            shares: [control_share, 1.0 - control_share],
        })
    }

    /// The change of the rate relative to the control's, by the counts alone.
    fn answer(&self, method: Method, alpha: Alpha) -> Result<Answer, CannotCompute> {
        #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
        let events = |arm: Proportion| Events {
            count: arm.x(),
            exposure: arm.n() as f64,
        };
        let (ratio, interval, p) = match method {
            Method::Sequential { .. } => {
                let question = CountsQuestion {
                    prior: self.shares.map(|share| 2.0 * share),
                    shares: self.shares,
                    alpha,
                };
                let found = sequential::counts([self.control.x(), self.treatment.x()], &question)
                    .map_err(|_| CannotCompute::TooFew)?;
                (found.rate_ratio, found.rate_ratio_interval, found.p)
            }
            Method::Fixed | Method::Bayesian => {
                let found = central(events(self.control), events(self.treatment), alpha)
                    .map_err(|_| CannotCompute::TooFew)?;
                (found.rate_ratio, found.interval, found.p)
            }
        };
        Ok(Answer {
            effect: ratio - 1.0,
            interval: Interval {
                lo: interval.lo - 1.0,
                hi: interval.hi - 1.0,
            },
            stderr: None,
            p,
        })
    }
}
