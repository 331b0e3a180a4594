//! Images that are being made now, so that whoever waits sees how far it is.

use app::backend::Viewer;
use cloud_local::wire::Progress;
use domain::{AppName, Time, Version};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use utoipa::ToSchema;

/// An image that is being baked or imported.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct InMaking {
    #[schema(value_type = String)]
    pub(crate) app: AppName,
    #[schema(value_type = String)]
    pub(crate) version: Version,
    pub(crate) by: String,
    pub(crate) since: Time,
    pub(crate) bytes_done: u64,
    /// As far as it is known by now.
    pub(crate) bytes_total: u64,
    /// The file that was read last.
    pub(crate) path: String,
}

#[derive(Default)]
pub(super) struct Making {
    rows: Mutex<BTreeMap<u64, InMaking>>,
}

impl Making {
    /// Nothing that holds the lock can panic halfway.
    fn rows(&self) -> MutexGuard<'_, BTreeMap<u64, InMaking>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Oldest first.
    pub(super) fn all(&self) -> Vec<InMaking> {
        self.rows().values().cloned().collect()
    }

    /// Enters one; it is struck out when the answer is dropped.
    pub(super) fn begin(
        self: &Arc<Self>,
        app: &AppName,
        version: &Version,
        viewer: &Viewer,
        since: Time,
    ) -> Entry {
        let row = InMaking {
            app: app.clone(),
            version: version.clone(),
            by: viewer.actor.to_string(),
            since,
            bytes_done: 0,
            bytes_total: 0,
            path: String::new(),
        };
        let mut rows = self.rows();
        let key = rows.last_key_value().map_or(0, |(last, _)| last + 1);
        rows.insert(key, row);
        drop(rows);
        Entry {
            making: Arc::clone(self),
            key,
        }
    }
}

pub(super) struct Entry {
    making: Arc<Making>,
    key: u64,
}

impl Entry {
    pub(super) fn tell(&self, progress: Progress) {
        if let Some(row) = self.making.rows().get_mut(&self.key) {
            row.bytes_done = progress.bytes_done;
            row.bytes_total = progress.bytes_total;
            row.path = progress.path;
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.making.rows().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::backend::ViewerRole;
    use domain::Actor;

    #[test]
    fn what_is_made_is_listed_until_it_is_not_made_any_more() {
        let making = Arc::new(Making::default());
        let viewer = Viewer::everywhere(Actor::new("eve").unwrap(), ViewerRole::Operator);
        let app = AppName::new("site").unwrap();
        let version = |text| Version::new(text).unwrap();
        let first = making.begin(&app, &version("1"), &viewer, Time(1));
        let second = making.begin(&app, &version("2"), &viewer, Time(2));
        second.tell(Progress {
            bytes_done: 5,
            bytes_total: 10,
            path: "x".into(),
        });
        let rows = making.all();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[1].bytes_done, rows[1].bytes_total), (5, 10));
        drop(first);
        assert_eq!(making.all()[0].version, version("2"));
        drop(second);
        assert!(making.all().is_empty());
    }
}
