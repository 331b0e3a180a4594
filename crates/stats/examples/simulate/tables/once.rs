//! What may be asked only once.

use super::super::anytime::{self, By, Course};
use super::super::draw::{Draw, Shape};
use super::super::fixed;
use super::super::quantiles;
use super::super::trial::{Outcome, Tally};
use super::{Bench, FOUND_BY_NINE_OF_TEN, percent, share};
use stats::Alpha;

impl Bench {
    /// What may be asked only once.
    pub(crate) fn one_look(&self) {
        println!("\n### Methods for one look\n");
        println!(
            "| method | data | runs, equal and changed | false positives | change | interval holds the change | power |"
        );
        println!("|---|---|---|---|---|---|---|");
        let alpha = Alpha::default();
        for shape in [
            Shape::Normal,
            Shape::Exponential,
            Shape::Latency,
            Shape::Pareto,
            Shape::Bernoulli(0.5),
        ] {
            for n in [30, 1_000, 10_000] {
                for by in [By::Guarded, By::Share] {
                    self.means_once(shape, n, by);
                }
            }
        }
        for (p, n) in [(0.001, 8_000), (0.01, 2_000)] {
            for by in [By::Guarded, By::Share] {
                self.proportions_once(p, n, by);
            }
        }
        for (q, shape, n) in [
            (0.5, Shape::Latency, 1_000),
            (0.9, Shape::Latency, 1_000),
            (0.99, Shape::Latency, 4_000),
            (0.99, Shape::Modes, 1_000),
            (0.99, Shape::Modes, 4_000),
        ] {
            self.quantiles_once(q, shape, n);
        }
        for (shape, n) in [
            (Shape::Normal, 20),
            (Shape::Normal, 200),
            (Shape::Exponential, 200),
            (Shape::Latency, 200),
            (Shape::Pareto, 1_000),
        ] {
            let change = 3.0 * (2.0 / n as f64).sqrt() * shape.stddev() / shape.mean();
            let data = format!("{}, {n} an arm", shape.name());
            let runs = if n < 1_000 { 2_000 } else { 400 };
            self.ask_once(
                "Mann-Whitney, Hodges-Lehmann",
                &data,
                (runs, change),
                |change, draw| fixed::ranks(shape, n, change * shape.mean(), alpha, draw),
            );
        }
        for (mean, ratio) in [(0.5, 6.0), (5.0, 2.5), (50.0, 1.6)] {
            let data = format!("{mean} against {} events", 19.0 * mean);
            let method = "Poisson rates: exact p, score interval";
            self.ask_once(method, &data, (10_000, ratio - 1.0), |change, draw| {
                fixed::rates(mean, 1.0 + change, alpha, draw)
            });
        }
        for (p, n, change) in [(0.5, 1_000, 0.13), (0.001, 20_000, 1.0)] {
            let data = format!("{}, {n} an arm", Shape::Bernoulli(p).name());
            self.ask_once(
                "pooled z (no interval)",
                &data,
                (2_000, change),
                |change, draw| fixed::pooled(p, n, change, alpha, draw),
            );
        }
    }

    /// A row of equal arms and of arms with a change, each with runs of its own.
    pub(super) fn ask_once(
        &self,
        method: &str,
        data: &str,
        (runs, change): (u64, f64),
        run: impl Fn(f64, &mut Draw) -> Outcome + Sync,
    ) {
        let tally = |change: f64| {
            let row = format!("one look: {method} {data} {change}");
            self.repeat(&row, runs, |draw| run(change, draw))
        };
        let (equal, other) = (tally(0.0), tally(change));
        // What is told beside an anytime method, or the method itself.
        let told = |tally: &Tally| {
            if tally.fixed > 0 {
                (tally.fixed_rejected, tally.fixed_missed)
            } else {
                (tally.rejected, tally.missed_at_end)
            }
        };
        let (found, missed) = told(&other);
        println!(
            "| {method} | {data} | {} + {} | {} | {} | {} | {} |",
            equal.runs,
            other.runs,
            self.held(&equal, told(&equal).0, 0.05),
            percent(change),
            if method.contains("no interval") {
                "-".to_owned()
            } else {
                self.covered(&other, missed, 0.05)
            },
            share(&other, found),
        );
    }

    /// Welch's t on a relative difference, asked at `n` observations an arm.
    fn means_once(&self, shape: Shape, n: u64, by: By) {
        let change = FOUND_BY_NINE_OF_TEN * (2.0 / n as f64).sqrt() * shape.stddev() / shape.mean();
        let name = if by.shares() {
            "mean, share"
        } else {
            "mean, relative"
        };
        let run = |course: &Course, draw: &mut Draw| anytime::mean(shape, course, draw);
        self.fixed_row(name, &shape.name(), (n, change, by), &run);
    }

    fn proportions_once(&self, p: f64, n: u64, by: By) {
        let change = FOUND_BY_NINE_OF_TEN * (2.0 / n as f64).sqrt() * ((1.0 - p) / p).sqrt();
        let name = if by.shares() {
            "proportion, share"
        } else {
            "proportion, relative"
        };
        let run = |course: &Course, draw: &mut Draw| anytime::proportion(p, course, draw);
        let data = Shape::Bernoulli(p).name();
        self.fixed_row(name, &data, (n, change, by), &run);
    }

    fn quantiles_once(&self, q: f64, shape: Shape, n: u64) {
        let run = |course: &Course, draw: &mut Draw| quantiles::quantile(q, shape, course, draw);
        self.fixed_row(
            &format!("quantile {q}"),
            &shape.name(),
            (n, 0.1, By::Guarded),
            &run,
        );
    }

    /// A row of what is told beside an anytime method, asked once.
    fn fixed_row(
        &self,
        method: &str,
        data: &str,
        (n, change, by): (u64, f64, By),
        run: &(dyn Fn(&Course, &mut Draw) -> Outcome + Sync),
    ) {
        let runs = if n > 5_000 { 2_000 } else { 4_000 };
        self.ask_once(
            method,
            &format!("{data}, {n} an arm"),
            (runs, change),
            |change, draw| {
                let course = Course {
                    question: anytime::at(Alpha::default()),
                    looks: 1,
                    each: n,
                    change,
                    by,
                };
                run(&course, draw)
            },
        );
    }
}
