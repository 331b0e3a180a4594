//! What a rollout's events leave in the tables that lists are made of.

use crate::batch::{Batch, signed};
use crate::entity::{environment, release, rollout, veto};
use crate::environments::{self, json, unreadable};
use crate::error::StoreError;
use crate::model::{Hold, Reserved};
use domain::rollout::{Ending, Event, Rollout, What};
use domain::{Actor, Group, Plan, Role, RolloutId, Time};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

/// The row of a rollout in this state. Its counters, its due time and its lease stay as they were.
pub(crate) fn apply(row: rollout::Model, after: &Rollout) -> Result<rollout::Model, StoreError> {
    let plan = &after.plan;
    let from = plan.from.as_ref();
    Ok(rollout::Model {
        strategy: plan.strategy.as_str().to_owned(),
        state: after.status.as_str().to_owned(),
        reason: after.status.reason().map(str::to_owned),
        status: json("a rollout's status", &after.status)?,
        active: after.status.is_active(),
        finished: after.status.is_terminal(),
        step: signed(after.step as u64),
        steps_total: signed(plan.len() as u64),
        from_group: from.map(|group| group.name.to_string()),
        from_version: from.map(|group| group.version.to_string()),
        from_digest: from.map(|group| group.image.to_string()),
        to_group: plan.to.name.to_string(),
        to_version: plan.to.version.to_string(),
        to_digest: plan.to.image.to_string(),
        release: i64::from(plan.to.release.0),
        admitted_at: after.admitted_at.map(|at| at.0),
        ended_at: after.ended_at.map(|at| at.0),
        ..row
    })
}

/// The row of a rollout that has just been asked for.
pub(crate) fn first(after: &Rollout, due_at: Option<Time>) -> Result<rollout::Model, StoreError> {
    let target = &after.plan.target;
    let row = rollout::Model {
        id: after.id.0,
        app: target.app.to_string(),
        env: target.env.to_string(),
        strategy: String::new(),
        state: String::new(),
        reason: None,
        status: String::new(),
        active: false,
        finished: false,
        step: 0,
        steps_total: 0,
        from_group: None,
        from_version: None,
        from_digest: None,
        to_group: String::new(),
        to_version: String::new(),
        to_digest: String::new(),
        release: 0,
        created_by: after.started_by.to_string(),
        created_at: after.created_at.0,
        admitted_at: None,
        ended_at: None,
        updated_at: after.created_at.0,
        due_at: due_at.map(|at| at.0),
        seq: 0,
        journal_seq: 0,
        lease_owner: None,
        lease_until: 0,
        epoch: 0,
    };
    apply(row, after)
}

/// Writes what one event means for the environment. `after` is the state after all events of the write.
pub(crate) async fn environment(
    batch: &mut Batch,
    event: &Event,
    after: &Rollout,
) -> Result<(), StoreError> {
    if let What::Admitted { plan: Some(plan) } = &event.what {
        replanned(batch, after.id, plan, event.at).await?;
    }
    match meaning(event, after) {
        Some(Meaning::Serves { group, since }) => {
            let row = environments::row(batch, &after.plan.target).await?;
            let stable = Some(json("a server group", &group)?);
            let stable_since = Some(since.0);
            environments::save(
                batch,
                environment::Model {
                    stable,
                    stable_since,
                    ..row
                },
            )
            .await
        }
        Some(Meaning::KeptAway { hold, veto }) => keep_away(batch, after, &hold, veto).await,
        None => Ok(()),
    }
}

/// What an event changes in what is remembered of its environment.
pub(crate) enum Meaning {
    Serves {
        group: Group,
        since: Time,
    },
    /// After a rollback: a hold on the environment and a veto of the bad image.
    KeptAway {
        hold: Hold,
        veto: Option<veto::Model>,
    },
}

/// `after` is the state after the event, or after more events of the same write.
pub(crate) fn meaning(event: &Event, after: &Rollout) -> Option<Meaning> {
    match &event.what {
        What::Admitted { .. } => taken_back(event, after),
        What::Succeeded => Some(Meaning::Serves {
            group: Group {
                role: Role::Stable,
                ..after.plan.to.clone()
            },
            since: event.at,
        }),
        What::Ended {
            ending: Ending::RolledBack,
        } if after.plan.from.is_some() => Some(sent_back(event, after)),
        What::Created { .. }
        | What::Approved
        | What::Rejected { .. }
        | What::Waits { .. }
        | What::StepStarted { .. }
        | What::StepDone { .. }
        | What::Judged { .. }
        | What::Paused { .. }
        | What::Resumed
        | What::InstancesEnded { .. }
        | What::Promoted { .. }
        | What::Returning { .. }
        | What::TrafficReturned
        | What::Ended { .. }
        | What::Failed { .. } => None,
    }
}

