//! What is wrong with a file or with what was asked of it.

use crate::figures::plain;
use std::fmt;
use std::path::Path;

/// Where in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A line of a text file, from 1.
    Line(u64),
    /// A row of a columnar file, from 1.
    Row(u64),
}

/// An error for people: file, place, column, what is wrong there, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    file: Option<String>,
    place: Option<Place>,
    column: Option<String>,
    what: String,
    remedy: String,
}

impl Failure {
    /// About what was asked, not about a file.
    pub(crate) fn asked(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            file: None,
            place: None,
            column: None,
            what: plain(&what.into()),
            remedy: plain(&remedy.into()),
        }
    }

    pub(crate) fn file(path: &Path, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            file: Some(plain(&path.display().to_string())),
            ..Self::asked(what, remedy)
        }
    }

    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    pub(crate) fn column(mut self, name: &str) -> Self {
        self.column = Some(crate::figures::name(name));
        self
    }

    pub(crate) const fn names_a_column(&self) -> bool {
        self.column.is_some()
    }

    /// Something else that can be done about it.
    pub(crate) fn or(mut self, remedy: &str) -> Self {
        self.remedy = if self.remedy.is_empty() {
            remedy.to_owned()
        } else {
            format!("{}; or {remedy}", self.remedy)
        };
        self
    }

    /// What to do about it; may be empty.
    #[must_use]
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = Vec::new();
        parts.extend(self.file.clone());
        match self.place {
            Some(Place::Line(line)) => parts.push(format!("line {line}")),
            Some(Place::Row(row)) => parts.push(format!("row {row}")),
            None => {}
        }
        parts.extend(
            self.column
                .as_ref()
                .map(|name| format!("column \"{name}\"")),
        );
        if !parts.is_empty() {
            write!(f, "{}: ", parts.join(", "))?;
        }
        f.write_str(&self.what)
    }
}

impl std::error::Error for Failure {}

/// A cell as an error shows it: short, and without what would break the line.
pub(crate) fn shown(cell: &[u8]) -> String {
    const LONGEST: usize = 40;
    let head = &cell[..cell.len().min(LONGEST)];
    let text = String::from_utf8_lossy(head).escape_debug().to_string();
    if cell.len() > LONGEST {
        format!("\"{text}…\" ({} characters)", cell.len())
    } else {
        format!("\"{text}\"")
    }
}
