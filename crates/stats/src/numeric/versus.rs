//! Two independent beta variables against each other.

use super::beta::integral_below;
use super::{ln_1p_minus, stirling_rest};

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

/// How a tail, or a mean of one, behaves next to an end of the unit interval.
#[derive(Clone, Copy)]
enum End {
    /// It falls to 0 with this power of the distance to the end.
    Falls(f64),
    /// It rises to 1; what is missing falls with this power.
    Fills(f64),
    /// It is no more than a constant.
    Stays,
}

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
            self.density(at) / at.y * integral_below(self.b, at.x / at.y, slope)
        } else {
            1.0 - self.mirrored().lower_tail(at.mirrored())
        }
    }

    fn upper_tail(self, at: Point) -> f64 {
        self.mirrored().lower_tail(at.mirrored())
    }

    /// The mean of max(value − X, 0) at a point.
    fn mean_below(self, at: Point) -> f64 {
        let n = self.a + self.b;
        let mean = at.delta / n * self.lower_tail(at) + self.density(at) / n;
        // Far below the mean the two cancel, and rounding may leave less than nothing.
        mean.max(0.0)
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
        if self.weight() >= other.weight() {
            let ends = [End::Fills(other.a), End::Falls(other.b)];
            self.average(other, above, ends, |at| other.upper_tail(at))
        } else {
            let ends = [End::Falls(self.a), End::Fills(self.b)];
            other.average(self, -above, ends, |at| self.lower_tail(at))
        }
    }

    /// The mean of max(other − this, 0), where the centre of `other` is `above` logits below.
    pub(crate) fn mean_shortfall_at(self, other: Self, above: f64) -> f64 {
        if self.weight() >= other.weight() {
            let mirror = other.mirrored();
            let ends = [End::Stays, End::Falls(other.b + 1.0)];
            self.average(other, above, ends, |at| mirror.mean_below(at.mirrored()))
        } else {
            let ends = [End::Falls(self.a + 1.0), End::Stays];
            other.average(self, -above, ends, |at| self.mean_below(at))
        }
    }

    /// The mean of `g` over this variable, where `g` is a tail of the wider variable `other`: a
    /// log-concave integrand in logits. `ends` is how it behaves near 0 and near 1.
    fn average(self, other: Self, above: f64, ends: [End; 2], g: impl Fn(Point) -> f64) -> f64 {
        let term = |aside: f64| self.density(self.at(aside)) * g(other.at(aside + above));
        // Up the hill from the middle of this variable, in strides that shrink.
        let reach = 1.0 / self.weight().sqrt();
        let mut top = 0.0;
        let mut best = term(top);
        let mut stride = (above.abs() / 8.0).clamp(reach.min(0.5), reach.clamp(0.5, 2.0));
        if best == 0.0 {
            // So far apart that nothing is left at the middle: look between the two.
            for eighths in 1..=8 {
                let aside = -above * f64::from(eighths) / 8.0;
                let here = term(aside);
                if here > best {
                    (top, best) = (aside, here);
                }
            }
            if best == 0.0 {
                return 0.0;
            }
        }
        let least = 0.02 * reach.min(1.0);
        let at_end = |aside: f64, direction: f64| {
            at_end(self, aside, direction) && at_end(other, aside + above, direction)
        };
        while stride > least {
            // Next to an end the hill may go on for millions of strides, and need not be walked.
            let (left, right) = (term(top - stride), term(top + stride));
            if left > best && !at_end(top - stride, -1.0) {
                (top, best) = (top - stride, left);
            } else if right > best && !at_end(top + stride, 1.0) {
                (top, best) = (top + stride, right);
            } else {
                stride *= 0.5;
            }
        }
        // How wide the hill is, from how far it falls a little to the left and right.
        let mut aside = reach;
        let fall = |aside: f64| {
            let sides = libm::log(term(top - aside)) + libm::log(term(top + aside));
            libm::log(best) - 0.5 * sides
        };
        while fall(aside) > 1.0 {
            aside *= 0.5;
        }
        // Bells of this width with a step of 0.4 widths are exact to e^(−2π²/0.4²). The cap is for hills
        // that are cut off like exp(−n·eᵗ), which grows beyond ±iπ/2: exact to e^(−π²/0.25).
        let width = aside / (2.0 * fall(aside)).sqrt();
        let step = (0.4 * width).min(0.25);
        let mut sum = best;
        for (direction, power, end) in [(-step, self.a, ends[0]), (step, self.b, ends[1])] {
            let mut aside = top + direction;
            loop {
                let next = term(aside);
                sum += next;
                // Log-concave: what follows falls at least as fast.
                if next <= sum * 1e-17 {
                    break;
                }
                // Next to an end nothing is left but powers of the distance to it, which fall slowly
                // where the power is small: the rest is a geometric series, or two.
                if at_end(aside, direction) {
                    sum += match end {
                        End::Stays => next / libm::expm1(power * step),
                        End::Falls(more) => next / libm::expm1((power + more) * step),
                        End::Fills(more) => {
                            let all = self.density(self.at(aside));
                            all / libm::expm1(power * step)
                                - (all - next) / libm::expm1((power + more) * step)
                        }
                    };
                    break;
                }
                aside += direction;
            }
        }
        sum * step
    }
}

/// Whether a point `aside` of the centre is so near the end in this direction that 1 + (a + b)x is 1.
fn at_end(beta: Beta, aside: f64, direction: f64) -> bool {
    let at = beta.at(aside);
    let left = if direction < 0.0 { at.x } else { at.y };
    (beta.a + beta.b + 1.0) * left < 1e-18
}

#[cfg(test)]
mod tests {
    use super::Beta;

    #[test]
    fn equal_variables_are_even() {
        for (a, b) in [(1.0, 1.0), (0.5, 0.5), (3.0, 900.0), (1e5, 1e6)] {
            let beta = Beta { a, b };
            assert!((beta.chance_below(beta) - 0.5).abs() < 1e-12, "{a} {b}");
        }
    }

    #[test]
    fn what_no_double_can_hold_is_zero() {
        let (low, high) = (Beta { a: 1e6, b: 9e6 }, Beta { a: 9e6, b: 1e6 });
        assert_eq!(high.chance_below(low), 0.0);
        assert!((low.chance_below(high) - 1.0).abs() < 1e-12);
        assert_eq!(high.mean_shortfall_to(low), 0.0);
        assert!((low.mean_shortfall_to(high) - 0.8).abs() < 1e-12);
    }

    #[test]
    fn uniform_variables_by_hand() {
        let uniform = Beta { a: 1.0, b: 1.0 };
        assert!((uniform.mean_shortfall_to(uniform) - 1.0 / 6.0).abs() < 1e-13);
        // P(U < X) = mean of X.
        let other = Beta { a: 2.0, b: 6.0 };
        assert!((uniform.chance_below(other) - 0.25).abs() < 1e-13);
        assert!((other.chance_below(uniform) - 0.75).abs() < 1e-13);
    }
}
