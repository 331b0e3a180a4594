//! A small disk of one server's own, to be filled: a memory file system in a mount namespace, which
//! needs no privileges and goes with the processes in it.

use skipped::skipped;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub(crate) struct Disk {
    /// Keeps the namespace while the server restarts.
    holder: Child,
}

impl Disk {
    /// A disk of `megabytes` at `place`; `None`, with a word on why, where this machine gives none.
    pub(crate) fn mount(place: &Path, megabytes: u32) -> Option<Self> {
        std::fs::create_dir_all(place).unwrap();
        let script =
            "mount -t tmpfs -o size=$2m,mode=700 none \"$1\" && echo ready && exec sleep 900";
        let holder = Command::new("unshare")
            .args([
                "--user",
                "--map-root-user",
                "--mount",
                "sh",
                "-c",
                script,
                "sh",
            ])
            .arg(place)
            .arg(megabytes.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut disk = match holder {
            Ok(holder) => Self { holder },
            Err(error) => {
                skipped(&format!(
                    "no disk can be mounted, unshare cannot be run: {error}"
                ));
                return None;
            }
        };
        let mut said = [0; 5];
        let mut stdout = disk.holder.stdout.take().unwrap();
        if std::io::Read::read_exact(&mut stdout, &mut said).is_err() {
            let mut why = String::new();
            let mut stderr = disk.holder.stderr.take().unwrap();
            std::io::Read::read_to_string(&mut stderr, &mut why).unwrap();
            skipped(&format!("no disk can be mounted: {why}"));
            return None;
        }
        Some(disk)
    }

    /// A program within, where the disk is mounted.
    pub(crate) fn inside(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args(["--user", "--mount", "--preserve-credentials", "--target"])
            .arg(self.holder.id().to_string())
            .arg(program);
        command
    }

    /// Lets nothing be written any more; nothing on it may be open for writing.
    pub(crate) fn read_only(&self, place: &Path) {
        self.remount("ro", place);
    }

    pub(crate) fn writable(&self, place: &Path) {
        self.remount("rw", place);
    }

    fn remount(&self, how: &str, place: &Path) {
        let mut mount = self.inside("mount");
        let done = mount
            .args(["-o", &format!("remount,{how}")])
            .arg(place)
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    }

    /// A path on the disk, from outside.
    pub(crate) fn seen_from_here(&self, path: &Path) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(path.strip_prefix("/").unwrap())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// Writes until nothing more fits.
pub(crate) fn fill(file: &Path) {
    let mut file = File::options()
        .create(true)
        .append(true)
        .open(file)
        .unwrap();
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.write(&piece) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::StorageFull => {
                if piece.len() == 1 {
                    return;
                }
                piece.truncate(piece.len() / 2);
            }
            Err(error) => panic!("{error}"),
        }
    }
}
