//! Writes an experiment whose truth is known: seeded, so the same call writes the same rows.
//!
//! `cargo xtask gen-experiment --exposures 10000000 --out /tmp/exposures.parquet` runs this.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    reason = "made-up numbers within known bounds"
)]

use clap::Parser;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows a row group; what the usual writers take.
const GROUP: u64 = 1_000_000;
const ARMS: [&str; 2] = ["control", "treatment"];
const CONVERSION: [f64; 2] = [0.100, 0.104];
/// Of the logarithm of what one conversion brings.
const REVENUE_MU: f64 = 3.0;
const REVENUE_SIGMA: f64 = 0.8;
const FROM: u64 = 1_767_225_600_000_000;
const FOR: u64 = 14 * 86_400_000_000;

/// Write an experiment whose truth is known, as Parquet or CSV.
#[derive(Parser)]
#[command(
    bin_name = "cargo xtask gen-experiment",
    after_help = "Example:\n  cargo xtask gen-experiment --exposures 1000000 --out /tmp/experiment.parquet\n  \
                  viridian analyze ab /tmp/experiment.parquet --unit user_id --variant variant \\\n    \
                  --time at --metric revenue --metric converted:conversion"
)]
struct Args {
    /// Exposed units.
    #[arg(long, value_name = "N")]
    exposures: u64,
    /// The file to write; its ending, .parquet or .csv, says how.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Write the conversions into a file of their own.
    #[arg(long, value_name = "FILE")]
    conversions: Option<PathBuf>,
    /// Name units by text instead of a number.
    #[arg(long)]
    text_units: bool,
    /// The share of units that are exposed a second time, in the other arm.
    #[arg(long, default_value_t = 0.0, value_name = "SHARE")]
    in_two_arms: f64,
    /// The share of the treatment.
    #[arg(long, default_value_t = 0.5, value_name = "SHARE")]
    split: f64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// One event: an exposure names its arm, a conversion what it brought.
struct Event {
    unit: i64,
    at: i64,
    arm: Option<usize>,
    revenue: Option<f64>,
}

fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Uniform in [0, 1): draw `of` of unit `i`.
fn draw(seed: u64, i: u64, of: u64) -> f64 {
    (mix(mix(seed ^ of.rotate_left(32)) ^ i) >> 11) as f64 / (1u64 << 53) as f64
}

impl Args {
    /// The events of one unit, in order of time.
    fn unit(&self, i: u64, mut event: impl FnMut(Event)) {
        let draw = |of| draw(self.seed, i, of);
        let unit = (mix(self.seed ^ i) >> 1) as i64;
        let at = (FROM + i * FOR / self.exposures.max(1)) as i64;
        let arm = usize::from(draw(1) < self.split);
        let exposure = |at, arm| Event {
            unit,
            at,
            arm: Some(arm),
            revenue: None,
        };
        event(exposure(at, arm));
        if draw(2) < self.in_two_arms {
            event(exposure(at + 1, 1 - arm));
        }
        if draw(3) < CONVERSION[arm] {
            let normal =
                (-2.0 * (1.0 - draw(4)).ln()).sqrt() * (std::f64::consts::TAU * draw(5)).cos();
            event(Event {
                unit,
                at: at + (draw(6) * 3.6e9) as i64 + 2,
                arm: None,
                revenue: Some((REVENUE_MU + REVENUE_SIGMA * normal).exp()),
            });
        }
    }
}

trait Table {
    fn group(&mut self, events: &[Event]) -> Result<(), Box<dyn Error>>;
    fn end(self: Box<Self>) -> Result<(), Box<dyn Error>>;
}

fn name(unit: i64) -> String {
    format!("u-{unit:012x}")
}

struct Csv(BufWriter<File>, bool);

impl Table for Csv {
    fn group(&mut self, events: &[Event]) -> Result<(), Box<dyn Error>> {
        for event in events {
            let unit = if self.1 {
                name(event.unit)
            } else {
                event.unit.to_string()
            };
            let arm = event.arm.map_or("", |arm| ARMS[arm]);
            match event.revenue {
                Some(revenue) => writeln!(self.0, "{unit},{arm},{},{revenue:.2},1", event.at)?,
                None => writeln!(self.0, "{unit},{arm},{},,", event.at)?,
            }
        }
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<(), Box<dyn Error>> {
        Ok(self.0.flush()?)
    }
}

struct Parquet(SerializedFileWriter<File>, bool);

impl Parquet {
    fn create(path: &Path, text: bool) -> Result<Self, Box<dyn Error>> {
        let column = |name: &str, kind, logical, repetition| {
            Type::primitive_type_builder(name, kind)
                .with_repetition(repetition)
                .with_logical_type(logical)
                .build()
                .map(Arc::new)
        };
        let unit = if text {
            column(
                "user_id",
                Physical::BYTE_ARRAY,
                Some(LogicalType::String),
                Repetition::REQUIRED,
            )?
        } else {
            column("user_id", Physical::INT64, None, Repetition::REQUIRED)?
        };
        let stamp = LogicalType::timestamp(true, TimeUnit::MICROS);
        let schema = Type::group_type_builder("schema")
            .with_fields(vec![
                unit,
                column(
                    "variant",
                    Physical::BYTE_ARRAY,
                    Some(LogicalType::String),
                    Repetition::OPTIONAL,
                )?,
                column("at", Physical::INT64, Some(stamp), Repetition::REQUIRED)?,
                column("revenue", Physical::DOUBLE, None, Repetition::OPTIONAL)?,
                column("converted", Physical::INT64, None, Repetition::OPTIONAL)?,
            ])
            .build()?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_column_dictionary_enabled("user_id".into(), false)
            .set_column_dictionary_enabled("at".into(), false)
            .build();
        let writer =
            SerializedFileWriter::new(File::create(path)?, Arc::new(schema), Arc::new(properties))?;
        Ok(Self(writer, text))
    }
}

fn column<T: parquet::data_type::DataType>(
    group: &mut SerializedRowGroupWriter<'_, File>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Result<(), Box<dyn Error>> {
    let mut column = group.next_column()?.ok_or("a column too many")?;
    column.typed::<T>().write_batch(values, levels, None)?;
    Ok(column.close()?)
}

impl Table for Parquet {
    fn group(&mut self, events: &[Event]) -> Result<(), Box<dyn Error>> {
        let arms = ARMS.map(ByteArray::from);
        let mut group = self.0.next_row_group()?;
        if self.1 {
            let units: Vec<ByteArray> = events
                .iter()
                .map(|event| name(event.unit).as_str().into())
                .collect();
            column::<ByteArrayType>(&mut group, &units, None)?;
        } else {
            let units: Vec<i64> = events.iter().map(|event| event.unit).collect();
            column::<Int64Type>(&mut group, &units, None)?;
        }
        let exposed: Vec<ByteArray> = events
            .iter()
            .filter_map(|event| Some(arms[event.arm?].clone()))
            .collect();
        let levels: Vec<i16> = events
            .iter()
            .map(|event| event.arm.is_some().into())
            .collect();
        column::<ByteArrayType>(&mut group, &exposed, Some(&levels))?;
        let at: Vec<i64> = events.iter().map(|event| event.at).collect();
        column::<Int64Type>(&mut group, &at, None)?;
        let revenue: Vec<f64> = events.iter().filter_map(|event| event.revenue).collect();
        let levels: Vec<i16> = events
            .iter()
            .map(|event| event.revenue.is_some().into())
            .collect();
        column::<DoubleType>(&mut group, &revenue, Some(&levels))?;
        column::<Int64Type>(&mut group, &vec![1; revenue.len()], Some(&levels))?;
        group.close()?;
        Ok(())
    }

