use super::{Answer, Inputs, Refused, Stop};
use crate::{Count, Number, near};
use stats::Alpha;
use stats::sequential::{Mixture, Sides, Stitching, Tuning, rate};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Boundary {
    function: String,
    args: Args,
}

/// The names are those of the package `confseq`; ρ and r may be given in place of the tuning.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Args {
    /// The value of the process; for the stitched boundary how the error is spread.
    s: Option<Number>,
    v: Option<Number>,
    alpha: Option<Number>,
    v_opt: Option<Number>,
    #[serde(default = "usual")]
    alpha_opt: Number,
    rho: Option<Number>,
    r: Option<Number>,
    c: Option<Number>,
    g: Option<Number>,
    h: Option<Number>,
    is_one_sided: Option<bool>,
    v_min: Option<Number>,
    eta: Option<Number>,
    t_opt: Option<Number>,
    num_successes: Option<Count>,
    num_trials: Option<Count>,
}

const fn usual() -> Number {
    Number(0.05)
}

#[derive(Clone, Copy)]
enum Family {
    Normal(Option<Sides>),
    GammaExponential,
    GammaPoisson,
    BetaBinomial(Option<Sides>),
}

const FAMILIES: &[(&str, Family)] = &[
    ("normal", Family::Normal(None)),
    ("two_sided_normal", Family::Normal(Some(Sides::Two))),
    ("one_sided_normal", Family::Normal(Some(Sides::One))),
    ("gamma_exponential", Family::GammaExponential),
    ("gamma_poisson", Family::GammaPoisson),
    ("beta_binomial", Family::BetaBinomial(None)),
    (
        "two_sided_beta_binomial",
        Family::BetaBinomial(Some(Sides::Two)),
    ),
    (
        "one_sided_beta_binomial",
        Family::BetaBinomial(Some(Sides::One)),
    ),
];

/// `<family>_log_mixture` is the mixture at (s, v), `<family>_mixture_bound` its boundary at (v, alpha);
/// `<family>` or `<family>_mixture` is the former where `s` is given, else the latter.
pub(super) fn answer(inputs: Inputs) -> Result<Answer, Stop> {
    let level = inputs.question().alpha;
    let Boundary { function, args } = inputs.read()?;
    value(&function, &args, level).map_err(|stop| match stop {
        // `alpha` may be given beside `args`, too.
        Stop::Refused(refused) if args.alpha.is_some() || !refused.is_about("alpha") => {
            refused.inside("args", &["function"]).into()
        }
        stop => stop,
    })
}

fn value(function: &str, args: &Args, level: Alpha) -> Result<Answer, Stop> {
    let alpha = match args.alpha {
        Some(alpha) => Alpha::new(alpha.get())?,
        None => level,
    };
    match function {
        "poly_stitching_bound" => {
            let stitching = Stitching {
                v_min: needed("v_min", args.v_min)?,
                c: args.c.map_or(0.0, Number::get),
                s: args.s.map_or(1.4, Number::get),
                eta: args.eta.map_or(2.0, Number::get),
            };
            let value = stitching.bound(needed("v", args.v)?, alpha)?;
            return Ok(Answer::new().number("value", value));
        }
        "bernoulli_confidence_interval" => {
            let tuning = Tuning {
                v_opt: needed("t_opt", args.t_opt)?,
                alpha_opt: args.alpha_opt.get(),
            };
            let successes = needed_count("num_successes", args.num_successes)?;
            let trials = needed_count("num_trials", args.num_trials)?;
            let found = rate(successes, trials, alpha, tuning)?.interval;
            return Ok(Answer::new().interval("value", found.lo, found.hi));
        }
        _ => {}
    }
    let (name, wants_log) = if let Some(name) = function.strip_suffix("_log_mixture") {
        (name, true)
    } else if let Some(name) = function.strip_suffix("_mixture_bound") {
        (name, false)
    } else {
        (
            function.strip_suffix("_mixture").unwrap_or(function),
            args.s.is_some(),
        )
    };
    let Some((_, family)) = FAMILIES.iter().find(|(known, _)| *known == name) else {
        let mut known: Vec<&str> = FAMILIES.iter().map(|(known, _)| *known).collect();
        known.extend(["poly_stitching_bound", "bernoulli_confidence_interval"]);
        return Err(Refused::field(
            "function",
            "there is none of this name",
            near::hint(name, &known),
        )
        .into());
    };
    let mixture = args.mixture(*family)?;
    let v = needed("v", args.v)?;
    let value = if wants_log {
        mixture.log(needed("s", args.s)?, v)?
    } else {
        mixture.bound(v, alpha)?
    };
    Ok(Answer::new().number("value", value))
}

impl Args {
    fn mixture(&self, family: Family) -> Result<Mixture, Stop> {
        // As in `confseq`, one-sided unless said otherwise.
        let sides = |named: Option<Sides>| {
            named.unwrap_or(match self.is_one_sided {
                Some(false) => Sides::Two,
                Some(true) | None => Sides::One,
            })
        };
        Ok(match family {
            Family::Normal(named) => match sides(named) {
                Sides::One => Mixture::one_sided_normal(self.rho(Sides::One)?)?,
                Sides::Two => Mixture::two_sided_normal(self.rho(Sides::Two)?)?,
            },
            Family::GammaExponential => {
                Mixture::gamma_exponential(self.rho(Sides::One)?, needed("c", self.c)?)?
            }
            Family::GammaPoisson => {
                Mixture::gamma_poisson(self.rho(Sides::One)?, needed("c", self.c)?)?
            }
            Family::BetaBinomial(named) => {
                let (g, h) = (needed("g", self.g)?, needed("h", self.h)?);
                match self.r {
                    Some(r) => Mixture::beta_binomial_with(r.get(), g, h, sides(named))?,
                    None => Mixture::beta_binomial(self.tuning()?, g, h, sides(named))?,
                }
            }
        })
    }

    fn rho(&self, sides: Sides) -> Result<f64, Stop> {
        Ok(match (self.rho, sides) {
            (Some(rho), _) => rho.get(),
            (None, Sides::One) => self.tuning()?.one_sided_rho()?,
            (None, Sides::Two) => self.tuning()?.two_sided_rho()?,
        })
    }

    fn tuning(&self) -> Result<Tuning, Refused> {
        Ok(Tuning {
            v_opt: needed("v_opt", self.v_opt)?,
            alpha_opt: self.alpha_opt.get(),
        })
    }
}

fn needed(field: &str, value: Option<Number>) -> Result<f64, Refused> {
    value
        .map(Number::get)
        .ok_or_else(|| Refused::field(field, "this function needs it", "add it to args"))
}

fn needed_count(field: &str, value: Option<Count>) -> Result<u64, Refused> {
    value
        .map(Count::get)
        .ok_or_else(|| Refused::field(field, "this function needs it", "add it to args"))
}
