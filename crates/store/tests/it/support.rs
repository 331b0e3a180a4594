//! Fresh databases, and rollouts to fill them with.

use domain::planner::{Capabilities, Request, plan};
use domain::rollout::{Ending, Event, Pause, What, evolve};
use domain::{
    Actor, AppName, Application, Digest, EnvName, Figures, Histogram, Plan, ReleaseNumber, Rollout,
    RolloutId, Strategy, Target, Time, Version,
};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend};
use std::collections::BTreeMap;
use std::path::PathBuf;
use store::{
    AdminEvent, Append, AppendError, Appended, Fence, Loaded, NewRollout, Opening, Reserved, Store,
    StoreUrl,
};
use tempfile::TempDir;

/// Where one test has its database.
pub(crate) struct Place {
    pub(crate) url: StoreUrl,
    raw: String,
    /// Removed with the test.
    folder: Option<TempDir>,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("viridian.db");
        let raw = format!("sqlite:{}?mode=rwc", path.display());
        Self {
            url: StoreUrl::Sqlite(path),
            raw,
            folder: Some(folder),
        }
    }

    pub(crate) fn postgres(url: String) -> Self {
        Self {
            url: StoreUrl::Postgres(url.clone()),
            raw: url,
            folder: None,
        }
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.url).await.unwrap()
    }

    /// A file beside the database.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder
            .as_ref()
            .expect("only a file has a folder")
            .path()
            .join(name)
    }

    /// The database behind the store's back.
    pub(crate) async fn raw(&self) -> DatabaseConnection {
        Database::connect(&self.raw).await.unwrap()
    }

    /// Changes rows behind the store's back, its guards switched off.
    pub(crate) async fn tamper(&self, statements: &[&str]) {
        let raw = self.raw().await;
        let guards: &[&str] = match raw.get_database_backend() {
            DbBackend::Sqlite => &[
                "DROP TRIGGER journal_keeps_rows",
                "DROP TRIGGER journal_keeps_content",
            ],
            _ => &["DROP TRIGGER journal_keeps_rows ON journal"],
        };
        for statement in guards.iter().chain(statements) {
            let done = raw.execute_unprepared(statement).await.unwrap();
            assert!(
                statement.starts_with("DROP") || done.rows_affected() > 0,
                "{statement} did nothing"
            );
        }
        raw.close().await.unwrap();
    }
}

pub(crate) fn by(name: &str) -> Actor {
    Actor::new(name).unwrap()
}

/// A browser that comes with a link; its session is called `s-LINK`.
pub(crate) fn opening(link: &str, now: i64, until: i64) -> Opening {
    Opening {
        link: link.to_owned(),
        now: Time(now),
        session: format!("s-{link}"),
        expires_at: Time(until),
    }
}

/// An administrative event of no detail.
pub(crate) fn admin(kind: &str, at: i64) -> AdminEvent {
    AdminEvent {
        at: Time(at),
        by: by("ute"),
        kind: kind.to_owned(),
        target: None,
        detail: serde_json::json!({ "name": "eva" }),
    }
}

/// What the journal holds, in short.
pub(crate) async fn kinds(store: &Store) -> Vec<String> {
    let entries = store.journal(None, 0, 100).await.unwrap();
    entries.into_iter().map(|entry| entry.kind).collect()
}

pub(crate) fn name(text: &str) -> AppName {
    AppName::new(text).unwrap()
}

pub(crate) fn target(app: &str, env: &str) -> Target {
    Target {
        app: name(app),
        env: EnvName::new(env).unwrap(),
    }
}

pub(crate) fn digest(n: u64) -> Digest {
    Digest::new(format!("sha256:{n:064x}")).unwrap()
}

pub(crate) fn application(app: &str, environments: &[(&str, u16)]) -> Application {
    let mut text = format!("[application]\nname = \"{app}\"\n");
    for (env, port) in environments {
        text += &format!(
            "[[environment]]\nname = \"{env}\"\nlisten = \"127.0.0.1:{port}\"\ninstances = 2\n"
        );
    }
    Application::from_toml(&text).unwrap()
}

