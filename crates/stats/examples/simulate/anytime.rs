//! The methods that promise to hold however often one looks, each run once over growing data.

use super::draw::{Draw, Shape};
use super::trial::{Look, Outcome, follow};
use stats::effect::{self, Proportion};
use stats::sequential::{
    self, Comparison, CountsQuestion, QuantileTest, RatioMismatch, Tuning, counts, rate,
};
use stats::{Alpha, Difference, Estimate, Moments, PairMoments, Question};

/// How a run goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    pub(crate) question: Question,
    pub(crate) looks: u64,
    /// Observations in each arm (or events, or units, in all) that come between two looks.
    pub(crate) each: u64,
    /// The relative change that the treatment really makes.
    pub(crate) change: f64,
}

impl Course {
    /// What the interval should hold, for a control with this mean.
    fn truth(&self, mean: f64) -> f64 {
        match self.question.difference {
            Difference::Relative => self.change,
            Difference::Absolute => self.change * mean,
        }
    }

    fn seen(&self, answer: Option<Estimate>, truth: f64) -> Look {
        answer.map_or(Look::NOTHING, |answer| Look {
            rejects: answer.p <= self.question.alpha.get(),
            covers: answer.interval.contains(truth),
        })
    }

    /// One run of a method on effects: `grow` takes in what came, `answer` compares.
    fn effects<State>(
        &self,
        mut state: State,
        truth: f64,
        mut grow: impl FnMut(&mut State),
        answer: impl Fn(&State) -> Option<Estimate>,
    ) -> Outcome {
        let mut outcome = follow(self.looks, |_| {
            for _ in 0..self.each {
                grow(&mut state);
            }
            let anytime = answer(&state).and_then(|fixed| {
                sequential::asymptotic(&fixed, self.question, sequential::DEFAULT_TUNING).ok()
            });
            self.seen(anytime, truth)
        });
        outcome.fixed = Some(self.seen(answer(&state), truth));
        outcome
    }
}

/// A mean whose treatment adds `change` of the control's mean.
pub(crate) fn mean(shape: Shape, course: &Course, draw: &mut Draw) -> Outcome {
    let shift = course.change * shape.mean();
    course.effects(
        (Moments::new(), Moments::new()),
        course.truth(shape.mean()),
        |(control, treatment)| {
            control.push(shape.draw(draw));
            treatment.push(shape.draw(draw) + shift);
        },
        |(control, treatment)| effect::mean(control, treatment, course.question).ok(),
    )
}

pub(crate) fn proportion(p: f64, course: &Course, draw: &mut Draw) -> Outcome {
    let other = p * (1.0 + course.change);
    course.effects(
        ([0, 0], 0),
        course.truth(p),
        |(yes, n)| {
            yes[0] += u64::from(draw.chance(p));
            yes[1] += u64::from(draw.chance(other));
            *n += 1;
        },
        |(yes, n)| {
            let control = Proportion::new(yes[0], *n).ok()?;
            let treatment = Proportion::new(yes[1], *n).ok()?;
            effect::proportion(control, treatment, course.question).ok()
        },
    )
}

/// The same, refused below so many events that a relative sequence would not keep its level.
pub(crate) fn proportion_with_floor(p: f64, course: &Course, draw: &mut Draw) -> Outcome {
    let other = p * (1.0 + course.change);
    let truth = course.truth(p);
    let (mut yes, mut n) = ([0, 0], 0);
    follow(course.looks, |_| {
        for _ in 0..course.each {
            yes[0] += u64::from(draw.chance(p));
            yes[1] += u64::from(draw.chance(other));
            n += 1;
        }
        let arm = |x| Proportion::new(x, n).ok();
        let answer = arm(yes[0])
            .zip(arm(yes[1]))
            .and_then(|(control, treatment)| {
                let tuning = sequential::DEFAULT_TUNING;
                sequential::proportion(control, treatment, course.question, tuning).ok()
            });
        course.seen(answer, truth)
    })
}

/// Revenue per order: orders are 1 + a geometric count, revenue grows with them.
pub(crate) fn ratio(course: &Course, draw: &mut Draw) -> Outcome {
    let mut pair = |lift: f64| {
        let mut orders = 1.0;
        while draw.chance(0.5) {
            orders += 1.0;
        }
        // Twenty an order; a unit that orders more pays less for each.
        let revenue: f64 = orders * (20.0 - (orders - 2.0)) + 5.0 * draw.normal();
        (revenue * lift, orders)
    };
    // E[orders] = 2, E[orders²] = 6: revenue 40 − (6 − 4) = 38, over 2.
    course.effects(
        (PairMoments::new(), PairMoments::new()),
        course.truth(19.0),
        |(control, treatment)| {
            let (x, y) = pair(1.0);
            control.push(x, y);
            let (x, y) = pair(1.0 + course.change);
            treatment.push(x, y);
        },
        |(control, treatment)| {
            let ratio = effect::ratio(control, treatment, course.question).ok()?;
            Some(ratio.estimate)
        },
    )
}

