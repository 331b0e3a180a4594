//! Times of two files: of one clock, or told.

use crate::harness::{Event, Folder, one_line, parquet, rows};
use serde_json::Value;

const AB: &str = "ab --exposures @seen.csv --conversions @bought.csv --unit user --variant arm --time at \
                  --metric amount";

const START: i64 = 1_767_225_600;

/// A thousand units seen over three days; half of them buy, the treatment's sooner.
fn files(seen: impl Fn(i64) -> String, bought: impl Fn(i64) -> String) -> Folder {
    let folder = Folder::new();
    let at = |i: i64| START + i * 7_919 % 259_200;
    let late = |i: i64| if i % 2 == 0 { 40_000 } else { 3_600 };
    folder
        .write(
            "seen.csv",
            rows(
                "user,arm,at",
                (0..1_000).map(|i| {
                    let arm = ["control", "treatment"][(i % 2) as usize];
                    format!("{i},{arm},{}", seen(at(i)))
                }),
            ),
        )
        .write(
            "bought.csv",
            rows(
                "user,at,amount",
                (0..1_000)
                    .filter(|i| i / 2 % 2 == 0)
                    .map(|i| format!("{i},{},{}", bought(at(i) + late(i)), 1 + i / 4 % 3)),
            ),
        );
    folder
}

fn iso(at: i64, form: &str) -> String {
    let time = chrono::DateTime::from_timestamp(at, 0).unwrap();
    time.format(form).to_string()
}

fn json(folder: &Folder) -> Value {
    serde_json::from_str(&folder.run(&format!("{AB} --json")).unwrap()).unwrap()
}

fn told(folder: &Folder) -> (String, String, u64) {
    let report = json(folder);
    let text = |value: &Value| one_line(value.as_str().unwrap());
    let warnings = report["warnings"].as_array().unwrap();
    (
        text(&report["conclusion"]["text"]),
        warnings.iter().map(text).collect::<Vec<_>>().join(" "),
        report["reading"]["values_before_exposure"]
            .as_u64()
            .unwrap(),
    )
}

#[test]
fn dates_without_a_time_of_day_beside_times_are_named() {
    let folder = files(|at| iso(at, "%Y-%m-%dT%H:%M:%SZ"), |at| iso(at, "%Y-%m-%d"));
    let (conclusion, warnings, early) = told(&folder);
    assert!(early > 100, "{early}");
    let counts =
        format!(" {early} of 500 metric rows are earlier than their unit's first exposure");
    assert!(
        conclusion.contains(&counts) && conclusion.ends_with("are the times of one clock?"),
        "{conclusion}"
    );
    assert!(
        warnings.contains(
            "bought.csv has dates without a time of day, which count from midnight, and seen.csv has \
             times of day"
        ) && warnings.contains("write the time of day in both"),
        "{warnings}"
    );
    // Dates in both are of one clock: a day is as early as itself.
    let folder = files(|at| iso(at, "%Y-%m-%d"), |at| iso(at, "%Y-%m-%d 00:00:00"));
    let (conclusion, warnings, early) = told(&folder);
    assert_eq!((early, warnings.as_str()), (0, ""), "{conclusion}");
}

#[test]
fn times_without_a_zone_beside_times_with_one_are_named() {
    let hours = |hours: i64| move |at: i64| iso(at + hours * 3_600, "%Y-%m-%d %H:%M:%S");
    let zoned = |at: i64| iso(at, "%Y-%m-%dT%H:%M:%SZ");
    let (conclusion, warnings, early) = told(&files(zoned, hours(-8)));
    assert_eq!(early, 250, "the treatment's, who buy within the hour");
    assert!(
        conclusion.contains(" 250 of 500 metric rows are earlier"),
        "{conclusion}"
    );
    assert!(
        warnings.contains(
            "bought.csv has times without a zone, which are read as UTC, and seen.csv has times with one"
        ),
        "{warnings}"
    );
    // Without effect there is nothing to warn of.
    assert_eq!(told(&files(zoned, hours(0))).1, "");
    // With little it is named, but does not stand beside the conclusion.
    let folder = files(zoned, hours(0));
    let mut bought = std::fs::read_to_string(folder.path("bought.csv")).unwrap();
    for i in 0..20 {
        bought.push_str(&format!("{i},{},5\n", iso(START - 60, "%Y-%m-%d %H:%M:%S")));
    }
    folder.write("bought.csv", bought);
    let (conclusion, warnings, _) = told(&folder);
    assert!(!conclusion.contains("one clock"), "{conclusion}");
    assert!(
        warnings.starts_with("20 of 520 metric rows") && warnings.contains("times without a zone"),
        "{warnings}"
    );
    // Both without: nothing is known of zones, and the rows are told all the same.
    let (conclusion, warnings, _) = told(&files(hours(0), hours(-8)));
    assert!(
        conclusion.contains("are the times of one clock?"),
        "{conclusion}"
    );
    assert!(warnings.contains("wrong where zones differ"), "{warnings}");
}

#[test]
fn history_is_no_error_and_little_of_it_no_warning() {
    let folder = files(|at| at.to_string(), |at| at.to_string());
    let bought = std::fs::read_to_string(folder.path("bought.csv")).unwrap();
    let with = |history: i64| {
        let mut text = bought.clone();
        for i in 0..history {
            text.push_str(&format!("{i},{},500\n", START - 86_400));
        }
        folder.write("bought.csv", text);
        let report = json(&folder);
        let comparison = &report["metrics"][0]["comparisons"][0];
        (told(&folder), comparison["effect"].clone())
    };
    let ((_, none, _), effect) = with(0);
    assert_eq!(none, "");
    // A tenth of all, which is not more than a tenth.
    let ((conclusion, warnings, early), same) = with(55);
    assert_eq!((early, warnings.as_str(), &same), (55, "", &effect));
    assert!(!conclusion.contains("one clock"), "{conclusion}");
    let ((conclusion, warnings, early), same) = with(56);
    assert_eq!((early, &same), (56, &effect));
    assert!(conclusion.contains("56 of 556 metric rows"), "{conclusion}");
    assert!(
        warnings.starts_with("56 of 556 metric rows of exposed units (10.1%) are earlier"),
        "{warnings}"
    );
}

