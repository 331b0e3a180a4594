//! What the journal says that the environments' rows and the vetoes should show.

use crate::entity::{environment, journal, veto};
use crate::journal::event;
use crate::model::Hold;
use crate::projection::{Meaning, meaning};
use domain::rollout::{What, create, evolve};
use domain::{Group, Rollout, RolloutId};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The only events that change what is expected, or what these mean; the others are most of a journal,
/// and are not read.
const TELLING: [&str; 6] = [
    "created",
    "admitted",
    "returning",
    "ended",
    "succeeded",
    "rejected",
];

type Place = (String, String);

/// Made by hearing every entry of the journal in its order.
#[derive(Default)]
pub(super) struct Expected {
    environments: BTreeMap<Place, Environment>,
    vetoes: BTreeMap<(Place, String), veto::Model>,
    /// Rollouts that are not over yet.
    under_way: BTreeMap<i64, Rollout>,
}

#[derive(Default)]
struct Environment {
    stable: Option<(Group, i64)>,
    hold: Option<Hold>,
}

/// Of a declaration as it was applied, whatever else its version of the program wrote.
#[derive(Deserialize)]
struct Applied {
    name: String,
    environments: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Freed {
    digest: String,
}

impl Expected {
    /// # Errors
    /// What of the entry cannot be understood.
    pub(super) fn hear(&mut self, entry: &journal::Model) -> Result<(), String> {
        match entry.rollout {
            Some(id) if TELLING.contains(&entry.kind.as_str()) => self.rollout(id, entry),
            Some(_) => Ok(()),
            None => self.admin(entry),
        }
    }

    fn admin(&mut self, entry: &journal::Model) -> Result<(), String> {
        let bad = |e: serde_json::Error| e.to_string();
        if entry.kind == "applied" {
            let applied: Applied = serde_json::from_str(&entry.detail).map_err(bad)?;
            for env in applied.environments {
                self.environments
                    .entry((applied.name.clone(), env.name))
                    .or_default();
            }
            return Ok(());
        }
        let (Some(app), Some(env)) = (&entry.app, &entry.env) else {
            return Ok(());
        };
        let place = (app.clone(), env.clone());
        match entry.kind.as_str() {
            "hold_removed" => self.environments.entry(place).or_default().hold = None,
            "veto_removed" => {
                let freed: Freed = serde_json::from_str(&entry.detail).map_err(bad)?;
                self.vetoes.remove(&(place, freed.digest));
            }
            _ => {}
        }
        Ok(())
    }

    fn rollout(&mut self, id: i64, entry: &journal::Model) -> Result<(), String> {
        let event = event(entry).map_err(|e| e.to_string())?;
        let after = match self.under_way.remove(&id) {
            Some(rollout) => evolve(rollout, &event),
            None => match create(RolloutId(id), &event) {
                Some(rollout) => rollout,
                // That its first event does not create it is told where rollouts are compared.
                None => return Ok(()),
            },
        };
        let target = &after.plan.target;
        let place = (target.app.to_string(), target.env.to_string());
        match meaning(&event, &after) {
            Some(Meaning::Serves { group, since }) => {
                self.environments.entry(place).or_default().stable = Some((group, since.0));
            }
            Some(Meaning::KeptAway { hold, veto }) => {
                if let Some(veto) = veto {
                    self.vetoes
                        .insert((place.clone(), veto.digest.clone()), veto);
                }
                self.environments.entry(place).or_default().hold = Some(hold);
            }
            None => {}
        }
        let over = matches!(
            event.what,
            What::Ended { .. } | What::Succeeded | What::Rejected { .. }
        );
        if !over {
            self.under_way.insert(id, after);
        }
        Ok(())
    }

    /// The first difference to what is listed. Sentences are not compared: a later version may word
    /// them anew.
    pub(super) fn difference(
        mut self,
        environments: Vec<environment::Model>,
        vetoes: Vec<veto::Model>,
    ) -> Option<String> {
        for row in environments {
            let place = (row.app.clone(), row.env.clone());
            let Some(expected) = self.environments.remove(&place) else {
                return Some(format!(
                    "{}/{} is listed, and was never declared",
                    row.app, row.env
                ));
            };
            if let Some(what) = expected.differs(&row) {
                return Some(format!("{}/{} shows {what}", row.app, row.env));
            }
        }
        if let Some(((app, env), _)) = self.environments.pop_first() {
            return Some(format!("{app}/{env} was declared, and is not listed"));
        }
        for row in vetoes {
            let key = ((row.app.clone(), row.env.clone()), row.digest.clone());
            let same = self.vetoes.remove(&key).is_some_and(|expected| {
                veto::Model {
                    why: row.why.clone(),
                    ..expected
                } == row
            });
            if !same {
                return Some(format!(
                    "{}/{} lists a veto of {} that the journal does not know so",
                    row.app, row.env, row.version
                ));
            }
        }
        let (((app, env), _), lost) = self.vetoes.pop_first()?;
        Some(format!(
            "{app}/{env} does not list the veto of {}",
            lost.version
        ))
    }
}

impl Environment {
    fn differs(&self, row: &environment::Model) -> Option<&'static str> {
        let stable = row.stable.as_deref().map(serde_json::from_str::<Group>);
        let same = match (&self.stable, stable, row.stable_since) {
            (None, None, None) => true,
            (Some((group, since)), Some(Ok(listed)), Some(listed_since)) => {
                *group == listed && *since == listed_since
            }
            _ => false,
        };
        if !same {
            return Some("another stable group than the last success left");
        }
        let hold = row.hold.as_deref().map(serde_json::from_str::<Hold>);
        match (&self.hold, hold) {
            (None, None) => None,
            (None, Some(_)) => Some("a hold that nothing put there"),
            (Some(_), None) => Some("no hold, and nobody removed it"),
            (Some(hold), Some(Ok(listed))) => {
                let same = Hold {
                    why: listed.why.clone(),
                    ..hold.clone()
                } == listed;
                (!same).then_some("another hold than the last rollback left")
            }
            (Some(_), Some(Err(_))) => Some("a hold that cannot be read"),
        }
    }
}
