use super::Classification;
use crate::guard::{inside_unit, not_negative};
use crate::numeric::normal_quantile;
use crate::rank::Pair;
use crate::{Failure, InvalidInput, Side};

/// In which direction a change of the metric is a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// As of latencies.
    Increase,
    /// As of throughput.
    Decrease,
    /// Either is.
    #[default]
    Either,
}

/// What stands in for a missing (NaN) point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// Nothing: it is left out.
    #[default]
    Remove,
    /// Zero.
    Replace,
}

/// How the size of a change is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EffectSize {
    /// Mean of the experiment over mean of the control; no number where either is 0.
    #[default]
    MeanRatio,
    /// The chance that a value of the experiment exceeds one of the control, ties counted half: U/(m·n).
    Cles,
}

/// Effect sizes from which on a change counts: ratios, or chances for [`EffectSize::Cles`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// A decrease to this or below counts.
    pub decrease: f64,
    /// An increase to this or above counts.
    pub increase: f64,
}

/// A metric's configuration, with Kayenta's names and defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Which changes are failures.
    pub direction: Direction,
    /// What becomes of NaN.
    pub nan_strategy: Missing,
    /// Whether a failure fails the whole canary.
    pub critical: bool,
    /// Whether an arm without data fails the metric.
    pub must_have_data: bool,
    /// The share of the estimated shift that its interval must stay clear of 0 by; 0 or above.
    pub tolerance: f64,
    /// The chance that this interval holds the shift: 0.98 for 98%.
    pub conf_level: f64,
    /// What `effect_size` and `critical_thresholds` are measured in.
    pub measure: EffectSize,
    /// Allowed decrease and increase; without, those at which nothing has changed.
    pub effect_size: Option<Bounds>,
    /// The same for a critical failure.
    pub critical_thresholds: Option<Bounds>,
    /// Removes outliers beyond this many interquartile ranges (R-7 percentiles), never inside the 1st and 99th
    /// percentile.
    pub outlier_factor: Option<f64>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            direction: Direction::Either,
            nan_strategy: Missing::Remove,
            critical: false,
            must_have_data: false,
            tolerance: 0.25,
            conf_level: 0.98,
            measure: EffectSize::MeanRatio,
            effect_size: None,
            critical_thresholds: None,
            outlier_factor: None,
        }
    }
}

/// A classification with what it rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Classified {
    /// What Kayenta says.
    pub classification: Classification,
    /// Whether it fails the whole canary.
    pub critical: bool,
    /// Mean of the experiment over mean of the control; NaN where either is 0, 1 where not compared.
    pub deviation: f64,
}

/// Classifies one metric of the experiment against the control.
///
/// High where the interval of the Hodges-Lehmann shift lies above `tolerance·|shift|` and the effect
/// size is at least `effect_size.increase` or no number; Low mirrored; else Pass. A critical metric fails critically
/// if it does so beyond `critical_thresholds`, too. The interval is R's asymptotic one with continuity
/// correction ([`Pair::shift_beyond`]). Source: `MannWhitneyClassifier` of `spinnaker/kayenta`, with the
/// differences that [the module](crate::kayenta) names. Values are in any unit, the same for both; a NaN is
/// missing.
///
/// # Errors
///
/// An invalid input for a value that is infinite, a tolerance or outlier factor that is negative or no number, a level
/// outside (0, 1), or a bound that is NaN.
///
/// # Examples
///
/// ```
/// use stats::kayenta::{Classification, Rules, classify};
/// let control = [1.0, 2.2, 1.1, 2.5, 3.0];
/// let experiment = [20.0, 22.0, 21.0, 25.0, 30.0];
/// let found = classify(&control, &experiment, &Rules::default())?;
/// assert_eq!(found.classification, Classification::High);
/// // 118/5 over 9.8/5.
/// assert!((found.deviation - 118.0 / 9.8).abs() < 1e-14);
/// # Ok::<(), stats::Failure>(())
/// ```
pub fn classify(control: &[f64], experiment: &[f64], rules: &Rules) -> Result<Classified, Failure> {
    inside_unit("conf_level", rules.conf_level)?;
    not_negative("tolerance", rules.tolerance)?;
    if let Some(factor) = rules.outlier_factor {
        not_negative("outlier_factor", factor)?;
    }
    let unchanged = match rules.measure {
        EffectSize::MeanRatio => 1.0,
        EffectSize::Cles => 0.5,
    };
    let unchanged = Bounds {
        decrease: unchanged,
        increase: unchanged,
    };
    let allowed = bounds("effect_size", rules.effect_size, unchanged)?;
    let fatal = bounds("critical_thresholds", rules.critical_thresholds, unchanged)?;
    let control = prepared("control", control, rules)?;
    let experiment = prepared("experiment", experiment, rules)?;
    if control.is_empty() || experiment.is_empty() {
        return Ok(without_data(rules));
    }
    let deviation = mean_ratio(&control, &experiment);
    let pair = Pair::new(&experiment, &control)?;
    let first = pair.a()[0];
    let constant = pair.a().iter().chain(pair.b()).all(|value| *value == first);
    if constant || pair.a() == pair.b() {
        return Ok(Classified {
            classification: Classification::Pass,
            critical: false,
            deviation: 1.0,
        });
    }
    let z = -normal_quantile((1.0 - rules.conf_level) / 2.0);
    let shift = pair.shift_beyond(z, Side::Two);
    let margin = rules.tolerance * shift.estimate.abs();
    let effect = match rules.measure {
        EffectSize::MeanRatio => deviation,
        EffectSize::Cles => pair.mann_whitney()?.cles,
    };
    let up = rules.direction != Direction::Decrease && shift.interval.lo > margin;
    let down = rules.direction != Direction::Increase && shift.interval.hi < -margin;
    let (classification, fatal) = if up && reaches(effect, allowed.increase) {
        (Classification::High, reaches(effect, fatal.increase))
    } else if down && reaches(-effect, -allowed.decrease) {
        (Classification::Low, reaches(-effect, -fatal.decrease))
    } else {
        (Classification::Pass, false)
    };
    Ok(Classified {
        classification,
        critical: rules.critical && fatal,
        deviation,
    })
}

