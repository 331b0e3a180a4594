//! Ranks of rows in their order, some of which may have no value.

use super::LEAST_ROWS;
use crate::CannotCompute;

/// Mean ranks less their mean; 0 where a row has no value.
pub(super) struct Ranks {
    pub(super) centred: Vec<f64>,
    pub(super) has_value: Vec<bool>,
    pub(super) n: usize,
    variance: f64,
}

impl Ranks {
    pub(super) fn of(rows: &[f64]) -> Result<Self, CannotCompute> {
        let has_value: Vec<bool> = rows.iter().map(|value| !value.is_nan()).collect();
        let mut order: Vec<usize> = (0..rows.len()).filter(|row| has_value[*row]).collect();
        let n = order.len();
        if n < LEAST_ROWS {
            return Err(CannotCompute::TooFew);
        }
        // Adding zero makes −0 and 0 one value.
        order.sort_unstable_by(|a, b| (rows[*a] + 0.0).total_cmp(&(rows[*b] + 0.0)));
        let mut centred = vec![0.0; rows.len()];
        let mean = (n as f64 - 1.0) / 2.0;
        let mut first = 0;
        for tied in order.chunk_by(|a, b| rows[*a] == rows[*b]) {
            let rank = first as f64 + (tied.len() as f64 - 1.0) / 2.0;
            for row in tied {
                centred[*row] = rank - mean;
            }
            first += tied.len();
        }
        let variance = centred.iter().map(|d| d * d).sum::<f64>() / n as f64;
        if variance == 0.0 {
            return Err(CannotCompute::NoVariance);
        }
        Ok(Self {
            centred,
            has_value,
            n,
            variance,
        })
    }

    pub(super) fn at(&self, lag: usize) -> f64 {
        let later = self.centred.get(lag..).unwrap_or_default();
        let sum: f64 = self.centred.iter().zip(later).map(|(a, b)| a * b).sum();
        let pairs = if self.n == self.centred.len() {
            later.len()
        } else {
            let later = self.has_value.get(lag..).unwrap_or_default();
            let both = self.has_value.iter().zip(later);
            both.filter(|(a, b)| **a && **b).count()
        };
        if pairs == 0 {
            0.0
        } else {
            sum / pairs as f64 / self.variance
        }
    }

    /// How many lags are summed: many enough for a drift, few enough for their noise.
    pub(super) fn window(&self) -> usize {
        ((self.n as f64).sqrt() / 2.0) as usize
    }
}
