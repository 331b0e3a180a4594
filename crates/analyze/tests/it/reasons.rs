//! Why there is no answer: the cause, not what it led to.

use crate::harness::{Folder, one_line, rows};
use serde_json::Value;

const ARMS: [&str; 2] = ["control", "treatment"];

fn events(header: &str, row: impl Fn(usize) -> String, n: usize) -> Folder {
    let folder = Folder::new();
    folder.write("e.csv", rows(header, (0..n).map(row)));
    folder
}

/// The code, the first sentence, and what is shown of control and treatment.
#[track_caller]
fn refused(folder: &Folder, metric: &str) -> (String, String, [Value; 2]) {
    let line = format!("ab @e.csv --unit user --variant arm --metric {metric}");
    let report: Value =
        serde_json::from_str(&folder.run(&format!("{line} --json")).unwrap()).unwrap();
    let found = &report["metrics"][0]["comparisons"][0];
    let code = found["cannot_compute"].as_str().unwrap().to_owned();
    let shown = [
        report["metrics"][0]["control"]["value"].clone(),
        found["value"].clone(),
    ];
    let text = folder.run(&line).unwrap();
    let sentence = one_line(text.split("\n\n").next().unwrap());
    (code, sentence, shown)
}

#[test]
fn a_unit_that_adds_up_to_more_than_a_number_holds_is_the_reason() {
    let row = |i: usize| format!("{},{},{}", i % 400, ARMS[i % 2], 1 + i % 97);
    let beyond = |many: usize| {
        let folder = Folder::new();
        let huge = std::iter::repeat_n("0,control,1.7e308".to_owned(), many);
        folder.write("e.csv", rows("user,arm,m", (0..400).map(row).chain(huge)));
        folder
    };
    for metric in ["m", "m:p90", "m:p10", "m/m"] {
        let (code, sentence, [control, treatment]) = refused(&beyond(2), metric);
        assert_eq!(code, "overflow", "{metric}");
        assert!(
            sentence.contains(
                "the values of a unit of \"control\" add up to more than a double can hold."
            ),
            "{sentence}"
        );
        assert_eq!(control, "NaN");
        assert!(treatment.is_number());
    }
    for more in [
        "",
        " --sequential",
        " --bayesian",
        " --absolute",
        " --sequential --absolute",
    ] {
        for metric in ["m", "m:p90"] {
            assert_eq!(
                refused(&beyond(2), &format!("{metric}{more}")).0,
                "overflow"
            );
        }
    }
    // One value that large is a value; and whether a unit converted is known of it.
    let line = "ab @e.csv --unit user --variant arm --json --metric";
    for metric in ["m:conversion --metric m:p90", "m:p90"] {
        assert!(beyond(1).run(&format!("{line} {metric}")).is_ok());
    }
    let text = beyond(2).run(&format!("{line} m:conversion")).unwrap();
    assert!(!text.contains("overflow"), "{text}");
}

#[test]
fn units_that_are_all_in_two_arms_are_the_reason() {
    let folder = events(
        "user,arm,m",
        |i| format!("u{},{},1", i / 2, ARMS[i % 2]),
        1_000,
    );
    let (code, sentence, _) = refused(&folder, "m");
    assert_eq!(code, "empty_arm");
    assert_eq!(
        sentence,
        "\"treatment\" cannot be compared with \"control\": all 500 units were seen in more than one \
         variant; is \"user\" what the variants were given to?"
    );
    let text = one_line(
        &folder
            .run("ab @e.csv --unit user --variant arm --metric m")
            .unwrap(),
    );
    for arm in ARMS {
        let told =
            format!("Variant \"{arm}\" has 0 units only: each was seen in another variant, too.");
        assert!(text.contains(&told), "{text}");
    }
    assert!(!text.contains("is its name right"), "{text}");
    // Of one arm only.
    let folder = events(
        "user,arm,m",
        |i| {
            format!(
                "u{},{},{}",
                i % 600,
                if i < 600 { "control" } else { "treatment" },
                i % 7
            )
        },
        700,
    );
    assert_eq!(refused(&folder, "m").0, "empty_arm");
    let text = one_line(
        &folder
            .run("ab @e.csv --unit user --variant arm --metric m")
            .unwrap(),
    );
    assert!(
        text.contains(
            "m: no answer, for each unit of \"treatment\" was seen in another variant, too;"
        ),
        "{text}"
    );
}

