//! The stage: a server in a folder of its own, a site in two versions, and its taking down.

use crate::Settings;
use crate::http::{Api, Client};
use crate::program::Program;
use anyhow::{Context, Result, bail, ensure};
use hyper::Method;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::{Value, json};
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub(crate) struct Stage {
    pub(crate) api: Api,
    pub(crate) site: String,
    binary: PathBuf,
    program: Program,
    folder: TempDir,
    serve: Option<Child>,
}

pub(crate) const INSTANCES: u32 = 2;

impl Stage {
    /// Starts the server and bakes versions `1` and `2` of the site.
    pub(crate) async fn set(settings: Settings<'_>) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("viridian-trial-")
            .tempdir()?;
        let port = free_port()?;
        let mut stage = Self {
            api: Api {
                client: Client::new(),
                base: String::new(),
                token: String::new(),
            },
            site: format!("http://127.0.0.1:{port}/"),
            binary: settings.binary.to_owned(),
            program: settings.program,
            folder,
            serve: None,
        };
        stage.start_serve().await?;
        let declaration = stage.folder.path().join("app.toml");
        fs::write(&declaration, declare(port))?;
        stage.command(&["apply", "-f", &declaration.to_string_lossy()])?;
        for version in ["1", "2"] {
            stage.bake(version)?;
        }
        Ok(stage)
    }

    /// Bakes a version of the site: one page that says its name.
    pub(crate) fn bake(&self, version: &str) -> Result<()> {
        let text = format!("v{version}\n");
        let mut files = self.program.files().to_vec();
        files.push(("index.html", &text));
        let command = self.program.command(self.folder.path());
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        self.bake_with(version, &files, &command)
    }

