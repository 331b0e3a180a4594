//! Where there is a difference, and where arms are not alike: in size, in digits, in when they had their traffic.

use super::anytime::{By, Course};
use super::coarse::{self, Values};
use super::draw::Shape;
use super::lopsided::{self, Data, Plan};
use super::ramp::{Ramp, Way, ramp};
use super::trial::Tally;
use super::uneven::{self, Split, Wait};
use super::{course, finds, runs};
use stats::judge::{Looks, Rule};

fn shares(looks: u64, each: u64, change: f64) -> Course {
    Course {
        by: By::Share,
        ..course(looks, each, change)
    }
}

/// The interval of one look is about the change that there is, be it a rise or a fall, of even arms or uneven.
#[test]
fn an_interval_of_one_look_holds_the_change_that_there_is() {
    let cases = [
        (Shape::Latency, 1, 400, 1.0),
        (Shape::Exponential, 3, 200, -0.5),
        (Shape::Bernoulli(0.2), 9, 200, 0.8),
    ];
    for (shape, control_for_one, n, change) in cases {
        let split = Split {
            control_for_one,
            most: n,
            wait: Wait::Never,
            change,
        };
        let course = shares(1, n, change);
        let told = runs(200, |draw| uneven::once(shape, &split, &course, draw));
        let chance = told.chance_of(told.fixed_missed, 0.05);
        assert!(chance > 1e-4, "{shape:?}: {} missed", told.fixed_missed);
        assert!(
            told.fixed_rejected > 160,
            "{shape:?}: {}",
            told.fixed_rejected
        );
    }
}

#[test]
fn a_sequence_holds_a_change_at_every_look() {
    let latency = shares(60, 50, 0.4);
    let told = runs(60, |draw| {
        super::anytime::mean(Shape::Latency, &latency, draw)
    });
    let chance = told.chance_of(told.missed_ever, 0.05);
    assert!(chance > 1e-4, "{} missed", told.missed_ever);
    finds("means that rise", &told, 0.9);
}

/// One visitor in ten buys, and one in twenty is in the treatment.
#[test]
fn a_ratio_over_lopsided_denominators_holds_once_it_waits_and_not_before() {
    let stopped = |wait: Wait| {
        let plan = Plan {
            data: Data::HeavyBelow,
            control_for_one: 19,
            most: 600,
            wait,
        };
        let course = shares(1, 1, 0.0);
        runs(120, |draw| lopsided::sequence(&plan, &course, draw))
    };
    let early = stopped(Wait::Never);
    let broken = early.chance_of(early.rejected, 0.05);
    assert!(broken < 1e-3, "{} stopped", early.rejected);
    let waits = stopped(Wait::ForNormality);
    let chance = waits.chance_of(waits.rejected, 0.05);
    assert!(chance > 1e-4, "{} stopped", waits.rejected);
}

#[test]
fn uneven_arms_of_skewed_revenue_hold_once_they_wait_and_not_before() {
    let shape = Shape::Revenue(0.1);
    let stopped = |wait: Wait, change: f64| {
        let split = Split {
            control_for_one: 19,
            most: 6_000,
            wait,
            change,
        };
        let course = shares(1, 1, 0.0);
        runs(100, |draw| uneven::sequence(shape, &split, &course, draw))
    };
    let early = stopped(Wait::Never, 0.0);
    let broken = early.chance_of(early.rejected, 0.05);
    assert!(broken < 1e-4, "{} stopped", early.rejected);
    let waits = stopped(Wait::ForNormality, 0.0);
    let chance = waits.chance_of(waits.rejected, 0.05);
    assert!(chance > 1e-4, "{} stopped", waits.rejected);
    let first = waits.median_told().unwrap();
    assert!((1_000..6_000).contains(&first), "{first}");
    finds("half as much again", &stopped(Wait::ForNormality, 0.5), 0.5);
}

#[test]
fn counts_that_rise_by_half_are_not_passed() {
    let arms = [1.0, 1.5].map(Values::Counts);
    for (looks, number) in [(Looks::Any, 15), (Looks::One, 60)] {
        let told = runs(number, |draw| coarse::judged(arms, looks, draw));
        let passed = told.told.len() as u64;
        assert!(told.chance_of(passed, 0.05) > 1e-4, "{passed} passed");
        finds(
            "half as many again",
            &told,
            if looks == Looks::One { 0.6 } else { 0.0 },
        );
    }
}

#[test]
fn a_base_rate_that_rises_in_a_ramp_stops_only_canaries_that_are_added_up() {
    let stopped = |way: Way| {
        let course = Ramp {
            rule: Rule {
                tolerance: 0.0,
                ..Rule::default()
            },
            base: 0.04,
            later: 1.5,
            change: 0.0,
            way,
        };
        runs(80, |draw| ramp(&course, draw))
    };
    let by_period = stopped(Way::ByPeriod);
    let chance = by_period.chance_of(by_period.rejected, 0.05);
    assert!(chance > 1e-4, "{} stopped", by_period.rejected);
    let added = stopped(Way::AddedUp);
    let chance = added.chance_of(added.rejected, 0.05);
    assert!(chance < 1e-4, "{} stopped", added.rejected);
}

/// `scipy.stats.binomtest(k, n).proportion_ci(method="exact")`.
#[test]
fn the_interval_of_a_share_of_runs_is_that_of_clopper_and_pearson() {
    for (count, runs, expected) in EXPECTED {
        let tally = Tally {
            runs,
            ..Tally::default()
        };
        for (got, expected) in tally.interval(count).into_iter().zip(expected) {
            assert!((got - expected).abs() < 1e-12, "{count} of {runs}: {got}");
        }
    }
}

const EXPECTED: [(u64, u64, [f64; 2]); 4] = [
    (0, 400, [0.0, 0.009179804583673406]),
    (18, 1000, [0.010701947929414169, 0.028299041249019108]),
    (7, 20, [0.1539092047845412, 0.5921885345328283]),
    (400, 400, [0.9908201954163266, 1.0]),
];
