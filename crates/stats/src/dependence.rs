//! Whether the rows of two arms depend on those before them, and how far apart they no longer do.
//!
//! The comparisons of this crate take values as independent. Averages over time of one host are not:
//! each is like the one before, and so many of them say less than as many values would. What is left
//! after taking every k-th row only ("thinning") has the same distribution, so that ranks, quantiles and
//! shares keep their meaning, and with k large enough it is nearly independent. That is its only merit: a method that knew
//! what the lags add to its variance would use all rows, and thinning costs precision (C. J. Geyer, "Practical Markov
//! chain Monte Carlo", Statistical Science 7, 1992, section 3.6).
//!
//! Dependence is measured by the autocorrelation of ranks, which a few huge values do not move (A. Wald &
//! J. Wolfowitz, "An exact test for randomness in the non-parametric case based on serial correlation",
//! Annals of Mathematical Statistics 14, 1943; R. Bartels, "The rank version of von Neumann's ratio test
//! for randomness", JASA 77, 1982).

mod correlations;
mod course;
mod lone;
mod ranks;

use correlations::of_series;
use lone::or_of_one_arm;
use ranks::Ranks;

use crate::{CannotCompute, Failure, InvalidInput};

/// Fewer rows with values say nothing of their dependence.
pub const LEAST_ROWS: usize = 10;

/// No step is looked for beyond this, so that the work is bounded: 2,000 times the rows.
pub const LONGEST_STEP: usize = 2_000;

/// From what the dependence was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Series {
    /// ln(canary) − ln(control) of the rows at the same place: what both arms go through together, as a
    /// day's load, is not in it.
    LogRatios,
    /// canary − control of the rows at the same place, because not all values are above 0.
    Differences,
    /// The control by itself: the arms have different numbers of rows, and it depends no less than
    /// the canary; or it alone remembers; or the canary changes ([`Longer::Changes`]).
    Control,
    /// The canary by itself; where it [`Longer::Remembers`], without its course.
    Canary,
}

/// What it is that makes the canary's rows remember for longer than the control's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Longer {
    /// One course up or down is enough to explain it, as of a canary that breaks or leaks. The step is the control's. A
    /// canary whose rows remember for as long as they go may look the same, and then too many rows are compared.
    Changes,
    /// It is more than one course, as of rows that are not independent, or of a canary that goes up and down. The step is
    /// as long as that takes.
    Remembers,
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
    /// The canary's rows remember for clearly longer than the control's, which the two having one distribution does not
    /// explain.
    pub canary_longer: Option<Longer>,
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
/// The turn is the least k up to 100, of those with nearly the strongest `r(k)`, at which, after some `r(j)` below 0.1,
/// `r(k)` is above 0.1 and above five of Bartlett's standard errors `√((1 + 2·Σ r(j)²)/n)` over the lags before.
///
/// Of pairs, each arm is also looked at by itself, as pairs hide what one arm alone remembers, and a change of the canary
/// on the way, such as a leak or a step, is a dependence of the pairs, too; so it is of a canary that is read by itself,
/// which below stands for the pairs. An arm remembers nothing where it has no turn and
/// neither its `r(1)` nor its first m lags together are above one of their standard errors. The canary's course is the
/// isotonic regression of its ranks, up or down, whichever leaves less, and its rest what that leaves.
///
/// - Where the pairs have a step of 1 and one arm remembers nothing, the step is that of the other by itself; of a canary
///   of 100 rows or more that of its rest.
/// - Where they have a longer one, and a control of 50 values or more remembers nothing, or has no turn and a step that with
///   half as much again is below three quarters of the pairs' (or these have none): the step is this one of the control, or
///   1, if the canary's rest has no longer one ([`Longer::Changes`]). Else it is the rest's, and beside a control that
///   remembers nothing the greater of the rest's and the pairs' ([`Longer::Remembers`]).
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
            told => return Ok(or_of_one_arm(told?, control, canary)),
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

fn apart(control: &[f64], canary: &[f64]) -> Result<Dependence, CannotCompute> {
    let alone = (
        of_series(control, Series::Control),
        of_series(canary, Series::Canary),
    );
    match alone {
        // What changes in the canary is in it alone as it is in pairs.
        (Ok(one), Ok(other)) if other.is_worse_than(&one) => {
            Ok(or_of_one_arm(other, control, canary))
        }
        // A control that never varies remembers nothing.
        (Err(CannotCompute::NoVariance), Ok(other)) => Ok(or_of_one_arm(other, control, canary)),
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
    /// Longer, or as long and more strongly.
    fn is_worse_than(&self, other: &Self) -> bool {
        self.is_longer_than(other)
            || (self.step == other.step && self.neighbours > other.neighbours)
    }

    fn is_longer_than(&self, other: &Self) -> bool {
        let wide = |step: Option<usize>| step.unwrap_or(usize::MAX);
        wide(self.step) > wide(other.step)
    }

    fn or_if_longer(self, other: Self) -> Self {
        if other.is_longer_than(&self) {
            other
        } else {
            self
        }
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

#[cfg(test)]
mod tests;
