//! Two independent beta variables against each other.

use super::beta::{lower_tail_at, prefix_at, upper_tail_at};

/// A beta variable with parameters a, b > 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Beta {
    pub(crate) a: f64,
    pub(crate) b: f64,
}

/// A point of the unit interval by its logit, with both distances to the ends exact.
#[derive(Clone, Copy)]
struct Point {
    x: f64,
    y: f64,
}

impl Point {
    fn at(logit: f64) -> Self {
        let small = libm::exp(-logit.abs());
        let (near, far) = (small / (1.0 + small), 1.0 / (1.0 + small));
        if logit < 0.0 {
            Self { x: near, y: far }
        } else {
            Self { x: far, y: near }
        }
    }

    fn mirrored(self) -> Self {
        Self {
            x: self.y,
            y: self.x,
        }
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

    /// Density with respect to the logit: xᵃ(1 − x)ᵇ/B(a, b).
    fn density(self, at: Point) -> f64 {
        prefix_at(self.a, self.b, at.x, at.y)
    }

    /// The mean of max(value − X, 0) at a point.
    fn mean_below(self, at: Point) -> f64 {
        let n = self.a + self.b;
        // x − a/n, from the smaller of x and y.
        let over = (at.x * self.b - at.y * self.a) / n;
        over * lower_tail_at(self.a, self.b, at.x, at.y) + self.density(at) / n
    }

    /// The chance that this one is below `other`.
    pub(crate) fn chance_below(self, other: Self) -> f64 {
        if self.weight() >= other.weight() {
            self.average(other, |at| upper_tail_at(other.a, other.b, at.x, at.y))
        } else {
            other.average(self, |at| lower_tail_at(self.a, self.b, at.x, at.y))
        }
    }

    /// The mean of max(other − this, 0).
    pub(crate) fn mean_shortfall_to(self, other: Self) -> f64 {
        if self.weight() >= other.weight() {
            let mirror = other.mirrored();
            self.average(other, |at| mirror.mean_below(at.mirrored()))
        } else {
            other.average(self, |at| self.mean_below(at))
        }
    }

    /// The mean of `g` over this variable, where `g` is a tail of the wider variable `other`: a
    /// log-concave integrand in logits.
    fn average(self, other: Self, g: impl Fn(Point) -> f64) -> f64 {
        let term = |logit: f64| {
            let at = Point::at(logit);
            self.density(at) * g(at)
        };
        // Up the hill from the middle of this variable, in strides that shrink.
        let mut top = libm::log(self.a) - libm::log(self.b);
        let mut best = term(top);
        let mut stride = 1.0 / self.weight().sqrt().min(2.0);
        if best == 0.0 {
            // So far apart that nothing is left at the middle: look between the two.
            let away = libm::log(other.a) - libm::log(other.b) - top;
            let middle = top;
            for eighths in 1..=8 {
                let logit = middle + away * f64::from(eighths) / 8.0;
                let here = term(logit);
                if here > best {
                    (top, best) = (logit, here);
                }
            }
            if best == 0.0 {
                return 0.0;
            }
        }
        let least = 0.02 / self.weight().sqrt();
        while stride > least {
            let (left, right) = (term(top - stride), term(top + stride));
            if left > best {
                (top, best) = (top - stride, left);
            } else if right > best {
                (top, best) = (top + stride, right);
            } else {
                stride *= 0.5;
            }
        }
        // How wide the hill is, from how far it falls a little to the left and right.
        let mut aside = 1.0 / self.weight().sqrt();
        let fall = |aside: f64| {
            let sides = libm::log(term(top - aside)) + libm::log(term(top + aside));
            libm::log(best) - 0.5 * sides
        };
        while fall(aside) > 1.0 {
            aside *= 0.5;
        }
        // Bells of this width with a step of 0.4 widths are exact to e^(−2π²/0.4²); the cap is for
        // the poles of the logistic function at ±iπ.
        let width = aside / (2.0 * fall(aside)).sqrt();
        let step = 0.4 * width.min(1.0);
        let mut sum = best;
        for direction in [-step, step] {
            let mut logit = top + direction;
            loop {
                let next = term(logit);
                sum += next;
                // Log-concave: what follows falls at least as fast.
                if next <= sum * 1e-17 {
                    break;
                }
                logit += direction;
            }
        }
        sum * step
    }
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
