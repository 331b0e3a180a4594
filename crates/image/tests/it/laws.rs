use std::collections::BTreeMap;

use image::Verdict;
use proptest::{collection::btree_map, prelude::*};

use crate::support::{House, listing, request};

/// Path to content and whether it is executable; paths that run through a file are left out.
fn trees() -> impl Strategy<Value = BTreeMap<String, (Vec<u8>, bool)>> {
    let name = "[a-c .é]{0,2}[a-d]";
    let path = proptest::collection::vec(name, 1..4).prop_map(|names| names.join("/"));
    let content = proptest::collection::vec(any::<u8>(), 0..600);
    btree_map(path, (content, any::<bool>()), 1..12).prop_map(|tree| {
        let files: Vec<String> = tree.keys().cloned().collect();
        tree.into_iter()
            .filter(|(path, _)| {
                !files
                    .iter()
                    .any(|file| path.starts_with(&format!("{file}/")))
            })
            .collect()
    })
}

fn write(
    house: &House,
    name: &str,
    tree: &BTreeMap<String, (Vec<u8>, bool)>,
) -> std::path::PathBuf {
    let root = house.folder(name, &[]);
    for (path, (bytes, executable)) in tree {
        let star = if *executable { "*" } else { "" };
        crate::support::put(&root, &format!("{path}{star}"), "");
        std::fs::write(root.join(path), bytes).unwrap();
    }
    root
}

fn read_only(tree: BTreeMap<String, String>) -> BTreeMap<String, String> {
    tree.into_iter()
        .map(|(path, facts)| {
            let facts = if facts.starts_with("dir") {
                "dir 555".to_owned()
            } else {
                facts
                    .replacen("file 755", "file 555", 1)
                    .replacen("file 644", "file 444", 1)
            };
            (path, facts)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn unpacking_gives_back_the_folder(tree in trees()) {
        let house = House::new();
        let folder = write(&house, "f", &tree);
        let image = house.bake(&request(&folder, "1")).unwrap();
        let unpacked = house.store.unpack(&image.digest).unwrap();
        prop_assert_eq!(listing(&unpacked), read_only(listing(&folder)));
        prop_assert_eq!(house.store.verify_full(&image.digest).unwrap(), Verdict::Clean);
        prop_assert_eq!(house.store.differences(&image.digest, &image.digest).unwrap(), vec![]);
    }

    #[test]
    fn a_child_holds_its_folder_and_what_of_the_parent_it_does_not_cover(below in trees(), above in trees()) {
        let house = House::new();
        let parent = house.bake(&request(&write(&house, "below", &below), "1")).unwrap();
        let mut child = request(&write(&house, "above", &above), "2");
        child.parent = Some(parent.digest);
        let child = house.bake(&child).unwrap();
        let covers = |a: &str, b: &str| a == b || b.starts_with(&format!("{a}/")) || a.starts_with(&format!("{b}/"));
        let mut expected = above.clone();
        for (path, file) in below {
            if !above.keys().any(|new| covers(new, &path)) {
                expected.insert(path, file);
            }
        }
        let unpacked = listing(&house.store.unpack(&child.digest).unwrap());
        let merged = read_only(listing(&write(&house, "merged", &expected)));
        // A folder of the parent may be left empty where a folder took a file's place, never a file.
        let files = |tree: &BTreeMap<String, String>| -> BTreeMap<String, String> {
            tree.iter().filter(|(_, facts)| !facts.starts_with("dir")).map(|(k, v)| (k.clone(), v.clone())).collect()
        };
        prop_assert_eq!(files(&unpacked), files(&merged));
    }
}
