//! Does the traffic split as it should? Asked at every moment.

use super::evidence::log_evidence_of;
use crate::InvalidInput;
use crate::guard;
use crate::moments::LARGEST_COUNT;

/// The sequential test for a sample ratio mismatch, fed as counts come in.
///
/// ln E of the counts so far against the shares that were set, with a Dirichlet prior of
/// a = `concentration`·ρ: ln Γ(Σa) − ln Γ(Σa + Σn) + Σ[ln Γ(aᵢ + nᵢ) − ln Γ(aᵢ) − nᵢ·ln ρᵢ]; p is the smallest
/// 1/E so far. An arm with share 0 is left out until it gets a unit, which it cannot have got by chance. With
/// no mismatch, p falls to α ever with a chance of at most α.
///
/// Source: Lindon & Malek 2022, section 2 and equation 9; their package `ssrm-test`.
#[derive(Clone, Debug, PartialEq)]
pub struct RatioMismatch {
    shares: Vec<f64>,
    concentration: f64,
    counts: Vec<u64>,
    p: f64,
}

/// What one look says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RatioLook {
    /// ln E of all counts so far against the shares; negative where they speak for them, infinite where an
    /// arm without a share has a unit.
    pub log_bayes_factor: f64,
    /// The smallest of 1 and 1/E over the looks so far.
    pub p: f64,
}

impl RatioMismatch {
    /// A test of the shares that the traffic should have, before the first unit. `concentration` is what
    /// the prior is worth, in units: much finds small mismatches late, little large ones early.
    ///
    /// # Errors
    ///
    /// An invalid input for fewer than two shares, shares that are negative, above 0 and below 1e-200 or do
    /// not add up to 1, or a concentration that is not between 1e-6 and 1e300.
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::sequential::RatioMismatch;
    /// assert!(RatioMismatch::new(&[0.9, 0.1], 100.0).is_ok());
    /// let refused = RatioMismatch::new(&[0.9, 0.2], 100.0).unwrap_err();
    /// assert_eq!(refused.field, "null_probabilities");
    /// ```
    pub fn new(shares: &[f64], concentration: f64) -> Result<Self, InvalidInput> {
        if shares.len() < 2 {
            return Err(InvalidInput::new(
                "null_probabilities",
                "there are fewer than two arms",
                "give one share for each arm",
            ));
        }
        guard::shares("null_probabilities", shares)?;
        if shares.iter().any(|share| *share > 0.0 && *share < 1e-200) {
            return Err(InvalidInput::new(
                "null_probabilities",
                "one is below 1e-200, but not 0",
                "give 0 for an arm that gets no units",
            ));
        }
        guard::pseudo_count("dirichlet_concentration", concentration)?;
        Ok(Self {
            shares: shares.to_vec(),
            concentration,
            counts: vec![0; shares.len()],
            p: 1.0,
        })
    }

    /// Takes in the units that came since the last look, one count an arm, and says what all so far say.
    ///
    /// # Errors
    ///
    /// An invalid input for another number of arms, or counts that add up to more than 2^53 in an arm.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut split = stats::sequential::RatioMismatch::new(&[0.5, 0.5], 10_000.0)?;
    /// assert_eq!(split.observe(&[0, 0])?.p, 1.0);
    /// let look = split.observe(&[1_000, 1_300])?;
    /// // ln E with the prior 5,000 and 5,000 in mpmath.
    /// assert!((look.p - 0.028_561_798).abs() < 1e-9);
    /// let later = split.observe(&[1_300, 1_000])?;
    /// assert_eq!(later.p, look.p, "what was seen stays seen");
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    pub fn observe(&mut self, increment: &[u64]) -> Result<RatioLook, InvalidInput> {
        if increment.len() != self.counts.len() {
            return Err(InvalidInput::new(
                "increments",
                "one has another number of counts than there are arms",
                "give one count for each arm, 0 for none",
            ));
        }
        let sums = self.counts.iter().zip(increment).map(|(count, more)| {
            let sum = count.checked_add(*more).filter(|sum| *sum <= LARGEST_COUNT);
            sum.ok_or(InvalidInput::new(
                "increments",
                "they add up to more than 2^53",
                "give counts of units",
            ))
        });
        // What is refused has not been counted.
        self.counts = sums.collect::<Result<_, _>>()?;
        let arms = self.shares.iter().zip(&self.counts);
        let strangers = arms
            .clone()
            .any(|(share, count)| *share == 0.0 && *count > 0);
        let log_bayes_factor = if strangers {
            f64::INFINITY
        } else {
            log_evidence_of(
                arms.filter(|(share, _)| **share > 0.0)
                    .map(|(share, count)| (share * self.concentration, *count as f64, *share)),
            )
        };
        self.p = self.p.min(libm::exp(-log_bayes_factor));
        Ok(RatioLook {
            log_bayes_factor,
            p: self.p,
        })
    }
}

#[cfg(test)]
mod tests;
