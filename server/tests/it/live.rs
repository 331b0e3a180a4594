//! The live stream.

use crate::harness::Server;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

/// An open stream; `None` at its end.
struct Stream(BufReader<TcpStream>);

#[derive(Debug, Default)]
struct Event {
    id: Option<i64>,
    name: String,
    data: String,
}

impl Stream {
    fn open(server: &Server, query: &str, last: Option<i64>) -> Self {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        let last = last.map_or_else(String::new, |id| format!("last-event-id: {id}\r\n"));
        let (host, token) = (server.address(), &server.token);
        write!(stream, "GET /api/v1/events{query} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n{last}\r\n").unwrap();
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 200"), "{line}");
        while line.trim() != "" {
            line.clear();
            stream.read_line(&mut line).unwrap();
        }
        Self(stream)
    }

    fn next(&mut self) -> Option<Event> {
        let mut event = Event::default();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).ok()? == 0 {
                return None;
            }
            // Sizes of chunks stand between; no field of ours looks like one.
            let line = line.trim_end();
            if let Some(id) = line.strip_prefix("id: ") {
                event.id = Some(id.parse().unwrap());
            } else if let Some(name) = line.strip_prefix("event: ") {
                event.name = name.to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                event.data = data.to_owned();
            } else if line.is_empty() && !event.name.is_empty() && !event.data.is_empty() {
                return Some(event);
            }
        }
    }

    fn until(&mut self, what: &str) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            let event = self
                .next()
                .unwrap_or_else(|| panic!("no {what} in {events:?}"));
            let done = event.data.contains(&format!("\"what\":\"{what}\""));
            events.push(event);
            if done {
                return events;
            }
        }
    }
}

#[test]
fn changes_come_in_order_and_a_listener_that_comes_back_misses_nothing() {
    let server = Server::start();
    server.apply("");
    server.bake("1", "one");
    let mut live = Stream::open(&server, "?app=site", None);
    server.ok(&[
        "rollout",
        "start",
        "--app",
        "site",
        "--env",
        "prod",
        "--image",
        "1",
        "--strategy",
        "canary",
        "--watch",
    ]);
    let heard = live.until("succeeded");
    let ids: Vec<_> = heard.iter().filter_map(|event| event.id).collect();
    assert!(
        ids.len() > 5 && ids.windows(2).all(|pair| pair[0] < pair[1]),
        "{ids:?}"
    );
    assert!(heard.iter().all(|event| event.name == "change"));
    for event in &heard {
        let observed = event.data.contains("\"observed\"");
        assert_eq!(observed, event.id.is_none(), "{event:?}");
    }
    drop(live);

    let again = Stream::open(&server, "?rollout=1", Some(ids[1])).until("succeeded");
    let replayed: Vec<_> = again.iter().filter_map(|event| event.id).collect();
    assert_eq!(replayed, ids[2..], "what came after the last one heard");

    let mut strange = Stream::open(&server, "", Some(1_000_000));
    assert_eq!(strange.next().unwrap().name, "resync", "of another journal");
    let missing = server.ask("GET", "/api/v1/events?rollout=99", None);
    assert_eq!(missing.status, 404);
}

#[test]
fn listeners_are_let_go_when_the_server_stops() {
    let mut server = Server::start();
    let mut live: Vec<_> = (0..200).map(|_| Stream::open(&server, "", None)).collect();
    let metrics = server.ask("GET", "/metrics", None);
    assert!(
        metrics.body.contains("viridian_event_listeners 200"),
        "{}",
        metrics.body
    );
    server.stop();
    for stream in &mut live {
        assert!(stream.next().is_none());
    }
    assert!(server.log().contains("stopped"), "{}", server.log());
}

#[test]
fn a_killed_server_goes_on_where_it_was() {
    let mut server = Server::start();
    server.apply("[environment.blue_green]\nretain_ms = 3000\n");
    server.first();
    server.bake("2", "two");
    server.ok(&[
        "rollout",
        "start",
        "--app",
        "site",
        "--env",
        "prod",
        "--image",
        "2",
        "--strategy",
        "blue-green",
    ]);
    let token = server.token.clone();
    server.kill();
    server.serve();
    assert_eq!(server.token, token, "the token is kept");
    assert_eq!(
        server.run(&["rollout", "watch", "2"]).status.code(),
        Some(0)
    );
    assert!(server.ok(&["doctor"]).contains("Everything is sound"));
}