/// A lognormal metric that correlates at 0.8 (on the scale of its logarithm) with itself before.
pub(crate) fn cuped(course: &Course, draw: &mut Draw) -> Outcome {
    let mut pair = |shift: f64| {
        let before = draw.normal();
        let after = 0.8 * before + 0.6 * draw.normal();
        ((0.6 * after).exp() + shift, (0.6 * before).exp())
    };
    let mean = 0.18_f64.exp();
    course.effects(
        (PairMoments::new(), PairMoments::new()),
        course.truth(mean),
        |(control, treatment)| {
            let (x, y) = pair(0.0);
            control.push(x, y);
            let (x, y) = pair(course.change * mean);
            treatment.push(x, y);
        },
        |(control, treatment)| {
            let adjusted = effect::cuped(control, treatment, course.question).ok()?;
            Some(adjusted.estimate)
        },
    )
}

/// Events one after another, the treatment's with its share of the traffic. A Poisson stream of any
/// changing intensity looks like this from one event to the next.
pub(crate) fn events(share: f64, course: &Course, draw: &mut Draw) -> Outcome {
    let alpha = course.question.alpha;
    let question = CountsQuestion {
        prior: [4.0 * (1.0 - share), 4.0 * share],
        shares: [1.0 - share, share],
        alpha,
    };
    let ratio = 1.0 + course.change;
    let theta = share * ratio / (share * ratio + 1.0 - share);
    let mut seen = [0_u64; 2];
    let mut outcome = follow(course.looks, |_| {
        for _ in 0..course.each {
            seen[usize::from(draw.chance(theta))] += 1;
        }
        counts(seen, &question).map_or(Look::NOTHING, |answer| Look {
            rejects: answer.p <= alpha.get(),
            covers: answer.rate_ratio_interval.contains(ratio),
        })
    });
    let [control, treatment] = [(seen[0], 1.0 - share), (seen[1], share)]
        .map(|(count, exposure)| stats::count::Events { count, exposure });
    outcome.fixed = stats::count::poisson_rates(control, treatment, alpha)
        .ok()
        .map(|fixed| Look {
            rejects: fixed.score.two_sided <= alpha.get(),
            covers: fixed.interval_score.contains(ratio),
        });
    outcome
}

/// Units assigned to three arms; `change` takes so much away from the last.
pub(crate) fn mismatch(course: &Course, draw: &mut Draw) -> Outcome {
    const SHARES: [f64; 3] = [0.5, 0.3, 0.2];
    let alpha = course.question.alpha.get();
    let Ok(mut split) = RatioMismatch::new(&SHARES, 10_000.0) else {
        return Outcome::default();
    };
    let mut all = [0_u64; 3];
    let mut outcome = follow(course.looks, |_| {
        let mut came = [0_u64; 3];
        for _ in 0..course.each {
            let at = draw.unit();
            let arm = usize::from(at >= SHARES[0]) + usize::from(at >= SHARES[0] + SHARES[1]);
            // A unit that is lost to its arm is lost for good.
            if arm < 2 || !draw.chance(-course.change) {
                came[arm] += 1;
            }
        }
        for (sum, more) in all.iter_mut().zip(came) {
            *sum += more;
        }
        split.observe(&came).map_or(Look::NOTHING, |look| Look {
            rejects: look.p <= alpha,
            covers: true,
        })
    });
    outcome.fixed = stats::srm::srm(&all, &SHARES).ok().map(|fixed| Look {
        rejects: fixed.p <= alpha,
        covers: true,
    });
    outcome
}

/// One rate: a rejection is an interval that does not hold the rate `p·(1 + change)`, which is asked
/// about while `p` is true; coverage is that of `p`.
pub(crate) fn single_rate(p: f64, course: &Course, draw: &mut Draw) -> Outcome {
    let tuning = Tuning {
        v_opt: (course.looks * course.each) as f64 / 2.0,
        alpha_opt: 0.05,
    };
    let asked = p * (1.0 + course.change);
    let (mut yes, mut n) = (0, 0);
    follow(course.looks, |_| {
        for _ in 0..course.each {
            yes += u64::from(draw.chance(p));
            n += 1;
        }
        rate(yes, n, course.question.alpha, tuning).map_or(Look::NOTHING, |rate| Look {
            rejects: !rate.interval.contains(asked),
            covers: rate.interval.contains(p),
        })
    })
}

/// The quantile `q` of two arms; the treatment's values are all `change` greater.
pub(crate) fn quantile(q: f64, shape: Shape, course: &Course, draw: &mut Draw) -> Outcome {
    let alpha = course.question.alpha;
    let tuning = Tuning {
        v_opt: (course.looks * course.each) as f64 / 2.0,
        alpha_opt: 0.05,
    };
    let Ok(test) = QuantileTest::new(q, tuning) else {
        return Outcome::default();
    };
    let truth = course.change * shape.quantile(q);
    let (mut control, mut treatment) = (Vec::new(), Vec::new());
    let mut outcome = follow(course.looks, |_| {
        for _ in 0..course.each {
            control.push(shape.draw(draw));
            treatment.push(shape.draw(draw) * (1.0 + course.change));
        }
        let compared = test.compare(&control, &treatment, Comparison::Difference, alpha);
        // The interval holds what the p value does not reject, and costs the same.
        compared.map_or(Look::NOTHING, |change| Look {
            rejects: !change.interval.contains(0.0),
            covers: change.interval.contains(truth),
        })
    });
    outcome.fixed = super::fixed::quantiles(q, &control, &treatment, truth, course.question);
    outcome
}

/// The level at which all of this is asked.
pub(crate) fn at(alpha: Alpha) -> Question {
    Question {
        alpha,
        ..Question::default()
    }
}