/// A store with the application `site` in `dev` and `prod`.
pub(crate) async fn with_site(place: &Place) -> Store {
    let store = place.open().await;
    let site = application("site", &[("dev", 8101), ("prod", 8102)]);
    store
        .save_application(&site, &by("eva"), Time(1))
        .await
        .unwrap();
    store
}

/// A plan of version `1.n.0` for what is remembered of the environment.
pub(crate) async fn planned(store: &Store, target: &Target, n: u64) -> (Plan, Reserved) {
    let env = store.environment(target).await.unwrap().unwrap();
    let request = Request {
        app: &target.app,
        env: &env.spec,
        strategy: Strategy::Canary,
        image: digest(n),
        version: Version::new(format!("1.{n}.0")).unwrap(),
        release: ReleaseNumber(env.reserved.next_release),
        next_group: env.reserved.next_group,
        from: env.stable,
        capabilities: Capabilities::ALL,
    };
    (plan(&request).unwrap(), env.reserved)
}

pub(crate) async fn create(store: &Store, target: &Target, n: u64) -> Loaded {
    let (plan, expect) = planned(store, target, n).await;
    let new = NewRollout {
        plan,
        by: by("eva"),
        at: Time(1_000 + n as i64),
        needs_approval: false,
        expect,
    };
    store.create_rollout(new).await.unwrap()
}

pub(crate) fn event(at: i64, what: What) -> Event {
    Event {
        at: Time(at),
        by: by("viridian"),
        what,
    }
}

/// A step's beginning, with figures as the engine writes them.
pub(crate) fn step_started(at: i64, step: usize, rollout: &Rollout) -> Event {
    let figures = Figures {
        requests: 120,
        errors: 3,
        latency: Histogram([(1_000, 100), (250_000, 20)].into()),
    };
    let figures = BTreeMap::from([(rollout.plan.to.name.clone(), figures)]);
    event(at, What::StepStarted { step, figures })
}

/// Appends events to what was loaded.
pub(crate) async fn append(
    store: &Store,
    loaded: &mut Loaded,
    fence: Option<Fence>,
    events: Vec<Event>,
) -> Result<Appended, AppendError> {
    let after = events.iter().fold(loaded.rollout.clone(), evolve);
    let append = Append {
        id: loaded.rollout.id,
        expected_seq: loaded.seq,
        fence,
        events,
        after: after.clone(),
        due_at: Some(Time(9_000)),
    };
    let appended = store.append(append).await?;
    loaded.rollout = after;
    loaded.seq = appended.seq;
    loaded.due_at = Some(Time(9_000));
    Ok(appended)
}

pub(crate) async fn admit(store: &Store, loaded: &mut Loaded) {
    let rollout = loaded.rollout.clone();
    let events = vec![
        event(2_000, What::Admitted { plan: None }),
        step_started(2_001, 0, &rollout),
    ];
    append(store, loaded, None, events).await.unwrap();
}

pub(crate) async fn succeed(store: &Store, loaded: &mut Loaded) {
    append(store, loaded, None, vec![event(3_000, What::Succeeded)])
        .await
        .unwrap();
}

pub(crate) async fn roll_back(store: &Store, loaded: &mut Loaded) {
    let why = "1 of 10 requests failed".to_owned();
    let returning = What::Returning {
        why,
        ending: Ending::RolledBack,
    };
    let events = vec![
        event(
            3_000,
            What::Paused {
                pause: Pause::Approval,
            },
        ),
        Event {
            by: by("ute"),
            ..event(3_001, returning)
        },
        event(3_002, What::TrafficReturned),
        event(
            3_003,
            What::Ended {
                ending: Ending::RolledBack,
            },
        ),
    ];
    append(store, loaded, None, events).await.unwrap();
}

/// A journal of a few rollouts of every ending.
pub(crate) async fn filled(place: &Place) -> Store {
    let store = with_site(place).await;
    let prod = target("site", "prod");
    for n in 1..4 {
        let mut loaded = create(&store, &prod, n).await;
        admit(&store, &mut loaded).await;
        if n == 2 {
            roll_back(&store, &mut loaded).await;
        } else {
            succeed(&store, &mut loaded).await;
        }
    }
    store
}

pub(crate) async fn load(store: &Store, id: RolloutId) -> Loaded {
    store.load(id).await.unwrap().unwrap()
}
