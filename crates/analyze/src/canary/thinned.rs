//! Which rows of a column are compared: not more than have forgotten each other.

use super::series::Series;
use serde::Serialize;
use stats::dependence::{Dependence, Longer, dependence};
use std::num::NonZeroUsize;
use std::str::FromStr;

/// Of so many rows from the first on the dependence is read; more would take long and tell little more.
const READ: usize = 100_000;

/// How far apart the rows are that are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Every {
    /// As far as it takes until rows have nearly forgotten each other, column by column.
    #[default]
    Auto,
    /// Every so many-th row; 1 is all of them.
    Row(NonZeroUsize),
}

impl FromStr for Every {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(row) => Ok(Self::Row(row)),
            Err(_) if text == "auto" => Ok(Self::Auto),
            Err(_) => Err("give auto, or a whole number from 1, as 7; 1 is every row".to_owned()),
        }
    }
}

/// How the rows of a column depend on those before them, as programs read it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Memory {
    /// The rank correlation of neighbouring rows.
    pub rank_correlation: f64,
    /// Rows so far apart have nearly forgotten each other; 1 where neighbours have. None where no
    /// rows that are compared could be far enough apart.
    pub forgotten_after: Option<usize>,
    /// After so many rows they come back, as those of hosts that take turns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub back_after: Option<usize>,
    /// Why the canary's rows remember for clearly longer than the baseline's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary_longer: Option<CanaryLonger>,
}

/// What the canary's rows remember beyond the baseline's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CanaryLonger {
    /// What one change on the way explains, and was taken for.
    Changes,
    /// More than that.
    Remembers,
}

/// The rows of a column that are compared.
pub(super) struct Compared {
    pub(super) control: Vec<f64>,
    pub(super) canary: Vec<f64>,
    /// Rows without a value, of all.
    pub(super) missing: [u64; 2],
    pub(super) every: usize,
    pub(super) memory: Option<Memory>,
}

pub(super) fn compared(
    column: &str,
    every: Every,
    baseline: &Series<'_>,
    canary: &Series<'_>,
) -> Compared {
    let (control, canary) = (baseline.rows(column), canary.rows(column));
    let memory = memory(control, canary);
    let every = match (every, memory) {
        (Every::Row(row), _) => row.get(),
        (Every::Auto, Some(memory)) => memory.forgotten_after.unwrap_or(1),
        (Every::Auto, None) => 1,
    };
    let thinned = |rows: &[f64]| -> Vec<f64> {
        let rows = rows.iter().copied().step_by(every);
        rows.filter(|value| !value.is_nan()).collect()
    };
    let missing = |rows: &[f64]| rows.iter().filter(|value| value.is_nan()).count() as u64;
    Compared {
        control: thinned(control),
        canary: thinned(canary),
        missing: [missing(control), missing(canary)],
        every,
        memory,
    }
}

/// None where there is too little to tell, or nothing that varies.
pub(super) fn memory(control: &[f64], canary: &[f64]) -> Option<Memory> {
    memory_of_head(control, canary, READ)
}

fn memory_of_head(control: &[f64], canary: &[f64], most: usize) -> Option<Memory> {
    let head = |rows: &[f64], most: usize| rows.len().min(most);
    // Rows of one place are paired where the arms have as many; cut ones must not look like that.
    let apart = usize::from(control.len() != canary.len());
    let (control, canary) = (
        &control[..head(control, most)],
        &canary[..head(canary, most - apart)],
    );
    let Dependence {
        neighbours,
        step,
        turn,
        canary_longer,
        ..
    } = dependence(control, canary).ok()?;
    Some(Memory {
        rank_correlation: neighbours,
        forgotten_after: step,
        back_after: turn,
        canary_longer: canary_longer.map(|longer| match longer {
            Longer::Changes => CanaryLonger::Changes,
            Longer::Remembers => CanaryLonger::Remembers,
        }),
    })
}

impl Memory {
    /// Whether rows that are `every` rows apart still depend on each other.
    pub(super) fn reaches(&self, every: usize) -> bool {
        self.forgotten_after.is_none_or(|step| step > every)
    }
}

/// "every 7th row".
pub(super) fn every_row(every: usize) -> String {
    let end = match (every % 10, every % 100) {
        (1, 1) | (1, 21..) => "st",
        (2, 2) | (2, 21..) => "nd",
        (3, 3) | (3, 21..) => "rd",
        _ => "th",
    };
    match every {
        1 => "every row".to_owned(),
        _ => format!("every {every}{end} row"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_in_words() {
        for (every, words) in [
            (1, "every row"),
            (2, "every 2nd row"),
            (3, "every 3rd row"),
            (4, "every 4th row"),
            (11, "every 11th row"),
            (12, "every 12th row"),
            (13, "every 13th row"),
            (21, "every 21st row"),
            (22, "every 22nd row"),
            (111, "every 111th row"),
            (123, "every 123rd row"),
        ] {
            assert_eq!(every_row(every), words);
        }
    }

    #[test]
    fn every_is_auto_or_a_number_of_rows() {
        assert_eq!("auto".parse(), Ok(Every::Auto));
        assert_eq!("7".parse(), Ok(Every::Row(NonZeroUsize::new(7).unwrap())));
        for bad in ["0", "-1", "1.5", "", "all"] {
            let why = bad.parse::<Every>().unwrap_err();
            assert!(why.contains("give auto"), "{bad}: {why}");
        }
    }

    const MOST: usize = 2_000;

    /// Values that change every `times` rows, `more` rows than are read.
    fn held(times: usize, more: usize) -> Vec<f64> {
        let step = |i: usize| ((i / times * 7_919 + 13) % 10_007 * 31 % 1_009) as f64;
        (0..MOST + more).map(|i| 100.0 + step(i)).collect()
    }

    fn told(control: &[f64], canary: &[f64]) -> Memory {
        memory_of_head(control, canary, MOST).unwrap()
    }

    #[test]
    fn what_is_read_of_long_files_is_their_head() {
        let (mut rows, other) = (held(1, 200), held(1, 100));
        let before = told(&rows, &other);
        rows[MOST..].fill(1.0);
        assert_eq!(told(&rows, &other), before);
        rows[MOST - 100..].fill(1.0);
        assert_ne!(told(&rows, &other), before);
    }

    #[test]
    fn arms_of_other_lengths_are_no_pairs_even_where_both_are_cut() {
        // What both share is no dependence between pairs, and one within each arm.
        let shared = held(50, 10);
        let arm = |add: usize| -> Vec<f64> {
            let noise = |i: usize| 1.0 + ((i * 37 + add) % 101) as f64 / 1e4;
            let shared = shared.iter().enumerate();
            shared.map(|(i, value)| value * noise(i)).collect()
        };
        let (control, canary) = (arm(0), arm(3));
        assert!(told(&control, &canary).rank_correlation < 0.5);
        let shorter = &canary[..canary.len() - 1];
        assert!(told(&control, shorter).rank_correlation > 0.9);
    }
}
