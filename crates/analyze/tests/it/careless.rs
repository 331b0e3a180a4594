//! Files and names as they should not be: what `ab` makes of them, and what it tells.

use crate::harness::{Folder, one_line, rows};
use serde_json::Value;

fn json(folder: &Folder, line: &str) -> Value {
    serde_json::from_str(&folder.run(&format!("{line} --json")).unwrap()).unwrap()
}

fn first(report: &Value) -> &Value {
    &report["metrics"][0]["comparisons"][0]
}

/// Two arms of equal size with a value each.
fn arms(names: [&str; 2], units: u32) -> String {
    rows(
        "user,arm,m",
        (0..units).map(|i| format!("{i},{},{}", names[i as usize % 2], i / 2 % 7)),
    )
}

const AB: &str = "ab @e.csv --unit user --variant arm --metric m";

#[test]
fn names_of_any_length_are_shortened_and_do_no_harm() {
    let folder = Folder::new();
    let long = "v".repeat(70_000);
    folder.write("e.csv", arms(["control", &long], 400));
    let text = folder.run(AB).unwrap();
    assert!(
        text.len() < 3_000 && text.contains("vvv…"),
        "{}",
        text.len()
    );
    assert_eq!(first(&json(&folder, AB))["variant"], long);
    // A column as long, as a metric and as a mistake.
    folder.write(
        "e.csv",
        arms(["control", "new"], 400).replacen(",m", &format!(",{long}"), 1),
    );
    let text = folder
        .run(&AB.replace("--metric m", &format!("--metric {long}")))
        .unwrap();
    assert!(text.len() < 3_000, "{}", text.len());
    let error = folder.run(AB).unwrap_err();
    assert!(error.len() < 500 && error.contains('…'), "{}", error.len());
    // What moves a cursor or turns text around is written out.
    folder.write("e.csv", arms(["control", "\u{1b}[31mred\u{202e}"], 400));
    let text = folder.run(AB).unwrap();
    assert!(
        !text.contains(['\u{1b}', '\u{202e}']) && text.contains("\\u{1b}[31mred\\u{202e}"),
        "{text}"
    );
    let error = folder
        .run(&format!("{AB} --control \u{1b}[2J"))
        .unwrap_err();
    assert!(!error.contains('\u{1b}'), "{error}");
}

#[test]
fn the_control_is_the_one_written_as_usual_then_the_planned_then_the_larger() {
    let folder = Folder::new();
    let control = |text: String, more: &str| {
        folder.write("e.csv", text);
        folder
            .run(&format!("{AB} --json {more}"))
            .map(|report| serde_json::from_str::<Value>(&report).unwrap()["control"].clone())
    };
    let once = |name: &str, text: String| text + &format!("x,{name},3\n");
    for name in ["Control", "CONTROL"] {
        let text = once(name, arms(["control", "new"], 2_000));
        assert_eq!(control(text, "").unwrap(), "control");
    }
    let text = once("CONTROL", arms(["Control", "new"], 2_000));
    assert_eq!(control(text, "").unwrap(), "Control");
    let text = once("CONTROL", arms(["Control", "new"], 2_000));
    let planned = "--share CONTROL=0.5 --share new=0.5";
    assert_eq!(control(text, planned).unwrap(), "CONTROL");
    let equal = arms(["Control", "CONTROL"], 2_000);
    assert!(control(equal, "").unwrap_err().contains("--control"));
    folder.write("e.csv", arms(["blue", "a"], 2_000));
    let text = one_line(&folder.run(AB).unwrap());
    assert!(
        text.contains(
            "The control is taken to be \"blue\" by its name, the first of blue, a; --control"
        ),
        "{text}"
    );
    let text = folder.run(&format!("{AB} --control a")).unwrap();
    assert!(!text.contains("taken to be"), "{text}");
}

