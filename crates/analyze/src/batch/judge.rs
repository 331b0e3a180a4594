mod place;

use super::inputs::{finite, nothing_but};
use super::{Answer, Inputs, Refused, Stop};
use crate::{Count, Number};
use place::at_the_input;
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

/// What the metric's type calls for: `values`, or `x` and `n`, or `count` and `exposure`; of the latter two also
/// `periods`, one for each split of the traffic.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Arm {
    values: Option<Vec<Number>>,
    x: Option<Count>,
    n: Option<Count>,
    count: Option<Count>,
    exposure: Option<Number>,
    periods: Option<Vec<Period>>,
}

/// What was seen while the split of the traffic stayed as it was.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Period {
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
    let (trials, events);
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
        Kind::Rate if control.periods.is_some() || canary.periods.is_some() => {
            trials = [
                control.by_period("control", Period::trials)?,
                canary.by_period("canary", Period::trials)?,
            ];
            Observed::RateByPeriod {
                control: &trials[0],
                canary: &trials[1],
            }
        }
        Kind::Count if control.periods.is_some() || canary.periods.is_some() => {
            events = [
                control.by_period("control", Period::events)?,
                canary.by_period("canary", Period::events)?,
            ];
            Observed::CountByPeriod {
                control: &events[0],
                canary: &events[1],
            }
        }
        Kind::Rate => Observed::Rate {
            control: control.whole().trials("control")?,
            canary: canary.whole().trials("canary")?,
        },
        Kind::Count => Observed::Count {
            control: control.whole().events("control")?,
            canary: canary.whole().events("canary")?,
        },
    };
    control.only("control", metric.kind)?;
    canary.only("canary", metric.kind)?;
    if metric.q.is_some() && !matches!(metric.kind, Kind::Quantile) {
        return Err(Refused::useless("metric.q", "it is for the type quantile only").into());
    }
    let judgement = judge(&observed, &rule).map_err(|invalid| at_the_input(invalid, &observed))?;
    // Where ranks tell no change neither is one.
    let told = judgement.means.is_none();
    let interval = judgement
        .interval
        .filter(|_| told)
        .map(|interval| [Number(interval.lo), Number(interval.hi)]);
    let answer = Answer::new()
        .text("verdict", judgement.verdict.name())
        .text("reason", judgement.reason.to_string())
        .value("n", json!(judgement.n))
        .maybe("effect", judgement.effect.filter(|_| told))
        .value("interval", json!(interval))
        .text("method", judgement.method.name())
        .number("alpha", judgement.alpha)
        .text(
            "looks",
            match rule.looks {
                Looks::Any => "any",
                Looks::One => "one",
            },
        );
    Ok(match judgement.means {
        Some(means) => answer.numbers("means", &means),
        None => answer,
    })
}

impl Kind {
    /// What an arm is given as.
    const fn inputs(self) -> &'static [&'static str] {
        match self {
            Self::Continuous | Self::Quantile => &["values"],
            Self::Rate => &["x", "n", "periods"],
            Self::Count => &["count", "exposure", "periods"],
        }
    }
}

impl Arm {
    /// That nothing is given that a metric of this type does not take.
    fn only(&self, place: &str, kind: Kind) -> Result<(), Refused> {
        let lists = [
            ("values", self.values.is_some()),
            ("periods", self.periods.is_some()),
        ];
        nothing_but(kind.inputs(), place, &lists)?;
        self.whole().only(place, kind)?;
        for (index, period) in self.periods.iter().flatten().enumerate() {
            period.only(&format!("{place}.periods[{index}]"), kind)?;
        }
        Ok(())
    }

    fn values(&self, arm: &str) -> Result<Vec<f64>, Refused> {
        let values = needed(arm, "values", self.values.as_deref())?;
        finite(&format!("{arm}.values"), values)
    }

    /// The one period that an arm without periods is.
    const fn whole(&self) -> Period {
        Period {
            x: self.x,
            n: self.n,
            count: self.count,
            exposure: self.exposure,
        }
    }

    fn by_period<T>(
        &self,
        arm: &str,
        read: impl Fn(&Period, &str) -> Result<T, Refused>,
    ) -> Result<Vec<T>, Refused> {
        let periods = needed(arm, "periods", self.periods.as_deref())?;
        for (name, given) in self.whole().given() {
            if given {
                return Err(Refused::field(
                    &format!("{arm}.{name}"),
                    "the periods have it already",
                    "leave it out, or the periods",
                ));
            }
        }
        let at = |(index, period)| read(period, &format!("{arm}.periods[{index}]"));
        periods.iter().enumerate().map(at).collect()
    }
}

impl Period {
    const fn given(&self) -> [(&'static str, bool); 4] {
        [
            ("x", self.x.is_some()),
            ("n", self.n.is_some()),
            ("count", self.count.is_some()),
            ("exposure", self.exposure.is_some()),
        ]
    }

    fn only(&self, place: &str, kind: Kind) -> Result<(), Refused> {
        nothing_but(kind.inputs(), place, &self.given())
    }

    fn trials(&self, place: &str) -> Result<Trials, Refused> {
        Ok(Trials {
            x: needed(place, "x", self.x)?.get(),
            n: needed(place, "n", self.n)?.get(),
        })
    }

    fn events(&self, place: &str) -> Result<Events, Refused> {
        Ok(Events {
            count: needed(place, "count", self.count)?.get(),
            exposure: needed(place, "exposure", self.exposure)?.get(),
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
