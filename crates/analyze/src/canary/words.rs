//! Why a verdict is what it is, in the words of the table beside it.

use crate::figures::{behind, between_shares, share};
use stats::Interval;
use stats::judge::Reason;

/// A sentence without its full stop.
pub(super) fn reason(reason: &Reason) -> String {
    let held = |effect: &f64, interval: &Interval, against: &str, tolerance: &f64| {
        let interval = if interval.lo == interval.hi && interval.lo.is_infinite() {
            String::new()
        } else {
            format!(" ({})", interval_of(interval))
        };
        format!(
            "{}{interval}: {against} the tolerated {}",
            change(*effect),
            share(*tolerance).replace(".0%", "%")
        )
    };
    match reason {
        Reason::Beyond {
            effect,
            interval,
            tolerance,
        } => held(effect, interval, "all of it beyond", tolerance),
        Reason::Within {
            effect,
            interval,
            tolerance,
        } => held(effect, interval, "all of it within", tolerance),
        Reason::Open {
            effect,
            interval,
            tolerance,
        } => {
            held(effect, interval, "it may or may not exceed", tolerance) + "; more data will tell"
        }
        other => other.to_string(),
    }
}

fn change(effect: f64) -> String {
    if effect.is_nan() {
        "the change is not known yet".to_owned()
    } else if effect == 0.0 {
        "the canary is as high as the baseline".to_owned()
    } else if effect == f64::INFINITY {
        "the canary is above a baseline of 0".to_owned()
    } else {
        let size = crate::figures::change(effect.abs());
        format!(
            "the canary is {} {} than the baseline",
            size.trim_start_matches('+'),
            if effect > 0.0 { "higher" } else { "lower" }
        )
    }
}

fn interval_of(interval: &Interval) -> String {
    let told = between_shares(interval.lo, interval.hi, crate::figures::change);
    format!("interval{}", behind(&told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_reads_as_in_the_table() {
        let open = |effect: f64, lo: f64, hi: f64| {
            reason(&Reason::Open {
                effect,
                interval: Interval { lo, hi },
                tolerance: 0.1,
            })
        };
        let infinity = f64::INFINITY;
        assert_eq!(
            open(0.05, -1.0, infinity),
            "the canary is 5.0% higher than the baseline (interval: anything): it may or may not exceed \
             the tolerated 10%; more data will tell"
        );
        assert!(
            open(infinity, 0.5, infinity).starts_with(
                "the canary is above a baseline of 0 (interval +50.0% or more): it may"
            )
        );
        assert!(
            open(infinity, infinity, infinity)
                .starts_with("the canary is above a baseline of 0: it may")
        );
        assert!(open(f64::NAN, f64::NAN, 1.0).contains("not known yet (interval: not known)"));
        assert!(
            open(-0.5, -0.6, -0.4)
                .contains("50.0% lower than the baseline (interval -60.0% to -40.0%)")
        );
    }
}
