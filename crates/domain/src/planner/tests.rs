//! What plans look like, and what their parts are checked with.

mod approval;
mod laws;
mod refusal;
mod release;

use super::*;
use crate::Application;
use crate::plan::{Inverse, duration};
use std::fmt::Write;

fn digest(digit: char) -> Digest {
    Digest::new(format!("sha256:{}", digit.to_string().repeat(64))).unwrap()
}

fn environment(settings: &str) -> Environment {
    let toml = format!(
        "[application]\nname = \"site\"\n[[environment]]\nname = \"prod\"\nlisten = \"127.0.0.1:8103\"\n{settings}"
    );
    Application::from_toml(&toml)
        .unwrap_or_else(|error| panic!("{toml}: {error}"))
        .environments
        .remove(0)
}

fn old(env: &Environment, size: u32) -> Group {
    Group {
        name: GroupName::new("site-prod-v001").unwrap(),
        role: Role::Stable,
        image: digest('a'),
        version: Version::new("1.0.0").unwrap(),
        release: ReleaseNumber(1),
        size,
        template: Arc::new(Template::of(env)),
    }
}

fn ask(
    env: &Environment,
    strategy: Strategy,
    from: Option<Group>,
    capabilities: Capabilities,
) -> Result<Plan, PlanError> {
    let app = AppName::new("site").unwrap();
    let (image, version) = (digest('b'), Version::new("2.0.0").unwrap());
    plan(&Request {
        app: &app,
        env,
        strategy,
        image,
        version,
        release: ReleaseNumber(2),
        next_group: 2,
        from,
        capabilities,
    })
}

fn planned(settings: &str, strategy: Strategy) -> Plan {
    let env = environment(settings);
    let from = old(&env, env.instances);
    ask(&env, strategy, Some(from), Capabilities::ALL).unwrap()
}

fn text(plan: &Plan) -> String {
    let mut text = String::new();
    for phase in &plan.phases {
        let _ = writeln!(text, "{} [{:?}]", phase.name, phase.kind);
        for step in &phase.steps {
            let undo = match &step.inverse {
                Inverse::Nothing => "nothing".to_owned(),
                Inverse::Retire { group } => format!("retire {group}"),
                Inverse::SetTraffic { routes } => format!("traffic {routes}"),
                Inverse::Resize { group, size } => format!("{group} to {size}"),
                Inverse::Provision { group } => format!("start {group} again"),
            };
            let limit = step
                .timeout_ms
                .map_or_else(|| "no limit".to_owned(), duration);
            let _ = writeln!(text, "  {} ({limit}; undo: {undo})", step.action);
        }
    }
    let _ = writeln!(
        text,
        "waits {}, costs {} instance-seconds",
        duration(plan.declared_wait_ms()),
        plan.extra_instance_ms() / 1_000
    );
    text
}

#[test]
fn plans_read_as_agreed() {
    for (name, strategy, settings) in [
        ("blue_green", Strategy::BlueGreen, "instances = 3\n"),
        (
            "blue_green_approved",
            Strategy::BlueGreen,
            "[environment.blue_green]\npreview_ms = 5000\napproval = \"another_person\"\nretain_ms = 0\n",
        ),
        ("canary", Strategy::Canary, "instances = 4\n"),
        (
            "canary_single",
            Strategy::Canary,
            "[environment.canary]\nweights = [100]\npause_ms = 0\n",
        ),
        (
            "canary_approved_alone",
            Strategy::Canary,
            "instances = 10\n[environment.canary]\nweights = [1, 10, 100]\nbaseline = false\napproval = \"anyone\"\n",
        ),
        ("rolling", Strategy::Rolling, "instances = 4\n"),
        (
            "rolling_no_surge",
            Strategy::Rolling,
            "instances = 4\n[environment.rolling]\nmax_surge = 0\nmax_unavailable = 1\n",
        ),
        (
            "rolling_single",
            Strategy::Rolling,
            "[environment.rolling]\napproval = \"anyone\"\npause_ms = 1000\n",
        ),
        (
            "ab",
            Strategy::Ab,
            "instances = 2\n[environment.ab]\nweight = 30\nunit_header = \"x-user\"\nheader = { name = \"x-beta\", value = \"1\" }\n",
        ),
        (
            "ab_bounded",
            Strategy::Ab,
            "[environment.ab]\nrun_ms = 3600000\n",
        ),
    ] {
        insta::assert_snapshot!(name, text(&planned(settings, strategy)));
    }
}

#[test]
fn the_first_rollout_only_starts_and_serves() {
    let env = environment("instances = 2\n");
    for strategy in Strategy::ALL {
        let plan = ask(&env, strategy, None, Capabilities::ALL).unwrap();
        let actions: Vec<_> = plan
            .steps()
            .map(|(_, step)| step.action.to_string())
            .collect();
        assert_eq!(
            actions,
            [
                "Start site-prod-v002, 2 instances",
                "Wait until 2 of site-prod-v002 are healthy",
                "Traffic: 100% to site-prod-v002"
            ]
        );
        assert!(plan.gate.is_none() && plan.from.is_none());
    }
}
