//! The buttons. Which are allowed, and why not, is the server's word; each is a form that works
//! without script, and is sent in place where there is script.

use crate::api::LoadError;
use crate::view::*;
use domain::rollout::ActionOffer;
use domain::{Command, RolloutId, Strategy};
use leptos::prelude::*;

/// What a click does on this page.
#[derive(Clone, Copy)]
pub struct Act {
    pub run: Callback<(RolloutId, Command, usize)>,
    /// A command is under way: no second one meanwhile.
    pub busy: RwSignal<bool>,
    pub problem: RwSignal<Option<(RolloutId, LoadError)>>,
}

/// What the buttons of one rollout have in common.
#[derive(Clone)]
struct Subject {
    id: RolloutId,
    step: usize,
    return_to: String,
}

/// All the verbs of a rollout, with the reason of each that is refused.
pub fn verbs(rollout: &RolloutView, act: Act) -> AnyView {
    let subject = Subject {
        id: rollout.id,
        step: rollout.step,
        return_to: format!("/rollouts/{}", rollout.id),
    };
    let offers: Vec<_> = shown(&rollout.actions, Stage::of(rollout));
    let reasons: Vec<_> = offers
        .iter()
        .filter(|offer| !offer.allowed)
        .map(|offer| (short(offer.name), offer.why.clone()))
        .collect();
    // What can be done stays under the thumb on a phone; what cannot has its place in the page.
    let class = if offers.iter().any(|offer| offer.allowed) {
        "verbs-bar verbs-near"
    } else {
        "verbs-bar"
    };
    let buttons = |offers: Vec<ActionOffer>| {
        offers
            .into_iter()
            .map(|offer| {
                let label = label(offer.name, rollout);
                button(&subject, offer, label, act)
            })
            .collect_view()
    };
    let (near, further) = by_need(offers);
    let more = (!further.is_empty()).then(|| {
        view! {
            <details class="verbs-more">
                <summary class="button">"More"</summary>
                <div class="verbs-further">{buttons(further)}</div>
            </details>
        }
    });
    view! {
        <div class="verbs">
            <div class=class>
                <div class="verbs-row">{more} {buttons(near)}</div>
                {complaint(rollout.id, act)}
            </div>
            {(!reasons.is_empty())
                .then(|| {
                    view! {
                        <ul class="verbs-reasons">
                            {reasons
                                .into_iter()
                                .map(|(name, why)| view! { <li><b>{name}</b> " – " {why}</li> })
                                .collect_view()}
                        </ul>
                    }
                })}
        </div>
    }
    .into_any()
}

/// The verbs that make sense for something that waits for a person.
pub fn need_verbs(need: &Need, act: Act) -> AnyView {
    let Some(id) = need.rollout else {
        let href = format!("/applications/{}#env-{}", need.app, need.env);
        return view! { <a class="button" href=href>"Open"</a> }.into_any();
    };
    let subject = Subject {
        id,
        step: need.step,
        return_to: "/".to_owned(),
    };
    let buttons = ordered(&need.actions)
        .into_iter()
        .filter(|offer| offer.allowed)
        .map(|offer| {
            let label = match (offer.name, need.kind) {
                (Command::Promote, NeedKind::Approval) => "Approve".to_owned(),
                (name, _) => short(name).to_owned(),
            };
            button(&subject, offer, label, act)
        })
        .collect_view();
    let refused = need
        .actions
        .iter()
        .find(|offer| offer.name == Command::Promote && !offer.allowed)
        .map(|offer| view! { <small class="verbs-why">{offer.why.clone()}</small> });
    view! {
        <div class="verbs">
            <div class="verbs-row">
                <a class="button" href=format!("/rollouts/{id}")>
                    "Open"
                </a>
                {buttons}
            </div>
            {refused}
            {complaint(id, act)}
        </div>
    }
    .into_any()
}

/// The one verb that must always be near.
pub fn roll_back(row: &RolloutRow, return_to: &str, act: Act) -> AnyView {
    let subject = Subject {
        id: row.id,
        step: row.step,
        return_to: return_to.to_owned(),
    };
    let offer = row
        .actions
        .iter()
        .find(|offer| offer.name == Command::Rollback)
        .cloned();
    let refused = offer
        .as_ref()
        .filter(|offer| !offer.allowed)
        .map(|offer| view! { <small class="verbs-why">{offer.why.clone()}</small> });
    view! {
        <div class="verbs">
            <div class="verbs-row">
                {offer.map(|offer| button(&subject, offer, "Roll back".to_owned(), act))}
            </div>
            {refused}
            {complaint(row.id, act)}
        </div>
    }
    .into_any()
}

fn button(subject: &Subject, offer: ActionOffer, label: String, act: Act) -> impl IntoView + use<> {
    let Subject {
        id,
        step,
        return_to,
    } = subject.clone();
    let command = offer.name;
    let class = match command {
        Command::Promote => "button button-primary",
        Command::Resume => "button button-forward",
        Command::Rollback | Command::Reject | Command::Cancel => "button button-danger",
        Command::Pause => "button",
    };
    view! {
        <form
            class="verb"
            method="post"
            action=format!("/do/rollouts/{id}/{}", command.as_str())
            on:submit=move |event| {
                event.prevent_default();
                act.run.run((id, command, step));
            }
        >
            <input type="hidden" name="step" value=step.to_string() />
            <input type="hidden" name="return_to" value=return_to />
            <button
                class=class
                disabled=move || !offer.allowed || act.busy.get()
            >
                {label}
            </button>
        </form>
    }
}

