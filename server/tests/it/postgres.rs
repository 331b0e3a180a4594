//! The server on PostgreSQL: a throwaway server on a Unix socket in a temporary folder, no port.

use crate::harness::{Given, Server, pause, root_of, start, wait};
use skipped::skipped;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

struct Postgres {
    process: Child,
    folder: tempfile::TempDir,
}

impl Postgres {
    /// `None`, with a word on why, where no server can be started.
    fn start() -> Option<Self> {
        let (Some(initdb), Some(postgres)) = (program("initdb"), program("postgres")) else {
            skipped("initdb and postgres are not installed here");
            return None;
        };
        // Short: a socket's path has a limit of about 100 bytes.
        let folder = tempfile::Builder::new()
            .prefix("vpg")
            .tempdir_in("/tmp")
            .unwrap();
        let user = user();
        if let Some((uid, gid)) = user {
            chown(folder.path(), Some(uid), Some(gid)).unwrap();
        }
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(folder.path(), private).unwrap();
        let data = folder.path().join("data");
        let made = command(&initdb, user)
            .args(["--no-sync", "--auth=trust", "--username=viridian"])
            .args(["--encoding=UTF8", "--locale=C", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        if !made.status.success() {
            skipped(String::from_utf8_lossy(&made.stderr).trim());
            return None;
        }
        let mut postgres = Self {
            process: serve(&postgres, user, folder.path()),
            folder,
        };
        postgres.ready();
        Some(postgres)
    }

    fn url(&self) -> String {
        let socket = self.folder.path().display();
        format!("postgres://viridian@localhost/postgres?host={socket}")
    }

    /// Until it takes connections: the socket's file alone is there before.
    fn ready(&mut self) {
        let socket = self.folder.path().join(".s.PGSQL.5432");
        let pid = self.folder.path().join("data/postmaster.pid");
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let says_ready = std::fs::read_to_string(&pid).is_ok_and(|text| {
                text.lines()
                    .last()
                    .is_some_and(|line| line.trim() == "ready")
            });
            if says_ready && UnixStream::connect(&socket).is_ok() {
                return;
            }
            let log = || std::fs::read_to_string(self.folder.path().join("log"));
            assert!(self.process.try_wait().unwrap().is_none(), "{:?}", log());
            assert!(Instant::now() < until, "{:?}", log());
            pause();
        }
    }

    /// SIGINT is PostgreSQL's fast shutdown.
    fn stop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.process);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        let _ = self.process.wait();
    }

    /// A session of this name that says these statements.
    fn psql(&self, name: &str, statements: &[&str]) -> Option<Command> {
        let mut command = Command::new(program("psql")?);
        command
            .args(["--no-psqlrc", "-qAt", "-U", "viridian", "-d", "postgres"])
            .arg("-h")
            .arg(self.folder.path())
            .env("PGAPPNAME", name)
            .stdin(Stdio::null());
        for statement in statements {
            command.args(["-c", statement]);
        }
        Some(command)
    }

    /// What one statement answers.
    fn tells(&self, statement: &str) -> String {
        let output = self.psql("test", &[statement]).unwrap().output().unwrap();
        assert!(output.status.success(), "{statement}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn again(&mut self) {
        self.process = serve(&program("postgres").unwrap(), user(), self.folder.path());
        self.ready();
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(postgres: &Path, user: Option<(u32, u32)>, folder: &Path) -> Child {
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(folder.join("log"))
        .unwrap();
    command(postgres, user)
        .arg("-D")
        .arg(folder.join("data"))
        .arg("-k")
        .arg(folder)
        .args(["-h", "", "-c", "fsync=off"])
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.push("/usr/local/bin".into());
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    let mut programs = folders.into_iter().map(|folder| folder.join(name));
    programs.find(|path| path.is_file())
}

/// PostgreSQL refuses to run as root: somebody else then, as numbers.
fn user() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let id = |flag: &str, user: &str| {
        let said = Command::new("id").args([flag, user]).output().ok()?;
        String::from_utf8(said.stdout)
            .ok()?
            .trim()
            .parse::<u32>()
            .ok()
    };
    ["postgres", "nobody"]
        .into_iter()
        .find_map(|user| Some((id("-u", user)?, id("-g", user)?)))
}

fn command(program: &Path, user: Option<(u32, u32)>) -> Command {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(program);
    command.env("LC_ALL", "C").current_dir("/");
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}

#[test]
fn the_whole_walk_holds_on_postgresql() {
    let Some(mut postgres) = Postgres::start() else {
        return;
    };
    let given = Given {
        database_url: Some(postgres.url()),
        ..Given::default()
    };
    let mut server = Server::start_with(tempfile::tempdir().unwrap(), given);
    let port = server.apply("[environment.blue_green]\nretain_ms = 600000\n[environment.canary]\nweights = [50, 100]\npause_ms = 500\nmax_error_rate = 1.0\nmin_requests = 0\nretain_ms = 0\n");
    assert!(
        !server.data().join("viridian.db").exists(),
        "nothing is in a file"
    );
    server.first();
    server.bake("2", "two");
    server.ok(&start("2", "blue-green", &[]));
    server.until_state(2, "soaking");
    assert_eq!(root_of(port), "two");

    // Killed in the middle, it goes on where it was.
    server.kill();
    assert_eq!(root_of(port), "two");
    let said = server.ok(&["doctor"]);
    assert!(
        said.contains("Everything is sound"),
        "while nothing serves: {said}"
    );
    server.serve();
    server.ok(&["rollout", "rollback", "2"]);
    assert_eq!(
        server.run(&["rollout", "watch", "2"]).status.code(),
        Some(3)
    );
    assert_eq!(root_of(port), "one");
    server.bake("3", "three");
    server.ok(&start("3", "canary", &[]));
    server.kill();
    server.serve();
    // Judged by requests, so there are some.
    wait("the canary's end", || {
        root_of(port);
        (server.rollout(3)["state"] == "succeeded").then_some(())
    });
    assert_eq!(root_of(port), "three");
    assert!(server.ok(&["doctor"]).contains("Everything is sound"));

    // The database goes away for a while, and comes back.
    postgres.stop();
    let why = wait("the server to notice", || {
        let answer = server.send("GET", "/readyz", &[], b"");
        (answer.status == 503).then(|| answer.json()["detail"].to_string())
    });
    assert!(!why.is_empty());
    let answer = server.ask("GET", "/api/v1/now", None);
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(root_of(port), "three", "what serves goes on");
    postgres.again();
    wait("the server to be ready", || {
        (server.send("GET", "/readyz", &[], b"").status == 200).then_some(())
    });
    assert_eq!(server.rollout(3)["state"], "succeeded");
    assert!(server.ok(&["doctor"]).contains("Everything is sound"));
}

#[test]
fn one_server_at_a_time_works_with_a_database() {
    let Some(postgres) = Postgres::start() else {
        return;
    };
    let given = || Given {
        database_url: Some(postgres.url()),
        ..Given::default()
    };
    let mut first = Server::start_with(tempfile::tempdir().unwrap(), given());
    let port = first.apply("");
    first.first();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let refused = Command::new(crate::harness::BINARY)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .env("VIRIDIAN_DATABASE_URL", postgres.url())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    let holder = format!("process {} (", first.pid());
    assert!(
        said.contains("is used by another server") && said.contains(&holder),
        "{said}"
    );
    assert!(!data.join("node").exists(), "a node was started: {said}");
    assert_eq!(root_of(port), "one");
    assert!(first.ok(&["doctor"]).contains("Everything is sound"));

    // Whichever way it ends, the seat is free at once.
    first.kill();
    let mut second = Server::start_with(folder, given());
    assert_eq!(second.rollout(1)["state"], "succeeded");
    let said = first.refuses_to_serve();
    assert!(said.contains("is used by another server"), "{said}");
    second.stop();
    first.serve();
    assert_eq!(root_of(port), "one");
}

/// Sessions that have the seat, and those that wait for it.
const SEATED: &str =
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 760421903";

#[test]
fn a_server_outlives_its_own_old_session_and_ends_for_another_server() {
    let Some(postgres) = Postgres::start() else {
        return;
    };
    let sit = "SELECT pg_advisory_lock(760421903, hashtext(current_schema()))";
    let stay = "SELECT pg_sleep(600)";
    if program("psql").is_none() {
        skipped("psql is not installed here");
        return;
    }
    let given = Given {
        database_url: Some(postgres.url()),
        ..Given::default()
    };
    let mut server = Server::start_with(tempfile::tempdir().unwrap(), given);
    let holder = "SELECT a.pid || '/' || a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 760421903";
    let ends = |pid: &str| {
        let ended = postgres.tells(&format!("SELECT pg_terminate_backend({pid})"));
        assert_eq!(ended, "t");
    };
    // Who waits for the seat has it as soon as the one that sits there is ended.
    let unseat = |name: &str| {
        let holding = postgres.tells(holder);
        let mut next = postgres.psql(name, &[sit, stay]).unwrap();
        let next = next.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        wait("somebody to wait for the seat", || {
            (postgres.tells(SEATED) == "2").then_some(())
        });
        ends(holding.split_once('/').unwrap().0);
        let holding = wait("another to have the seat", || {
            let now = postgres.tells(holder);
            (!now.is_empty() && now != holding).then_some(now)
        });
        (next.unwrap(), holding.split_once('/').unwrap().0.to_owned())
    };

    // As where the connection broke on the server's side only: its old session has the seat still.
    let own = postgres.tells(holder).split_once('/').unwrap().1.to_owned();
    assert!(
        own.contains(&format!("process {} (", server.pid())),
        "{own}"
    );
    let (mut old, pid) = unseat(&own);
    wait("the server to see that", || {
        server
            .log()
            .contains("by an earlier connection of this server")
            .then_some(())
    });
    assert_eq!(server.send("GET", "/readyz", &[], b"").status, 200);
    ends(&pid);
    old.wait().unwrap();
    wait("the server to have its seat again", || {
        let now = postgres.tells(holder);
        now.ends_with(&own).then_some(())
    });
    assert_eq!(server.send("GET", "/readyz", &[], b"").status, 200);

    let (mut other, pid) = unseat("viridian serve, process 1 (00000000) on elsewhere");
    wait("the server to end", || {
        server
            .log()
            .contains("is used by another server: viridian serve, process 1 (00000000)")
            .then_some(())
    });
    server.stop();
    ends(&pid);
    other.wait().unwrap();
}

#[test]
fn a_database_server_that_is_not_there_is_told_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().display();
    let output = Command::new(crate::harness::BINARY)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.path().join("data"))
        .env(
            "VIRIDIAN_DATABASE_URL",
            format!("postgres://viridian:s3cret@localhost/viridian?host={socket}"),
        )
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot be reached"), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
}
