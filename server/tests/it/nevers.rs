//! The nevers of the architecture, read from the workspace itself.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// What each crate depends on at run time, however far away, within the workspace and outside.
struct Graph {
    direct: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let output = Command::new(env!("CARGO"))
            .args([
                "metadata",
                "--format-version",
                "1",
                "--locked",
                "--offline",
                "--no-deps",
            ])
            .current_dir(root)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut direct = BTreeMap::new();
        for package in metadata["packages"].as_array().unwrap() {
            let needs = package["dependencies"].as_array().unwrap().iter();
            let needs = needs.filter(|need| need["kind"].is_null());
            let names = needs
                .map(|need| need["name"].as_str().unwrap().to_owned())
                .collect();
            direct.insert(package["name"].as_str().unwrap().to_owned(), names);
        }
        Self { direct }
    }

    fn members(&self) -> impl Iterator<Item = &str> {
        self.direct.keys().map(String::as_str)
    }

    /// Everything a crate names itself, and through other crates of ours.
    fn reach(&self, from: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut next = vec![from];
        while let Some(name) = next.pop() {
            for need in self.direct.get(name).into_iter().flatten() {
                if seen.insert(need.as_str()) {
                    next.push(need);
                }
            }
        }
        seen
    }

    fn never(&self, from: &str, what: &[&str]) {
        assert!(self.direct.contains_key(from), "there is no crate {from}");
        let reach = self.reach(from);
        for what in what {
            assert!(!reach.contains(what), "{from} must not depend on {what}");
        }
    }
}

const IO: [&str; 10] = [
    "tokio", "axum", "hyper", "sea-orm", "leptos", "rand", "rustix", "tracing", "chrono", "time",
];

#[test]
fn no_crate_reaches_what_it_must_not() {
    let graph = Graph::read();
    graph.never("domain", &IO);
    graph.never("domain", &["store", "cloud", "engine", "app", "server"]);
    graph.never("stats", &IO);
    graph.never("stats", &["serde", "serde_json", "domain"]);
    graph.never(
        "analyze",
        &[
            "domain", "store", "cloud", "engine", "app", "server", "tokio", "hyper", "axum",
            "sea-orm",
        ],
    );
    graph.never(
        "app",
        &[
            "store",
            "engine",
            "sea-orm",
            "cloud",
            "cloud-local",
            "node",
            "axum",
        ],
    );
    graph.never(
        "frontend",
        &["store", "engine", "server", "sea-orm", "tokio"],
    );
    graph.never(
        "engine",
        &["axum", "leptos", "app", "server", "cloud-local", "node"],
    );
    graph.never("store", &["cloud", "engine", "app", "axum", "leptos"]);
    graph.never("cloud", &["store", "engine", "app", "sea-orm"]);
    graph.never(
        "gateway",
        &["domain", "store", "engine", "cloud", "sea-orm"],
    );
    let clouds: Vec<_> = graph
        .members()
        .filter(|name| name.starts_with("cloud-"))
        .collect();
    assert!(!clouds.is_empty());
    for cloud in clouds {
        graph.never(
            cloud,
            &["store", "engine", "app", "sea-orm", "axum", "leptos"],
        );
    }
    // SQL is named in one crate and in its migrations.
    for member in graph
        .members()
        .filter(|name| !matches!(*name, "store" | "migrations"))
    {
        let named = &graph.direct[member];
        assert!(
            !named.contains("sea-orm") && !named.contains("sqlx"),
            "{member} names the database"
        );
    }
}

#[test]
fn the_domain_reads_no_clock() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut folders = vec![root.join("crates/domain/src")];
    let mut read = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            // Tests may read the files they compare with.
            if path.file_name().is_some_and(|name| name == "tests.rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for banned in [
                "SystemTime",
                "Instant::",
                "std::fs",
                "std::net::Tcp",
                "std::thread",
                "std::env",
            ] {
                assert!(!text.contains(banned), "{} names {banned}", path.display());
            }
            read += 1;
        }
    }
    assert!(read > 10);
}
