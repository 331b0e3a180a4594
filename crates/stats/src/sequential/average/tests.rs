use super::*;
use proptest::prelude::*;

const TUNING: Tuning = Tuning {
    v_opt: 1_000.0,
    alpha_opt: 0.05,
};

fn part(yes: u64, n: u64, weight: f64) -> Part {
    Part {
        yes: yes as f64,
        no: (n - yes) as f64,
        weight,
    }
}

fn at(parts: &[Part], alpha: f64) -> Interval {
    average(parts, Alpha::new(alpha).unwrap(), TUNING).unwrap()
}

#[test]
fn the_ends_are_the_farthest_averages_there_are() {
    // mpmath, 40 digits: for each rate of the first period, the second's from a bisection of the product of
    // the mixtures; the first's by golden section.
    for (parts, alpha, lo, hi) in [
        (
            [part(95, 95_000, 0.25), part(500, 50_000, 0.75)],
            0.025,
            0.006_304_675_661_447_64,
            0.009_380_387_984_285_82,
        ),
        (
            [part(95, 100, 0.25), part(970, 1_000, 0.75)],
            0.025,
            0.915_738_576_511_028,
            0.984_487_765_787_291,
        ),
        (
            [part(3, 4_000, 0.25), part(0, 9_000, 0.75)],
            0.05,
            3.425_567_545_012_81e-6,
            0.000_726_916_484_388_017,
        ),
    ] {
        let found = at(&parts, alpha);
        assert!((found.lo / lo - 1.0).abs() < 1e-10, "{found:?}");
        assert!((found.hi / hi - 1.0).abs() < 1e-10, "{found:?}");
    }
}

#[test]
fn the_derivative_of_a_log_gamma_is_known() {
    // scipy.special.digamma
    for (x, want) in [
        (1.0, -0.577_215_664_901_532_9),
        (2.5, 0.703_156_640_645_243_2),
        (9.99, 2.250_700_372_831_201),
        (1e6, 13.815_510_057_964_191),
    ] {
        assert!(
            (digamma(x) - want).abs() < 1e-14 * (1.0 + want),
            "{x}: {}",
            digamma(x)
        );
    }
}

#[test]
fn nothing_but_successes_reaches_to_one_and_none_at_all_to_nothing() {
    let all = at(&[part(40, 40, 0.5), part(70, 70, 0.5)], 0.05);
    assert!(all.hi == 1.0 && all.lo > 0.5, "{all:?}");
    let none = at(&[part(0, 40, 0.5), part(0, 70, 0.5)], 0.05);
    assert!(none.lo < 1e-300 && none.hi < 0.5, "{none:?}");
    assert!((none.hi + all.lo - 1.0).abs() < 1e-12);
}

proptest! {
    #[test]
    fn one_period_is_the_rate(x in 0..300_u64, more in 0..300_u64, alpha in 0.001..0.5_f64) {
        prop_assume!(x + more > 0);
        let alpha = Alpha::new(alpha).unwrap();
        let whole = crate::sequential::rate(x, x + more, alpha, TUNING).unwrap().interval;
        let found = average(&[part(x, x + more, 1.0)], alpha, TUNING).unwrap();
        prop_assert!((found.lo - whole.lo).abs() < 1e-11 && (found.hi - whole.hi).abs() < 1e-11, "{found:?} {whole:?}");
    }

    #[test]
    fn failures_mirror_successes_and_what_was_seen_is_inside(
        counts in prop::collection::vec((0..300_u64, 1..300_u64, 0.1..1.0_f64), 2..5), alpha in 0.001..0.5_f64,
    ) {
        let weights: f64 = counts.iter().map(|(_, _, weight)| weight).sum();
        let parts: Vec<Part> = counts.iter().map(|(x, more, w)| part(*x, x + more, w / weights)).collect();
        let mirrored: Vec<Part> = parts.iter().map(|p| Part { yes: p.no, no: p.yes, ..*p }).collect();
        let (one, other) = (at(&parts, alpha), at(&mirrored, alpha));
        prop_assert!((one.lo + other.hi - 1.0).abs() < 1e-11 && (one.hi + other.lo - 1.0).abs() < 1e-11);
        let seen: f64 = parts.iter().map(|p| p.weight * p.yes / (p.yes + p.no)).sum();
        prop_assert!(one.contains(seen), "{one:?} {seen}");
        let wide = at(&parts, alpha / 3.0);
        prop_assert!(wide.lo <= one.lo && one.hi <= wide.hi);
    }
}
