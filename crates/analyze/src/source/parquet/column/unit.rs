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
    Text(ByteArrayType),
    Fixed(::parquet::data_type::FixedLenByteArrayType),
});

pub(in crate::source::parquet) struct UnitColumn<'a> {
    scan: &'a Scan<'a>,
    reader: UnitReader,
    unsigned: bool,
}

impl<'a> UnitColumn<'a> {
    pub(in crate::source::parquet) fn new(column: Column<'a>) -> Result<Self, Failure> {
        let unfit = column.unfit("a unit", "units are whole numbers or text");
        let (scan, about) = (column.scan, &column.about);
        let (decimal, unsigned) = (column.is_decimal(), column.is_unsigned());
        let reader = match column.reader {
            _ if decimal => return Err(unfit),
            ColumnReader::Int32ColumnReader(reader) => {
                UnitReader::Int32(Values::new(reader, about))
            }
            ColumnReader::Int64ColumnReader(reader) => {
                UnitReader::Int64(Values::new(reader, about))
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
            key: impl Fn(&T::T) -> Option<u64>,
        ) -> Result<Vec<usize>, AtRow> {
            let mut missing = Vec::new();
            values.read(scan, count)?;
            values.each(count, |row, value| {
                let key = value.and_then(&key);
                if key.is_none() {
                    missing.push(row);
                }
                keys.push(key.unwrap_or(0));
                Ok(())
            })?;
            Ok(missing)
        }
        let text = |bytes: &[u8]| (!bytes.is_empty()).then(|| cell::key_of_text(bytes));
        let (scan, unsigned) = (self.scan, self.unsigned);
        match &mut self.reader {
            UnitReader::Int32(values) => keyed(values, scan, count, keys, |unit| {
                Some(cell::key_of_number(if unsigned {
                    i64::from(unit.cast_unsigned())
                } else {
                    i64::from(*unit)
                }))
            }),
            UnitReader::Int64(values) => keyed(values, scan, count, keys, |unit| {
                Some(if unsigned && *unit < 0 {
                    // As the same number in a text file.
                    cell::key_of_text(unit.cast_unsigned().to_string().as_bytes())
                } else {
                    cell::key_of_number(*unit)
                })
            }),
            UnitReader::Text(values) => keyed(values, scan, count, keys, |unit| text(unit.data())),
            UnitReader::Fixed(values) => keyed(values, scan, count, keys, |unit| text(unit.data())),
        }
    }
}