    fn end(self: Box<Self>) -> Result<(), Box<dyn Error>> {
        self.0.close()?;
        Ok(())
    }
}

fn create(path: &Path, text: bool) -> Result<Box<dyn Table>, Box<dyn Error>> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("parquet") => Ok(Box::new(Parquet::create(path, text)?)),
        Some("csv") => {
            let mut file = BufWriter::new(File::create(path)?);
            writeln!(file, "user_id,variant,at,revenue,converted")?;
            Ok(Box::new(Csv(file, text)))
        }
        _ => Err(format!("{}: name it .parquet or .csv", path.display()).into()),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let mut exposures = create(&args.out, args.text_units)?;
    let mut conversions = args
        .conversions
        .as_deref()
        .map(|path| create(path, args.text_units))
        .transpose()?;
    let mut first = 0;
    let (mut events, mut apart) = (Vec::new(), Vec::new());
    while first < args.exposures {
        let end = (first + GROUP).min(args.exposures);
        for i in first..end {
            args.unit(i, |event| {
                if conversions.is_some() && event.arm.is_none() {
                    apart.push(event);
                } else {
                    events.push(event);
                }
            });
        }
        exposures.group(&events)?;
        events.clear();
        if let Some(conversions) = &mut conversions
            && (apart.len() as u64 >= GROUP || end == args.exposures)
        {
            conversions.group(&apart)?;
            apart.clear();
        }
        first = end;
    }
    exposures.end()?;
    if let Some(conversions) = conversions {
        conversions.end()?;
    }
    let mean = (REVENUE_MU + REVENUE_SIGMA * REVENUE_SIGMA / 2.0).exp();
    println!("The truth in {}:", args.out.display());
    println!(
        "  {} units, {} of them in the treatment",
        args.exposures,
        percent(args.split)
    );
    println!(
        "  converted: {} against {}, {} more",
        percent(CONVERSION[1]),
        percent(CONVERSION[0]),
        percent(CONVERSION[1] / CONVERSION[0] - 1.0)
    );
    println!(
        "  revenue a unit: {:.4} against {:.4}, {} more",
        CONVERSION[1] * mean,
        CONVERSION[0] * mean,
        percent(CONVERSION[1] / CONVERSION[0] - 1.0)
    );
    Ok(())
}

fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}
