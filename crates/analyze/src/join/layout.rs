//! How a row is packed between reading and joining.

use super::moment::moment;
use crate::source::{NO_VARIANT, Rows, Wanted};

/// Key, then time, variant and metric values as far as the file has them; little-endian, packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) time: bool,
    pub(super) variant: bool,
    pub(super) metrics: usize,
}

/// One record, unpacked.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) key: u64,
    /// As [`moment`] has it; 0 where no time is read.
    pub(super) time: i64,
    /// [`NO_VARIANT`] where there is none.
    pub(super) variant: u16,
    metrics: &'a [u8],
}

impl Layout {
    /// How a row without metric values is packed, and how one with them.
    pub(super) fn of(wanted: &Wanted) -> [Self; 2] {
        [0, wanted.metrics.len()].map(|metrics| Self {
            time: wanted.time.is_some(),
            variant: wanted.variant.is_some(),
            metrics,
        })
    }

    pub(super) const fn stride(self) -> usize {
        8 + if self.time { 8 } else { 0 } + if self.variant { 2 } else { 0 } + 8 * self.metrics
    }

    #[inline]
    pub(super) fn pack(self, rows: &Rows, row: usize, into: &mut Vec<u8>) {
        into.extend_from_slice(&rows.keys[row].to_le_bytes());
        if self.time {
            let (whole, micros) = rows.time(row);
            into.extend_from_slice(&moment(whole, micros).to_le_bytes());
        }
        if self.variant {
            into.extend_from_slice(&rows.variants[row].to_le_bytes());
        }
        for metric in rows.metrics.iter().take(self.metrics) {
            into.extend_from_slice(&metric[row].to_le_bytes());
        }
    }

    #[inline]
    pub(super) fn unpack(self, mut record: &[u8]) -> Record<'_> {
        fn take<const N: usize>(from: &mut &[u8]) -> [u8; N] {
            match from.split_first_chunk::<N>() {
                Some((head, rest)) => {
                    *from = rest;
                    *head
                }
                None => [0; N],
            }
        }
        let key = u64::from_le_bytes(take(&mut record));
        let time = if self.time {
            i64::from_le_bytes(take(&mut record))
        } else {
            0
        };
        let variant = if self.variant {
            u16::from_le_bytes(take(&mut record))
        } else {
            NO_VARIANT
        };
        Record {
            key,
            time,
            variant,
            metrics: record,
        }
    }
}

impl Record<'_> {
    #[inline]
    pub(super) fn metrics(&self) -> impl Iterator<Item = f64> {
        self.metrics
            .as_chunks::<8>()
            .0
            .iter()
            .map(|bytes| f64::from_le_bytes(*bytes))
    }
}
