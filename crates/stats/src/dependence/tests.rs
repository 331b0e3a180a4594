mod lone;

use super::*;

/// Uniform on (−½, ½), from a congruential generator that the Python beside the figures has, too.
fn noise(seed: u32) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 16) / 65_536.0 - 0.5
    }
}

/// Each value remembers `memory` of the one before.
fn remembering(memory: f64, seed: u32, n: usize) -> Vec<f64> {
    let mut noise = noise(seed);
    let mut last = 0.0;
    let mut next = || {
        last = memory * last + noise();
        last
    };
    (0..n).map(|_| next()).collect()
}

#[track_caller]
fn near(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        assert!((got - want).abs() < 1e-14, "{got} {want}");
    }
}

/// statsmodels 0.15: `acf(rankdata(x), adjusted=True, nlags=5)`, with missing="conservative" at the last.
#[test]
fn autocorrelations_of_ranks_are_those_of_statsmodels() {
    let rows = remembering(0.7, 3, 60);
    near(
        &rank_autocorrelation(&rows, 5).unwrap(),
        &[
            0.623_548_914_246_424_3,
            0.429_055_963_821_368,
            0.260_057_618_344_277,
            -0.027_745_802_405_430_08,
            -0.272_151_355_174_417_13,
        ],
    );
    let tied: Vec<f64> = rows.iter().map(|x| (4.0 * x).floor()).collect();
    near(
        &rank_autocorrelation(&tied, 5).unwrap(),
        &[
            0.587_920_506_937_895,
            0.398_594_839_821_927_8,
            0.223_283_638_520_162_78,
            -0.009_139_869_486_594_858,
            -0.259_526_587_018_404_03,
        ],
    );
    let mut missing = rows;
    for row in [4, 5, 17, 40] {
        missing[row] = f64::NAN;
    }
    near(
        &rank_autocorrelation(&missing, 5).unwrap(),
        &[
            0.581_523_739_418_476_3,
            0.377_339_712_918_660_3,
            0.246_597_012_010_545_85,
            -0.037_161_084_529_505_58,
            -0.331_339_712_918_660_27,
        ],
    );
}

#[test]
fn a_lag_that_no_rows_have_says_nothing() {
    let rows = remembering(0.5, 1, 12);
    let r = rank_autocorrelation(&rows, 30).unwrap();
    assert_eq!(r.len(), 30);
    assert!(r[11..].iter().all(|r| *r == 0.0));
    assert!(r[10] != 0.0);
}

/// As often as the thresholds promise, for short and for long series.
#[test]
fn independent_rows_are_all_used() {
    for n in [10, 20, 60, 360, 1_440] {
        let runs = if n > 500 { 150 } else { 400 };
        let thinned = (0..runs)
            .filter(|run| {
                let mut noise = noise(*run * 7_919 + 1);
                let mut arm = || -> Vec<f64> { (0..n).map(|_| 5.0 + noise()).collect() };
                let (control, canary) = (arm(), arm());
                dependence(&control, &canary).unwrap().step != Some(1)
            })
            .count();
        assert!(f64::from(runs) * 0.025 >= thinned as f64, "{n}: {thinned}");
    }
}

/// What an autoregression of the first order forgets in k rows is its memory to the k.
#[test]
fn the_step_grows_with_memory() {
    for (memory, least, most) in [(0.5, 3, 8), (0.7, 5, 14), (0.9, 14, 60)] {
        for seed in 0..20 {
            let arm = |seed| remembering(memory, seed, 2_880);
            let found = dependence(&arm(seed + 1), &arm(seed + 1_000)).unwrap();
            let step = found.step.unwrap();
            assert!((least..=most).contains(&step), "{memory}: {step}");
            assert!((found.neighbours - memory).abs() < 0.08);
            assert_eq!(found.series, Series::Differences);
            assert_eq!(found.rows, 2_880);
        }
    }
}

/// Averages over the last five rows share nothing with those five rows on.
#[test]
fn moving_averages_are_forgotten_after_their_window() {
    let arm = |seed| -> Vec<f64> {
        let noise = remembering(0.0, seed, 3_000);
        noise.windows(5).map(|last| last.iter().sum()).collect()
    };
    let mut steps: Vec<usize> = (0..20)
        .map(|seed| {
            let found = dependence(&arm(seed + 1), &arm(seed + 1_000)).unwrap();
            found.step.unwrap()
        })
        .collect();
    steps.sort_unstable();
    assert!((5..=6).contains(&steps[10]), "{steps:?}");
    assert!(steps[0] >= 4 && steps[19] <= 15, "{steps:?}");
}

