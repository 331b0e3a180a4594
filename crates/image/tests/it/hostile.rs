//! Layouts that someone wrote to do harm.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use image::{Digest, Image, ImageError, Options};
use serde_json::{Value, json};
use tar::{EntryType, Header};

use crate::support::{House, listing};

struct Item<'a> {
    name: &'a str,
    kind: EntryType,
    link: &'a str,
    content: &'a [u8],
}

fn item<'a>(name: &'a str, kind: EntryType, link: &'a str, content: &'a [u8]) -> Item<'a> {
    Item {
        name,
        kind,
        link,
        content,
    }
}

fn file<'a>(name: &'a str, content: &'a [u8]) -> Item<'a> {
    item(name, EntryType::Regular, "", content)
}

/// An archive whose names nobody has tidied.
fn archive(items: &[Item<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for item in items {
        let mut header = Header::new_gnu();
        header.as_mut_bytes()[..item.name.len()].copy_from_slice(item.name.as_bytes());
        header.as_mut_bytes()[157..157 + item.link.len()].copy_from_slice(item.link.as_bytes());
        header.set_entry_type(item.kind);
        header.set_mode(0o4755);
        header.set_size(item.content.len() as u64);
        header.set_cksum();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(item.content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.extend_from_slice(&[0; 1024]);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn blob(dir: &Path, kind: &str, bytes: &[u8]) -> Value {
    let digest = Digest::of(bytes);
    fs::write(dir.join("blobs/sha256").join(digest.hex()), bytes).unwrap();
    json!({ "mediaType": kind, "digest": digest, "size": bytes.len() })
}

fn layout(house: &House, name: &str, layers: &[Vec<u8>]) -> PathBuf {
    let dir = house.dir.path().join(name);
    fs::create_dir_all(dir.join("blobs/sha256")).unwrap();
    fs::write(dir.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    let diff_ids: Vec<_> = layers.iter().map(|bytes| Digest::of(bytes)).collect();
    let kind = "application/vnd.oci.image.layer.v1.tar+gzip";
    let layers: Vec<_> = layers
        .iter()
        .map(|bytes| blob(&dir, kind, &gzip(bytes)))
        .collect();
    let config = json!({
        "architecture": "amd64", "os": "linux", "created": "2023-11-14T22:13:20Z",
        "config": { "Entrypoint": ["/bin/a"], "Cmd": null, "Labels": null },
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
    });
    let kind = "application/vnd.oci.image.config.v1+json";
    let config = blob(&dir, kind, config.to_string().as_bytes());
    let manifest = json!({ "schemaVersion": 2, "config": config, "layers": layers });
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let manifest = blob(&dir, kind, manifest.to_string().as_bytes());
    let index = json!({ "schemaVersion": 2, "manifests": [manifest] });
    fs::write(dir.join("index.json"), index.to_string()).unwrap();
    dir
}

fn import(house: &House, dir: &Path) -> Result<Image, ImageError> {
    house.store.import(dir, None, "base", "1", &mut |_| {})
}

#[test]
fn an_honest_image_of_another_tool_is_imported() {
    let house = House::new();
    let base = archive(&[
        item("./", EntryType::Directory, "", b""),
        file("./bin/a", b"program"),
        item("bin/b", EntryType::Link, "bin/a", b""),
        item("c", EntryType::Symlink, "bin/b", b""),
        file("gone/x", b"x"),
    ]);
    let upper = archive(&[file(".wh.gone", b""), file("new", b"n")]);
    let dir = layout(&house, "good", &[base, upper]);
    let mut last = None;
    let image = house
        .store
        .import(&dir, None, "base", "1", &mut |progress| {
            last = Some(progress)
        })
        .unwrap();
    let last = last.unwrap();
    assert_eq!(last.bytes_done, last.bytes_total);
    assert_eq!(
        (image.command.as_slice(), image.files),
        (&["/bin/a".to_owned()][..], 3)
    );
    assert_eq!(image.created_ms, 1_700_000_000_000);
    let tree = listing(&house.store.unpack(&image.digest).unwrap());
    assert_eq!(tree["bin/b"], "file 555 program");
    assert_eq!(
        tree.keys().collect::<Vec<_>>(),
        ["bin", "bin/a", "bin/b", "c", "new"]
    );
    assert_eq!(import(&house, &dir).unwrap(), image);
    let other = layout(&house, "other", &[archive(&[file("f", b"other")])]);
    assert!(matches!(
        import(&house, &other),
        Err(ImageError::VersionTaken { .. })
    ));
}

#[test]
fn hostile_entries_are_refused_and_nothing_is_written_outside() {
    use EntryType as T;
    let house = House::new();
    let outside = house.dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    let outside_link = outside.to_str().unwrap();
    let long = vec![b'x'; 70_000];
    let cases: Vec<(&str, Vec<Item<'_>>)> = vec![
        ("dotdot", vec![file("../evil", b"x")]),
        ("inner dotdot", vec![file("a/../../evil", b"x")]),
        ("absolute", vec![file("/tmp/evil", b"x")]),
        ("link out", vec![item("l", T::Symlink, "/etc", b"")]),
        ("link up", vec![item("a/l", T::Symlink, "../..", b"")]),
        (
            "through a link",
            vec![
                item("l", T::Symlink, outside_link, b""),
                file("l/evil", b"x"),
            ],
        ),
        (
            "through an inner link",
            vec![
                item("l", T::Symlink, "d", b""),
                file("d/f", b""),
                file("l/evil", b"x"),
            ],
        ),
        (
            "hard link out",
            vec![item("h", T::Link, "/etc/passwd", b"")],
        ),
        ("hard link up", vec![item("h", T::Link, "../../x", b"")]),
        (
            "hard link to a link",
            vec![
                item("l", T::Symlink, "f", b""),
                item("h", T::Link, "l", b""),
            ],
        ),
        ("device", vec![item("d", T::Char, "", b"")]),
        ("block device", vec![item("d", T::Block, "", b"")]),
        ("pipe", vec![item("p", T::Fifo, "", b"")]),
        ("sparse", vec![item("s", T::GNUSparse, "", b"")]),
        ("empty link", vec![item("l", T::Symlink, "", b"")]),
        ("bad marker", vec![file("a/.wh...", b"")]),
        ("nameless", vec![file(".", b"x")]),
        (
            "long name bomb",
            vec![
                item("././@LongLink", T::GNULongName, "", &long),
                file("f", b""),
            ],
        ),
        (
            "long name out",
            vec![
                item("././@LongLink", T::GNULongName, "", b"../../evil\0"),
                file("f", b""),
            ],
        ),
        (
            "pax out",
            vec![
                item("pax", T::XHeader, "", b"18 path=../../evil\n"),
                file("f", b""),
            ],
        ),
        (
            "pax size",
            vec![
                item("pax", T::XHeader, "", b"13 size=9999\n"),
                file("f", b""),
            ],
        ),
    ];
    for (number, (what, items)) in cases.iter().enumerate() {
        let dir = layout(&house, &format!("l{number}"), &[archive(items)]);
        let error = import(&house, &dir).unwrap_err();
        let refused = matches!(
            error,
            ImageError::HostileLayer { .. }
                | ImageError::LinkLeavesImage { .. }
                | ImageError::Malformed { .. }
        );
        assert!(refused, "{what}: {error:?}");
    }
    assert_eq!(house.store.list().unwrap(), []);
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    assert_eq!(
        fs::read_dir(house.store_dir().join("unpacked"))
            .unwrap()
            .count(),
        0
    );
    assert_eq!(
        fs::read_dir(house.store_dir().join("oci/blobs/sha256"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn bombs_are_bounded() {
    let house = House::with(Options {
        image_bytes_max: 100_000,
        image_entries_max: 100,
    });
    let check = |name: &str, bytes: Vec<u8>, fits: fn(&ImageError) -> bool| {
        let error = import(&house, &layout(&house, name, &[bytes])).unwrap_err();
        assert!(fits(&error), "{name}: {error:?}");
    };
    let zeros = vec![0; 20_000_000];
    check("big file", archive(&[file("f", &zeros)]), |e| {
        matches!(e, ImageError::TooLarge { .. })
    });
    let mut trailing = archive(&[file("f", b"")]);
    trailing.extend_from_slice(&zeros);
    check("zeros at the end", trailing, |e| {
        matches!(e, ImageError::TooLarge { .. })
    });
    let names: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    let many: Vec<_> = names.iter().map(|name| file(name, b"")).collect();
    check("many", archive(&many), |e| {
        matches!(e, ImageError::TooManyEntries { .. })
    });
    let content = vec![1; 50_000];
    let mut links = vec![file("f", &content)];
    links.extend(
        names[..50]
            .iter()
            .map(|name| item(name, EntryType::Link, "f", b"")),
    );
    check("hard links", archive(&links), |e| {
        matches!(e, ImageError::TooLarge { .. })
    });
}

#[test]
fn damaged_layouts_are_named() {
    let house = House::new();
    let good = || vec![archive(&[file("f", b"x")])];
    let check = |dir: PathBuf, fits: fn(&ImageError) -> bool| {
        let error = import(&house, &dir).unwrap_err();
        assert!(fits(&error), "{error:?}");
        assert_eq!(house.store.list().unwrap(), []);
    };
    check(house.dir.path().join("missing"), |e| {
        matches!(e, ImageError::FolderMissing { .. })
    });
    check(house.folder("plain", &[("f", "x")]), |e| {
        matches!(e, ImageError::Malformed { .. })
    });
    for (name, index) in [
        ("no json", "{".to_owned()),
        ("list", "[]".to_owned()),
        ("schema", json!({ "schemaVersion": 1, "manifests": [] }).to_string()),
        ("digest", json!({ "schemaVersion": 2, "manifests": [{ "mediaType": "x", "size": 1, "digest": "sha256:../../../../etc/passwd" }] }).to_string()),
    ] {
        let dir = layout(&house, name, &good());
        fs::write(dir.join("index.json"), index).unwrap();
        check(dir, |e| matches!(e, ImageError::Malformed { .. }));
    }
    let dir = layout(&house, "empty", &good());
    fs::write(
        dir.join("index.json"),
        json!({ "schemaVersion": 2, "manifests": [] }).to_string(),
    )
    .unwrap();
    check(dir, |e| matches!(e, ImageError::ReferenceUnknown { .. }));
    let dir = layout(&house, "large", &good());
    fs::write(dir.join("index.json"), vec![b' '; 5 << 20]).unwrap();
    check(dir, |e| matches!(e, ImageError::Malformed { .. }));

    let damage = |name: &str, largest: bool| {
        let dir = layout(
            &house,
            name,
            &[archive(&[file("f", name.repeat(50).as_bytes())])],
        );
        for entry in fs::read_dir(dir.join("blobs/sha256")).unwrap() {
            let path = entry.unwrap().path();
            let mut bytes = fs::read(&path).unwrap();
            if (bytes[0] == 0x1f) == largest {
                let at = bytes.len() - 2;
                bytes[at] ^= 1;
                fs::write(&path, bytes).unwrap();
            }
        }
        dir
    };
    check(damage("layer", true), |e| {
        matches!(e, ImageError::DigestMismatch { .. })
    });
    check(damage("documents", false), |e| {
        matches!(e, ImageError::DigestMismatch { .. })
    });

    // A blob that is a link to a secret of this machine.
    let dir = layout(&house, "linked", &good());
    for entry in fs::read_dir(dir.join("blobs/sha256")).unwrap() {
        let path = entry.unwrap().path();
        fs::rename(&path, dir.join("aside")).unwrap();
        std::os::unix::fs::symlink(dir.join("aside"), &path).unwrap();
    }
    check(dir, |e| matches!(e, ImageError::Io { .. }));
}

#[test]
fn a_layer_that_unpacks_to_other_bytes_than_its_config_says_is_refused() {
    let house = House::new();
    let dir = layout(&house, "honest", &[archive(&[file("f", b"x")])]);
    let other = layout(&house, "other", &[archive(&[file("f", b"y")])]);
    let read = |dir: &Path, digest: &str| -> Value {
        let path = dir
            .join("blobs/sha256")
            .join(digest.trim_start_matches("sha256:"));
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    };
    let manifest_of = |dir: &Path| {
        let index: Value =
            serde_json::from_slice(&fs::read(dir.join("index.json")).unwrap()).unwrap();
        read(dir, index["manifests"][0]["digest"].as_str().unwrap())
    };
    let mut mixed = manifest_of(&dir);
    let lying = manifest_of(&other)["config"].clone();
    blob(
        &dir,
        "",
        read(&other, lying["digest"].as_str().unwrap())
            .to_string()
            .as_bytes(),
    );
    let config = read(&other, lying["digest"].as_str().unwrap()).to_string();
    mixed["config"] = blob(
        &dir,
        "application/vnd.oci.image.config.v1+json",
        config.as_bytes(),
    );
    let manifest = blob(
        &dir,
        "application/vnd.oci.image.manifest.v1+json",
        mixed.to_string().as_bytes(),
    );
    fs::write(
        dir.join("index.json"),
        json!({ "schemaVersion": 2, "manifests": [manifest] }).to_string(),
    )
    .unwrap();
    assert!(matches!(
        import(&house, &dir),
        Err(ImageError::DigestMismatch { .. })
    ));
}
