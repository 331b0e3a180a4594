//! What a column seems to hold, by its first values.

/// So many rows are looked at.
pub(crate) const ROWS: usize = 1_000;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Look {
    /// No value in any of them.
    Empty,
    /// Numbers only, in the order of the file.
    Numbers(Vec<f64>),
    /// Dates only.
    Dates,
    /// At least one value that is neither, or both kinds.
    Text,
}

impl Look {
    /// Takes in one more value.
    pub(super) fn and(self, cell: &[u8]) -> Self {
        use super::cell;
        match (self, cell::metric(cell)) {
            (known, Ok(missing)) if missing.is_nan() => known,
            (Self::Empty, Ok(number)) => Self::Numbers(vec![number]),
            (Self::Numbers(mut numbers), Ok(number)) => {
                numbers.push(number);
                Self::Numbers(numbers)
            }
            (Self::Empty | Self::Dates, Err(_))
                if matches!(cell::time(cell), Some(cell::Time::Date { .. })) =>
            {
                Self::Dates
            }
            _ => Self::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Look;

    #[test]
    fn one_strange_value_makes_it_text() {
        let of = |cells: &[&str]| {
            cells
                .iter()
                .fold(Look::Empty, |look, cell| look.and(cell.as_bytes()))
        };
        assert_eq!(of(&["", " ", "NaN"]), Look::Empty);
        assert_eq!(of(&["", "1", "2.5"]), Look::Numbers(vec![1.0, 2.5]));
        assert_eq!(of(&["2026-01-01", "", "2026-01-02T00:00:00Z"]), Look::Dates);
        assert_eq!(of(&["1", "fast"]), Look::Text);
        assert_eq!(of(&["1", "2026-01-01"]), Look::Text);
        assert_eq!(of(&["2026-01-01", "7"]), Look::Text);
    }
}
