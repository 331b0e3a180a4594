//! Reports of experiments, to the letter, and what counts in them.

use crate::harness::{Folder, one_line, rows};
use serde_json::Value;

/// An hour of a shop: every second unit is in the treatment and pays more often.
fn shop() -> String {
    rows(
        "user,arm,at,revenue,paid,visits",
        (0..2_000).map(|i| {
            let (arm, more) = if i % 2 == 0 {
                ("control", 0)
            } else {
                ("treatment", 1)
            };
            let paid = u32::from(i % 20 < 6 + 4 * more);
            let revenue = if paid == 1 { 10 + (i * 7) % 5 } else { 0 };
            format!("u{i},{arm},{i},{revenue},{paid},{}", 1 + i % 3)
        }),
    )
}

const SHOP: &str = "ab @shop.csv --unit user --variant arm";

#[track_caller]
fn shop_reports(more: &str, expected: &str) {
    let folder = Folder::new();
    folder.write("shop.csv", shop());
    assert_eq!(folder.run(&format!("{SHOP} {more}")).unwrap(), expected);
}

#[test]
fn the_report_says_the_conclusion_first() {
    shop_reports(
        "--time at --metric revenue --metric paid:conversion --metric revenue/visits",
        r#""treatment" is better than "control": revenue +62.2%, paid +66.7%,
revenue/visits +62.1%.

variant          n  value  change        95% (Holm)  p (Holm)  verdict
revenue
  control    1,000  3.700                                      (control)
  treatment  1,000  6.000  +62.2%  +42.6% to +85.7%   1.4e-17  better
paid
  control    1,000  30.0%                                      (control)
  treatment  1,000  50.0%  +66.7%  +45.6% to +92.3%   8.6e-20  better
revenue/visits
  control    1,000  1.851                                      (control)
  treatment  1,000  3.000  +62.1%  +44.0% to +83.4%   3.8e-16  better

Units: control 1,000 (50.0%), treatment 1,000 (50.0%), as planned (p 1.00). Rows
  read: 2,000.
Intervals and p hold for one look at the planned end; to look earlier use
  --sequential.
Verdicts and the sentence above follow Holm's p and intervals over all 3
  comparisons.
"#,
    );
}

#[test]
fn a_metric_of_which_less_is_better_can_make_it_mixed() {
    shop_reports(
        "--metric revenue:down --metric paid:conversion --absolute",
        r#""treatment" is better than "control" in one way and worse in another: better
paid +20.00 pp; worse revenue +2.300 (less is better).

variant          n  value     change              95% (Holm)  p (Holm)  verdict
revenue
  control    1,000  3.700                                               (control)
  treatment  1,000  6.000     +2.300        +1.782 to +2.818   6.8e-18  worse
paid
  control    1,000  30.0%                                               (control)
  treatment  1,000  50.0%  +20.00 pp  +15.19 pp to +24.81 pp   5.7e-20  better

Units: control 1,000 (50.0%), treatment 1,000 (50.0%), as planned (p 1.00). Rows
  read: 2,000.
Intervals and p hold for one look at the planned end; to look earlier use
  --sequential.
Verdicts and the sentence above follow Holm's p and intervals over all 2
  comparisons.
"#,
    );
}

#[test]
fn sequential_intervals_are_wider_and_say_what_they_allow() {
    shop_reports(
        "--metric paid:conversion --sequential --alpha 0.01",
        r#""treatment" is better than "control": paid +66.7% (99% interval +36.0% to
+108%).

metric  variant        n  value  change     99% interval        p  verdict
paid    control    1,000  30.0%                                    (control)
        treatment  1,000  50.0%  +66.7%  +36.0% to +108%  7.2e-16  better

Units: control 1,000 (50.0%), treatment 1,000 (50.0%), as planned (p 1.00). Rows
  read: 2,000.
Intervals and p hold at every look, so you may stop whenever they convince you.
"#,
    );
}

