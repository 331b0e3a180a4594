//! Two independent beta variables against each other.

use super::beta::integral_below;
use super::{ln_1p_minus, root_between, stirling_rest};

/// A beta variable with parameters a, b > 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Beta {
    pub(crate) a: f64,
    pub(crate) b: f64,
}

/// A point of the unit interval as one variable sees it: both distances to the ends, and how far it
/// is from the mean. With parameters of 1e16 and more a double near the mean can tell no two points of
/// the bell apart, so all of it is worked out from the distance to the centre in logits.
#[derive(Clone, Copy)]
struct Point {
    x: f64,
    y: f64,
    /// (a + b)x − a.
    delta: f64,
    /// ln x and ln y, less those of the mean.
    ln_x: f64,
    ln_y: f64,
}

impl Point {
    fn mirrored(self) -> Self {
        Self {
            x: self.y,
            y: self.x,
            delta: -self.delta,
            ln_x: self.ln_y,
            ln_y: self.ln_x,
        }
    }
}

/// Beside 1, what is smaller than 1e-18 is nothing.
const LN_1E18: f64 = 41.446_531_673_892_82;

/// −a·(ln(1 + δ/a) − δ/a), the deviance of [`super::deviance`], where ln(1 + δ/a) is known as `ln`.
fn deviance_of(a: f64, delta: f64, ln: f64) -> f64 {
    let d = delta / a;
    if (-0.4..=0.6).contains(&d) {
        -a * ln_1p_minus(d)
    } else {
        delta - a * ln
    }
}

impl Beta {
    fn mirrored(self) -> Self {
        Self {
            a: self.b,
            b: self.a,
        }
    }

    /// How many observations it is worth: the larger, the narrower it is in logits.
    fn weight(self) -> f64 {
        1.0 / (1.0 / self.a + 1.0 / self.b)
    }

    /// The point whose logit is that of the mean, ln(a/b), and `aside` more.
    fn at(self, aside: f64) -> Point {
        let n = self.a + self.b;
        let (mean, rest) = (self.a / n, self.b / n);
        let shrink = libm::exp(-aside.abs());
        if aside <= 0.0 {
            let all = mean.mul_add(shrink, rest);
            let ln = libm::log(all);
            Point {
                x: mean * shrink / all,
                y: rest / all,
                delta: mean * self.b * libm::expm1(aside) / all,
                ln_x: aside - ln,
                ln_y: -ln,
            }
        } else {
            self.mirrored().at(-aside).mirrored()
        }
    }

    /// By how much the centre of this one lies above that of `other`, in logits.
    #[cfg(test)]
    fn above(self, other: Self) -> f64 {
        libm::log(self.a / self.b) - libm::log(other.a / other.b)
    }

    /// Density with respect to the logit: xᵃ(1 − x)ᵇ/B(a, b).
    fn density(self, at: Point) -> f64 {
        let n = self.a + self.b;
        let ln = stirling_rest(n)
            - stirling_rest(self.a)
            - stirling_rest(self.b)
            - deviance_of(self.a, at.delta, at.ln_x)
            - deviance_of(self.b, -at.delta, at.ln_y);
        (self.a / n * self.b / std::f64::consts::TAU).sqrt() * libm::exp(ln)
    }

    fn lower_tail(self, at: Point) -> f64 {
        if at.delta <= 0.0 {
            // a − (n − 1)x = x − δ
            let slope = (at.x - at.delta) / at.y;
            self.density(at) / at.y * integral_below(self.a, self.b, at.x / at.y, slope)
        } else {
            1.0 - self.mirrored().lower_tail(at.mirrored())
        }
    }

    /// The chance of less than a point, and its derivative by the logit.
    fn chance_at(self, at: Point) -> (f64, f64) {
        (self.lower_tail(at), self.density(at))
    }

    /// The mean of max(value − X, 0) at a point, and its derivative by the logit.
    fn excess_at(self, at: Point) -> (f64, f64) {
        let n = self.a + self.b;
        let chance = self.lower_tail(at);
        let excess = at.delta / n * chance + self.density(at) / n;
        // Far below the mean the two cancel, and rounding may leave less than nothing.
        (excess.max(0.0), at.x * at.y * chance)
    }

