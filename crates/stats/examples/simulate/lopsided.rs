//! Values of which few decide a mean: when they change much, as parts of a ratio, and in arms of two shapes.

use super::anytime::{Asked, Course};
use super::draw::Draw;
use super::rough::Rough;
use super::trial::{Look, Outcome, follow};
use super::uneven::{Wait, looks};
use stats::effect::{self, Share};
use stats::sequential::{may_answer, may_divide};
use stats::{Difference, PairSkewness};

/// What a unit has: a numerator, and a denominator, which is 1 of a mean.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Data {
    /// Of this share of the visitors a lognormal amount, median 20, σ 1; what changes are the amounts.
    Prices(f64),
    /// The same; what changes is how many buy.
    Buyers(f64),
    /// Lognormal values with this σ; what changes are all of them.
    Heavy(f64),
    /// One event for half of the units, over a lognormal denominator, σ 2.
    HeavyBelow,
    /// Clicks, one in ten, of a lognormal number of views with this σ.
    Clicks(f64),
    /// The control: 5% buy for 20. The treatment: 5% for 10, and 0.2% for 250.
    OtherPrices,
    /// The control is exponential, the treatment lognormal with σ 2; the mean of both is e².
    OtherTail,
}

impl Data {
    pub(crate) fn name(self) -> String {
        match self {
            Self::Prices(p) => format!("revenue, {}% buy, for another price", 100.0 * p),
            Self::Buyers(p) => format!("revenue, {}% buy, then more or fewer", 100.0 * p),
            Self::Heavy(spread) => format!("lognormal, σ {spread}"),
            Self::HeavyBelow => "0 or 1 over lognormal, σ 2".to_owned(),
            Self::Clicks(spread) => format!("clicks over lognormal views, σ {spread}"),
            Self::OtherPrices => "5% for 20; 5% for 10 and 0.2% for 250".to_owned(),
            Self::OtherTail => "exponential; lognormal, σ 2".to_owned(),
        }
    }

    /// The control's mean, of those whose difference is asked.
    fn base(self) -> f64 {
        match self {
            Self::Prices(p) | Self::Buyers(p) => p * 20.0 * 0.5_f64.exp(),
            Self::Heavy(spread) => (0.5 * spread * spread).exp(),
            Self::HeavyBelow => 0.5 * (-2.0_f64).exp(),
            Self::Clicks(_) => 0.1,
            Self::OtherPrices => 1.0,
            Self::OtherTail => 2.0_f64.exp(),
        }
    }

    const fn is_ratio(self) -> bool {
        matches!(self, Self::HeavyBelow | Self::Clicks(_))
    }

    fn draw(self, treated: bool, factor: f64, draw: &mut Draw) -> (f64, f64) {
        match self {
            Self::Prices(p) if draw.chance(p) => (factor * draw.amount(), 1.0),
            Self::Buyers(p) if draw.chance(p * factor) => (draw.amount(), 1.0),
            Self::Prices(_) | Self::Buyers(_) => (0.0, 1.0),
            Self::Heavy(spread) => (factor * (spread * draw.normal()).exp(), 1.0),
            Self::HeavyBelow => {
                let event = f64::from(u8::from(draw.chance(0.5 * factor)));
                (event, (2.0 * draw.normal()).exp())
            }
            Self::Clicks(spread) => {
                let views = 1 + (5.0 * (spread * draw.normal()).exp()) as u64;
                (clicks(views, 0.1 * factor, draw), views as f64)
            }
            Self::OtherPrices => {
                let at = draw.unit();
                let spent = match (treated, at) {
                    (false, ..0.05) => 20.0,
                    (true, ..0.05) => 10.0,
                    (true, 0.05..0.052) => 250.0,
                    _ => 0.0,
                };
                (spent, 1.0)
            }
            Self::OtherTail if treated => ((2.0 * draw.normal()).exp(), 1.0),
            Self::OtherTail => (2.0_f64.exp() * draw.exponential(), 1.0),
        }
    }
}

/// From one to the next: those between them are only counted.
fn clicks(views: u64, p: f64, draw: &mut Draw) -> f64 {
    let mut gap = || (-draw.exponential() / (-p).ln_1p()) as u64;
    let (mut clicks, mut at) = (0, gap());
    while at < views {
        clicks += 1;
        at += 1 + gap();
    }
    clicks as f64
}

/// How a comparison goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) data: Data,
    /// Units of the control, for each of the treatment.
    pub(crate) control_for_one: u64,
    /// Units of the treatment at the last look.
    pub(crate) most: u64,
    pub(crate) wait: Wait,
}

/// Looked at from the first unit on; told is how many units the treatment has at the first answer.
pub(crate) fn sequence(plan: &Plan, course: &Course, draw: &mut Draw) -> Outcome {
    let Plan { data, .. } = *plan;
    let truth = match course.question.difference {
        Difference::Relative => course.change,
        Difference::Absolute => course.change * data.base(),
    };
    let looks = looks(plan.most);
    let [mut control, mut treatment] = [PairSkewness::default(); 2];
    let mut first = None;
    let mut outcome = follow(looks.len() as u64, |number| {
        let n = looks[number as usize - 1];
        for _ in treatment.pairs().n()..n {
            let (x, y) = data.draw(true, 1.0 + course.change, draw);
            treatment.push(x, y);
            for _ in 0..plan.control_for_one {
                let (x, y) = data.draw(false, 1.0, draw);
                control.push(x, y);
            }
        }
        let arms = [&control, &treatment];
        let rough = Rough::of_ratios(control.pairs(), treatment.pairs());
        let excludes = [0.0, truth].map(|what| rough.may_exclude(what, course.scale()));
        let waits = plan.wait == Wait::ForNormality && first.is_none();
        if !waits && !excludes.contains(&true) {
            return Look::NOTHING;
        }
        let Some(asked) = asked(arms, course) else {
            return Look::NOTHING;
        };
        if plan.wait == Wait::ForNormality
            && !answers(data, arms, &asked, course.question.difference)
        {
            return Look::NOTHING;
        }
        first = first.or(Some(n));
        course.at_any_time(&asked, truth)
    });
    outcome.told = first;
    outcome
}

fn asked([control, treatment]: [&PairSkewness; 2], course: &Course) -> Option<Asked> {
    let (control, treatment) = (control.pairs(), treatment.pairs());
    if course.by.shares() {
        Share::of_ratios(control, treatment).ok().map(Asked::Share)
    } else {
        let ratio = effect::ratio(control, treatment, course.question).ok()?;
        Some(Asked::Estimate(ratio.estimate))
    }
}

/// Whether `analyze ab --sequential` answers.
fn answers(data: Data, arms: [&PairSkewness; 2], asked: &Asked, difference: Difference) -> bool {
    let signal = match asked {
        Asked::Estimate(estimate) => estimate.signal,
        Asked::Share(share) => share.absolute().signal,
    };
    let [control, treatment] = arms.map(|arm| {
        let pairs = arm.pairs();
        arm.less(pairs.x().mean() / pairs.y().mean())
    });
    may_answer(&control, &treatment, signal, difference)
        && (!data.is_ratio() || arms.iter().all(|arm| may_divide(arm.pairs())))
}
