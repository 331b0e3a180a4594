//! Deals rows out into parts by their key.

use super::layout::Layout;
use super::store::{Order, Store};
use crate::failure::Failure;
use crate::source::{NO_VARIANT, Rows, Sink};
use std::path::Path;

/// A part's records are handed over when there are this many bytes of them.
const FULL: usize = 128 << 10;

/// One reading thread's records on their way into the store.
///
/// Most rows are either an exposure or a metric value; an exposure without values is packed without
/// room for them.
pub(super) struct Scatter<'a> {
    feed: u8,
    layouts: [Layout; 2],
    store: &'a Store,
    path: &'a Path,
    parts: Vec<[Vec<u8>; 2]>,
    piece: u32,
}

impl<'a> Scatter<'a> {
    pub(super) fn new(feed: u8, layouts: [Layout; 2], store: &'a Store, path: &'a Path) -> Self {
        Self {
            feed,
            layouts,
            store,
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
            let records = &mut self.parts[part][kind];
            layout.pack(rows, row, records);
            if records.len() >= FULL {
                self.hand_over(part, kind, work)?;
            }
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
