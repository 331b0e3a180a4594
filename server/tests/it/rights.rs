//! Giving rights and taking them away: nobody gives more than they have.

use crate::harness::{Answer, BINARY, Server, start};
use serde_json::{Value, json};
use std::process::{Command, Output};

const APPLICATION: &str = "[application]\nname = \"site\"\n";

/// A command as somebody elsewhere runs it: with an address and a token.
fn elsewhere(server: &Server, token: &str, args: &[&str]) -> Output {
    Command::new(BINARY)
        .args(args)
        .env("VIRIDIAN_URL", &server.url)
        .env("VIRIDIAN_TOKEN", token)
        .current_dir(server.folder.path())
        .output()
        .unwrap()
}

fn token(server: &Server, args: &[&str]) -> String {
    let mut all = vec!["token", "create"];
    all.extend(args);
    server.ok(&all).trim().to_owned()
}

fn ask(server: &Server, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    server.send(method, path, &headers, body.to_string().as_bytes())
}

fn said(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn the_command_line_works_within_its_tokens_bounds() {
    let server = Server::start();
    server.apply("approval = \"another_person\"\n");
    server.bake("1", "one");
    let ci = token(
        &server,
        &[
            "--name", "ci", "--role", "operator", "--app", "site", "--env", "prod",
        ],
    );
    let both = token(
        &server,
        &[
            "--name",
            "both",
            "--grant",
            "operator@shop",
            "--grant",
            "approver@*/prod",
        ],
    );
    let list = server.ok(&["token", "list"]);
    let row = |name: &str| list.lines().find(|line| line.starts_with(name)).unwrap();
    assert!(row("ci ").contains("operator@site/prod"), "{list}");
    assert!(
        row("both ").contains("operator@shop, approver@*/prod"),
        "{list}"
    );
    assert!(row("local ").contains("admin "), "{list}");
    let start = start("1", "canary", &[]);
    let begun = elsewhere(&server, &ci, &start);
    assert_eq!(begun.status.code(), Some(0), "{begun:?}");
    let refused = said(&elsewhere(&server, &ci, &["rollout", "promote", "1"]));
    assert!(
        refused.contains("ci asked for this rollout and cannot approve it too")
            && refused.contains("ask somebody else who is approver of site/prod"),
        "{refused}"
    );
    let refused = said(&elsewhere(&server, &ci, &["rollout", "reject", "1"]));
    assert!(
        refused.contains("you are operator of site/prod; approver needed to reject")
            && refused.contains("ask an administrator of site/prod"),
        "{refused}"
    );
    let other = token(
        &server,
        &["--name", "other", "--role", "admin", "--app", "shop"],
    );
    for args in [
        &start[..],
        &["rollout", "cancel", "1"],
        &["hold", "remove", "--app", "site", "--env", "prod"],
        &[
            "veto", "remove", "--app", "site", "--env", "prod", "--image", "1",
        ],
        &[
            "image",
            "bake",
            "site-1",
            "--app",
            "site",
            "--version",
            "2",
            "--",
            "true",
        ],
        &["apply", "-f", "app.toml"],
        &["token", "revoke", "ci"],
        &["token", "create", "--name", "x", "--role", "viewer"],
        &[
            "login-link",
            "--name",
            "x",
            "--role",
            "admin",
            "--app",
            "site",
        ],
    ] {
        let refused = said(&elsewhere(&server, &other, args));
        assert!(
            refused.contains("you are") && refused.contains("needed"),
            "{args:?}: {refused}"
        );
    }
    let seen = elsewhere(&server, &other, &["rollout", "show", "1"]);
    assert_eq!(seen.status.code(), Some(0), "reading is open: {seen:?}");
    let promoted = elsewhere(&server, &both, &["rollout", "promote", "1"]);
    assert_eq!(promoted.status.code(), Some(0), "{promoted:?}");
    for (args, told) in [
        (
            &["--role", "operator", "--env", "prd", "--app", "site"][..],
            "site has no environment prd",
        ),
        (&["--grant", "root@site"], "is no role"),
        (&["--app", "site"], "--role"),
    ] {
        let mut all = vec!["token", "create", "--name", "y"];
        all.extend(args);
        let output = server.run(&all);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && said.contains(told),
            "{args:?}: {said}"
        );
    }
}

