//! Numbers and times in the words a person reads. Pure: "now" is what the server said, and times
//! are UTC, so that the browser's first rendering is the server's.

use domain::Time;

/// `14:03:22`, UTC.
#[must_use]
pub fn clock(at: Time) -> String {
    let (hours, minutes, seconds) = of_day(at);
    format!("{hours:02}:{minutes:02}:{seconds:02}")
}

/// `14:03`, UTC.
#[must_use]
pub fn clock_minutes(at: Time) -> String {
    let (hours, minutes, _) = of_day(at);
    format!("{hours:02}:{minutes:02}")
}

/// `2026-11-21 14:03`, UTC.
#[must_use]
pub fn date_time(at: Time) -> String {
    let (year, month, day) = civil(at.0.div_euclid(DAY_MS));
    format!("{year:04}-{month:02}-{day:02} {}", clock_minutes(at))
}

/// What `<time datetime>` wants: `2026-11-21T14:03:22Z`.
#[must_use]
pub fn iso(at: Time) -> String {
    let (year, month, day) = civil(at.0.div_euclid(DAY_MS));
    format!("{year:04}-{month:02}-{day:02}T{}Z", clock(at))
}

/// How long ago in one unit: `12 s`, `4 min`, `2 h`, `9 d`.
#[must_use]
pub fn age(now: Time, then: Time) -> String {
    let seconds = now.since_ms(then) / 1_000;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A length of time in at most two units: `0.2 s`, `38 s`, `1 min 20 s`, `2 h 5 min`, `3 d 4 h`.
#[must_use]
pub fn duration(ms: u64) -> String {
    let seconds = (ms + 500) / 1_000;
    match (ms, seconds) {
        (0, _) => "0 s".to_owned(),
        (1..1_000, _) => format!("{:.1} s", real(ms.max(100)) / 1_000.0),
        (_, 0..60) => format!("{seconds} s"),
        (_, 60..3_600) => two(seconds / 60, "min", seconds % 60, "s"),
        (_, 3_600..172_800) => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

fn two(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    }
}

/// A share of 0 to 1 as a percentage, with as many digits as it takes to tell small ones apart.
#[must_use]
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        p if p == 0.0 || p >= 99.95 => format!("{p:.0}%"),
        p if p < 10.0 => format!("{p:.2}%"),
        p => format!("{p:.1}%"),
    }
}

