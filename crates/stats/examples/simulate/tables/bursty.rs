//! Errors in bursts: what it costs to take them as independent, and what is left when they are not.

use super::super::bursty::{Course, Taken, rows};
use super::super::judged::Canary;
use super::{Bench, share};
use stats::judge::{Rule, Verdict};

impl Bench {
    /// The judge of rates on rows whose errors come one by one, or not.
    pub(crate) fn judge_on_bursts(&self) {
        println!("\n### The judge on errors in bursts, tolerance 10%, level 5%\n");
        println!(
            "| errors | rows | looks | runs, equal and changed | false stops, as independent | as bursts \
             | dispersion: median | three times as many found, as bursts | passed, as independent | as bursts |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|");
        for looks in [6, 1] {
            for n in [60, 240, 960] {
                for course in Course::ALL {
                    self.bursty_row(course, 1, n, looks);
                }
                self.bursty_row(Course::Scattered, 19, n, looks);
            }
        }
    }

    fn bursty_row(&self, course: Course, traffic: u64, n: u64, looks: u64) {
        let canary = |change: f64| Canary {
            rule: Rule::default(),
            looks,
            each: n / looks,
            control_for_one: traffic,
            change,
        };
        let name = match traffic {
            1 => course.name().to_owned(),
            _ => format!("{}, 19:1", course.name()),
        };
        let tally = |runs: u64, taken: Taken, change: f64, verdict: Verdict| {
            let row = format!("bursts: {name} {n} {looks} {taken:?} {change} {verdict:?}");
            self.repeat(&row, runs, |draw| {
                rows(course, taken, verdict, &canary(change), draw)
            })
        };
        let both = [Taken::AsIndependent, Taken::InBursts];
        let [plain, corrected] = both.map(|taken| tally(1_000, taken, 0.0, Verdict::Fail));
        let found = tally(400, Taken::InBursts, 2.0, Verdict::Fail);
        let passed = both.map(|taken| tally(400, taken, 2.0, Verdict::Pass));
        println!(
            "| {name} | {n} | {looks} | {} + {} | {} | {} | {} | {} | {} | {} |",
            plain.runs,
            found.runs,
            self.held(&plain, plain.rejected, 0.05),
            self.held(&corrected, corrected.rejected, 0.05),
            corrected.median_told().unwrap_or(1),
            share(&found, found.rejected),
            self.held(&passed[0], passed[0].rejected, 0.05),
            self.held(&passed[1], passed[1].rejected, 0.05),
        );
    }
}
