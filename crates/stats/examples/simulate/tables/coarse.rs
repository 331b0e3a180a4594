//! Wrong passes of the judge: values of which many are the same, and changes that it does not look for.

use super::super::coarse::{N, Values, judged};
use super::{Bench, share};
use stats::judge::Looks;

/// What is true of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Truth {
    /// To fail is wrong.
    Equal,
    /// To pass is wrong.
    Worse,
}

fn rows() -> Vec<(String, [Values; 2], Truth)> {
    let mut rows = Vec::new();
    let mut row = |name: String, control: Values, canary: Values, truth: Truth| {
        rows.push((name, [control, canary], truth));
    };
    for mean in [0.3, 1.0, 3.0] {
        let name = format!("Poisson {mean}, equal");
        row(
            name,
            Values::Counts(mean),
            Values::Counts(mean),
            Truth::Equal,
        );
        for more in [20.0, 50.0, 100.0] {
            let canary = Values::Counts(mean * (1.0 + more / 100.0));
            let name = format!("Poisson {mean}, +{more}%");
            row(name, Values::Counts(mean), canary, Truth::Worse);
        }
    }
    let now = |share: f64| Values::Now {
        share,
        usual: 0.0,
        then: 10.0,
    };
    for (few, more) in [(0.05, 0.09), (0.2, 0.4)] {
        let [less, greater] = [few, more].map(|share: f64| (100.0 * share).round());
        let name = format!("{less}% are not 0, equal");
        row(name, now(few), now(few), Truth::Equal);
        let name = format!("{less}% are not 0, then {greater}%");
        row(name, now(few), now(more), Truth::Worse);
    }
    let ones = |share: f64| Values::Now {
        share,
        usual: 1.0,
        then: 1_000.0,
    };
    let name = "all 1.0, then 9% are 1000".to_owned();
    row(name, ones(0.0), ones(0.09), Truth::Worse);
    for (median, sigma) in [(5.0, 0.6), (5.0, 0.3), (20.0, 0.3), (100.0, 0.3)] {
        let whole = |factor: f64| Values::Whole(median, sigma, factor);
        let name = |what: &str| format!("whole ms, median {median}, σ {sigma}, {what}");
        row(name("equal"), whole(1.0), whole(1.0), Truth::Equal);
        row(name("+20%"), whole(1.0), whole(1.2), Truth::Worse);
    }
    let fine = |sigma: f64, factor: f64, slow: f64| Values::Fine {
        sigma,
        factor,
        slow,
    };
    let plain = fine(0.3, 1.0, 0.0);
    let name = |what: &str| format!("all digits, σ 0.3, {what}");
    row(name("equal"), plain, plain, Truth::Equal);
    for (what, factor) in [("+20%", 1.2), ("+30%", 1.3)] {
        row(name(what), plain, fine(0.3, factor, 0.0), Truth::Worse);
    }
    for (few, more) in [(0.3, 0.5), (0.0, 0.09), (0.0, 0.05), (0.05, 0.09)] {
        let [less, greater] = [few, more].map(|share: f64| (100.0 * share).round());
        let name = format!("all digits, σ 0.1, {less}% ten times as slow, then {greater}%");
        row(
            name,
            fine(0.1, 1.0, few),
            fine(0.1, 1.0, more),
            Truth::Worse,
        );
    }
    rows
}

impl Bench {
    pub(crate) fn judge_on_coarse_values(&self) {
        println!(
            "\n### The judge on coarse values, tolerance 10%, higher is worse, {N} values an arm\n"
        );
        println!("| data | what is right | looks | runs | ever passes | ever fails |");
        println!("|---|---|---|---|---|---|");
        for (name, arms, truth) in rows() {
            for looks in [Looks::Any, Looks::One] {
                let row = format!("coarse: {name} {looks:?}");
                let tally = self.repeat(&row, 1_000, |draw| judged(arms, looks, draw));
                let passed = tally.told.len() as u64;
                let (right, passes, fails) = match truth {
                    Truth::Equal => (
                        "not to fail",
                        share(&tally, passed),
                        self.held(&tally, tally.rejected, 0.05),
                    ),
                    Truth::Worse => (
                        "not to pass",
                        self.held(&tally, passed, 0.05),
                        share(&tally, tally.rejected),
                    ),
                };
                println!(
                    "| {name} | {right} | {} | {} | {passes} | {fails} |",
                    if looks == Looks::Any { 15 } else { 1 },
                    tally.runs,
                );
            }
        }
    }
}
