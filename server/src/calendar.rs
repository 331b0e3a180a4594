//! Times as people and spreadsheets write them, in UTC.

use domain::Time;

const DAY_MS: i64 = 86_400_000;

/// `("2026-11-21", "05:04:31")`. Days to dates by Howard Hinnant's `civil_from_days`
/// ("chrono-Compatible Low-Level Date Algorithms", 2013).
pub(crate) fn utc(time: Time) -> (String, String) {
    let days = time.0.div_euclid(DAY_MS);
    let seconds = time.0.rem_euclid(DAY_MS) / 1_000;
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    (
        format!("{year:04}-{month:02}-{day:02}"),
        format!("{hour:02}:{minute:02}:{second:02}"),
    )
}

/// `2026-11-21T05:04:31Z`.
pub(crate) fn iso(time: Time) -> String {
    let (date, clock) = utc(time);
    format!("{date}T{clock}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (1_795_237_471_999, "2026-11-21T05:04:31Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(iso(Time(ms)), text);
        }
    }
}
