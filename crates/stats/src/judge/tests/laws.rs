//! What holds of every judgement.

use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn the_unit_never_changes_a_judgement(
        seed in 0..u64::MAX,
        n in 20..60_usize,
        factor in 0.5..3.0_f64,
        power in -900..900_i32,
        looks in prop::bool::ANY,
        worse in 0..3_usize,
    ) {
        let mut noise = Noise(seed);
        let control = noise.latencies(n);
        let canary: Vec<f64> = noise.latencies(n).iter().map(|x| x * factor).collect();
        let rule = Rule {
            looks: if looks { Looks::Any } else { Looks::One },
            worse: [Worse::Higher, Worse::Lower, Worse::Either][worse],
            ..Rule::default()
        };
        let unit = 2_f64.powi(power);
        let scaled = |v: &[f64]| v.iter().map(|x| x * unit).collect::<Vec<_>>();
        let (far_control, far_canary) = (scaled(&control), scaled(&canary));
        let near = continuous(&control, &canary, &rule);
        let far = continuous(&far_control, &far_canary, &rule);
        prop_assert_eq!(near.verdict, far.verdict);
        // The logarithms are those of other numbers, so the last digits may differ.
        let figures = |of: &Judgement| {
            let interval = of.interval.unwrap();
            [of.effect.unwrap(), interval.lo, interval.hi]
        };
        for (one, other) in figures(&near).into_iter().zip(figures(&far)) {
            prop_assert!(one == other || (one - other).abs() < 1e-11 * (1.0 + one.abs()), "{one} {other}");
        }
        let one = Observed::Quantile { q: 0.5, control: &control, canary: &canary };
        let other = Observed::Quantile { q: 0.5, control: &far_control, canary: &far_canary };
        prop_assert_eq!(judge(&one, &rule), judge(&other, &rule));
    }

    #[test]
    fn more_margin_never_fails_what_less_did_not(x in 0..300_u64, y in 0..300_u64, low in 0.0..0.05_f64, more in 0.0..0.05_f64) {
        let of = |margin| rates((x, 5_000), (y, 5_000), &Rule { margin, ..Rule::default() }).verdict;
        let (none, less, larger) = (of(None), of(Some(low)), of(Some(low + more)));
        prop_assert!(larger != Verdict::Fail || less == Verdict::Fail);
        prop_assert!(less != Verdict::Pass || larger == Verdict::Pass);
        prop_assert!(less != Verdict::Fail || none == Verdict::Fail);
        prop_assert!(none != Verdict::Pass || less == Verdict::Pass);
    }

    #[test]
    fn more_tolerance_never_fails_what_less_did_not(x in 0..300_u64, y in 0..300_u64, low in 0.0..1.0_f64, more in 0.0..1.0_f64) {
        let of = |tolerance| rates((x, 5_000), (y, 5_000), &Rule { tolerance, ..Rule::default() }).verdict;
        let (strict, tolerant) = (of(low), of(low + more));
        prop_assert!(tolerant != Verdict::Fail || strict == Verdict::Fail);
        prop_assert!(strict != Verdict::Pass || tolerant == Verdict::Pass);
    }
}

#[test]
fn exactly_what_is_tolerated_is_tolerated() {
    let at = |worse, lo, hi| {
        let rule = Rule {
            worse,
            tolerance: 0.25,
            ..Rule::default()
        };
        rule.held_against(0.5 * (lo + hi), Interval { lo, hi }).0
    };
    for (worse, sign) in [(Worse::Higher, 1.0), (Worse::Lower, -1.0)] {
        let of = |near: f64, far: f64| {
            at(
                worse,
                (sign * near).min(sign * far),
                (sign * near).max(sign * far),
            )
        };
        assert_eq!(of(0.25, 0.25), Verdict::Pass);
        assert_eq!(of(0.0, 0.25), Verdict::Pass);
        assert_eq!(of(0.25, 0.5), Verdict::Inconclusive);
        assert_eq!(of(0.26, 0.5), Verdict::Fail);
        assert_eq!(of(-9.0, 0.0), Verdict::Pass);
    }
    assert_eq!(at(Worse::Either, -0.25, 0.25), Verdict::Pass);
    assert_eq!(at(Worse::Either, -0.26, 0.25), Verdict::Inconclusive);
    assert_eq!(at(Worse::Either, -0.5, -0.26), Verdict::Fail);
}
