//! Conversions at every look, between arms of different sizes: two methods share one level.

use crate::harness::{Folder, one_line, rows};
use serde_json::Value;
use stats::effect::{Proportion, Share};
use stats::sequential::{self, CountsQuestion};
use stats::{Alpha, Question, Side};

/// So many of so many in each arm, control first.
type Arms = [(u64, u64); 2];

const UNEVEN_FEW: Arms = [(300, 5_700), (5, 300)];
const UNEVEN_MANY: Arms = [(285, 5_700), (31, 300)];
const EVEN: Arms = [(150, 3_000), (190, 1_500)];

fn visitors(arms: Arms) -> String {
    rows(
        "user,arm,paid,back",
        ["control", "treatment"]
            .iter()
            .zip(arms)
            .flat_map(|(arm, (paid, of))| {
                (0..of).map(move |i| {
                    let paid = u8::from(i < paid);
                    format!("{arm}{i},{arm},{paid},{}", u8::from(i % 5 == 0))
                })
            }),
    )
}

fn report(arms: Arms, more: &str) -> Value {
    let folder = Folder::new();
    folder.write("v.csv", visitors(arms));
    let all = arms[0].1 + arms[1].1;
    let share = |n: u64| n as f64 / all as f64;
    let line = format!(
        "ab @v.csv --unit user --variant arm --share control={} --share treatment={} --sequential {more} --json",
        share(arms[0].1),
        share(arms[1].1)
    );
    serde_json::from_str(&folder.run(&line).unwrap()).unwrap()
}

fn first(report: &Value) -> &Value {
    &report["metrics"][0]["comparisons"][0]
}

#[track_caller]
fn near(found: &Value, wanted: f64) {
    let found = found.as_f64().unwrap();
    assert!(
        (found - wanted).abs() <= 1e-9 * wanted.abs(),
        "{found} {wanted}"
    );
}

fn proportions(arms: Arms) -> [Proportion; 2] {
    arms.map(|(x, n)| Proportion::new(x, n).unwrap())
}

/// The formula alone, at a level: p and interval.
fn counts(arms: Arms, alpha: f64) -> (f64, [f64; 2]) {
    let all = (arms[0].1 + arms[1].1) as f64;
    let shares = [arms[0].1 as f64 / all, 1.0 - arms[0].1 as f64 / all];
    let question = CountsQuestion {
        prior: shares.map(|share| 2.0 * share),
        shares,
        alpha: Alpha::new(alpha).unwrap(),
    };
    let found = sequential::counts([arms[0].0, arms[1].0], &question).unwrap();
    let interval = found.rate_ratio_interval;
    (found.p, [interval.lo - 1.0, interval.hi - 1.0])
}

#[test]
fn few_conversions_of_uneven_arms_have_a_fifth_of_the_level() {
    let found = report(UNEVEN_FEW, "--metric paid:conversion");
    assert_eq!(first(&found)["method"], "sequential_counts");
    let (p, [lo, hi]) = counts(UNEVEN_FEW, 0.05 / 5.0);
    near(&first(&found)["p"], (5.0 * p).min(1.0));
    near(&first(&found)["interval"][0], lo);
    near(&first(&found)["interval"][1], hi);
}

#[test]
fn more_conversions_of_uneven_arms_have_the_rest() {
    let [control, treatment] = proportions(UNEVEN_MANY);
    let share = Share::of_proportions(control, treatment).unwrap();
    let whole = Question::default().absolute();
    let p = sequential::asymptotic(share.absolute(), whole, 5_000.0)
        .unwrap()
        .p;
    let reach = |level: f64| {
        let level = Alpha::new(level).unwrap();
        sequential::reach(share.absolute().n, whole, 5_000.0, level).unwrap()
    };
    let found = report(UNEVEN_MANY, "--metric paid:conversion");
    near(&first(&found)["p"], p / 0.8);
    let interval = share.within(reach(0.04));
    near(&first(&found)["interval"][0], interval.lo);
    near(&first(&found)["interval"][1], interval.hi);
    let found = report(UNEVEN_MANY, "--metric paid:conversion --absolute");
    near(&first(&found)["p"], p / 0.8);
    near(
        &first(&found)["interval"][0],
        share.absolute().within(reach(0.04)).lo,
    );
}