#[test]
fn seconds_are_not_joined_with_thousandths_of_them() {
    let scaled = |by: i64| move |at: i64| (at * by).to_string();
    for (by, name, divide) in [
        (1_000, "milliseconds", "1,000"),
        (1_000_000, "microseconds", "1,000,000"),
        (1_000_000_000, "nanoseconds", "1,000,000,000"),
    ] {
        let error = |folder: Folder| folder.run(AB).unwrap_err();
        assert_eq!(
            error(files(scaled(1), scaled(by))),
            format!(
                "--time: the times of seen.csv are seconds since 1970, those of bought.csv are {name} since \
                 1970\n  write both in one unit: divide those of bought.csv by {divide}"
            )
        );
        assert_eq!(
            error(files(scaled(by), scaled(1))),
            format!(
                "--time: the times of seen.csv are {name} since 1970, those of bought.csv are seconds since \
                 1970\n  write both in one unit: divide those of seen.csv by {divide}"
            )
        );
        // The same in both is of one clock, and a time that stands for none does not hide a unit.
        assert_eq!(told(&files(scaled(by), scaled(by))).2, 0);
        let folder = files(scaled(1), scaled(by));
        let bought = std::fs::read_to_string(folder.path("bought.csv")).unwrap();
        folder.write("bought.csv", bought + "3,0,5\n5,-1,5\n");
        assert!(error(folder).contains(name));
    }
    // Numbers that are no time since 1970 have any unit.
    let since = |by: i64| move |at: i64| ((at - START) * by).to_string();
    assert!(files(since(1), since(1_000)).run(AB).is_ok());
}

#[test]
fn a_fraction_of_a_second_is_a_plain_time_like_a_whole_one() {
    let whole = json(&files(|at| at.to_string(), |at| at.to_string()));
    let ways: [fn(i64) -> String; 5] = [
        |at| format!("{at}.25"),
        |at| format!("{at}.0"),
        |at| format!("{:e}", at as f64),
        |at| {
            if at % 2 == 0 {
                at.to_string()
            } else {
                format!("{at}.5")
            }
        },
        |at| at.to_string(),
    ];
    for way in ways {
        let report = json(&files(|at| at.to_string(), way));
        assert_eq!(report["metrics"], whole["metrics"], "{}", way(START));
        // A quarter before the second counts as before it, also where the other file has whole ones.
        let report = json(&files(way, |at| format!("{}.75", at - 3_601)));
        let early = report["reading"]["values_before_exposure"].as_u64();
        assert_eq!(early, Some(250), "{}", way(START));
    }
}

#[test]
fn timestamps_of_parquet_have_a_zone_and_a_time_of_day() {
    let folder = Folder::new();
    let seen: Vec<Event> = (0..400)
        .map(|i| Event {
            user: i,
            arm: Some(["control", "treatment"][(i % 2) as usize]),
            at: (START + 60 * i) * 1_000,
            revenue: None,
        })
        .collect();
    folder.write("seen.parquet", parquet(&seen, 150));
    let bought = |form: &str, later: i64| {
        let row = |i: i64| format!("{i},{},{}", iso(START + 60 * i + later, form), i % 3);
        folder.write("bought.csv", rows("user,at,amount", (0..400).map(row)));
        let line = AB.replace("seen.csv", "seen.parquet");
        one_line(&folder.run(&line).unwrap())
    };
    let text = bought("%Y-%m-%d", 30);
    assert!(
        text.contains("399 of 400 metric rows are earlier")
            && text.contains("bought.csv has dates without a time of day"),
        "{text}"
    );
    let text = bought("%Y-%m-%d %H:%M:%S", -30);
    assert!(
        text.contains(
            "bought.csv has times without a zone, which are read as UTC, and seen.parquet has"
        ),
        "{text}"
    );
    let text = bought("%Y-%m-%dT%H:%M:%SZ", -30);
    assert!(text.contains("wrong where zones differ"), "{text}");
    assert!(!bought("%Y-%m-%d %H:%M:%S", 30).contains('!'));
}

#[test]
fn one_file_holds_times_in_one_unit() {
    let folder = Folder::new();
    let line = "ab @e.csv --unit user --variant arm --time at --metric m";
    let event = |i: i64, by: i64| {
        let arm = ["control", "treatment"][(i % 2) as usize];
        [
            format!("{i},{arm},{},", START + i),
            format!("{i},,{},{}", (START + i + 30) * by, i % 7),
        ]
    };
    let with = |thousandths: i64| {
        let by = |i: i64| if i < thousandths { 1_000 } else { 1 };
        let events = (0..1_000).flat_map(|i| event(i, by(i)));
        folder.write("e.csv", rows("user,arm,at,m", events));
        folder.run(line)
    };
    assert_eq!(
        with(1_000).unwrap_err(),
        "--time: the times of e.csv are seconds since 1970 in 1,000 rows and milliseconds since 1970 in \
         1,000 rows\n  write all of them in one unit"
    );
    assert!(with(21).is_err());
    // A slip or two are no second unit.
    assert!(with(2).is_ok());
}