#[test]
fn the_chance_to_win_is_not_called_p() {
    shop_reports(
        "--metric paid:conversion --bayesian",
        r#""treatment" is better than "control": paid +60.4% (95% interval +42.5% to
+78.4%, chance to win > 99.9%).

variant          n  value  change      95% interval  chance to win  verdict
paid
  control    1,000  30.0%                                           (control)
  treatment  1,000  50.0%  +60.4%  +42.5% to +78.4%        > 99.9%  better

Units: control 1,000 (50.0%), treatment 1,000 (50.0%), as planned (p 1.00). Rows
  read: 2,000.
The chance to win is no p value: it starts from a prior of no difference, give
  or take 30%.
"#,
    );
}

#[test]
fn a_wrong_split_comes_before_every_figure() {
    shop_reports(
        "--metric revenue --share control=0.9 --share treatment=10%",
        r#"Do not decide on these figures: units are not split as planned (p < 1e-300).

! Sample ratio mismatch: control 50.0% (planned 90.0%), treatment 50.0% (planned
  10.0%); so far off by chance only with p < 1e-300. Units are lost or added
  in one variant, so the figures below compare different crowds.

metric   variant        n  value  change      95% interval        p  verdict
revenue  control    1,000  3.700                                     (control)
         treatment  1,000  6.000  +62.2%  +44.9% to +82.4%  6.8e-18  better

Units: control 1,000 (50.0%), treatment 1,000 (50.0%), not as planned (p <
  1e-300). Rows read: 2,000.
Intervals and p hold for one look at the planned end; to look earlier use
  --sequential.
"#,
    );
}

#[test]
fn what_did_not_count_is_counted_and_told() {
    let folder = Folder::new();
    folder.write(
        "events.csv",
        rows(
            "user,arm,at,revenue",
            [
                // Twice in one arm, and what was bought before the first time does not count.
                "1,control,20,",
                "1,control,10,",
                "1,,5,100",
                "1,,10,1",
                "1,,30,2",
                // In both arms.
                "2,control,10,",
                "2,treatment,11,",
                "2,,12,50",
                // Never exposed.
                "3,,12,70",
                // Without a unit, without a time.
                ",control,1,5",
                "4,control,,5",
                "5,treatment,1,",
                "6,treatment,1,8",
                "7,control,1,",
            ]
            .map(str::to_owned),
        ),
    );
    let ab = "ab @events.csv --unit user --variant arm --time at --metric revenue";
    assert_eq!(
        folder.run(ab).unwrap(),
        r#"No difference is shown between "treatment" and "control": revenue +167% (95%
interval: anything).
1 of 5 metric rows is earlier than their unit's first exposure and left out; are
the times of one clock?

! 1 unit (20.0%) was seen in more than one variant and left out.
! Variant "control" has 2 units only.
! Variant "treatment" has 2 units only.
! 1 row without a unit, left out.
! 1 row without a time, left out.
! 1 metric row of units that were never exposed, left out.
! 1 of 5 metric rows of exposed units (20.0%) is earlier than the first exposure
  of the unit and left out. That is right of what was done before the
  experiment, and wrong where zones differ or times lack their time of day.

metric   variant    n  value  change  95% interval     p  verdict
revenue  control    2  1.500                              (control)
         treatment  2  4.000   +167%      anything  0.64  not shown

Units: control 2 (50.0%), treatment 2 (50.0%), too few to judge the split. Rows
  read: 14.
revenue: 2 units without a value (control 50.0%, treatment 50.0%), counted as 0.
Time goes backwards in the file 4 times; rows are joined by their time, whatever
  their order.
Intervals and p hold for one look at the planned end; to look earlier use
  --sequential.
"#
    );
    let left_out = folder
        .run(&format!("{ab} --missing leave-out --json"))
        .unwrap();
    let report: Value = serde_json::from_str(&left_out).unwrap();
    assert_eq!(report["metrics"][0]["control"]["n"], 1);
    assert_eq!(report["metrics"][0]["control"]["missing"], 1);
    assert_eq!(report["metrics"][0]["control"]["value"], 3.0);
    assert_eq!(
        report["metrics"][0]["comparisons"][0]["cannot_compute"],
        "too_few"
    );
}

