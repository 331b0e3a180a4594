//! What a batch does with an input that is not quite one, and that an id comes back as it was.

use crate::harness::Folder;
use serde_json::Value;

fn asked(input: &str) -> String {
    Folder::new().run_with("--batch", input).unwrap()
}

#[track_caller]
fn error(input: &str) -> Value {
    let answer: Value = serde_json::from_str(asked(input).trim_end()).unwrap();
    answer["error"].clone()
}

#[test]
fn an_id_comes_back_to_the_letter() {
    for id in [
        "1234567890123456789012345678901234567890",
        "-0.10",
        "1e400",
        "0.30000000000000000000000000001",
        r#""\u00e9""#,
        r#"{"b": 1, "a": [12345678901234567890123]}"#,
        r#"[1e400,"a"]"#,
        r#"{"a":[-1e999,{"b":1e400}]}"#,
        "null",
        "true",
    ] {
        for rest in [
            r#""method":"p_adjust","inputs":{"p":[1e999]}"#,
            r#""method":1e999,"inputs":{}"#,
            r#""method":"srm","inputs":{"observed":[50,51],"weights":[1,1]}"#,
            r#""method":"srn","inputs":{}"#,
            r#""method":"p_adjust","inputs":{"p":[0.1],"p":[0.2]}"#,
        ] {
            let answer = asked(&format!("{{\"id\":{id},{rest}}}"));
            let wanted = format!("{{\"id\":{id},\"");
            assert!(answer.starts_with(&wanted), "{answer}");
        }
    }
}

#[test]
fn names_given_twice_are_found_within_an_id_and_beside_it() {
    let of = |id: &str| error(&format!("{{{id},\"method\":\"srm\",\"inputs\":{{}}}}"));
    assert_eq!(of(r#""id":{"a":1,"a":2}"#)["field"], "id.a");
    assert_eq!(of(r#""id":1,"id":2"#)["field"], "id");
}

#[test]
fn what_is_no_json_names_one_line_and_a_byte_of_it() {
    let answers = asked("{\"id\":1}\n\n{x}\n");
    let third: Value = serde_json::from_str(answers.lines().nth(2).unwrap()).unwrap();
    let error = &third["error"];
    assert_eq!(error["line"], 3);
    assert_eq!(
        error["message"],
        "the line is not JSON: key must be a string, at byte 2"
    );
}

#[test]
fn a_request_without_inputs_is_told_so() {
    for inputs in ["", r#","inputs":null"#] {
        let error = error(&format!(r#"{{"method":"proportion"{inputs}}}"#));
        assert_eq!(error["field"], "inputs", "{error}");
    }
}

#[test]
fn an_input_that_is_no_text_is_told_once_by_what_it_is() {
    let utf16: Vec<u8> = "{\"id\":1}\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let marked = [&[0xff, 0xfe], utf16.as_slice()].concat();
    for (bytes, what) in [
        (b"\x1f\x8b\x08\0\0\n\0\n".to_vec(), "gzip"),
        (b"\x28\xb5\x2f\xfd\0\n\0\n".to_vec(), "Zstandard"),
        (b"\xfd7zXZ\0\0\x04\n\n".to_vec(), "xz"),
        (b"BZh91AY&SY\n\n".to_vec(), "bzip2"),
        (b"7z\xbc\xaf\x27\x1c\0\x04\n\n".to_vec(), "7z"),
        (b"PK\x03\x04\n\n".to_vec(), "ZIP"),
        (b"PAR1\x15\x04\n\n".to_vec(), "Parquet"),
        (utf16, "UTF-16"),
        (marked, "UTF-16"),
    ] {
        let folder = Folder::new();
        folder.write("in.jsonl", bytes);
        let refused = folder.run("--batch @in.jsonl").unwrap_err();
        assert!(
            refused.contains(what) && refused.contains("a JSON object a line"),
            "{refused}"
        );
    }
}
