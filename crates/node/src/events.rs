//! What befell the node's instances: to the log, and the last ones to whoever asks for the status.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use cloud_local::wire::{NodeEvent, NodeEventKind};

use crate::node::now;

const KEPT: usize = 500;

#[derive(Default)]
pub(crate) struct Events(Mutex<VecDeque<NodeEvent>>);

impl Events {
    pub(crate) fn note(&self, kind: NodeEventKind, text: String) {
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
        });
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
