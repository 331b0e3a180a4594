//! The recordings in `reference/*.jsonl` (see `record.py` there), asked of the functions themselves.
//! `analyze` replays them once more through its requests, with the errors' fields.

mod ranks_and_counts;

use serde_json::Value;
use stats::bayes::{self, BetaPrior, Prior};
use stats::effect::{self, Proportion, QuantileArm};
use stats::power::Plan;
use stats::{
    Better, Difference, Estimate, Failure, InvalidInput, Moments, PairMoments, Question, Side,
    adjust, sequential, srm,
};

type Figures = Vec<(&'static str, f64)>;

fn number(value: &Value) -> f64 {
    match value.as_str() {
        Some("Infinity") => f64::INFINITY,
        Some("-Infinity") => f64::NEG_INFINITY,
        Some(_) => f64::NAN,
        None => value.as_f64().unwrap_or(f64::NAN),
    }
}

/// A count, where there is one: a request with another is refused before it gets here.
fn count(value: &Value) -> Result<u64, Failure> {
    value
        .as_u64()
        .ok_or_else(|| InvalidInput::new("n", "negative", "").into())
}

fn question(inputs: &Value) -> Result<Question, Failure> {
    let mut question = Question::default();
    if let Some(alpha) = inputs.get("alpha") {
        question = question.at(number(alpha))?;
    }
    if inputs["difference_type"] == "absolute" {
        question = question.absolute();
        assert_eq!(question.difference, Difference::Absolute);
    }
    Ok(match inputs["side"].as_str() {
        Some("greater") => question.side(Side::Greater),
        Some("less") => question.side(Side::Less),
        _ => question,
    })
}

fn proportion(arm: &Value) -> Result<Proportion, Failure> {
    Ok(Proportion::new(count(&arm["x"])?, count(&arm["n"])?)?)
}

fn sums(series: &Value) -> (f64, f64) {
    (number(&series["sum"]), number(&series["sum_sq"]))
}

fn mean(arm: &Value) -> Result<Moments, Failure> {
    let (sum, sum_sq) = sums(arm);
    Moments::from_sums(count(&arm["n"])?, sum, sum_sq)
}

fn pairs(arm: &Value, x: &str, y: &str) -> Result<PairMoments, Failure> {
    let product = number(&arm[format!("{x}_{y}_sum_prod")]);
    let n = count(&arm["n"])?;
    PairMoments::from_sums(n, sums(&arm[x]), sums(&arm[y]), product)
}

fn told(estimate: &Estimate) -> Figures {
    assert!(estimate.df > 0.0 && estimate.n > 1);
    vec![
        ("effect", estimate.effect),
        ("interval[0]", estimate.interval.lo),
        ("interval[1]", estimate.interval.hi),
        ("p", estimate.p),
        ("stderr", estimate.stderr),
    ]
}

fn any(inputs: &Value) -> Result<Estimate, Failure> {
    let question = question(inputs)?;
    let (control, treatment) = (&inputs["control"], &inputs["treatment"]);
    Ok(if control.get("x").is_some() {
        effect::proportion(proportion(control)?, proportion(treatment)?, question)?
    } else {
        effect::mean(&mean(control)?, &mean(treatment)?, question)?
    })
}

fn answer(method: &str, inputs: &Value) -> Result<Figures, Failure> {
    let question = question(inputs)?;
    let (control, treatment) = (&inputs["control"], &inputs["treatment"]);
    Ok(match method {
        "mean" => told(&any(inputs)?),
        "proportion" => {
            let mut figures = told(&any(inputs)?);
            let (control, treatment) = (proportion(control)?, proportion(treatment)?);
            let pooled = effect::pooled_test(control, treatment, question.side)?;
            figures.extend([("pooled_z", pooled.z), ("pooled_p", pooled.p)]);
            figures
        }
        "ratio" => {
            let arm = |arm| pairs(arm, "num", "den");
            let ratio = effect::ratio(&arm(control)?, &arm(treatment)?, question)?;
            let mut figures = told(&ratio.estimate);
            figures.extend([
                ("ratio_control", ratio.control),
                ("ratio_treatment", ratio.treatment),
            ]);
            figures
        }
        "quantile" => {
            let arm = |arm: &Value| -> Result<QuantileArm, Failure> {
                let figure = |name: &str| number(&arm[name]);
                let (n, star) = (count(&arm["n"])?, count(&arm["n_star"])?);
                let (nu, q) = (figure("nu"), figure("q"));
                Ok(QuantileArm::new(
                    n,
                    star,
                    nu,
                    q,
                    figure("lo"),
                    figure("hi"),
                )?)
            };
            if control["nu"] != treatment["nu"] && number(&treatment["nu"]) < 1.0 {
                return Err(InvalidInput::new("nu", "", "").into());
            }
            told(&effect::quantile(
                &arm(control)?,
                &arm(treatment)?,
                question,
            )?)
        }
        "cuped" => {
            let arm = |arm| pairs(arm, "post", "pre");
            let cuped = effect::cuped(&arm(control)?, &arm(treatment)?, question)?;
            let mut figures = told(&cuped.estimate);
            figures.extend([
                ("theta", cuped.theta),
                ("adjusted_mean_control", cuped.adjusted_mean_control),
                ("adjusted_mean_treatment", cuped.adjusted_mean_treatment),
            ]);
            figures
        }
        "sequential" => {
            let tuning = inputs
                .get("tuning")
                .map_or(sequential::DEFAULT_TUNING, number);
            told(&sequential::asymptotic(&any(inputs)?, question, tuning)?)
        }
        "bayesian_effect" => {
            let prior = &inputs["prior"];
            let given = |name: &str, usual| prior.get(name).map_or(usual, number);
            let prior = if prior["proper"] == true {
                Prior::normal(given("mean", 0.0), given("variance", Prior::USUAL_VARIANCE))?
            } else {
                Prior::Flat
            };
            let better = if inputs["inverse"] == true {
                Better::Lower
            } else {
                Better::Higher
            };
            let belief = bayes::effect(&any(inputs)?, prior, better, question)?;
            vec![
                ("chance_to_win", belief.chance_to_win),
                ("expected", belief.expected),
                ("interval[0]", belief.interval.lo),
                ("interval[1]", belief.interval.hi),
                ("risk[0]", belief.risk_control),
                ("risk[1]", belief.risk_treatment),
            ]
        }
        "beta_binomial" => {
            let prior = match inputs.get("prior") {
                Some(prior) => BetaPrior::new(number(&prior[0]), number(&prior[1]))?,
                None => BetaPrior::FLAT,
            };
            let belief = bayes::beta_binomial(proportion(control)?, proportion(treatment)?, prior)?;
            vec![
                (
                    "p_treatment_beats_control",
                    belief.p_treatment_beats_control,
                ),
                (
                    "expected_loss_choose_treatment",
                    belief.expected_loss_choose_treatment,
                ),
                (
                    "expected_loss_choose_control",
                    belief.expected_loss_choose_control,
                ),
            ]
        }
        "srm" => {
            let observed = inputs["observed"].as_array().unwrap();
            let observed = observed.iter().map(count).collect::<Result<Vec<_>, _>>()?;
            let weights: Vec<f64> = inputs["weights"]
                .as_array()
                .unwrap()
                .iter()
                .map(number)
                .collect();
            let srm = srm::srm(&observed, &weights)?;
            vec![("chi2", srm.chi2), ("df", srm.df as f64), ("p", srm.p)]
        }
        "power" => power(inputs, question)?,
        other => ranks_and_counts::answer(other, inputs, question)?,
    })
}

fn power(inputs: &Value, question: Question) -> Result<Figures, Failure> {
    let baseline = number(&inputs["baseline"]);
    let plan = match inputs["metric"].as_str() {
        Some("mean") => Plan::mean(baseline, inputs.get("stddev").map_or(0.0, number), question)?,
        _ => Plan::proportion(baseline, question)?,
    };
    let target = inputs.get("power").map_or(0.8, number);
    let effect = inputs.get("effect").map(number);
    Ok(match (effect, inputs.get("n_per_arm")) {
        (Some(effect), None) => vec![("n_per_arm", plan.n_per_arm(effect, target)? as f64)],
        (Some(effect), Some(n)) => vec![("power", plan.power(effect, count(n)?)?)],
        (None, Some(n)) => vec![("minimum_effect", plan.minimum_effect(count(n)?, target)?)],
        (None, None) => return Err(InvalidInput::new("effect", "", "").into()),
    })
}

fn lines(method: &str) -> Vec<Value> {
    let path = format!("{}/reference/{method}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// `interval[1]` of {"interval": [a, b]} is b.
fn expected(expected: &Value, name: &str) -> f64 {
    match name.split_once('[') {
        Some((list, index)) => {
            let index: usize = index.trim_end_matches(']').parse().unwrap();
            number(&expected[list][index])
        }
        None => number(&expected[name]),
    }
}

/// Whether two figures agree to `tolerance`.
fn agree(got: f64, want: f64, tolerance: f64) -> bool {
    got == want || (got - want).abs() <= tolerance * want.abs()
}

/// Figures that hang on no cancellation at all agree to nearly all digits, the others to 1e-10.
#[track_caller]
fn check(method: &str, tolerance: f64) {
    let lines = lines(method);
    assert!(lines.len() >= 20, "{method}: {}", lines.len());
    for line in lines {
        let (id, want) = (&line["id"], &line["expected"]);
        let got = answer(method, &line["inputs"]);
        if let Some(code) = want.get("cannot_compute") {
            let Err(Failure::CannotCompute(why)) = got else {
                panic!("{id}: {got:?}");
            };
            assert_eq!(why.code(), code, "{id}");
        } else if want.get("error").is_some() {
            // Some are mistakes of the request itself, which only `analyze` can see.
            if let Err(Failure::CannotCompute(why)) = got {
                panic!("{id}: {why:?}");
            }
        } else {
            for (name, got) in got.unwrap_or_else(|why| panic!("{id}: {why}")) {
                let want = expected(want, name);
                assert!(
                    agree(got, want, tolerance),
                    "{id} {name}: {got:e}, expected {want:e}"
                );
            }
        }
    }
}

#[test]
fn means_agree_with_gbstats() {
    check("mean", 1e-10);
}

#[test]
fn proportions_agree_with_gbstats_and_statsmodels() {
    check("proportion", 1e-10);
}

#[test]
fn ratios_agree_with_gbstats() {
    check("ratio", 1e-12);
}

#[test]
fn quantiles_agree_with_gbstats() {
    check("quantile", 1e-12);
}

#[test]
fn adjusted_means_agree_with_gbstats() {
    check("cuped", 1e-11);
}

#[test]
fn confidence_sequences_agree_with_gbstats() {
    check("sequential", 1e-12);
}

#[test]
fn posteriors_agree_with_gbstats() {
    check("bayesian_effect", 1e-11);
}

#[test]
fn beta_posteriors_agree_with_exact_sums() {
    check("beta_binomial", 1e-10);
}

#[test]
fn mismatches_agree_with_scipy() {
    check("srm", 1e-12);
}

#[test]
fn plans_agree_with_statsmodels() {
    check("power", 1e-12);
}

#[test]
fn adjusted_p_values_agree_with_statsmodels() {
    for line in lines("p_adjust") {
        let list =
            |value: &Value| -> Vec<f64> { value.as_array().unwrap().iter().map(number).collect() };
        let p = list(&line["inputs"]["p"]);
        let got = [
            ("holm", adjust::holm(&p)),
            ("bh", adjust::benjamini_hochberg(&p)),
            ("bonferroni", adjust::bonferroni(&p)),
        ];
        for (name, got) in got {
            if line["expected"].get("error").is_some() {
                assert_eq!(got.unwrap_err().field, "p");
                continue;
            }
            let want = list(&line["expected"][name]);
            let got = got.unwrap();
            assert_eq!(got.len(), want.len());
            for (got, want) in got.into_iter().zip(want) {
                assert!(
                    agree(got, want, 1e-14),
                    "{} {name}: {got:e}, {want:e}",
                    line["id"]
                );
            }
        }
    }
}
