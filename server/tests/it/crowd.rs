//! Listeners by the thousand that never read a byte.

use crate::harness::{Server, root_of, start, wait};
use std::io::{Read, Write};
use std::net::TcpStream;

/// As many as are let in, and more.
const LISTENERS: usize = 2_000;
const TOO_MANY: usize = 500;
/// Connections that begin a request and never end it.
const DAWDLERS: usize = 500;

#[test]
fn thousands_that_never_read_are_bounded_and_others_are_served() {
    raise_open_files();
    let server = Server::start();
    let port = server.apply("[environment.blue_green]\nretain_ms = 0\n");
    server.first();
    server.bake("2", "two");
    let (host, token) = (server.address(), &server.token);
    let ask = format!(
        "GET /api/v1/events HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    let listeners = || {
        let metrics = server.ask("GET", "/metrics", None).body;
        let line = metrics
            .lines()
            .find_map(|line| line.strip_prefix("viridian_event_listeners "));
        line.unwrap().parse::<usize>().unwrap()
    };
    let open = |request: &str| {
        let mut stream = TcpStream::connect(host).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    };
    let mut silent: Vec<_> = (0..LISTENERS).map(|_| open(&ask)).collect();
    wait("all seats to be taken", || {
        (listeners() == LISTENERS).then_some(())
    });

    let mut refused: Vec<_> = (0..TOO_MANY).map(|_| open(&ask)).collect();
    let dawdlers: Vec<_> = (0..DAWDLERS)
        .map(|_| open("GET / HTTP/1.1\r\nhost: "))
        .collect();
    for stream in refused.iter_mut() {
        // To its end: none of them keeps its connection.
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        assert!(said.starts_with("HTTP/1.1 503"), "{said}");
        assert!(said.contains("2000 are listening already"), "{said}");
    }
    assert_eq!(listeners(), LISTENERS);

    // Changes for all of them, and nobody who reads: the work goes on, and the pages.
    server.ok(&start("2", "blue-green", &[]));
    server.until_state(2, "succeeded");
    assert_eq!(root_of(port), "two");
    let cookie = server.cookie(&[]);
    let page = server.send("GET", "/", &[("cookie", &cookie)], b"");
    assert_eq!(page.status, 200, "{}", page.head);
    assert_eq!(server.send("GET", "/readyz", &[], b"").status, 200);
    let resident = resident_kb(&server);
    assert!(
        resident < 400 << 10,
        "{resident} kB for {LISTENERS} listeners"
    );

    drop(dawdlers);
    silent.truncate(LISTENERS / 2);
    wait("the seats of those who left", || {
        (listeners() == LISTENERS / 2).then_some(())
    });
}

fn resident_kb(server: &Server) -> u64 {
    let file = std::fs::read_to_string(server.data().join("server.json")).unwrap();
    let file: serde_json::Value = serde_json::from_str(&file).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", file["pid"])).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap()
}

fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, wanted).unwrap();
}
