//! Rates and counts whose events come in bursts, and rates whose rest is what matters.

use crate::harness::{Folder, one_line, rows};
use serde_json::Value;

/// In how many of the minutes there is one, and how many errors more.
#[derive(Clone, Copy)]
struct Bursts(f64, f64);

const NONE: Bursts = Bursts(0.0, 0.0);
const OFTEN: Bursts = Bursts(0.05, 50.0);
const SELDOM: Bursts = Bursts(0.02, 200.0);

/// The 64-bit linear congruential generator of Knuth's MMIX.
struct Noise(u64);

impl Noise {
    /// From 0 to 1.
    fn unit(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 32).unwrap()) / f64::from(u32::MAX)
    }

    /// Independent events, `mean` on average.
    fn poisson(&mut self, mean: f64) -> u64 {
        let (mut events, mut left) = (0, (-mean).exp());
        let mut at = self.unit();
        while at > left && events < 1000 {
            at -= left;
            events += 1;
            left *= mean / f64::from(u32::try_from(events).unwrap());
        }
        events
    }

    /// Minutes of 1,000 requests: one error on average, and the bursts; all of it `times` as many.
    fn errors(&mut self, Bursts(share, size): Bursts, times: f64) -> String {
        let minutes: Vec<_> = (0..480)
            .map(|_| {
                let more = if self.unit() < share { size } else { 0.0 };
                format!("{},1000", self.poisson(times * (1.0 + more)))
            })
            .collect();
        rows("errors,requests", minutes)
    }

    /// The same with a mean of its own for every minute, of a gamma distribution of shape 2: negative binomial.
    fn over_dispersed(&mut self) -> String {
        let minutes: Vec<_> = (0..480)
            .map(|_| {
                let (a, b) = (self.unit().max(1e-9), self.unit().max(1e-9));
                let mean = -5.0 * (a * b).ln();
                format!("{},1000", self.poisson(mean))
            })
            .collect();
        rows("errors,requests", minutes)
    }
}

fn report(folder: &Folder, metric: &str) -> Value {
    let line = format!("canary @base.csv @canary.csv --metric {metric} --json");
    serde_json::from_str(&folder.run(&line).unwrap()).unwrap()
}

fn judged(baseline: &str, canary: &str, metric: &str) -> Value {
    let folder = Folder::new();
    folder
        .write("base.csv", baseline)
        .write("canary.csv", canary);
    report(&folder, metric)
}

/// How many of twenty equal canaries fail.
fn false_fails(metric: &str, mut file: impl FnMut(&mut Noise) -> String) -> usize {
    (1..=20)
        .filter(|seed| {
            let mut noise = Noise(seed * 7919);
            let (baseline, canary) = (file(&mut noise), file(&mut noise));
            judged(&baseline, &canary, metric)["verdict"] == "fail"
        })
        .count()
}

#[test]
fn equal_arms_with_bursts_of_errors_do_not_fail() {
    for metric in ["errors/requests:either", "errors/requests:count:either"] {
        for bursts in [OFTEN, SELDOM] {
            let failed = false_fails(metric, |noise| noise.errors(bursts, 1.0));
            assert!(failed <= 2, "{metric}: {failed} of 20 fail");
        }
    }
    let failed = false_fails("errors/requests", Noise::over_dispersed);
    assert!(failed <= 2, "{failed} of 20 fail");
}

/// Added up to a row an arm, nothing of the bursts is left to see: what the correction is for.
#[test]
fn the_same_errors_taken_as_independent_fail_often() {
    let failed = false_fails("errors/requests:either", |noise| {
        let file = noise.errors(SELDOM, 1.0);
        let errors: u64 = file
            .lines()
            .skip(1)
            .map(|line| line.split_once(',').unwrap().0.parse::<u64>().unwrap())
            .sum();
        format!("errors,requests\n{errors},480000\n")
    });
    assert!(failed > 5, "{failed} of 20 fail");
}

