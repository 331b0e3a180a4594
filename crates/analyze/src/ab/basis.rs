//! What two arms come to before the level of error is chosen.

use super::metric::{Direction, Kind, Metric};
use super::refusal::Refusal;
use super::{Method, Request};
use crate::join::Sums;
use quantiles::Quantiles;
use serde::Serialize;
use stats::count::{Events, central};
use stats::effect::{self, Proportion, QuantileArm, Share};
use stats::numeric::student_quantile;
use stats::sequential::{Conversions, LEAST_EVENTS, Portion};
use stats::{Alpha, Better, Difference, Estimate, Failure, Interval};
use std::sync::Arc;

mod quantiles;

/// Below so many conversions in an arm the normal approximation is no good: the counts are compared.
pub(super) const RARE: u64 = LEAST_EVENTS;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Basis {
    /// In the metric's unit, or by the delta method; and what of the level its sequence may spend.
    Estimate(Estimate, Portion),
    /// A share of the control, by the test of the difference itself; and the same.
    Share(Share, Portion),
    /// Values whose quantiles are compared at every look.
    Quantiles(Arc<Quantiles>),
    Counts(Counts),
}

/// How figures come about that do not go by the method of the whole report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Conversions are so few that their counts are compared, by their exact distribution. Effect and
    /// interval are relative, whatever was asked.
    ExactCounts,
    /// The same, at every look.
    SequentialCounts,
    /// A quantile at every look, by how many values lie below each candidate.
    SequentialQuantile,
}

/// Conversions too few for an estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Counts {
    pub(super) control: Proportion,
    pub(super) treatment: Proportion,
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

/// The basis, and of CUPED the slope it adjusted by.
pub(super) fn basis(
    request: &Request,
    metric: &Metric,
    [control, treatment]: [&Sums; 2],
) -> Result<(Basis, Option<f64>), Refusal> {
    let question = request.question;
    // A belief is about the relative effect as the delta method has it, as in gbstats.
    let shares = question.difference == Difference::Relative && request.method != Method::Bayesian;
    let mut theta = None;
    let basis = match (control, treatment) {
        (Sums::Mean(control), Sums::Mean(treatment)) if shares => {
            Basis::of_share(Share::of_means(control, treatment)?)
        }
        (Sums::Mean(control), Sums::Mean(treatment)) => {
            Basis::of_estimate(effect::mean(control, treatment, question)?)
        }
        (Sums::Share { x, n }, Sums::Share { x: more, n: of }) => {
            let (control, treatment) = (Proportion::new(*x, *n)?, Proportion::new(*more, *of)?);
            let conversions = Conversions::new(control, treatment);
            let portion = conversions.portion();
            if conversions.are_few() {
                Basis::Counts(Counts { control, treatment })
            } else if shares {
                Basis::Share(Share::of_proportions(control, treatment)?, portion)
            } else {
                Basis::Estimate(effect::proportion(control, treatment, question)?, portion)
            }
        }
        (Sums::Ratio(control), Sums::Ratio(treatment)) if shares => {
            Basis::of_share(Share::of_ratios(control.pairs(), treatment.pairs())?)
        }
        (Sums::Ratio(control), Sums::Ratio(treatment)) => {
            let ratio = effect::ratio(control.pairs(), treatment.pairs(), question)?;
            Basis::of_estimate(ratio.estimate)
        }
        (
            Sums::Adjusted { pairs: control, .. },
            Sums::Adjusted {
                pairs: treatment, ..
            },
        ) => {
            let (control, treatment) = (control.pairs(), treatment.pairs());
            let (basis, slope) = if shares {
                let (share, slope) = Share::of_cuped(control, treatment)?;
                (Basis::of_share(share), slope)
            } else {
                let adjusted = effect::cuped(control, treatment, question)?;
                (Basis::of_estimate(adjusted.estimate), adjusted.theta)
            };
            theta = Some(slope);
            basis
        }
        (Sums::Values(control), Sums::Values(treatment)) => {
            let Kind::Quantile(q) = metric.kind else {
                return Err(Refusal::Defect(
                    "values are kept of a metric that is no quantile",
                ));
            };
            if let Method::Sequential { tuning } = request.method {
                let arms = [control, treatment];
                Basis::Quantiles(Arc::new(Quantiles::of(
                    arms,
                    q,
                    question.difference,
                    tuning,
                )?))
            } else {
                let arm = |values: &crate::join::Values| -> Result<QuantileArm, Failure> {
                    let n = values.n();
                    let found = values.quantile(q)?;
                    Ok(QuantileArm::new(n, n, q, found.value, found.lo, found.hi)?)
                };
                Basis::of_estimate(effect::quantile(
                    &arm(control)?,
                    &arm(treatment)?,
                    question,
                )?)
            }
        }
        _ => return Err(Refusal::Defect("two arms are measured in two ways")),
    };
    Ok((basis, theta))
}

