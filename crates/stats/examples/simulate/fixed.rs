//! The methods for one look at the end, where they are not already told beside an anytime one.

use super::draw::{Draw, Shape};
use super::trial::{Look, Outcome};
use stats::count::{Events, poisson_rates};
use stats::effect::{Proportion, QuantileArm, pooled_test, quantile};
use stats::numeric::normal_quantile;
use stats::rank::Pair;
use stats::{Alpha, Question, Side};

/// Quantiles by the order statistics that bound them.
pub(crate) fn quantiles(
    q: f64,
    control: &[f64],
    treatment: &[f64],
    truth: f64,
    question: Question,
) -> Option<Look> {
    let answer = quantile(
        &bounds(q, control)?,
        &bounds(q, treatment)?,
        question.absolute(),
    );
    answer.ok().map(|answer| Look {
        rejects: answer.p <= question.alpha.get(),
        covers: answer.interval.contains(truth),
    })
}

fn bounds(q: f64, values: &[f64]) -> Option<QuantileArm> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let at = |level: f64| {
        let rank = (level * n).ceil().clamp(1.0, n);
        sorted[rank as usize - 1]
    };
    let reach = -normal_quantile(0.025) * (q * (1.0 - q) / n).sqrt();
    let count = sorted.len() as u64;
    QuantileArm::new(count, count, q, at(q), at(q - reach), at(q + reach)).ok()
}

fn once(look: Look) -> Outcome {
    Outcome {
        rejected_at: look.rejects.then_some(1),
        missed_ever: !look.covers,
        missed_at_end: !look.covers,
        ..Outcome::default()
    }
}

/// Mann-Whitney (exact where it is, as R) with the Hodges-Lehmann interval, under a shift.
pub(crate) fn ranks(shape: Shape, n: usize, shift: f64, alpha: Alpha, draw: &mut Draw) -> Outcome {
    let b: Vec<f64> = (0..n).map(|_| shape.draw(draw)).collect();
    let a: Vec<f64> = (0..n).map(|_| shape.draw(draw) + shift).collect();
    let Ok(pair) = Pair::new(&a, &b) else {
        return Outcome::default();
    };
    let rejects = pair.mann_whitney().is_ok_and(|test| {
        let tails = test.exact.unwrap_or(test.asymptotic);
        tails.two_sided <= alpha.get()
    });
    let covers = pair.shift(alpha, Side::Two).interval.contains(shift);
    once(Look { rejects, covers })
}

/// Two Poisson counts over exposures of 19 and 1, by the exact conditional test.
pub(crate) fn rates(mean: f64, ratio: f64, alpha: Alpha, draw: &mut Draw) -> Outcome {
    let mut poisson = |mean: f64| {
        let (mut count, mut time) = (0, draw.exponential());
        while time < mean {
            count += 1;
            time += draw.exponential();
        }
        count
    };
    let control = Events {
        count: poisson(19.0 * mean),
        exposure: 19.0,
    };
    let treatment = Events {
        count: poisson(mean * ratio),
        exposure: 1.0,
    };
    poisson_rates(control, treatment, alpha).map_or(Outcome::default(), |answer| {
        once(Look {
            rejects: answer.exact.two_sided <= alpha.get(),
            covers: answer.interval_score.contains(ratio),
        })
    })
}

/// Two proportions by the pooled z.
pub(crate) fn pooled(p: f64, n: u64, change: f64, alpha: Alpha, draw: &mut Draw) -> Outcome {
    let mut arm = |p: f64| {
        let yes = (0..n).filter(|_| draw.chance(p)).count();
        Proportion::new(yes as u64, n).ok()
    };
    let (Some(control), Some(treatment)) = (arm(p), arm(p * (1.0 + change))) else {
        return Outcome::default();
    };
    let rejects =
        pooled_test(control, treatment, Side::Two).is_ok_and(|test| test.p <= alpha.get());
    once(Look {
        rejects,
        covers: true,
    })
}