#[test]
fn what_does_not_exist_is_told_before_rights() {
    let server = Server::start();
    server.apply("");
    server.bake("1", "one");
    let of_site = ["--name", "ci", "--role", "operator", "--app", "site"];
    let ci = token(&server, &of_site);
    let start = |app: &str, env: &str| {
        let ask = json!({ "app": app, "env": env, "image": "1", "strategy": "canary" });
        ask_for(&server, &ci, "POST", "/api/v1/rollouts", &ask)
    };
    let bake = |app: &str| {
        let folder = server.folder.path().join("site-1");
        let ask = json!({ "folder": folder, "app": app, "version": "9", "command": ["true"], "labels": [] });
        ask_for(&server, &ci, "POST", "/api/v1/images", &ask)
    };
    let import = |app: &str| {
        let ask = json!({ "folder": "/none", "app": app, "version": "9" });
        ask_for(&server, &ci, "POST", "/api/v1/images/import", &ask)
    };
    for (told, what) in [
        (start("other", "prod"), "there is no application other"),
        (start("site", "prd"), "there is no environment site/prd"),
        (bake("other"), "there is no application other"),
        (import("other"), "there is no application other"),
    ] {
        assert_eq!((told.0, told.1.as_str()), (404, what));
        assert!(!told.2.is_empty(), "no remedy");
    }
    // What exists is still another's.
    server.ok(&["apply", "-f", shop(&server).to_str().unwrap()]);
    for told in [start("shop", "prod"), bake("shop"), import("shop")] {
        assert_eq!(told.0, 403, "{told:?}");
        assert!(told.1.starts_with("you are viewer of shop"), "{told:?}");
    }
}

/// Another team's declaration.
fn shop(server: &Server) -> std::path::PathBuf {
    let file = server.folder.path().join("shop.toml");
    let port = crate::harness::free_port();
    let text = format!(
        "[application]\nname = \"shop\"\n[[environment]]\nname = \"prod\"\nlisten = \"127.0.0.1:{port}\"\n"
    );
    std::fs::write(&file, text).unwrap();
    file
}

