//! Packed records by part, in memory as far as that goes, else in an unnamed temporary file.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Where a chunk's records stood in the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order {
    /// Which layout the records have: two a file.
    pub(super) layout: u8,
    pub(super) work: u32,
    pub(super) piece: u32,
}

pub(super) struct Chunk {
    pub(super) order: Order,
    body: Body,
}

enum Body {
    Memory(Box<[u8]>),
    Disk { at: u64, len: usize },
}

impl Chunk {
    /// Bytes of records.
    pub(super) fn len(&self) -> usize {
        match &self.body {
            Body::Memory(records) => records.len(),
            Body::Disk { len, .. } => *len,
        }
    }
}

pub(super) struct Store {
    bits: u32,
    parts: Vec<Mutex<Vec<Chunk>>>,
    memory: usize,
    used: AtomicUsize,
    file: OnceLock<File>,
    end: AtomicU64,
}

impl Store {
    /// 2^`bits` parts; `memory` bytes before anything goes to disk.
    pub(super) fn new(bits: u32, memory: usize) -> Self {
        Self {
            bits,
            parts: (0..1usize << bits).map(|_| Mutex::default()).collect(),
            memory,
            used: AtomicUsize::new(0),
            file: OnceLock::new(),
            end: AtomicU64::new(0),
        }
    }

    pub(super) fn parts(&self) -> usize {
        self.parts.len()
    }

    /// How far a key is moved to leave the number of its part; 64 leaves nothing.
    pub(super) const fn shift(&self) -> u32 {
        64 - self.bits
    }

    pub(super) fn spilled(&self) -> u64 {
        self.end.load(Ordering::Relaxed)
    }

    pub(super) fn put(&self, part: usize, order: Order, records: &[u8]) -> io::Result<()> {
        let before = self.used.fetch_add(records.len(), Ordering::Relaxed);
        let body = if before + records.len() <= self.memory {
            Body::Memory(records.into())
        } else {
            self.used.fetch_sub(records.len(), Ordering::Relaxed);
            let at = self.end.fetch_add(records.len() as u64, Ordering::Relaxed);
            self.file()?.write_all_at(records, at)?;
            Body::Disk {
                at,
                len: records.len(),
            }
        };
        self.parts[part]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Chunk { order, body });
        Ok(())
    }

    fn file(&self) -> io::Result<&File> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        // Two threads may both make one; the second is dropped unused.
        let file = tempfile::tempfile()?;
        Ok(self.file.get_or_init(|| file))
    }

    /// The chunks of a part, in the order of the files. What is in memory is freed with them.
    pub(super) fn take(&self, part: usize) -> Vec<Chunk> {
        let mut chunks = std::mem::take(
            &mut *self.parts[part]
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        chunks.sort_by_key(|chunk| chunk.order);
        chunks
    }

    /// A chunk's records, read back into `buffer` if they are on disk.
    pub(super) fn records<'a>(
        &self,
        chunk: &'a Chunk,
        buffer: &'a mut Vec<u8>,
    ) -> io::Result<&'a [u8]> {
        match &chunk.body {
            Body::Memory(records) => Ok(records),
            Body::Disk { at, len } => {
                buffer.resize(*len, 0);
                self.file()?.read_exact_at(buffer, *at)?;
                Ok(buffer)
            }
        }
    }
}
