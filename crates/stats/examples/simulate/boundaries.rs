//! Boundaries on the processes for which they promise.

use super::draw::Draw;
use super::trial::{Look, Outcome, follow};
use stats::sequential::{Mixture, Sides, Stitching, Tuning};
use stats::{Alpha, InvalidInput};

/// What a process adds at each look, less its mean if nothing is changed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Steps {
    /// Sub-Gaussian: standard normal.
    Normal,
    /// Sub-exponential with scale 1: exponential of mean 1.
    Exponential,
    /// Sub-Poisson with scale 1: a Poisson count of mean 1.
    Poisson,
    /// Sub-Bernoulli: falls by p or rises by 1 − p.
    Bernoulli(f64),
}

impl Steps {
    /// How much intrinsic time one step takes.
    pub(crate) fn variance(self) -> f64 {
        match self {
            Self::Normal | Self::Exponential | Self::Poisson => 1.0,
            Self::Bernoulli(p) => p * (1.0 - p),
        }
    }

    /// One step of a process whose mean rises by `drift` a step.
    fn step(self, drift: f64, draw: &mut Draw) -> f64 {
        match self {
            Self::Normal => draw.normal() + drift,
            Self::Exponential => (1.0 + drift) * draw.exponential() - 1.0,
            Self::Poisson => {
                let (mut count, mut time) = (0.0, draw.exponential());
                while time < 1.0 + drift {
                    count += 1.0;
                    time += draw.exponential();
                }
                count - 1.0
            }
            Self::Bernoulli(p) => f64::from(u8::from(draw.chance(p + drift))) - p,
        }
    }

    pub(crate) fn name(self) -> String {
        match self {
            Self::Normal => "normal steps".to_owned(),
            Self::Exponential => "exponential steps".to_owned(),
            Self::Poisson => "Poisson counts".to_owned(),
            Self::Bernoulli(p) => format!("Bernoulli {}%", p * 100.0),
        }
    }
}

/// Sharpest in the middle.
fn tuned(steps: Steps, looks: u64) -> Tuning {
    Tuning {
        v_opt: looks as f64 / 2.0 * steps.variance(),
        alpha_opt: 0.05,
    }
}

fn bernoulli(p: f64, sides: Sides, looks: u64) -> Result<Mixture, InvalidInput> {
    Mixture::beta_binomial(tuned(Steps::Bernoulli(p), looks), p, 1.0 - p, sides)
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Mixture(Mixture),
    Stitched(Stitching),
}

/// A boundary with the process that it watches, ready for every look.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    pub(crate) name: &'static str,
    pub(crate) steps: Steps,
    kind: Kind,
    alpha: Alpha,
    /// Downwards and upwards, at each look from the first.
    bounds: Vec<[f64; 2]>,
}

/// What rounding may add to a sum of steps.
const ROUNDING: f64 = 1e-9;

impl Watch {
    fn new(
        name: &'static str,
        steps: Steps,
        (kind, sides): (Kind, Sides),
        alpha: Alpha,
        looks: u64,
    ) -> Result<Self, InvalidInput> {
        // Where falls and rises differ, so do the boundaries: the one below is that of the mirror image.
        let below = match steps {
            Steps::Bernoulli(p) if sides == Sides::Two => Some(bernoulli(1.0 - p, sides, looks)?),
            _ => None,
        };
        let bound = |look: u64| {
            let v = look as f64 * steps.variance();
            let up = match kind {
                Kind::Mixture(mixture) => mixture.bound(v, alpha),
                Kind::Stitched(stitching) => stitching.bound(v, alpha),
            }?;
            let down = match (sides, kind) {
                (Sides::One, _) => f64::INFINITY,
                (Sides::Two, Kind::Mixture(mixture)) => below.unwrap_or(mixture).bound(v, alpha)?,
                (Sides::Two, Kind::Stitched(_)) => up,
            };
            Ok([-down, up])
        };
        Ok(Self {
            name,
            steps,
            kind,
            alpha,
            bounds: (1..=looks).map(bound).collect::<Result<_, _>>()?,
        })
    }

    /// Every boundary of the crate, tightest in the middle of `looks`.
    pub(crate) fn all(alpha: Alpha, looks: u64) -> Result<Vec<Self>, InvalidInput> {
        let (one, two) = (Sides::One, Sides::Two);
        let stitched = |c: f64| {
            Kind::Stitched(Stitching {
                v_min: looks as f64 / 20.0,
                c,
                s: 1.4,
                eta: 2.0,
            })
        };
        let normal = tuned(Steps::Normal, looks);
        let mut all = vec![
            (
                "two-sided normal mixture",
                Steps::Normal,
                Kind::Mixture(Mixture::two_sided_normal(normal.two_sided_rho()?)?),
                two,
            ),
            (
                "one-sided normal mixture",
                Steps::Normal,
                Kind::Mixture(Mixture::one_sided_normal(normal.one_sided_rho()?)?),
                one,
            ),
            ("stitched, c = 0", Steps::Normal, stitched(0.0), one),
            (
                "gamma-exponential mixture",
                Steps::Exponential,
                Kind::Mixture(Mixture::gamma_exponential(normal.one_sided_rho()?, 1.0)?),
                one,
            ),
            ("stitched, c = 1", Steps::Exponential, stitched(1.0), one),
            (
                "gamma-Poisson mixture",
                Steps::Poisson,
                Kind::Mixture(Mixture::gamma_poisson(normal.one_sided_rho()?, 1.0)?),
                one,
            ),
        ];
        for p in [0.5, 0.05] {
            let steps = Steps::Bernoulli(p);
            for (name, sides) in [
                ("beta-binomial mixture, one-sided", one),
                ("beta-binomial mixture, two-sided", two),
            ] {
                let mixture = bernoulli(p, sides, looks)?;
                all.push((name, steps, Kind::Mixture(mixture), sides));
            }
        }
        all.into_iter()
            .map(|(name, steps, kind, sides)| Self::new(name, steps, (kind, sides), alpha, looks))
            .collect()
    }

    /// One course: a rejection is where the mixture reaches 1/α, a miss where the process is beyond the
    /// boundary, which is the same place found another way.
    pub(crate) fn run(&self, drift: f64, draw: &mut Draw) -> Outcome {
        let threshold = -self.alpha.get().ln();
        let mut s = 0.0;
        follow(self.bounds.len() as u64, |look| {
            s += self.steps.step(drift, draw);
            let v = look as f64 * self.steps.variance();
            let [down, up] = self.bounds[look as usize - 1];
            let beyond = s > up * (1.0 + ROUNDING) || s < down * (1.0 + ROUNDING);
            let rejects = match self.kind {
                // Nothing but falls is as far down as there is; a rounding further is no such process.
                Kind::Mixture(mixture) => mixture
                    .log(s * (1.0 - ROUNDING), v)
                    .is_ok_and(|log| log >= threshold),
                Kind::Stitched(_) => beyond,
            };
            Look {
                rejects,
                covers: !beyond,
            }
        })
    }
}
