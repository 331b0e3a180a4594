//! Gates: thresholds on the gateway's figures, with a third answer for "cannot tell yet".
//!
//! The share of errors is judged by its Wilson score interval (Wilson, "Probable inference, the law
//! of succession, and statistical inference", 1927): a share at or under the bound passes, one whose
//! interval lies wholly above it fails, and what lies between is undecided until more requests
//! came. So one unlucky error among fifty requests does not turn a good image back.

use crate::Figures;
use serde::{Deserialize, Serialize};
use std::fmt;

/// 90% one-sided: what decides at the end of a window.
const Z_WINDOW: f64 = 1.2816;
/// 99.9% one-sided: what may stop at any moment, since it is looked at many times.
const Z_ANY_TIME: f64 = 3.0902;

/// The thresholds that a group's figures must keep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Gate {
    pub max_error_rate: Option<f64>,
    /// `(percentile, milliseconds)`.
    pub max_latency_ms: Vec<(u8, f64)>,
    pub min_requests: u64,
}

/// When a gate is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Once, at the end of its window.
    EndOfWindow,
    /// At any moment, many times: only what is beyond doubt counts.
    AnyTime,
}

/// What a gate says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Verdict {
    Pass {
        readings: Vec<Reading>,
    },
    Fail {
        readings: Vec<Reading>,
    },
    /// Too little to judge by: `n` requests of `needed`.
    Inconclusive {
        n: u64,
        needed: u64,
        readings: Vec<Reading>,
    },
}

/// One figure beside its bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reading {
    /// `error rate`, `p95 latency`…
    pub figure: String,
    /// A share for rates, milliseconds for latency.
    pub value: f64,
    pub bound: f64,
    /// Requests it was computed from.
    pub n: u64,
    pub kept: bool,
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.kept { "within" } else { "over" };
        if self.figure == "error rate" {
            let (value, bound) = (self.value * 100.0, self.bound * 100.0);
            write!(
                f,
                "error rate {value:.2}% {sign} the bound of {bound:.2}% (n = {})",
                self.n
            )
        } else {
            let Reading {
                figure,
                value,
                bound,
                n,
                ..
            } = self;
            write!(
                f,
                "{figure} {value:.1} ms {sign} the bound of {bound:.1} ms (n = {n})"
            )
        }
    }
}

impl Gate {
    /// A gate of the thresholds that are set; `None` when none is.
    #[must_use]
    pub fn new(
        max_error_rate: Option<f64>,
        max_latency_ms: [(u8, Option<f64>); 3],
        min_requests: u64,
    ) -> Option<Gate> {
        let latency: Vec<_> = max_latency_ms
            .into_iter()
            .filter_map(|(p, ms)| ms.map(|ms| (p, ms)))
            .collect();
        (max_error_rate.is_some() || !latency.is_empty()).then_some(Gate {
            max_error_rate,
            max_latency_ms: latency,
            // A verdict from nothing is no verdict, whatever was asked for.
            min_requests: min_requests.max(1),
        })
    }

    /// Judges the figures of a window.
    #[must_use]
    pub fn judge(&self, window: &Figures, when: When) -> Verdict {
        let n = window.requests;
        let readings = self.readings(window);
        if n < self.min_requests {
            return Verdict::Inconclusive {
                n,
                needed: self.min_requests,
                readings,
            };
        }
        let slow = readings.iter().any(|r| !r.kept && r.figure != "error rate");
        let errors = match self.max_error_rate {
            Some(bound) if window.error_rate().unwrap_or(0.0) > bound => {
                let z = if when == When::AnyTime {
                    Z_ANY_TIME
                } else {
                    Z_WINDOW
                };
                if wilson_lower(window.errors, n, z) > bound {
                    Errors::Over
                } else {
                    Errors::Close
                }
            }
            _ => Errors::Kept,
        };
        match (errors, when) {
            (Errors::Over, _) => Verdict::Fail { readings },
            // A single slow moment within a window is not yet the window.
            (_, When::EndOfWindow) if slow => Verdict::Fail { readings },
            (Errors::Close, _) => Verdict::Inconclusive {
                n,
                needed: n + 1,
                readings,
            },
            (Errors::Kept, _) => Verdict::Pass { readings },
        }
    }

