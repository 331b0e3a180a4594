//! Rates in a ramp while the base rate changes.

use super::super::ramp::{EACH, LOOKS, Ramp, Way, ramp};
use super::{Bench, percent, share};
use stats::judge::{Rule, Worse};

impl Bench {
    pub(crate) fn ramps(&self) {
        println!(
            "\n### Rates in a ramp from 5% to 50% of the traffic, {LOOKS} looks at {EACH} requests each, tolerance 0\n"
        );
        println!(
            "| rate | then times | worse is | runs each | false stops by period | added up | +50% found by period |"
        );
        println!("|---|---|---|---|---|---|---|");
        for (base, later, worse) in [
            (0.04, 1.0, Worse::Higher),
            (0.04, 1.2, Worse::Higher),
            (0.04, 1.5, Worse::Higher),
            (0.04, 2.0, Worse::Higher),
            (0.04, 1.2, Worse::Either),
            (0.04, 1.5, Worse::Either),
            (0.04, 2.0, Worse::Either),
            (0.04, 0.5, Worse::Lower),
        ] {
            let tally = |way: Way, change: f64| {
                let course = Ramp {
                    rule: Rule {
                        worse,
                        tolerance: 0.0,
                        ..Rule::default()
                    },
                    base,
                    later,
                    change,
                    way,
                };
                let row = format!("ramp: {base} {later} {worse:?} {way:?} {change}");
                self.repeat(&row, 1_000, |draw| ramp(&course, draw))
            };
            let by_period = tally(Way::ByPeriod, 0.0);
            let added = tally(Way::AddedUp, 0.0);
            let found = if worse == Worse::Lower {
                "-".to_owned()
            } else {
                let found = tally(Way::ByPeriod, 0.5);
                share(&found, found.rejected)
            };
            println!(
                "| {} | {later} | {worse:?} | {} | {} | {} | {found} |",
                percent(base),
                by_period.runs,
                self.held(&by_period, by_period.rejected, 0.05),
                self.held(&added, added.rejected, 0.05),
            );
        }
    }
}
