//! The gateway's throughput beside HAProxy and nginx: same machine, same run, same backend.
//!
//! `cargo run --release -p gateway --example bench_peers [seconds] [rounds] [connections] [bytes]`
//!
//! Each proxy is a process of its own in front of one backend process. wrk loads them in turn, round
//! after round, so that whatever else the machine does meets all of them; medians are compared. CPU
//! time a request is read from the kernel, for the proxy alone: on a machine where wrk and the
//! backend share the cores it says more than throughput does.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use gateway::{Backend, Gateway, Options, Route, Table};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("as-backend") => run(backend(args[1].parse().unwrap(), args[2].parse().unwrap())),
        Some("as-gateway") => run(gateway(args[1].parse().unwrap(), args[2].parse().unwrap())),
        _ => compare(&args),
    }
}

fn run(server: impl Future<Output = ()>) {
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build();
    runtime.unwrap().block_on(server);
}

async fn gateway(port: u16, backend: SocketAddr) {
    let gateway = Gateway::bind(([127, 0, 0, 1], port).into(), Options::default())
        .await
        .unwrap();
    let one = Backend {
        id: "one".to_owned(),
        addr: backend,
        healthy: true,
    };
    let route = |group: &str, weight| Route {
        group: group.to_owned(),
        weight,
        backends: vec![one.clone()],
    };
    // Two groups, so that the weighted choice is part of what is measured.
    let routes = vec![route("stable", 95), route("canary", 5)];
    gateway.set_table(Table {
        routes,
        ..Table::default()
    });
    std::future::pending::<()>().await;
}

async fn backend(port: u16, bytes: usize) {
    let body = Bytes::from(vec![b'x'; bytes]);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port))
        .await
        .unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let body = body.clone();
        tokio::spawn(async move {
            let service = service_fn(|_request| {
                let answer = http::Response::new(Full::new(body.clone()));
                async move { Ok::<_, Infallible>(answer) }
            });
            let serving = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            // Clients leave as they like.
            let _ = serving.await;
        });
    }
}

/// A process that is stopped when the bench ends, however it ends.
struct Process(Child);

impl Process {
    fn start(command: &mut Command, port: u16) -> Self {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let process = Self(child);
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                begun.elapsed() < Duration::from_secs(10),
                "port {port} did not open"
            );
            std::thread::yield_now();
        }
        process
    }

    /// CPU time of the process and of its direct children (nginx works in children).
    fn cpu(&self) -> Duration {
        let own = self.0.id();
        let children =
            std::fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap_or_default();
        let all = children
            .split_whitespace()
            .filter_map(|id| id.parse().ok())
            .chain([own]);
        all.map(cpu_of).sum()
    }
}

