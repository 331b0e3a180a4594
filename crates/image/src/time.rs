//! Milliseconds since 1970 as RFC 3339 text and back; the day count follows Howard Hinnant,
//! "chrono-Compatible Low-Level Date Algorithms", `civil_from_days` and `days_from_civil`.

const DAY_MS: i64 = 86_400_000;

/// `None` outside the years 0 to 9999, which RFC 3339 cannot write.
pub(crate) fn to_rfc3339(ms: i64) -> Option<String> {
    let (days, in_day) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS));
    let shifted = days.checked_add(719_468)?;
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
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    if !(0..=9999).contains(&year) {
        return None;
    }
    let (seconds, millis) = (in_day / 1000, in_day % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z"
    ))
}

/// Reads what other tools write: any number of fraction digits, `Z` or an offset.
pub(crate) fn from_rfc3339(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if !text.is_ascii() || bytes.len() < 20 {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        if digits.bytes().all(|b| b.is_ascii_digit()) {
            digits.parse().ok()
        } else {
            None
        }
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let punctuation = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    let plausible = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !plausible || punctuation.iter().any(|&(at, mark)| bytes[at] != mark) {
        return None;
    }
    let mut rest = &text[19..];
    let mut millis = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let padded: String = fraction[..digits]
            .chars()
            .chain("000".chars())
            .take(3)
            .collect();
        millis = padded.parse().ok()?;
        rest = &fraction[digits..];
    }
    let offset_minutes = match rest {
        "Z" | "z" => 0,
        _ => {
            let start = text.len().checked_sub(6)?;
            if rest.len() != 6 || bytes[start + 3] != b':' {
                return None;
            }
            let minutes = number(start + 1, start + 3)? * 60 + number(start + 4, start + 6)?;
            match bytes[start] {
                b'+' => minutes,
                b'-' => -minutes,
                _ => return None,
            }
        }
    };
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    let seconds = (hour * 60 + minute - offset_minutes) * 60 + second;
    Some(days * DAY_MS + seconds * 1000 + millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times_are_written_and_read() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_827_696_789, "2000-02-29T12:34:56.789Z"),
            (1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(to_rfc3339(ms).as_deref(), Some(text));
            assert_eq!(from_rfc3339(text), Some(ms));
        }
        assert_eq!(
            from_rfc3339("2023-11-14T23:13:20.1239+01:00"),
            Some(1_700_000_000_123)
        );
        assert_eq!(
            from_rfc3339("2023-11-14T22:13:20Z"),
            Some(1_700_000_000_000)
        );
    }

    #[test]
    fn what_is_no_time_is_refused() {
        assert_eq!(to_rfc3339(i64::MAX), None);
        assert_eq!(to_rfc3339(i64::MIN), None);
        assert_eq!(to_rfc3339(253_402_300_800_000), None);
        for bad in [
            "",
            "yesterday",
            "2023-11-14",
            "2023-13-14T22:13:20Z",
            "2023-11-14T22:13:20",
            "2023-11-14T22:13:20+1:00é",
        ] {
            assert_eq!(from_rfc3339(bad), None, "{bad}");
        }
    }
}
