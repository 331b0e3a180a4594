//! Who comes in, and what for.

use crate::harness::{Server, start};

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn nothing_is_had_without_signing_in_but_the_open_list() {
    let server = Server::start();
    let document = server.get("/api/v1/openapi.json");
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let path = path
                .replace("{id}", "1")
                .replace("{verb}", "promote")
                .replace("{app}", "site");
            let path = path
                .replace("{env}", "prod")
                .replace("{image}", "1")
                .replace("{name}", "x");
            let path = path.replace("{digest}", &format!("sha256:{}", "0".repeat(64)));
            let answer = server.send(&method.to_uppercase(), &path, &[JSON], b"{}");
            assert_eq!(answer.status, 401, "{method} {path}: {answer:?}");
            assert_eq!(
                answer.header("content-type"),
                Some("application/problem+json")
            );
            asked += 1;
        }
    }
    assert!(asked >= 24, "only {asked} operations are in the document");
    for path in [
        "/api/docs/",
        "/api/v1/openapi.json",
        "/api/nothing",
        "/",
        "/images",
        "/applications/site",
        "/rollouts/1",
        "/history",
        "/audit",
        "/nothing",
        "/do/sign-out",
    ] {
        assert_eq!(server.send("GET", path, &[], b"").status, 401, "{path}");
    }
    for path in ["/do/rollouts", "/do/rollouts/1/promote", "/do/sign-out"] {
        assert_eq!(server.send("POST", path, &[], b"").status, 401, "{path}");
    }
    for path in ["/healthz", "/readyz", "/favicon.svg"] {
        assert_eq!(server.send("GET", path, &[], b"").status, 200, "{path}");
    }
    let page = server.send("GET", "/", &[("accept", "text/html")], b"");
    assert!(
        page.status == 401 && page.body.contains("viridian login-link"),
        "{page:?}"
    );
}

#[test]
fn a_link_signs_in_one_browser_once() {
    let server = Server::start();
    let link = server.ok(&["login-link"]);
    let path = link.trim().strip_prefix(&server.url).unwrap();
    // Looking at it, as a mail's scanner or a browser that reads ahead does, uses nothing up.
    for method in ["HEAD", "GET", "GET"] {
        let looked = server.send(method, path, &[], b"");
        assert_eq!((looked.status, looked.header("set-cookie")), (200, None));
        assert_eq!(looked.header("cache-control"), Some("no-store"));
        if method == "GET" {
            assert!(
                looked
                    .body
                    .contains("<button autofocus>Sign in as ada</button>")
                    && looked.body.contains("admin everywhere")
                    && looked.body.contains(&server.url),
                "{looked:?}"
            );
        }
    }
    // A page of somebody else cannot press the button: the browser would work in their name.
    let strange: [&[(&str, &str)]; 4] = [
        &[],
        &[("origin", "http://evil.example")],
        &[("origin", "null")],
        &[("origin", &server.url), ("sec-fetch-site", "cross-site")],
    ];
    for headers in strange {
        let pressed = server.send("POST", path, headers, b"");
        assert_eq!(pressed.status, 403, "{headers:?}: {pressed:?}");
        assert!(pressed.header("set-cookie").is_none());
        assert!(pressed.body.contains("<h1>This could not be done"));
    }
    let answer = server.press(path);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
    assert_eq!(server.press(path).status, 410, "a second use");
    assert_eq!(server.send("GET", path, &[], b"").status, 410);
    let guess = server.send("GET", "/sign-in/guess", &[], b"");
    assert!(
        guess.status == 404 && guess.body.contains("not known here"),
        "{guess:?}"
    );
    assert_eq!(server.press("/sign-in/guess").status, 404);
    let cookie = answer
        .header("set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    let page = server.send("GET", "/", &[("cookie", cookie)], b"");
    assert!(
        page.status == 200 && page.body.contains("<h1>Now</h1>"),
        "{page:?}"
    );
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .contains("'nonce-")
    );
    let ours = [("cookie", cookie), ("origin", server.url.as_str())];
    assert_eq!(server.send("POST", "/do/sign-out", &ours, b"").status, 303);
    assert_eq!(
        server.send("GET", "/", &[("cookie", cookie)], b"").status,
        401,
        "signed out"
    );
    // The start printed one, too.
    assert!(server.log().contains("/sign-in/"), "{}", server.log());
}

#[test]
fn another_sites_pages_cannot_write_with_our_cookie() {
    let server = Server::start();
    server.apply("");
    server.first();
    let cookie = server.cookie(&[]);
    let cookie = ("cookie", cookie.as_str());
    let form = ("content-type", "application/x-www-form-urlencoded");
    let url = server.url.clone();
    let strange: Vec<Vec<(&str, &str)>> = vec![
        vec![],
        vec![("origin", "http://evil.example")],
        vec![("origin", "null")],
        vec![
            ("origin", "http://127.0.0.1:8103"),
            ("sec-fetch-site", "same-site"),
        ],
        vec![("sec-fetch-site", "cross-site")],
        vec![("origin", &url), ("sec-fetch-site", "cross-site")],
    ];
    for more in strange {
        for (path, kind) in [
            ("/do/rollouts/1/rollback", form),
            ("/api/v1/rollouts/1/rollback", JSON),
        ] {
            let mut headers = vec![cookie, kind];
            headers.extend(&more);
            let answer = server.send("POST", path, &headers, b"{}");
            assert_eq!(answer.status, 403, "{path} {more:?}: {answer:?}");
        }
    }
    let headers = [
        cookie,
        JSON,
        ("origin", url.as_str()),
        ("sec-fetch-site", "same-origin"),
    ];
    assert_eq!(
        server
            .send("POST", "/api/v1/rollouts/1/pause", &headers, b"{}")
            .status,
        409,
        "let in, and refused by the rollout"
    );
}

