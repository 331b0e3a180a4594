use super::inputs::one;
use super::{Answer, Inputs, Refused, Stop};
use crate::{Count, Number, near};
use stats::sequential::{Mixture, Sides, Stitching, Tuning, rate};
use stats::{Alpha, Failure};

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
    alpha_opt: Option<Number>,
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

const USUAL_ALPHA_OPT: f64 = 0.05;

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
            args.only(&["v", "v_min", "c", "s", "eta", "alpha"])?;
            let stitching = Stitching {
                v_min: needed("v_min", args.v_min)?,
                c: one("c", args.c.unwrap_or(Number(0.0)))?,
                s: args.s.map_or(1.4, Number::get),
                eta: args.eta.map_or(2.0, Number::get),
            };
            let value = stitching.bound(needed("v", args.v)?, alpha)?;
            return Ok(Answer::new().number("value", value));
        }
        "bernoulli_confidence_interval" => {
            args.only(&["num_successes", "num_trials", "t_opt", "alpha_opt", "alpha"])?;
            let tuning = Tuning {
                v_opt: needed("t_opt", args.t_opt)?,
                alpha_opt: args.alpha_opt(),
            };
            let successes = needed_count("num_successes", args.num_successes)?;
            let trials = needed_count("num_trials", args.num_trials)?;
            let found = rate(successes, trials, alpha, tuning)
                .map_err(of_bernoulli)?
                .interval;
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
    args.only(&args.used(*family, wants_log))?;
    let v = needed("v", args.v)?;
    let value = if wants_log {
        mixture.log(one("s", Number(needed("s", args.s)?))?, v)?
    } else {
        mixture.bound(v, alpha)?
    };
    Ok(Answer::new().number("value", value))
}

/// The names of [`rate`] as the request has them.
fn of_bernoulli(failure: Failure) -> Stop {
    let Failure::Invalid(invalid) = failure else {
        return failure.into();
    };
    match invalid.field {
        "x" => Refused::field(
            "num_successes",
            invalid.why,
            "give how many of the num_trials succeeded",
        ),
        "n" => Refused::from(invalid).named("num_trials"),
        "v_opt" => Refused::from(invalid).named("t_opt"),
        _ => invalid.into(),
    }
    .into()
}

impl Args {
    /// The arguments that a mixture of this family takes, as it is asked for and tuned.
    fn used(&self, family: Family, wants_log: bool) -> Vec<&'static str> {
        let mut used = vec!["v", if wants_log { "s" } else { "alpha" }];
        match family {
            Family::Normal(None) => used.push("is_one_sided"),
            Family::BetaBinomial(None) => used.extend(["g", "h", "is_one_sided"]),
            Family::Normal(Some(_)) => {}
            Family::BetaBinomial(Some(_)) => used.extend(["g", "h"]),
            Family::GammaExponential | Family::GammaPoisson => used.push("c"),
        }
        match (family, self.rho, self.r) {
            (Family::BetaBinomial(_), _, Some(_)) => used.push("r"),
            (Family::BetaBinomial(_), ..) | (_, None, _) => used.extend(["v_opt", "alpha_opt"]),
            (_, Some(_), _) => used.push("rho"),
        }
        used
    }

    /// That nothing else is given.
    fn only(&self, used: &[&str]) -> Result<(), Refused> {
        let given = [
            ("s", self.s.is_some()),
            ("v", self.v.is_some()),
            ("alpha", self.alpha.is_some()),
            ("v_opt", self.v_opt.is_some()),
            ("alpha_opt", self.alpha_opt.is_some()),
            ("rho", self.rho.is_some()),
            ("r", self.r.is_some()),
            ("c", self.c.is_some()),
            ("g", self.g.is_some()),
            ("h", self.h.is_some()),
            ("is_one_sided", self.is_one_sided.is_some()),
            ("v_min", self.v_min.is_some()),
            ("eta", self.eta.is_some()),
            ("t_opt", self.t_opt.is_some()),
            ("num_successes", self.num_successes.is_some()),
            ("num_trials", self.num_trials.is_some()),
        ];
        let useless = |(name, given): &(&str, bool)| *given && !used.contains(name);
        match given.iter().find(|argument| useless(argument)) {
            Some((name @ ("v_opt" | "alpha_opt"), _)) if self.rho.or(self.r).is_some() => Err(
                Refused::useless(name, "the mixture is tuned by rho or r already"),
            ),
            Some((name, _)) => Err(Refused::useless(name, "this function has no use for it")),
            None => Ok(()),
        }
    }

    fn alpha_opt(&self) -> f64 {
        self.alpha_opt.map_or(USUAL_ALPHA_OPT, Number::get)
    }

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
            alpha_opt: self.alpha_opt(),
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
