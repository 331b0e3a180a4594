//! From figures to a path.

use crate::format::real;
use crate::view::Point;
use domain::Time;
use std::fmt::Write;

pub(super) const WIDTH: f64 = 300.0;
pub(super) const HEIGHT: f64 = 92.0;
/// A longer silence than this breaks the line: nothing is drawn where nothing was measured.
const GAP_MS: u64 = 15_000;

#[derive(Clone, Copy)]
pub(super) struct Window {
    pub from: Time,
    pub to: Time,
}

/// The next of 1, 1.5, 2, 2.5, 3, 4, 5… at or above the value.
pub(super) fn round_up(value: f64) -> f64 {
    let magnitude = 10_f64.powf(value.max(1e-9).log10().floor());
    [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|step| step * magnitude)
        .find(|top| *top >= value * 0.999_999)
        .unwrap_or(value)
}

/// The line of one series, broken where there was nothing to measure.
pub(super) fn path(
    points: &[Point],
    value: impl Fn(&Point) -> Option<f64>,
    window: Window,
    top: f64,
) -> String {
    let mut d = String::new();
    let span = real(window.to.since_ms(window.from).max(1));
    let mut last: Option<Time> = None;
    for point in points {
        let Some(y) = value(point) else {
            last = None;
            continue;
        };
        let x = WIDTH * real(point.at.since_ms(window.from)) / span;
        let joined = last.is_some_and(|last| point.at.since_ms(last) <= GAP_MS);
        let y = (HEIGHT - 1.0) * (1.0 - (y / top).clamp(0.0, 1.0)) + 0.5;
        // Writing to a string cannot fail.
        let _ = write!(
            d,
            "{}{:.1} {y:.1}",
            if joined { 'L' } else { 'M' },
            x.min(WIDTH)
        );
        last = Some(point.at);
    }
    d
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(at: i64, p95_ms: Option<f64>) -> Point {
        Point {
            at: Time(at),
            requests_per_s: 1.0,
            error_rate: None,
            p95_ms,
        }
    }

    #[test]
    fn the_axis_ends_at_a_round_number() {
        for (value, top) in [
            (0.41, 0.5),
            (1.0, 1.0),
            (1.1, 1.5),
            (23.0, 25.0),
            (212.0, 250.0),
            (501.0, 600.0),
        ] {
            assert!(
                (round_up(value) - top).abs() < 1e-9,
                "{value}: {}",
                round_up(value)
            );
        }
    }

    #[test]
    fn the_line_breaks_where_nothing_was_measured() {
        let window = Window {
            from: Time(0),
            to: Time(30_000),
        };
        let points = [
            point(0, Some(10.0)),
            point(1_000, Some(5.0)),
            point(2_000, None),
            point(3_000, Some(0.0)),
        ];
        let d = path(&points, |point| point.p95_ms, window, 10.0);
        assert_eq!(d, "M0.0 0.5L10.0 46.0M30.0 91.5");
        assert_eq!(path(&[], |point| point.p95_ms, window, 10.0), "");
    }
}
