use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use image::{Difference, DifferenceKind, DifferenceKind::*, Image, ImageError, Verdict};

use crate::support::{House, request};

fn unpacked(house: &House) -> (Image, std::path::PathBuf) {
    let folder = house.folder(
        "shop",
        &[
            ("bin/shop*", "program"),
            ("etc/a", "one"),
            ("etc/b", "two"),
            ("l -> etc/a", ""),
        ],
    );
    let image = house.bake(&request(&folder, "1")).unwrap();
    let tree = house.store.unpack(&image.digest).unwrap();
    assert_eq!(house.store.verify(&image.digest).unwrap(), Verdict::Clean);
    assert_eq!(
        house.store.verify_full(&image.digest).unwrap(),
        Verdict::Clean
    );
    (image, tree)
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Does something to a path in a folder of the tree and closes both again.
fn in_open_folder(path: &Path, act: impl FnOnce(&Path)) {
    let folder = path.parent().unwrap();
    mode(folder, 0o755);
    act(path);
    mode(folder, 0o555);
}

fn rewrite(path: &Path, text: &str) {
    let before = fs::metadata(path).unwrap();
    mode(path, 0o644);
    fs::write(path, text).unwrap();
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(before.modified().unwrap()).unwrap();
    mode(path, 0o444);
}

/// A path, what is to be said of it, and what is done to it.
type Case = (&'static str, DifferenceKind, fn(&Path));

#[test]
fn every_kind_of_drift_is_named_with_its_path() {
    let cases: &[Case] = &[
        ("etc/a", Changed, |path| {
            mode(path, 0o644);
            fs::write(path, "other length").unwrap();
            mode(path, 0o444);
        }),
        ("etc/b", Changed, |path| rewrite(path, "TWO")),
        ("etc/b", Mode, |path| mode(path, 0o666)),
        ("bin/shop", Mode, |path| mode(path, 0o444)),
        ("etc", Mode, |path| mode(path, 0o777)),
        (".", Mode, |path| mode(path, 0o777)),
        ("etc/c", Added, |path| {
            in_open_folder(path, |path| fs::write(path, "x").unwrap())
        }),
        ("d", Added, |path| {
            in_open_folder(path, |path| fs::create_dir(path).unwrap())
        }),
        ("etc/a", Removed, |path| {
            in_open_folder(path, |path| fs::remove_file(path).unwrap())
        }),
        ("etc/a", Changed, |path| {
            in_open_folder(path, |path| {
                fs::remove_file(path).unwrap();
                symlink("b", path).unwrap();
            });
        }),
        ("l", Changed, |path| {
            in_open_folder(path, |path| {
                fs::remove_file(path).unwrap();
                symlink("etc/b", path).unwrap();
            });
        }),
    ];
    for (path, kind, act) in cases {
        let house = House::new();
        let (image, tree) = unpacked(&house);
        act(&tree.join(path));
        let expected = Verdict::Drifted(vec![Difference {
            path: (*path).to_owned(),
            kind: *kind,
        }]);
        assert_eq!(
            house.store.verify(&image.digest).unwrap(),
            expected,
            "{path} {kind:?}"
        );
        assert_eq!(
            house.store.verify_full(&image.digest).unwrap(),
            expected,
            "{path} {kind:?}"
        );
        let error = house.store.unpack(&image.digest).unwrap_err();
        assert!(matches!(error, ImageError::Drifted { .. }), "{error:?}");
        assert!(error.to_string().contains(path), "{error}");
        house.store.remove_unpacked(&image.digest).unwrap();
        house.store.unpack(&image.digest).unwrap();
        assert_eq!(
            house.store.verify_full(&image.digest).unwrap(),
            Verdict::Clean
        );
    }
}

#[test]
fn a_touched_but_unchanged_file_is_no_drift() {
    let house = House::new();
    let (image, tree) = unpacked(&house);
    rewrite(&tree.join("etc/a"), "one");
    assert_eq!(house.store.verify(&image.digest).unwrap(), Verdict::Clean);
}

#[test]
fn a_full_check_does_not_believe_the_seal() {
    let house = House::new();
    let (image, tree) = unpacked(&house);
    rewrite(&tree.join("etc/b"), "TWO");
    // The record is forged too, as by someone who can write to the store.
    let seal = house
        .store_dir()
        .join("seals")
        .join(format!("{}.json", image.digest.hex()));
    let text = fs::read_to_string(&seal).unwrap();
    let forged = text.replace(
        &image::Digest::of(b"two").to_string(),
        &image::Digest::of(b"TWO").to_string(),
    );
    assert_ne!(text, forged);
    fs::write(&seal, forged).unwrap();
    assert_eq!(house.store.verify(&image.digest).unwrap(), Verdict::Clean);
    let expected = Verdict::Drifted(vec![Difference {
        path: "etc/b".to_owned(),
        kind: Changed,
    }]);
    assert_eq!(house.store.verify_full(&image.digest).unwrap(), expected);
    // Without a seal the quick check is a full one.
    fs::write(&seal, "nonsense").unwrap();
    assert_eq!(house.store.verify(&image.digest).unwrap(), expected);
}

#[test]
fn a_damaged_blob_is_named_and_healed_by_baking_again() {
    let house = House::new();
    let (image, tree) = unpacked(&house);
    let blob = house
        .store_dir()
        .join("oci/blobs/sha256")
        .join(image.layers[0].digest.hex());
    let mut bytes = fs::read(&blob).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&blob, bytes).unwrap();
    house.store.remove_unpacked(&image.digest).unwrap();
    match house.store.unpack(&image.digest).unwrap_err() {
        ImageError::DigestMismatch {
            blob: named,
            expected,
            found,
        } => {
            assert_eq!((named, expected), (blob, image.layers[0].digest));
            assert_ne!(found, expected);
        }
        other => panic!("{other:?}"),
    }
    assert!(!tree.exists());
    assert!(matches!(
        house.store.verify(&image.digest),
        Err(ImageError::NotUnpacked { .. })
    ));
    house
        .bake(&request(&house.dir.path().join("shop"), "2"))
        .unwrap();
    house.store.unpack(&image.digest).unwrap();
}
