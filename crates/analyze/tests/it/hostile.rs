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
        "p[2]",
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
    refused(&srm(json!([0.5, "NaN"])), "weights", "NaN");
    refused(&srm(json!([0.5, -0.5])), "weights", "");
}

#[test]
fn what_was_wrong_is_an_error_and_what_was_lost_says_so() {
    let good = json!({"n": 3, "sum": 6.0, "sum_sq": 14.0});
    let mean = |arm: Value| ask("mean", json!({"control": good, "treatment": arm}));
    refused(
        &mean(json!({"n": 4, "sum": 8, "sum_sq": 15})),
        "treatment.sum_sq",
        "sum²/n",
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
