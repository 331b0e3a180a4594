//! People with every role in every bounds, and something for them to write to.

use crate::harness::{Answer, Server, free_port};
use serde_json::{Value, json};
use std::cell::RefCell;

pub(super) const ROLES: [&str; 4] = ["viewer", "operator", "approver", "admin"];
/// Bounds of a grant, as application and environment.
pub(super) const BOUNDS: [Extent; 6] = [
    Extent("", ""),
    Extent("site", ""),
    Extent("site", "prod"),
    Extent("site", "dev"),
    Extent("shop", ""),
    Extent("", "prod"),
];
pub(super) const PLACES: [Extent; 3] = [
    Extent("site", "dev"),
    Extent("site", "prod"),
    Extent("shop", "prod"),
];

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extent(pub(super) &'static str, pub(super) &'static str);

impl Extent {
    pub(super) fn covers(self, other: Extent) -> bool {
        (self.0.is_empty() || self.0 == other.0) && (self.1.is_empty() || self.1 == other.1)
    }

    pub(super) fn grant(self, role: &str) -> Value {
        let mut grant = json!({ "role": role });
        if !self.0.is_empty() {
            grant["app"] = self.0.into();
        }
        if !self.1.is_empty() {
            grant["env"] = self.1.into();
        }
        grant
    }
}

/// Somebody with one role in some bounds, by a token and in a browser.
pub(super) struct Person {
    pub(super) role: usize,
    pub(super) bounds: Extent,
    pub(super) bearer: String,
    pub(super) cookie: String,
}

impl Person {
    pub(super) fn is_at(&self, place: Extent) -> usize {
        if self.bounds.covers(place) {
            self.role
        } else {
            0
        }
    }

    pub(super) fn is_within(&self, app: &str) -> usize {
        let reaches = self.bounds.0.is_empty() || self.bounds.0 == app;
        if reaches { self.role } else { 0 }
    }
}

/// `site` in dev, where 1 serves, and prod, and `shop` in prod; in both of these a rollout waits for
/// an approval.
pub(super) struct Stage {
    pub(super) server: Server,
    pub(super) ports: [u16; 3],
    /// The rollout of each place that is asked for and told things.
    rollouts: RefCell<[u64; 3]>,
}

impl Stage {
    pub(super) fn set() -> Self {
        let server = Server::start();
        let ports = [free_port(), free_port(), free_port()];
        let stage = Self {
            server,
            ports,
            rollouts: RefCell::default(),
        };
        for app in ["site", "shop"] {
            let answer = stage.apply(&format!("Bearer {}", stage.server.token), &stage.toml(app));
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        stage.server.bake("1", "one");
        let folder = stage.server.folder.path().join("site-1");
        let bake = json!({ "folder": folder, "app": "shop", "version": "1", "command": ["true"], "labels": [] });
        assert_eq!(stage.ours("POST", "/api/v1/images", &bake).status, 201);
        for place in PLACES {
            stage.ask_anew(place);
        }
        stage.server.until_state(1, "succeeded");
        stage
    }

    pub(super) fn toml(&self, app: &str) -> String {
        let env = |name: &str, port: u16, more: &str| {
            format!(
                "[[environment]]\nname = \"{name}\"\nlisten = \"127.0.0.1:{port}\"\n{more}health = {{ path = \"/\", interval_ms = 100, healthy_after = 1 }}\n"
            )
        };
        let approval = "approval = \"another_person\"\n";
        let environments = if app == "site" {
            env("dev", self.ports[0], "") + &env("prod", self.ports[1], approval)
        } else {
            env("prod", self.ports[2], approval)
        };
        format!("[application]\nname = \"{app}\"\n{environments}")
    }

    pub(super) fn rollout(&self, place: Extent) -> u64 {
        self.rollouts.borrow()[nth(place)]
    }

    /// Starts what is asked for in a place, in nobody's name of those who are tried.
    pub(super) fn ask_anew(&self, place: Extent) {
        let answer = self.ours("POST", "/api/v1/rollouts", &start(place));
        assert_eq!(answer.status, 201, "{place:?}: {answer:?}");
        self.rollouts.borrow_mut()[nth(place)] = answer.json()["id"].as_u64().unwrap();
    }

    pub(super) fn ours(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.server.ask(method, path, Some(&body.to_string()))
    }

    pub(super) fn ask(&self, bearer: &str, method: &str, path: &str, body: &Value) -> Answer {
        let headers = [
            ("authorization", bearer),
            ("content-type", "application/json"),
        ];
        self.server
            .send(method, path, &headers, body.to_string().as_bytes())
    }

    pub(super) fn form(&self, cookie: &str, path: &str, body: &str) -> Answer {
        let headers = [
            ("cookie", cookie),
            ("origin", self.server.url.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        self.server.send("POST", path, &headers, body.as_bytes())
    }

    pub(super) fn apply(&self, bearer: &str, toml: &str) -> Answer {
        let body = json!({ "toml": toml, "plan": false });
        self.ask(bearer, "POST", "/api/v1/applications", &body)
    }

    pub(super) fn person(&self, role: usize, bounds: Extent) -> Person {
        let name = format!("{}-{}-{}", ROLES[role], bounds.0, bounds.1);
        let grant = bounds.grant(ROLES[role]);
        let body = json!({ "name": name, "grants": [grant], "days": 1 });
        let made = self.ours("POST", "/api/v1/tokens", &body);
        assert_eq!(made.status, 201, "{made:?}");
        let bearer = format!("Bearer {}", made.json()["token"].as_str().unwrap());
        let link = self.ask(&bearer, "POST", "/api/v1/login-links", &json!({}));
        assert_eq!(link.status, 201, "a link for oneself: {link:?}");
        let url = link.json()["url"].as_str().unwrap().to_owned();
        let path = url.strip_prefix(&self.server.url).unwrap();
        let opened = self.server.press(path);
        let cookie = opened.header("set-cookie").unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Person {
            role,
            bounds,
            bearer,
            cookie,
        }
    }
}

pub(super) fn nth(place: Extent) -> usize {
    PLACES.iter().position(|p| *p == place).unwrap()
}

pub(super) fn start(Extent(app, env): Extent) -> Value {
    json!({ "app": app, "env": env, "image": "1", "strategy": "blue-green" })
}