    fn readings(&self, window: &Figures) -> Vec<Reading> {
        let n = window.requests;
        let errors = self
            .max_error_rate
            .zip(window.error_rate())
            .map(|(bound, value)| Reading {
                figure: "error rate".to_owned(),
                value,
                bound,
                n,
                kept: value <= bound,
            });
        let latency = self
            .max_latency_ms
            .iter()
            .filter_map(|&(percentile, bound)| {
                let value = window.latency.quantile_ms(f64::from(percentile) / 100.0)?;
                let figure = format!("p{percentile} latency");
                Some(Reading {
                    figure,
                    value,
                    bound,
                    n: window.latency.count(),
                    kept: value <= bound,
                })
            });
        errors.into_iter().chain(latency).collect()
    }
}

enum Errors {
    Kept,
    Close,
    Over,
}

/// The lower end of the Wilson score interval of `errors` in `n`, for `z` standard deviations.
/// 0 for `n` = 0.
#[must_use]
pub fn wilson_lower(errors: u64, n: u64, z: f64) -> f64 {
    // Exactly 0 in theory too; rounding must not make it a hair more.
    if errors == 0 || n == 0 {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    let (x, n) = (errors.min(n) as f64, n as f64);
    let p = x / n;
    let zz = z * z;
    let centre = p + zz / (2.0 * n);
    let spread = z * (p * (1.0 - p) / n + zz / (4.0 * n * n)).sqrt();
    ((centre - spread) / (1.0 + zz / n)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Histogram;

    fn gate() -> Gate {
        Gate::new(Some(0.01), [(50, None), (95, Some(200.0)), (99, None)], 50).unwrap()
    }

    fn figures(requests: u64, errors: u64, latency_us: u64) -> Figures {
        Figures {
            requests,
            errors,
            latency: Histogram([(latency_us, requests)].into()),
        }
    }

    #[test]
    fn a_gate_has_three_answers() {
        let judge = |n, x| gate().judge(&figures(n, x, 90_000), When::EndOfWindow);
        assert!(matches!(
            judge(0, 0),
            Verdict::Inconclusive {
                n: 0,
                needed: 50,
                ..
            }
        ));
        assert!(matches!(judge(49, 49), Verdict::Inconclusive { n: 49, .. }));
        assert!(matches!(judge(50, 0), Verdict::Pass { .. }));
        // one unlucky error of fifty is no proof of two percent
        assert!(matches!(judge(50, 1), Verdict::Inconclusive { .. }));
        assert!(matches!(judge(500, 10), Verdict::Fail { .. }));
        assert!(matches!(judge(50, 50), Verdict::Fail { .. }));
    }

    #[test]
    fn a_slow_percentile_fails_at_the_end_and_never_before() {
        let slow = figures(100, 0, 250_000);
        assert!(matches!(
            gate().judge(&slow, When::EndOfWindow),
            Verdict::Fail { .. }
        ));
        assert!(!matches!(
            gate().judge(&slow, When::AnyTime),
            Verdict::Fail { .. }
        ));
    }

    #[test]
    fn looking_at_any_time_wants_more_proof_than_looking_once() {
        let doubtful = figures(200, 5, 1_000);
        assert!(matches!(
            gate().judge(&doubtful, When::EndOfWindow),
            Verdict::Fail { .. }
        ));
        assert!(!matches!(
            gate().judge(&doubtful, When::AnyTime),
            Verdict::Fail { .. }
        ));
        assert!(matches!(
            gate().judge(&figures(200, 20, 1), When::AnyTime),
            Verdict::Fail { .. }
        ));
    }

    #[test]
    fn the_wilson_bound_is_that_of_the_textbook() {
        // R: prop.test(10, 100, correct = FALSE, conf.level = .95)$conf.int[1]
        assert!((wilson_lower(10, 100, 1.959_964) - 0.055_229_14).abs() < 1e-7);
        assert!(wilson_lower(0, 0, 3.0) == 0.0 && wilson_lower(0, 10, 3.0) == 0.0);
    }

    #[test]
    fn a_reading_says_figure_n_and_bound() {
        let Verdict::Fail { readings } = gate().judge(&figures(500, 10, 90_000), When::EndOfWindow)
        else {
            panic!("should fail");
        };
        assert_eq!(
            readings[0].to_string(),
            "error rate 2.00% over the bound of 1.00% (n = 500)"
        );
        assert_eq!(
            readings[1].to_string(),
            "p95 latency 90.0 ms within the bound of 200.0 ms (n = 500)"
        );
    }
}
