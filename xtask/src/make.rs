//! Building what is run and tested: the website and the programs.
//!
//! The server and the frontend are never built by one cargo command: cargo would unify the features
//! `ssr` and `hydrate` of the packages they share.

use crate::process::run;
use crate::steps::step;
use crate::tools;
use crate::workspace::{Profile, Workspace};
use anyhow::Result;
use std::process::Command;

/// The folder `pkg/` with script, module and style. Each part is skipped where it is fresh.
pub(crate) fn site(workspace: &Workspace) -> Result<()> {
    step("compile the frontend to WebAssembly", || {
        tools::wasm_target(&workspace.root)?;
        run(&mut frontend(workspace))
    })?;
    step("compile the site builder", || {
        run(workspace.cargo("build").args([
            "--package=xtask",
            "--features=site",
            "--bin=xtask-site",
        ]))
    })?;
    step("build the site", || {
        let mut builder = Command::new(workspace.binary(Profile::Dev, "xtask-site"));
        builder.current_dir(&workspace.root);
        builder.arg("--wasm").arg(workspace.wasm());
        builder.arg("--style").arg(workspace.style());
        builder.arg("--out").arg(workspace.site());
        run(&mut builder)
    })
}

/// The command that compiles the frontend for the browser.
pub(crate) fn frontend(workspace: &Workspace) -> Command {
    let mut build = workspace.cargo("build");
    build.args(["--package=frontend", "--lib"]);
    build.args(["--target=wasm32-unknown-unknown", "--profile=wasm-release"]);
    build
}

/// The server and the program it is demonstrated with.
pub(crate) fn programs(workspace: &Workspace, profile: Profile) -> Result<()> {
    step("compile the server and the storefront", || {
        let mut build = workspace.cargo("build");
        build.args(["--package=server", "--package=storefront"]);
        if profile == Profile::Release {
            build.arg("--release");
        }
        run(&mut build)
    })
}
