//! What may be looked at all the time.

use super::super::anytime::{self, Course};
use super::super::draw::{Draw, Shape};
use super::super::trial::{Outcome, Tally};
use super::{Bench, FOUND_BY_NINE_OF_TEN, LOOKS, covered, held, percent};
use stats::{Alpha, Question, Side};

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
    shares: bool,
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
            "| method | data | n | runs | false positives | interval holds at all looks | at the end \
             | change | power | fixed test once at the end: false positives | coverage | power | mean end |"
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
        ];
        for shape in shapes {
            for (name, question, shares) in [
                ("mean, relative", relative, false),
                ("mean, share", relative, true),
                ("mean, absolute", absolute, false),
                (
                    "mean, absolute, greater",
                    absolute.side(Side::Greater),
                    false,
                ),
            ] {
                asymptotic.push(self.row(Row {
                    method: name,
                    data: shape.name(),
                    each: 10,
                    runs: 400,
                    change: FOUND_BY_NINE_OF_TEN * (2.0_f64 / 10_000.0).sqrt() * shape.stddev()
                        / shape.mean(),
                    question,
                    shares,
                    run: &|course, draw| anytime::mean(shape, course, draw),
                }));
            }
        }
        for (p, each) in [(0.5, 10), (0.05, 10), (0.001, 100)] {
            let n = (each * LOOKS) as f64;
            for (method, shares) in [("proportion, relative", false), ("proportion, share", true)] {
                asymptotic.push(self.row(Row {
                    method,
                    data: Shape::Bernoulli(p).name(),
                    each,
                    runs: 400,
                    change: FOUND_BY_NINE_OF_TEN * (2.0 / n).sqrt() * ((1.0 - p) / p).sqrt(),
                    question: relative,
                    shares,
                    run: &|course, draw| anytime::proportion(p, course, draw),
                }));
            }
        }
        for (method, shares) in [("ratio, relative", false), ("ratio, share", true)] {
            asymptotic.push(self.row(Row {
                method,
                data: "revenue per order".to_owned(),
                each: 10,
                runs: 400,
                change: 0.01,
                question: relative,
                shares,
                run: &anytime::ratio,
            }));
        }
        for (method, shares) in [("CUPED, relative", false), ("CUPED, share", true)] {
            asymptotic.push(self.row(Row {
                method,
                data: "lognormal, ρ 0.8".to_owned(),
                each: 10,
                runs: 400,
                change: 0.02,
                question: relative,
                shares,
                run: &anytime::cuped,
            }));
        }
        for (share, each, change) in [(0.5, 1, 0.22), (0.05, 4, 0.22)] {
            self.row(Row {
                method: "counts",
                data: format!("{}% of the traffic", 100.0 * share),
                each,
                runs: 4_000,
                change,
                question: relative,
                shares: false,
                run: &|course, draw| anytime::events(share, course, draw),
            });
        }
        self.row(Row {
            method: "sample ratio (no interval)",
            data: "50:30:20, 2% of the last lost".to_owned(),
            each: 200,
            runs: 1_000,
            change: -0.02,
            question: relative,
            shares: false,
            run: &anytime::mismatch,
        });
        for (p, each, change) in [(0.5, 5, 0.05), (0.02, 20, 0.2), (0.001, 100, 0.5)] {
            self.row(Row {
                method: "single rate",
                data: Shape::Bernoulli(p).name(),
                each,
                runs: 500,
                change,
                question: relative,
                shares: false,
                run: &|course, draw| anytime::single_rate(p, course, draw),
            });
        }
        for (q, shape, change) in [
            (0.5, Shape::Latency, 0.11),
            (0.99, Shape::Latency, 0.4),
            (0.9, Shape::Exponential, 0.25),
        ] {
            self.row(Row {
                method: "quantile",
                data: format!("{} at {q}", shape.name()),
                each: 1,
                runs: 200,
                change,
                question: relative,
                shares: false,
                run: &|course, draw| anytime::quantile(q, shape, course, draw),
            });
        }
        early_looks(&asymptotic);
        self.guardrails();
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
            shares: true,
        };
        for p in [0.5, 0.1, 0.01] {
            let course = course(if p < 0.05 { 100 } else { 10 });
            let tally = self.repeat(1_000, |draw| anytime::guardrail(p, &course, draw));
            guarded(&format!("{}% convert", 100.0 * p), margin, &course, &tally);
        }
        let course = course(1);
        let tally = self.repeat(1_000, |draw| anytime::guarded_events(&course, draw));
        guarded("counts, 50% of the traffic", margin, &course, &tally);
    }

    fn row(&self, row: Row<'_>) -> Seen {
        let alpha = row.question.alpha.get();
        let course = Course {
            question: row.question,
            looks: LOOKS,
            each: row.each,
            change: 0.0,
            shares: row.shares,
        };
        let equal = self.repeat(row.runs, |draw| (row.run)(&course, draw));
        let changed = Course {
            change: row.change,
            ..course
        };
        let other = self.repeat(row.runs / 4, |draw| (row.run)(&changed, draw));
        let beside = |told: String| {
            if equal.fixed > 0 {
                told
            } else {
                "-".to_owned()
            }
        };
        println!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            row.method,
            row.data,
            row.each * LOOKS,
            equal.runs,
            held(&equal, equal.rejected, alpha),
            covered(&equal, equal.missed_ever, alpha),
            covered(&equal, equal.missed_at_end, alpha),
            percent(row.change),
            percent(other.share(other.rejected)),
            beside(held(&equal, equal.fixed_rejected, alpha)),
            beside(covered(&equal, equal.fixed_missed, alpha)),
            beside(percent(other.share(other.fixed_rejected))),
            percent(other.mean_end(LOOKS) / LOOKS as f64),
        );
        Seen {
            method: row.method.to_owned(),
            data: row.data,
            each: row.each,
            equal,
        }
    }
}

fn guarded(metric: &str, margin: f64, course: &Course, tally: &Tally) {
    println!(
        "| {metric} | {} | {} | {} | {} |",
        percent(margin),
        course.each * LOOKS,
        tally.runs,
        held(tally, tally.rejected, course.question.alpha.get())
    );
}

/// The same runs, for one who begins to look later.
fn early_looks(rows: &[Seen]) {
    println!("\n### False positives of the asymptotic methods by the first look\n");
    println!("| method | data | n an arm at the first look: false positives from there on |");
    println!("|---|---|---|");
    for row in rows {
        let told: Vec<String> = [1, 3, 10, 50, 200]
            .map(|first| {
                let count = row.equal.rejected_from(first);
                format!("{}: {}", first * row.each, held(&row.equal, count, 0.05))
            })
            .to_vec();
        println!("| {} | {} | {} |", row.method, row.data, told.join("; "));
    }
}
