use super::{Answer, Inputs, Refused, Stop};
use crate::Number;
use stats::kayenta::{Bounds, Direction, EffectSize, Missing, Rules, classify};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Metric {
    /// A missing point is NaN or null.
    control: Vec<Option<Number>>,
    experiment: Vec<Option<Number>>,
    #[serde(default)]
    direction: DirectionName,
    #[serde(default)]
    nan_strategy: MissingName,
    #[serde(default)]
    critical: bool,
    #[serde(default)]
    must_have_data: bool,
    tolerance: Option<Number>,
    conf_level: Option<Number>,
    /// Allowed decrease, allowed increase.
    #[serde(default)]
    effect_size: Vec<Number>,
    /// Critical decrease, critical increase.
    #[serde(default)]
    critical_thresholds: Vec<Number>,
    #[serde(default)]
    measure: MeasureName,
    outlier_factor: Option<Number>,
}

#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum DirectionName {
    Increase,
    Decrease,
    #[default]
    Either,
}

#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum MissingName {
    /// Kayenta reads its "none" as this.
    #[default]
    #[serde(alias = "none")]
    Remove,
    Replace,
}

#[derive(Default, serde::Deserialize)]
enum MeasureName {
    #[default]
    #[serde(rename = "meanRatio", alias = "mean_ratio")]
    MeanRatio,
    #[serde(rename = "cles")]
    Cles,
}

pub(super) fn answer(inputs: Inputs) -> Result<Answer, Stop> {
    let metric: Metric = inputs.read()?;
    let usual = Rules::default();
    let rules = Rules {
        direction: match metric.direction {
            DirectionName::Increase => Direction::Increase,
            DirectionName::Decrease => Direction::Decrease,
            DirectionName::Either => Direction::Either,
        },
        nan_strategy: match metric.nan_strategy {
            MissingName::Remove => Missing::Remove,
            MissingName::Replace => Missing::Replace,
        },
        critical: metric.critical,
        must_have_data: metric.must_have_data,
        tolerance: metric.tolerance.map_or(usual.tolerance, Number::get),
        conf_level: metric.conf_level.map_or(usual.conf_level, Number::get),
        measure: match metric.measure {
            MeasureName::MeanRatio => EffectSize::MeanRatio,
            MeasureName::Cles => EffectSize::Cles,
        },
        effect_size: bounds("effect_size", &metric.effect_size)?,
        critical_thresholds: bounds("critical_thresholds", &metric.critical_thresholds)?,
        outlier_factor: metric.outlier_factor.map(Number::get),
    };
    let found = classify(
        &points("control", &metric.control)?,
        &points("experiment", &metric.experiment)?,
        &rules,
    )?;
    Ok(Answer::new()
        .text("classification", found.classification.name())
        .flag("critical", found.critical)
        .number("deviation", found.deviation))
}

fn points(field: &str, values: &[Option<Number>]) -> Result<Vec<f64>, Refused> {
    let values = values
        .iter()
        .map(|value| value.map_or(f64::NAN, Number::get));
    let values: Vec<f64> = values.collect();
    match values.iter().position(|value| value.is_infinite()) {
        Some(index) => Err(Refused::field(
            &format!("{field}[{index}]"),
            format!("it is {}", Number(values[index])),
            "leave such a point out, or give NaN or null where it is missing",
        )),
        None => Ok(values),
    }
}

fn bounds(field: &str, given: &[Number]) -> Result<Option<Bounds>, Refused> {
    match given {
        [] => Ok(None),
        [decrease, increase] if decrease.get().is_nan() || increase.get().is_nan() => {
            let index = usize::from(!decrease.get().is_nan());
            Err(Refused::field(
                &format!("{field}[{index}]"),
                "it is NaN",
                "give a number, as 0.8 for a decrease and 1.2 for an increase",
            ))
        }
        [decrease, increase] => Ok(Some(Bounds {
            decrease: decrease.get(),
            increase: increase.get(),
        })),
        _ => Err(Refused::field(
            field,
            format!("it has the length {}, not 2", given.len()),
            "give two, for a decrease and an increase, or none for the defaults",
        )),
    }
}
