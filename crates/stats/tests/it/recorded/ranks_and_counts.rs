//! Ranks, counts of events and boundaries: SciPy, `confseq`, `ssrm-test` and Kayenta's own rules.

use super::{Figures, agree, check, count, lines, number};
use serde_json::Value;
use stats::count::{Events, poisson_rates};
use stats::kayenta::{Bounds, Direction, EffectSize, Missing, Rules, classify};
use stats::rank::Tails;
use stats::sequential::{
    CountsQuestion, Mixture, RatioMismatch, Sides, Stitching, Tuning, counts, rate,
};
use stats::{Alpha, Failure, InvalidInput, Question, Side, rank};

fn list(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn pair(value: &Value) -> [f64; 2] {
    list(value).try_into().unwrap()
}

fn given(inputs: &Value, name: &str, usual: f64) -> f64 {
    inputs.get(name).map_or(usual, number)
}

fn asked(tails: Tails, side: Side) -> f64 {
    match side {
        Side::Two => tails.two_sided,
        Side::Greater => tails.greater,
        Side::Less => tails.less,
    }
}

pub(super) fn answer(method: &str, inputs: &Value, question: Question) -> Result<Figures, Failure> {
    match method {
        "mann_whitney" => mann_whitney(inputs, question),
        "poisson_rates" => rates(inputs, question),
        "counts_sequential" => Ok(counts_sequential(inputs, question)?),
        "boundary" => boundary(&inputs["function"], &inputs["args"]),
        other => panic!("no such method: {other}"),
    }
}

fn mann_whitney(inputs: &Value, question: Question) -> Result<Figures, Failure> {
    let (a, b) = (list(&inputs["a"]), list(&inputs["b"]));
    let pair = rank::Pair::new(&a, &b)?;
    let test = pair.mann_whitney()?;
    let shift = pair.shift(question.alpha, question.side);
    let mut figures = vec![
        ("u_a", test.u_a),
        ("p_two_sided", test.asymptotic.two_sided),
        ("p_greater", test.asymptotic.greater),
        ("p_less", test.asymptotic.less),
        ("cles", test.cles),
        ("hodges_lehmann", shift.estimate),
        ("interval[0]", shift.interval.lo),
        ("interval[1]", shift.interval.hi),
    ];
    if let Some(exact) = test.exact {
        figures.push(("p_exact", asked(exact, question.side)));
    }
    Ok(figures)
}

fn rates(inputs: &Value, question: Question) -> Result<Figures, Failure> {
    let events = |arm: &Value| -> Result<Events, Failure> {
        Ok(Events {
            count: count(&arm["count"])?,
            exposure: number(&arm["exposure"]),
        })
    };
    let (control, treatment) = (events(&inputs["control"])?, events(&inputs["treatment"])?);
    let found = poisson_rates(control, treatment, question.alpha)?;
    Ok(vec![
        ("p_exact", asked(found.exact, question.side)),
        ("p_score", asked(found.score, question.side)),
        ("rate_ratio", found.rate_ratio),
        ("interval_score[0]", found.interval_score.lo),
        ("interval_score[1]", found.interval_score.hi),
    ])
}

fn counts_sequential(inputs: &Value, question: Question) -> Result<Figures, InvalidInput> {
    let seen = list(&inputs["counts"]);
    let question = CountsQuestion {
        prior: pair(&inputs["dirichlet_alpha"]),
        shares: pair(&inputs["assignment_share"]),
        alpha: question.alpha,
    };
    let found = counts([seen[0] as u64, seen[1] as u64], &question)?;
    Ok(vec![
        ("log_e", found.log_e),
        ("p", found.p),
        ("share_interval[0]", found.share_interval.lo),
        ("share_interval[1]", found.share_interval.hi),
        ("rate_ratio_interval[0]", found.rate_ratio_interval.lo),
        ("rate_ratio_interval[1]", found.rate_ratio_interval.hi),
    ])
}

fn boundary(function: &Value, args: &Value) -> Result<Figures, Failure> {
    let function = function.as_str().unwrap();
    let at = |name: &str| number(&args[name]);
    let alpha = Alpha::new(given(args, "alpha", 0.05))?;
    let tuning = |v_opt: &str| Tuning {
        v_opt: at(v_opt),
        alpha_opt: given(args, "alpha_opt", 0.05),
    };
    if function == "poly_stitching_bound" {
        let stitching = Stitching {
            v_min: at("v_min"),
            c: given(args, "c", 0.0),
            s: given(args, "s", 1.4),
            eta: given(args, "eta", 2.0),
        };
        return Ok(vec![("value", stitching.bound(at("v"), alpha)?)]);
    }
    if function == "bernoulli_confidence_interval" {
        let (successes, trials) = (count(&args["num_successes"])?, count(&args["num_trials"])?);
        let found = rate(successes, trials, alpha, tuning("t_opt"))?.interval;
        return Ok(vec![("value[0]", found.lo), ("value[1]", found.hi)]);
    }
    // Where neither the name nor the flag says so, `confseq` watches one side.
    let two = function.starts_with("two_sided") || args["is_one_sided"] == false;
    let sides = if two { Sides::Two } else { Sides::One };
    let rho = match (args.get("rho"), sides) {
        (Some(rho), _) => number(rho),
        (None, Sides::Two) => tuning("v_opt").two_sided_rho()?,
        (None, Sides::One) => tuning("v_opt").one_sided_rho()?,
    };
    let mixture = if function.contains("normal") {
        match sides {
            Sides::One => Mixture::one_sided_normal(rho)?,
            Sides::Two => Mixture::two_sided_normal(rho)?,
        }
    } else if function.starts_with("gamma") {
        let rho = tuning("v_opt").one_sided_rho()?;
        if function.starts_with("gamma_exponential") {
            Mixture::gamma_exponential(rho, at("c"))?
        } else {
            Mixture::gamma_poisson(rho, at("c"))?
        }
    } else {
        Mixture::beta_binomial(tuning("v_opt"), at("g"), at("h"), sides)?
    };
    let value = match args.get("s") {
        Some(s) => mixture.log(number(s), at("v"))?,
        None => mixture.bound(at("v"), alpha)?,
    };
    Ok(vec![("value", value)])
}

#[test]
fn ranks_agree_with_scipy() {
    check("mann_whitney", 1e-12);
    for line in lines("mann_whitney") {
        let (a, b) = (list(&line["inputs"]["a"]), list(&line["inputs"]["b"]));
        let exact = rank::mann_whitney(&a, &b).ok().and_then(|test| test.exact);
        let want = line["expected"]["p_exact"].is_number();
        assert_eq!(exact.is_some(), want, "{}", line["id"]);
    }
}

#[test]
fn rates_of_events_agree_with_scipy_and_statsmodels() {
    check("poisson_rates", 1e-10);
}

#[test]
fn counts_at_every_look_agree_with_their_paper() {
    check("counts_sequential", 1e-9);
}

#[test]
fn boundaries_agree_with_confseq() {
    check("boundary", 1e-9);
}

#[test]
fn sequential_mismatches_agree_with_ssrm_test() {
    for line in lines("srm_sequential") {
        let inputs = &line["inputs"];
        let shares = list(&inputs["null_probabilities"]);
        let concentration = given(inputs, "dirichlet_concentration", 10_000.0);
        let mut split = RatioMismatch::new(&shares, concentration).unwrap();
        let increments = inputs["increments"].as_array().unwrap();
        let (factors, ps) = (
            list(&line["expected"]["log_bayes_factor"]),
            list(&line["expected"]["p"]),
        );
        assert_eq!(increments.len(), factors.len());
        for (increment, (factor, p)) in increments.iter().zip(factors.into_iter().zip(ps)) {
            let increment: Vec<u64> = list(increment).into_iter().map(|x| x as u64).collect();
            let look = split.observe(&increment).unwrap();
            // Its sums of logarithms of the gamma function cancel where next to nothing is known.
            let got = look.log_bayes_factor;
            let near = got == factor || (got - factor).abs() <= 1e-9 * factor.abs().max(1e-3);
            assert!(near, "{}: {got}, {factor}", line["id"]);
            assert!(agree(look.p, p, 1e-9), "{}: {}, {p}", line["id"], look.p);
        }
    }
}

#[test]
fn classifications_agree_with_kayenta() {
    for line in lines("kayenta_classify") {
        let inputs = &line["inputs"];
        let is = |name: &str, word: &str| inputs[name] == word;
        let bounds = |name: &str| {
            inputs.get(name).map(|bounds| {
                let [decrease, increase] = pair(bounds);
                Bounds { decrease, increase }
            })
        };
        let usual = Rules::default();
        let rules = Rules {
            direction: if is("direction", "increase") {
                Direction::Increase
            } else if is("direction", "decrease") {
                Direction::Decrease
            } else {
                Direction::Either
            },
            nan_strategy: if is("nan_strategy", "replace") {
                Missing::Replace
            } else {
                Missing::Remove
            },
            critical: inputs["critical"] == true,
            must_have_data: inputs["must_have_data"] == true,
            tolerance: given(inputs, "tolerance", usual.tolerance),
            conf_level: given(inputs, "conf_level", usual.conf_level),
            measure: if is("measure", "cles") {
                EffectSize::Cles
            } else {
                EffectSize::MeanRatio
            },
            effect_size: bounds("effect_size"),
            critical_thresholds: bounds("critical_thresholds"),
            outlier_factor: inputs.get("outlier_factor").map(number),
        };
        let (control, experiment) = (list(&inputs["control"]), list(&inputs["experiment"]));
        let found = classify(&control, &experiment, &rules).unwrap();
        let (id, want) = (&line["id"], &line["expected"]);
        assert_eq!(found.classification.name(), want["classification"], "{id}");
        assert_eq!(found.critical, want["critical"], "{id}");
        let deviation = number(&want["deviation"]);
        assert!(
            deviation.is_nan() && found.deviation.is_nan()
                || agree(found.deviation, deviation, 1e-15),
            "{id}: {}",
            found.deviation
        );
    }
}
