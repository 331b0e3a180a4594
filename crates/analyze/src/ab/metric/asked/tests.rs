use super::*;

fn among(text: &str, columns: &[&str]) -> Result<Metric, String> {
    parse(text, &|name| columns.contains(&name)).map_err(|wrong| {
        let (Wrong::Anyhow(why) | Wrong::UnlessAColumn(why)) = wrong;
        why
    })
}

fn parsed(text: &str) -> Result<(String, Kind, Direction), String> {
    among(text, &[]).map(|metric| (metric.to_string(), metric.kind, metric.direction))
}

#[test]
fn metrics_as_people_write_them() {
    let is = |name: &str, kind, direction| Ok((name.to_owned(), kind, direction));
    assert_eq!(parsed("revenue"), is("revenue", Kind::Mean, Direction::Up));
    assert_eq!(
        parsed("paid:conversion"),
        is("paid", Kind::Conversion, Direction::Up)
    );
    assert_eq!(
        parsed("errors:mean:down"),
        is("errors", Kind::Mean, Direction::Down)
    );
    assert_eq!(parsed("a/b:down"), is("a/b", Kind::Ratio, Direction::Down));
    assert_eq!(
        parsed("ms:p99.9:down"),
        is("ms p99.9", Kind::Quantile(0.999), Direction::Down)
    );
    let guarded = among("ms:guardrail=2%:cuped", &[]).unwrap();
    assert_eq!(
        (guarded.guardrail, guarded.before.as_deref()),
        (Some(0.02), Some("ms"))
    );
    let guarded = among("ms:cuped=old:guardrail=0.5", &[]).unwrap();
    assert_eq!(
        (guarded.guardrail, guarded.before.as_deref()),
        (Some(0.5), Some("old"))
    );
}

#[test]
fn what_is_no_metric_says_why() {
    for (text, part) in [
        ("", "names no column"),
        (":mean", "names no column"),
        ("a/", "names no column"),
        ("a:ratio", "needs two columns"),
        ("a/b:mean", "two columns make a ratio"),
        ("a:median", "\"median\" is neither"),
        ("a:up:down", "is one too many"),
        ("a:p0", "is neither"),
        ("a:p100", "is neither"),
        ("a:p50:p90", "is one too many"),
        ("a/b:p90", "two columns make a ratio"),
        ("a:cuped=", "is neither"),
        ("a:conversion:cuped", "adjusts means only"),
        ("a/b:cuped", "adjusts means only"),
        ("a:guardrail=0", "no margin"),
        ("a:guardrail=-1%", "no margin"),
        ("a:guardrail=inf", "no margin"),
        ("a:guardrail", "is neither"),
    ] {
        let why = parsed(text).unwrap_err();
        assert!(why.contains(part), "{text}: {why}");
    }
}

#[test]
fn a_column_of_that_name_is_that_column() {
    let columns = [
        "http/errors",
        "http/requests",
        "job:latency:p99",
        "job:pre",
        "revenue",
        "revenue:down",
        "a/b",
        "a",
        "b",
    ];
    let is = |text: &str, column: &str, denominator: Option<&str>, kind, direction| {
        let metric = among(text, &columns).unwrap();
        assert_eq!(
            (
                metric.column.as_str(),
                metric.denominator.as_deref(),
                metric.kind,
                metric.direction
            ),
            (column, denominator, kind, direction),
            "{text}"
        );
    };
    let (up, down) = (Direction::Up, Direction::Down);
    is("http/errors", "http/errors", None, Kind::Mean, up);
    is(
        "http/errors:conversion:down",
        "http/errors",
        None,
        Kind::Conversion,
        down,
    );
    let of = Some("http/requests");
    is(
        "http/errors/http/requests",
        "http/errors",
        of,
        Kind::Ratio,
        up,
    );
    is(
        "http/errors/http/requests:ratio:down",
        "http/errors",
        of,
        Kind::Ratio,
        down,
    );
    is("job:latency:p99", "job:latency:p99", None, Kind::Mean, up);
    is(
        "job:latency:p99:p90:down",
        "job:latency:p99",
        None,
        Kind::Quantile(0.9),
        down,
    );
    is(
        "job:latency:p99/revenue",
        "job:latency:p99",
        Some("revenue"),
        Kind::Ratio,
        up,
    );
    // The longest name that is there.
    is("revenue:down", "revenue:down", None, Kind::Mean, up);
    is("revenue:up", "revenue", None, Kind::Mean, up);
    is("a/b", "a/b", None, Kind::Mean, up);
    is("a/b:ratio", "a", Some("b"), Kind::Ratio, up);
    let adjusted = among("revenue:cuped=job:pre:guardrail=2%", &columns).unwrap();
    assert_eq!(
        (adjusted.before.as_deref(), adjusted.guardrail),
        (Some("job:pre"), Some(0.02))
    );
}
