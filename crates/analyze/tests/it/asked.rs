//! Metrics as they are asked for: by names that look like more, and with margins that mean something.

use crate::harness::{Folder, one_line, rows};
use serde_json::Value;

const AB: &str = "ab @e.csv --unit user --variant arm --metric";

/// Columns as a time series database names them.
fn prometheus() -> Folder {
    let folder = Folder::new();
    folder.write(
        "e.csv",
        rows(
            "user,arm,http/errors,job:latency:p99,requests,balance",
            (0..2_000_i32).map(|i| {
                let arm = ["control", "treatment"][usize::from(i % 2 == 1)];
                format!(
                    "{i},{arm},{},{},{},{}",
                    i % 3,
                    100 + i % 17,
                    1 + i % 5,
                    i % 9 - 4 + i % 2
                )
            }),
        ),
    );
    folder
}

fn metric(folder: &Folder, asked: &str) -> Value {
    let report = folder.run(&format!("{AB} {asked} --json")).unwrap();
    serde_json::from_str::<Value>(&report).unwrap()["metrics"][0].clone()
}

#[test]
fn a_column_whose_name_looks_like_more_can_be_named() {
    let folder = prometheus();
    let near = |value: &Value, expected: f64| {
        let value = value.as_f64().unwrap();
        assert!(
            (value - expected).abs() < 0.02 * expected,
            "{value} {expected}"
        );
    };
    let errors = metric(&folder, "http/errors:down");
    assert_eq!(
        (errors["metric"].as_str(), errors["kind"].as_str()),
        (Some("http/errors"), Some("mean"))
    );
    near(&errors["control"]["value"], 1.0);
    let latency = metric(&folder, "job:latency:p99");
    assert_eq!(latency["kind"], "mean");
    near(&latency["control"]["value"], 108.0);
    let quantile = metric(&folder, "job:latency:p99:p90:down");
    assert_eq!(quantile["kind"], "quantile");
    let share = metric(&folder, "http/errors/requests");
    assert_eq!(share["kind"], "ratio");
    near(&share["control"]["value"], 1.0 / 3.0);
    for (asked, why) in [
        ("http/errors:median", "\"median\" is neither a kind"),
        ("http/errors:ratio", "a ratio needs two columns"),
        ("requests:median", "\"median\" is neither a kind"),
        ("requests:up:down", "\"up\" is one too many"),
        ("requests:mean:p90", "\"mean\" is one too many"),
    ] {
        let error = folder.run(&format!("{AB} {asked}")).unwrap_err();
        let start = format!("e.csv: --metric: there is no column \"{asked}\", and ");
        assert!(error.starts_with(&start) && error.contains(why), "{error}");
    }
}

#[test]
fn a_margin_that_is_a_share_is_not_beyond_all() {
    let folder = prometheus();
    let refused = |asked: &str, expected: &str| {
        let error = folder.run(&format!("{AB} {asked}")).unwrap_err();
        assert_eq!(one_line(&error), expected);
    };
    for method in ["", " --sequential", " --bayesian"] {
        refused(
            &format!("requests:guardrail=5{method}"),
            "--metric: requests: guardrail=5 is 500% write guardrail=5% or guardrail=500%",
        );
    }
    refused(
        "requests:conversion:down:guardrail=2.5 --absolute",
        "--metric: requests: guardrail=2.5 is 250pp write guardrail=2.5pp for points, or a share of units, as \
         guardrail=0.05",
    );
    refused(
        "requests:conversion:guardrail=100pp --absolute",
        "--metric: requests: a share of units cannot get worse by 100pp, so a guardrail there can never fail give the \
         loss that is still accepted, below 100pp, as guardrail=5pp",
    );
    let below = "give the loss that is still accepted, below 100%, as guardrail=5%";
    for margin in ["1", "100%", "300%"] {
        let percent = if margin == "1" { "100%" } else { margin };
        refused(
            &format!("requests:guardrail={margin}"),
            &format!(
                "requests: no value is below 0, so nothing can be lost beyond 100%, and a guardrail at \
                 {percent} can never fail {below}"
            ),
        );
        refused(
            &format!("requests:conversion:guardrail={margin}"),
            &format!(
                "--metric: requests: a share of units cannot get worse by {percent}, so a guardrail there \
                 can never fail {below}"
            ),
        );
    }
    // What less is better of can grow by any share, and what may be negative can fall by any.
    for sound in [
        "requests:down:guardrail=300%",
        "requests:guardrail=99%",
        "balance:guardrail=300%",
        "requests:guardrail=5 --absolute",
        "requests:down:guardrail=1",
    ] {
        let found = folder.run(&format!("{AB} {sound}"));
        assert!(found.is_ok(), "{sound}: {found:?}");
    }
}

#[test]
fn a_report_says_for_programs_how_all_of_it_was_asked() {
    let folder = prometheus();
    for (more, method, difference) in [
        ("", "fixed", "relative"),
        ("--sequential --absolute", "sequential", "absolute"),
        ("--bayesian", "bayesian", "relative"),
    ] {
        let report = folder.run(&format!("{AB} requests {more} --json")).unwrap();
        let report: Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["method"], method);
        assert_eq!(report["difference"], difference);
    }
}
