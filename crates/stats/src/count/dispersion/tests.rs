use super::*;
use proptest::prelude::*;

fn rows(of: &[(u64, f64)]) -> Vec<Events> {
    of.iter()
        .map(|&(count, exposure)| Events { count, exposure })
        .collect()
}

fn pairs(counts: &[[u64; 2]], exposures: [f64; 2]) -> Vec<[Events; 2]> {
    let events = |counts: &[u64; 2]| {
        [0, 1].map(|arm| Events {
            count: counts[arm],
            exposure: exposures[arm],
        })
    };
    counts.iter().map(events).collect()
}

const CONTROL: [(u64, f64); 6] = [
    (1, 1000.0),
    (0, 900.0),
    (2, 1100.0),
    (51, 1000.0),
    (1, 950.0),
    (0, 1050.0),
];
const CANARY: [(u64, f64); 6] = [
    (0, 1000.0),
    (2, 1000.0),
    (1, 800.0),
    (40, 1000.0),
    (1, 1200.0),
    (3, 1000.0),
];

/// The formulas in numpy.
#[test]
fn the_ratios_are_those_of_numpy() {
    let arms = [rows(&CONTROL), rows(&CANARY)];
    let both: Vec<[Events; 2]> = (0..6).map(|row| [arms[0][row], arms[1][row]]).collect();
    for (as_if, apart, [paired, chance]) in [
        (
            Independent::Trials,
            39.798_322_582_346_41,
            [1.339_923_850_299_378_4, 1.280_618_495_084_855],
        ),
        (
            Independent::Exposure,
            39.457_955_882_352_94,
            [1.328_534_497_571_834, 1.280_487_086_551_64],
        ),
    ] {
        let found = dispersion([&arms[0], &arms[1]], as_if).unwrap();
        assert!((found.ratio / apart - 1.0).abs() < 1e-12, "{found:?}");
        // What the counts give is less than √(2/10).
        assert_eq!(found.chance, 0.2_f64.sqrt());
        assert!(found.is_clear() && found.degrees == 10, "{found:?}");
        let found = dispersion_of_pairs(&both, as_if).unwrap();
        assert!((found.ratio / paired - 1.0).abs() < 1e-12, "{found:?}");
        assert!((found.chance / chance - 1.0).abs() < 1e-12, "{found:?}");
        assert!(!found.is_clear() && found.degrees == 6, "{found:?}");
    }
}

/// An arm with a twentieth of the traffic and bursts in proportion; numpy.
#[test]
fn a_small_arm_counts_for_what_its_logarithm_varies() {
    let counts = [[10, 1], [8, 0], [960, 1], [12, 0], [9, 52], [11, 1]];
    let rows = pairs(&counts, [19_000.0, 1_000.0]);
    let found = dispersion_of_pairs(&rows, Independent::Trials).unwrap();
    assert!(
        (found.ratio / 111.192_223_035_303_63 - 1.0).abs() < 1e-12,
        "{found:?}"
    );
    let [control, canary] = [0, 1].map(|arm| rows.iter().map(|row| row[arm]).collect::<Vec<_>>());
    let found = dispersion([&control, &canary], Independent::Trials).unwrap();
    assert!(
        (found.ratio / 857.522_115_090_758_1 - 1.0).abs() < 1e-12,
        "{found:?}"
    );
}

/// Where the arms fall apart by themselves, pairs are no more alike than rows are.
#[test]
fn a_difference_of_all_rows_is_no_burst() {
    let rows = pairs(&[[100, 300]; 30], [1e6, 1e6]);
    let found = dispersion_of_pairs(&rows, Independent::Exposure).unwrap();
    assert!(found.ratio < 1e-9, "{found:?}");
    // A burst of one arm in which nearly all events are.
    let lone: Vec<[u64; 2]> = (0..10)
        .map(|row| [1, if row == 4 { 51 } else { 1 }])
        .collect();
    let found = dispersion_of_pairs(&pairs(&lone, [1e3, 1e3]), Independent::Trials).unwrap();
    assert!(found.ratio > 30.0, "{found:?}");
}

#[test]
fn what_is_no_event_varies_as_much() {
    let rare = rows(&CONTROL);
    let turned = |rows: &[Events]| -> Vec<Events> {
        let turn = |row: &Events| Events {
            count: row.exposure as u64 - row.count,
            ..*row
        };
        rows.iter().map(turn).collect()
    };
    let common = turned(&rare);
    let trials = Independent::Trials;
    assert_eq!(
        dispersion([&rare, &rare[..4]], trials),
        dispersion([&common, &common[..4]], trials)
    );
}

