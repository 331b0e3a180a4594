//! One column of one row group, as keys, variants, times or numbers.

mod metric;
mod time;
mod unit;
mod variant;

pub(super) use metric::MetricColumn;
pub(super) use time::TimeColumn;
pub(super) use unit::UnitColumn;
pub(super) use variant::VariantColumn;

use super::unreadable;
use crate::failure::Failure;
use crate::source::work::Scan;
use ::parquet::basic::{ConvertedType, LogicalType};
use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use ::parquet::data_type::DataType;
use ::parquet::file::reader::RowGroupReader;
use ::parquet::schema::types::{ColumnDescPtr, ColumnDescriptor};

/// A failure and the row in the batch it was met at.
type AtRow = (usize, Failure);

/// A column opened for reading, with what an error about it needs.
pub(super) struct Column<'a> {
    scan: &'a Scan<'a>,
    at: usize,
    reader: ColumnReader,
    about: ColumnDescPtr,
}

impl<'a> Column<'a> {
    pub(super) fn open(
        scan: &'a Scan<'a>,
        group: &dyn RowGroupReader,
        at: usize,
    ) -> Result<Self, Failure> {
        let about = group.metadata().column(at).column_descr_ptr();
        if about.max_rep_level() > 0 {
            return Err(scan.wrong(at, "this column holds lists", "unnest it first"));
        }
        let reader = group
            .get_column_reader(at)
            .map_err(|error| unreadable(scan.path, &error))?;
        Ok(Self {
            scan,
            at,
            reader,
            about,
        })
    }

    fn unfit(&self, as_what: &str, remedy: &str) -> Failure {
        let kind = match (self.about.logical_type_ref(), self.about.converted_type()) {
            // Its name, without what is said of it.
            (Some(logical), _) => {
                let text = format!("{logical:?}");
                text.split(['(', ' ']).next().unwrap_or_default().to_owned()
            }
            (None, ConvertedType::NONE) => self.about.physical_type().to_string(),
            (None, converted) => converted.to_string(),
        };
        self.scan.wrong(
            self.at,
            format!("a column of type {kind} cannot be {as_what}"),
            remedy,
        )
    }

    /// Whole numbers without a sign are stored as if they had one.
    fn is_unsigned(&self) -> bool {
        match self.about.logical_type_ref() {
            Some(LogicalType::Integer(of)) => !of.is_signed,
            Some(_) => false,
            None => matches!(
                self.about.converted_type(),
                ConvertedType::UINT_8
                    | ConvertedType::UINT_16
                    | ConvertedType::UINT_32
                    | ConvertedType::UINT_64
            ),
        }
    }

    /// Whether the stored whole numbers are moments or days.
    fn is_date(&self) -> bool {
        matches!(
            self.about.logical_type_ref(),
            Some(LogicalType::Timestamp(_) | LogicalType::Date | LogicalType::Time(_))
        ) || matches!(
            self.about.converted_type(),
            ConvertedType::DATE
                | ConvertedType::TIME_MILLIS
                | ConvertedType::TIME_MICROS
                | ConvertedType::TIMESTAMP_MILLIS
                | ConvertedType::TIMESTAMP_MICROS
        )
    }

    fn is_decimal(&self) -> bool {
        matches!(self.about.logical_type_ref(), Some(LogicalType::Decimal(_)))
            || self.about.converted_type() == ConvertedType::DECIMAL
    }
}

/// The values of a batch and which of its rows they belong to.
struct Values<T: DataType> {
    reader: ColumnReaderImpl<T>,
    optional: i16,
    values: Vec<T::T>,
    levels: Vec<i16>,
}

impl<T: DataType> Values<T> {
    fn new(reader: ColumnReaderImpl<T>, about: &ColumnDescriptor) -> Self {
        Self {
            reader,
            optional: about.max_def_level(),
            values: Vec::new(),
            levels: Vec::new(),
        }
    }

    fn read(&mut self, scan: &Scan<'_>, count: usize) -> Result<(), AtRow> {
        self.values.clear();
        self.levels.clear();
        let (rows, _, _) = self
            .reader
            .read_records(count, Some(&mut self.levels), None, &mut self.values)
            .map_err(|error| (0, unreadable(scan.path, &error)))?;
        if rows == count {
            Ok(())
        } else {
            Err((
                rows,
                Failure::file(
                    scan.path,
                    "the file ends early",
                    "was it written to its end?",
                ),
            ))
        }
    }

    /// Each row's value, or `None` where it has none.
    fn each<E>(
        &self,
        count: usize,
        mut each: impl FnMut(usize, Option<&T::T>) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.values.len() == count {
            return self
                .values
                .iter()
                .enumerate()
                .try_for_each(|(row, value)| each(row, Some(value)));
        }
        let mut values = self.values.iter();
        for (row, level) in self.levels.iter().enumerate() {
            let value = if *level == self.optional {
                values.next()
            } else {
                None
            };
            each(row, value)?;
        }
        Ok(())
    }
}

/// Fits a reader of any of the named kinds into one enum of ours.
macro_rules! readers {
    ($name:ident { $($kind:ident($data:ty)),* $(,)? }) => {
        enum $name { $($kind(Values<$data>)),* }
    };
}

use readers;
