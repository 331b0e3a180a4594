//! Which looks can reject at all, told by bounds that cost next to nothing; only those are asked of the
//! methods, whose answer at all others is known. So many runs of 1,000 looks are possible.

use stats::judge::{Looks, Rule, Worse};

/// The bulk's critical value at any look is above 3: further below, no rounding makes a difference.
const RANKS_CANNOT: f64 = 2.5;

/// Where the judge looks for the tail.
const TAIL: f64 = 0.9;

/// Takes in what came, so that the values stay sorted.
pub(crate) fn grow(sorted: &mut Vec<f64>, more: impl IntoIterator<Item = f64>) {
    sorted.extend(more);
    // A stable sort finds the run that is sorted, and merges.
    sorted.sort_by(f64::total_cmp);
}

/// Values in order, moved: each is what it was times `factor`, plus `shift`.
#[derive(Clone, Copy)]
pub(crate) struct Moved<'a> {
    pub(crate) sorted: &'a [f64],
    pub(crate) factor: f64,
    pub(crate) shift: f64,
}

impl<'a> Moved<'a> {
    pub(crate) const fn by(sorted: &'a [f64], factor: f64, shift: f64) -> Self {
        Self {
            sorted,
            factor,
            shift,
        }
    }

    fn at(self, q: f64) -> f64 {
        let rank = ((q * self.sorted.len() as f64) as usize).min(self.sorted.len() - 1);
        self.sorted[rank] * self.factor + self.shift
    }

    fn below(self, x: f64) -> usize {
        let moved = |value: &f64| value * self.factor + self.shift <= x;
        self.sorted.partition_point(moved)
    }

    /// The most that any mixture over chances can say against `x` being the quantile `q`: the
    /// likelihood of the count below `x` at the chance that suits it best, over that at `q`.
    pub(crate) fn most_against(self, q: f64, x: f64) -> f64 {
        let n = self.sorted.len() as f64;
        let below = self.below(x) as f64;
        let part = |count: f64, share: f64| {
            if count == 0.0 {
                0.0
            } else {
                count * (count / (n * share)).ln()
            }
        };
        part(below, q) + part(n - below, 1.0 - q)
    }
}

/// A bound from above on the least evidence against any common quantile of both.
pub(crate) fn most_against_common(q: f64, a: Moved<'_>, b: Moved<'_>) -> f64 {
    let (from, to) = (a.at(q), b.at(q));
    let candidate = |step: u8| from + (to - from) * f64::from(step) / 8.0;
    let against = |x: f64| a.most_against(q, x) + b.most_against(q, x);
    (0..=8).map(candidate).map(against).fold(f64::MAX, f64::min)
}

/// The standardised rank statistic of b over a.
fn ranks(a: Moved<'_>, b: Moved<'_>) -> f64 {
    let (m, n) = (a.sorted.len() as f64, b.sorted.len() as f64);
    let (mut at, mut u) = (0, 0.0);
    for value in b.sorted {
        let value = value * b.factor + b.shift;
        while at < a.sorted.len() && a.sorted[at] * a.factor + a.shift < value {
            at += 1;
        }
        u += at as f64;
    }
    (u - m * n / 2.0) / (m * n * (m + n + 1.0) / 12.0).sqrt()
}

/// Whether the judge can end a canary at this look. Values above 0, in order.
pub(crate) fn can_stop(rule: &Rule, q: Option<f64>, control: &[f64], canary: &[f64]) -> bool {
    if rule.looks == Looks::One || control.is_empty() || canary.is_empty() {
        return true;
    }
    let factors: &[f64] = match rule.worse {
        Worse::Higher => &[1.0 + rule.tolerance],
        Worse::Lower => &[1.0 - rule.tolerance],
        Worse::Either => &[1.0 + rule.tolerance, 1.0 - rule.tolerance],
    };
    let threshold = -rule.alpha.get().ln();
    let canary = Moved::by(canary, 1.0, 0.0);
    factors.iter().any(|factor| {
        let control = Moved::by(control, *factor, 0.0);
        match q {
            Some(q) => most_against_common(q, control, canary) >= threshold,
            None => {
                let tail = |q| most_against_common(q, control, canary) >= threshold;
                tail(TAIL) || tail(1.0 - TAIL) || ranks(control, canary).abs() > RANKS_CANNOT
            }
        }
    })
}
