use super::*;
use proptest::prelude::*;

#[test]
fn p_only_falls_and_is_the_least_inverse_factor() {
    let mut split = RatioMismatch::new(&[0.5, 0.5], 100.0).unwrap();
    let mut least = 1.0_f64;
    for look in [[10, 10], [30, 5], [5, 40], [100, 100]] {
        let found = split.observe(&look).unwrap();
        least = least.min(libm::exp(-found.log_bayes_factor));
        assert_eq!(found.p, least);
    }
    assert!(least < 1.0);
}

#[test]
fn an_arm_without_a_share_must_stay_empty() {
    let mut split = RatioMismatch::new(&[0.5, 0.0, 0.5], 100.0).unwrap();
    let without = split.observe(&[7, 0, 9]).unwrap();
    let two = RatioMismatch::new(&[0.5, 0.5], 100.0)
        .unwrap()
        .observe(&[7, 9])
        .unwrap();
    assert_eq!(without, two);
    let stranger = split.observe(&[0, 1, 0]).unwrap();
    assert_eq!(
        (stranger.log_bayes_factor, stranger.p),
        (f64::INFINITY, 0.0)
    );
}

#[test]
fn what_is_no_split_is_refused_by_name() {
    let field = |shares: &[f64], concentration| {
        RatioMismatch::new(shares, concentration).unwrap_err().field
    };
    assert_eq!(field(&[1.0], 1.0), "null_probabilities");
    assert_eq!(field(&[], 1.0), "null_probabilities");
    assert_eq!(field(&[0.5, 0.6], 1.0), "null_probabilities");
    assert_eq!(field(&[-0.5, 1.5], 1.0), "null_probabilities");
    assert_eq!(field(&[0.5, 0.5], 0.0), "dirichlet_concentration");
    let mut split = RatioMismatch::new(&[0.5, 0.5], 1.0).unwrap();
    assert_eq!(split.observe(&[1]).unwrap_err().field, "increments");
    assert_eq!(split.observe(&[1, 2, 3]).unwrap_err().field, "increments");
    assert_eq!(
        split.observe(&[u64::MAX, 1]).unwrap_err().field,
        "increments"
    );
    // What was refused, of any arm, has not been counted.
    assert!(split.observe(&[1, u64::MAX]).is_err());
    assert!(split.observe(&[LARGEST_COUNT, 0]).is_ok());
    assert!(split.observe(&[1, 0]).is_err());
}

proptest! {
    #[test]
    fn only_the_totals_matter_for_the_factor(looks in prop::collection::vec(prop::array::uniform3(0..300_u64), 1..8)) {
        let shares = [0.2, 0.3, 0.5];
        let mut stepwise = RatioMismatch::new(&shares, 50.0).unwrap();
        let mut last = None;
        let mut total = [0; 3];
        for look in &looks {
            last = Some(stepwise.observe(look).unwrap());
            for (sum, more) in total.iter_mut().zip(look) {
                *sum += more;
            }
        }
        let once = RatioMismatch::new(&shares, 50.0).unwrap().observe(&total).unwrap();
        prop_assert_eq!(last.unwrap().log_bayes_factor, once.log_bayes_factor);
        prop_assert!(last.unwrap().p <= once.p);
    }
}
