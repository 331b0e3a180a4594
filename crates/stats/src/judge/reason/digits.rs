//! Numbers in few digits.

use std::fmt;

/// A value as it was given, unless that takes a line.
pub(super) struct Plain(pub(super) f64);

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0;
        if value == 0.0 || (1e-4..1e15).contains(&value.abs()) {
            write!(f, "{value}")
        } else {
            write!(f, "{value:e}")
        }
    }
}

/// A figure in three significant digits.
pub(super) struct Short(pub(super) f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0;
        let size = value.abs();
        if size != 0.0 && !(1e-4..1e6).contains(&size) {
            return write!(f, "{value:.2e}");
        }
        let decimals = match size {
            x if x >= 100.0 => 0,
            x if x >= 10.0 => 1,
            x if x >= 1.0 => 2,
            x if x >= 0.1 => 3,
            x if x >= 0.01 => 4,
            0.0 => 0,
            _ => 6,
        };
        let text = format!("{value:.decimals$}");
        f.write_str(if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.')
        } else {
            text.as_str()
        })
    }
}

/// A share in three significant digits.
pub(super) struct Percent(pub(super) f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = self.0 * 100.0;
        if percent.is_infinite() {
            return f.write_str(if percent.is_sign_positive() {
                "infinity"
            } else {
                "-infinity"
            });
        }
        if percent != 0.0 && !(1e-3..1e6).contains(&percent.abs()) {
            return write!(f, "{percent:.2e}%");
        }
        let decimals = match percent.abs() {
            x if x >= 100.0 => 0,
            x if x >= 10.0 => 1,
            x if x >= 1.0 => 2,
            _ => 4,
        };
        let text = format!("{percent:.decimals$}");
        let text = if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.')
        } else {
            text.as_str()
        };
        write!(f, "{text}%")
    }
}
