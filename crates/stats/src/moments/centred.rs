//! One series at its scale, and the checks of sums.

use super::LARGEST_COUNT;
use crate::{CannotCompute, InvalidInput};

/// Magnitudes between 2^−250 and 2^250 need no scale: sums of their cubes stay within a double.
pub(super) const PLAIN: i32 = 250;

/// The power of two that brings the largest magnitude seen near 1, or 0 where none is needed.
pub(super) fn exponent(x: f64) -> i32 {
    let (_, exponent) = libm::frexp(x);
    if x == 0.0 || exponent.abs() <= PLAIN {
        0
    } else {
        exponent
    }
}

/// Mean and sum of squared deviations, both in units of 2^`exponent`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Centred {
    pub(super) mean: f64,
    pub(super) squares: f64,
    /// `None` until something other than 0 was seen.
    pub(super) exponent: Option<i32>,
    /// Came from sums that agree to all their digits, so that a spread may be lost in them.
    pub(super) lost: bool,
}

impl Centred {
    /// Makes room for magnitudes of 2^`wanted`; what is far below them vanishes. Returns the factor
    /// that the mean was multiplied by.
    pub(super) fn rescale(&mut self, wanted: i32) -> f64 {
        let old = self.exponent.unwrap_or(wanted);
        let new = old.max(wanted);
        self.exponent = Some(new);
        let factor = libm::scalbn(1.0, old - new);
        self.mean *= factor;
        self.squares *= factor * factor;
        factor
    }

    /// Whether taking in this value asks for another scale.
    #[inline]
    pub(super) fn is_beyond(&self, x: f64) -> bool {
        let magnitude = x.abs();
        self.exponent.is_none() && magnitude > 0.0 || self.scaled(magnitude) > ROOM
    }

    #[inline]
    pub(super) fn scaled(&self, x: f64) -> f64 {
        match self.exponent {
            None | Some(0) => x,
            Some(exponent) => libm::scalbn(x, -exponent),
        }
    }

    pub(super) fn unscaled(&self, x: f64) -> f64 {
        match self.exponent {
            None | Some(0) => x,
            Some(exponent) => libm::scalbn(x, exponent),
        }
    }

    /// The mean of `n`, still scaled; 0 where it is no more than what rounding leaves of deviations that
    /// cancel.
    pub(super) fn mean(&self, n: f64) -> f64 {
        let rounding = 4.0 * f64::EPSILON * (self.squares / n).sqrt();
        if self.mean.abs() <= rounding {
            0.0
        } else {
            self.mean
        }
    }

    /// Whether there is a spread beyond what rounding alone makes of a constant.
    pub(super) fn varies(&self, n: f64) -> bool {
        let rounding = 4.0 * f64::EPSILON * self.mean;
        self.squares > n * rounding * rounding
    }

    /// From sums, with n·Σx² − (Σx)² taken in twice the precision.
    ///
    /// # Errors
    ///
    /// [`CannotCompute::NegativeVariance`] where it is below 0 by more than rounding.
    pub(super) fn from_sums(n: f64, sum: f64, sum_sq: f64) -> Result<Self, CannotCompute> {
        if sum_sq < 0.0 {
            return Err(CannotCompute::NegativeVariance);
        }
        let largest = sum.abs().max(sum_sq.sqrt());
        let exponent = exponent(largest);
        let sum = libm::scalbn(sum, -exponent);
        let sum_sq = libm::scalbn(libm::scalbn(sum_sq, -exponent), -exponent);
        let squares = product_difference(n, sum_sq, sum, sum) / n;
        // What adding up a constant leaves by rounding is no spread that was seen.
        let rounding = 4.0 * f64::EPSILON * n.sqrt() * sum_sq;
        if squares < -rounding {
            return Err(CannotCompute::NegativeVariance);
        }
        let seen = squares > rounding;
        // Up to 2^53 the squares of whole numbers add up without any rounding.
        let exact = squares == 0.0 && libm::scalbn(sum_sq, 2 * exponent) <= LARGEST_COUNT as f64;
        Ok(Self {
            mean: sum / n,
            squares: if seen { squares } else { 0.0 },
            exponent: (largest > 0.0).then_some(exponent),
            lost: n > 1.0 && !seen && !exact,
        })
    }
}

