//! Rollouts: rows, the whole of one, and what can be said to it.

use super::authority::{allowed, require, restrict};
use super::error::{invalid, not_found, of_engine, of_store};
use super::{World, deed, group, journal, steps, words};
use app::backend::{Answer, Viewer, ViewerRole};
use app::view::*;
use domain::plan::Strategy;
use domain::rollout::{ActionOffer, actions, headline, sentence};
use domain::{
    AppName, Command, Digest, Refused, Rollout, RolloutId, Status, Target, Time, Version,
};
use engine::{Ask, EngineError, Snapshot};
use store::{ImageRecord, RolloutQuery, RolloutRecord};

/// Newest entries that the page of a rollout shows.
const JOURNAL_ROWS: usize = 200;

impl World {
    pub(super) async fn snapshot(&self, id: RolloutId) -> Answer<Snapshot> {
        let found = self.engine.snapshot(id).await.map_err(of_engine)?;
        found.ok_or_else(|| {
            not_found(
                format!("rollout {id}"),
                "`viridian rollout list` shows the rollouts there are",
            )
        })
    }

    /// Every verb as it would be answered now to this viewer.
    pub(super) async fn offers(
        &self,
        snapshot: &Snapshot,
        viewer: &Viewer,
    ) -> Answer<Vec<ActionOffer>> {
        let rollout = &snapshot.rollout;
        let mut offers = actions(rollout, &viewer.actor, self.time());
        // The machine refuses a finished rollout; the engine takes it back by a new one.
        if rollout.status == Status::Succeeded && rollout.plan.from.is_some() {
            let refused = self
                .engine
                .can_bring_back(rollout, &viewer.actor)
                .await
                .err();
            let why = refused.map(why_not);
            for offer in offers
                .iter_mut()
                .filter(|offer| offer.name == Command::Rollback)
            {
                offer.allowed = why.is_none();
                offer.why = why.clone().unwrap_or_default();
            }
        }
        for offer in &mut offers {
            offer.why = rollout.plan.in_words(&offer.why);
        }
        restrict(&mut offers, rollout, viewer);
        Ok(offers)
    }

    pub(super) async fn rollout_view(&self, viewer: &Viewer, id: RolloutId) -> Answer<RolloutView> {
        let seq = self.head().await?;
        let snapshot = self.snapshot(id).await?;
        let actions = self.offers(&snapshot, viewer).await?;
        let Snapshot { rollout, seen, .. } = &snapshot;
        let seen = seen.as_deref();
        let now = self.time();
        let plan = &rollout.plan;
        let groups = group::of_rollout(rollout, seen);
        let mut journal = journal::of_rollout(self, rollout).await?;
        journal.reverse();
        journal.truncate(JOURNAL_ROWS);
        let samples = if rollout.status.is_terminal() && !rollout_is_recent(rollout.ended_at, now) {
            Vec::new()
        } else {
            self.engine.series(&plan.target)
        };
        let trouble = self.engine.trouble(&plan.target);
        let trouble = trouble
            .or_else(|| words::stuck(rollout, seen))
            .filter(|_| !rollout.status.is_terminal());
        let mut told = sentence(rollout, seen, now);
        if let Some(trouble) = &trouble {
            told = format!("{told} It is held up: {trouble}.");
        }
        Ok(RolloutView {
            id,
            app: plan.target.app.clone(),
            env: plan.target.env.clone(),
            strategy: plan.strategy,
            state: rollout.status.as_str().to_owned(),
            state_text: rollout.status.to_string(),
            reason: rollout.status.reason().map(str::to_owned),
            headline: headline(rollout),
            sentence: told,
            trouble,
            from: plan.from.as_ref().map(|from| from.version.clone()),
            to: plan.to.version.clone(),
            started_by: rollout.started_by.to_string(),
            created_at: rollout.created_at,
            admitted_at: rollout.admitted_at,
            ended_at: rollout.ended_at,
            step: rollout.step,
            steps: steps::of_rollout(rollout, seen),
            series: group::series(rollout, &groups, &samples),
            groups,
            actions,
            timeline: steps::timeline(rollout, now),
            judgement: rollout.judgement.as_ref().map(|judgement| JudgementView {
                at: judgement.at,
                group: judgement.group.clone(),
                verdict: verdict_word(&judgement.verdict).to_owned(),
                sentence: plan.in_words(&format!(
                    "{}: {}",
                    judgement.group,
                    words::verdict(&judgement.verdict)
                )),
                readings: readings(&judgement.verdict),
            }),
            journal,
            extra_instance_hours: hours(plan.extra_instance_ms()),
            how_back: words::how_back(plan),
            as_of: now,
            seq,
            observed_at: seen.map(|seen| seen.at),
        })
    }

    pub(super) async fn rollout_rows(
        &self,
        viewer: &Viewer,
        filter: RolloutFilter,
    ) -> Answer<Page<RolloutRow>> {
        let query = query(filter)?;
        let (records, next) = self.store.rollouts(query).await.map_err(of_store)?;
        let mut items = Vec::with_capacity(records.len());
        for record in &records {
            items.push(self.row(viewer, record).await?);
        }
        Ok(Page {
            items,
            next: next.map(|next| next.to_string()),
        })
    }

