use crate::support::*;
use domain::{RolloutId, Time, Version};
use store::{ImageRecord, NewRollout, StoreError};

pub(crate) async fn an_application_is_read_back_as_applied(place: Place) {
    let store = place.open().await;
    let (who, at) = (by("eva"), Time(1));
    let site = application("site", &[("prod", 8102), ("dev", 8101), ("a", 8100)]);
    let shop = application("shop", &[("prod", 8203)]);
    assert!(store.save_application(&site, &who, at).await.unwrap());
    assert!(store.save_application(&shop, &who, at).await.unwrap());
    assert_eq!(
        store.application(&site.name).await.unwrap(),
        Some(site.clone())
    );
    assert_eq!(
        store.applications().await.unwrap(),
        [shop.clone(), site.clone()]
    );

    let head = store.head().await.unwrap();
    assert!(
        !store.save_application(&site, &who, Time(2)).await.unwrap(),
        "nothing differs"
    );
    assert_eq!(store.head().await.unwrap(), head);

    let swapped = application("site", &[("dev", 8102), ("prod", 8101), ("a", 8100)]);
    assert!(
        store
            .save_application(&swapped, &who, Time(3))
            .await
            .unwrap()
    );
    assert_eq!(store.application(&site.name).await.unwrap(), Some(swapped));
    assert_eq!(store.environments().await.unwrap().len(), 4);
    store.close().await;
}

pub(crate) async fn a_removed_environment_keeps_its_history(place: Place) {
    let store = filled(&place).await;
    let prod = target("site", "prod");
    let before = store.environment(&prod).await.unwrap().unwrap();
    let (plan, expect) = planned(&store, &prod, 9).await;
    let less = application("site", &[("dev", 8101)]);
    store
        .save_application(&less, &by("eva"), Time(9))
        .await
        .unwrap();
    assert_eq!(store.application(&prod.app).await.unwrap(), Some(less));
    assert_eq!(store.environments().await.unwrap().len(), 1);
    let gone = store.environment(&prod).await.unwrap().unwrap();
    assert!(gone.gone);
    assert_eq!(gone.stable, before.stable);
    let new = NewRollout {
        plan,
        by: by("eva"),
        at: Time(10),
        needs_approval: false,
        expect,
    };
    let refused = store.create_rollout(new).await;
    assert!(
        matches!(refused, Err(StoreError::Unknown { .. })),
        "{refused:?}"
    );
    assert!(store.load(RolloutId(1)).await.unwrap().is_some());

    // Its port is free for others, and it comes back with its numbers.
    let other = application("other", &[("prod", 8102)]);
    store
        .save_application(&other, &by("eva"), Time(11))
        .await
        .unwrap();
    let back = application("site", &[("dev", 8101), ("prod", 8104)]);
    store
        .save_application(&back, &by("eva"), Time(12))
        .await
        .unwrap();
    let back = store.environment(&prod).await.unwrap().unwrap();
    assert_eq!((back.gone, back.reserved), (false, before.reserved));
    store.close().await;
}

pub(crate) async fn a_taken_port_is_refused(place: Place) {
    let store = with_site(&place).await;
    let head = store.head().await.unwrap();
    let shop = application("shop", &[("test", 8300), ("prod", 8102)]);
    let refused = store
        .save_application(&shop, &by("eva"), Time(2))
        .await
        .unwrap_err();
    let StoreError::PortTaken { listen, app, env } = &refused else {
        panic!("{refused:?}")
    };
    assert_eq!(
        (listen.port(), app.as_str(), env.as_str()),
        (8102, "site", "prod")
    );
    assert!(
        refused
            .to_string()
            .contains("127.0.0.1:8102 is taken by site/prod"),
        "{refused}"
    );
    assert_eq!(
        store.application(&shop.name).await.unwrap(),
        None,
        "nothing of it was written"
    );
    assert_eq!(store.head().await.unwrap(), head);
    store.close().await;
}

pub(crate) async fn images_never_move(place: Place) {
    let store = place.open().await;
    let image = |n: u64, version: &str| ImageRecord {
        digest: digest(n),
        app: name("site"),
        version: Version::new(version).unwrap(),
        parent: (n > 1).then(|| digest(n - 1)),
        command: vec!["bin/site".into(), "${PORT}".into()],
        baked_at: Time(n as i64),
        baked_by: by("eva"),
        size_bytes: 1 << 33,
        files: 7,
        labels: vec![("commit".into(), "abc".into())],
    };
    for (n, version) in [(1, "1.0.0"), (2, "1.1.0")] {
        store.save_image(image(n, version)).await.unwrap();
        store.save_image(image(n, version)).await.unwrap();
    }
    let moved = store.save_image(image(3, "1.1.0")).await;
    assert!(
        matches!(moved, Err(StoreError::VersionTaken { ref digest, .. }) if *digest == self::digest(2)),
        "{moved:?}"
    );
    let renamed = store.save_image(image(2, "2.0.0")).await;
    assert!(
        matches!(renamed, Err(StoreError::ImageTaken { .. })),
        "{renamed:?}"
    );
    assert_eq!(
        store.images(None).await.unwrap(),
        [image(2, "1.1.0"), image(1, "1.0.0")]
    );
    assert_eq!(store.images(Some(&name("shop"))).await.unwrap(), []);
    assert_eq!(
        store.image(&digest(1)).await.unwrap(),
        Some(image(1, "1.0.0"))
    );
    let found = store
        .find_image(&name("site"), &Version::new("1.1.0").unwrap())
        .await
        .unwrap();
    assert_eq!(found, Some(image(2, "1.1.0")));
    let kinds: Vec<_> = store
        .journal(None, 0, 10)
        .await
        .unwrap()
        .into_iter()
        .map(|e| e.kind)
        .collect();
    assert_eq!(kinds, ["baked", "baked"]);
    store.close().await;
}

pub(crate) async fn nothing_is_known_of_what_is_unknown(place: Place) {
    let store = with_site(&place).await;
    let nowhere = target("site", "nowhere");
    assert_eq!(store.environment(&nowhere).await.unwrap(), None);
    assert_eq!(store.application(&name("none")).await.unwrap(), None);
    assert_eq!(store.image(&digest(1)).await.unwrap(), None);
    let hold = store.remove_hold(&nowhere, &by("eva"), Time(1)).await;
    assert!(matches!(hold, Err(StoreError::Unknown { .. })), "{hold:?}");
    let claim = store.claim(RolloutId(9), "one", Time(0), 10).await;
    assert!(
        matches!(claim, Err(StoreError::Unknown { .. })),
        "{claim:?}"
    );
    store.close().await;
}
