//! The judgement of canaries, to the letter, and what cannot be judged.

use crate::harness::{Folder, one_line, rows};
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
        r#"Not decided: errors/requests may or may not be higher by more than 10%.

metric           baseline  canary  change          interval  verdict
latency_ms          104.9   105.2  +0.29%    -1.1% to +1.7%  pass
errors/requests     0.15%   0.15%   +0.0%  -29.1% to +41.1%  undecided

errors/requests: the canary is as high as the baseline (interval -29.1% to
  +41.1%): it may or may not exceed the tolerated 10%; more data will tell.

Compared: 120 rows of each (latency_ms); 120,000 trials of each
  (errors/requests).
Intervals hold at every look, so you may judge again as data comes in.
Taken from the names: higher is worse for latency_ms, errors/requests.
"#,
    );
}

#[test]
fn a_slow_canary_fails() {
    judged(
        "slow",
        r#"The canary fails: latency_ms is 38.1% higher (+36.5% to +39.8%).

metric           baseline  canary  change          interval  verdict
latency_ms          104.9   144.9  +38.1%  +36.5% to +39.8%  fail
errors/requests     0.15%   0.15%   +0.0%  -29.1% to +41.1%  undecided

errors/requests: the canary is as high as the baseline (interval -29.1% to
  +41.1%): it may or may not exceed the tolerated 10%; more data will tell.

Compared: 120 rows of each (latency_ms); 120,000 trials of each
  (errors/requests).
Intervals hold at every look, so you may judge again as data comes in.
Taken from the names: higher is worse for latency_ms, errors/requests.
"#,
    );
}

