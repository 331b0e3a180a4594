//! The judge on rows that depend on the rows before them, as averages over time of one host do.

use super::draw::Draw;
use super::judged::Canary;
use super::trial::{Look, Outcome, follow_to_stop};
use stats::dependence::dependence;
use stats::judge::{Observed, judge};

/// What makes the logarithms of the values, whose standard deviation is 0.6 but for the day's.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Noise {
    /// An autoregression: neighbours correlate by so much, rows k apart by its k-th power.
    Memory(f64),
    /// A drift that remembers 0.98 of itself, of 15% of the variance, under noise that remembers nothing.
    Drift,
    /// As `Memory`, on a day of 1,440 rows that both arms go through, of as much again.
    Day(f64),
    /// An autoregression in each arm, of the control and of the canary.
    Apart(f64, f64),
}

impl Noise {
    pub(crate) fn name(self) -> String {
        match self {
            Self::Memory(memory) => memory.to_string(),
            Self::Drift => "0.15, a slow drift under noise".to_owned(),
            Self::Day(memory) => format!("{memory}, and a day that both share"),
            Self::Apart(control, canary) => format!("{control}, of the canary {canary}"),
        }
    }

    /// Control and canary.
    fn arms(self, rows: u64, draw: &mut Draw) -> [Vec<f64>; 2] {
        let each = match self {
            Self::Apart(control, canary) => [Self::Memory(control), Self::Memory(canary)],
            same => [same, same],
        };
        each.map(|noise| noise.arm(rows, draw))
    }

    fn arm(self, rows: u64, draw: &mut Draw) -> Vec<f64> {
        let (memory, part, day) = match self {
            Self::Memory(memory) | Self::Apart(_, memory) => (memory, 1.0, 0.0),
            Self::Drift => (0.98, 0.15, 0.0),
            Self::Day(memory) => (memory, 1.0, std::f64::consts::SQRT_2),
        };
        let (slow, fast) = (f64::sqrt(part), f64::sqrt(1.0 - part));
        let fresh = (1.0 - memory * memory).sqrt();
        let mut last = draw.normal();
        let mut value = |row: u64| {
            last = memory * last + fresh * draw.normal();
            let own = if fast > 0.0 {
                slow * last + fast * draw.normal()
            } else {
                last
            };
            let hour = row as f64 / 1_440.0 * std::f64::consts::TAU;
            100.0 * (0.6 * (own + day * hour.sin())).exp()
        };
        (0..rows).map(&mut value).collect()
    }
}

/// Which rows are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    All,
    /// Every so many-th, as [`dependence`] says of what is there at that look; none where it says none.
    Thinned,
    /// The same, of a control that has one row more, so that rows are no pairs.
    OneMore,
}

/// One canary, row by row; told is the step at the last look, 0 for none.
pub(crate) fn rows(noise: Noise, rows: Rows, canary: &Canary, draw: &mut Draw) -> Outcome {
    breaking(noise, rows, (Way::At, 0), canary, draw)
}

/// How a canary changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    At,
    /// Evenly until the last row.
    Leak,
}

/// The same of one that changes from row `from` on.
pub(crate) fn breaking(
    noise: Noise,
    rows: Rows,
    (way, from): (Way, usize),
    canary: &Canary,
    draw: &mut Draw,
) -> Outcome {
    let more = usize::from(rows == Rows::OneMore);
    let all = canary.looks * canary.each;
    let [control, mut changed] = noise.arms(all + more as u64, draw);
    let last = (all as usize - from) as f64;
    for (row, value) in changed[from..].iter_mut().enumerate() {
        let part = match way {
            Way::At => 1.0,
            Way::Leak => (row + 1) as f64 / last,
        };
        *value *= 1.0 + part * canary.change;
    }
    let mut last = 1;
    let outcome = follow_to_stop(canary.looks, |look| {
        let there = (look * canary.each) as usize;
        let (control, changed) = (&control[..there + more], &changed[..there]);
        let step = match rows {
            Rows::All => Some(1),
            Rows::Thinned | Rows::OneMore => {
                dependence(control, changed).map_or(Some(1), |found| found.step)
            }
        };
        last = step.unwrap_or(0);
        let Some(step) = step else {
            return Look::NOTHING;
        };
        let every = |rows: &[f64]| -> Vec<f64> { rows.iter().copied().step_by(step).collect() };
        let observed = Observed::Continuous {
            control: &every(control),
            canary: &every(changed),
        };
        canary.seen(judge(&observed, &canary.rule).ok())
    });
    Outcome {
        told: Some(last as u64),
        ..outcome
    }
}