#[test]
fn three_times_the_errors_are_found_in_bursts_too() {
    for metric in ["errors/requests", "errors/requests:count"] {
        let verdicts: Vec<Value> = (1..=5)
            .map(|seed| {
                let mut noise = Noise(seed);
                let (baseline, canary) = (noise.errors(OFTEN, 1.0), noise.errors(OFTEN, 3.0));
                let found = judged(&baseline, &canary, metric);
                // What is told is what was counted.
                let told = &found["metrics"][0];
                let figure = |name: &str| told[name].as_f64().unwrap();
                let effect = figure("canary") / figure("baseline") - 1.0;
                assert!((figure("effect") - effect).abs() < 1e-9, "{told}");
                assert!(
                    figure("effect") > told["interval"][0].as_f64().unwrap(),
                    "{told}"
                );
                found["verdict"].clone()
            })
            .collect();
        let failed = verdicts.iter().filter(|verdict| *verdict == "fail");
        assert!(failed.count() >= 4, "{verdicts:?}");
        assert!(!verdicts.contains(&Value::from("pass")), "{verdicts:?}");
    }
}

#[test]
fn bursts_are_told_and_independent_errors_are_not_called_so() {
    let mut noise = Noise(3);
    let folder = Folder::new();
    folder
        .write("base.csv", noise.errors(OFTEN, 1.0))
        .write("canary.csv", noise.errors(OFTEN, 1.0));
    let found = report(&folder, "errors/requests");
    let ratio = found["metrics"][0]["bursts"]["ratio"].as_f64().unwrap();
    // A mean of 1 + 0.05·50 = 3.5, whose own variance is 50²·0.05·0.95: (3.5 + 118.75)/3.5 is 35.
    assert!((25.0..45.0).contains(&ratio), "{ratio}");
    let text = one_line(
        &folder
            .run("canary @base.csv @canary.csv --metric errors/requests")
            .unwrap(),
    );
    let told = format!("rows differ {ratio:.0} times as much as independent errors would");
    assert!(
        text.contains("errors/requests come in bursts: ") && text.contains(&told),
        "{text}"
    );

    let quiet = (1..=20).filter(|seed| {
        let mut noise = Noise(*seed);
        let (baseline, canary) = (noise.errors(NONE, 1.0), noise.errors(NONE, 1.0));
        judged(&baseline, &canary, "errors/requests")["metrics"][0]
            .get("bursts")
            .is_none()
    });
    assert!(quiet.count() >= 19);
}

/// Minutes of 1,000 requests, of which so many succeed on average.
fn successes(seed: u64, failures: f64) -> String {
    let mut noise = Noise(seed);
    let minutes: Vec<_> = (0..480)
        .map(|_| {
            let failed = noise.poisson(failures).min(1000);
            format!("{},1000", 1000 - failed)
        })
        .collect();
    rows("success,requests", minutes)
}

#[test]
fn fifty_times_the_failures_are_no_pass_as_successes() {
    let folder = Folder::new();
    folder
        .write("base.csv", successes(1, 1.0))
        .write("canary.csv", successes(2, 50.0));
    let found = report(&folder, "success/requests");
    assert_eq!(found["verdict"], "inconclusive", "{found}");
    let metric = &found["metrics"][0];
    let effect = metric["rest"]["effect"].as_f64().unwrap();
    assert!((30.0..70.0).contains(&effect), "{metric}");
    assert!(metric["rest"]["interval"][0].as_f64().unwrap() > 30.0);
    let reason = metric["reason"].as_str().unwrap();
    for part in ["% higher", "--tolerance"] {
        assert!(reason.contains(part), "{reason}");
    }
    let conclusion = found["conclusion"].as_str().unwrap();
    assert!(
        conclusion.starts_with("Not decided: the rest of success/requests is"),
        "{conclusion}"
    );
    // The ways out that are named: a tolerance that small fails it.
    let line = "canary @base.csv @canary.csv --metric success/requests --tolerance 1% --json";
    let strict: Value = serde_json::from_str(&folder.run(line).unwrap()).unwrap();
    assert_eq!(strict["verdict"], "fail", "{strict}");
}

