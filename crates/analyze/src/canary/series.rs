//! The columns of one file, whole and in order.

use crate::failure::{Failure, Place};
use crate::source::{Progress, Rows, Sink, Source, TimeKind, Variants, Wanted};
use std::path::PathBuf;

/// More than this is no series of figures but raw events: 1.6 GB for one column.
const MOST_ROWS: u64 = 200_000_000;

pub(super) struct Series {
    path: PathBuf,
    columns: Vec<(String, Vec<f64>)>,
}

impl Series {
    pub(super) fn read(
        source: &Source,
        columns: &[&str],
        time: Option<&str>,
        progress: &Progress,
    ) -> Result<Self, Failure> {
        if source.rows_about() > MOST_ROWS {
            return Err(Failure::file(
                source.path(),
                format!("there are about {} rows", source.rows_about()),
                "a canary is judged by figures a minute or a request; aggregate them first",
            ));
        }
        let wanted = Wanted {
            unit: None,
            variant: None,
            time: time.map(|name| source.column(name)).transpose()?,
            metrics: columns
                .iter()
                .map(|name| source.column(name))
                .collect::<Result<_, _>>()?,
        };
        // One thread keeps the rows in order.
        let mut sinks = [Columns(vec![Vec::new(); columns.len()])];
        let times = TimeKind::default();
        let tally = source.scan(&wanted, &Variants::default(), &times, progress, &mut sinks)?;
        let [Columns(values)] = sinks;
        if let (Some(row), Some(column)) = (tally.first_backwards, time) {
            return Err(Failure::file(
                source.path(),
                "time goes backwards here",
                "sort the rows by time, or leave --time out if their order does not matter",
            )
            .at(Place::Row(row))
            .column(column));
        }
        Ok(Self {
            path: source.path().to_owned(),
            columns: columns
                .iter()
                .map(|name| (*name).to_owned())
                .zip(values)
                .collect(),
        })
    }

    /// All rows of a column; NaN where there is no value.
    pub(super) fn rows(&self, column: &str) -> &[f64] {
        self.columns
            .iter()
            .find(|(name, _)| name == column)
            .map_or(&[], |(_, values)| values)
    }

    /// The values there are, and how many rows have none.
    pub(super) fn values(&self, column: &str) -> (Vec<f64>, u64) {
        let rows = self.rows(column);
        let values: Vec<f64> = rows
            .iter()
            .copied()
            .filter(|value| !value.is_nan())
            .collect();
        let missing = (rows.len() - values.len()) as u64;
        (values, missing)
    }

    pub(super) fn wrong(&self, column: &str, row: usize, what: &str, remedy: &str) -> Failure {
        Failure::file(&self.path, what, remedy)
            .at(Place::Row(row as u64 + 1))
            .column(column)
    }
}

struct Columns(Vec<Vec<f64>>);

impl Sink for Columns {
    fn rows(&mut self, _work: u32, rows: &Rows) -> Result<(), Failure> {
        for (into, metric) in self.0.iter_mut().zip(&rows.metrics) {
            into.extend_from_slice(metric);
        }
        Ok(())
    }

    fn end_of_work(&mut self, _work: u32) -> Result<(), Failure> {
        Ok(())
    }
}
