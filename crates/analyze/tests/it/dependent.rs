//! Canaries whose rows remember the rows before them.

use crate::harness::{Folder, one_line, rows};
use serde_json::Value;

/// A day's minutes, and runs of equal arms.
const MINUTES: usize = 1_440;
const RUNS: u64 = 20;

struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 32).unwrap()) / 4_294_967_296.0
    }

    /// Twelve uniforms less their mean: nearly normal, of variance 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    /// Latencies around `base` whose logarithm keeps `memory` of its last deviation each minute.
    fn latencies(&mut self, base: f64, memory: f64) -> Vec<f64> {
        let mut log = self.normal() / (1.0 - memory * memory).sqrt();
        (0..MINUTES)
            .map(|_| {
                log = memory * log + self.normal();
                base * (0.1 * log).exp()
            })
            .collect()
    }
}

fn file(values: &[f64]) -> String {
    rows("latency", values.iter().map(|value| format!("{value:.4}")))
}

fn report(folder: &Folder, line: &str) -> Value {
    serde_json::from_str(&folder.run(&format!("{line} --json")).unwrap()).unwrap()
}

/// The reports about a canary `factor` times as slow, run by run.
fn runs(factor: f64, more: &str) -> Vec<Value> {
    (0..RUNS)
        .map(|seed| {
            let mut noise = Noise(seed * 7_919 + 1);
            let folder = Folder::new();
            folder
                .write("base.csv", file(&noise.latencies(100.0, 0.9)))
                .write("new.csv", file(&noise.latencies(100.0 * factor, 0.9)));
            report(
                &folder,
                &format!("canary @base.csv @new.csv --metric latency {more}"),
            )
        })
        .collect()
}

fn fails(reports: &[Value]) -> usize {
    reports
        .iter()
        .filter(|report| report["verdict"] == "fail")
        .count()
}

#[test]
fn minutes_that_are_like_the_minute_before_fail_no_equal_canary() {
    let every = fails(&runs(1.0, "--tolerance 0 --direction either --every 1"));
    let thinned = fails(&runs(1.0, "--tolerance 0 --direction either"));
    // At 5% there is one false alarm in twenty runs.
    assert!(
        every >= 3,
        "the noise is not of the kind that misleads: {every}"
    );
    assert!(thinned <= 1, "{thinned}");
}

#[test]
fn a_canary_that_is_half_as_slow_again_is_still_found() {
    let reports = runs(1.5, "");
    let found = fails(&reports);
    assert!(found >= 18, "{found} of {RUNS}");
    assert!(reports.iter().all(|report| report["verdict"] != "pass"));
}

/// Whatever it is, a canary that remembers for longer than its baseline is not one like it.
#[test]
fn a_canary_whose_rows_remember_for_longer_than_its_baseline_s_is_told() {
    let folder = Folder::new();
    let (mut stopped, mut remembers, mut changes) = (0, 0, 0);
    for seed in 0..RUNS {
        let mut noise = Noise(seed * 104_729 + 5);
        let mut broken = noise.latencies(100.0, 0.0);
        for value in &mut broken[400..] {
            *value *= 2.0;
        }
        folder
            .write("base.csv", file(&noise.latencies(100.0, 0.0)))
            .write("slow.csv", file(&noise.latencies(100.0, 0.95)))
            .write("broken.csv", file(&broken));
        let line = |canary: &str| format!("canary @base.csv @{canary}.csv --metric latency");
        let told = |found: &Value, what: &str| {
            let start =
                "latency: the canary's rows depend on each other for longer than the baseline's, ";
            let warnings = found["warnings"].as_array().unwrap().iter();
            let mut warnings = warnings.filter_map(|warning| warning.as_str()?.strip_prefix(start));
            warnings.any(|warning| {
                assert!(warning.contains("Look at a plot of the canary over time"));
                warning.starts_with(what)
            })
        };
        let slow = report(
            &folder,
            &format!("{} --tolerance 0 --direction either", line("slow")),
        );
        stopped += usize::from(slow["verdict"] == "fail");
        remembers += usize::from(told(
            &slow,
            "and by more than one change on the way explains",
        ));
        let broken = report(&folder, &line("broken"));
        let course = "as those of a canary that changes on the way do. It was taken for one, and every row was";
        changes += usize::from(told(&broken, course) && broken["verdict"] == "fail");
    }
    assert!(stopped <= 2, "{stopped}");
    // Some baselines seem to remember, too, by chance.
    assert!(remembers >= 12 && changes >= 12, "{remembers} {changes}");
}

