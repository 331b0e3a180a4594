//! Numbers as requests and answers carry them.

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use std::fmt;

/// A 64-bit float whose non-finite values travel as the strings `"Infinity"`, `"-Infinity"` and
/// `"NaN"`, which JSON's own numbers cannot say.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Number(pub f64);

impl Number {
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }

    /// The plain floats of a list.
    #[must_use]
    pub fn all(list: &[Self]) -> Vec<f64> {
        list.iter().map(|number| number.0).collect()
    }
}

/// The share of `p90` or `p99.9`, inside (0, 1).
pub(crate) fn quantile(text: &str) -> Option<f64> {
    let percent: f64 = text.strip_prefix('p')?.parse().ok()?;
    // To a millionth of a per cent, so that 99.9 is 0.999 to the last bit.
    let share = (percent * 1e6).round() / 1e8;
    (share > 0.0 && share < 1.0).then_some(share)
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            f64::INFINITY => f.write_str("Infinity"),
            f64::NEG_INFINITY => f.write_str("-Infinity"),
            x if x != 0.0 && !(1e-5..1e16).contains(&x.abs()) && !x.is_nan() => write!(f, "{x:e}"),
            x => write!(f, "{x}"),
        }
    }
}

impl From<Number> for f64 {
    fn from(number: Number) -> Self {
        number.0
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            x if x.is_nan() => serializer.serialize_str("NaN"),
            f64::INFINITY => serializer.serialize_str("Infinity"),
            f64::NEG_INFINITY => serializer.serialize_str("-Infinity"),
            // To people −0 is 0.
            x => serializer.serialize_f64(x + 0.0),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor).map(Self)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<f64, E> {
        Ok(value)
    }

    #[expect(clippy::cast_precision_loss, reason = "JSON numbers are floats here")]
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }

    #[expect(clippy::cast_precision_loss, reason = "JSON numbers are floats here")]
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<f64, E> {
        match value {
            "Infinity" => Ok(f64::INFINITY),
            "-Infinity" => Ok(f64::NEG_INFINITY),
            "NaN" => Ok(f64::NAN),
            other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
        }
    }
}

/// A count: a whole number from 0 to 2⁵³, also when it is written `1000.0`, as many programs do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count(pub u64);

/// Up to here every whole number has a float of its own.
const LARGEST_COUNT: u64 = 1 << 53;

impl Count {
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor).map(Self)
    }
}

struct CountVisitor;

impl Visitor<'_> for CountVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number from 0 to 2^53")
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<u64, E> {
        if value <= LARGEST_COUNT {
            Ok(value)
        } else {
            Err(too_large(value))
        }
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<u64, E> {
        match u64::try_from(value) {
            Ok(value) => self.visit_u64(value),
            Err(_) => Err(E::invalid_value(de::Unexpected::Signed(value), &self)),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "checked to be whole and within bounds"
    )]
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<u64, E> {
        if value >= 0.0 && value <= LARGEST_COUNT as f64 && value.fract() == 0.0 {
            Ok(value as u64)
        } else if value > LARGEST_COUNT as f64 && value.is_finite() {
            Err(too_large(value))
        } else {
            Err(E::invalid_value(de::Unexpected::Float(value), &self))
        }
    }
}

fn too_large<E: de::Error>(value: impl fmt::Display) -> E {
    E::custom(format!(
        "{value} is too large, expected a whole number from 0 to 2^53"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn non_finite_numbers_travel_as_words_both_ways() {
        let words = r#"[1.5,"Infinity","-Infinity","NaN",-0.0,3]"#;
        let read: Vec<Number> = serde_json::from_str(words).unwrap();
        assert!(read[3].0.is_nan());
        assert_eq!(
            serde_json::to_string(&read).unwrap(),
            r#"[1.5,"Infinity","-Infinity","NaN",0.0,3.0]"#
        );
    }

    #[test]
    fn messages_show_numbers_as_requests_write_them() {
        for (x, shown) in [
            (0.9, "0.9"),
            (0.0, "0"),
            (1e300, "1e300"),
            (-2e-300, "-2e-300"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(Number(x).to_string(), shown);
        }
    }

    #[test]
    fn counts_are_whole_and_not_negative() {
        for good in ["0", "12", "12.0", "1e3", "9007199254740992"] {
            assert!(serde_json::from_str::<Count>(good).is_ok(), "{good}");
        }
        for bad in [
            "-1",
            "1.5",
            "1e17",
            "\"3\"",
            "\"NaN\"",
            "null",
            "true",
            "18446744073709551616",
        ] {
            assert!(serde_json::from_str::<Count>(bad).is_err(), "{bad}");
        }
        for large in ["9007199254740993", "18446744073709551615"] {
            let why = serde_json::from_str::<Count>(large)
                .unwrap_err()
                .to_string();
            assert!(why.starts_with(&format!("{large} is too large")), "{why}");
        }
    }
}
