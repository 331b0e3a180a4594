//! Files and command lines that cannot give a report: which, where, why, and what to do.

use crate::harness::{Folder, one_line, rows};

const AB: &str = "ab @events.csv --unit user --variant arm --metric revenue";

/// A file, what is added to the command, and what it must say.
#[track_caller]
fn refused(text: impl AsRef<[u8]>, more: &str, expected: &str) {
    let folder = Folder::new();
    folder.write("events.csv", text);
    let line = format!("{AB} {more}");
    assert_eq!(folder.run(&line), Err(expected.to_owned()));
}

#[test]
fn files_without_rows_say_so() {
    refused(
        "",
        "",
        "events.csv: the file is empty\n  write a header line and at least one row",
    );
    refused(
        "\n\n",
        "",
        "events.csv: the file holds nothing but blank lines\n  write a header line and at least one row",
    );
    for header_only in ["user,arm,revenue", "user,arm,revenue\n"] {
        refused(
            header_only,
            "",
            "events.csv: there is a header and no row below it\n  is the export complete?",
        );
    }
    refused(
        "user\n1\n",
        "",
        "events.csv: there is only one column, \"user\"\n  \
         separate columns by comma, semicolon, tab or |, and name them in the first line",
    );
}

#[test]
fn files_of_another_kind_say_so() {
    refused(
        "\0\0\0\0",
        "",
        "events.csv: this is neither CSV nor Parquet\n  name a CSV or Parquet file",
    );
    refused(
        "PAR1 and no more",
        "",
        "events.csv: the Parquet file cannot be read: Parquet error: Invalid Parquet file. Corrupt footer\n  \
         was it written to its end?",
    );
    let wide = |unit: fn(char) -> [u8; 2]| -> Vec<u8> {
        "user,arm,revenue\n1,a,2\n".chars().flat_map(unit).collect()
    };
    let (little, big) = (wide(|c| [c as u8, 0]), wide(|c| [0, c as u8]));
    let utf_16 = "events.csv: this is text in UTF-16\n  save it as UTF-8, as in <(iconv -f UTF-16 -t UTF-8 FILE)";
    refused([b"\xff\xfe".as_slice(), &little].concat(), "", utf_16);
    refused([b"\xfe\xff".as_slice(), &big].concat(), "", utf_16);
    refused(
        &little,
        "",
        "events.csv: this is text in UTF-16, without its mark\n  save it as UTF-8, as in <(iconv -f UTF-16LE -t UTF-8 FILE)",
    );
    refused(
        &big,
        "",
        "events.csv: this is text in UTF-16, without its mark\n  save it as UTF-8, as in <(iconv -f UTF-16BE -t UTF-8 FILE)",
    );
    refused(
        b"\x1f\x8b\x08\0\0\0\0\0",
        "",
        "events.csv: this is compressed with gzip\n  unpack it first, as in <(gzip -dc FILE)",
    );
    let zero = "a zero byte, which no text has\n  \
                is the file damaged? Remove such bytes, as in <(tr -d '\\000' < FILE)";
    refused(
        "user,arm,revenue\n1,control,2\n2,treat\0ment,3\n",
        "",
        &format!("events.csv, line 3: {zero}"),
    );
    refused(
        format!(
            "user,arm,revenue\n{}2,treat\0ment,3\n",
            "1,control,2\n".repeat(2_000_000)
        ),
        "",
        &format!("events.csv, line 2000002: {zero}"),
    );
    let folder = Folder::new();
    let nothing = folder.run("ab @nothing.csv --unit user --variant arm --metric revenue");
    assert_eq!(
        nothing.unwrap_err(),
        "nothing.csv: No such file or directory (os error 2)\n  check the path and who may read it"
    );
    let itself = folder
        .run("ab @. --unit user --variant arm --metric revenue")
        .unwrap_err();
    assert!(
        itself.ends_with("this is a folder\n  name a CSV or Parquet file"),
        "{itself}"
    );
}

