//! Places, images and a clock for tests.

use cloud::Place;
use cloud::conformance::Kit;
use cloud::fake::VirtualClock;
use domain::{AppName, Application, Digest, EnvName, Target, Version};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) fn digest(n: u8) -> Digest {
    Digest::new(format!("sha256:{}", format!("{n:02x}").repeat(32))).unwrap()
}

pub(crate) fn version(text: &str) -> Version {
    Version::new(text).unwrap()
}

pub(crate) fn place(n: u32) -> Place {
    let toml = format!(
        "[application]\nname = \"site\"\n[[environment]]\nname = \"e{n}\"\nlisten = \"127.0.0.1:8103\"\ninstances = 2\n"
    );
    let environment = Application::from_toml(&toml)
        .unwrap()
        .environments
        .remove(0);
    let target = Target {
        app: AppName::new("site").unwrap(),
        env: EnvName::new(format!("e{n}")).unwrap(),
    };
    Place {
        target,
        environment: Arc::new(environment),
    }
}

/// The kit of the fake: time passes only when the suite waits.
pub(crate) struct FakeKit {
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) places: AtomicU32,
}

impl FakeKit {
    pub(crate) fn new(clock: Arc<VirtualClock>) -> Self {
        Self {
            clock,
            places: AtomicU32::new(0),
        }
    }
}

#[async_trait::async_trait]
impl Kit for FakeKit {
    async fn place(&self) -> Place {
        place(self.places.fetch_add(1, Ordering::SeqCst))
    }

    fn good_images(&self) -> [(Digest, Version); 2] {
        [(digest(1), version("1.0.0")), (digest(2), version("2.0.0"))]
    }

    fn bad_image(&self) -> Option<(Digest, Version)> {
        Some((digest(3), version("3.0.0")))
    }

    fn missing_image(&self) -> Digest {
        digest(4)
    }

    async fn tick(&self) {
        self.clock.advance_ms(20);
    }
}
