//! Whether both files are of the same time.

use super::series::Series;
use chrono::DateTime;

/// The first and the last time of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: i64,
    pub(super) last: i64,
    /// Nanoseconds since 1970, or plain numbers in their own unit.
    pub(super) dates: bool,
}

/// That the files are of other times, or mostly so.
pub(super) fn apart(baseline: &Series<'_>, canary: &Series<'_>) -> Option<String> {
    told(baseline.span()?, canary.span()?)
}

fn told(baseline: Span, canary: Span) -> Option<String> {
    if baseline.dates != canary.dates {
        return None;
    }
    let length = |span: Span| i128::from(span.last) - i128::from(span.first);
    let common = Span {
        first: baseline.first.max(canary.first),
        last: baseline.last.min(canary.last),
        ..baseline
    };
    let little = if common.last < common.first {
        "are not of the same time"
    } else if 2 * length(common) < length(baseline).max(length(canary)) {
        "have less than half of their time in common"
    } else {
        return None;
    };
    Some(format!(
        "The files {little}: the baseline is of {}, the canary of {}. What else differs \
         between them, as traffic does, is taken for the canary's doing.",
        words(baseline),
        words(canary)
    ))
}

fn words(span: Span) -> String {
    let moment = |time: i64| {
        if span.dates {
            let time = DateTime::from_timestamp_nanos(time);
            time.format("%Y-%m-%d %H:%M").to_string()
        } else {
            time.to_string()
        }
    };
    format!("{} to {}", moment(span.first), moment(span.last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_with_less_than_half_of_their_time_in_common_are_told() {
        let span = |first, last| Span {
            first,
            last,
            dates: false,
        };
        assert_eq!(told(span(0, 60), span(30, 60)), None);
        assert_eq!(told(span(0, 60), span(30, 90)), None);
        assert_eq!(told(span(5, 5), span(5, 5)), None);
        assert_eq!(
            told(span(i64::MIN, i64::MAX), span(i64::MIN, i64::MAX)),
            None
        );
        for (baseline, canary) in [(span(0, 60), span(31, 91)), (span(0, 10), span(0, 60))] {
            let text = told(baseline, canary).unwrap();
            assert!(text.starts_with("The files have less than half of their time in common: "));
        }
        let text = told(span(61, 120), span(0, 60)).unwrap();
        assert!(text.contains("baseline is of 61 to 120, the canary of 0 to 60."));
        let day = 86_400_000_000_000;
        let dates = |first: i64, last: i64| Span {
            first: first * day,
            last: last * day,
            dates: true,
        };
        let text = told(dates(0, 1), dates(2, 3)).unwrap();
        assert!(
            text.contains("of 1970-01-01 00:00 to 1970-01-02 00:00, the canary of 1970-01-03 ")
        );
        assert_eq!(told(dates(0, 1), span(2, 3)), None);
    }
}
