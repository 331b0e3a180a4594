//! One cell of text becomes a key, a number or a time.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use twox_hash::XxHash64;

/// The key of a unit named by a whole number. A bijection, so no two numbers share a key.
///
/// The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
pub(crate) fn key_of_number(unit: i64) -> u64 {
    let mut z = (unit.cast_unsigned()).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The key of a unit as it is written. What is written as a number has that number's key, so that a
/// text column in one file joins a number column in another. All else is hashed to 64 bits.
pub(crate) fn key_of_text(unit: &[u8]) -> u64 {
    match plain_number(unit) {
        Some(number) => key_of_number(number),
        None => XxHash64::oneshot(0, unit),
    }
}

/// A whole number in the one way it is written without plus sign or leading zeros, or with a fraction
/// of nothing as where a column of floats was written.
pub(crate) fn plain_number(text: &[u8]) -> Option<i64> {
    let text = match memchr::memchr(b'.', text) {
        Some(at) if text.len() > at + 1 && text[at + 1..].iter().all(|digit| *digit == b'0') => {
            &text[..at]
        }
        _ => text,
    };
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let canonical = match digits {
        [] => false,
        [b'0'] => text.len() == 1,
        [first, ..] => {
            *first != b'0' && digits.len() <= 19 && digits.iter().all(u8::is_ascii_digit)
        }
    };
    if !canonical {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// What a metric's cell says. NaN stands for missing.
pub(crate) fn metric(cell: &[u8]) -> Result<f64, &'static str> {
    let cell = cell.trim_ascii();
    let text = match cell {
        b"" | b"NaN" | b"nan" | b"NAN" | b"NA" | b"N/A" | b"null" | b"NULL" | b"None" => {
            return Ok(f64::NAN);
        }
        b"true" | b"True" | b"TRUE" => return Ok(1.0),
        b"false" | b"False" | b"FALSE" => return Ok(0.0),
        _ => std::str::from_utf8(cell).map_err(|_| "is not a number")?,
    };
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) if text.contains(|c: char| c.is_ascii_digit()) => Err("is too large for a number"),
        Ok(_) => Err("is not a finite number"),
        Err(_) => Err("is not a number"),
    }
}

/// Whether it says that a number was asked for and none came out, which is more than nothing.
pub(crate) fn is_nan(cell: &[u8]) -> bool {
    matches!(cell.trim_ascii(), b"NaN" | b"nan" | b"NAN")
}

/// A moment as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Time {
    /// A number in a unit of its own: its floor, and the millionths above that.
    Plain { whole: i64, micros: u32 },
    /// Nanoseconds since 1970 in UTC.
    Date { nanos: i64, written: Written },
}

/// What a date said beside the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// A time of day other than midnight.
    pub(crate) time_of_day: bool,
    /// Whether the zone was named; `None` where that cannot be told.
    pub(crate) zone: Option<bool>,
}

pub(crate) fn time(cell: &[u8]) -> Option<Time> {
    let text = std::str::from_utf8(cell.trim_ascii()).ok()?;
    if let Some(whole) = whole_number(text) {
        return Some(Time::Plain { whole, micros: 0 });
    }
    if text.len() > 40 {
        return None;
    }
    if let Some(time) = text.parse().ok().and_then(plain) {
        return Some(time);
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return date(time.naive_utc(), time.naive_local(), true);
    }
    const IN_UTC: &str = "%Y-%m-%d %H:%M:%S%.f UTC";
    if let Ok(time) = NaiveDateTime::parse_from_str(text, IN_UTC) {
        return date(time, time, true);
    }
    const FORMS: [&str; 3] = [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
    ];
    let time = FORMS
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .or_else(|| {
            let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
            day.and_hms_opt(0, 0, 0)
        })?;
    date(time, time, false)
}

fn date(utc: NaiveDateTime, local: NaiveDateTime, zone: bool) -> Option<Time> {
    Some(Time::Date {
        nanos: utc.and_utc().timestamp_nanos_opt()?,
        written: Written {
            time_of_day: local.time() != NaiveTime::MIN,
            zone: Some(zone),
        },
    })
}