    /// A line of a list. Those that are over come from the list alone.
    pub(super) async fn row(&self, viewer: &Viewer, record: &RolloutRecord) -> Answer<RolloutRow> {
        let mut row = RolloutRow {
            id: record.id,
            app: record.app.clone(),
            env: record.env.clone(),
            strategy: record.strategy,
            state: record.status.as_str().to_owned(),
            state_text: record.status.to_string(),
            reason: record.status.reason().map(str::to_owned),
            headline: words::headline(record),
            from: record.from.as_ref().map(|(_, version, _)| version.clone()),
            to: record.to.1.clone(),
            started_by: record.created_by.to_string(),
            created_at: record.created_at,
            ended_at: record.ended_at,
            step: record.step,
            steps_total: record.steps_total,
            step_text: String::new(),
            shares: Vec::new(),
            timeline: Vec::new(),
            actions: Vec::new(),
        };
        if record.status.is_terminal() && !matches!(record.status, Status::Failed { .. }) {
            return Ok(row);
        }
        let snapshot = self.snapshot(record.id).await?;
        let Snapshot { rollout, seen, .. } = &snapshot;
        let now = self.time();
        row.shares = group::shares(&group::of_rollout(rollout, seen.as_deref()));
        row.step_text = match &rollout.status {
            Status::PendingApproval | Status::Pending { .. } | Status::Failed { .. } => {
                sentence(rollout, seen.as_deref(), now)
            }
            _ => rollout
                .current()
                .map(|(_, step)| rollout.plan.in_words(&step.action.to_string()))
                .unwrap_or_default(),
        };
        row.timeline = steps::timeline(rollout, now);
        row.actions = self.offers(&snapshot, viewer).await?;
        Ok(row)
    }

    /// The image that a version or a digest names.
    pub(super) async fn resolve(&self, app: &AppName, image: &str) -> Answer<ImageRecord> {
        let found = match Digest::new(image) {
            Ok(digest) => self.store.image(&digest).await.map_err(of_store)?,
            Err(_) => {
                let version = Version::new(image).map_err(|error| {
                    invalid(
                        "image",
                        error,
                        "give a version, or a digest beginning with sha256:",
                    )
                })?;
                self.store
                    .find_image(app, &version)
                    .await
                    .map_err(of_store)?
            }
        };
        found.ok_or_else(|| {
            super::error::at(
                not_found(
                    format!("image {image} of {app}"),
                    format!("`viridian image list --app {app}` shows the images there are; `viridian image bake` makes one"),
                ),
                "image",
            )
        })
    }

    /// The digest that a version or a digest names, also of an image that is not known any more.
    pub(crate) async fn image_named(&self, app: &AppName, image: &str) -> Answer<Digest> {
        match Digest::new(image) {
            Ok(digest) => Ok(digest),
            Err(_) => Ok(self.resolve(app, image).await?.digest),
        }
    }

    /// Where something is to start, if there is such a place. Reading is open, so that there is none
    /// is told to everybody, before their rights.
    async fn declared(&self, request: &StartRequest) -> Answer<Target> {
        let StartRequest { app, env, .. } = request;
        let known = self.store.application(app).await.map_err(of_store)?;
        let known = known.ok_or_else(|| of_engine(EngineError::NoApplication(app.clone())))?;
        let target = Target {
            app: app.clone(),
            env: env.clone(),
        };
        if !known
            .environments
            .iter()
            .any(|environment| &environment.name == env)
        {
            return Err(of_engine(EngineError::NoEnvironment(target)));
        }
        Ok(target)
    }

    async fn ask(&self, viewer: &Viewer, at: Target, request: &StartRequest) -> Answer<Ask> {
        let StartRequest {
            app,
            image,
            strategy,
            ..
        } = request;
        let image = self.resolve(app, image).await?;
        if &image.app != app {
            return Err(invalid(
                "image",
                format!(
                    "{} {} is an image of {}, not of {app}",
                    image.app, image.version, image.app
                ),
                format!("`viridian image list --app {app}` shows its images"),
            ));
        }
        let by = viewer.actor.clone();
        Ok(Ask {
            target: at,
            image: image.digest,
            version: image.version,
            strategy: *strategy,
            by,
        })
    }

    pub(super) async fn plan_view(
        &self,
        viewer: &Viewer,
        request: StartRequest,
    ) -> Answer<PlanView> {
        let target = self.declared(&request).await?;
        let ask = self.ask(viewer, target, &request).await?;
        let plan = self.engine.plan(&ask).await.map_err(of_engine)?;
        let changes = match &plan.from {
            Some(from) => self.changes(&from.image, &plan.to.image).await,
            None => Vec::new(),
        };
        let ahead = self.ahead(&plan.target).await?;
        Ok(PlanView {
            app: request.app,
            env: request.env,
            strategy: plan.strategy,
            headline: plan.headline(),
            steps: steps::of_plan(&plan),
            extra_instance_hours: hours(plan.extra_instance_ms()),
            declared_wait_ms: plan.declared_wait_ms(),
            how_back: words::how_back(&plan),
            changes,
            note: words::behind(&plan.target, &ahead),
            behind: ahead.iter().map(|record| record.id).collect(),
        })
    }

