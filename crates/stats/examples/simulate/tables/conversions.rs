//! Conversions as a whole: both methods of `viridian analyze ab --sequential`, one after the other.

use super::super::conversions::{Asked, Spending, Visitors, conversions};
use super::super::uneven::looks;
use super::{Bench, FOUND_BY_NINE_OF_TEN, percent, share};

/// The chance to convert, and the units of the smaller arm at the last look.
const DATA: [(f64, u64); 3] = [(0.01, 20_000), (0.05, 4_000), (0.2, 2_000)];

/// Control and treatment.
const SPLITS: [[u64; 2]; 7] = [[1, 1], [2, 1], [3, 1], [9, 1], [19, 1], [99, 1], [1, 19]];

/// Whether the level is shared there; else the whole of it is what each method has.
fn shared(split: [u64; 2]) -> bool {
    split.iter().any(|units| *units > 2)
}

/// The change that a fixed test finds nine times out of ten.
fn change(p: f64, split: [u64; 2], most: u64) -> f64 {
    let parts = split.map(|units| 1.0 / (most * units) as f64);
    FOUND_BY_NINE_OF_TEN * (parts[0] + parts[1]).sqrt() * ((1.0 - p) / p).sqrt()
}

impl Bench {
    pub(crate) fn conversions(&self) {
        println!("\n### Conversions at every look, as `analyze ab --sequential` compares them\n");
        println!(
            "| conversion | control:treatment | n of the small arm | looks | runs each | false positives, each method at \
             the whole level | false positives | small arm where the sequence begins: median | change | interval holds \
             the change at all looks | power, each at the whole level | power | mean end |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        for split in SPLITS {
            for (converts, most) in DATA {
                self.conversions_row(converts, split, most);
            }
        }
        println!("\nGuardrails, higher by just the margin of 10%, said to hold at any look:\n");
        println!(
            "| conversion | control:treatment | n of the small arm | runs each | each method at the whole level | as it is |"
        );
        println!("|---|---|---|---|---|---|");
        for split in SPLITS {
            for (converts, most) in DATA {
                self.guardrail_row(converts, split, most);
            }
        }
    }

    fn conversions_row(&self, converts: f64, split: [u64; 2], most: u64) {
        let change = change(converts, split, most);
        let tally = |spending: Spending, change: f64| {
            let visitors = Visitors {
                converts,
                split,
                most,
                change,
                asked: Asked::Change,
                spending,
            };
            let row = format!("conversions: {visitors:?}");
            self.repeat(&row, 2_000, |draw| conversions(&visitors, draw))
        };
        let whole = |change: f64| shared(split).then(|| tally(Spending::WholeEach, change));
        let equal = tally(Spending::Portions, 0.0);
        let other = tally(Spending::Portions, change);
        let last = looks(most).len() as u64;
        println!(
            "| {} | {}:{} | {most} | {last} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            percent(converts),
            split[0],
            split[1],
            equal.runs,
            whole(0.0).map_or("-".to_owned(), |tally| self.held(
                &tally,
                tally.rejected,
                0.05
            )),
            self.held(&equal, equal.rejected, 0.05),
            equal
                .median_told()
                .map_or("never".to_owned(), |n| n.to_string()),
            percent(change),
            self.covered(&other, other.missed_ever, 0.05),
            whole(change).map_or("-".to_owned(), |tally| share(&tally, tally.rejected)),
            share(&other, other.rejected),
            percent(other.mean_end(last) / last as f64),
        );
    }

    fn guardrail_row(&self, converts: f64, split: [u64; 2], most: u64) {
        let said = |spending: Spending| {
            let visitors = Visitors {
                converts,
                split,
                most,
                change: 0.1,
                asked: Asked::Guardrail,
                spending,
            };
            let row = format!("conversions: {visitors:?}");
            let tally = self.repeat(&row, 2_000, |draw| conversions(&visitors, draw));
            (tally.runs, self.held(&tally, tally.rejected, 0.05))
        };
        let whole = shared(split).then(|| said(Spending::WholeEach).1);
        let (runs, parts) = said(Spending::Portions);
        println!(
            "| {} | {}:{} | {most} | {runs} | {} | {parts} |",
            percent(converts),
            split[0],
            split[1],
            whole.unwrap_or("-".to_owned()),
        );
    }
}
