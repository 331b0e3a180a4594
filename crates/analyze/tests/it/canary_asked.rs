//! How the metrics of a canary are asked for, what its files hold, and what is told where either is wrong.

use crate::harness::{Folder, one_line, rows};
use serde_json::Value;

/// Two hours of minutes with figures of these names, and the requests of each.
fn minutes(names: &str, step: u32) -> String {
    rows(
        &format!("{names},requests"),
        (0..120_u32).map(|i| {
            let noise = f64::from(i * step % 121) / 121.0;
            let figures: Vec<String> = names
                .split(',')
                .map(|_| format!("{:.0}", 9.0 * noise))
                .collect();
            format!("{},1000", figures.join(","))
        }),
    )
}

fn named(names: &str) -> Folder {
    let folder = Folder::new();
    folder
        .write("base.csv", minutes(names, 37))
        .write("new.csv", minutes(names, 41));
    folder
}

fn report(folder: &Folder, line: &str) -> Value {
    serde_json::from_str(&folder.run(&format!("canary {line} --json")).unwrap()).unwrap()
}

#[test]
fn columns_whose_names_hold_colons_and_slashes_can_be_named() {
    let folder = named("job:latency:p99,http/errors,job:latency");
    for (asked, method, worse) in [
        ("job:latency:p99", "mann_whitney", "increase"),
        ("job:latency:p99:decrease", "mann_whitney", "decrease"),
        ("job:latency:p99:p50", "sequential_quantile", "increase"),
        ("job:latency:p90", "sequential_quantile", "increase"),
        ("http/errors", "mann_whitney", "increase"),
        ("http/errors/requests", "sequential_counts", "increase"),
        (
            "http/errors/requests:rate:either",
            "sequential_counts",
            "either",
        ),
    ] {
        let found = report(&folder, &format!("@base.csv @new.csv --metric {asked}"));
        let metric = &found["metrics"][0];
        assert_eq!(metric["method"], method, "{asked}: {metric}");
        assert_eq!(metric["worse"], worse, "{asked}: {metric}");
    }
    let rate = report(&folder, "@base.csv @new.csv --metric http/errors/requests");
    assert_eq!(rate["metrics"][0]["metric"], "http/errors/requests");
    assert_eq!(
        rate["metrics"][0]["n"],
        serde_json::json!([120_000, 120_000])
    );
}

#[test]
fn what_is_advised_is_understood() {
    let folder = named("a:b");
    let text = one_line(
        &folder
            .run("canary @base.csv @new.csv --metric a:b:p50")
            .unwrap(),
    );
    let advice = "say it with --direction or as --metric a:b:p50:increase.";
    assert!(text.contains(advice), "{text}");
    let found = report(&folder, "@base.csv @new.csv --metric a:b:p50:increase");
    assert_eq!(found["metrics"][0]["worse_by"], "asked");
}

#[test]
fn a_metric_that_is_no_column_and_no_kind_of_one_is_told_with_what_there_is() {
    let folder = named("latency_ms");
    let refused = |asked: &str| {
        folder
            .run(&format!("canary @base.csv @new.csv --metric {asked}"))
            .unwrap_err()
    };
    for (asked, why) in [
        ("latency_ms:median", "\"median\" is neither a kind"),
        ("latency_ms:rate", "a rate needs two columns"),
        (
            "latency_ms/requests:p99",
            "two columns make a rate or a count",
        ),
        ("latency_ms:p50:p99", "it has two kinds"),
    ] {
        let told = refused(asked);
        assert!(
            told.starts_with(&format!("--metric {asked}: ")) && told.contains(why),
            "{told}"
        );
    }
    let told = refused("latency:p99");
    assert!(
        told.contains("there is no column \"latency\"\n  did you mean \"latency_ms\"?"),
        "{told}"
    );
    let twice = refused("latency_ms:p99 --metric latency_ms:p99:either");
    assert!(
        twice.starts_with("--metric: latency_ms p99 is asked for twice"),
        "{twice}"
    );
    for (asked, why) in [
        ("latency_ms:increase:decrease", "it has two directions"),
        (":p99", "it names no column"),
    ] {
        let told = refused(asked);
        assert!(
            told.starts_with("ends with 2\n") && told.contains(why),
            "{told}"
        );
    }
}

