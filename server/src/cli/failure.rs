//! What a command prints when it could not do its work: what, where, what to do.

use std::fmt;

#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    remedy: String,
    /// The status of the answer, where it was a server that said no.
    pub(crate) status: Option<u16>,
}

impl Failure {
    pub(crate) fn new(what: impl fmt::Display, remedy: impl fmt::Display) -> Self {
        Self {
            what: what.to_string(),
            remedy: remedy.to_string(),
            status: None,
        }
    }

    pub(crate) fn answered(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Names the file, address or command it happened at.
    pub(crate) fn at(mut self, place: impl fmt::Display) -> Self {
        self.what = format!("{place}: {}", self.what);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.what)?;
        if !self.remedy.is_empty() {
            write!(f, "\n  {}", self.remedy)?;
        }
        Ok(())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(format!("{error:#}"), "")
    }
}
