//! Other vendors' tools, where they are installed.

use std::{path::Path, process::Command};

use image::ImageStore;

use crate::support::{House, listing, request};

fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let output = match Command::new(program).args(arguments).output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            skipped::skipped(&format!("{program} is not installed"));
            return None;
        }
        other => other.unwrap(),
    };
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {text}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn child_of_a_parent(house: &House) -> image::Image {
    let folder = house.folder(
        "p",
        &[("bin/shop*", "one"), ("etc/a", "a"), ("l -> etc/a", "")],
    );
    let parent = house.bake(&request(&folder, "1")).unwrap();
    let folder = house.folder(
        "c",
        &[("etc/.wh.a", ""), ("etc/b", "b"), ("l -> etc/b", "")],
    );
    let mut child = request(&folder, "2");
    child.parent = Some(parent.digest);
    house.bake(&child).unwrap()
}

fn name(dir: &Path, tag: &str) -> String {
    format!("oci:{}:{tag}", dir.display())
}

#[test]
fn skopeo_reads_the_layout_and_its_copy_is_imported_again() {
    let house = House::new();
    let child = child_of_a_parent(&house);
    let layout = house.store_dir().join("oci");
    let copy = house.dir.path().join("copy");
    let Some(text) = run("skopeo", &["inspect", &name(&layout, "shop:2")]) else {
        return;
    };
    assert!(text.contains(&child.digest.to_string()), "{text}");
    run(
        "skopeo",
        &[
            "--insecure-policy",
            "copy",
            &name(&layout, "shop:2"),
            &name(&copy, "x"),
        ],
    );
    let other = ImageStore::open(house.dir.path().join("other")).unwrap();
    let imported = other
        .import(&copy, Some("x"), "shop", "2", &mut |_| {})
        .unwrap();
    assert_eq!(imported, child);
}

#[test]
fn umoci_unpacks_the_same_tree() {
    let house = House::new();
    let child = child_of_a_parent(&house);
    let layout = format!("{}:shop:2", house.store_dir().join("oci").display());
    let bundle = house.dir.path().join("bundle");
    let to = bundle.display().to_string();
    if run("umoci", &["unpack", "--rootless", "--image", &layout, &to]).is_none() {
        return;
    }
    let ours = listing(&house.store.unpack(&child.digest).unwrap());
    let theirs = listing(&bundle.join("rootfs"));
    assert!(ours.keys().eq(theirs.keys()), "{ours:#?} {theirs:#?}");
    assert!(theirs["bin/shop"].ends_with(" one") && theirs["l"] == ours["l"]);
}
