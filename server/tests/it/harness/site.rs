//! `site`, the application of most tests: its images, its declaration, its rollouts.

use super::{Server, free_port, wait};
use serde_json::Value;
use std::path::Path;

/// What `python3 -m http.server` serves, as an image's command.
pub(crate) const PYTHON: [&str; 6] = [
    "python3",
    "-m",
    "http.server",
    "${PORT}",
    "--bind",
    "127.0.0.1",
];

/// A web server that can go wrong in every way an application can.
const PROGRAM: &str = r#"
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

/// Arguments of `image bake` for `site`; `run` is the image's command.
pub(crate) fn bake_args<'a>(folder: &'a Path, version: &'a str, run: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["image", "bake", folder.to_str().unwrap(), "--app", "site"];
    args.extend(["--version", version, "--"]);
    args.extend(run);
    args
}

impl Server {
    /// Bakes an image that says `text` at its root.
    pub(crate) fn bake(&self, version: &str, text: &str) -> String {
        let folder = self.folder.path().join(format!("site-{version}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("index.html"), text).unwrap();
        let said = self.ok(&bake_args(&folder, version, &PYTHON));
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
        self.ok(&bake_args(folder, version, run));
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
}
