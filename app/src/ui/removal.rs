//! Taking away a hold or a veto: who put it there and why, what its absence means, and one button.
//! What is asked for is in the address, so all of it works without script.

use super::ago;
use crate::api::LoadError;
use crate::format::sentence_case;
use crate::view::*;
use domain::{AppName, Digest, EnvName, RolloutId, Time};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What is about to be removed, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    pub env: EnvName,
    pub what: Removed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Removed {
    Hold,
    Veto(Digest),
}

/// The words of one removal.
struct Asked {
    title: String,
    means: String,
    button: &'static str,
    action: String,
    why: String,
    by: String,
    at: Time,
    rollout: Option<RolloutId>,
    offer: Offer,
}

/// `remove` is told with script; the form is sent without. Nothing where it is gone already.
pub fn removal(
    app: &AppName,
    environment: &EnvironmentView,
    removal: &Removal,
    now: Time,
    remove: Callback<Removal>,
    refused: RwSignal<Option<LoadError>>,
) -> Option<AnyView> {
    let asked = asked(app, environment, removal)?;
    let here = format!("/applications/{app}");
    let wanted = removal.clone();
    let sending = RwSignal::new(false);
    let allowed = asked.offer.allowed;
    let rollout = asked.rollout.map(|id| {
        view! {
            <div>
                <dt>"Because of"</dt>
                <dd>
                    <a href=format!("/rollouts/{id}")>{format!("rollout {id}")}</a>
                </dd>
            </div>
        }
    });
    let drawn = view! {
        <a class="drawer-scrim" href=here.clone() aria-hidden="true" tabindex="-1"></a>
        <section class="drawer" role="dialog" aria-labelledby="drawer-title">
            <header class="drawer-head">
                <h2 id="drawer-title" tabindex="-1">
                    {asked.title}
                </h2>
                <a class="button" href=here>
                    "Close"
                </a>
            </header>
            <div class="removal">
                <p class="removal-why">{asked.why}</p>
                <dl class="planned-facts">
                    <div>
                        <dt>"Put there by"</dt>
                        <dd>{asked.by} " · " {ago(now, asked.at)}</dd>
                    </div>
                    {rollout}
                </dl>
                <p>{asked.means}</p>
                <p class="soft">
                    "Nothing that runs changes. Who removed it, and when, is kept in the journal and shown beside the environment."
                </p>
                <form
                    class="planned-start"
                    method="post"
                    action=asked.action
                    on:submit=move |event| {
                        event.prevent_default();
                        if !sending.get_untracked() {
                            sending.set(true);
                            refused.set(None);
                            remove.run(wanted.clone());
                        }
                    }
                >
                    <button
                        class="button button-primary"
                        disabled=move || !allowed || sending.get() && refused.with(Option::is_none)
                    >
                        {asked.button}
                    </button>
                    {(!allowed).then(|| view! { <p class="removal-refused">{sentence_case(&asked.offer.why)}</p> })}
                    <div class="verbs-problem" aria-live="assertive">
                        {move || {
                            refused
                                .with(|error| {
                                    error.as_ref().map(|error| format!("{} {}", error.detail, error.remedy))
                                })
                        }}
                    </div>
                </form>
            </div>
        </section>
    };
    Some(drawn.into_any())
}

fn asked(app: &AppName, environment: &EnvironmentView, removal: &Removal) -> Option<Asked> {
    let env = &removal.env;
    match &removal.what {
        Removed::Hold => {
            let hold = environment.hold.as_ref()?;
            Some(Asked {
                title: format!("Remove the hold on {app} in {env}"),
                means: format!(
                    "Automation may start rollouts in {env} again. People could all along."
                ),
                button: "Remove the hold",
                action: format!("/do/holds/{app}/{env}/remove"),
                why: hold.why.clone(),
                by: hold.by.clone(),
                at: hold.at,
                rollout: hold.rollout,
                offer: hold.remove.clone(),
            })
        }
        Removed::Veto(digest) => {
            let veto = environment
                .vetoes
                .iter()
                .find(|veto| veto.digest == *digest)?;
            let version = &veto.version;
            Some(Asked {
                title: format!("Remove the veto of {version} in {env}"),
                means: format!(
                    "{version} may be started in {env} again, by people and by automation."
                ),
                button: "Remove the veto",
                action: format!("/do/vetoes/{app}/{env}/{digest}/remove"),
                why: veto.why.clone(),
                by: veto.by.clone(),
                at: veto.at,
                rollout: veto.rollout,
                offer: veto.remove.clone(),
            })
        }
    }
}
