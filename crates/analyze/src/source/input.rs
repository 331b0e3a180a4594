//! A file opened once, and read from there by any number of threads, each at places of its own.

use crate::failure::Failure;
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, FileTypeExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

/// How long a pipe may be without anybody who writes to it.
const PATIENCE: Duration = Duration::from_secs(3);

/// What standard input is called where a file is named.
pub(super) const STANDARD_INPUT: &str = "-";

#[derive(Clone)]
pub(super) struct Input {
    file: Arc<File>,
    size: u64,
}

/// Reading on from a place.
pub(super) struct From {
    file: Arc<File>,
    at: u64,
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::file(
        path,
        error.to_string(),
        "check the path and who may read it",
    )
}

impl Input {
    /// A regular file as it is; what comes through a pipe is first put into an unnamed temporary
    /// file, because it is read at several places.
    ///
    /// `name` is what errors call it.
    pub(super) fn open(path: &Path, name: &Path) -> Result<Self, Failure> {
        let fails = |error: io::Error| unreadable(name, &error);
        let file = if path == Path::new(STANDARD_INPUT) {
            let stdin = io::stdin();
            if stdin.is_terminal() {
                return Err(Failure::file(
                    name,
                    "standard input is a terminal",
                    "pipe a file into it, or name one",
                ));
            }
            File::from(stdin.as_fd().try_clone_to_owned().map_err(fails)?)
        } else {
            let kind = std::fs::metadata(path).map_err(fails)?.file_type();
            // Only looking at a device may do something.
            if kind.is_char_device() || kind.is_block_device() {
                return Err(device(name));
            }
            if kind.is_fifo() {
                pipe(path)?
            } else {
                File::open(path).map_err(fails)?
            }
        };
        let about = file.metadata().map_err(fails)?;
        let kind = about.file_type();
        if kind.is_dir() {
            return Err(Failure::file(
                name,
                "this is a folder",
                "name a CSV or Parquet file",
            ));
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Err(device(name));
        }
        if kind.is_file() {
            return Ok(Self {
                size: about.len(),
                file: Arc::new(file),
            });
        }
        let (file, size) = kept(file).map_err(|error| {
            Failure::file(
                name,
                format!("what comes through the pipe cannot be kept: {error}"),
                "free space in the folder of temporary files (TMPDIR), or name a file",
            )
        })?;
        Ok(Self {
            file: Arc::new(file),
            size,
        })
    }

    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn from(&self, at: u64) -> From {
        From {
            file: Arc::clone(&self.file),
            at,
        }
    }

    /// The bytes of a part; less of them where the file ends.
    pub(super) fn part(&self, at: u64, length: u64) -> io::Result<Vec<u8>> {
        let there = length.min(self.size.saturating_sub(at));
        let mut bytes = vec![0; usize::try_from(there).unwrap_or(usize::MAX)];
        let mut filled = 0;
        while filled < bytes.len() {
            match self.file.read_at(&mut bytes[filled..], at + filled as u64) {
                // The file has been cut short since it was opened.
                Ok(0) => break,
                Ok(got) => filled += got,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }
}

impl Read for From {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let got = self.file.read_at(into, self.at)?;
        self.at += got as u64;
        Ok(got)
    }
}

fn device(path: &Path) -> Failure {
    Failure::file(
        path,
        "this is a device, not a file",
        "name a CSV or Parquet file",
    )
}

/// The reading end of a named pipe. Opening it waits for somebody who writes, if need be forever;
/// that is left to a thread, and given up after a while.
fn pipe(path: &Path) -> Result<File, Failure> {
    let (send, receive) = sync_channel(1);
    let opened = path.to_owned();
    std::thread::spawn(move || send.send(File::open(opened)));
    match receive.recv_timeout(PATIENCE) {
        Ok(file) => file.map_err(|error| unreadable(path, &error)),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
            drop(receive);
            // Lets the thread go: its waiting ends with the first who opens the other end.
            let _ = OpenOptions::new().write(true).open(path);
            Err(Failure::file(
                path,
                "this is a pipe that nobody writes to",
                "start what writes to it first, or name a file",
            ))
        }
    }
}

fn kept(mut pipe: File) -> io::Result<(File, u64)> {
    let mut file = tempfile::tempfile()?;
    let size = io::copy(&mut pipe, &mut file)?;
    Ok((file, size))
}