    /// How far above its centre, in logits, 1 + (a + b + 1)(1 − x) is 1.
    fn end(self) -> f64 {
        LN_1E18 + libm::log(self.a + self.b + 1.0) + libm::log(self.b / self.a)
    }

    /// The chance that this one is below `other`.
    #[cfg(test)]
    fn chance_below(self, other: Self) -> f64 {
        self.chance_below_at(other, self.above(other))
    }

    /// The mean of max(other − this, 0).
    #[cfg(test)]
    fn mean_shortfall_to(self, other: Self) -> f64 {
        self.mean_shortfall_at(other, self.above(other))
    }

    /// The chance that this one is below `other`, whose centre is `above` logits below the one of this.
    pub(crate) fn chance_below_at(self, other: Self, above: f64) -> f64 {
        let (narrow, wide) = self.by_width(other);
        let ends = [(0.0, wide.a), (1.0, wide.b)];
        narrow.average(wide, -above, ends, |at| wide.chance_at(at))
    }

    /// The mean of max(other − this, 0), where the centre of `other` is `above` logits below.
    pub(crate) fn mean_shortfall_at(self, other: Self, above: f64) -> f64 {
        let (narrow, wide) = self.by_width(other);
        let ends = [(0.0, wide.a + 1.0), (wide.b / (wide.a + wide.b), 1.0)];
        narrow.average(wide, -above, ends, |at| wide.excess_at(at))
    }

    /// The narrower in logits and the wider, turned so that "this is below other" is "wide is below narrow".
    fn by_width(self, other: Self) -> (Self, Self) {
        if self.weight() >= other.weight() {
            (self.mirrored(), other.mirrored())
        } else {
            (other, self)
        }
    }

    /// The mean over this variable of what rises with the wider variable `wide`, whose centre is `gap`
    /// logits below: a log-concave integrand in logits. `ends` are the limits of the rise at 0 and at 1, and
    /// the powers it comes near them with.
    fn average(
        self,
        wide: Self,
        gap: f64,
        ends: [(f64, f64); 2],
        rise: impl Fn(Point) -> (f64, f64),
    ) -> f64 {
        let rise = |aside: f64| rise(wide.at(aside + gap));
        let term = |aside: f64| self.density(self.at(aside)) * rise(aside).0;
        // From here on nothing is left but powers of the distance to the end, for both variables.
        let left = -self.mirrored().end().max(wide.mirrored().end() + gap);
        let right = self.end().max(wide.end() - gap);
        // The top of the hill is above the centre, for the rise pulls it there.
        let ascent = |aside: f64| {
            let (value, slope) = rise(aside);
            if value > 0.0 {
                slope / value - self.at(aside).delta
            } else {
                f64::INFINITY
            }
        };
        let top = root_between(0.0, right, ascent).unwrap_or(right);
        // Bells of this curvature with a step of 0.4 widths are exact to e^(−2π²/0.4²). The cap is for hills
        // that are cut off like exp(−n·eᵗ), which grows beyond ±iπ/2: exact to e^(−π²/0.25).
        let (at, (value, slope)) = (self.at(top), rise(top));
        // The rise bends no more than the wider variable's bell, nor than it is steep.
        let per_logit = at.x * at.y;
        let bend = (slope / value)
            .powi(2)
            .min((wide.a + wide.b + 1.0) * per_logit);
        let curvature = (self.a + self.b) * per_logit + bend;
        let step = (0.4 / curvature.sqrt()).min(0.25);
        let mut sum = term(top);
        for (direction, last, power, (limit, more)) in [
            (-step, -left, self.a, ends[0]),
            (step, right, self.b, ends[1]),
        ] {
            let mut aside = top + direction;
            loop {
                let next = term(aside);
                sum += next;
                // Log-concave: what follows falls at least as fast.
                if next <= sum * 1e-17 {
                    break;
                }
                // Powers of the distance may fall slowly: the rest is two geometric series.
                if aside * direction.signum() >= last {
                    let full = limit * self.density(self.at(aside));
                    sum += full / libm::expm1(power * step)
                        + (next - full) / libm::expm1((power + more) * step);
                    break;
                }
                aside += direction;
            }
        }
        sum * step
    }
}

#[cfg(test)]
mod tests;
