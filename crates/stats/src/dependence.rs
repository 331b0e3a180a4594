//! Whether the rows of two arms depend on those before them, and how far apart they no longer do.
//!
//! The comparisons of this crate take values as independent. Averages over time of one host are not:
//! each is like the one before, and so many of them say less than as many values would. What is left
//! after taking every k-th row only ("thinning", or subsampling: C. J. Geyer, "Practical Markov chain
//! Monte Carlo", Statistical Science 7, 1992) has the same distribution, so that ranks, quantiles and
//! shares keep their meaning, and with k large enough it is nearly independent.
//!
//! Dependence is measured by the autocorrelation of ranks, which a few huge values do not move (A. Wald &
//! J. Wolfowitz, "An exact test for randomness in the non-parametric case based on serial correlation",
//! Annals of Mathematical Statistics 14, 1943; R. Bartels, "The rank version of von Neumann's ratio test
//! for randomness", JASA 77, 1982).

use crate::{CannotCompute, Failure, InvalidInput};

/// Fewer rows with values say nothing of their dependence.
pub const LEAST_ROWS: usize = 10;

/// No step is looked for beyond this, so that the work is bounded: 2,000 times the rows.
pub const LONGEST_STEP: usize = 2_000;

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

/// Fewer rows of a control by itself do not show how short its memory is.
const LEAST_ALONE: usize = 50;

/// From what the dependence was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Series {
    /// ln(canary) − ln(control) of the rows at the same place: what both arms go through together, as a
    /// day's load, is not in it.
    LogRatios,
    /// canary − control of the rows at the same place, because not all values are above 0.
    Differences,
    /// The control by itself: the arms have different numbers of rows, and it depends no less than
    /// the canary.
    Control,
    /// The canary by itself.
    Canary,
}

/// How rows depend on those before them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dependence {
    /// What it was read from.
    pub series: Series,
    /// The rows of that series which have a value.
    pub rows: u64,
    /// The rank autocorrelation of neighbouring rows: near 0 without dependence, near 1 where each is much
    /// like the one before.
    pub neighbours: f64,
    /// Rows so far apart have forgotten each other: compare every `step`-th row of both arms, 1 being
    /// all of them. None where they have not within a tenth of the rows or [`LONGEST_STEP`]: nothing
    /// can be thinned to independence, and no verdict stands on these rows.
    pub step: Option<usize>,
    /// After so many rows, at most 100, rows that had forgotten each other remember again, as those of hosts that take
    /// turns and those of a job that runs every so often. Thinning does not help then: the hosts stay as few as they are.
    pub turn: Option<usize>,
}