/// What the last click on this rollout was answered, where it was refused. The region is always
/// there, so that a screen reader hears what appears in it.
fn complaint(id: RolloutId, act: Act) -> impl IntoView {
    view! {
        <div class="verbs-problem" aria-live="assertive">
            {move || {
                act.problem
                    .with(|problem| {
                        problem
                            .as_ref()
                            .filter(|(of, _)| *of == id)
                            .map(|(_, error)| format!("{} {}", error.detail, error.remedy))
                    })
            }}
        </div>
    }
}

/// Quiet verbs first, the one that goes forward last.
const ORDER: [Command; 6] = [
    Command::Pause,
    Command::Cancel,
    Command::Reject,
    Command::Rollback,
    Command::Resume,
    Command::Promote,
];

fn ordered(actions: &[ActionOffer]) -> Vec<ActionOffer> {
    ORDER
        .iter()
        .filter_map(|name| actions.iter().find(|offer| offer.name == *name))
        .cloned()
        .collect()
}

/// How far a rollout is, as far as its buttons go.
#[derive(Clone, Copy)]
enum Stage {
    /// Nothing has been done yet.
    Before,
    During,
    After,
}

impl Stage {
    fn of(rollout: &RolloutView) -> Self {
        match (rollout.admitted_at, rollout.ended_at) {
            (_, Some(_)) => Self::After,
            (None, None) => Self::Before,
            (Some(_), None) => Self::During,
        }
    }
}

/// The verbs worth a place: what is refused only where a person would look for it.
fn shown(actions: &[ActionOffer], stage: Stage) -> Vec<ActionOffer> {
    ordered(actions)
        .into_iter()
        .filter(|offer| {
            offer.allowed
                || match (offer.name, stage) {
                    (Command::Rollback, _) => true,
                    // Asked for an approval, this is the answer.
                    (Command::Promote, Stage::Before) => actions
                        .iter()
                        .any(|other| other.name == Command::Reject && other.allowed),
                    (Command::Promote | Command::Pause, Stage::During) => true,
                    (Command::Promote | Command::Pause, _)
                    | (Command::Resume | Command::Cancel | Command::Reject, _) => false,
                }
        })
        .collect()
}

/// One way forward, one back, one to stand still or go on: these are near. Whatever else is allowed is
/// one step further, so that the row does not grow with every state.
fn by_need(offers: Vec<ActionOffer>) -> (Vec<ActionOffer>, Vec<ActionOffer>) {
    let allowed = |name| {
        offers
            .iter()
            .any(|offer| offer.name == name && offer.allowed)
    };
    let (back, goes_on) = (allowed(Command::Rollback), allowed(Command::Resume));
    offers.into_iter().partition(|offer| match offer.name {
        Command::Promote | Command::Rollback | Command::Resume => true,
        Command::Pause => !goes_on,
        Command::Cancel | Command::Reject => !back,
    })
}

fn short(command: Command) -> &'static str {
    match command {
        Command::Promote => "Promote",
        Command::Pause => "Pause",
        Command::Resume => "Resume",
        Command::Rollback => "Roll back",
        Command::Cancel => "Cancel",
        Command::Reject => "Reject",
    }
}

fn label(command: Command, rollout: &RolloutView) -> String {
    let approves = rollout.state == "pending_approval"
        || rollout
            .reason
            .as_deref()
            .is_some_and(|reason| reason.contains("approval"));
    match (command, &rollout.from) {
        (Command::Promote, _) if approves => "Approve".to_owned(),
        (Command::Promote, _) if rollout.strategy == Strategy::Ab => {
            format!("Promote {}", rollout.to)
        }
        (Command::Rollback, Some(from)) => format!("Roll back to {from}"),
        _ => short(command).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(name: Command, allowed: bool) -> ActionOffer {
        ActionOffer {
            name,
            allowed,
            why: String::new(),
        }
    }

    #[test]
    fn the_row_holds_one_verb_for_each_need() {
        use Command::{Cancel, Pause, Promote, Reject, Resume, Rollback};
        for (allowed, near, further) in [
            (
                &[Pause, Cancel, Rollback, Promote][..],
                &[Pause, Rollback, Promote][..],
                &[Cancel][..],
            ),
            (
                &[Pause, Cancel, Reject, Rollback, Resume, Promote],
                &[Rollback, Resume, Promote],
                &[Pause, Cancel, Reject],
            ),
            // Not begun: there is nothing to take back.
            (&[Cancel, Reject, Promote], &[Cancel, Reject, Promote], &[]),
        ] {
            let offers: Vec<_> = allowed.iter().map(|name| offer(*name, true)).collect();
            let names = |offers: Vec<ActionOffer>| -> Vec<_> {
                offers.into_iter().map(|offer| offer.name).collect()
            };
            let (shown, folded) = by_need(ordered(&offers));
            assert_eq!(
                (names(shown), names(folded)),
                (near.to_vec(), further.to_vec())
            );
        }
    }

    #[test]
    fn a_refused_verb_is_shown_only_where_it_is_looked_for() {
        let all: Vec<_> = Command::ALL
            .into_iter()
            .map(|name| offer(name, false))
            .collect();
        let names = |stage| {
            shown(&all, stage)
                .into_iter()
                .map(|o| o.name)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            names(Stage::During),
            [Command::Pause, Command::Rollback, Command::Promote]
        );
        assert_eq!(names(Stage::Before), [Command::Rollback]);
        assert_eq!(names(Stage::After), [Command::Rollback]);
    }
}