#[test]
fn an_arm_planned_at_nothing_that_has_units_is_a_mismatch() {
    let folder = Folder::new();
    folder.write("e.csv", arms(["control", "treatment"], 2_000));
    let line = format!("{AB} --share control=1 --share treatment=0");
    for method in ["", " --sequential", " --bayesian"] {
        let report = json(&folder, &format!("{line}{method}"));
        assert_eq!(report["conclusion"]["status"], "unhealthy", "{report}");
        assert_eq!(report["split"]["mismatch"], true);
        assert_eq!(report["split"]["p"], 0.0);
        let text = folder.run(&format!("{line}{method}")).unwrap();
        assert!(
            text.starts_with("Do not decide on these figures: \"treatment\""),
            "{text}"
        );
        assert!(!text.contains("in no --share"), "{text}");
    }
}

/// Exposures of whole numbers, and values of the same units as `written`.
fn two_files(written: impl Fn(u32) -> String) -> Folder {
    let folder = Folder::new();
    folder
        .write(
            "e.csv",
            rows(
                "user,arm",
                (10..1_010).map(|i| format!("{i},{}", ["control", "treatment"][i as usize % 2])),
            ),
        )
        .write(
            "c.csv",
            rows(
                "user,m",
                (10..1_010).map(|i| format!("{},{}", written(i), i % 7)),
            ),
        );
    folder
}

const TWO: &str = "ab --exposures @e.csv --conversions @c.csv --unit user --variant arm --metric m";

#[test]
fn units_written_as_floats_are_the_same_units() {
    let (plain, float) = (
        two_files(|i| i.to_string()),
        two_files(|i| format!("{i}.0")),
    );
    assert_eq!(plain.run(TWO), float.run(TWO));
    assert_eq!(json(&plain, TWO)["reading"]["values_used"], 1_000);
}

#[test]
fn values_that_belong_to_nobody_are_the_conclusion() {
    for written in [|i| format!("{i:08}"), |i| format!("user-{i}")] {
        let folder = two_files(written);
        let text = one_line(&folder.run(TWO).unwrap());
        assert!(
            text.starts_with(
                "\"treatment\" cannot be compared with \"control\": no value of m belongs to an exposed \
                 unit (1,000 rows of unknown units); do both kinds of rows write units alike? "
            ),
            "{text}"
        );
        assert_eq!(first(&json(&folder, TWO))["cannot_compute"], "no_values");
    }
    // Most of them, and the rest is compared.
    let folder = two_files(|i| {
        if i % 10 < 4 {
            i.to_string()
        } else {
            format!("u{i}")
        }
    });
    let report = json(&folder, TWO);
    let said = report["conclusion"]["text"].as_str().unwrap();
    assert!(
        said.contains("600 of 1,000 metric rows belong to no exposed unit"),
        "{said}"
    );
    let folder = two_files(|i| {
        if i % 10 < 6 {
            i.to_string()
        } else {
            format!("u{i}")
        }
    });
    let report = json(&folder, TWO);
    assert!(
        !report["conclusion"]["text"]
            .as_str()
            .unwrap()
            .contains("metric rows")
    );
    // All of them before the exposure.
    folder.write(
        "e.csv",
        rows(
            "user,arm,at,m",
            (0..400).flat_map(|i| {
                let arm = ["control", "treatment"][i % 2];
                [format!("{i},{arm},10,"), format!("{i},,5,3")]
            }),
        ),
    );
    let text = one_line(&folder.run(&format!("{AB} --time at")).unwrap());
    assert!(
        text.contains("from then on (400 rows earlier than the exposure)"),
        "{text}"
    );
    // Nobody is left.
    folder.write(
        "e.csv",
        rows(
            "user,arm,m",
            (0..400).map(|i| format!("{},{},1", i / 2, ["control", "new"][i % 2])),
        ),
    );
    assert_eq!(first(&json(&folder, AB))["cannot_compute"], "empty_arm");
    // Nothing at all.
    folder.write(
        "e.csv",
        rows(
            "user,arm,m",
            (0..400).map(|i| format!("{i},{},", ["control", "new"][i % 2])),
        ),
    );
    let text = one_line(&folder.run(AB).unwrap());
    assert!(
        text.contains("no value of m belongs to an exposed unit; is the column empty?"),
        "{text}"
    );
}

