//! Two counts of events compared at every moment, while the split of the traffic changes between periods.

use super::counts::{CountsQuestion, LEAST_SHARE, check_shares, counts, divergence_at};
use crate::numeric::{root_between, stirling_rest};
use crate::{Alpha, Interval, InvalidInput, guard};

/// The events of a time in which the split of the traffic stayed as it was, control first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Period {
    /// The events of each arm; up to 2^53 each, and over all periods.
    pub counts: [u64; 2],
    /// The share of the traffic each arm got, 1e-200 or more; adds up to 1.
    pub shares: [f64; 2],
}

/// What the counts of all periods say, at this look and however many there were or will be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PeriodsAnswer {
    /// ln E against equal rates, a pure number; negative where the counts speak for them. While the rates are
    /// equal at every moment E exceeds 1/α ever with a chance of at most α.
    pub log_e: f64,
    /// min(1, 1/E) at this look. Over several looks take the smallest so far.
    pub p: f64,
    /// The treatment's rate of events over the control's at which the counts are likeliest; infinite where only
    /// the control saw no event, NaN where neither saw any.
    pub rate_ratio: f64,
    /// Every rate ratio with E below 1/α; from 0, and open to infinity where the control saw no event.
    pub rate_ratio_interval: Interval,
}

/// Compares the rates of two arms by their counts in periods, each with a split of its own, however often
/// one looks. The periods are those since the beginning, and the last one may still grow.
///
/// Counts that are added up over a changing split compare the arms at different times: a treatment that
/// got most of its traffic while every rate was high looks worse than an equal control (E. H. Simpson, "The
/// interpretation of interaction in contingency tables", Journal of the Royal Statistical Society B 13, 1951).
/// Within a period an event falls to the treatment with the chance θₖ(r) = ρₖ·r/(1 − ρₖ + ρₖ·r), where ρₖ is the
/// treatment's share and r the ratio of the rates, whatever the rates themselves do meanwhile. So the counts
/// xₖ and yₖ of control and treatment have the likelihood L(r) = ∏ₖ θₖ(r)^yₖ·(1 − θₖ(r))^xₖ, as strata have in N. Mantel
/// and W. Haenszel (Journal of the National Cancer Institute 22, 1959), and with a prior π of r
///
/// E(r) = ∫ L(r′)·π(r′) dr′ / L(r),
///
/// where π makes θ₁ Beta-distributed with the parameters `prior`, control first. This is a product of
/// beta-binomial mixtures, one a period, each over what the periods before have left of the prior: all of it is
/// known before the event it predicts, so that E(r) is a martingale where r is the truth, and
/// {r : E(r) < 1/α} holds the truth at all looks with a chance of 1 − α (J. Ville 1939; the mixture of A. Wald,
/// "Sequential analysis", 1947, section 3; for one period M. Lindon and A. Malek, "Anytime-valid inference for
/// multinomial count data", NeurIPS 2022, sections 3 and 4). Periods of one and the same split are exactly
/// [`counts`] of their sum: nothing is lost by telling them apart.
///
/// The shares are the assigned ones. Where shares of the exposures that were seen stand in for them E(r) is no
/// martingale, and the level is not proven.
///
/// Where the ratio differs from event to event but never exceeds r, the interval comes to lie above r with a
/// chance of at most α all the same, and so below it: the part of the mixture on that side of r is a
/// supermartingale, the other at most its prior weight once the likeliest ratio is beyond r.
///
/// # Errors
///
/// No period at all; a prior that is not between 1e-200 and 2^53, a share below 1e-200, shares that do not add
/// up to 1, or an arm with more than 2^53 events.
///
/// # Examples
///
/// ```
/// use stats::Alpha;
/// use stats::sequential::{Period, counts_by_period};
/// // From 5% to 50% of the traffic, and ten times the errors in both arms.
/// let ramp = [
///     Period { counts: [95, 5], shares: [0.95, 0.05] },
///     Period { counts: [500, 500], shares: [0.5, 0.5] },
/// ];
/// let answer = counts_by_period(&ramp, [3.8, 0.2], Alpha::default())?;
/// assert!((answer.rate_ratio - 1.0).abs() < 1e-12);
/// assert_eq!(answer.p, 1.0);
/// // mpmath: where E(r) is 20.
/// assert!((answer.rate_ratio_interval.lo - 0.791_769_953).abs() < 1e-9);
/// assert!((answer.rate_ratio_interval.hi - 1.262_606_426).abs() < 1e-9);
/// # Ok::<(), stats::InvalidInput>(())
/// ```
pub fn counts_by_period(
    periods: &[Period],
    prior: [f64; 2],
    alpha: Alpha,
) -> Result<PeriodsAnswer, InvalidInput> {
    let Some(first) = periods.first() else {
        return Err(InvalidInput::new(
            "periods",
            "there are none",
            "give at least one",
        ));
    };
    if prior
        .iter()
        .any(|prior| !(LEAST_SHARE..=HEAVIEST).contains(prior))
    {
        return Err(InvalidInput::new(
            "prior",
            "it is out of the range from 1e-200 to 2^53",
            "give the number of events that the belief is worth, as 1",
        ));
    }
    let mut total = [0_u64; 2];
    for period in periods {
        check_shares(period.shares)?;
        for (sum, count) in total.iter_mut().zip(period.counts) {
            *sum = sum.saturating_add(count);
            guard::count("counts", *sum)?;
        }
    }
    if total == [0, 0] || periods.iter().all(|period| period.shares == first.shares) {
        let question = CountsQuestion {
            prior,
            shares: first.shares,
            alpha,
        };
        let whole = counts(total, &question)?;
        return Ok(PeriodsAnswer {
            log_e: whole.log_e,
            p: whole.p,
            rate_ratio: whole.rate_ratio,
            rate_ratio_interval: whole.rate_ratio_interval,
        });
    }
    let strata: Vec<Stratum> = periods
        .iter()
        .filter(|period| period.counts != [0, 0])
        .map(|period| Stratum::new(period.counts.map(|count| count as f64), period.shares))
        .collect();
    let strata = Strata(&strata);
    let mixed = strata.log_mixture(Stratum::new(prior, first.shares));
    let at_one = strata.divergence(0.0);
    let log_e = mixed + at_one;
    let likeliest = strata.likeliest();
    let rounding = 4.0 * f64::EPSILON * (mixed.abs() + at_one);
    // At the likeliest ratio E is at most 1, but for the rounding.
    let within = (-libm::log(alpha.get()) - mixed).max(strata.divergence(likeliest)) + rounding;
    Ok(PeriodsAnswer {
        log_e,
        p: libm::exp(-log_e).min(1.0),
        rate_ratio: libm::exp(likeliest),
        rate_ratio_interval: Interval {
            lo: libm::exp(strata.end(likeliest, within, -1.0)),
            hi: libm::exp(strata.end(likeliest, within, 1.0)),
        },
    })
}

