//! The live stream.

use crate::harness::{Server, start};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::Command;
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
        let bearer = format!("authorization: Bearer {}", server.token);
        Self::open_with(server, query, last, &bearer)
    }

    /// With another header that says who listens.
    fn open_with(server: &Server, query: &str, last: Option<i64>, who: &str) -> Self {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        let last = last.map_or_else(String::new, |id| format!("last-event-id: {id}\r\n"));
        let host = server.address();
        write!(
            stream,
            "GET /api/v1/events{query} HTTP/1.1\r\nhost: {host}\r\n{who}\r\n{last}\r\n"
        )
        .unwrap();
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

    /// Everything that still comes before the server ends it.
    fn until_end(mut self) -> Vec<Event> {
        let mut line = String::new();
        let mut events = Vec::new();
        while let Some(event) = self.next() {
            events.push(event);
        }
        // An end, and not a silence that was waited out.
        let read = self.0.read_line(&mut line);
        assert!(matches!(read, Ok(0)), "it did not end: {read:?}");
        events
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
    server.ok(&start("1", "canary", &["--watch"]));
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
    server.ok(&start("2", "blue-green", &[]));
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

#[test]
fn a_listener_is_let_go_with_what_it_came_in_by() {
    let server = Server::start();
    let bearer = |name: &str| {
        let token = server.ok(&["token", "create", "--name", name]);
        format!("authorization: Bearer {}", token.trim())
    };
    let eve = bearer("eve");
    let open = |who: &str| Stream::open_with(&server, "", None, who);
    let asked = server.send(
        "POST",
        "/api/v1/login-links",
        &[
            eve.split_once(": ").unwrap(),
            ("content-type", "application/json"),
        ],
        b"{}",
    );
    let link = asked.json()["url"].as_str().unwrap().to_owned();
    let pressed = server.press(link.strip_prefix(&server.url).unwrap());
    let of_eve = pressed.header("set-cookie").unwrap();
    let of_eve = format!("cookie: {}", of_eve.split(';').next().unwrap());
    let ada = server.cookie(&[]);
    let by_cookie = format!("cookie: {ada}");

    let mut stays = Stream::open(&server, "", None);
    let (token, browser, signed_in) = (open(&eve), open(&of_eve), open(&by_cookie));
    server.ok(&["token", "revoke", "eve"]);
    // It is over before anything more is told, the revocation included.
    assert!(token.until_end().is_empty());
    assert!(browser.until_end().is_empty(), "it came from the token");
    let ours = [("cookie", ada.as_str()), ("origin", server.url.as_str())];
    assert_eq!(server.send("POST", "/do/sign-out", &ours, b"").status, 303);
    let heard = signed_in.until_end();
    assert!(
        heard
            .iter()
            .all(|event| event.data.contains("token_revoked")),
        "{heard:?}"
    );
    let heard = stays.until("signed_out");
    assert!(
        heard
            .iter()
            .any(|event| event.data.contains("token_revoked")),
        "others go on: {heard:?}"
    );

    // Nothing tells of a token that ended by itself: each listener is looked up now and then.
    let quiet = bearer("quiet");
    let quiet = open(&quiet);
    let take = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); \
        n=c.execute(\"update token set expires_at=1 where name='quiet'\").rowcount; c.commit(); sys.exit(n-1)";
    let done = Command::new("python3")
        .args(["-c", take])
        .arg(server.data().join("viridian.db"))
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    quiet.until_end();
    let listeners = server.ask("GET", "/metrics", None);
    assert!(
        listeners.body.contains("viridian_event_listeners 1"),
        "{}",
        listeners.body
    );
}
