//! Conversions at every look as `viridian analyze ab --sequential` compares them: counts while they are few, then the
//! sequence, with visitors that are split at random.

use super::draw::Draw;
use super::rough::{Rough, Scale};
use super::screen::most_against_chance;
use super::trial::{Look, Outcome, follow};
use super::uneven::looks;
use stats::effect::{Proportion, Share};
use stats::sequential::{Conversions, DEFAULT_TUNING, Portion};
use stats::{Alpha, Estimate, Question, Side};

/// What of the level each of the two methods has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spending {
    /// What [`Conversions::portion`] says.
    Portions,
    /// All of it, whatever the arms' sizes.
    WholeEach,
}

/// What is asked of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Whether the rates differ.
    Change,
    /// Whether the treatment's rate is higher by less than the margin, which is the true change.
    Guardrail,
}

/// How visitors come and convert.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visitors {
    /// The chance that a visitor of the control converts.
    pub(crate) converts: f64,
    /// How visitors are split between control and treatment; one of the two is 1.
    pub(crate) split: [u64; 2],
    /// What the smaller arm is expected to have at the last look.
    pub(crate) most: u64,
    /// The true relative change.
    pub(crate) change: f64,
    pub(crate) asked: Asked,
    pub(crate) spending: Spending,
}

/// How many of so many have it, where each has it by this chance.
fn hits(of: u64, chance: f64, draw: &mut Draw) -> u64 {
    // From one that has it to the next.
    let gap = |draw: &mut Draw| (-draw.exponential() / (-chance).ln_1p()) as u64;
    let (mut count, mut at) = (0, gap(draw));
    while at < of {
        count += 1;
        at += 1 + gap(draw);
    }
    count
}

/// What is seen of one arm.
#[derive(Clone, Copy, Default)]
struct Arm {
    converted: u64,
    n: u64,
}

impl Arm {
    fn grow(&mut self, more: u64, chance: f64, draw: &mut Draw) {
        self.n += more;
        self.converted += hits(more, chance, draw);
    }

    fn proportion(self) -> Option<Proportion> {
        let seen = Proportion::new(self.converted, self.n).ok();
        // Where nobody is, or nearly all converted, there is no answer.
        seen.filter(|seen| seen.n() > 0 && !Conversions::lacks_others(*seen))
    }
}

impl Visitors {
    fn arrive(&self, arms: &mut [Arm; 2], more: u64, draw: &mut Draw) {
        let [control, treatment] = self.split;
        let all = more * (control + treatment);
        let treated = hits(all, treatment as f64 / (control + treatment) as f64, draw);
        arms[0].grow(all - treated, self.converts, draw);
        arms[1].grow(treated, self.converts * (1.0 + self.change), draw);
    }

    /// Whether the answer at this look can be any but [`Look::NOTHING`].
    pub(crate) fn may_tell(&self, conversions: &Conversions, arms: [Proportion; 2]) -> bool {
        let [(x, n), (y, m)] = arms.map(|arm| (arm.x(), arm.n()));
        if !conversions.are_few() {
            let rough = Rough::of_uneven_proportions([(x, n), (y, m)]);
            return [0.0, self.change]
                .map(|what| rough.may_exclude(what, Scale::Share))
                .contains(&true);
        }
        let enough = -Alpha::default().get().ln() - 1e-9;
        [1.0, 1.0 + self.change]
            .map(|ratio| {
                let treated = m as f64 * ratio;
                most_against_chance(y, x + y, treated / (treated + n as f64)) > enough
            })
            .contains(&true)
    }

    /// What `analyze ab --sequential` says, as a share of the control.
    pub(crate) fn look(&self, conversions: &Conversions, arms: [Proportion; 2]) -> Option<Look> {
        if conversions.are_few() {
            return self.count(conversions);
        }
        let alpha = Alpha::default();
        let portion = match self.spending {
            Spending::Portions => conversions.portion(),
            Spending::WholeEach => Portion::WHOLE,
        };
        let share = Share::of_proportions(arms[0], arms[1]).ok()?;
        let ask = |estimate: &Estimate, side| {
            let question = Question::default().side(side);
            let answer = portion.sequence(estimate, question, DEFAULT_TUNING, alpha);
            answer.ok()
        };
        match self.asked {
            Asked::Change => {
                let (reach, p) = ask(share.absolute(), Side::Two)?;
                Some(Look {
                    rejects: p < alpha.get(),
                    covers: share.within(reach).contains(self.change),
                })
            }
            Asked::Guardrail => {
                let there = share.at(self.change);
                let from_margin = Estimate {
                    effect: there.effect - self.change,
                    ..there
                };
                let (_, p) = ask(&from_margin, Side::Less)?;
                Some(said(p < alpha.get()))
            }
        }
    }

    fn count(&self, conversions: &Conversions) -> Option<Look> {
        let alpha = Alpha::default().get();
        // The portion of this level is the whole of that one.
        let level = match self.spending {
            Spending::Portions => alpha,
            Spending::WholeEach => alpha / conversions.portion().get(),
        };
        let found = conversions.counts(Alpha::new(level).ok()?).ok()?;
        let (interval, true_ratio) = (found.rate_ratio_interval, 1.0 + self.change);
        Some(match self.asked {
            Asked::Change => Look {
                rejects: found.p < level,
                covers: interval.contains(true_ratio),
            },
            Asked::Guardrail => said(interval.hi < true_ratio),
        })
    }
}

/// A guardrail has a verdict, and no interval that could miss.
const fn said(holds: bool) -> Look {
    Look {
        rejects: holds,
        covers: true,
    }
}

/// Looked at from the first visitor on; told is how many the smaller arm is expected to have where the sequence
/// answers first.
pub(crate) fn conversions(visitors: &Visitors, draw: &mut Draw) -> Outcome {
    let looks = looks(visitors.most);
    let mut arms = [Arm::default(); 2];
    let (mut at, mut sequence) = (0, None);
    let mut outcome = follow(looks.len() as u64, |number| {
        let n = looks[number as usize - 1];
        visitors.arrive(&mut arms, n - at, draw);
        at = n;
        let (Some(control), Some(treatment)) = (arms[0].proportion(), arms[1].proportion()) else {
            return Look::NOTHING;
        };
        let conversions = Conversions::new(control, treatment);
        if !conversions.are_few() {
            sequence = sequence.or(Some(n));
        }
        let arms = [control, treatment];
        let asked = visitors
            .may_tell(&conversions, arms)
            .then(|| visitors.look(&conversions, arms));
        asked.flatten().unwrap_or(Look::NOTHING)
    });
    outcome.told = sequence;
    outcome
}