/// User and system time of a process; the kernel counts in hundredths of a second here (proc(5)).
fn cpu_of(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks = after_name
        .split(' ')
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

impl Drop for Process {
    fn drop(&mut self) {
        // Asked first, so that nginx ends its workers.
        let id = self.0.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        let begun = Instant::now();
        while matches!(self.0.try_wait(), Ok(None)) {
            if begun.elapsed() > Duration::from_secs(2) {
                let _ = self.0.kill();
            }
            std::thread::yield_now();
        }
    }
}

struct Peer {
    name: &'static str,
    port: u16,
    process: Process,
    rates: Vec<f64>,
    p99_ms: Vec<f64>,
    cpu_us: Vec<f64>,
}

fn compare(args: &[String]) {
    let arg = |at: usize, default: u64| {
        args.get(at)
            .and_then(|one| one.parse().ok())
            .unwrap_or(default)
    };
    let (seconds, rounds) = (arg(0, 4).clamp(1, 60), arg(1, 5).clamp(1, 50));
    let (connections, bytes) = (arg(2, 64).clamp(2, 1000), arg(3, 1024).min(10_000_000));
    assert!(
        is_installed("wrk", "-v"),
        "this bench needs wrk: apt-get install wrk"
    );
    let folder = tempfile::tempdir().unwrap();
    let this = std::env::current_exe().unwrap();
    let spawn_self = |role: &str, port: u16, extra: String| {
        Process::start(
            Command::new(&this).args([role, &port.to_string(), &extra]),
            port,
        )
    };
    let backend_port = free_port();
    let backend = spawn_self("as-backend", backend_port, bytes.to_string());
    let mut peers = vec![Peer::new("none (backend alone)", backend_port, backend)];
    let port = free_port();
    let ours = spawn_self("as-gateway", port, format!("127.0.0.1:{backend_port}"));
    peers.push(Peer::new("viridian gateway", port, ours));
    peers.extend(haproxy(folder.path(), backend_port));
    peers.extend(nginx(folder.path(), backend_port));

    println!(
        "{connections} connections, {bytes} byte bodies, {rounds} rounds of {seconds} s each, medians"
    );
    for peer in &peers {
        load(peer.port, 1, connections);
    }
    for _ in 0..rounds {
        for peer in &mut peers {
            let before = peer.process.cpu();
            let measured = load(peer.port, seconds, connections);
            let spent = peer.process.cpu() - before;
            peer.rates.push(measured.rate);
            peer.p99_ms.push(measured.p99_ms);
            peer.cpu_us
                .push(spent.as_secs_f64() * 1e6 / measured.requests);
        }
    }
    print!("{}", report(&peers));
}

fn report(peers: &[Peer]) -> String {
    let haproxy = peers
        .iter()
        .find(|peer| peer.name == "HAProxy")
        .map(|peer| median(&peer.rates));
    let mut out = String::new();
    let head = [
        "proxy",
        "req/s",
        "lowest",
        "highest",
        "p99 ms",
        "CPU µs/req",
        "× HAProxy",
    ];
    let [name, rate, low, high, p99, cpu, ratio] = head;
    writeln!(
        out,
        "{name:<22}{rate:>10}{low:>10}{high:>10}{p99:>9}{cpu:>12}{ratio:>11}"
    )
    .unwrap();
    for peer in peers {
        let rate = median(&peer.rates);
        let low = peer.rates.iter().copied().fold(f64::INFINITY, f64::min);
        let high = peer.rates.iter().copied().fold(0.0, f64::max);
        let (p99, cpu) = (median(&peer.p99_ms), median(&peer.cpu_us));
        let ratio = haproxy.map_or("-".to_owned(), |base| format!("{:.2}", rate / base));
        writeln!(
            out,
            "{:<22}{rate:>10.0}{low:>10.0}{high:>10.0}{p99:>9.2}{cpu:>12.1}{ratio:>11}",
            peer.name
        )
        .unwrap();
    }
    out
}

impl Peer {
    fn new(name: &'static str, port: u16, process: Process) -> Self {
        Self {
            name,
            port,
            process,
            rates: Vec::new(),
            p99_ms: Vec::new(),
            cpu_us: Vec::new(),
        }
    }
}

fn haproxy(folder: &Path, backend_port: u16) -> Option<Peer> {
    let program = "/usr/sbin/haproxy";
    if !is_installed(program, "-v") {
        println!("HAProxy is not installed: the comparison goes without it");
        return None;
    }
    let port = free_port();
    let file = folder.join("haproxy.cfg");
    let config = format!(
        "global\n  maxconn 4000\n  nbthread 2\n\
         defaults\n  mode http\n  timeout connect 1s\n  timeout client 75s\n  timeout server 60s\n  \
         option forwardfor\n  http-reuse always\n\
         frontend in\n  bind 127.0.0.1:{port}\n  default_backend out\n\
         backend out\n  server one 127.0.0.1:{backend_port} weight 95\n  \
         server two 127.0.0.1:{backend_port} weight 5\n"
    );
    std::fs::write(&file, config).unwrap();
    let process = Process::start(
        Command::new(program).args(["-q", "-db", "-f"]).arg(&file),
        port,
    );
    Some(Peer::new("HAProxy", port, process))
}

fn nginx(folder: &Path, backend_port: u16) -> Option<Peer> {
    let program = "/usr/sbin/nginx";
    if !is_installed(program, "-v") {
        println!("nginx is not installed: the comparison goes without it");
        return None;
    }
    let port = free_port();
    let file = folder.join("nginx.conf");
    let path = folder.display();
    let config = format!(
        "daemon off; worker_processes 2; pid {path}/nginx.pid; error_log {path}/error.log;\n\
         events {{ worker_connections 4096; }}\n\
         http {{ access_log off; keepalive_requests 100000000; client_body_temp_path {path}/body;\n\
         proxy_temp_path {path}/proxy; fastcgi_temp_path {path}/f; uwsgi_temp_path {path}/u; scgi_temp_path {path}/s;\n\
         upstream out {{ server 127.0.0.1:{backend_port} weight=95; server 127.0.0.1:{backend_port} weight=5;\n\
         keepalive 256; keepalive_requests 100000000; }}\n\
         server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://out; proxy_http_version 1.1;\n\
         proxy_set_header Connection \"\"; proxy_set_header Host $host;\n\
         proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }} }} }}\n"
    );
    std::fs::write(&file, config).unwrap();
    let process = Process::start(
        Command::new(program)
            .arg("-c")
            .arg(&file)
            .stderr(Stdio::null()),
        port,
    );
    Some(Peer::new("nginx", port, process))
}

fn is_installed(program: &str, version: &str) -> bool {
    Command::new(program)
        .arg(version)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

struct Measured {
    rate: f64,
    requests: f64,
    p99_ms: f64,
}

fn load(port: u16, seconds: u64, connections: u64) -> Measured {
    let output = Command::new("wrk")
        .args([
            "-t2",
            "--latency",
            &format!("-c{connections}"),
            &format!("-d{seconds}s"),
        ])
        .arg(format!("http://127.0.0.1:{port}/"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for complaint in ["Non-2xx", "Socket errors"] {
        assert!(
            !text.contains(complaint),
            "requests failed on port {port}:\n{text}"
        );
    }
    let word = |line: &str, at: usize| -> String {
        let line = text
            .lines()
            .find(|one| one.trim_start().starts_with(line))
            .unwrap();
        line.split_whitespace().nth(at).unwrap().to_owned()
    };
    let requests = text
        .lines()
        .find(|line| line.contains(" requests in "))
        .unwrap();
    Measured {
        rate: word("Requests/sec:", 1).parse().unwrap(),
        requests: requests.split_whitespace().next().unwrap().parse().unwrap(),
        p99_ms: milliseconds(&word("99%", 1)),
    }
}

fn milliseconds(text: &str) -> f64 {
    let units = [("us", 0.001), ("ms", 1.0), ("s", 1000.0)];
    let (number, factor) = units
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))
        .unwrap();
    number.parse::<f64>().unwrap() * factor
}

fn median(all: &[f64]) -> f64 {
    let mut sorted = all.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
