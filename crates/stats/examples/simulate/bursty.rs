//! The judge on rows of errors that come in bursts.

use super::draw::Draw;
use super::judged::Canary;
use super::trial::{Look, Outcome, follow_to_stop};
use stats::count::{Events, Independent, bursts};
use stats::judge::{Observed, Trials, Verdict, in_bursts, judge};

/// Each row has so many requests.
const REQUESTS: f64 = 1_000.0;

/// What a row's errors are drawn from, one a row on average beside it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Course {
    /// Nothing else.
    Independent,
    /// In one row of thirty 50 more.
    Scattered,
    /// In one row of sixty a burst begins, of 20 more in each of ten rows on average.
    Lasting,
    /// Three a row, times the exponential of a normal course that remembers 0.9 of itself, of spread 0.7.
    Drifting,
    /// In one row of sixty 100 times as many, in both arms at once.
    Shared,
}

impl Course {
    pub(crate) const ALL: [Self; 5] = [
        Self::Independent,
        Self::Scattered,
        Self::Lasting,
        Self::Drifting,
        Self::Shared,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Independent => "independent errors",
            Self::Scattered => "bursts of one row",
            Self::Lasting => "bursts of ten rows",
            Self::Drifting => "a rate that drifts",
            Self::Shared => "bad minutes of both",
        }
    }

    /// Two arms, the first with so many times the traffic, the second with so many times the errors.
    fn arms(
        self,
        rows: u64,
        [traffic, times]: [f64; 2],
        draw: &mut Draw,
    ) -> [Vec<Option<Events>>; 2] {
        let bad: Vec<bool> = (0..rows).map(|_| draw.chance(1.0 / 60.0)).collect();
        [[traffic, 1.0], [1.0, times]].map(|[traffic, times]| {
            let (mut lasts, mut drift) = (false, draw.normal());
            let mut mean = |row: usize| match self {
                Self::Independent => 1.0,
                Self::Scattered if draw.chance(1.0 / 30.0) => 51.0,
                Self::Scattered => 1.0,
                Self::Lasting => {
                    lasts = draw.chance(if lasts { 0.9 } else { 1.0 / 60.0 });
                    if lasts { 21.0 } else { 1.0 }
                }
                Self::Drifting => {
                    drift = 0.9 * drift + 0.19_f64.sqrt() * draw.normal();
                    3.0 * (0.7 * drift - 0.245).exp()
                }
                Self::Shared if bad[row] => 100.0,
                Self::Shared => 1.0,
            };
            let means: Vec<f64> = (0..rows as usize)
                .map(|row| traffic * times * mean(row))
                .collect();
            let events = |mean: f64| Events {
                count: draw.poisson(mean).min((traffic * REQUESTS) as u64),
                exposure: traffic * REQUESTS,
            };
            means.into_iter().map(events).map(Some).collect()
        })
    }
}

/// Whether bursts are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    AsIndependent,
    InBursts,
}

/// One canary, `each` rows at a time, ended by the first `verdict`; told is the dispersion at the last look.
pub(crate) fn rows(
    course: Course,
    taken: Taken,
    verdict: Verdict,
    canary: &Canary,
    draw: &mut Draw,
) -> Outcome {
    let arms = [canary.control_for_one as f64, 1.0 + canary.change];
    let [control, treated] = course.arms(canary.looks * canary.each, arms, draw);
    let mut told = 1;
    let outcome = follow_to_stop(canary.looks, |look| {
        let there = (look * canary.each) as usize;
        let (control, treated) = (&control[..there], &treated[..there]);
        let sum = |rows: &[Option<Events>]| Trials {
            x: rows.iter().flatten().map(|row| row.count).sum(),
            n: rows.iter().flatten().map(|row| row.exposure as u64).sum(),
        };
        let observed = Observed::Rate {
            control: sum(control),
            canary: sum(treated),
        };
        let found = match taken {
            Taken::AsIndependent => None,
            Taken::InBursts => bursts(control, treated, Independent::Trials).ok().flatten(),
        };
        let judgement = match found {
            Some(found) => {
                told = found.ratio.round() as u64;
                in_bursts(&observed, found.ratio, &canary.rule)
            }
            None => judge(&observed, &canary.rule),
        };
        Look {
            rejects: judgement.is_ok_and(|found| found.verdict == verdict),
            covers: true,
        }
    });
    Outcome {
        told: Some(told),
        ..outcome
    }
}
