//! `viridian analyze`: the only command that needs neither a server nor a data folder.

use super::{Done, Failure, Outcome};
use analyze::cli::Ended;
use analyze::{Progress, cli};
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, interval_at};

pub(crate) use analyze::cli::Args;

/// What takes less is not worth a bar.
const PATIENCE: Duration = Duration::from_millis(700);
const FRAME: Duration = Duration::from_millis(100);

pub(crate) async fn run(args: Args) -> Outcome {
    let progress = Arc::new(Progress::default());
    let screen = Arc::new(Screen::default());
    let mut work = tokio::task::spawn_blocking({
        let progress = Arc::clone(&progress);
        let output = Below(Arc::clone(&screen));
        move || cli::run(args, std::io::stdin(), output, &progress)
    });
    let terminal = std::io::stderr().is_terminal();
    let mut frames = interval_at(Instant::now() + PATIENCE, FRAME);
    let outcome = loop {
        tokio::select! {
            biased;
            outcome = &mut work => break outcome,
            _ = frames.tick(), if terminal => {
                if let Some(share) = progress.share() {
                    screen.draw(&bar(share));
                }
            }
        }
    };
    screen.clear();
    match outcome {
        Ok(Ok(ended)) => Ok(match ended {
            Ended::Done => Done::Ok,
            Ended::Fails => Done::WentBack,
            Ended::Undecided => Done::Undecided,
        }),
        Ok(Err(failure)) => Err(Failure::new(&failure, failure.remedy())),
        Err(panic) => Err(Failure::new(
            format!("the analysis ended unexpectedly: {panic}"),
            "please report this as a defect",
        )),
    }
}

/// The line of the bar, which is gone before anything else is printed.
#[derive(Default)]
struct Screen(Mutex<Line>);

#[derive(Default)]
struct Line {
    drawn: bool,
    over: bool,
}

impl Screen {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn draw(&self, bar: &str) {
        let mut line = self.line();
        if !line.over {
            line.drawn = true;
            eprint(bar);
        }
    }

    fn clear(&self) {
        let mut line = self.line();
        line.over = true;
        if std::mem::take(&mut line.drawn) {
            eprint("\r\x1b[K");
        }
    }
}

/// Standard output, below where the bar was.
struct Below(Arc<Screen>);

impl Write for Below {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.clear();
        std::io::stdout().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stdout().flush()
    }
}

fn eprint(text: &str) {
    let mut stderr = std::io::stderr().lock();
    // A terminal that went away shows no bar; the work goes on.
    let _ = write!(stderr, "{text}").and_then(|()| stderr.flush());
}

/// Reading is all but the end of the work, so the bar is of what has been read.
fn bar(share: f64) -> String {
    const WIDTH: usize = 30;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of a bar"
    )]
    let full = (share * WIDTH as f64) as usize;
    if share >= 1.0 {
        return "\r\x1b[Kcomparing".to_owned();
    }
    format!(
        "\r\x1b[Kreading [{}{}] {:3.0}%",
        "#".repeat(full.min(WIDTH)),
        ".".repeat(WIDTH - full.min(WIDTH)),
        share * 100.0
    )
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn the_bar_fills_and_then_says_what_is_left() {
        assert_eq!(
            bar(0.0),
            format!("\r\x1b[Kreading [{}]   0%", ".".repeat(30))
        );
        assert_eq!(
            bar(0.5),
            format!(
                "\r\x1b[Kreading [{}{}]  50%",
                "#".repeat(15),
                ".".repeat(15)
            )
        );
        assert!(bar(1.0).contains("comparing"));
    }
}
