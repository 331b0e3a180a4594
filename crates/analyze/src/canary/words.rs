//! Why a verdict is what it is, in the words of the table beside it.

use super::report::MetricReport;
use super::thinned::{Memory, every_row};
use crate::figures::{behind, between_shares, count, share};
use stats::Interval;
use stats::judge::Reason;

/// Why rows that remember those before them for too long decide nothing; without its full stop.
pub(super) fn never_forgotten(memory: &Memory) -> String {
    format!(
        "neighbouring rows depend on each other (rank correlation {:.2}), and rows far enough apart to be \
         compared are too few; a longer time will tell, or --every 1 where rows are not in the order of time",
        memory.rank_correlation
    )
}

/// That only some rows of a figure were compared.
pub(super) fn thinned(metric: &MetricReport) -> Option<String> {
    let every = metric.every.filter(|every| *every > 1)?;
    let [control, canary] = metric.rows.map(|rows| {
        let compared = rows.div_ceil(every as u64);
        format!("{} of {}", count(compared), count(rows))
    });
    let of = if control == canary {
        control
    } else {
        format!("{control} of the baseline and {canary} of the canary")
    };
    let why = match metric.dependence {
        Some(memory) if memory.forgotten_after == Some(every) => format!(
            "Neighbouring rows of {} depend on each other (rank correlation {:.2})",
            metric.column, memory.rank_correlation
        ),
        _ => metric.column.clone(),
    };
    Some(format!("{why}: {} was compared, {of}.", every_row(every)))
}

/// That rows were taken as independent of each other and are not.
pub(super) fn narrower(metric: &MetricReport) -> Option<String> {
    let memory = metric.dependence.as_ref()?;
    let correlation = format!("(rank correlation {:.2})", memory.rank_correlation);
    match metric.every {
        // Of sums over rows nothing is left out: that would lose events, and not the bursts within a row.
        None if memory.reaches(1) => Some(format!(
            "{}: neighbouring rows depend on each other {correlation}, as where events come in bursts; each event \
             is taken as independent of the others, so the interval is too narrow.",
            metric.metric
        )),
        // Nothing was decided, and that is said.
        Some(_) if metric.interval.is_none() => None,
        Some(every) if memory.reaches(every) => Some(format!(
            "{}: neighbouring rows depend on each other {correlation}, and {} was compared: the interval is too \
             narrow. {}",
            metric.metric,
            every_row(every),
            match memory.forgotten_after {
                Some(step) => format!("Compare {} with --every auto.", every_row(step)),
                None => "There are too few rows to compare only ones that are far enough apart."
                    .to_owned(),
            }
        )),
        _ => None,
    }
}

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
        Reason::Coarse {
            effect,
            interval,
            tolerance,
        } => {
            let coarse = "the values come in steps too coarse to tell a change of";
            held(effect, interval, coarse, tolerance) + "; judge finer values, or a count or a rate"
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
