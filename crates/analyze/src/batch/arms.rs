//! The arms of a comparison as requests write them, and as `stats` takes them.

use super::{Answer, Refused, Stop};
use crate::{Count, Number};
use serde::Deserialize;
use stats::effect::Proportion;
use stats::{Estimate, Failure, InvalidInput, Moments, PairMoments, Question};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProportionArm {
    x: Count,
    n: Count,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MeanArm {
    n: Count,
    sum: Number,
    sum_sq: Number,
}

/// Σx and Σx² of one of two series.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sums {
    sum: Number,
    sum_sq: Number,
}

impl Sums {
    pub(super) const fn pair(&self) -> (f64, f64) {
        (self.sum.get(), self.sum_sq.get())
    }
}

/// An arm of either kind: `x` and `n`, or `n`, `sum` and `sum_sq`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnyArm {
    n: Count,
    x: Option<Count>,
    sum: Option<Number>,
    sum_sq: Option<Number>,
}

/// An input that is wrong in one arm: `sum` becomes `control.sum`.
pub(super) fn within(arm: &'static str) -> impl Fn(InvalidInput) -> Refused {
    move |invalid| {
        let path = format!("{arm}.{}", invalid.field);
        Refused::field(&path, invalid.why, invalid.remedy)
    }
}

/// What sums have no answer to, with the arm that they are of.
fn of_arm(arm: &'static str, field: impl Fn(&str) -> String) -> impl Fn(Failure) -> Stop {
    move |failure| match failure {
        Failure::CannotCompute(why) => Stop::Arm(arm, why),
        Failure::Invalid(invalid) => {
            let path = format!("{arm}.{}", field(invalid.field));
            Refused::field(&path, invalid.why, invalid.remedy).into()
        }
    }
}

impl ProportionArm {
    pub(super) fn parse(&self, arm: &'static str) -> Result<Proportion, Refused> {
        Proportion::new(self.x.get(), self.n.get()).map_err(within(arm))
    }
}

impl MeanArm {
    pub(super) fn parse(&self, arm: &'static str) -> Result<Moments, Stop> {
        Moments::from_sums(self.n.get(), self.sum.get(), self.sum_sq.get())
            .map_err(of_arm(arm, str::to_owned))
    }
}

/// The pairs of one arm, with the names that the request has for x and y.
pub(super) fn pairs(
    arm: &'static str,
    n: Count,
    (x_name, x): (&'static str, &Sums),
    (y_name, y): (&'static str, &Sums),
    (product_name, product): (&'static str, Number),
) -> Result<PairMoments, Stop> {
    let named = |field: &str| match field.split_once('.') {
        Some(("x", rest)) => format!("{x_name}.{rest}"),
        Some(("y", rest)) => format!("{y_name}.{rest}"),
        _ if field == "sum_prod" => product_name.to_owned(),
        _ => field.to_owned(),
    };
    PairMoments::from_sums(n.get(), x.pair(), y.pair(), product.get()).map_err(of_arm(arm, named))
}

/// Compares two arms as what they are: proportions or means.
pub(super) fn compare_any(
    control: &AnyArm,
    treatment: &AnyArm,
    question: Question,
) -> Result<Estimate, Stop> {
    if let Some([control, treatment]) = proportions(control, treatment)? {
        return Ok(stats::effect::proportion(control, treatment, question)?);
    }
    let [control, treatment] = means(control, treatment)?;
    Ok(stats::effect::mean(&control, &treatment, question)?)
}

/// Both arms, where both are means.
pub(super) fn means(control: &AnyArm, treatment: &AnyArm) -> Result<[Moments; 2], Stop> {
    Ok([control.mean("control")?, treatment.mean("treatment")?])
}

/// Both arms, where both are proportions.
pub(super) fn proportions(
    control: &AnyArm,
    treatment: &AnyArm,
) -> Result<Option<[Proportion; 2]>, Refused> {
    if control.x.is_none() && treatment.x.is_none() {
        return Ok(None);
    }
    let control = control.proportion("control")?;
    let treatment = treatment.proportion("treatment")?;
    Ok(Some([control, treatment]))
}

impl AnyArm {
    fn proportion(&self, arm: &'static str) -> Result<Proportion, Refused> {
        if self.sum.is_some() || self.sum_sq.is_some() {
            return Err(mixed(arm));
        }
        let x = self.x.ok_or_else(|| mixed(arm))?;
        ProportionArm { x, n: self.n }.parse(arm)
    }

    fn mean(&self, arm: &'static str) -> Result<Moments, Stop> {
        match (self.x, self.sum, self.sum_sq) {
            (None, Some(sum), Some(sum_sq)) => MeanArm {
                n: self.n,
                sum,
                sum_sq,
            }
            .parse(arm),
            _ => Err(mixed(arm).into()),
        }
    }
}

fn mixed(arm: &'static str) -> Refused {
    Refused::field(
        arm,
        "it is neither a proportion nor a mean",
        "give both arms x and n, or both n, sum and sum_sq",
    )
}

/// The fields that every comparison of two arms answers with.
pub(super) fn told(estimate: &Estimate) -> Answer {
    Answer::new()
        .number("effect", estimate.effect)
        .interval("interval", estimate.interval.lo, estimate.interval.hi)
        .number("p", estimate.p)
        .number("stderr", estimate.stderr)
}
