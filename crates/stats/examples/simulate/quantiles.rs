//! Quantiles that may be looked at all the time, of two arms and of one.

use super::anytime::Course;
use super::draw::{Draw, Shape};
use super::screen::{Moved, grow, most_against_common};
use super::trial::{Look, Outcome, follow};
use stats::sequential::{Comparison, QuantileTest};

/// The quantile `q` of two arms; the treatment's values are all `change` greater. Rejected by the p
/// value, covered by the interval.
pub(crate) fn quantile(q: f64, shape: Shape, course: &Course, draw: &mut Draw) -> Outcome {
    let alpha = course.question.alpha;
    let Ok(test) = QuantileTest::new(q, course.tuning()) else {
        return Outcome::default();
    };
    let truth = course.change * shape.quantile(q);
    let threshold = -alpha.get().ln();
    let (mut control, mut treatment) = (Vec::new(), Vec::new());
    let mut outcome = follow(course.looks, |_| {
        let factor = 1.0 + course.change;
        grow(&mut control, (0..course.each).map(|_| shape.draw(draw)));
        let more = (0..course.each).map(|_| shape.draw(draw) * factor);
        grow(&mut treatment, more);
        let may_exclude = |change: f64| {
            let moved = Moved::by(&control, 1.0, change);
            most_against_common(q, moved, Moved::by(&treatment, 1.0, 0.0)) >= threshold
        };
        let rejects = may_exclude(0.0)
            && test
                .p_value(&control, &treatment)
                .is_ok_and(|p| p <= alpha.get());
        let covers = !may_exclude(truth) || {
            let compared = test.compare(&control, &treatment, Comparison::Difference, alpha);
            compared.is_ok_and(|change| change.interval.contains(truth))
        };
        Look { rejects, covers }
    });
    outcome.fixed = super::fixed::quantiles(q, &control, &treatment, truth, course.question);
    outcome
}

/// The quantile of one sample, asked as [`single_rate`] is.
pub(crate) fn single_quantile(q: f64, shape: Shape, course: &Course, draw: &mut Draw) -> Outcome {
    let alpha = course.question.alpha;
    let Ok(test) = QuantileTest::new(q, course.tuning()) else {
        return Outcome::default();
    };
    let truth = shape.quantile(q);
    let asked = truth * (1.0 + course.change);
    let threshold = -alpha.get().ln();
    let mut values = Vec::new();
    follow(course.looks, |_| {
        grow(&mut values, (0..course.each).map(|_| shape.draw(draw)));
        let moved = Moved::by(&values, 1.0, 0.0);
        let holds = |x: f64| {
            moved.most_against(q, x) < threshold
                || test
                    .interval(&values, alpha)
                    .is_ok_and(|known| known.interval.contains(x))
        };
        Look {
            rejects: !holds(asked),
            covers: holds(truth),
        }
    })
}
