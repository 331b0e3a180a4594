//! Events that come in bursts: by what they are worth.

use super::{Judgement, Observed, Reason, Rule, Trials, judge};
use crate::count::Events;
use crate::{Interval, InvalidInput, guard};

/// Judges events whose rows differ `ratio` times as much as independent events would, as
/// [`count::bursts`](crate::count::bursts()) finds it: so many of them count for one.
///
/// Counts and trials (or exposures) of both arms are divided by `ratio` and rounded, and [`judge`] compares what is left
/// of them; `n`, the effect and what is told of it are those of the events seen. The smallest sample counts the events seen,
/// too. Quantiles and continuous values, which are no sums of events, are judged as they are; so are periods.
///
/// Source: quasi-likelihood (P. McCullagh & J. A. Nelder, *Generalized Linear Models*, 2nd edition, 1989, chapter 9).
/// That is an approximation, and so is its level: `docs/SIMULATION.md` has how far it holds.
///
/// # Errors
///
/// As of [`judge`]; a `ratio` that is not finite or below 1.
///
/// # Examples
///
/// ```
/// use stats::judge::{Observed, Rule, Trials, Verdict, in_bursts, judge};
/// let observed = Observed::Rate {
///     control: Trials { x: 100, n: 60_000 },
///     canary: Trials { x: 200, n: 60_000 },
/// };
/// assert_eq!(judge(&observed, &Rule::default())?.verdict, Verdict::Fail);
/// // One burst of a hundred against two.
/// let found = in_bursts(&observed, 100.0, &Rule::default())?;
/// assert_eq!(found.verdict, Verdict::Inconclusive);
/// assert_eq!(found.effect, Some(1.0));
/// # Ok::<(), stats::InvalidInput>(())
/// ```
pub fn in_bursts(
    observed: &Observed<'_>,
    ratio: f64,
    rule: &Rule,
) -> Result<Judgement, InvalidInput> {
    guard::positive("ratio", ratio)?;
    if ratio < 1.0 {
        return Err(InvalidInput::new(
            "ratio",
            "it is below 1: rows differ less than independent events would",
            "give 1, or judge the events as they are",
        ));
    }
    let whole = judge(observed, rule)?;
    // What there is too little of is so whatever it is worth.
    if matches!(
        whole.reason,
        Reason::NoData | Reason::TooFew { .. } | Reason::NoEvents { .. } | Reason::NoCounts { .. }
    ) {
        return Ok(whole);
    }
    let rule = Rule {
        min_sample: 0,
        ..*rule
    };
    let worth = match *observed {
        Observed::Rate { control, canary } => Observed::Rate {
            control: trials(control, ratio),
            canary: trials(canary, ratio),
        },
        Observed::Count { control, canary } => Observed::Count {
            control: events(control, ratio),
            canary: events(canary, ratio),
        },
        _ => return Ok(whole),
    };
    let mut worth = judge(&worth, &rule)?;
    worth.n = whole.n;
    worth.effect = whole.effect;
    worth.reason = told(worth.reason, &whole, &rule);
    Ok(worth)
}

fn divided(count: u64, ratio: f64) -> u64 {
    (count as f64 / ratio).round() as u64
}

/// The rarer of the two outcomes is the one that is rounded.
fn trials(of: Trials, ratio: f64) -> Trials {
    let n = divided(of.n, ratio).max(1);
    let rare = of.x.min(of.n - of.x);
    let kept = divided(rare, ratio).min(n);
    let x = if rare == of.x { kept } else { n - kept };
    Trials { x, n }
}

fn events(of: Events, ratio: f64) -> Events {
    Events {
        count: divided(of.count, ratio),
        exposure: of.exposure / ratio,
    }
}

