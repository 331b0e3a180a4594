//! `judge`, `boundary` and the like in a batch: what they answer, and what they refuse by name.

use serde_json::{Value, json};

fn answered(method: &str, inputs: Value) -> Value {
    let request = json!({"id": 1, "method": method, "inputs": inputs}).to_string();
    let mut output = Vec::new();
    analyze::batch::run(request.as_bytes(), &mut output).unwrap();
    serde_json::from_slice(&output).unwrap()
}

#[track_caller]
fn verdict(inputs: Value, want: &str) -> Value {
    let answer = answered("judge", inputs);
    assert_eq!(answer["result"]["verdict"], want, "{answer}");
    answer["result"].clone()
}

#[track_caller]
fn refused(method: &str, inputs: Value, field: &str) {
    let answer = answered(method, inputs);
    assert_eq!(answer["error"]["code"], "invalid_input", "{answer}");
    assert_eq!(answer["error"]["field"], field, "{answer}");
}

#[test]
fn errors_out_of_requests_fail_and_pass() {
    let rate = |x: u64| {
        json!({"control": {"x": 1000, "n": 100_000}, "canary": {"x": x, "n": 100_000},
            "metric": {"type": "rate", "direction": "increase", "tolerance": 0.25, "min_sample": 100}})
    };
    let fail = verdict(rate(2000), "fail");
    assert_eq!(fail["n"], json!([100_000, 100_000]));
    assert_eq!(fail["effect"], 1.0);
    assert_eq!(fail["method"], "sequential_counts");
    assert!(fail["interval"][0].as_f64().unwrap() > 0.25);
    assert!(
        fail["reason"]
            .as_str()
            .unwrap()
            .starts_with("the canary is 100% higher")
    );
    verdict(rate(1000), "pass");
    verdict(rate(1200), "inconclusive");
    let open = verdict(
        json!({"control": {"x": 0, "n": 500}, "canary": {"x": 3, "n": 500}, "metric": {"type": "rate"}}),
        "inconclusive",
    );
    assert_eq!(open["effect"], "Infinity");
}

#[test]
fn a_verdict_tells_the_level_and_the_looks_it_was_asked_for() {
    let ask = |more: Value, looks: Option<&str>| {
        let values = |add: f64| (0..60).map(|i| f64::from(i * 37 % 60) + add).collect();
        let values = |add: f64| -> Vec<f64> { values(add) };
        let mut metric = json!({"type": "continuous", "tolerance": 0.2});
        if let Some(looks) = looks {
            metric["looks"] = json!(looks);
        }
        let mut inputs = json!({"control": {"values": values(100.0)}, "canary": {"values": values(101.0)},
            "metric": metric});
        for (name, value) in more.as_object().unwrap() {
            inputs[name] = value.clone();
        }
        verdict(inputs, "pass")
    };
    let usual = ask(json!({}), None);
    assert_eq!(
        (&usual["alpha"], &usual["looks"]),
        (&json!(0.05), &json!("any"))
    );
    let once = ask(json!({"alpha": 0.2}), Some("one"));
    assert_eq!(
        (&once["alpha"], &once["looks"]),
        (&json!(0.2), &json!("one"))
    );
}

