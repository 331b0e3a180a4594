//! Quantiles, CUPED, rare conversions, corrections and guardrails at the command.

use crate::harness::{Folder, one_line, rows};
use serde_json::Value;

fn json(folder: &Folder, line: &str) -> Value {
    serde_json::from_str(&folder.run(&format!("{line} --json")).unwrap()).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value}"))
}

fn first(report: &Value) -> &Value {
    &report["metrics"][0]["comparisons"][0]
}

/// Latencies of 1 to 1,000 a unit, half as much again in the treatment; in two rows each.
fn latencies() -> String {
    rows(
        "user,arm,ms",
        (0..4_000).map(|i: u32| {
            let (unit, second) = (i / 2, i % 2);
            let ms = 1 + unit / 2 * 7 % 1_000;
            let (arm, ms) = [("control", 2 * ms), ("treatment", 3 * ms)][unit as usize % 2];
            format!("{unit},{arm},{}", ms / 2 + second * (ms % 2))
        }),
    )
}

const LATENCIES: &str = "ab @ms.csv --unit user --variant arm";

#[test]
fn a_quantile_over_units_is_a_metric() {
    let folder = Folder::new();
    folder.write("ms.csv", latencies());
    let report = json(&folder, &format!("{LATENCIES} --metric ms:p90:down"));
    let metric = &report["metrics"][0];
    assert_eq!(metric["metric"], "ms p90");
    assert_eq!(metric["kind"], "quantile");
    assert_eq!(metric["quantile"], 0.9);
    // 1 to 1,000 twice and three times: the 900th of each.
    assert_eq!(metric["control"]["value"], 1_800.0);
    assert_eq!(first(&report)["value"], 2_700.0);
    assert_eq!(first(&report)["effect"], 0.5);
    assert_eq!(first(&report)["verdict"], "worse");
    // Ranks 881 and 919: √0.999·(2·38)/2z in the control, and half as much again.
    let own = |scale: f64| (0.999_f64).sqrt() * (38.0 * scale / 2.0 / 1.959_963_984_540_054);
    let want = (own(3.0) / 1_800.0).hypot(own(2.0) / 1_800.0 * 1.5);
    assert!((number(&first(&report)["stderr"]) / want - 1.0).abs() < 1e-12);
    let text = folder.run(&format!("{LATENCIES} --metric ms:p50")).unwrap();
    assert!(
        text.contains("ms p50: over units, each by the sum of its values."),
        "{text}"
    );
}

#[test]
fn quantiles_that_few_or_equal_values_cannot_tell_are_refused() {
    let folder = Folder::new();
    folder.write("ms.csv", latencies()).write(
        "flat.csv",
        rows(
            "user,arm,ms",
            (0..2_000).map(|i| format!("{i},{},{}", ["a", "b"][i % 2], i / 1_900)),
        ),
    );
    let line = "ab @flat.csv --unit user --variant arm --metric ms:p50";
    let flat = json(&folder, line);
    assert_eq!(first(&flat)["cannot_compute"], "degenerate_quantile");
    assert!(
        one_line(&folder.run(line).unwrap()).contains("many equal values"),
        "{flat}"
    );
    let far = json(&folder, &format!("{LATENCIES} --metric ms:p99.9"));
    assert_eq!(first(&far)["cannot_compute"], "too_few");
}

#[test]
fn a_million_values_are_sketched_and_say_so() {
    let folder = Folder::new();
    let mut file = String::from("u,a,m,fine\n");
    for i in 0..1_080_000_u32 {
        use std::fmt::Write as _;
        let arm = if i % 50 == 0 { "b" } else { "a" };
        let (m, fine) = (1 + i * 7 / 50 % 1_000, 1 + i * 7 % 1_080_000);
        let _ = writeln!(file, "{i},{arm},{m},{fine}");
    }
    folder.write("m.csv", file);
    let line = "ab @m.csv --unit u --variant a --metric fine:p10 --metric m:p99.95 --metric m:p50";
    let report = json(&folder, line);
    for (at, want) in [(0, 108_000.0), (1, 1_000.0), (2, 500.0)] {
        let metric = &report["metrics"][at];
        assert_eq!(metric["control"]["sketched"], true);
        assert!(metric["comparisons"][0].get("sketched").is_none());
        let value = number(&metric["control"]["value"]);
        assert!((value / want - 1.0).abs() < 0.02, "{metric}");
    }
    // A thousand values have a thousandth of the units each, which is as wide as the bounds are.
    assert_eq!(first(&report)["verdict"], "inconclusive", "{report}");
    for at in [1, 2] {
        assert_eq!(
            report["metrics"][at]["comparisons"][0]["cannot_compute"],
            "degenerate_quantile"
        );
    }
    assert!(
        report["notes"].to_string().contains("known to 0.002% only"),
        "{report}"
    );
}

