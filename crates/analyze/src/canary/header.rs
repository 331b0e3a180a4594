//! A first row of figures where a header should be, which would be lost without a word.

use crate::failure::Failure;
use crate::figures::name;
use crate::source::{Source, cell};

/// That the names of the columns are figures.
pub(super) fn of_figures(source: &Source) -> Option<Failure> {
    let first = first_figure(source.columns())?;
    Some(Failure::file(
        source.path(),
        format!(
            "the first line holds figures, as {}, where the names of the columns should be",
            name(first)
        ),
        "write a line of names above it, as latency_ms, or name what are columns with --metric",
    ))
}

/// A number among names that are all numbers or dates, but for the numbering of columns from 0 on.
fn first_figure(columns: &[String]) -> Option<&str> {
    let named = || columns.iter().filter(|name| !name.is_empty());
    let number = |name: &str| cell::metric(name.as_bytes()).is_ok_and(|number| !number.is_nan());
    let moment = |name: &str| cell::time(name.as_bytes()).is_some();
    let numbered = named()
        .enumerate()
        .all(|(at, name)| *name == at.to_string());
    if numbered || !named().all(|name| number(name) || moment(name)) {
        return None;
    }
    named().map(String::as_str).find(|name| number(name))
}

#[cfg(test)]
mod tests {
    use super::first_figure;

    #[test]
    fn figures_are_no_names_but_the_numbers_of_columns_are() {
        let of = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            first_figure(&names).map(str::to_owned)
        };
        for names in [
            &["10.04"][..],
            &["2026-01-01T00:00:00Z", "10.04"],
            &["10.04", "3", ""],
            &["1", "2"],
        ] {
            assert!(of(names).is_some(), "{names:?}");
        }
        for names in [
            &["0", "1", "2"][..],
            &["", "0", "1"],
            &["0"],
            &["latency", "3"],
            &["NaN"],
            &["2026-01-01"],
            &[""],
        ] {
            assert_eq!(of(names), None, "{names:?}");
        }
    }
}
