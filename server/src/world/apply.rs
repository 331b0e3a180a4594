//! Applying a declaration: what differs, line by line, and making it so.

use super::World;
use super::authority::{Extent, require, require_within};
use super::error::{invalid, of_store, problem};
use app::backend::{Answer, Problem, ProblemKind, Viewer, ViewerRole};
use app::view::{ApplyRequest, ApplyView};
use domain::{Application, Environment};
use serde_json::Value;
use std::collections::BTreeMap;

impl World {
    pub(super) async fn apply_declaration(
        &self,
        viewer: &Viewer,
        request: ApplyRequest,
    ) -> Answer<ApplyView> {
        if !request.plan {
            // Whoever may declare nothing at all need not mend a declaration to learn it.
            require_within(viewer, ViewerRole::Admin, None, DECLARE)?;
        }
        let wanted = Application::from_toml(&request.toml)
            .map_err(|error| invalid("toml", error, "mend the declaration at that place"))?;
        let _alone = self.applying.lock().await;
        let known = self
            .store
            .application(&wanted.name)
            .await
            .map_err(of_store)?;
        if !request.plan {
            may_declare(viewer, known.as_ref(), &wanted)?;
        }
        self.clouds_are_known(&wanted)?;
        self.ports_are_free(&wanted).await?;
        let changes = differences(known.as_ref(), &wanted);
        self.nothing_runs_where_removed(known.as_ref(), &wanted)
            .await?;
        let applied = !request.plan && !changes.is_empty();
        if applied {
            self.store
                .save_application(&wanted, &viewer.actor, self.time())
                .await
                .map_err(of_store)?;
            self.engine.environments_changed();
        }
        Ok(ApplyView {
            takes_rollout: self.takes_rollout(&wanted).await?,
            app: wanted.name,
            changes,
            applied,
        })
    }

    /// What is declared and not in force, by environment, with the way to bring it into effect.
    async fn takes_rollout(&self, wanted: &Application) -> Answer<Vec<String>> {
        let records = self.store.environments().await.map_err(of_store)?;
        let here = records.iter().filter(|record| record.app == wanted.name);
        let lines = here.filter_map(|record| {
            let mut envs = wanted.environments.iter();
            let env = envs.find(|env| env.name == record.spec.name)?;
            let stable = record.stable.as_ref()?;
            let behind: Vec<_> = stable.behind(env).iter().map(ToString::to_string).collect();
            (!behind.is_empty()).then(|| {
                format!(
                    "{}: {} takes a rollout, also of the same image: viridian rollout start --app {} --env {} --image {} --strategy blue-green",
                    env.name,
                    behind.join(", "),
                    wanted.name,
                    env.name,
                    stable.version
                )
            })
        });
        Ok(lines.collect())
    }

    fn clouds_are_known(&self, wanted: &Application) -> Answer<()> {
        match wanted
            .environments
            .iter()
            .find(|env| env.cloud != cloud_local::NAME)
        {
            None => Ok(()),
            Some(env) => Err(invalid(
                "cloud",
                format!(
                    "environment {:?}: no cloud is named {:?}",
                    env.name, env.cloud
                ),
                "use cloud = \"local\"",
            )),
        }
    }

    /// Between applications; within one the declaration itself is checked.
    async fn ports_are_free(&self, wanted: &Application) -> Answer<()> {
        let taken = self.store.environments().await.map_err(of_store)?;
        for env in &wanted.environments {
            let other = taken.iter().find(|other| {
                other.app != wanted.name
                    && other.spec.listen == env.listen
                    && env.listen.port() != 0
            });
            if let Some(other) = other {
                return Err(Problem {
                    field: Some("listen".to_owned()),
                    ..problem(
                        ProblemKind::Conflict,
                        format!(
                            "environment {:?}: {} is taken by {}/{}",
                            env.name, env.listen, other.app, other.spec.name
                        ),
                        "give each environment its own port",
                    )
                });
            }
        }
        Ok(())
    }

    /// An environment that serves is not forgotten by leaving it out.
    async fn nothing_runs_where_removed(
        &self,
        known: Option<&Application>,
        wanted: &Application,
    ) -> Answer<()> {
        for gone in known.into_iter().flat_map(|app| &app.environments) {
            if wanted.environments.iter().any(|env| env.name == gone.name) {
                continue;
            }
            let target = domain::Target {
                app: wanted.name.clone(),
                env: gone.name.clone(),
            };
            let record = self.store.environment(&target).await.map_err(of_store)?;
            let Some(record) = record else { continue };
            let busy = match (record.active, &record.stable) {
                (Some(id), _) => Some(format!("rollout {id} is under way there")),
                (None, Some(stable)) => Some(format!("{} serves there", stable.name)),
                (None, None) => None,
            };
            if let Some(busy) = busy {
                return Err(Problem {
                    field: Some("environment".to_owned()),
                    ..problem(
                        ProblemKind::Conflict,
                        format!("environment {:?} is left out, but {busy}", gone.name),
                        "keep it in the declaration: an environment that serves is never forgotten",
                    )
                });
            }
        }
        Ok(())
    }
}

