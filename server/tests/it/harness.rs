//! A server of its own for each test: started, asked by its command line, stopped.

mod http;
mod site;

pub(crate) use http::{Answer, read, root_of};
pub(crate) use site::{PYTHON, bake_args, start};

use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_viridian");
const PATIENCE: Duration = Duration::from_secs(60);

/// What a server is given besides its folder.
#[derive(Default)]
pub(crate) struct Given {
    /// More arguments of `serve`.
    pub(crate) args: Vec<String>,
    /// The program where it is not the one that was built.
    pub(crate) program: Option<PathBuf>,
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
            None => Command::new(self.given.program.as_deref().unwrap_or(Path::new(BINARY))),
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

    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
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
