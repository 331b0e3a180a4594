//! The column of units, as keys.

use super::{AtRow, Column, Values, readers};
use crate::failure::Failure;
use crate::source::cell;
use crate::source::work::Scan;
use ::parquet::column::reader::ColumnReader;
use ::parquet::data_type::{ByteArrayType, DataType};

readers!(UnitReader {
    Int32(::parquet::data_type::Int32Type),
    Int64(::parquet::data_type::Int64Type),
    Float(::parquet::data_type::FloatType),
    Double(::parquet::data_type::DoubleType),
    Text(ByteArrayType),
    Fixed(::parquet::data_type::FixedLenByteArrayType),
});

/// Up to here every whole number has a float of its own.
const MOST_WHOLE: f64 = 9_007_199_254_740_992.0;

pub(in crate::source::parquet) struct UnitColumn<'a> {
    scan: &'a Scan<'a>,
    at: usize,
    reader: UnitReader,
    unsigned: bool,
}

impl<'a> UnitColumn<'a> {
    pub(in crate::source::parquet) fn new(column: Column<'a>) -> Result<Self, Failure> {
        let unfit = column.unfit("a unit", "units are whole numbers or text");
        let (scan, at, about) = (column.scan, column.at, &column.about);
        let (decimal, unsigned) = (column.is_decimal(), column.is_unsigned());
        let reader = match column.reader {
            _ if decimal => return Err(unfit),
            ColumnReader::Int32ColumnReader(reader) => {
                UnitReader::Int32(Values::new(reader, about))
            }
            ColumnReader::Int64ColumnReader(reader) => {
                UnitReader::Int64(Values::new(reader, about))
            }
            // As programs write a column of whole numbers of which some are missing.
            ColumnReader::FloatColumnReader(reader) => {
                UnitReader::Float(Values::new(reader, about))
            }
            ColumnReader::DoubleColumnReader(reader) => {
                UnitReader::Double(Values::new(reader, about))
            }
            ColumnReader::ByteArrayColumnReader(reader) => {
                UnitReader::Text(Values::new(reader, about))
            }
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                UnitReader::Fixed(Values::new(reader, about))
            }
            _ => return Err(unfit),
        };
        Ok(Self {
            scan,
            at,
            reader,
            unsigned,
        })
    }

    pub(in crate::source::parquet) const fn is_text(&self) -> bool {
        matches!(self.reader, UnitReader::Text(_) | UnitReader::Fixed(_))
    }

    /// Reads the keys of `count` rows; returns the rows without one.
    pub(in crate::source::parquet) fn read(
        &mut self,
        count: usize,
        keys: &mut Vec<u64>,
    ) -> Result<Vec<usize>, AtRow> {
        fn keyed<T: DataType>(
            values: &mut Values<T>,
            scan: &Scan<'_>,
            count: usize,
            keys: &mut Vec<u64>,
            key: impl Fn(&T::T) -> Result<Option<u64>, Failure>,
        ) -> Result<Vec<usize>, AtRow> {
            let mut missing = Vec::new();
            values.read(scan, count)?;
            values.each(count, |row, value| {
                let key = value
                    .map(&key)
                    .transpose()
                    .map_err(|failure| (row, failure))?
                    .flatten();
                if key.is_none() {
                    missing.push(row);
                }
                keys.push(key.unwrap_or(0));
                Ok(())
            })?;
            Ok(missing)
        }
        let text = |bytes: &[u8]| Ok((!bytes.is_empty()).then(|| cell::key_of_text(bytes)));
        let (scan, at, unsigned) = (self.scan, self.at, self.unsigned);
        let whole = |unit: f64| match unit {
            unit if unit.is_nan() => Ok(None),
            #[expect(clippy::cast_possible_truncation, reason = "whole and small enough")]
            unit if unit.fract() == 0.0 && unit.abs() <= MOST_WHOLE => {
                Ok(Some(cell::key_of_number(unit as i64)))
            }
            unit => Err(scan.wrong(
                at,
                format!("{unit} is no whole number that a float tells from the next"),
                "units are whole numbers or text",
            )),
        };
        match &mut self.reader {
            UnitReader::Int32(values) => keyed(values, scan, count, keys, |unit| {
                Ok(Some(cell::key_of_number(if unsigned {
                    i64::from(unit.cast_unsigned())
                } else {
                    i64::from(*unit)
                })))
            }),
            UnitReader::Float(values) => {
                keyed(values, scan, count, keys, |unit| whole(f64::from(*unit)))
            }
            UnitReader::Double(values) => keyed(values, scan, count, keys, |unit| whole(*unit)),
            UnitReader::Int64(values) => keyed(values, scan, count, keys, |unit| {
                Ok(Some(if unsigned && *unit < 0 {
                    // As the same number in a text file.
                    cell::key_of_text(unit.cast_unsigned().to_string().as_bytes())
                } else {
                    cell::key_of_number(*unit)
                }))
            }),
            UnitReader::Text(values) => keyed(values, scan, count, keys, |unit| text(unit.data())),
            UnitReader::Fixed(values) => keyed(values, scan, count, keys, |unit| text(unit.data())),
        }
    }
}
