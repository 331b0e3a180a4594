//! Folders and images that are not what they should be.

use crate::harness::{PYTHON, Server, bake_args, root_of, start, wait};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

fn bake<'a>(folder: &'a Path, version: &'a str) -> Vec<&'a str> {
    bake_args(folder, version, &PYTHON)
}

fn sparse(file: &Path, bytes: u64) {
    std::fs::File::create(file).unwrap().set_len(bytes).unwrap();
}

#[test]
fn what_is_no_file_or_folder_makes_no_image() {
    let server = Server::start();
    server.apply("");
    let folder = server.folder.path().join("site");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("index.html"), "x").unwrap();
    let refused = |name: &str, kind: &str| {
        let said = server.says(&bake(&folder, "1"), 1);
        assert!(said.contains(name) && said.contains(kind), "{said}");
        std::fs::remove_file(folder.join(name)).unwrap();
    };
    let _socket = UnixListener::bind(folder.join("talk")).unwrap();
    refused("talk", "socket");
    let made = |args: &[&str]| {
        let done = Command::new("mknod")
            .arg(folder.join("special"))
            .args(args)
            .status();
        done.unwrap().success()
    };
    assert!(made(&["p"]));
    refused("special", "named pipe");
    // Only root makes devices, and not everywhere.
    if made(&["c", "1", "3"]) {
        refused("special", "device");
    }
    server.ok(&bake(&folder, "1"));
}

#[test]
fn a_folder_above_the_limit_is_refused_at_once_and_a_large_one_takes_little_memory() {
    let server = Server::start();
    server.apply("");
    let folder = server.folder.path().join("site");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("index.html"), "x").unwrap();
    let blob = folder.join("blob");
    sparse(&blob, 1 << 30);
    let said = server.says(&bake(&folder, "1"), 1);
    let limit = (1_u64 << 30).to_string();
    assert!(said.contains(&limit) || said.contains("1 GiB"), "{said}");
    let before = peak_kb(&server);

    sparse(&blob, 256 << 20);
    server.ok(&bake(&folder, "1"));
    let grown = peak_kb(&server) - before;
    assert!(grown < 64 << 10, "baking 256 MB took {grown} kB more");
    let image = server.get("/api/v1/images")["images"][0].clone();
    assert_eq!(image["size_bytes"], (256 << 20) + 1, "{image}");
    server.ok(&start("1", "blue-green", &["--watch"]));
    let grown = peak_kb(&server) - before;
    assert!(grown < 64 << 10, "unpacking 256 MB took {grown} kB more");
}

/// The most memory that the node, which bakes and unpacks, ever had.
fn peak_kb(server: &Server) -> u64 {
    let pid = std::fs::read_to_string(server.data().join("node/node.lock")).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.trim())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap()
}

#[test]
fn an_image_that_no_longer_matches_its_digest_is_found_and_never_started() {
    let server = Server::start();
    let port = server.apply("");
    server.first();
    let whole = blobs(&server);
    server.bake("2", "two");
    assert!(
        server
            .ok(&["doctor"])
            .contains("every byte is what its digest says")
    );
    // Of its blobs the one that is no JSON is the layer: the files.
    let is_layer = |blob: &std::path::PathBuf| {
        !whole.contains(blob) && std::fs::read(blob).unwrap()[0] != b'{'
    };
    let layer = blobs(&server).into_iter().find(is_layer).unwrap();
    let mut bytes = std::fs::read(&layer).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&layer, bytes).unwrap();

    let output = server.run(&["doctor"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("site 2") && told.contains("is damaged"),
        "{told}"
    );
    let output = server.run(&start("2", "canary", &["--watch"]));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(said.contains("its bytes hash to"), "{said}");
    assert_eq!(root_of(port), "one");

    // A layout of somebody else's that was damaged on its way.
    let layout = server.data().join("node/images/oci");
    let layout = layout.to_str().unwrap();
    let import = ["image", "import", layout, "--app", "site", "--version", "3"];
    let said = server.fails(&import, 1);
    assert!(
        said.contains("has no image") || said.contains("damaged"),
        "{said}"
    );
}

fn blobs(server: &Server) -> Vec<std::path::PathBuf> {
    let folder = server.data().join("node/images/oci/blobs/sha256");
    let files = std::fs::read_dir(folder).unwrap();
    files.map(|file| file.unwrap().path()).collect()
}

/// A common base belongs to no application, so this is no mistake; a mistyped name would be one.
#[test]
fn an_image_of_a_name_that_nobody_declared_is_made_and_the_name_doubted() {
    let server = Server::start();
    let folder = server.folder.path().join("site");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("index.html"), "x").unwrap();
    let doubt = "no application is named site yet";
    let said = server.says(&bake(&folder, "1"), 0);
    assert!(said.contains(doubt), "{said}");
    server.apply("");
    std::fs::write(folder.join("index.html"), "y").unwrap();
    let said = server.says(&bake(&folder, "2"), 0);
    assert!(!said.contains(doubt), "{said}");
}

/// Traffic is back at once on what is left of the old group; that it cannot grow again is told, not
/// waited for in silence.
#[test]
fn a_way_back_whose_image_is_gone_says_so_while_it_waits() {
    let server = Server::start();
    let port = server
        .apply("[environment.rolling]\nmax_surge = 0\nmax_unavailable = 1\npause_ms = 600000\n");
    server.first();
    server.bake("2", "two");
    server.ok(&start("2", "rolling", &[]));
    wait("a batch", || {
        let seen = server.rollout(2);
        let groups = seen["groups"].as_array().unwrap().iter();
        let weights: Vec<_> = groups
            .map(|g| g["weight_observed"].as_u64().unwrap())
            .collect();
        weights
            .iter()
            .all(|weight| *weight > 0 && weights.len() == 2)
            .then_some(())
    });
    forget(&server, "1");
    server.ok(&["rollout", "rollback", "2"]);
    let told = wait("why it stands still", || {
        let now = server.rollout(2);
        assert_eq!(now["state"], "rolling_back", "{now}");
        (!now["trouble"].is_null()).then_some(now)
    });
    let (sentence, trouble) = (&told["sentence"], &told["trouble"]);
    assert!(
        sentence
            .as_str()
            .unwrap()
            .contains("It is held up: site-prod-v001 cannot run"),
        "{sentence}"
    );
    assert!(
        trouble.as_str().unwrap().contains("bake or import it"),
        "{trouble}"
    );
    assert_eq!(root_of(port), "one");
}

/// Takes an image out of the node's store.
fn forget(server: &Server, version: &str) {
    let images = server.get("/api/v1/images");
    let mut images = images["images"].as_array().unwrap().iter();
    let image = images.find(|image| image["version"] == version).unwrap();
    let file = server.data().join("node/images/oci/index.json");
    let text = std::fs::read_to_string(&file).unwrap();
    let mut index: serde_json::Value = serde_json::from_str(&text).unwrap();
    let manifests = index["manifests"].as_array_mut().unwrap();
    let before = manifests.len();
    manifests.retain(|manifest| manifest["digest"] != image["digest"]);
    assert_eq!(manifests.len(), before - 1, "{text}");
    std::fs::write(&file, index.to_string()).unwrap();
}