#[test]
fn wrong_cells_are_named_by_line_and_column() {
    let cell = |what: &str| {
        format!(
            "events.csv, line 3, column \"revenue\": {what}\n  \
             correct it, or leave the cell empty where there is no value"
        )
    };
    let good = "user,arm,revenue\n1,control,2\n";
    refused(
        format!("{good}2,treatment,abc\n"),
        "",
        &cell("\"abc\" is not a number"),
    );
    refused(
        format!("{good}2,treatment,-inf\n"),
        "",
        &cell("\"-inf\" is not a finite number"),
    );
    refused(
        format!("{good}2,treatment,{}\n", "9".repeat(1_000_000)),
        "",
        &cell(&format!(
            "\"{}…\" (1000000 characters) is too large for a number",
            "9".repeat(40)
        )),
    );
    refused(
        format!("{good}2,treatment\n"),
        "",
        "events.csv, line 3: 2 fields where the header has 3\n  \
         quote fields that hold the separator or a line break",
    );
    refused(
        format!("{good}2\n"),
        "",
        "events.csv, line 3: 1 field where the header has 3\n  \
         quote fields that hold the separator or a line break",
    );
    // The quotation mark that is never closed takes the rest of the file into its field.
    refused(
        format!("{good}2,\"treat\nment,3\n"),
        "",
        "events.csv, line 3: the quotation mark that is opened here is never closed\n  \
         close it; a quotation mark inside quotation marks is written twice",
    );
    // One that another, meant to open, closes.
    refused(
        format!("{good}2,\"treat,3\n3,control,4\"\n4,control,5\n"),
        "",
        "events.csv, line 3: 2 fields where the header has 3; quotation marks hold it together up to line 4\n  \
         is a quotation mark opened here that should not be, or closed too late?",
    );
    refused(
        "user,\"arm,revenue\n1,control,2\n",
        "",
        "events.csv, line 1: the quotation mark that is opened here is never closed\n  \
         close it; a quotation mark inside quotation marks is written twice",
    );
    refused(
        format!("{good}2,\"treat,3\n3,control,4\n4,\"control\",5\n"),
        "",
        "events.csv, line 3, column \"arm\": \"treat,3\\n3,control,4\\n4,control\\\"\" goes over several lines\n  \
         is this the column of the variant, and each quotation mark closed where it should be?",
    );
    // However much comes behind it.
    refused(
        format!("{good}2,\"treatment,3\n{}", "3,control,4\n".repeat(2 << 20)),
        "",
        "events.csv, line 3: the quotation mark that is opened here is never closed\n  \
         close it; a quotation mark inside quotation marks is written twice",
    );
}

#[test]
fn a_quotation_mark_within_a_field_is_a_character() {
    let folder = Folder::new();
    folder.write(
        "inches.csv",
        rows(
            "user,arm,revenue,what",
            (0..400_000).map(|i| format!("{i},{},{},{}\" pipe", ["a", "b"][i % 2], i % 7, i % 5)),
        ),
    );
    let text = folder
        .run("ab @inches.csv --unit user --variant arm --metric revenue")
        .unwrap();
    assert!(one_line(&text).contains("Rows read: 400,000"), "{text}");
}

#[test]
fn a_row_without_end_does_not_fill_the_memory() {
    refused(
        format!(
            "user,arm,revenue\n1,control,1\n2,treatment,{}",
            "9".repeat(40 << 20)
        ),
        "",
        "events.csv, line 3: a row longer than 16 MiB\n  \
         is this a CSV file?",
    );
    refused(
        "9".repeat(20 << 20),
        "",
        "events.csv, line 1: the first line is longer than 16 MiB\n  is this a CSV file?",
    );
}

#[test]
fn the_first_wrong_line_is_told_whichever_thread_finds_one() {
    let mut text = rows(
        "user,arm,revenue",
        (0..400_000).map(|i| format!("{i},control,1")),
    );
    text.push_str("first,control,wrong\n");
    text.push_str(&"second,control,wrong\n".repeat(400_000));
    for _ in 0..2 {
        refused(
            &text,
            "",
            "events.csv, line 400002, column \"revenue\": \"wrong\" is not a number\n  \
             correct it, or leave the cell empty where there is no value",
        );
    }
}

