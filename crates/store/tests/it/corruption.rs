//! What a file can suffer. SQLite only: a server guards its files itself.

use crate::support::*;
use domain::{RolloutId, Time};
use std::fs;
use store::{AdminEvent, Store, StoreError, Verification};

#[tokio::test]
async fn a_second_opener_is_told_who_is_in_the_way() {
    let place = Place::sqlite();
    let first = place.open().await;
    let refused = Store::open(&place.url).await.unwrap_err();
    assert!(matches!(refused, StoreError::InUse { .. }), "{refused}");
    assert!(
        refused.to_string().contains("viridian.db is in use"),
        "{refused}"
    );
    let restored = Store::restore(&place.file("none"), &place.file("viridian.db"));
    assert!(
        matches!(restored, Err(StoreError::InUse { .. })),
        "{restored:?}"
    );
    let clone = first.clone();
    first.close().await;
    assert!(matches!(clone.head().await, Err(StoreError::Closed)));
    let record = AdminEvent {
        at: Time(1),
        by: by("eva"),
        kind: "x".into(),
        target: None,
        detail: ().into(),
    };
    assert!(matches!(
        clone.record(record).await,
        Err(StoreError::Closed)
    ));
    place.open().await.close().await;
}

#[tokio::test]
async fn a_file_that_is_no_database_is_called_damaged() {
    let place = Place::sqlite();
    let path = place.file("viridian.db");
    fs::write(&path, "this was never a database ".repeat(1_000)).unwrap();
    let refused = Store::open(&place.url).await.unwrap_err();
    let StoreError::Corrupt {
        place: named,
        remedy,
        ..
    } = &refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(named, &path.display().to_string());
    assert!(remedy.contains("restore"), "{remedy}");
}

#[tokio::test]
async fn a_file_with_torn_pages_is_called_damaged() {
    let place = Place::sqlite();
    filled(&place).await.close().await;
    let path = place.file("viridian.db");
    let mut bytes = fs::read(&path).unwrap();
    // Every page but the first, which holds the schema's beginning.
    assert!(bytes.len() > 8_192);
    bytes[4_096..].fill(0xA5);
    fs::write(&path, bytes).unwrap();
    let said = match Store::open(&place.url).await {
        Err(error) => error,
        Ok(store) => store.load(RolloutId(1)).await.unwrap_err(),
    };
    assert!(matches!(said, StoreError::Corrupt { .. }), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_back_up_made_while_writing_is_whole() {
    let place = Place::sqlite();
    let store = filled(&place).await;
    let writing = tokio::spawn({
        let store = store.clone();
        async move {
            for n in 0..400 {
                let kind = "signed_in".to_owned();
                let event = AdminEvent {
                    at: Time(n),
                    by: by("eva"),
                    kind,
                    target: None,
                    detail: n.into(),
                };
                store.record(event).await.unwrap();
            }
        }
    });
    let kept = place.file("kept.db");
    let made = store.back_up(&kept).await.unwrap();
    let after = store.head().await.unwrap();
    assert!(
        made.rows > 0 && made.rows <= after.unsigned_abs(),
        "{made:?} of {after}"
    );
    assert_eq!(made.bytes, fs::metadata(&kept).unwrap().len());
    let again = store.back_up(&kept).await;
    assert!(
        matches!(again, Err(StoreError::Unsupported { .. })),
        "{again:?}"
    );
    writing.await.unwrap();
    store.close().await;

    // In a runtime, as `viridian restore` may be.
    Store::restore(&kept, &place.file("viridian.db")).unwrap();
    let store = place.open().await;
    let said = store.verify(|_| {}).await.unwrap();
    assert!(
        matches!(said, Verification::Sound { rows, .. } if rows.unsigned_abs() == made.rows),
        "{said:?}"
    );
    store.close().await;
    assert!(
        place.file("viridian.db.replaced").exists(),
        "what stood there is kept"
    );
}

#[tokio::test]
async fn what_the_store_writes_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let place = Place::sqlite();
    let store = filled(&place).await;
    let kept = place.file("kept.db");
    store.back_up(&kept).await.unwrap();
    for name in [
        "viridian.db",
        "viridian.db-wal",
        "viridian.db-shm",
        "viridian.db.lock",
    ] {
        assert_eq!(mode(&place.file(name)), 0o600, "{name}");
    }
    assert_eq!(mode(&kept), 0o600);
    store.close().await;

    // From before, or by somebody's hand.
    for path in [&kept, &place.file("viridian.db")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    }
    place.open().await.close().await;
    assert_eq!(mode(&place.file("viridian.db")), 0o600);
    Store::restore(&kept, &place.file("viridian.db")).unwrap();
    assert_eq!(mode(&place.file("viridian.db")), 0o600);
}

#[tokio::test]
async fn a_back_up_makes_no_folders() {
    let place = Place::sqlite();
    let store = place.open().await;
    let folder = place.file("missing");
    let refused = store.back_up(&folder.join("deep/kept.db")).await;
    let said = refused.unwrap_err().to_string();
    assert!(
        said.contains("missing/deep") && said.contains("create"),
        "{said}"
    );
    assert!(!folder.exists(), "a folder was made");
    store.close().await;
}

#[tokio::test]
async fn a_damaged_back_up_replaces_nothing() {
    let place = Place::sqlite();
    let store = filled(&place).await;
    let kept = place.file("kept.db");
    store.back_up(&kept).await.unwrap();
    let head = store.head().await.unwrap();
    store.close().await;
    let whole = fs::read(&kept).unwrap();
    let cases = [
        (
            "torn",
            [&whole[..8_192], &vec![0xA5; whole.len() - 8_192]].concat(),
        ),
        ("short", whole[..whole.len() / 2].to_vec()),
        ("empty", Vec::new()),
        ("text", b"not a database".repeat(500)),
    ];
    for (case, bytes) in cases {
        fs::write(&kept, bytes).unwrap();
        let refused = Store::restore(&kept, &place.file("viridian.db"));
        assert!(refused.is_err(), "{case} was restored");
    }
    let store = place.open().await;
    assert_eq!(store.head().await.unwrap(), head);
    store.close().await;
}