#[test]
fn names_that_point_here_are_not_ours() {
    let server = Server::start();
    let bearer = format!("Bearer {}", server.token);
    for host in ["evil.example", "127.0.0.1.evil.example:80"] {
        let answer = server.send(
            "GET",
            "/api/v1/now",
            &[("host", host), ("authorization", &bearer)],
            b"",
        );
        assert_eq!(answer.status, 421, "{host}");
        assert_eq!(
            server
                .send("GET", "/healthz", &[("host", host)], b"")
                .status,
            421
        );
    }
    let answer = server.send(
        "GET",
        "/api/v1/now",
        &[("host", "localhost:1"), ("authorization", &bearer)],
        b"",
    );
    assert_eq!(answer.status, 200);
}

#[test]
fn a_role_and_a_scope_end_somewhere() {
    let server = Server::start();
    server.apply("");
    server.first();
    let token = |args: &[&str]| {
        let mut all = vec!["token", "create"];
        all.extend(args);
        format!("Bearer {}", server.ok(&all).trim())
    };
    let ask = |token: &str, method: &str, path: &str| {
        server
            .send(method, path, &[("authorization", token), JSON], b"{}")
            .status
    };
    let viewer = token(&["--name", "eve"]);
    assert_eq!(ask(&viewer, "GET", "/api/v1/rollouts/1"), 200);
    for path in ["/api/v1/rollouts/1/rollback", "/api/v1/rollouts/1/pause"] {
        assert_eq!(ask(&viewer, "POST", path), 403, "{path}");
    }
    assert_eq!(ask(&viewer, "GET", "/api/v1/tokens"), 403);
    assert_eq!(ask(&viewer, "DELETE", "/api/v1/holds/site/prod"), 403);
    assert_eq!(ask(&viewer, "GET", "/api/v1/doctor"), 403);
    let operator = token(&["--name", "ci", "--role", "operator", "--scope", "read"]);
    assert_eq!(ask(&operator, "GET", "/api/v1/now"), 200);
    assert_eq!(
        ask(&operator, "POST", "/api/v1/rollouts/1/pause"),
        403,
        "out of scope"
    );
    let actions = server
        .send(
            "GET",
            "/api/v1/rollouts/1",
            &[("authorization", &viewer)],
            b"",
        )
        .json();
    assert!(
        actions["actions"]
            .as_array()
            .unwrap()
            .iter()
            .all(|a| a["allowed"] == false),
        "{actions}"
    );
    // The secrets are nowhere but where they were told.
    let list = server.ok(&["token", "list", "--json"]);
    assert!(
        list.contains("eve") && !list.contains(viewer.strip_prefix("Bearer ").unwrap()),
        "{list}"
    );
    let database = std::fs::read(server.data().join("viridian.db-wal")).unwrap_or_default();
    let secret = viewer.strip_prefix("Bearer ").unwrap().as_bytes();
    assert!(
        !database.windows(secret.len()).any(|w| w == secret),
        "a secret is in the database"
    );
    server.ok(&["token", "revoke", "eve"]);
    assert_eq!(ask(&viewer, "GET", "/api/v1/now"), 401);
}

#[test]
fn the_one_who_asked_cannot_approve_and_another_can() {
    let server = Server::start();
    server.apply("[environment.blue_green]\napproval = \"another_person\"\nretain_ms = 0\n");
    server.first();
    server.bake("2", "two");
    server.ok(&start("2", "blue-green", &[]));
    crate::harness::wait("the approval's turn", || {
        let view = server.get("/api/v1/rollouts/2");
        (view["reason"] == "approval").then_some(())
    });
    let said = server.fails(&["rollout", "promote", "2"], 1);
    assert!(
        said.contains("ada asked for this rollout and cannot approve it too"),
        "{said}"
    );
    let now = server.get("/api/v1/now");
    assert_eq!(now["needs"][0]["kind"], "approval", "{now}");
    let cookie = server.cookie(&["--name", "grace", "--role", "approver"]);
    let headers = [
        ("cookie", cookie.as_str()),
        ("origin", server.url.as_str()),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let answer = server.send(
        "POST",
        "/do/rollouts/2/promote",
        &headers,
        b"step=0&return_to=%2Frollouts%2F2",
    );
    let to = answer.header("location").unwrap();
    assert!(
        answer.status == 303 && to.starts_with("/rollouts/2?problem=it%20has%20moved%20on"),
        "{to}"
    );
    let step = server.get("/api/v1/rollouts/2")["step"].to_string();
    let form = format!("step={step}&return_to=http%3A%2F%2Fevil.example");
    let answer = server.send("POST", "/do/rollouts/2/promote", &headers, form.as_bytes());
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/rollouts/2"))
    );
    assert_eq!(
        server.run(&["rollout", "watch", "2"]).status.code(),
        Some(0)
    );
}