#[test]
fn two_ways_to_split_a_name_are_told() {
    let folder = named("a,b/c,a/b,c");
    let told = folder
        .run("canary @base.csv @new.csv --metric a/b/c")
        .unwrap_err();
    assert!(
        told.contains("it may be \"a\" over \"b/c\" or \"a/b\" over \"c\""),
        "{told}"
    );
}

#[test]
fn a_tolerance_above_one_is_written_in_per_cent() {
    let folder = named("latency_ms");
    let line = "canary @base.csv @new.csv --metric latency_ms --tolerance";
    let told = folder.run(&format!("{line} 10")).unwrap_err();
    assert!(
        told.starts_with("ends with 2\n") && told.contains("10 is 1000%: write 10% or 1000%"),
        "{told}"
    );
    for (text, tolerance) in [("150%", 1.5), ("1", 1.0), ("0.1", 0.1)] {
        let found = report(&folder, &format!("@base.csv @new.csv --tolerance {text}"));
        assert_eq!(found["tolerance"], tolerance);
    }
}

#[test]
fn a_file_without_a_header_is_refused_rather_than_read_without_its_first_row() {
    let folder = Folder::new();
    let figures = |step: u32| (0..60_u32).map(move |i| format!("{}.5", 100 + i * step % 61));
    for (bare, first) in [
        (rows("10.25", figures(7)), "10.25"),
        (
            rows(
                "2026-01-01T00:00:00Z,7.5",
                (1..60).map(|i| format!("2026-01-01T00:{i:02}:00Z,7.5")),
            ),
            "7.5",
        ),
    ] {
        folder.write("bare.csv", bare);
        for more in ["", " --metric latency_ms"] {
            let told = folder
                .run(&format!("canary @bare.csv @bare.csv{more}"))
                .unwrap_err();
            assert_eq!(
                told,
                format!(
                    "bare.csv: the first line holds figures, as {first}, where the names of the columns should be\n  \
                     write a line of names above it, as latency_ms, or name what are columns with --metric"
                )
            );
        }
    }
    // Data frames number their columns, and whoever names a column knows of it.
    folder
        .write(
            "frame.csv",
            rows(
                ",0,1",
                figures(7).enumerate().map(|(i, x)| format!("{i},{x},{x}")),
            ),
        )
        .write(
            "years.csv",
            rows("2025,2026", figures(7).map(|x| format!("{x},{x}"))),
        );
    for line in [
        "@frame.csv @frame.csv",
        "@years.csv @years.csv --metric 2026",
    ] {
        folder.run(&format!("canary {line}")).unwrap();
    }
}

/// An hour of minutes, of which one may be told twenty minutes too early.
fn hour(early: Option<u32>, step: u32) -> String {
    rows(
        "time,latency_ms",
        (20..60_u32).map(|i| {
            let minute = if early == Some(i) { i - 20 } else { i };
            format!("2026-01-01T00:{minute:02}:00Z,{}.5", 100 + i * step % 61)
        }),
    )
}

#[test]
fn a_time_that_goes_backwards_is_told_where_the_order_of_rows_is_read() {
    let folder = Folder::new();
    folder
        .write("base.csv", hour(None, 23))
        .write("good.csv", hour(None, 11))
        .write("back.csv", hour(Some(30), 11));
    let warnings = |line: &str| report(&folder, line)["warnings"].clone();
    let told = warnings("@base.csv @back.csv");
    let told = told[0].as_str().unwrap();
    assert!(
        told.contains("back.csv, line 12, column \"time\": time goes backwards here; which rows are compared is \
                       read out of their order, so sort them by time."),
        "{told}"
    );
    let gap = hour(Some(30), 11).replacen("2026-01-01T00:21:00Z", "", 1);
    folder.write("gap.csv", gap);
    let told = warnings("@base.csv @gap.csv").to_string();
    assert!(
        told.contains("gap.csv, column \\\"time\\\": time goes backwards here;"),
        "{told}"
    );
    for line in ["@base.csv @good.csv", "@base.csv @back.csv --every 1"] {
        assert_eq!(warnings(line), serde_json::json!([]), "{line}");
    }
}