/// `41,210`.
#[must_use]
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 instance`, `4 instances`.
#[must_use]
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// `0.42`, `7.10`, `212`, `12.3 k`, `21.0 M`: three figures at most before it is a whole number, and no
/// number so wide that its neighbour has no room.
#[must_use]
pub fn figure(value: f64) -> String {
    match value.abs() {
        v if v >= 999_950.0 => format!("{:.1}\u{a0}M", value / 1_000_000.0),
        v if v >= 9_999.5 => format!("{:.1}\u{a0}k", value / 1_000.0),
        v if v == 0.0 || v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// `0.8 ms`, `182 ms`, `1.20 s`.
#[must_use]
pub fn latency(ms: f64) -> String {
    match ms {
        ms if ms >= 1_000.0 => format!("{:.2} s", ms / 1_000.0),
        ms if ms >= 10.0 => format!("{ms:.0} ms"),
        ms => format!("{ms:.1} ms"),
    }
}

/// `812 B`, `14.2 KiB`, `3.1 MiB`.
#[must_use]
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if n < 1_024 {
        return format!("{n} B");
    }
    let (mut value, mut unit) = (real(n) / 1_024.0, 0);
    while value >= 1_024.0 && unit + 1 < UNITS.len() {
        (value, unit) = (value / 1_024.0, unit + 1);
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// The text with its first letter in upper case, for a state or a step that begins a line.
#[must_use]
pub fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// A stretch of a sentence, and which version it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    Old(String),
    New(String),
}

/// Finds the two versions in a sentence, so that they can be drawn in their groups' colours.
/// A version inside a longer one (`1.1` in `1.1.0`) is not it.
#[must_use]
pub fn name_versions(sentence: &str, old: Option<&str>, new: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = sentence;
    while let Some(first) = rest.chars().next() {
        let before_ok = !text.chars().next_back().is_some_and(part_of_version);
        let found = [Some(new), old]
            .into_iter()
            .flatten()
            .filter(|version| before_ok && stands_alone(rest, version))
            .max_by_key(|version| version.len());
        if let Some(version) = found {
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
            }
            let owned = version.to_owned();
            pieces.push(if version == new {
                Piece::New(owned)
            } else {
                Piece::Old(owned)
            });
            rest = &rest[version.len()..];
        } else {
            text.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    pieces
}

fn stands_alone(rest: &str, version: &str) -> bool {
    let Some(after) = rest.strip_prefix(version) else {
        return false;
    };
    let mut after = after.chars();
    match after.next() {
        // The full stop of a sentence is not the dot of a longer version.
        Some('.') => !after.next().is_some_and(char::is_alphanumeric),
        Some(next) => !part_of_version(next),
        None => true,
    }
}

fn part_of_version(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '%')
}

const DAY_MS: i64 = 86_400_000;

fn of_day(at: Time) -> (i64, i64, i64) {
    let seconds = at.0.rem_euclid(DAY_MS) / 1_000;
    (seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// Year, month and day of a count of days since 1970-01-01, in the proleptic Gregorian calendar:
/// counts in eras of 400 years that begin on 1 March, so that a leap day ends its year.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// A count as a real number, for drawing and for shares.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "counts and milliseconds stay far below 2^53"
)]
pub fn real(n: u64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_and_leap_years_count() {
        for (ms, expect) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_827_696_000, "2000-02-29T12:34:56Z"),
            (1_795_269_802_000, "2026-11-21T14:03:22Z"),
            (-1_000, "1969-12-31T23:59:59Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(iso(Time(ms)), expect);
        }
        assert_eq!(date_time(Time(1_795_269_802_000)), "2026-11-21 14:03");
    }

    #[test]
    fn lengths_of_time_have_at_most_two_units() {
        for (ms, expect) in [
            (0, "0 s"),
            (40, "0.1 s"),
            (240, "0.2 s"),
            (38_000, "38 s"),
            (59_700, "1 min"),
            (80_000, "1 min 20 s"),
            (7_500_000, "2 h 5 min"),
            (273_600_000, "3 d 4 h"),
        ] {
            assert_eq!(duration(ms), expect, "{ms}");
        }
        assert_eq!(age(Time(7_200_000), Time(0)), "2 h");
        assert_eq!(age(Time(0), Time(9)), "0 s");
    }

    #[test]
    fn numbers_keep_the_digits_that_tell() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(41_210), "41,210");
        assert_eq!(count(1_000_000), "1,000,000");
        assert_eq!(percent(0.0011), "0.11%");
        assert_eq!(percent(0.25), "25.0%");
        assert_eq!(percent(1.0), "100%");
        assert_eq!(percent(0.0), "0%");
        assert_eq!(figure(7.123), "7.12");
        assert_eq!(figure(9_999.0), "9999");
        assert_eq!(figure(12_345.0), "12.3\u{a0}k");
        assert_eq!(figure(20_987_214.0), "21.0\u{a0}M");
        assert_eq!(latency(1_204.0), "1.20 s");
        assert_eq!(bytes(1_536), "1.5 KiB");
        assert_eq!(counted(1, "file", "files"), "1 file");
    }

    #[test]
    fn versions_are_found_whole() {
        let pieces = name_versions(
            "5% is on 1.1.0; the rest on 1.1. Not 1.1.0-rc.",
            Some("1.1"),
            "1.1.0",
        );
        assert_eq!(
            pieces,
            [
                Piece::Text("5% is on ".into()),
                Piece::New("1.1.0".into()),
                Piece::Text("; the rest on ".into()),
                Piece::Old("1.1".into()),
                Piece::Text(". Not 1.1.0-rc.".into()),
            ]
        );
        assert_eq!(
            name_versions("25% served by 5.", None, "5"),
            [
                Piece::Text("25% served by ".into()),
                Piece::New("5".into()),
                Piece::Text(".".into()),
            ]
        );
    }
}
