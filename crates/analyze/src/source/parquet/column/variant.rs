//! The column of variants, as codes.

use super::{AtRow, Column, Values, readers};
use crate::failure::Failure;
use crate::source::rows::{NO_VARIANT, NoCode, VariantCodes};
use crate::source::work::Scan;
use ::parquet::column::reader::ColumnReader;
use ::parquet::data_type::{ByteArrayType, DataType};

readers!(VariantReader {
    Bool(::parquet::data_type::BoolType),
    Int32(::parquet::data_type::Int32Type),
    Int64(::parquet::data_type::Int64Type),
    Text(ByteArrayType),
});

pub(in crate::source::parquet) struct VariantColumn<'a> {
    scan: &'a Scan<'a>,
    reader: VariantReader,
    unsigned: bool,
}

impl<'a> VariantColumn<'a> {
    pub(in crate::source::parquet) fn new(column: Column<'a>) -> Result<Self, Failure> {
        let unfit = column.unfit(
            "a variant",
            "variants are text, whole numbers or true and false",
        );
        let (scan, about) = (column.scan, &column.about);
        let unsigned = column.is_unsigned();
        if column.is_date() || column.is_decimal() {
            return Err(unfit);
        }
        let reader = match column.reader {
            ColumnReader::BoolColumnReader(reader) => {
                VariantReader::Bool(Values::new(reader, about))
            }
            ColumnReader::Int32ColumnReader(reader) => {
                VariantReader::Int32(Values::new(reader, about))
            }
            ColumnReader::Int64ColumnReader(reader) => {
                VariantReader::Int64(Values::new(reader, about))
            }
            ColumnReader::ByteArrayColumnReader(reader) => {
                VariantReader::Text(Values::new(reader, about))
            }
            _ => return Err(unfit),
        };
        Ok(Self {
            scan,
            reader,
            unsigned,
        })
    }

    pub(in crate::source::parquet) fn read(
        &mut self,
        count: usize,
        codes: &mut VariantCodes<'_>,
        into: &mut Vec<u16>,
    ) -> Result<(), AtRow> {
        fn coded<T: DataType>(
            values: &mut Values<T>,
            scan: &Scan<'_>,
            count: usize,
            into: &mut Vec<u16>,
            mut code: impl FnMut(&T::T) -> Result<u16, NoCode>,
        ) -> Result<(), AtRow> {
            values.read(scan, count)?;
            values.each(count, |row, value| {
                into.push(match value {
                    None => NO_VARIANT,
                    Some(value) => code(value).map_err(|why| (row, scan.no_variant(why)))?,
                });
                Ok(())
            })
        }
        let (scan, unsigned) = (self.scan, self.unsigned);
        match &mut self.reader {
            VariantReader::Bool(values) => coded(values, scan, count, into, |on| {
                codes.code(if *on { b"true" } else { b"false" })
            }),
            VariantReader::Int32(values) => coded(values, scan, count, into, |arm| {
                codes.code(
                    if unsigned {
                        arm.cast_unsigned().to_string()
                    } else {
                        arm.to_string()
                    }
                    .as_bytes(),
                )
            }),
            VariantReader::Int64(values) => coded(values, scan, count, into, |arm| {
                codes.code(
                    if unsigned {
                        arm.cast_unsigned().to_string()
                    } else {
                        arm.to_string()
                    }
                    .as_bytes(),
                )
            }),
            VariantReader::Text(values) => {
                coded(values, scan, count, into, |arm| codes.code(arm.data()))
            }
        }
    }
}
