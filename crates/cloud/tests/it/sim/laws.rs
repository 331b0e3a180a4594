//! What must hold before each effect, at every moment, and at the end: against the truth of the cloud
//! and not against what the machine was shown.

use super::run::Sim;
use super::stage::Weather;
use domain::plan::{Action, Group};
use domain::rollout::{Pause, next_effect, replay};
use domain::{Effect, GroupName, Observation, Routes, Status};
use std::sync::Arc;

impl Sim {
    /// Invariants 1, 2 and 4 of the design.
    pub(super) fn check_effect(&mut self, effect: &Effect, seen: &Observation) {
        let at = self.at();
        // What is done follows from what is journalled, and from nothing that a crash would lose.
        let journalled = replay(self.id, &self.journal).unwrap();
        assert_eq!(
            next_effect(&journalled, seen).as_ref(),
            Some(effect),
            "{at}"
        );
        let truth = self.world.truth(self.now, &self.target);
        let serving = |other: &GroupName| {
            truth
                .groups
                .iter()
                .any(|g| &g.name != other && g.weight > 0 && g.healthy() > 0)
        };
        match effect {
            Effect::EnsureGroup { .. } => {}
            Effect::EnsureTraffic { routes } => {
                assert!(routes.is_whole(), "{at}: {routes}");
                for (name, weight) in &routes.weights {
                    if *weight <= truth.routes.weight(name) {
                        continue;
                    }
                    let group = truth
                        .group(name)
                        .unwrap_or_else(|| panic!("{at}: {name} is not there"));
                    // On the way back what is proven takes everything at once, also shrunk (ADR 5).
                    let needed = match self.rollout.status {
                        Status::RollingBack => 1,
                        _ => group.size,
                    };
                    // Nobody can know of an instance that died since the look.
                    let seen = seen.group(name).map_or(0, |seen| seen.restarts);
                    let died = group.restarts.saturating_sub(seen);
                    assert!(
                        group.healthy() + died >= needed,
                        "{at}: {routes}, {truth:?}"
                    );
                }
            }
            Effect::EnsureSize { group, size } => {
                let found = truth
                    .group(group)
                    .unwrap_or_else(|| panic!("{at}: {group} is not there"));
                if *size < found.size && found.weight > 0 {
                    assert!(
                        *size > 0 && found.healthy() >= *size,
                        "{at}: {group} to {size}, {truth:?}"
                    );
                }
            }
            Effect::EnsureRetired { group } => {
                assert_eq!(truth.routes.weight(group), 0, "{at}: {group} still serves");
                let last = self.rollout.plan.from.is_some() && !serving(group);
                assert!(
                    !last,
                    "{at}: {group} is the last that serves, {truth:?}, seen {seen:?}"
                );
            }
        }
    }

    /// A routing that the plan has not reached is put right soon, whatever the step; and where no
    /// person speaks, none has paused it.
    pub(super) fn watch_traffic(&mut self) {
        if self.weather == Weather::Calm {
            let pause = matches!(
                self.rollout.status,
                Status::Paused {
                    pause: Pause::Person { .. }
                }
            );
            assert!(!pause, "{}: nobody paused it", self.at());
        }
        let truth = self.world.truth(self.now, &self.target);
        let plan = Arc::clone(&self.rollout.plan);
        let routes = |action: &Action| match action {
            Action::SetTraffic { routes } => Some(routes.clone()),
            _ => None,
        };
        let upto = plan
            .steps()
            .take(self.rollout.step + 1)
            .filter_map(|(_, step)| routes(&step.action));
        let home = self.home();
        let (mut before, mut reached) = (home.clone(), home.clone());
        for next in upto {
            before = std::mem::replace(&mut reached, next);
        }
        let weights = |routes: &Routes| {
            truth
                .groups
                .iter()
                .map(|g| routes.weight(&g.name))
                .collect::<Vec<_>>()
        };
        let now = weights(&truth.routes);
        let moving = self
            .rollout
            .current()
            .is_some_and(|(_, step)| routes(&step.action).is_some());
        let expected = match self.rollout.status {
            // What serves goes on serving until the old group, perhaps started again, can take over.
            Status::RollingBack => {
                let whole = plan.from.as_ref().is_none_or(|old| {
                    let found = truth.group(&old.name);
                    found.is_some_and(|g| g.healthy() >= old.size)
                });
                now == weights(&home) || !whole
            }
            Status::Paused { .. } => now == weights(&reached) || moving && now == weights(&before),
            _ => now == weights(&reached) || moving,
        };
        self.astray = if expected { 0 } else { self.astray + 1 };
        assert!(
            self.astray < 150,
            "{}: traffic stays astray: {}, {:?}",
            self.at(),
            truth.routes,
            self.rollout.status
        );
    }

    /// Invariants 3 and 6: one serving group and no orphan, or a problem with its way out.
    pub(super) fn check_end(&mut self) {
        let plan = Arc::clone(&self.rollout.plan);
        match &self.rollout.status {
            Status::Succeeded => self.serves_alone(Some(&plan.to)),
            Status::RolledBack | Status::Cancelled => self.serves_alone(plan.from.as_ref()),
            Status::Failed { problem } => {
                let at = self.at();
                let names_the_group = plan
                    .groups()
                    .any(|group| problem.contains(group.name.as_str()));
                assert!(
                    names_the_group && problem.contains("again") || problem.contains("by hand"),
                    "{at}: {problem}"
                );
            }
            other => panic!("{}: ended as {other:?}", self.at()),
        }
    }

    pub(super) fn serves_alone(&mut self, group: Option<&Group>) {
        let at = self.at();
        let truth = self.world.truth(self.now, &self.target);
        let names: Vec<_> = truth.groups.iter().map(|g| &g.name).collect();
        let Some(group) = group else {
            assert!(names.is_empty(), "{at}: orphans {names:?}");
            assert_eq!(truth.routes, Routes::default(), "{at}");
            return;
        };
        assert_eq!(truth.routes.weight(&group.name), 100, "{at}: {truth:?}");
        assert_eq!(names, [&group.name], "{at}: orphans");
        assert_eq!(truth.groups[0].image, group.image, "{at}");
    }

    pub(super) fn has_succeeded(&self) {
        assert!(
            self.rollout.status == Status::Succeeded,
            "{}: {:?} {:?}",
            self.at(),
            self.rollout.status,
            self.rollout.going_back
        );
    }
}