/// How strongly the rows of two arms, in their order, depend on the rows before them, and which step
/// between rows leaves values that hardly do.
///
/// Rows are in the order of time, evenly spaced; NaN is a row without a value. With as many rows in both
/// arms the series read is that of the paired log ratios (or differences, see [`Series`]): a pattern
/// that both arms share is no noise between them. Otherwise each arm is read by itself and the worse is
/// told; a pattern of the day then counts as dependence. So it is where hardly any row has a value in
/// both arms.
///
/// With `r(k)` the rank autocorrelation at lag k (see [`rank_autocorrelation`]) and n rows:
///
/// - All rows are used (step 1) unless `r(1)` is above 0.1 and above 2.33/√n, or the first m = √n/2 lags
///   together, `2·Σ (1 − j/(m + 1))·r(j)`, are above 0.2 and above three of their standard errors
///   `2·√(Σ (1 − j/(m + 1))²/n)`. 1/√n is the standard error of an autocorrelation without dependence
///   (M. S. Bartlett, "On the theoretical specification and sampling properties of autocorrelated time
///   series", JRSS Supplement 8, 1946); the weights are his, too ("Periodogram analysis and continuous
///   spectra", Biometrika 37, 1950). Independent rows have a step above 1 about once in a hundred times.
/// - Else the step is the least k at which `r(k)` and `r(k + 1)` are below 0.1, and what remains between
///   rows k apart, `2·Σ (1 − j/(J + 1))·r(j·k)`, is below 0.2. Taking the mean off a series that
///   remembers makes its autocorrelations too small by (1 + 2·Σr)/n (M. G. Kendall, "Note on bias in the
///   estimation of autocorrelation", Biometrika 41, 1954); that is added before.
///
/// - The turn is the least k up to 100, of those with nearly the strongest `r(k)`, at which, after some `r(j)` below 0.1, `r(k)` is above 0.1 and above five of Bartlett's
///   standard errors `√((1 + 2·Σ r(j)²)/n)` over the lags before.
/// - But of pairs it is the control's by itself, of 50 values or more and without a turn, where that remembers for much less
///   long: 1 where neither `r(1)` nor the first m lags together are above one of their standard errors; else one and a half
///   times the control's step where that is below three quarters of the pairs', or these have none.
///
/// The last is for a change of the canary on the way, such as a leak or a step. That is a dependence of the pairs, too: one
/// course cannot tell it from slow noise. But a canary that is like its control has no longer a memory than that, so that
/// noise is not what it is.
///
/// Takes O(n·(k + √n + 100)).
///
/// ```
/// use stats::dependence::{dependence, Series};
/// // Two hosts, each of whose minutes is much like the minute before.
/// let mut state = 7_u32;
/// let mut noise = || {
///     state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
///     f64::from(state >> 16) / 65_536.0 - 0.5
/// };
/// let mut host = |n: usize| -> Vec<f64> {
///     let mut load = 0.0;
///     (0..n).map(|_| { load = 0.8 * load + noise(); 100.0 + 10.0 * load }).collect()
/// };
/// let (control, canary) = (host(1_440), host(1_440));
/// let found = dependence(&control, &canary)?;
/// assert_eq!(found.series, Series::LogRatios);
/// assert!((found.neighbours - 0.8).abs() < 0.1);
/// // 0.8 to the eleventh is below a tenth.
/// let step = found.step.unwrap();
/// assert!((7..=20).contains(&step), "{step}");
/// let thinned: Vec<f64> = canary.iter().copied().step_by(step).collect();
/// assert!(stats::dependence::rank_autocorrelation(&thinned, 1)?[0] < 0.3);
/// # Ok::<(), stats::Failure>(())
/// ```
///
/// # Errors
///
/// An invalid input for an infinite value. [`CannotCompute::EmptyArm`] for an arm without a value,
/// [`CannotCompute::TooFew`] for fewer than [`LEAST_ROWS`] of them (of pairs, where rows are paired),
/// [`CannotCompute::NoVariance`] where the series does not vary; of two arms apart, where neither can be
/// told.
pub fn dependence(control: &[f64], canary: &[f64]) -> Result<Dependence, Failure> {
    for (field, rows) in [("control", control), ("canary", canary)] {
        no_infinity(field, rows)?;
        if rows.iter().all(|value| value.is_nan()) {
            return Err(CannotCompute::EmptyArm.into());
        }
    }
    if control.len() == canary.len() {
        match paired(control, canary) {
            // Rows that hardly ever have both values are no pairs.
            Err(CannotCompute::TooFew) => {}
            Ok(found) if found.step != Some(1) => {
                return Ok(own_course(control, found.step).unwrap_or(found));
            }
            told => return Ok(told?),
        }
    }
    Ok(apart(control, canary)?)
}

fn paired(control: &[f64], canary: &[f64]) -> Result<Dependence, CannotCompute> {
    let pairs = || control.iter().zip(canary);
    let both = |(a, b): &(&f64, &f64)| !a.is_nan() && !b.is_nan();
    if pairs().filter(both).all(|(a, b)| *a > 0.0 && *b > 0.0) {
        let ratios: Vec<f64> = pairs()
            .map(|(a, b)| libm::log(*b) - libm::log(*a))
            .collect();
        return of_series(&ratios, Series::LogRatios);
    }
    // Halved, so that no difference is beyond what a double holds.
    let differences: Vec<f64> = pairs().map(|(a, b)| b / 2.0 - a / 2.0).collect();
    of_series(&differences, Series::Differences)
}

/// The control by itself where it remembers for much less long than the pairs do: then that is the canary's own
/// course, and a canary that is like its control has no longer a memory than that.
fn own_course(control: &[f64], pairs: Option<usize>) -> Option<Dependence> {
    let rows = control.iter().filter(|value| !value.is_nan()).count();
    if rows < LEAST_ALONE {
        return None;
    }
    let alone = |neighbours: f64, step: usize| Dependence {
        series: Series::Control,
        rows: rows as u64,
        neighbours,
        step: Some(step),
        turn: None,
    };
    // What never varies remembers nothing.
    let Ok(ranks) = Ranks::of(control) else {
        return Some(alone(0.0, 1));
    };
    let mut r = Correlations::of(&ranks);
    if r.turn().is_some() {
        return None;
    }
    let step = if r.are_noise(0.0, 1.0, 1.0) {
        1
    } else if r.are_noise(1.0, CLEAR, CLEAR_OF_MANY) {
        // Neither with a memory nor clearly without one.
        return None;
    } else {
        r.least_step().map(|step| step + step.div_ceil(2))?
    };
    let much_less = pairs.is_none_or(|pairs| 4 * step < 3 * pairs);
    (step == 1 || much_less).then(|| alone(r.at(1), step))
}

fn apart(control: &[f64], canary: &[f64]) -> Result<Dependence, CannotCompute> {
    let control = of_series(control, Series::Control);
    let canary = of_series(canary, Series::Canary);
    match (control, canary) {
        (Ok(control), Ok(canary)) if canary.is_worse_than(&control) => Ok(canary),
        (Ok(only), _) | (Err(_), Ok(only)) => Ok(only),
        (Err(cannot), Err(_)) => Err(cannot),
    }
}