/// Users whose spending is mostly their own habit; the treatment adds 2.
fn habits() -> String {
    let mut lines = Vec::new();
    for i in 0..600_u32 {
        let habit = 20 + i * 37 % 101;
        let more = 2 * (i % 2);
        let arm = ["control", "treatment"][i as usize % 2];
        lines.push(format!("{i},,{},{habit},{}", 1, habit * 2));
        lines.push(format!("{i},{arm},{},,", 10));
        lines.push(format!("{i},,{},{},", 20, habit + more + i * 13 % 7));
    }
    rows("user,arm,at,spent,visits", lines)
}

#[test]
fn cuped_takes_out_what_units_did_before() {
    let folder = Folder::new();
    folder.write("habits.csv", habits());
    let ab = "ab @habits.csv --unit user --variant arm --time at --absolute";
    let plain = json(&folder, &format!("{ab} --metric spent"));
    let adjusted = json(&folder, &format!("{ab} --metric spent:cuped"));
    let other = json(&folder, &format!("{ab} --metric spent:cuped=visits"));
    assert_eq!(first(&plain)["verdict"], "inconclusive", "{plain}");
    for report in [&adjusted, &other] {
        let found = first(report);
        assert_eq!(found["verdict"], "better", "{report}");
        assert!(number(&found["stderr"]) < 0.2 * number(&first(&plain)["stderr"]));
        assert!((number(&found["effect"]) - 2.0).abs() < 0.4, "{report}");
        assert_eq!(found["known_before"], 300);
    }
    assert!((number(&first(&adjusted)["theta"]) - 1.0).abs() < 0.05);
    assert!((number(&first(&other)["theta"]) - 0.5).abs() < 0.03);
    // Values that are used are not told as left out, and those that are not are.
    assert_eq!(adjusted["reading"]["values_before_exposure"], 0);
    assert_eq!(plain["reading"]["values_before_exposure"], 600);
    // By hand: θ of all pairs (after, before).
    let pairs: Vec<(f64, f64)> = (0..600_u32)
        .map(|i| {
            let habit = 20 + i * 37 % 101;
            (
                f64::from(habit + 2 * (i % 2) + i * 13 % 7),
                f64::from(habit),
            )
        })
        .collect();
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / 600.0;
    let (x, y) = (mean(&|pair| pair.0), mean(&|pair| pair.1));
    let products: f64 = pairs.iter().map(|pair| (pair.0 - x) * (pair.1 - y)).sum();
    let squares: f64 = pairs.iter().map(|pair| (pair.1 - y).powi(2)).sum();
    assert!((number(&first(&adjusted)["theta"]) / (products / squares) - 1.0).abs() < 1e-9);
    let text = one_line(&folder.run(&format!("{ab} --metric spent:cuped")).unwrap());
    assert!(
        text.contains("spent: adjusted (CUPED) by each unit's spent from before its exposure, known of control 100.0%, treatment 100.0%."),
        "{text}"
    );
}

#[test]
fn cuped_without_a_time_or_without_a_past_says_so() {
    let folder = Folder::new();
    folder.write("habits.csv", habits()).write(
        "late.csv",
        rows(
            "user,arm,at,m",
            (0..400).map(|i| format!("{i},{},5,{}", ["a", "b"][i % 2], i % 7)),
        ),
    );
    assert_eq!(
        folder
            .run("ab @habits.csv --unit user --variant arm --metric spent:cuped")
            .unwrap_err(),
        "spent:cuped: without a time nothing is from before the exposure\n  \
         name the column of the time with --time"
    );
    let line = "ab @late.csv --unit user --variant arm --time at --metric m";
    let (plain, adjusted) = (json(&folder, line), json(&folder, &format!("{line}:cuped")));
    assert_eq!(first(&adjusted)["theta"], 0.0);
    for field in ["effect", "interval", "p", "stderr"] {
        assert_eq!(first(&adjusted)[field], first(&plain)[field], "{field}");
    }
    assert!(
        adjusted["notes"].to_string().contains("m: not adjusted"),
        "{adjusted}"
    );
}