/// An admin of an environment may change its settings; what there is and in which order, only who is
/// admin of the whole application.
fn may_declare(viewer: &Viewer, known: Option<&Application>, wanted: &Application) -> Answer<()> {
    let names = |app: &Application| -> Vec<_> {
        app.environments
            .iter()
            .map(|env| env.name.clone())
            .collect()
    };
    let bare = |app: &Application| Application {
        environments: Vec::new(),
        ..app.clone()
    };
    let same = |known: &&Application| names(known) == names(wanted) && bare(known) == bare(wanted);
    let Some(known) = known.filter(same) else {
        let whole = Extent::application(&wanted.name);
        return require(viewer, ViewerRole::Admin, whole, DECLARE);
    };
    require_within(viewer, ViewerRole::Admin, Some(&wanted.name), DECLARE)?;
    for (before, after) in known.environments.iter().zip(&wanted.environments) {
        if before != after {
            let at = Extent {
                app: Some(&wanted.name),
                env: Some(&after.name),
            };
            require(viewer, ViewerRole::Admin, at, DECLARE)?;
        }
    }
    Ok(())
}

const DECLARE: &str = "declare applications";

/// One line per difference.
fn differences(known: Option<&Application>, wanted: &Application) -> Vec<String> {
    let mut lines = Vec::new();
    let Some(known) = known else {
        lines.push(format!("+ application {}", wanted.name));
        for env in &wanted.environments {
            lines.push(added(env));
        }
        return lines;
    };
    for gone in &known.environments {
        if !wanted.environments.iter().any(|env| env.name == gone.name) {
            lines.push(format!("- environment {}", gone.name));
        }
    }
    for env in &wanted.environments {
        match known
            .environments
            .iter()
            .find(|before| before.name == env.name)
        {
            None => lines.push(added(env)),
            Some(before) => {
                let (before, after) = (settings(before), settings(env));
                let names: std::collections::BTreeSet<_> =
                    before.keys().chain(after.keys()).collect();
                for name in names {
                    let (from, to) = (before.get(name), after.get(name));
                    if from != to {
                        let show = |value: Option<&Value>| {
                            value.map_or_else(|| "default".to_owned(), Value::to_string)
                        };
                        lines.push(format!(
                            "~ {}.{name}: {} → {}",
                            env.name,
                            show(from),
                            show(to)
                        ));
                    }
                }
            }
        }
    }
    let order = |app: &Application| -> Vec<_> {
        let names = app.environments.iter().map(|env| env.name.clone());
        names
            .filter(|name| known.environments.iter().any(|env| &env.name == name))
            .collect()
    };
    let (before, after) = (order(known), order(wanted));
    if lines.iter().all(|line| !line.starts_with('-')) && before != after {
        let path = |names: &[domain::EnvName]| {
            names
                .iter()
                .map(|n| n.as_str())
                .collect::<Vec<_>>()
                .join(" → ")
        };
        lines.push(format!(
            "~ promotion path: {} becomes {}",
            path(&before),
            path(&after)
        ));
    }
    lines
}

fn added(env: &Environment) -> String {
    format!(
        "+ environment {} on {}, {} × {}",
        env.name, env.cloud, env.instances, env.listen
    )
}

/// Every setting by its dotted name.
fn settings(env: &Environment) -> BTreeMap<String, Value> {
    fn walk(prefix: &str, value: Value, into: &mut BTreeMap<String, Value>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let path = if prefix.is_empty() {
                        name
                    } else {
                        format!("{prefix}.{name}")
                    };
                    walk(&path, value, into);
                }
            }
            Value::Null => {}
            value => {
                into.insert(prefix.to_owned(), value);
            }
        }
    }
    let mut all = BTreeMap::new();
    walk("", serde_json::to_value(env).unwrap_or_default(), &mut all);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(environments: &str) -> Application {
        Application::from_toml(&format!("[application]\nname = \"site\"\n{environments}")).unwrap()
    }

    #[test]
    fn a_difference_names_the_setting_from_and_to() {
        let before = app("[[environment]]\nname = \"prod\"\nlisten = \"127.0.0.1:1\"\n");
        let after = app(
            "[[environment]]\nname = \"dev\"\nlisten = \"127.0.0.1:2\"\n[[environment]]\nname = \"prod\"\nlisten = \"127.0.0.1:1\"\ninstances = 3\n",
        );
        assert_eq!(
            differences(Some(&before), &after),
            [
                "+ environment dev on local, 1 × 127.0.0.1:2",
                "~ prod.instances: 1 → 3"
            ]
        );
        assert_eq!(differences(Some(&after), &before)[0], "- environment dev");
        assert!(differences(Some(&after), &after).is_empty());
        assert_eq!(differences(None, &before).len(), 2);
    }
}
