//! A store in a folder of its own, the in-memory cloud, and an engine between them.

use cloud::fake::{Fake, ImageSettings, Settings};
use domain::{Application, Digest, Rollout, RolloutId, Status, Strategy, Target, Version};
use engine::{
    Ask, Clock, Clouds, Engine, EngineError, Options, Replicas, SharedClock, SystemClock,
};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{Store, StoreUrl};
use tempfile::TempDir;

pub(crate) struct Stage {
    pub(crate) engine: Engine,
    pub(crate) fake: Arc<Fake>,
    pub(crate) store: Store,
    pub(crate) clock: SharedClock,
    folder: TempDir,
}

pub(crate) fn digest(version: u8) -> Digest {
    Digest::new(format!("sha256:{version:064x}")).unwrap()
}

pub(crate) fn target(env: &str) -> Target {
    Target {
        app: "site".parse().unwrap(),
        env: env.parse().unwrap(),
    }
}

pub(crate) fn ask(env: &str, version: u8, strategy: Strategy) -> Ask {
    Ask {
        target: target(env),
        image: digest(version),
        version: Version::new(version.to_string()).unwrap(),
        strategy,
        by: "ada".parse().unwrap(),
    }
}

pub(crate) const SITE: &str = r#"
[application]
name = "site"
[[environment]]
name = "prod"
cloud = "fake"
listen = "127.0.0.1:8103"
instances = 3
[environment.canary]
weights = [10, 50, 100]
pause_ms = 100
min_requests = 5
retain_ms = 100
[environment.blue_green]
retain_ms = 100
[environment.rolling]
pause_ms = 20
[environment.ab]
run_ms = 100
retain_ms = 100
[[environment]]
name = "dev"
cloud = "fake"
listen = "127.0.0.1:8104"
"#;

impl Stage {
    pub(crate) async fn set() -> Self {
        Self::set_with(|fake| fake).await
    }

    /// `wrap` may put something between the engine and the fake.
    pub(crate) async fn set_with<P: cloud::Provider>(
        wrap: impl FnOnce(Arc<Fake>) -> Arc<P>,
    ) -> Self {
        Self::set_at(Arc::new(SystemClock), SITE, wrap).await
    }

    /// The same by another clock than the machine's, which the fake keeps, and for another site.
    pub(crate) async fn set_at<P: cloud::Provider>(
        clock: SharedClock,
        site: &str,
        wrap: impl FnOnce(Arc<Fake>) -> Arc<P>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreUrl::Sqlite(folder.path().join("test.db")))
            .await
            .unwrap();
        let settings = Settings {
            image: ImageSettings {
                start_ms: 20,
                ..ImageSettings::default()
            },
            requests_per_s: 2_000,
            drain_ms: 10,
            ..Settings::default()
        };
        let fake = Arc::new(Fake::with(Arc::new(|| SystemClock.now()), settings));
        let site = Application::from_toml(site).unwrap();
        store
            .save_application(&site, &"ada".parse().unwrap(), clock.now())
            .await
            .unwrap();
        let clouds: Clouds = [(
            "fake".to_owned(),
            wrap(Arc::clone(&fake)) as Arc<dyn cloud::Provider>,
        )]
        .into();
        let engine = Engine::start(
            store.clone(),
            clouds,
            Arc::clone(&clock),
            Options::default(),
        );
        Self {
            engine,
            fake,
            store,
            clock,
            folder,
        }
    }

    /// Another engine over the same store and cloud, in the way of a second replica.
    pub(crate) fn replica(&self, owner: &str) -> Engine {
        let clouds: Clouds = [(
            "fake".to_owned(),
            Arc::clone(&self.fake) as Arc<dyn cloud::Provider>,
        )]
        .into();
        let options = Options {
            owner: owner.to_owned(),
            lease_ms: 2_000,
            replicas: Replicas::Others,
            ..Options::default()
        };
        Engine::start(self.store.clone(), clouds, Arc::clone(&self.clock), options)
    }

    /// Ends the engine and starts another one over the same store and cloud.
    pub(crate) async fn restart(&mut self) {
        self.engine.stop().await;
        let clouds: Clouds = [(
            "fake".to_owned(),
            Arc::clone(&self.fake) as Arc<dyn cloud::Provider>,
        )]
        .into();
        let clock = Arc::clone(&self.clock);
        self.engine = Engine::start(self.store.clone(), clouds, clock, Options::default());
        assert!(self.folder.path().exists());
    }

    /// Says something to the database beside the store; `false` where there is nothing to say it with.
    pub(crate) fn meddle(&self, sql: &str) -> bool {
        let program = "import sqlite3, sys\n\
                       with sqlite3.connect(sys.argv[1], timeout=30) as db: db.executescript(sys.argv[2])";
        let python = std::process::Command::new("python3")
            .args(["-c", program])
            .arg(self.folder.path().join("test.db"))
            .arg(sql)
            .output();
        match python {
            Ok(said) => {
                assert!(said.status.success(), "{said:?}");
                true
            }
            Err(_) => {
                skipped::skipped("there is no python3");
                false
            }
        }
    }

    pub(crate) async fn load(&self, id: RolloutId) -> Rollout {
        self.store.load(id).await.unwrap().unwrap().rollout
    }

    /// Waits on a condition of the rollout, within a bound that only a hang reaches.
    pub(crate) async fn until(
        &self,
        id: RolloutId,
        what: &str,
        wanted: impl Fn(&Rollout) -> bool,
    ) -> Rollout {
        let began = Instant::now();
        loop {
            let rollout = self.load(id).await;
            if wanted(&rollout) {
                return rollout;
            }
            let trouble = self.engine.trouble(&rollout.plan.target);
            assert!(
                began.elapsed() < Duration::from_secs(30) && !rollout.status.is_terminal(),
                "rollout {id} is not {what} but {:?} at step {} of {} ({trouble:?}), back: {:?}",
                rollout.status,
                rollout.step,
                rollout.plan.len(),
                rollout.going_back,
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) async fn ends(&self, id: RolloutId, wanted: &Status) -> Rollout {
        self.until(id, wanted.as_str(), |rollout| rollout.status == *wanted)
            .await
    }

    pub(crate) async fn run(&self, ask: &Ask) -> Result<RolloutId, EngineError> {
        let id = self.engine.begin(ask).await?;
        self.ends(id, &Status::Succeeded).await;
        Ok(id)
    }
}
