//! Reasons as sentences.

use super::*;

#[test]
fn shares_are_said_in_a_few_digits() {
    for (share, want) in [
        (0.0, "0%"),
        (0.1, "10%"),
        (0.123_456, "12.3%"),
        (-0.012_34, "-1.23%"),
        (0.001, "0.1%"),
        (0.000_123_4, "0.0123%"),
        (3.0, "300%"),
        (12.345, "1234%"),
        (1e-9, "1.00e-7%"),
        (1e9, "1.00e11%"),
        (f64::INFINITY, "infinity"),
        (f64::NEG_INFINITY, "-infinity"),
    ] {
        assert_eq!(Percent(share).to_string(), want);
    }
}

#[test]
fn every_reason_is_a_sentence() {
    let interval = Interval {
        lo: -0.02,
        hi: f64::INFINITY,
    };
    let (effect, tolerance) = (0.05, 0.1);
    let tail = TailChange {
        q: 0.9,
        beyond: 7,
        of: 10,
    };
    let whole: Vec<String> = [
        Reason::NoData,
        Reason::TooFew {
            least: 3,
            wanted: 20,
        },
        Reason::Beyond {
            effect,
            interval,
            tolerance,
        },
        Reason::Within {
            effect: -effect,
            interval,
            tolerance,
        },
        Reason::Open {
            effect: 0.0,
            interval,
            tolerance,
        },
        Reason::Open {
            effect: f64::NAN,
            interval,
            tolerance,
        },
        Reason::Within {
            effect,
            interval: Interval { lo: -0.1, hi: 0.1 },
            tolerance,
        },
        Reason::Beyond {
            effect: f64::INFINITY,
            interval: Interval {
                lo: f64::INFINITY,
                hi: f64::INFINITY,
            },
            tolerance,
        },
        Reason::Unbounded {
            means: [-0.050_576, 0.162_35],
            tolerance,
        },
        Reason::Ranks {
            pairs: 0.6125,
            means: [0.052, 0.394],
            tolerance,
        },
        Reason::MostlyEqual {
            value: 0.0,
            share: 0.8,
            means: [0.2, 1234.5],
        },
        Reason::MostlyEqual {
            value: -2.5e-9,
            share: 0.5,
            means: [0.0, -1.25e-9],
        },
        Reason::Coarse {
            effect: 0.0,
            interval,
            tolerance,
        },
        Reason::Tail(tail),
        Reason::TailInDoubt(tail),
        Reason::TailUnseen(tail),
        Reason::NoEvents {
            bound: 0.0004,
            margin: None,
        },
        Reason::NoEvents {
            bound: 0.0004,
            margin: Some(0.001),
        },
        Reason::NoEvents {
            bound: 0.0004,
            margin: Some(0.0001),
        },
        Reason::WithinMargin {
            points: Interval {
                lo: -0.001,
                hi: 0.0005,
            },
            margin: 0.001,
        },
        Reason::WithinMargin {
            points: Interval {
                lo: -0.002,
                hi: 0.0005,
            },
            margin: 0.001,
        },
        Reason::MarginOpen {
            points: Interval {
                lo: -0.001,
                hi: 0.002,
            },
            margin: 0.001,
        },
        Reason::NoCounts { bound: 0.0123 },
        Reason::Constant,
    ]
    .iter()
    .map(ToString::to_string)
    .collect();
    assert_eq!(
        whole,
        [
            "there is no data for at least one of the two",
            "there are 3 observations where 20 are needed",
            "the canary is 5% higher than the baseline (interval -2% or more): all of it beyond the tolerated 10%",
            "the canary is 5% lower than the baseline (interval -2% or more): not worse by more than the tolerated 10%",
            "the canary is as high as the baseline (interval -2% or more): it may or may not exceed the tolerated 10%; more data will tell",
            "the change is not known yet (interval -2% or more): it may or may not exceed the tolerated 10%; more data will tell",
            "the canary is 5% higher than the baseline (interval -10% to 10%): all of it within the tolerated 10%",
            "the canary is above a baseline of 0: all of it beyond the tolerated 10%",
            "the change may be any share of the baseline (the canary's mean is 0.162, the baseline's -0.0506), beyond the tolerated 10% or not; more data will tell, unless the baseline is about 0",
            "the canary's values (mean 0.394) are worse than the baseline's (mean 0.052) and the tolerated 10% in 61.3% of all pairs, more than chance makes of 50%",
            "most values are equal (80% are 0; the canary's mean is 1234, the baseline's 0.2), which ranks cannot compare: judge it as a count or a rate",
            "half of the values are equal (50% are -2.5e-9; the canary's mean is -1.25e-9, the baseline's 0), which ranks cannot compare: judge it as a count or a rate",
            "the canary is as high as the baseline (interval -2% or more): the values come in steps too coarse to tell a change of the tolerated 10%; judge finer values, or a count or a rate",
            "the tail is worse than tolerated: 7 of 10 values lie beyond the baseline's 0.9 quantile and the tolerance",
            "the bulk is as tolerated, but the tail looks worse: 7 of 10 values lie beyond the baseline's 0.9 quantile and the tolerance",
            "the bulk is as tolerated, but 10 values are too few to tell of the tail that less than a tenth is worse: 7 of 10 values lie beyond the baseline's 0.9 quantile and the tolerance",
            "neither the canary nor the baseline has seen any; the canary's rate is below 0.04%, but a tolerance that is a share of none decides nothing; an absolute margin would",
            "neither the canary nor the baseline has seen any; the canary's rate is below 0.04%, within the accepted margin of 0.1%",
            "neither the canary nor the baseline has seen any; the canary's rate is below 0.04%, not yet within the accepted margin of 0.01%; more data will tell",
            "the canary's rate less the baseline's is in points -0.1% to 0.05%: all of it within the accepted margin of 0.1%",
            "the canary's rate less the baseline's is in points -0.2% to 0.05%: not worse by more than the accepted margin of 0.1%",
            "the canary's rate less the baseline's is in points -0.1% to 0.2%: it may or may not exceed the accepted margin of 0.1%; more data will tell",
            "neither the canary nor the baseline has seen any; the canary's rate is below 1.230e-2 by unit of exposure, but a tolerance that is a share of none decides nothing",
            "the canary and the baseline show one and the same value",
        ]
    );
}
