//! What befell an environment's instances, in plain words: the node's own events, and differences from
//! what was released with what becomes of them.

use super::World;
use super::environment::Scene;
use super::error::{of_cloud, problem};
use app::backend::{Answer, ProblemKind};
use app::view::{DriftNote, NodeNote};
use cloud::CloudError;
use cloud_local::wire::{About, NodeEvent, NodeEventKind};
use domain::{AppName, Time};
use engine::Mending;
use std::time::Duration;

/// A page waits no longer for the node than this: it is only told less.
const NODE_PATIENCE: Duration = Duration::from_secs(1);
/// Alike events that are no farther apart are told as one.
const TOGETHER_MS: u64 = 60_000;
/// Events told of one environment.
const TOLD: usize = 20;
/// Files named of one instance.
const FILES: usize = 5;
/// The end of an instance's output that is read at most.
const LOG_BYTES: usize = 64 * 1024;

impl World {
    /// Oldest first; nothing where the node does not answer.
    pub(super) async fn node_events(&self, app: &AppName) -> Vec<NodeEvent> {
        let asked = tokio::time::timeout(NODE_PATIENCE, self.local.events(app));
        match asked.await {
            Ok(Ok(events)) => events,
            Ok(Err(error)) => {
                tracing::debug!(%error, "the node does not tell what it did");
                Vec::new()
            }
            Err(_) => Vec::new(),
        }
    }

    /// The last lines that an instance wrote, also of one that ended.
    pub(crate) async fn instance_log(&self, id: &str, lines: usize) -> Answer<String> {
        let log = self.local.logs(id, LOG_BYTES as u64).await;
        let text = log.map_err(|error| match error {
            CloudError::NotFound(_) => problem(
                ProblemKind::NotFound,
                format!("there is no output of an instance {id:?}"),
                "`viridian instance list --app NAME` names those that run; the output of the last 200 that ended is kept",
            ),
            other => of_cloud(other),
        })?;
        Ok(last_lines(&text, lines).to_owned())
    }
}

/// The last lines of what the node told, which begins with a whole one.
fn last_lines(text: &str, lines: usize) -> &str {
    let whole = bounded(text);
    let ends = whole.trim_end_matches('\n').rmatch_indices('\n');
    let start = ends.map(|(at, _)| at + 1).nth(lines.saturating_sub(1));
    &whole[start.unwrap_or(0)..]
}

/// The end of a text, from the first line that is whole in it. Bytes that are no text were each told as
/// three, so a log may come longer than was asked for.
fn bounded(text: &str) -> &str {
    let over = text.len().saturating_sub(LOG_BYTES);
    if over == 0 {
        return text;
    }
    let mut before = text.as_bytes()[over - 1..].iter();
    let line = before.position(|byte| *byte == b'\n').map(|at| over + at);
    let start = line.filter(|at| *at < text.len());
    let start = start.or_else(|| (over..text.len()).find(|at| text.is_char_boundary(*at)));
    &text[start.unwrap_or(text.len())..]
}

/// Newest first, alike ones in a row as one.
pub(crate) fn told<'a>(events: impl DoubleEndedIterator<Item = &'a NodeEvent>) -> Vec<NodeNote> {
    let mut told: Vec<(NodeNote, &NodeEvent)> = Vec::new();
    for event in events.rev() {
        let alike = told.last_mut().filter(|(note, last)| {
            let same = |a: &About, b: &About| (&a.target, &a.group) == (&b.target, &b.group);
            let of_same = match (&last.about, &event.about) {
                (Some(a), Some(b)) => same(a, b),
                _ => false,
            };
            of_same
                && last.kind == event.kind
                && counts_instances(event.kind)
                && note.at.since_ms(event.at) <= TOGETHER_MS
        });
        if let Some((note, _)) = alike {
            note.instances.extend(instance(event));
            continue;
        }
        if told.len() == TOLD {
            break;
        }
        let note = NodeNote {
            at: event.at,
            kind: kind(event.kind).to_owned(),
            text: String::new(),
            detail: is_trouble(event.kind).then(|| event.text.clone()),
            instances: instance(event).into_iter().collect(),
        };
        told.push((note, event));
    }
    told.into_iter()
        .map(|(note, event)| NodeNote {
            text: sentence(event, note.instances.len()),
            ..note
        })
        .collect()
}