#[test]
fn even_arms_and_one_look_keep_the_whole_level() {
    let [control, treatment] = proportions(EVEN);
    let share = Share::of_proportions(control, treatment).unwrap();
    let (interval, p) = share.at_any_time(Alpha::default(), 5_000.0).unwrap();
    let found = report(EVEN, "--metric paid:conversion");
    near(&first(&found)["p"], p);
    near(&first(&found)["interval"][0], interval.lo);
    let few = [(40, 2_000), (9, 1_000)];
    let (p, [lo, _]) = counts(few, 0.05);
    let found = report(few, "--metric paid:conversion");
    near(&first(&found)["p"], p);
    near(&first(&found)["interval"][0], lo);
    let folder = Folder::new();
    folder.write("v.csv", visitors(UNEVEN_MANY));
    let line = "ab @v.csv --unit user --variant arm --share control=0.95 --share treatment=0.05 \
                --metric paid:conversion --json";
    let once: Value = serde_json::from_str(&folder.run(line).unwrap()).unwrap();
    let [control, treatment] = proportions(UNEVEN_MANY);
    let share = Share::of_proportions(control, treatment).unwrap();
    near(&first(&once)["p"], share.absolute().p);
}

/// Between the part and the whole of the level: shown by a formula that has all of it, and not here.
#[test]
fn p_and_interval_agree_on_every_side_of_the_level() {
    let mut between = 0;
    for paid in 0..40 {
        let arms = [(285, 5_700), (paid, 300)];
        for absolute in ["", "--absolute"] {
            let found = report(arms, &format!("--metric paid:conversion {absolute}"));
            let found = first(&found);
            let p = found["p"].as_f64().unwrap();
            // An open end is written as a word.
            let end = |at: usize, open: f64| found["interval"][at].as_f64().unwrap_or(open);
            let (lo, hi) = (end(0, f64::NEG_INFINITY), end(1, f64::INFINITY));
            assert_eq!(p < 0.05, lo > 0.0 || hi < 0.0, "{paid}: {found}");
            assert_eq!(p < 0.05, found["verdict"] != "inconclusive", "{found}");
            between += u32::from((0.05..0.25).contains(&p));
        }
    }
    assert!(between > 4, "{between}");
}

#[test]
fn holms_intervals_have_the_same_part() {
    let found = report(
        UNEVEN_MANY,
        "--metric paid:conversion --metric back:conversion",
    );
    let paid = first(&found);
    let p = paid["p"].as_f64().unwrap();
    near(&paid["p_adjusted"], 2.0 * p);
    let [control, treatment] = proportions(UNEVEN_MANY);
    let share = Share::of_proportions(control, treatment).unwrap();
    let level = Alpha::new(0.8 * 0.05 / 2.0).unwrap();
    let whole = Question::default().absolute();
    let reach = sequential::reach(share.absolute().n, whole, 5_000.0, level).unwrap();
    near(&paid["interval_adjusted"][0], share.within(reach).lo);
}

#[test]
fn guardrails_spend_their_level_the_same_way() {
    let margin = 0.1;
    let ask = |arms: Arms| {
        let found = report(
            arms,
            &format!("--metric paid:conversion:guardrail={margin}"),
        );
        first(&found)["guardrail"].clone()
    };
    let [control, treatment] = proportions(UNEVEN_MANY);
    let share = Share::of_proportions(control, treatment).unwrap();
    let there = share.at(-margin);
    let question = Question::default().side(Side::Greater);
    let from_margin = stats::Estimate {
        effect: there.effect + margin,
        ..there
    };
    let held = sequential::asymptotic(&from_margin, question, 5_000.0)
        .unwrap()
        .p;
    let reach = |level: f64| {
        sequential::reach(there.n, question, 5_000.0, Alpha::new(level).unwrap()).unwrap()
    };
    let guardrail = ask(UNEVEN_MANY);
    near(&guardrail["p"], held / 0.8);
    near(&guardrail["bound"], share.within(reach(0.04)).lo);
    let guardrail = ask(UNEVEN_FEW);
    near(&guardrail["bound"], counts(UNEVEN_FEW, 0.01).1[0]);
}

#[test]
fn what_of_the_level_was_spent_is_told() {
    let folder = Folder::new();
    for (arms, part) in [
        (UNEVEN_FEW, Some("of 20.0% of it")),
        (UNEVEN_MANY, Some("of 80.0% of it")),
        (EVEN, None),
    ] {
        folder.write("v.csv", visitors(arms));
        for method in ["--sequential", ""] {
            let line =
                format!("ab @v.csv --unit user --variant arm --metric paid:conversion {method}");
            let text = one_line(&folder.run(&line).unwrap());
            let spent = part.filter(|_| !method.is_empty());
            assert_eq!(text.contains("share the level"), spent.is_some(), "{text}");
            assert!(spent.is_none_or(|part| text.contains(part)), "{text}");
        }
    }
}
