//! What clock the times of a file are of, and whether those of two files are of one.

use super::cell::Time;
use crate::failure::Failure;
use crate::figures::{count, counted};

/// The first moment of 2001 and of 2100 in seconds since 1970; between them lies what people measure.
const YEARS: std::ops::Range<i64> = 978_307_200..4_102_444_800;

/// A unit of the time since 1970, a thousandth of the one before.
const UNITS: [&str; 4] = [
    "seconds since 1970",
    "milliseconds since 1970",
    "microseconds since 1970",
    "nanoseconds since 1970",
];

/// One in so many may be a slip; more are a kind of row.
const FEW: u64 = 100;

/// How the times of a file are written, counted over its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clock {
    plain: u64,
    /// Plain numbers that would be of this century, by the unit.
    units: [u64; UNITS.len()],
    dates: u64,
    with_time_of_day: u64,
    with_zone: u64,
    without_zone: u64,
}

/// What differs between the dates of two files, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remark {
    pub(crate) what: String,
    pub(crate) remedy: &'static str,
}

impl Clock {
    #[inline]
    pub(super) fn see(&mut self, time: &Time) {
        match time {
            Time::Plain { whole, .. } => {
                self.plain += 1;
                let mut seconds = *whole;
                for unit in &mut self.units {
                    // A time of one unit is not of this century in another.
                    if seconds < YEARS.end {
                        *unit += u64::from(seconds >= YEARS.start);
                        break;
                    }
                    seconds /= 1_000;
                }
            }
            Time::Date { written, .. } => {
                self.dates += 1;
                self.with_time_of_day += u64::from(written.time_of_day);
                self.with_zone += u64::from(written.zone == Some(true));
                self.without_zone += u64::from(written.zone == Some(false));
            }
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.plain += other.plain;
        for (unit, more) in self.units.iter_mut().zip(other.units) {
            *unit += more;
        }
        self.dates += other.dates;
        self.with_time_of_day += other.with_time_of_day;
        self.with_zone += other.with_zone;
        self.without_zone += other.without_zone;
    }

    /// The unit since 1970 in which most of the times are of this century.
    fn unit(&self) -> Option<usize> {
        self.units.iter().position(|times| 2 * times > self.plain)
    }

    /// # Errors
    ///
    /// Numbers since 1970 in two units, as where two exports were put into one file.
    pub(crate) fn must_be_one(&self, name: &str) -> Result<(), Failure> {
        let mut used = (0..UNITS.len()).filter(|unit| self.units[*unit] * FEW > self.plain);
        match (used.next(), used.next()) {
            (Some(one), Some(two)) => Err(Failure::asked(
                format!(
                    "--time: the times of {name} are {} in {} and {} in {}",
                    UNITS[one],
                    counted(self.units[one], "row"),
                    UNITS[two],
                    counted(self.units[two], "row")
                ),
                "write all of them in one unit",
            )),
            _ => Ok(()),
        }
    }

    /// # Errors
    ///
    /// Numbers in one file and dates in the other, or numbers since 1970 in units that differ: what is
    /// from before and what from after an exposure cannot be told of those.
    pub(crate) fn must_match(&self, other: &Self, [here, there]: [&str; 2]) -> Result<(), Failure> {
        let failure = |[one, two]: [&str; 2], remedy: String| {
            Failure::asked(
                format!("--time: the times of {here} are {one}, those of {there} are {two}"),
                remedy,
            )
        };
        let kind = |dates| if dates { "dates" } else { "plain numbers" };
        if self.plain.min(other.dates) > 0 || self.dates.min(other.plain) > 0 {
            return Err(failure(
                [self, other].map(|clock| kind(clock.dates > 0)),
                "write both in the same way".to_owned(),
            ));
        }
        match (self.unit(), other.unit()) {
            (Some(one), Some(two)) if one != two => Err(failure(
                [UNITS[one], UNITS[two]],
                format!(
                    "write both in one unit: divide those of {} by {}",
                    if one > two { here } else { there },
                    // One and all zeros.
                    count((0..one.abs_diff(two)).fold(1, |by, _| by * 1_000))
                ),
            )),
            _ => Ok(()),
        }
    }

    /// How the dates of two files differ in a way that moves them against each other.
    pub(crate) fn remark(&self, other: &Self, [here, there]: [&str; 2]) -> Option<Remark> {
        let days = |clock: &Self| clock.dates > 0 && clock.with_time_of_day == 0;
        let timed = |clock: &Self| clock.with_time_of_day > 0;
        let all = |part: u64, clock: &Self| clock.dates > 0 && part == clock.dates;
        let pairs = [(self, here, other, there), (other, there, self, here)];
        let by_day = |(one, name, two, its): (&Self, &str, &Self, &str)| {
            (days(one) && timed(two)).then(|| Remark {
                what: format!(
                    "{name} has dates without a time of day, which count from midnight, and {its} has \
                     times of day"
                ),
                remedy: "write the time of day in both",
            })
        };
        let by_zone = |(one, name, two, its): (&Self, &str, &Self, &str)| {
            (all(one.without_zone, one) && all(two.with_zone, two)).then(|| Remark {
                what: format!(
                    "{name} has times without a zone, which are read as UTC, and {its} has times with one"
                ),
                remedy: "write the zone in both",
            })
        };
        pairs
            .into_iter()
            .find_map(by_day)
            .or_else(|| pairs.into_iter().find_map(by_zone))
    }
}
