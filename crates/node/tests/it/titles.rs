//! Programs that write their title over the memory their environment stood in, as nginx does, and
//! programs that put themselves into the background: neither may be lost, nor left behind.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use cloud::Provider;
use cloud_local::wire::NodeEventKind;
use domain::{Digest, Routes};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{
    TestNode, get, group, groups_within, is_alive, kill_group, place, recorded, until,
};

/// A web server in the Perl of every Debian. `$0 = …` overwrites arguments and environment; the
/// child it forks is a worker of the same process group.
const TITLED: &str = r#"
use IO::Socket::INET;
my $port = shift;
my $listener = IO::Socket::INET->new(
    Listen => 64, LocalAddr => "127.0.0.1", LocalPort => $port, ReuseAddr => 1) or die $!;
$0 = "titled: " . ("x" x 4000);
unless (fork) { sleep 600; exit }
while (my $visitor = $listener->accept) {
    while (<$visitor>) { last if /^\r?$/ }
    print $visitor "HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\ntitled";
    close $visitor;
}
"#;

/// As nginx without `daemon off`: its own session and its own group; the first process ends as soon
/// as the second one is on its way.
const BACKGROUND: &str = r#"
use POSIX;
pipe(my $reader, my $writer);
if (fork) { close $writer; <$reader>; exit }
POSIX::setsid();
DISGUISE;
$| = 1;
print "in the background as $$\n";
close $writer;
sleep 600;
"#;

/// As a program that overwrites only the end of its environment, or starts itself anew with less of it.
const PARTLY: &str = r#"
exec $^X, $0, @ARGV if delete $ENV{VIRIDIAN_INSTANCE};
"#;

async fn titled(node: &TestNode) -> Digest {
    let files = [("server.pl", TITLED)];
    node.bake("1.0.0", &files, &["perl", "server.pl", "${PORT}"])
        .await
}

