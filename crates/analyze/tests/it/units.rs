//! In which unit the figures of `ab` are, and what a guardrail and an adjusted mean are beside them.

use crate::harness::{Folder, one_line, rows};
use serde_json::Value;

/// So many of 3,000 units an arm pay, and five times as many come back.
fn paid(control: usize, treatment: usize) -> Folder {
    let folder = Folder::new();
    let row = |i: usize| {
        let (arm, most) = [("control", control), ("treatment", treatment)][i % 2];
        let unit = i / 2;
        let (paid, back) = (unit < most, unit < 5 * most);
        format!(
            "{i},{arm},{},{},{}",
            u8::from(paid),
            u8::from(back),
            unit % 9 + i % 2
        )
    };
    folder.write(
        "e.csv",
        rows("user,arm,paid,back,spent", (0..6_000).map(row)),
    );
    folder
}

const AB: &str = "ab @e.csv --unit user --variant arm";

fn json(folder: &Folder, line: &str) -> Value {
    serde_json::from_str(&folder.run(&format!("{AB} {line} --json")).unwrap()).unwrap()
}

fn compared(report: &Value, metric: usize) -> &Value {
    &report["metrics"][metric]["comparisons"][0]
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

#[test]
fn each_comparison_says_in_which_unit_its_effect_is() {
    let folder = paid(3, 14);
    for method in ["", "--sequential", "--bayesian"] {
        let metrics = "--metric paid:conversion:down --metric back:conversion:down --metric spent";
        let report = json(&folder, &format!("{metrics} --absolute {method}"));
        assert_eq!(report["difference"], "absolute");
        for (at, difference) in [(0, "relative"), (1, "absolute"), (2, "absolute")] {
            assert_eq!(compared(&report, at)["difference"], difference, "{report}");
        }
        assert!((number(&compared(&report, 0)["effect"]) - 11.0 / 3.0).abs() < 1e-9);
        assert!(number(&compared(&report, 1)["effect"]) < 0.05, "{report}");
        let relative = json(&folder, &format!("{metrics} {method}"));
        for at in 0..3 {
            assert_eq!(compared(&relative, at)["difference"], "relative");
        }
    }
}

#[test]
fn a_share_among_differences_in_units_cannot_be_overlooked() {
    let folder = paid(3, 14);
    let line = format!("{AB} --metric paid:conversion:down --metric spent --absolute");
    let text = folder.run(&line).unwrap();
    let row = |start: &str| text.lines().filter(|line| line.contains(start)).count();
    assert_eq!(row("+367% (relative)"), 1, "{text}");
    assert_eq!(text.matches("(relative)").count(), 1, "{text}");
    let text = one_line(&text);
    for part in [
        "paid +367% (relative, less is better)",
        "paid: its change is relative all the same, a share of the control's rate: counts so small tell how many times \
         as many convert, and not by how many points.",
    ] {
        assert!(text.contains(part), "{text}");
    }
    // From the tenth conversion on it is in points.
    let text = paid(10, 40).run(&line).unwrap();
    assert!(
        text.contains("+1.00 pp") && !text.contains("relative"),
        "{text}"
    );
}

#[test]
fn a_margin_beyond_what_the_control_has_is_warned_of() {
    let folder = paid(50, 80);
    let warned = |margin: &str, direction: &str, more: &str| {
        let metric = format!("--metric paid:conversion:{direction}:guardrail={margin}");
        let report = json(&folder, &format!("{metric} {more}"));
        report["warnings"].to_string()
    };
    // 50 of 3,000 are 1.7%.
    let told = warned("5pp", "down", "--absolute");
    assert!(
        told.contains("paid: the margin of 5.00 pp is more than \\\"control\\\" itself has, 1.7%: a variant with twice as")
            && told.contains("as guardrail=5%"),
        "{told}"
    );
    assert!(warned("0.05", "up", "--absolute").contains("a variant with none at all keeps"));
    assert_eq!(warned("1pp", "down", "--absolute"), "[]");
    assert_eq!(warned("5%", "down", ""), "[]");
}

#[test]
fn guardrails_stand_in_a_table_of_their_own() {
    let folder = paid(300, 330);
    let goals = "--metric spent --metric back:conversion";
    let text = folder
        .run(&format!(
            "{AB} {goals} --metric paid:conversion:down:guardrail=50%"
        ))
        .unwrap();
    let heads: Vec<&str> = text
        .lines()
        .filter(|line| line.ends_with("verdict"))
        .collect();
    let [goal, guardrail] = heads[..] else {
        panic!("{text}")
    };
    assert!(goal.contains("95% (Holm)  p (Holm)"), "{text}");
    assert!(
        !guardrail.contains("Holm") && guardrail.contains("at best  at worst  p (margin)"),
        "{text}"
    );
    // Its ends are those that the verdict stands on.
    let report = json(&folder, "--metric paid:conversion:down:guardrail=50%");
    let told = &compared(&report, 0)["guardrail"];
    let row = text.lines().find(|line| line.ends_with("  holds")).unwrap();
    for end in ["best", "bound"] {
        let end = format!("  {:+.1}%", 100.0 * number(&told[end]));
        assert!(row.contains(&end), "{end}: {text}");
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    // Alone they need no other table, and an end that nothing bounds says so.
    let alone = paid(0, 12)
        .run(&format!("{AB} --metric paid:conversion:down:guardrail=50%"))
        .unwrap();
    assert!(
        !alone.contains("95% interval") && alone.contains("no limit"),
        "{alone}"
    );
}

#[test]
fn a_change_by_cuped_is_that_to_the_value_beside_it() {
    let folder = Folder::new();
    let events = (0..3_000).flat_map(|i: u32| {
        let arm = ["control", "bold", "calm"][i as usize % 3];
        let habit = i * 31 % 97 + 5 * (i % 3);
        let after = habit + i * 17 % 23 + 3 * (i % 3);
        [
            format!("{i},,10,{habit}"),
            format!("{i},{arm},20,"),
            format!("{i},,30,{after}"),
        ]
    });
    folder.write("e.csv", rows("user,arm,at,spent", events));
    let line = format!("{AB} --time at --metric spent:cuped --control control");
    let shown = |more: &str| -> [String; 3] {
        let text = folder.run(&format!("{line} {more}")).unwrap();
        assert!(
            one_line(&text).contains(". The value of a variant is what it would be with the spent that \"control\" had before."),
            "{text}"
        );
        ["control", "bold", "calm"].map(|arm| {
            let row = text
                .lines()
                .skip_while(|line| !line.contains("verdict"))
                .find(|line| line.split_whitespace().any(|word| word == arm))
                .unwrap();
            let words: Vec<&str> = row.split_whitespace().collect();
            let at = words.iter().position(|word| *word == arm).unwrap();
            words[at + 2..=(at + 3).min(words.len() - 1)].join(" ")
        })
    };
    let value = |row: &str| row.split(' ').next().unwrap().parse::<f64>().unwrap();
    let [control, bold, calm] = shown("--absolute");
    let relative = shown("");
    for (at, row) in [(0, &bold), (1, &calm)] {
        let change: f64 = row.split(' ').nth(1).unwrap().parse().unwrap();
        assert!(
            (value(row) - value(&control) - change).abs() < 0.011,
            "{row}"
        );
        let told: f64 = relative[at + 1]
            .split(' ')
            .nth(1)
            .unwrap()
            .trim_end_matches('%')
            .parse()
            .unwrap();
        assert!(
            (100.0 * (value(row) / value(&control) - 1.0) - told).abs() < 0.1,
            "{relative:?}"
        );
        let report = json(
            &folder,
            "--time at --metric spent:cuped --control control --absolute",
        );
        let compared = &report["metrics"][0]["comparisons"][at];
        let [before, after] = ["adjusted_mean_control", "adjusted_mean_treatment"]
            .map(|name| number(&compared[name]));
        assert!((after - before - number(&compared["effect"])).abs() < 1e-9);
        // What was seen is in the JSON as it was.
        assert!(
            (number(&compared["value"]) - value(row)).abs() > 1.0,
            "{compared}"
        );
    }
    let plain = json(&folder, "--time at --metric spent --control control");
    assert_eq!(compared(&plain, 0).get("adjusted_mean_control"), None);
}
