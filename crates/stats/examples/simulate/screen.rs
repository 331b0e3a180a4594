//! Which looks can reject at all, told by bounds that cost next to nothing; only those are asked of the
//! methods, whose answer at all others is known. So many runs of 1,000 looks are possible.

use stats::judge::{Looks, Rule, Trials, Worse};

/// The bulk has half of 5%: its critical value at any look is above 3.2. So far below it no rounding
/// makes a difference.
const RANKS_CANNOT: f64 = 3.0;

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
        most_against_chance(self.below(x) as u64, self.sorted.len() as u64, q)
    }
}

/// The most that any mixture over chances can say against `p`, after `yes` of `n`.
pub(crate) fn most_against_chance(yes: u64, n: u64, p: f64) -> f64 {
    let part = |count: u64, share: f64| {
        if count == 0 {
            0.0
        } else {
            count as f64 * (count as f64 / (n as f64 * share)).ln()
        }
    };
    part(yes, p) + part(n - yes, 1.0 - p)
}

/// Whether the judge can end a canary at this look for its events, of which it should have `share`.
pub(crate) fn events_can_stop(rule: &Rule, counts: [u64; 2], share: f64) -> bool {
    let most = most_against_chance(counts[1], counts[0] + counts[1], share);
    rule.tolerance > 0.0 || rule.looks == Looks::One || most >= -rule.alpha.get().ln()
}

/// Whether the judge can end a canary at this look for its errors: by how they fall to the arms, given that
/// they come, or by the rates of both. Told only without a tolerance.
pub(crate) fn errors_can_stop(rule: &Rule, control: Trials, canary: Trials) -> bool {
    let (x, n) = (control.x + canary.x, control.n + canary.n);
    if rule.tolerance > 0.0 || rule.looks == Looks::One || x == 0 || x == n {
        return true;
    }
    let threshold = -rule.alpha.get().ln();
    let split =
        |of: u64, all: u64| most_against_chance(of, all, canary.n as f64 / n as f64) >= threshold;
    let pooled = x as f64 / n as f64;
    let apart = [control, canary].map(|arm| most_against_chance(arm.x, arm.n, pooled));
    split(canary.x, x) || split(canary.n - canary.x, n - x) || apart[0] + apart[1] >= threshold
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
    // What is tolerated, and which way is beyond it.
    let beyond: &[(f64, f64)] = match rule.worse {
        Worse::Higher => &[(1.0 + rule.tolerance, 1.0)],
        Worse::Lower => &[(1.0 - rule.tolerance, -1.0)],
        Worse::Either => &[(1.0 + rule.tolerance, 1.0), (1.0 - rule.tolerance, -1.0)],
    };
    let threshold = -rule.alpha.get().ln();
    let canary = Moved::by(canary, 1.0, 0.0);
    beyond.iter().any(|(factor, way)| {
        let control = Moved::by(control, *factor, 0.0);
        // Evidence has no direction: on the other side of what is tolerated it stops nothing.
        let tail = |q: f64, at: f64| {
            way * (canary.at(q) - control.at(q)) > 0.0
                && most_against_common(q, control, canary) >= at
        };
        match q {
            Some(q) => tail(q, threshold),
            None => {
                // The tail has half of the level, too.
                let half = threshold + std::f64::consts::LN_2;
                tail(TAIL, half)
                    || tail(1.0 - TAIL, half)
                    || way * ranks(control, canary) > RANKS_CANNOT
            }
        }
    })
}
