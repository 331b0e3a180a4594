//! Where in a request an input of the judge stands that it refuses.

use super::super::Refused;
use stats::InvalidInput;
use stats::judge::Observed;

/// The names of `stats` as the request has them.
pub(super) fn at_the_input(invalid: InvalidInput, observed: &Observed<'_>) -> Refused {
    match invalid.field {
        "q" | "tolerance" | "margin" => Refused::from(invalid).inside("metric", &[]),
        // The values are finite, so it is what is tolerated that is not.
        "a" | "b" => Refused::field(
            "metric.tolerance",
            "a value this share larger is beyond what a double holds",
            "give a smaller share, or values in a unit in which they are nearer 1",
        ),
        "exposure" => match least(observed) {
            Some(path) => Refused::from(invalid).named(&path),
            None => invalid.into(),
        },
        field => match field.split_once(".periods.") {
            Some((arm, name)) => of_period(invalid, arm, name, observed),
            None => invalid.into(),
        },
    }
}

/// The period of an arm that is wrong, or all of them where it is their sum.
fn of_period(invalid: InvalidInput, arm: &str, name: &str, observed: &Observed<'_>) -> Refused {
    let of = usize::from(arm == "canary");
    let index = match observed {
        Observed::RateByPeriod { control, canary } if name == "x" => {
            let mut periods = [control, canary][of].iter();
            periods.position(|trials| trials.x > trials.n)
        }
        Observed::CountByPeriod { control, canary } if name == "exposure" => {
            let mut periods = [control, canary][of].iter();
            periods.position(|events| !(events.exposure > 0.0 && events.exposure.is_finite()))
        }
        _ => None,
    };
    match index {
        Some(index) => Refused::from(invalid).named(&format!("{arm}.periods[{index}].{name}")),
        None => Refused::field(
            &format!("{arm}.periods"),
            format!("{name} over all of them: {}", invalid.why),
            invalid.remedy,
        ),
    }
}

/// The path to what is least beside the other arm's.
fn least(observed: &Observed<'_>) -> Option<String> {
    let (name, by_period, pairs): (_, _, Vec<[f64; 2]>) = match observed {
        Observed::Count { control, canary } => {
            ("exposure", false, vec![[control.exposure, canary.exposure]])
        }
        Observed::CountByPeriod { control, canary } => {
            let pairs = control.iter().zip(*canary);
            let exposures = pairs.map(|(control, canary)| [control.exposure, canary.exposure]);
            ("exposure", true, exposures.collect())
        }
        Observed::Rate { control, canary } => {
            ("n", false, vec![[control.n as f64, canary.n as f64]])
        }
        Observed::RateByPeriod { control, canary } => {
            let pairs = control.iter().zip(*canary);
            let trials = pairs.map(|(control, canary)| [control.n as f64, canary.n as f64]);
            // A period without trials in an arm is left out of the comparison.
            let trials = trials.map(|pair| {
                if pair.contains(&0.0) {
                    [1.0, 1.0]
                } else {
                    pair
                }
            });
            ("n", true, trials.collect())
        }
        Observed::Continuous { .. } | Observed::Quantile { .. } => return None,
    };
    let share = |pair: &[f64; 2]| pair[0].min(pair[1]) / pair[0].max(pair[1]);
    let (index, pair) = pairs
        .iter()
        .enumerate()
        .min_by(|(_, one), (_, other)| share(one).total_cmp(&share(other)))?;
    let arm = if pair[0] < pair[1] {
        "control"
    } else {
        "canary"
    };
    Some(if by_period {
        format!("{arm}.periods[{index}].{name}")
    } else {
        format!("{arm}.{name}")
    })
}
