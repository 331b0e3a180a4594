//! Every case again on a throwaway PostgreSQL server: a unix socket in a temporary folder, no port.

use crate::support::*;
use crate::{CASES, Case};
use domain::Time;
use rustix::process::{Pid, Signal, kill_process};
use sea_orm::{ConnectionTrait, Database};
use skipped::skipped;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use store::{AdminEvent, Grant, Login, Opening, Seat, SeatError, Store, Taken};
use tempfile::TempDir;

struct Server {
    process: Child,
    folder: TempDir,
}

impl Server {
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
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let data = folder.path().join("data");
        let made = command(&initdb, user)
            .args([
                "--no-sync",
                "--auth=trust",
                "--username=viridian",
                "--encoding=UTF8",
                "--locale=C",
            ])
            .arg("-D")
            .arg(&data)
            .output()
            .unwrap();
        if !made.status.success() {
            skipped(String::from_utf8_lossy(&made.stderr).trim());
            return None;
        }
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let process = command(&postgres, user)
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-h", "", "-c", "max_connections=200", "-c", "fsync=off"])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Some(Self { process, folder })
    }

    fn url(&self, database: &str) -> String {
        format!(
            "postgres://viridian@localhost/{database}?host={}",
            self.folder.path().display()
        )
    }

    async fn ready(&mut self) {
        for _ in 0..300 {
            if Database::connect(self.url("postgres")).await.is_ok() {
                return;
            }
            assert!(self.process.try_wait().unwrap().is_none(), "{}", self.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the server does not answer: {}", self.log());
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    async fn place(&self, name: &str) -> Place {
        let admin = Database::connect(self.url("postgres")).await.unwrap();
        admin
            .execute_unprepared(&format!("CREATE DATABASE {name}"))
            .await
            .unwrap();
        admin.close().await.unwrap();
        Place::postgres(self.url(name))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGINT is PostgreSQL's fast shutdown.
        let _ = kill_process(Pid::from_child(&self.process), Signal::INT);
        let _ = self.process.wait();
    }
}

fn program(name: &str) -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> =
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    folders.push("/usr/local/bin".into());
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    folders
        .into_iter()
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
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

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_case_holds_on_postgresql() {
    let Some(mut server) = Server::start() else {
        return;
    };
    server.ready().await;
    let mut failed = Vec::new();
    for (name, case) in CASES {
        let place = server.place(name).await;
        if tokio::spawn(case(place)).await.is_err() {
            failed.push(*name);
        }
    }
    let of_replicas: &[(&str, Case)] = &[
        ("replicas_share_one_journal", |place| {
            Box::pin(replicas_share_one_journal(place))
        }),
        ("a_login_is_taken_by_one_of_two_replicas", |place| {
            Box::pin(a_login_is_taken_by_one_of_two_replicas(place))
        }),
        (
            "a_seat_tells_an_own_old_session_from_another_server",
            |place| Box::pin(a_seat_tells_an_own_old_session_from_another_server(place)),
        ),
    ];
    for (name, case) in of_replicas {
        let place = server.place(name).await;
        if tokio::spawn(case(place)).await.is_err() {
            failed.push(*name);
        }
    }
    let log = server.log();
    drop(server);
    assert!(failed.is_empty(), "failed on PostgreSQL: {failed:?}\n{log}");
    println!("{} cases on PostgreSQL", CASES.len() + of_replicas.len());
}

/// Before anything of the database is there.
async fn a_seat_tells_an_own_old_session_from_another_server(place: Place) {
    // Longer than what the database keeps of a name, and not of its letters only.
    let name = format!("serve, process 7 (0a1b2c3d) on {}", "größe-".repeat(10));
    let of = |name: &str| Seat::of(&place.url, name).unwrap();
    let (old, new, other) = (of(&name), of(&name), of("serve, process 8"));
    old.take().await.unwrap();
    old.take().await.unwrap();
    let refused = new.take().await.unwrap_err();
    assert!(
        matches!(refused, SeatError::Lingering { .. }),
        "{refused:?}"
    );
    match other.take().await.unwrap_err() {
        SeatError::Taken { by, .. } => assert!(by.starts_with("serve, process 7"), "{by}"),
        error => panic!("{error:?}"),
    }
    old.leave().await;
    // The database may take a moment to notice.
    loop {
        match new.take().await {
            Ok(()) => break,
            Err(SeatError::Lingering { .. }) => tokio::task::yield_now().await,
            Err(error) => panic!("{error:?}"),
        }
    }
    let refused = other.take().await.unwrap_err();
    assert!(matches!(refused, SeatError::Taken { .. }), "{refused:?}");
    new.leave().await;
}

/// Two processes of one server: numbers without gaps, each hears the other, the chain is one.
async fn replicas_share_one_journal(place: Place) {
    let (one, two) = tokio::join!(Store::open(&place.url), Store::open(&place.url));
    let (one, two) = (one.unwrap(), two.unwrap());
    let mut heard = two.subscribe();
    let writers: Vec<_> = (0..200)
        .map(|n| {
            let store = if n % 2 == 0 { one.clone() } else { two.clone() };
            tokio::spawn(async move {
                let kind = "signed_in".to_owned();
                let event = AdminEvent {
                    at: Time(n),
                    by: by("eva"),
                    kind,
                    target: None,
                    detail: n.into(),
                };
                store.record(event).await.unwrap()
            })
        })
        .collect();
    let mut numbers = Vec::new();
    for writer in writers {
        numbers.push(writer.await.unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=200).collect::<Vec<_>>());
    for n in 1..=200 {
        let entry = tokio::time::timeout(Duration::from_secs(10), heard.recv())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(entry.seq, n);
    }
    let said = one.verify(|_| {}).await.unwrap();
    assert!(
        matches!(said, store::Verification::Sound { rows: 200, .. }),
        "{said:?}"
    );
    one.close().await;
    two.close().await;
}

/// A link that is opened twice at the same moment lets one browser in, also where a proxy sends the two
/// requests to two servers.
async fn a_login_is_taken_by_one_of_two_replicas(place: Place) {
    let (one, two) = tokio::join!(Store::open(&place.url), Store::open(&place.url));
    let (one, two) = (one.unwrap(), two.unwrap());
    let grant = Grant {
        role: "admin".into(),
        app: None,
        env: None,
    };
    let login = Login {
        actor: by("eva"),
        grants: vec![grant],
        via: None,
    };
    for n in 0..100 {
        let link = format!("link-{n}");
        one.save_login(&link, &login, Time(100), None)
            .await
            .unwrap();
        let other = Opening {
            session: format!("other-{n}"),
            ..opening(&link, 1, 100)
        };
        let (first, second) = tokio::join!(
            one.open_session(opening(&link, 1, 100)),
            two.open_session(other)
        );
        let taken = [first.unwrap(), second.unwrap()];
        let lets_in = |taken: &&Taken| matches!(taken, Taken::Now(_));
        assert_eq!(taken.iter().filter(lets_in).count(), 1, "{link}: {taken:?}");
        assert!(taken.contains(&Taken::Before), "{link}: {taken:?}");
    }
    one.close().await;
    two.close().await;
}
