//! In which direction a figure is worse, where nobody said so.

use super::metric::{Metric, What};
use serde::Serialize;
use stats::judge::Worse;

/// Where a metric's direction comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// It was asked for.
    Asked,
    /// The metric's name says it.
    Name,
    /// Nothing says it, so a change either way counts.
    Unknown,
}

/// More of these is worse: beginnings of words, and whole words.
const BAD: [&str; 18] = [
    "abort",
    "backlog",
    "crash",
    "defect",
    "delay",
    "duration",
    "elapsed",
    "error",
    "exception",
    "fail",
    "fault",
    "latenc",
    "panic",
    "reject",
    "restart",
    "timeout",
    "unavailab",
    "unhealthy",
];
const BAD_WORDS: [&str; 14] = [
    "cpu", "dropped", "drops", "err", "errs", "heap", "lag", "mem", "memory", "oom", "retried",
    "retries", "retry", "rss",
];
/// Less of these is worse, likewise.
const GOOD: [&str; 8] = [
    "apdex",
    "availab",
    "conversion",
    "goodput",
    "healthy",
    "success",
    "throughput",
    "uptime",
];
const GOOD_WORDS: [&str; 3] = ["hit", "hits", "succeeded"];
/// Words that turn what stands beside them round, or may: "error budget", "errors fixed", "failover completed".
const TURNS: [&str; 29] = [
    "avoided",
    "between",
    "budget",
    "completed",
    "compliance",
    "fixed",
    "free",
    "handled",
    "headroom",
    "idle",
    "left",
    "loss",
    "mtbf",
    "no",
    "non",
    "not",
    "ok",
    "prevented",
    "recovered",
    "recovery",
    "remaining",
    "safe",
    "saved",
    "since",
    "slo",
    "spam",
    "tolerance",
    "until",
    "without",
];
/// Words that turn what is good: "availability alerts", "rate limit hits".
const TURNS_GOOD: [&str; 14] = [
    "alert",
    "alerts",
    "blocked",
    "breach",
    "breaches",
    "cost",
    "drop",
    "gap",
    "limit",
    "limits",
    "origin",
    "quota",
    "throttled",
    "blocklist",
];
/// What lasts long where people like to stay.
const STAYS: [&str; 4] = ["dwell", "session", "visit", "watch"];
/// Amounts of which nobody knows whether more is worse, so that a quantile of them does not say it either.
const AMOUNTS: [&str; 15] = [
    "bytes", "fps", "messages", "ops", "orders", "price", "qps", "requests", "revenue", "rps",
    "score", "size", "speed", "tokens", "users",
];
/// How long something takes, of which less is better also where it is a success.
const UNITS: [&str; 12] = [
    "micros", "minutes", "ms", "nanos", "ns", "sec", "seconds", "secs", "time", "us", "hours",
    "took",
];

/// What stands before "time" where that is how long something takes.
const TAKES: [&str; 9] = [
    "load",
    "processing",
    "queue",
    "render",
    "request",
    "response",
    "service",
    "startup",
    "wait",
];

/// A name with one of these is that of a share of a whole: beginnings of words, and whole words.
const SHARES: [&str; 4] = ["availab", "percent", "uptime", "proportion"];
const SHARE_WORDS: [&str; 8] = [
    "pct",
    "ratio",
    "ratios",
    "share",
    "shares",
    "sla",
    "successrate",
    "hitrate",
];
/// A rate is a share where it is of one of these; others are so many a second.
const RATES_OF: [&str; 9] = [
    "accept",
    "complet",
    "conversion",
    "deliver",
    "error",
    "fail",
    "hit",
    "ok",
    "success",
];

/// Whether the name says that it is a share of a whole, and no unit that it is something else.
pub(super) fn is_share(name: &str) -> bool {
    let words = words(name);
    let begins = |word: &String, of: &[&str]| of.iter().any(|begin| word.starts_with(begin));
    let is = |of: &[&str]| words.iter().any(|word| of.contains(&word.as_str()));
    let rate = is(&["rate", "rates"]) && words.iter().any(|word| begins(word, &RATES_OF));
    let named = name.contains('%')
        || rate
        || is(&SHARE_WORDS)
        || words.iter().any(|word| begins(word, &SHARES));
    named && !is(&UNITS) && !is(&AMOUNTS) && !is(&["mb", "gb", "kb", "per"])
}

/// What was asked for; else what the name says; else a change either way.
pub(super) fn of(metric: &Metric, asked: Option<Worse>) -> (Worse, Known) {
    let column = match &metric.what {
        What::Continuous(column) | What::Quantile(column, _) => column,
        What::Rate(events, _) | What::Count(events, _) => events,
    };
    match (metric.worse.or(asked), by_name(column)) {
        (Some(worse), _) => (worse, Known::Asked),
        (None, Some(worse)) => (worse, Known::Name),
        (None, None) => (Worse::Either, Known::Unknown),
    }
}

/// None where the name says nothing, or two things.
fn by_name(name: &str) -> Option<Worse> {
    let words = words(name);
    // "cost per conversion" is a cost, and "errors per minute" are errors.
    let words: Vec<String> = words.into_iter().take_while(|word| word != "per").collect();
    let any = |beginnings: &[&str], whole: &[&str]| {
        words.iter().any(|word| {
            whole.contains(&word.as_str()) || beginnings.iter().any(|begin| word.starts_with(begin))
        })
    };
    // "crashfree", "errorless".
    let turned = |word: &String| word.ends_with("free") || word.ends_with("less");
    let beside = |first: &[&str], second: &str| {
        let mut pairs = words.windows(2);
        pairs.any(|pair| first.contains(&pair[0].as_str()) && pair[1].starts_with(second))
    };
    if any(&[], &TURNS)
        || words.iter().any(turned)
        || beside(&["time"], "to")
        || beside(&STAYS, "duration")
    {
        return None;
    }
    let amount = any(&[], &AMOUNTS);
    let bad = any(&BAD, &BAD_WORDS) || takes_time(&words) || !amount && is_high(&words);
    match (bad, any(&GOOD, &GOOD_WORDS)) {
        (true, false) => Some(Worse::Higher),
        (false, true) if any(&["uptime"], &[]) => Some(Worse::Lower),
        (false, true) if any(&[], &UNITS) || any(&[], &TURNS_GOOD) => None,
        (false, true) => Some(Worse::Lower),
        _ => None,
    }
}