#[test]
fn as_many_successes_as_before_pass() {
    for (seed, failures) in [(3, 1.0), (4, 20.0)] {
        let (baseline, canary) = (successes(seed, failures), successes(seed + 10, failures));
        // One failure more in two thousand requests is accepted.
        let found = judged(&baseline, &canary, "success/requests --margin 0.05%");
        assert_eq!(found["verdict"], "pass", "{found}");
        assert!(found["metrics"][0].get("rest").is_none(), "{found}");
    }
    // Some 480 failures of each are known to within a fifth, and that may be a tenth more, as it is of errors.
    let found = judged(&successes(3, 1.0), &successes(13, 1.0), "success/requests");
    assert_eq!(found["verdict"], "inconclusive", "{found}");
    let reason = found["metrics"][0]["reason"].as_str().unwrap();
    assert!(
        reason.ends_with("more data will tell, or a --margin"),
        "{reason}"
    );
    // Fewer failures are no change for the worse.
    let found = judged(&successes(5, 50.0), &successes(6, 1.0), "success/requests");
    assert_eq!(found["verdict"], "pass", "{found}");
}

/// What succeeds nearly always tells nothing at the first look, and is not passed for that.
#[test]
fn a_few_hundred_successes_are_no_pass() {
    let one = |x: u64, n: u64| format!("success,requests\n{x},{n}\n");
    for (before, after) in [((200, 200), (198, 200)), ((999, 1000), (995, 1000))] {
        let found = judged(
            &one(before.0, before.1),
            &one(after.0, after.1),
            "success/requests",
        );
        assert_eq!(found["verdict"], "inconclusive", "{found}");
    }
}

/// One error is worth no more than its share of a burst, and a worse baseline makes no canary fail.
#[test]
fn a_single_error_beside_bursts_decides_nothing() {
    let with = |errors: &[(usize, u64)]| {
        rows(
            "errors,requests",
            (0..60).map(|row| {
                let there = errors.iter().find(|(at, _)| *at == row);
                format!("{},1000", there.map_or(0, |(_, errors)| *errors))
            }),
        )
    };
    let (one, two) = (with(&[(5, 1)]), with(&[(13, 100), (31, 100)]));
    for (baseline, canary) in [(&one, &two), (&two, &one)] {
        for metric in ["errors/requests", "errors/requests:count"] {
            let found = judged(baseline, canary, metric);
            assert_eq!(found["verdict"], "inconclusive", "{found}");
        }
    }
}

/// A minute in which what both stand on fails is the same for both, and no burst of one.
#[test]
fn what_both_go_through_is_no_burst() {
    let course = |seed: u64| {
        let mut noise = Noise(seed);
        rows(
            "errors,requests",
            (0..240).map(|minute| {
                let outage = if minute % 60 == 30 { 100.0 } else { 0.0 };
                format!("{},1000", noise.poisson(2.0 + outage))
            }),
        )
    };
    for seed in [5, 50, 500] {
        let found = judged(&course(seed), &course(seed + 1), "errors/requests:either");
        assert_eq!(found["verdict"], "inconclusive", "{found}");
        assert!(found["metrics"][0]["bursts"].is_null(), "{found}");
    }
}

/// What begins on the way and does not end is no burst to wait for the end of.
#[test]
fn a_canary_that_begins_to_err_is_stopped_within_minutes() {
    for (share, rows_of_it) in [(0.05, 30), (1.0, 15)] {
        let course = |seed: u64, from: u32| {
            let mut noise = Noise(seed);
            rows(
                "errors,requests",
                (0..60 + rows_of_it).map(|minute: u32| {
                    let mean = if minute >= from { share * 1000.0 } else { 1.0 };
                    format!("{},1000", noise.poisson(mean).min(1000))
                }),
            )
        };
        let found = judged(&course(1, u32::MAX), &course(2, 60), "errors/requests");
        assert_eq!(found["verdict"], "fail", "{share}: {found}");
    }
}

/// Of a baseline that is one sum there are no rows to see bursts in, and in the canary's there are.
#[test]
fn a_baseline_that_is_one_sum_hides_no_bursts() {
    let baseline = "errors,requests\n102,100000\n";
    let canary = rows(
        "errors,requests",
        (0..100).map(|row| format!("{},1000", if row % 33 == 5 { 55 } else { 0 })),
    );
    let found = judged(baseline, &canary, "errors/requests");
    assert_eq!(found["verdict"], "inconclusive", "{found}");
    assert!(found["metrics"][0]["bursts"]["ratio"].as_f64().unwrap() > 40.0);
}
