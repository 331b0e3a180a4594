//! Request figures of one server group: counts, errors and a latency histogram.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Cumulative figures. Two readings subtract to the figures of the time between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Figures {
    /// Requests answered, or given up on.
    pub requests: u64,
    /// Of those, answered with a 5xx or not at all.
    pub errors: u64,
    pub latency: Histogram,
}

impl Figures {
    /// The figures of the time since `earlier`. Counters that went back (the gateway restarted)
    /// count from nothing, so no difference is ever negative.
    #[must_use]
    pub fn since(&self, earlier: &Figures) -> Figures {
        if self.requests < earlier.requests || self.errors < earlier.errors {
            return self.clone();
        }
        Figures {
            requests: self.requests - earlier.requests,
            errors: self.errors - earlier.errors,
            latency: self.latency.since(&earlier.latency),
        }
    }

    /// Errors per request; `None` without requests.
    #[must_use]
    pub fn error_rate(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        (self.requests > 0).then(|| self.errors as f64 / self.requests as f64)
    }
}

/// Counts by upper bound of latency in microseconds, sparse and mergeable. Written as a list of
/// pairs: a JSON object would turn the bounds into text, which an event cannot read back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = Vec<Vec<u64>>))]
#[serde(from = "Vec<(u64, u64)>", into = "Vec<(u64, u64)>")]
pub struct Histogram(pub BTreeMap<u64, u64>);

impl From<Vec<(u64, u64)>> for Histogram {
    fn from(pairs: Vec<(u64, u64)>) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl From<Histogram> for Vec<(u64, u64)> {
    fn from(histogram: Histogram) -> Self {
        histogram.0.into_iter().collect()
    }
}

impl Histogram {
    #[must_use]
    pub fn since(&self, earlier: &Histogram) -> Histogram {
        let left = self.0.iter().filter_map(|(&bound_us, &count)| {
            let before = earlier.0.get(&bound_us).copied().unwrap_or(0);
            (count > before).then(|| (bound_us, count - before))
        });
        Histogram(left.collect())
    }

    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// The `q`-quantile (0 to 1) in milliseconds, as the upper bound of the bucket holding it:
    /// never told too low. `None` without a single request.
    #[must_use]
    pub fn quantile_ms(&self, q: f64) -> Option<f64> {
        let n = self.count();
        if n == 0 {
            return None;
        }
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "q is clamped and counts stay far below 2^53"
        )]
        let rank = ((q.clamp(0.0, 1.0) * n as f64).ceil() as u64).max(1);
        let mut seen = 0;
        for (&bound_us, &count) in &self.0 {
            seen += count;
            if seen >= rank {
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "a latency stays far below 2^53 µs"
                )]
                return Some(bound_us as f64 / 1000.0);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_upper_bounds_and_nothing_has_none() {
        let h = Histogram([(1_000, 98), (5_000, 1), (90_000, 1)].into());
        assert_eq!(h.quantile_ms(0.5), Some(1.0));
        assert_eq!(h.quantile_ms(0.99), Some(5.0));
        assert_eq!(h.quantile_ms(1.0), Some(90.0));
        assert_eq!(Histogram::default().quantile_ms(0.5), None);
    }

    #[test]
    fn figures_inside_an_event_are_read_back() {
        let figures = Figures {
            requests: 2,
            errors: 1,
            latency: Histogram([(5_000, 2)].into()),
        };
        let what = crate::rollout::What::StepStarted {
            step: 1,
            figures: [(crate::GroupName::new("site-prod-v001").unwrap(), figures)].into(),
        };
        let event = crate::Event {
            at: crate::Time(1),
            by: crate::Actor::engine(),
            what,
        };
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<crate::Event>(&text).unwrap(), event);
    }

    #[test]
    fn a_restarted_gateway_never_makes_negative_figures() {
        let before = Figures {
            requests: 100,
            errors: 4,
            latency: Histogram([(10, 100)].into()),
        };
        let after = Figures {
            requests: 7,
            errors: 1,
            latency: Histogram([(10, 7)].into()),
        };
        assert_eq!(after.since(&before), after);
        let later = Figures {
            requests: 107,
            errors: 4,
            latency: Histogram([(10, 107)].into()),
        };
        assert_eq!(later.since(&before).latency.count(), 7);
    }
}
