//! The first sentence: what has become of the canary, in one line where names allow.

use super::report::{Because, MetricReport};
use super::rest::Against;
use crate::figures::{between_shares, count, counted, share, value};
use stats::Interval;
use stats::judge::{Reason, Verdict, Worse};

/// More names than this make no short sentence.
const MOST_NAMES: usize = 4;

pub(super) fn conclusion(verdict: Verdict, metrics: &[MetricReport]) -> String {
    let told: Vec<&MetricReport> = metrics
        .iter()
        .filter(|metric| metric.verdict == verdict)
        .collect();
    match (verdict, told.as_slice()) {
        (Verdict::Pass, told) => format!("The canary passes: {}.", passed(told)),
        (Verdict::Fail, [one]) => format!("The canary fails: {}.", failed(one)),
        (Verdict::Fail, told) => {
            format!("The canary fails on {}.", some_of(told, metrics.len()))
        }
        (Verdict::Inconclusive, [one]) => format!("Not decided: {}.", open(one)),
        (Verdict::Inconclusive, told) => {
            format!("Not decided on {}.", some_of(told, metrics.len()))
        }
    }
}

/// "2 of 10 metrics: errors, latency".
fn some_of(told: &[&MetricReport], all: usize) -> String {
    let names: Vec<String> = told
        .iter()
        .take(MOST_NAMES)
        .map(|metric| match &metric.because {
            Because::Judged(Reason::Beyond { effect, .. }) if told.len() <= 2 => {
                format!("{} is {}", metric.label, change(*effect))
            }
            _ => metric.label.clone(),
        })
        .collect();
    let more = match told.len().saturating_sub(MOST_NAMES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let of = if told.len() == all {
        every(all)
    } else {
        format!("{} of {all} metrics", told.len())
    };
    format!("{of}: {}{more}", names.join(", "))
}

fn every(metrics: usize) -> String {
    match metrics {
        2 => "both metrics".to_owned(),
        metrics => format!("all {metrics} metrics"),
    }
}

fn passed(told: &[&MetricReport]) -> String {
    let tolerated = told.first().map_or(0.0, |metric| metric.rule.tolerance);
    let within = told.iter().all(|metric| is_within(metric));
    let tolerated = percent(tolerated);
    match (told, within) {
        ([one], true) => format!("{} is within {tolerated} of the baseline", one.label),
        ([one], false) => format!("{} is not worse by more than is tolerated", one.label),
        (told, true) => format!("{} are within {tolerated}", every(told.len())),
        ([_, _], false) => "neither metric is worse by more than is tolerated".to_owned(),
        (told, false) => format!(
            "none of the {} metrics is worse by more than is tolerated",
            told.len()
        ),
    }
}

/// Whether all that the change may be lies within the tolerance, on either side.
fn is_within(metric: &MetricReport) -> bool {
    match &metric.because {
        Because::Judged(Reason::Within {
            interval,
            tolerance,
            ..
        }) => within(interval, *tolerance),
        Because::Judged(Reason::Constant) => true,
        _ => false,
    }
}

pub(super) fn within(interval: &Interval, tolerance: f64) -> bool {
    interval.lo >= -tolerance && interval.hi <= tolerance
}

fn failed(metric: &MetricReport) -> String {
    let name = &metric.label;
    match &metric.because {
        Because::Judged(Reason::Beyond {
            effect, interval, ..
        }) => {
            let change = change(*effect);
            match between(interval) {
                Some(interval) => format!("{name} is {change} ({interval})"),
                None => format!("{name} is {change}"),
            }
        }
        Because::Judged(Reason::Tail(_)) => {
            let side = match metric.rule.worse {
                Worse::Higher => "highest",
                Worse::Lower => "lowest",
                Worse::Either => "outermost",
            };
            format!("the {side} values of {name} are worse than is tolerated")
        }
        Because::Judged(Reason::Ranks {
            means: [baseline, canary],
            ..
        }) => format!(
            "{name} is worse by more than is tolerated, with a mean of {} where the baseline's is {}",
            value(*canary),
            value(*baseline)
        ),
        _ => format!("{name} is worse by more than is tolerated"),
    }
}

fn open(metric: &MetricReport) -> String {
    let name = &metric.label;
    let reason = match &metric.because {
        Because::Gaps => {
            return format!("{name} has no value in {}", gaps(metric));
        }
        Because::Remembers(_) => {
            return format!("neighbouring rows of {name} depend on each other for too long");
        }
        Because::Rest(against) => return rest(metric, against),
        Because::Judged(reason) => reason,
    };
    match reason {
        Reason::NoData => format!("one of the two has no data for {name}"),
        Reason::TooFew { least, wanted } => {
            format!("{name} has {}", too_few(metric, *least, *wanted))
        }
        Reason::MostlyEqual { share, .. } if *share > 0.5 => {
            format!("most values of {name} are equal")
        }
        Reason::MostlyEqual { .. } => format!("half of the values of {name} are equal"),
        Reason::Coarse { .. } => format!("the values of {name} come in steps too coarse to tell"),
        Reason::TailInDoubt(_) | Reason::TailUnseen(_) => {
            format!("the bulk of {name} is as tolerated, the worst values are in doubt")
        }
        Reason::NoEvents { .. } | Reason::NoCounts { .. } => {
            format!("{name} is 0 in both, so that no share of it decides")
        }
        Reason::MarginOpen { margin, .. } => format!(
            "{name} may or may not be worse by more than the margin of {}",
            share(*margin)
        ),
        _ => {
            let worse = match metric.rule.worse {
                Worse::Higher => "higher",
                Worse::Lower => "lower",
                Worse::Either => "off",
            };
            let tolerance = percent(metric.rule.tolerance);
            format!("{name} may or may not be {worse} by more than {tolerance}")
        }
    }
}

/// "1 row where 20 are needed".
pub(super) fn too_few(metric: &MetricReport, least: u64, wanted: u64) -> String {
    let one = metric.counted.trim_end_matches('s');
    let (least, wanted) = (counted(least, one), count(wanted));
    format!("{least} where {wanted} are needed")
}

/// "the rest of success/requests is 50.0% higher".
pub(super) fn rest(metric: &MetricReport, against: &Against) -> String {
    let name = &metric.label;
    match (against.verdict, against.reason) {
        (Verdict::Fail, Reason::Beyond { effect, .. }) => {
            format!("the rest of {name} is {}", change(effect))
        }
        (Verdict::Fail, _) => format!("the rest of {name} is worse by more than is tolerated"),
        (_, Reason::NoEvents { .. } | Reason::NoCounts { .. }) => {
            format!("the rest of {name} is 0 in both, so that no share of it decides")
        }
        (_, Reason::MarginOpen { margin, .. }) => format!(
            "the rest of {name} may or may not be worse by more than the margin of {}",
            share(margin)
        ),
        _ => {
            let worse = match metric.rule.worse {
                Worse::Higher => "lower",
                Worse::Lower => "higher",
                Worse::Either => "off",
            };
            let tolerance = percent(metric.rule.tolerance);
            format!("the rest of {name} may or may not be {worse} by more than {tolerance}")
        }
    }
}

/// "80 of 100 rows of the canary", for each that lacks any.
pub(super) fn gaps(metric: &MetricReport) -> String {
    let told: Vec<String> = [(0, "baseline"), (1, "canary")]
        .into_iter()
        .filter(|(at, _)| metric.missing[*at] > 0)
        .map(|(at, arm)| {
            let (missing, rows) = (count(metric.missing[at]), count(metric.rows[at]));
            format!("{missing} of {rows} rows of the {arm}")
        })
        .collect();
    told.join(" and ")
}

/// "23.1% higher".
pub(super) fn change(effect: f64) -> String {
    if effect.is_nan() {
        return "changed by a share that is not known".to_owned();
    }
    if effect == 0.0 {
        return "as high as before".to_owned();
    }
    if effect.is_infinite() {
        let side = if effect > 0.0 { "above" } else { "below" };
        return format!("{side} a baseline of 0");
    }
    let size = crate::figures::change(effect.abs());
    let side = if effect > 0.0 { "higher" } else { "lower" };
    format!("{} {side}", size.trim_start_matches('+'))
}

/// "+16.2% to +31.0%"; None where both ends are as far as can be.
pub(super) fn between(interval: &Interval) -> Option<String> {
    let (lo, hi) = (interval.lo, interval.hi);
    let from_nothing = lo == hi && lo.is_infinite();
    (!from_nothing).then(|| between_shares(lo, hi, crate::figures::change))
}

/// "10%", "2.5%".
pub(super) fn percent(tolerance: f64) -> String {
    share(tolerance).replace(".0%", "%")
}
