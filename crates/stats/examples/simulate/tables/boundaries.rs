//! Boundaries, each on the kind of process for which it promises.

use super::super::boundaries::Watch;
use super::{Bench, FOUND_BY_NINE_OF_TEN, LOOKS, percent, share};
use stats::Alpha;

impl Bench {
    pub(crate) fn boundaries(&self) {
        println!("\n### Boundaries, {LOOKS} looks, one step each\n");
        println!(
            "| boundary | process | runs, still and moving | the mixture reaches 1/α | the process is beyond the boundary \
             | power | mean end |"
        );
        println!("|---|---|---|---|---|---|---|");
        let watches = match Watch::all(Alpha::default(), LOOKS) {
            Ok(watches) => watches,
            Err(invalid) => {
                println!("| {invalid} |");
                return;
            }
        };
        for watch in watches {
            let row = format!("boundary: {} on {}", watch.name, watch.steps.name());
            let equal = self.repeat(&format!("{row}, still"), 2_000, |draw| watch.run(0.0, draw));
            let drift = FOUND_BY_NINE_OF_TEN * (watch.steps.variance() / LOOKS as f64).sqrt();
            let other = self.repeat(&row, 1_000, |draw| watch.run(drift, draw));
            println!(
                "| {} | {} | {} + {} | {} | {} | {} | {} |",
                watch.name,
                watch.steps.name(),
                equal.runs,
                other.runs,
                self.held(&equal, equal.rejected, 0.05),
                self.held(&equal, equal.missed_ever, 0.05),
                share(&other, other.rejected),
                percent(other.mean_end(LOOKS) / LOOKS as f64),
            );
        }
    }
}
