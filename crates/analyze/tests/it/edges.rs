//! Quantiles at the edge of equal values, where order statistics say nothing of their spread.

use crate::harness::{Folder, one_line, rows};
use serde_json::Value;

/// Two equal arms of which so many units in a thousand spend anything.
fn equal_arms(units: u64, conversion: f64, seed: u64) -> String {
    let mut state = seed << 40;
    let mut next = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    };
    rows(
        "user,arm,spent",
        (0..units).map(|i| {
            let arm = if next() < 0.5 { "control" } else { "treatment" };
            let spent = if next() < conversion {
                -10.0 * (1.0 - next()).ln()
            } else {
                0.0
            };
            format!("{i},{arm},{spent:.2}")
        }),
    )
}

/// How many of `pairs` equal pairs are called different, and of how many nothing is said.
fn declared(conversion: f64, pairs: u64, more: &str) -> (u32, u32) {
    let folder = Folder::new();
    let (mut different, mut withheld) = (0, 0);
    for seed in 0..pairs {
        folder.write("aa.csv", equal_arms(8_000, conversion, seed));
        let line = format!("ab @aa.csv --unit user --variant arm --metric spent:p90 {more} --json");
        let report: Value = serde_json::from_str(&folder.run(&line).unwrap()).unwrap();
        let found = &report["metrics"][0]["comparisons"][0];
        different += u32::from(["better", "worse"].contains(&found["verdict"].as_str().unwrap()));
        withheld += u32::from(found.get("cannot_compute").is_some());
        if let Some(lo) = found["interval"][0].as_f64()
            && !more.contains("absolute")
        {
            assert!(lo >= -1.0, "nothing falls by more than all of it: {found}");
        }
    }
    (different, withheld)
}

#[test]
fn equal_arms_are_not_told_apart_by_a_quantile_near_the_zeros() {
    for (conversion, pairs, more) in [
        (0.1, 20, ""),
        (0.103, 40, ""),
        (0.11, 40, ""),
        (0.12, 40, ""),
        (0.15, 40, ""),
        (0.103, 20, "--bayesian"),
        (0.103, 20, "--absolute"),
    ] {
        let (different, withheld) = declared(conversion, pairs, more);
        // Of 40 at 5%, more than 6 have a chance of 0.3%.
        assert!(different <= 6, "{conversion} {more}: {different}");
        // Far from the zeros a quantile is as good as ever.
        assert_eq!(
            conversion < 0.15,
            withheld > 0,
            "{conversion} {more}: {withheld}"
        );
    }
}

#[test]
fn a_quantile_at_equal_values_has_no_verdict_but_a_reason() {
    let folder = Folder::new();
    folder.write("aa.csv", equal_arms(8_000, 0.1, 1));
    let line = "ab @aa.csv --unit user --variant arm --metric spent:p90";
    let text = one_line(&folder.run(line).unwrap());
    assert!(
        text.contains("With --sequential --absolute it is compared")
            && text.contains("quantile farther out"),
        "{text}"
    );
    let report: Value =
        serde_json::from_str(&folder.run(&format!("{line} --json")).unwrap()).unwrap();
    let found = &report["metrics"][0]["comparisons"][0];
    assert_eq!(found["cannot_compute"], "degenerate_quantile");
    for field in ["p", "interval", "effect", "stderr"] {
        assert!(found.get(field).is_none(), "{found}");
    }
    // Whole numbers that thousands share are as bad as zeros.
    let ties = rows(
        "user,arm,spent",
        (0..20_000_u64).map(|i| {
            format!(
                "{i},{},{}",
                ["control", "treatment"][(i % 2) as usize],
                i / 2 * 7 % 20
            )
        }),
    );
    folder.write("aa.csv", ties);
    let report = folder.run(&format!("{line} --json")).unwrap();
    assert!(report.contains("degenerate_quantile"), "{report}");
}
