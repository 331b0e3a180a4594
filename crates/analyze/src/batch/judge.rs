use super::inputs::finite;
use super::{Answer, Inputs, Refused, Stop};
use crate::{Count, Number};
use serde_json::json;
use stats::count::Events;
use stats::judge::{Looks, Observed, Rule, Trials, Worse, judge};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Canary {
    control: Arm,
    canary: Arm,
    metric: Metric,
}

/// What the metric's type calls for: `values`, or `x` and `n`, or `count` and `exposure`.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Arm {
    values: Option<Vec<Number>>,
    x: Option<Count>,
    n: Option<Count>,
    count: Option<Count>,
    exposure: Option<Number>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Metric {
    #[serde(rename = "type")]
    kind: Kind,
    /// Which change is for the worse.
    #[serde(default)]
    direction: Direction,
    tolerance: Option<Number>,
    /// For type "rate": what is accepted whatever the baseline, in points.
    margin: Option<Number>,
    min_sample: Option<Count>,
    /// For type "quantile".
    q: Option<Number>,
    #[serde(default)]
    looks: LooksName,
}

#[derive(Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Continuous,
    Rate,
    Count,
    Quantile,
}

#[derive(Clone, Copy, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Direction {
    #[default]
    #[serde(alias = "higher")]
    Increase,
    #[serde(alias = "lower")]
    Decrease,
    Either,
}

#[derive(Clone, Copy, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum LooksName {
    #[default]
    Any,
    One,
}

pub(super) fn answer(inputs: Inputs) -> Result<Answer, Stop> {
    let alpha = inputs.question().alpha;
    let Canary {
        control,
        canary,
        metric,
    } = inputs.read()?;
    let usual = Rule::default();
    let rule = Rule {
        worse: match metric.direction {
            Direction::Increase => Worse::Higher,
            Direction::Decrease => Worse::Lower,
            Direction::Either => Worse::Either,
        },
        tolerance: metric.tolerance.map_or(usual.tolerance, Number::get),
        margin: metric.margin.map(Number::get),
        min_sample: metric.min_sample.map_or(usual.min_sample, Count::get),
        alpha,
        looks: match metric.looks {
            LooksName::Any => Looks::Any,
            LooksName::One => Looks::One,
        },
    };
    let (before, after);
    let observed = match metric.kind {
        Kind::Continuous => {
            (before, after) = (control.values("control")?, canary.values("canary")?);
            Observed::Continuous {
                control: &before,
                canary: &after,
            }
        }
        Kind::Quantile => {
            (before, after) = (control.values("control")?, canary.values("canary")?);
            Observed::Quantile {
                q: needed("metric", "q", metric.q)?.get(),
                control: &before,
                canary: &after,
            }
        }
        Kind::Rate => Observed::Rate {
            control: control.trials("control")?,
            canary: canary.trials("canary")?,
        },
        Kind::Count => Observed::Count {
            control: control.events("control")?,
            canary: canary.events("canary")?,
        },
    };
    let judgement = judge(&observed, &rule).map_err(at_the_input)?;
    let interval = judgement
        .interval
        .map(|interval| [Number(interval.lo), Number(interval.hi)]);
    Ok(Answer::new()
        .text("verdict", judgement.verdict.name())
        .text("reason", judgement.reason.to_string())
        .value("n", json!(judgement.n))
        .maybe("effect", judgement.effect)
        .value("interval", json!(interval))
        .text("method", judgement.method.name())
        .number("alpha", judgement.alpha)
        .text(
            "looks",
            match rule.looks {
                Looks::Any => "any",
                Looks::One => "one",
            },
        ))
}

/// The names of `stats` as the request has them.
fn at_the_input(invalid: stats::InvalidInput) -> Refused {
    match invalid.field {
        "q" | "tolerance" | "margin" => Refused::from(invalid).inside("metric", &[]),
        // The values are finite, so it is what is tolerated that is not.
        "a" | "b" => Refused::field(
            "metric.tolerance",
            "a value this share larger is beyond what a double holds",
            "give a smaller share, or values in a unit in which they are nearer 1",
        ),
        _ => invalid.into(),
    }
}

impl Arm {
    fn values(&self, arm: &str) -> Result<Vec<f64>, Refused> {
        let values = needed(arm, "values", self.values.as_deref())?;
        finite(&format!("{arm}.values"), values)
    }

    fn trials(&self, arm: &str) -> Result<Trials, Refused> {
        Ok(Trials {
            x: needed(arm, "x", self.x)?.get(),
            n: needed(arm, "n", self.n)?.get(),
        })
    }

    fn events(&self, arm: &str) -> Result<Events, Refused> {
        Ok(Events {
            count: needed(arm, "count", self.count)?.get(),
            exposure: needed(arm, "exposure", self.exposure)?.get(),
        })
    }
}

fn needed<T>(place: &str, field: &str, value: Option<T>) -> Result<T, Refused> {
    value.ok_or_else(|| {
        Refused::field(
            &format!("{place}.{field}"),
            "a metric of this type needs it",
            "add it, or give the metric another type",
        )
    })
}
