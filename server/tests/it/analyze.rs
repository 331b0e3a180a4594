//! `viridian analyze` needs no server and says by its exit code how it went.

use crate::harness::{BINARY, wait};
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
        lines[1].starts_with(r#"{"id":null,"error":{"code":"invalid_json""#),
        "{out}"
    );
    assert_eq!((lines.len(), err.as_str()), (2, ""));
}

/// Forty minutes of a latency.
fn minutes(base: u32) -> String {
    let rows: Vec<String> = (0..40).map(|i| format!("{}", base + i % 7)).collect();
    format!("ms\n{}\n", rows.join("\n"))
}

#[test]
fn a_canary_ends_with_its_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("base.csv", &minutes(100));
    write("slow.csv", &minutes(140));
    write("short.csv", "ms\n100\n101\n");
    write("strange.csv", "ms\nfast\n");
    let canary = |file: &str, more: &[&str], input: &str, code: i32| {
        let words = [&["canary", "base.csv", file], more].concat();
        ends(&analyze(folder.path(), &words, input), code)
    };
    assert!(
        canary("base.csv", &[], "", 0)
            .0
            .starts_with("The canary passes")
    );
    assert!(
        canary("slow.csv", &[], "", 3)
            .0
            .starts_with("The canary fails")
    );
    assert!(canary("short.csv", &[], "", 5).0.starts_with("Not decided"));
    // The report is there for programs, too, whatever it says.
    let (json, err) = canary("slow.csv", &["--json"], "", 3);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (report["verdict"].as_str(), err.as_str()),
        (Some("fail"), "")
    );
    canary("strange.csv", &[], "", 1);
    canary("slow.csv", &["--alpha", "2"], "", 2);
    // Out of a pipe.
    assert_eq!(
        canary("-", &[], &minutes(140), 3).0,
        canary("slow.csv", &[], "", 3).0
    );
    let (_, err) = canary("-", &[], "", 1);
    assert!(
        err.starts_with("error: standard input: the file is empty"),
        "{err}"
    );
    let both = analyze(folder.path(), &["canary", "-", "-"], &minutes(100));
    assert!(
        ends(&both, 1)
            .1
            .contains("standard input can be read once only")
    );
}

#[test]
fn what_a_shell_hands_over_is_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("slow.csv"), minutes(140)).unwrap();
    let line = format!(
        "{} analyze canary <(printf '{}') <(cat slow.csv)",
        BINARY,
        minutes(100).replace('\n', "\\n")
    );
    let shell = Command::new("bash")
        .args(["-c", &line])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(ends(&shell, 3).0.starts_with("The canary fails"));
}

/// So many rows that 16 MiB do not hold them, with the last of them as given.
fn events(last: &str) -> String {
    let mut text = "user,arm,revenue\n".to_owned();
    for user in 0..1_200_000 {
        text.push_str(&format!(
            "{user},{},{}\n",
            ["control", "treatment"][user % 2],
            user % 7
        ));
    }
    text.push_str(last);
    text
}

/// The command with little memory, and a folder of its own for what is put aside.
fn tight(folder: &std::path::Path, events: &str) -> Command {
    // A test run in the background hands down that interrupts are ignored.
    let mut command = Command::new("env");
    command
        .args(["--default-signal=INT", BINARY, "analyze"])
        .args(AB.map(|word| if word == "events.csv" { events } else { word }))
        .args(["--memory", "16M", "--json"])
        .current_dir(folder)
        .env("TMPDIR", folder.join("aside"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[test]
fn nothing_is_left_of_what_was_put_aside() {
    let folder = tempfile::tempdir().unwrap();
    let aside = folder.path().join("aside");
    std::fs::create_dir(&aside).unwrap();
    let left = || std::fs::read_dir(&aside).unwrap().count();
    let write =
        |last: &str| std::fs::write(folder.path().join("events.csv"), events(last)).unwrap();

    write("");
    ends(&tight(folder.path(), "events.csv").output().unwrap(), 0);
    assert_eq!(left(), 0);

    // Stopped while something is there: it waits for the rest of what comes through a pipe.
    let mut child = tight(folder.path(), "-")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(b"user,arm,revenue\n1,control,1\n").unwrap();
    let opened = format!("/proc/{}/fd", child.id());
    let put_aside = || {
        std::fs::read_dir(&opened).is_ok_and(|mut files| {
            files.any(|file| {
                file.is_ok_and(|file| {
                    std::fs::read_link(file.path()).is_ok_and(|to| to.starts_with(&aside))
                })
            })
        })
    };
    wait("something put aside", || put_aside().then_some(()));
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let status = child.wait().unwrap();
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&status),
        Some(2)
    );
    drop(pipe);
    assert_eq!(left(), 0);

    write("1,control,many\n");
    let (_, err) = ends(&tight(folder.path(), "events.csv").output().unwrap(), 1);
    assert!(err.contains("line 1200002, column \"revenue\""), "{err}");
    assert_eq!(left(), 0);

    std::fs::remove_dir(&aside).unwrap();
    let (_, err) = ends(&tight(folder.path(), "events.csv").output().unwrap(), 1);
    assert!(
        err.contains("no room for intermediate data") && err.contains("TMPDIR"),
        "{err}"
    );
}