#[test]
fn times_are_of_one_kind() {
    refused(
        "user,arm,revenue,at\n1,control,2,2026-01-01\n2,green,2,17\n",
        "--time at",
        "events.csv, line 3, column \"at\": \"17\": times are plain numbers in some rows and dates in \
         others\n  write all times alike",
    );
    refused(
        "user,arm,revenue,at\n1,control,2,noon\n",
        "--time at",
        "events.csv, line 2, column \"at\": \"noon\" is not a time\n  \
         write numbers, or dates as 2026-01-31T12:00:00Z",
    );
}

#[test]
fn columns_are_named_as_they_are() {
    refused(
        "user_id,arm,revenue\n1,control,2\n",
        "",
        "events.csv: there is no column \"user\"\n  did you mean \"user_id\"?",
    );
    refused(
        "id,arm,revenue\n1,control,2\n",
        "",
        "events.csv: there is no column \"user\"\n  there is: id, arm, revenue",
    );
    refused(
        "user,arm,revenue,revenue\n1,control,2,3\n",
        "",
        "events.csv: there are two columns \"revenue\"\n  give each column a name of its own",
    );
}

#[test]
fn arms_that_make_no_comparison_say_so() {
    let arm = |what: &str| format!("events.csv, column \"arm\": {what}");
    refused(
        "user,arm,revenue\n1,control,2\n2,control,2\n",
        "",
        &arm(
            "there is only one variant, \"control\"\n  a comparison needs two; is the export complete?",
        ),
    );
    refused(
        "user,arm,revenue\n1,,2\n2,,2\n",
        "",
        &arm("no row names a variant\n  is this the column of the variant?"),
    );
    let colours = "user,arm,revenue\n1,red,2\n2,green,2\n";
    refused(
        colours,
        "",
        &arm(
            "which variant is the control cannot be told\n  name it with --control; there is: green, red",
        ),
    );
    refused(
        colours,
        "--control gren",
        &arm("there is no variant \"gren\"\n  in --control, did you mean \"green\"?"),
    );
    refused(
        colours,
        "--control red --share red=0.5 --share blue=0.5",
        &arm("there is no variant \"blue\"\n  in --share, there is: green, red"),
    );
    refused(
        colours,
        "--control red --share red=0",
        "--share: the shares add up to 0, not to 1\n  \
         give every variant its share of all units, as --share control=0.5 --share treatment=0.5",
    );
    refused(
        rows(
            "user,arm,revenue",
            (0..101).map(|i| format!("{i},arm{i},1")),
        ),
        "",
        "events.csv, line 102, column \"arm\": there are more than 100 variants\n  \
         name the column that holds the variant",
    );
}

#[test]
fn a_guardrail_at_a_level_of_a_half_is_refused_for_that() {
    let folder = Folder::new();
    folder.write(
        "events.csv",
        rows(
            "user,arm,revenue",
            (0..400).map(|i| format!("{i},{},{}", ["control", "new"][i % 2], i % 7)),
        ),
    );
    let line = "ab @events.csv --unit user --variant arm --metric revenue";
    for (more, method) in [
        ("", ""),
        (":conversion", " --sequential"),
        (":p50", " --sequential"),
    ] {
        let wrong = format!("{line}{more}:guardrail=5%{method} --alpha 0.5");
        let refused = folder.run(&wrong).unwrap_err();
        assert!(refused.starts_with("--alpha: revenue"), "{refused}");
        assert!(refused.contains("below 0.5"), "{refused}");
        assert!(folder.run(&wrong.replace("0.5", "0.49")).is_ok(), "{wrong}");
        // Without a guardrail nothing is one-sided.
        assert!(
            folder
                .run(&format!("{line}{more}{method} --alpha 0.5"))
                .is_ok()
        );
    }
}

