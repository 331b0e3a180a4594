//! Arms of different sizes, whose skewness does not cancel, as `viridian analyze ab` compares them: as shares.

use super::anytime::{Asked, Course};
use super::draw::{Draw, Shape};
use super::rough::Rough;
use super::trial::{Look, Outcome, follow};
use stats::effect::{self, Proportion, Share};
use stats::sequential::{LEAST_EVENTS, may_answer};
use stats::{Moments, Skewness};

/// From when on the sequence is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// From the first look on.
    Never,
    /// From when too little skewness is left in the difference, or both outcomes are often enough.
    ForNormality,
}

/// How a comparison of uneven arms goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Split {
    /// Units of the control, for each of the treatment.
    pub(crate) control_for_one: u64,
    /// Units of the treatment at the last look.
    pub(crate) most: u64,
    pub(crate) wait: Wait,
    /// The true relative change; values are multiplied.
    pub(crate) change: f64,
}

/// The treatment's units at each look: at every one of the first fifty, then at every fiftieth part more.
pub(crate) fn looks(most: u64) -> Vec<u64> {
    let next = |n: &u64| (*n < most).then(|| (n + 1 + n / 50).min(most));
    std::iter::successors(Some(1), next).collect()
}

#[derive(Default)]
struct Arm {
    n: u64,
    yes: u64,
    moments: Moments,
    skewness: Skewness,
}

impl Arm {
    fn grow(&mut self, shape: Shape, factor: f64, more: u64, draw: &mut Draw) {
        self.n += more;
        match shape {
            Shape::Bernoulli(p) => {
                self.yes += (0..more).filter(|_| draw.chance(p * factor)).count() as u64;
            }
            Shape::Revenue(p) => {
                // From buyer to buyer: those between them add nothing but their number.
                let gap = |draw: &mut Draw| (-draw.exponential() / (-p).ln_1p()) as u64;
                let (mut buyers, mut at) = (0, gap(draw));
                while at < more {
                    self.push(factor * draw.amount());
                    buyers += 1;
                    at += 1 + gap(draw);
                }
                let zeros = more - buyers;
                self.skewness.merge(&Skewness::of_zeros(zeros));
                if let Ok(zeros) = Moments::from_sums(zeros, 0.0, 0.0) {
                    self.moments.merge(&zeros);
                }
            }
            _ => {
                for _ in 0..more {
                    self.push(factor * shape.draw(draw));
                }
            }
        }
    }

    fn push(&mut self, value: f64) {
        self.moments.push(value);
        self.skewness.push(value);
    }
}

#[derive(Default)]
struct Arms {
    control: Arm,
    treatment: Arm,
}

impl Arms {
    fn grow(&mut self, shape: Shape, split: &Split, more: u64, draw: &mut Draw) {
        let others = more * split.control_for_one;
        self.control.grow(shape, 1.0, others, draw);
        self.treatment.grow(shape, 1.0 + split.change, more, draw);
    }

    /// Whether `analyze ab --sequential` answers.
    fn answers(&self, shape: Shape, course: &Course) -> bool {
        if let Shape::Bernoulli(_) = shape {
            let enough = |arm: &Arm| arm.yes.min(arm.n - arm.yes) >= LEAST_EVENTS;
            enough(&self.control) && enough(&self.treatment)
        } else {
            let signal = match self.asked(shape, course) {
                Some(Asked::Share(share)) => share.absolute().signal,
                Some(Asked::Estimate(estimate)) => estimate.signal,
                None => 0.0,
            };
            may_answer(
                &self.control.skewness,
                &self.treatment.skewness,
                signal,
                course.question.difference,
            )
        }
    }

    fn rough(&self, shape: Shape) -> Rough {
        let (control, treatment) = (&self.control, &self.treatment);
        if let Shape::Bernoulli(_) = shape {
            Rough::of_uneven_proportions([(control.yes, control.n), (treatment.yes, treatment.n)])
        } else {
            Rough::of_means(&control.moments, &treatment.moments)
        }
    }

    fn asked(&self, shape: Shape, course: &Course) -> Option<Asked> {
        let (control, treatment) = (&self.control, &self.treatment);
        if let Shape::Bernoulli(_) = shape {
            let arm = |arm: &Arm| Proportion::new(arm.yes, arm.n).ok();
            let (control, treatment) = (arm(control)?, arm(treatment)?);
            return if course.by.shares() {
                let share = Share::of_proportions(control, treatment);
                share.ok().map(Asked::Share)
            } else {
                let estimate = effect::proportion(control, treatment, course.question);
                estimate.ok().map(Asked::Estimate)
            };
        }
        let (control, treatment) = (&control.moments, &treatment.moments);
        if course.by.shares() {
            Share::of_means(control, treatment).ok().map(Asked::Share)
        } else {
            let estimate = effect::mean(control, treatment, course.question);
            estimate.ok().map(Asked::Estimate)
        }
    }
}

/// Looked at from the first unit on; told is how many units the treatment has at the first answer.
pub(crate) fn sequence(shape: Shape, split: &Split, course: &Course, draw: &mut Draw) -> Outcome {
    let looks = looks(split.most);
    let mut arms = Arms::default();
    let mut first = None;
    let mut outcome = follow(looks.len() as u64, |number| {
        let n = looks[number as usize - 1];
        arms.grow(shape, split, n - arms.treatment.n, draw);
        if split.wait == Wait::ForNormality && !arms.answers(shape, course) {
            return Look::NOTHING;
        }
        if first.is_none() {
            first = arms.asked(shape, course).map(|_| n);
        }
        let rough = arms.rough(shape);
        if ![0.0, split.change]
            .map(|what| rough.may_exclude(what, course.scale()))
            .contains(&true)
        {
            return Look::NOTHING;
        }
        let asked = arms.asked(shape, course);
        asked.map_or(Look::NOTHING, |asked| {
            course.at_any_time(&asked, split.change)
        })
    });
    outcome.told = first;
    outcome
}

/// Asked once, at the end, by Welch's t.
pub(crate) fn once(shape: Shape, split: &Split, course: &Course, draw: &mut Draw) -> Outcome {
    let mut arms = Arms::default();
    arms.grow(shape, split, split.most, draw);
    let asked = arms.asked(shape, course);
    let look = asked.map_or(Look::NOTHING, |asked| {
        course.at_the_end(&asked, split.change)
    });
    Outcome {
        fixed: Some(look),
        ..Outcome::default()
    }
}
