use super::*;

fn check(
    metrics: &[(Classification, bool, &[&str])],
    weights: &[(&str, f64)],
    summary: f64,
) -> Score {
    let groups: Vec<Vec<String>> = metrics
        .iter()
        .map(|(_, _, groups)| groups.iter().map(|group| (*group).to_owned()).collect())
        .collect();
    let graded: Vec<Graded<'_>> = metrics
        .iter()
        .zip(&groups)
        .map(|((classification, critical, _), groups)| Graded {
            classification: *classification,
            critical: *critical,
            groups,
        })
        .collect();
    let weights = weights
        .iter()
        .map(|(name, weight)| ((*name).to_owned(), *weight))
        .collect();
    let found = score(&graded, &weights).unwrap();
    assert_eq!(found.summary, summary, "{metrics:?}");
    found
}

#[test]
fn scores_are_those_of_kayentas_own_tests() {
    use Classification::{High, Low, Nodata, NodataFailMetric, Pass};
    let g: &[&str] = &["g"];
    let (one, two): (&[&str], &[&str]) = (&["one"], &["two"]);
    check(&[(Pass, false, g)], &[], 100.0);
    check(&[(High, false, g)], &[], 0.0);
    let nothing = check(&[(Nodata, false, g)], &[], 0.0);
    assert_eq!(nothing.groups["g"], 0.0);
    let some = check(
        &[(Pass, false, one), (Pass, false, one), (Nodata, false, two)],
        &[],
        100.0,
    );
    assert_eq!((some.groups["one"], some.groups["two"]), (100.0, 0.0));
    check(&[(Pass, false, g), (High, false, g)], &[], 50.0);
    check(
        &[(Pass, false, g), (High, false, g), (Low, false, g)],
        &[],
        33.33,
    );
    check(
        &[(Pass, false, one), (Pass, false, one), (High, false, two)],
        &[("one", 75.0), ("two", 25.0)],
        75.0,
    );
    check(
        &[(Pass, false, one), (High, false, one), (High, false, two)],
        &[("one", 50.0), ("two", 50.0)],
        25.0,
    );
    check(
        &[(Pass, false, one), (Nodata, false, one), (High, false, two)],
        &[("one", 50.0), ("two", 50.0)],
        50.0,
    );
    check(&[(Pass, false, g), (High, true, g)], &[], 0.0);
    check(&[(Low, false, g), (Pass, true, g)], &[], 50.0);
    check(&[(Pass, false, g), (Nodata, true, g)], &[], 0.0);
    check(
        &[
            (High, false, one),
            (Low, false, one),
            (Pass, false, one),
            (High, false, two),
        ],
        &[("one", 15.0), ("two", 85.0)],
        5.0,
    );
    check(&[(Pass, false, g), (NodataFailMetric, false, g)], &[], 50.0);
    check(&[], &[], 0.0);
}

#[test]
fn a_metric_in_no_group_adds_nothing_and_nothing_has_no_sign() {
    let found = check(&[(Classification::Pass, false, &[])], &[], 0.0);
    assert!(found.summary.is_sign_positive() && found.groups.is_empty());
}

#[test]
fn half_without_data_fails_and_less_does_not() {
    use Classification::{Nodata, Pass};
    let g: &[&str] = &["g"];
    check(&[(Pass, false, g), (Nodata, false, g)], &[], 0.0);
    check(
        &[(Pass, false, g), (Pass, false, g), (Nodata, false, g)],
        &[],
        100.0,
    );
}

#[test]
fn groups_without_a_weight_share_the_rest() {
    use Classification::{High, Pass};
    let groups: [&[&str]; 3] = [&["a"], &["b"], &["c"]];
    check(
        &[
            (Pass, false, groups[0]),
            (High, false, groups[1]),
            (Pass, false, groups[2]),
        ],
        &[("a", 40.0)],
        70.0,
    );
    check(
        &[(Pass, false, &["a", "b"]), (High, false, &["b"])],
        &[("a", 10.0)],
        55.0,
    );
    check(
        &[(Pass, false, groups[0])],
        &[("a", 40.0), ("elsewhere", 60.0)],
        40.0,
    );
}

#[test]
fn weights_are_numbers_that_are_not_negative() {
    let weights = |weight| BTreeMap::from([("a".to_owned(), weight)]);
    assert!(score(&[], &weights(100.0)).is_ok());
    assert_eq!(
        score(&[], &weights(-1.0)).unwrap_err().field,
        "group_weights"
    );
    assert!(score(&[], &weights(f64::NAN)).is_err());
}

#[test]
fn a_score_is_one_whatever_the_weights_or_there_is_none() {
    use Classification::{High, Nodata, Pass};
    let all = [Pass, High, Nodata];
    let groups = ["a", "b"].map(|name| [name.to_owned()]);
    let some = [0.0, 0.5, 33.33, 50.0, 66.69, 100.0, 130.0, f64::MAX];
    let mut scored = 0;
    for (first, second) in all.iter().flat_map(|one| all.map(|two| (*one, two))) {
        let metrics =
            [(first, &groups[0]), (second, &groups[1])].map(|(classification, groups)| Graded {
                classification,
                critical: false,
                groups,
            });
        for (a, b) in some.iter().flat_map(|a| some.map(|b| (*a, b))) {
            let weigh = |given: &[(&str, f64)]| {
                score(
                    &metrics,
                    &given
                        .iter()
                        .map(|(name, weight)| ((*name).to_owned(), *weight))
                        .collect(),
                )
            };
            for found in [
                weigh(&[("a", a), ("b", b)]),
                weigh(&[("a", a)]),
                weigh(&[("a", a), ("c", b)]),
            ] {
                match found {
                    Ok(found) => {
                        scored += 1;
                        assert!((0.0..=100.0).contains(&found.summary), "{a} {b}: {found:?}");
                    }
                    Err(refused) => assert_eq!(refused.field, "group_weights"),
                }
            }
        }
    }
    assert!(scored > 100, "{scored}");
}

#[test]
fn halves_are_rounded_as_they_are_written() {
    for (value, want) in [
        (33.333_333, 33.33),
        (1.005, 1.01),
        (66.666_666, 66.67),
        (2.5, 2.5),
        (99.995, 100.0),
        (-1.005, -1.01),
        (0.004_999, 0.0),
        (1e-9, 0.0),
        (1e30, 1e30),
    ] {
        assert_eq!(two_decimals(value), want, "{value}");
    }
}

#[test]
fn grades_include_their_thresholds() {
    assert_eq!(grade(75.0, 95.0, 75.0), Grade::Marginal);
    assert_eq!(grade(74.99, 95.0, 75.0), Grade::Fail);
    assert_eq!(grade(94.99, 95.0, 75.0), Grade::Marginal);
    assert_eq!(grade(95.0, 95.0, 75.0), Grade::Pass);
}

/// A group of weight 0 that no metric is in loses nothing, and one with a weight does.
#[test]
fn a_weight_is_lost_where_there_is_one() {
    use Classification::Pass;
    let g: &[&str] = &["g"];
    let found = check(&[(Pass, false, g)], &[("g", 100.0), ("x", 0.0)], 100.0);
    assert!(found.doubts.is_empty(), "{:?}", found.doubts);
    let found = check(&[(Pass, false, g)], &[("x", 30.0)], 70.0);
    assert_eq!(found.doubts, [Doubt::Absent("x".to_owned())]);
}