#[test]
fn that_nobody_converted_is_the_reason() {
    let folder = events("user,arm,paid", |i| format!("{i},{},0", ARMS[i % 2]), 1_000);
    for more in ["", " --sequential", " --bayesian"] {
        let (code, sentence, shown) = refused(&folder, &format!("paid:conversion{more}"));
        assert_eq!(code, "too_few");
        assert_eq!(
            sentence,
            "\"treatment\" cannot be compared with \"control\": nobody converted in either; wait for a \
             conversion, or look whether \"paid\" holds them."
        );
        assert_eq!(shown, [0.0, 0.0]);
    }
}

#[test]
fn an_arm_without_values_is_named_where_they_are_left_out() {
    let folder = events(
        "user,arm,m",
        |i| {
            format!(
                "{i},{},{}",
                ARMS[i % 2],
                if i % 2 == 0 {
                    (i % 7).to_string()
                } else {
                    String::new()
                }
            )
        },
        1_000,
    );
    let (code, sentence, _) = refused(&folder, "m --missing leave-out");
    assert_eq!(code, "empty_arm");
    assert!(
        sentence.contains("no unit of \"treatment\" has a value of m."),
        "{sentence}"
    );
}

#[test]
fn denominators_that_cancel_have_no_ratio_to_show() {
    let folder = events(
        "user,arm,a,b",
        |i| format!("{i},{},{},{}", ARMS[i % 2], i % 5, [1, 1, -1, -1][i % 4]),
        8,
    );
    let (code, _, shown) = refused(&folder, "a/b");
    assert_eq!(
        (code.as_str(), shown),
        ("zero_denominator", ["NaN".into(), "NaN".into()])
    );
}

/// Cubes of these leave the doubles; whether few rare values decide is then not known.
#[test]
fn a_lopsidedness_that_is_not_known_is_not_taken_for_none() {
    let folder = events(
        "user,arm,m",
        |i| {
            let arm = ARMS[usize::from(i % 20 == 0)];
            let value = if i % 331 == 0 { "1e200" } else { "0" };
            format!("{i},{arm},{value}")
        },
        4_000,
    );
    let plain = std::fs::read_to_string(folder.path("e.csv")).unwrap();
    let (huge, ..) = refused(&folder, "m");
    folder.write("e.csv", plain.replace("1e200", "1"));
    let line = "ab @e.csv --unit user --variant arm --metric m --share control=0.95 --share treatment=0.05";
    let found = folder.run(&format!("{line} --json")).unwrap();
    let found: Value = serde_json::from_str(&found).unwrap();
    let found = &found["metrics"][0]["comparisons"][0];
    assert_eq!(found["cannot_compute"], "skewed", "{found}");
    assert!(["overflow", "skewed"].contains(&huge.as_str()), "{huge}");
}

#[test]
fn an_arm_that_did_nothing_is_named_where_that_counts_as_0() {
    let folder = events(
        "user,arm,m",
        |i| {
            let value = if i % 2 == 0 {
                (i % 7).to_string()
            } else {
                String::new()
            };
            format!("{i},{},{value}", ARMS[i % 2])
        },
        1_000,
    );
    let (code, sentence, shown) = refused(&folder, "m");
    assert_eq!(code, "no_variance");
    assert!(
        sentence.contains(
            "no unit of \"treatment\" has a value of m, and all that count as 0 do not vary."
        ),
        "{sentence}"
    );
    assert_eq!(shown[1], 0.0);
}
