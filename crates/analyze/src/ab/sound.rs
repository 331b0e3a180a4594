//! Whether what is asked fits together, and the files can hold it.

use super::Request;
use crate::failure::Failure;
use crate::figures::name;
use crate::source::Source;

/// A column says who, which, when or how much, and one of them only.
pub(super) fn roles(request: &Request) -> Result<(), Failure> {
    let mut roles = vec![("--unit", &request.unit), ("--variant", &request.variant)];
    roles.extend(request.time.as_ref().map(|time| ("--time", time)));
    for metric in &request.metrics {
        for column in metric.names() {
            if let Some((role, _)) = roles.iter().find(|(_, named)| *named == column) {
                return Err(Failure::asked(
                    format!("--metric: \"{}\" is the column of {role}", name(column)),
                    "name the column that holds the metric's values",
                ));
            }
        }
    }
    for (at, (role, column)) in roles.iter().enumerate() {
        if let Some((before, _)) = roles[..at].iter().find(|(_, named)| named == column) {
            return Err(Failure::asked(
                format!(
                    "{role}: \"{}\" is the column of {before}, too",
                    name(column)
                ),
                "name a column of its own for each",
            ));
        }
    }
    Ok(())
}

/// A guardrail is tested against its margin on one side, and the other: from a level of a half on it
/// would hold and be broken at once.
pub(super) fn one_sided(request: &Request) -> Result<(), Failure> {
    let guardrail = request
        .metrics
        .iter()
        .find(|metric| metric.guardrail.is_some());
    match guardrail {
        Some(metric) if request.question.alpha.get() >= 0.5 => Err(Failure::asked(
            format!("--alpha: {metric} is a guardrail, tested on one side, and needs it below 0.5"),
            "give a number above 0 and below 0.5, as 0.05",
        )),
        _ => Ok(()),
    }
}

/// The planned shares add up to 1, each variant having one.
pub(super) fn shares(shares: &[(String, f64)]) -> Result<(), Failure> {
    if shares.is_empty() {
        return Ok(());
    }
    for (at, (arm, _)) in shares.iter().enumerate() {
        if shares[..at].iter().any(|(before, _)| before == arm) {
            return Err(Failure::asked(
                format!("--share: \"{}\" has two shares", name(arm)),
                "give each variant one",
            ));
        }
    }
    let sum: f64 = shares.iter().map(|(_, share)| share).sum();
    // As exact as the test of the split takes them.
    if (sum - 1.0).abs() <= 1e-9 {
        return Ok(());
    }
    let scaled: Vec<String> = shares
        .iter()
        .map(|(arm, share)| format!("--share {}={}", name(arm), share / sum))
        .collect();
    let sound = sum > 0.0 && sum.is_finite() && shares.len() > 1;
    Err(Failure::asked(
        format!(
            "--share: the shares add up to {}, not to 1",
            (sum * 1e9).round() / 1e9
        ),
        if sound {
            format!(
                "give every variant its share of all units, for this ratio {}",
                scaled.join(" ")
            )
        } else {
            "give every variant its share of all units, as --share control=0.5 --share treatment=0.5"
                .to_owned()
        },
    ))
}

/// A file of one column can hold no experiment; most likely its separator is another.
pub(super) fn one_column(source: &Source) -> Result<(), Failure> {
    match source.columns() {
        [only] => Err(Failure::file(
            source.path(),
            format!("there is only one column, \"{}\"", name(only)),
            "separate columns by comma, semicolon, tab or |, and name them in the first line",
        )),
        _ => Ok(()),
    }
}