fn instance(event: &NodeEvent) -> Option<String> {
    event.about.as_ref()?.instance.clone()
}

fn kind(kind: NodeEventKind) -> &'static str {
    match kind {
        NodeEventKind::Adopted => "adopted",
        NodeEventKind::Lost => "lost",
        NodeEventKind::Orphan => "orphan",
        NodeEventKind::Started => "started",
        NodeEventKind::Ended => "ended",
        NodeEventKind::Stopped => "stopped",
        NodeEventKind::Broken => "broken",
        NodeEventKind::Drift => "drift",
        NodeEventKind::Listener => "listener",
    }
}

/// Something that nobody asked for.
pub(crate) fn is_trouble(kind: NodeEventKind) -> bool {
    match kind {
        NodeEventKind::Lost
        | NodeEventKind::Orphan
        | NodeEventKind::Ended
        | NodeEventKind::Broken
        | NodeEventKind::Drift
        | NodeEventKind::Listener => true,
        NodeEventKind::Adopted | NodeEventKind::Started | NodeEventKind::Stopped => false,
    }
}

fn counts_instances(kind: NodeEventKind) -> bool {
    match kind {
        NodeEventKind::Adopted
        | NodeEventKind::Lost
        | NodeEventKind::Started
        | NodeEventKind::Ended
        | NodeEventKind::Stopped
        | NodeEventKind::Drift => true,
        NodeEventKind::Orphan | NodeEventKind::Broken | NodeEventKind::Listener => false,
    }
}

fn sentence(event: &NodeEvent, count: usize) -> String {
    let about = event.about.as_ref();
    let version = about.and_then(|about| about.version.as_ref().map(ToString::to_string));
    let group = || about.and_then(|about| about.group.as_ref().map(ToString::to_string));
    let of = version.or_else(group).unwrap_or_else(|| "it".to_owned());
    let (some, was) = match count {
        0 | 1 => (format!("1 instance of {of}"), "was"),
        n => (format!("{n} instances of {of}"), "were"),
    };
    match event.kind {
        NodeEventKind::Adopted => {
            format!("{some} ran on while the node was down, and {was} taken over")
        }
        NodeEventKind::Lost => format!("{some} {was} lost while the node was down; replaced"),
        NodeEventKind::Orphan => "A process of no instance was ended".to_owned(),
        NodeEventKind::Started => format!("{some} started"),
        NodeEventKind::Ended => format!("{some} ended or stopped answering; replaced"),
        NodeEventKind::Stopped => format!("{some} {was} stopped"),
        NodeEventKind::Broken => format!("{of} cannot run"),
        NodeEventKind::Drift => format!("{some} changed while running"),
        NodeEventKind::Listener => "The address is not open".to_owned(),
    }
}

