//! What the autocorrelations of ranks say of how long rows remember.

use super::ranks::Ranks;
use super::{Dependence, LONGEST_STEP, Series};
use crate::CannotCompute;

/// A correlation below this widens no interval so far that it matters: by a tenth, where it falls off
/// geometrically.
const MATTERS: f64 = 0.1;

/// The same of what all lags add to the variance of a mean: a tenth in its standard error.
const ADDS: f64 = 0.2;

/// z of a chance of 1%: the excess of one autocorrelation that noise is not taken for.
const CLEAR: f64 = 2.326_347_874_040_841;

/// z for the sum over many lags, which notices a slow drift under strong noise.
const CLEAR_OF_MANY: f64 = 3.0;

/// A correlation that comes back after it was forgotten, as of hosts that take turns, is looked for up to so many
/// rows apart.
const LONGEST_TURN: usize = 100;

/// z for any of so many lags, so that noise hardly ever comes back.
const CLEAR_OF_ANY: f64 = 5.0;

/// So much of the strongest correlation is one of the same turn.
const NEARLY: f64 = 0.8;

/// Of one series of rows by itself.
pub(super) fn of_series(rows: &[f64], series: Series) -> Result<Dependence, CannotCompute> {
    let ranks = Ranks::of(rows)?;
    let mut r = Correlations::of(&ranks);
    Ok(Dependence {
        series,
        rows: ranks.n as u64,
        neighbours: r.at(1),
        step: if r.are_noise() {
            Some(1)
        } else {
            r.least_step()
        },
        turn: r.turn(),
        canary_longer: None,
    })
}

/// The autocorrelations that have been asked for, each worked out once.
pub(super) struct Correlations<'a> {
    ranks: &'a Ranks,
    known: Vec<f64>,
    /// The longest step that leaves rows enough to be told.
    longest: usize,
}

impl<'a> Correlations<'a> {
    pub(super) fn of(ranks: &'a Ranks) -> Self {
        let longest = (ranks.n / 10).clamp(1, LONGEST_STEP);
        let lags = longest.max(ranks.window()).max(LONGEST_TURN);
        Self {
            ranks,
            known: vec![f64::NAN; lags + 2],
            longest,
        }
    }

    pub(super) fn at(&mut self, lag: usize) -> f64 {
        if self.known[lag].is_nan() {
            self.known[lag] = self.ranks.at(lag);
        }
        self.known[lag]
    }

    /// Whether independent rows look like this, or what these remember does not matter.
    pub(super) fn are_noise(&mut self) -> bool {
        self.are_within(1.0, CLEAR, CLEAR_OF_MANY)
    }

    /// Whether most independent rows show more than this.
    pub(super) fn show_nothing(&mut self) -> bool {
        self.are_within(0.0, 1.0, 1.0)
    }

    /// Whether neighbours, and the first lags together, are within so many standard errors, or a `share` of what matters.
    fn are_within(&mut self, share: f64, neighbours: f64, together: f64) -> bool {
        let root = (self.ranks.n as f64).sqrt();
        let window = self.ranks.window();
        let (sum, squares) = self.beyond(1, window, 0.0);
        let chance = together * 2.0 * squares.sqrt() / root;
        self.at(1) <= (share * MATTERS).max(neighbours / root) && sum <= (share * ADDS).max(chance)
    }

    /// After how many rows those that had forgotten each other remember again: by more than is left to chance
    /// after lags with these correlations (Bartlett 1946). Of several such lags, which one turn and its multiples have,
    /// the first that is nearly the strongest.
    pub(super) fn turn(&mut self) -> Option<usize> {
        let n = self.ranks.n as f64;
        let (mut forgotten, mut squares) = (false, 0.0);
        let mut again = Vec::new();
        for lag in 1..=LONGEST_TURN.min(self.ranks.n / 4) {
            let r = self.at(lag);
            let chance = ((1.0 + 2.0 * squares) / n).sqrt();
            if forgotten && r > MATTERS.max(CLEAR_OF_ANY * chance) {
                again.push((lag, r));
            }
            forgotten |= r < MATTERS;
            squares += r * r;
        }
        let strongest = again.iter().map(|(_, r)| *r).fold(0.0, f64::max);
        let first = again.iter().find(|(_, r)| *r > NEARLY * strongest);
        first.map(|(lag, _)| *lag)
    }

    /// What `lags` lags of rows `step` apart add to the variance of a mean of them, each autocorrelation
    /// being too small by `bias`; and the sum of the squared weights.
    fn beyond(&mut self, step: usize, lags: usize, bias: f64) -> (f64, f64) {
        let (mut sum, mut squares) = (0.0, 0.0);
        for lag in 1..=lags {
            let weight = 1.0 - lag as f64 / (lags as f64 + 1.0);
            sum += weight * (self.at(lag * step) + bias);
            squares += weight * weight;
        }
        (2.0 * sum, squares)
    }

    /// The least step at which rows have forgotten each other.
    pub(super) fn least_step(&mut self) -> Option<usize> {
        let longest = self.longest;
        let window = self.ranks.window();
        let mut remembered = 1.0;
        (1..=longest).find(|step| {
            remembered += 2.0 * self.at(*step).max(0.0);
            let bias = remembered / self.ranks.n as f64;
            self.at(*step) + bias < MATTERS
                && self.at(step + 1) + bias < MATTERS
                && self.beyond(*step, window.min(longest / step), bias).0 < ADDS
        })
    }
}
