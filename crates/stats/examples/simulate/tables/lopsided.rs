//! Values of which few decide a mean.

use super::super::anytime::{self, By, Course};
use super::super::lopsided::{Data, Plan, sequence};
use super::super::trial::Tally;
use super::super::uneven::Wait;
use super::{Bench, percent, share};
use stats::{Alpha, Question};

/// Of each row.
const RUNS: u64 = 1_000;

const BOTH: [Wait; 2] = [Wait::Never, Wait::ForNormality];

impl Bench {
    pub(crate) fn lopsided(&self) {
        self.large_changes();
        self.uneven_ratios();
        self.other_shapes();
    }

    fn large_changes(&self) {
        println!(
            "\n### Large changes of lopsided values, even arms, looked at from the first unit on\n"
        );
        println!(
            "| data | n an arm | runs | asked | change | interval holds it at all looks, without waiting \
             | with the wait | found without waiting | with the wait | n at the first answer: median |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|");
        let relative = anytime::at(Alpha::default());
        for (data, most) in [
            (Data::Prices(0.02), 10_000),
            (Data::Buyers(0.02), 10_000),
            (Data::Prices(0.1), 6_000),
            (Data::Buyers(0.1), 6_000),
            (Data::Heavy(1.5), 6_000),
        ] {
            for (asked, question, by) in [
                ("share", relative, By::Share),
                ("absolute", relative.absolute(), By::Guarded),
            ] {
                for change in [-0.5, 0.5, 2.0] {
                    let [at_once, waits] = BOTH.map(|wait| {
                        let plan = Plan {
                            data,
                            control_for_one: 1,
                            most,
                            wait,
                        };
                        self.tally(&plan, question, by, change)
                    });
                    println!(
                        "| {} | {most} | {} | {asked} | {} | {} | {} | {} | {} | {} |",
                        data.name(),
                        waits.runs,
                        percent(change),
                        self.covered(&at_once, at_once.missed_ever, 0.05),
                        self.covered(&waits, waits.missed_ever, 0.05),
                        share(&at_once, at_once.rejected),
                        share(&waits, waits.rejected),
                        first(&waits),
                    );
                }
            }
        }
    }

    fn uneven_ratios(&self) {
        println!("\n### Ratios, looked at from the first unit on, as shares\n");
        println!(
            "| data | split | n of the small arm | runs each | false positives without waiting | with the wait \
             | small arm at the first answer: median | change | interval holds it at all looks, with the wait | power |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|");
        let relative = anytime::at(Alpha::default());
        for control_for_one in [19, 9, 1] {
            for (data, change) in [
                (Data::HeavyBelow, 0.5),
                (Data::Clicks(1.0), 0.3),
                (Data::Clicks(2.0), 0.3),
            ] {
                let plan = |wait: Wait| Plan {
                    data,
                    control_for_one,
                    most: 3_000,
                    wait,
                };
                let tally =
                    |wait: Wait, change: f64| self.tally(&plan(wait), relative, By::Share, change);
                let [at_once, waits] = BOTH.map(|wait| tally(wait, 0.0));
                let other = tally(Wait::ForNormality, change);
                println!(
                    "| {} | {control_for_one}:1 | 3000 | {} | {} | {} | {} | {} | {} | {} |",
                    data.name(),
                    waits.runs,
                    self.held(&at_once, at_once.rejected, 0.05),
                    self.held(&waits, waits.rejected, 0.05),
                    first(&waits),
                    percent(change),
                    self.covered(&other, other.missed_ever, 0.05),
                    share(&other, other.rejected),
                );
            }
        }
    }

    fn other_shapes(&self) {
        println!(
            "\n### Arms of the same mean and another shape, looked at from the first unit on, as shares\n"
        );
        println!(
            "| control; treatment | split | n of the small arm | runs each | false positives without waiting \
             | with the wait |"
        );
        println!("|---|---|---|---|---|---|");
        let relative = anytime::at(Alpha::default());
        for data in [Data::OtherPrices, Data::OtherTail] {
            for control_for_one in [1, 9] {
                let [at_once, waits] = BOTH.map(|wait| {
                    let plan = Plan {
                        data,
                        control_for_one,
                        most: 5_000,
                        wait,
                    };
                    self.tally(&plan, relative, By::Share, 0.0)
                });
                println!(
                    "| {} | {control_for_one}:1 | 5000 | {} | {} | {} |",
                    data.name(),
                    waits.runs,
                    self.held(&at_once, at_once.rejected, 0.05),
                    self.held(&waits, waits.rejected, 0.05),
                );
            }
        }
    }

    fn tally(&self, plan: &Plan, question: Question, by: By, change: f64) -> Tally {
        let course = Course {
            question,
            looks: 1,
            each: 1,
            change,
            by,
        };
        let row = format!("lopsided: {plan:?} {question:?} {by:?} {change}");
        self.repeat(&row, RUNS, |draw| sequence(plan, &course, draw))
    }
}

fn first(tally: &Tally) -> String {
    tally
        .median_told()
        .map_or("never".to_owned(), |n| n.to_string())
}