/// Status, detail and remedy of what is refused.
fn ask_for(
    server: &Server,
    token: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> (u16, String, String) {
    let answer = ask(server, token, method, path, body);
    let told = answer.json();
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    (answer.status, text("detail"), text("remedy"))
}

/// An image belongs to the application: it is baked once and promoted from place to place. Where it
/// runs is another matter.
#[test]
fn who_operates_one_environment_bakes_for_the_application_and_starts_only_there() {
    let server = Server::start();
    server.apply("");
    server.bake("1", "one");
    let more = [
        "--name", "dev", "--role", "operator", "--app", "site", "--env", "dev",
    ];
    let toml = std::fs::read_to_string(server.folder.path().join("app.toml")).unwrap();
    let port = crate::harness::free_port();
    let file = server.folder.path().join("two.toml");
    let dev = format!("[[environment]]\nname = \"dev\"\nlisten = \"127.0.0.1:{port}\"\n");
    std::fs::write(&file, toml + &dev).unwrap();
    server.ok(&["apply", "-f", file.to_str().unwrap()]);
    let dev = token(&server, &more);
    let folder = server.folder.path().join("site-1");
    let bake = json!({ "folder": folder, "app": "site", "version": "2", "command": ["true"], "labels": [] });
    assert_eq!(
        ask(&server, &dev, "POST", "/api/v1/images", &bake).status,
        201
    );
    let start = |env: &str| {
        let ask = json!({ "app": "site", "env": env, "image": "2", "strategy": "canary" });
        ask_for(&server, &dev, "POST", "/api/v1/rollouts", &ask)
    };
    let told = start("prod");
    assert_eq!(told.0, 403, "{told:?}");
    assert_eq!(
        told.1,
        "you are viewer of site/prod; operator needed to start rollouts"
    );
    assert_eq!(start("dev").0, 201);
}

#[test]
fn nobody_gives_more_than_they_have() {
    let server = Server::start();
    server.apply("");
    let give = |token: &str, body: Value| ask(&server, token, "POST", "/api/v1/tokens", &body);
    let team = token(
        &server,
        &["--name", "team", "--role", "admin", "--app", "site"],
    );
    let fine = json!({ "name": "t1", "role": "admin", "app": "site", "env": "prod", "days": 1 });
    let made = give(&team, fine);
    assert_eq!(made.status, 201, "{made:?}");
    let narrow = made.json()["token"].as_str().unwrap().to_owned();
    for more in [
        json!({ "name": "t2", "role": "admin", "days": 1 }),
        json!({ "name": "t2", "role": "viewer", "env": "prod", "days": 1 }),
        json!({ "name": "t2", "role": "operator", "app": "shop", "days": 1 }),
        json!({ "name": "t2", "role": "operator", "app": "site", "days": 1, "grants": [{ "role": "operator" }] }),
    ] {
        assert_eq!(give(&team, more.clone()).status, 403, "{more}");
    }
    let wider = json!({ "name": "t2", "role": "operator", "app": "site", "days": 1 });
    assert_eq!(give(&narrow, wider).status, 403);
    // A name that is misspelt must not widen what is given.
    let misspelt =
        json!({ "name": "t2", "role": "admin", "app": "site", "environment": "prod", "days": 1 });
    assert_eq!(give(&team, misspelt).status, 422);
    let nothing = json!({ "name": "t2", "days": 1 });
    assert_eq!(give(&team, nothing).status, 422);

    // Tokens that are for some things only do not make others, nor browsers that are for all.
    let clerk = token(
        &server,
        &["--name", "clerk", "--role", "admin", "--scope", "admin"],
    );
    let all = json!({ "name": "t3", "role": "operator", "days": 1 });
    assert_eq!(give(&clerk, all).status, 403);
    let other =
        json!({ "name": "t3", "role": "operator", "days": 1, "scopes": ["admin", "rollouts"] });
    assert_eq!(give(&clerk, other).status, 403);
    let same = json!({ "name": "t3", "role": "operator", "days": 1, "scopes": ["admin"] });
    assert_eq!(give(&clerk, same).status, 201);
    let link = ask(&server, &clerk, "POST", "/api/v1/login-links", &json!({}));
    assert_eq!(link.status, 403, "{link:?}");

    // Each sees and revokes what they could have given.
    let names = |token: &str| -> Vec<String> {
        let list = ask(&server, token, "GET", "/api/v1/tokens", &json!({})).json();
        let rows = list["items"].as_array().unwrap().iter();
        rows.map(|row| row["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&team), ["t1", "team"]);
    assert_eq!(names(&narrow), ["t1"]);
    assert_eq!(names(&server.token), ["clerk", "local", "t1", "t3", "team"]);
    let revoke = |token: &str, name: &str| {
        ask(
            &server,
            token,
            "DELETE",
            &format!("/api/v1/tokens/{name}"),
            &json!({}),
        )
        .status
    };
    assert_eq!(revoke(&narrow, "team"), 403);
    assert_eq!(revoke(&team, "local"), 403);
    assert_eq!(revoke(&team, "none"), 404);
    assert_eq!(revoke(&team, "t1"), 200);
    assert_eq!(
        ask(&server, &narrow, "GET", "/api/v1/now", &json!({})).status,
        401
    );
}

#[test]
fn a_browser_that_came_by_a_token_goes_with_it() {
    let server = Server::start();
    server.apply("");
    let eve = token(
        &server,
        &["--name", "eve", "--role", "operator", "--app", "site"],
    );
    let link = || {
        let link = ask(&server, &eve, "POST", "/api/v1/login-links", &json!({})).json();
        link["url"]
            .as_str()
            .unwrap()
            .strip_prefix(&server.url)
            .unwrap()
            .to_owned()
    };
    let (used, unused) = (link(), link());
    let opened = server.press(&used);
    assert_eq!(opened.status, 303, "{opened:?}");
    let cookie = opened
        .header("set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let look = || {
        server
            .send("GET", "/api/v1/now", &[("cookie", &cookie)], b"")
            .status
    };
    assert_eq!(look(), 200);
    // A link that the browser makes for itself is of the same token.
    let ours = [
        ("cookie", cookie.as_str()),
        ("origin", server.url.as_str()),
        ("content-type", "application/json"),
    ];
    let more = server.send("POST", "/api/v1/login-links", &ours, b"{}");
    assert_eq!(more.status, 201, "{more:?}");
    let more = more.json()["url"]
        .as_str()
        .unwrap()
        .strip_prefix(&server.url)
        .unwrap()
        .to_owned();
    let wider = server.send(
        "POST",
        "/api/v1/login-links",
        &ours,
        b"{\"role\":\"operator\"}",
    );
    assert_eq!(wider.status, 403, "{wider:?}");
    server.ok(&["token", "revoke", "eve"]);
    assert_eq!(look(), 401);
    for path in [unused, more] {
        assert_eq!(server.send("GET", &path, &[], b"").status, 404);
    }
    // A token of the same name is another token.
    token(
        &server,
        &["--name", "eve", "--role", "operator", "--app", "site"],
    );
    assert_eq!(look(), 401);
}

#[test]
fn an_environments_admin_declares_its_settings_and_nothing_else() {
    let server = Server::start();
    let ports = [crate::harness::free_port(), crate::harness::free_port()];
    let env = |name: &str, port: u16, more: &str| {
        format!("[[environment]]\nname = \"{name}\"\nlisten = \"127.0.0.1:{port}\"\n{more}")
    };
    let (dev, prod) = (env("dev", ports[0], ""), env("prod", ports[1], ""));
    let prod_of_two = env("prod", ports[1], "instances = 2\n");
    let apply = |token: &str, environments: &[&str]| {
        let toml = format!("{APPLICATION}{}", environments.concat());
        let body = json!({ "toml": toml, "plan": false });
        ask(&server, token, "POST", "/api/v1/applications", &body)
    };
    let team = token(
        &server,
        &["--name", "team", "--role", "admin", "--app", "site"],
    );
    let admin = token(
        &server,
        &[
            "--name", "prod", "--role", "admin", "--app", "site", "--env", "prod",
        ],
    );
    assert_eq!(apply(&admin, &[&dev, &prod]).status, 403, "the first time");
    assert_eq!(
        apply(&team, &[&dev, &prod]).status,
        200,
        "a team declares its own"
    );
    assert_eq!(apply(&admin, &[&dev, &prod]).status, 200, "nothing changes");
    let dev_of_two = env("dev", ports[0], "instances = 2\n");
    assert_eq!(
        apply(&admin, &[&dev_of_two, &prod_of_two]).status,
        403,
        "dev, too"
    );
    assert_eq!(
        apply(&admin, &[&prod, &dev]).status,
        403,
        "the path turned round"
    );
    assert_eq!(apply(&admin, &[&prod]).status, 403, "dev left out");
    let done = apply(&admin, &[&dev, &prod_of_two]);
    assert_eq!(
        (done.status, &done.json()["applied"]),
        (200, &true.into()),
        "{done:?}"
    );
    let shop = "[application]\nname = \"shop\"\n";
    let body = json!({ "toml": format!("{shop}{dev}"), "plan": false });
    assert_eq!(
        ask(&server, &team, "POST", "/api/v1/applications", &body).status,
        403
    );
}