impl Basis {
    /// How far from 0 both arms are, in standard errors; ∞ where no means are compared.
    pub(super) const fn signal(&self) -> f64 {
        match self {
            Self::Estimate(estimate, _) => estimate.signal,
            Self::Share(share, _) => share.absolute().signal,
            Self::Quantiles(_) | Self::Counts(_) => f64::INFINITY,
        }
    }

    const fn of_estimate(estimate: Estimate) -> Self {
        Self::Estimate(estimate, Portion::WHOLE)
    }

    const fn of_share(share: Share) -> Self {
        Self::Share(share, Portion::WHOLE)
    }

    /// What of the level is spent, where another method has the rest.
    pub(super) fn spent(&self, method: Method) -> Option<Portion> {
        let portion = match (self, method) {
            (_, Method::Fixed | Method::Bayesian) | (Self::Quantiles(_), _) => Portion::WHOLE,
            (Self::Estimate(_, portion) | Self::Share(_, portion), _) => *portion,
            (Self::Counts(counts), _) => counts.conversions().portion(),
        };
        (portion != Portion::WHOLE).then_some(portion)
    }

    /// How the figures come about, where that is not the method of the whole report.
    pub(super) const fn compared_by(&self, method: Method) -> Option<By> {
        match (self, method) {
            (Self::Estimate(..) | Self::Share(..), _) => None,
            (Self::Quantiles(_), _) => Some(By::SequentialQuantile),
            (Self::Counts(_), Method::Sequential { .. }) => Some(By::SequentialCounts),
            (Self::Counts(_), Method::Fixed | Method::Bayesian) => Some(By::ExactCounts),
        }
    }

    /// Effect, interval and p at a level of error.
    pub(super) fn answer(&self, request: &Request, alpha: Alpha) -> Result<Answer, Failure> {
        match (self, request.method) {
            (Self::Counts(counts), method) => counts.answer(method, alpha),
            (Self::Quantiles(values), _) => values.answer(alpha),
            (Self::Share(share, portion), Method::Sequential { tuning }) => {
                let apart = share.absolute();
                let (reach, p) = portion.sequence(apart, request.question, tuning, alpha)?;
                Ok(of_share(share, share.within(reach), p))
            }
            (Self::Share(share, _), Method::Fixed | Method::Bayesian) => {
                Ok(of_share(share, share.interval(alpha), share.absolute().p))
            }
            (Self::Estimate(estimate, portion), Method::Sequential { tuning }) => {
                let (reach, p) = portion.sequence(estimate, request.question, tuning, alpha)?;
                Ok(of(estimate, reach, p))
            }
            (Self::Estimate(estimate, _), Method::Fixed | Method::Bayesian) => {
                let reach = -student_quantile(0.5 * alpha.get(), estimate.df);
                Ok(of(estimate, reach, estimate.p))
            }
        }
    }

    /// The interval that goes with a p after Holm over `all` comparisons: the one at the level of error
    /// at which this comparison alone would be rejected; never narrower than the one it had.
    pub(super) fn adjusted(
        &self,
        request: &Request,
        (p, adjusted): (f64, f64),
        all: usize,
    ) -> Option<Interval> {
        let own = self.answer(request, request.question.alpha).ok()?.interval;
        #[expect(clippy::cast_precision_loss, reason = "a handful of comparisons")]
        let times = if adjusted < 1.0 && p > 0.0 {
            adjusted / p
        } else {
            all as f64
        };
        let alpha = Alpha::new(request.question.alpha.get() / times.max(1.0)).ok()?;
        let wider = self.answer(request, alpha).ok()?.interval;
        Some(Interval {
            lo: own.lo.min(wider.lo),
            hi: own.hi.max(wider.hi),
        })
    }
}

fn of(estimate: &Estimate, reach: f64, p: f64) -> Answer {
    Answer {
        effect: estimate.effect,
        interval: estimate.within(reach),
        stderr: Some(estimate.stderr),
        p,
    }
}

fn of_share(share: &Share, interval: Interval, p: f64) -> Answer {
    Answer {
        effect: share.effect(),
        interval,
        stderr: Some(share.stderr()),
        p,
    }
}

impl Counts {
    const fn conversions(&self) -> Conversions {
        Conversions::new(self.control, self.treatment)
    }

    /// The change of the rate relative to the control's, by the counts alone.
    fn answer(&self, method: Method, alpha: Alpha) -> Result<Answer, Failure> {
        #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
        let events = |arm: Proportion| Events {
            count: arm.x(),
            exposure: arm.n() as f64,
        };
        let (ratio, interval, p) = match method {
            Method::Sequential { .. } => {
                let found = self.conversions().counts(alpha)?;
                (found.rate_ratio, found.rate_ratio_interval, found.p)
            }
            Method::Fixed | Method::Bayesian => {
                let found = central(events(self.control), events(self.treatment), alpha)?;
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
