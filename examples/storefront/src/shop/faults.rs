use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::config::FaultPlan;

/// Decides which page requests fail.
///
/// The share is exact instead of drawn by chance: of any `n` requests after the start, `n × error_rate` fail, rounded
/// down. A demonstration with fifty requests must not pass a bad version by luck.
pub(crate) struct Faults {
    plan: FaultPlan,
    asked: AtomicU64,
}

impl Faults {
    pub(crate) fn new(plan: FaultPlan) -> Self {
        Self {
            plan,
            asked: AtomicU64::new(0),
        }
    }

    pub(crate) fn strikes(&self, uptime: Duration) -> bool {
        if self.plan.error_rate == 0.0 || uptime < Duration::from_millis(self.plan.after_ms) {
            return false;
        }
        let before = self.asked.fetch_add(1, Ordering::Relaxed);
        let failed_after = |n: u64| (n as f64 * self.plan.error_rate).floor();
        failed_after(before + 1) > failed_after(before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_begin_after_the_set_time_and_keep_the_set_share() {
        let faults = Faults::new(FaultPlan {
            error_rate: 0.25,
            after_ms: 100,
        });
        let count = |uptime_ms: u64| {
            (0..400)
                .filter(|_| faults.strikes(Duration::from_millis(uptime_ms)))
                .count()
        };
        assert_eq!(count(99), 0);
        assert_eq!(count(100), 100);
    }
}
