//! Arms of which one remembers for longer than the other.

use super::*;

/// A control without memory shows that a canary like it has none, so that what the pairs remember is a change.
#[test]
fn a_canary_that_breaks_on_the_way_is_not_thinned() {
    let broken = |seed: u32| -> Vec<f64> {
        let rows = remembering(0.0, seed, 240).into_iter().enumerate();
        rows.map(|(row, x)| x + if row < 60 { 5.0 } else { 8.0 })
            .collect()
    };
    let used = |memory: f64, steps: std::ops::RangeInclusive<usize>| {
        let found = |seed: u32| {
            let control: Vec<f64> = remembering(memory, seed, 240);
            dependence(&control, &broken(seed + 1_000)).unwrap()
        };
        let all = (0..40).map(|seed| found(seed * 37 + 5));
        all.filter(|found| {
            found.series == Series::Control
                && found.canary_longer == Some(Longer::Changes)
                && found.step.is_some_and(|step| steps.contains(&step))
        })
        .count()
    };
    assert!(used(0.0, 1..=1) >= 20, "{}", used(0.0, 1..=1));
    // 0.5 is below a tenth after four rows, and half as many more are six.
    assert_eq!(used(0.5, 1..=2), 0);
    assert!(used(0.5, 3..=12) >= 35, "{}", used(0.5, 3..=12));
    // A control that never varies has none.
    let constant = dependence(&[0.0; 240], &broken(7)).unwrap();
    assert_eq!((constant.series, constant.step), (Series::Control, Some(1)));
    // Nor has a leak that is nothing else.
    let leak: Vec<f64> = (0..240).map(f64::from).collect();
    let leaks = dependence(&[0.0; 240], &leak).unwrap();
    assert_eq!(leaks.canary_longer, Some(Longer::Changes));
    assert_eq!(leaks.step, Some(1));
    // One of few rows may hide one.
    let few = dependence(&remembering(0.0, 42, 49), &broken(7)[30..79]).unwrap();
    assert_ne!(few.step, Some(1));
}

/// A row more or less in one file makes no memory of a change.
#[test]
fn a_canary_that_breaks_is_not_thinned_beside_a_control_of_another_length() {
    for rows in [241, 239, 1_000] {
        let found = (0..20).filter(|seed| {
            let control = remembering(0.0, seed * 37 + 5, rows);
            let mut canary = remembering(0.0, seed * 37 + 1_005, 240);
            for x in &mut canary[60..] {
                *x += 3.0;
            }
            let found = dependence(&control, &canary).unwrap();
            (found.step, found.canary_longer) == (Some(1), Some(Longer::Changes))
        });
        let found = found.count();
        assert!(found >= 10, "{rows}: {found}");
    }
    // And what only remembers is thinned all the same.
    let thinned = (0..20).filter(|seed| {
        let control = remembering(0.0, seed * 37 + 5, 241);
        let canary = remembering(0.9, seed * 37 + 1_005, 240);
        let found = dependence(&control, &canary).unwrap();
        found.step.is_none_or(|step| step >= 6)
    });
    assert!(thinned.count() >= 18);
}

/// What is found of 40 pairs of 360 rows that remember so much.
fn of_pairs(control: f64, canary: f64) -> Vec<Dependence> {
    let found = |seed: u32| {
        let control = remembering(control, seed * 37 + 5, 360);
        let canary = remembering(canary, seed * 37 + 1_005, 360);
        dependence(&control, &canary).unwrap()
    };
    (0..40).map(found).collect()
}

/// One course up or down does not explain what an autoregression remembers.
#[test]
fn one_arm_that_remembers_is_thinned_beside_one_that_does_not() {
    for (control, canary, least, usual) in [
        (0.0, 0.7, 3, 5),
        (0.0, 0.9, 6, 10),
        (0.9, 0.0, 6, 10),
        (0.5, 0.95, 6, 10),
    ] {
        let found = of_pairs(control, canary);
        let step = |found: &Dependence| found.step.unwrap_or(360);
        let mut steps: Vec<usize> = found.iter().map(step).collect();
        steps.sort_unstable();
        assert!(
            steps[4] >= least && steps[20] >= usual,
            "{control} {canary}: {steps:?}"
        );
    }
}

#[test]
fn a_canary_that_remembers_for_longer_is_told() {
    let told = |control: f64, canary: f64, longer: Option<Longer>| {
        let found = of_pairs(control, canary);
        let so = found.iter().filter(|found| found.canary_longer == longer);
        so.count()
    };
    assert!(told(0.0, 0.9, Some(Longer::Remembers)) >= 20);
    for (memory, least) in [(0.0, 38), (0.5, 35), (0.9, 32)] {
        let none = told(memory, memory, None);
        assert!(none >= least, "{memory}: {none}");
    }
    assert_eq!(told(0.9, 0.0, None), 40);
}

/// In pairs with a louder control nothing of what the canary remembers is seen.
#[test]
fn what_pairs_hide_is_found_in_the_arm() {
    let loud = |seed: u32| -> Vec<f64> {
        let rows = remembering(0.0, seed, 240);
        rows.into_iter().map(|x| 12.0 * x).collect()
    };
    let mut hidden = 0;
    for seed in 0..40 {
        let (loud, quiet) = (
            loud(seed * 37 + 5),
            remembering(0.9, seed * 37 + 1_005, 240),
        );
        let pairs = paired(&loud, &quiet).unwrap();
        if pairs.step != Some(1) || rank_autocorrelation(&loud, 1).unwrap()[0] > 0.0 {
            continue;
        }
        let arms = [dependence(&loud, &quiet), dependence(&quiet, &loud)];
        let [found, turned] = arms.map(Result::unwrap);
        hidden += u32::from(found.step != Some(1) && found.series == Series::Canary);
        hidden += u32::from(turned.step != Some(1) && turned.series == Series::Control);
        assert_eq!(turned.canary_longer, None);
    }
    assert!(hidden >= 20, "{hidden}");
}