/// A prior worth more events than a double counts would drown them in its rounding.
const HEAVIEST: f64 = 9_007_199_254_740_992.0;

/// Events of treatment ("yes") and control ("no"), of which the treatment gets the odds exp(offset)·r.
#[derive(Clone, Copy)]
struct Stratum {
    yes: f64,
    no: f64,
    offset: f64,
}

impl Stratum {
    fn new([no, yes]: [f64; 2], [control, treatment]: [f64; 2]) -> Self {
        let offset = libm::log(treatment) - libm::log(control);
        Self { yes, no, offset }
    }

    /// How much less likely the counts are at the log ratio `s` than under their own odds.
    fn divergence(&self, s: f64) -> f64 {
        divergence_at(self.yes, self.no, s + self.offset)
    }

    /// The derivative of the log likelihood by `s`.
    fn slope(&self, s: f64) -> f64 {
        let odds = libm::exp(s + self.offset);
        self.yes / (1.0 + odds) - self.no / (1.0 + 1.0 / odds)
    }

    /// The Fisher information of `s`.
    fn information(&self, s: f64) -> f64 {
        let odds = libm::exp(-(s + self.offset).abs());
        (self.yes + self.no) * odds / ((1.0 + odds) * (1.0 + odds))
    }
}

/// Periods that share one ratio of rates, each with at least one event.
#[derive(Clone, Copy)]
struct Strata<'a>(&'a [Stratum]);

