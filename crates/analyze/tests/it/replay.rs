//! Every recording in `crates/stats/reference/*.jsonl`, answered anew and held against what other
//! software answered. How they were recorded is told in `record.py` beside them.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What two programs of doubles may differ by, relative to the figure, where the line says nothing.
const TOLERANCE: f64 = 1e-9;

fn recordings() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../stats/reference");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect();
    files.sort();
    files
}

/// A number as a request or an answer carries it.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(word) => match word.as_str() {
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            "NaN" => Some(f64::NAN),
            _ => None,
        },
        _ => None,
    }
}

/// The difference of two figures relative to the one wanted, or to `floor` where that is larger; ∞
/// where one is finite and the other is not.
fn difference(got: f64, want: f64, floor: f64) -> f64 {
    if got == want || got.is_nan() && want.is_nan() {
        return 0.0;
    }
    let off = (got - want).abs() / want.abs().max(floor);
    if off.is_nan() { f64::INFINITY } else { off }
}

/// The largest relative difference between an answer and what is expected of it, or where the two do
/// not have the same shape. An answer may hold more fields than are expected.
fn compare(at: &str, got: &Value, want: &Value, floor: f64) -> Result<f64, String> {
    match (got, want) {
        (Value::Object(got), Value::Object(want)) => {
            let mut worst: f64 = 0.0;
            for (name, want) in want {
                let at = format!("{at}.{name}");
                let got = got.get(name).ok_or_else(|| format!("{at} is missing"))?;
                worst = worst.max(compare(&at, got, want, floor)?);
            }
            Ok(worst)
        }
        (Value::Array(got), Value::Array(want)) if got.len() == want.len() => {
            let mut worst: f64 = 0.0;
            for (i, (got, want)) in got.iter().zip(want).enumerate() {
                worst = worst.max(compare(&format!("{at}[{i}]"), got, want, floor)?);
            }
            Ok(worst)
        }
        _ => match (number(got), number(want)) {
            (Some(got), Some(want)) => Ok(difference(got, want, floor)),
            _ if got == want => Ok(0.0),
            _ => Err(format!("{at} is {got}, expected {want}")),
        },
    }
}

#[test]
fn recordings_of_other_software_are_met() {
    let files = recordings();
    assert!(!files.is_empty(), "there is nothing to replay");
    let mut failures = Vec::new();
    let mut cases = 0;
    println!("method                cases  max relative difference");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let mut answers = Vec::new();
        analyze::batch::run(text_of_requests(&text).as_bytes(), &mut answers).unwrap();
        let answers = String::from_utf8(answers).unwrap();
        let mut worst: BTreeMap<String, (u32, f64)> = BTreeMap::new();
        assert_eq!(answers.lines().count(), text.lines().count(), "{file:?}");
        for (line, answer) in text.lines().zip(answers.lines()) {
            let line: Value = serde_json::from_str(line).unwrap();
            let answer: Value = serde_json::from_str(answer).unwrap();
            assert_eq!(answer["id"], line["id"]);
            let expected = &line["expected"];
            let got = if expected.get("error").is_some() {
                &answer
            } else {
                &answer["result"]
            };
            let tolerance = line["tolerance"].as_f64().unwrap_or(TOLERANCE);
            let method = line["method"].as_str().unwrap().to_owned();
            let entry = worst.entry(method).or_default();
            entry.0 += 1;
            cases += 1;
            let id = &line["id"];
            // Figures that are 0 but for rounding are held to this unit instead of to themselves.
            let floor = line["floor"].as_f64().unwrap_or(0.0);
            match compare("", got, expected, floor) {
                Ok(off) => {
                    entry.1 = entry.1.max(off);
                    if off > tolerance {
                        failures.push(format!(
                            "{id}: off by {off:.1e}\n  inputs {}\n  got {got}\n  want {expected}",
                            line["inputs"]
                        ));
                    }
                }
                Err(why) => failures.push(format!(
                    "{id}: {why}\n  inputs {}\n  got {answer}",
                    line["inputs"]
                )),
            }
        }
        for (method, (cases, off)) in worst {
            println!("{method:20} {cases:6}  {off:.1e}");
        }
    }
    println!("{cases} cases");
    assert!(
        failures.is_empty(),
        "{} of {cases} cases:\n{}",
        failures.len(),
        failures[..failures.len().min(12)].join("\n")
    );
}

/// The recordings as a script would send them.
fn text_of_requests(text: &str) -> String {
    text.lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            let request =
                json!({"id": line["id"], "method": line["method"], "inputs": line["inputs"]});
            format!("{request}\n")
        })
        .collect()
}

#[test]
fn the_comparison_itself_notices() {
    assert_eq!(difference(1.0, 1.0, 0.0), 0.0);
    assert_eq!(difference(f64::INFINITY, f64::INFINITY, 0.0), 0.0);
    assert!(difference(f64::NAN, 1.0, 0.0).is_infinite());
    assert!(difference(1.0, 0.0, 0.0).is_infinite());
    assert_eq!(difference(1e-20, 0.0, 1.0), 1e-20);
    assert!(difference(f64::INFINITY, 1.0, 0.0) > 1e300);
    assert!((difference(1.1, 1.0, 0.0) - 0.1).abs() < 1e-15);
    let told = |got, want| compare("", &got, &want, 0.0);
    assert!(told(json!({"p": 1.0}), json!({"p": 1.0, "q": 2})).is_err());
    assert!(told(json!([1.0]), json!([1.0, 2.0])).is_err());
    assert!(
        told(
            json!({"cannot_compute": "a"}),
            json!({"cannot_compute": "b"})
        )
        .is_err()
    );
    assert_eq!(
        told(json!(["Infinity", 2, 9]), json!(["Infinity", 2.0, 9.0])),
        Ok(0.0)
    );
}