    /// Bakes a version out of files, started by a command of its own.
    pub(crate) fn bake_with(
        &self,
        version: &str,
        files: &[(&str, &str)],
        command: &[&str],
    ) -> Result<()> {
        let site = self.folder.path().join(format!("site-{version}"));
        fs::create_dir_all(&site)?;
        for (name, text) in files {
            fs::write(site.join(name), text)?;
        }
        let site = site.to_string_lossy().into_owned();
        let mut arguments = vec![
            "image",
            "bake",
            &site,
            "--app",
            "site",
            "--version",
            version,
            "--",
        ];
        arguments.extend(command);
        self.command(&arguments)?;
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A page as a browser without script gets it, signed in by a link of its own.
    pub(crate) async fn page(&self, path: &str) -> Result<String> {
        let link = self.command(&["login-link"])?;
        let origin = [("origin", self.api.base.as_str())];
        let press = self
            .api
            .client
            .send(Method::POST, link.trim(), &origin, Vec::new());
        let entered = press.await?;
        let cookie = entered.headers.get("set-cookie");
        let cookie = cookie.and_then(|cookie| cookie.to_str().ok());
        let cookie = cookie.with_context(|| format!("no session from {link}"))?;
        let cookie = cookie.split(';').next().unwrap_or(cookie);
        let address = format!("{}{path}", self.api.base);
        let page = self.api.client.get(&address, &[("cookie", cookie)]).await?;
        ensure!(page.status == 200, "{path} answers {}", page.status);
        Ok(String::from_utf8_lossy(&page.body).into_owned())
    }

    /// Runs a command of the binary as a user would; what it prints.
    pub(crate) fn command(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new(&self.binary)
            .args(at_data(arguments, &self.data()))
            .output()?;
        ensure!(
            output.status.success(),
            "viridian {}: {}\n{}{}",
            arguments.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Starts `serve` and waits until it is ready.
    pub(crate) async fn start_serve(&mut self) -> Result<()> {
        let data = self.data();
        // What the last one wrote would be taken for the new one's address.
        let _ = fs::remove_file(data.join("server.json"));
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.path().join("serve.log"))?;
        let child = Command::new(&self.binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("{} does not start", self.binary.display()))?;
        self.serve = Some(child);
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(30) {
            if let Some((base, token)) = self.address()
                && self
                    .api
                    .client
                    .get(&format!("{base}/readyz"), &[])
                    .await
                    .is_ok_and(|a| a.status == 200)
            {
                self.api.base = base;
                self.api.token = token;
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("serve is not ready after 30 s:\n{}", self.log())
    }

    fn address(&self) -> Option<(String, String)> {
        let server = fs::read_to_string(self.data().join("server.json")).ok()?;
        let server: Value = serde_json::from_str(&server).ok()?;
        let token = fs::read_to_string(self.data().join("token")).ok()?;
        Some((
            server.get("url")?.as_str()?.to_owned(),
            token.trim().to_owned(),
        ))
    }

    pub(crate) fn log(&self) -> String {
        let log = fs::read_to_string(self.folder.path().join("serve.log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// `kill -9`.
    pub(crate) fn kill_serve(&mut self) -> Result<()> {
        if let Some(mut child) = self.serve.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    pub(crate) fn node_pid(&self) -> Result<Pid> {
        let path = self.node_folder().join("node.lock");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Pid::from_raw(text.trim().parse()?).context("the node's pid is 0")
    }

    pub(crate) fn node_folder(&self) -> PathBuf {
        self.data().join("node")
    }

    /// The files in which the node keeps what it knows of its instances, and the process that each is: it leads its group.
    pub(crate) fn records(&self) -> Result<Vec<(PathBuf, Pid)>> {
        let mut records = Vec::new();
        for entry in fs::read_dir(self.node_folder().join("instances"))? {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            // Gone meanwhile: its instance has ended.
            let Ok(bytes) = fs::read(&path) else { continue };
            let record: Value = serde_json::from_slice(&bytes)?;
            let pid = record["pid"].as_i64().and_then(|pid| pid.try_into().ok());
            let group = pid.and_then(Pid::from_raw);
            let group = group.with_context(|| format!("{} names no pid", path.display()))?;
            records.push((path, group));
        }
        Ok(records)
    }

    pub(crate) fn start_node(&self) -> Result<Child> {
        let log = fs::File::create(self.folder.path().join("node.log"))?;
        let node = Command::new(&self.binary)
            .args(["node", "--data"])
            .arg(self.node_folder())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        Ok(node)
    }

    pub(crate) async fn start(&self, image: &str, strategy: &str) -> Result<i64> {
        let ask = json!({ "app": "site", "env": "prod", "image": image, "strategy": strategy });
        let view = self.api.write("/rollouts", &ask).await?;
        view["id"].as_i64().context("a rollout without id")
    }

    pub(crate) async fn show(&self, id: i64) -> Result<Value> {
        self.api.read(&format!("/rollouts/{id}")).await
    }

    pub(crate) async fn say(&self, id: i64, verb: &str) -> Result<Value> {
        self.api
            .write(&format!("/rollouts/{id}/{verb}"), &json!({}))
            .await
    }

    /// Waits until the rollout is as `wanted` says, or over.
    pub(crate) async fn wait(
        &self,
        id: i64,
        limit: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let began = Instant::now();
        loop {
            let view = self.show(id).await?;
            if wanted(&view) {
                return Ok(view);
            }
            if is_over(&view) || began.elapsed() > limit {
                bail!(
                    "rollout {id} is {} at step {}: {}\n{}",
                    view["state"],
                    view["step"],
                    view["sentence"],
                    self.log()
                );
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    pub(crate) async fn wait_for(&self, id: i64, state: &str, limit: Duration) -> Result<Value> {
        self.wait(id, limit, |view| view["state"] == state).await
    }

    /// The site serves `image`, and nothing is under way: the beginning of a trial.
    pub(crate) async fn serve_version(&self, image: &str) -> Result<()> {
        let id = self.start(image, "rolling").await?;
        self.wait_for(id, "succeeded", Duration::from_secs(60))
            .await?;
        Ok(())
    }

    pub(crate) fn doctor(&self) -> Result<()> {
        self.command(&["doctor"])?;
        Ok(())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the node is not our child: there is nothing to wait on"
)]
fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}

pub(crate) fn is_over(view: &Value) -> bool {
    [
        "succeeded",
        "rolled_back",
        "cancelled",
        "failed",
        "rejected",
    ]
    .iter()
    .any(|s| view["state"] == *s)
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(child) = &mut self.serve {
            let _ = child.kill();
            let _ = child.wait();
        }
        let Ok(pid) = self.node_pid() else { return };
        // SIGTERM lets the node stop its instances.
        let _ = kill_process(pid, Signal::TERM);
        let began = Instant::now();
        while test_kill_process(pid).is_ok() && began.elapsed() < Duration::from_secs(15) {
            pause();
        }
    }
}

/// `--data DIR` stands before `--`, which begins the image's own command.
fn at_data(arguments: &[&str], data: &Path) -> Vec<String> {
    let cut = arguments
        .iter()
        .position(|a| *a == "--")
        .unwrap_or(arguments.len());
    let (ours, theirs) = arguments.split_at(cut);
    let place = ["--data".to_owned(), data.to_string_lossy().into_owned()];
    let own = ours.iter().map(ToString::to_string).chain(place);
    own.chain(theirs.iter().map(ToString::to_string)).collect()
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn declare(port: u16) -> String {
    format!(
        r#"[application]
name = "site"
[[environment]]
name = "prod"
cloud = "local"
listen = "127.0.0.1:{port}"
instances = {INSTANCES}
health = {{ path = "/", interval_ms = 200, healthy_after = 2, unhealthy_after = 3, timeout_ms = 1000 }}
[environment.canary]
weights = [5, 25, 50, 100]
pause_ms = 1000
max_error_rate = 0.01
min_requests = 20
retain_ms = 4000
[environment.blue_green]
preview_ms = 1000
retain_ms = 4000
[environment.rolling]
pause_ms = 500
retain_ms = 0
[environment.ab]
retain_ms = 4000
"#
    )
}
