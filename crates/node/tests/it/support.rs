//! A node in a folder of its own, images of small Python servers, and a client that counts losses.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use cloud::{Place, Provider};
use cloud_local::{LocalCloud, wire};
use domain::plan::Template;
use domain::{
    Application, Digest, Group, GroupName, Observation, ReleaseNumber, Role, Target, Time,
};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A node process of its own. Killed, with its instances, when dropped.
pub(crate) struct TestNode {
    pub(crate) dir: TempDir,
    pub(crate) cloud: LocalCloud,
    child: Option<Child>,
}

impl TestNode {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let cloud = LocalCloud::at(&dir.path().join("node"));
        let mut node = Self {
            dir,
            cloud,
            child: None,
        };
        node.run().await;
        node
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.dir.path().join("node")
    }

    pub(crate) async fn run(&mut self) {
        let child = Command::new(executable())
            .args(["node", "--data"])
            .arg(self.folder())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        self.child = Some(child);
        until("the node answers", async || self.cloud.status().await.ok()).await;
    }

    /// SIGKILL: the node gets no say.
    pub(crate) async fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.start_kill().unwrap();
        child.wait().await.unwrap();
    }

    pub(crate) async fn wait(&mut self) -> std::process::ExitStatus {
        self.child.take().unwrap().wait().await.unwrap()
    }

    pub(crate) async fn bake(
        &self,
        version: &str,
        files: &[(&str, &str)],
        command: &[&str],
    ) -> Digest {
        let folder = self.dir.path().join(format!("src-{version}"));
        for (name, content) in files {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let bake = wire::Bake {
            folder,
            app: "shop".to_owned(),
            version: version.to_owned(),
            parent: None,
            command: command.iter().map(ToString::to_string).collect(),
            created: Time(0),
            labels: Default::default(),
        };
        self.cloud.bake(bake, &mut |_| {}).await.unwrap().digest
    }

    /// A server that answers with its version.
    pub(crate) async fn server(&self, version: &str) -> Digest {
        let program = SERVER.replace("VERSION", version);
        self.bake(
            version,
            &[("server.py", &program)],
            &["python3", "-u", "server.py", "${PORT}"],
        )
        .await
    }

    pub(crate) async fn observe(&self, place: &Place) -> Observation {
        self.cloud.observe(place).await.unwrap()
    }

    pub(crate) async fn address(&self, place: &Place) -> SocketAddr {
        let status = self.cloud.status().await.unwrap();
        let found = status
            .environments
            .iter()
            .find(|one| one.target == place.target);
        found.unwrap().listening.unwrap()
    }

    pub(crate) async fn healthy(&self, place: &Place, group: &Group, size: u32) {
        self.cloud.ensure_group(place, group, size).await.unwrap();
        self.seen(
            place,
            &format!("{} has {size} healthy instances", group.name),
            |seen| {
                seen.group(&group.name)
                    .is_some_and(|g| g.healthy() == size && g.running() == size)
            },
        )
        .await;
    }

    pub(crate) async fn seen(
        &self,
        place: &Place,
        what: &str,
        is_so: impl Fn(&Observation) -> bool,
    ) -> Observation {
        until(what, async || {
            let seen = self.observe(place).await;
            is_so(&seen).then_some(seen)
        })
        .await
    }
}

impl Drop for TestNode {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.start_kill();
        }
        // Also of what a node failed to know, so that no failed test leaves anything.
        for pid in recorded(&self.folder())
            .into_iter()
            .chain(groups_within(&self.folder()))
        {
            kill_group(pid);
        }
    }
}

/// The pids in the records of a node's instances.
pub(crate) fn recorded(folder: &Path) -> Vec<u32> {
    let records = fs::read_dir(folder.join("instances"))
        .into_iter()
        .flatten()
        .flatten();
    let records = records.filter(|entry| entry.path().extension().is_some_and(|e| e == "json"));
    records
        .filter_map(|entry| {
            let record: serde_json::Value =
                serde_json::from_slice(&fs::read(entry.path()).ok()?).ok()?;
            u32::try_from(record["pid"].as_u64()?).ok()
        })
        .collect()
}

