//! One connection for the whole application that says *something about this changed*; what is shown
//! asks again and is patched in place.
//!
//! Events carry no figures, so a lost one costs nothing: whatever comes next, and every reconnect,
//! asks for the whole truth of what is on the screen.

use crate::api::LoadError;
use crate::view::*;
use domain::Time;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

mod snapshot;
mod source;
mod turns;

pub use snapshot::Snapshot;
use turns::{Trust, Turns};

/// Between the end of one reload and the start of the next: at most four a second, however many
/// events come.
const RELOAD_GAP: Duration = Duration::from_millis(250);
const TICK: Duration = Duration::from_secs(1);

/// How the page hears of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// It does not: no script, or not yet.
    Still,
    Live,
    Reconnecting,
}

#[derive(Clone, Copy)]
enum Heard<'a> {
    Change(&'a Change),
    /// Something may have been missed.
    Resync,
    /// A second has gone by in which nothing changed.
    Tick,
}

type Listener = Box<dyn Fn(Heard<'_>) + Send + Sync>;

#[derive(Default)]
struct Listeners {
    next: u64,
    all: Vec<(u64, Arc<Listener>)>,
}

/// The application's one event stream, found through the context.
#[derive(Clone)]
pub struct Live {
    link: RwSignal<Link>,
    /// Why the last reload failed, while the page still shows what it had.
    trouble: RwSignal<Option<LoadError>>,
    listeners: Arc<Mutex<Listeners>>,
}

/// Makes the stream available to every page, and opens it once the page is hydrated.
pub fn provide_live() {
    let live = Live {
        link: RwSignal::new(Link::Still),
        trouble: RwSignal::new(None),
        listeners: Arc::default(),
    };
    provide_context(live.clone());
    Effect::new(move |_| source::open(&live));
}

impl Live {
    #[must_use]
    pub fn link(&self) -> Link {
        self.link.get()
    }

    #[must_use]
    pub fn trouble(&self) -> Option<LoadError> {
        self.trouble.get()
    }

    fn set_link(&self, link: Link) {
        if self.link.try_get_untracked() != Some(link) {
            self.link.try_set(link);
        }
    }

    fn tell(&self, heard: Heard<'_>) {
        // A listener may add or remove listeners, so none is called while the list is locked.
        let listeners: Vec<_> = self
            .lock()
            .all
            .iter()
            .map(|(_, listener)| listener.clone())
            .collect();
        for listener in listeners {
            listener(heard);
        }
    }

    fn listen(&self, listener: Listener) -> u64 {
        let mut listeners = self.lock();
        listeners.next += 1;
        let id = listeners.next;
        listeners.all.push((id, Arc::new(listener)));
        id
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Listeners> {
        self.listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps `shown` true: loads again when a change concerns it, and lets its time go on while the
/// stream says that nothing did. Ends with the page that called it.
pub fn follow<T, Load, Loading>(
    shown: RwSignal<T>,
    concerns: impl Fn(&T, &Change) -> bool + Send + Sync + 'static,
    load: Load,
) where
    T: Snapshot + Send + Sync + 'static,
    Load: Fn() -> Loading + Clone + Send + Sync + 'static,
    Loading: Future<Output = Result<T, LoadError>> + 'static,
{
    let Some(live) = use_context::<Live>() else {
        return;
    };
    let reload = Reload {
        shown,
        live: live.clone(),
        load,
        turns: RwSignal::new(Turns::default()),
    };
    let concerns = Arc::new(concerns);
    Effect::new(move |_| {
        let (reload, concerns) = (reload.clone(), concerns.clone());
        let id = live.listen(Box::new(move |heard| match heard {
            Heard::Change(change) => {
                let relevant = shown.try_with_untracked(|shown| concerns(shown, change));
                if relevant == Some(true) {
                    reload.ask(Trust::Newer);
                }
            }
            Heard::Resync => reload.ask(Trust::Anything),
            // What is owed is tried again; until it has come, nothing is known of this moment.
            Heard::Tick => {
                if !reload.retry() {
                    shown.try_update(|shown| shown.advance(TICK));
                }
            }
        }));
        let live = live.clone();
        on_cleanup(move || live.lock().all.retain(|(other, _)| *other != id));
    });
}

/// Shows `new` unless it is older than what is there.
pub fn show_newer<T: Snapshot + Send + Sync + 'static>(shown: RwSignal<T>, new: T) {
    if shown.try_with_untracked(|old| new.seq() >= old.seq()) == Some(true) {
        shown.try_set(new);
    }
}

/// Loads one at a time, and again where it was asked meanwhile.
struct Reload<T: 'static, Load> {
    shown: RwSignal<T>,
    live: Live,
    load: Load,
    turns: RwSignal<Turns>,
}

impl<T: 'static, Load: Clone> Clone for Reload<T, Load> {
    fn clone(&self) -> Self {
        let Self {
            shown,
            live,
            load,
            turns,
        } = self;
        Self {
            shown: *shown,
            live: live.clone(),
            load: load.clone(),
            turns: *turns,
        }
    }
}

impl<T, Load, Loading> Reload<T, Load>
where
    T: Snapshot + Send + Sync + 'static,
    Load: Fn() -> Loading + Clone + Send + Sync + 'static,
    Loading: Future<Output = Result<T, LoadError>> + 'static,
{
    fn ask(&self, trust: Trust) {
        self.step(|turns| turns.ask(trust));
    }

    /// Loads what is still owed; whether anything is.
    fn retry(&self) -> bool {
        self.step(Turns::next);
        self.turns.try_with_untracked(Turns::owes) == Some(true)
    }

    /// Begins to load where the step says so. Nothing happens once the page is gone.
    fn step(&self, step: impl FnOnce(&mut Turns) -> Option<Trust>) {
        // Nobody draws this, so nobody is to be told of it.
        let begun = self.turns.try_update_untracked(step);
        if let Some(trust) = begun.flatten() {
            self.load(trust);
        }
    }

    fn load(&self, trust: Trust) {
        let this = self.clone();
        spawn_local(async move {
            match (this.load)().await {
                Ok(new) => {
                    this.turns.try_update_untracked(Turns::succeeded);
                    if this.live.trouble.try_with_untracked(Option::is_some) == Some(true) {
                        this.live.trouble.try_set(None);
                    }
                    match trust {
                        Trust::Newer => show_newer(this.shown, new),
                        Trust::Anything => drop(this.shown.try_set(new)),
                    }
                }
                Err(error) => {
                    this.turns.try_update_untracked(Turns::failed);
                    this.live.trouble.try_set(Some(error));
                }
            }
            set_timeout(move || this.step(Turns::rested), RELOAD_GAP);
        });
    }
}

/// The server's "now", as far as it is known on this page.
#[must_use]
pub fn as_of<T: Snapshot + Send + Sync + 'static>(shown: RwSignal<T>) -> Signal<Time> {
    Signal::derive(move || shown.with(Snapshot::as_of))
}