impl Strata<'_> {
    fn divergence(&self, s: f64) -> f64 {
        self.0.iter().map(|stratum| stratum.divergence(s)).sum()
    }

    /// The log ratio at which the likelihood has its maximum; infinite where an arm has no event.
    fn likeliest(&self) -> f64 {
        if self.0.iter().all(|stratum| stratum.yes == 0.0) {
            f64::NEG_INFINITY
        } else if self.0.iter().all(|stratum| stratum.no == 0.0) {
            f64::INFINITY
        } else {
            summit(self.0)
        }
    }

    /// The log ratio on this side (−1 or 1) of the likeliest at which the counts diverge by `within`.
    fn end(&self, likeliest: f64, within: f64, side: f64) -> f64 {
        if likeliest == side * f64::INFINITY {
            return likeliest;
        }
        let beyond = |s: f64| self.divergence(s) - within;
        let mut inside = likeliest;
        if inside.is_infinite() {
            // Towards the silent arm the divergence falls to 0.
            inside = -side;
            while beyond(inside) > 0.0 {
                inside *= 2.0;
            }
        }
        let mut width = 1.0;
        while beyond(inside + side * width) < 0.0 {
            width *= 2.0;
        }
        root_between(inside, inside + side * width, beyond).unwrap_or(inside)
    }

    /// ln ∫ L(r)·π(r) dr less the log likelihood of the counts under their own odds.
    ///
    /// In s = ln r the integrand is the likelihood of one stratum more, the prior's pseudo-counts; it is analytic up
    /// to ±πi, bell-shaped, and falls exponentially on either side, for which the trapezoidal rule converges
    /// as exp(−c/step) (L. N. Trefethen and J. A. C. Weideman, "The exponentially convergent trapezoidal rule",
    /// SIAM Review 56, 2014).
    fn log_mixture(&self, prior: Stratum) -> f64 {
        let all: Vec<Stratum> = self.0.iter().copied().chain([prior]).collect();
        let bell = Bell::over(&all);
        let spread = 1.0
            / all
                .iter()
                .map(|s| s.information(bell.top))
                .sum::<f64>()
                .sqrt();
        // So narrow a bell is normal to the last digit, and its rounding would be all that steps of it show.
        let area = if spread < 1e-8 {
            std::f64::consts::TAU.sqrt() * spread
        } else {
            bell.whole_area(0.5 * spread.min(1.0))
        };
        // The density of the log odds is θᵃ·(1 − θ)ᵇ/B(a, b), by Stirling's formula with the large terms cancelled.
        let (a, b) = (prior.yes, prior.no);
        let whole = a + b;
        let scale = 0.5 * (libm::log(a) + libm::log(b / whole) - libm::log(std::f64::consts::TAU))
            - stirling_rest(a)
            - stirling_rest(b)
            + stirling_rest(whole);
        libm::log(area) - bell.height + scale
    }
}

/// Steps are halved so often at most. One half of the spread is enough but for shares that are many powers of ten apart.
const HALVINGS: usize = 8;

/// exp(height − divergence), a bell with its top at `top`, of strata that have a "yes" and a "no".
struct Bell<'a> {
    strata: &'a [Stratum],
    top: f64,
    height: f64,
    /// How fast the logarithm falls far to the left, and to the right.
    falls: [f64; 2],
    /// Where it does so to the last digit.
    straight: [f64; 2],
}

impl<'a> Bell<'a> {
    fn over(strata: &'a [Stratum]) -> Self {
        let top = summit(strata);
        let offsets = strata.iter().map(|stratum| stratum.offset);
        // exp(−40) is nothing beside 1.
        let straight = [
            -offsets.clone().fold(f64::NEG_INFINITY, f64::max) - 40.0,
            -offsets.fold(f64::INFINITY, f64::min) + 40.0,
        ];
        Self {
            strata,
            top,
            height: Strata(strata).divergence(top),
            falls: [
                strata.iter().map(|stratum| stratum.yes).sum(),
                strata.iter().map(|stratum| stratum.no).sum(),
            ],
            straight,
        }
    }

    fn at(&self, s: f64) -> f64 {
        libm::exp(self.height - Strata(self.strata).divergence(s))
    }

    /// The area to its last digits, from `step` on finer and finer.
    fn whole_area(&self, mut step: f64) -> f64 {
        let mut area = self.area(step);
        let mut before = f64::INFINITY;
        for _ in 0..HALVINGS {
            step *= 0.5;
            let finer = self.area(step);
            let change = (finer - area).abs();
            area = finer;
            // What does not shrink any more is the rounding of many periods' divergences.
            if change <= 1e-13 * finer || change < 1e-9 * finer && change > 0.5 * before {
                break;
            }
            before = change;
        }
        area
    }

    fn area(&self, step: f64) -> f64 {
        let mut sum = 1.0;
        for side in [0, 1] {
            let (sign, fall) = ([-1.0, 1.0][side], self.falls[side]);
            let mut steps = 1.0;
            loop {
                let s = self.top + sign * steps * step;
                let term = self.at(s);
                sum += term;
                if sign * (s - self.straight[side]) > 0.0 {
                    // All terms that follow, a geometric series.
                    sum += term / libm::expm1(fall * step);
                    break;
                }
                if term < sum * 1e-18 {
                    break;
                }
                steps += 1.0;
            }
        }
        sum * step
    }
}

/// Where the likelihood of strata with at least one "yes" and one "no" has its maximum.
fn summit(strata: &[Stratum]) -> f64 {
    let slope = |s: f64| strata.iter().map(|stratum| stratum.slope(s)).sum::<f64>();
    let (mut lo, mut hi) = (-1.0, 1.0);
    while slope(lo) < 0.0 {
        lo *= 2.0;
    }
    while slope(hi) > 0.0 {
        hi *= 2.0;
    }
    root_between(lo, hi, slope).unwrap_or(0.0)
}

#[cfg(test)]
mod tests;
