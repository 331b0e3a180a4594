//! Output for people: aligned tables, short times.

use domain::Time;
use serde_json::Value;

/// Prints to standard output. A reader that went away, as `head` does, is no error.
pub(crate) fn line(text: impl AsRef<str>) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let written = writeln!(out, "{}", text.as_ref()).and_then(|()| out.flush());
    if written.is_err() {
        std::process::exit(0);
    }
}

pub(crate) fn json(value: &Value) {
    line(serde_json::to_string_pretty(value).unwrap_or_default());
}

/// Columns as wide as their widest cell; the last one runs free.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let format = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (cell, width) in cells.zip(&widths) {
            text.push_str(&format!("{cell:<width$}  "));
        }
        text.trim_end().to_owned()
    };
    let mut lines = vec![format(&mut head.iter().copied())];
    lines.extend(
        rows.iter()
            .map(|row| format(&mut row.iter().map(String::as_str))),
    );
    lines.join("\n")
}

/// `2026-11-21 05:04:31` in UTC.
pub(crate) fn time(time: Time) -> String {
    let (date, clock) = crate::calendar::utc(time);
    format!("{date} {clock}")
}

/// A size as a person says it.
pub(crate) fn bytes(n: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let as_float = n as f64;
    match n {
        0..1_000 => format!("{n} B"),
        1_000..1_000_000 => format!("{:.1} kB", as_float / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", as_float / 1e6),
        _ => format!("{:.1} GB", as_float / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align() {
        let rows = [
            vec!["1".to_owned(), "site".to_owned()],
            vec!["12".to_owned(), "ü".to_owned()],
        ];
        assert_eq!(table(&["id", "app"], &rows), "id  app\n1   site\n12  ü");
    }
}
