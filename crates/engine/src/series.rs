//! The last minutes of every group's figures, in memory, for the charts.

use domain::{Figures, GroupName, Observation, Time};
use std::collections::VecDeque;
use std::sync::Arc;

/// What the groups of one environment did in about a second.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The end of the stretch.
    pub at: Time,
    pub over_ms: u64,
    pub groups: Box<[(GroupName, Reading)]>,
}

/// What a chart draws of a group's stretch. The histogram behind it is a hundred times as large and
/// stays where it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    pub requests: u64,
    pub errors: u64,
    /// `None` without a single request.
    pub p95_ms: Option<f64>,
}

impl Reading {
    fn of(figures: &Figures) -> Self {
        Self {
            requests: figures.requests,
            errors: figures.errors,
            p95_ms: figures.latency.quantile_ms(0.95),
        }
    }

    /// Errors per request; `None` without requests.
    #[must_use]
    pub fn error_rate(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        (self.requests > 0).then(|| self.errors as f64 / self.requests as f64)
    }
}

const EVERY_MS: u64 = 1_000;
const KEPT_MS: u64 = 300_000;
const KEPT: usize = 300;

/// A ring of samples, fed by observations of any cadence.
#[derive(Debug, Default)]
pub(crate) struct Series {
    samples: VecDeque<Sample>,
    last: Option<Arc<Observation>>,
}

impl Series {
    /// Takes a reading; true when it closed a sample in which anything happened.
    pub(crate) fn take(&mut self, seen: &Arc<Observation>) -> bool {
        let Some(before) = &self.last else {
            self.last = Some(Arc::clone(seen));
            return false;
        };
        let over_ms = seen.at.since_ms(before.at);
        if over_ms < EVERY_MS && seen.at >= before.at {
            return false;
        }
        let readings = seen.groups.iter().map(|group| {
            let reading = match before.group(&group.name) {
                Some(then) => Reading::of(&group.figures.since(&then.figures)),
                None => Reading::of(&group.figures),
            };
            (group.name.clone(), reading)
        });
        let sample = Sample {
            at: seen.at,
            over_ms,
            groups: readings.collect(),
        };
        let busy = has_requests(&sample);
        // An environment without traffic keeps no row of zeros.
        if busy || self.samples.back().is_some_and(has_requests) {
            self.samples.push_back(sample);
        }
        let is_old = |first: &Sample| seen.at.since_ms(first.at) > KEPT_MS;
        while self.samples.len() > KEPT || self.samples.front().is_some_and(is_old) {
            self.samples.pop_front();
        }
        self.last = Some(Arc::clone(seen));
        busy
    }

    pub(crate) fn samples(&self) -> Vec<Sample> {
        self.samples.iter().cloned().collect()
    }
}

fn has_requests(sample: &Sample) -> bool {
    sample.groups.iter().any(|(_, r)| r.requests > 0)
}