#[test]
fn a_margin_in_per_cent_has_no_unit() {
    let folder = Folder::new();
    folder.write("e.csv", arms(["control", "treatment"], 2_000));
    for kind in ["", ":p50", "/user"] {
        let line = format!("{AB}{kind}:guardrail=2% --absolute").replace("/user", "/m");
        let error = folder.run(&line).unwrap_err();
        assert!(
            error.contains("2% is none") && error.contains("guardrail=0.5"),
            "{error}"
        );
    }
    // A difference of shares is in points of a hundred, or a share of the units.
    for margin in ["2pp", "0.02"] {
        let line = format!("{AB}:conversion:guardrail={margin} --absolute");
        let report = json(&folder, &line);
        assert_eq!(first(&report)["guardrail"]["margin"], 0.02);
        let text = folder.run(&line).unwrap();
        assert!(text.contains("2.00 pp"), "{text}");
    }
    for (asked, expected) in [
        (
            ":conversion:guardrail=2% --absolute",
            "with --absolute 2% may be points, or a share of the control's rate write guardrail=2pp for points, or leave \
             --absolute away for 2% of the control's rate",
        ),
        (
            ":conversion:guardrail=2pp",
            "2pp are points, and without --absolute a margin is a share of the control's rate add --absolute, or write \
             guardrail=2% for a share of the control's rate",
        ),
        (
            ":guardrail=2pp",
            "2pp are points of a share of units, which a conversion has only write guardrail=2%, a share of the control's \
             figure",
        ),
        (
            ":guardrail=2pp --absolute",
            "2pp are points of a share of units, which a conversion has only give it in the unit of the metric, as \
             guardrail=0.5, or leave --absolute away",
        ),
    ] {
        let error = folder.run(&format!("{AB}{asked}")).unwrap_err();
        assert_eq!(one_line(&error), format!("--metric: m: {expected}"));
    }
    assert!(
        folder
            .run(&format!("{AB}:guardrail=0.5 --absolute"))
            .is_ok()
    );
}

#[test]
fn metrics_of_one_column_are_told_apart() {
    let folder = Folder::new();
    folder.write(
        "e.csv",
        rows(
            "user,arm,at,m",
            (0..800).flat_map(|i| {
                let arm = ["control", "treatment"][i % 2];
                [
                    format!("{i},,5,{}", i % 11),
                    format!("{i},{arm},10,{}", i % 11 + i % 5),
                ]
            }),
        ),
    );
    let line = format!("{AB} --time at --metric m:cuped --metric m:conversion --metric m:p50");
    let report = json(&folder, &line);
    let of = |field: &str| -> Vec<Value> {
        report["metrics"]
            .as_array()
            .unwrap()
            .iter()
            .map(|metric| metric[field].clone())
            .collect()
    };
    assert_eq!(
        of("label"),
        ["m mean", "m mean cuped", "m conversion", "m p50"]
    );
    assert_eq!(
        of("cuped"),
        [Value::Null, "m".into(), Value::Null, Value::Null]
    );
    let text = folder.run(&line).unwrap();
    assert!(
        text.contains("m mean cuped\n") && text.contains("m conversion\n"),
        "{text}"
    );
    let error = folder.run(&format!("{AB} --metric m:mean:up")).unwrap_err();
    assert!(error.contains("m is asked for twice"), "{error}");
}

#[test]
fn reports_fit_a_terminal() {
    let folder = Folder::new();
    folder.write(
        "e.csv",
        rows(
            "user,arm,a,b,c,d",
            (0..4_000).map(|i| {
                let arm = ["control", "bold", "calm", "dim"][i % 4];
                format!(
                    "{i},{arm},{},{},{},{}",
                    i / 4 % 7 + i % 4,
                    i / 4 % 5,
                    u8::from(i % 3 == 0),
                    i / 4 % 90
                )
            }),
        ),
    );
    for more in ["", "--absolute", "--bayesian", "--sequential"] {
        let text = folder
            .run(&format!(
                "ab @e.csv --unit user --variant arm --metric a --metric b:down --metric c:conversion \
                 --metric d:p50 --metric a/b:guardrail=0.1 {more}"
            ))
            .unwrap();
        let long = text.lines().find(|line| line.chars().count() > 80);
        assert_eq!(long, None, "{text}");
        assert!(text.starts_with("Beside \"control\": "), "{text}");
    }
}

