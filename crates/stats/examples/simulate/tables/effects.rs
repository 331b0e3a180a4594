//! What may be looked at all the time.

use super::super::anytime::{self, By, Course};
use super::super::draw::{Draw, Shape};
use super::super::quantiles;
use super::super::trial::{Outcome, Tally};
use super::{Bench, FOUND_BY_NINE_OF_TEN, LOOKS, beyond, percent, share};
use stats::{Alpha, Question, Side};

/// Of the asymptotic methods.
const RUNS: u64 = 1_000;

/// A method on one kind of data.
struct Row<'a> {
    method: &'a str,
    data: String,
    /// Observations between two looks.
    each: u64,
    runs: u64,
    /// The change for the power.
    change: f64,
    question: Question,
    by: By,
    /// Whether there is an interval.
    interval: bool,
    run: &'a (dyn Fn(&Course, &mut Draw) -> Outcome + Sync),
}

/// What came of a row with equal arms.
struct Seen {
    method: String,
    data: String,
    each: u64,
    equal: Tally,
}
impl Bench {
    /// False positives, coverage, power and stopping time of what may be looked at all the time.
    pub(crate) fn anytime(&self) {
        println!("\n### Methods for any number of looks, {LOOKS} looks each\n");
        println!(
            "| method | data | n | runs, equal and changed | false positives | change \
             | interval holds the change at all looks | at the end | power | mean end \
             | fixed test once at the end: false positives | interval holds the change | power |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        let relative = anytime::at(Alpha::default());
        let absolute = relative.absolute();
        let mut asymptotic = Vec::new();
        let shapes = [
            Shape::Normal,
            Shape::Exponential,
            Shape::Latency,
            Shape::Pareto,
            Shape::Revenue(0.02),
        ];
        for shape in shapes {
            for (difference, question, by) in [
                ("relative", relative, By::Guarded),
                ("share", relative, By::Share),
                ("share", relative.side(Side::Greater), By::Share),
                ("share", relative.side(Side::Less), By::Share),
                ("absolute", absolute, By::Guarded),
                ("absolute", absolute.side(Side::Greater), By::Guarded),
                ("absolute", absolute.side(Side::Less), By::Guarded),
            ] {
                let sign = if question.side == Side::Less {
                    -1.0
                } else {
                    1.0
                };
                asymptotic.push(self.row(Row {
                    method: &format!("mean, {difference}{}", of_side(question.side)),
                    data: shape.name(),
                    each: 10,
                    runs: RUNS,
                    change: sign
                        * FOUND_BY_NINE_OF_TEN
                        * (2.0_f64 / 10_000.0).sqrt()
                        * shape.stddev()
                        / shape.mean(),
                    question,
                    by,
                    interval: true,
                    run: &|course, draw| anytime::mean(shape, course, draw),
                }));
            }
        }
        for (p, each) in [(0.5, 10), (0.05, 10), (0.001, 100)] {
            let n = (each * LOOKS) as f64;
            for (side, by) in [
                (Side::Two, By::Guarded),
                (Side::Two, By::Share),
                (Side::Greater, By::Share),
                (Side::Less, By::Share),
            ] {
                let difference = if by.shares() { "share" } else { "relative" };
                let sign = if side == Side::Less { -1.0 } else { 1.0 };
                asymptotic.push(self.row(Row {
                    method: &format!("proportion, {difference}{}", of_side(side)),
                    data: Shape::Bernoulli(p).name(),
                    each,
                    runs: RUNS,
                    change: sign * FOUND_BY_NINE_OF_TEN * (2.0 / n).sqrt() * ((1.0 - p) / p).sqrt(),
                    question: relative.side(side),
                    by,
                    interval: true,
                    run: &|course, draw| anytime::proportion(p, course, draw),
                }));
            }
        }
        self.pairs(&mut asymptotic, relative);
        for (share, each, change) in [(0.5, 1, 0.22), (0.05, 4, 0.22)] {
            self.row(Row {
                method: "counts",
                data: format!("{}% of the traffic", 100.0 * share),
                each,
                runs: 2_000,
                change,
                question: relative,
                by: By::Guarded,
                interval: true,
                run: &|course, draw| anytime::events(share, course, draw),
            });
        }
        for (prior, each, change) in [(10_000.0, 200, -0.02), (100.0, 200, -0.02)] {
            self.row(Row {
                method: &format!("sample ratio, prior {prior}·ρ (no interval)"),
                data: "50:30:20, 2% of the last lost".to_owned(),
                each,
                runs: 1_000,
                change,
                question: relative,
                by: By::Guarded,
                interval: false,
                run: &|course, draw| anytime::mismatch(prior, course, draw),
            });
        }
        for (p, each, change) in [(0.5, 5, 0.05), (0.02, 20, 0.2), (0.001, 100, 0.5)] {
            self.row(Row {
                method: "single rate",
                data: Shape::Bernoulli(p).name(),
                each,
                runs: 1_000,
                change,
                question: relative,
                by: By::Guarded,
                interval: true,
                run: &|course, draw| anytime::single_rate(p, course, draw),
            });
        }
        self.quantiles(relative);
        early_looks(&asymptotic);
        self.guardrails();
    }

    /// What has two figures of each unit: to both sides, and each side by itself.
    fn pairs(&self, asymptotic: &mut Vec<Seen>, relative: Question) {
        type Run = fn(&Course, &mut Draw) -> Outcome;
        let rows: [(&str, &str, f64, Run); 2] = [
            ("ratio", "revenue per order", 0.01, anytime::ratio),
            ("CUPED", "lognormal, ρ 0.8", 0.02, anytime::cuped),
        ];
        for (method, data, change, run) in rows {
            for by in [By::Guarded, By::Share] {
                for (side, sign) in [(Side::Two, 1.0), (Side::Greater, 1.0), (Side::Less, -1.0)] {
                    let difference = if by.shares() { "share" } else { "relative" };
                    asymptotic.push(self.row(Row {
                        method: &format!("{method}, {difference}{}", of_side(side)),
                        data: data.to_owned(),
                        each: 10,
                        runs: RUNS,
                        change: sign * change,
                        question: relative.side(side),
                        by,
                        interval: true,
                        run: &run,
                    }));
                }
            }
        }
    }

    /// Of two arms and of one.
    fn quantiles(&self, relative: Question) {
        let rows = [
            (0.5, Shape::Latency, 0.11, 0.09),
            (0.99, Shape::Latency, 0.4, 0.4),
            (0.9, Shape::Exponential, 0.25, 0.2),
        ];
        type Run = fn(f64, Shape, &Course, &mut Draw) -> Outcome;
        let kinds: [(&str, Run); 2] = [
            ("quantile", quantiles::quantile),
            ("single quantile", quantiles::single_quantile),
        ];
        for (method, run) in kinds {
            for (q, shape, change_of_two, change_of_one) in rows {
                let change = if method == "quantile" {
                    change_of_two
                } else {
                    change_of_one
                };
                self.row(Row {
                    method,
                    data: format!("{} at {q}", shape.name()),
                    each: 1,
                    runs: 1_000,
                    change,
                    question: relative,
                    by: By::Guarded,
                    interval: true,
                    run: &|course, draw| run(q, shape, course, draw),
                });
            }
        }
    }

    /// Guardrails on their margin, which none of them may be said to keep.
    fn guardrails(&self) {
        println!("\n### Guardrails at every look, worse by just the margin: said to hold\n");
        println!("| metric | margin | n | runs | said to hold |");
        println!("|---|---|---|---|---|");
        let margin = 0.05;
        let course = |each| Course {
            question: anytime::at(Alpha::default()),
            looks: LOOKS,
            each,
            change: -margin,
            by: By::Share,
        };
        for p in [0.5, 0.1, 0.01] {
            let course = course(if p < 0.05 { 100 } else { 10 });
            let metric = format!("{}% convert", 100.0 * p);
            self.guarded(&metric, &course, |draw| {
                anytime::guardrail(p, &course, draw)
            });
        }
        let course = course(1);
        self.guarded("counts, 50% of the traffic", &course, |draw| {
            anytime::guarded_events(&course, draw)
        });
    }

    fn guarded(&self, metric: &str, course: &Course, run: impl Fn(&mut Draw) -> Outcome + Sync) {
        let tally = self.repeat(&format!("guardrail: {metric}"), 2_000, run);
        println!(
            "| {metric} | {} | {} | {} | {} |",
            percent(-course.change),
            course.each * LOOKS,
            tally.runs,
            self.held(&tally, tally.rejected, course.question.alpha.get())
        );
    }

    fn row(&self, row: Row<'_>) -> Seen {
        let alpha = row.question.alpha.get();
        let course = Course {
            question: row.question,
            looks: LOOKS,
            each: row.each,
            change: 0.0,
            by: row.by,
        };
        let name = format!("anytime: {} {}", row.method, row.data);
        let equal = self.repeat(&name, row.runs, |draw| (row.run)(&course, draw));
        let changed = Course {
            change: row.change,
            ..course
        };
        let name = format!("{name}, changed");
        let other = self.repeat(&name, row.runs, |draw| (row.run)(&changed, draw));
        let covered = |missed: u64| {
            if row.interval {
                self.covered(&other, missed, alpha)
            } else {
                "-".to_owned()
            }
        };
        let beside = if equal.fixed > 0 {
            [
                self.held(&equal, equal.fixed_rejected, alpha),
                covered(other.fixed_missed),
                share(&other, other.fixed_rejected),
            ]
        } else {
            ["-"; 3].map(str::to_owned)
        };
        println!(
            "| {} | {} | {} | {} + {} | {} | {} | {} | {} | {} | {} | {} |",
            row.method,
            row.data,
            row.each * LOOKS,
            equal.runs,
            other.runs,
            self.held(&equal, equal.rejected, alpha),
            percent(row.change),
            covered(other.missed_ever),
            covered(other.missed_at_end),
            share(&other, other.rejected),
            percent(other.mean_end(LOOKS) / LOOKS as f64),
            beside.join(" | "),
        );
        Seen {
            method: row.method.to_owned(),
            data: row.data,
            each: row.each,
            equal,
        }
    }
}

const fn of_side(side: Side) -> &'static str {
    match side {
        Side::Two => "",
        Side::Greater => ", greater",
        Side::Less => ", less",
    }
}

/// The same runs, for one who begins to look later.
fn early_looks(rows: &[Seen]) {
    println!("\n### False positives of the asymptotic methods by the first look\n");
    println!("| method | data | n an arm at the first look: false positives from there on |");
    println!("|---|---|---|");
    for row in rows {
        let told: Vec<String> = [1, 10, 50, 200]
            .map(|first| {
                let count = row.equal.rejected_from(first);
                let mark = beyond(&row.equal, count, 0.05);
                format!("{}: {}{mark}", first * row.each, share(&row.equal, count))
            })
            .to_vec();
        println!("| {} | {} | {} |", row.method, row.data, told.join("; "));
    }
}
