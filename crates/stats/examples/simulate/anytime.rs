//! The methods that promise to hold however often one looks, each run once over growing data.

use super::draw::{Draw, Shape};
use super::rough::{Rough, Scale};
use super::screen::most_against_chance;
use super::trial::{Look, Outcome, follow};
use stats::effect::{self, Proportion, Share};
use stats::sequential::{self, CountsQuestion, RatioMismatch, Tuning, counts, rate};
use stats::{Alpha, Difference, Estimate, Moments, PairMoments, Question, Side};

/// How a run goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    pub(crate) question: Question,
    pub(crate) looks: u64,
    /// Observations in each arm (or events, or units, in all) that come between two looks.
    pub(crate) each: u64,
    /// The relative change that the treatment really makes.
    pub(crate) change: f64,
    pub(crate) by: By,
}

/// How two arms are compared at every look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// By [`sequential::effect`], which refuses what would break the level.
    Guarded,
    /// By the formula alone, [`sequential::asymptotic`].
    Formula,
    /// As a share of the control by the difference's own test, [`Share`].
    Share,
}

impl By {
    pub(crate) const fn shares(self) -> bool {
        matches!(self, Self::Share)
    }
}

/// What is asked of two arms as they are.
pub(crate) enum Asked {
    Estimate(Estimate),
    Share(Share),
}

impl Course {
    /// What the interval should hold, for a control with this mean.
    fn truth(&self, mean: f64) -> f64 {
        match self.question.difference {
            Difference::Relative => self.change,
            Difference::Absolute => self.change * mean,
        }
    }

    /// By the difference's own test where that is asked for, and by the delta method.
    fn asked<E>(
        &self,
        share: impl FnOnce() -> Result<Share, E>,
        estimate: impl FnOnce() -> Result<Estimate, E>,
    ) -> Option<Asked> {
        if self.by.shares() {
            share().ok().map(Asked::Share)
        } else {
            estimate().ok().map(Asked::Estimate)
        }
    }

    /// Sharpest in the middle.
    pub(crate) fn tuning(&self) -> Tuning {
        Tuning {
            v_opt: (self.looks * self.each) as f64 / 2.0,
            alpha_opt: 0.05,
        }
    }

    pub(crate) fn at_any_time(&self, asked: &Asked, truth: f64) -> Look {
        let tuning = sequential::DEFAULT_TUNING;
        match asked {
            Asked::Share(share) if self.question.side != Side::Two => {
                // To one side a share is what the test of the difference there does not reject.
                let excludes = |share_is: f64| {
                    let there = share.at(share_is);
                    let moved = Estimate {
                        effect: there.effect - share_is,
                        ..there
                    };
                    sequential::asymptotic(&moved, self.question, tuning)
                        .is_ok_and(|found| found.p <= self.question.alpha.get())
                };
                Look {
                    rejects: excludes(0.0),
                    covers: !excludes(truth),
                }
            }
            Asked::Estimate(estimate) if self.by == By::Guarded => {
                let found = sequential::effect(estimate, self.question, tuning);
                self.seen(found.ok(), truth)
            }
            Asked::Estimate(estimate) => {
                let found = sequential::asymptotic(estimate, self.question, tuning);
                self.seen(found.ok(), truth)
            }
            Asked::Share(share) => match share.at_any_time(self.question.alpha, tuning) {
                Ok((interval, p)) => Look {
                    rejects: p <= self.question.alpha.get(),
                    covers: interval.contains(truth),
                },
                Err(_) => Look::NOTHING,
            },
        }
    }

    pub(crate) fn at_the_end(&self, asked: &Asked, truth: f64) -> Look {
        match asked {
            Asked::Estimate(estimate) => self.seen(Some(*estimate), truth),
            Asked::Share(share) => {
                let level = match self.question.side {
                    Side::Two => self.question.alpha.get(),
                    Side::Greater | Side::Less => 2.0 * self.question.alpha.get(),
                };
                let interval = Alpha::new(level).map(|level| share.interval(level));
                interval.map_or(Look::NOTHING, |interval| {
                    let excludes = |share_is: f64| match self.question.side {
                        Side::Two => !interval.contains(share_is),
                        Side::Greater => interval.lo > share_is,
                        Side::Less => interval.hi < share_is,
                    };
                    Look {
                        rejects: excludes(0.0),
                        covers: !excludes(truth),
                    }
                })
            }
        }
    }

    fn seen(&self, answer: Option<Estimate>, truth: f64) -> Look {
        answer.map_or(Look::NOTHING, |answer| Look {
            rejects: answer.p <= self.question.alpha.get(),
            covers: answer.interval.contains(truth),
        })
    }

    pub(crate) const fn scale(&self) -> Scale {
        match self.question.difference {
            Difference::Absolute => Scale::Absolute,
            Difference::Relative if self.by.shares() => Scale::Share,
            Difference::Relative => Scale::Delta,
        }
    }

