//! Rates and counts: sums over rows that may come in bursts.

use super::counts::pairs;
use super::series::Series;
use serde::Serialize;
use stats::count::{Dispersion, Events, Independent, dispersion};
use stats::judge::{Judgement, Observed, Reason, Rule, Trials, judge};
use stats::{Failure, InvalidInput};

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
    match dispersion([&control, &canary], as_if) {
        Ok(found @ Dispersion { ratio, .. }) => Ok(found.is_clear().then_some(Bursts { ratio })),
        Err(Failure::CannotCompute(_)) => Ok(None),
        Err(Failure::Invalid(invalid)) => Err(invalid),
    }
}

/// What has been read as whole numbers; rows over nothing tell nothing.
fn rows(series: &Series<'_>, events: &str, over: &str) -> Vec<Events> {
    pairs(series, events, over)
        .filter_map(|(_, pair)| pair.filter(|(_, over)| *over > 0.0))
        .map(|(x, exposure)| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a whole number from 0 to 2^53, as the sums before have checked"
            )]
            let count = x as u64;
            Events { count, exposure }
        })
        .collect()
}

/// A count worth less, in whole events; what is above 0 stays so.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "counts stay below 2^53, and what they are divided by is above 1"
)]
fn worth(count: u64, ratio: f64) -> u64 {
    ((count as f64 / ratio).round() as u64).max(count.min(1))
}

impl Bursts {
    /// The trials that tell as much as these; their rate is the same but for the rounding of what is many.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "counts stay below 2^53, and the share is below 1"
    )]
    fn trials(self, of: Trials) -> Trials {
        let rare = of.x.min(of.n - of.x);
        let kept = worth(rare, self.ratio);
        let n = if rare == 0 {
            worth(of.n, self.ratio)
        } else {
            ((of.n as f64 * (kept as f64 / rare as f64)).round() as u64).max(kept)
        };
        let x = if rare == of.x { kept } else { n - kept };
        Trials { x, n }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
    fn events(self, of: Events) -> Events {
        let count = worth(of.count, self.ratio);
        let share = if count == 0 {
            1.0 / self.ratio
        } else {
            count as f64 / of.count as f64
        };
        let exposure = of.exposure * share;
        Events { count, exposure }
    }

    fn of<'a>(self, observed: &Observed<'a>) -> Observed<'a> {
        match *observed {
            Observed::Rate { control, canary } => Observed::Rate {
                control: self.trials(control),
                canary: self.trials(canary),
            },
            Observed::Count { control, canary } => Observed::Count {
                control: self.events(control),
                canary: self.events(canary),
            },
            other => other,
        }
    }
}

/// The judgement of counts that come in bursts: by what they are worth, told with the figures there are.
pub(super) fn judged(
    observed: &Observed<'_>,
    bursts: Option<Bursts>,
    rule: &Rule,
) -> Result<Judgement, InvalidInput> {
    let whole = judge(observed, rule)?;
    let Some(bursts) = bursts else {
        return Ok(whole);
    };
    // What there is too little of is so whatever it is worth.
    if matches!(
        whole.reason,
        Reason::NoData | Reason::TooFew { .. } | Reason::NoEvents { .. } | Reason::NoCounts { .. }
    ) {
        return Ok(whole);
    }
    let rule = Rule {
        min_sample: 0,
        ..*rule
    };
    let mut worth = judge(&bursts.of(observed), &rule)?;
    worth.n = whole.n;
    worth.effect = whole.effect;
    if let (
        Some(of),
        Reason::Beyond { effect, .. } | Reason::Within { effect, .. } | Reason::Open { effect, .. },
    ) = (whole.effect, &mut worth.reason)
    {
        *effect = of;
    }
    Ok(worth)
}