/// The reason with the change that was seen, also where what is left of the events is none.
fn told(reason: Reason, whole: &Judgement, rule: &Rule) -> Reason {
    let seen = whole.effect.unwrap_or(f64::NAN);
    match reason {
        Reason::NoEvents {
            bound,
            margin: Some(margin),
        } => {
            let points = Interval {
                lo: -bound,
                hi: bound,
            };
            if bound <= margin {
                Reason::WithinMargin { points, margin }
            } else {
                Reason::MarginOpen { points, margin }
            }
        }
        Reason::NoEvents { margin: None, .. } | Reason::NoCounts { .. } => Reason::Open {
            effect: seen,
            interval: Interval {
                lo: -1.0,
                hi: f64::INFINITY,
            },
            tolerance: rule.tolerance,
        },
        mut other => {
            if let Reason::Beyond { effect, .. }
            | Reason::Within { effect, .. }
            | Reason::Open { effect, .. } = &mut other
            {
                *effect = seen;
            }
            other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{counted, rates};
    use super::*;
    use crate::judge::Verdict;
    use proptest::prelude::*;

    fn rate(control: (u64, u64), canary: (u64, u64)) -> Observed<'static> {
        let trials = |(x, n)| Trials { x, n };
        Observed::Rate {
            control: trials(control),
            canary: trials(canary),
        }
    }

    #[test]
    fn a_hundred_events_of_one_burst_are_one() {
        let rule = Rule::default();
        let found = in_bursts(&rate((300, 60_000), (900, 60_000)), 100.0, &rule).unwrap();
        let plain = rates(
            (3, 600),
            (9, 600),
            &Rule {
                min_sample: 0,
                ..rule
            },
        );
        assert_eq!(
            (found.verdict, found.interval),
            (plain.verdict, plain.interval)
        );
        assert_eq!((found.n, found.effect), ([60_000, 60_000], Some(2.0)));
        let successes = in_bursts(&rate((59_700, 60_000), (59_100, 60_000)), 100.0, &rule).unwrap();
        let plain = rates(
            (597, 600),
            (591, 600),
            &Rule {
                min_sample: 0,
                ..rule
            },
        );
        assert_eq!(successes.interval, plain.interval);
    }

    /// One event beside a burst is worth next to nothing, in whichever arm it is.
    #[test]
    fn a_single_event_keeps_no_trials_of_its_own() {
        let rule = Rule::default();
        for (control, canary) in [((1, 60_000), (200, 60_000)), ((200, 60_000), (1, 60_000))] {
            let found = in_bursts(&rate(control, canary), 100.0, &rule).unwrap();
            assert_eq!(found.verdict, Verdict::Inconclusive, "{}", found.reason);
        }
        let events = |count| Events {
            count,
            exposure: 60.0,
        };
        let observed = Observed::Count {
            control: events(1),
            canary: events(200),
        };
        let found = in_bursts(&observed, 100.0, &rule).unwrap();
        assert_eq!(found.verdict, Verdict::Inconclusive, "{}", found.reason);
        assert_eq!(found.effect, Some(199.0));
    }

    #[test]
    fn where_nothing_is_left_what_was_seen_is_told() {
        let observed = rate((20, 60_000), (30, 60_000));
        let found = in_bursts(&observed, 1_000.0, &Rule::default()).unwrap();
        assert!(
            matches!(found.reason, Reason::Open { effect, .. } if (effect - 0.5).abs() < 1e-12),
            "{}",
            found.reason
        );
        // 60 trials without an event are below ln 20/60, about 5%.
        let with = |margin| Rule {
            margin: Some(margin),
            ..Rule::default()
        };
        let pass = in_bursts(&observed, 1_000.0, &with(0.06)).unwrap();
        assert_eq!(pass.verdict, Verdict::Pass, "{}", pass.reason);
        let open = in_bursts(&observed, 1_000.0, &with(0.04)).unwrap();
        assert!(
            matches!(open.reason, Reason::MarginOpen { .. }),
            "{}",
            open.reason
        );
    }

    #[test]
    fn what_is_no_count_or_too_few_is_as_it_was() {
        let rule = Rule::default();
        let values: Vec<f64> = (0..50).map(f64::from).collect();
        let observed = Observed::Continuous {
            control: &values,
            canary: &values,
        };
        assert_eq!(in_bursts(&observed, 9.0, &rule), judge(&observed, &rule));
        let few = rate((1, 10), (3, 10));
        assert_eq!(in_bursts(&few, 9.0, &rule), judge(&few, &rule));
        let none = counted((0, 10.0), (0, 10.0), &rule);
        let events = Events {
            count: 0,
            exposure: 10.0,
        };
        let observed = Observed::Count {
            control: events,
            canary: events,
        };
        assert_eq!(in_bursts(&observed, 9.0, &rule), Ok(none));
        for bad in [0.5, 0.0, f64::NAN, f64::INFINITY] {
            assert_eq!(in_bursts(&few, bad, &rule).unwrap_err().field, "ratio");
        }
    }

    proptest! {
        #[test]
        fn more_bursts_are_never_surer(
            x_c in 20..400_u64,
            x_t in 20..400_u64,
            power in 1..5_i32,
        ) {
            let ratio = 2_f64.powi(power);
            let observed = rate((x_c << 5, 320_000), (x_t << 5, 320_000));
            let surer = in_bursts(&observed, ratio, &Rule::default()).unwrap().interval.unwrap();
            let wider = in_bursts(&observed, 2.0 * ratio, &Rule::default()).unwrap().interval.unwrap();
            prop_assert!(wider.lo <= surer.lo && wider.hi >= surer.hi, "{:?} {:?}", surer, wider);
        }
    }
}