    /// One run of a method on effects: `grow` takes in what came, `rough` sees whether there is anything
    /// to ask, `answer` compares.
    fn effects<State>(
        &self,
        mut state: State,
        truth: f64,
        mut grow: impl FnMut(&mut State),
        rough: impl Fn(&State) -> Rough,
        answer: impl Fn(&State) -> Option<Asked>,
    ) -> Outcome {
        let mut rejected = false;
        let mut outcome = follow(self.looks, |_| {
            for _ in 0..self.each {
                grow(&mut state);
            }
            let rough = rough(&state);
            let exclude = |what: f64| rough.may_exclude(what, self.scale());
            // What was rejected once need not be rejected again; the truth must stay covered.
            if !exclude(truth) && (rejected || !exclude(0.0)) {
                return Look::NOTHING;
            }
            let look =
                answer(&state).map_or(Look::NOTHING, |asked| self.at_any_time(&asked, truth));
            rejected |= look.rejects;
            look
        });
        let fixed = answer(&state);
        outcome.fixed = Some(fixed.map_or(Look::NOTHING, |asked| self.at_the_end(&asked, truth)));
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
        |(control, treatment)| Rough::of_means(control, treatment),
        |(control, treatment)| {
            course.asked(
                || Share::of_means(control, treatment),
                || effect::mean(control, treatment, course.question),
            )
        },
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
        |(yes, n)| Rough::of_proportions(*yes, *n),
        |(yes, n)| {
            let control = Proportion::new(yes[0], *n).ok()?;
            let treatment = Proportion::new(yes[1], *n).ok()?;
            course.asked(
                || Share::of_proportions(control, treatment),
                || effect::proportion(control, treatment, course.question),
            )
        },
    )
}

/// A guardrail whose treatment is worse by just the margin, `-change`: it must not be said to hold.
pub(crate) fn guardrail(p: f64, course: &Course, draw: &mut Draw) -> Outcome {
    let other = p * (1.0 + course.change);
    let question = course.question.side(Side::Greater);
    let (mut yes, mut n) = ([0, 0], 0);
    follow(course.looks, |_| {
        for _ in 0..course.each {
            yes[0] += u64::from(draw.chance(p));
            yes[1] += u64::from(draw.chance(other));
            n += 1;
        }
        if !Rough::of_proportions(yes, n).may_exclude(course.change, Scale::Share) {
            return Look::NOTHING;
        }
        let arm = |x| Proportion::new(x, n).ok();
        let share = arm(yes[0])
            .zip(arm(yes[1]))
            .and_then(|(control, treatment)| Share::of_proportions(control, treatment).ok());
        let held = share.and_then(|share| {
            let there = share.at(course.change);
            let from_margin = Estimate {
                effect: there.effect - course.change,
                ..there
            };
            sequential::asymptotic(&from_margin, question, sequential::DEFAULT_TUNING).ok()
        });
        held.map_or(Look::NOTHING, |held| Look {
            rejects: held.p <= question.alpha.get(),
            covers: true,
        })
    })
}

/// The same of rare events, by one end of the sequence of counts.
pub(crate) fn guarded_events(course: &Course, draw: &mut Draw) -> Outcome {
    let ratio = 1.0 + course.change;
    let question = CountsQuestion {
        prior: [1.0, 1.0],
        shares: [0.5, 0.5],
        alpha: course.question.alpha,
    };
    let mut seen = [0_u64; 2];
    follow(course.looks, |_| {
        for _ in 0..course.each {
            seen[usize::from(draw.chance(ratio / (1.0 + ratio)))] += 1;
        }
        counts(seen, &question).map_or(Look::NOTHING, |answer| Look {
            rejects: answer.rate_ratio_interval.lo > ratio,
            covers: true,
        })
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
        |(control, treatment)| Rough::of_ratios(control, treatment),
        |(control, treatment)| {
            course.asked(
                || Share::of_ratios(control, treatment),
                || effect::ratio(control, treatment, course.question).map(|ratio| ratio.estimate),
            )
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
        |(control, treatment)| Rough::of_cuped(control, treatment),
        |(control, treatment)| {
            course.asked(
                || Share::of_cuped(control, treatment).map(|(share, _)| share),
                || effect::cuped(control, treatment, course.question).map(|cuped| cuped.estimate),
            )
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
    let threshold = -alpha.get().ln();
    let mut seen = [0_u64; 2];
    let mut outcome = follow(course.looks, |_| {
        for _ in 0..course.each {
            seen[usize::from(draw.chance(theta))] += 1;
        }
        let most = |theta| most_against_chance(seen[1], seen[0] + seen[1], theta);
        if most(share).max(most(theta)) < threshold {
            return Look::NOTHING;
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
pub(crate) fn mismatch(concentration: f64, course: &Course, draw: &mut Draw) -> Outcome {
    const SHARES: [f64; 3] = [0.5, 0.3, 0.2];
    let alpha = course.question.alpha.get();
    let Ok(mut split) = RatioMismatch::new(&SHARES, concentration) else {
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
    let tuning = course.tuning();
    let asked = p * (1.0 + course.change);
    let threshold = -course.question.alpha.get().ln();
    let (mut yes, mut n) = (0, 0);
    follow(course.looks, |_| {
        for _ in 0..course.each {
            yes += u64::from(draw.chance(p));
            n += 1;
        }
        let most = |chance| most_against_chance(yes, n, chance);
        if most(asked).max(most(p)) < threshold {
            return Look::NOTHING;
        }
        rate(yes, n, course.question.alpha, tuning).map_or(Look::NOTHING, |rate| Look {
            rejects: !rate.interval.contains(asked),
            covers: rate.interval.contains(p),
        })
    })
}

/// The level at which all of this is asked.
pub(crate) fn at(alpha: Alpha) -> Question {
    Question {
        alpha,
        ..Question::default()
    }
}