/// "ms", "response time", and a share of answers by their status, as "5xx".
fn takes_time(words: &[String]) -> bool {
    let any = |of: &[&str]| words.iter().any(|word| of.contains(&word.as_str()));
    any(&["ms", "millis", "4xx", "5xx"])
        || words
            .windows(2)
            .any(|pair| pair[1] == "time" && TAKES.contains(&pair[0].as_str()))
}

/// "p99": mostly of what takes time.
fn is_high(words: &[String]) -> bool {
    words.iter().any(|word| {
        let percent = word.strip_prefix('p').map(str::parse::<u32>);
        matches!(percent, Some(Ok(50..)))
    })
}

/// "errorRate", "error_rate" and "Error rate" are two words each, and so is "HTTPErrors".
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let lower = |at: usize| letters.get(at).is_some_and(|letter| letter.is_lowercase());
    let mut words = vec![String::new()];
    for (at, letter) in letters.iter().enumerate() {
        let begins = letter.is_uppercase() && at > 0 && (lower(at - 1) || lower(at + 1));
        if begins || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::super::asked::Asked;
    use super::*;

    #[test]
    fn names_say_what_is_a_share() {
        for name in [
            "success_rate",
            "CacheHitRatio",
            "cpu %",
            "Availability",
            "hit_pct",
        ] {
            assert!(is_share(name), "{name}");
        }
        for name in [
            "latency_ms",
            "requests",
            "operations",
            "cpu",
            "request_rate",
            "response_seconds",
            "shared_buffers_mb",
            "successful_logins",
            "uptime_seconds",
        ] {
            assert!(!is_share(name), "{name}");
        }
    }

    #[test]
    fn names_say_which_direction_is_worse() {
        for (name, worse) in [
            ("errors", Some(Worse::Higher)),
            ("HTTPErrors", Some(Worse::Higher)),
            ("http.5xx", Some(Worse::Higher)),
            ("latency_ms", Some(Worse::Higher)),
            ("took_ms", Some(Worse::Higher)),
            ("p99", Some(Worse::Higher)),
            ("responseTime", Some(Worse::Higher)),
            ("failed", Some(Worse::Higher)),
            ("success_rate", Some(Worse::Lower)),
            ("Availability (%)", Some(Worse::Lower)),
            ("throughput_p99", None),
            ("cache_hit_ms", None),
            ("success_p99_ms", None),
            ("cpu_idle", None),
            ("latency_headroom", None),
            ("cache-hits", Some(Worse::Lower)),
            ("unavailable_seconds", Some(Worse::Higher)),
            ("requests", None),
            ("retrieved_documents", None),
            ("members", None),
            ("p10", None),
            ("time_on_site", None),
            ("online time", None),
            ("error_free_sessions", None),
            ("error_budget_left", None),
            ("success_latency", None),
            ("mean_time_between_failures", None),
            ("value", None),
            // Each of these is as often meant the other way.
            ("success_seconds", None),
            ("time_to_success", None),
            ("conversion_time", None),
            ("rate_limit_hits", None),
            ("origin_hits_per_second", None),
            ("availability_alerts", None),
            ("success_drop", None),
            ("cost_per_conversion", None),
            ("crashfree_users", None),
            ("errorless", None),
            ("errors_fixed", None),
            ("time_to_failure", None),
            ("failover_completed", None),
            ("fault_tolerance", None),
            ("session_duration", None),
            ("requests_per_ms", None),
            ("fps_p50", None),
            ("revenue_p90", None),
            ("checkout_p99", Some(Worse::Higher)),
            ("request_errors", Some(Worse::Higher)),
            ("requests_failed", Some(Worse::Higher)),
            ("watch_duration", None),
            ("errors_per_minute", Some(Worse::Higher)),
            ("latency_per_request", Some(Worse::Higher)),
            ("throughput_per_second", Some(Worse::Lower)),
            ("failed_to_send", Some(Worse::Higher)),
            ("latency_to_db", Some(Worse::Higher)),
            ("session_errors", Some(Worse::Higher)),
            ("alerts_failed", Some(Worse::Higher)),
            ("uptime_seconds", Some(Worse::Lower)),
            ("uptime_alerts", Some(Worse::Lower)),
            ("request_duration_seconds", Some(Worse::Higher)),
        ] {
            assert_eq!(by_name(name), worse, "{name}");
        }
    }

    #[test]
    fn what_is_asked_goes_before_the_name_and_the_metric_before_all() {
        let of = |text: &str, asked| of(&text.parse::<Asked>().unwrap().plain().unwrap(), asked);
        assert_eq!(of("errors/requests", None), (Worse::Higher, Known::Name));
        assert_eq!(of("requests/errors", None), (Worse::Either, Known::Unknown));
        let lower = Some(Worse::Lower);
        assert_eq!(of("errors:p99", lower), (Worse::Lower, Known::Asked));
        assert_eq!(of("errors:either", lower), (Worse::Either, Known::Asked));
    }
}
