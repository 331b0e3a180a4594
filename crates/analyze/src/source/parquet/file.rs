//! The engine's view of a file. Its own reader of files moves one cursor that all its clones share,
//! which two threads cannot; this one has none.

use crate::source::input::{From, Input};
use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::reader::{ChunkReader, Length};
use bytes::Bytes;
use std::io::BufReader;

pub(super) struct Positioned(pub(super) Input);

impl Length for Positioned {
    fn len(&self) -> u64 {
        self.0.size()
    }
}

impl ChunkReader for Positioned {
    type T = BufReader<From>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        // Only page headers are read this way.
        Ok(BufReader::with_capacity(512, self.0.from(start)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        // A length out of a damaged file may be any number; no room is made for it before it is
        // known to be there.
        let short = || ParquetError::EOF("a page lies beyond the end of the file".to_owned());
        let end = start.checked_add(length as u64).ok_or_else(short)?;
        if end > self.0.size() {
            return Err(short());
        }
        let bytes = self.0.part(start, length as u64)?;
        if bytes.len() < length {
            return Err(short());
        }
        Ok(bytes.into())
    }
}
