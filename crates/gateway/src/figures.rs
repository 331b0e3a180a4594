//! Snapshots of what was served. Counters only grow, so that two snapshots make a window.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Histogram;

/// What one listener has served since it was opened.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
pub struct Figures {
    /// Milliseconds since the listener was opened.
    pub at_ms: u64,
    /// Version of the table in use.
    pub table_version: u64,
    /// Client connections open now.
    pub connections: u64,
    /// Requests that no group could take (answered 503).
    pub unrouted: u64,
    /// Groups of the table, and groups no longer in it that still have requests in flight or left
    /// it less than ten minutes ago.
    pub groups: BTreeMap<String, GroupFigures>,
}

/// What one group has served.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
pub struct GroupFigures {
    /// Requests sent to this group.
    pub requests: u64,
    /// Requests that this group failed: a 5xx answer, no answer after all retries within the group,
    /// or a response body that broke off.
    pub errors: u64,
    /// Requests and upgraded connections that are open now.
    pub in_flight: u64,
    /// Response body bytes passed on to clients, without upgraded connections.
    pub bytes: u64,
    /// Answers by status class: 1xx to 5xx, including answers the gateway gave on the group's behalf.
    pub codes: [u64; 5],
    /// From the arrival of the request's head to the response's head, retries included.
    pub latency: Histogram,
    /// This group's share (0 to 1) of the routed requests of about the last second; `None` when
    /// there were none at all.
    pub recent_share: Option<f64>,
    pub per_instance: BTreeMap<String, InstanceFigures>,
}

/// What one backend of a group has served; every attempt counts.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
pub struct InstanceFigures {
    pub requests: u64,
    pub errors: u64,
    /// Requests and upgraded connections that are open now. Once the backend is out of the table
    /// and this reads 0, its process can be stopped.
    pub in_flight: u64,
}

impl Figures {
    /// What happened after `earlier`, a snapshot of the same listener. Gauges (`connections`,
    /// `in_flight`, `recent_share`) and `at_ms` are those of `self`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let groups = self.groups.iter().map(|(name, now)| {
            let window = match earlier.groups.get(name) {
                Some(then) => now.since(then),
                None => now.clone(),
            };
            (name.clone(), window)
        });
        Self {
            at_ms: self.at_ms,
            table_version: self.table_version,
            connections: self.connections,
            unrouted: self.unrouted.saturating_sub(earlier.unrouted),
            groups: groups.collect(),
        }
    }

    /// Appends the figures in Prometheus' text exposition format. Meant to be called once for each
    /// listener with its environment's name; type lines are written when `out` has none yet.
    pub fn prometheus(&self, env: &str, out: &mut String) {
        // Writing to a String cannot fail, so the results of `write!` carry nothing.
        let env = escape(env);
        family(
            out,
            "viridian_requests_total",
            "counter",
            "Requests by status class of the answer.",
        );
        for (group, seen) in &self.groups {
            let group = escape(group);
            for (class, count) in ["1xx", "2xx", "3xx", "4xx", "5xx"].iter().zip(seen.codes) {
                let _ = writeln!(
                    out,
                    "viridian_requests_total{{env=\"{env}\",group=\"{group}\",code_class=\"{class}\"}} {count}"
                );
            }
        }
        type Read = fn(&GroupFigures) -> u64;
        let plain: [(&str, &str, &str, Read); 3] = [
            (
                "viridian_request_errors_total",
                "counter",
                "Requests a group failed.",
                |g| g.errors,
            ),
            (
                "viridian_response_bytes_total",
                "counter",
                "Response body bytes.",
                |g| g.bytes,
            ),
            (
                "viridian_requests_in_flight",
                "gauge",
                "Requests and upgraded connections open now.",
                |g| g.in_flight,
            ),
        ];
        for (name, kind, help, read) in plain {
            family(out, name, kind, help);
            for (group, seen) in &self.groups {
                let _ = writeln!(
                    out,
                    "{name}{{env=\"{env}\",group=\"{}\"}} {}",
                    escape(group),
                    read(seen)
                );
            }
        }
        family(
            out,
            "viridian_request_duration_seconds",
            "histogram",
            "From the request's head to the response's head.",
        );
        for (group, seen) in &self.groups {
            let labels = format!("env=\"{env}\",group=\"{}\"", escape(group));
            for (text, bound_us) in BOUNDS {
                let within = seen.latency.count_within(Duration::from_micros(bound_us));
                let _ = writeln!(
                    out,
                    "viridian_request_duration_seconds_bucket{{{labels},le=\"{text}\"}} {within}"
                );
            }
            let (count, sum) = (seen.latency.count(), seen.latency.sum_ms() / 1000.0);
            let _ = writeln!(
                out,
                "viridian_request_duration_seconds_bucket{{{labels},le=\"+Inf\"}} {count}\n\
                 viridian_request_duration_seconds_sum{{{labels}}} {sum}\n\
                 viridian_request_duration_seconds_count{{{labels}}} {count}"
            );
        }
        family(
            out,
            "viridian_unrouted_requests_total",
            "counter",
            "Requests no group could take.",
        );
        let _ = writeln!(
            out,
            "viridian_unrouted_requests_total{{env=\"{env}\"}} {}",
            self.unrouted
        );
        family(
            out,
            "viridian_connections",
            "gauge",
            "Client connections open now.",
        );
        let _ = writeln!(
            out,
            "viridian_connections{{env=\"{env}\"}} {}",
            self.connections
        );
    }
}

/// Bucket bounds of the exposition: label text and µs.
const BOUNDS: [(&str, u64); 14] = [
    ("0.0005", 500),
    ("0.001", 1_000),
    ("0.0025", 2_500),
    ("0.005", 5_000),
    ("0.01", 10_000),
    ("0.025", 25_000),
    ("0.05", 50_000),
    ("0.1", 100_000),
    ("0.25", 250_000),
    ("0.5", 500_000),
    ("1", 1_000_000),
    ("2.5", 2_500_000),
    ("5", 5_000_000),
    ("10", 10_000_000),
];

fn family(out: &mut String, name: &str, kind: &str, help: &str) {
    let line = format!("# TYPE {name} {kind}\n");
    if !out.contains(&line) {
        let _ = write!(out, "# HELP {name} {help}\n{line}");
    }
}

fn escape(label: &str) -> String {
    label
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

impl GroupFigures {
    /// What happened after `earlier`; gauges are those of `self`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let per_instance = self.per_instance.iter().map(|(id, now)| {
            let then = earlier.per_instance.get(id).cloned().unwrap_or_default();
            let window = InstanceFigures {
                requests: now.requests.saturating_sub(then.requests),
                errors: now.errors.saturating_sub(then.errors),
                in_flight: now.in_flight,
            };
            (id.clone(), window)
        });
        Self {
            requests: self.requests.saturating_sub(earlier.requests),
            errors: self.errors.saturating_sub(earlier.errors),
            in_flight: self.in_flight,
            bytes: self.bytes.saturating_sub(earlier.bytes),
            codes: std::array::from_fn(|class| {
                self.codes[class].saturating_sub(earlier.codes[class])
            }),
            latency: self.latency.since(&earlier.latency),
            recent_share: self.recent_share,
            per_instance: per_instance.collect(),
        }
    }

    /// Errors over requests, or `None` without requests.
    pub fn error_rate(&self) -> Option<f64> {
        (self.requests > 0).then(|| self.errors as f64 / self.requests as f64)
    }
}
