//! Values that both arms have in common: what rounding may hide behind them, and what ranks say all the same.

use super::{Rule, Worse};
use crate::rank::Pair;

/// From this share of all values on, ranks compare little but how often one value occurs.
const MOST: f64 = 0.5;

/// The value that most of both arms have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Most {
    pub(super) value: f64,
    /// Of the values of both arms together.
    pub(super) share: f64,
}

/// The value that fills at least half of both arms together and occurs in both.
pub(super) fn most(pair: &Pair) -> Option<Most> {
    let all = (pair.a().len() + pair.b().len()) as f64;
    // Whatever fills half of a sample lies in its middle: only these can fill half of both.
    [pair.a(), pair.b()]
        .into_iter()
        .flat_map(|sorted| [sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]])
        .map(|value| {
            let in_both = count(pair.a(), value).min(count(pair.b(), value)) > 0;
            let share = (count(pair.a(), value) + count(pair.b(), value)) as f64 / all;
            (in_both, Most { value, share })
        })
        .find(|(in_both, most)| *in_both && most.share >= MOST)
        .map(|(_, most)| most)
}

fn count(sorted: &[f64], value: f64) -> usize {
    sorted.partition_point(|x| *x <= value) - sorted.partition_point(|x| *x < value)
}

/// The two as far apart as equal values allow: the canary (a) at its least against the baseline at its most,
/// and the other way round.
pub(super) struct Apart {
    pub(super) lowest: Pair,
    pub(super) highest: Pair,
}

/// Both arms with every value that they share moved as far as rounding may have moved it: up to half-way to the
/// next value of either arm. None where they share none.
///
/// Values that are recorded in steps are equal where the figures behind them are not, and a shift between
/// those is hidden by up to a step. The differences of the values moved apart bound those of the figures
/// behind them, and so an end of their interval bounds its end. Beyond the last value the step is taken to be as wide
/// as the one before it.
pub(super) fn apart(pair: &Pair) -> Option<Apart> {
    let steps = steps(pair);
    if steps.is_empty() {
        return None;
    }
    let moved = |values: &[f64], upward: bool| -> Vec<f64> {
        let mut next = steps.iter().peekable();
        let mut moved = Vec::with_capacity(values.len());
        for value in values {
            while next.next_if(|step| step.value < *value).is_some() {}
            moved.push(match next.peek() {
                Some(step) if step.value == *value && upward => step.highest,
                Some(step) if step.value == *value => step.lowest,
                _ => *value,
            });
        }
        moved
    };
    let of = |upward| Pair::new(&moved(pair.a(), upward), &moved(pair.b(), !upward)).ok();
    Some(Apart {
        lowest: of(false)?,
        highest: of(true)?,
    })
}

/// A value of both arms, and between which figures lies what may have been rounded to it.
struct Step {
    value: f64,
    lowest: f64,
    highest: f64,
}

fn steps(pair: &Pair) -> Vec<Step> {
    let mut all: Vec<f64> = pair.a().iter().chain(pair.b()).copied().collect();
    all.sort_unstable_by(f64::total_cmp);
    all.dedup();
    let half_way = |one: f64, other: f64| one / 2.0 + other / 2.0;
    let (mut a, mut b) = (pair.a(), pair.b());
    let mut steps = Vec::new();
    for (at, value) in all.iter().copied().enumerate() {
        let (in_a, in_b) = (leading(a, value), leading(b, value));
        (a, b) = (&a[in_a..], &b[in_b..]);
        if in_a == 0 || in_b == 0 {
            continue;
        }
        let below = at.checked_sub(1).map(|at| half_way(all[at], value));
        let above = all.get(at + 1).map(|next| half_way(value, *next));
        let (lowest, highest) = match (below, above) {
            (Some(below), Some(above)) => (below, above),
            (Some(below), None) => (below, value + (value - below)),
            (None, Some(above)) => (value - (above - value), above),
            (None, None) => (value, value),
        };
        steps.push(Step {
            value,
            lowest: lowest.max(f64::MIN),
            highest: highest.min(f64::MAX),
        });
    }
    steps
}

/// How many values at the start are `value`.
fn leading(sorted: &[f64], value: f64) -> usize {
    sorted.partition_point(|x| *x <= value)
}

/// How the canary ranks against the baseline, every value of it made worse by what is tolerated: in which share of all
/// pairs it is worse, equal ones counted half; None where that is not more than chance makes it.
///
/// `chance` is that of finding equal distributions worse, on each side. The question needs no
/// shift between the arms; mid-ranks and the variance with ties answer it also where most values are equal.
pub(super) fn worse(pair: &Pair, rule: &Rule, chance: f64) -> Option<f64> {
    let against = |sign: f64| -> Option<f64> {
        let tolerable =
            |value: &f64| (value + sign * rule.tolerance * value.abs()).clamp(f64::MIN, f64::MAX);
        let tolerated: Vec<f64> = pair.b().iter().map(tolerable).collect();
        let test = Pair::new(pair.a(), &tolerated).ok()?.mann_whitney().ok()?;
        if sign > 0.0 {
            (test.asymptotic.greater <= chance).then_some(test.cles)
        } else {
            (test.asymptotic.less <= chance).then_some(1.0 - test.cles)
        }
    };
    match rule.worse {
        Worse::Higher => against(1.0),
        Worse::Lower => against(-1.0),
        Worse::Either => against(1.0).or_else(|| against(-1.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(canary: &[f64], control: &[f64]) -> Pair {
        Pair::new(canary, control).unwrap()
    }

    #[test]
    fn values_of_both_arms_move_half_a_step_apart() {
        let apart = apart(&pair(&[1.0, 2.0, 2.0, 7.0], &[2.0, 4.0, 7.0])).unwrap();
        assert_eq!(apart.highest.a(), [1.0, 3.0, 3.0, 8.5]);
        assert_eq!(apart.highest.b(), [1.5, 4.0, 5.5]);
        assert_eq!(apart.lowest.a(), [1.0, 1.5, 1.5, 5.5]);
        assert_eq!(apart.lowest.b(), [3.0, 4.0, 8.5]);
    }

    #[test]
    fn values_of_one_arm_stay_where_they_are() {
        assert!(apart(&pair(&[1.0, 1.0], &[2.0, 2.0])).is_none());
    }

    #[test]
    fn steps_at_the_ends_of_what_a_float_holds_stay_finite() {
        let values = [f64::MIN, f64::MAX];
        let apart = apart(&pair(&values, &values)).unwrap();
        assert_eq!(apart.highest.a(), [0.0, f64::MAX]);
        assert_eq!(apart.highest.b(), [f64::MIN, 0.0]);
    }

    #[test]
    fn the_value_that_most_have_is_one_of_both_arms() {
        let zeros = [0.0, 0.0, 0.0, 5.0];
        let found = most(&pair(&[0.0, 3.0, 4.0, 5.0], &zeros)).unwrap();
        assert_eq!((found.value, found.share), (0.0, 0.5));
        assert!(most(&pair(&[0.0, 3.0, 4.0, 5.0, 6.0], &zeros)).is_none());
        assert!(most(&pair(&[3.0, 4.0], &zeros)).is_none());
    }
}
