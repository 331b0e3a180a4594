//! The columns of one file, whole and in order.

use super::times::Span;
use crate::failure::Failure;
use crate::source::{Look, Progress, Rows, Sink, Source, TimeKind, Variants, Wanted};
use std::collections::HashMap;

/// More than this is no series of figures but raw events: 1.6 GB for one column.
const MOST_ROWS: u64 = 200_000_000;

pub(super) struct Series<'a> {
    source: &'a Source,
    values: Vec<Vec<f64>>,
    /// Which of them a column has.
    at: HashMap<String, usize>,
    span: Option<Span>,
    /// Of a time that nobody named.
    backwards: Option<Backwards>,
}

/// That a time is before that of the row above it, and the first row where that is known.
#[derive(Clone, Copy, Debug)]
struct Backwards {
    row: Option<u64>,
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
        let mut sinks = [Columns::of(columns.len())];
        let times = TimeKind::default();
        let tally = source.scan(&wanted, &Variants::default(), &times, progress, &mut sinks)?;
        let [Columns { values, span }] = sinks;
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
            values,
            at: columns
                .iter()
                .map(|name| (*name).to_owned())
                .zip(0..)
                .collect(),
            backwards: None,
            span: span_of(source, time, span)?,
        })
    }

    /// Reads the span of a column that seems to hold times. Nobody named it, so it is no error where
    /// it does not.
    pub(super) fn look_at_time(&mut self, column: &str) {
        let (None, Ok(time)) = (self.span, self.source.column(column)) else {
            return;
        };
        let wanted = Wanted {
            time: Some(time),
            ..Wanted::default()
        };
        let (variants, times) = (Variants::default(), TimeKind::default());
        let mut sinks = [Columns::of(0)];
        let progress = Progress::default();
        let scan = self
            .source
            .scan(&wanted, &variants, &times, &progress, &mut sinks);
        if let Ok(tally) = scan {
            let [Columns { span, .. }] = sinks;
            // Rows without a time are not counted, so behind one no row is known.
            self.backwards = tally.first_backwards.map(|row| Backwards {
                row: tally.first_no_time.is_none().then_some(row),
            });
            self.span = span_of(self.source, Some(column), span).ok().flatten();
        }
    }

    /// Reads a file without looking at any of its cells: what is wrong with it as a whole.
    pub(super) fn whole(source: &Source) -> Result<(), Failure> {
        Series::read(source, &[], None, &Progress::default()).map(|_| ())
    }

    /// That a time which nobody named goes backwards, and where.
    pub(super) fn backwards(&self, column: &str) -> Option<String> {
        let mut here = Failure::file(self.source.path(), "time goes backwards here", "");
        if let Some(row) = self.backwards?.row {
            here = here.at(self.source.place(row));
        }
        Some(format!(
            "{}; which rows are compared is read out of their order, so sort them by time.",
            here.column(column)
        ))
    }

    /// From when to when the file is, where that is known.
    pub(super) const fn span(&self) -> Option<Span> {
        self.span
    }

    /// Whether the other holds the same figures row by row, and not only one and the same.
    pub(super) fn is_copy_of(&self, other: &Self) -> bool {
        let same = |(one, two): (&f64, &f64)| one.to_bits() == two.to_bits();
        let alike =
            |one: &[f64], two: &[f64]| one.len() == two.len() && one.iter().zip(two).all(same);
        let varies = |values: &[f64]| values.iter().any(|value| !same((value, &values[0])));
        self.at
            .iter()
            .all(|(name, at)| alike(&self.values[*at], other.rows(name)))
            && self.values.iter().any(|values| varies(values))
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> u64 {
        self.values.first().map_or(0, |values| values.len() as u64)
    }

    /// All rows of a column; NaN where there is no value.
    pub(super) fn rows(&self, column: &str) -> &[f64] {
        self.at.get(column).map_or(&[], |at| &self.values[*at])
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

fn span_of(
    source: &Source,
    time: Option<&str>,
    span: Option<(i64, i64)>,
) -> Result<Option<Span>, Failure> {
    let (Some(time), Some((first, last))) = (time, span) else {
        return Ok(None);
    };
    let dates = source.look(time)? == Look::Dates;
    Ok(Some(Span { first, last, dates }))
}

struct Columns {
    values: Vec<Vec<f64>>,
    /// The first and the last time, where one is read.
    span: Option<(i64, i64)>,
}

impl Columns {
    fn of(columns: usize) -> Self {
        Self {
            values: vec![Vec::new(); columns],
            span: None,
        }
    }
}

impl Sink for Columns {
    fn rows(&mut self, _work: u32, rows: &Rows) -> Result<(), Failure> {
        for (into, metric) in self.values.iter_mut().zip(&rows.metrics) {
            into.extend_from_slice(metric);
        }
        for (row, time) in rows.times.iter().enumerate() {
            if !rows.dropped.get(row).is_some_and(|dropped| *dropped) {
                let (first, last) = self.span.unwrap_or((*time, *time));
                self.span = Some((first.min(*time), last.max(*time)));
            }
        }
        Ok(())
    }

    fn end_of_work(&mut self, _work: u32) -> Result<(), Failure> {
        Ok(())
    }
}
