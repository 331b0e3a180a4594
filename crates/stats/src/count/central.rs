use super::{Events, exposures, total, within_doubles};
use crate::numeric::{beta_quantile, binomial_cdf, binomial_sf};
use crate::{Alpha, Failure, Interval};

/// Two counts compared by their conditional distribution, with a p and an interval that agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Central {
    /// The treatment's rate over the control's; infinite where only the control saw no event.
    pub rate_ratio: f64,
    /// Every rate ratio that neither tail rejects at α/2; open to infinity where the control saw none.
    pub interval: Interval,
    /// Twice the smaller tail, at most 1: below α exactly where the interval leaves 1 out.
    pub p: f64,
}

/// Compares two counts of rare events by their share of the total, without an approximation.
///
/// Given the total x, the treatment's count is binomial with the chance θ = R·e/(1 + R·e) for the
/// rate ratio R and e the treatment's exposure over the control's. The interval of θ is Clopper and
/// Pearson's, the quantiles of Beta(y_t, y_c + 1) at α/2 and of Beta(y_t + 1, y_c) at 1 − α/2; that of R
/// is θ/(1 − θ)/e. Never less than 1 − α of such intervals hold the truth. For units that can convert
/// once it is conservative, the more the less rare they are.
///
/// Source: J. Przyborowski and H. Wilenski, Biometrika 31 (1940); C. J. Clopper and E. S. Pearson,
/// Biometrika 26 (1934). Ratios have no unit; exposures may have any, but both the same.
///
/// # Errors
///
/// [`TooFew`](crate::CannotCompute::TooFew) without a single event in either arm, [`Overflow`](crate::CannotCompute::Overflow) where the
/// exposures are so far apart that no double holds the ratio or its bounds; an invalid input for an exposure
/// that is not positive and finite, or a count above 2^53.
///
/// # Examples
///
/// ```
/// use stats::count::{Events, central};
/// let control = Events { count: 0, exposure: 10_000.0 };
/// let treatment = Events { count: 9, exposure: 10_000.0 };
/// let answer = central(control, treatment, stats::Alpha::default())?;
/// // All nine to one arm: 2/2⁹. The share is at least 0.025^(1/9), by odds 1.973.
/// assert!((answer.p - 2.0 / 512.0).abs() < 1e-12);
/// let share = 0.025_f64.powf(1.0 / 9.0);
/// assert!((answer.interval.lo - share / (1.0 - share)).abs() < 1e-10);
/// assert_eq!(answer.interval.hi, f64::INFINITY);
/// # Ok::<(), stats::Failure>(())
/// ```
pub fn central(control: Events, treatment: Events, alpha: Alpha) -> Result<Central, Failure> {
    let total = total(control, treatment)?;
    let (y_c, y_t) = (control.count, treatment.count);
    let over = exposures(control, treatment)?;
    let at_least = |count: u64, share: f64| match count {
        0 => 1.0,
        count => binomial_sf(count - 1, total, share),
    };
    // By the arm with the smaller exposure, whose share keeps its digits.
    let (at_least, at_most) = if over <= 1.0 {
        let null = over / (1.0 + over);
        (at_least(y_t, null), binomial_cdf(y_t, total, null))
    } else {
        let null = 1.0 / over / (1.0 + 1.0 / over);
        (binomial_cdf(y_c, total, null), at_least(y_c, null))
    };
    let tail = 0.5 * alpha.get();
    // Odds of the smaller share keep their digits where the share itself is next to 1.
    let odds = |share: f64| share / (1.0 - share) / over;
    let lo = if y_t == 0 {
        0.0
    } else {
        odds(beta_quantile(tail, y_t as f64, y_c as f64 + 1.0))
    };
    let hi = if y_c == 0 {
        f64::INFINITY
    } else {
        let other = beta_quantile(tail, y_c as f64, y_t as f64 + 1.0);
        (1.0 - other) / other / over
    };
    let rate_ratio = y_t as f64 / y_c as f64 / over;
    let interval = Interval { lo, hi };
    within_doubles(rate_ratio, interval, control, treatment)?;
    Ok(Central {
        rate_ratio,
        interval,
        p: (2.0 * at_least.min(at_most)).min(1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CannotCompute;
    use proptest::prelude::*;

    fn events(count: u64, exposure: f64) -> Events {
        Events { count, exposure }
    }

    #[test]
    fn one_against_none_by_hand() {
        // 5 of 5 to the treatment at even exposure: 1/32 in the tail; θ at least 0.025^(1/5).
        let found = central(events(0, 7.0), events(5, 7.0), Alpha::default()).unwrap();
        assert!((found.p - 2.0 / 32.0).abs() < 1e-15);
        let theta = 0.025_f64.powf(0.2);
        assert!((found.interval.lo / (theta / (1.0 - theta)) - 1.0).abs() < 1e-10);
        assert_eq!(found.rate_ratio, f64::INFINITY);
        let none = central(events(5, 7.0), events(0, 7.0), Alpha::default()).unwrap();
        assert_eq!((none.rate_ratio, none.interval.lo), (0.0, 0.0));
        assert!((none.interval.hi * found.interval.lo - 1.0).abs() < 1e-10);
    }

    #[test]
    fn an_arm_of_hardly_any_exposure_keeps_its_digits() {
        // One event of four in an arm with 1e-20 of the exposure: 1 − (1 − 1e-20)⁴, twice.
        for (control, treatment) in [
            (events(3, 1e20), events(1, 1.0)),
            (events(1, 1.0), events(3, 1e20)),
        ] {
            let p = central(control, treatment, Alpha::default()).unwrap().p;
            assert!((p / 8e-20 - 1.0).abs() < 1e-13, "{p:e}");
        }
    }

    #[test]
    fn nothing_seen_says_nothing_and_exposures_are_positive() {
        let ask = |control, treatment| central(control, treatment, Alpha::default());
        assert_eq!(
            ask(events(0, 1.0), events(0, 1.0)).unwrap_err(),
            CannotCompute::TooFew.into()
        );
        for (control, treatment) in [(0.0, 1.0), (1.0, f64::NAN)] {
            assert!(matches!(
                ask(events(1, control), events(1, treatment)),
                Err(Failure::Invalid(_))
            ));
        }
    }

    proptest! {
        #[test]
        fn interval_and_p_agree(y_c in 0..12_u64, y_t in 0..12_u64, over in 0.1..10.0_f64, alpha in 0.001..0.5_f64) {
            prop_assume!(y_c + y_t > 0);
            let found = central(events(y_c, 100.0), events(y_t, 100.0 * over), Alpha::new(alpha).unwrap()).unwrap();
            prop_assume!((found.p / alpha - 1.0).abs() > 1e-6);
            prop_assert_eq!(found.p > alpha, found.interval.contains(1.0));
            prop_assert!(found.interval.contains(found.rate_ratio));
        }
    }
}
