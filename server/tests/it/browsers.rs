//! What browsers send: cookies that others planted, pages of other addresses, forms that are not whole.

use crate::harness::{Answer, Given, Server, start};
use std::io::Write;
use std::net::TcpStream;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const HTML: (&str, &str) = ("accept", "text/html");

#[test]
fn a_cookie_that_was_planted_neither_signs_in_nor_signs_out() {
    let server = Server::start();
    let cookie = server.cookie(&[]);
    let status = |cookies: &str| {
        let headers = [("cookie", cookies), HTML];
        server.send("GET", "/", &headers, b"").status
    };
    assert_eq!(status(&cookie), 200);
    assert_eq!(status("viridian_session=planted"), 401);
    assert_eq!(status("__Host-viridian_session=planted"), 401);
    let beside = format!("viridian_session=planted; {cookie}; viridian_session=");
    assert_eq!(status(&beside), 200, "what is no session hides none");
    // Somebody with a way in of their own gives it to another's browser.
    let mallory = server.cookie(&["--name", "mallory", "--role", "viewer"]);
    for both in [
        format!("{mallory}; {cookie}"),
        format!("{cookie}; {mallory}"),
    ] {
        assert_eq!(status(&both), 401, "of two sessions none is believed");
    }
    let ours = [("cookie", cookie.as_str()), ("origin", server.url.as_str())];
    let out = server.send("POST", "/do/sign-out", &ours, b"");
    assert_eq!(out.status, 303);
    assert_eq!(status(&cookie), 401);
}

#[test]
fn an_application_sees_no_session_and_plants_none() {
    let server = Server::start();
    let port = server.apply("");
    let folder = server.folder.path().join("echo");
    std::fs::create_dir(&folder).unwrap();
    let program = "import http.server, sys\n\
        class Echo(http.server.BaseHTTPRequestHandler):\n\
        \x20def do_GET(self):\n\
        \x20 body = str(self.headers.get_all('cookie')).encode()\n\
        \x20 self.send_response(200)\n\
        \x20 self.send_header('set-cookie', 'viridian_session=planted; Path=/')\n\
        \x20 self.send_header('set-cookie', '__Host-viridian_session=planted; Path=/')\n\
        \x20 self.send_header('set-cookie', 'theme=dark')\n\
        \x20 self.send_header('content-length', str(len(body)))\n\
        \x20 self.end_headers()\n\
        \x20 self.wfile.write(body)\n\
        http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Echo).serve_forever()\n";
    std::fs::write(folder.join("echo.py"), program).unwrap();
    server.bake_command("1", &folder, &["python3", "echo.py", "${PORT}"]);
    server.ok(&start("1", "blue-green", &["--watch"]));
    let cookie = server.cookie(&[]);
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(
        stream,
        "GET / HTTP/1.1\r\nhost: x\r\ncookie: a=1; {cookie}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let answer = crate::harness::read(&mut stream);
    assert_eq!(answer.body, "['a=1']", "the application saw the session");
    let head = answer.head.to_ascii_lowercase();
    assert!(head.contains("set-cookie: theme=dark"), "{head}");
    assert!(!head.contains("planted"), "{head}");
}

#[test]
fn behind_https_the_told_address_alone_may_write() {
    let given = Given {
        args: vec![
            "--public-url".to_owned(),
            "https://ops.example.org".to_owned(),
        ],
        ..Given::default()
    };
    let server = Server::start_with(tempfile::tempdir().unwrap(), given);
    let link = server.ok(&["login-link"]);
    let path = link.trim().strip_prefix("https://ops.example.org").unwrap();
    let host = ("host", "ops.example.org");
    let page = server.send("GET", path, &[host], b"");
    assert!(
        page.body
            .contains("<strong>https://ops.example.org</strong>"),
        "{page:?}"
    );
    let origin = ("origin", "https://ops.example.org");
    let answer = server.send("POST", path, &[host, origin], b"");
    assert_eq!(answer.status, 303, "{answer:?}");
    let cookie = answer.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("__Host-viridian_session=") && cookie.contains("; Secure"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap();
    let write = |origin: &str| {
        let headers = [host, ("cookie", cookie), ("origin", origin), FORM];
        server
            .send("POST", "/do/rollouts/1/pause", &headers, b"")
            .status
    };
    assert_eq!(
        write("http://ops.example.org"),
        403,
        "a page that came in the clear"
    );
    assert_eq!(write("https://evil.example"), 403);
    assert_eq!(
        write("https://ops.example.org"),
        303,
        "let in, and back with the problem"
    );
    let plain = cookie.strip_prefix("__Host-").unwrap();
    let page = server.send("GET", "/", &[host, ("cookie", plain), HTML], b"");
    assert_eq!(page.status, 401, "a plain page could have set it");

    let wrong = server.folder.path().join("other");
    let output = std::process::Command::new(crate::harness::BINARY)
        .args(["serve", "--public-url", "ops.example.org", "--data"])
        .arg(wrong)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("write it as https://"), "{said}");
}

#[test]
fn an_https_page_of_this_host_is_not_ours_where_nobody_said_so() {
    let server = Server::start();
    let cookie = server.cookie(&[]);
    let origin = format!("https://{}", server.address());
    let headers = [
        ("cookie", cookie.as_str()),
        ("origin", origin.as_str()),
        FORM,
    ];
    let answer = server.send("POST", "/do/rollouts/1/pause", &headers, b"");
    assert_eq!(answer.status, 403, "{answer:?}");
}

/// Path, content type, body; the status and what the page says.
type Case<'a> = (&'a str, (&'a str, &'a str), &'a [u8], u16, &'a str);

