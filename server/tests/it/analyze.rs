//! `viridian analyze` needs no server and says by its exit code how it went.

use crate::harness::BINARY;
use std::io::Write;
use std::process::{Command, Output, Stdio};

fn analyze(folder: &std::path::Path, words: &[&str], input: &str) -> Output {
    let mut child = Command::new(BINARY)
        .arg("analyze")
        .args(words)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // What it does not read before it ends is of no concern.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn ends(output: &Output, code: i32) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}{err}");
    (out, err)
}

const AB: [&str; 8] = [
    "ab",
    "events.csv",
    "--unit",
    "user",
    "--variant",
    "arm",
    "--metric",
    "revenue",
];

#[test]
fn reports_errors_and_wrong_usage_end_with_0_1_and_2() {
    let folder = tempfile::tempdir().unwrap();
    let write = |text: &str| std::fs::write(folder.path().join("events.csv"), text).unwrap();

    write("user,arm,revenue\n1,control,2\n2,treatment,3\n3,control,4\n4,treatment,7\n");
    let (out, err) = ends(&analyze(folder.path(), &AB, ""), 0);
    assert!(
        out.starts_with("No difference is shown between \"treatment\" and \"control\""),
        "{out}"
    );
    // Nothing is drawn where nobody looks.
    assert_eq!(err, "");

    write("user,arm,revenue\n1,control,many\n");
    let (out, err) = ends(&analyze(folder.path(), &AB, ""), 1);
    assert_eq!(out, "");
    assert_eq!(
        err,
        "error: events.csv, line 2, column \"revenue\": \"many\" is not a number\n  \
         correct it, or leave the cell empty where there is no value\n"
    );

    let (_, err) = ends(&analyze(folder.path(), &["ab", "events.csv"], ""), 2);
    assert!(err.contains("--unit <COLUMN>"), "{err}");
}

#[test]
fn a_batch_answers_on_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let requests =
        "{\"id\":1,\"method\":\"srm\",\"inputs\":{\"observed\":[500,500],\"weights\":[1,1]}}\nno\n";
    let (out, err) = ends(&analyze(folder.path(), &["--batch"], requests), 0);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], r#"{"id":1,"result":{"chi2":0.0,"df":1,"p":1.0}}"#);
    assert!(
        lines[1].starts_with(r#"{"error":{"code":"invalid_json""#),
        "{out}"
    );
    assert_eq!((lines.len(), err.as_str()), (2, ""));
}
