//! The judgement of canaries, to the letter, and what cannot be judged.

use crate::harness::{Folder, rows};
use serde_json::Value;

/// Two hours of minutes: latency around `base`, errors out of requests.
fn minutes(base: f64, errors: u32) -> String {
    rows(
        "time,host,latency_ms,errors,requests",
        (0..120).map(|i: u32| {
            let wave = f64::from(i * 37 % 101) / 10.0;
            format!(
                "{},web-{},{:.1},{},1000",
                i * 60,
                i % 3,
                base + wave,
                errors + i % 2
            )
        }),
    )
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder
        .write("base.csv", minutes(100.0, 1))
        .write("same.csv", minutes(100.3, 1))
        .write("slow.csv", minutes(140.0, 1))
        .write("broken.csv", minutes(100.0, 40));
    folder
}

const METRICS: &str = "--time time --metric latency_ms --metric errors/requests";

#[track_caller]
fn judged(canary: &str, expected: &str) {
    let report = folder().run(&format!("canary @base.csv @{canary}.csv {METRICS}"));
    assert_eq!(report.unwrap(), expected);
}

#[test]
fn few_errors_leave_it_open() {
    judged(
        "same",
        r#"Not decided. errors/requests: the canary is as high as the baseline (interval -29.1% to 41.1%): it may or may not exceed the tolerated 10%; more data will tell.

metric                 n  baseline        n  canary  change          interval  verdict
latency_ms           120     104.9      120   105.2  +0.29%   -0.95% to +1.5%  pass
errors/requests  120,000     0.15%  120,000   0.15%   +0.0%  -29.1% to +41.1%  inconclusive

Intervals hold at every look, so you may judge again as data comes in.
"#,
    );
}

#[test]
fn a_slow_canary_fails() {
    judged(
        "slow",
        r#"The canary fails. latency_ms: the canary is 38.1% higher than the baseline (interval 36.9% to 39.4%): all of it beyond the tolerated 10%.

metric                 n  baseline        n  canary  change          interval  verdict
latency_ms           120     104.9      120   144.9  +38.1%  +36.9% to +39.4%  fail
errors/requests  120,000     0.15%  120,000   0.15%   +0.0%  -29.1% to +41.1%  inconclusive

Intervals hold at every look, so you may judge again as data comes in.
"#,
    );
}

#[test]
fn a_canary_that_errs_fails() {
    judged(
        "broken",
        r#"The canary fails. errors/requests: the canary is 2600% higher than the baseline (interval 1868% to 3734%): all of it beyond the tolerated 10%.

metric                 n  baseline        n  canary  change          interval  verdict
latency_ms           120     104.9      120   104.9   +0.0%    -1.2% to +1.2%  pass
errors/requests  120,000     0.15%  120,000    4.0%  +2600%  +1868% to +3734%  fail

Intervals hold at every look, so you may judge again as data comes in.
"#,
    );
}

fn report(folder: &Folder, line: &str) -> Value {
    serde_json::from_str(&folder.run(&format!("{line} --json")).unwrap()).unwrap()
}

