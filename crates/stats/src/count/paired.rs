use super::dispersion::{FEWEST_ROWS, check};
use super::{Dispersion, Events, Independent};
use crate::numeric::root_between;
use crate::{CannotCompute, Failure};

/// Pearson's dispersion of how the events of each row fall to the two arms: what both arms go through together,
/// as a bad minute of what both depend on, is not in it.
///
/// `rows` are those of the same time in control and treatment. Given its t events, the treatment's part x of a row
/// is binomial with the share θ = r·e_t/(r·e_t + e_c), e being the exposures and r the one ratio of rates at which
/// the parts add up to what they do; of t events in n trials it is hypergeometric, which varies less by 1 − t/n.
/// Then φ = Σ (x − t·θ)²/v / (rows − 1), v = t·θ(1 − θ)·(1 − t/n), over the rows with an event; where more than half of
/// all trials are events, those that are none are counted instead. `chance` is as of [`dispersion`](super::dispersion()), a
/// row's term having the variance 2 + (1 − 6θ(1 − θ))/v.
///
/// Source: as there; the conditional likelihood is that of W. G. Cochran, "Some methods for strengthening the common χ²
/// tests", Biometrics 10, 1954. φ has no unit; exposures may have any, but all the same.
///
/// # Errors
///
/// [`CannotCompute::TooFew`] below four rows that have an event, [`CannotCompute::NoVariance`] where all events fall to one arm,
/// [`CannotCompute::Overflow`] where exposures add up to more than a double holds; an invalid input for an exposure that is
/// not positive and finite, a count above 2^53, or more events than trials.
///
/// # Examples
///
/// ```
/// use stats::count::{Events, Independent, dispersion, dispersion_of_pairs};
/// // A dependency of both fails in the fourth minute.
/// let counts = [[1, 2], [0, 1], [2, 1], [50, 52], [1, 0], [0, 2], [1, 1], [2, 0], [1, 3], [1, 1], [0, 1]];
/// let rows = counts.map(|row| row.map(|count| Events { count, exposure: 1_000.0 }));
/// assert!(!dispersion_of_pairs(&rows, Independent::Trials)?.is_clear());
/// let [control, canary] = [0, 1].map(|arm| rows.map(|row| row[arm]));
/// assert!(dispersion([&control, &canary], Independent::Trials)?.is_clear());
/// # Ok::<(), stats::Failure>(())
/// ```
pub fn dispersion_of_pairs(
    rows: &[[Events; 2]],
    as_if: Independent,
) -> Result<Dispersion, Failure> {
    for row in rows {
        check(row, as_if)?;
    }
    let rows = informative(rows, as_if)?;
    if rows.len() < FEWEST_ROWS {
        return Err(CannotCompute::TooFew.into());
    }
    let ratio = common_ratio(&rows)?;
    let (mut pearson, mut variance) = (0.0, 0.0);
    for row in &rows {
        let share = row.share(ratio);
        let split = share * (1.0 - share);
        let of_row = row.total() * split * row.left;
        let off = row.treatment - row.total() * share;
        pearson += off * off / of_row;
        variance += 2.0 + (1.0 - 6.0 * split) / of_row;
    }
    Dispersion::of(pearson, variance, rows.len() - 1)
}

/// The events of a row, which tell how they fall to the arms.
#[derive(Clone, Copy)]
struct Row {
    control: f64,
    treatment: f64,
    /// ln(e_t/e_c).
    offset: f64,
    /// 1 − t/n: what is left of a binomial variance where t events are drawn out of n trials.
    left: f64,
}

impl Row {
    fn total(&self) -> f64 {
        self.control + self.treatment
    }

    /// The treatment's share of the events at this logarithm of the ratio of rates.
    fn share(&self, ratio: f64) -> f64 {
        1.0 / (1.0 + libm::exp(-ratio - self.offset))
    }
}

/// Rows with an event; of trials that mostly are events, with one that is none.
fn informative(rows: &[[Events; 2]], as_if: Independent) -> Result<Vec<Row>, CannotCompute> {
    let [events, exposure] = rows.iter().flatten().fold([0.0, 0.0], |[x, e], row| {
        [x + row.count as f64, e + row.exposure]
    });
    if exposure.is_infinite() {
        return Err(CannotCompute::Overflow);
    }
    let trials = as_if == Independent::Trials;
    let others = trials && events > 0.5 * exposure;
    let counted = |of: &Events| {
        let count = of.count as f64;
        if others { of.exposure - count } else { count }
    };
    let row = |[control, treatment]: &[Events; 2]| {
        let (x_c, x_t) = (counted(control), counted(treatment));
        let all = control.exposure + treatment.exposure;
        Row {
            control: x_c,
            treatment: x_t,
            offset: libm::log(treatment.exposure) - libm::log(control.exposure),
            left: if trials { 1.0 - (x_c + x_t) / all } else { 1.0 },
        }
    };
    let tells = |row: &Row| row.total() > 0.0 && row.left > 0.0;
    Ok(rows.iter().map(row).filter(tells).collect())
}

