//! The columns of one file, whole and in order.

use crate::failure::Failure;
use crate::source::{Progress, Rows, Sink, Source, TimeKind, Variants, Wanted};

/// More than this is no series of figures but raw events: 1.6 GB for one column.
const MOST_ROWS: u64 = 200_000_000;

pub(super) struct Series<'a> {
    source: &'a Source,
    columns: Vec<(String, Vec<f64>)>,
}

impl<'a> Series<'a> {
    pub(super) fn read(
        source: &'a Source,
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
        let wrong_time = |row, what: &str, remedy: &str| {
            let failure = Failure::file(source.path(), what, remedy).at(source.place(row));
            Err(failure.column(time.unwrap_or_default()))
        };
        // Before the other: rows without a time are not counted by what looks at their order.
        if let Some(row) = tally.first_no_time {
            return wrong_time(
                row,
                "there is no time in this row",
                "fill it in, or leave --time out if the order of rows does not matter",
            );
        }
        if let Some(row) = tally.first_backwards {
            return wrong_time(
                row,
                "time goes backwards here",
                "sort the rows by time, or leave --time out if their order does not matter",
            );
        }
        Ok(Self {
            source,
            columns: columns
                .iter()
                .map(|name| (*name).to_owned())
                .zip(values)
                .collect(),
        })
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> u64 {
        let first = self.columns.first();
        first.map_or(0, |(_, values)| values.len() as u64)
    }

    /// All rows of a column; NaN where there is no value.
    pub(super) fn rows(&self, column: &str) -> &[f64] {
        self.columns
            .iter()
            .find(|(name, _)| name == column)
            .map_or(&[], |(_, values)| values)
    }

    /// About a column as a whole.
    pub(super) fn not_all(&self, column: &str, what: &str, remedy: &str) -> Failure {
        Failure::file(self.source.path(), what, remedy).column(column)
    }

    pub(super) fn wrong(&self, column: &str, row: usize, what: &str, remedy: &str) -> Failure {
        Failure::file(self.source.path(), what, remedy)
            .at(self.source.place(row as u64 + 1))
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