/// To its last digit, also where a column of floats was written.
fn whole_number(text: &str) -> Option<i64> {
    let whole = match text.split_once('.') {
        Some((whole, fraction))
            if !fraction.is_empty() && fraction.bytes().all(|digit| digit == b'0') =>
        {
            whole
        }
        _ => text,
    };
    whole.parse().ok()
}

/// A number with a fraction, as programs write the clock; to a millionth, for of today's seconds a
/// float knows no more.
pub(crate) fn plain(time: f64) -> Option<Time> {
    /// So close to the ends of 64 bits a floor would leave them.
    const FARTHEST: f64 = 9.2e18;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within the bounds of it, and the millionths from 0 to 1,000,000"
    )]
    (time.abs() < FARTHEST).then(|| {
        let floor = time.floor();
        match ((time - floor) * 1e6).round() as u32 {
            1_000_000 => Time::Plain {
                whole: floor as i64 + 1,
                micros: 0,
            },
            micros => Time::Plain {
                whole: floor as i64,
                micros,
            },
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_text_join_numbers() {
        for number in [0, 7, -7, 10, i64::MAX, i64::MIN] {
            for written in [format!("{number}"), format!("{number}.0")] {
                assert_eq!(key_of_text(written.as_bytes()), key_of_number(number));
            }
        }
        for other in [
            "",
            "-",
            "007",
            "+7",
            "7.5",
            "7.",
            "1.2.0",
            "-0",
            "12a",
            "99999999999999999999",
        ] {
            assert_eq!(plain_number(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn metric_cells() {
        assert_eq!(metric(b" 1.5 "), Ok(1.5));
        assert_eq!(metric(b"true"), Ok(1.0));
        assert!(metric(b"").unwrap().is_nan());
        assert_eq!(metric(b"abc"), Err("is not a number"));
        assert_eq!(metric(&[b'9'; 400]), Err("is too large for a number"));
        assert_eq!(metric(b"inf"), Err("is not a finite number"));
    }

    #[test]
    fn times_in_the_usual_ways() {
        let noon = 1_767_268_800_000_000_000;
        let midnight = noon - 43_200_000_000_000;
        for (text, nanos, time_of_day, zone) in [
            ("2026-01-01T12:00:00Z", noon, true, true),
            ("2026-01-01T13:00:00+01:00", noon, true, true),
            ("2026-01-01 12:00:00 UTC", noon, true, true),
            ("2026-01-01 12:00:00", noon, true, false),
            ("2026-01-01 12:00", noon, true, false),
            ("2026-01-01", midnight, false, false),
            ("2026-01-01T00:00:00", midnight, false, false),
            ("2026-01-01T02:00:00+02:00", midnight, true, true),
            ("2026-01-02T00:00:00+12:00", noon, false, true),
        ] {
            let written = Written {
                time_of_day,
                zone: Some(zone),
            };
            let expected = Some(Time::Date { nanos, written });
            assert_eq!(time(text.as_bytes()), expected, "{text}");
        }
        for no in ["yesterday", "nan", "inf", "1e300", "1.2.3"] {
            assert_eq!(time(no.as_bytes()), None, "{no}");
        }
    }

    #[test]
    fn a_number_is_a_time_with_or_without_a_fraction() {
        for (text, whole, micros) in [
            ("1767268800", 1_767_268_800, 0),
            ("1767268800.0", 1_767_268_800, 0),
            ("1767268800.25", 1_767_268_800, 250_000),
            ("1.767226e+09", 1_767_226_000, 0),
            ("1767268800000.5", 1_767_268_800_000, 500_000),
            ("1767268800000000001.0", 1_767_268_800_000_000_001, 0),
            ("-0.25", -1, 750_000),
            ("7.9999999", 8, 0),
        ] {
            let expected = Some(Time::Plain { whole, micros });
            assert_eq!(time(text.as_bytes()), expected, "{text}");
        }
    }
}