#[test]
fn wrong_usage_ends_with_2() {
    for (more, part) in [
        (
            "--alpha 1",
            "it is no level of error; give a number above 0 and below 1",
        ),
        ("--alpha 0", "it is no level of error"),
        ("--memory 3", "write it as 512M or 2G"),
        ("--memory -1G", "write it as 512M or 2G"),
        ("--alpha -1", "it is no level of error"),
        (
            "--alpha many",
            "it is no number; give one above 0 and below 1",
        ),
        ("--sequential --tuning -1", "-1 is not in 2.."),
        ("--metric revenue:guardrail=-1%", "\"-1%\" is no margin"),
        ("--metric :mean", "it names no column"),
        ("--share control=-1", "\"-1\" is no share"),
        ("--share control", "write it as NAME=SHARE"),
        ("--sequential --bayesian", "cannot be used with"),
        (
            "--exposures @a.csv --conversions @b.csv",
            "cannot be used with",
        ),
        ("--tuning 100", "--sequential"),
    ] {
        let error = Folder::new().run(&format!("{AB} {more}")).unwrap_err();
        assert!(
            error.starts_with("ends with 2\n") && error.contains(part),
            "{more}: {error}"
        );
    }
}

#[test]
fn shares_add_up_to_1() {
    let three = "user,arm,revenue\n1,red,2\n2,green,2\n3,red,3\n4,green,1\n";
    let control = "--control red";
    refused(
        three,
        &format!("{control} --share red=50 --share green=50"),
        "--share: the shares add up to 100, not to 1\n  \
         give every variant its share of all units, for this ratio --share red=0.5 --share green=0.5",
    );
    refused(
        three,
        &format!("{control} --share red=0.5"),
        "--share: the shares add up to 0.5, not to 1\n  \
         give every variant its share of all units, as --share control=0.5 --share treatment=0.5",
    );
    refused(
        three,
        &format!("{control} --share red=0.5 --share red=0.5"),
        "--share: \"red\" has two shares\n  give each variant one",
    );
    let folder = Folder::new();
    folder.write("events.csv", three);
    for shares in [
        "--share red=50% --share green=50%",
        "--share red=0.5 --share green=0.5",
    ] {
        folder.run(&format!("{AB} {control} {shares}")).unwrap();
    }
}

#[test]
fn negative_numbers_are_told_to_be_wrong_by_what_they_are_for() {
    for (more, part) in [
        (
            "--tolerance -0.1",
            "give a share of the baseline, 0 or more",
        ),
        ("--margin -1", "give a share of the trials"),
        ("--min-sample -5", "give a whole number"),
        ("--alpha -0.05", "it is no level of error"),
    ] {
        let error = Folder::new()
            .run(&format!("canary a.csv b.csv {more}"))
            .unwrap_err();
        assert!(
            error.starts_with("ends with 2\n") && error.contains(part) && !error.contains("tip:"),
            "{more}: {error}"
        );
    }
}

#[test]
fn a_pipe_is_read_once_and_one_without_a_writer_is_refused() {
    use std::io::Write;
    let folder = Folder::new();
    let pipe = folder.path("events.csv");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    assert_eq!(
        folder.run(AB).unwrap_err(),
        "events.csv: this is a pipe that nobody writes to\n  start what writes to it first, or name a file"
    );
    let text = rows(
        "user,arm,revenue",
        (0..200_000).map(|i| format!("{i},{},{}", ["control", "treatment"][i % 2], i % 7)),
    );
    let writer = std::thread::spawn({
        let (pipe, text) = (pipe.clone(), text.clone());
        move || {
            let mut pipe = std::fs::OpenOptions::new().write(true).open(pipe).unwrap();
            pipe.write_all(text.as_bytes()).unwrap();
        }
    });
    let piped = folder.run(AB).unwrap();
    writer.join().unwrap();
    std::fs::remove_file(&pipe).unwrap();
    folder.write("events.csv", &text);
    assert_eq!(piped, folder.run(AB).unwrap());
    assert_eq!(
        folder
            .run("ab /dev/zero --unit user --variant arm --metric revenue")
            .unwrap_err(),
        "/dev/zero: this is a device, not a file\n  name a CSV or Parquet file"
    );
}
