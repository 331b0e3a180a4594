//! Rare events, which the asymptotic sequence has its limit at.

use super::super::anytime::{self, Course};
use super::super::draw::Draw;
use super::super::trial::Outcome;
use super::{Bench, LOOKS, beyond, share};
use stats::{Alpha, Question};

impl Bench {
    /// The same rare events by three methods.
    pub(crate) fn rare_events(&self) {
        println!("\n### Rare events, {LOOKS} looks: false positives by the first look\n");
        println!(
            "| method | events | runs | events an arm expected at the first look: false positives |"
        );
        println!("|---|---|---|---|");
        let question = anytime::at(Alpha::default());
        for p in [0.001, 0.02] {
            let each = (0.1 / p) as u64;
            type Method = fn(f64, &Course, &mut Draw) -> Outcome;
            let methods: [(&str, Method, Question, bool); 4] = [
                ("relative", anytime::proportion, question, false),
                (
                    "relative, from 20 events an arm on",
                    anytime::proportion_with_floor,
                    question,
                    false,
                ),
                ("share", anytime::proportion, question, true),
                ("absolute", anytime::proportion, question.absolute(), false),
            ];
            for (name, method, question, shares) in methods {
                let course = Course {
                    question,
                    looks: LOOKS,
                    each,
                    change: 0.0,
                    shares,
                };
                let row = format!("rare: {name} {p}");
                let tally = self.repeat(&row, 1_000, |draw| method(p, &course, draw));
                let told = [1, 20, 50, 100, 200, 500].map(|first| {
                    let count = tally.rejected_from(first);
                    // Of the same runs: only the first is held against the promise.
                    let told = if first == 1 {
                        self.held(&tally, count, 0.05)
                    } else {
                        format!("{}{}", share(&tally, count), beyond(&tally, count, 0.05))
                    };
                    format!("{}: {told}", first as f64 * 0.1)
                });
                println!(
                    "| proportion, {name} | {}% | {} | {} |",
                    p * 100.0,
                    tally.runs,
                    told.join("; ")
                );
            }
        }
        let course = Course {
            question,
            looks: 200,
            each: 1,
            change: 0.0,
            shares: false,
        };
        let tally = self.repeat("rare: counts", 4_000, |draw| {
            anytime::events(0.5, &course, draw)
        });
        println!(
            "| counts, after each of 200 events | any | {} | 0.5: {} |",
            tally.runs,
            self.held(&tally, tally.rejected, 0.05)
        );
    }
}