/// Remembers the release of a plan.
pub(crate) async fn release(
    batch: &mut Batch,
    id: RolloutId,
    plan: &Plan,
    at: Time,
) -> Result<(), StoreError> {
    let row = release::Model {
        app: plan.target.app.to_string(),
        env: plan.target.env.to_string(),
        number: i64::from(plan.to.release.0),
        digest: plan.to.image.to_string(),
        version: plan.to.version.to_string(),
        server_group: plan.to.name.to_string(),
        rollout: id.0,
        created_at: at.0,
    };
    let key = [
        release::Column::App,
        release::Column::Env,
        release::Column::Number,
    ];
    let rest = [
        release::Column::Digest,
        release::Column::Version,
        release::Column::ServerGroup,
        release::Column::Rollout,
        release::Column::CreatedAt,
    ];
    release::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(OnConflict::columns(key).update_columns(rest).to_owned())
        .exec_without_returning(&batch.tx)
        .await
        .map_err(|e| batch.trouble(e))?;
    Ok(())
}

/// A plan that was made anew uses numbers of its own; nobody else may get them.
async fn replanned(
    batch: &mut Batch,
    id: RolloutId,
    plan: &Plan,
    at: Time,
) -> Result<(), StoreError> {
    let row = environments::row(batch, &plan.target).await?;
    let used = plan
        .groups()
        .filter_map(|group| group.name.number())
        .max()
        .unwrap_or(0);
    let row = environment::Model {
        next_group: row.next_group.max(i64::from(used) + 1),
        next_release: row.next_release.max(i64::from(plan.to.release.0) + 1),
        ..row
    };
    environments::save(batch, row).await?;
    release(batch, id, plan, at).await
}

/// A rollout that takes a finished one back: what it sends away is kept away from its first moment,
/// not only once the way back is over.
fn taken_back(event: &Event, after: &Rollout) -> Option<Meaning> {
    let (bad, undone) = (after.plan.from.as_ref()?, after.plan.undoes?);
    let why = format!("rollout {} takes rollout {undone} back", after.id);
    Some(kept_away(
        after,
        bad,
        why,
        after.started_by.clone(),
        event.at,
    ))
}

fn sent_back(event: &Event, after: &Rollout) -> Meaning {
    let (why, by) = match &after.going_back {
        Some(back) => (back.why.clone(), back.by.clone()),
        None => ("it was rolled back".to_owned(), event.by.clone()),
    };
    kept_away(after, &after.plan.to, why, by, event.at)
}

fn kept_away(rollout: &Rollout, bad: &Group, why: String, by: Actor, at: Time) -> Meaning {
    let target = &rollout.plan.target;
    let hold = Hold {
        why: format!("{} was rolled back: {why}", bad.version),
        by: by.clone(),
        at,
        rollout: Some(rollout.id),
    };
    // Where only the configuration differed, the image is the one that goes on serving.
    let from = rollout.plan.from.as_ref();
    let same_image = from.is_some_and(|from| from.image == rollout.plan.to.image);
    let veto = (!same_image).then(|| veto::Model {
        app: target.app.to_string(),
        env: target.env.to_string(),
        digest: bad.image.to_string(),
        version: bad.version.to_string(),
        why,
        actor: by.to_string(),
        at: at.0,
        rollout: Some(rollout.id.0),
    });
    Meaning::KeptAway { hold, veto }
}

async fn keep_away(
    batch: &mut Batch,
    rollout: &Rollout,
    hold: &Hold,
    veto: Option<veto::Model>,
) -> Result<(), StoreError> {
    let row = environments::row(batch, &rollout.plan.target).await?;
    let hold = Some(json("a hold", hold)?);
    environments::save(batch, environment::Model { hold, ..row }).await?;
    let Some(row) = veto else { return Ok(()) };
    let key = [veto::Column::App, veto::Column::Env, veto::Column::Digest];
    let rest = [
        veto::Column::Version,
        veto::Column::Why,
        veto::Column::Actor,
        veto::Column::At,
        veto::Column::Rollout,
    ];
    veto::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(OnConflict::columns(key).update_columns(rest).to_owned())
        .exec_without_returning(&batch.tx)
        .await
        .map_err(|e| batch.trouble(e))?;
    Ok(())
}

pub(crate) fn reserved(row: &environment::Model) -> Result<Reserved, StoreError> {
    let number = |n: i64| {
        u32::try_from(n)
            .map_err(|e| unreadable(&format!("the counters of {}/{}", row.app, row.env), e))
    };
    Ok(Reserved {
        next_group: number(row.next_group)?,
        next_release: number(row.next_release)?,
    })
}
