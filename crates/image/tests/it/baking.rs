use std::{fs, os::unix::fs::symlink, path::Path};

use image::{DifferenceKind, Digest, ImageError, Options};

use crate::support::{House, listing, request};

const SHOP: &[(&str, &str)] = &[
    ("bin/shop*", "#!program"),
    ("etc/shop.toml", "port = 1"),
    ("lib/a.so", "aaa"),
    ("lib/current -> a.so", ""),
    ("var/", ""),
];

#[test]
fn a_folder_becomes_an_image_and_a_read_only_folder_again() {
    let house = House::new();
    let folder = house.folder("shop", SHOP);
    let mut last = None;
    let image = house
        .store
        .bake(&request(&folder, "1.0"), &mut |progress| {
            last = Some(progress);
        })
        .unwrap();
    let last = last.unwrap();
    assert_eq!((last.bytes_done, last.bytes_total), (20, 20));
    assert_eq!(
        (image.files, image.size_bytes, image.layers.len()),
        (3, 20, 1)
    );
    assert_eq!(image.command, ["bin/shop", "--serve"]);
    assert_eq!(image.created_ms, 1_700_000_000_123);
    assert_eq!(image.labels["commit"], "abc123");
    assert_eq!(house.store.show(&image.digest).unwrap(), image);
    assert_eq!(house.store.list().unwrap(), std::slice::from_ref(&image));
    assert_eq!(
        house.store.find("shop", "1.0").unwrap(),
        Some(image.clone())
    );
    assert_eq!(house.store.find("shop", "1.1").unwrap(), None);

    let tree = house.store.unpack(&image.digest).unwrap();
    let expected = [
        ("bin", "dir 555"),
        ("bin/shop", "file 555 #!program"),
        ("etc", "dir 555"),
        ("etc/shop.toml", "file 444 port = 1"),
        ("lib", "dir 555"),
        ("lib/a.so", "file 444 aaa"),
        ("lib/current", "link a.so"),
        ("var", "dir 555"),
    ];
    let found = listing(&tree);
    assert!(
        found
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .eq(expected),
        "{found:#?}"
    );
    assert_eq!(house.store.unpack(&image.digest).unwrap(), tree);
    house.store.remove_unpacked(&image.digest).unwrap();
    assert!(!tree.exists());
    house.store.remove_unpacked(&image.digest).unwrap();
    assert_eq!(house.store.unpack(&image.digest).unwrap(), tree);
}

#[test]
fn the_same_folder_gives_the_same_digest_whatever_its_times_and_owner() {
    let (one, two) = (House::new(), House::new());
    let first = one.bake(&request(&one.folder("a", SHOP), "1")).unwrap();
    let reversed: Vec<_> = SHOP.iter().rev().copied().collect();
    let folder = two.folder("b", &reversed);
    fs::File::open(folder.join("lib/a.so"))
        .unwrap()
        .set_modified(std::time::UNIX_EPOCH)
        .unwrap();
    let second = two.bake(&request(&folder, "1")).unwrap();
    assert_eq!(first.digest, second.digest);
    let mut later = request(&folder, "2");
    later.created_ms += 1;
    assert_ne!(two.bake(&later).unwrap().digest, first.digest);
}

#[test]
fn a_version_is_taken_once_and_the_same_content_is_the_same_image() {
    let house = House::new();
    let folder = house.folder("shop", SHOP);
    let image = house.bake(&request(&folder, "1")).unwrap();
    let mut again = request(&folder, "1");
    again.created_ms += 60_000;
    assert_eq!(house.bake(&again).unwrap(), image);
    assert_eq!(house.store.list().unwrap().len(), 1);

    let check = |request: &image::Bake, expected: &str| match house.bake(request) {
        Err(ImageError::VersionTaken {
            existing, differs, ..
        }) => {
            assert_eq!((existing, differs), (image.digest, expected));
        }
        other => panic!("{other:?}"),
    };
    let mut other = request(&folder, "1");
    other.command.push("more".to_owned());
    check(&other, "command");
    let mut other = request(&folder, "1");
    other.labels.clear();
    check(&other, "labels");
    fs::write(folder.join("etc/shop.toml"), "port = 2").unwrap();
    check(&request(&folder, "1"), "files");
    assert_eq!(house.store.list().unwrap(), std::slice::from_ref(&image));
}

