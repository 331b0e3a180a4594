//! What a build or a test needs on the machine: found, installed where this may, or named plainly.

use crate::process::{ask, run};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

const WASM_TARGET: &str = "wasm32-unknown-unknown";
const NODE_MIN: (u32, u32) = (18, 19);
const CHROMIUM_NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// The first program of this name in PATH.
fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|program| is_program(program))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// Makes sure that rustc can compile to WebAssembly.
pub(crate) fn wasm_target(root: &Path) -> Result<()> {
    let installed = || {
        ask(Command::new("rustc")
            .args(["--print", "target-libdir", "--target", WASM_TARGET])
            .current_dir(root))
        .is_some_and(|folder| Path::new(&folder).is_dir())
    };
    if installed() {
        return Ok(());
    }
    if find("rustup").is_some() {
        println!("  adding the Rust target {WASM_TARGET}");
        run(Command::new("rustup")
            .args(["target", "add", WASM_TARGET])
            .current_dir(root))
        .with_context(|| format!("without the Rust target {WASM_TARGET} there is no website"))?;
    }
    if !installed() {
        bail!(
            "this Rust cannot compile to {WASM_TARGET}: install it with `rustup target add \
             {WASM_TARGET}`, or from your distribution (Debian: libstd-rust-dev-wasm32)"
        );
    }
    Ok(())
}

/// Python, whose web server is a program that tests put into images.
pub(crate) fn python() -> Result<()> {
    if find("python3").is_none() {
        apt_install(&["python3"]);
    }
    if find("python3").is_none() {
        bail!("the tests need python3 in PATH (Debian: apt-get install python3)");
    }
    Ok(())
}

/// Node.js and npm, for the browser tests only.
pub(crate) fn node() -> Result<()> {
    if node_version().is_none() || find("npm").is_none() {
        apt_install(&["nodejs", "npm"]);
    }
    let (major, minor) = NODE_MIN;
    let Some(version) = node_version() else {
        bail!(
            "the browser tests need Node.js {major}.{minor} or newer in PATH \
             (Debian: apt-get install nodejs npm)"
        );
    };
    if version < NODE_MIN {
        bail!(
            "the browser tests need Node.js {major}.{minor} or newer; the one in PATH is {}.{}",
            version.0,
            version.1
        );
    }
    if find("npm").is_none() {
        bail!("the browser tests need npm in PATH (Debian: apt-get install npm)");
    }
    Ok(())
}

fn node_version() -> Option<(u32, u32)> {
    parse_version(&ask(Command::new("node").arg("--version"))?)
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// A Chromium, for the browser tests only. `VIRIDIAN_CHROMIUM` names one outside of PATH.
pub(crate) fn chromium() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("VIRIDIAN_CHROMIUM").map(PathBuf::from) {
        if is_program(&named) {
            return Ok(named);
        }
        bail!(
            "VIRIDIAN_CHROMIUM names {}, which is not a program",
            named.display()
        );
    }
    let found = || CHROMIUM_NAMES.into_iter().find_map(find);
    if found().is_none() {
        apt_install(&["chromium"]);
    }
    found().with_context(|| {
        format!(
            "the browser tests need Chromium; none of {} is in PATH. Install it (Debian: \
             apt-get install chromium) or name one with VIRIDIAN_CHROMIUM",
            CHROMIUM_NAMES.join(", ")
        )
    })
}

/// Installs distribution packages where this process may; what is still missing afterwards, the
/// caller says.
fn apt_install(packages: &[&str]) {
    let Some(apt) = find("apt-get").filter(|_| rustix::process::geteuid().is_root()) else {
        return;
    };
    println!("  installing {} with apt-get", packages.join(", "));
    let apt = |args: &[&str]| {
        run(Command::new(&apt)
            .args(args)
            .env("DEBIAN_FRONTEND", "noninteractive"))
    };
    let installed = apt(&["update", "-q"]).and_then(|()| {
        apt(&[
            &["install", "-y", "-q", "--no-install-recommends"],
            packages,
        ]
        .concat())
    });
    if let Err(error) = installed {
        eprintln!("  {error:#}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_versions_compare_by_number() {
        assert_eq!(parse_version("v20.9.1"), Some((20, 9)));
        assert!(parse_version("v18.9.0") < Some(NODE_MIN));
        assert!(parse_version("v18.19.0") >= Some(NODE_MIN));
        assert_eq!(parse_version("nonsense"), None);
    }
}