/// The autocorrelation of the ranks of `rows` at the lags 1 to `lags`.
///
/// NaN is a row without a value; equal values share their mean rank. With `d` a rank less the mean of
/// all ranks, the autocorrelation at lag k is the mean of `d(t)·d(t + k)` over the rows that both have
/// a value, over the mean of `d²`: Spearman's coefficient of the series with itself, k rows later, but for
/// its ends (`statsmodels.tsa.stattools.acf` of the ranks, adjusted, missing="conservative"). At a lag
/// without any such rows it is 0.
///
/// ```
/// let up_and_down = [1.0, 9.0, 2.0, 8.0, 3.0, 7.0, 4.0, 6.0, 4.5, 5.5];
/// let r = stats::dependence::rank_autocorrelation(&up_and_down, 2)?;
/// assert!(r[0] < -0.6 && r[1] > 0.5);
/// # Ok::<(), stats::Failure>(())
/// ```
///
/// # Errors
///
/// An invalid input for an infinite value; [`CannotCompute::TooFew`] for fewer than [`LEAST_ROWS`] values,
/// [`CannotCompute::NoVariance`] where all of them are equal.
pub fn rank_autocorrelation(rows: &[f64], lags: usize) -> Result<Vec<f64>, Failure> {
    no_infinity("rows", rows)?;
    let ranks = Ranks::of(rows)?;
    Ok((1..=lags).map(|lag| ranks.at(lag)).collect())
}

impl Dependence {
    fn is_worse_than(&self, other: &Self) -> bool {
        let wide = |step: Option<usize>| step.unwrap_or(usize::MAX);
        (wide(self.step), self.neighbours) > (wide(other.step), other.neighbours)
    }
}

fn no_infinity(field: &'static str, rows: &[f64]) -> Result<(), InvalidInput> {
    if rows.iter().any(|value| value.is_infinite()) {
        return Err(InvalidInput::new(
            field,
            "a value is infinite",
            "leave it out, as NaN, which is a row without a value",
        ));
    }
    Ok(())
}

fn of_series(rows: &[f64], series: Series) -> Result<Dependence, CannotCompute> {
    let ranks = Ranks::of(rows)?;
    let mut r = Correlations::of(&ranks);
    Ok(Dependence {
        series,
        rows: ranks.n as u64,
        neighbours: r.at(1),
        step: if r.are_noise(1.0, CLEAR, CLEAR_OF_MANY) {
            Some(1)
        } else {
            r.least_step()
        },
        turn: r.turn(),
    })
}

/// Mean ranks less their mean; 0 where a row has no value.
struct Ranks {
    centred: Vec<f64>,
    has_value: Vec<bool>,
    n: usize,
    variance: f64,
}

impl Ranks {
    fn of(rows: &[f64]) -> Result<Self, CannotCompute> {
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

    fn at(&self, lag: usize) -> f64 {
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
    fn window(&self) -> usize {
        ((self.n as f64).sqrt() / 2.0) as usize
    }
}

/// The autocorrelations that have been asked for, each worked out once.
struct Correlations<'a> {
    ranks: &'a Ranks,
    known: Vec<f64>,
    /// The longest step that leaves rows enough to be told.
    longest: usize,
}

impl<'a> Correlations<'a> {
    fn of(ranks: &'a Ranks) -> Self {
        let longest = (ranks.n / 10).clamp(1, LONGEST_STEP);
        let lags = longest.max(ranks.window()).max(LONGEST_TURN);
        Self {
            ranks,
            known: vec![f64::NAN; lags + 2],
            longest,
        }
    }

    fn at(&mut self, lag: usize) -> f64 {
        if self.known[lag].is_nan() {
            self.known[lag] = self.ranks.at(lag);
        }
        self.known[lag]
    }

    /// Whether independent rows look like this: neighbours, and the first lags together, are within so many standard
    /// errors, or a `share` of what matters.
    fn are_noise(&mut self, share: f64, neighbours: f64, together: f64) -> bool {
        let root = (self.ranks.n as f64).sqrt();
        let window = self.ranks.window();
        let (sum, squares) = self.beyond(1, window, 0.0);
        let chance = together * 2.0 * squares.sqrt() / root;
        self.at(1) <= (share * MATTERS).max(neighbours / root) && sum <= (share * ADDS).max(chance)
    }

    /// After how many rows those that had forgotten each other remember again: by more than is left to chance
    /// after lags with these correlations (Bartlett 1946). Of several such lags, which one turn and its multiples have,
    /// the first that is nearly the strongest.
    fn turn(&mut self) -> Option<usize> {
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
    fn least_step(&mut self) -> Option<usize> {
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

#[cfg(test)]
mod tests;
