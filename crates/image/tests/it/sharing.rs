use std::{fs, thread};

use image::{ImageError, ImageStore};

use crate::support::{House, request};

#[test]
fn concurrent_bakes_lose_no_image() {
    let house = House::new();
    let threads = 8;
    let folders: Vec<_> = (0..threads)
        .map(|n| {
            house.folder(
                &format!("f{n}"),
                &[("file", &format!("{n}")), ("same", "x")],
            )
        })
        .collect();
    thread::scope(|scope| {
        for (number, folder) in folders.iter().enumerate() {
            let dir = house.store_dir();
            scope.spawn(move || {
                // A store of its own, as another process would have.
                let store = ImageStore::open(dir).unwrap();
                for round in 0..5 {
                    let request = request(folder, &format!("{number}.{round}"));
                    let image = store.bake(&request, &mut |_| {}).unwrap();
                    store.unpack(&image.digest).unwrap();
                }
            });
        }
    });
    assert_eq!(house.store.list().unwrap().len(), threads * 5);
    assert_eq!(
        fs::read_dir(house.store_dir().join("tmp")).unwrap().count(),
        0
    );
}

#[test]
fn of_different_folders_racing_for_one_version_one_wins() {
    let house = House::new();
    let folders: Vec<_> = (0..6)
        .map(|n| house.folder(&format!("f{n}"), &[("file", &format!("{n}"))]))
        .collect();
    let results: Vec<_> = thread::scope(|scope| {
        let handles: Vec<_> = folders
            .iter()
            .map(|folder| scope.spawn(|| house.bake(&request(folder, "1"))))
            .collect();
        handles
            .into_iter()
            .map(|handle| handle.join().unwrap())
            .collect()
    });
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for result in results {
        assert!(
            matches!(result, Ok(_) | Err(ImageError::VersionTaken { .. })),
            "{result:?}"
        );
    }
    assert_eq!(house.store.list().unwrap().len(), 1);
}

#[test]
fn one_image_unpacked_by_many_at_once_is_unpacked_once() {
    let house = House::new();
    let folder = house.folder("f", &[("file", "x")]);
    let image = house.bake(&request(&folder, "1")).unwrap();
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| house.store.unpack(&image.digest).unwrap());
        }
    });
    let unpacked = fs::read_dir(house.store_dir().join("unpacked")).unwrap();
    assert_eq!(unpacked.count(), 1);
}

#[test]
fn what_a_killed_process_left_is_cleared_when_the_store_opens() {
    let house = House::new();
    let left = house.store_dir().join("unpacked/.new-abc/read-only");
    fs::create_dir_all(&left).unwrap();
    fs::write(house.store_dir().join("tmp/.tmpabc"), "half").unwrap();
    ImageStore::open(house.store_dir()).unwrap();
    assert!(!left.exists());
    assert_eq!(
        fs::read_dir(house.store_dir().join("tmp")).unwrap().count(),
        0
    );
}
