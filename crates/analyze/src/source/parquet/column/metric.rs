//! A column of a metric's values.

use super::{AtRow, Column, Values, readers};
use crate::failure::{Failure, shown};
use crate::source::cell;
use crate::source::work::Scan;
use ::parquet::column::reader::ColumnReader;
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType};

readers!(MetricReader {
    Bool(::parquet::data_type::BoolType),
    Int32(::parquet::data_type::Int32Type),
    Int64(::parquet::data_type::Int64Type),
    Float(::parquet::data_type::FloatType),
    Double(::parquet::data_type::DoubleType),
    Text(ByteArrayType),
});

pub(in crate::source::parquet) struct MetricColumn<'a> {
    scan: &'a Scan<'a>,
    at: usize,
    reader: MetricReader,
    /// What a stored whole number is multiplied by, for decimals.
    scale: f64,
}

impl<'a> MetricColumn<'a> {
    pub(in crate::source::parquet) fn new(column: Column<'a>) -> Result<Self, Failure> {
        let unfit = column.unfit("a metric", "metrics are numbers, or true and false");
        let (scan, at, about) = (column.scan, column.at, &column.about);
        let decimal = column.is_decimal();
        let scale = if decimal {
            10f64.powi(-about.type_scale())
        } else {
            1.0
        };
        let reader = match column.reader {
            ColumnReader::BoolColumnReader(reader) => {
                MetricReader::Bool(Values::new(reader, about))
            }
            ColumnReader::Int32ColumnReader(reader) => {
                MetricReader::Int32(Values::new(reader, about))
            }
            ColumnReader::Int64ColumnReader(reader) => {
                MetricReader::Int64(Values::new(reader, about))
            }
            ColumnReader::FloatColumnReader(reader) => {
                MetricReader::Float(Values::new(reader, about))
            }
            ColumnReader::DoubleColumnReader(reader) => {
                MetricReader::Double(Values::new(reader, about))
            }
            ColumnReader::ByteArrayColumnReader(reader) if !decimal => {
                MetricReader::Text(Values::new(reader, about))
            }
            _ => return Err(unfit),
        };
        Ok(Self {
            scan,
            at,
            reader,
            scale,
        })
    }

    pub(in crate::source::parquet) fn read(
        &mut self,
        count: usize,
        into: &mut Vec<f64>,
    ) -> Result<(), AtRow> {
        fn numbers<T: DataType>(
            values: &mut Values<T>,
            scan: &Scan<'_>,
            count: usize,
            into: &mut Vec<f64>,
            number: impl Fn(&T::T) -> Result<f64, Failure>,
        ) -> Result<(), AtRow> {
            values.read(scan, count)?;
            values.each(count, |row, value| {
                into.push(match value {
                    None => f64::NAN,
                    Some(value) => number(value).map_err(|failure| (row, failure))?,
                });
                Ok(())
            })
        }
        let (scan, at, scale) = (self.scan, self.at, self.scale);
        let wrong = |what: String| {
            scan.wrong(
                at,
                what,
                "correct it, or leave it null where there is no value",
            )
        };
        let finite = |value: f64| {
            if value.is_infinite() {
                Err(wrong("an infinite value".to_owned()))
            } else {
                Ok(value)
            }
        };
        match &mut self.reader {
            MetricReader::Bool(values) => {
                numbers(values, scan, count, into, |on| Ok(f64::from(u8::from(*on))))
            }
            MetricReader::Int32(values) => numbers(values, scan, count, into, |value| {
                Ok(f64::from(*value) * scale)
            }),
            #[expect(clippy::cast_precision_loss, reason = "metrics are floats")]
            MetricReader::Int64(values) => {
                numbers(values, scan, count, into, |value| Ok(*value as f64 * scale))
            }
            MetricReader::Float(values) => {
                numbers(values, scan, count, into, |value| finite(f64::from(*value)))
            }
            MetricReader::Double(values) => {
                numbers(values, scan, count, into, |value| finite(*value))
            }
            MetricReader::Text(values) => numbers(values, scan, count, into, |text: &ByteArray| {
                cell::metric(text.data())
                    .map_err(|why| wrong(format!("{} {why}", shown(text.data()))))
            }),
        }
    }
}
