//! The same answer whatever the format, the order, the memory, and wherever the values are.

use crate::harness::{Event, Folder, csv, parquet};
use analyze::ab::{Files, Method, Request, run};
use analyze::{Missing, Progress};
use serde_json::Value;

const AB: &str = "--unit user --variant arm --time at --metric revenue --json";

/// Exposures, some repeated, some in both arms, and values around them in time.
fn events(users: i64) -> Vec<Event> {
    let mut events = Vec::new();
    for user in 0..users {
        let arm = |odd: bool| Some(if odd { "treatment" } else { "control" });
        let odd = user.wrapping_mul(7919) % 13 % 2 == 1;
        let at = user * 1_000;
        let exposure = Event {
            user,
            arm: arm(odd),
            at,
            revenue: None,
        };
        events.push(exposure);
        if user % 10 == 0 {
            events.push(Event {
                at: at + 5,
                ..exposure
            });
        }
        if user % 100 == 3 {
            events.push(Event {
                arm: arm(!odd),
                at: at + 9,
                ..exposure
            });
        }
        for (number, after) in [-500, 20, 400].into_iter().enumerate() {
            if user % 3 == number as i64 || user % 5 == 0 {
                events.push(Event {
                    user,
                    arm: None,
                    at: (at + after).max(0),
                    revenue: Some(0.1 + ((user * 31 + after) % 97) as f64 / 7.0),
                });
            }
        }
    }
    events
}

fn report(folder: &Folder, line: &str) -> Value {
    let text = folder.run(line).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Sums of floats differ in their last digits by the order of their terms, nothing else does.
#[track_caller]
fn same_to_rounding(left: &Value, right: &Value) {
    let comparison = |report: &Value| report["metrics"][0]["comparisons"][0].clone();
    let (left, right) = (comparison(left), comparison(right));
    for field in ["variant", "n", "missing", "verdict"] {
        assert_eq!(left[field], right[field]);
    }
    for field in ["value", "effect", "p", "stderr"] {
        let (left, right) = (
            left[field].as_f64().unwrap(),
            right[field].as_f64().unwrap(),
        );
        assert!((left / right - 1.0).abs() < 1e-8, "{field}: {left} {right}");
    }
}

#[test]
fn parquet_and_csv_give_the_same_report() {
    let folder = Folder::new();
    let events = events(20_000);
    folder
        .write("e.csv", csv(&events))
        .write("e.parquet", parquet(&events, 7_000));
    let text = report(&folder, &format!("ab @e.csv {AB}"));
    let columnar = report(&folder, &format!("ab @e.parquet {AB}"));
    assert_eq!(text, columnar);
    assert_eq!(text["reading"]["units_in_two_arms"], 200);
    assert_eq!(text["reading"]["rows"], events.len());
    assert!(text["reading"]["values_before_exposure"].as_u64().unwrap() > 1_000);
}

#[test]
fn memory_that_does_not_suffice_changes_nothing_but_the_disk() {
    let folder = Folder::new();
    let events = events(500_000);
    folder.write("e.parquet", parquet(&events, 200_000));
    let written = |memory: usize| {
        let request = Request {
            files: Files::One(folder.path("e.parquet")),
            unit: "user".to_owned(),
            variant: "arm".to_owned(),
            time: Some("at".to_owned()),
            metrics: vec!["revenue".parse().unwrap()],
            control: None,
            shares: Vec::new(),
            question: stats::Question::default(),
            method: Method::Fixed,
            missing: Missing::Zero,
            memory,
            threads: 2,
        };
        let report = run(&request, &Progress::default()).unwrap();
        let json = serde_json::to_string(&report).unwrap();
        (report.reading.temporary_bytes, json)
    };
    let ((none, roomy), (much, tight)) = (written(1 << 30), written(16 << 20));
    assert_eq!(none, 0);
    assert!(much > 8_000_000, "{much}");
    assert_eq!(roomy, tight, "to the letter");
}

#[test]
fn the_order_of_rows_decides_nothing() {
    let folder = Folder::new();
    let mut events = events(20_000);
    folder.write("sorted.parquet", parquet(&events, 7_000));
    events.reverse();
    folder.write("reversed.parquet", parquet(&events, 5_000));
    let sorted = report(&folder, &format!("ab @sorted.parquet {AB}"));
    let reversed = report(&folder, &format!("ab @reversed.parquet {AB}"));
    same_to_rounding(&sorted, &reversed);
    assert_eq!(sorted["reading"], reversed["reading"]);
}

#[test]
fn exposures_and_values_may_be_in_files_of_their_own() {
    let folder = Folder::new();
    let events = events(20_000);
    let (exposures, values): (Vec<Event>, Vec<Event>) =
        events.iter().partition(|event| event.arm.is_some());
    folder
        .write("one.parquet", parquet(&events, 7_000))
        .write("seen.parquet", parquet(&exposures, 7_000))
        .write("bought.csv", csv(&values));
    let one = report(&folder, &format!("ab @one.parquet {AB}"));
    let two = report(
        &folder,
        &format!("ab --exposures @seen.parquet --conversions @bought.csv {AB}"),
    );
    same_to_rounding(&one, &two);
    assert_eq!(one["reading"], two["reading"]);
}

#[test]
fn times_of_two_kinds_are_not_joined() {
    let folder = Folder::new();
    folder
        .write(
            "seen.csv",
            "user,arm,at\n1,control,2026-01-01\n2,treatment,2026-01-01\n",
        )
        .write("bought.csv", "user,at,revenue\n1,17,5\n");
    assert_eq!(
        folder
            .run(&format!(
                "ab --exposures @seen.csv --conversions @bought.csv {AB}"
            ))
            .unwrap_err(),
        "--time: the times of seen.csv are dates, those of bought.csv are plain numbers\n  write both in the same way"
    );
}

/// The arithmetic by hand: every user's values from the first exposure on, added up.
#[test]
fn the_join_agrees_with_the_plain_one() {
    use std::collections::BTreeMap;
    let folder = Folder::new();
    let events = events(30_000);
    folder.write("e.parquet", parquet(&events, 9_000));
    let report = report(&folder, &format!("ab @e.parquet {AB}"));
    let mut first: BTreeMap<i64, (i64, Vec<&str>)> = BTreeMap::new();
    for event in &events {
        if let Some(arm) = event.arm {
            let (at, arms) = first.entry(event.user).or_insert((event.at, Vec::new()));
            *at = event.at.min(*at);
            arms.push(arm);
        }
    }
    let mut bought: BTreeMap<i64, f64> = BTreeMap::new();
    for event in &events {
        if let Some(revenue) = event.revenue.filter(|_| event.at >= first[&event.user].0) {
            *bought.entry(event.user).or_default() += revenue;
        }
    }
    let mut sums: BTreeMap<&str, (u64, f64)> = BTreeMap::new();
    for (user, (_, arms)) in &first {
        if arms.iter().any(|arm| *arm != arms[0]) {
            continue;
        }
        let (n, sum) = sums.entry(arms[0]).or_default();
        *n += 1;
        *sum += bought.get(user).copied().unwrap_or(0.0);
    }
    let metric = &report["metrics"][0];
    for (arm, found) in [
        ("control", &metric["control"]),
        ("treatment", &metric["comparisons"][0]),
    ] {
        let (n, sum) = sums[arm];
        assert_eq!(found["n"], n);
        let mean = sum / n as f64;
        assert!((found["value"].as_f64().unwrap() / mean - 1.0).abs() < 1e-12);
    }
}
