//! Why a verdict is what it is, in the words of the table beside it.

use super::report::{Because, MetricReport};
use super::sentence::{between, change, gaps as gaps_of, percent, rest, too_few, within};
use super::thinned::Memory;
use crate::Number;
use crate::figures::{behind, name, share, value};
use stats::Interval;
use stats::judge::{Reason, Verdict, Worse};

/// Why rows that remember those before them for too long decide nothing; without its full stop.
fn never_forgotten(memory: &Memory) -> String {
    format!(
        "neighbouring rows depend on each other (rank correlation {:.2}), and rows far enough apart to be \
         compared are too few; a longer time will tell, or --every 1 where rows are not in the order of time",
        memory.rank_correlation
    )
}

/// A sentence without its full stop.
pub(super) fn because(metric: &MetricReport) -> String {
    match &metric.because {
        Because::Remembers(memory) => never_forgotten(memory),
        Because::Gaps => {
            format!(
                "the values that there are would pass, but there is none in {}, and what is missing may be what is \
                 bad; fill the gaps, or leave such rows out of both files",
                gaps_of(metric)
            )
        }
        Because::Rest(against) => {
            let [baseline, canary] = against.figures.map(share);
            let what = if metric.rate {
                name(&metric.column)
            } else {
                "it".to_owned()
            };
            let way = match (against.verdict, metric.rate) {
                (Verdict::Fail, true) => "ask for those, or give a smaller --tolerance",
                (Verdict::Fail, false) => {
                    "ask for that, as a column of its own, or give a smaller --tolerance"
                }
                (_, true) => "more data will tell, or a --margin",
                (_, false) => "more data will tell",
            };
            format!(
                "{what} would pass, but {}, {canary} where {baseline} was; {way}",
                rest(metric, against),
            )
        }
        Because::Judged(Reason::TooFew { least, wanted }) => {
            let verb = if *least == 1 { "is" } else { "are" };
            format!("there {verb} {}", too_few(metric, *least, *wanted))
        }
        Because::Judged(why) => reason(why, metric.rule.worse),
    }
}

fn reason(reason: &Reason, worse: Worse) -> String {
    let held = |effect: &f64, interval: &Interval, against: &str| {
        let interval = match between(interval) {
            Some(interval) => format!(" (interval{})", behind(&interval)),
            None => String::new(),
        };
        format!("{}{interval}: {against}", compared(*effect))
    };
    match reason {
        Reason::Beyond {
            effect,
            interval,
            tolerance,
        } => {
            let against = format!("all of it beyond the tolerated {}", percent(*tolerance));
            held(effect, interval, &against)
        }
        Reason::Within {
            effect,
            interval,
            tolerance,
        } => {
            let only = match worse {
                Worse::Higher => "increases",
                Worse::Lower => "decreases",
                Worse::Either => "changes",
            };
            let tolerance = *tolerance;
            let against = if within(interval, tolerance) {
                format!("all of it within the tolerated {}", percent(tolerance))
            } else if effect.abs() > tolerance {
                format!("that is no change for the worse, as only {only} are judged")
            } else {
                format!(
                    "not worse by more than the tolerated {}, as only {only} are judged",
                    percent(tolerance)
                )
            };
            held(effect, interval, &against)
        }
        Reason::Open {
            effect,
            interval,
            tolerance,
        } => {
            let against = format!(
                "it may or may not exceed the tolerated {}; more data will tell",
                percent(*tolerance)
            );
            held(effect, interval, &against)
        }
        Reason::Coarse {
            effect,
            interval,
            tolerance,
        } => {
            let against = format!(
                "the values come in steps too coarse to tell a change of the tolerated {}; judge finer values, \
                 or a count or a rate",
                percent(*tolerance)
            );
            held(effect, interval, &against)
        }
        // In the digits of the row.
        Reason::Unbounded {
            means: [baseline, canary],
            tolerance,
        } => format!(
            "the change may be any share of the baseline (the canary's mean is {}, the baseline's {}), beyond the \
             tolerated {} or not; more data will tell, unless the baseline is about 0",
            value(*canary),
            value(*baseline),
            percent(*tolerance)
        ),
        Reason::Ranks {
            pairs,
            means: [baseline, canary],
            tolerance,
        } => format!(
            "the canary's values (mean {}) are worse than the baseline's (mean {}) and the tolerated {} in {} of all \
             pairs, more than chance makes of 50%",
            value(*canary),
            value(*baseline),
            percent(*tolerance),
            share(*pairs)
        ),
        Reason::MostlyEqual {
            value: one,
            share: of,
            means: [baseline, canary],
        } => format!(
            "{} values are equal ({} are {}; the canary's mean is {}, the baseline's {}), which ranks cannot compare: \
             judge it as a count or a rate",
            if *of > 0.5 { "most" } else { "half of the" },
            percent(*of),
            Number(*one),
            value(*canary),
            value(*baseline)
        ),
        // The margin by its name on the command line.
        Reason::NoEvents {
            bound,
            margin: None,
        } => format!(
            "neither the canary nor the baseline has seen any; the canary's rate is below {}, but a tolerance that \
             is a share of none decides nothing; --margin would, as --margin 0.01%",
            share(*bound)
        ),
        other => other.to_string(),
    }
}

/// "the canary is 23.1% higher than the baseline".
fn compared(effect: f64) -> String {
    if effect.is_nan() {
        "the change is not known yet".to_owned()
    } else if effect == 0.0 {
        "the canary is as high as the baseline".to_owned()
    } else if effect.is_infinite() {
        format!("the canary is {}", change(effect))
    } else {
        format!("the canary is {} than the baseline", change(effect))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_reads_as_in_the_table() {
        let open = |effect: f64, lo: f64, hi: f64| {
            reason(
                &Reason::Open {
                    effect,
                    interval: Interval { lo, hi },
                    tolerance: 0.1,
                },
                Worse::Higher,
            )
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

    #[test]
    fn a_pass_never_says_that_what_is_outside_is_within() {
        let within = |effect: f64, lo: f64, hi: f64, worse: Worse| {
            let (interval, tolerance) = (Interval { lo, hi }, 0.1);
            let of = Reason::Within {
                effect,
                interval,
                tolerance,
            };
            reason(&of, worse)
        };
        assert_eq!(
            within(-0.5, -0.51, -0.49, Worse::Higher),
            "the canary is 50.0% lower than the baseline (interval -51.0% to -49.0%): that is no change for the \
             worse, as only increases are judged"
        );
        assert_eq!(
            within(4.05, 3.0, 5.0, Worse::Lower),
            "the canary is 405% higher than the baseline (interval +300% to +500%): that is no change for the \
             worse, as only decreases are judged"
        );
        assert!(
            within(-0.05, -0.2, 0.05, Worse::Higher).ends_with(
                "not worse by more than the tolerated 10%, as only increases are judged"
            )
        );
        assert!(
            within(0.01, -0.1, 0.1, Worse::Higher).ends_with("all of it within the tolerated 10%")
        );
    }
}