/// Groups of the processes that work in the node's folder.
pub(crate) fn groups_within(folder: &Path) -> Vec<u32> {
    let mut groups: Vec<u32> = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| {
            fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder))
        })
        .filter_map(|entry| {
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            stat.rsplit_once(')')?
                .1
                .split_whitespace()
                .nth(2)?
                .parse()
                .ok()
        })
        .collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}

pub(crate) fn kill_group(pid: u32) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
}

pub(crate) fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')')
        .is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

/// The example of this crate: cargo builds it beside the tests.
pub(crate) fn executable() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let profile = tests.parent().and_then(Path::parent).unwrap();
    let path = profile.join("examples/node");
    assert!(
        path.exists(),
        "{} is built by `cargo test -p node`",
        path.display()
    );
    path
}

pub(crate) const SERVER: &str = r#"
import sys, time, http.server
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path.startswith("/slow"):
            time.sleep(1.5)
        body = b"VERSION"
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        pass
http.server.ThreadingHTTPServer.request_queue_size = 128
print("VERSION starts", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"#;

pub(crate) fn place_at(env: &str, listen: &str) -> Place {
    let text = format!(
        "[application]\nname = \"shop\"\n[[environment]]\nname = \"{env}\"\nlisten = \"127.0.0.1:8100\"\n\
         [environment.health]\ninterval_ms = 50\nhealthy_after = 2\nunhealthy_after = 3\n"
    );
    let application = Application::from_toml(&text).unwrap();
    let mut environment = application.environments[0].clone();
    // Port 0 is for tests: a declaration has to name its port.
    environment.listen = listen.parse().unwrap();
    Place {
        target: Target {
            app: application.name,
            env: environment.name.clone(),
        },
        environment: Arc::new(environment),
    }
}

pub(crate) fn place(env: &str) -> Place {
    place_at(env, "127.0.0.1:0")
}

pub(crate) fn group(place: &Place, number: u32, image: &Digest) -> Group {
    Group {
        name: GroupName::numbered(&place.target.app, &place.target.env, number),
        role: Role::Stable,
        image: image.clone(),
        version: format!("{number}.0.0").parse().unwrap(),
        release: ReleaseNumber(number),
        size: 2,
        template: Arc::new(Template {
            health: place.environment.health.clone(),
            limits: place.environment.limits.clone(),
            listen: Some(place.environment.listen),
        }),
    }
}

/// Waits until there is something; panics with what was awaited.
pub(crate) async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(
            began.elapsed() < PATIENCE,
            "not within {PATIENCE:?}: {what}"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// One GET on a connection of its own: status and body.
pub(crate) async fn get(
    address: SocketAddr,
    path: &str,
    header: &str,
) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{header}\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    let text = String::from_utf8_lossy(&bytes);
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .unwrap_or(0);
    let body = text
        .split_once("\r\n\r\n")
        .map(|(_, body)| body.to_owned())
        .unwrap_or_default();
    Ok((status, body))
}

/// Requests without pause until it is stopped.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    pub(crate) done: Arc<AtomicU64>,
    tasks: Vec<tokio::task::JoinHandle<Vec<String>>>,
}

impl Load {
    pub(crate) fn on(address: SocketAddr) -> Self {
        let (stop, done) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let tasks = (0..4).map(|_| {
            let (stop, done) = (Arc::clone(&stop), Arc::clone(&done));
            tokio::spawn(async move {
                let mut lost = Vec::new();
                while !stop.load(SeqCst) {
                    match get(address, "/", "").await {
                        Ok((200, _)) => drop(done.fetch_add(1, SeqCst)),
                        other => lost.push(format!("{other:?}")),
                    }
                }
                lost
            })
        });
        Self {
            tasks: tasks.collect(),
            stop,
            done,
        }
    }

    /// Lets some more requests pass.
    pub(crate) async fn more(&self) {
        let target = self.done.load(SeqCst) + 100;
        until("more requests are answered", async || {
            (self.done.load(SeqCst) >= target).then_some(())
        })
        .await;
    }

    /// How many were answered, and what the others got.
    pub(crate) async fn end(self) -> (u64, Vec<String>) {
        self.stop.store(true, SeqCst);
        let mut lost = Vec::new();
        for task in self.tasks {
            lost.extend(task.await.unwrap());
        }
        (self.done.load(SeqCst), lost)
    }
}
