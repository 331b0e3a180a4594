//! `viridian rollout`: plan, start, look at and steer rollouts.

use super::client::{typed, with_query};
use super::connect::Connect;
use super::print;
use super::watch;
use super::{Done, Outcome};
use app::view::{
    CommandRequest, Page, PlanView, RolloutRow, RolloutView, StartRequest, StepState, StepView,
};
use clap::{Subcommand, ValueEnum};
use domain::{AppName, EnvName, RolloutId, Strategy};
use serde_json::Value;
use std::num::NonZeroUsize;

/// Plan, start, watch and steer rollouts.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Plan(Plan),
    Start(Start),
    List(List),
    Show(Show),
    Watch(Watch),
    /// Approve, decide an experiment, or end the current wait.
    #[command(after_help = "Example:\n  viridian rollout promote 7")]
    Promote(Steer),
    /// Stand still at the current step.
    #[command(after_help = "Example:\n  viridian rollout pause 7")]
    Pause(Steer),
    /// Go on after a pause.
    #[command(after_help = "Example:\n  viridian rollout resume 7")]
    Resume(Steer),
    /// Return to the version from before. Of a finished rollout this starts a new one.
    #[command(after_help = "Example:\n  viridian rollout rollback 7")]
    Rollback(Steer),
    /// Give it up: nothing of it is left.
    #[command(after_help = "Example:\n  viridian rollout cancel 7")]
    Cancel(Steer),
    /// Decline a rollout that waits for an approval.
    #[command(after_help = "Example:\n  viridian rollout reject 7")]
    Reject(Steer),
}

#[derive(Clone, Copy, ValueEnum)]
enum StrategyName {
    BlueGreen,
    Canary,
    Rolling,
    Ab,
}

impl From<StrategyName> for Strategy {
    fn from(name: StrategyName) -> Self {
        match name {
            StrategyName::BlueGreen => Self::BlueGreen,
            StrategyName::Canary => Self::Canary,
            StrategyName::Rolling => Self::Rolling,
            StrategyName::Ab => Self::Ab,
        }
    }
}

#[derive(clap::Args)]
struct What {
    #[arg(long, value_name = "NAME")]
    app: AppName,
    #[arg(long, value_name = "NAME")]
    env: EnvName,
    /// The version to bring, or its digest.
    #[arg(long, value_name = "VERSION|DIGEST")]
    image: String,
    /// How it replaces what runs.
    #[arg(long)]
    strategy: StrategyName,
}

impl What {
    fn request(self) -> StartRequest {
        StartRequest {
            app: self.app,
            env: self.env,
            image: self.image,
            strategy: self.strategy.into(),
        }
    }
}

/// Print what a rollout would do, without starting it.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  viridian rollout plan --app site --env prod --image 2 --strategy canary"
)]
struct Plan {
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    connect: Connect,
}

/// Start a rollout. The first one of an empty environment simply starts it.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  viridian rollout start --app site --env prod --image 2 --strategy canary --watch\n\nExit codes: 0 started, or with --watch succeeded; 1 an error, told on standard error; 2 wrong usage; with --watch 3 rolled back, cancelled or rejected, 4 failed"
)]
struct Start {
    #[command(flatten)]
    what: What,
    /// Follow it to its end.
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    connect: Connect,
}

/// List rollouts, newest first.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  viridian rollout list --app site --env prod --state paused")]
struct List {
    #[arg(long, value_name = "NAME")]
    app: Option<AppName>,
    #[arg(long, value_name = "NAME")]
    env: Option<EnvName>,
    /// pending_approval, pending, in_progress, paused, promoting, soaking, succeeded, rejected,
    /// cancelled, rolling_back, rolled_back or failed.
    #[arg(long)]
    state: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    /// Go on after an earlier page: its `next`.
    #[arg(long)]
    cursor: Option<String>,
    #[command(flatten)]
    connect: Connect,
}

/// Show a rollout: what is going on, its steps, groups and what can be done now.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  viridian rollout show 7 --json")]
struct Show {
    id: RolloutId,
    #[command(flatten)]
    connect: Connect,
}

/// Follow a rollout to its end, a line for each change.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  viridian rollout watch 7\n\nExit codes: 0 succeeded; 1 an error, told on standard error; 2 wrong usage; 3 rolled back, cancelled or rejected; 4 failed"
)]
struct Watch {
    id: RolloutId,
    #[command(flatten)]
    connect: Connect,
}

