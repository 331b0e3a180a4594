//! Conversions as `viridian analyze ab --sequential` compares them, both methods together.

use super::draw::Draw;
use super::visitors::{Asked, Spending, Visitors, conversions};
use super::{SEED, finds, holds, runs};
use stats::effect::Proportion;
use stats::sequential::Conversions;

const UNEVEN: Visitors = Visitors {
    converts: 0.05,
    split: [19, 1],
    most: 800,
    change: 0.0,
    asked: Asked::Change,
    spending: Spending::Portions,
};

#[test]
fn counts_and_the_sequence_after_them_keep_one_level_together() {
    for split in [[1, 1], [19, 1], [1, 19]] {
        let visitors = |change| Visitors {
            split,
            change,
            ..UNEVEN
        };
        let what = format!("conversions at {split:?}");
        let equal = runs(150, |draw| conversions(&visitors(0.0), draw));
        holds(&what, &equal, 0.05);
        assert!(equal.median_told().is_some_and(|n| n < 300), "{what}");
        let other = runs(60, |draw| conversions(&visitors(1.5), draw));
        finds(&what, &other, 0.8);
        let missed = other.chance_of(other.missed_ever, 0.05);
        assert!(missed > 1e-4, "{what}: {} missed", other.missed_ever);
        let guardrail = Visitors {
            asked: Asked::Guardrail,
            ..visitors(0.1)
        };
        let said = runs(100, |draw| conversions(&guardrail, draw));
        holds(&what, &said, 0.05);
    }
}

/// What is not asked could say nothing.
#[test]
fn conversions_tell_nothing_where_their_screen_leaves_them_out() {
    let mut told = [0_u32; 2];
    let mut draw = Draw::of(SEED, 2);
    for _ in 0..3_000 {
        let mut arm = |most: f64, chance: f64| {
            let n = 1 + (most * draw.unit()) as u64;
            let x = (0..n).filter(|_| draw.chance(chance)).count();
            Proportion::new(x as u64, n).unwrap()
        };
        let arms = [arm(1_000.0, 0.1), arm(100.0, 0.25)];
        let both = Conversions::new(arms[0], arms[1]);
        for (spending, change) in [(Spending::Portions, 1.0), (Spending::WholeEach, -0.5)] {
            let visitors = Visitors {
                spending,
                change,
                ..UNEVEN
            };
            let Some(look) = visitors.look(&both, arms) else {
                continue;
            };
            let tells = look.rejects || !look.covers;
            assert!(
                !tells || visitors.may_tell(&both, arms),
                "{arms:?} {look:?}"
            );
            told[usize::from(both.are_few())] += u32::from(tells);
        }
    }
    assert!(told[0] > 50 && told[1] > 50, "{told:?}");
}