#[test]
fn a_child_is_laid_over_its_parent_with_one_layer_of_what_is_new() {
    let house = House::new();
    let parent = house
        .bake(&request(&house.folder("shop", SHOP), "1"))
        .unwrap();
    let folder = house.folder(
        "patch",
        &[
            ("etc/shop.toml", "port = 2"),
            ("lib/a.so", "aaa"),
            ("lib/.wh.current", ""),
            ("new/file", "n"),
            ("bin/shop", "#!program"),
        ],
    );
    let mut patch = request(&folder, "2");
    patch.parent = Some(parent.digest);
    patch.command.clear();
    let child = house.bake(&patch).unwrap();
    assert_eq!(child.parent, Some(parent.digest));
    assert_eq!(child.command, parent.command);
    assert_eq!(child.layers.len(), 2);
    assert_eq!(child.layers[0], parent.layers[0]);
    let changes = house
        .store
        .differences(&parent.digest, &child.digest)
        .unwrap();
    let changes: Vec<_> = changes.iter().map(|c| (c.path.as_str(), c.kind)).collect();
    assert_eq!(
        changes,
        [
            ("bin/shop", DifferenceKind::Mode),
            ("etc/shop.toml", DifferenceKind::Changed),
            ("lib/current", DifferenceKind::Removed),
            ("new", DifferenceKind::Added),
            ("new/file", DifferenceKind::Added),
        ]
    );
    let tree = listing(&house.store.unpack(&child.digest).unwrap());
    assert_eq!(tree["etc/shop.toml"], "file 444 port = 2");
    assert_eq!(tree["lib/a.so"], "file 444 aaa");
    assert!(!tree.contains_key("lib/current"));
    assert!(tree.keys().all(|path| !path.contains(".wh.")));

    // Nothing new but the version: no layer.
    let same = house.folder("same", &[("lib/a.so", "aaa")]);
    let mut same = request(&same, "3");
    same.parent = Some(child.digest);
    assert_eq!(house.bake(&same).unwrap().layers, child.layers);
}

#[test]
fn long_names_links_and_opaque_folders_survive() {
    let house = House::new();
    let long = format!("{}/{}", "d".repeat(200), "f".repeat(200));
    let target = format!("./{}//{}", "d".repeat(200), "f".repeat(200));
    let link = format!("link -> {target}");
    let folder = house.folder(
        "long",
        &[
            (&long, "x"),
            (&link, ""),
            ("o/old", "1"),
            ("ünï côdé\n", "u"),
        ],
    );
    let parent = house.bake(&request(&folder, "1")).unwrap();
    let tree = listing(&house.store.unpack(&parent.digest).unwrap());
    assert_eq!(tree[&long], "file 444 x");
    assert_eq!(tree["link"], format!("link {target}"));
    assert_eq!(tree["ünï côdé\n"], "file 444 u");

    let folder = house.folder("opaque", &[("o/.wh..wh..opq", ""), ("o/new", "2")]);
    let mut child = request(&folder, "2");
    child.parent = Some(parent.digest);
    let child = house.bake(&child).unwrap();
    let tree = listing(&house.store.unpack(&child.digest).unwrap());
    assert!(tree.contains_key("o/new") && !tree.contains_key("o/old"));
}

