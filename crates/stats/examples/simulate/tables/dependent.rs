//! Rows that depend on each other: what that costs, and what thinning leaves.

use super::super::dependent::{Noise, Rows, Way, breaking, rows};
use super::super::judged::Canary;
use super::super::trial::Tally;
use super::{Bench, percent, share};
use stats::judge::{Looks, Rule};

impl Bench {
    /// The judge on all rows and on those that have forgotten each other.
    pub(crate) fn judge_on_dependent_values(&self) {
        println!("\n### The judge on equal arms of values that depend on each other, level 5%\n");
        println!(
            "| correlation of neighbours | n of the canary | looks | tolerance | runs, equal and changed \
             | false stops, all rows | every k-th row | k: median | +30% found, all rows | every k-th row |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|");
        for looks in [8, 1] {
            for n in [360, 1_440] {
                for memory in [0.0, 0.3, 0.7, 0.9] {
                    for tolerance in [0.0, 0.1] {
                        self.dependent_row(Noise::Memory(memory), n, looks, tolerance);
                    }
                }
            }
            for noise in [Noise::Drift, Noise::Day(0.0), Noise::Day(0.7)] {
                self.dependent_row(noise, 1_440, looks, 0.0);
            }
        }
        let apart = [
            (0.0, 0.7),
            (0.0, 0.9),
            (0.0, 0.95),
            (0.0, 0.98),
            (0.5, 0.95),
            (0.9, 0.0),
        ];
        for (tolerance, apart) in [(0.0, &apart[..]), (0.1, &apart[..3])] {
            for (control, canary) in apart {
                self.dependent_row(Noise::Apart(*control, *canary), 720, 24, tolerance);
            }
        }
    }

    /// A canary that was as its control, and is not any more.
    pub(crate) fn judge_on_what_breaks(&self) {
        println!("\n### The judge on canaries that break on the way, tolerance 10%, level 5%\n");
        println!(
            "| correlation of neighbours | change | from row | of rows | looks | runs | found, all rows \
             | every k-th row | with one row more of the control | median row at which it is found, all rows \
             | every k-th row | with one row more |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
        for memory in [0.0, 0.7] {
            for change in [1.0, 9.0] {
                for (from, of) in [(60, 360), (180, 720)] {
                    self.breaking_row(memory, change, (Way::At, from), of);
                }
            }
        }
        for memory in [0.0, 0.7] {
            self.breaking_row(memory, 0.5, (Way::At, 60), 720);
            self.breaking_row(memory, 2.0, (Way::Leak, 60), 720);
        }
    }

    fn breaking_row(&self, memory: f64, change: f64, (way, from): (Way, usize), of: u64) {
        let canary = Canary {
            rule: Rule::default(),
            looks: of / 20,
            each: 20,
            control_for_one: 1,
            change,
        };
        let [all, thinned, apart] = [Rows::All, Rows::Thinned, Rows::OneMore].map(|which| {
            let leak = if way == Way::Leak { "leak " } else { "" };
            let row = format!("breaks: {leak}{memory} {change} {from} {of} {which:?}");
            self.repeat(&row, 400, |draw| {
                breaking(Noise::Memory(memory), which, (way, from), &canary, draw)
            })
        });
        let at = |tally: &Tally| {
            let look = tally.stop_at_quantile(0.5);
            look.map_or("-".to_owned(), |look| (look * canary.each).to_string())
        };
        println!(
            "| {memory} | {}{} | {from} | {of} | {} | {} | {} | {} | {} | {} | {} | {} |",
            percent(change),
            if way == Way::Leak { ", as a leak" } else { "" },
            canary.looks,
            all.runs,
            share(&all, all.rejected),
            share(&thinned, thinned.rejected),
            share(&apart, apart.rejected),
            at(&all),
            at(&thinned),
            at(&apart),
        );
    }

    fn dependent_row(&self, noise: Noise, n: u64, looks: u64, tolerance: f64) {
        let canary = |change: f64| Canary {
            rule: Rule {
                tolerance,
                looks: if looks == 1 { Looks::One } else { Looks::Any },
                ..Rule::default()
            },
            looks,
            each: n / looks,
            control_for_one: 1,
            change,
        };
        let name = noise.name();
        let tally = |runs: u64, which: Rows, change: f64| {
            let row = format!("dependent: {name} {n} {looks} {tolerance} {which:?} {change}");
            self.repeat(&row, runs, |draw| rows(noise, which, &canary(change), draw))
        };
        let [all, thinned] = [Rows::All, Rows::Thinned].map(|rows| tally(1_000, rows, 0.0));
        let found = [Rows::All, Rows::Thinned].map(|rows| tally(400, rows, 0.3));
        println!(
            "| {name} | {n} | {looks} | {} | {} + {} | {} | {} | {} | {} | {} |",
            percent(tolerance),
            all.runs,
            found[0].runs,
            self.held(&all, all.rejected, 0.05),
            self.held(&thinned, thinned.rejected, 0.05),
            match thinned.median_told() {
                None | Some(0) => "none".to_owned(),
                Some(step) => step.to_string(),
            },
            share(&found[0], found[0].rejected),
            share(&found[1], found[1].rejected),
        );
    }
}