#[test]
fn an_open_quote_is_told_of_the_file_that_has_it() {
    let folder = Folder::new();
    let open = hour(None, 11).replace("2026-01-01T00:40", "\"2026-01-01T00:40");
    folder
        .write("base.csv", hour(None, 7))
        .write("open.csv", open);
    for files in ["@base.csv @open.csv", "@open.csv @base.csv"] {
        let told = folder.run(&format!("canary {files}")).unwrap_err();
        assert!(told.starts_with("open.csv, line 22: "), "{files}: {told}");
    }
    // What is wrong in one cell is still told of that.
    let text = hour(None, 11).replacen(",1", ",fast1", 3);
    folder.write("text.csv", text);
    let told = folder.run("canary @text.csv @base.csv").unwrap_err();
    assert!(
        told.starts_with("text.csv, line 2, column \"latency_ms\": \"fast1"),
        "{told}"
    );
}

#[test]
fn a_change_that_is_not_that_of_the_medians_beside_it_is_explained() {
    let folder = Folder::new();
    // Of 101 values so many are near 100, and the others near 1,000: the median is near the one or the other.
    let figures = |low: u32, step: u32, scale: f64| {
        rows(
            "load",
            (0..101_u32).map(|i| {
                let at = i * step % 101;
                let base = if at < low { 100.0 } else { 1000.0 };
                format!("{:.3}", scale * (base + f64::from(at) / 10.0))
            }),
        )
    };
    folder
        .write("base.csv", figures(51, 37, 1.0))
        .write("other.csv", figures(50, 41, 0.99))
        .write("same.csv", figures(51, 41, 0.99));
    let medians = |canary: &str| {
        let found = report(&folder, &format!("@base.csv @{canary}.csv"));
        let note = "The change of load is the median of those from each row of the baseline to each of the canary";
        (
            found["notes"].to_string().contains(note),
            found["metrics"][0].clone(),
        )
    };
    let (told, metric) = medians("other");
    assert!(told, "{metric}");
    assert!(metric["effect"].as_f64().unwrap() < 0.0, "{metric}");
    assert!(metric["canary"].as_f64().unwrap() > 9.0 * metric["baseline"].as_f64().unwrap());
    let (told, metric) = medians("same");
    assert!(!told, "{metric}");

    // All but the middle value rise, and the other way round.
    let around = |step: u32, scale: f64| {
        rows(
            "load",
            (0..101_u32).map(|i| match i * step % 101 {
                50 => "500".to_owned(),
                at if at < 50 => format!("{:.3}", scale * (100.0 + f64::from(at) / 10.0)),
                at => format!("{:.3}", scale * (1000.0 + f64::from(at) / 10.0)),
            }),
        )
    };
    let steps = |low: u32, step: u32| {
        let value = move |i: u32| if i * step % 101 < low { "1" } else { "2" };
        rows("load", (0..101_u32).map(|i| value(i).to_owned()))
    };
    let shown = |baseline: String, canary: String| {
        folder
            .write("base.csv", baseline)
            .write("other.csv", canary);
        let (told, metric) = medians("other");
        assert!(told, "{metric}");
        metric
    };
    let metric = shown(around(37, 1.0), around(41, 1.2));
    assert_eq!(metric["baseline"], metric["canary"], "{metric}");
    let metric = shown(steps(51, 37), steps(50, 41));
    assert_eq!(metric["effect"], 0.0, "{metric}");
    assert_eq!(metric["canary"], 2.0, "{metric}");
}