/// Whether an effect size is large enough; one that cannot be computed is not asked.
fn reaches(effect: f64, bound: f64) -> bool {
    effect.is_nan() || effect >= bound
}

fn bounds(
    field: &'static str,
    given: Option<Bounds>,
    default: Bounds,
) -> Result<Bounds, InvalidInput> {
    let bounds = given.unwrap_or(default);
    if bounds.decrease.is_nan() || bounds.increase.is_nan() {
        return Err(InvalidInput::new(
            field,
            "a bound is NaN",
            "give two numbers, for a decrease and an increase",
        ));
    }
    Ok(bounds)
}

fn without_data(rules: &Rules) -> Classified {
    let (classification, critical) =
        match (rules.nan_strategy, rules.must_have_data, rules.critical) {
            (Missing::Replace, _, _) => (Classification::Pass, false),
            (Missing::Remove, true, false) => (Classification::NodataFailMetric, false),
            (Missing::Remove, _, critical) => (Classification::Nodata, critical),
        };
    Classified {
        classification,
        critical,
        deviation: 1.0,
    }
}

fn prepared(field: &'static str, values: &[f64], rules: &Rules) -> Result<Vec<f64>, InvalidInput> {
    let mut kept: Vec<f64> = match rules.nan_strategy {
        Missing::Remove => values
            .iter()
            .copied()
            .filter(|value| !value.is_nan())
            .collect(),
        Missing::Replace => values
            .iter()
            .map(|value| if value.is_nan() { 0.0 } else { *value })
            .collect(),
    };
    crate::guard::finite_values(field, &kept)?;
    if let (Some(factor), false) = (rules.outlier_factor, kept.is_empty()) {
        let mut sorted = kept.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let (q1, q3) = (percentile(&sorted, 0.25), percentile(&sorted, 0.75));
        let lowest = percentile(&sorted, 0.01).min(q1 - factor * (q3 - q1));
        let highest = percentile(&sorted, 0.99).max(q3 + factor * (q3 - q1));
        kept.retain(|value| (lowest..=highest).contains(value));
    }
    Ok(kept)
}

/// The quantile by linear interpolation between order statistics: R's type 7.
fn percentile(sorted: &[f64], q: f64) -> f64 {
    let place = q * (sorted.len() - 1) as f64;
    let below = place.floor();
    let low = sorted[below as usize];
    let high = sorted[(below as usize + 1).min(sorted.len() - 1)];
    low + (place - below) * (high - low)
}

fn mean_ratio(control: &[f64], experiment: &[f64]) -> f64 {
    let (control, experiment) = (mean(control), mean(experiment));
    if control == 0.0 || experiment == 0.0 {
        return f64::NAN;
    }
    experiment / control
}

/// In two passes, as Apache Commons Math does; each share by itself where the sum would overflow.
fn mean(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let sum: f64 = values.iter().sum();
    if sum.is_infinite() {
        return values.iter().map(|value| value / n).sum();
    }
    let first = sum / n;
    first + values.iter().map(|value| value - first).sum::<f64>() / n
}

#[cfg(test)]
mod tests;