#[test]
fn arms_whose_values_do_not_vary_cannot_be_compared() {
    let folder = Folder::new();
    folder.write(
        "same.csv",
        rows(
            "user,arm,m",
            (0..400).map(|i| format!("{i},{},7", ["a", "b"][i % 2])),
        ),
    );
    let report = folder
        .run("ab @same.csv --unit user --variant arm --metric m")
        .unwrap();
    assert!(
        report.starts_with("\"b\" cannot be compared with \"a\": the observations do not vary"),
        "{report}"
    );
}

#[test]
fn every_variant_gets_its_sentence_the_best_first() {
    let folder = Folder::new();
    folder.write(
        "three.csv",
        rows(
            "user,arm,m",
            (0..3_000).map(|i| {
                let (arm, base) = [("control", 10), ("bold", 12), ("calm", 8)][i % 3];
                format!("{i},{arm},{}", base + i % 7)
            }),
        ),
    );
    let report = folder
        .run("ab @three.csv --unit user --variant arm --metric m")
        .unwrap();
    let lines: Vec<&str> = report.lines().take(3).collect();
    assert_eq!(
        lines[0],
        "Beside \"control\": \"bold\" better; \"calm\" worse."
    );
    assert!(
        lines[1].starts_with("\"bold\" is better than \"control\": m +15.4%"),
        "{report}"
    );
    assert!(
        lines[2].starts_with("\"calm\" is worse than \"control\": m -15.4%"),
        "{report}"
    );
}

/// A goal that does not change and an error count that rises by a tenth.
fn guarded() -> Folder {
    let folder = Folder::new();
    folder.write(
        "g.csv",
        rows(
            "user,arm,up,errors",
            (0..8_000).map(|i: u32| {
                let treated = i % 2;
                format!(
                    "{i},{},{},{}",
                    ["control", "treatment"][treated as usize],
                    10 + i / 2 % 7,
                    40 + 4 * treated + i / 2 % 41
                )
            }),
        ),
    );
    folder
}

#[test]
fn a_guardrail_has_one_p_and_one_word() {
    let folder = guarded();
    let told = |metrics: &str| {
        let line = format!("ab @g.csv --unit user --variant arm {metrics}");
        let text = folder.run(&line).unwrap();
        let json: Value =
            serde_json::from_str(&folder.run(&format!("{line} --json")).unwrap()).unwrap();
        (text, json)
    };
    for (margin, verdict, start, p) in [
        (
            "5%",
            "broken",
            "\"treatment\" breaks a guardrail beside \"control\": errors +6.7%, at best +5.9% (5.0% is accepted, p ",
            "p_broken",
        ),
        (
            "6.5%",
            "not shown",
            "It is not shown that \"treatment\" keeps its guardrails beside \"control\". \
             Not shown to hold: errors at worst +7.4% (6.5% is accepted, p ",
            "p",
        ),
        (
            "8%",
            "holds",
            "\"treatment\" keeps its guardrails beside \"control\". \
             Guardrails hold: errors at worst +7.4% (8.0% is accepted, p ",
            "p",
        ),
    ] {
        let (text, json) = told(&format!("--metric errors:down:guardrail={margin}"));
        let sentence = one_line(text.split("\n\n").next().unwrap());
        assert!(sentence.starts_with(start), "{text}");
        let (_, said) = sentence.rsplit_once(", p ").unwrap();
        let said = said.trim_end_matches(").");
        let row = text.lines().find(|line| line.ends_with(verdict)).unwrap();
        assert!(
            row.contains(&format!("  {said}  {verdict}")),
            "{said}: {text}"
        );
        let guardrail = &json["metrics"][0]["comparisons"][0]["guardrail"];
        assert!(guardrail[p].as_f64().unwrap() < 0.9, "{guardrail}");
        let sum = guardrail["p"].as_f64().unwrap() + guardrail["p_broken"].as_f64().unwrap();
        assert!(
            (sum - 1.0).abs() < 1e-12,
            "two tails of one test: {guardrail}"
        );
    }
    let (text, json) = told("--metric up --metric errors:down:guardrail=1%");
    assert!(text.contains("breaks a guardrail beside"), "{text}");
    assert_eq!(json["conclusion"]["status"], "worse");
}