#[test]
fn no_data_is_inconclusive_and_shows_no_figure() {
    let none = verdict(
        json!({"control": {"values": []}, "canary": {"values": [1, 2]}, "metric": {"type": "continuous"}}),
        "inconclusive",
    );
    assert_eq!(
        (&none["effect"], &none["interval"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(none["n"], json!([0, 2]));
}

#[test]
fn values_counts_and_quantiles_are_judged_by_their_type() {
    let low: Vec<f64> = (0..300).map(|i| 10.0 + f64::from(i % 17) / 10.0).collect();
    let high: Vec<f64> = low.iter().map(|x| x * 2.0).collect();
    let values = |metric: Value| json!({"control": {"values": low}, "canary": {"values": high}, "metric": metric});
    let found = verdict(values(json!({"type": "continuous"})), "fail");
    assert_eq!(found["method"], "mann_whitney");
    verdict(
        values(json!({"type": "continuous", "looks": "one"})),
        "fail",
    );
    verdict(
        values(json!({"type": "continuous", "tolerance": 1.5})),
        "pass",
    );
    verdict(
        values(json!({"type": "continuous", "direction": "decrease"})),
        "pass",
    );
    verdict(
        values(json!({"type": "continuous", "direction": "either"})),
        "fail",
    );
    verdict(
        values(json!({"type": "continuous", "min_sample": 301})),
        "inconclusive",
    );
    let found = verdict(values(json!({"type": "quantile", "q": 0.5})), "fail");
    assert_eq!(found["method"], "sequential_quantile");
    let counts = json!({"control": {"count": 10, "exposure": 100}, "canary": {"count": 90, "exposure": 100}, "metric": {"type": "count"}});
    assert_eq!(verdict(counts, "fail")["n"], json!([10, 90]));
}

#[test]
fn a_canary_is_refused_by_the_field_that_is_wrong() {
    let of = |control: Value, metric: Value| json!({"control": control, "canary": {"values": [1]}, "metric": metric});
    refused(
        "judge",
        of(json!({"x": 1}), json!({"type": "continuous"})),
        "control.values",
    );
    refused(
        "judge",
        of(json!({"values": [1]}), json!({"type": "rate"})),
        "control.x",
    );
    refused(
        "judge",
        of(json!({"x": 1}), json!({"type": "rate"})),
        "control.n",
    );
    refused(
        "judge",
        of(json!({"count": 1}), json!({"type": "count"})),
        "control.exposure",
    );
    refused(
        "judge",
        of(json!({"values": [1]}), json!({"type": "quantile"})),
        "metric.q",
    );
    refused(
        "judge",
        of(json!({"values": ["NaN"]}), json!({"type": "continuous"})),
        "control.values[0]",
    );
    refused(
        "judge",
        of(
            json!({"values": [1]}),
            json!({"type": "continuous", "tolerance": -1}),
        ),
        "metric.tolerance",
    );
    refused(
        "judge",
        json!({"control": {"x": 5, "n": 3}, "canary": {"x": 1, "n": 3}, "metric": {"type": "rate"}}),
        "control.x",
    );
}

#[test]
fn boundaries_have_several_names_and_one_value() {
    let value = |function: &str, args: Value| {
        answered("boundary", json!({"function": function, "args": args}))["result"]["value"].clone()
    };
    let bound = json!({"v": 100, "v_opt": 100, "alpha": 0.05});
    let two = value("two_sided_normal_mixture", bound.clone());
    assert!((two.as_f64().unwrap() - 30.352_09).abs() < 1e-5);
    assert_eq!(value("two_sided_normal_mixture_bound", bound.clone()), two);
    assert_eq!(
        value(
            "normal_mixture_bound",
            json!({"v": 100, "v_opt": 100, "is_one_sided": false})
        ),
        two
    );
    assert_eq!(
        value("one_sided_normal", bound.clone()),
        value("normal_mixture_bound", bound)
    );
    let log = json!({"s": 10, "v": 100, "v_opt": 100, "c": 2});
    assert_eq!(
        value("gamma_poisson", log.clone()),
        value("gamma_poisson_log_mixture", log)
    );
    let beta = json!({"s": 10, "v": 100, "v_opt": 100, "g": 0.2, "h": 0.8});
    assert_eq!(
        value("beta_binomial_log_mixture", beta.clone()),
        value("one_sided_beta_binomial", beta.clone())
    );
    assert_ne!(
        value("two_sided_beta_binomial", beta.clone()),
        value("one_sided_beta_binomial", beta)
    );
}

#[test]
fn a_boundary_is_refused_by_the_argument_that_is_wrong() {
    let of = |function: &str, args: Value| json!({"function": function, "args": args});
    refused(
        "boundary",
        of("two_sided_normel", json!({"v": 1})),
        "function",
    );
    refused(
        "boundary",
        of("two_sided_normal", json!({"v": 1})),
        "args.v_opt",
    );
    refused(
        "boundary",
        of("two_sided_normal", json!({"v_opt": 1})),
        "args.v",
    );
    refused(
        "boundary",
        of("gamma_exponential", json!({"v": 1, "v_opt": 1})),
        "args.c",
    );
    refused(
        "boundary",
        of("beta_binomial", json!({"v": 1, "v_opt": 1, "g": 1})),
        "args.h",
    );
    refused(
        "boundary",
        of("normal_log_mixture", json!({"v": 1, "v_opt": 1})),
        "args.s",
    );
    refused(
        "boundary",
        of("two_sided_normal", json!({"v": 1, "v_opt": 1, "alpha": 0})),
        "args.alpha",
    );
    refused(
        "boundary",
        of(
            "bernoulli_confidence_interval",
            json!({"num_trials": 3, "t_opt": 9}),
        ),
        "args.num_successes",
    );
    refused(
        "kayenta_classify",
        json!({"control": [1], "experiment": [2], "effect_size": [1]}),
        "effect_size",
    );
}

#[test]
fn a_sequence_that_does_not_keep_its_level_says_so() {
    let of = |control: Value, treatment: Value, difference: &str| {
        let asked =
            json!({"control": control, "treatment": treatment, "difference_type": difference});
        let result = answered("sequential", asked)["result"].clone();
        // The figures stay, for whoever checks them against other software.
        assert!(result["p"].is_number(), "{result}");
        result["caution"].as_str().map(str::to_owned)
    };
    let proportion = |x: u64, n: u64| json!({"x": x, "n": n});
    let weak = of(proportion(90, 8_000), proportion(63, 8_000), "relative");
    assert!(weak.unwrap().contains("absolute"));
    let (control, treatment) = (proportion(90, 8_000), proportion(64, 8_000));
    assert_eq!(of(control, treatment, "relative"), None);
    assert_eq!(
        of(proportion(90, 8_000), proportion(9, 8_000), "absolute"),
        None
    );
    let few = of(proportion(400, 20_000), proportion(9, 1_000), "absolute");
    assert!(few.unwrap().contains("counts_sequential"));
    assert_eq!(
        of(proportion(400, 20_000), proportion(10, 1_000), "absolute"),
        None
    );
    // Means 7.9 and 8.1 standard errors from 0: revenue of few buyers is as weak as its buyers are few.
    let mean = |errors: f64| json!({"n": 101, "sum": errors * 101.0, "sum_sq": 101.0 * (errors * errors + 100.0)});
    assert!(of(mean(9.0), mean(7.9), "relative").is_some());
    assert!(of(mean(-7.9), mean(9.0), "relative").is_some());
    assert_eq!(of(mean(-8.1), mean(9.0), "relative"), None);
    assert_eq!(of(mean(9.0), mean(7.9), "absolute"), None);
    // Of uneven arms nothing is sent from one doubtful answer to another.
    let many = json!({"n": 1_000, "sum": 9_000.0, "sum_sq": 181_000.0});
    for difference in ["relative", "absolute"] {
        let told = of(many.clone(), mean(7.9), difference).unwrap();
        assert!(told.contains("lopsided") && !told.contains("counts_sequential"));
        assert_eq!(of(many.clone(), mean(15.1), difference), None);
    }
}

#[test]
fn no_events_are_a_pass_only_within_a_margin() {
    let of = |n: u64, metric: Value| json!({"control": {"x": 0, "n": 2_000_000}, "canary": {"x": 0, "n": n}, "metric": metric});
    verdict(of(20, json!({"type": "rate"})), "inconclusive");
    verdict(of(100_000, json!({"type": "rate"})), "inconclusive");
    let margin = json!({"type": "rate", "margin": 0.0001});
    verdict(of(20, margin.clone()), "inconclusive");
    verdict(of(100_000, margin), "pass");
    let counts = |metric: Value| {
        let arm = json!({"count": 0, "exposure": 24});
        json!({"control": arm, "canary": arm, "metric": metric})
    };
    let none = verdict(counts(json!({"type": "count"})), "inconclusive");
    assert!(
        none["reason"].as_str().unwrap().contains("below 1.248e-1"),
        "{none}"
    );
    refused(
        "judge",
        counts(json!({"type": "count", "margin": 0.1})),
        "metric.margin",
    );
}

#[test]
fn a_ramp_is_judged_by_the_periods_of_its_split() {
    // From 5% to one half of the traffic while all errors grow tenfold: equal at every moment.
    let rate = json!({"type": "rate"});
    let added = json!({"control": {"x": 595, "n": 145_000}, "canary": {"x": 505, "n": 55_000}, "metric": rate});
    verdict(added, "fail");
    let control = json!({"periods": [{"x": 95, "n": 95_000}, {"x": 500, "n": 50_000}]});
    let canary = json!({"periods": [{"x": 5, "n": 5_000}, {"x": 500, "n": 50_000}]});
    let of = |control: &Value, canary: &Value| json!({"control": control, "canary": canary, "metric": rate});
    let found = verdict(of(&control, &canary), "inconclusive");
    assert_eq!(found["n"], json!([145_000, 55_000]));
    assert!(found["effect"].as_f64().unwrap().abs() < 1e-12, "{found}");
    let arm = |counts: [u64; 2], exposures: [f64; 2]| {
        json!({"periods": [
            {"count": counts[0], "exposure": exposures[0]},
            {"count": counts[1], "exposure": exposures[1]},
        ]})
    };
    let counts = json!({"control": arm([95, 500], [95.0, 50.0]), "canary": arm([5, 500], [5.0, 50.0]),
        "metric": {"type": "count"}});
    let counted = verdict(counts, "inconclusive");
    assert_eq!(counted["interval"], found["interval"]);
    for (control, canary, field) in [
        (&control, json!({"x": 5, "n": 100}), "canary.periods"),
        (
            &json!({"x": 5, "n": 100}),
            canary.clone(),
            "control.periods",
        ),
        (
            &control,
            json!({"periods": [{"x": 5, "n": 100}]}),
            "canary.periods",
        ),
        (
            &control,
            json!({"periods": [{"x": 5, "n": 100}, {"x": 5}]}),
            "canary.periods[1].n",
        ),
        (
            &control,
            json!({"periods": [{"x": 5, "n": 100}, {"x": 5, "n": 100}], "n": 7}),
            "canary.n",
        ),
        (
            &json!({"periods": []}),
            json!({"periods": []}),
            "control.periods",
        ),
    ] {
        refused("judge", of(control, &canary), field);
    }
}