#[test]
fn what_was_left_out_is_told_in_a_sentence() {
    let mut noise = Noise(5);
    let folder = Folder::new();
    folder
        .write("base.csv", file(&noise.latencies(100.0, 0.8)))
        .write("new.csv", file(&noise.latencies(100.0, 0.8)))
        .write("short.csv", file(&noise.latencies(100.0, 0.8)[..1_000]))
        .write("plain.csv", file(&noise.latencies(100.0, 0.0)));
    let line = "canary @base.csv @new.csv --metric latency --metric latency:p50";
    let found = report(&folder, line);
    let metric = &found["metrics"][0];
    let step = metric["every"].as_u64().unwrap();
    // 0.8 to the tenth is a tenth.
    assert!((7..=20).contains(&step), "{metric}");
    let correlation = metric["dependence"]["rank_correlation"].as_f64().unwrap();
    assert!((correlation - 0.8).abs() < 0.05, "{metric}");
    let kept = 1_440_u64.div_ceil(step);
    assert_eq!(metric["n"], serde_json::json!([kept, kept]));
    assert_eq!(metric["rows"], serde_json::json!([1_440, 1_440]));
    let sentence = format!(
        "Neighbouring rows of latency depend on each other (rank correlation {correlation:.2}): \
         every {step}th row was compared, {kept} of 1,440."
    );
    let text = one_line(&folder.run(line).unwrap());
    assert_eq!(text.matches(&sentence).count(), 1, "{text}");
    assert!(
        found["notes"]
            .as_array()
            .unwrap()
            .contains(&sentence.into())
    );

    let text = folder
        .run("canary @base.csv @short.csv --metric latency")
        .unwrap();
    let text = one_line(&text);
    assert!(
        text.contains(" of 1,440 of the baseline and ")
            && text.contains(" of 1,000 of the canary."),
        "{text}"
    );

    // Asked for, it is done; that it misleads is told.
    let text = one_line(&folder.run(&format!("{line} --every 2")).unwrap());
    assert!(
        text.contains("latency: every 2nd row was compared, 720 of 1,440."),
        "{text}"
    );
    assert!(
        text.contains("! latency: neighbouring rows depend on each other (rank correlation 0.")
            && text.contains(
                "and every 2nd row was compared: the interval is too narrow. Compare every "
            ),
        "{text}"
    );

    // Rows that remember nothing are compared all, and nobody is told of it.
    let plain = report(&folder, "canary @plain.csv @plain.csv --metric latency");
    assert_eq!(plain["metrics"][0]["every"], 1);
    let text = folder
        .run("canary @plain.csv @plain.csv --metric latency --every 1")
        .unwrap();
    assert!(!text.contains("row was compared"), "{text}");
}

#[test]
fn rows_that_never_forget_decide_nothing() {
    let mut noise = Noise(3);
    // A leak: each minute a little above the one before.
    let leak: Vec<f64> = (0_u32..120)
        .map(|i| 100.0 + f64::from(i) + noise.uniform())
        .collect();
    let folder = Folder::new();
    folder
        .write("base.csv", file(&noise.latencies(100.0, 0.0)[..120]))
        .write("leak.csv", file(&leak));
    let line = "canary @base.csv @leak.csv --metric latency";
    let found = report(&folder, line);
    assert_eq!(found["verdict"], "inconclusive", "{found}");
    let metric = &found["metrics"][0];
    assert_eq!(metric["dependence"]["forgotten_after"], Value::Null);
    assert!(metric.get("interval").is_none(), "{metric}");
    let reason = metric["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("neighbouring rows depend on each other (rank correlation 0.8"),
        "{reason}"
    );
    assert!(reason.contains("--every 1"), "{reason}");
    // Whoever knows better may say so.
    let known = report(&folder, &format!("{line} --every 1"));
    assert_eq!(known["verdict"], "fail", "{known}");
    assert!(
        known["warnings"][0]
            .as_str()
            .unwrap()
            .contains("too narrow. There are too few rows"),
        "{known}"
    );
}

#[test]
fn bursts_of_errors_are_told_and_still_counted() {
    let mut noise = Noise(11);
    let mut requests = |bursts: bool| {
        let mut level: f64 = 0.0;
        let lines: Vec<String> = (0..600)
            .map(|_| {
                level = if bursts {
                    0.95 * level + 0.3 * noise.normal()
                } else {
                    0.0
                };
                let errors = (50.0 * level.exp() * (1.0 + 0.1 * noise.uniform())).round();
                format!("{errors},10000")
            })
            .collect();
        rows("errors,requests", lines)
    };
    let folder = Folder::new();
    folder
        .write("base.csv", requests(false))
        .write("calm.csv", requests(false))
        .write("bursts.csv", requests(true));
    let ask = |canary: &str| {
        report(
            &folder,
            &format!("canary @base.csv @{canary}.csv --metric errors/requests"),
        )
    };
    let bursts = ask("bursts");
    let warnings = &bursts["warnings"];
    let spread = warnings[0].as_str().unwrap();
    assert!(
        spread.starts_with("errors/requests come in bursts: rows differ"),
        "{spread}"
    );
    let warning = warnings[1].as_str().unwrap();
    assert!(
        warning.starts_with(
            "errors/requests: neighbouring rows depend on each other (rank correlation 0."
        ),
        "{warning}"
    );
    assert_eq!(bursts["metrics"][0]["n"][1], 6_000_000);
    assert!(bursts["metrics"][0].get("every").is_none());
    assert_eq!(ask("calm")["warnings"], serde_json::json!([]));
}

#[test]
fn every_is_auto_or_a_number_of_rows() {
    let folder = Folder::new();
    folder.write("a.csv", "x\n1\n2\n");
    for bad in ["0", "-1", "1.5", "all"] {
        let refused = folder
            .run(&format!("canary @a.csv @a.csv --every {bad}"))
            .unwrap_err();
        assert!(refused.starts_with("ends with 2"), "{refused}");
        assert!(
            refused.contains("give auto, or a whole number from 1"),
            "{refused}"
        );
    }
    for good in ["auto", "1", "1000000"] {
        let told = folder.run(&format!("canary @a.csv @a.csv --every {good}"));
        assert!(told.unwrap().starts_with("Not decided:"));
    }
}