    /// Rollouts that a new one would wait for, in the order in which they have the environment. One
    /// that waits for an approval keeps nobody waiting.
    async fn ahead(&self, target: &Target) -> Answer<Vec<RolloutRecord>> {
        let mut ahead = self.unfinished(Some(&target.app)).await?;
        ahead.retain(|record| record.env == target.env);
        ahead.retain(|record| record.active || matches!(record.status, Status::Pending { .. }));
        ahead.sort_by_key(|record| (!record.active, record.id));
        Ok(ahead)
    }

    pub(super) async fn start_rollout(
        &self,
        viewer: &Viewer,
        request: StartRequest,
    ) -> Answer<RolloutView> {
        let target = self.declared(&request).await?;
        require(viewer, ViewerRole::Operator, &target, "start rollouts")?;
        let ask = self.ask(viewer, target, &request).await?;
        let id = self.engine.begin(&ask).await.map_err(of_engine)?;
        deed::done();
        self.rollout_view(viewer, id).await
    }

    pub(super) async fn command_rollout(
        &self,
        viewer: &Viewer,
        id: RolloutId,
        command: Command,
        request: CommandRequest,
    ) -> Answer<RolloutView> {
        let snapshot = self.snapshot(id).await?;
        let rollout = &snapshot.rollout;
        allowed(viewer, rollout, command)?;
        let by = viewer.actor.clone();
        // Asked again of the rollout that is changed: meanwhile it may have come to where more is needed.
        let may = |rollout: &Rollout| {
            allowed(viewer, rollout, command).map_err(|problem| Refused {
                why: problem.detail,
                remedy: problem.remedy,
            })
        };
        let done = self
            .engine
            .command_where(id, command, by, request.step, &may)
            .await
            .map_err(|error| {
                let mut problem = of_engine(error);
                problem.detail = rollout.plan.in_words(&problem.detail);
                problem
            })?;
        deed::done();
        self.rollout_view(viewer, done.rollout).await
    }
}

/// Why a rollout that is over cannot be taken back, as its button tells it.
fn why_not(error: EngineError) -> String {
    match error {
        EngineError::Refused(Refused { why, remedy }) => format!("{why}; {remedy}"),
        error => of_engine(error).detail,
    }
}

/// Charts of a rollout that ended are drawn as long as its figures are still at hand.
fn rollout_is_recent(ended_at: Option<Time>, now: Time) -> bool {
    ended_at.is_some_and(|ended| now.since_ms(ended) < 300_000)
}

pub(super) fn query(filter: RolloutFilter) -> Answer<RolloutQuery> {
    let strategy = match filter.strategy.as_deref().filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(
            Strategy::ALL
                .into_iter()
                .find(|s| s.as_str() == text)
                .ok_or_else(|| {
                    invalid(
                        "strategy",
                        format!("{text:?} is no strategy"),
                        "use blue-green, canary, rolling or ab",
                    )
                })?,
        ),
    };
    let states: Vec<String> = filter
        .state
        .iter()
        .flat_map(|states| states.split(','))
        .map(|state| state.trim().to_owned())
        .filter(|state| !state.is_empty())
        .collect();
    if let Some(bad) = states
        .iter()
        .find(|state| !STATES.contains(&state.as_str()))
    {
        return Err(invalid(
            "state",
            format!("{bad:?} is no state"),
            format!("use one of {}", STATES.join(", ")),
        ));
    }
    let cursor = match filter.cursor.as_deref().filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(text.parse().map_err(|error: store::BadCursor| {
            invalid("cursor", error, "leave it out to begin with the newest")
        })?),
    };
    let limit = filter.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(invalid(
            "limit",
            format!("limit is {limit}"),
            "use 1 to 200",
        ));
    }
    Ok(RolloutQuery {
        app: filter.app,
        env: filter.env,
        states,
        strategy,
        cursor,
        limit,
        ..RolloutQuery::default()
    })
}

const STATES: [&str; 12] = [
    "pending_approval",
    "pending",
    "in_progress",
    "paused",
    "promoting",
    "soaking",
    "succeeded",
    "rejected",
    "cancelled",
    "rolling_back",
    "rolled_back",
    "failed",
];

fn verdict_word(verdict: &domain::gate::Verdict) -> &'static str {
    match verdict {
        domain::gate::Verdict::Pass { .. } => "pass",
        domain::gate::Verdict::Fail { .. } => "fail",
        domain::gate::Verdict::Inconclusive { .. } => "inconclusive",
    }
}

fn readings(verdict: &domain::gate::Verdict) -> Vec<domain::gate::Reading> {
    use domain::gate::Verdict as V;
    let (V::Pass { readings } | V::Fail { readings } | V::Inconclusive { readings, .. }) = verdict;
    readings.clone()
}

fn hours(ms: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "shown with two decimals")]
    let ms = ms as f64;
    ms / 3_600_000.0
}
