//! Every role, in every bounds, at every route that writes: who is let in where.

mod stage;

use crate::harness::{Answer, wait};
use serde_json::{Value, json};
use stage::{BOUNDS, Extent, PLACES, Person, ROLES, Stage, nth, start};

const NO_IMAGE: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// What came of a request, told by what it did if it was let in: refused for the role, or anything
/// else.
fn judge(answer: &Answer) -> (bool, String) {
    if answer.status == 303 {
        let to = answer.header("location").unwrap().to_owned();
        return (to.contains("%3B%20") && to.contains("%20needed"), to);
    }
    assert!(answer.status < 500, "{answer:?}");
    (answer.status == 403, answer.body.clone())
}

#[test]
fn every_write_is_let_in_by_the_role_at_its_own_object() {
    let stage = Stage::set();
    let taken = json!({ "name": "taken", "role": "viewer", "days": 1 });
    assert_eq!(stage.ours("POST", "/api/v1/tokens", &taken).status, 201);
    let mut people = Vec::new();
    for role in 0..ROLES.len() {
        people.extend(BOUNDS.map(|bounds| stage.person(role, bounds)));
    }
    let (mut let_in, mut refused) = (0, 0);
    for person in &people {
        let mut check = |what: String, needed: bool, answer: Answer| {
            let (is_refused, said) = judge(&answer);
            assert_eq!(
                is_refused, !needed,
                "{} in {:?}: {what}: {} {said}",
                ROLES[person.role], person.bounds, answer.status
            );
            if is_refused {
                assert!(
                    said.contains("you are") || said.contains("you%20are"),
                    "{said}"
                );
                refused += 1;
            } else {
                let_in += 1;
            }
        };
        for place in PLACES {
            at_an_environment(&stage, person, place, &mut check);
        }
        for app in ["site", "shop"] {
            of_an_application(&stage, person, app, &mut check);
        }
        for bounds in BOUNDS {
            of_access(&stage, person, bounds, &mut check);
        }
        let everywhere = person.is_at(Extent("", "")) >= 3;
        let answer = stage.ask(&person.bearer, "GET", "/api/v1/doctor", &json!({}));
        check("doctor".into(), everywhere, answer);
        let to = json!({ "to": "not/absolute" });
        let answer = stage.ask(&person.bearer, "POST", "/api/v1/backups", &to);
        check("backup".into(), everywhere, answer);
        reads(&stage, person);
        offers(&stage, person);
    }
    assert!(
        let_in > 500 && refused > 500,
        "{let_in} let in, {refused} refused"
    );
    // Whoever was refused everything did nothing.
    let mut after = String::new();
    loop {
        let page = stage
            .server
            .get(&format!("/api/v1/audit?limit=1000{after}"));
        for row in page["items"].as_array().unwrap() {
            let (by, what) = (row["by"].as_str().unwrap(), row["what"].as_str().unwrap());
            let came_in = ["link_created", "signed_in"].contains(&what);
            assert!(!by.starts_with("viewer") || came_in, "{row}");
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
}

type Check<'a> = &'a mut dyn FnMut(String, bool, Answer);

fn at_an_environment(stage: &Stage, person: &Person, place: Extent, check: Check<'_>) {
    let Extent(app, env) = place;
    let role = person.is_at(place);
    let rest =
        |method: &str, path: &str, body: Value| stage.ask(&person.bearer, method, path, &body);
    let start = json!({ "app": app, "env": env, "image": "none", "strategy": "canary" });
    let answer = rest("POST", "/api/v1/rollouts", start);
    check(format!("start in {place:?}"), role >= 1, answer);
    let form = format!("app={app}&env={env}&image=none&strategy=canary&return_to=%2F");
    let answer = stage.form(&person.cookie, "/do/rollouts", &form);
    check(format!("form: start in {place:?}"), role >= 1, answer);
    verbs(stage, person, place, check);
    for (path, form) in [
        (
            format!("holds/{app}/{env}"),
            format!("holds/{app}/{env}/remove"),
        ),
        (
            format!("vetoes/{app}/{env}/{NO_IMAGE}"),
            format!("vetoes/{app}/{env}/{NO_IMAGE}/remove"),
        ),
    ] {
        let answer = rest("DELETE", &format!("/api/v1/{path}"), json!({}));
        check(format!("remove {path}"), role >= 2, answer);
        let answer = stage.form(&person.cookie, &format!("/do/{form}"), "");
        check(format!("form: remove {path}"), role >= 2, answer);
    }
    // Of a cloud that there is not: whoever may declare is told so.
    let (name, port) = (format!("name = \"{env}\"\n"), stage.ports[nth(place)]);
    let moon = stage
        .toml(app)
        .replace(&name, &format!("{name}cloud = \"moon\"\n"));
    assert!(moon.contains("moon") && moon.contains(&port.to_string()));
    let answer = stage.apply(&person.bearer, &moon);
    check(format!("apply a change of {place:?}"), role >= 3, answer);
}

fn verbs(stage: &Stage, person: &Person, place: Extent, check: Check<'_>) {
    let role = person.is_at(place);
    let say = |id: u64, verb: &str| {
        let path = format!("/api/v1/rollouts/{id}/{verb}");
        stage.ask(&person.bearer, "POST", &path, &json!({}))
    };
    let press = |id: u64, verb: &str| {
        let path = format!("/do/rollouts/{id}/{verb}");
        stage.form(&person.cookie, &path, "")
    };
    let id = stage.rollout(place);
    let waits = place != PLACES[0];
    for verb in ["promote", "pause", "resume", "rollback", "cancel", "reject"] {
        let approves = verb == "reject" || (waits && verb == "promote");
        let needed = if approves { 2 } else { 1 };
        let acts = waits && ["promote", "cancel", "reject"].contains(&verb);
        if acts && role >= needed {
            continue;
        }
        check(format!("{verb} {place:?}"), role >= needed, say(id, verb));
        check(
            format!("form: {verb} {place:?}"),
            role >= needed,
            press(id, verb),
        );
    }
    if !waits || role == 0 {
        return;
    }
    // What does something is said of what may go: of what they asked for themselves.
    let mut done = |what: &str, answer: Answer, status: u16| {
        assert_eq!(answer.status, status, "{what} {place:?}: {answer:?}");
        check(what.to_owned(), true, answer);
    };
    done("cancel", say(id, "cancel"), 200);
    let answer = stage.ask(&person.bearer, "POST", "/api/v1/rollouts", &start(place));
    let own = answer.json()["id"].as_u64().unwrap();
    done("start", answer, 201);
    if role >= 2 {
        done("promote", say(own, "promote"), 409);
        done("form: promote", press(own, "promote"), 303);
        done("reject", say(own, "reject"), 200);
        let Extent(app, env) = place;
        let form = format!("app={app}&env={env}&image=1&strategy=blue-green");
        let answer = stage.form(&person.cookie, "/do/rollouts", &form);
        let own = answer
            .header("location")
            .unwrap()
            .rsplit_once('/')
            .unwrap()
            .1;
        let own = own.parse().unwrap();
        done("form: start", answer, 303);
        done("form: reject", press(own, "reject"), 303);
        assert_eq!(say(own, "cancel").status, 409, "it is over");
    } else {
        done("form: cancel", press(own, "cancel"), 303);
        assert_eq!(say(own, "cancel").status, 409, "it is over");
    }
    stage.ask_anew(place);
}

fn of_an_application(stage: &Stage, person: &Person, app: &'static str, check: Check<'_>) {
    let operates = person.is_within(app) >= 1;
    let bake =
        json!({ "folder": "/none", "app": app, "version": "9", "command": ["true"], "labels": [] });
    let answer = stage.ask(&person.bearer, "POST", "/api/v1/images", &bake);
    check(format!("bake for {app}"), operates, answer);
    let import = json!({ "folder": "/none", "app": app, "version": "9" });
    let answer = stage.ask(&person.bearer, "POST", "/api/v1/images/import", &import);
    check(format!("import for {app}"), operates, answer);
    // Another environment, of a cloud that there is not.
    let more = "[[environment]]\nname = \"new\"\ncloud = \"moon\"\nlisten = \"127.0.0.1:1\"\n";
    let answer = stage.apply(&person.bearer, &format!("{}{more}", stage.toml(app)));
    let whole = person.is_at(Extent(app, "")) >= 3;
    check(format!("apply an environment more of {app}"), whole, answer);
}

fn of_access(stage: &Stage, person: &Person, bounds: Extent, check: Check<'_>) {
    let gives = person.is_at(bounds) >= 3;
    for role in ROLES {
        let token = json!({ "name": "taken", "grants": [bounds.grant(role)], "days": 1 });
        let answer = stage.ask(&person.bearer, "POST", "/api/v1/tokens", &token);
        check(
            format!("make a token for {role} in {bounds:?}"),
            gives,
            answer,
        );
        let link = json!({ "name": "grace", "grants": [bounds.grant(role)] });
        let answer = stage.ask(&person.bearer, "POST", "/api/v1/login-links", &link);
        check(
            format!("make a link for {role} in {bounds:?}"),
            gives,
            answer,
        );
    }
    // For oneself: what one has, and less of it.
    for (role, name) in ROLES.iter().enumerate() {
        let link = bounds.grant(name);
        let answer = stage.ask(&person.bearer, "POST", "/api/v1/login-links", &link);
        let less = role == 0 || person.is_at(bounds) >= role;
        check(
            format!("a link for oneself, {name} in {bounds:?}"),
            less,
            answer,
        );
    }
}

fn reads(stage: &Stage, person: &Person) {
    for path in [
        "/api/v1/now",
        "/api/v1/applications/site",
        "/api/v1/applications/shop",
        "/api/v1/rollouts",
        "/api/v1/rollouts/3",
        "/api/v1/rollouts/3/journal",
        "/api/v1/images",
        "/api/v1/images/making",
        "/api/v1/history",
        "/api/v1/audit",
        "/api/v1/holds",
        "/api/v1/vetoes",
    ] {
        let answer = stage.ask(&person.bearer, "GET", path, &json!({}));
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
    }
    let plan = json!({ "app": "site", "env": "dev", "image": "1", "strategy": "canary" });
    let answer = stage.ask(&person.bearer, "POST", "/api/v1/rollouts/plan", &plan);
    assert_ne!(answer.status, 403, "{answer:?}");
    let body = json!({ "toml": stage.toml("shop"), "plan": true });
    let answer = stage.ask(&person.bearer, "POST", "/api/v1/applications", &body);
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// What is offered is what would be let in, and the rest says why not.
fn offers(stage: &Stage, person: &Person) {
    for place in [PLACES[1], PLACES[2]] {
        let path = format!("/api/v1/rollouts/{}", stage.rollout(place));
        let view = stage.ask(&person.bearer, "GET", &path, &json!({})).json();
        for (verb, needed) in [("promote", 2), ("reject", 2), ("cancel", 1)] {
            let offers = view["actions"].as_array().unwrap().iter();
            let offer = offers.clone().find(|offer| offer["name"] == verb).unwrap();
            let is = person.is_at(place);
            let why = if is >= needed {
                String::new()
            } else {
                let Extent(app, env) = place;
                format!(
                    "you are {} of {app}/{env}; {} needed",
                    ROLES[is], ROLES[needed]
                )
            };
            assert_eq!(
                (&offer["allowed"], &offer["why"]),
                (&Value::from(is >= needed), &Value::from(why)),
                "{} in {:?}: {verb} {place:?}",
                ROLES[person.role],
                person.bounds
            );
        }
    }
    let path = "/api/v1/applications/site";
    let view = stage.ask(&person.bearer, "GET", path, &json!({})).json();
    for (environment, place) in view["environments"].as_array().unwrap().iter().zip(PLACES) {
        let why = environment["candidates"][0]["why"].as_str().unwrap();
        let forbidden = why.starts_with("you are");
        let is = person.is_at(place);
        assert!(!forbidden || is < 1, "{why}");
        if place == PLACES[1] {
            assert_eq!(forbidden, is < 1, "{why}");
        }
    }
}

#[test]
fn who_asked_does_not_approve_by_any_way_in() {
    let stage = Stage::set();
    let grace = stage.person(2, Extent("shop", "prod"));
    let ask = |bearer: &str, verb: &str, id: u32| {
        let path = format!("/api/v1/rollouts/{id}/{verb}");
        stage.ask(bearer, "POST", &path, &json!({}))
    };
    assert_eq!(ask(&grace.bearer, "cancel", 3).status, 200);
    let begun = stage.ask(&grace.bearer, "POST", "/api/v1/rollouts", &start(PLACES[2]));
    assert_eq!(begun.status, 201, "{begun:?}");
    stage.server.until_state(4, "pending_approval");
    let refused = ask(&grace.bearer, "promote", 4);
    assert_eq!(refused.status, 409, "{refused:?}");
    let why = "approver-shop-prod asked for this rollout and cannot approve it too";
    assert_eq!(refused.json()["detail"], why);
    let view = stage
        .ask(&grace.bearer, "GET", "/api/v1/rollouts/4", &json!({}))
        .json();
    let offers = view["actions"].as_array().unwrap();
    let offer = offers
        .iter()
        .find(|offer| offer["name"] == "promote")
        .unwrap();
    assert_eq!(offer["allowed"], false);
    assert!(offer["why"].as_str().unwrap().starts_with(why), "{offer}");
    // The same person in a browser.
    let answer = stage.form(&grace.cookie, "/do/rollouts/4/promote", "");
    assert!(
        answer
            .header("location")
            .unwrap()
            .contains("cannot%20approve"),
        "{answer:?}"
    );
    assert_eq!(stage.server.rollout(4)["state"], "pending_approval");
    // An approver of another environment is somebody else, and not enough.
    let other = stage.person(2, Extent("site", "prod"));
    assert_eq!(ask(&other.bearer, "promote", 4).status, 403);
    let right = stage.person(2, Extent("", "prod"));
    assert_eq!(ask(&right.bearer, "promote", 4).status, 200);
    wait("the approval to count", || {
        (stage.server.rollout(4)["state"] != "pending_approval").then_some(())
    });
}
