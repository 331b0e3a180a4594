//! The join of one part: a table of its units by open addressing.

use super::layout::{Layout, Record};
use super::store::{Chunk, Store};
use super::sums::{Adder, Arm, Measure};
use super::{Missing, Seen};
use crate::failure::Failure;
use crate::source::NO_VARIANT;

/// How the values of a unit become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fold {
    Sum,
    /// 1 if any value is not zero, else 0.
    Any,
    /// The sum of what is earlier than the exposure.
    SumBefore,
}

/// A unit: its first exposure, if any.
#[derive(Clone, Copy)]
struct Slot {
    key: u64,
    time: i64,
    variant: u16,
    in_two_arms: bool,
}

const EMPTY: Slot = Slot {
    key: 0,
    time: 0,
    variant: NO_VARIANT,
    in_two_arms: false,
};

pub(super) struct Table<'a> {
    folds: &'a [Fold],
    measures: &'a [Measure],
    missing: Missing,
    slots: Vec<Slot>,
    /// Of each slot the folded values; NaN until there is one.
    values: Vec<f64>,
    units: usize,
    buffer: Vec<u8>,
}

impl<'a> Table<'a> {
    pub(super) fn new(folds: &'a [Fold], measures: &'a [Measure], missing: Missing) -> Self {
        Self {
            folds,
            measures,
            missing,
            slots: Vec::new(),
            values: Vec::new(),
            units: 0,
            buffer: Vec::new(),
        }
    }

    /// Joins one part: all exposures first, so that it does not matter in which order the rows stand.
    pub(super) fn join(
        &mut self,
        store: &Store,
        chunks: &[Chunk],
        layouts: &[Layout],
        arms: usize,
    ) -> Result<(Vec<Arm>, Seen), Failure> {
        let mut seen = Seen::default();
        self.slots.clear();
        // Room for every exposure to be of a unit of its own, which is the usual case; many repeats
        // must not make the table large for nothing, so beyond a point it grows when it has to.
        let exposures: usize = chunks
            .iter()
            .map(|chunk| (chunk, layouts[usize::from(chunk.order.layout)]))
            .filter(|(_, layout)| layout.variant)
            .map(|(chunk, layout)| chunk.len() / layout.stride())
            .sum();
        let slots = (exposures + exposures / 2).next_power_of_two();
        self.slots.resize(slots.clamp(1 << 10, 1 << 20), EMPTY);
        self.units = 0;
        self.over(
            store,
            chunks,
            layouts,
            |layout| layout.variant,
            |table, record| {
                if record.variant != NO_VARIANT {
                    table.expose(&record, &mut seen);
                }
            },
        )?;
        self.values.clear();
        self.values
            .resize(self.slots.len() * self.folds.len(), f64::NAN);
        if !self.folds.is_empty() {
            self.over(
                store,
                chunks,
                layouts,
                |layout| layout.metrics > 0,
                |table, record| {
                    table.observe(&record, &mut seen);
                },
            )?;
        }
        Ok((self.sum(arms, &mut seen), seen))
    }

    fn over(
        &mut self,
        store: &Store,
        chunks: &[Chunk],
        layouts: &[Layout],
        which: impl Fn(Layout) -> bool,
        mut each: impl FnMut(&mut Self, Record<'_>),
    ) -> Result<(), Failure> {
        let mut buffer = std::mem::take(&mut self.buffer);
        for chunk in chunks {
            let layout = layouts[usize::from(chunk.order.layout)];
            if !which(layout) {
                continue;
            }
            let records = store.records(chunk, &mut buffer).map_err(|error| {
                Failure::asked(
                    format!("intermediate data cannot be read back: {error}"),
                    "",
                )
            })?;
            for record in records.chunks_exact(layout.stride()) {
                each(self, layout.unpack(record));
            }
        }
        self.buffer = buffer;
        Ok(())
    }

    /// Where a key is, or would be. Parts are dealt by a key's top bits, slots by its low ones.
    #[inline]
    fn find(&self, key: u64) -> usize {
        let mask = self.slots.len() - 1;
        #[expect(clippy::cast_possible_truncation, reason = "masked at once")]
        let mut at = key as usize & mask;
        while self.slots[at].variant != NO_VARIANT && self.slots[at].key != key {
            at = (at + 1) & mask;
        }
        at
    }

    #[inline]
    fn expose(&mut self, record: &Record<'_>, seen: &mut Seen) {
        let at = self.find(record.key);
        let slot = &mut self.slots[at];
        if slot.variant == NO_VARIANT {
            *slot = Slot {
                key: record.key,
                time: record.time,
                variant: record.variant,
                in_two_arms: false,
            };
            self.units += 1;
            if self.units * 3 > self.slots.len() * 2 {
                self.grow();
            }
            return;
        }
        seen.repeated_exposures += 1;
        slot.in_two_arms |= slot.variant != record.variant;
        if record.time < slot.time {
            slot.time = record.time;
            slot.variant = record.variant;
        }
    }

    fn grow(&mut self) {
        let larger = vec![EMPTY; self.slots.len() * 2];
        for slot in std::mem::replace(&mut self.slots, larger) {
            if slot.variant != NO_VARIANT {
                let at = self.find(slot.key);
                self.slots[at] = slot;
            }
        }
    }

    #[inline]
    fn observe(&mut self, record: &Record<'_>, seen: &mut Seen) {
        let at = self.find(record.key);
        let slot = self.slots[at];
        let outside = if slot.variant == NO_VARIANT {
            &mut seen.never_exposed
        } else {
            let early = record.time < slot.time;
            let width = self.folds.len();
            let values = &mut self.values[at * width..(at + 1) * width];
            let mut used = false;
            for ((into, value), fold) in values.iter_mut().zip(record.metrics()).zip(self.folds) {
                if value.is_nan() || early != (*fold == Fold::SumBefore) {
                    continue;
                }
                used = true;
                *into = match fold {
                    Fold::Sum | Fold::SumBefore if into.is_nan() => value,
                    Fold::Sum | Fold::SumBefore => *into + value,
                    Fold::Any => f64::from(u8::from(value != 0.0 || *into == 1.0)),
                };
            }
            if used || !early {
                seen.used += u64::from(used);
                return;
            }
            &mut seen.before_exposure
        };
        *outside += u64::from(record.metrics().any(|value| !value.is_nan()));
    }

    /// Every unit becomes one observation a metric.
    fn sum(&self, arms: usize, seen: &mut Seen) -> Vec<Arm> {
        let mut sums = Adder::new(self.measures, self.missing, arms);
        let width = self.folds.len();
        for (at, slot) in self.slots.iter().enumerate() {
            if slot.variant == NO_VARIANT {
                continue;
            }
            if slot.in_two_arms {
                seen.in_two_arms += 1;
                continue;
            }
            sums.unit(
                usize::from(slot.variant),
                &self.values[at * width..(at + 1) * width],
            );
        }
        sums.end()
    }
}
