//! What the simulation leaves out, because it cannot change anything, changes nothing.

use super::SEED;
use super::draw::{Draw, Shape};
use super::rough::{Rough, Scale};
use super::screen;
use stats::effect::{self, Share};
use stats::judge::{Observed, Rule, Trials, Verdict, Worse, judge};
use stats::{Moments, PairMoments, Question};

/// The simulation asks the judge only where a bound says that it could stop. It may not be wrong.
#[test]
fn the_judge_stops_nowhere_that_its_screen_leaves_out() {
    let mut stopped = [0_u32; 2];
    for run in 0..6 {
        let mut draw = Draw::of(SEED, run);
        for (worse, change) in [
            (Worse::Higher, 0.7),
            (Worse::Lower, -0.4),
            (Worse::Either, 0.5),
        ] {
            for (q, tolerance) in [(None, 0.0), (None, 0.1), (Some(0.5), 0.0), (Some(0.5), 0.1)] {
                let rule = Rule {
                    worse,
                    tolerance,
                    ..Rule::default()
                };
                let (mut control, mut canary) = (Vec::new(), Vec::new());
                for _ in 0..25 {
                    let mut values = |n: usize| -> Vec<f64> {
                        (0..n).map(|_| Shape::Latency.draw(&mut draw)).collect()
                    };
                    screen::grow(&mut control, values(24));
                    let more = values(12).into_iter().map(|x| x * (1.0 + change));
                    screen::grow(&mut canary, more);
                    let observed = match q {
                        Some(q) => Observed::Quantile {
                            q,
                            control: &control,
                            canary: &canary,
                        },
                        None => Observed::Continuous {
                            control: &control,
                            canary: &canary,
                        },
                    };
                    let fails = judge(&observed, &rule).unwrap().verdict == Verdict::Fail;
                    let can = screen::can_stop(&rule, q, &control, &canary);
                    assert!(can || !fails, "{rule:?} {q:?}");
                    stopped[usize::from(q.is_some())] += u32::from(fails);
                }
            }
        }
    }
    assert!(stopped[0] > 50 && stopped[1] > 50, "{stopped:?}");
}

#[test]
fn the_judge_stops_no_counts_that_their_screen_leaves_out() {
    let mut stopped = [0_u32; 2];
    for worse in [Worse::Higher, Worse::Lower, Worse::Either] {
        let rule = Rule {
            worse,
            tolerance: 0.0,
            ..Rule::default()
        };
        for (n, m) in [(100, 100), (1_900, 100), (50, 400)] {
            for x in (0..=n).step_by(n as usize / 12) {
                for y in (0..=m).step_by(m as usize / 12) {
                    let (control, canary) = (Trials { x, n }, Trials { x: y, n: m });
                    let observed = Observed::Rate { control, canary };
                    let fails = judge(&observed, &rule).unwrap().verdict == Verdict::Fail;
                    assert!(!fails || screen::errors_can_stop(&rule, control, canary));
                    stopped[0] += u32::from(fails);
                    let events = |count: u64, exposure: u64| stats::count::Events {
                        count,
                        exposure: exposure as f64,
                    };
                    let observed = Observed::Count {
                        control: events(x, n),
                        canary: events(y, m),
                    };
                    let fails = judge(&observed, &rule).unwrap().verdict == Verdict::Fail;
                    let share = m as f64 / (n + m) as f64;
                    assert!(!fails || screen::events_can_stop(&rule, [x, y], share));
                    stopped[1] += u32::from(fails);
                }
            }
        }
    }
    assert!(stopped[0] > 100 && stopped[1] > 100, "{stopped:?}");
}

/// The simulation's own rough standard errors are those of the crate.
#[test]
fn rough_distances_are_those_of_the_methods() {
    let mut draw = Draw::of(SEED, 1);
    let mut pairs = |factor: f64| -> PairMoments {
        PairMoments::of((0..200).map(|_| {
            let before = draw.exponential() + 1.0;
            (factor * (before + draw.exponential()), before)
        }))
    };
    let (control, treatment) = (pairs(1.0), pairs(1.3));
    let near = |rough: f64, exact: f64| assert!((rough - exact).abs() < 1e-9, "{rough} {exact}");
    let relative = Question::default();
    let z = |estimate: &stats::Estimate, truth: f64| (estimate.effect - truth) / estimate.stderr;
    let shares = |rough: &Rough, share: &Share| {
        for truth in [0.0, 0.2, -0.4] {
            near(rough.z(truth, Scale::Share), z(&share.at(truth), truth));
        }
        near(rough.z(0.1, Scale::Absolute), z(share.absolute(), 0.1));
    };
    let means: [Moments; 2] = [control.x(), treatment.x()];
    let rough = Rough::of_means(&means[0], &means[1]);
    shares(&rough, &Share::of_means(&means[0], &means[1]).unwrap());
    let delta = effect::mean(&means[0], &means[1], relative).unwrap();
    near(rough.z(0.1, Scale::Delta), z(&delta, 0.1));

    let rough = Rough::of_ratios(&control, &treatment);
    shares(&rough, &Share::of_ratios(&control, &treatment).unwrap());
    let delta = effect::ratio(&control, &treatment, relative).unwrap();
    near(rough.z(0.1, Scale::Delta), z(&delta.estimate, 0.1));

    let rough = Rough::of_cuped(&control, &treatment);
    shares(&rough, &Share::of_cuped(&control, &treatment).unwrap().0);
    let delta = effect::cuped(&control, &treatment, relative).unwrap();
    near(rough.z(0.1, Scale::Delta), z(&delta.estimate, 0.1));

    let rough = Rough::of_proportions([20, 35], 100);
    let arm = |x| effect::Proportion::new(x, 100).unwrap();
    shares(&rough, &Share::of_proportions(arm(20), arm(35)).unwrap());
    let delta = effect::proportion(arm(20), arm(35), relative).unwrap();
    near(rough.z(0.1, Scale::Delta), z(&delta, 0.1));
}
