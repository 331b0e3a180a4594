//! Which columns are read for the metrics, and what is measured of them.

use super::{Kind, Metric};
use crate::join::{Fold, Measure};

/// One column to be read and how a unit's values in it become one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ab) struct Column {
    pub(in crate::ab) name: String,
    pub(in crate::ab) fold: Fold,
}

/// The columns of all metrics together, each once, and of each metric the measure, which knows its
/// columns by their position.
#[derive(Clone, Debug, Default)]
pub(in crate::ab) struct Columns {
    pub(in crate::ab) read: Vec<Column>,
    pub(in crate::ab) measures: Vec<Measure>,
}

pub(in crate::ab) fn columns(metrics: &[Metric]) -> Columns {
    let mut columns = Columns::default();
    for metric in metrics {
        let measure = columns.measure(metric);
        columns.measures.push(measure);
    }
    columns
}

impl Columns {
    fn measure(&mut self, metric: &Metric) -> Measure {
        match (&metric.denominator, &metric.before, metric.kind) {
            (Some(denominator), ..) => Measure::Ratio {
                numerator: self.at(&metric.column, Fold::Sum),
                denominator: self.at(denominator, Fold::Sum),
            },
            (None, Some(before), _) => Measure::Adjusted {
                after: self.at(&metric.column, Fold::Sum),
                before: self.at(before, Fold::SumBefore),
            },
            (None, None, Kind::Conversion) => Measure::Share(self.at(&metric.column, Fold::Any)),
            (None, None, Kind::Quantile(_)) => Measure::Values(self.at(&metric.column, Fold::Sum)),
            (None, None, Kind::Mean | Kind::Ratio) => {
                Measure::Mean(self.at(&metric.column, Fold::Sum))
            }
        }
    }

    /// Where a column is read, from now on if not before.
    fn at(&mut self, name: &str, fold: Fold) -> usize {
        let known = |column: &Column| column.name == name && column.fold == fold;
        self.read.iter().position(known).unwrap_or_else(|| {
            self.read.push(Column {
                name: name.to_owned(),
                fold,
            });
            self.read.len() - 1
        })
    }
}
