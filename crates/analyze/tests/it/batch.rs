//! `--batch`: a request a line in, an answer a line out.

use crate::harness::Folder;
use serde_json::{Value, json};

/// The answers to some lines.
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

const SRM: &str = r#"{"id":7,"method":"srm","inputs":{"observed":[5000,5100],"weights":[1,1]}}"#;

#[test]
fn every_method_of_the_contract_is_known() {
    for method in [
        "mann_whitney",
        "proportion",
        "mean",
        "ratio",
        "quantile",
        "cuped",
        "sequential",
        "bayesian_effect",
        "beta_binomial",
        "srm",
        "srm_sequential",
        "counts_sequential",
        "poisson_rates",
        "p_adjust",
        "boundary",
        "kayenta_classify",
        "kayenta_score",
        "judge",
        "power",
    ] {
        let request = json!({"id": method, "method": method, "inputs": {}}).to_string();
        let answer = answer(&request);
        assert_eq!(answer["id"], method);
        assert_eq!(answer["error"]["code"], "invalid_input", "{answer}");
    }
}

#[test]
fn one_bad_line_never_stops_the_batch_and_the_order_is_kept() {
    let input = format!(
        "{SRM}\nnot json\n\n{}\n[1]\n{{\"id\":\"x\"}}\n\u{0}\n{SRM}",
        r#"{"id":[1,2],"method":"srn","inputs":{}}"#
    );
    let found: Vec<(Value, Value)> = answers(&input)
        .into_iter()
        .map(|answer| (answer["id"].clone(), answer["error"]["code"].clone()))
        .collect();
    let error = |id: Value, code: &str| (id, json!(code));
    assert_eq!(
        found,
        [
            (json!(7), Value::Null),
            error(Value::Null, "invalid_json"),
            error(Value::Null, "invalid_request"),
            error(json!([1, 2]), "unknown_method"),
            error(Value::Null, "invalid_request"),
            error(json!("x"), "invalid_request"),
            error(Value::Null, "invalid_json"),
            (json!(7), Value::Null),
        ]
    );
}

#[test]
fn errors_name_the_field_and_the_remedy() {
    let request = |inputs: Value| answer(&json!({"method": "srm", "inputs": inputs}).to_string());
    for (inputs, field) in [
        (json!({"observed": [1, 2]}), "weights"),
        (
            json!({"observed": [1, -2], "weights": [1, 1]}),
            "observed[1]",
        ),
        (
            json!({"observed": [1, 2.5], "weights": [1, 1]}),
            "observed[1]",
        ),
        (
            json!({"observed": [1, "many"], "weights": [1, 1]}),
            "observed[1]",
        ),
        (
            json!({"observed": [1, 2], "weights": [1, 1], "weight": 3}),
            "weight",
        ),
        (
            json!({"observed": [1, 2], "weights": [1, 1], "alpha": 0}),
            "alpha",
        ),
        (
            json!({"observed": [1, 2], "weights": [1, 1], "alpha": 1}),
            "alpha",
        ),
        (
            json!({"observed": [1, 2], "weights": [1, 1], "alpha": "NaN"}),
            "alpha",
        ),
        (
            json!({"observed": [1, 2], "weights": [1, 1], "side": "both"}),
            "side",
        ),
        (json!({"observed": [1, 2], "weights": [1]}), "weights"),
        (json!([1, 2]), "inputs"),
    ] {
        let answer = request(inputs.clone());
        let error = &answer["error"];
        assert_eq!(error["code"], "invalid_input", "{inputs}: {answer}");
        assert_eq!(error["field"], field, "{inputs}: {answer}");
        for part in ["message", "remedy"] {
            assert!(
                error[part].as_str().is_some_and(|text| !text.is_empty()),
                "{answer}"
            );
        }
    }
    let unknown = answer(r#"{"id":1,"method":"mann_whitny","inputs":{}}"#);
    assert_eq!(unknown["error"]["remedy"], "did you mean \"mann_whitney\"?");
    let misspelt = answer(r#"{"id":1,"method":"srm","input":{}}"#);
    assert_eq!(misspelt["error"]["remedy"], "did you mean \"inputs\"?");
}

#[test]
fn what_cannot_be_computed_is_a_result() {
    let mean = |control: Value, treatment: Value| {
        let inputs = json!({"control": control, "treatment": treatment});
        answer(&json!({"id": 1, "method": "mean", "inputs": inputs}).to_string())
    };
    let good = json!({"n": 10, "sum": 20.0, "sum_sq": 90.0});
    let none = json!({"n": 0, "sum": 0, "sum_sq": 0});
    let zero = json!({"n": 10, "sum": 0, "sum_sq": 90.0});
    assert_eq!(
        mean(none, good.clone()),
        json!({"id": 1, "result": {"cannot_compute": "empty_arm"}})
    );
    assert_eq!(
        mean(zero, good),
        json!({"id": 1, "result": {"cannot_compute": "zero_baseline"}})
    );
}

#[test]
fn numbers_that_are_none_travel_as_words() {
    let request = r#"{"id":1,"method":"mean","inputs":{"side":"greater",
        "control":{"n":10,"sum":20,"sum_sq":90},"treatment":{"n":10,"sum":25,"sum_sq":90}}}"#;
    let answer = answer(&request.replace('\n', ""));
    assert_eq!(answer["result"]["interval"][1], "Infinity", "{answer}");
}

#[test]
fn a_line_too_long_is_read_over() {
    let long = format!("{{\"id\":1,\"method\":\"{}\"}}", "9".repeat(17 << 20));
    let answers = answers(&format!("{SRM}\n{long}\n{SRM}\n"));
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[1]["error"]["code"], "line_too_long");
    assert_eq!(answers[0], answers[2]);
}

#[test]
fn integers_of_any_length_do_no_harm() {
    let digits = "9".repeat(1_000_000);
    let answer = answer(&format!(
        r#"{{"id":1,"method":"srm","inputs":{{"observed":[{digits},1],"weights":[1,1]}}}}"#
    ));
    assert!(answer["error"]["code"].is_string(), "{answer}");
}

#[test]
fn requests_come_from_a_file_too() {
    let folder = Folder::new();
    folder.write("requests.jsonl", format!("\u{feff}{SRM}\r\n{SRM}\r\n"));
    let text = folder.run("--batch @requests.jsonl").unwrap();
    assert_eq!(text.lines().count(), 2);
    assert!(
        text.lines()
            .all(|line| line.starts_with(r#"{"id":7,"result":{"#)),
        "{text}"
    );
    let nothing = folder.run("--batch @nothing.jsonl").unwrap_err();
    assert!(
        nothing.starts_with("nothing.jsonl: No such file"),
        "{nothing}"
    );
}

/// A program may wait for each answer before it asks again.
#[test]
fn an_answer_does_not_wait_for_the_next_request() {
    use std::io::{BufRead, BufReader, Write, pipe};
    let (input, mut requests) = pipe().unwrap();
    let (answers, output) = pipe().unwrap();
    let batch = std::thread::spawn(move || analyze::batch::run(input, output).unwrap());
    let mut answers = BufReader::new(answers).lines();
    for _ in 0..3 {
        writeln!(requests, "{SRM}").unwrap();
        assert!(answers.next().unwrap().unwrap().starts_with(r#"{"id":7,"#));
    }
    drop(requests);
    let summary = batch.join().unwrap();
    assert_eq!((summary.answered, summary.errors), (3, 0));
}
