//! What an error of a batch tells: the whole path of the input that is wrong, and what it takes.

use serde_json::{Value, json};

fn asked(line: &str) -> Value {
    let mut output = Vec::new();
    analyze::batch::run(line.as_bytes(), &mut output).unwrap();
    serde_json::from_slice(&output).unwrap()
}

fn ask(method: &str, inputs: &Value) -> Value {
    asked(&json!({"id": 1, "method": method, "inputs": inputs}).to_string())
}

/// That the inputs are refused for this field, and that the remedy says this.
#[track_caller]
fn refused(method: &str, inputs: Value, field: &str, remedy: &str) {
    let answer = ask(method, &inputs);
    let error = &answer["error"];
    assert_eq!(error["code"], "invalid_input", "{inputs}: {answer}");
    assert_eq!(error["field"], field, "{inputs}: {answer}");
    let told = error["remedy"].as_str().unwrap();
    assert!(told.contains(remedy), "{inputs}: {answer}");
    // The words of a Rust type are none of the user's.
    let message = error["message"].as_str().unwrap();
    for word in ["struct", "sequence", "tuple", "array", "variant", "integer"] {
        assert!(!message.contains(word), "{answer}");
    }
}

/// The inputs with one of them put in.
fn with(inputs: &Value, path: &str, value: Value) -> Value {
    let mut inputs = inputs.clone();
    let (parent, name) = path.rsplit_once('/').unwrap();
    inputs.pointer_mut(parent).unwrap()[name] = value;
    inputs
}