/// 3,000 units an arm of which the named numbers convert.
fn conversions(control: usize, treatment: usize) -> String {
    rows(
        "user,arm,paid",
        (0..6_000).map(|i| {
            let (arm, most) = [("control", control), ("treatment", treatment)][i % 2];
            format!("{i},{arm},{}", u8::from(i / 2 < most))
        }),
    )
}

const PAID: &str = "ab @paid.csv --unit user --variant arm --metric paid:conversion";

#[test]
fn no_conversion_in_one_arm_is_compared_by_counts() {
    let folder = Folder::new();
    folder.write("paid.csv", conversions(0, 12));
    assert_eq!(
        folder.run(PAID).unwrap(),
        r#""treatment" is better than "control": paid from 0 (95% interval +178% or more).

metric  variant        n  value  change   95% interval       p  verdict
paid    control    3,000     0%                                 (control)
        treatment  3,000  0.40%  from 0  +178% or more  0.0005  better

Units: control 3,000 (50.0%), treatment 3,000 (50.0%), as planned (p 1.00). Rows
  read: 6,000.
paid: fewer than 10 conversions in a variant, so the counts are compared
  exactly, as a ratio of rates.
Intervals and p hold for one look at the planned end; to look earlier use
  --sequential.
"#
    );
    let report = json(&folder, PAID);
    assert_eq!(first(&report)["effect"], "Infinity");
    assert_eq!(first(&report)["method"], "exact_counts");
    assert!((number(&first(&report)["p"]) - 2.0 / 4_096.0).abs() < 1e-15);
    // The lower bound of Clopper and Pearson, 0.025^(1/12), as odds.
    let theta = 0.025_f64.powf(1.0 / 12.0);
    let lo = number(&first(&report)["interval"][0]);
    assert!((lo / (theta / (1.0 - theta) - 1.0) - 1.0).abs() < 1e-9);
    let sequential = json(&folder, &format!("{PAID} --sequential"));
    assert_eq!(first(&sequential)["method"], "sequential_counts");
    assert!(number(&first(&sequential)["interval"][0]) < lo);
    let bayesian = json(&folder, &format!("{PAID} --bayesian"));
    let chance = number(&first(&bayesian)["chance_to_win"]);
    assert!(chance > 0.999, "{chance}");
    assert_eq!(first(&bayesian)["verdict"], "better");
}

#[test]
fn rare_conversions_give_one_answer_whatever_the_difference() {
    let folder = Folder::new();
    folder.write("paid.csv", conversions(9, 22));
    let (relative, absolute) = (
        json(&folder, PAID),
        json(&folder, &format!("{PAID} --absolute")),
    );
    assert_eq!(first(&relative), first(&absolute));
    assert_eq!(first(&relative)["method"], "exact_counts");
    folder.write("paid.csv", conversions(10, 22));
    assert!(first(&json(&folder, PAID)).get("method").is_none());
    folder.write("paid.csv", conversions(0, 0));
    assert_eq!(first(&json(&folder, PAID))["cannot_compute"], "too_few");
}

#[test]
fn a_sequence_of_rare_conversions_is_one_of_counts() {
    let folder = Folder::new();
    let line = format!("{PAID} --sequential");
    folder.write("paid.csv", conversions(40, 9));
    let rare = json(&folder, &line);
    assert_eq!(first(&rare)["method"], "sequential_counts");
    let text = folder.run(&line).unwrap();
    assert!(
        text.contains("paid: fewer than 10 conversions in"),
        "{text}"
    );
    folder.write("paid.csv", conversions(40, 10));
    let enough = json(&folder, &line);
    assert!(first(&enough).get("method").is_none(), "{enough}");
}

