//! `--batch` asked by somebody careless, or who means no good.

use crate::harness::Folder;
use serde_json::{Value, json};

fn answers(input: &str) -> Vec<Value> {
    let text = Folder::new().run_with("--batch", input).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[track_caller]
fn answer(line: &str) -> Value {
    let mut all = answers(line);
    assert_eq!(all.len(), 1, "{line}: {all:?}");
    all.remove(0)
}

#[track_caller]
fn ask(method: &str, inputs: Value) -> Value {
    answer(&json!({"id": 1, "method": method, "inputs": inputs}).to_string())
}

/// The error's field, and that its message says `part`.
#[track_caller]
fn refused(answer: &Value, field: &str, part: &str) {
    let error = &answer["error"];
    assert_eq!(error["code"], "invalid_input", "{answer}");
    assert_eq!(error["field"], field, "{answer}");
    assert!(
        error["message"].as_str().unwrap().contains(part),
        "{answer}"
    );
    assert!(!error["remedy"].as_str().unwrap().is_empty(), "{answer}");
}

#[test]
fn a_name_given_twice_is_refused() {
    for (line, field) in [
        (r#"{"id":1,"id":2,"method":"srm","inputs":{}}"#, "id"),
        (
            r#"{"id":1,"method":"srm","method":"mean","inputs":{}}"#,
            "method",
        ),
        (
            r#"{"id":1,"method":"p_adjust","inputs":{"p":[0.1],"p":[0.2]}}"#,
            "inputs.p",
        ),
        (
            r#"{"id":1,"method":"proportion","inputs":{"control":{"x":1,"n":9},"treatment":{"x":1,"n":9,"x":2}}}"#,
            "inputs.treatment.x",
        ),
        (
            r#"{"id":1,"method":"kayenta_score","inputs":{"results":[{"name":"a"},{"name":"b","name":"c"}]}}"#,
            "inputs.results[1].name",
        ),
    ] {
        let found = answer(line);
        refused(&found, field, "twice");
        let id = if field == "id" { Value::Null } else { json!(1) };
        assert_eq!(found["id"], id);
    }
}

#[test]
fn an_error_tells_its_line_and_a_blank_line_between_requests_is_one() {
    let srm = r#"{"id":7,"method":"srm","inputs":{"observed":[5,6],"weights":[1,1]}}"#;
    let found = answers(&format!(
        "{srm}\n\n  \nnonsense\n{srm}\n{{\"id\":3,\"method\":\"srn\"}}\n\n\n"
    ));
    let told: Vec<(Value, Value, Value)> = found
        .iter()
        .map(|answer| {
            let error = &answer["error"];
            (
                answer["id"].clone(),
                error["code"].clone(),
                error["line"].clone(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (json!(7), Value::Null, Value::Null),
            (Value::Null, json!("invalid_request"), json!(2)),
            (Value::Null, json!("invalid_request"), json!(3)),
            (Value::Null, json!("invalid_json"), json!(4)),
            (json!(7), Value::Null, Value::Null),
            (json!(3), json!("unknown_method"), json!(6)),
        ]
    );
    assert!(
        found[1]["error"]["message"]
            .as_str()
            .unwrap()
            .contains("blank")
    );
    assert!(answers("\n\n").is_empty());
}

#[test]
fn a_folder_in_place_of_requests_is_named() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("inside")).unwrap();
    let error = folder.run("--batch @inside").unwrap_err();
    assert!(error.starts_with("inside: "), "{error}");
    assert!(error.contains("folder"), "{error}");
}

#[test]
fn a_value_that_is_no_number_is_told_by_its_index() {
    refused(
        &ask("mann_whitney", json!({"a": [1, 2, "NaN"], "b": [1]})),
        "a[2]",
        "NaN",
    );
    refused(
        &ask("mann_whitney", json!({"a": [1], "b": [1, "-Infinity"]})),
        "b[1]",
        "-Infinity",
    );
    refused(
        &ask("p_adjust", json!({"p": [0.1, 0.2, "NaN"]})),
        "p",
        "p[2] is NaN",
    );
    refused(
        &ask("p_adjust", json!({"p": [0.1, 1.5]})),
        "p",
        "p[1] is 1.5",
    );
    let judge = |values: Value| {
        ask(
            "judge",
            json!({"metric": {"type": "continuous"}, "control": {"values": [1]}, "canary": {"values": values}}),
        )
    };
    refused(&judge(json!([1, "NaN"])), "canary.values[1]", "NaN");
    let classify = json!({"control": [1, "NaN", "Infinity"], "experiment": [1]});
    refused(&ask("kayenta_classify", classify), "control[2]", "Infinity");
}

#[test]
fn weights_are_whole_parts_or_shares_of_one() {
    let srm = |weights: Value| ask("srm", json!({"observed": [5000, 5100], "weights": weights}));
    for good in [
        json!([1, 1]),
        json!([50, 50]),
        json!([0.5, 0.5]),
        json!([0.3, 0.7]),
        json!([1e300, 1e300]),
    ] {
        assert!(srm(good.clone())["result"]["p"].is_number(), "{good}");
    }
    refused(&srm(json!([0.5, 0.4])), "weights", "0.9");
    refused(&srm(json!([0.5, 0.5001])), "weights", "add up to 1.0001");
    refused(&srm(json!([1.5, 0.5])), "weights", "add up to 2");
    refused(&srm(json!([1e-300, 1e-300])), "weights", "add up to");
    refused(&srm(json!([0.5, "NaN"])), "weights", "weights[1] is NaN");
    refused(&srm(json!([0.5, -0.5])), "weights", "weights[1] is -0.5");
}

#[test]
fn a_level_that_doubles_hardly_hold_has_its_interval() {
    let line = |alpha: f64| json!({"control": {"x": 50, "n": 1000}, "treatment": {"x": 600, "n": 1000}, "alpha": alpha});
    // mpmath: the quantiles at 5e-308 and 5e-311 of this many degrees of freedom are 0.8% apart.
    let width = |alpha: f64| {
        let answer = ask("proportion", line(alpha));
        let interval = &answer["result"]["interval"];
        interval[1].as_f64().unwrap() - interval[0].as_f64().unwrap()
    };
    let ratio = width(1e-310) / width(1e-307);
    assert!((1.007..1.01).contains(&ratio), "{ratio}");
}

#[test]
fn what_was_wrong_is_an_error_and_what_was_lost_says_so() {
    let good = json!({"n": 3, "sum": 6.0, "sum_sq": 14.0});
    let mean = |arm: Value| ask("mean", json!({"control": good, "treatment": arm}));
    let impossible = mean(json!({"n": 4, "sum": 8, "sum_sq": 15}));
    let result = &impossible["result"];
    assert_eq!(result["cannot_compute"], "negative_variance", "{result}");
    assert_eq!(result["arm"], "treatment", "{result}");
    let remedy = result["remedy"].as_str().unwrap();
    assert!(
        remedy.contains("the same n observations")
            && remedy.ends_with("of values so small that their squares vanish in another unit"),
        "{result}"
    );
    let lost = mean(json!({"n": 1000, "sum": 1e12, "sum_sq": 1e21}));
    assert_eq!(lost["result"]["cannot_compute"], "lost_precision", "{lost}");
    assert!(
        lost["result"]["remedy"]
            .as_str()
            .unwrap()
            .contains("constant"),
        "{lost}"
    );
    let arm = |q: f64| json!({"n": 1000, "n_star": 1000, "nu": 0.5, "q": q, "lo": 1.0, "hi": 3.0});
    let quantile = ask(
        "quantile",
        json!({"control": arm(2.0), "treatment": arm(4.0)}),
    );
    refused(&quantile, "treatment.q", "between lo and hi");
    let rates = ask(
        "poisson_rates",
        json!({"control": {"count": 5, "exposure": 1e-300}, "treatment": {"count": 5, "exposure": 1e300}}),
    );
    assert_eq!(rates["result"]["cannot_compute"], "overflow");
    for weight in [
        json!(0),
        json!(1e-7),
        json!(1e301),
        json!("Infinity"),
        json!("NaN"),
    ] {
        let arm = json!({"x": 1, "n": 2});
        let found = ask(
            "beta_binomial",
            json!({"control": arm, "treatment": arm, "prior": [1, weight]}),
        );
        refused(&found, "prior[1]", "");
    }
}

#[test]
fn nothing_is_not_a_number_and_not_less_than_nothing() {
    let counts = ask(
        "counts_sequential",
        json!({"counts": [0, 0], "dirichlet_alpha": [1, 1], "assignment_share": [0.5, 0.5]}),
    );
    assert_eq!(counts["result"]["rate_ratio"], Value::Null, "{counts}");
    assert_eq!(
        counts["result"]["rate_ratio_interval"],
        json!([0.0, "Infinity"])
    );
    let text = Folder::new()
        .run_with(
            "--batch",
            r#"{"id":1,"method":"kayenta_score","inputs":{"results":[]}}"#,
        )
        .unwrap();
    assert!(text.contains(r#""summary_score":0.0"#), "{text}");
}

#[test]
fn a_numeral_beyond_doubles_is_the_fault_of_its_field_alone() {
    let line = |id: &str, x: &str| {
        format!(
            r#"{{"id": {id}, "method": "proportion", "inputs": {{"control": {{"x": {x}, "n": 10}}, "treatment": {{"x": 1, "n": 10}}}}}}"#
        )
    };
    let long = "7".repeat(1_000);
    for x in [long.as_str(), "1e999", "-1e999", "1.5E+400"] {
        let found = answers(&line(r#""a \" 1e999 \\""#, x));
        assert_eq!(found[0]["id"], r#"a " 1e999 \"#, "{x}");
        refused(&found[0], "control.x", "beyond 1.8e308");
        let message = found[0]["error"]["message"].as_str().unwrap();
        assert!(!message.contains("string"), "{message}");
    }
    // Nor is a word made of it where words are taken.
    for (inputs, field) in [
        (
            r#"{"results":[{"classification":"Pass","name":1e999}]}"#,
            "results[0].name",
        ),
        (
            r#"{"results":[],"group_weights":{"g":[1e999]}}"#,
            "group_weights.g[0]",
        ),
    ] {
        let line = format!(r#"{{"id":[1e400,"a"],"method":"kayenta_score","inputs":{inputs}}}"#);
        let text = Folder::new().run_with("--batch", &line).unwrap();
        assert!(text.starts_with(r#"{"id":[1e400,"a"],"error":"#), "{text}");
        assert!(text.contains(&format!("\"field\":\"{field}\"")), "{text}");
    }
    // What is no JSON stays none, and the next line is read.
    let found = answers(&format!("{}\n{}", line("1", "1e999}"), line("2", "3")));
    assert_eq!(found[0]["error"]["code"], "invalid_json");
    assert_eq!(found[1]["id"], 2);
    assert!(found[1]["result"]["p"].is_number());
}

#[test]
fn a_field_that_is_null_is_one_that_is_not_given() {
    let arms = json!({"control": {"x": 100, "n": 1000}, "treatment": {"x": 150, "n": 1000}});
    let with = |more: Value| {
        let mut inputs = arms.clone();
        for (name, value) in more.as_object().unwrap() {
            inputs[name] = value.clone();
        }
        inputs
    };
    let bare = ask("bayesian_effect", arms.clone());
    assert!(bare["result"]["chance_to_win"].is_number(), "{bare}");
    let null = json!({"alpha": null, "side": null, "difference_type": null, "inverse": null, "prior": null});
    assert_eq!(ask("bayesian_effect", with(null)), bare);
    let arm = json!({"treatment": {"x": null, "n": 1000}});
    refused(
        &ask("sequential", with(arm.clone())),
        "treatment",
        "neither",
    );
    refused(&ask("proportion", with(arm)), "treatment.x", "missing");
    // In a list it stands for a missing point, where those are known.
    let points = |last: Value| json!({"control": [1, 2, 3, last], "experiment": [1, 2, 3]});
    let found = ask("kayenta_classify", points(Value::Null));
    assert_eq!(found, ask("kayenta_classify", points(json!("NaN"))));
    refused(&ask("p_adjust", json!({"p": [0.5, null]})), "p[1]", "null");
}

#[test]
fn a_wrong_input_is_named_by_its_whole_path() {
    let values = json!({"values": [1.0, 2.0, 3.0]});
    let judge = |metric: Value| {
        ask(
            "judge",
            json!({"control": values, "canary": values, "metric": metric}),
        )
    };
    refused(
        &judge(json!({"type": "continuous", "tolerance": -1})),
        "metric.tolerance",
        "metric.tolerance: ",
    );
    refused(
        &judge(json!({"type": "continuous", "margin": 0.1})),
        "metric.margin",
        "points",
    );
    refused(
        &judge(json!({"type": "quantile", "q": 1.5})),
        "metric.q",
        "between",
    );
    let function = "two_sided_normal_mixture";
    let boundary = |args: Value| ask("boundary", json!({"function": function, "args": args}));
    refused(
        &boundary(json!({"v": -1, "v_opt": 10})),
        "args.v",
        "args.v: ",
    );
    refused(&boundary(json!({"v": 1})), "args.v_opt", "needs it");
    refused(
        &boundary(json!({"v": 1, "v_opt": 10, "alpha": 2})),
        "args.alpha",
        "args.alpha",
    );
    let beside = json!({"function": function, "args": {"v": 1, "v_opt": 10}, "alpha": 2});
    refused(&ask("boundary", beside), "alpha", "");
    refused(
        &ask("boundary", json!({"function": "no_mixture", "args": {}})),
        "function",
        "none of this name",
    );
}

#[test]
fn one_sided_rates_have_a_one_sided_interval() {
    let ask = |side: &str, alpha: f64| {
        let arms = json!({"control": {"count": 20, "exposure": 10.0}, "treatment": {"count": 33, "exposure": 10.0},
            "side": side, "alpha": alpha});
        ask("poisson_rates", arms)["result"].clone()
    };
    let both = ask("two", 0.1);
    let (greater, less) = (ask("greater", 0.05), ask("less", 0.05));
    assert_eq!(
        greater["interval_score_one_sided"],
        json!([both["interval_score"][0], "Infinity"])
    );
    assert_eq!(
        less["interval_score_one_sided"],
        json!([0.0, both["interval_score"][1]])
    );
    assert_eq!(
        greater["interval_score"],
        ask("two", 0.05)["interval_score"]
    );
    assert!(both.get("interval_score_one_sided").is_none());
    assert!(ask("less", 0.5).get("interval_score_one_sided").is_none());
    // The bound reaches 1 at the level of the p.
    let p = greater["p_score"].as_f64().unwrap();
    for (alpha, above) in [(p * 1.001, true), (p * 0.999, false)] {
        let bound = ask("greater", alpha)["interval_score_one_sided"][0]
            .as_f64()
            .unwrap();
        assert_eq!(bound > 1.0, above, "{alpha} {bound}");
    }
}
