//! Rates and counts: sums over rows that may come in bursts, and the rest of what mostly succeeds.

use super::counts::pairs;
use super::series::Series;
use crate::Number;
use serde::Serialize;
use stats::count::{Dispersion, Events, Independent, dispersion, dispersion_of_pairs};
use stats::judge::{Judgement, Observed, Reason, Rule, Trials, Verdict, Worse, judge};
use stats::{Failure, Interval, InvalidInput};

/// Above such a rate a large change of the rest is a small one of the rate.
const MOSTLY: f64 = 0.9;

/// Fewer blocks of rows differ by chance too much for the largest of several differences to be told.
const FEWEST_BLOCKS: usize = 10;

/// How much farther apart rows are than independent events would be, as programs read it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bursts {
    /// The variance between rows over that of independent events; the counts are divided by it.
    pub ratio: f64,
}

/// The rest of a rate that passed, which by the same rule does not.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rest {
    pub effect: Number,
    pub interval: [Number; 2],
}

/// None where rows differ by no more than chance, or there are too few to tell.
///
/// Bursts may last, so that neighbouring rows go along with each other: rows are added up to blocks of two, four
/// and so on, and of all sizes the one that differs the most is told.
pub(super) fn bursts(
    series: [&Series<'_>; 2],
    events: &str,
    over: &str,
    as_if: Independent,
) -> Result<Option<Bursts>, InvalidInput> {
    let arms = series.map(|series| rows(series, events, over));
    // Rows of one place are of one time where the arms have as many: what both go through is no burst of one.
    if arms[0].len() == arms[1].len() {
        let both = arms[0].iter().zip(&arms[1]);
        let pairs: Vec<[Events; 2]> = both
            .filter_map(|(control, canary)| Some([(*control)?, (*canary)?]))
            .collect();
        let paired = |every| dispersion_of_pairs(&blocks(&pairs, every), as_if);
        if paired(1).is_ok() {
            return clearest(pairs.len(), paired);
        }
    }
    let [control, canary] = arms.map(|rows| -> Vec<[Events; 1]> {
        let told = rows.into_iter().flatten();
        told.map(|row| [row]).collect()
    });
    clearest(control.len() + canary.len(), |every| {
        let [control, canary] = [&control, &canary].map(|rows| blocks(rows, every).concat());
        dispersion([&control, &canary], as_if)
    })
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

/// The sums of `every` rows at a time; what is left over at the end is no block.
fn blocks<const ARMS: usize>(rows: &[[Events; ARMS]], every: usize) -> Vec<[Events; ARMS]> {
    rows.chunks_exact(every)
        .map(|block| {
            std::array::from_fn(|arm| Events {
                count: block.iter().map(|row| row[arm].count).sum(),
                exposure: block.iter().map(|row| row[arm].exposure).sum(),
            })
        })
        .collect()
}

/// Over the rows, and all sizes of blocks of them for which there are enough.
fn clearest(
    rows: usize,
    of_blocks: impl Fn(usize) -> Result<Dispersion, Failure>,
) -> Result<Option<Bursts>, InvalidInput> {
    let mut most: Option<Bursts> = None;
    let mut every = 1;
    loop {
        match of_blocks(every) {
            Ok(found) => {
                let Dispersion { ratio, .. } = found;
                if found.is_clear() && most.is_none_or(|most| ratio > most.ratio) {
                    most = Some(Bursts { ratio });
                }
            }
            Err(Failure::CannotCompute(_)) => return Ok(most),
            Err(Failure::Invalid(invalid)) => return Err(invalid),
        }
        every *= 2;
        if rows / every < FEWEST_BLOCKS {
            return Ok(most);
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "counts stay below 2^53, and what they are divided by is above 1"
)]
fn worth(count: u64, ratio: f64) -> u64 {
    (count as f64 / ratio).round() as u64
}

impl Bursts {
    /// The trials that tell as much as these.
    fn trials(self, of: Trials) -> Trials {
        let n = worth(of.n, self.ratio).max(of.n.min(1));
        let rare = of.x.min(of.n - of.x);
        let kept = worth(rare, self.ratio).min(n);
        let x = if rare == of.x { kept } else { n - kept };
        Trials { x, n }
    }

    fn events(self, of: Events) -> Events {
        Events {
            count: worth(of.count, self.ratio),
            exposure: of.exposure / self.ratio,
        }
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
    worth.reason = told(worth.reason, &whole, &rule);
    Ok(worth)
}

/// The reason with the change that was seen, also where what is left of the events is none.
fn told(reason: Reason, whole: &Judgement, rule: &Rule) -> Reason {
    let seen = whole.effect.unwrap_or(f64::NAN);
    match reason {
        Reason::NoEvents {
            bound,
            margin: Some(margin),
        } => {
            let points = Interval {
                lo: -bound,
                hi: bound,
            };
            if bound <= margin {
                Reason::WithinMargin { points, margin }
            } else {
                Reason::MarginOpen { points, margin }
            }
        }
        Reason::NoEvents { margin: None, .. } | Reason::NoCounts { .. } => Reason::Open {
            effect: seen,
            interval: Interval {
                lo: -1.0,
                hi: f64::INFINITY,
            },
            tolerance: rule.tolerance,
        },
        mut other => {
            if let Reason::Beyond { effect, .. }
            | Reason::Within { effect, .. }
            | Reason::Open { effect, .. } = &mut other
                && !seen.is_nan()
            {
                *effect = seen;
            }
            other
        }
    }
}

/// What is not so of a rate that is mostly so, where that is worse by more than is tolerated: a thousandth
/// of failures that becomes a twentieth is a twentieth off the successes.
pub(super) fn rest(
    control: Trials,
    canary: Trials,
    bursts: Option<Bursts>,
    rule: &Rule,
) -> Result<Option<Rest>, InvalidInput> {
    #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
    let mostly = control.x as f64 > MOSTLY * control.n as f64;
    if !mostly {
        return Ok(None);
    }
    let [control, canary] = [control, canary].map(|Trials { x, n }| Trials { x: n - x, n });
    let rule = Rule {
        worse: match rule.worse {
            Worse::Higher => Worse::Lower,
            Worse::Lower => Worse::Higher,
            Worse::Either => Worse::Either,
        },
        ..*rule
    };
    let judgement = judged(&Observed::Rate { control, canary }, bursts, &rule)?;
    let told = judgement.effect.zip(judgement.interval);
    Ok(told
        .filter(|_| judgement.verdict == Verdict::Fail)
        .map(|(effect, interval)| Rest {
            effect: Number(effect),
            interval: [Number(interval.lo.max(-1.0)), Number(interval.hi)],
        }))
}
