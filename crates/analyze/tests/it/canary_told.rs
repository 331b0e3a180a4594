//! What the screen of a canary says: every sentence true, the first one short, none too wide.

use crate::harness::{Folder, one_line, rows};
use serde_json::Value;

/// A hundred rows around `base`, in a course of their own for each `step`.
fn figures(header: &str, step: u32, row: impl Fn(f64) -> String) -> String {
    rows(
        header,
        (0..100_u32).map(|i| row(f64::from(i * step % 101) / 101.0)),
    )
}

fn report(folder: &Folder, line: &str) -> Value {
    serde_json::from_str(&folder.run(&format!("{line} --json")).unwrap()).unwrap()
}

fn half() -> Folder {
    let folder = Folder::new();
    let of = |requests: f64, success: f64, step: u32| {
        figures("requests,success_rate", step, move |noise| {
            let requests = requests * (1.0 + noise / 10.0);
            format!("{requests:.0},{:.4}", success + noise / 100.0)
        })
    };
    folder
        .write("base.csv", of(1000.0, 0.98, 37))
        .write("half.csv", of(500.0, 0.5, 41));
    folder
}

#[test]
fn half_the_traffic_and_half_the_success_is_no_pass() {
    let folder = half();
    let found = report(&folder, "canary @base.csv @half.csv");
    assert_eq!(found["verdict"], "fail", "{found}");
    for (at, worse, by) in [(0, "either", "unknown"), (1, "decrease", "name")] {
        let metric = &found["metrics"][at];
        assert_eq!(metric["verdict"], "fail", "{metric}");
        assert_eq!(metric["worse"], worse, "{metric}");
        assert_eq!(metric["worse_by"], by, "{metric}");
    }
    let text = one_line(&folder.run("canary @base.csv @half.csv").unwrap());
    for part in [
        "The canary fails on both metrics: requests is 5",
        "Taken from the names: lower is worse for success_rate.",
        "Which way is worse is not known for requests, so a change either way counts; say it with --direction",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_large_change_that_is_not_judged_is_never_called_within_the_tolerance() {
    let folder = half();
    let line = "canary @base.csv @half.csv --metric requests --direction increase";
    let found = report(&folder, line);
    assert_eq!(found["verdict"], "pass", "{found}");
    assert_eq!(found["metrics"][0]["worse_by"], "asked");
    assert_eq!(
        found["conclusion"],
        "The canary passes: requests is not worse by more than is tolerated."
    );
    let reason = found["metrics"][0]["reason"].as_str().unwrap();
    assert!(
        reason.ends_with("that is no change for the worse, as only increases are judged"),
        "{reason}"
    );
    let warning = found["warnings"][0].as_str().unwrap();
    assert!(
        warning.starts_with("requests is 5")
            && warning
                .ends_with("lower, which is no change for the worse: only increases are judged."),
        "{warning}"
    );
    assert!(!folder.run(line).unwrap().contains("within"));

    folder
        .write("few.csv", "errors,requests\n100,100000\n")
        .write("many.csv", "errors,requests\n505,100000\n");
    let found = report(
        &folder,
        "canary @few.csv @many.csv --metric errors/requests:decrease",
    );
    let told = found["warnings"].to_string() + &found["metrics"][0]["reason"].to_string();
    assert_eq!(told.matches("405% higher").count(), 2, "{told}");
    assert!(!told.contains("within"), "{told}");
}

#[test]
fn ten_metrics_are_one_short_sentence_and_a_screen_of_eighty_columns() {
    let folder = Folder::new();
    let names: Vec<String> = (0..10).map(|i| format!("latency_{i}_ms")).collect();
    let of = |step: u32, last: f64| {
        figures(&names.join(","), step, |noise| {
            let mut cells = vec![format!("{:.3}", 100.0 + noise); 10];
            cells[9] = format!("{:.3}", last + noise);
            cells.join(",")
        })
    };
    folder
        .write("base.csv", of(37, 100.0))
        .write("new.csv", of(41, 100.0))
        .write("slow.csv", of(41, 123.0));
    for (canary, first) in [
        ("new", "The canary passes: all 10 metrics are within 10%."),
        (
            "slow",
            "The canary fails: latency_9_ms is 22.9% higher (+22.",
        ),
    ] {
        let text = folder
            .run(&format!("canary @base.csv @{canary}.csv"))
            .unwrap();
        assert!(text.starts_with(first), "{text}");
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{text}");
        assert!(text.contains("Compared: 100 rows of each."), "{text}");
    }
}

#[test]
fn nothing_is_ever_infinity_higher() {
    let folder = Folder::new();
    folder
        .write("none.csv", "errors,requests\n0,50000\n")
        .write("some.csv", "errors,requests\n90,50000\n");
    let text = folder
        .run("canary @none.csv @some.csv --metric errors/requests")
        .unwrap();
    assert!(
        text.starts_with("The canary fails: errors/requests is above a baseline of 0 ("),
        "{text}"
    );
    assert!(!text.to_lowercase().contains("inf"), "{text}");
}

#[test]
fn a_canary_that_lacks_most_of_its_values_does_not_pass() {
    let folder = Folder::new();
    let lacking = |step: u32, lacks: u32| {
        rows(
            "x,latency_ms",
            (0..1_000_u32).map(|i| match i % 10 < lacks {
                true => "1,".to_owned(),
                false => format!("1,{}", 100.0 + f64::from(i * step % 1_009) / 1_000.0),
            }),
        )
    };
    folder
        .write("whole.csv", lacking(37, 0))
        .write("part.csv", lacking(41, 8))
        .write("same.csv", lacking(41, 0))
        .write("both.csv", lacking(43, 8));
    let verdict = |files: &str| {
        let found = report(&folder, &format!("canary {files} --metric latency_ms"));
        (
            found["verdict"].as_str().unwrap().to_owned(),
            found["conclusion"].as_str().unwrap().to_owned(),
        )
    };
    let pass = "The canary passes: latency_ms is within 10% of the baseline.".to_owned();
    assert_eq!(
        verdict("@whole.csv @same.csv"),
        ("pass".to_owned(), pass.clone())
    );
    // Figures that both lack alike are what is measured every so often.
    assert_eq!(verdict("@both.csv @part.csv"), ("pass".to_owned(), pass));
    assert_eq!(
        verdict("@whole.csv @part.csv"),
        (
            "inconclusive".to_owned(),
            "Not decided: latency_ms has no value in 800 of 1,000 rows of the canary.".to_owned()
        )
    );
}

#[test]
fn files_of_other_times_and_copies_are_told() {
    let folder = Folder::new();
    let of = |month: u32, step: u32| {
        rows(
            "time,latency_ms",
            (0..60_u32).map(|i| {
                let ms = 100.0 + f64::from(i * step % 61) / 60.0;
                format!("2026-{month:02}-01 00:{i:02}:00,{ms:.3}")
            }),
        )
    };
    folder
        .write("jan.csv", of(1, 7))
        .write("copy.csv", of(1, 7))
        .write("other.csv", of(1, 11))
        .write("aug.csv", of(8, 11));
    let warnings = |line: &str| report(&folder, &format!("canary {line}"))["warnings"].to_string();
    assert_eq!(warnings("@jan.csv @other.csv"), "[]");
    for time in ["", "--time time --metric latency_ms"] {
        let told = warnings(&format!("@jan.csv @aug.csv {time}"));
        assert!(
            told.contains(
                "not of the same time: the baseline is of 2026-01-01 00:00 to 2026-01-01 00:59, the canary of \
                 2026-08-01 00:00"
            ),
            "{told}"
        );
    }
    assert!(warnings("@jan.csv @jan.csv").contains("one and the same file"));
    assert!(warnings("@jan.csv @copy.csv").contains("the same figures row by row"));
}

#[test]
fn what_is_too_large_is_told_as_that_and_where() {
    let folder = Folder::new();
    folder
        .write("base.csv", "errors,requests\n1,100\n")
        .write(
            "long.csv",
            "errors,requests\n123456789012345678901234567890,5\n",
        )
        .write(
            "sums.csv",
            "errors,requests\n1,9007199254740992\n1,9007199254740992\n",
        );
    let refused = |canary: &str| {
        let line = format!("canary @base.csv @{canary}.csv --metric errors/requests");
        folder.run(&line).unwrap_err()
    };
    assert_eq!(
        refused("long"),
        "long.csv, line 2, column \"errors\": about 1.235e29 is too large for a count\n  \
         counts may be up to 9,007,199,254,740,992; is it one?"
    );
    assert_eq!(
        refused("sums"),
        "sums.csv, column \"requests\": it adds up to more than 9,007,199,254,740,992\n  \
         counts are exact up to there; judge a shorter time, or fewer rows"
    );
}

#[test]
fn shares_may_be_written_as_percentages() {
    let folder = half();
    let tolerance = |text: &str| {
        report(
            &folder,
            &format!("canary @base.csv @half.csv --tolerance {text} --alpha 5%"),
        )["tolerance"]
            .clone()
    };
    assert_eq!(tolerance("10%"), 0.1);
    assert_eq!(tolerance("0.25"), 0.25);
    for (option, why) in [
        ("--tolerance=-1%", "give a share of the baseline"),
        ("--tolerance %", "give a share of the baseline"),
        ("--alpha 100%", "alpha"),
        ("--margin 200%", "give a share of the trials"),
        ("--min-sample 2.5", "give a whole number, 0 or more, as 20"),
    ] {
        let refused = folder
            .run(&format!("canary @base.csv @half.csv {option}"))
            .unwrap_err();
        assert!(
            refused.starts_with("ends with 2") && refused.contains(why),
            "{option}: {refused}"
        );
    }
}

#[test]
fn looking_once_is_said_of_the_metrics_it_changes() {
    let folder = Folder::new();
    let of = |step: u32| {
        figures("latency_ms,errors,requests", step, |noise| {
            format!("{:.3},{:.0},1000", 100.0 + noise, noise * 9.0)
        })
    };
    folder.write("base.csv", of(37)).write("new.csv", of(41));
    let line = "canary @base.csv @new.csv --once --metric latency_ms --metric latency_ms:p50 \
                --metric errors/requests";
    let found = report(&folder, line);
    for (at, holds) in [(0, "one_look"), (1, "every_look"), (2, "every_look")] {
        assert_eq!(found["metrics"][at]["holds_at"], holds);
    }
    let text = one_line(&folder.run(line).unwrap());
    assert!(
        text.contains(
            "Intervals hold for one look; those of latency_ms p50, errors/requests hold at every look, and \
             --once changes nothing for them."
        ),
        "{text}"
    );
}

#[test]
fn figures_that_are_never_negative_do_not_fall_by_more_than_all_of_them() {
    let folder = Folder::new();
    let of = |step: u32| {
        figures("errors,requests", step, |noise| {
            format!("{:.0},1000", (noise * 4.0).floor())
        })
    };
    folder.write("base.csv", of(37)).write("new.csv", of(41));
    let line = "canary @base.csv @new.csv";
    let found = report(&folder, line);
    let errors = &found["metrics"][0];
    assert_eq!(errors["verdict"], "inconclusive", "{errors}");
    assert_eq!(errors["interval"][0], -1.0, "{errors}");
    let text = one_line(&folder.run(line).unwrap());
    assert!(text.contains("(interval -100% to "), "{text}");
}

#[test]
fn errors_that_are_mostly_none_are_asked_for_as_a_rate() {
    let folder = Folder::new();
    let of = |step: u32| {
        figures("errors,requests", step, |noise| {
            format!("{:.0},1000", (noise * 1.1).floor())
        })
    };
    folder.write("base.csv", of(37)).write("new.csv", of(41));
    let text = folder.run("canary @base.csv @new.csv").unwrap();
    assert!(
        text.starts_with("Not decided: most values of errors are equal."),
        "{text}"
    );
    assert!(
        text.contains(
            "\nIf each of errors is one of requests, ask for --metric errors/requests.\n"
        ),
        "{text}"
    );
}

#[test]
fn a_failure_that_ranks_give_no_size_to_shows_the_means() {
    let folder = Folder::new();
    let of = |share: u32, step: u32| {
        rows(
            "errors",
            (0..1_000_u32).map(|i| u8::from(i * step % 1_000 < share).to_string()),
        )
    };
    folder
        .write("base.csv", of(50, 37))
        .write("new.csv", of(400, 41));
    let line = "canary @base.csv @new.csv --every 1";
    let text = folder.run(line).unwrap();
    let row = text.lines().find(|line| line.ends_with("  fail")).unwrap();
    assert_eq!(
        row.split("  ")
            .filter(|cell| !cell.is_empty())
            .map(str::trim)
            .collect::<Vec<_>>(),
        ["errors", "mean 0.05000", "mean 0.4000", "fail"],
    );
    let text = one_line(&text);
    for part in [
        "The canary fails: errors is worse by more than is tolerated, with a mean of 0.4000 where the baseline's is 0.05000.",
        "errors: the canary's values (mean 0.4000) are worse than the baseline's (mean 0.05000) and the tolerated 10% in \
         66.5% of all pairs",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let metric = report(&folder, line)["metrics"][0].clone();
    assert_eq!(metric["means"], serde_json::json!([0.05, 0.4]), "{metric}");
    assert!(
        metric.get("effect").is_none() && metric.get("interval").is_none(),
        "{metric}"
    );
    // So it is where nothing is decided.
    let same = report(&folder, "canary @base.csv @base.csv --every 1")["metrics"][0].clone();
    assert_eq!(same["verdict"], "inconclusive");
    assert_eq!(same["means"], serde_json::json!([0.05, 0.05]), "{same}");
    assert!(same["reason"].as_str().unwrap().starts_with(
        "most values are equal (95% are 0; the canary's mean is 0.05000, the baseline's 0.05000)"
    ));
    // Rows that repeat are told of all the same.
    let hosts = |scale: u32| {
        rows(
            "load",
            (0..400_u32).map(|i| (if i % 4 == 0 { i / 4 % 5 * scale } else { 0 }).to_string()),
        )
    };
    folder
        .write("base.csv", hosts(1))
        .write("new.csv", hosts(2));
    let found = report(&folder, "canary @base.csv @new.csv --every 1");
    assert!(found["metrics"][0].get("means").is_some(), "{found}");
    assert!(
        found["warnings"]
            .to_string()
            .contains("rows repeat every 20 rows"),
        "{found}"
    );
}

#[test]
fn names_of_any_length_and_content_do_a_terminal_no_harm() {
    let folder = Folder::new();
    let loud = format!("lat\u{1b}[31m{}", "x".repeat(70_000));
    let column = |name: &str| rows(name, (0..60).map(|i| format!("{}", 100 + i % 7)));
    folder.write("a.csv", column(&loud));
    folder.write("b.csv", column(&loud) + "101\n");
    let text = folder.run("canary @a.csv @b.csv").unwrap();
    assert!(!text.contains('\u{1b}'), "{text:?}");
    assert!(text.len() < 2_000, "{}", text.len());
    let json: serde_json::Value =
        serde_json::from_str(&folder.run("canary @a.csv @b.csv --json").unwrap()).unwrap();
    assert_eq!(json["metrics"][0]["metric"], loud.as_str());
}

/// With one column only a blank line is all there is of a row without a value.
#[test]
fn a_blank_line_of_a_single_column_is_no_row_to_pass_over() {
    let folder = Folder::new();
    folder.write("a.csv", "ms\n1\n2\n3\n\n");
    folder.write("b.csv", "ms\n1\n\n3\n");
    let failure = folder.run("canary @a.csv @b.csv").unwrap_err();
    assert!(failure.contains("line 3: the line is blank"), "{failure}");
    folder.write("b.csv", "ms\n1\n\"\"\n3\n");
    let told = one_line(&folder.run("canary @a.csv @b.csv").unwrap());
    assert!(told.contains("1 of 3 rows of the canary"), "{told}");
}

#[test]
fn long_names_make_no_table_wider_than_the_screen() {
    let folder = Folder::new();
    let names = ["p50", "p99"].map(|end| format!("http_server_latency_milliseconds_{end}"));
    let of = |base: f64, step: u32| {
        figures(&names.join(","), step, |noise| {
            format!("{:.3},{:.3}", base + noise, base + noise)
        })
    };
    folder
        .write("base.csv", of(100.0, 37))
        .write("slow.csv", of(223.0, 41));
    let text = folder.run("canary @base.csv @slow.csv").unwrap();
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{text}");
    for end in ["_p50  ", "_p99  "] {
        let cut = |line: &&str| line.starts_with("http_") && line.contains(end);
        assert_eq!(text.lines().filter(cut).count(), 1, "{text}");
    }
}

#[test]
fn one_row_is_told_as_one_and_no_column_is_made_up() {
    let folder = Folder::new();
    folder
        .write("one.csv", "latency_ms\n5\n")
        .write("text.csv", "latency_ms\n5ms\n");
    let text = folder.run("canary @one.csv @one.csv").unwrap();
    assert!(
        text.starts_with("Not decided: latency_ms has 1 row where 20 are needed."),
        "{text}"
    );
    for part in [
        "latency_ms: there is 1 row where 20 are needed.",
        "Compared: 1 row of each.",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let refused = folder.run("canary @one.csv @text.csv").unwrap_err();
    assert_eq!(
        refused,
        "text.csv, line 2, column \"latency_ms\": \"5ms\" is not a number\n  correct it, or leave the cell empty \
         where there is no value"
    );
}
