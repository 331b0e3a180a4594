//! The live counters behind [`Figures`](crate::Figures): written on every request, so all atomic.

use std::collections::BTreeMap;
use std::sync::atomic::{
    AtomicU64,
    Ordering::{Relaxed, SeqCst},
};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::histogram::Recorder;
use crate::pool::Upstream;
use crate::{GroupFigures, InstanceFigures};

/// Counters of one group; outlives the group's place in the table.
pub(crate) struct Group {
    pub(crate) name: String,
    requests: AtomicU64,
    errors: AtomicU64,
    in_flight: AtomicU64,
    bytes: AtomicU64,
    codes: [AtomicU64; 5],
    latency: Recorder,
    recent: Recent,
    instances: Mutex<BTreeMap<String, Arc<Instance>>>,
}

/// Counters of one backend id.
#[derive(Default)]
pub(crate) struct Instance {
    pub(crate) requests: AtomicU64,
    pub(crate) errors: AtomicU64,
    in_flight: AtomicU64,
}

impl Group {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            requests: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            codes: Default::default(),
            latency: Recorder::new(),
            recent: Recent::default(),
            instances: Mutex::default(),
        }
    }

    pub(crate) fn instance(&self, id: &str) -> Arc<Instance> {
        let mut instances = self
            .instances
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(instances.entry(id.to_owned()).or_default())
    }

    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight.load(SeqCst)
    }

    pub(crate) fn count_request(&self, now_ms: u64) {
        self.requests.fetch_add(1, Relaxed);
        self.recent.count(now_ms);
    }

    pub(crate) fn count_answer(&self, status: http::StatusCode, latency: Duration) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5);
        self.codes[class - 1].fetch_add(1, Relaxed);
        self.latency.record(latency);
    }

    pub(crate) fn count_error(&self) {
        self.errors.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn recent(&self, now_ms: u64) -> u64 {
        self.recent.total(now_ms)
    }

    /// The figures without the share, which only the whole table knows.
    pub(crate) fn snapshot(&self) -> GroupFigures {
        let instances = self
            .instances
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let per_instance = instances.iter().map(|(id, seen)| {
            let figures = InstanceFigures {
                requests: seen.requests.load(Relaxed),
                errors: seen.errors.load(Relaxed),
                in_flight: seen.in_flight.load(SeqCst),
            };
            (id.clone(), figures)
        });
        GroupFigures {
            requests: self.requests.load(Relaxed),
            errors: self.errors.load(Relaxed),
            in_flight: self.in_flight(),
            bytes: self.bytes.load(Relaxed),
            codes: std::array::from_fn(|class| self.codes[class].load(Relaxed)),
            latency: self.latency.snapshot(),
            recent_share: None,
            per_instance: per_instance.collect(),
        }
    }
}

const SLOT_MS: u64 = 100;
const SLOTS: usize = 16;
const WINDOW_SLOTS: u64 = 10;

/// Requests of the last second, in slots of 100 ms: the slot's number in the high half, its count
/// in the low half, so that a slot is reused by one compare-and-swap.
#[derive(Default)]
struct Recent([AtomicU64; SLOTS]);

impl Recent {
    fn count(&self, now_ms: u64) {
        let number = now_ms / SLOT_MS;
        let slot = &self.0[number as usize % SLOTS];
        let mut seen = slot.load(Relaxed);
        loop {
            let next = if seen >> 32 == number & 0xffff_ffff {
                seen + 1
            } else {
                number << 32 | 1
            };
            match slot.compare_exchange_weak(seen, next, Relaxed, Relaxed) {
                Ok(_) => return,
                Err(other) => seen = other,
            }
        }
    }

    fn total(&self, now_ms: u64) -> u64 {
        let number = now_ms / SLOT_MS;
        (number.saturating_sub(WINDOW_SLOTS - 1)..=number)
            .map(|number| {
                let seen = self.0[number as usize % SLOTS].load(Relaxed);
                if seen >> 32 == number & 0xffff_ffff {
                    seen & 0xffff_ffff
                } else {
                    0
                }
            })
            .sum()
    }
}

/// One request under way to one backend. Dropping it, however that comes about, ends it.
pub(crate) struct Trip {
    pub(crate) group: Arc<Group>,
    pub(crate) upstream: Arc<Upstream>,
    failed: bool,
}

impl Trip {
    /// Counts as in flight from here on, not yet as a request.
    pub(crate) fn start(group: &Arc<Group>, upstream: &Arc<Upstream>) -> Self {
        group.in_flight.fetch_add(1, SeqCst);
        upstream.in_flight.fetch_add(1, Relaxed);
        upstream.instance.in_flight.fetch_add(1, SeqCst);
        Self {
            group: Arc::clone(group),
            upstream: Arc::clone(upstream),
            failed: false,
        }
    }

    /// Counts the request as failed by its group, once.
    pub(crate) fn fail(&mut self) {
        if !self.failed {
            self.failed = true;
            self.group.count_error();
        }
    }
}

impl Drop for Trip {
    fn drop(&mut self) {
        self.upstream.in_flight.fetch_sub(1, Relaxed);
        self.upstream.instance.in_flight.fetch_sub(1, SeqCst);
        self.group.in_flight.fetch_sub(1, SeqCst);
    }
}

/// Milliseconds since a listener was opened: what the slots and ejections are counted in.
#[derive(Clone, Copy)]
pub(crate) struct Epoch(Instant);

impl Epoch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn ms(self, at: Instant) -> u64 {
        at.saturating_duration_since(self.0).as_millis() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recent_forgets_after_a_second() {
        let recent = Recent::default();
        for ms in 5_000..5_500 {
            recent.count(ms);
        }
        assert_eq!(recent.total(5_500), 500);
        assert_eq!(recent.total(6_000), 400);
        assert_eq!(recent.total(6_600), 0);
        recent.count(5_000 + SLOT_MS * SLOTS as u64);
        assert_eq!(recent.total(6_600), 1);
    }
}
