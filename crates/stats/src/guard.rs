//! The checks the methods make of what they are given, in one wording.

use crate::InvalidInput;

/// Values that are neither NaN nor infinite.
pub(crate) fn finite_values(field: &'static str, values: &[f64]) -> Result<(), InvalidInput> {
    if values.iter().all(|value| value.is_finite()) {
        Ok(())
    } else {
        Err(InvalidInput::new(
            field,
            "a value is NaN or infinite",
            "leave such values out, and count them apart if they mean something",
        ))
    }
}

pub(crate) fn positive(field: &'static str, value: f64) -> Result<(), InvalidInput> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(InvalidInput::new(
            field,
            "it is not above 0, or not finite",
            "give a finite number above 0",
        ))
    }
}

/// What a belief is worth in observations: as wide a range as leaves room for the arithmetic.
pub(crate) fn pseudo_count(field: &'static str, value: f64) -> Result<(), InvalidInput> {
    if (1e-6..=1e300).contains(&value) {
        Ok(())
    } else {
        Err(InvalidInput::new(
            field,
            "it is out of the range from 1e-6 to 1e300",
            "give the number of observations that the belief is worth, as 1",
        ))
    }
}

/// A count that a double holds to the unit.
pub(crate) const fn count(field: &'static str, count: u64) -> Result<(), InvalidInput> {
    if count <= crate::moments::LARGEST_COUNT {
        Ok(())
    } else {
        Err(InvalidInput::new(
            field,
            "it is more than 2^53",
            "give a count up to 9007199254740992",
        ))
    }
}

pub(crate) fn not_negative(field: &'static str, value: f64) -> Result<(), InvalidInput> {
    if value >= 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(InvalidInput::new(
            field,
            "it is negative, or not finite",
            "give a finite number, 0 or above",
        ))
    }
}

/// A chance that is neither 0 nor 1.
pub(crate) fn inside_unit(field: &'static str, value: f64) -> Result<(), InvalidInput> {
    if value > 0.0 && value < 1.0 {
        Ok(())
    } else {
        Err(InvalidInput::new(
            field,
            "it is not between 0 and 1",
            "give a number above 0 and below 1",
        ))
    }
}

/// Shares of 0 or more that add up to 1, as far as decimals can say so.
pub(crate) fn shares(field: &'static str, shares: &[f64]) -> Result<(), InvalidInput> {
    for share in shares {
        not_negative(field, *share)?;
    }
    if (shares.iter().sum::<f64>() - 1.0).abs() <= 1e-9 {
        Ok(())
    } else {
        Err(InvalidInput::new(
            field,
            "they do not add up to 1",
            "divide each by their sum",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_check_has_its_borders() {
        assert!(finite_values("a", &[]).is_ok());
        assert!(finite_values("a", &[0.0, f64::MAX]).is_ok());
        assert_eq!(finite_values("a", &[0.0, f64::NAN]).unwrap_err().field, "a");
        assert!(finite_values("a", &[f64::NEG_INFINITY]).is_err());
        assert!(positive("x", f64::MIN_POSITIVE).is_ok());
        assert!(not_negative("x", 0.0).is_ok());
        for bad in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(
                positive("x", bad).is_err() && not_negative("x", bad).is_err(),
                "{bad}"
            );
        }
        assert!(positive("x", 0.0).is_err());
        assert!(pseudo_count("a", 1e-6).is_ok() && pseudo_count("a", 1e300).is_ok());
        for bad in [0.0, 9e-7, 2e300, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(pseudo_count("a", bad).unwrap_err().field, "a", "{bad}");
        }
        assert!(count("n", 0).is_ok() && count("n", 1 << 53).is_ok());
        assert_eq!(count("n", (1 << 53) + 1).unwrap_err().field, "n");
        assert!(inside_unit("q", 0.5).is_ok());
        for bad in [0.0, 1.0, f64::NAN] {
            assert!(inside_unit("q", bad).is_err(), "{bad}");
        }
        assert!(shares("w", &[0.1; 10]).is_ok());
        assert!(shares("w", &[0.0, 1.0]).is_ok());
        assert!(shares("w", &[0.5, 0.500_001]).is_err());
        assert!(shares("w", &[-0.5, 1.5]).is_err());
        assert!(shares("w", &[f64::NAN, 1.0]).is_err());
    }
}
