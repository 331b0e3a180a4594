//! Arms of different sizes.

use super::super::anytime::{self, By, Course};
use super::super::draw::Shape;
use super::super::uneven::{Split, Wait, looks, once, sequence};
use super::{Bench, FOUND_BY_NINE_OF_TEN, percent, share};
use stats::Alpha;

/// What is compared, and the units of the smaller arm at the last look.
const DATA: [(Shape, u64); 8] = [
    (Shape::Revenue(0.02), 50_000),
    (Shape::Revenue(0.1), 15_000),
    (Shape::Pareto, 5_000),
    (Shape::Latency, 2_000),
    (Shape::Exponential, 2_000),
    (Shape::Bernoulli(0.98), 5_000),
    (Shape::Bernoulli(0.5), 2_000),
    (Shape::Bernoulli(0.02), 5_000),
];

/// The change that a fixed test finds nine times out of ten; of what can only fall, a fall.
fn change(shape: Shape, control_for_one: u64, n: u64) -> f64 {
    let parts = 1.0 / n as f64 + 1.0 / (n * control_for_one) as f64;
    let change = FOUND_BY_NINE_OF_TEN * parts.sqrt() * shape.stddev() / shape.mean();
    match shape {
        Shape::Bernoulli(p) if p * (1.0 + change) > 1.0 || p > 0.9 => -change,
        _ => change,
    }
}

const fn course(by: By, question: stats::Question) -> Course {
    Course {
        question,
        looks: 1,
        each: 1,
        change: 0.0,
        by,
    }
}

impl Bench {
    pub(crate) fn uneven(&self) {
        println!("\n### Uneven arms, looked at from the first unit on, as shares\n");
        println!(
            "| data | split | n of the small arm | looks | runs each | false positives without waiting \
             | with the wait | small arm at the first answer: median | change \
             | interval holds the change at all looks, with the wait | power |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|---|");
        for control_for_one in [19, 9] {
            for (shape, most) in DATA {
                self.uneven_row(shape, control_for_one, most);
            }
        }
        for control_for_one in [99, 19] {
            self.uneven_row(Shape::Normal, control_for_one, 2_000);
        }
        println!("\nAsked once, by Welch's t, at 95:5:\n");
        println!(
            "| method | data | runs, equal and changed | false positives | change | interval holds the change | power |"
        );
        println!("|---|---|---|---|---|---|---|");
        for (shape, most) in DATA {
            for n in [100, 1_000, most] {
                // Of a few dozen rare events one cannot ask a mean.
                if n == 100 && matches!(shape, Shape::Bernoulli(_) | Shape::Revenue(_)) {
                    continue;
                }
                for (by, method) in [(By::Share, "share"), (By::Formula, "relative (`--batch`)")] {
                    let split = |change: f64| Split {
                        control_for_one: 19,
                        most: n,
                        wait: Wait::Never,
                        change,
                    };
                    let course = course(by, anytime::at(Alpha::default()));
                    let data = format!("{}, {n} and {}", shape.name(), 19 * n);
                    let change = change(shape, 19, n);
                    let runs = if n > 5_000 { 1_000 } else { 2_000 };
                    self.ask_once(method, &data, (runs, change), |change, draw| {
                        once(shape, &split(change), &course, draw)
                    });
                }
            }
        }
    }

    fn uneven_row(&self, shape: Shape, control_for_one: u64, most: u64) {
        let course = course(By::Share, anytime::at(Alpha::default()));
        let change = change(shape, control_for_one, most);
        let tally = |wait: Wait, change: f64| {
            let split = Split {
                control_for_one,
                most,
                wait,
                change,
            };
            let row = format!("uneven: {shape:?} {split:?}");
            self.repeat(&row, 2_000, |draw| sequence(shape, &split, &course, draw))
        };
        let at_once = tally(Wait::Never, 0.0);
        let waits = tally(Wait::ForNormality, 0.0);
        let other = tally(Wait::ForNormality, change);
        println!(
            "| {} | {}:1 | {most} | {} | {} | {} | {} | {} | {} | {} | {} |",
            shape.name(),
            control_for_one,
            looks(most).len(),
            at_once.runs,
            self.held(&at_once, at_once.rejected, 0.05),
            self.held(&waits, waits.rejected, 0.05),
            waits
                .median_told()
                .map_or("never".to_owned(), |n| n.to_string()),
            percent(change),
            self.covered(&other, other.missed_ever, 0.05),
            share(&other, other.rejected),
        );
    }
}