/// Neighbours correlate by less than 0.2, and yet a mean of such rows is all drift.
#[test]
fn a_slow_drift_under_strong_noise_is_noticed() {
    let arm = |seed: u32| -> Vec<f64> {
        let drift = remembering(0.98, seed, 2_880);
        let noise = remembering(0.0, seed + 77, 2_880);
        drift.iter().zip(noise).map(|(a, b)| 0.07 * a + b).collect()
    };
    for seed in 0..10 {
        let found = dependence(&arm(seed * 31 + 1), &arm(seed * 31 + 500)).unwrap();
        assert!(found.neighbours < 0.25, "{found:?}");
        assert!(found.step.is_none_or(|step| step > 5), "{found:?}");
    }
}

#[test]
fn what_is_never_forgotten_has_no_step() {
    let walk = |seed| remembering(1.0, seed, 500);
    let found = dependence(&walk(1), &walk(2)).unwrap();
    assert_eq!(found.step, None);
    assert!(found.neighbours > 0.9);
    // A leak: one line up.
    let rising: Vec<f64> = (0..500).map(f64::from).collect();
    assert_eq!(dependence(&walk(1), &rising).unwrap().step, None);
}

/// Rows of hosts in turn, each with a level of its own: neighbours have nothing in common, and every host only itself.
#[test]
fn hosts_that_take_turns_come_back() {
    for hosts in [2, 3, 5, 10, 20] {
        let arm = |seed: u32, n: usize| -> Vec<f64> {
            let levels = remembering(0.0, seed, hosts);
            let noise = remembering(0.0, seed + 1, n);
            let rows = noise.iter().enumerate();
            rows.map(|(row, noise)| 10.0 + levels[row % hosts] + 0.1 * noise)
                .collect()
        };
        for seed in [3, 50, 901] {
            let paired = dependence(&arm(seed, 480), &arm(seed * 7 + 2, 480)).unwrap();
            let apart = dependence(&arm(seed, 480), &arm(seed * 7 + 2, 470)).unwrap();
            let both = Some(hosts);
            assert_eq!((paired.turn, apart.turn), (both, both), "{hosts}, {seed}");
        }
    }
}

#[test]
fn rows_that_forget_for_good_have_no_turn() {
    for memory in [0.0, 0.5, 0.9, 0.98] {
        let with_turns = (0..50).filter(|seed| {
            let arm = |seed: u32| remembering(memory, seed, 720);
            let found = dependence(&arm(seed * 31 + 1), &arm(seed * 31 + 977)).unwrap();
            found.turn.is_some()
        });
        assert_eq!(with_turns.count(), 0, "{memory}");
    }
}

/// A day that both arms go through is no noise between them, unless their rows cannot be paired.
#[test]
fn a_pattern_that_both_arms_share_is_no_dependence() {
    let arm = |seed: u32, n: usize| -> Vec<f64> {
        let mut noise = noise(seed);
        let day = |row: usize| (row as f64 / 1_440.0 * std::f64::consts::TAU).sin();
        (0..n)
            .map(|row| 100.0 * (day(row) + 0.5 * noise()).exp())
            .collect()
    };
    let paired = dependence(&arm(1, 1_440), &arm(2, 1_440)).unwrap();
    assert_eq!((paired.series, paired.step), (Series::LogRatios, Some(1)));
    let apart = dependence(&arm(1, 1_440), &arm(2, 1_430)).unwrap();
    assert!(matches!(apart.series, Series::Control | Series::Canary));
    assert_eq!(apart.step, None);
}

#[test]
fn of_two_arms_apart_the_worse_is_told() {
    let (still, remembering) = (remembering(0.0, 1, 700), remembering(0.7, 2, 690));
    let found = dependence(&still, &remembering).unwrap();
    assert_eq!((found.series, found.rows), (Series::Canary, 690));
    let turned = dependence(&remembering, &still).unwrap();
    assert_eq!(turned.series, Series::Control);
    assert_eq!(
        (turned.step, turned.neighbours),
        (found.step, found.neighbours)
    );
    // One that says nothing leaves it to the other.
    let constant = [4.0; 700];
    for (control, canary) in [(&constant[..], &remembering[..]), (&remembering, &constant)] {
        assert_eq!(dependence(control, canary).unwrap().step, found.step);
    }
}

