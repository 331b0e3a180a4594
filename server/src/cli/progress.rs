//! How far long work is, to standard error: a line that changes on a terminal, a line a second
//! elsewhere.

use super::client::{Client, typed};
use super::print;
use crate::world::InMaking;
use domain::{AppName, Version};
use std::future::Future;
use std::io::{IsTerminal, Write};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

const ON_TERMINAL: Duration = Duration::from_millis(250);
const IN_LOG: Duration = Duration::from_secs(1);

/// Carries out `work`, which makes an image, and tells how far it is.
pub(super) async fn told<T>(
    client: &Client,
    app: &AppName,
    version: &Version,
    work: impl Future<Output = T>,
) -> T {
    let is_terminal = std::io::stderr().is_terminal();
    let mut ticks = interval(if is_terminal { ON_TERMINAL } else { IN_LOG });
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first comes at once: most work is done before there is anything to tell.
    ticks.tick().await;
    let mut work = std::pin::pin!(work);
    let mut shown = Shown {
        is_terminal,
        last: String::new(),
    };
    loop {
        tokio::select! {
            biased;
            done = &mut work => {
                shown.clear();
                return done;
            }
            _ = ticks.tick() => {
                // What cannot be told is no trouble: the work itself has its own answer.
                if let Some(row) = making(client, app, version).await {
                    shown.show(sentence(&row));
                }
            }
        }
    }
}

async fn making(client: &Client, app: &AppName, version: &Version) -> Option<InMaking> {
    let answer = client.get("/api/v1/images/making").await.ok()?;
    let rows: Vec<InMaking> = typed(&answer["items"]).ok()?;
    rows.into_iter()
        .rfind(|row| &row.app == app && &row.version == version)
}

fn sentence(row: &InMaking) -> String {
    let InMaking {
        app,
        version,
        bytes_done,
        bytes_total,
        path,
        ..
    } = row;
    if *bytes_total == 0 {
        return format!("{app} {version}: looking at the files");
    }
    let percent = bytes_done * 100 / bytes_total;
    let (done, total) = (print::bytes(*bytes_done), print::bytes(*bytes_total));
    format!("{app} {version}: {percent}%, {done} of {total}, {path}")
}

struct Shown {
    is_terminal: bool,
    last: String,
}

impl Shown {
    fn show(&mut self, text: String) {
        if text == self.last {
            return;
        }
        let mut out = std::io::stderr().lock();
        // Nobody may be reading; the work goes on.
        let _ = if self.is_terminal {
            // Short enough not to wrap: what wraps cannot be written over.
            let line: String = text.chars().take(78).collect();
            write!(out, "\r\x1b[K{line}").and_then(|()| out.flush())
        } else {
            writeln!(out, "{text}")
        };
        self.last = text;
    }

    fn clear(&self) {
        if self.is_terminal && !self.last.is_empty() {
            let mut out = std::io::stderr().lock();
            let _ = write!(out, "\r\x1b[K").and_then(|()| out.flush());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Time;

    #[test]
    fn it_says_how_much_of_what() {
        let mut row = InMaking {
            app: AppName::new("site").unwrap(),
            version: Version::new("2").unwrap(),
            by: "eve".into(),
            since: Time(0),
            bytes_done: 0,
            bytes_total: 0,
            path: String::new(),
        };
        assert_eq!(sentence(&row), "site 2: looking at the files");
        (row.bytes_done, row.bytes_total) = (340_000_000, 1_000_000_000);
        row.path = "media/film.bin".into();
        assert_eq!(
            sentence(&row),
            "site 2: 34%, 340.0 MB of 1.0 GB, media/film.bin"
        );
    }
}
