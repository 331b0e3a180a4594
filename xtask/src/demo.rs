//! The demonstration: a shop in three environments, four versions of it, and visitors.
//!
//! Everything is done with the commands a user has; seeded once per data folder.

use crate::process::{Service, Shown};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What there is to set it up with.
pub(crate) struct Stage<'a> {
    /// The repository.
    pub(crate) root: &'a Path,
    /// The server's data folder.
    pub(crate) data: &'a Path,
    /// The `viridian` program.
    pub(crate) viridian: &'a Path,
    /// The program of the demonstration's application.
    pub(crate) storefront: &'a Path,
}

/// Where prod answers, as `examples/storefront/viridian.toml` says.
const PROD: &str = "http://127.0.0.1:8103";

impl Stage<'_> {
    /// Declares the shop, bakes its images and starts it in every environment. Says what was done;
    /// an earlier run's demonstration is found and kept.
    pub(crate) fn seed(&self) -> Result<&'static str> {
        let done = self.data.join("demonstration");
        if done.exists() {
            return Ok("the shop of an earlier run is there");
        }
        let shop = self.root.join("examples/storefront");
        self.run(&["apply", "-f", &text(&shop.join("viridian.toml"))?])?;
        // A version never moves: what an interrupted run has baked is what this one goes on with, also
        // where the program has been built anew since.
        let base = match self.image("storefront-base", "1")? {
            Some(digest) => digest,
            None => self.bake_base(&shop)?,
        };
        for version in ["1.0", "1.1", "1.2", "1.3"] {
            if self.image("storefront", version)?.is_some() {
                continue;
            }
            let folder = text(&shop.join("images").join(version))?;
            let what = [
                "--app",
                "storefront",
                "--version",
                version,
                "--parent",
                &base,
            ];
            self.run(&[&["image", "bake", &folder][..], &what].concat())?;
        }
        for (env, version) in [("dev", "1.3"), ("staging", "1.1"), ("prod", "1.0")] {
            if self.rollouts(env)? == 0 {
                self.start(env, version, "blue-green", &["--watch"])?;
            }
        }
        if self.rollouts("prod")? == 1 {
            self.start("prod", "1.1", "rolling", &["--watch"])?;
        }
        fs::write(&done, "Remove the whole folder to begin anew.\n")
            .with_context(|| format!("cannot write {}", done.display()))?;
        Ok("a shop, in four versions and three environments")
    }

    /// Lets visitors in, for at most a day; the returned service is the caller's to stop.
    pub(crate) fn visitors(&self) -> Result<Service> {
        let pace = [
            "--visitors",
            "40",
            "--requests-per-second",
            "60",
            "--for",
            "86400",
        ];
        let arguments = [&["visit", "--url", PROD][..], &pace].concat();
        Service::start(self.storefront, &arguments, self.root, Shown::No)
    }

    /// Once visitors are there: a canary of the version that looks healthy and then fails, which
    /// turns itself back while one watches. Only the first run begins it.
    pub(crate) fn begin_canary(&self) -> Result<Option<&'static str>> {
        let begun = self.data.join("demonstration-canary");
        if begun.exists() {
            return Ok(None);
        }
        // A run that was stopped right after it began it has not written that down.
        if self.rollouts("prod")? <= 2 {
            self.start("prod", "1.2", "canary", &[])?;
        }
        fs::write(&begun, "").with_context(|| format!("cannot write {}", begun.display()))?;
        Ok(Some(
            "a canary of 1.2 begins in prod; it will turn itself back",
        ))
    }

    fn start(&self, env: &str, version: &str, strategy: &str, more: &[&str]) -> Result<()> {
        let what = [
            "--app",
            "storefront",
            "--env",
            env,
            "--image",
            version,
            "--strategy",
            strategy,
        ];
        self.run(&[&["rollout", "start"][..], &what, more].concat())
            .map(drop)
    }

    /// How many rollouts an environment has had: a run that was stopped half-way goes on from there.
    fn rollouts(&self, env: &str) -> Result<usize> {
        let printed = self.run(&[
            "rollout",
            "list",
            "--app",
            "storefront",
            "--env",
            env,
            "--json",
        ])?;
        let page: serde_json::Value = serde_json::from_str(&printed)
            .with_context(|| format!("`viridian rollout list --json` printed {printed}"))?;
        Ok(page["items"].as_array().map_or(0, Vec::len))
    }

    /// The image that has this version, if one has.
    fn image(&self, app: &str, version: &str) -> Result<Option<String>> {
        let printed = self.run(&["image", "list", "--app", app, "--json"])?;
        let list = serde_json::from_str(&printed)
            .with_context(|| format!("`viridian image list --json` printed {printed}"))?;
        Ok(digest_of(&list, app, version))
    }

    /// The base image is the folder of common files and the program that was just built.
    fn bake_base(&self, shop: &Path) -> Result<String> {
        let folder = self.data.join("demonstration-base");
        copy_folder(&shop.join("images/base"), &folder)?;
        let bin = folder.join("bin");
        fs::create_dir_all(&bin).with_context(|| format!("cannot make {}", bin.display()))?;
        fs::copy(self.storefront, bin.join("storefront"))
            .with_context(|| format!("cannot copy {}", self.storefront.display()))?;
        let folder = text(&folder)?;
        let what = ["--app", "storefront-base", "--version", "1", "--json"];
        let command = [
            "--",
            "bin/storefront",
            "serve",
            "--port",
            "${PORT}",
            "--config",
            "shop.toml",
        ];
        let printed = self.run(&[&["image", "bake", &folder][..], &what, &command].concat())?;
        let image: serde_json::Value = serde_json::from_str(&printed)
            .with_context(|| format!("`viridian image bake --json` printed {printed}"))?;
        let digest = image["digest"]
            .as_str()
            .context("the baked image has no digest")?;
        Ok(digest.to_owned())
    }

    /// Runs a command of `viridian` against this server, for what it prints.
    fn run(&self, arguments: &[&str]) -> Result<String> {
        let cut = arguments
            .iter()
            .position(|a| *a == "--")
            .unwrap_or(arguments.len());
        let (ours, theirs) = arguments.split_at(cut);
        let output = Command::new(self.viridian)
            .args(ours)
            .arg("--data")
            .arg(self.data)
            .args(theirs)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot run {}", self.viridian.display()))?;
        ensure!(
            output.status.success(),
            "viridian {} ended with {}:\n{}",
            arguments.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

fn digest_of(list: &serde_json::Value, app: &str, version: &str) -> Option<String> {
    let mut images = list["images"].as_array()?.iter();
    let image = images.find(|image| image["app"] == app && image["version"] == version)?;
    image["digest"].as_str().map(str::to_owned)
}

fn text(path: &Path) -> Result<String> {
    let text = path
        .to_str()
        .with_context(|| format!("{} is not UTF-8", path.display()))?;
    Ok(text.to_owned())
}

/// Copies a folder; files that are there already are replaced.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target: PathBuf = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)
                .with_context(|| format!("cannot copy {}", entry.path().display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::digest_of;
    use serde_json::json;

    #[test]
    fn an_image_of_an_earlier_run_is_found_by_its_version() {
        let list = json!({ "images": [
            { "app": "storefront-base", "version": "1", "digest": "sha256:a" },
            { "app": "storefront", "version": "1.0", "digest": "sha256:b" },
        ] });
        let of = |app, version| digest_of(&list, app, version);
        assert_eq!(of("storefront-base", "1").as_deref(), Some("sha256:a"));
        assert_eq!(of("storefront", "1.0").as_deref(), Some("sha256:b"));
        assert_eq!(of("storefront", "1"), None);
        assert_eq!(
            digest_of(&json!({ "images": [] }), "storefront", "1.0"),
            None
        );
    }
}
