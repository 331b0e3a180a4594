//! Rates and counts: sums over rows that may come in bursts.

use super::counts::pairs;
use super::series::Series;
use serde::Serialize;
use stats::InvalidInput;
use stats::count::{Dispersion, Events, Independent};
use stats::judge::{Judgement, Observed, Rule, in_bursts, judge};

/// How much farther apart rows are than independent events would be, as programs read it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bursts {
    /// The variance between rows over that of independent events; the counts are divided by it.
    pub ratio: f64,
}

/// None where rows differ by no more than chance, or there are too few to tell.
pub(super) fn bursts(
    series: [&Series<'_>; 2],
    events: &str,
    over: &str,
    as_if: Independent,
) -> Result<Option<Bursts>, InvalidInput> {
    let [control, canary] = series.map(|series| rows(series, events, over));
    let found = stats::count::bursts(&control, &canary, as_if)?;
    Ok(found.map(|Dispersion { ratio, .. }| Bursts { ratio }))
}

/// What has been read as whole numbers; a row without a value, or over nothing, tells nothing.
fn rows(series: &Series<'_>, events: &str, over: &str) -> Vec<Option<Events>> {
    pairs(series, events, over)
        .map(|(_, pair)| {
            let (x, exposure) = pair.filter(|(_, over)| *over > 0.0)?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a whole number from 0 to 2^53, as the sums before have checked"
            )]
            let count = x as u64;
            Some(Events { count, exposure })
        })
        .collect()
}

/// By what the events are worth, where they come in bursts.
pub(super) fn judged(
    observed: &Observed<'_>,
    bursts: Option<Bursts>,
    rule: &Rule,
) -> Result<Judgement, InvalidInput> {
    match bursts {
        Some(Bursts { ratio }) => in_bursts(observed, ratio, rule),
        None => judge(observed, rule),
    }
}
