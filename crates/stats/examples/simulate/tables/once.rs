//! What may be asked only once.

use super::super::anytime::{self, Course};
use super::super::draw::{Draw, Shape};
use super::super::fixed;
use super::super::quantiles;
use super::super::trial::{Outcome, Tally};
use super::{Bench, FOUND_BY_NINE_OF_TEN, covered, held, percent};
use stats::Alpha;

impl Bench {
    /// What may be asked only once.
    pub(crate) fn one_look(&self) {
        println!("\n### Methods for one look\n");
        println!("| method | data | runs | false positives | coverage | change | power |");
        println!("|---|---|---|---|---|---|---|");
        let alpha = Alpha::default();
        let tell = |method: &str, data: String, equal: &Tally, change: f64, other: &Tally| {
            println!(
                "| {method} | {data} | {} | {} | {} | {} | {} |",
                equal.runs,
                held(equal, equal.rejected, 0.05),
                covered(equal, equal.missed_ever, 0.05),
                percent(change),
                percent(other.share(other.rejected)),
            );
        };
        for shape in [
            Shape::Normal,
            Shape::Exponential,
            Shape::Latency,
            Shape::Pareto,
            Shape::Bernoulli(0.5),
        ] {
            for n in [30, 1_000, 10_000] {
                for shares in [false, true] {
                    self.means_once(shape, n, shares);
                }
            }
        }
        for (p, n) in [(0.001, 8_000), (0.01, 2_000)] {
            for shares in [false, true] {
                self.proportions_once(p, n, shares);
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
            let shift = change * shape.mean();
            let run =
                |shift: f64| self.repeat(4_000, |draw| fixed::ranks(shape, n, shift, alpha, draw));
            let data = format!("{}, {n} an arm", shape.name());
            tell(
                "Mann-Whitney, Hodges-Lehmann",
                data,
                &run(0.0),
                change,
                &run(shift),
            );
        }
        for (mean, ratio) in [(0.5, 6.0), (5.0, 2.5), (50.0, 1.6)] {
            let run =
                |ratio: f64| self.repeat(10_000, |draw| fixed::rates(mean, ratio, alpha, draw));
            let data = format!("{mean} against {} events", 19.0 * mean);
            tell(
                "Poisson rates: exact p, score interval",
                data,
                &run(1.0),
                ratio - 1.0,
                &run(ratio),
            );
        }
        for (p, n, change) in [(0.5, 1_000, 0.13), (0.001, 20_000, 1.0)] {
            let run =
                |change: f64| self.repeat(2_000, |draw| fixed::pooled(p, n, change, alpha, draw));
            let data = format!("{}, {n} an arm", Shape::Bernoulli(p).name());
            tell(
                "pooled z (no interval)",
                data,
                &run(0.0),
                change,
                &run(change),
            );
        }
    }

    /// Welch's t on a relative difference, asked at `n` observations an arm.
    fn means_once(&self, shape: Shape, n: u64, shares: bool) {
        let change = FOUND_BY_NINE_OF_TEN * (2.0 / n as f64).sqrt() * shape.stddev() / shape.mean();
        let name = if shares {
            "mean, share"
        } else {
            "mean, relative"
        };
        let run = |course: &Course, draw: &mut Draw| anytime::mean(shape, course, draw);
        self.fixed_row(name, &shape.name(), (n, change, shares), &run);
    }

    fn proportions_once(&self, p: f64, n: u64, shares: bool) {
        let change = FOUND_BY_NINE_OF_TEN * (2.0 / n as f64).sqrt() * ((1.0 - p) / p).sqrt();
        let name = if shares {
            "proportion, share"
        } else {
            "proportion, relative"
        };
        let run = |course: &Course, draw: &mut Draw| anytime::proportion(p, course, draw);
        let data = Shape::Bernoulli(p).name();
        self.fixed_row(name, &data, (n, change, shares), &run);
    }

    fn quantiles_once(&self, q: f64, shape: Shape, n: u64) {
        let run = |course: &Course, draw: &mut Draw| quantiles::quantile(q, shape, course, draw);
        self.fixed_row(
            &format!("quantile {q}"),
            &shape.name(),
            (n, 0.1, false),
            &run,
        );
    }

    /// A row of what is told beside an anytime method, asked once.
    fn fixed_row(
        &self,
        method: &str,
        data: &str,
        (n, change, shares): (u64, f64, bool),
        run: &(dyn Fn(&Course, &mut Draw) -> Outcome + Sync),
    ) {
        let course = |change: f64| Course {
            question: anytime::at(Alpha::default()),
            looks: 1,
            each: n,
            change,
            shares,
        };
        let runs = if n > 5_000 { 2_000 } else { 4_000 };
        let equal = self.repeat(runs, |draw| run(&course(0.0), draw));
        let other = self.repeat(runs, |draw| run(&course(change), draw));
        println!(
            "| {method} | {data}, {n} an arm | {} | {} | {} | {} | {} |",
            equal.runs,
            held(&equal, equal.fixed_rejected, 0.05),
            covered(&equal, equal.fixed_missed, 0.05),
            percent(change),
            percent(other.share(other.fixed_rejected)),
        );
    }
}
