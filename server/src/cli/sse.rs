//! Reads a stream of server-sent events.

use bytes::{Buf, Bytes};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::time::Duration;

/// One event of the stream.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    pub(crate) data: String,
}

/// Longer than two of the server's keep-alives: a stream that is silent for so long is dead.
const SILENCE: Duration = Duration::from_secs(40);
/// No event of ours is near this long.
const MAX_LINE: usize = 1 << 20;

pub(crate) struct Events {
    body: Incoming,
    parser: Parser,
    ready: std::collections::VecDeque<Event>,
}

impl Events {
    pub(crate) fn new(body: Incoming) -> Self {
        Self {
            body,
            parser: Parser::default(),
            ready: std::collections::VecDeque::new(),
        }
    }

    /// The next event; `None` once the stream has ended, for whatever reason.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let frame = tokio::time::timeout(SILENCE, self.body.frame())
                .await
                .ok()??
                .ok()?;
            if let Ok(data) = frame.into_data() {
                self.parser.feed(data, &mut self.ready)?;
            }
        }
    }
}

#[derive(Default)]
struct Parser {
    line: Vec<u8>,
    event: Event,
}

impl Parser {
    /// `None` where the stream is no event stream.
    fn feed(&mut self, mut data: Bytes, ready: &mut impl Extend<Event>) -> Option<()> {
        while data.has_remaining() {
            let Some(end) = data.iter().position(|&b| b == b'\n') else {
                self.line.extend_from_slice(&data);
                return (self.line.len() < MAX_LINE).then_some(());
            };
            self.line.extend_from_slice(&data[..end]);
            data.advance(end + 1);
            let line = std::mem::take(&mut self.line);
            let line = String::from_utf8_lossy(&line);
            self.line(line.trim_end_matches('\r'), ready);
        }
        Some(())
    }

    fn line(&mut self, line: &str, ready: &mut impl Extend<Event>) {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            if !event.data.is_empty() || !event.name.is_empty() {
                ready.extend([event]);
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.event.id = Some(value.to_owned()),
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if !self.event.data.is_empty() {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            // Comments keep the line open; anything else is of a later version.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_whole_however_the_bytes_arrive() {
        let text =
            ": hello\n\nid: 7\nevent: change\ndata: {\"a\":\ndata: 1}\r\n\nevent: resync\n\n";
        for size in 1..text.len() {
            let mut parser = Parser::default();
            let mut ready = Vec::new();
            for chunk in text.as_bytes().chunks(size) {
                parser
                    .feed(Bytes::copy_from_slice(chunk), &mut ready)
                    .unwrap();
            }
            assert_eq!(ready.len(), 2, "in chunks of {size}");
            assert_eq!(ready[0].id.as_deref(), Some("7"));
            assert_eq!(ready[0].data, "{\"a\":\n1}");
            assert_eq!(ready[1].name, "resync");
        }
    }
}
