//! A server of its own for each test, and plain HTTP to it.

use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_viridian");
const PATIENCE: Duration = Duration::from_secs(60);

/// What `python3 -m http.server` serves, as an image's command.
pub(crate) const PYTHON: [&str; 6] = [
    "python3",
    "-m",
    "http.server",
    "${PORT}",
    "--bind",
    "127.0.0.1",
];

/// What a server is given besides its folder.
#[derive(Default)]
pub(crate) struct Given {
    /// More arguments of `serve`.
    pub(crate) args: Vec<String>,
    /// A disk of its own under the data folder.
    pub(crate) disk: Option<crate::disk::Disk>,
    pub(crate) database_url: Option<String>,
}

pub(crate) struct Server {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) given: Given,
    child: Option<Child>,
    pub(crate) url: String,
    pub(crate) token: String,
}

/// A web server that can go wrong in every way an application can.
pub(crate) const PROGRAM: &str = r#"
import http.server, os, sys, threading, time
port, mode, argument = int(sys.argv[1]), sys.argv[2], sys.argv[3]
if mode == "silent":
    time.sleep(600)
if mode == "exits":
    sys.exit("no database at " + argument)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = argument.encode()
        self.send_response(500 if mode == "fails" else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
def die():
    while not os.path.exists(argument):
        time.sleep(0.02)
    os._exit(9)
if mode == "dies":
    threading.Thread(target=die, daemon=True).start()
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"#;

/// Arguments of `rollout start` for `site` in `prod`.
pub(crate) fn start<'a>(image: &'a str, strategy: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec![
        "rollout", "start", "--app", "site", "--env", "prod", "--image", image,
    ];
    args.extend(["--strategy", strategy]);
    args.extend(more);
    args
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(tempfile::tempdir().unwrap(), Given::default())
    }

    pub(crate) fn start_with(folder: tempfile::TempDir, given: Given) -> Self {
        let mut server = Self {
            folder,
            given,
            child: None,
            url: String::new(),
            token: String::new(),
        };
        server.serve();
        server
    }

    /// The data folder as this process sees it.
    pub(crate) fn data(&self) -> PathBuf {
        let data = self.folder.path().join("data");
        match &self.given.disk {
            Some(disk) => disk.seen_from_here(&data),
            None => data,
        }
    }

    /// A command of the binary that works on the data folder itself.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = match &self.given.disk {
            Some(disk) => disk.inside(BINARY),
            None => Command::new(BINARY),
        };
        command
            .args(args)
            .arg("--data")
            .arg(self.folder.path().join("data"))
            .env_remove("VIRIDIAN_URL")
            .env_remove("VIRIDIAN_TOKEN")
            .env_remove("VIRIDIAN_DATABASE_URL")
            .env("VIRIDIAN_USER", "ada")
            .stdin(Stdio::null());
        if let Some(url) = &self.given.database_url {
            command.env("VIRIDIAN_DATABASE_URL", url);
        }
        command
    }

    /// `serve` once more on the folder, expected to refuse; what it said.
    pub(crate) fn refuses_to_serve(&self) -> String {
        let mut child = self
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let until = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if Instant::now() > until {
                child.kill().unwrap();
                child.wait().unwrap();
                break None;
            }
            pause();
        };
        // The node that it may have started has the same end of the pipe as its own log file only.
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        let code = status.unwrap_or_else(|| panic!("it serves: {said}")).code();
        assert_eq!(code, Some(1), "{said}");
        said
    }

    /// Starts `serve` on the folder, again if it ran before.
    pub(crate) fn serve(&mut self) {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("serve.log"))
            .unwrap();
        let child = self
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .args(&self.given.args)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let pid = child.id();
        self.child = Some(child);
        let file = wait("server.json", || {
            let child = self.child.as_mut().unwrap();
            if let Some(status) = child.try_wait().unwrap() {
                let log = std::fs::read_to_string(self.folder.path().join("serve.log")).unwrap();
                panic!("serve ended with {status}: {log}");
            }
            let text = std::fs::read_to_string(self.data().join("server.json")).ok()?;
            let file: Value = serde_json::from_str(&text).ok()?;
            (file["pid"] == pid).then_some(file)
        });
        self.url = file["url"].as_str().unwrap().to_owned();
        self.token = std::fs::read_to_string(self.data().join("token"))
            .unwrap()
            .trim()
            .to_owned();
    }

    /// SIGTERM, and the end awaited. The node stays.
    pub(crate) fn stop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        signal(&child, rustix::process::Signal::TERM);
        let until = Instant::now() + Duration::from_secs(15);
        while child.try_wait().unwrap().is_none() {
            if Instant::now() > until {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("serve did not stop within 15 s of SIGTERM");
            }
            pause();
        }
    }

    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("serve.log")).unwrap()
    }

    pub(crate) fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// A command of the binary on this server.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        let split = args
            .iter()
            .position(|arg| *arg == "--")
            .unwrap_or(args.len());
        self.command(&args[..split])
            .args(&args[split..])
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    /// The same, which has to succeed; its output.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(
            output.status.success(),
            "{args:?}: {output:?}\n{}",
            self.log()
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same, which has to end with this code; what it said on standard error.
    pub(crate) fn says(&self, args: &[&str], code: i32) -> String {
        let output = self.run(args);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        said
    }

    /// The same, where the code is that of a failure.
    pub(crate) fn fails(&self, args: &[&str], code: i32) -> String {
        assert_ne!(code, 0);
        self.says(args, code)
    }

    /// Bakes an image that says `text` at its root.
    pub(crate) fn bake(&self, version: &str, text: &str) -> String {
        let folder = self.folder.path().join(format!("site-{version}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("index.html"), text).unwrap();
        let folder = folder.to_str().unwrap().to_owned();
        let mut args = vec![
            "image",
            "bake",
            &folder,
            "--app",
            "site",
            "--version",
            version,
            "--",
        ];
        args.extend(PYTHON);
        let said = self.ok(&args);
        said.lines().last().unwrap().to_owned()
    }

    /// Bakes an image that runs one of [`PROGRAM`]'s ways; it takes `mode` and `argument`.
    pub(crate) fn bake_program(&self, version: &str, mode: &str, argument: &str) {
        let folder = self.folder.path().join(format!("program-{version}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("app.py"), PROGRAM).unwrap();
        let run = ["python3", "app.py", "${PORT}", mode, argument];
        self.bake_command(version, &folder, &run);
    }

    pub(crate) fn bake_command(&self, version: &str, folder: &Path, run: &[&str]) {
        let folder = folder.to_str().unwrap();
        let mut args = vec![
            "image",
            "bake",
            folder,
            "--app",
            "site",
            "--version",
            version,
            "--",
        ];
        args.extend(run);
        self.ok(&args);
    }

    /// Declares `site` with an environment `prod`; the port it listens on.
    pub(crate) fn apply(&self, more: &str) -> u16 {
        self.apply_with(15_000, more)
    }

    /// The same, with the time that a new group has to become healthy.
    pub(crate) fn apply_with(&self, start_timeout_ms: u32, more: &str) -> u16 {
        let port = free_port();
        let toml = format!(
            "[application]\nname = \"site\"\n[[environment]]\nname = \"prod\"\nlisten = \"127.0.0.1:{port}\"\ninstances = 2\nhealth = {{ path = \"/\", interval_ms = 100, healthy_after = 1, unhealthy_after = 3, timeout_ms = 1000, start_timeout_ms = {start_timeout_ms} }}\n{more}"
        );
        let file = self.folder.path().join("app.toml");
        std::fs::write(&file, toml).unwrap();
        self.ok(&["apply", "-f", file.to_str().unwrap()]);
        port
    }

    /// Starts version 1 in `prod`.
    pub(crate) fn first(&self) {
        self.bake("1", "one");
        self.ok(&start("1", "blue-green", &["--watch"]));
    }

    /// A rollout as it is now.
    pub(crate) fn rollout(&self, id: u32) -> Value {
        self.get(&format!("/api/v1/rollouts/{id}"))
    }

    /// Waits until a rollout is in this state.
    pub(crate) fn until_state(&self, id: u32, state: &str) -> Value {
        wait(&format!("rollout {id} in {state}"), || {
            let answer = self.ask("GET", &format!("/api/v1/rollouts/{id}"), None);
            let now = (answer.status == 200).then(|| answer.json())?;
            (now["state"] == state).then_some(now)
        })
    }

    /// A request with the local token.
    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<&str>) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let mut headers = vec![("authorization", bearer.as_str())];
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        self.send(method, path, &headers, body.unwrap_or_default().as_bytes())
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let answer = self.ask("GET", path, None);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    /// A request with nothing but what is given.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "host") {
            head.push_str(&format!("host: {}\r\n", self.address()));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        stream.write_all(head.as_bytes()).unwrap();
        // A server that has read enough may close before it has read all.
        let _ = stream.write_all(body);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        parse(&bytes)
    }

    /// Signs a browser in; its cookie.
    pub(crate) fn cookie(&self, args: &[&str]) -> String {
        let mut all = vec!["login-link"];
        all.extend(args);
        let link = self.ok(&all);
        let path = link.trim().strip_prefix(&self.url).unwrap().to_owned();
        let answer = self.send("GET", &path, &[], b"");
        assert_eq!(answer.status, 303, "{answer:?}");
        let cookie = answer.header("set-cookie").unwrap();
        for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        cookie.split(';').next().unwrap().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            signal(&child, rustix::process::Signal::TERM);
            let until = Instant::now() + Duration::from_secs(10);
            while matches!(child.try_wait(), Ok(None)) && Instant::now() < until {
                pause();
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        stop_node(&self.data().join("node"));
    }
}

/// Ends the node of a folder with its instances, as serve leaves it running on purpose.
pub(crate) fn stop_node(folder: &Path) {
    let Ok(mut stream) = UnixStream::connect(folder.join("node.sock")) else {
        return;
    };
    let body = "{\"instances\":\"stop\"}";
    let request = format!(
        "POST /v1/shutdown HTTP/1.1\r\nhost: node\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(request.as_bytes());
    let _ = stream.read_to_end(&mut Vec::new());
    let until = Instant::now() + Duration::from_secs(20);
    while UnixStream::connect(folder.join("node.sock")).is_ok() && Instant::now() < until {
        pause();
    }
}

fn signal(child: &Child, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    let _ = rustix::process::kill_process(pid, signal);
}

fn parse(bytes: &[u8]) -> Answer {
    let end = bytes
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .expect("a whole head");
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut body = bytes[end + 4..].to_vec();
    if head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked")
    {
        body = unchunk(&body);
    }
    Answer {
        status,
        head,
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

fn unchunk(mut bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = bytes.windows(2).position(|w| w == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        let start = end + 2;
        if size == 0 || bytes.len() < start + size {
            break;
        }
        whole.extend_from_slice(&bytes[start..start + size]);
        bytes = &bytes[(start + size + 2).min(bytes.len())..];
    }
    whole
}

/// Tries until there is something, or a minute has passed.
pub(crate) fn wait<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(
            Instant::now() < until,
            "{what} did not come within {PATIENCE:?}"
        );
        pause();
    }
}

/// Between two looks at a condition.
pub(crate) fn pause() {
    #[expect(
        clippy::disallowed_methods,
        reason = "polls a process, from a test without a runtime"
    )]
    std::thread::sleep(Duration::from_millis(20));
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// A whole answer, of a connection that closes after it.
pub(crate) fn read(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    parse(&bytes)
}

/// The body at the root of what listens on a port.
pub(crate) fn root_of(port: u16) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(
        stream,
        "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    parse(&bytes).body
}
