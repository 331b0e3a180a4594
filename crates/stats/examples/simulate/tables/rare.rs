//! Little to divide by, which the relative sequence has its limit at.

use super::super::anytime::{self, By, Course};
use super::super::draw::{Draw, Shape};
use super::{Bench, LOOKS, beyond, share};
use stats::{Alpha, Question};

/// Events, or buyers, that come to each arm between two looks, on the average.
const A_LOOK: f64 = 0.5;

/// From which looks on the false positives are told.
const FIRST: [u64; 6] = [1, 10, 20, 50, 128, 256];

impl Bench {
    /// The same rare events by four methods.
    pub(crate) fn rare_events(&self) {
        println!("\n### Rare events, {LOOKS} looks: false positives by the first look\n");
        println!(
            "| method | data | runs | events an arm expected at the first look: false positives |"
        );
        println!("|---|---|---|---|");
        let relative = anytime::at(Alpha::default());
        let methods = [
            ("relative, the formula alone", relative, By::Formula),
            ("relative", relative, By::Guarded),
            ("share", relative, By::Share),
            ("absolute", relative.absolute(), By::Guarded),
        ];
        for shape in [
            Shape::Bernoulli(0.001),
            Shape::Bernoulli(0.02),
            Shape::Revenue(0.02),
        ] {
            for method in methods {
                self.rare_row(shape, method);
            }
        }
        let course = Course {
            question: relative,
            looks: 200,
            each: 1,
            change: 0.0,
            by: By::Guarded,
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

    fn rare_row(&self, shape: Shape, (name, question, by): (&str, Question, By)) {
        let (kind, events) = match shape {
            Shape::Bernoulli(p) => ("proportion", p),
            Shape::Revenue(buyers) => ("mean", buyers),
            _ => return,
        };
        let course = Course {
            question,
            looks: LOOKS,
            each: (A_LOOK / events) as u64,
            change: 0.0,
            by,
        };
        let row = format!("rare: {name} {shape:?}");
        let tally = self.repeat(&row, 1_000, |draw: &mut Draw| match shape {
            Shape::Bernoulli(p) => anytime::proportion(p, &course, draw),
            _ => anytime::mean(shape, &course, draw),
        });
        let told = FIRST.map(|first| {
            let count = tally.rejected_from(first);
            // Of the same runs: only the first is held against the promise.
            let told = if first == 1 {
                self.held(&tally, count, 0.05)
            } else {
                format!("{}{}", share(&tally, count), beyond(&tally, count, 0.05))
            };
            format!("{}: {told}", first as f64 * A_LOOK)
        });
        println!(
            "| {kind}, {name} | {} | {} | {} |",
            shape.name(),
            tally.runs,
            told.join("; ")
        );
    }
}