#[test]
fn without_metrics_every_column_of_numbers_is_judged() {
    let report = report(&folder(), "canary @base.csv @same.csv --time time");
    let names: Vec<&str> = report["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|metric| metric["metric"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["latency_ms", "errors", "requests"]);
    assert!(
        report["notes"].to_string().contains("passed over: host"),
        "{report}"
    );
}

#[test]
fn the_direction_says_which_change_is_worse() {
    let folder = folder();
    let verdict = |more: &str| {
        let line = format!("canary @slow.csv @base.csv --metric latency_ms {more}");
        report(&folder, &line)["verdict"].clone()
    };
    assert_eq!(verdict(""), "pass");
    assert_eq!(verdict("--direction decrease"), "fail");
    assert_eq!(verdict("--direction either"), "fail");
    assert_eq!(verdict("--direction decrease --tolerance 0.5"), "pass");
    let own = report(
        &folder,
        "canary @slow.csv @base.csv --metric latency_ms:decrease",
    );
    assert_eq!(own["verdict"], "fail");
}

#[test]
fn too_little_is_not_decided() {
    let folder = folder();
    folder
        .write("short.csv", "latency_ms\n100\n101\n")
        .write("gaps.csv", "latency_ms,x\n,1\n,1\n");
    let short = report(&folder, "canary @base.csv @short.csv --metric latency_ms");
    assert_eq!(short["verdict"], "inconclusive", "{short}");
    let gaps = report(&folder, "canary @base.csv @gaps.csv --metric latency_ms");
    assert_eq!(gaps["verdict"], "inconclusive", "{gaps}");
    assert_eq!(
        gaps["warnings"][0],
        "latency_ms: no value in 0 rows of the baseline and 2 rows of the canary, left out."
    );
}

#[test]
fn what_cannot_be_judged_says_where_and_what_to_do() {
    let folder = folder();
    folder
        .write("empty.csv", "")
        .write("header.csv", "time,latency_ms\n")
        .write("words.csv", "latency_ms\n100\nfast\n")
        .write("back.csv", "time,latency_ms\n60,1\n120,1\n0,1\n")
        .write("strange.csv", "errors,requests\n5,3\n")
        .write("part.csv", "errors,requests\n0.5,3\n")
        .write("minus.csv", "errors,requests\n-1,3\n")
        .write("other.csv", "a,b\n1,2\n");
    for (line, expected) in [
        (
            "@base.csv @empty.csv",
            "empty.csv: the file is empty\n  write a header line and at least one row",
        ),
        (
            "@base.csv @header.csv",
            "header.csv: there is a header and no row below it\n  is the export complete?",
        ),
        (
            "@base.csv @words.csv",
            "words.csv, line 3, column \"latency_ms\": \"fast\" is not a number\n  \
             correct it, or leave the cell empty where there is no value",
        ),
        (
            "@base.csv @back.csv --time time",
            "back.csv, row 3, column \"time\": time goes backwards here\n  \
             sort the rows by time, or leave --time out if their order does not matter",
        ),
        (
            "@base.csv @strange.csv --metric errors/requests",
            "strange.csv, row 1, column \"errors\": 5 of 3 requests\n  \
             there cannot be more than all; is it a count over something (:count)?",
        ),
        (
            "@base.csv @part.csv --metric errors/requests",
            "part.csv, row 1, column \"errors\": 0.5 is no count\n  counts are whole numbers, 0 or more",
        ),
        (
            "@base.csv @minus.csv --metric errors/requests",
            "minus.csv, row 1, column \"errors\": -1 is no count\n  counts are whole numbers, 0 or more",
        ),
        (
            "@base.csv @other.csv",
            "other.csv: no column is shared with base.csv\n  name the columns alike in both files",
        ),
        (
            "@base.csv @slow.csv --metric latency",
            "base.csv: there is no column \"latency\"\n  did you mean \"latency_ms\"?",
        ),
    ] {
        assert_eq!(
            folder.run(&format!("canary {line}")).unwrap_err(),
            expected,
            "{line}"
        );
    }
}

#[test]
fn an_interval_that_says_nothing_is_called_so() {
    let folder = folder();
    folder.write("few.csv", rows("ms", (0..30).map(|i| (50 + i).to_string())));
    let text = folder
        .run("canary @few.csv @few.csv --metric ms:p99")
        .unwrap();
    assert!(text.contains("  anything  inconclusive"), "{text}");
    let none = "errors,requests\n0,500\n";
    folder
        .write("none.csv", none)
        .write("some.csv", "errors,requests\n9,500\n");
    let text = folder
        .run("canary @none.csv @some.csv --metric errors/requests")
        .unwrap();
    assert!(
        text.contains("from 0") && text.contains("or more"),
        "{text}"
    );
}

#[test]
fn tails_and_counts_are_metrics_too() {
    let folder = folder();
    folder
        .write(
            "calm.csv",
            rows(
                "ms,restarts,hours",
                (0..2_000).map(|i| format!("{},{},0.5", 50 + i % 50, i / 1_999)),
            ),
        )
        .write(
            "spiky.csv",
            rows(
                "ms,restarts,hours",
                (0..2_000).map(|i| {
                    let spike = if i % 40 == 0 { 300 } else { 0 };
                    format!("{},{},0.5", 50 + i % 50 + spike, i % 20 / 19)
                }),
            ),
        );
    let report = report(
        &folder,
        "canary @calm.csv @spiky.csv --metric ms:p99 --metric restarts/hours:count",
    );
    for (at, name, baseline) in [(0, "ms p99", 99.0), (1, "restarts/hours", 0.001)] {
        let metric = &report["metrics"][at];
        assert_eq!(metric["metric"], name);
        assert_eq!(metric["baseline"], baseline, "{metric}");
        assert_eq!(metric["verdict"], "fail", "{metric}");
    }
}

#[test]
fn no_error_in_either_file_passes_only_within_a_margin() {
    let folder = Folder::new();
    let clean = rows(
        "latency_ms,errors,requests",
        (0..120).map(|i: u32| format!("{}.0,0,1000", 100 + i % 7)),
    );
    folder.write("clean.csv", clean);
    let judged = |more: &str| {
        let line = format!("canary @clean.csv @clean.csv --metric errors/requests {more}");
        folder.run(&line).unwrap()
    };
    let open = judged("");
    assert!(open.starts_with("Not decided."), "{open}");
    assert!(open.contains("an absolute margin would"), "{open}");
    // ln 20 in 120,000 is 0.0025%.
    let pass = judged("--margin 0.0001 --metric latency_ms");
    assert!(pass.starts_with("The canary passes"), "{pass}");
    let strict = judged("--margin 0.00002");
    assert!(strict.starts_with("Not decided."), "{strict}");
    let none = folder.run("canary @clean.csv @clean.csv --metric latency_ms --margin 0.1");
    assert!(none.unwrap_err().contains("no metric is a rate"));
}
