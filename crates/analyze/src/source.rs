//! Files of rows, read in parallel pieces of work: CSV and Parquet behind one door.

pub(crate) mod cell;
mod clock;
mod csv;
mod input;
mod look;
mod parquet;
mod rows;
mod work;

pub(crate) use clock::Remark;
pub(crate) use csv::kind;
pub(crate) use look::Look;
pub(crate) use rows::{NO_VARIANT, Rows, Tally, TimeKind, Variants};
pub use work::Progress;
pub(crate) use work::Sink;

use crate::failure::{Failure, Place};
use crate::figures;
use crate::near;
use input::{Input, STANDARD_INPUT};
use std::path::{Path, PathBuf};

/// A file that has been opened and whose columns are known.
pub(crate) struct Source {
    path: PathBuf,
    columns: Vec<String>,
    table: Table,
}

enum Table {
    Csv(csv::Table),
    Parquet(parquet::Table),
}

/// Which columns of a file are read, by position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// None where rows stand for themselves.
    pub(crate) unit: Option<usize>,
    pub(crate) variant: Option<usize>,
    pub(crate) time: Option<usize>,
    pub(crate) metrics: Vec<usize>,
}

impl Source {
    /// Opens a file and reads its header. What it is, is told by its first bytes, not its name.
    /// `-` is standard input.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let name = if path == Path::new(STANDARD_INPUT) {
            Path::new("standard input")
        } else {
            path
        };
        let input = Input::open(path, name)?;
        let magic = input
            .part(0, 4)
            .map_err(|error| Failure::file(name, error.to_string(), ""))?;
        let (columns, table) = match magic.as_slice() {
            [] => {
                return Err(Failure::file(
                    name,
                    "the file is empty",
                    "write a header line and at least one row",
                ));
            }
            b"PAR1" => {
                let (columns, table) = parquet::Table::open(name, input)?;
                (columns, Table::Parquet(table))
            }
            _ => {
                let (columns, table) = csv::Table::open(name, input)?;
                (columns, Table::Csv(table))
            }
        };
        Ok(Self {
            path: name.to_owned(),
            columns,
            table,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column == name)
    }

    /// The position of a column.
    pub(crate) fn column(&self, name: &str) -> Result<usize, Failure> {
        let mut found = (0..self.columns.len()).filter(|at| self.columns[*at] == name);
        match (found.next(), found.next()) {
            (Some(at), None) => Ok(at),
            (Some(_), Some(_)) => Err(Failure::file(
                &self.path,
                format!("there are two columns \"{}\"", figures::name(name)),
                "give each column a name of its own",
            )),
            (None, _) if self.parts(name).next().is_some() => Err(self.nested(name)),
            (None, _) => {
                let known: Vec<&str> = self.columns.iter().map(String::as_str).collect();
                Err(Failure::file(
                    &self.path,
                    format!("there is no column \"{}\"", figures::name(name)),
                    near::hint(name, &known),
                ))
            }
        }
    }

    /// The columns that one of another type is made of, as lists and structures of Parquet are.
    fn parts(&self, name: &str) -> impl Iterator<Item = usize> {
        let of = format!("{name}.");
        let nests = matches!(self.table, Table::Parquet(_));
        (0..self.columns.len()).filter(move |at| nests && self.columns[*at].starts_with(&of))
    }

    fn nested(&self, name: &str) -> Failure {
        let lists = match &self.table {
            Table::Parquet(table) => self.parts(name).any(|at| table.holds_lists(at)),
            Table::Csv(_) => false,
        };
        let name_of = figures::name(name);
        if lists {
            let what = format!("the column \"{name_of}\" holds lists");
            return Failure::file(&self.path, what, "unnest it first");
        }
        let parts: Vec<&str> = self
            .parts(name)
            .map(|at| self.columns[at].as_str())
            .collect();
        Failure::file(
            &self.path,
            format!("the column \"{name_of}\" is made of others"),
            format!(
                "name the one that is meant; there is: {}",
                near::listed(&parts)
            ),
        )
    }

    /// What a column's first values seem to be.
    pub(crate) fn look(&self, name: &str) -> Result<Look, Failure> {
        let column = self.column(name)?;
        Ok(match &self.table {
            Table::Csv(table) => table.look(column),
            Table::Parquet(table) => table.look(&self.path, &self.columns, column),
        })
    }

    /// The same of every column, in their order.
    pub(crate) fn looks(&self) -> Vec<Look> {
        match &self.table {
            Table::Csv(table) => table.looks(0..self.columns.len()),
            Table::Parquet(table) => (0..self.columns.len())
                .map(|column| table.look(&self.path, &self.columns, column))
                .collect(),
        }
    }

    /// Where a row is, counted from 1 over all rows: what a person can look up. May read the file
    /// again; for errors.
    pub(crate) fn place(&self, row: u64) -> Place {
        match &self.table {
            Table::Csv(table) => table.line_of(row).map_or(Place::Row(row), Place::Line),
            Table::Parquet(_) => Place::Row(row),
        }
    }

    /// How many rows there are, or for a text file at most are likely.
    pub(crate) fn rows_about(&self) -> u64 {
        match &self.table {
            Table::Csv(table) => table.rows_about(),
            Table::Parquet(table) => table.rows(),
        }
    }

    /// What [`Progress`] will have counted at the end.
    pub(crate) fn size(&self) -> u64 {
        match &self.table {
            Table::Csv(table) => table.size(),
            Table::Parquet(table) => table.rows(),
        }
    }

    /// Reads every row once, one thread a sink.
    pub(crate) fn scan<S: Sink>(
        &self,
        wanted: &Wanted,
        variants: &Variants,
        times: &TimeKind,
        progress: &Progress,
        sinks: &mut [S],
    ) -> Result<Tally, Failure> {
        let scan = work::Scan {
            path: &self.path,
            columns: &self.columns,
            wanted,
            variants,
            times,
            progress,
        };
        match &self.table {
            Table::Csv(table) => table.scan(&scan, sinks),
            Table::Parquet(table) => table.scan(&scan, sinks),
        }
    }
}