/// Units of two arms, some of which pay.
fn unequal(arms: [(&str, u32, u32); 2]) -> String {
    rows(
        "user,arm,paid",
        arms.iter().flat_map(|(arm, paid, of)| {
            (0..*of).map(move |i| format!("{arm}{i},{arm},{}", u32::from(i < *paid)))
        }),
    )
}

/// What was planned is for the split; what converts is of those who came.
#[test]
fn equal_rates_are_equal_however_many_units_came() {
    let folder = Folder::new();
    folder.write(
        "paid.csv",
        unequal([("control", 5, 50), ("treatment", 20, 200)]),
    );
    for more in ["", "--share control=0.9 --share treatment=0.1"] {
        let found = json(&folder, &format!("{PAID} --sequential {more}"));
        assert_eq!(first(&found)["method"], "sequential_counts");
        assert!(
            first(&found)["effect"].as_f64().unwrap().abs() < 1e-12,
            "{found}"
        );
        assert!(first(&found)["p"].as_f64().unwrap() > 0.9, "{found}");
        // And a split so far off is told, however few units it takes.
        assert_eq!(found["split"]["mismatch"], true, "{found}");
    }
}

/// What a guardrail shows as its worst and best does not depend on where the margin is.
#[test]
fn the_bounds_of_a_guardrail_are_of_the_effect_and_not_of_its_margin() {
    let folder = Folder::new();
    folder.write(
        "paid.csv",
        unequal([("control", 60, 2_000), ("treatment", 72, 2_000)]),
    );
    for method in ["", "--sequential"] {
        let of = |margin: &str| {
            let line = format!(
                "ab @paid.csv --unit user --variant arm --metric paid:conversion:down:guardrail={margin} {method}"
            );
            let found = json(&folder, &line);
            let guardrail = first(&found)["guardrail"].clone();
            (
                guardrail["bound"].as_f64().unwrap(),
                guardrail["best"].as_f64().unwrap(),
                guardrail["p"].as_f64().unwrap(),
            )
        };
        let (strict, loose) = (of("1%"), of("300%"));
        assert_eq!((strict.0, strict.1), (loose.0, loose.1), "{method}");
        // Within the margin exactly where it is shown to be.
        let (bound, ..) = strict;
        let (just, hardly) = (
            of(&format!("{}%", 100.0 * (bound + 1e-6))),
            of(&format!("{}%", 100.0 * (bound - 1e-6))),
        );
        assert!(
            just.2 < 0.05 && hardly.2 > 0.05,
            "{method}: {just:?} {hardly:?}"
        );
    }
}

/// Of several comparisons an interval leaves 0 out just where the corrected p is below the level.
#[test]
fn corrected_intervals_and_p_agree() {
    let folder = Folder::new();
    for extra in 60..100 {
        let text = rows(
            "user,arm,paid,other",
            (0..4_000).map(|i| {
                let (arm, most) = [("control", 300), ("treatment", 300 + extra)][i % 2];
                format!("{i},{arm},{},{}", u32::from(i / 2 < most), i / 2 * 7 % 5)
            }),
        );
        folder.write("paid.csv", text);
        for more in ["", "--absolute", "--sequential", "--sequential --absolute"] {
            let line = format!(
                "ab @paid.csv --unit user --variant arm --metric paid:conversion --metric other {more}"
            );
            let report = json(&folder, &line);
            let found = first(&report);
            let lo = found["interval_adjusted"][0].as_f64().unwrap();
            let p = found["p_adjusted"].as_f64().unwrap();
            assert_eq!(p < 0.05, lo > 0.0, "{extra} {more}: p {p}, from {lo}");
        }
    }
}

/// "No effect" is one question, however large it is told to be.
#[test]
fn a_share_and_a_difference_have_one_p() {
    let folder = Folder::new();
    for counts in [conversions(40, 61), conversions(2_900, 2_981)] {
        folder.write("paid.csv", counts);
        for metric in ["paid", "paid:conversion"] {
            for method in ["", "--sequential"] {
                let line =
                    format!("ab @paid.csv --unit user --variant arm --metric {metric} {method}");
                let share = json(&folder, &line);
                let difference = json(&folder, &format!("{line} --absolute"));
                assert_eq!(first(&share)["p"], first(&difference)["p"], "{line}");
                assert!(first(&share)["interval"] != first(&difference)["interval"]);
            }
        }
    }
}

