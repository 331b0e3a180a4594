//! The suite that every provider passes.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use async_trait::async_trait;
use cloud::conformance::{self, Kit};
use cloud::{CloudError, Place, Provider};
use domain::{Digest, Version};

use crate::support::{TestNode, group, place};

struct LocalKit {
    places: AtomicU32,
    good: [(Digest, Version); 2],
    bad: (Digest, Version),
}

#[async_trait]
impl Kit for LocalKit {
    async fn place(&self) -> Place {
        place(&format!("env{}", self.places.fetch_add(1, SeqCst)))
    }

    fn good_images(&self) -> [(Digest, Version); 2] {
        self.good.clone()
    }

    fn bad_image(&self) -> Option<(Digest, Version)> {
        Some(self.bad.clone())
    }

    fn missing_image(&self) -> Digest {
        missing()
    }

    async fn tick(&self) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    fn patience(&self) -> u32 {
        1_000
    }
}

fn missing() -> Digest {
    Digest::new(format!("sha256:{}", "5".repeat(64))).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_local_cloud_keeps_the_contract() {
    let node = TestNode::start().await;
    let version = |text: &str| text.parse::<Version>().unwrap();
    let sleeper = node
        .bake(
            "9.0.0",
            &[("a.py", "import time\ntime.sleep(600)")],
            &["python3", "a.py"],
        )
        .await;
    let kit = LocalKit {
        places: AtomicU32::new(0),
        good: [
            (node.server("1.0.0").await, version("1.0.0")),
            (node.server("2.0.0").await, version("2.0.0")),
        ],
        bad: (sleeper, version("9.0.0")),
    };
    let report = conformance::run(&node.cloud, &kit).await;
    report.assert_passed();
    assert!(report.left_out.is_empty(), "{:?}", report.left_out);
}

#[tokio::test(flavor = "multi_thread")]
async fn images_are_baked_listed_compared_and_verified() {
    let node = TestNode::start().await;
    let (one, two) = (node.server("1.0.0").await, node.server("2.0.0").await);
    assert_eq!(
        node.server("1.0.0").await,
        one,
        "the same bake is the same image"
    );
    let listed: Vec<Digest> = node
        .cloud
        .images()
        .await
        .unwrap()
        .into_iter()
        .map(|i| i.digest)
        .collect();
    assert_eq!(listed, [one.clone(), two.clone()]);
    assert!(node.cloud.has_image(&one).await.unwrap());
    assert!(!node.cloud.has_image(&missing()).await.unwrap());
    let changes = node.cloud.differences(&one, &two).await.unwrap();
    assert_eq!(
        changes
            .iter()
            .map(|one| one.path.as_str())
            .collect::<Vec<_>>(),
        ["server.py"]
    );
    assert!(node.cloud.verify(&one).await.unwrap().is_empty());
    let here = place("prod");
    let unknown = node
        .cloud
        .ensure_group(&here, &group(&here, 1, &missing()), 1)
        .await
        .unwrap_err();
    assert!(matches!(unknown, CloudError::NotFound(_)), "{unknown}");
}
