//! What befell the node's instances: to the log, and the last ones to whoever asks for the status.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use cloud_local::wire::{About, NodeEvent, NodeEventKind};
use domain::AppName;

use crate::node::now;

const KEPT: usize = 500;

#[derive(Default)]
pub(crate) struct Events(Mutex<VecDeque<NodeEvent>>);

impl Events {
    pub(crate) fn note(&self, kind: NodeEventKind, text: String) {
        self.enter(kind, text, None);
    }

    pub(crate) fn note_of(&self, about: About, kind: NodeEventKind, text: String) {
        self.enter(kind, text, Some(about));
    }

    fn enter(&self, kind: NodeEventKind, text: String, about: Option<About>) {
        match kind {
            NodeEventKind::Started | NodeEventKind::Stopped | NodeEventKind::Adopted => {
                tracing::info!(event = ?kind, "{text}");
            }
            NodeEventKind::Lost
            | NodeEventKind::Orphan
            | NodeEventKind::Ended
            | NodeEventKind::Broken
            | NodeEventKind::Drift
            | NodeEventKind::Listener => tracing::warn!(event = ?kind, "{text}"),
        }
        let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if events.len() == KEPT {
            events.pop_front();
        }
        events.push_back(NodeEvent {
            at: now(),
            kind,
            text,
            about,
        });
    }

    pub(crate) fn of(&self, app: &AppName) -> Vec<NodeEvent> {
        let events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_app = |event: &&NodeEvent| {
            let about = event.about.as_ref();
            about.is_some_and(|about| &about.target.app == app)
        };
        events.iter().filter(of_app).cloned().collect()
    }

    pub(crate) fn all(&self) -> Vec<NodeEvent> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }
}
