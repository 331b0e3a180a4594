//! Parquet files as other software writes them, and as they are when something broke.

use crate::harness::{Event, Folder, csv, parquet};
use parquet::data_type::{
    ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType,
    Int32Type, Int64Type, Int96, Int96Type,
};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use serde_json::Value;

type Group<'a> = SerializedRowGroupWriter<'a, Vec<u8>>;

/// A file with this schema, its row groups written by `group` until it says there are no more.
fn written(schema: &str, mut group: impl FnMut(usize, &mut Group<'_>) -> bool) -> Vec<u8> {
    let schema = parquet::schema::parser::parse_message_type(schema).unwrap();
    let mut writer =
        SerializedFileWriter::new(Vec::new(), schema.into(), Default::default()).unwrap();
    for number in 0.. {
        let mut next = writer.next_row_group().unwrap();
        let more = group(number, &mut next);
        next.close().unwrap();
        if !more {
            break;
        }
    }
    writer.into_inner().unwrap()
}

fn column<T: DataType>(group: &mut Group<'_>, values: &[T::T], levels: Option<&[i16]>) {
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<T>()
        .write_batch(values, levels, None)
        .unwrap();
    column.close().unwrap();
}

const UNITS: i64 = 400;

fn units(group: &mut Group<'_>) {
    let units: Vec<i64> = (0..UNITS).collect();
    column::<Int64Type>(group, &units, None);
    let arms: Vec<ByteArray> = units
        .iter()
        .map(|unit| ByteArray::from(["control", "treatment"][*unit as usize % 2]))
        .collect();
    column::<ByteArrayType>(group, &arms, None);
}

/// What a metric of this type comes to: the two values, or the error.
fn read(metric: &str, mut write: impl FnMut(&mut Group<'_>)) -> Result<[f64; 2], String> {
    let folder = Folder::new();
    let schema =
        format!("message m {{ required int64 user; required binary arm (utf8); {metric} }}");
    let file = written(&schema, |_, group| {
        units(group);
        write(group);
        false
    });
    folder.write("m.parquet", file);
    let name = if metric.contains("group") { "x.m" } else { "m" };
    let line = format!("ab @m.parquet --unit user --variant arm --metric {name} --json");
    let report: Value = serde_json::from_str(&folder.run(&line)?).unwrap();
    let metric = &report["metrics"][0];
    let value = |arm: &Value| arm["value"].as_f64().unwrap();
    Ok([value(&metric["control"]), value(&metric["comparisons"][0])])
}

#[test]
fn whole_numbers_without_a_sign_and_decimals_are_what_they_mean() {
    let all = |value: fn(i64) -> i32| (0..UNITS).map(value).collect::<Vec<i32>>();
    let whole = read("required int32 m (integer(32,false));", |group| {
        column::<Int32Type>(group, &all(|i| if i % 2 == 0 { -1 } else { -2 }), None);
    });
    assert_eq!(whole, Ok([4_294_967_295.0, 4_294_967_294.0]));
    let long = read("required int64 m (integer(64,false));", |group| {
        let values: Vec<i64> = (0..UNITS)
            .map(|i| if i % 2 == 0 { i64::MIN } else { 7 })
            .collect();
        column::<Int64Type>(group, &values, None);
    });
    assert_eq!(long, Ok([9_223_372_036_854_775_808.0, 7.0]));
    let stored = read("required int32 m (decimal(9,2));", |group| {
        column::<Int32Type>(
            group,
            &all(|i| if i % 2 == 0 { 1_995 } else { -1_995 }),
            None,
        );
    });
    assert_eq!(stored, Ok([19.95, -19.95]));
    let digits = |i: i64| {
        if i % 2 == 0 { 1_995_i128 } else { -1_995 }
            .to_be_bytes()
            .to_vec()
    };
    let fixed = read(
        "required fixed_len_byte_array(16) m (decimal(38,2));",
        |group| {
            let values: Vec<FixedLenByteArray> = (0..UNITS)
                .map(|i| ByteArray::from(digits(i)).into())
                .collect();
            column::<FixedLenByteArrayType>(group, &values, None);
        },
    );
    assert_eq!(fixed, stored);
    let free = read("required binary m (decimal(38,2));", |group| {
        let values: Vec<ByteArray> = (0..UNITS).map(|i| digits(i).into()).collect();
        column::<ByteArrayType>(group, &values, None);
    });
    assert_eq!(free, stored);
}

#[test]
fn nested_columns_are_named_by_their_path_and_missing_ones_are_missing() {
    let nested = read("optional group x { optional double m; }", |group| {
        // Neither the group, nor its member, or both.
        let levels: Vec<i16> = (0..UNITS)
            .map(|i| [0, 1, 2, 2][i as usize / 2 % 4])
            .collect();
        let values: Vec<f64> = levels
            .iter()
            .filter(|level| **level == 2)
            .map(|_| 6.0)
            .collect();
        column::<DoubleType>(group, &values, Some(&levels));
    });
    assert_eq!(nested, Ok([3.0, 3.0]));
}

#[test]
fn columns_that_are_there_and_hold_no_numbers_are_told_as_what_they_are() {
    let folder = Folder::new();
    let schema = "message m { required int64 user; required binary arm (utf8);
        required group l (list) { repeated group list { required double element; } }
        required group x { required double low; required double high; }
        required fixed_len_byte_array(2) f (float16); }";
    let file = written(schema, |_, group| {
        units(group);
        let all = vec![1.5; UNITS as usize];
        let ones = vec![1; UNITS as usize];
        let mut list = group.next_column().unwrap().unwrap();
        list.typed::<DoubleType>()
            .write_batch(&all, Some(&ones), Some(&vec![0; UNITS as usize]))
            .unwrap();
        list.close().unwrap();
        for _ in 0..2 {
            column::<DoubleType>(group, &all, None);
        }
        let half: FixedLenByteArray = ByteArray::from(vec![0, 0x3c]).into();
        column::<FixedLenByteArrayType>(group, &vec![half; UNITS as usize], None);
        false
    });
    folder.write("m.parquet", file);
    for (metric, error) in [
        (
            "l",
            "m.parquet: the column \"l\" holds lists\n  unnest it first",
        ),
        (
            "x:down",
            "m.parquet: the column \"x\" is made of others\n  name the one that is meant; there is: x.low, x.high",
        ),
        (
            "f",
            "m.parquet, column \"f\": a column of type Float16 cannot be a metric\n  write it as numbers of 32 or 64 bits",
        ),
    ] {
        let line = format!("ab @m.parquet --unit user --variant arm --metric {metric}");
        assert_eq!(folder.run(&line).unwrap_err(), error);
    }
}

#[test]
fn a_moment_is_no_metric() {
    for (kind, at) in [
        ("timestamp_millis", 0),
        ("timestamp(micros,true)", 0),
        ("time(micros,true)", 0),
    ] {
        let moments = read(&format!("required int64 m ({kind});"), |group| {
            column::<Int64Type>(group, &vec![at; UNITS as usize], None);
        });
        let error = moments.unwrap_err();
        assert!(
            error.starts_with("m.parquet, column \"m\": a column of type T")
                && error.ends_with("cannot be a metric\n  metrics are numbers, or true and false"),
            "{kind}: {error}"
        );
    }
}

#[test]
fn old_moments_of_96_bits_are_times() {
    let folder = Folder::new();
    let schema = "message m { required int64 user; required binary arm (utf8); required int96 at; required double m; }";
    let file = written(schema, |_, group| {
        units(group);
        // The second half of the users was seen at noon of the first of January 1970, the others the day after.
        let moments: Vec<Int96> = (0..UNITS)
            .map(|i| {
                let mut moment = Int96::new();
                let noon = 12 * 3_600 * 1_000_000_000_u64;
                moment.set_data(
                    noon as u32,
                    (noon >> 32) as u32,
                    2_440_588 + u32::from(i < UNITS / 2),
                );
                moment
            })
            .collect();
        column::<Int96Type>(group, &moments, None);
        column::<DoubleType>(
            group,
            &(0..UNITS).map(|i| i as f64).collect::<Vec<_>>(),
            None,
        );
        false
    });
    folder.write("old.parquet", file);
    let text = folder
        .run("ab @old.parquet --unit user --variant arm --time at --metric m")
        .unwrap();
    assert!(
        text.contains("Time goes backwards in the file once"),
        "{text}"
    );
}

#[test]
fn row_groups_without_rows_are_passed_over() {
    let folder = Folder::new();
    let schema =
        "message m { required int64 user; required binary arm (utf8); required double m; }";
    let values: Vec<f64> = (0..UNITS).map(|i| (100 + i % 7) as f64).collect();
    let file = written(schema, |number, group| {
        if number % 2 == 0 {
            column::<Int64Type>(group, &[], None);
            column::<ByteArrayType>(group, &[], None);
            column::<DoubleType>(group, &[], None);
        } else {
            units(group);
            column::<DoubleType>(group, &values, None);
        }
        number < 4
    });
    folder.write("gaps.parquet", file);
    let text = folder
        .run("ab @gaps.parquet --unit user --variant arm --metric m")
        .unwrap();
    assert!(
        crate::harness::one_line(&text).contains("Rows read: 800"),
        "{text}"
    );
    let judged = folder
        .run("canary @gaps.parquet @gaps.parquet --metric m:increase --tolerance 40%")
        .unwrap();
    assert!(judged.starts_with("The canary passes"), "{judged}");
}

fn some() -> Vec<Event> {
    (0..600)
        .map(|user| Event {
            user,
            arm: Some(["control", "treatment"][user as usize % 2]),
            at: user * 1_000,
            revenue: (user % 3 > 0).then_some((user * 31 % 97) as f64),
        })
        .collect()
}

const AB: &str = "ab @e.parquet --unit user --variant arm --time at --metric revenue";

#[test]
fn what_was_cut_off_says_so() {
    let folder = Folder::new();
    let whole = parquet(&some(), 200);
    for length in [
        4,
        5,
        8,
        12,
        100,
        whole.len() / 2,
        whole.len() - 9,
        whole.len() - 1,
    ] {
        folder.write("e.parquet", &whole[..length]);
        let error = folder.run(AB).unwrap_err();
        assert!(
            error.starts_with("e.parquet: the Parquet file cannot be read: ")
                && error.ends_with("\n  was it written to its end?"),
            "{length}: {error}"
        );
    }
}

#[test]
fn a_canary_is_judged_out_of_parquet_too() {
    let folder = Folder::new();
    let events = some();
    folder
        .write("e.parquet", parquet(&events, 200))
        .write("e.csv", csv(&events));
    // Its unit is a number like others, and its variant is text.
    let refused = folder.run("canary @e.parquet @e.parquet").unwrap_err();
    assert_eq!(
        refused,
        "e.parquet, row 1, column \"arm\": \"control\" is not a number\n  correct it, or leave it null where \
         there is no value; or name the metrics wanted, as --metric user --metric revenue"
    );
    let line = |file: &str| format!("canary @{file} @{file} --metric revenue:increase --time at");
    let columnar = folder.run(&line("e.parquet")).unwrap();
    assert_eq!(columnar, folder.run(&line("e.csv")).unwrap());
    assert!(
        columnar.contains("no value in 200 of 600 rows"),
        "{columnar}"
    );
}

/// As data frames write them that once had a gap.
#[test]
fn units_and_times_may_be_floats_and_nan_is_no_gap() {
    let folder = Folder::new();
    let schema = "message m { optional double user; required binary arm (utf8); required double at; \
                  optional double m; }";
    let rows = 400_u32;
    let write = |unit: f64| {
        written(schema, |_, group| {
            let units: Vec<f64> = (1..rows).map(f64::from).chain([unit]).collect();
            let levels: Vec<i16> = (0..=rows).map(|row| i16::from(row > 0)).collect();
            column::<DoubleType>(group, &units, Some(&levels));
            let arms: Vec<ByteArray> = (0..=rows)
                .map(|row| ByteArray::from(["control", "treatment"][row as usize % 2]))
                .collect();
            column::<ByteArrayType>(group, &arms, None);
            let times: Vec<f64> = (0..=rows)
                .map(|row| 1.7e9 + 0.25 * f64::from(row))
                .collect();
            column::<DoubleType>(group, &times, None);
            // One is null, and one in four says NaN.
            let values: Vec<f64> = (1..=rows)
                .map(|row| {
                    if row % 4 == 0 {
                        f64::NAN
                    } else {
                        f64::from(row % 7)
                    }
                })
                .collect();
            column::<DoubleType>(group, &values, Some(&levels));
            false
        })
    };
    let line = "ab @f.parquet --unit user --variant arm --time at --metric m";
    folder.write("f.parquet", write(400.0));
    let report = folder.run(&format!("{line} --json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["reading"]["rows_without_unit"], 1);
    assert_eq!(report["reading"]["nan_cells"], 100);
    assert_eq!(report["arms"][0]["units"], 200);
    // The same as text, where a unit is a whole number and a gap is nothing.
    let text: Vec<String> = (1..=rows)
        .map(|row| {
            let arm = ["control", "treatment"][row as usize % 2];
            let value = if row % 4 == 0 {
                String::new()
            } else {
                (row % 7).to_string()
            };
            format!("{row},{arm},{:.2},{value}", 1.7e9 + 0.25 * f64::from(row))
        })
        .collect();
    folder.write("f.csv", format!("user,arm,at,m\n{}\n", text.join("\n")));
    let same = folder.run(&format!("{} --json", line.replace("parquet", "csv")));
    let same: Value = serde_json::from_str(&same.unwrap()).unwrap();
    assert_eq!(same["metrics"], report["metrics"]);
    folder.write("f.parquet", write(400.5));
    let error = folder.run(line).unwrap_err();
    assert!(
        error.contains("row 401, column \"user\": 400.5 is no whole number"),
        "{error}"
    );
}

#[test]
fn a_row_without_a_time_is_no_way_back() {
    let folder = Folder::new();
    let schema = "message m { required int64 user; required binary arm (utf8); optional int64 at; \
                  required double m; }";
    // At the first row of what is decoded at once, and in its midst.
    let gaps = [0, 500, 16_384, 32_768];
    let rows = 40_000_usize;
    let file = |backwards: bool| {
        written(schema, |_, group| {
            column::<Int64Type>(group, &(0..rows as i64).collect::<Vec<_>>(), None);
            let arms: Vec<ByteArray> = (0..rows)
                .map(|row| ByteArray::from(["control", "treatment"][row % 2]))
                .collect();
            column::<ByteArrayType>(group, &arms, None);
            let mut times: Vec<i64> = (0..rows - gaps.len())
                .map(|row| 1_000 + row as i64)
                .collect();
            if backwards {
                times[7_000] = 3;
            }
            let levels: Vec<i16> = (0..rows)
                .map(|row| i16::from(!gaps.contains(&row)))
                .collect();
            column::<Int64Type>(group, &times, Some(&levels));
            let values: Vec<f64> = (0..rows).map(|row| (row % 7) as f64).collect();
            column::<DoubleType>(group, &values, None);
            false
        })
    };
    for (backwards, told) in [(false, false), (true, true)] {
        folder.write("f.parquet", file(backwards));
        let line = "ab @f.parquet --unit user --variant arm --time at --metric m";
        let text = folder.run(line).unwrap();
        assert!(text.contains("4 rows without a time, left out"), "{text}");
        assert_eq!(
            text.contains("Time goes backwards in the file once"),
            told,
            "{text}"
        );
        assert_eq!(text.contains("Time goes backwards"), told, "{text}");
    }
}
