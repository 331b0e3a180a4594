use std::{collections::BTreeMap, fmt, time::Duration};

use serde::Serialize;

use super::histogram::Histogram;

/// Name under which answers without `x-shop-version` are counted; they come from a proxy and not from a shop.
const UNVERSIONED: &str = "none";

/// What has been counted so far.
#[derive(Default)]
pub(crate) struct Report {
    requests: u64,
    failed: u64,
    first_failure: Option<String>,
    by_status: BTreeMap<u16, u64>,
    by_version: BTreeMap<String, VersionCount>,
    latency: Histogram,
    people: u64,
    changed_version: u64,
    last: (u64, Duration),
}

#[derive(Default)]
struct VersionCount {
    requests: u64,
    errors: u64,
    journeys: u64,
    conversions: u64,
    latency: Histogram,
}

impl Report {
    pub(crate) fn answered(&mut self, version: Option<&str>, status: u16, time: Duration) {
        self.requests += 1;
        *self.by_status.entry(status).or_default() += 1;
        self.latency.record(time);
        let count = self.version(version);
        count.requests += 1;
        count.errors += u64::from(status >= 500);
        count.latency.record(time);
    }

    pub(crate) fn unanswered(&mut self, why: String) {
        self.requests += 1;
        self.failed += 1;
        self.first_failure.get_or_insert(why);
    }

    pub(crate) fn journey(&mut self, version: Option<&str>) {
        self.version(version).journeys += 1;
    }

    pub(crate) fn conversion(&mut self, version: Option<&str>) {
        self.version(version).conversions += 1;
    }

    pub(crate) fn person(&mut self) {
        self.people += 1;
    }

    pub(crate) fn changed_version(&mut self) {
        self.changed_version += 1;
    }

    fn version(&mut self, version: Option<&str>) -> &mut VersionCount {
        self.by_version
            .entry(version.unwrap_or(UNVERSIONED).to_owned())
            .or_default()
    }

    fn errors(&self) -> u64 {
        self.by_version.values().map(|count| count.errors).sum()
    }

    /// One line; the rate is that since the line before.
    pub(crate) fn status_line(&mut self, elapsed: Duration) -> String {
        let (requests, then) = std::mem::replace(&mut self.last, (self.requests, elapsed));
        let seconds = elapsed.saturating_sub(then).as_secs_f64().max(0.001);
        let versions: Vec<String> = self
            .by_version
            .iter()
            .map(|(version, count)| format!("{version}: {}", count.requests))
            .collect();
        format!(
            "{:>5.0} s  {} requests ({:.1}/s)  {} failed  {} errors  p99 {:.0} ms  [{}]",
            elapsed.as_secs_f64(),
            self.requests,
            (self.requests - requests) as f64 / seconds,
            self.failed,
            self.errors(),
            self.latency.quantile_ms(0.99),
            versions.join(", ")
        )
    }

    pub(crate) fn summary(&self, elapsed: Duration) -> Summary {
        Summary {
            seconds: (elapsed.as_secs_f64() * 1000.0).round() / 1000.0,
            requests: self.requests,
            failed: self.failed,
            first_failure: self.first_failure.clone(),
            errors: self.errors(),
            conversions: self
                .by_version
                .values()
                .map(|count| count.conversions)
                .sum(),
            visitors: self.people,
            visitors_who_changed_version: self.changed_version,
            latency_ms: (&self.latency).into(),
            by_status: self.by_status.clone(),
            by_version: self
                .by_version
                .iter()
                .map(|(version, count)| (version.clone(), count.into()))
                .collect(),
        }
    }
}

/// The figures of a finished visit. `requests` is `failed` plus the sum of `by_status`, which is also that of
/// `by_version`.
#[derive(Serialize)]
pub(crate) struct Summary {
    pub(crate) seconds: f64,
    pub(crate) requests: u64,
    /// Requests without an answer.
    pub(crate) failed: u64,
    pub(crate) first_failure: Option<String>,
    /// Answers of 500 and above.
    pub(crate) errors: u64,
    pub(crate) conversions: u64,
    /// Different people, with different cookies.
    pub(crate) visitors: u64,
    /// Of those, how many were served by more than one version: none, if assignment is sticky.
    pub(crate) visitors_who_changed_version: u64,
    pub(crate) latency_ms: Quantiles,
    pub(crate) by_status: BTreeMap<u16, u64>,
    pub(crate) by_version: BTreeMap<String, VersionSummary>,
}

#[derive(Serialize)]
pub(crate) struct VersionSummary {
    requests: u64,
    errors: u64,
    /// Catalogue visits, the denominator of the conversion rate.
    journeys: u64,
    /// Finished checkouts.
    conversions: u64,
    latency_ms: Quantiles,
}

#[derive(Serialize)]
pub(crate) struct Quantiles {
    p50: f64,
    p95: f64,
    p99: f64,
}

impl From<&Histogram> for Quantiles {
    fn from(histogram: &Histogram) -> Self {
        Self {
            p50: histogram.quantile_ms(0.50),
            p95: histogram.quantile_ms(0.95),
            p99: histogram.quantile_ms(0.99),
        }
    }
}

impl From<&VersionCount> for VersionSummary {
    fn from(count: &VersionCount) -> Self {
        Self {
            requests: count.requests,
            errors: count.errors,
            journeys: count.journeys,
            conversions: count.conversions,
            latency_ms: (&count.latency).into(),
        }
    }
}

impl fmt::Display for Quantiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "p50 {} ms, p95 {} ms, p99 {} ms",
            self.p50, self.p95, self.p99
        )
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} requests in {:.1} s by {} visitors: {} failed, {} errors, {} conversions",
            self.requests, self.seconds, self.visitors, self.failed, self.errors, self.conversions
        )?;
        if let Some(why) = &self.first_failure {
            writeln!(f, "first failure: {why}")?;
        }
        writeln!(f, "latency: {}", self.latency_ms)?;
        writeln!(
            f,
            "visitors who changed version: {}",
            self.visitors_who_changed_version
        )?;
        for (status, count) in &self.by_status {
            writeln!(f, "status {status}: {count}")?;
        }
        for (version, count) in &self.by_version {
            let rate = 100.0 * count.conversions as f64 / count.journeys.max(1) as f64;
            writeln!(
                f,
                "version {version}: {} requests, {} errors, {} of {} journeys converted ({rate:.1} %), {}",
                count.requests, count.errors, count.conversions, count.journeys, count.latency_ms
            )?;
        }
        Ok(())
    }
}