#[test]
fn what_cannot_become_an_image_is_refused_with_path_and_remedy() {
    let house = House::with(Options {
        image_bytes_max: 1000,
        image_entries_max: 50,
    });
    let check = |folder: &Path, fits: fn(&ImageError) -> bool, words: &str| {
        let error = house.bake(&request(folder, "1")).unwrap_err();
        assert!(fits(&error), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(house.store.list().unwrap(), []);
    };
    let missing = house.dir.path().join("missing");
    check(
        &missing,
        |e| matches!(e, ImageError::FolderMissing { .. }),
        "missing",
    );
    let file = house.folder("f", &[("file", "x")]).join("file");
    check(
        &file,
        |e| matches!(e, ImageError::NotAFolder { .. }),
        "name the folder",
    );
    let empty = house.folder("empty", &[("only/folders/", "")]);
    check(
        &empty,
        |e| matches!(e, ImageError::FolderEmpty { .. }),
        "at least one file",
    );
    check(
        house.dir.path(),
        |e| matches!(e, ImageError::StoreInsideFolder { .. }),
        "store",
    );
    for (name, link) in [
        ("abs", "l -> /etc/passwd"),
        ("up", "a/l -> ../../x"),
        ("way", "l -> d/../.."),
    ] {
        let folder = house.folder(name, &[("d/file", "x"), (link, "")]);
        check(
            &folder,
            |e| matches!(e, ImageError::LinkLeavesImage { .. }),
            "points outside",
        );
    }
    let pipe = house.folder("pipe", &[("file", "x")]);
    rustix::fs::mknodat(
        rustix::fs::CWD,
        pipe.join("p"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    check(
        &pipe,
        |e| matches!(e, ImageError::SpecialFile { .. }),
        "named pipe",
    );
    let socket = house.folder("socket", &[("file", "x")]);
    let _listener = std::os::unix::net::UnixListener::bind(socket.join("s")).unwrap();
    check(
        &socket,
        |e| matches!(e, ImageError::SpecialFile { .. }),
        "socket",
    );
    let latin = house.folder("latin", &[("file", "x")]);
    let name = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"caf\xe9");
    fs::write(latin.join(name), "x").unwrap();
    check(&latin, |e| matches!(e, ImageError::NotText { .. }), "UTF-8");
    fs::remove_file(latin.join(name)).unwrap();
    symlink(name, latin.join("l")).unwrap();
    check(&latin, |e| matches!(e, ImageError::NotText { .. }), "UTF-8");
    let deep = house.folder("deep", &[(&format!("{}f", "dddddddddd/".repeat(100)), "x")]);
    check(
        &deep,
        |e| {
            matches!(
                e,
                ImageError::PathTooLong { .. } | ImageError::TooManyEntries { .. }
            )
        },
        "",
    );
    let large = house.folder("large", &[("file", &"x".repeat(1001))]);
    check(
        &large,
        |e| {
            matches!(
                e,
                ImageError::TooLarge {
                    bytes: 1001,
                    limit: 1000
                }
            )
        },
        "1001",
    );
    let many: Vec<String> = (0..51).map(|n| n.to_string()).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), "")).collect();
    let many = house.folder("many", &many);
    check(
        &many,
        |e| matches!(e, ImageError::TooManyEntries { limit: 50 }),
        "50",
    );
    let marker = house.folder("marker", &[(".wh.gone", ""), ("f", "")]);
    check(
        &marker,
        |e| matches!(e, ImageError::NothingToRemove { .. }),
        ".wh.gone",
    );
    let marker = house.folder("marker2", &[(".wh.", ""), ("f", "")]);
    check(
        &marker,
        |e| matches!(e, ImageError::BadMarker { .. }),
        "marker",
    );
}

#[test]
fn a_path_over_the_limit_is_named() {
    let house = House::new();
    let folder = house.folder("deep", &[(&format!("{}f", "dddddddddd/".repeat(100)), "x")]);
    let error = house.bake(&request(&folder, "1")).unwrap_err();
    assert!(
        matches!(error, ImageError::PathTooLong { limit: 1024, .. }),
        "{error:?}"
    );
}

#[test]
fn names_commands_labels_times_and_parents_are_checked() {
    let house = House::new();
    let folder = house.folder("shop", SHOP);
    let good = request(&folder, "1");
    for bad in [
        "",
        "a/b",
        "../x",
        ".hidden",
        "-x",
        "a b",
        "ä",
        &"x".repeat(65),
        "a\n",
    ] {
        let mut version = good.clone();
        version.version = bad.to_owned();
        let error = house.bake(&version).unwrap_err();
        assert!(
            matches!(
                error,
                ImageError::BadName {
                    field: "version",
                    ..
                }
            ),
            "{error:?}"
        );
        let mut app = good.clone();
        app.app = bad.to_owned();
        let error = house.bake(&app).unwrap_err();
        assert!(
            matches!(error, ImageError::BadName { field: "app", .. }),
            "{error:?}"
        );
    }
    let mut bad = good.clone();
    bad.command.clear();
    assert!(matches!(house.bake(&bad), Err(ImageError::NoCommand)));
    for command in [vec![""], vec!["a", "b\0c"]] {
        bad.command = command.into_iter().map(str::to_owned).collect();
        assert!(matches!(
            house.bake(&bad),
            Err(ImageError::BadCommand { .. })
        ));
    }
    let mut bad = good.clone();
    bad.labels.insert(String::new(), "x".to_owned());
    assert!(matches!(house.bake(&bad), Err(ImageError::BadLabel { .. })));
    let mut bad = good.clone();
    bad.created_ms = i64::MAX;
    assert!(matches!(house.bake(&bad), Err(ImageError::BadTime { .. })));
    let mut bad = good.clone();
    bad.parent = Some(Digest::of(b"nobody"));
    assert!(matches!(
        house.bake(&bad),
        Err(ImageError::ParentUnknown { .. })
    ));
    let nobody = Digest::of(b"nobody");
    assert!(matches!(
        house.store.show(&nobody),
        Err(ImageError::NotFound { .. })
    ));
    assert!(matches!(
        house.store.unpack(&nobody),
        Err(ImageError::NotFound { .. })
    ));
    assert_eq!(house.store.list().unwrap(), []);
}
