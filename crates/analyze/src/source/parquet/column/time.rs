//! A column of times: plain numbers, or moments.

use super::{AtRow, Column, Values, readers};
use crate::failure::{Failure, shown};
use crate::source::cell::{self, Time, Written};
use crate::source::clock::Clock;
use crate::source::rows::Rows;
use crate::source::work::Scan;
use ::parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use ::parquet::column::reader::ColumnReader;
use ::parquet::data_type::{ByteArrayType, DataType};

readers!(TimeReader {
    Int32(::parquet::data_type::Int32Type),
    Int64(::parquet::data_type::Int64Type),
    Int96(::parquet::data_type::Int96Type),
    Double(::parquet::data_type::DoubleType),
    Text(ByteArrayType),
});

const NANOS_A_DAY: i64 = 86_400_000_000_000;

pub(in crate::source::parquet) struct TimeColumn<'a> {
    scan: &'a Scan<'a>,
    at: usize,
    reader: TimeReader,
    /// None of plain numbers and of text, which says itself what it is.
    moments: Option<Moments>,
    /// What was seen of the times.
    pub(in crate::source::parquet) clock: Clock,
}

/// How moments are stored.
#[derive(Clone, Copy)]
struct Moments {
    /// Nanoseconds a unit.
    scale: i64,
    zone: Option<bool>,
}

impl Moments {
    const DAYS: Self = Self {
        scale: NANOS_A_DAY,
        zone: Some(false),
    };

    const fn in_utc(scale: i64) -> Self {
        Self {
            scale,
            zone: Some(true),
        }
    }

    fn at(self, nanos: i64) -> Time {
        Time::Date {
            nanos,
            written: Written {
                time_of_day: nanos % NANOS_A_DAY != 0,
                zone: self.zone,
            },
        }
    }
}

impl<'a> TimeColumn<'a> {
    pub(in crate::source::parquet) fn new(column: Column<'a>) -> Result<Self, Failure> {
        let unfit = column.unfit(
            "a time",
            "times are timestamps, dates, whole numbers or text",
        );
        let (scan, at, about) = (column.scan, column.at, &column.about);
        let moments = match (about.logical_type_ref(), about.converted_type()) {
            (Some(LogicalType::Timestamp(of)), _) => Some(Moments {
                scale: match of.unit {
                    TimeUnit::MILLIS => 1_000_000,
                    TimeUnit::MICROS => 1_000,
                    TimeUnit::NANOS => 1,
                },
                zone: Some(of.is_adjusted_to_u_t_c),
            }),
            (Some(LogicalType::Date), _) | (None, ConvertedType::DATE) => Some(Moments::DAYS),
            (None, ConvertedType::TIMESTAMP_MILLIS) => Some(Moments::in_utc(1_000_000)),
            (None, ConvertedType::TIMESTAMP_MICROS) => Some(Moments::in_utc(1_000)),
            // Who wrote these took them as of UTC or of the place, and does not say.
            _ if about.physical_type() == Type::INT96 => Some(Moments {
                scale: 1,
                zone: None,
            }),
            _ if about.physical_type() == Type::DOUBLE => None,
            (Some(LogicalType::Integer(_) | LogicalType::String) | None, _) => None,
            _ => return Err(unfit),
        };
        let reader = match column.reader {
            ColumnReader::Int32ColumnReader(reader) => {
                TimeReader::Int32(Values::new(reader, about))
            }
            ColumnReader::Int64ColumnReader(reader) => {
                TimeReader::Int64(Values::new(reader, about))
            }
            ColumnReader::Int96ColumnReader(reader) => {
                TimeReader::Int96(Values::new(reader, about))
            }
            ColumnReader::DoubleColumnReader(reader) => {
                TimeReader::Double(Values::new(reader, about))
            }
            ColumnReader::ByteArrayColumnReader(reader) => {
                TimeReader::Text(Values::new(reader, about))
            }
            _ => return Err(unfit),
        };
        if !matches!(reader, TimeReader::Text(_)) {
            scan.times
                .is_date(moments.is_some())
                .map_err(|why| scan.wrong(at, why, "write all times alike"))?;
        }
        Ok(Self {
            scan,
            at,
            reader,
            moments,
            clock: Clock::default(),
        })
    }

    /// Reads the times of `count` rows; returns the rows without one.
    pub(in crate::source::parquet) fn read(
        &mut self,
        count: usize,
        into: &mut Rows,
    ) -> Result<Vec<usize>, AtRow> {
        fn timed<T: DataType>(
            values: &mut Values<T>,
            (scan, clock): (&Scan<'_>, &mut Clock),
            count: usize,
            into: &mut Rows,
            time: impl Fn(&T::T) -> Result<Option<Time>, Failure>,
        ) -> Result<Vec<usize>, AtRow> {
            let mut missing = Vec::new();
            values.read(scan, count)?;
            // For a row without one, which is dropped.
            let none = Time::Plain {
                whole: 0,
                micros: 0,
            };
            values.each(count, |row, value| {
                let time = value
                    .map(&time)
                    .transpose()
                    .map_err(|failure| (row, failure))?
                    .flatten();
                match &time {
                    Some(time) => clock.see(time),
                    None => missing.push(row),
                }
                into.push_time(time.unwrap_or(none));
                Ok(())
            })?;
            Ok(missing)
        }
        let (scan, at, moments) = (self.scan, self.at, self.moments);
        let seen = (scan, &mut self.clock);
        let whole = |number: i64| match moments {
            None => Ok(Some(Time::Plain {
                whole: number,
                micros: 0,
            })),
            Some(of) => match number.checked_mul(of.scale) {
                Some(nanos) => Ok(Some(of.at(nanos))),
                None => Err(scan.wrong(
                    at,
                    format!("{number} is too far from 1970"),
                    "correct this time",
                )),
            },
        };
        match &mut self.reader {
            TimeReader::Int32(values) => {
                timed(values, seen, count, into, |time| whole(i64::from(*time)))
            }
            TimeReader::Int64(values) => timed(values, seen, count, into, |time| whole(*time)),
            TimeReader::Int96(values) => {
                timed(values, seen, count, into, |time| whole(time.to_nanos()))
            }
            TimeReader::Double(values) => {
                timed(values, seen, count, into, |time| match cell::plain(*time) {
                    _ if time.is_nan() => Ok(None),
                    Some(time) => Ok(Some(time)),
                    None => Err(scan.wrong(
                        at,
                        format!("{time} is too large for a time"),
                        "write seconds since 1970, whole numbers, or timestamps",
                    )),
                })
            }
            TimeReader::Text(values) => timed(values, seen, count, into, |text| {
                let text = text.data();
                if text.trim_ascii().is_empty() {
                    return Ok(None);
                }
                cell::time(text)
                    .ok_or("is not a time")
                    .and_then(|time| scan.times.admit(&time).map(|()| Some(time)))
                    .map_err(|why| {
                        scan.wrong(
                            at,
                            format!("{}: {why}", shown(text)),
                            "write numbers, or dates as 2026-01-31T12:00:00Z",
                        )
                    })
            }),
        }
    }
}