/// Neither units nor the names of the arms matter: ranks of ratios do not notice them.
#[test]
fn units_and_sides_do_not_matter() {
    let positive = |seed| -> Vec<f64> {
        let rows = remembering(0.6, seed, 400);
        rows.iter().map(|x| (x * 2.0).exp()).collect()
    };
    let (control, canary) = (positive(5), positive(6));
    let found = dependence(&control, &canary).unwrap();
    assert!(found.step > Some(1));
    let turned = dependence(&canary, &control).unwrap();
    assert_eq!(turned.step, found.step);
    assert!((turned.neighbours - found.neighbours).abs() < 1e-12);
    let scaled = |rows: &[f64], by: f64| -> Vec<f64> { rows.iter().map(|x| x * by).collect() };
    let huge = dependence(&scaled(&control, 2e-150), &scaled(&canary, 2e150)).unwrap();
    assert_eq!(huge.step, found.step);
    // Of both signs, at the end of what a double holds.
    let signed: Vec<f64> = remembering(0.6, 5, 400);
    let largest = dependence(&scaled(&signed, 1e308), &scaled(&signed, -1e308)).unwrap();
    assert_eq!(largest.series, Series::Differences);
    let plain = dependence(&signed, &scaled(&signed, -1.0)).unwrap();
    assert_eq!(largest.step, plain.step);
}

/// Rows that one arm lacks keep their place in the other.
#[test]
fn rows_without_a_value_keep_the_others_apart() {
    let (mut control, mut canary) = (remembering(0.7, 1, 1_440), remembering(0.7, 2, 1_440));
    let whole = dependence(&control, &canary).unwrap();
    for row in (0..1_440).step_by(9) {
        control[row] = f64::NAN;
        canary[1_439 - row] = f64::NAN;
    }
    let found = dependence(&control, &canary).unwrap();
    assert!(found.rows < 1_440 && found.rows >= 1_120, "{}", found.rows);
    assert!((found.neighbours - whole.neighbours).abs() < 0.05);
    // 1439 is no multiple of 9, so that no row lacks both.
    assert_eq!(found.rows, 1_440 - 320);
}

#[test]
fn what_cannot_be_told_is_said_so() {
    let rows = remembering(0.0, 1, 10);
    assert!(dependence(&rows, &rows[..9]).is_ok());
    let fails = |control: &[f64], canary: &[f64]| dependence(control, canary).unwrap_err();
    assert_eq!(fails(&[], &rows), CannotCompute::EmptyArm.into());
    assert_eq!(
        fails(&rows, &[f64::NAN; 10]),
        CannotCompute::EmptyArm.into()
    );
    assert_eq!(fails(&rows[..9], &rows[1..]), CannotCompute::TooFew.into());
    let mut missing = rows.clone();
    missing[3] = f64::NAN;
    let apart = dependence(&rows, &missing).unwrap();
    assert_eq!((apart.series, apart.rows), (Series::Control, 10));
    let mut also = rows.clone();
    also[4] = f64::NAN;
    assert_eq!(fails(&also, &missing), CannotCompute::TooFew.into());
    assert_eq!(fails(&rows, &rows), CannotCompute::NoVariance.into());
    assert_eq!(
        fails(&[1.0; 20], &[2.0; 30]),
        CannotCompute::NoVariance.into()
    );
    for (field, control, canary) in [
        ("control", [f64::INFINITY; 10], [1.0; 10]),
        ("canary", [1.0; 10], [f64::NEG_INFINITY; 10]),
    ] {
        assert!(
            matches!(fails(&control, &canary), Failure::Invalid(invalid) if invalid.field == field)
        );
    }
    let alone = |rows: &[f64]| rank_autocorrelation(rows, 3).unwrap_err();
    assert!(
        matches!(alone(&[f64::INFINITY; 10]), Failure::Invalid(invalid) if invalid.field == "rows")
    );
    assert_eq!(alone(&rows[..9]), CannotCompute::TooFew.into());
    assert_eq!(
        alone(&[0.0, -0.0].repeat(6)),
        CannotCompute::NoVariance.into()
    );
}
