//! Files of rows, read in parallel pieces of work: CSV and Parquet behind one door.

pub(crate) mod cell;
mod csv;
mod parquet;
mod rows;
mod work;

pub(crate) use rows::{NO_VARIANT, Rows, Tally, TimeKind, Variants};
pub use work::Progress;
pub(crate) use work::Sink;

use crate::failure::Failure;
use crate::near;
use std::fs::File;
use std::io::Read;
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// None where rows stand for themselves.
    pub(crate) unit: Option<usize>,
    pub(crate) variant: Option<usize>,
    pub(crate) time: Option<usize>,
    pub(crate) metrics: Vec<usize>,
}

impl Source {
    /// Opens a file and reads its header. What it is, is told by its first bytes, not its name.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let unreadable = |error: std::io::Error| {
            Failure::file(
                path,
                error.to_string(),
                "check the path and who may read it",
            )
        };
        let mut file = File::open(path).map_err(unreadable)?;
        if file.metadata().map_err(unreadable)?.is_dir() {
            return Err(Failure::file(
                path,
                "this is a folder",
                "name a CSV or Parquet file",
            ));
        }
        let mut magic = Vec::with_capacity(4);
        (&mut file)
            .take(4)
            .read_to_end(&mut magic)
            .map_err(unreadable)?;
        let (columns, table) = match magic.as_slice() {
            [] => {
                return Err(Failure::file(
                    path,
                    "the file is empty",
                    "write a header line and at least one row",
                ));
            }
            b"PAR1" => {
                let (columns, table) = parquet::Table::open(path)?;
                (columns, Table::Parquet(table))
            }
            _ => {
                let (columns, table) = csv::Table::open(path)?;
                (columns, Table::Csv(table))
            }
        };
        Ok(Self {
            path: path.to_owned(),
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
                format!("there are two columns \"{name}\""),
                "give each column a name of its own",
            )),
            (None, _) => {
                let known: Vec<&str> = self.columns.iter().map(String::as_str).collect();
                Err(Failure::file(
                    &self.path,
                    format!("there is no column \"{name}\""),
                    near::hint(name, &known),
                ))
            }
        }
    }

    /// Whether a column's first values are numbers.
    pub(crate) fn looks_numeric(&self, name: &str) -> Result<bool, Failure> {
        let column = self.column(name)?;
        match &self.table {
            Table::Csv(table) => table.looks_numeric(&self.path, column),
            Table::Parquet(table) => Ok(table.looks_numeric(column)),
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
