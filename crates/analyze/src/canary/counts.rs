//! Sums of counts over the rows of a file.

use super::series::Series;
use crate::failure::Failure;
use crate::figures::{count, value as figure};
use stats::count::Events;
use stats::judge::Trials;

/// Up to here counts are exact.
const MOST: u64 = 1 << 53;

/// Rows that have both values, and how many have not.
pub(super) fn pairs<'a>(
    series: &'a Series<'_>,
    events: &str,
    over: &str,
) -> impl Iterator<Item = (usize, Option<(f64, f64)>)> + 'a {
    let rows = series.rows(events).iter().zip(series.rows(over));
    rows.map(|(events, over)| (!events.is_nan() && !over.is_nan()).then_some((*events, *over)))
        .enumerate()
}

/// A whole number from 0 to 2^53, or what is wrong with it.
#[expect(clippy::cast_precision_loss, reason = "2^53 has a float of its own")]
fn whole(series: &Series<'_>, column: &str, row: usize, value: f64) -> Result<u64, Failure> {
    if (0.0..=MOST as f64).contains(&value) && value.fract() == 0.0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked just above"
        )]
        return Ok(value as u64);
    }
    if value > MOST as f64 {
        // A float that large has not kept the digits of the cell.
        return Err(series.wrong(
            column,
            row,
            &format!("about {} is too large for a count", figure(value)),
            &format!("counts may be up to {}; is it one?", count(MOST)),
        ));
    }
    Err(series.wrong(
        column,
        row,
        &format!("{value} is no count"),
        "counts are whole numbers, 0 or more",
    ))
}

fn added(series: &Series<'_>, column: &str, sum: u64, more: u64) -> Result<u64, Failure> {
    let sum = sum.saturating_add(more);
    if sum <= MOST {
        return Ok(sum);
    }
    Err(series.not_all(
        column,
        &format!("it adds up to more than {}", count(MOST)),
        "counts are exact up to there; judge a shorter time, or fewer rows",
    ))
}

/// The sums of both columns, and how many rows lack a value.
pub(super) fn trials(
    series: &Series<'_>,
    events: &str,
    over: &str,
) -> Result<(Trials, u64), Failure> {
    let (mut sum, mut missing) = (Trials { x: 0, n: 0 }, 0);
    for (row, pair) in pairs(series, events, over) {
        let Some((x, n)) = pair else {
            missing += 1;
            continue;
        };
        let (x, n) = (whole(series, events, row, x)?, whole(series, over, row, n)?);
        if x > n {
            return Err(series.wrong(
                events,
                row,
                &format!("{x} of {n} {over}"),
                "there cannot be more than all; is it a count over something (:count)?",
            ));
        }
        sum.x = added(series, events, sum.x, x)?;
        sum.n = added(series, over, sum.n, n)?;
    }
    Ok((sum, missing))
}

/// The same of events over a span that is no count.
pub(super) fn counted_over(
    series: &Series<'_>,
    events: &str,
    over: &str,
) -> Result<(Events, u64), Failure> {
    let (mut count, mut exposure, mut missing) = (0u64, 0.0, 0);
    for (row, pair) in pairs(series, events, over) {
        let Some((x, span)) = pair else {
            missing += 1;
            continue;
        };
        if span < 0.0 {
            return Err(series.wrong(
                over,
                row,
                &format!("{span} is below 0"),
                "give what the events are counted over",
            ));
        }
        count = added(series, events, count, whole(series, events, row, x)?)?;
        exposure += span;
    }
    if !(exposure > 0.0 && exposure.is_finite()) {
        let what = if exposure > 0.0 {
            "it adds up to more than a number can hold"
        } else {
            "it adds up to 0"
        };
        return Err(series.not_all(over, what, "give what the events are counted over, above 0"));
    }
    Ok((Events { count, exposure }, missing))
}