#[test]
fn nan_is_told_to_be_no_value() {
    let folder = Folder::new();
    folder.write(
        "e.csv",
        arms(["control", "treatment"], 1_400).replace(",3\n", ",nan\n"),
    );
    let text = one_line(&folder.run(AB).unwrap());
    assert!(
        text.contains("! 200 cells of a metric said NaN and were read as no value: a unit without any other counts as 0"),
        "{text}"
    );
    let report = json(&folder, &format!("{AB} --missing leave-out"));
    assert_eq!(report["reading"]["nan_cells"], 200);
    let twice = json(&folder, &format!("{AB} --metric m:conversion"));
    assert_eq!(twice["reading"]["nan_cells"], 200);
    assert_eq!(report["metrics"][0]["control"]["n"], 600);
    folder.write(
        "e.csv",
        arms(["control", "treatment"], 1_400).replace(",3\n", ",\n"),
    );
    assert!(!folder.run(AB).unwrap().contains("NaN"));
}

#[test]
fn conversions_that_nearly_all_make_are_as_rare_as_those_that_hardly_any_do() {
    let folder = Folder::new();
    // 9 and 10 of 200 without a conversion, beside 2% of many.
    for (without, computed) in [(0, false), (9, false), (10, true)] {
        let small = (0..200).map(|i| format!("t{i},treatment,{}", u8::from(i >= without)));
        let large = (0..3_800).map(|i| format!("c{i},control,{}", u8::from(i % 50 > 0)));
        folder.write("e.csv", rows("user,arm,m", small.chain(large)));
        for method in ["", "--sequential", "--bayesian"] {
            let line =
                format!("{AB}:conversion {method} --share control=0.95 --share treatment=0.05");
            let report = json(&folder, &line);
            assert_eq!(
                first(&report)["p"].is_number() || first(&report)["chance_to_win"].is_number(),
                computed
            );
            if !computed {
                assert_eq!(first(&report)["cannot_compute"], "too_few");
                let said = report["conclusion"]["text"].as_str().unwrap();
                assert!(said.contains("make a metric of those"), "{said}");
            }
        }
    }
}

#[test]
fn one_column_has_one_part() {
    let folder = Folder::new();
    folder.write("e.csv", arms(["control", "treatment"], 400));
    for (line, part) in [
        (
            "ab @e.csv --unit arm --variant arm --metric m",
            "--variant: \"arm\" is the column of --unit, too",
        ),
        (
            "ab @e.csv --unit user --variant arm --metric m --time m",
            "--metric: \"m\" is the column of --time",
        ),
        (
            "ab @e.csv --unit user --variant arm --metric user:p50",
            "\"user\" is the column of --unit",
        ),
    ] {
        let error = folder.run(line).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn the_clock_as_seconds_with_a_fraction_is_a_time() {
    let folder = Folder::new();
    let text = |after: f64, before: f64| {
        rows(
            "user,arm,at,m",
            (0..400).flat_map(|i| {
                let (arm, seen) = (["control", "treatment"][i % 2], 1_767_268_800.5 + i as f64);
                [
                    format!("{i},{arm},{seen:.3},"),
                    format!("{i},,{:.3},{}", seen + after, i % 7),
                    format!("{i},,{:.3},1000", seen - before),
                ]
            }),
        )
    };
    folder.write("e.csv", text(0.25, 0.25));
    let report = json(&folder, &format!("{AB} --time at"));
    assert_eq!(report["reading"]["values_before_exposure"], 400);
    assert!(report["metrics"][0]["control"]["value"].as_f64().unwrap() < 7.0);
}
