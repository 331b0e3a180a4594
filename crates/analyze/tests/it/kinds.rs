//! The kinds of columns that Parquet files have.

use crate::harness::Folder;
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, FloatType, Int32Type, Int64Type, Int96, Int96Type,
};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use serde_json::Value;

type Group<'a> = SerializedRowGroupWriter<'a, Vec<u8>>;

/// Writes the next column; `None` is null.
fn column<T: DataType>(group: &mut Group<'_>, rows: impl IntoIterator<Item = Option<T::T>>) {
    let rows: Vec<Option<T::T>> = rows.into_iter().collect();
    let levels: Vec<i16> = rows.iter().map(|row| row.is_some().into()).collect();
    let values: Vec<T::T> = rows.into_iter().flatten().collect();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<T>()
        .write_batch(&values, Some(&levels), None)
        .unwrap();
    column.close().unwrap();
}

fn file(schema: &str, write: impl Fn(&mut Group<'_>)) -> Vec<u8> {
    let schema = parquet::schema::parser::parse_message_type(schema).unwrap();
    let mut writer =
        SerializedFileWriter::new(Vec::new(), schema.into(), Default::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    write(&mut group);
    group.close().unwrap();
    writer.into_inner().unwrap()
}

const ROWS: i32 = 400;

/// Units, arms, times and values of many kinds; every hundredth unit and day is missing.
fn kinds() -> Vec<u8> {
    let schema = "message kinds {
        optional int32 user;
        optional boolean treated;
        optional int32 day (date);
        optional int96 old_time;
        optional int64 price (decimal(10, 2));
        optional float score;
        optional binary words (utf8);
        optional binary big (decimal(30, 2));
    }";
    file(schema, |group| {
        column::<Int32Type>(group, (0..ROWS).map(|i| (i % 100 != 7).then_some(i)));
        column::<BoolType>(group, (0..ROWS).map(|i| Some(i % 2 == 1)));
        column::<Int32Type>(
            group,
            (0..ROWS).map(|i| (i % 100 != 9).then_some(20_000 + i)),
        );
        column::<Int96Type>(
            group,
            (0..ROWS).map(|i| {
                let mut time = Int96::new();
                time.set_data(0, 0, 2_440_588 + i.cast_unsigned());
                Some(time)
            }),
        );
        column::<Int64Type>(
            group,
            (0..ROWS).map(|i| Some(i64::from(1_000 + i % 7 + 100 * (i % 2)))),
        );
        column::<FloatType>(group, (0..ROWS).map(|i| Some(0.5 + (i % 5) as f32)));
        column::<ByteArrayType>(
            group,
            (0..ROWS).map(|i| Some(ByteArray::from(i.to_string().as_str()))),
        );
        column::<ByteArrayType>(group, (0..ROWS).map(|_| Some(ByteArray::from("x"))));
    })
}

const AB: &str = "ab @kinds.parquet --unit user --variant treated";

fn report(folder: &Folder, more: &str) -> Value {
    serde_json::from_str(&folder.run(&format!("{AB} {more} --json")).unwrap()).unwrap()
}

#[test]
fn decimals_floats_and_text_are_numbers() {
    let folder = Folder::new();
    folder.write("kinds.parquet", kinds());
    let report = report(
        &folder,
        "--metric price --metric score --metric words --metric big",
    );
    assert_eq!(report["control"], "false");
    assert_eq!(report["reading"]["rows_without_unit"], 4);
    let mean = |at: usize| report["metrics"][at]["control"]["value"].as_f64().unwrap();
    assert!((10.0..10.1).contains(&mean(0)), "{report}");
    assert!((0.5..4.5).contains(&mean(1)), "{report}");
    assert!((195.0..205.0).contains(&mean(2)), "{report}");
    assert_eq!(mean(3), 1.2, "{report}");
}

#[test]
fn dates_and_old_timestamps_are_times() {
    let folder = Folder::new();
    folder.write("kinds.parquet", kinds());
    let dates = report(&folder, "--metric price --time day");
    assert_eq!(dates["reading"]["rows_without_time"], 4);
    assert_eq!(
        report(&folder, "--metric price --time old_time")["reading"]["rows_without_time"],
        0
    );
}

#[test]
fn columns_that_fit_nothing_say_so() {
    let folder = Folder::new();
    folder.write("kinds.parquet", kinds());
    for (more, expected) in [
        (
            "--metric day",
            "kinds.parquet, column \"day\": a column of type Date cannot be a metric\n  \
             metrics are numbers, or true and false",
        ),
        (
            "--metric price --time score",
            "kinds.parquet, column \"score\": a column of type FLOAT cannot be a time\n  \
             times are timestamps, dates, whole numbers or text",
        ),
    ] {
        assert_eq!(folder.run(&format!("{AB} {more}")).unwrap_err(), expected);
    }
    let lists = file(
        "message lists { required int64 user; optional binary arm (utf8); repeated int64 m; }",
        |group| {
            let mut user = group.next_column().unwrap().unwrap();
            user.typed::<Int64Type>()
                .write_batch(&[1], None, None)
                .unwrap();
            user.close().unwrap();
            column::<ByteArrayType>(group, [Some(ByteArray::from("a"))]);
            let mut list = group.next_column().unwrap().unwrap();
            list.typed::<Int64Type>()
                .write_batch(&[1, 2], Some(&[1, 1]), Some(&[0, 1]))
                .unwrap();
            list.close().unwrap();
        },
    );
    folder.write("lists.parquet", lists);
    assert_eq!(
        folder
            .run("ab @lists.parquet --unit user --variant arm --metric m")
            .unwrap_err(),
        "lists.parquet, column \"m\": this column holds lists\n  unnest it first"
    );
}

#[test]
fn a_file_cut_short_says_so() {
    let folder = Folder::new();
    let whole = kinds();
    folder.write("kinds.parquet", &whole[..whole.len() / 2]);
    let error = folder.run(&format!("{AB} --metric price")).unwrap_err();
    assert!(
        error.starts_with("kinds.parquet: the Parquet file cannot be read"),
        "{error}"
    );
    assert!(error.ends_with("was it written to its end?"), "{error}");
}

/// Whatever byte is wrong, there is an error or a report, and never a panic.
#[test]
fn damaged_files_do_no_harm() {
    let folder = Folder::new();
    let whole = kinds();
    let mut errors = 0;
    for at in (4..whole.len()).step_by(whole.len() / 150) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x5a;
        folder.write("kinds.parquet", damaged);
        errors += u32::from(
            folder
                .run(&format!("{AB} --metric price --time day"))
                .is_err(),
        );
    }
    assert!(
        errors > 10,
        "the damage was seen in {errors} of 150 files only"
    );
}
