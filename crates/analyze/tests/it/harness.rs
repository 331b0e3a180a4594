//! The command in a folder of its own.

use analyze::Progress;
use analyze::cli::{Args, run};
use clap::Parser;
use std::path::PathBuf;
use tempfile::TempDir;

#[derive(Parser)]
#[command(name = "viridian analyze")]
struct Cli {
    #[command(flatten)]
    args: Args,
}

pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> &Self {
        std::fs::write(self.path(name), text).unwrap();
        self
    }

    /// What a command line prints; `@name` stands for a file of this folder. An error is what
    /// standard error would show, and how the process would end.
    pub(crate) fn run(&self, line: &str) -> Result<String, String> {
        self.run_with(line, "")
    }

    pub(crate) fn run_with(&self, line: &str, input: &str) -> Result<String, String> {
        let words = line
            .split_whitespace()
            .map(|word| match word.strip_prefix('@') {
                Some(name) => self.path(name).display().to_string(),
                None => word.to_owned(),
            });
        let words = std::iter::once("viridian analyze".to_owned()).chain(words);
        let cli = match Cli::try_parse_from(words) {
            Ok(cli) => cli,
            Err(error) => return Err(format!("ends with {}\n{error}", error.exit_code())),
        };
        let mut output = Vec::new();
        match run(
            cli.args,
            input.as_bytes(),
            &mut output,
            &Progress::default(),
        ) {
            Ok(_) => Ok(self.shorten(&String::from_utf8(output).unwrap())),
            Err(failure) => Err(self.shorten(&format!("{failure}\n  {}", failure.remedy()))),
        }
    }

    /// The folder's own path is not part of what is compared.
    fn shorten(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.0.path().display()), "")
    }
}

/// A screen without the breaks of lines that were too long for it.
pub(crate) fn flowing(screen: &str) -> String {
    screen.replace("\n  ", " ")
}

/// A file's rows of text.
pub(crate) fn rows(header: &str, rows: impl IntoIterator<Item = String>) -> String {
    let mut text = format!("{header}\n");
    for row in rows {
        text.push_str(&row);
        text.push('\n');
    }
    text
}

/// One event of a Parquet file.
#[derive(Clone, Copy)]
pub(crate) struct Event {
    pub(crate) user: i64,
    pub(crate) arm: Option<&'static str>,
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) revenue: Option<f64>,
}

/// The same events as Parquet, in row groups of `group` rows.
pub(crate) fn parquet(events: &[Event], group: usize) -> Vec<u8> {
    use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    let schema = parquet::schema::parser::parse_message_type(
        "message events {
            required int64 user;
            optional binary arm (utf8);
            required int64 at (timestamp_millis);
            optional double revenue;
        }",
    )
    .unwrap();
    let mut file = Vec::new();
    let properties = WriterProperties::builder()
        .set_compression(parquet::basic::Compression::SNAPPY)
        .build();
    let mut writer =
        SerializedFileWriter::new(&mut file, schema.into(), properties.into()).unwrap();
    for events in events.chunks(group) {
        let mut group = writer.next_row_group().unwrap();
        macro_rules! column {
            ($type:ty, $values:expr, $levels:expr) => {
                let values: Vec<_> = $values.collect();
                let levels: Option<Vec<i16>> = $levels;
                let mut column = group.next_column().unwrap().unwrap();
                let typed = column.typed::<$type>();
                typed.write_batch(&values, levels.as_deref(), None).unwrap();
                column.close().unwrap();
            };
        }
        let of = || events.iter();
        column!(Int64Type, of().map(|event| event.user), None);
        column!(
            ByteArrayType,
            of().filter_map(|event| event.arm.map(ByteArray::from)),
            Some(of().map(|event| event.arm.is_some().into()).collect())
        );
        column!(Int64Type, of().map(|event| event.at), None);
        column!(
            DoubleType,
            of().filter_map(|event| event.revenue),
            Some(of().map(|event| event.revenue.is_some().into()).collect())
        );
        group.close().unwrap();
    }
    writer.close().unwrap();
    file
}

/// The same events as CSV.
pub(crate) fn csv(events: &[Event]) -> String {
    rows(
        "user,arm,at,revenue",
        events.iter().map(|event| {
            let revenue = event
                .revenue
                .map_or(String::new(), |revenue| revenue.to_string());
            let at = event.at;
            let (day, rest) = (at / 86_400_000, at % 86_400_000);
            // All within January 1970, which is enough for a test.
            let (hour, minute, milli) = (rest / 3_600_000, rest / 60_000 % 60, rest % 60_000);
            format!(
                "{},{},1970-01-{:02}T{hour:02}:{minute:02}:{:02}.{:03}Z,{revenue}",
                event.user,
                event.arm.unwrap_or(""),
                day + 1,
                milli / 1000,
                milli % 1000
            )
        }),
    )
}