#[test]
fn a_form_that_is_not_whole_is_answered_with_a_page() {
    let server = Server::start();
    server.apply("");
    server.first();
    let cookie = server.cookie(&[]);
    let big = vec![b'x'; 10 << 20];
    let json = ("content-type", "application/json");
    let cases: [Case; 6] = [
        (
            "/do/rollouts",
            FORM,
            b"app=site&env=prod",
            422,
            "missing field",
        ),
        ("/do/rollouts", FORM, b"", 422, "missing field"),
        ("/do/rollouts", json, b"{}", 415, "Form requests"),
        ("/do/rollouts", FORM, &big, 413, "larger than"),
        (
            "/do/rollouts/1/dance",
            FORM,
            b"",
            404,
            "cannot be said to a rollout",
        ),
        (
            "/do/rollouts/1/pause",
            FORM,
            b"step=%3Cb%3E",
            422,
            "&lt;b&gt;",
        ),
    ];
    let ours = [
        ("cookie", cookie.as_str()),
        ("origin", server.url.as_str()),
        HTML,
    ];
    for (path, kind, body, status, told) in cases {
        let mut headers = ours.to_vec();
        headers.push(kind);
        is_page(&server.send("POST", path, &headers, body), status, told);
    }
    // Another site's form: the browser shows what it is answered with.
    let theirs = [
        ("cookie", cookie.as_str()),
        ("origin", "http://evil.example"),
        HTML,
        FORM,
    ];
    let answer = server.send("POST", "/do/rollouts/1/rollback", &theirs, b"");
    is_page(&answer, 403, "not sent by a page of this server");
    assert_eq!(server.rollout(1)["state"], "succeeded");
}

fn is_page(answer: &Answer, status: u16, told: &str) {
    assert_eq!(answer.status, status, "{told}: {answer:?}");
    let kind = answer.header("content-type").unwrap();
    assert!(kind.starts_with("text/html"), "{told}: {kind}");
    assert!(answer.body.contains(told), "{told}: {}", answer.body);
    assert!(
        answer.body.contains("href=\"/\""),
        "a way on: {}",
        answer.body
    );
}

#[test]
fn only_what_this_server_said_to_this_browser_is_shown_as_its_words() {
    let server = Server::start();
    server.apply("[environment.canary]\nweights = [50, 100]\npause_ms = 600000\n");
    server.first();
    let cookie = server.cookie(&[]);
    let page = |cookie: &str, path: &str| {
        let answer = server.send("GET", path, &[("cookie", cookie), HTML], b"");
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.body
    };
    for path in ["/", "/applications/site", "/rollouts/1"] {
        for query in ["problem=Call%20Mallory", "said=Call%20Mallory"] {
            let body = page(&cookie, &format!("{path}?{query}"));
            assert!(!body.contains("Call Mallory"), "{path}?{query}: {body}");
        }
    }
    // A refusal is told in full, and to this browser alone.
    let origin = ("origin", server.url.as_str());
    let refused = |form: &str| {
        let headers = [("cookie", cookie.as_str()), origin, FORM];
        let answer = server.send("POST", "/do/rollouts/1/promote", &headers, form.as_bytes());
        assert_eq!(answer.status, 303, "{answer:?}");
        answer.header("location").unwrap().to_owned()
    };
    let to = refused("return_to=%2Frollouts%2F1%3Ftab%3Dx");
    let said = "class=\"notice notice-bad\">it is over: succeeded; start a new rollout";
    let shown = page(&cookie, &to);
    assert!(shown.contains(said), "{to}: {shown}");
    let mallory = server.cookie(&["--name", "mallory", "--role", "viewer"]);
    assert!(!page(&mallory, &to).contains(said), "another's words");
    let other = to.replace("it%20is%20over", "Call%20Mallory");
    assert_ne!(other, to);
    assert!(!page(&cookie, &other).contains("Call Mallory"), "{other}");
    // What was said of an earlier try does not follow.
    let again = refused(&format!("return_to={}", escaped(&to)));
    assert_eq!(again, to);
}

/// As a form sends an address in a field.
fn escaped(text: &str) -> String {
    let byte = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(b).to_string(),
        _ => format!("%{b:02X}"),
    };
    text.bytes().map(byte).collect()
}
