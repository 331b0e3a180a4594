//! A column of times: plain numbers, or nanoseconds since 1970.

use super::{AtRow, Column, Values, readers};
use crate::failure::{Failure, shown};
use crate::source::cell::{self, Time};
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
    /// Nanoseconds a unit, or 1 for plain numbers.
    scale: i64,
}

impl<'a> TimeColumn<'a> {
    pub(in crate::source::parquet) fn new(column: Column<'a>) -> Result<Self, Failure> {
        let unfit = column.unfit(
            "a time",
            "times are timestamps, dates, whole numbers or text",
        );
        let (scan, at, about) = (column.scan, column.at, &column.about);
        let date = match (about.logical_type_ref(), about.converted_type()) {
            (Some(LogicalType::Timestamp(of)), _) => Some(match of.unit {
                TimeUnit::MILLIS => 1_000_000,
                TimeUnit::MICROS => 1_000,
                TimeUnit::NANOS => 1,
            }),
            (Some(LogicalType::Date), _) | (None, ConvertedType::DATE) => Some(NANOS_A_DAY),
            (None, ConvertedType::TIMESTAMP_MILLIS) => Some(1_000_000),
            (None, ConvertedType::TIMESTAMP_MICROS) => Some(1_000),
            _ if about.physical_type() == Type::INT96 => Some(1),
            _ if about.physical_type() == Type::DOUBLE => Some(1),
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
                .is_date(date.is_some())
                .map_err(|why| scan.wrong(at, why, "write all times alike"))?;
        }
        Ok(Self {
            scan,
            at,
            reader,
            scale: date.unwrap_or(1),
        })
    }

    /// Reads the times of `count` rows; returns the rows without one.
    pub(in crate::source::parquet) fn read(
        &mut self,
        count: usize,
        into: &mut Vec<i64>,
    ) -> Result<Vec<usize>, AtRow> {
        fn timed<T: DataType>(
            values: &mut Values<T>,
            scan: &Scan<'_>,
            count: usize,
            into: &mut Vec<i64>,
            time: impl Fn(&T::T) -> Result<Option<i64>, Failure>,
        ) -> Result<Vec<usize>, AtRow> {
            let mut missing = Vec::new();
            values.read(scan, count)?;
            // A row without a time repeats the last one, so that it does not look like going back.
            let mut last = 0;
            values.each(count, |row, value| {
                match value
                    .map(&time)
                    .transpose()
                    .map_err(|failure| (row, failure))?
                    .flatten()
                {
                    Some(time) => last = time,
                    None => missing.push(row),
                }
                into.push(last);
                Ok(())
            })?;
            Ok(missing)
        }
        let (scan, at, scale) = (self.scan, self.at, self.scale);
        let scaled = |time: i64| {
            time.checked_mul(scale).map(Some).ok_or_else(|| {
                scan.wrong(
                    at,
                    format!("{time} is too far from 1970"),
                    "correct this time",
                )
            })
        };
        match &mut self.reader {
            TimeReader::Int32(values) => {
                timed(values, scan, count, into, |time| scaled(i64::from(*time)))
            }
            TimeReader::Int64(values) => timed(values, scan, count, into, |time| scaled(*time)),
            TimeReader::Int96(values) => {
                timed(values, scan, count, into, |time| Ok(Some(time.to_nanos())))
            }
            TimeReader::Double(values) => timed(values, scan, count, into, |time| {
                match cell::seconds(*time) {
                    _ if time.is_nan() => Ok(None),
                    Some(Time::Date(nanos)) => Ok(Some(nanos)),
                    _ => Err(scan.wrong(
                        at,
                        format!("{time} is too far from 1970 for seconds"),
                        "write seconds since 1970, whole numbers, or timestamps",
                    )),
                }
            }),
            TimeReader::Text(values) => timed(values, scan, count, into, |text| {
                let text = text.data();
                if text.trim_ascii().is_empty() {
                    return Ok(None);
                }
                cell::time(text)
                    .ok_or("is not a time")
                    .and_then(|time| scan.times.number_of(time).map(Some))
                    .map_err(|why| {
                        scan.wrong(
                            at,
                            format!("{}: {why}", shown(text)),
                            "write whole numbers, or dates as 2026-01-31T12:00:00Z",
                        )
                    })
            }),
        }
    }
}
