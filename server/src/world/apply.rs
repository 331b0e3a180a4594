//! Applying a declaration: what differs, line by line, and making it so.

use super::World;
use super::error::{invalid, of_store, problem};
use app::backend::{Answer, Problem, ProblemKind, Viewer};
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
        let wanted = Application::from_toml(&request.toml)
            .map_err(|error| invalid("toml", error, "mend the declaration at that place"))?;
        self.clouds_are_known(&wanted)?;
        self.ports_are_free(&wanted).await?;
        let known = self
            .store
            .application(&wanted.name)
            .await
            .map_err(of_store)?;
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
            app: wanted.name,
            changes,
            applied,
        })
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