/// A few slow units in a hundred, as time-outs make them.
fn slow(users: u64, seed: u64) -> String {
    let mut state = seed;
    let mut next = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31)
    };
    rows(
        "user,arm,ms",
        (0..users).map(|i| {
            let arm = ["control", "treatment"][(i % 2) as usize];
            let usual = 80.0 + 40.0 * next();
            let ms = if next() < 0.015 {
                900.0 + 200.0 * next()
            } else {
                usual
            };
            format!("{i},{arm},{ms}")
        }),
    )
}

/// The order statistics of a p99 on the edge of two modes say next to nothing of its spread; the
/// sequence does not ask them.
#[test]
fn a_sequence_of_quantiles_is_not_taken_in_by_two_modes() {
    let folder = Folder::new();
    let line = "ab @ms.csv --unit user --variant arm --metric ms:p99:down --sequential";
    let mut shown = 0;
    for seed in 0..20 {
        folder.write("ms.csv", slow(1_500, seed));
        let report = json(&folder, line);
        let found = first(&report);
        assert_eq!(found["method"], "sequential_quantile", "{report}");
        shown += u32::from(found["p"].as_f64().unwrap() < 0.05);
    }
    assert!(shown <= 1, "{shown} of 20 equal pairs");
    let told = one_line(&folder.run(line).unwrap());
    assert!(told.contains("whatever their distribution"), "{told}");
    assert!(!told.contains("conversions in a variant"), "{told}");
    // What is there is found, and relative and absolute agree.
    let text = slow(4_000, 1)
        .replace("treatment,8", "treatment,28")
        .replace("treatment,9", "treatment,39");
    folder.write("ms.csv", text);
    let line = line.replace("p99", "p50");
    let (share, difference) = (
        json(&folder, &line),
        json(&folder, &format!("{line} --absolute")),
    );
    assert_eq!(first(&share)["verdict"], "worse", "{share}");
    assert_eq!(first(&share)["p"], first(&difference)["p"]);
}

/// The alarm over the split is asked at every look as the figures are.
#[test]
fn a_sequence_judges_the_split_at_every_look_too() {
    let folder = Folder::new();
    let text = rows(
        "user,arm,paid",
        (0..4_000).map(|i| {
            format!(
                "{i},{},1",
                if i % 200 < 106 {
                    "control"
                } else {
                    "treatment"
                }
            )
        }),
    );
    folder.write("paid.csv", text);
    // 2,120 against 1,880: one in five thousand at one look, and no surprise over many.
    let once = json(&folder, PAID);
    let often = json(&folder, &format!("{PAID} --sequential"));
    assert_eq!(once["split"]["mismatch"], true, "{once}");
    assert_eq!(often["split"]["mismatch"], false, "{often}");
    assert_eq!(once["split"]["chi2"], often["split"]["chi2"]);
}

/// Most units did nothing: their quantile is nothing, and no share of it exists.
#[test]
fn a_sequence_of_quantiles_knows_units_without_a_value() {
    let folder = Folder::new();
    let text = rows(
        "user,arm,ms",
        (0..400).map(|i| {
            let arm = ["control", "treatment"][i % 2];
            let ms = if i % 10 < 6 { 0 } else { 100 + i % 37 };
            format!("{i},{arm},{ms}")
        }),
    );
    folder.write("ms.csv", &text);
    let line = "ab @ms.csv --unit user --variant arm --sequential --metric";
    let median = json(&folder, &format!("{line} ms:p50"));
    assert_eq!(first(&median)["cannot_compute"], "zero_baseline");
    let median = json(&folder, &format!("{line} ms:p50 --absolute"));
    assert_eq!(first(&median)["effect"], 0.0);
    let most = json(&folder, &format!("{line} ms:p90"));
    assert!(
        first(&most)["interval"][0].as_f64().unwrap() < 0.0,
        "{most}"
    );
    folder.write("ms.csv", text.replace(",0", ",-5"));
    let below = json(&folder, &format!("{line} ms:p90"));
    assert_eq!(first(&below)["cannot_compute"], "negative_values");
}

