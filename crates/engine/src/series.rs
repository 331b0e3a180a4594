//! The last minutes of every group's figures, in memory, for the charts.

use domain::{Figures, GroupName, Observation, Time};
use std::collections::{BTreeMap, VecDeque};

/// What one group did in about a second.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The end of the stretch.
    pub at: Time,
    pub over_ms: u64,
    pub groups: Vec<(GroupName, Figures)>,
}

const EVERY_MS: u64 = 1_000;
const KEPT: usize = 300;

/// A ring of samples, fed by observations of any cadence.
#[derive(Debug, Default)]
pub(crate) struct Series {
    samples: VecDeque<Sample>,
    last: Option<(Time, BTreeMap<GroupName, Figures>)>,
}

impl Series {
    /// Takes a reading; true when it closed a sample in which anything happened.
    pub(crate) fn take(&mut self, seen: &Observation) -> bool {
        let now = || {
            seen.groups
                .iter()
                .map(|g| (g.name.clone(), g.figures.clone()))
                .collect()
        };
        let Some((then, before)) = &self.last else {
            self.last = Some((seen.at, now()));
            return false;
        };
        let over_ms = seen.at.since_ms(*then);
        if over_ms < EVERY_MS && seen.at >= *then {
            return false;
        }
        let groups: Vec<_> = seen
            .groups
            .iter()
            .map(|g| {
                let since = before
                    .get(&g.name)
                    .map_or_else(|| g.figures.clone(), |b| g.figures.since(b));
                (g.name.clone(), since)
            })
            .collect();
        let busy = groups.iter().any(|(_, figures)| figures.requests > 0);
        // An environment without traffic keeps no row of zeros.
        if busy
            || self
                .samples
                .back()
                .is_some_and(|s| s.groups.iter().any(|(_, f)| f.requests > 0))
        {
            self.samples.push_back(Sample {
                at: seen.at,
                over_ms,
                groups,
            });
            if self.samples.len() > KEPT {
                self.samples.pop_front();
            }
        }
        self.last = Some((seen.at, now()));
        busy
    }

    pub(crate) fn samples(&self) -> Vec<Sample> {
        self.samples.iter().cloned().collect()
    }
}