/// What differs in an environment from what was released, and what becomes of it.
pub(super) fn drift(scene: &Scene, now: Time) -> Option<DriftNote> {
    let mut changed = scene.groups.iter().flat_map(|group| {
        let drifted = group.instances.iter().filter(|i| !i.drift.is_empty());
        drifted.map(move |i| (group, i))
    });
    // What a person has to look at comes before what puts itself right.
    let given_up = |name| matches!(scene.mending.get(name), Some(Mending::GivenUp { .. }));
    let first = changed
        .clone()
        .find(|(group, _)| given_up(&group.name))
        .or_else(|| changed.next())?;
    let (group, instance) = first;
    let all: usize = scene
        .groups
        .iter()
        .flat_map(|group| &group.instances)
        .filter(|i| !i.drift.is_empty())
        .count();
    let others = match all - 1 {
        0 => String::new(),
        1 => " One more instance differs.".to_owned(),
        n => format!(" {n} more instances differ."),
    };
    let mut files = instance
        .drift
        .iter()
        .take(FILES)
        .cloned()
        .collect::<Vec<_>>();
    if instance.drift.len() > FILES {
        files.push(format!("{} more", instance.drift.len() - FILES));
    }
    let ailment = scene.seen.as_deref().and_then(|seen| {
        let found = seen.group(&group.name)?;
        found.ailment()
    });
    let (what, needs_person) = match scene.mending.get(&group.name) {
        Some(Mending::Reported) => (
            "It is left as it is, as declared; drift = \"replace\" has it replaced.".to_owned(),
            true,
        ),
        Some(Mending::GivenUp { rounds }) => (
            format!(
                "Instances were replaced {rounds} times in a row, and those in their place differed again, so this one is left as it is. Have the program write outside its own folder and start the image baked from that, or declare drift = \"report\". What it wrote: viridian instance log {}",
                instance.id
            ),
            true,
        ),
        Some(Mending::Asked { since, .. }) => {
            let waits_ms = now.since_ms(*since);
            let why = ailment.map_or_else(String::new, |why| format!(" ({why})"));
            (
                format!(
                    "Another one takes its place as soon as that is healthy{why}; asked for {} s ago.",
                    waits_ms / 1_000
                ),
                false,
            )
        }
        Some(Mending::Due) | None if scene.active.is_some() => (
            "Another one takes its place when the rollout under way lets it.".to_owned(),
            false,
        ),
        Some(Mending::Due) | None => (
            "Another one takes its place as soon as the others of its group are healthy."
                .to_owned(),
            false,
        ),
    };
    Some(DriftNote {
        title: format!("{} of {} differs from its image", instance.id, group.name),
        detail: format!("{}: {}.{others} {what}", instance.id, files.join(", ")),
        needs_person,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at_s: i64, kind: NodeEventKind, instance: &str, version: &str) -> NodeEvent {
        NodeEvent {
            at: Time(at_s * 1_000),
            kind,
            text: format!("{instance} was lost: its process ended"),
            about: Some(About {
                target: domain::Target {
                    app: "site".parse().unwrap(),
                    env: "prod".parse().unwrap(),
                },
                group: Some(format!("site-prod-v{version}").parse().unwrap()),
                version: Some(version.parse().unwrap()),
                instance: Some(instance.to_owned()),
            }),
        }
    }

    #[test]
    fn alike_events_in_a_row_are_one_and_the_newest_comes_first() {
        use NodeEventKind::{Adopted, Lost, Started};
        let events = [
            event(0, Lost, "a", "1"),
            event(1, Lost, "b", "1"),
            event(2, Adopted, "c", "1"),
            event(3, Started, "d", "1"),
            event(300, Started, "e", "1"),
            event(301, Started, "f", "2"),
        ];
        let told = told(events.iter());
        let texts: Vec<_> = told.iter().map(|note| note.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "1 instance of 2 started",
                "1 instance of 1 started",
                "1 instance of 1 started",
                "1 instance of 1 ran on while the node was down, and was taken over",
                "2 instances of 1 were lost while the node was down; replaced",
            ]
        );
        assert_eq!(told[4].instances, ["b", "a"]);
        assert_eq!(
            told[4].detail.as_deref(),
            Some("b was lost: its process ended")
        );
        assert_eq!(told[0].detail, None);
    }

    #[test]
    fn the_last_lines_are_whole_ones() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc\n");
        assert_eq!(last_lines("a\nb", 5), "a\nb");
        assert_eq!(last_lines("", 5), "");
        let long = format!("{}\nlast\n", "x".repeat(LOG_BYTES));
        assert_eq!(last_lines(&long, 5), "last\n");
    }

    #[test]
    fn bytes_that_are_no_text_neither_cost_a_line_nor_exceed_the_bound() {
        let told = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let short = told(
            &[
                b"first!\n".as_slice(),
                &[0xff; LOG_BYTES / 3 - 4],
                b"\nlast\n",
            ]
            .concat(),
        );
        assert_eq!(short.len(), LOG_BYTES);
        assert_eq!(last_lines(&short, 5), short);
        let binary = told(&[0xff; LOG_BYTES]);
        let end = last_lines(&binary, 5);
        assert!(
            end.len() <= LOG_BYTES && end.len() > LOG_BYTES - 3,
            "{}",
            end.len()
        );
        let lines = told(&[0xff, b'\n'].repeat(LOG_BYTES / 2));
        let end = last_lines(&lines, LOG_BYTES);
        assert_eq!(end.len(), LOG_BYTES);
        assert!(lines.ends_with(end));
        let exact = format!("{}\n{}\n", "x".repeat(9), "y".repeat(LOG_BYTES - 1));
        assert_eq!(last_lines(&exact, 5), exact[10..].to_owned());
    }
}