/// nginx reads no variables: what it is told of the port has to stand in a file, outside the image.
const NGINX: &str = r#"
import os, sys
port, scratch = sys.argv[1:]
file = f"{scratch}/nginx-{port}.conf"
paths = " ".join(f"{name}_temp_path {scratch}/{name};" for name in
    ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
with open(file, "w") as out:
    out.write(f"""daemon off; master_process on; worker_processes 2; pid {scratch}/nginx-{port}.pid;
{"user root root;" if os.getuid() == 0 else ""}
events {{}} http {{ access_log off; {paths} server {{ listen 127.0.0.1:{port}; root .; }} }}""")
os.execvp("nginx", ["nginx", "-e", "stderr", "-p", ".", "-c", file])
"#;

async fn nginx(node: &TestNode) -> Digest {
    let scratch = node.dir.path().to_str().unwrap();
    let files = [("start.py", NGINX), ("index.html", "titled")];
    let command = ["python3", "start.py", "${PORT}", scratch];
    node.bake("1.0.0", &files, &command).await
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn environ(pid: u32) -> String {
    String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/environ")).unwrap()).into_owned()
}

/// Nothing works in the node's folder but the instances that it has records of.
async fn only_recorded(folder: PathBuf) {
    until("only recorded instances are left", async || {
        let mut recorded = recorded(&folder);
        recorded.sort_unstable();
        (groups_within(&folder) == recorded).then_some(())
    })
    .await;
}

async fn survives_and_ends_with_its_node(node: &mut TestNode, image: &Digest) {
    let here = place("prod");
    let blue = group(&here, 1, image);
    node.healthy(&here, &blue, 2).await;
    let routes = Routes::all_on(&blue.name);
    node.cloud.ensure_traffic(&here, &routes).await.unwrap();
    let mut pids = recorded(&node.folder());
    pids.sort_unstable();
    let titled = |pid: &u32| !environ(*pid).contains("VIRIDIAN_NODE");
    assert!(pids.iter().all(titled), "they overwrite their environment");

    node.kill().await;
    node.run().await;
    let seen = node.observe(&here).await;
    assert_eq!(seen.groups[0].restarts, 0, "{seen:?}");
    node.seen(&here, "both are healthy", |seen| {
        seen.groups[0].healthy() == 2
    })
    .await;
    let mut again = recorded(&node.folder());
    again.sort_unstable();
    assert_eq!(again, pids, "the very same processes");
    let address = node.address(&here).await;
    assert_eq!(get(address, "/", "").await.unwrap().1.trim(), "titled");
    only_recorded(node.folder()).await;

    // One is forgotten and one replaced while nobody looks.
    node.kill().await;
    let forgotten = pids[0];
    forget(&node.folder(), forgotten);
    node.run().await;
    until("the forgotten one is ended", async || {
        (!is_alive(forgotten)).then_some(())
    })
    .await;
    let events = node.cloud.status().await.unwrap().events;
    let is_told = events.iter().any(|event| {
        event.kind == NodeEventKind::Orphan && event.text.contains(&forgotten.to_string())
    });
    assert!(is_told, "{events:?}");
    let of_app = node.cloud.events(&here.target.app).await.unwrap();
    let is_told = of_app
        .iter()
        .any(|event| event.kind == NodeEventKind::Orphan);
    assert!(
        is_told,
        "also to whoever asks for the application: {of_app:?}"
    );
    assert!(is_alive(pids[1]), "the other one is none of that");
    node.seen(&here, "both are healthy", |seen| {
        seen.groups[0].healthy() == 2
    })
    .await;
    only_recorded(node.folder()).await;

    let pid = node.cloud.status().await.unwrap().pid;
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert!(node.wait().await.success());
    assert_eq!(
        groups_within(&node.folder()),
        [0_u32; 0],
        "all went with it"
    );
}

fn forget(folder: &Path, pid: u32) {
    let records = fs::read_dir(folder.join("instances")).unwrap().flatten();
    let of_it = records.map(|entry| entry.path()).find(|path| {
        fs::read_to_string(path).is_ok_and(|text| text.contains(&format!("\"pid\":{pid},")))
    });
    fs::remove_file(of_it.unwrap()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_overwrites_its_environment_is_taken_back_and_ended() {
    let mut node = TestNode::start().await;
    let image = titled(&node).await;
    survives_and_ends_with_its_node(&mut node, &image).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_tells_its_node_but_not_its_name_is_spared_while_it_lives() {
    let mut node = TestNode::start().await;
    let here = place("prod");
    let program = format!("{PARTLY}{}", TITLED.replace("$0 = ", "my $title = "));
    let files = [("server.pl", program.as_str())];
    let command = ["perl", "server.pl", "${PORT}"];
    let image = node.bake("1.0.0", &files, &command).await;
    node.healthy(&here, &group(&here, 1, &image), 2).await;
    let pids = recorded(&node.folder());
    for pid in &pids {
        let told = environ(*pid);
        assert!(told.contains("VIRIDIAN_NODE") && !told.contains("VIRIDIAN_INSTANCE"));
    }
    node.kill().await;
    forget(&node.folder(), pids[0]);
    node.run().await;
    until("the forgotten one is ended", async || {
        (!is_alive(pids[0])).then_some(())
    })
    .await;
    node.seen(&here, "both are healthy", |seen| {
        seen.groups[0].healthy() == 2
    })
    .await;
    assert!(recorded(&node.folder()).contains(&pids[1]));
    assert!(is_alive(pids[1]), "the other one is an instance");
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_is_taken_back_and_ended() {
    if !is_installed("nginx") {
        skipped::skipped("nginx is not installed; the Perl server stands in for it");
        return;
    }
    let mut node = TestNode::start().await;
    let image = nginx(&node).await;
    survives_and_ends_with_its_node(&mut node, &image).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_whose_record_is_of_another_time_is_lost_and_its_process_spared() {
    let mut node = TestNode::start().await;
    let here = place("prod");
    let blue = group(&here, 1, &titled(&node).await);
    node.healthy(&here, &blue, 1).await;
    node.kill().await;
    let pid = recorded(&node.folder())[0];
    kill_group(pid);
    until("it is dead", async || (!is_alive(pid)).then_some(())).await;
    // Its pid is used again, by a process that is none of ours.
    let mut stranger = std::process::Command::new("sleep")
        .arg("600")
        .process_group(0)
        .spawn()
        .unwrap();
    for entry in fs::read_dir(node.folder().join("instances"))
        .unwrap()
        .flatten()
    {
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        let (old, new) = (
            format!("\"pid\":{pid},"),
            format!("\"pid\":{},", stranger.id()),
        );
        if text.contains(&old) {
            fs::write(entry.path(), text.replace(&old, &new)).unwrap();
        }
    }
    node.run().await;
    node.seen(&here, "another one serves", |seen| {
        seen.groups[0].healthy() == 1 && seen.groups[0].restarts == 1
    })
    .await;
    let events = node.cloud.status().await.unwrap().events;
    assert!(
        events.iter().any(|event| event.kind == NodeEventKind::Lost),
        "{events:?}"
    );
    assert!(is_alive(stranger.id()), "{events:?}");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

async fn leaves_nothing(disguise: &str) {
    let node = TestNode::start().await;
    let here = place("prod");
    let program = BACKGROUND.replace("DISGUISE", disguise);
    let image = node
        .bake("1.0.0", &[("daemon.pl", &program)], &["perl", "daemon.pl"])
        .await;
    let blue = group(&here, 1, &image);
    node.cloud.ensure_group(&here, &blue, 1).await.unwrap();
    let seen = node
        .seen(&here, "broken", |seen| seen.groups[0].broken.is_some())
        .await;
    let why = seen.groups[0].broken.clone().unwrap();
    assert!(why.contains("foreground"), "{why}");
    let logs = fs::read_dir(node.folder().join("instances")).unwrap();
    let said = logs
        .flatten()
        .map(|entry| fs::read_to_string(entry.path()).unwrap());
    let said: String = said.collect();
    let pids = said
        .lines()
        .filter_map(|line| line.strip_prefix("in the background as "));
    let pids: Vec<u32> = pids.filter_map(|pid| pid.parse().ok()).collect();
    assert_eq!(pids.len(), 3, "{said}");
    until("those in the background have ended", async || {
        pids.iter().all(|pid| !is_alive(*pid)).then_some(())
    })
    .await;
    only_recorded(node.folder()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_into_the_background_counts_as_ended_and_leaves_nothing() {
    leaves_nothing("$0 = 'background: ' . ('x' x 4000)").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_into_the_background_and_elsewhere_leaves_nothing() {
    leaves_nothing("chdir '/'").await;
}