/// One metric with an effect, one without, one on the border.
fn three() -> String {
    rows(
        "user,arm,up,flat,edge",
        (0..2_000).map(|i| {
            let (arm, more) = [("control", 0), ("treatment", 1)][i % 2];
            let noise = (i / 2) * 37 % 101;
            let edge = (i / 2) * 53 % 97 + more * 3;
            format!("{i},{arm},{},{noise},{edge}", noise + 20 * more)
        }),
    )
}

const THREE: &str = "ab @three.csv --unit user --variant arm";

#[test]
fn adjusted_intervals_are_shown_and_never_narrower() {
    let folder = Folder::new();
    folder.write("three.csv", three());
    for method in ["", "--sequential"] {
        let report = json(
            &folder,
            &format!("{THREE} --metric up --metric flat --metric edge {method}"),
        );
        let mut wider = 0;
        for metric in report["metrics"].as_array().unwrap() {
            let found = &metric["comparisons"][0];
            let bound = |field: &str, at: usize| match &found[field][at] {
                Value::String(word) if word == "Infinity" => f64::INFINITY,
                Value::String(word) if word == "-Infinity" => f64::NEG_INFINITY,
                other => number(other),
            };
            let (lo, hi) = (bound("interval_adjusted", 0), bound("interval_adjusted", 1));
            assert!(
                lo <= bound("interval", 0) && hi >= bound("interval", 1),
                "{found}"
            );
            wider += u8::from(lo < bound("interval", 0));
            // What is shown by p is shown by the interval.
            assert_eq!(number(&found["p_adjusted"]) < 0.05, lo > 0.0, "{found}");
        }
        assert!(wider >= 2, "{report}");
    }
    let text = folder
        .run(&format!("{THREE} --metric up --metric edge"))
        .unwrap();
    assert!(text.contains("95% (Holm)"), "{text}");
}

#[test]
fn guardrails_have_a_margin_and_no_correction() {
    let folder = Folder::new();
    folder.write("three.csv", three());
    let alone = json(&folder, &format!("{THREE} --metric up"));
    let report = json(
        &folder,
        &format!("{THREE} --metric up --metric flat:guardrail=10% --metric edge:guardrail=0.1"),
    );
    assert_eq!(
        first(&report),
        first(&alone),
        "guardrails cost the goal nothing"
    );
    let flat = &report["metrics"][1]["comparisons"][0];
    assert_eq!(flat["verdict"], "holds", "{flat}");
    assert_eq!(flat["guardrail"]["margin"], 0.1);
    let bound = number(&flat["guardrail"]["bound"]);
    assert!(
        bound > -0.1 && bound > number(&flat["interval"][0]),
        "{flat}"
    );
    assert_eq!(report["conclusion"]["status"], "better");
    let verdict = |metric: &str, more: &str| {
        let report = json(&folder, &format!("{THREE} --metric {metric} {more}"));
        first(&report)["verdict"].clone()
    };
    assert_eq!(verdict("up:down:guardrail=10%", ""), "broken");
    assert_eq!(verdict("up:down:guardrail=10%", "--sequential"), "broken");
    assert_eq!(verdict("flat:guardrail=10%", "--sequential"), "holds");
    assert_eq!(verdict("flat:guardrail=0.01%", ""), "inconclusive");
    let text = folder
        .run(&format!(
            "{THREE} --metric edge --metric up:down:guardrail=10% --metric flat:guardrail=10%"
        ))
        .unwrap();
    assert!(
        one_line(&text).starts_with(
            "\"treatment\" is better than \"control\" but breaks a guardrail. Better: edge +"
        ) && one_line(&text).contains(" Broken: up +40")
            && text.contains("(10.0% is accepted, p ")
            && one_line(&text).contains("Guardrails hold: flat at worst -")
            && text.contains("up (guardrail 10.0%)"),
        "{text}"
    );
}

#[test]
fn rare_events_can_break_a_guardrail() {
    let folder = Folder::new();
    let line = "ab @paid.csv --unit user --variant arm --metric paid:conversion:down:guardrail=50%";
    for (control, treatment, verdict) in [
        (2, 30, "broken"),
        (9, 10, "inconclusive"),
        (200, 5, "holds"),
        (0, 20, "broken"),
    ] {
        folder.write("paid.csv", conversions(control, treatment));
        let report = json(&folder, line);
        assert_eq!(first(&report)["verdict"], verdict, "{control} {treatment}");
    }
}
