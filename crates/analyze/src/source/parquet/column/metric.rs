//! A column of a metric's values.

use super::{AtRow, Column, Values, readers};
use crate::failure::{Failure, shown};
use crate::source::cell;
use crate::source::work::Scan;
use ::parquet::basic::LogicalType;
use ::parquet::column::reader::ColumnReader;
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, FixedLenByteArrayType};

readers!(MetricReader {
    Bool(::parquet::data_type::BoolType),
    Int32(::parquet::data_type::Int32Type),
    Int64(::parquet::data_type::Int64Type),
    Float(::parquet::data_type::FloatType),
    Double(::parquet::data_type::DoubleType),
    Text(ByteArrayType),
    Decimal(ByteArrayType),
    FixedDecimal(FixedLenByteArrayType),
});

pub(in crate::source::parquet) struct MetricColumn<'a> {
    scan: &'a Scan<'a>,
    at: usize,
    reader: MetricReader,
    /// What a stored whole number is divided by, for decimals.
    scale: f64,
    unsigned: bool,
}

impl<'a> MetricColumn<'a> {
    pub(in crate::source::parquet) fn new(column: Column<'a>) -> Result<Self, Failure> {
        let remedy = match column.about.logical_type_ref() {
            Some(LogicalType::Float16) => "write it as numbers of 32 or 64 bits",
            _ => "metrics are numbers, or true and false",
        };
        let unfit = column.unfit("a metric", remedy);
        let (scan, at, about) = (column.scan, column.at, &column.about);
        let (decimal, unsigned) = (column.is_decimal(), column.is_unsigned());
        if column.is_date() {
            return Err(unfit);
        }
        let scale = if decimal {
            10f64.powi(about.type_scale())
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
            ColumnReader::ByteArrayColumnReader(reader) => {
                MetricReader::Decimal(Values::new(reader, about))
            }
            ColumnReader::FixedLenByteArrayColumnReader(reader) if decimal => {
                MetricReader::FixedDecimal(Values::new(reader, about))
            }
            _ => return Err(unfit),
        };
        Ok(Self {
            scan,
            at,
            reader,
            scale,
            unsigned,
        })
    }

    /// Reads `count` values; returns how many of them say NaN.
    pub(in crate::source::parquet) fn read(
        &mut self,
        count: usize,
        into: &mut Vec<f64>,
    ) -> Result<u64, AtRow> {
        fn numbers<T: DataType>(
            values: &mut Values<T>,
            scan: &Scan<'_>,
            count: usize,
            into: &mut Vec<f64>,
            number: impl Fn(&T::T) -> Result<Option<f64>, Failure>,
        ) -> Result<u64, AtRow> {
            let mut nan = 0;
            values.read(scan, count)?;
            values.each(count, |row, value| {
                let value = match value {
                    None => None,
                    Some(value) => number(value).map_err(|failure| (row, failure))?,
                };
                nan += u64::from(value.is_some_and(f64::is_nan));
                into.push(value.unwrap_or(f64::NAN));
                Ok(())
            })?;
            Ok(nan)
        }
        let (scan, at, scale) = (self.scan, self.at, self.scale);
        let unsigned = self.unsigned;
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
                Ok(Some(value))
            }
        };
        match &mut self.reader {
            MetricReader::Bool(values) => numbers(values, scan, count, into, |on| {
                Ok(Some(f64::from(u8::from(*on))))
            }),
            MetricReader::Int32(values) => numbers(values, scan, count, into, |value| {
                Ok(Some(if unsigned {
                    f64::from(value.cast_unsigned())
                } else {
                    f64::from(*value) / scale
                }))
            }),
            #[expect(clippy::cast_precision_loss, reason = "metrics are floats")]
            MetricReader::Int64(values) => numbers(values, scan, count, into, |value| {
                Ok(Some(if unsigned {
                    value.cast_unsigned() as f64
                } else {
                    *value as f64 / scale
                }))
            }),
            MetricReader::Decimal(values) => numbers(values, scan, count, into, |digits| {
                finite(whole(digits.data()) / scale)
            }),
            MetricReader::FixedDecimal(values) => numbers(values, scan, count, into, |digits| {
                finite(whole(digits.data()) / scale)
            }),
            MetricReader::Float(values) => {
                numbers(values, scan, count, into, |value| finite(f64::from(*value)))
            }
            MetricReader::Double(values) => {
                numbers(values, scan, count, into, |value| finite(*value))
            }
            MetricReader::Text(values) => numbers(values, scan, count, into, |text: &ByteArray| {
                cell::metric(text.data())
                    .map(|value| {
                        Some(value).filter(|value| !value.is_nan() || cell::is_nan(text.data()))
                    })
                    .map_err(|why| wrong(format!("{} {why}", shown(text.data()))))
            }),
        }
    }
}

/// A whole number in two's complement, its highest byte first; of any length.
fn whole(bytes: &[u8]) -> f64 {
    let negative = bytes.first().is_some_and(|high| *high >= 0x80);
    let sign = if negative { u8::MAX } else { 0 };
    let digits: Vec<u8> = bytes
        .iter()
        .copied()
        .skip_while(|byte| *byte == sign)
        .collect();
    let mut low = [sign; 16];
    match low.len().checked_sub(digits.len()) {
        // Rounded once only.
        Some(from) => {
            low[from..].copy_from_slice(&digits);
            let whole = i128::from_be_bytes(low);
            // The byte that told the sign may be among those passed over.
            if negative == (whole < 0) {
                #[expect(clippy::cast_precision_loss, reason = "metrics are floats")]
                return whole as f64;
            }
            long(bytes)
        }
        None => long(bytes),
    }
}

fn long(bytes: &[u8]) -> f64 {
    let mut bytes = bytes.iter();
    let high = bytes
        .next()
        .map_or(0.0, |high| f64::from(high.cast_signed()));
    bytes.fold(high, |sum, byte| sum * 256.0 + f64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn whole_numbers_of_any_length() {
        for number in [
            0,
            1,
            -1,
            127,
            -128,
            255,
            1_995,
            -1_995,
            i128::MAX,
            i128::MIN,
        ] {
            #[expect(clippy::cast_precision_loss, reason = "what is wanted")]
            let want = number as f64;
            assert_eq!(whole(&number.to_be_bytes()), want, "{number}");
            let sign = if number < 0 { 255 } else { 0 };
            let long = [&[sign; 9], number.to_be_bytes().as_slice()].concat();
            assert_eq!(whole(&long), want, "{number}");
        }
        assert_eq!(whole(&[0xff, 0x38]), -200.0);
        assert_eq!(whole(&[0x80]), -128.0);
        assert_eq!(whole(&[]), 0.0);
        assert_eq!(whole(&[[1].as_slice(), &[0; 20]].concat()), 160f64.exp2());
        assert_eq!(
            whole(&[[255].as_slice(), &[0; 20]].concat()),
            -160f64.exp2()
        );
    }
}
