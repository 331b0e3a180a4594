use std::time::Duration;

/// Buckets grow by two percent, which is the error of a quantile read from them.
const GROWTH: f64 = 1.02;
/// Up to about 80 s.
const BUCKETS: usize = 920;

/// Counts of times in microseconds, of fixed size however long a visit lasts.
#[derive(Clone)]
pub(crate) struct Histogram(Vec<u64>);

impl Default for Histogram {
    fn default() -> Self {
        Self(vec![0; BUCKETS])
    }
}

impl Histogram {
    pub(crate) fn record(&mut self, time: Duration) {
        let micros = (time.as_micros() as f64).max(1.0);
        let bucket = (micros.ln() / GROWTH.ln()) as usize;
        self.0[bucket.min(BUCKETS - 1)] += 1;
    }

    /// The smallest time, in milliseconds, that a share `q` of the recorded ones does not exceed; 0 without any.
    pub(crate) fn quantile_ms(&self, q: f64) -> f64 {
        let total: u64 = self.0.iter().sum();
        let rank = ((total as f64 * q).ceil() as u64).max(1);
        let mut seen = 0;
        for (bucket, count) in self.0.iter().enumerate() {
            seen += count;
            if seen >= rank {
                let ms = GROWTH.powi(bucket as i32 + 1) / 1000.0;
                return (ms * 100.0).round() / 100.0;
            }
        }
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_the_bucket_width() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile_ms(0.5), 0.0);
        for ms in 1..=1000 {
            histogram.record(Duration::from_millis(ms));
        }
        for (q, expect) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0)] {
            let got = histogram.quantile_ms(q);
            assert!((got / expect - 1.0).abs() <= 0.021, "{q}: {got}");
        }
        histogram.record(Duration::from_secs(4000));
        assert!(histogram.quantile_ms(1.0) > 60_000.0);
    }
}