#[test]
fn few_rows_and_impossible_ones_are_refused() {
    let (control, canary) = (rows(&CONTROL), rows(&CANARY));
    let trials = Independent::Trials;
    let few = dispersion([&control[..2], &canary[..2]], trials);
    assert_eq!(few, Err(CannotCompute::TooFew.into()));
    // An arm of which only the sum is known leaves it to the other.
    let one = dispersion([&control[..1], &canary], trials).unwrap();
    assert_eq!(one.degrees, 5);
    assert!((one.ratio / dispersion_of_one(&canary, trials).unwrap().ratio - 1.0).abs() < 1e-12);
    assert_eq!(
        dispersion_of_pairs(&pairs(&[[3, 4]; 2], [9.0, 9.0]), trials),
        Err(CannotCompute::TooFew.into())
    );
    assert_eq!(
        dispersion_of_pairs(&[], trials),
        Err(CannotCompute::NoVariance.into())
    );
    for (bad, field) in [
        ((2, 1.0), "rows.count"),
        ((0, 0.0), "rows.exposure"),
        ((0, f64::NAN), "rows.exposure"),
    ] {
        let bad = dispersion([&control, &rows(&[bad])], trials);
        assert!(matches!(bad, Err(Failure::Invalid(why)) if why.field == field));
    }
    let none = rows(&[(0, 1000.0); 6]);
    assert_eq!(
        dispersion([&none, &none], trials),
        Err(CannotCompute::NoVariance.into())
    );
    let all = rows(&[(10, 10.0); 6]);
    assert_eq!(
        dispersion([&all, &all], trials),
        Err(CannotCompute::NoVariance.into())
    );
    let endless = rows(&[(1, f64::MAX); 6]);
    assert_eq!(
        dispersion([&endless, &none], trials),
        Err(CannotCompute::Overflow.into())
    );
    // More events than units of exposure are nothing odd.
    let over = [canary, rows(&[(2, 1.0)])].concat();
    assert!(dispersion([&control, &over], Independent::Exposure).is_ok());
}

proptest! {
    #[test]
    fn what_both_go_through_is_no_dispersion(times in prop::collection::vec(10..1_000_u64, 12..40)) {
        // The split is that of the exposures in every row, however bad the row is.
        let rows: Vec<[u64; 2]> = times.iter().map(|times| [3 * times, 2 * times]).collect();
        let rows = pairs(&rows, [30_000.0, 20_000.0]);
        let found = dispersion_of_pairs(&rows, Independent::Exposure).unwrap();
        prop_assert!(found.ratio < 1e-6, "{:?}", found);
    }

    #[test]
    fn the_arms_can_be_exchanged(counts in prop::collection::vec(prop::array::uniform2(0..40_u64), 12..40)) {
        let rows = pairs(&counts, [100.0, 250.0]);
        let turned: Vec<[Events; 2]> = rows.iter().map(|[control, canary]| [*canary, *control]).collect();
        for as_if in [Independent::Trials, Independent::Exposure] {
            match (dispersion_of_pairs(&rows, as_if), dispersion_of_pairs(&turned, as_if)) {
                (Ok(one), Ok(other)) => prop_assert!((one.ratio / other.ratio - 1.0).abs() < 1e-9),
                (one, other) => prop_assert_eq!(one, other),
            }
        }
    }

    #[test]
    fn the_unit_of_the_exposure_does_not_matter(counts in prop::collection::vec(0..40_u64, 4..20), power in -200..200_i32) {
        let of = |unit: f64| {
            let rows: Vec<(u64, f64)> = counts.iter().map(|count| (*count, 7.0 * unit)).collect();
            dispersion([&self::rows(&rows), &self::rows(&CONTROL.map(|(x, e)| (x, e * unit)))], Independent::Exposure).unwrap()
        };
        let (plain, scaled) = (of(1.0), of(2_f64.powi(power)));
        prop_assert!((plain.ratio / scaled.ratio - 1.0).abs() < 1e-9);
    }
}

#[test]
fn clear_is_three_standard_deviations_above_one() {
    let found = |ratio: f64| Dispersion {
        ratio,
        chance: 0.5,
        degrees: 8,
    };
    assert!(found(2.51).is_clear() && !found(2.49).is_clear());
}
