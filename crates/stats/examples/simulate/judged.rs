//! Our judge as a canary meets it: asked again and again, stopped by its first "fail".

use super::draw::{Draw, Shape};
use super::screen::{can_stop, errors_can_stop, events_can_stop, grow};
use super::trial::{Look, Outcome, follow, follow_to_stop};
use stats::count::Events;
use stats::judge::{Judgement, Looks, Observed, Rule, Trials, Verdict, judge};

/// How a canary goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Canary {
    pub(crate) rule: Rule,
    pub(crate) looks: u64,
    /// Observations of the canary between two looks.
    pub(crate) each: u64,
    /// Of the control, for each of the canary.
    pub(crate) control_for_one: u64,
    /// The true change, as a share of the control.
    pub(crate) change: f64,
}

impl Canary {
    pub(crate) fn seen(&self, judgement: Option<Judgement>) -> Look {
        let Some(judgement) = judgement else {
            return Look::NOTHING;
        };
        let covers = judgement
            .interval
            .is_none_or(|interval| interval.contains(self.change));
        Look {
            rejects: judgement.verdict == Verdict::Fail,
            covers,
        }
    }

    fn values(&self, mut next: impl FnMut(bool) -> f64, q: Option<f64>) -> Outcome {
        let (mut control, mut canary) = (Vec::new(), Vec::new());
        // A stopped canary is gone; on the whole course these looks cost too much.
        follow_to_stop(self.looks, |_| {
            grow(&mut canary, (0..self.each).map(|_| next(true)));
            let more = self.each * self.control_for_one;
            grow(&mut control, (0..more).map(|_| next(false)));
            if !can_stop(&self.rule, q, &control, &canary) {
                return Look::NOTHING;
            }
            let (control, canary) = (&control[..], &canary[..]);
            let observed = match q {
                Some(q) => Observed::Quantile { q, control, canary },
                None => Observed::Continuous { control, canary },
            };
            self.seen(judge(&observed, &self.rule).ok())
        })
    }
}

/// Values, all of the canary's `change` greater; by ranks and tail, or by a quantile.
pub(crate) fn values(shape: Shape, q: Option<f64>, canary: &Canary, draw: &mut Draw) -> Outcome {
    let next = |is_canary: bool| {
        let value = shape.draw(draw);
        if is_canary {
            value * (1.0 + canary.change)
        } else {
            value
        }
    };
    canary.values(next, q)
}

/// A canary asked once, of which so much is true that it lies on the tolerance; `wrong` is the verdict
/// that is counted. Where values are of both signs the change is a shift, by a share of the median.
pub(crate) fn on_the_edge(
    shape: Shape,
    q: Option<f64>,
    (n, change): ([u64; 2], f64),
    wrong: Verdict,
    draw: &mut Draw,
) -> Outcome {
    let rule = Rule {
        tolerance: change,
        looks: Looks::One,
        ..Rule::default()
    };
    let control: Vec<f64> = (0..n[0]).map(|_| shape.draw(draw)).collect();
    let changed = |value: f64| match shape {
        Shape::Signed => value + change * shape.quantile(q.unwrap_or(0.5)),
        _ => value * (1.0 + change),
    };
    let canary: Vec<f64> = (0..n[1]).map(|_| changed(shape.draw(draw))).collect();
    let (control, canary) = (&control[..], &canary[..]);
    let observed = match q {
        Some(q) => Observed::Quantile { q, control, canary },
        None => Observed::Continuous { control, canary },
    };
    follow(1, |_| match judge(&observed, &rule) {
        Ok(judgement) => Look {
            rejects: judgement.verdict == wrong,
            covers: judgement
                .interval
                .is_none_or(|interval| interval.contains(change)),
        },
        Err(_) => Look::NOTHING,
    })
}

/// Latencies of which only those from the control's 95th percentile on are `change` greater.
pub(crate) fn slow_tail(q: Option<f64>, canary: &Canary, draw: &mut Draw) -> Outcome {
    let from = Shape::Latency.quantile(0.95);
    let next = |is_canary: bool| {
        let value = Shape::Latency.draw(draw);
        if is_canary && value > from {
            value * (1.0 + canary.change)
        } else {
            value
        }
    };
    canary.values(next, q)
}

/// Errors out of requests.
pub(crate) fn errors(p: f64, canary: &Canary, draw: &mut Draw) -> Outcome {
    let mut arms = [Trials { x: 0, n: 0 }; 2];
    follow_to_stop(canary.looks, |_| {
        let more = [canary.each * canary.control_for_one, canary.each];
        let chances = [p, p * (1.0 + canary.change)];
        for ((arm, n), p) in arms.iter_mut().zip(more).zip(chances) {
            arm.n += n;
            arm.x += (0..n).filter(|_| draw.chance(p)).count() as u64;
        }
        let [control, canary_arm] = arms;
        if !errors_can_stop(&canary.rule, control, canary_arm) {
            return Look::NOTHING;
        }
        let observed = Observed::Rate {
            control,
            canary: canary_arm,
        };
        canary.seen(judge(&observed, &canary.rule).ok())
    })
}

/// Errors while the canary's share of the traffic grows from look to look, from 1% to 50%.
pub(crate) fn errors_in_a_ramp(p: f64, canary: &Canary, draw: &mut Draw) -> Outcome {
    let mut arms = [Trials { x: 0, n: 0 }; 2];
    let chances = [p, p * (1.0 + canary.change)];
    follow_to_stop(canary.looks, |number| {
        let share = [0.01, 0.05, 0.25, 0.5][((number - 1) * 4 / canary.looks) as usize];
        for _ in 0..canary.each {
            let arm = usize::from(draw.chance(share));
            arms[arm].n += 1;
            arms[arm].x += u64::from(draw.chance(chances[arm]));
        }
        let [control, canary_arm] = arms;
        if !errors_can_stop(&canary.rule, control, canary_arm) {
            return Look::NOTHING;
        }
        let observed = Observed::Rate {
            control,
            canary: canary_arm,
        };
        canary.seen(judge(&observed, &canary.rule).ok())
    })
}

/// Events over time: each look is one unit of exposure of the canary.
pub(crate) fn restarts(a_look: f64, canary: &Canary, draw: &mut Draw) -> Outcome {
    let mut counts = [0, 0];
    let means = [
        a_look * canary.control_for_one as f64,
        a_look * (1.0 + canary.change),
    ];
    follow_to_stop(canary.looks, |number| {
        for (count, mean) in counts.iter_mut().zip(means) {
            let mut time = draw.exponential();
            while time < mean {
                *count += 1;
                time += draw.exponential();
            }
        }
        let share = 1.0 / (1 + canary.control_for_one) as f64;
        if !events_can_stop(&canary.rule, counts, share) {
            return Look::NOTHING;
        }
        let time = number as f64;
        let control = Events {
            count: counts[0],
            exposure: time * canary.control_for_one as f64,
        };
        let canary_arm = Events {
            count: counts[1],
            exposure: time,
        };
        let observed = Observed::Count {
            control,
            canary: canary_arm,
        };
        canary.seen(judge(&observed, &canary.rule).ok())
    })
}