#[test]
fn a_canary_that_errs_fails() {
    judged(
        "broken",
        r#"The canary fails: errors/requests is 2600% higher (+1868% to +3734%).

metric           baseline  canary  change          interval  verdict
latency_ms          104.9   104.9   +0.0%    -1.4% to +1.4%  pass
errors/requests     0.15%    4.0%  +2600%  +1868% to +3734%  fail

Compared: 120 rows of each (latency_ms); 120,000 trials of each
  (errors/requests).
Intervals hold at every look, so you may judge again as data comes in.
Taken from the names: higher is worse for latency_ms, errors/requests.
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
        report["notes"]
            .to_string()
            .contains("Left out as a label: host."),
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
        "latency_ms: no value in 2 of 2 rows of the canary, left out."
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
            "@base.csv @words.csv --metric latency_ms",
            "words.csv, line 3, column \"latency_ms\": \"fast\" is not a number\n  \
             correct it, or leave the cell empty where there is no value",
        ),
        (
            "@base.csv @back.csv --time time --metric latency_ms",
            "back.csv, line 4, column \"time\": time goes backwards here\n  \
             sort the rows by time, or leave --time out if their order does not matter",
        ),
        (
            "@base.csv @strange.csv --metric errors/requests",
            "strange.csv, line 2, column \"errors\": 5 of 3 requests\n  \
             there cannot be more than all; is it a count over something (:count)?",
        ),
        (
            "@base.csv @part.csv --metric errors/requests",
            "part.csv, line 2, column \"errors\": 0.5 is no count\n  counts are whole numbers, 0 or more",
        ),
        (
            "@base.csv @minus.csv --metric errors/requests",
            "minus.csv, line 2, column \"errors\": -1 is no count\n  counts are whole numbers, 0 or more",
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
    assert!(text.contains("  anything  undecided"), "{text}");
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
    assert!(open.starts_with("Not decided:"), "{open}");
    assert!(
        one_line(&open).contains("decides nothing; --margin would, as --margin 0.01%."),
        "{open}"
    );
    // ln 20 in 120,000 is 0.0025%.
    let pass = judged("--margin 0.0001 --metric latency_ms");
    assert!(pass.starts_with("The canary passes"), "{pass}");
    let strict = judged("--margin 0.00002");
    assert!(strict.starts_with("Not decided:"), "{strict}");
    let none = folder.run("canary @clean.csv @clean.csv --metric latency_ms --margin 0.1");
    assert!(none.unwrap_err().contains("no metric is a rate"));
}

#[test]
fn what_is_asked_fits_the_metrics() {
    let folder = folder();
    for (asked, why) in [
        (
            "--metric errors/requests --every 3",
            "--every: no metric is a figure",
        ),
        (
            "--metric latency_ms:increase --metric latency_ms:mean:decrease",
            "--metric: latency_ms is asked for twice",
        ),
        (
            "--metric latency_ms:p99 --metric latency_ms:p99.0",
            "--metric: latency_ms p99 is asked for twice",
        ),
    ] {
        let refused = folder
            .run(&format!("canary @base.csv @same.csv {asked}"))
            .unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
    // The median and a quantile of one column are two questions; every row is what a rate has.
    for asked in [
        "--metric latency_ms --metric latency_ms:p99",
        "--metric errors/requests --every 1",
        "--metric errors/requests --metric latency_ms --every 3",
    ] {
        let report = folder.run(&format!("canary @base.csv @same.csv {asked}"));
        assert!(report.is_ok(), "{report:?}");
    }
}

/// What a file with these columns says beside one that is in order.
#[track_caller]
fn refused(baseline: &str, canary: &str, expected: &str) {
    let folder = Folder::new();
    folder.write("base.csv", baseline).write("new.csv", canary);
    assert_eq!(
        folder.run("canary @base.csv @new.csv"),
        Err(expected.to_owned())
    );
}

/// Enough equal figures to pass, if nothing else is looked at.
fn figures(header: &str, row: &str) -> String {
    rows(
        header,
        (0..100).map(|i| row.replace('#', &(100 + i % 7).to_string())),
    )
}

#[test]
fn a_column_that_cannot_be_read_is_no_pass_on_the_rest() {
    let sound = figures("ms,errors", "#,0");
    let remedy = "\n  correct it, or leave the cell empty where there is no value; or name the metrics wanted, as";
    refused(
        &sound,
        &figures("ms,errors", "#,ERR"),
        &format!("new.csv, line 2, column \"errors\": \"ERR\" is not a number{remedy} --metric ms"),
    );
    // In both files, too: nothing says that this is no metric.
    let unit = figures("ms,took", "#,12ms");
    refused(
        &unit,
        &unit,
        &format!("base.csv, line 2, column \"took\": \"12ms\" is not a number{remedy} --metric ms"),
    );
    // However late it comes.
    refused(
        &sound,
        &format!("{sound}5,many\n"),
        &format!(
            "new.csv, line 102, column \"errors\": \"many\" is not a number{remedy} --metric ms"
        ),
    );
}

#[test]
fn a_column_of_one_file_only_is_no_pass_on_the_rest() {
    let (both, one) = (figures("ms,errors", "#,0"), figures("ms", "#"));
    refused(
        &both,
        &one,
        "new.csv: there is no column \"errors\", which base.csv has\n  \
         add it, or name the metrics wanted, as --metric ms",
    );
    refused(
        &one,
        &both,
        "base.csv: there is no column \"errors\", which new.csv has\n  \
         add it, or name the metrics wanted, as --metric ms",
    );
    let folder = Folder::new();
    folder.write("base.csv", both).write("new.csv", one);
    let named = report(&folder, "canary @base.csv @new.csv --metric ms");
    assert_eq!(named["verdict"], "pass", "{named}");
}

#[test]
fn a_column_without_any_value_is_not_decided() {
    let folder = Folder::new();
    folder
        .write("base.csv", figures("ms,errors", "#,1"))
        .write("new.csv", figures("ms,errors", "#,"));
    let report = report(&folder, "canary @base.csv @new.csv");
    assert_eq!(report["verdict"], "inconclusive", "{report}");
    assert_eq!(report["metrics"][0]["verdict"], "pass", "{report}");
}

#[test]
fn times_are_left_out_and_told() {
    let folder = Folder::new();
    for (header, time) in [
        ("timestamp,ms", "1970-01-02T00:00:#Z"),
        ("when,ms", "2026-01-01 00:00:#"),
        ("x,ms", "1767269#0"),
        ("x,ms", "1767269#0000"),
        ("ts,ms", "#"),
    ] {
        let file = rows(
            header,
            (0..50).map(|i| {
                format!(
                    "{},{}",
                    time.replace('#', &(i + 10).to_string()),
                    100 + i % 7
                )
            }),
        );
        folder.write("base.csv", &file);
        let report = report(&folder, "canary @base.csv @base.csv");
        let name = header.split(',').next().unwrap();
        assert_eq!(
            report["metrics"].as_array().unwrap().len(),
            1,
            "{time}: {report}"
        );
        assert_eq!(report["metrics"][0]["metric"], "ms");
        let left_out = format!("Left out as a time: {name}.");
        assert!(
            report["notes"]
                .as_array()
                .unwrap()
                .contains(&left_out.into()),
            "{report}"
        );
    }
    // A latency that is called time is a metric.
    folder.write("base.csv", figures("time,ms", "#,#"));
    let report = report(&folder, "canary @base.csv @base.csv");
    assert_eq!(report["metrics"].as_array().unwrap().len(), 2, "{report}");
}

#[test]
fn a_row_without_a_time_is_told_where_its_time_matters() {
    let folder = folder();
    folder.write("gap.csv", "time,latency_ms\n0,1\n\n,2\n60,3\n");
    let line = "canary @base.csv @gap.csv --metric latency_ms";
    assert_eq!(
        folder.run(&format!("{line} --time time")).unwrap_err(),
        "gap.csv, line 4, column \"time\": there is no time in this row\n  \
         fill it in, or leave --time out if the order of rows does not matter"
    );
    assert_eq!(report(&folder, line)["metrics"][0]["n"][1], 3);
}

#[test]
fn nothing_out_of_nothing_reads_as_words() {
    let folder = Folder::new();
    folder
        .write("none.csv", figures("errors,requests,hours", "0,0,0"))
        .write("some.csv", figures("errors,requests,hours", "1,#,1"));
    for (files, metric) in [
        ("@none.csv @some.csv", "errors/requests"),
        ("@some.csv @none.csv", "errors/requests"),
        ("@none.csv @none.csv", "errors/requests"),
        ("@none.csv @none.csv", "errors:p99"),
        ("@none.csv @some.csv", "errors"),
    ] {
        let text = folder
            .run(&format!("canary {files} --metric {metric}"))
            .unwrap();
        for bad in ["NaN", "inf", "?"] {
            assert!(!text.contains(bad), "{files} {metric}: {text}");
        }
        assert!(
            !text.starts_with("The canary passes") || files == "@none.csv @none.csv",
            "{text}"
        );
    }
    let text = folder
        .run("canary @none.csv @some.csv --metric errors/requests")
        .unwrap();
    assert!(text.contains("not known"), "{text}");
    assert_eq!(
        folder
            .run("canary @some.csv @none.csv --metric errors/hours:count")
            .unwrap_err(),
        "none.csv, column \"hours\": it adds up to 0\n  give what the events are counted over, above 0"
    );
}

#[test]
fn the_sentence_tells_the_interval_as_the_table_does() {
    let folder = folder();
    folder.write("few.csv", rows("ms", (0..30).map(|i| (50 + i).to_string())));
    let text = folder
        .run("canary @few.csv @few.csv --metric ms:p99")
        .unwrap();
    assert!(
        one_line(&text).contains("(interval: anything)") && text.contains("  anything  undecided"),
        "{text}"
    );
    let report = report(&folder, "canary @base.csv @slow.csv --metric latency_ms");
    let text = folder
        .run("canary @base.csv @slow.csv --metric latency_ms")
        .unwrap();
    let bound = |at: usize| 100.0 * report["metrics"][0]["interval"][at].as_f64().unwrap();
    let interval = format!("{:+.1}% to {:+.1}%", bound(0), bound(1));
    assert!(
        text.contains(&format!("({interval}).")) && text.contains(&format!("  {interval}  fail")),
        "{text}"
    );
}
