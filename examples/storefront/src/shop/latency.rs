use std::time::Duration;

use super::config::LatencyMs;

/// The 99th percentile of the standard normal distribution.
const Z_99: f64 = 2.326_347_874;

/// Log-normal lookup times with a given median and 99th percentile: most are quick, a few are slow, as with a real
/// database. The tail is cut at four times the 99th percentile.
pub(crate) struct Latency {
    median_ms: f64,
    sigma: f64,
    max_ms: f64,
}

impl Latency {
    pub(crate) fn new(latency: LatencyMs) -> Self {
        let LatencyMs { median, p99 } = latency;
        let sigma = if median > 0.0 {
            (p99 / median).ln() / Z_99
        } else {
            0.0
        };
        Self {
            median_ms: median,
            sigma,
            max_ms: 4.0 * p99,
        }
    }

    /// `u` and `v` are uniform on (0, 1]; the Box–Muller transform makes one normal value of them.
    fn at(&self, u: f64, v: f64) -> Duration {
        let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
        let ms = (self.median_ms * (self.sigma * normal).exp()).min(self.max_ms);
        Duration::from_secs_f64(ms / 1000.0)
    }

    pub(crate) async fn look_up(&self) {
        if self.median_ms > 0.0 {
            let (u, v) = (1.0 - rand::random::<f64>(), 1.0 - rand::random::<f64>());
            tokio::time::sleep(self.at(u, v)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_times_have_the_set_median_and_tail() {
        let latency = Latency::new(LatencyMs {
            median: 20.0,
            p99: 80.0,
        });
        // A regular grid over the unit square stands in for chance, so that the figures are the same on each run.
        let side = 300;
        let mid = |i: i32| (f64::from(i) + 0.5) / f64::from(side);
        let mut drawn: Vec<f64> = (0..side)
            .flat_map(|i| (0..side).map(move |j| (i, j)))
            .map(|(i, j)| latency.at(mid(i), mid(j)).as_secs_f64() * 1000.0)
            .collect();
        drawn.sort_by(f64::total_cmp);
        let quantile = |q: f64| drawn[(q * drawn.len() as f64) as usize];
        assert!((quantile(0.5) - 20.0).abs() < 0.5, "{}", quantile(0.5));
        assert!((quantile(0.99) - 80.0).abs() < 3.0, "{}", quantile(0.99));
        assert!(drawn[drawn.len() - 1] <= 320.0);
    }
}