#[derive(clap::Args)]
struct Steer {
    id: RolloutId,
    /// The number of the step that was looked at, as `rollout show` counts them: refused when the
    /// rollout has moved on.
    #[arg(long, value_name = "NUMBER")]
    step: Option<NonZeroUsize>,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(args: Args) -> Outcome {
    use domain::Command as Verb;
    match args.command {
        Command::Plan(args) => plan(args).await,
        Command::Start(args) => start(args).await,
        Command::List(args) => list(args).await,
        Command::Show(args) => show(args).await,
        Command::Watch(args) => {
            watch::follow(&args.connect.client()?, args.id, args.connect.json).await
        }
        Command::Promote(args) => steer(args, Verb::Promote).await,
        Command::Pause(args) => steer(args, Verb::Pause).await,
        Command::Resume(args) => steer(args, Verb::Resume).await,
        Command::Rollback(args) => steer(args, Verb::Rollback).await,
        Command::Cancel(args) => steer(args, Verb::Cancel).await,
        Command::Reject(args) => steer(args, Verb::Reject).await,
    }
}

async fn plan(args: Plan) -> Outcome {
    let answer = args
        .connect
        .client()?
        .post("/api/v1/rollouts/plan", &args.what.request())
        .await?;
    if args.connect.json {
        print::json(&answer);
        return Ok(Done::Ok);
    }
    let plan: PlanView = typed(&answer)?;
    print::line(format!(
        "{} of {}/{} would:",
        plan.headline, plan.app, plan.env
    ));
    print_steps(&plan.steps);
    let waits = domain::plan::duration(plan.declared_wait_ms);
    print::line(format!(
        "\nIt waits {waits} on purpose and costs {:.2} extra instance-hours.",
        plan.extra_instance_hours
    ));
    print::line(plan.how_back);
    if !plan.note.is_empty() {
        print::line(plan.note);
    }
    Ok(Done::Ok)
}

async fn start(args: Start) -> Outcome {
    let client = args.connect.client()?;
    let answer = client
        .post("/api/v1/rollouts", &args.what.request())
        .await?;
    let view: RolloutView = typed(&answer)?;
    match (args.watch, args.connect.json) {
        (true, json) => {
            if !json {
                print::line(started(&view));
            }
            watch::follow(&client, view.id, json).await
        }
        (false, true) => {
            print::json(&answer);
            Ok(Done::Ok)
        }
        (false, false) => {
            print::line(started(&view));
            print::line(format!(
                "Follow it with `viridian rollout watch {}`.",
                view.id
            ));
            Ok(Done::Ok)
        }
    }
}

fn started(view: &RolloutView) -> String {
    format!(
        "Rollout {}: {} in {}/{}, {}.",
        view.id, view.headline, view.app, view.env, view.state_text
    )
}

async fn list(args: List) -> Outcome {
    let nothing = nothing(&args);
    let path = with_query(
        "/api/v1/rollouts",
        &[
            ("app", args.app.map(String::from)),
            ("env", args.env.map(String::from)),
            ("state", args.state),
            ("cursor", args.cursor),
            ("limit", Some(args.limit.to_string())),
        ],
    );
    let answer = args.connect.client()?.get(&path).await?;
    if args.connect.json {
        print::json(&answer);
        return Ok(Done::Ok);
    }
    let page: Page<RolloutRow> = typed(&answer)?;
    if page.items.is_empty() {
        print::line(nothing);
        return Ok(Done::Ok);
    }
    let rows: Vec<_> = page
        .items
        .iter()
        .map(|row| {
            vec![
                row.id.to_string(),
                format!("{}/{}", row.app, row.env),
                row.headline.clone(),
                state(&row.state, row.reason.as_deref()),
                format!(
                    "{}/{}",
                    (row.step + 1).min(row.steps_total),
                    row.steps_total
                ),
                print::time(row.created_at),
                row.started_by.clone(),
            ]
        })
        .collect();
    let head = [
        "ID",
        "WHERE",
        "WHAT",
        "STATE",
        "STEP",
        "STARTED (UTC)",
        "BY",
    ];
    print::line(print::table(&head, &rows));
    if let Some(next) = page.next {
        print::line(format!("\nMore with --cursor {next}"));
    }
    Ok(Done::Ok)
}

/// What is said of an empty list.
fn nothing(args: &List) -> String {
    let place = match (&args.app, &args.env) {
        (None, None) => String::new(),
        (Some(app), None) => format!(" of {app}"),
        (Some(app), Some(env)) => format!(" of {app}/{env}"),
        (None, Some(env)) => format!(" in {env}"),
    };
    let state = args
        .state
        .as_ref()
        .map(|state| format!(" that is {}", state.replace(',', " or ")))
        .unwrap_or_default();
    match (args.cursor.is_some(), place.is_empty() && state.is_empty()) {
        (true, _) => format!("There are no more rollouts{place}{state}."),
        (false, true) => {
            "No rollout was started yet: `viridian rollout start` starts one.".to_owned()
        }
        (false, false) => format!("There is no rollout{place}{state}."),
    }
}

fn state(state: &str, reason: Option<&str>) -> String {
    match reason {
        Some(reason) if reason != state => format!("{state} ({reason})"),
        _ => state.to_owned(),
    }
}

async fn show(args: Show) -> Outcome {
    let answer = args
        .connect
        .client()?
        .get(&format!("/api/v1/rollouts/{}", args.id))
        .await?;
    show_answer(&args.connect, &answer)
}

async fn steer(args: Steer, verb: domain::Command) -> Outcome {
    let path = format!("/api/v1/rollouts/{}/{}", args.id, verb.as_str());
    // People count from 1, the interface from 0.
    let step = args.step.map(|number| number.get() - 1);
    let answer = args
        .connect
        .client()?
        .post(&path, &CommandRequest { step })
        .await?;
    if args.connect.json {
        print::json(&answer);
        return Ok(Done::Ok);
    }
    let view: RolloutView = typed(&answer)?;
    if view.id != args.id {
        print::line(format!(
            "Rollout {} is over; rollout {} takes it back.",
            args.id, view.id
        ));
    }
    print::line(format!(
        "{}: {}. {}",
        view.headline, view.state_text, view.sentence
    ));
    Ok(Done::Ok)
}

fn show_answer(connect: &Connect, answer: &Value) -> Outcome {
    if connect.json {
        print::json(answer);
        return Ok(Done::Ok);
    }
    let view: RolloutView = typed(answer)?;
    print::line(&view.sentence);
    print::line(format!(
        "\nRollout {} of {}/{}: {}, {}",
        view.id,
        view.app,
        view.env,
        view.headline,
        state(&view.state, view.reason.as_deref())
    ));
    print::line(format!(
        "Started {} by {}\n",
        print::time(view.created_at),
        view.started_by
    ));
    print_steps(&view.steps);
    if !view.groups.is_empty() {
        let rows: Vec<_> = view
            .groups
            .iter()
            .map(|group| {
                vec![
                    group.name.to_string(),
                    group.role.as_str().to_owned(),
                    group.image.to_string(),
                    format!("{}/{}", group.healthy, group.size),
                    format!("{}%", group.weight_asked),
                    format!("{}%", group.weight_observed),
                    group.requests.to_string(),
                    group.errors.to_string(),
                    group
                        .p95_ms
                        .map_or_else(|| "-".to_owned(), |ms| format!("{ms:.1} ms")),
                ]
            })
            .collect();
        let head = [
            "GROUP", "ROLE", "IMAGE", "HEALTHY", "ASKED", "OBSERVED", "REQUESTS", "ERRORS", "P95",
        ];
        print::line(format!("\n{}", print::table(&head, &rows)));
    }
    if let Some(judgement) = &view.judgement {
        print::line(format!("\n{}", judgement.sentence));
    }
    let allowed: Vec<_> = view
        .actions
        .iter()
        .filter(|offer| offer.allowed)
        .map(|offer| offer.name.as_str())
        .collect();
    if !allowed.is_empty() {
        print::line(format!("\nAllowed now: {}", allowed.join(", ")));
    }
    Ok(Done::Ok)
}

fn print_steps(steps: &[StepView]) {
    let mut phase = "";
    for step in steps {
        if step.phase != phase {
            phase = &step.phase;
            print::line(format!("  {phase}"));
        }
        let mark = match step.state {
            StepState::Done => "done",
            StepState::Now => "now ",
            StepState::Next => "    ",
            StepState::Skipped => "-   ",
        };
        let note = if step.note.is_empty() {
            String::new()
        } else {
            format!(" ({})", step.note)
        };
        print::line(format!(
            "    {mark} {:>2}. {}{note}",
            step.index + 1,
            step.text
        ));
    }
}
