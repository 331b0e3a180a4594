//! What happened over all runs of a test, so that it can be asserted that anything did.

use super::run::Sim;
use super::stage::kinds;
use domain::Command;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(super) struct Tally {
    runs: u64,
    fired: BTreeMap<&'static str, u64>,
    ends: BTreeMap<&'static str, u64>,
    said: BTreeMap<&'static str, u64>,
    pub(super) crashes: u64,
    pub(super) ignored: u64,
    pub(super) effects: u64,
    pub(super) jumps: u64,
    pub(super) jumps_back: u64,
}

impl Tally {
    pub(super) fn add(&mut self, sim: &Sim) {
        self.runs += 1;
        for (kind, n) in sim.world.fired_by_kind() {
            *self.fired.entry(kind).or_default() += n;
        }
        for (command, n) in &sim.said {
            *self.said.entry(command).or_default() += n;
        }
        *self.ends.entry(sim.rollout.status.as_str()).or_default() += 1;
        self.crashes += sim.crashes;
        self.ignored += sim.ignored;
        self.effects += sim.effects;
        self.jumps += sim.wall.jumps;
        self.jumps_back += sim.wall.jumps_back;
    }

    /// Every kind of fault happened at least so often.
    pub(super) fn every_fault_fired(&self, least: u64) {
        for kind in kinds() {
            self.fault_fired(kind.as_str(), least);
        }
    }

    pub(super) fn fault_fired(&self, kind: &str, least: u64) {
        let fired = self.fired.get(kind).copied().unwrap_or(0);
        assert!(fired >= least, "{kind} hardly happened: {self:?}");
    }

    pub(super) fn commands_were_given(&self, commands: &[Command], least: u64) {
        for command in commands {
            let said = self.said.get(command.as_str()).copied().unwrap_or(0);
            assert!(said >= least, "{command:?} was hardly said: {self:?}");
        }
    }

    pub(super) fn ended(&self, ends: &[&str], least: u64) {
        for end in ends {
            let n = self.ends.get(end).copied().unwrap_or(0);
            assert!(n >= least, "hardly any {end}: {self:?}");
        }
    }

    /// Not in every run, but in most of them.
    pub(super) fn crashed_often(&self) {
        assert!(self.crashes > self.runs, "{self:?}");
    }
}
