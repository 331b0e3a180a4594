//! A canary in a ramp while the rate of both arms changes.

use super::draw::Draw;
use super::trial::{Look, Outcome, follow_to_stop};
use stats::judge::{Observed, Rule, Trials, Verdict, judge};

/// How the trials of the two halves are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    ByPeriod,
    AddedUp,
}

/// The canary has 5% of the traffic in the first half, 50% in the second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ramp {
    pub(crate) rule: Rule,
    /// The baseline's rate in the first half.
    pub(crate) base: f64,
    /// What the base rate is multiplied by in the second.
    pub(crate) later: f64,
    /// The canary's rate over the baseline's, less 1.
    pub(crate) change: f64,
    pub(crate) way: Way,
}

pub(crate) const LOOKS: usize = 16;
pub(crate) const EACH: usize = 750;

/// One canary, stopped by its first "fail".
pub(crate) fn ramp(ramp: &Ramp, draw: &mut Draw) -> Outcome {
    let mut arms = [[Trials { x: 0, n: 0 }; 2]; 2];
    follow_to_stop(LOOKS as u64, |number| {
        let half = usize::from(number as usize > LOOKS / 2);
        let base = ramp.base * [1.0, ramp.later][half];
        for _ in 0..EACH {
            let arm = usize::from(draw.chance([0.05, 0.5][half]));
            let trials = &mut arms[arm][half];
            trials.n += 1;
            trials.x += u64::from(draw.chance(base * [1.0, 1.0 + ramp.change][arm]));
        }
        let [control, canary] = arms.each_ref().map(|arm| &arm[..=half]);
        let added = |arm: &[Trials]| Trials {
            x: arm.iter().map(|trials| trials.x).sum(),
            n: arm.iter().map(|trials| trials.n).sum(),
        };
        let observed = match ramp.way {
            Way::ByPeriod => Observed::RateByPeriod { control, canary },
            Way::AddedUp => Observed::Rate {
                control: added(control),
                canary: added(canary),
            },
        };
        judge(&observed, &ramp.rule).map_or(Look::NOTHING, |judgement| Look {
            rejects: judgement.verdict == Verdict::Fail,
            covers: true,
        })
    })
}
