//! One course of a series, up or down, and what is left without it.

use super::ranks::Ranks;
use crate::CannotCompute;

/// What is left of the ranks of `rows` when the course up or the course down that suits them best is taken out; NaN
/// where a row has no value.
///
/// A course up is any that never falls: a step, several, a leak of any shape. It is the isotonic regression by least
/// squares (M. Ayer, H. D. Brunk, G. M. Ewing, W. T. Reid & E. Silverman, "An empirical distribution function for
/// sampling with incomplete information", Annals of Mathematical Statistics 26, 1955), in O(n) once ranks are known.
pub(super) fn without_course(rows: &[f64]) -> Result<Vec<f64>, CannotCompute> {
    let ranks = Ranks::of(rows)?;
    let there = || ranks.centred.iter().zip(&ranks.has_value);
    let values: Vec<f64> = there().filter(|row| *row.1).map(|row| *row.0).collect();
    let turned = |values: &[f64]| -> Vec<f64> { values.iter().map(|value| -value).collect() };
    let up = beside_course_up(&values);
    let down = turned(&beside_course_up(&turned(&values)));
    let squares = |rest: &[f64]| rest.iter().map(|value| value * value).sum::<f64>();
    let rest = if squares(&up) <= squares(&down) {
        up
    } else {
        down
    };
    let mut rest = rest.into_iter();
    let in_place = there().map(|(_, has_value)| {
        let value = if *has_value { rest.next() } else { None };
        value.unwrap_or(f64::NAN)
    });
    Ok(in_place.collect())
}

/// The values less the course up: neighbours that fall are pooled until none do.
fn beside_course_up(values: &[f64]) -> Vec<f64> {
    let mean = |(sum, n): (f64, usize)| sum / n as f64;
    let mut levels: Vec<(f64, usize)> = Vec::new();
    for value in values {
        let mut last = (*value, 1);
        while let Some(before) = levels.pop_if(|before| mean(*before) >= mean(last)) {
            last = (before.0 + last.0, before.1 + last.1);
        }
        levels.push(last);
    }
    let course = levels
        .into_iter()
        .flat_map(|level| std::iter::repeat_n(mean(level), level.1));
    values.iter().zip(course).map(|(a, b)| a - b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn rests(rows: &[f64], want: &[f64]) {
        let got = without_course(rows).unwrap();
        assert_eq!(got.len(), want.len());
        for (got, want) in got.iter().zip(want) {
            let same = (got - want).abs() < 1e-12 || (got.is_nan() && want.is_nan());
            assert!(same, "{got} {want}");
        }
    }

    /// scipy 1.17: `r - isotonic_regression(r).x` of `r = rankdata(x)`.
    #[test]
    fn the_course_is_that_of_scipy() {
        let third = 1.0 / 3.0;
        let mut rest = vec![1.0, -1.0, 0.0, 0.5, -0.5];
        rest.extend([2.0 * third, 5.0 * third, -7.0 * third, 0.5, -0.5]);
        let mut rows = vec![3.0, 1.0, 2.0, 6.0, 5.0, 7.0, 7.5, 4.0, 9.0, 8.0];
        rests(&rows, &rest);
        // Downwards the same.
        let turned = |rows: &[f64]| -> Vec<f64> { rows.iter().map(|x| -x).collect() };
        rests(&turned(&rows), &turned(&rest));
        // Rows without a value keep their place.
        for place in [0, 4, 12] {
            rows.insert(place, f64::NAN);
            rest.insert(place, f64::NAN);
        }
        rests(&rows, &rest);
    }

    #[test]
    fn what_only_rises_or_only_falls_is_all_course() {
        let leak: Vec<f64> = (0..60).map(|row| f64::from(row).exp()).collect();
        rests(&leak, &[0.0; 60]);
        let step: Vec<f64> = (0..60).map(|row| f64::from(u8::from(row < 20))).collect();
        rests(&step, &[0.0; 60]);
    }

    #[test]
    fn what_cannot_be_ranked_has_no_course() {
        assert_eq!(
            without_course(&[1.0; 9]).unwrap_err(),
            CannotCompute::TooFew
        );
        assert_eq!(
            without_course(&[1.0; 10]).unwrap_err(),
            CannotCompute::NoVariance
        );
    }
}
