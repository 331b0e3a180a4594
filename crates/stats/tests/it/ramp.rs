//! Canaries in a ramp, from 5% to 50% of the traffic, while the base rate changes: by chance, from a fixed seed.

use stats::judge::{Observed, Rule, Trials, Verdict, Worse, judge};
use stats::numeric::binomial_sf;

/// Uniform on [0, 1).
struct Draw(u64);

impl Draw {
    fn chance(&mut self, p: f64) -> bool {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let uniform = ((z ^ (z >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0;
        uniform < p
    }
}

/// What happens in each half of the ramp: the baseline's rate, and the canary's over it.
struct Course {
    base: [f64; 2],
    ratio: [f64; 2],
    rule: Rule,
}

const RUNS: u64 = 200;
const LOOKS: usize = 16;
const EACH: usize = 750;

impl Course {
    /// How many runs are stopped ever: with the trials by period, and added up.
    fn stopped(&self) -> [u64; 2] {
        let mut stopped = [0, 0];
        for run in 0..RUNS {
            let mut draw = Draw(run << 32);
            let mut arms = [[Trials { x: 0, n: 0 }; 2]; 2];
            let mut fails = [false; 2];
            for look in 0..LOOKS {
                let half = 2 * look / LOOKS;
                for _ in 0..EACH {
                    let arm = usize::from(draw.chance([0.05, 0.5][half]));
                    let rate = self.base[half] * [1.0, self.ratio[half]][arm];
                    let trials = &mut arms[arm][half];
                    trials.n += 1;
                    trials.x += u64::from(draw.chance(rate));
                }
                let [control, canary] = arms.each_ref().map(|arm| &arm[..=half]);
                let added = |arm: &[Trials]| Trials {
                    x: arm.iter().map(|trials| trials.x).sum(),
                    n: arm.iter().map(|trials| trials.n).sum(),
                };
                let ways = [
                    Observed::RateByPeriod { control, canary },
                    Observed::Rate {
                        control: added(control),
                        canary: added(canary),
                    },
                ];
                for (fails, observed) in fails.iter_mut().zip(&ways) {
                    *fails |= judge(observed, &self.rule).unwrap().verdict == Verdict::Fail;
                }
            }
            for (stopped, fails) in stopped.iter_mut().zip(fails) {
                *stopped += u64::from(fails);
            }
        }
        stopped
    }

    /// Few enough stops for a method that keeps its level, and many where the trials are added up.
    #[track_caller]
    fn only_by_period_holds(&self) {
        let [by_period, added] = self.stopped();
        let chance = binomial_sf(by_period.saturating_sub(1), RUNS, 0.05);
        assert!(by_period == 0 || chance > 1e-4, "{by_period} of {RUNS}");
        assert!(added > RUNS / 2, "added up: {added} of {RUNS}");
    }
}

fn rule(worse: Worse, tolerance: f64) -> Rule {
    Rule {
        worse,
        tolerance,
        ..Rule::default()
    }
}

#[test]
fn a_base_rate_that_doubles_in_the_ramp_stops_no_equal_canary() {
    let course = Course {
        base: [0.04, 0.08],
        ratio: [1.0, 1.0],
        rule: rule(Worse::Higher, 0.0),
    };
    course.only_by_period_holds();
}

#[test]
fn successes_that_fall_in_the_ramp_stop_no_equal_canary() {
    let course = Course {
        base: [0.98, 0.8],
        ratio: [1.0, 1.0],
        rule: rule(Worse::Lower, 0.0),
    };
    course.only_by_period_holds();
}

#[test]
fn a_canary_that_is_tolerable_at_every_moment_is_not_stopped_whatever_the_moments() {
    let course = Course {
        base: [0.04, 0.08],
        ratio: [0.5, 1.1],
        rule: rule(Worse::Higher, 0.1),
    };
    course.only_by_period_holds();
}

#[test]
fn a_canary_worse_at_every_moment_is_stopped_though_the_base_rate_falls() {
    let course = Course {
        base: [0.08, 0.02],
        ratio: [2.0, 2.0],
        rule: rule(Worse::Higher, 0.0),
    };
    let [by_period, added] = course.stopped();
    assert!(by_period > RUNS * 9 / 10, "{by_period} of {RUNS}, {added}");
}
