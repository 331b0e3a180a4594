//! Where time comes from.

use crate::engine::lock;
use domain::Time;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Tells the time; injected, so that tests can own it.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Time;

    /// What the machine's own clock says, which stamps what a cloud answers.
    fn wall(&self) -> Time {
        self.now()
    }
}

pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock, with all its jumps.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Time {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Time(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that never jumps and never goes back, however the machine's clock is set meanwhile.
///
/// Pauses, retention and soaking are counted by it. A machine whose clock is set an hour ahead must
/// not skip the hour in which a canary would have shown its errors, and one set back must not wait an
/// hour longer. So the time shown runs with the ticks since start and *nears* the machine's clock, by
/// at most a tenth of the time that passes, the way `adjtime` does. A machine that slept has ticked
/// on.
pub struct SteadyClock<W = SystemClock, T = fn() -> Duration> {
    wall: W,
    ticks: T,
    shown: Mutex<Shown>,
}

struct Shown {
    at_us: i64,
    ticks: Duration,
}

/// By how much of the time that passes the clock may run fast or slow.
const NEARING: i64 = 10;

impl SteadyClock {
    /// Begins with the machine's clock, but never before `not_before`: the journal's last moment.
    #[must_use]
    pub fn begin(not_before: Time) -> Self {
        Self::with(SystemClock, ticks, not_before)
    }
}

impl<W: Clock, T: Fn() -> Duration + Send + Sync + 'static> SteadyClock<W, T> {
    /// The same from a clock and ticks of one's own.
    #[must_use]
    pub fn with(wall: W, ticks: T, not_before: Time) -> Self {
        let begin = wall.now().max(not_before);
        let shown = Shown {
            at_us: begin.0.saturating_mul(1_000),
            ticks: ticks(),
        };
        Self {
            wall,
            ticks,
            shown: Mutex::new(shown),
        }
    }
}

impl<W: Clock, T: Fn() -> Duration + Send + Sync + 'static> Clock for SteadyClock<W, T> {
    fn now(&self) -> Time {
        let mut shown = lock(&self.shown);
        let ticks = (self.ticks)();
        let passed = ticks.saturating_sub(shown.ticks);
        let passed_us = i64::try_from(passed.as_micros()).unwrap_or(i64::MAX);
        let straight = shown.at_us.saturating_add(passed_us);
        let gap = (self.wall.now().0.saturating_mul(1_000)).saturating_sub(straight);
        let give = passed_us / NEARING;
        *shown = Shown {
            at_us: straight.saturating_add(gap.clamp(-give, give)),
            ticks: shown.ticks.max(ticks),
        };
        Time(shown.at_us / 1_000)
    }

    fn wall(&self) -> Time {
        self.wall.now()
    }
}

/// Time since the machine started, sleep included.
#[cfg(target_os = "linux")]
fn ticks() -> Duration {
    let since = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let nanos = u32::try_from(since.tv_nsec).unwrap_or_default();
    Duration::new(since.tv_sec.unsigned_abs(), nanos)
}

#[cfg(not(target_os = "linux"))]
fn ticks() -> Duration {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

    const HOUR_MS: i64 = 3_600_000;
    const MINUTE_MS: u64 = 60_000;

    struct Wall(Arc<AtomicI64>);

    impl Clock for Wall {
        fn now(&self) -> Time {
            Time(self.0.load(Ordering::Relaxed))
        }
    }

    /// A machine whose clock and ticks the test moves.
    struct Machine {
        wall: Arc<AtomicI64>,
        ticks_ms: Arc<AtomicU64>,
        clock: Box<dyn Clock>,
    }

    impl Machine {
        fn new(not_before: Time) -> Self {
            let wall = Arc::new(AtomicI64::new(HOUR_MS * 500_000));
            let ticks_ms = Arc::new(AtomicU64::new(7));
            let ticks = Arc::clone(&ticks_ms);
            let clock = SteadyClock::with(
                Wall(Arc::clone(&wall)),
                move || Duration::from_millis(ticks.load(Ordering::Relaxed)),
                not_before,
            );
            Self {
                wall,
                ticks_ms,
                clock: Box::new(clock),
            }
        }

        fn pass(&self, ms: u64) {
            self.ticks_ms.fetch_add(ms, Ordering::Relaxed);
            self.jump(i64::try_from(ms).unwrap());
        }

        fn jump(&self, ms: i64) {
            self.wall.fetch_add(ms, Ordering::Relaxed);
        }
    }

    #[test]
    fn runs_with_the_machine_as_long_as_nobody_sets_it() {
        let machine = Machine::new(Time(0));
        let start = machine.clock.now();
        machine.pass(MINUTE_MS);
        assert_eq!(machine.clock.now(), start.plus_ms(MINUTE_MS));
        assert_eq!(machine.clock.now(), machine.clock.wall());
    }

    #[test]
    fn an_hour_set_ahead_shortens_no_wait_by_more_than_a_tenth() {
        let machine = Machine::new(Time(0));
        let start = machine.clock.now();
        machine.jump(HOUR_MS);
        assert_eq!(machine.clock.now(), start);
        machine.pass(MINUTE_MS);
        assert_eq!(machine.clock.now(), start.plus_ms(MINUTE_MS * 11 / 10));
    }

    #[test]
    fn an_hour_set_back_stops_no_wait_and_never_turns_back() {
        let machine = Machine::new(Time(0));
        let start = machine.clock.now();
        machine.jump(-HOUR_MS);
        assert_eq!(machine.clock.now(), start);
        machine.pass(MINUTE_MS);
        assert_eq!(machine.clock.now(), start.plus_ms(MINUTE_MS * 9 / 10));
    }

    #[test]
    fn asked_every_moment_or_seldom_it_nears_the_machine_alike_and_arrives() {
        let machine = Machine::new(Time(0));
        machine.jump(-60_000);
        let mut last = machine.clock.now();
        for _ in 0..600_000 {
            machine.pass(1);
            let now = machine.clock.now();
            assert!(now >= last);
            last = now;
        }
        assert_eq!(machine.clock.now(), machine.clock.wall());
    }

    #[test]
    fn never_begins_before_what_the_journal_knows() {
        let ahead = Time(HOUR_MS * 500_001);
        let machine = Machine::new(ahead);
        assert_eq!(machine.clock.now(), ahead);
        machine.pass(MINUTE_MS);
        assert_eq!(machine.clock.now(), ahead.plus_ms(MINUTE_MS * 9 / 10));
    }
}
