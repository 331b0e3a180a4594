//! `kayenta_score`: which weights it takes, and what it says of a score that says less than it seems.

use serde_json::{Value, json};

fn ask(inputs: &Value) -> Value {
    let request = json!({"id": 1, "method": "kayenta_score", "inputs": inputs}).to_string();
    let mut output = Vec::new();
    analyze::batch::run(request.as_bytes(), &mut output).unwrap();
    serde_json::from_slice(&output).unwrap()
}

/// The score of metrics that pass or not, each in one group, and what is said beside it.
fn score(metrics: &[(&str, &str)], weights: Value) -> Value {
    let results: Vec<Value> = metrics
        .iter()
        .map(|(classification, group)| json!({"classification": classification, "groups": [group]}))
        .collect();
    ask(&json!({"results": results, "group_weights": weights}))
}

#[test]
fn weights_that_leave_nothing_to_share_add_up_to_100() {
    let both = [("Pass", "g"), ("Pass", "h")];
    for weights in [
        json!({"g": 50, "h": 80}),
        json!({"g": 0.5, "h": 0.5}),
        json!({"g": 50, "h": 20}),
        json!({"g": 50, "h": 50, "typo": 50}),
        json!({"g": 0, "h": 0}),
    ] {
        let answer = score(&both, weights.clone());
        let error = &answer["error"];
        assert_eq!(error["field"], "group_weights", "{weights}: {answer}");
        assert!(
            error["message"].as_str().unwrap().contains("add up to"),
            "{answer}"
        );
        assert!(
            error["remedy"].as_str().unwrap().contains("100"),
            "{answer}"
        );
    }
    // Thirds are not written out, and a group without a weight takes what is left.
    for weights in [
        json!({"g": 60, "h": 40}),
        json!({"g": 33.33, "h": 66.66}),
        json!({"g": 60}),
        json!({}),
    ] {
        let answer = score(&both, weights);
        let found = answer["result"]["summary_score"].as_f64().unwrap();
        assert!((99.9..=100.0).contains(&found), "{answer}");
        assert!(answer["result"].get("caution").is_none(), "{answer}");
    }
}

#[test]
fn a_score_that_says_less_than_it_seems_says_so() {
    let caution = |answer: &Value, score: f64, part: &str| {
        let result = &answer["result"];
        assert_eq!(result["summary_score"], score, "{answer}");
        let told = result["caution"]
            .as_str()
            .unwrap_or_else(|| panic!("{answer}"));
        assert!(told.contains(part), "{answer}");
    };
    // As Kayenta has it, which gives an absent group its weight, and less than nothing where that is left.
    caution(&score(&[("Pass", "x")], json!({"X": 100})), 0.0, "\"X\"");
    caution(
        &score(&[("Pass", "a")], json!({"a": 60, "z": 40})),
        60.0,
        "\"z\"",
    );
    let beyond = [("Pass", "a"), ("Pass", "b")];
    caution(&score(&beyond, json!({"a": 120})), 100.0, "120");
    caution(&score(&[], json!({})), 0.0, "no metric");
    let muted = json!({"results": [{"classification": "Pass", "groups": ["g"], "muted": true}]});
    caution(&ask(&muted), 0.0, "no metric");
    let groupless = json!({"results": [{"classification": "Pass"}]});
    caution(&ask(&groupless), 0.0, "no group");
    // And never one that is none.
    for metrics in [
        [("Pass", "a"), ("High", "b")],
        [("High", "a"), ("Pass", "b")],
    ] {
        let answer = score(&metrics, json!({"a": 120}));
        assert_eq!(answer["error"]["field"], "group_weights", "{answer}");
    }
}