#[test]
fn a_quantile_at_the_edge_of_equal_values_is_warned_of() {
    let folder = Folder::new();
    folder.write(
        "edge.csv",
        rows(
            "user,arm,spent",
            (0..2_000).map(|i: u32| {
                let (arm, rank) = (i % 2, i / 2);
                let zeros = [895, 700][arm as usize];
                format!(
                    "{i},{},{}",
                    ["control", "treatment"][arm as usize],
                    rank.max(zeros) - zeros
                )
            }),
        ),
    );
    let text = folder
        .run("ab @edge.csv --unit user --variant arm --metric spent:p90")
        .unwrap();
    assert!(
        one_line(&text).contains(
            "! spent p90: 89.6% of the units of \"control\" have the value 0, and the quantile lies at \
             their edge, or too close to it to tell, where its interval and p would mean nothing. With \
             --sequential --absolute it is compared whatever the distribution; or compare the share of units with \
             any value (:conversion), or a quantile farther out."
        ),
        "{text}"
    );
    let text = folder
        .run("ab @edge.csv --unit user --variant arm --metric spent:p95")
        .unwrap();
    assert!(!text.contains("lies at"), "{text}");
    let text = folder
        .run("ab @edge.csv --unit user --variant arm --metric spent:p70")
        .unwrap();
    assert!(
        one_line(&text).contains("the value 0, and the quantile lies among them, where"),
        "{text}"
    );
}

#[test]
fn a_variant_seen_once_is_doubted_and_breaks_nothing() {
    let folder = Folder::new();
    let mut text = rows(
        "user,arm,m",
        (0..2_000).map(|i| format!("{i},{},{}", ["control", "treatment"][i % 2], i % 7 + i % 2)),
    );
    text.push_str("2000,tretment,5\n");
    folder.write("once.csv", text);
    let report = folder
        .run("ab @once.csv --unit user --variant arm --metric m --metric m:p90")
        .unwrap();
    assert!(
        report.contains("! Variant \"tretment\" has 1 unit only; is its name right?")
            && report.contains("m: no answer, for too few observations"),
        "{report}"
    );
}

#[test]
fn a_difference_of_quantiles_is_told_in_their_unit_at_every_look_too() {
    let folder = Folder::new();
    folder.write(
        "ms.csv",
        rows(
            "user,arm,ms",
            (0..4_000).map(|i: u32| {
                let treated = i % 2;
                format!(
                    "{i},{},{}",
                    ["a", "b"][treated as usize],
                    50 + i / 2 % 100 + 30 * treated
                )
            }),
        ),
    );
    let line = "ab @ms.csv --unit user --variant arm --metric ms:p50:down --sequential";
    let (unit, share) = (
        folder.run(&format!("{line} --absolute")).unwrap(),
        folder.run(line).unwrap(),
    );
    assert!(
        one_line(&unit).contains("\"b\" is worse than \"a\": ms p50 +30.00 (95% interval +"),
        "{unit}"
    );
    assert!(
        !unit.contains("interval +3000%") && share.contains("ms p50 +30.3% ("),
        "{unit}{share}"
    );
}

#[test]
fn a_goal_that_is_a_guardrail_too_reads_well_in_every_method() {
    let folder = Folder::new();
    folder.write(
        "events.csv",
        rows(
            "user,arm,paid",
            (0..2_000).map(|i| {
                let paid = if i % 10 == 0 { "1" } else { "" };
                format!("{i},{},{paid}", ["control", "new"][i / 10 % 2])
            }),
        ),
    );
    let line = "ab @events.csv --unit user --variant arm \
                --metric paid:conversion --metric paid:conversion:guardrail=90%";
    for (method, cell) in [
        ("", "1.00"),
        (" --sequential", "1.00"),
        (" --bayesian", "50.0%"),
    ] {
        let text = folder.run(&format!("{line}{method}")).unwrap();
        assert_eq!(text.matches("units without a value").count(), 1, "{text}");
        let goal = text
            .lines()
            .find(|line| line.ends_with("  not shown"))
            .unwrap();
        assert!(goal.contains(cell), "{text}");
        // Beneath a chance to win there is one, never the p of the guardrail.
        let guardrail = text.lines().find(|line| line.ends_with("  holds")).unwrap();
        assert_eq!(
            guardrail.contains("50.0%"),
            method == " --bayesian",
            "{text}"
        );
    }
}
