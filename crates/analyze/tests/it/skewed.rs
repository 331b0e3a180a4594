//! Means of rare large values between arms of different sizes.

use crate::harness::{Folder, one_line, rows};
use serde_json::Value;

/// Visitors of whom one in `one_in` buys for 1 to 40; the first `small` are in the treatment.
fn shop(visitors: usize, small: usize, one_in: usize) -> String {
    rows(
        "user,arm,revenue",
        (0..visitors).map(|i| {
            let arm = if i < small { "treatment" } else { "control" };
            let buys = (i * 7_919) % one_in == 1;
            let revenue = if buys { 1 + (i * 31) % 40 } else { 0 };
            format!("u{i},{arm},{revenue}")
        }),
    )
}

#[track_caller]
fn comparison(text: &str, more: &str) -> Value {
    let folder = Folder::new();
    folder.write("shop.csv", text);
    let line = format!("ab @shop.csv --unit user --variant arm --metric revenue {more} --json");
    let report: Value = serde_json::from_str(&folder.run(&line).unwrap()).unwrap();
    report["metrics"][0]["comparisons"][0].clone()
}

#[test]
fn a_sequence_waits_for_rare_purchases_in_the_small_arm() {
    let uneven = shop(8_000, 400, 50);
    let waits = comparison(
        &uneven,
        "--share control=0.95 --share treatment=0.05 --sequential",
    );
    assert_eq!(waits["cannot_compute"], "skewed", "{waits}");
    assert!(waits["p"].is_null() && waits["interval"].is_null());
    for absolute in ["", "--absolute"] {
        // One look at the planned end, an even split, and values that are not rare have an answer.
        let once = comparison(&uneven, absolute);
        assert!(once["p"].is_number() && once["skewed"] == true, "{once}");
        let even = comparison(&shop(8_000, 4_000, 50), &format!("--sequential {absolute}"));
        assert!(even["p"].is_number() && even["skewed"].is_null(), "{even}");
        let shares = "--share control=0.95 --share treatment=0.05";
        let common = shop(8_000, 400, 2);
        let common = comparison(&common, &format!("--sequential {shares} {absolute}"));
        assert!(common["p"].is_number(), "{common}");
    }
}

#[test]
fn one_look_has_no_answer_while_hardly_any_purchase_is_in_the_small_arm() {
    let few = shop(2_000, 100, 50);
    for method in ["", "--bayesian", "--absolute", "--sequential"] {
        let shares = "--share control=0.95 --share treatment=0.05";
        let found = comparison(&few, &format!("{shares} {method}"));
        assert_eq!(found["cannot_compute"], "skewed", "{method}: {found}");
    }
}

#[test]
fn one_look_at_rare_purchases_in_the_small_arm_is_warned_of() {
    let folder = Folder::new();
    folder.write("shop.csv", shop(8_000, 400, 50));
    let line = "ab @shop.csv --unit user --variant arm --metric revenue \
                --share control=0.95 --share treatment=0.05";
    let text = folder.run(line).unwrap();
    assert!(
        one_line(&text).contains("! revenue: the variants differ in size"),
        "{text}"
    );
}

/// Half of the visitors click; pages seen are few, and of one in 40 a thousand times as many.
fn pages(visitors: usize, small: usize) -> String {
    rows(
        "user,arm,clicks,pages",
        (0..visitors).map(|i| {
            let arm = if i < small { "treatment" } else { "control" };
            let at = (i * 7_919) % 40;
            let pages = if at == 1 { 2_000 } else { 1 + at % 3 };
            format!("u{i},{arm},{},{pages}", at % 2)
        }),
    )
}

#[test]
fn a_ratio_waits_for_the_rare_large_denominators() {
    let folder = Folder::new();
    folder.write("pages.csv", pages(8_000, 400));
    let of = |metric: &str| {
        let line = format!(
            "ab @pages.csv --unit user --variant arm --metric {metric} --sequential --json \
             --share control=0.95 --share treatment=0.05"
        );
        let report: Value = serde_json::from_str(&folder.run(&line).unwrap()).unwrap();
        report["metrics"][0]["comparisons"][0].clone()
    };
    // Clicks alone are not lopsided; clicks less the ratio times the pages are.
    assert!(of("clicks")["p"].is_number());
    let ratio = of("clicks/pages");
    assert_eq!(ratio["cannot_compute"], "skewed", "{ratio}");
}

#[test]
fn an_even_split_waits_until_lopsided_values_are_some_standard_errors_from_0() {
    // Of 46 buyers an arm the mean is nearly six standard errors from 0, of 20 not four.
    for (visitors, answers) in [(2_000, false), (4_600, true)] {
        let found = comparison(&shop(visitors, visitors / 2, 50), "--sequential");
        assert_eq!(found["p"].is_number(), answers, "{visitors}: {found}");
        let code = found["cannot_compute"].as_str();
        assert_eq!(code, (!answers).then_some("skewed"), "{found}");
        assert!(comparison(&shop(visitors, visitors / 2, 50), "")["p"].is_number());
    }
}

#[test]
fn a_difference_in_the_unit_waits_for_longer_than_a_share() {
    // One of 50 buys, for 1 to 176: a mean of 4,500 is 5.7 standard errors from 0, and of 6,500 near normal.
    let shop = |visitors: usize| {
        let bought = |i: usize| 1.6_f64.powi(((i / 50) % 12) as i32);
        rows(
            "user,arm,revenue",
            (0..visitors).map(|i| {
                let arm = if i % 100 < 50 { "treatment" } else { "control" };
                let revenue = if i % 50 == 7 { bought(i) } else { 0.0 };
                format!("u{i},{arm},{revenue}")
            }),
        )
    };
    for (visitors, answers) in [(9_000, false), (13_000, true)] {
        let rare = shop(visitors);
        let found = comparison(&rare, "--sequential --absolute");
        assert_eq!(found["p"].is_number(), answers, "{visitors}: {found}");
        assert!(comparison(&rare, "--sequential")["p"].is_number());
    }
}

#[test]
fn a_sequence_of_means_begins_at_fifty_units_a_variant() {
    for (small, answers) in [(49, false), (50, true)] {
        let found = comparison(&shop(100, small, 2), "--sequential");
        assert_eq!(found["p"].is_number(), answers, "{small}: {found}");
        let code = found["cannot_compute"].as_str();
        assert_eq!(code, (!answers).then_some("too_few"), "{found}");
    }
}