/// The logarithm of the ratio of rates at which the rows' events fall to the arms as they do, added up.
fn common_ratio(rows: &[Row]) -> Result<f64, CannotCompute> {
    let [control, treatment] = rows.iter().fold([0.0, 0.0], |[c, t], row| {
        [c + row.control, t + row.treatment]
    });
    if control == 0.0 || treatment == 0.0 {
        return Err(CannotCompute::NoVariance);
    }
    let missing = |ratio: f64| {
        let expected: f64 = rows.iter().map(|row| row.total() * row.share(ratio)).sum();
        expected - treatment
    };
    let mut reach = 1.0;
    while missing(-reach) > 0.0 || missing(reach) < 0.0 {
        reach *= 2.0;
        if reach > 1e4 {
            return Err(CannotCompute::Overflow);
        }
    }
    root_between(-reach, reach, missing).ok_or(CannotCompute::Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::count::dispersion;
    use proptest::prelude::*;

    fn pairs(counts: &[[u64; 2]], exposures: [f64; 2]) -> Vec<[Events; 2]> {
        let events = |counts: &[u64; 2]| {
            [0, 1].map(|arm| Events {
                count: counts[arm],
                exposure: exposures[arm],
            })
        };
        counts.iter().map(events).collect()
    }

    const COUNTS: [[u64; 2]; 12] = [
        [3, 1],
        [0, 2],
        [5, 9],
        [2, 2],
        [40, 1],
        [1, 0],
        [4, 4],
        [0, 3],
        [2, 1],
        [7, 5],
        [1, 30],
        [3, 2],
    ];

    /// statsmodels: GLM of (treatment, control), Binomial with a constant, `pearson_chi2/df_resid`.
    #[test]
    fn the_ratio_is_that_of_a_logistic_regression() {
        let found = dispersion_of_pairs(&pairs(&COUNTS, [900.0, 1_100.0]), Independent::Exposure);
        let found = found.unwrap();
        assert!((found.ratio - RATIO).abs() < 1e-9, "{found:?}");
        assert_eq!(found.degrees, 11);
        assert!(found.is_clear());
        // Of trials that are hardly ever events the same but for what is drawn without putting back.
        let rare = pairs(&COUNTS, [9e8, 1.1e9]);
        let rare = dispersion_of_pairs(&rare, Independent::Trials).unwrap();
        assert!((rare.ratio / found.ratio - 1.0).abs() < 1e-6, "{rare:?}");
    }

    const RATIO: f64 = 6.638_305_156_170_481;

    #[test]
    fn what_is_no_event_varies_as_much() {
        let rare = pairs(&COUNTS, [50.0, 50.0]);
        let common: Vec<[Events; 2]> = rare
            .iter()
            .map(|row| {
                row.map(|of| Events {
                    count: 50 - of.count,
                    ..of
                })
            })
            .collect();
        let one = dispersion_of_pairs(&rare, Independent::Trials).unwrap();
        let other = dispersion_of_pairs(&common, Independent::Trials).unwrap();
        assert_eq!(one, other);
    }

    #[test]
    fn rows_that_cannot_tell_are_left_out() {
        let few = pairs(&COUNTS[..3], [1.0, 1.0]);
        let as_if = Independent::Exposure;
        let too_few = Err(CannotCompute::TooFew.into());
        assert_eq!(dispersion_of_pairs(&few, as_if), too_few);
        let silent = [few, pairs(&[[0, 0]; 50], [1.0, 1.0])].concat();
        assert_eq!(dispersion_of_pairs(&silent, as_if), too_few);
        let one_sided = pairs(&[[0, 3]; 20], [1.0, 1.0]);
        assert_eq!(
            dispersion_of_pairs(&one_sided, as_if),
            Err(CannotCompute::NoVariance.into())
        );
        let bad = pairs(&[[2, 0]; 20], [1.0, 1.0]);
        assert!(matches!(
            dispersion_of_pairs(&bad, Independent::Trials),
            Err(Failure::Invalid(why)) if why.field == "rows.count"
        ));
    }

    proptest! {
        #[test]
        fn what_both_go_through_is_no_dispersion(times in prop::collection::vec(1..1_000_u64, 12..40)) {
            // The split is the same in every row, however bad the row is.
            let rows: Vec<[u64; 2]> = times.iter().map(|times| [3 * times, 2 * times]).collect();
            let rows = pairs(&rows, [30_000.0, 20_000.0]);
            let found = dispersion_of_pairs(&rows, Independent::Exposure).unwrap();
            prop_assert!(found.ratio < 1e-9, "{:?}", found);
        }

        #[test]
        fn the_arms_can_be_exchanged(counts in prop::collection::vec(prop::array::uniform2(0..40_u64), 12..40)) {
            let rows = pairs(&counts, [100.0, 250.0]);
            let turned: Vec<[Events; 2]> = rows.iter().map(|[control, canary]| [*canary, *control]).collect();
            for as_if in [Independent::Trials, Independent::Exposure] {
                match (dispersion_of_pairs(&rows, as_if), dispersion_of_pairs(&turned, as_if)) {
                    (Ok(one), Ok(other)) => prop_assert!((one.ratio / other.ratio - 1.0).abs() < 1e-9),
                    (one, other) => prop_assert_eq!(one, other),
                }
            }
        }
    }

    #[test]
    fn arms_that_fall_apart_by_themselves_are_bursty_both_ways() {
        let rows = pairs(&COUNTS, [1_000.0, 1_000.0]);
        let [control, canary] =
            [0, 1].map(|arm| rows.iter().map(|row| row[arm]).collect::<Vec<_>>());
        let apart = dispersion([&control, &canary], Independent::Exposure).unwrap();
        let paired = dispersion_of_pairs(&rows, Independent::Exposure).unwrap();
        assert!(apart.is_clear() && paired.is_clear());
    }
}
