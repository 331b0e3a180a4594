//! The browser's side of `/api/v1/events`. The browser reconnects by itself and says where it was
//! (`Last-Event-ID`); a tab that nobody sees is not connected at all.

use super::{Heard, Link, Live, TICK};
use crate::view::Change;
use leptos::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, EventSource, MessageEvent};

const EVENTS: &str = "/api/v1/events";
/// After the server refused the stream itself, which the browser does not try again.
const REFUSED_RETRY: Duration = Duration::from_secs(3);

struct Source {
    live: Live,
    current: RefCell<Option<EventSource>>,
    on_open: Closure<dyn FnMut(Event)>,
    on_error: Closure<dyn FnMut(Event)>,
    on_change: Closure<dyn FnMut(MessageEvent)>,
}

/// Opens the stream for as long as the document lives.
pub(super) fn open(live: &Live) {
    let source = Rc::new_cyclic(|weak: &std::rc::Weak<Source>| {
        let (opened, failed, changed) = (live.clone(), live.clone(), live.clone());
        let weak = weak.clone();
        Source {
            live: live.clone(),
            current: RefCell::default(),
            on_open: Closure::new(move |_| {
                opened.set_link(Link::Live);
                opened.tell(Heard::Resync);
            }),
            on_error: Closure::new(move |event: Event| {
                failed.set_link(Link::Reconnecting);
                let refused = event
                    .target()
                    .and_then(|target| target.dyn_into::<EventSource>().ok())
                    .is_some_and(|stream| stream.ready_state() == EventSource::CLOSED);
                if refused && let Some(source) = weak.upgrade() {
                    set_timeout(move || source.connect(), REFUSED_RETRY);
                }
            }),
            on_change: Closure::new(move |event: MessageEvent| {
                let change = event
                    .data()
                    .as_string()
                    .and_then(|text| serde_json::from_str::<Change>(&text).ok());
                // An event that cannot be read still says that something happened.
                changed.tell(change.as_ref().map_or(Heard::Resync, Heard::Change));
            }),
        }
    });
    source.connect();
    let ticking = live.clone();
    set_interval(
        move || {
            if ticking.link.try_get_untracked() == Some(Link::Live) {
                ticking.tell(Heard::Tick);
            }
        },
        TICK,
    );
    let seen = Closure::<dyn FnMut(Event)>::new(move |_| {
        if document().hidden() {
            source.disconnect()
        } else {
            source.connect()
        }
    });
    // Without the listener a hidden tab merely stays connected.
    let _ = document()
        .add_event_listener_with_callback("visibilitychange", seen.as_ref().unchecked_ref());
    seen.forget();
}

impl Source {
    fn connect(&self) {
        self.disconnect();
        if document().hidden() {
            return;
        }
        let Ok(stream) = EventSource::new(EVENTS) else {
            return;
        };
        stream.set_onopen(Some(self.on_open.as_ref().unchecked_ref()));
        stream.set_onerror(Some(self.on_error.as_ref().unchecked_ref()));
        let listening = stream
            .add_event_listener_with_callback("change", self.on_change.as_ref().unchecked_ref());
        if listening.is_ok() {
            self.current.replace(Some(stream));
        }
    }

    fn disconnect(&self) {
        if let Some(stream) = self.current.take() {
            stream.set_onerror(None);
            stream.close();
            if self.live.link.try_get_untracked() == Some(Link::Live) {
                self.live.set_link(Link::Reconnecting);
            }
        }
    }
}
