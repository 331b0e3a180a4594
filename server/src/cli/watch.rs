//! Follows a rollout to its end: over lost connections and restarts of the server.

use super::client::{Client, typed};
use super::print;
use super::sse::Events;
use super::{Done, Failure, Outcome};
use app::view::{Change, JournalRow, Page, RolloutView};
use domain::RolloutId;
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// How long a server may be away before watching is given up.
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(500);

pub(crate) async fn follow(client: &Client, id: RolloutId, json: bool) -> Outcome {
    let mut told = Told {
        seq: 0,
        weights: String::new(),
        trouble: None,
        json,
    };
    // An unknown rollout or a bad token will not mend itself.
    told.catch_up(client, id).await?;
    let mut away_since = None;
    loop {
        match watch_once(client, id, &mut told, &mut away_since).await {
            Ok(Some(done)) => return Ok(done),
            Ok(None) => {}
            Err(failure) if failure.status.is_some_and(|status| status < 500) => {
                return Err(failure);
            }
            Err(failure) => {
                let since = *away_since.get_or_insert_with(Instant::now);
                if since.elapsed() > PATIENCE {
                    return Err(failure);
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// One connection's worth: `None` when it broke off.
async fn watch_once(
    client: &Client,
    id: RolloutId,
    told: &mut Told,
    away_since: &mut Option<Instant>,
) -> Result<Option<Done>, Failure> {
    let path = format!("/api/v1/events?rollout={id}");
    let last = (told.seq > 0).then_some(told.seq);
    let response = client.open(&path, "text/event-stream", last).await?;
    *away_since = None;
    let mut events = Events::new(response.into_body());
    // What happened before the stream was open.
    if let Some(done) = told.catch_up(client, id).await? {
        return Ok(Some(done));
    }
    while let Some(event) = events.next().await {
        let change = serde_json::from_str::<Change>(&event.data).ok();
        let news = match (event.name.as_str(), &change) {
            ("change", Some(change)) => change.what == "observed" || change.seq > told.seq,
            ("resync", _) => true,
            _ => false,
        };
        if news && let Some(done) = told.catch_up(client, id).await? {
            return Ok(Some(done));
        }
    }
    Ok(None)
}

/// What was printed so far.
struct Told {
    /// Position in the journal.
    seq: i64,
    weights: String,
    /// What held it up when last looked at.
    trouble: Option<String>,
    json: bool,
}

impl Told {
    /// Prints what is new; answers how it ended, if it did.
    async fn catch_up(&mut self, client: &Client, id: RolloutId) -> Result<Option<Done>, Failure> {
        // Until a reading of the journal brings nothing new: the state read before it is then at
        // least as new as every row that was told, and the last row's event is not waited for.
        let view = loop {
            let view: RolloutView = typed(&client.get(&format!("/api/v1/rollouts/{id}")).await?)?;
            if !self.rows(client, id).await? {
                break view;
            }
        };
        let done = match view.state.as_str() {
            "succeeded" => Done::Ok,
            "rolled_back" | "cancelled" | "rejected" => Done::WentBack,
            "failed" => Done::Failed,
            _ => {
                self.weights(&view);
                self.held_up(&view);
                return Ok(None);
            }
        };
        self.weights(&view);
        if self.json {
            print::line(
                json!({
                    "id": view.id, "what": "over", "state": view.state, "reason": view.reason,
                    "sentence": view.sentence, "seq": self.seq, "at": view.ended_at,
                })
                .to_string(),
            );
        } else {
            print::line(view.sentence);
        }
        Ok(Some(done))
    }

    /// Prints what the journal has beyond what was told; answers whether there was anything.
    async fn rows(&mut self, client: &Client, id: RolloutId) -> Result<bool, Failure> {
        let before = self.seq;
        loop {
            let path = format!("/api/v1/rollouts/{id}/journal?after={}&limit=200", self.seq);
            let page: Page<JournalRow> = typed(&client.get(&path).await?)?;
            for row in &page.items {
                self.seq = self.seq.max(row.seq);
                self.row(id, row);
            }
            if page.next.is_none() || page.items.is_empty() {
                return Ok(self.seq > before);
            }
        }
    }

    fn row(&self, id: RolloutId, row: &JournalRow) {
        if self.json {
            let JournalRow {
                seq,
                at,
                by,
                what,
                text,
            } = row;
            print::line(
                json!({ "id": id, "seq": seq, "at": at, "by": by, "what": what, "text": text })
                    .to_string(),
            );
        } else {
            let (_, clock) = crate::calendar::utc(row.at);
            print::line(format!("{clock}  {}", row.text));
        }
    }

    /// Says what holds it up, once for each reason.
    fn held_up(&mut self, view: &RolloutView) {
        if self.trouble == view.trouble {
            return;
        }
        self.trouble.clone_from(&view.trouble);
        let Some(trouble) = &view.trouble else { return };
        if self.json {
            print::line(
                json!({ "id": view.id, "what": "held_up", "at": view.as_of, "text": trouble })
                    .to_string(),
            );
        } else {
            let (_, clock) = crate::calendar::utc(view.as_of);
            print::line(format!("{clock}  Held up: {trouble}"));
        }
    }

    /// Says where the traffic is observed to be, when that changed.
    fn weights(&mut self, view: &RolloutView) {
        let shares: Vec<_> = view
            .groups
            .iter()
            .filter(|group| group.weight_observed > 0)
            .map(|group| format!("{} {}%", group.image, group.weight_observed))
            .collect();
        let text = shares.join(", ");
        if text == self.weights || text.is_empty() {
            return;
        }
        if self.json {
            let groups: Vec<_> = view
                .groups
                .iter()
                .map(|g| json!({ "name": g.name, "weight_observed": g.weight_observed }))
                .collect();
            print::line(
                json!({ "id": view.id, "what": "observed", "at": view.observed_at, "groups": groups, "text": text })
                    .to_string(),
            );
        } else {
            let (_, clock) = crate::calendar::utc(view.observed_at.unwrap_or(view.as_of));
            print::line(format!("{clock}  Observed: {text}"));
        }
        self.weights = text;
    }
}