/// a·b − c·d, with the rounding of both products put back.
pub(super) fn product_difference(a: f64, b: f64, c: f64, d: f64) -> f64 {
    let (left, right) = (a * b, c * d);
    (left - right) + (a.mul_add(b, -left) - c.mul_add(d, -right))
}

pub(super) fn count(n: u64) -> Result<f64, InvalidInput> {
    if n <= LARGEST_COUNT {
        Ok(n as f64)
    } else {
        Err(InvalidInput::new(
            "n",
            "it is more than 2^53",
            "give a count up to 9007199254740992",
        ))
    }
}

pub(super) fn finite(field: &'static str, value: f64) -> Result<(), InvalidInput> {
    if value.is_finite() {
        Ok(())
    } else {
        Err(InvalidInput::new(
            field,
            "it is not a finite number",
            "give the sum over all observations as a finite number",
        ))
    }
}

pub(super) fn sum_of_squares(
    n: u64,
    sum: (&'static str, f64),
    sum_sq: (&'static str, f64),
) -> Result<(), InvalidInput> {
    finite(sum.0, sum.1)?;
    finite(sum_sq.0, sum_sq.1)?;
    if n == 0 && (sum.1 != 0.0 || sum_sq.1 != 0.0) {
        return Err(InvalidInput::new(
            "n",
            "it is 0, but there are sums",
            "give the count of the observations behind the sums",
        ));
    }
    Ok(())
}

/// 2^PLAIN: a scaled magnitude above this asks for a new scale.
pub(super) const ROOM: f64 = f64::from_bits((1023 + PLAIN as u64) << 52);

/// Brings two series to the larger of their scales. Returns the factors of the two.
pub(super) fn align(a: &mut Centred, b: &mut Centred) -> (f64, f64) {
    match (a.exponent, b.exponent) {
        (Some(left), Some(right)) => (a.rescale(right), b.rescale(left)),
        (None, other) => {
            a.exponent = other;
            (1.0, 1.0)
        }
        (other, None) => {
            b.exponent = other;
            (1.0, 1.0)
        }
    }
}

/// Chan's merge of `there` observations into `here`, at one scale.
pub(super) fn join(a: &mut Centred, b: &Centred, here: f64, there: f64) {
    let apart = b.mean - a.mean;
    let share = there / (here + there);
    a.lost |= b.lost;
    a.squares += b.squares + apart * apart * here * share;
    a.mean += apart * share;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Moments, Question, effect};

    #[test]
    fn the_difference_of_two_products_keeps_what_both_round_off() {
        // In whole numbers (2^27 + 1)² − (2^27 + 1)(2^27 + 3) = −2^28 − 2, of products beyond 2^53.
        let a = f64::from((1 << 27) + 1);
        assert_eq!(
            product_difference(a, a, a, a + 2.0),
            f64::from(-(1 << 28) - 2)
        );
        assert_eq!(product_difference(3.0, 5.0, 2.0, 4.0), 7.0);
    }

    /// Why a mean of these has no comparison.
    fn told(moments: &Moments) -> CannotCompute {
        effect::mean(moments, &Moments::of([1.0, 2.0]), Question::default()).unwrap_err()
    }

    #[test]
    fn whole_numbers_lose_nothing_as_long_as_their_squares_add_up_to_2_to_the_53() {
        let twice = |value: f64| Moments::from_sums(2, 2.0 * value, 2.0 * value * value).unwrap();
        let largest = f64::from(1 << 26);
        assert_eq!(told(&twice(largest)), CannotCompute::NoVariance);
        assert_eq!(told(&twice(largest + 1.0)), CannotCompute::LostPrecision);
    }

    #[test]
    fn what_one_part_lost_the_whole_has_lost() {
        let constant = Moments::of([1e9; 5]);
        let of = |n: u32| {
            let n = f64::from(n);
            Moments::from_sums(n as u64, n * 1e9, n * 1e18).unwrap()
        };
        let merged = |mut first: Moments, then: &Moments| {
            first.merge(then);
            told(&first)
        };
        let lost = of(1_000);
        assert_eq!(merged(lost, &constant), CannotCompute::LostPrecision);
        assert_eq!(merged(constant, &lost), CannotCompute::LostPrecision);
        assert_eq!(merged(lost, &lost), CannotCompute::LostPrecision);
        // One observation has no spread to lose.
        assert_eq!(merged(of(1), &constant), CannotCompute::NoVariance);
    }
}
