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
    assert_eq!(prod.drift, DriftPolicy::Replace);
}

#[test]
fn drift_is_replaced_or_only_reported() {
    let declared = |policy: &str| {
        let more = format!("instances = 2\ndrift = \"{policy}\"");
        Application::from_toml(&SITE.replacen("instances = 2", &more, 1))
    };
    let policy = |text| declared(text).unwrap().environments[0].drift;
    assert_eq!(policy("report"), DriftPolicy::Report);
    assert_eq!(policy("replace"), DriftPolicy::Replace);
}

/// Each case breaks one line of [`SITE`]; the error is told word for word.
#[test]
fn an_error_is_told_at_the_key_it_is_of() {
    let cases = [
        (
            "instances = 2",
            "instances = \"two\"",
            "line 8, column 13: invalid type: string \"two\", expected u32",
        ),
        (
            "instances = 2",
            "instances = 0",
            "line 8, column 1: environment \"prod\": instances is 0, it must be 1 to 1000",
        ),
        (
            "name = \"prod\"",
            "  name = \"Prod\"",
            "line 5, column 3: environment name \"Prod\" is not valid: use 1 to 40 lower-case letters and digits, words joined by single hyphens",
        ),
        (
            "name = \"site\"",
            "name = \"my site\"",
            "line 3, column 1: application name \"my site\" is not valid: use 1 to 40 lower-case letters and digits, words joined by single hyphens",
        ),
        (
            "[5, 25, 50, 100]",
            "[5, 5]",
            "line 11, column 1: environment \"prod\": canary.weights is [5, 5]: weights must rise, but 5 follows 5",
        ),
        (
            "[5, 25, 50, 100]",
            "[\n  5,\n  101,\n]",
            "line 11, column 1: environment \"prod\": canary.weights is [5, 101]: 101 is not a percentage from 1 to 100",
        ),
        (
            "[5, 25, 50, 100]",
            "[]",
            "line 11, column 1: environment \"prod\": canary.weights is []: name at least one weight, such as [5, 25, 50, 100]",
        ),
        (
            "max_error_rate = 0.01",
            "max_error_rate = 1.5",
            "line 13, column 1: environment \"prod\": canary.max_error_rate is 1.5, it must be a share between 0 and 1 (1% is 0.01)",
        ),
        (
            "max_error_rate = 0.01",
            "max_p95_ms = -1.0",
            "line 13, column 1: environment \"prod\": canary.max_p95_ms is -1, it must be milliseconds above 0",
        ),
        (
            "127.0.0.1:8103",
            "0.0.0.0:8103",
            "line 7, column 1: environment \"prod\": listen is 0.0.0.0:8103, the local cloud listens on loopback only: use 127.0.0.1:PORT and put your own edge in front",
        ),
        (
            "127.0.0.1:8103",
            "127.0.0.1:0",
            "line 7, column 1: environment \"prod\": listen is 127.0.0.1:0, and port 0 would be another one at every start: name a port that is free, such as 127.0.0.1:8103",
        ),
        (
            "127.0.0.1:8103",
            "localhost",
            "line 7, column 1: listen is an address with its port such as \"127.0.0.1:8103\": invalid socket address syntax",
        ),
        (
            "path = \"/\"",
            "path = \"health\"",
            "line 9, column 12: environment \"prod\": health.path is \"health\", it must begin with / and hold no space",
        ),
        (
            "interval_ms = 200",
            "interval_ms = 1",
            "line 9, column 24: environment \"prod\": health.interval_ms is 1, it must be 10 to 600000",
        ),
        (
            "pause_ms = 1000",
            "pause_ms = \"1s\"",
            "line 12, column 1: pause_ms is a whole number of milliseconds such as 1500: invalid type: string \"1s\", expected u64",
        ),
        (
            "pause_ms = 1000",
            "pause_ms = -5",
            "line 12, column 1: pause_ms is a whole number of milliseconds such as 1500: invalid value: integer `-5`, expected u64",
        ),
        (
            "retain_ms = 60000",
            "retain_ms = 9999999999",
            "line 16, column 1: environment \"prod\": blue_green.retain_ms is 9999999999, it must be 0 to 2592000000",
        ),
        (
            "[environment.blue_green]\nretain_ms = 60000",
            "rolling.max_surge = 0",
            "line 15, column 1: unknown field `rolling`, expected one of",
        ),
        (
            "[environment.blue_green]\nretain_ms = 60000",
            "[environment.rolling]\n max_surge = 0",
            "line 16, column 2: environment \"prod\": rolling.max_surge and rolling.max_unavailable are both 0, so no instance could ever be replaced: set one of them",
        ),
        (
            "[environment.blue_green]\nretain_ms = 60000",
            "[environment.ab]\nweight = 100",
            "line 16, column 1: environment \"prod\": ab.weight is 100, it must be 1 to 99",
        ),
        (
            "[environment.blue_green]\nretain_ms = 60000",
            "[environment.limits]\nmemory_mb = 0",
            "line 16, column 1: environment \"prod\": limits.memory_mb is 0, it must be 1 to 16777216",
        ),
        (
            "instances = 2",
            "drift = \"chase\"",
            "line 8, column 1: unknown variant `chase`, expected `replace` or `report`",
        ),
        (
            "instances = 2",
            "instnaces = 2",
            "line 8, column 1: unknown field `instnaces`",
        ),
        (
            "pause_ms = 1000",
            "pause = 1000",
            "line 12, column 1: unknown field `pause`",
        ),
        (
            "listen = \"127.0.0.1:8103\"\n",
            "",
            "line 4, column 1: missing field `listen`",
        ),
    ];
    for (from, to, told) in cases {
        let e = error(from, to).to_string();
        // Which other fields there are is serde's to say.
        let exact = !told.contains("field");
        assert!(
            if exact {
                e == told
            } else {
                e.starts_with(told)
            },
            "{to}\n  {e}\n  {told}"
        );
    }
}

#[test]
fn a_key_is_found_in_the_environment_it_is_of() {
    let second = "\n[[environment]]\nname = \"dev\"\nlisten = \"127.0.0.1:8104\"\ncanary.weights = [50, 5]\n";
    let e = Application::from_toml(&format!("{SITE}{second}")).unwrap_err();
    assert_eq!((e.line, e.column), (21, 8), "{e}");
}

#[test]
fn two_environments_cannot_share_a_port_or_a_name() {
    let twin = |name: &str, port: u16| {
        format!("{SITE}\n[[environment]]\nname = \"{name}\"\nlisten = \"127.0.0.1:{port}\"\n")
    };
    let e = Application::from_toml(&twin("dev", 8103)).unwrap_err();
    assert!(e.message.contains("both listen on 127.0.0.1:8103"), "{e}");
    assert_eq!((e.line, e.column), (20, 1), "{e}");
    let e = Application::from_toml(&twin("prod", 8104)).unwrap_err();
    assert!(e.message.contains("declared twice"), "{e}");
    assert_eq!((e.line, e.column), (19, 1), "{e}");
    assert!(Application::from_toml(&twin("dev", 8104)).is_ok());
}

#[test]
fn an_application_without_environment_is_refused() {
    let e = Application::from_toml("[application]\nname = \"site\"\n").unwrap_err();
    assert!(e.message.contains("[[environment]]"), "{e}");
}
