//! Figures that are shares near the whole: what is left of them may rise many times while they hardly fall.

use crate::harness::{Folder, one_line, rows};
use serde_json::Value;

/// So many rows of shares that lack about `lacks` to `whole`, in a course of their own for each `step`.
fn shares(header: &str, whole: f64, lacks: f64, step: u32) -> String {
    rows(
        header,
        (0..400_u32).map(|i| {
            let noise = f64::from(i * step % 401) / 401.0;
            format!("{:.6}", whole - lacks * (0.7 + 0.6 * noise))
        }),
    )
}

#[test]
fn shares_that_are_a_little_above_the_whole_are_shares() {
    let above = |name: &str| shares(name, 100.2, 0.3, 37);
    let verdict =
        |name: &str| judged(&above(name), &shares(name, 100.0, 2.0, 41), "").0["verdict"].clone();
    assert_eq!(verdict("success_rate"), "inconclusive");
    assert_eq!(verdict("load"), "pass");
}

fn judged(baseline: &str, canary: &str, more: &str) -> (Value, String) {
    let folder = Folder::new();
    folder.write("base.csv", baseline).write("new.csv", canary);
    let line = format!("canary @base.csv @new.csv {more}");
    let report = folder.run(&format!("{line} --json")).unwrap();
    let text = folder.run(&line).unwrap();
    (serde_json::from_str(&report).unwrap(), text)
}

#[test]
fn ten_times_what_is_left_of_a_share_is_no_pass() {
    for (name, whole) in [
        ("success_rate", 1.0),
        ("success_rate", 100.0),
        ("availability", 1.0),
        ("success_percent", 100.0),
        // Either way counts.
        ("cache_ratio", 100.0),
    ] {
        let of = |lacks: f64, step| shares(name, whole, whole * lacks, step);
        let (found, text) = judged(&of(0.001, 37), &of(0.01, 41), "");
        assert_eq!(
            found["verdict"], "inconclusive",
            "{name} of {whole}: {found}"
        );
        let rest = &found["metrics"][0]["rest"];
        // A thousandth became a hundredth.
        assert!(
            (rest["effect"].as_f64().unwrap() - 9.0).abs() < 0.5,
            "{rest}"
        );
        assert!(rest["interval"][0].as_f64().unwrap() > 5.0, "{rest}");
        let first = text.lines().next().unwrap();
        assert!(
            first.starts_with(&format!("Not decided: the rest of {name} is 9"))
                && first.len() <= 80,
            "{first}"
        );
        assert!(
            one_line(&text).contains(
                " where 0.10% was; ask for that, as a column of its own, or give a smaller"
            ),
            "{text}"
        );
        // The way out that is named.
        let (found, _) = judged(&of(0.001, 37), &of(0.01, 41), "--tolerance 0.5%");
        assert_eq!(found["verdict"], "fail", "{found}");
    }
}

#[test]
fn a_quantile_of_a_share_is_judged_by_that_of_its_rest() {
    let of = |lacks: f64, step| shares("success_rate", 100.0, lacks, step);
    let (found, _) = judged(&of(0.1, 37), &of(2.0, 41), "--metric success_rate:p50");
    assert_eq!(found["verdict"], "inconclusive", "{found}");
    assert!(found["metrics"][0]["rest"]["effect"].as_f64().unwrap() > 15.0);
    let same = "--metric success_rate:p50 --tolerance 20%";
    let (found, _) = judged(&of(0.1, 37), &of(0.1, 41), same);
    assert!(found["metrics"][0].get("rest").is_none(), "{found}");
}

#[test]
fn the_lowest_shares_are_those_with_the_most_left() {
    // A quarter of the rows lack thirty times as much, and all others what they did.
    let canary = rows(
        "success_rate",
        (0..400_u32).map(|i| {
            let at = i * 41 % 401;
            let lacks = if at < 100 { 3.0 } else { 0.1 };
            format!(
                "{:.6}",
                100.0 - lacks * (0.7 + 0.6 * f64::from(at % 50) / 50.0)
            )
        }),
    );
    let baseline = shares("success_rate", 100.0, 0.1, 37);
    let verdict = |kind: &str| {
        let line = format!("--every 1 --metric success_rate:{kind}");
        judged(&baseline, &canary, &line).0["verdict"].clone()
    };
    assert_eq!(verdict("p10"), "inconclusive");
    assert_eq!(verdict("p90"), "pass");
}

#[test]
fn a_rest_that_was_nothing_and_is_something_is_told() {
    let baseline = rows(
        "success_rate",
        (0..200).map(|i| if i % 9 == 0 { "99.95" } else { "100" }.to_owned()),
    );
    let canary = shares("success_rate", 100.0, 1.0, 41);
    let (found, text) = judged(&baseline, &canary, "");
    assert_eq!(found["verdict"], "inconclusive", "{found}");
    assert_eq!(found["metrics"][0]["rest"]["effect"], "Infinity");
    assert!(
        text.starts_with("Not decided: the rest of success_rate is above a baseline of 0."),
        "{text}"
    );
}

#[test]
fn shares_that_are_as_they_were_or_better_pass() {
    let of = |lacks: f64, step| shares("success_rate", 100.0, lacks, step);
    for (before, after) in [(1.0, 1.0), (1.0, 0.1)] {
        let (found, _) = judged(&of(before, 37), &of(after, 41), "");
        assert_eq!(found["verdict"], "pass", "{found}");
        assert!(found["metrics"][0].get("rest").is_none(), "{found}");
    }
}

#[test]
fn what_is_no_share_near_the_whole_has_no_rest() {
    // A latency of just below 100 ms that no name calls a share, one of just below a second that is worse when
    // it rises, and a share of four fifths.
    for (name, whole, before, after, more) in [
        ("load", 100.0, 0.5, 2.0, ""),
        ("latency_s", 1.0, 0.01, 0.04, ""),
        ("rate", 1.0, 0.2, 0.24, ""),
    ] {
        let (found, _) = judged(
            &shares(name, whole, before, 37),
            &shares(name, whole, after, 41),
            more,
        );
        assert!(found["metrics"][0].get("rest").is_none(), "{name}: {found}");
    }
}
