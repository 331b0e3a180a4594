//! One record becomes a row.

use crate::failure::{Failure, shown};
use crate::figures::counted;
use crate::source::cell;
use crate::source::rows::{Rows, Tally, VariantCodes};
use crate::source::work::Scan;
use ::csv::ByteRecord;
use std::ops::Range;

/// A record with more or less fields than the header.
pub(super) fn fields(scan: &Scan<'_>, found: usize, lines: Range<u64>) -> Failure {
    let header = scan.columns.len();
    let found = counted(found as u64, "field");
    let what = format!("{found} where the header has {header}");
    if lines.end > lines.start + 1 {
        return Failure::file(
            scan.path,
            format!(
                "{what}; quotation marks hold it together up to line {}",
                lines.end - 1
            ),
            "is a quotation mark opened here that should not be, or closed too late?",
        );
    }
    Failure::file(
        scan.path,
        what,
        "quote fields that hold the separator or a line break",
    )
}

pub(super) fn read(
    scan: &Scan<'_>,
    record: &ByteRecord,
    codes: &mut VariantCodes<'_>,
    rows: &mut Rows,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let wanted = scan.wanted;
    let unit = wanted.unit.map(|column| record[column].trim_ascii());
    if unit.is_some_and(<[u8]>::is_empty) {
        tally.no_unit += 1;
        return Ok(());
    }
    if let Some(column) = wanted.time {
        let text = record[column].trim_ascii();
        if text.is_empty() {
            tally.no_time += 1;
            tally.first_no_time.get_or_insert(tally.rows);
            return Ok(());
        }
        let time = cell::time(text).ok_or_else(|| {
            scan.wrong(
                column,
                format!("{} is not a time", shown(text)),
                "write numbers, or dates as 2026-01-31T12:00:00Z",
            )
        })?;
        scan.times.admit(&time).map_err(|why| {
            scan.wrong(
                column,
                format!("{}: {why}", shown(text)),
                "write all times alike",
            )
        })?;
        tally.clock.see(&time);
        rows.push_time(time);
    }
    let unit = unit.unwrap_or(b"0");
    match cell::plain_number(unit) {
        Some(number) => rows.keys.push(cell::key_of_number(number)),
        None => {
            tally.hashed = true;
            rows.keys.push(cell::key_of_text(unit));
        }
    }
    if let Some(column) = wanted.variant {
        let code = codes
            .code(&record[column])
            .map_err(|why| scan.no_variant(why))?;
        rows.variants.push(code);
    }
    for (at, (into, column)) in rows.metrics.iter_mut().zip(&wanted.metrics).enumerate() {
        let text = &record[*column];
        // A column that is read for two metrics has its cells once.
        if cell::is_nan(text) && !wanted.metrics[..at].contains(column) {
            tally.nan_cells += 1;
        }
        into.push(cell::metric(text).map_err(|why| {
            scan.wrong(
                *column,
                format!("{} {why}", shown(text.trim_ascii())),
                "correct it, or leave the cell empty where there is no value",
            )
        })?);
    }
    Ok(())
}