#[test]
fn a_judge_without_a_change_tells_the_means() {
    let of = |ones: usize| (0..200).map(|i| u8::from(i < ones)).collect::<Vec<_>>();
    let judged = |control: Vec<u8>, canary: Vec<u8>| {
        let inputs = json!({
            "control": {"values": control}, "canary": {"values": canary}, "metric": {"type": "continuous"},
        });
        ask("judge", &inputs)["result"].clone()
    };
    let found = judged(of(10), of(80));
    assert_eq!(found["verdict"], "fail");
    assert_eq!(
        (&found["effect"], &found["interval"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(found["means"], json!([0.05, 0.4]));
    let reason = found["reason"].as_str().unwrap();
    assert!(
        reason.starts_with(
            "the canary's values (mean 0.4) are worse than the baseline's (mean 0.05)"
        ),
        "{reason}"
    );
    // One value in both is a change that is known.
    let constant = judged(of(0), of(0));
    assert_eq!(constant["effect"], 0.0);
    assert_eq!(constant.get("means"), None);
}

#[test]
fn a_field_of_the_wrong_kind_is_told_what_it_takes() {
    let whole = "a whole number from 0 to 2^53";
    let rates = json!({"control": {"x": 1, "n": 9}, "treatment": {"x": 2, "n": 9}});
    for (value, remedy) in [
        (json!(-2), whole),
        (json!(9_007_199_254_740_993_u64), whole),
        (json!(0.5), whole),
        (json!("100"), whole),
        (json!([1]), whole),
        (json!(true), whole),
        (Value::Null, "add it"),
    ] {
        let inputs = with(&rates, "/control/x", value);
        refused("proportion", inputs, "control.x", remedy);
    }
    refused(
        "proportion",
        with(&rates, "/control", json!(5)),
        "control",
        "an object",
    );
    refused("p_adjust", json!({"p": ["x"]}), "p[0]", "give a number");
    refused("p_adjust", json!({"p": 0.5}), "p", "a list");
    let values = json!({"a": [1, 2, null], "b": [1]});
    refused("mann_whitney", values, "a[2]", "give a number");
    refused(
        "proportion",
        with(&rates, "/side", json!("both")),
        "side",
        "two, greater or less",
    );
    refused(
        "proportion",
        with(&rates, "/side", json!(5)),
        "side",
        "one of the words",
    );
    refused(
        "proportion",
        with(&rates, "/side", json!({"two": 1})),
        "side",
        "",
    );
    let metric = json!({"metric": {"type": "rates"}, "control": {}, "canary": {}});
    refused(
        "judge",
        metric,
        "metric.type",
        "continuous, rate, count or quantile",
    );
    refused(
        "kayenta_score",
        json!({"results": [{"classification": "pass"}]}),
        "results[0].classification",
        "Pass, High",
    );
    refused(
        "kayenta_classify",
        json!({"control": [1], "experiment": [1], "critical": 1}),
        "critical",
        "true or false",
    );
    refused(
        "boundary",
        json!({"function": 5, "args": {}}),
        "function",
        "a string",
    );
    refused(
        "proportion",
        with(&rates, "/control/m", json!(5)),
        "control.m",
        "x",
    );
}

/// By the order of its fields a list would be an object, and nobody reads an order.
#[test]
fn a_list_is_no_object() {
    let arm = json!({"x": 1, "n": 9});
    for list in [json!([1, 9]), json!([1, 9, 4]), json!([])] {
        let inputs = json!({"control": arm, "treatment": list});
        refused("proportion", inputs, "treatment", "give an object");
    }
    let results = json!({"results": [["name", "Pass", false, false, ["g"]]]});
    refused("kayenta_score", results, "results[0]", "give an object");
    let metric = json!({"control": arm, "canary": arm, "metric": ["rate"]});
    refused("judge", metric, "metric", "give an object");
    let periods =
        json!({"control": {"periods": [[1, 9]]}, "canary": arm, "metric": {"type": "rate"}});
    refused("judge", periods, "control.periods[0]", "give an object");
}

#[test]
fn a_name_that_is_not_known_is_told_the_nearest() {
    let arm = json!({"x": 1, "n": 9});
    let rates = json!({"control": arm, "treatment": arm});
    refused(
        "proportion",
        with(&rates, "/alhpa", json!(0.1)),
        "alhpa",
        "alpha",
    );
    refused(
        "proportion",
        with(&rates, "/tretment", arm.clone()),
        "tretment",
        "treatment",
    );
    refused(
        "proportion",
        with(&rates, "/country", arm),
        "country",
        "there is: control, treatment",
    );
}

#[test]
fn a_pair_is_of_two() {
    let counts =
        json!({"counts": [1, 2], "dirichlet_alpha": [1, 1], "assignment_share": [0.5, 0.5]});
    for name in ["dirichlet_alpha", "assignment_share"] {
        for list in [json!([0.5]), json!([0.25, 0.25, 0.5]), json!([])] {
            let inputs = with(&counts, &format!("/{name}"), list);
            refused("counts_sequential", inputs, name, "give two");
        }
    }
    let bounds = json!({"control": [1], "experiment": [1], "effect_size": [1]});
    refused("kayenta_classify", bounds, "effect_size", "give two");
    refused(
        "counts_sequential",
        with(&counts, "/counts", json!([1, 2, 3])),
        "counts",
        "give two",
    );
    refused(
        "counts_sequential",
        with(&counts, "/counts", json!([1])),
        "counts",
        "give two",
    );
}

#[test]
fn an_element_of_a_list_is_named_by_its_index() {
    let looks =
        |last: Value| json!({"increments": [[1, 2], last], "null_probabilities": [0.5, 0.5]});
    refused(
        "srm_sequential",
        looks(json!([1, 2, 3])),
        "increments[1]",
        "one count for each arm",
    );
    refused(
        "srm_sequential",
        looks(json!([9_007_199_254_740_992_u64, 0])),
        "increments[1]",
        "counts of units",
    );
    let shares = json!({"increments": [], "null_probabilities": [1.5, -0.5]});
    refused("srm_sequential", shares, "null_probabilities", "0 or above");
    let shares =
        json!({"counts": [5, 5], "dirichlet_alpha": [1, 1], "assignment_share": [1.5, -0.5]});
    refused(
        "counts_sequential",
        shares,
        "assignment_share[1]",
        "above 0",
    );
    let belief =
        json!({"counts": [5, 5], "dirichlet_alpha": [1, 0], "assignment_share": [0.5, 0.5]});
    refused("counts_sequential", belief, "dirichlet_alpha[1]", "as 1");
    let bounds = json!({"control": [1, 2], "experiment": [1, 2], "effect_size": [0.5, "NaN"]});
    refused("kayenta_classify", bounds, "effect_size[1]", "number");
    let weights = json!({"results": [], "group_weights": {"g": 100, "h": -1}});
    refused("kayenta_score", weights, "group_weights.h", "0 or above");
}

#[test]
fn a_period_of_a_judge_is_named_by_its_arm_and_index() {
    let trials = |x: u64| json!({"periods": [{"x": 1, "n": 9}, {"x": x, "n": 9}]});
    let rate = |control: Value, canary: Value| json!({"control": control, "canary": canary, "metric": {"type": "rate"}});
    refused(
        "judge",
        rate(trials(10), trials(1)),
        "control.periods[1].x",
        "of the n trials",
    );
    refused(
        "judge",
        rate(trials(1), trials(10)),
        "canary.periods[1].x",
        "of the n trials",
    );
    let events = |exposure: Value| json!({"periods": [{"count": 1, "exposure": 5}, {"count": 1, "exposure": exposure}]});
    let count = |control: Value, canary: Value| json!({"control": control, "canary": canary, "metric": {"type": "count"}});
    for bad in [json!(0), json!(-1), json!("Infinity"), json!("NaN")] {
        refused(
            "judge",
            count(events(json!(5)), events(bad)),
            "canary.periods[1].exposure",
            "above 0",
        );
    }
    refused(
        "judge",
        count(events(json!(1e-300)), events(json!(1))),
        "control.periods[1].exposure",
        "compared",
    );
    let whole = |exposure: f64| json!({"count": 1, "exposure": exposure});
    refused(
        "judge",
        count(whole(1e-300), whole(1.0)),
        "control.exposure",
        "compared",
    );
    refused(
        "judge",
        count(whole(1.0), whole(1e-300)),
        "canary.exposure",
        "compared",
    );
    let trials_of = |n: u64| json!({"x": 0, "n": n});
    refused(
        "judge",
        rate(trials_of(1), trials_of(1 << 53)),
        "control.n",
        "compared",
    );
    let many = json!({"periods": [{"x": 1, "n": 9_007_199_254_740_992_u64}, {"x": 1, "n": 9}]});
    refused(
        "judge",
        rate(many, trials(1)),
        "control.periods",
        "9007199254740992",
    );
}

#[test]
fn what_is_wrong_of_one_number_is_not_told_as_of_a_list() {
    let one = "give a finite number";
    let quantile = json!({"control": {"values": [1, 2]}, "canary": {"values": [1, 2]}, "metric": {"type": "quantile", "q": "Infinity"}});
    refused("judge", quantile, "metric.q", "above 0 and below 1");
    let arm = |q: Value| json!({"n": 9, "n_star": 9, "nu": 0.5, "q": q, "lo": 1, "hi": 3});
    let arms = |q: Value| json!({"control": arm(json!(2)), "treatment": arm(q)});
    refused("quantile", arms(json!("Infinity")), "treatment.q", one);
    let power = json!({"metric": "mean", "baseline": 1, "stddev": 1, "effect": "NaN"});
    refused("power", power, "effect", one);
    let power = json!({"metric": "mean", "baseline": "Infinity", "stddev": 1, "effect": 1});
    refused("power", power, "baseline", one);
    let prior = json!({"control": {"x": 1, "n": 9}, "treatment": {"x": 2, "n": 9}, "prior": {"proper": true, "mean": "NaN"}});
    refused("bayesian_effect", prior, "prior.mean", one);
    let boundary =
        json!({"function": "two_sided_normal_log_mixture", "args": {"s": "NaN", "v": 1, "rho": 1}});
    refused("boundary", boundary, "args.s", one);
}

#[test]
fn a_boundary_names_its_inputs_as_the_request_does() {
    let of = |args: Value| json!({"function": "bernoulli_confidence_interval", "args": args});
    refused(
        "boundary",
        of(json!({"num_successes": 30, "num_trials": 10, "t_opt": 9})),
        "args.num_successes",
        "of the num_trials",
    );
    refused(
        "boundary",
        of(json!({"num_successes": 3, "num_trials": 10, "t_opt": -9})),
        "args.t_opt",
        "above 0",
    );
}

#[test]
fn an_input_that_the_method_has_no_use_for_is_an_error() {
    let arms = json!({"control": {"x": 100, "n": 1000}, "treatment": {"x": 150, "n": 1000}});
    // What a prior would be if it were proper is taken along, as programs send it, but not if it is none.
    let with_prior = |prior: Value| with(&arms, "/prior", prior);
    for (name, value, remedy) in [
        ("mean", json!("NaN"), "give"),
        ("variance", json!(-3), "give"),
    ] {
        let prior = json!({"proper": false, name: value});
        let field = format!("prior.{name}");
        refused("bayesian_effect", with_prior(prior), &field, remedy);
    }
    let usual = json!({"proper": false, "mean": 0.0, "variance": 1.0});
    assert_eq!(
        ask("bayesian_effect", &with_prior(usual)),
        ask("bayesian_effect", &with_prior(json!({"proper": false})))
    );
    let values = json!({"values": [1, 2, 3]});
    let judge = |kind: &str, control: &Value, canary: &Value| json!({"control": control, "canary": canary, "metric": {"type": kind}});
    let (rate, count) = (json!({"x": 1, "n": 9}), json!({"count": 1, "exposure": 9}));
    let periods = |period: &Value| json!({"periods": [period]});
    for (kind, good, name, value) in [
        ("continuous", &values, "x", json!(4)),
        ("continuous", &values, "periods", json!([])),
        ("quantile", &values, "exposure", json!(4)),
        ("rate", &rate, "values", json!([])),
        ("rate", &rate, "count", json!(4)),
        ("rate", &periods(&rate), "exposure", json!(4)),
        ("count", &count, "n", json!(4)),
        ("count", &periods(&count), "values", json!([1])),
    ] {
        let mut inputs = judge(kind, good, good);
        if kind == "quantile" {
            inputs["metric"]["q"] = json!(0.5);
        }
        let right = ask("judge", &inputs);
        assert!(right["result"]["verdict"].is_string(), "{right}");
        inputs["canary"][name] = value;
        refused("judge", inputs, &format!("canary.{name}"), "leave it out");
    }
    let mut inputs = judge("rate", &periods(&rate), &periods(&rate));
    inputs["control"]["periods"][0]["count"] = json!(4);
    refused("judge", inputs, "control.periods[0].count", "leave it out");
    for (kind, arm) in [("continuous", &values), ("rate", &rate), ("count", &count)] {
        let mut inputs = judge(kind, arm, arm);
        inputs["metric"]["q"] = json!(0.5);
        refused("judge", inputs, "metric.q", "leave it out");
    }
}

#[test]
fn an_argument_that_a_boundary_has_no_use_for_is_an_error() {
    let normal = json!({"s": 1, "v": 10, "v_opt": 100});
    let stitched = json!({"v": 10, "v_min": 1});
    let bernoulli = json!({"num_successes": 3, "num_trials": 10, "t_opt": 100});
    let beta = json!({"v": 10, "r": 1, "g": 0.2, "h": 0.8});
    for (function, good, name, value) in [
        ("normal_log_mixture", &normal, "g", json!(7)),
        ("normal_log_mixture", &normal, "eta", json!(3)),
        ("normal_log_mixture", &normal, "num_trials", json!(5)),
        ("normal_log_mixture", &normal, "alpha", json!(0.1)),
        ("normal_log_mixture", &normal, "r", json!(1)),
        // One of the two is the tuning.
        (
            "normal_log_mixture",
            &json!({"s": 1, "v": 10, "rho": 5}),
            "v_opt",
            json!(5),
        ),
        (
            "two_sided_normal_log_mixture",
            &normal,
            "is_one_sided",
            json!(true),
        ),
        ("beta_binomial_mixture_bound", &beta, "s", json!(1)),
        ("beta_binomial_mixture_bound", &beta, "rho", json!(1)),
        ("beta_binomial_mixture_bound", &beta, "v_opt", json!(1)),
        (
            "beta_binomial_mixture_bound",
            &beta,
            "alpha_opt",
            json!(0.1),
        ),
        ("poly_stitching_bound", &stitched, "v_opt", json!(1)),
        ("poly_stitching_bound", &stitched, "alpha_opt", json!(0.1)),
        ("bernoulli_confidence_interval", &bernoulli, "v", json!(1)),
    ] {
        let right = ask(
            "boundary",
            &json!({"function": function, "args": good, "alpha": 0.1}),
        );
        assert!(!right["result"]["value"].is_null(), "{right}");
        let mut args = good.clone();
        args[name] = value;
        let inputs = json!({"function": function, "args": args});
        refused("boundary", inputs, &format!("args.{name}"), "leave it out");
    }
}
