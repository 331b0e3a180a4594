use super::*;

const SITE: &str = r#"
[application]
name = "site"
[[environment]]
name = "prod"
cloud = "local"
listen = "127.0.0.1:8103"
instances = 2
health = { path = "/", interval_ms = 200, healthy_after = 2, unhealthy_after = 3, timeout_ms = 1000 }
[environment.canary]
weights = [5, 25, 50, 100]
pause_ms = 1000
max_error_rate = 0.01
min_requests = 50
[environment.blue_green]
retain_ms = 60000
"#;

fn error(from: &str, to: &str) -> SpecError {
    assert!(SITE.contains(from), "the case changes nothing");
    Application::from_toml(&SITE.replacen(from, to, 1)).expect_err(to)
}

#[test]
fn a_declaration_is_read_with_its_defaults() {
    let app = Application::from_toml(SITE).unwrap();
    let prod = &app.environments[0];
    assert_eq!(prod.health.start_timeout_ms, 60_000);
    assert_eq!(prod.canary.retain_ms, 60_000);
    assert_eq!(prod.blue_green.retain_ms, 60_000);
    assert_eq!(prod.rolling.max_surge, 1);
    assert!(prod.canary.gate().is_some());
}

#[test]
fn an_error_names_its_line_and_column() {
    let cases = [
        (
            "instances = 2",
            "instances = \"two\"",
            8,
            13,
            "invalid type",
        ),
        (
            "instances = 2",
            "instnaces = 2",
            8,
            1,
            "unknown field `instnaces`",
        ),
        (
            "pause_ms = 1000",
            "pause = 1000",
            12,
            1,
            "unknown field `pause`",
        ),
        (
            "name = \"prod\"",
            "name = \"Prod\"",
            5,
            8,
            "lower-case letters",
        ),
        (
            "[5, 25, 50, 100]",
            "[5, 5]",
            4,
            1,
            "weights must rise, but 5 follows 5",
        ),
        (
            "[5, 25, 50, 100]",
            "[5, 101]",
            4,
            1,
            "101 is not a percentage",
        ),
        ("[5, 25, 50, 100]", "[]", 4, 1, "name at least one weight"),
        (
            "max_error_rate = 0.01",
            "max_error_rate = 1.5",
            4,
            1,
            "between 0 and 1",
        ),
        (
            "instances = 2",
            "instances = 0",
            4,
            1,
            "it must be 1 to 1000",
        ),
        ("127.0.0.1:8103", "0.0.0.0:8103", 4, 1, "loopback only"),
        (
            "path = \"/\"",
            "path = \"health\"",
            4,
            1,
            "must begin with /",
        ),
    ];
    for (from, to, line, column, part) in cases {
        let e = error(from, to);
        assert_eq!((e.line, e.column), (line, column), "{e}");
        assert!(e.message.contains(part), "{e} should say {part:?}");
    }
}

#[test]
fn two_environments_cannot_share_a_port_or_a_name() {
    let twin = |name: &str, port: u16| {
        format!("{SITE}\n[[environment]]\nname = \"{name}\"\nlisten = \"127.0.0.1:{port}\"\n")
    };
    let e = Application::from_toml(&twin("dev", 8103)).unwrap_err();
    assert!(e.message.contains("both listen on 127.0.0.1:8103"), "{e}");
    assert_eq!(e.line, 18);
    let e = Application::from_toml(&twin("prod", 8104)).unwrap_err();
    assert!(e.message.contains("declared twice"), "{e}");
    assert!(Application::from_toml(&twin("dev", 8104)).is_ok());
}

#[test]
fn an_application_without_environment_is_refused() {
    let e = Application::from_toml("[application]\nname = \"site\"\n").unwrap_err();
    assert!(e.message.contains("[[environment]]"), "{e}");
}
