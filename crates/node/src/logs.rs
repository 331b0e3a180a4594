//! What instances wrote: bounded, and kept for a while after they ended.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::node::{Node, blocking};

const LOG_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Logs of ended instances.
const ENDED_KEPT: usize = 200;
const PERIOD: Duration = Duration::from_secs(5);

/// The last `bytes` of a log, the part that was put aside included. Of a longer one, what is left of
/// the line that was cut is dropped, unless it is all there is.
pub(crate) fn tail(path: &Path, bytes: u64) -> io::Result<String> {
    // One byte more tells whether the log is longer, and whether it is cut between two lines.
    let read = bytes.saturating_add(1);
    let current = read_end(path, read)?;
    let missing = read.saturating_sub(current.len() as u64);
    let before = if missing > 0 {
        read_end(&aside(path), missing).unwrap_or_default()
    } else {
        Vec::new()
    };
    let all = [before, current].concat();
    let whole = if (all.len() as u64) < read {
        0
    } else {
        let line = all.iter().position(|byte| *byte == b'\n');
        line.map(|at| at + 1)
            .filter(|at| *at < all.len())
            .unwrap_or(1)
    };
    Ok(String::from_utf8_lossy(&all[whole..]).into_owned())
}

/// The last lines, shortened for a message.
pub(crate) fn last_lines(path: &Path, count: usize) -> String {
    let text = tail(path, 2_000).unwrap_or_default();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

fn aside(path: &Path) -> PathBuf {
    path.with_extension("log.1")
}

fn read_end(path: &Path, bytes: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
    let mut end = Vec::new();
    file.take(bytes).read_to_end(&mut end)?;
    Ok(end)
}

pub(crate) async fn keep_bounded(node: Arc<Node>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(PERIOD) => {}
            () = node.ending.cancelled() => return,
        }
        let dir = node.records.0.clone();
        if let Some(Err(error)) = blocking(move || bound(&dir)).await {
            tracing::warn!(%error, "The logs of instances could not be kept small.");
        }
    }
}

fn bound(dir: &Path) -> io::Result<()> {
    let mut ended: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "log") {
            continue;
        }
        let facts = fs::metadata(&path)?;
        if facts.len() > LOG_BYTES_MAX {
            rotate(&path)?;
        }
        if !path.with_extension("json").exists() {
            ended.push((facts.modified()?, path));
        }
    }
    ended.sort_unstable();
    for (_, path) in ended.iter().rev().skip(ENDED_KEPT) {
        let _ = fs::remove_file(aside(path));
        fs::remove_file(path)?;
    }
    Ok(())
}

/// The instance holds the file open and appends, so its content is copied away and cut off; what is
/// written between the two is lost.
fn rotate(path: &Path) -> io::Result<()> {
    fs::copy(path, aside(path))?;
    OpenOptions::new().write(true).open(path)?.set_len(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_long_log_is_cut_and_its_end_stays_readable_over_the_cut() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        let mut writer = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .unwrap();
        writer
            .write_all(&vec![b'x'; LOG_BYTES_MAX as usize + 1])
            .unwrap();
        writer.write_all(b"\nbefore\n").unwrap();
        bound(dir.path()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);
        writer.write_all(b"after\n").unwrap();
        assert_eq!(tail(&path, 13).unwrap(), "before\nafter\n");
        assert_eq!(tail(&path, 12).unwrap(), "after\n");
        assert_eq!(tail(&path, 3).unwrap(), "er\n");
        assert_eq!(last_lines(&path, 2), "before\nafter");
    }

    #[test]
    fn bytes_that_are_no_text_do_not_make_a_log_a_longer_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        fs::write(&path, b"first\n\xff\xff\xff\nlast\n").unwrap();
        let told = "first\n\u{fffd}\u{fffd}\u{fffd}\nlast\n";
        for bytes in [15, 16, 100] {
            assert_eq!(tail(&path, bytes).unwrap(), told);
        }
        assert_eq!(tail(&path, 14).unwrap(), told["first\n".len()..]);
    }

    #[test]
    fn only_the_logs_of_the_last_ended_instances_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..ENDED_KEPT + 7 {
            fs::write(dir.path().join(format!("{number}.log")), "x").unwrap();
        }
        fs::write(dir.path().join("live.log"), "x").unwrap();
        fs::write(dir.path().join("live.json"), "{}").unwrap();
        bound(dir.path()).unwrap();
        assert!(dir.path().join("live.log").exists());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), ENDED_KEPT + 2);
    }
}
