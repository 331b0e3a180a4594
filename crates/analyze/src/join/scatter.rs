//! Deals rows out into parts by their key.

use super::layout::Layout;
use super::store::{Order, Store};
use crate::failure::Failure;
use crate::source::{NO_VARIANT, Rows, Sink};
use std::path::Path;

/// Of what may be kept in memory the buffers of all threads take so large a part.
const OF_MEMORY: usize = 4;
/// More at once is no faster.
const LARGEST: usize = 128 << 10;
/// With less the list of what was handed over would be long.
const SMALLEST: usize = 1 << 10;

/// How the memory for rows is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// For what has been handed over.
    pub(super) store: usize,
    /// A part's records are handed over before there are more bytes of them.
    buffer: usize,
}

impl Room {
    /// Of `memory` bytes, for two buffers a part and thread.
    pub(super) fn new(memory: usize, threads: usize, parts: usize) -> Self {
        let buffers = memory / OF_MEMORY;
        Self {
            store: memory - buffers,
            buffer: (buffers / (2 * threads * parts)).clamp(SMALLEST, LARGEST),
        }
    }
}

/// One reading thread's records on their way into the store.
///
/// Most rows are either an exposure or a metric value; an exposure without values is packed without
/// room for them.
pub(super) struct Scatter<'a> {
    feed: u8,
    layouts: [Layout; 2],
    store: &'a Store,
    full: usize,
    path: &'a Path,
    parts: Vec<[Vec<u8>; 2]>,
    piece: u32,
}

impl<'a> Scatter<'a> {
    pub(super) fn new(
        feed: u8,
        layouts: [Layout; 2],
        (store, room): (&'a Store, Room),
        path: &'a Path,
    ) -> Self {
        Self {
            feed,
            layouts,
            store,
            full: room.buffer,
            path,
            parts: vec![[Vec::new(), Vec::new()]; store.parts()],
            piece: 0,
        }
    }

    fn hand_over(&mut self, part: usize, kind: usize, work: u32) -> Result<(), Failure> {
        let order = Order {
            layout: self.feed * 2 + u8::from(kind == 1),
            work,
            piece: self.piece,
        };
        self.piece += 1;
        let records = &mut self.parts[part][kind];
        self.store.put(part, order, records).map_err(|error| {
            Failure::file(
                self.path,
                format!("no room for intermediate data: {error}"),
                "free space in the folder of temporary files (TMPDIR), or give more --memory",
            )
        })?;
        records.clear();
        Ok(())
    }
}

/// To twice the size, but to no more than `full`, if one more record has room in that.
#[cold]
fn grow(records: &mut Vec<u8>, stride: usize, full: usize) {
    let twice = (2 * records.capacity()).clamp(SMALLEST, full);
    records.reserve_exact(stride.max(twice.saturating_sub(records.len())));
}

impl Sink for Scatter<'_> {
    fn rows(&mut self, work: u32, rows: &Rows) -> Result<(), Failure> {
        let shift = self.store.shift();
        for row in 0..rows.keys.len() {
            if rows.dropped.get(row).copied().unwrap_or(false) {
                continue;
            }
            let kind = usize::from(rows.metrics.iter().any(|metric| !metric[row].is_nan()));
            let layout = self.layouts[kind];
            // Neither an exposure nor a value: nothing to join.
            if kind == 0 && !(layout.variant && rows.variants[row] != NO_VARIANT) {
                continue;
            }
            let part = rows.keys[row].checked_shr(shift).unwrap_or(0);
            let part = usize::try_from(part).unwrap_or(0);
            let stride = layout.stride();
            let held = self.parts[part][kind].len();
            if held > 0 && held + stride > self.full {
                self.hand_over(part, kind, work)?;
            }
            let records = &mut self.parts[part][kind];
            if records.capacity() - records.len() < stride {
                grow(records, stride, self.full);
            }
            layout.pack(rows, row, records);
        }
        Ok(())
    }

    fn end_of_work(&mut self, work: u32) -> Result<(), Failure> {
        for part in 0..self.parts.len() {
            for kind in 0..2 {
                if !self.parts[part][kind].is_empty() {
                    self.hand_over(part, kind, work)?;
                }
            }
        }
        self.piece = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_stay_within_their_part_of_the_memory() {
        for memory in [16 << 20, 1 << 30, 64_usize << 30] {
            for threads in [1, 2, 7, 64] {
                for parts in [1, 64, 2_048] {
                    let room = Room::new(memory, threads, parts);
                    let buffers = 2 * threads * parts * room.buffer;
                    assert!(
                        buffers + room.store <= memory || room.buffer == SMALLEST,
                        "{memory} {threads} {parts}: {room:?}"
                    );
                    assert!(room.buffer <= LARGEST && room.store >= memory / 2);
                }
            }
        }
    }

    #[test]
    fn a_buffer_grows_to_its_room_and_to_a_record_that_is_larger() {
        let mut records = Vec::new();
        let mut sizes = Vec::new();
        for _ in 0..4 {
            grow(&mut records, 10, 3_000);
            sizes.push(records.capacity());
            records.resize(records.capacity() - 5, 0);
        }
        assert_eq!(sizes, [1_024, 2_048, 3_000, 3_005]);
        let mut records = Vec::new();
        grow(&mut records, 5_000, SMALLEST);
        assert_eq!(records.capacity(), 5_000);
    }
}
