//! From milliseconds to percent of the width.

use crate::format::real;
use crate::view::{Span, SpanKind};
use domain::Time;

/// Narrower than this a span could not be seen or hovered; the others make room for it.
const WIDTH_MIN: f64 = 0.6;
const TICKS_MAX: u64 = 6;
/// Milliseconds between two ticks, from which the first that gives few enough is taken.
const TICK_STEPS: [u64; 19] = [
    1_000,
    2_000,
    5_000,
    10_000,
    15_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    900_000,
    1_800_000,
    3_600_000,
    7_200_000,
    14_400_000,
    43_200_000,
    86_400_000,
    259_200_000,
    604_800_000,
];

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Segment {
    pub name: String,
    pub kind: SpanKind,
    pub ms: u64,
    /// Both in percent of the whole width.
    pub x: f64,
    pub width: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub x: f64,
    pub at: Time,
}

/// Widths in proportion to time, none too narrow to see, together 100.
pub(super) fn segments(spans: &[Span]) -> Vec<Segment> {
    let total: u64 = spans.iter().map(|span| span.ms).sum();
    let share = |span: &Span| match total {
        0 => 100.0 / real(spans.len() as u64),
        _ => 100.0 * real(span.ms) / real(total),
    };
    let narrow = spans.iter().filter(|span| share(span) < WIDTH_MIN).count();
    let wide: f64 = spans
        .iter()
        .map(share)
        .filter(|share| *share >= WIDTH_MIN)
        .sum();
    let left_for_wide = 100.0 - real(narrow as u64) * WIDTH_MIN;
    let mut x = 0.0;
    spans
        .iter()
        .map(|span| {
            let share = share(span);
            let width = if share < WIDTH_MIN {
                WIDTH_MIN
            } else {
                share * left_for_wide / wide
            };
            let segment = Segment {
                name: span.name.clone(),
                kind: span.kind,
                ms: span.ms,
                x,
                width,
            };
            x += width;
            segment
        })
        .collect()
}

/// Pixels a character of a label takes at most, and the room beside it.
const CHARACTER_PX: f64 = 7.0;
const BESIDE_PX: f64 = 12.0;
/// Widths of the whole drawing at which labels come in; the style has a rule for each.
const WIDTHS_PX: [(f64, &str); 5] = [
    (300.0, "timeline-300"),
    (420.0, "timeline-420"),
    (560.0, "timeline-560"),
    (720.0, "timeline-720"),
    (960.0, "timeline-960"),
];

/// For each segment the width from which its whole name fits; `None` where it never does, and where
/// a neighbour of the same name has more room for it.
pub(super) fn labels(segments: &[Segment]) -> Vec<Option<&'static str>> {
    let wider = |other: Option<&Segment>, one: &Segment, or_equal: bool| {
        other.is_some_and(|other| {
            other.name == one.name
                && (other.width > one.width || or_equal && other.width >= one.width)
        })
    };
    segments
        .iter()
        .enumerate()
        .map(|(nth, one)| {
            let before = nth.checked_sub(1).and_then(|nth| segments.get(nth));
            if wider(before, one, true) || wider(segments.get(nth + 1), one, false) {
                return None;
            }
            let text_px = real(one.name.chars().count() as u64) * CHARACTER_PX + BESIDE_PX;
            let needed_px = text_px * 100.0 / one.width;
            WIDTHS_PX
                .into_iter()
                .find(|(px, _)| needed_px <= *px)
                .map(|(_, class)| class)
        })
        .collect()
}

/// Where a moment lies, `ms` after the first span's begin.
pub(super) fn position(segments: &[Segment], ms: u64) -> f64 {
    let mut begin = 0;
    for segment in segments {
        let end = begin + segment.ms;
        if ms < end {
            return segment.x + segment.width * real(ms - begin) / real(segment.ms);
        }
        begin = end;
    }
    100.0
}

/// Where *now* is drawn: within what is under way, also when that takes longer than was expected.
pub(super) fn now_at(segments: &[Segment], ms: u64) -> f64 {
    let x = position(segments, ms);
    match segments
        .iter()
        .rfind(|segment| matches!(segment.kind, SpanKind::Now | SpanKind::Back))
    {
        Some(segment) => x.clamp(segment.x, segment.x + segment.width),
        None => x,
    }
}

/// Round times of day, a handful of them.
pub(super) fn ticks(segments: &[Segment], start: Time) -> Vec<Tick> {
    let total: u64 = segments.iter().map(|segment| segment.ms).sum();
    let step = TICK_STEPS
        .into_iter()
        .find(|step| total / step < TICKS_MAX)
        .unwrap_or(total / TICKS_MAX + 1);
    let step_signed = i64::try_from(step).unwrap_or(i64::MAX);
    let before = u64::try_from(start.0.rem_euclid(step_signed)).unwrap_or(0);
    let first = if before == 0 { 0 } else { step - before };
    (0..)
        .map(|i| first + i * step)
        .take_while(|ms| *ms <= total && total > 0)
        .map(|ms| Tick {
            x: position(segments, ms),
            at: start.plus_ms(ms),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(ms: u64) -> Span {
        Span {
            name: "s".into(),
            kind: SpanKind::Done,
            ms,
        }
    }

    #[test]
    fn widths_are_time_and_fill_the_whole() {
        for spans in [
            vec![span(1_000), span(3_000)],
            vec![span(0), span(0)],
            vec![span(1), span(1_000_000), span(0), span(500_000)],
        ] {
            let drawn = segments(&spans);
            let sum: f64 = drawn.iter().map(|segment| segment.width).sum();
            assert!((sum - 100.0).abs() < 1e-9, "{sum}");
            assert!(drawn.iter().all(|segment| segment.width >= WIDTH_MIN));
        }
        let drawn = segments(&[span(1_000), span(3_000)]);
        assert_eq!((drawn[0].width, drawn[1].x), (25.0, 25.0));
        assert!(segments(&[]).is_empty());
    }

    #[test]
    fn a_name_is_shown_where_all_of_it_fits_and_once() {
        let named = |name: &str, ms| Span {
            name: name.into(),
            ..span(ms)
        };
        let drawn = segments(&[
            named("start the canary", 2_000),
            named("25%", 1_000),
            named("25%", 60_000),
            named("a name that is longer than what it names", 10_000),
        ]);
        assert_eq!(
            labels(&drawn),
            [None, None, Some("timeline-300"), None],
            "{drawn:?}"
        );
        let drawn = segments(&[named("soak", 10_000), named("retire", 90_000)]);
        assert_eq!(labels(&drawn), [Some("timeline-420"), Some("timeline-300")]);
    }

    #[test]
    fn a_moment_lies_within_its_span() {
        let drawn = segments(&[span(1_000), span(3_000)]);
        assert!((position(&drawn, 500) - 12.5).abs() < 1e-9);
        assert!((position(&drawn, 2_500) - 62.5).abs() < 1e-9);
        assert!((position(&drawn, 99_000) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn ticks_are_few_and_round() {
        let drawn = segments(&[span(65_000), span(25_000)]);
        let ticks = ticks(&drawn, Time(1_795_269_802_000));
        assert!((2..=6).contains(&ticks.len()), "{}", ticks.len());
        assert!(ticks.iter().all(|tick| tick.at.0 % 15_000 == 0));
        assert!(super::ticks(&[], Time(0)).is_empty());
    }
}
