use super::dispersion::dispersion_of_one;
use super::{Dispersion, Events, Independent, dispersion, dispersion_of_pairs};
use crate::{Failure, InvalidInput};

/// Fewer blocks of rows differ by chance too much for the largest of several differences to be told.
const FEWEST_BLOCKS: usize = 10;

/// How much farther apart the rows of two arms are than independent events would be, where they clearly are.
///
/// Rows are in the order of time; `None` is one without a value. With as many rows in both arms those at the same place
/// are pairs, and [`dispersion_of_pairs`] is asked, so that what both go through is no burst of one, else [`dispersion`].
/// Bursts may last, and then neighbouring rows go along with each other:
/// rows are added up to blocks of 2, 4, 8 and so on, as long as there are ten blocks. A size is taken where its ratio is
/// clear ([`Dispersion::is_clear`]) and greater than that of the smaller ones by two standard deviations of what chance
/// makes of it, `1 + 2·√(2/degrees)` times. Asked of so many sizes, independent events are called bursts in a hundredth or
/// two of all runs.
///
/// Source: as of [`dispersion`]; blocks are the batch means of simulation output, as in G. S. Fishman, "Grouping
/// observations in digital simulation", Management Science 24, 1978.
///
/// A treatment that begins to fail on the way looks like a burst that lasts, and must be found. So a size above 1 is taken
/// only where the bursts are over, neither arm having more events in its last tenth of rows (three at least) than the other's
/// rate over all rows gives it, and two standard deviations; or where the control by itself is clear at that size, too.
///
/// Few rows, and few bursts, hide what there is: a burst that has not been seen is in no dispersion.
///
/// # Errors
///
/// An invalid input as of [`dispersion`]. Too few rows to tell are `None`.
///
/// # Examples
///
/// ```
/// use stats::count::{Events, Independent, bursts};
/// let rows = |counts: &[u64]| -> Vec<Option<Events>> {
///     counts.iter().map(|&count| Some(Events { count, exposure: 1_000.0 })).collect()
/// };
/// let quiet = rows(&[1, 0, 2, 1, 0, 2, 1, 3, 0, 1]);
/// let burst = rows(&[1, 0, 2, 51, 1, 0, 2, 1, 1, 2]);
/// assert!(bursts(&quiet, &burst, Independent::Trials)?.unwrap().ratio > 3.0);
/// // The same bad minute in both.
/// assert_eq!(bursts(&burst, &burst, Independent::Trials)?, None);
/// # Ok::<(), stats::InvalidInput>(())
/// ```
pub fn bursts(
    control: &[Option<Events>],
    canary: &[Option<Events>],
    as_if: Independent,
) -> Result<Option<Dispersion>, InvalidInput> {
    let alone: Vec<[Events; 1]> = control.iter().flatten().map(|row| [*row]).collect();
    let over = is_over(control, canary) && is_over(canary, control);
    let lasts = |every: usize| {
        let rows = blocks(&alone, every).concat();
        over || dispersion_of_one(&rows, as_if).is_ok_and(|found| found.is_clear())
    };
    if control.len() == canary.len() {
        let both = control.iter().zip(canary);
        let pairs: Vec<[Events; 2]> = both
            .filter_map(|(control, canary)| Some([(*control)?, (*canary)?]))
            .collect();
        return clearest(pairs.len(), lasts, |every| {
            dispersion_of_pairs(&blocks(&pairs, every), as_if)
        });
    }
    let canary: Vec<[Events; 1]> = canary.iter().flatten().map(|row| [*row]).collect();
    clearest(alone.len() + canary.len(), lasts, |every| {
        let [control, canary] = [&alone, &canary].map(|rows| blocks(rows, every).concat());
        dispersion([&control, &canary], as_if)
    })
}

/// Whether the last rows have no more events than the rate of the other arm gives them.
fn is_over(other: &[Option<Events>], rows: &[Option<Events>]) -> bool {
    let sum = |rows: &[Option<Events>]| {
        let told = rows.iter().flatten();
        told.fold([0.0, 0.0], |[count, exposure], row| {
            [count + row.count as f64, exposure + row.exposure]
        })
    };
    let end = rows.len().saturating_sub((rows.len() / 10).max(3));
    let ([events, exposure], [all, over]) = (sum(&rows[end..]), sum(other));
    let expected = all / over * exposure;
    events <= expected + 2.0 * expected.max(1.0).sqrt()
}

/// The sums of `every` rows at a time; what is left over at the end is no block.
fn blocks<const ARMS: usize>(rows: &[[Events; ARMS]], every: usize) -> Vec<[Events; ARMS]> {
    rows.chunks_exact(every)
        .map(|block| {
            std::array::from_fn(|arm| Events {
                count: block
                    .iter()
                    .fold(0, |sum, row| sum.saturating_add(row[arm].count)),
                exposure: block.iter().map(|row| row[arm].exposure).sum(),
            })
        })
        .collect()
}

/// Over the rows, and all sizes of blocks of them for which there are enough.
fn clearest(
    rows: usize,
    lasts: impl Fn(usize) -> bool,
    of_blocks: impl Fn(usize) -> Result<Dispersion, Failure>,
) -> Result<Option<Dispersion>, InvalidInput> {
    let mut most: Option<Dispersion> = None;
    let mut every = 1;
    while every == 1 || rows / every >= FEWEST_BLOCKS && lasts(every) {
        match of_blocks(every) {
            Ok(found) => {
                let chance = 1.0 + 2.0 * (2.0 / found.degrees as f64).sqrt();
                let more = most.is_none_or(|most| found.ratio > chance * most.ratio);
                if found.is_clear() && more {
                    most = Some(found);
                }
            }
            Err(Failure::CannotCompute(_)) => break,
            Err(Failure::Invalid(invalid)) => return Err(invalid),
        }
        every *= 2;
    }
    Ok(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(counts: impl IntoIterator<Item = u64>) -> Vec<Option<Events>> {
        let row = |count| {
            Some(Events {
                count,
                exposure: 100.0,
            })
        };
        counts.into_iter().map(row).collect()
    }

    const AS_IF: Independent = Independent::Exposure;

    /// Uniform on [0, 1), from a congruential generator.
    fn noise(seed: u64) -> impl FnMut() -> f64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / (1_u64 << 24) as f64
        }
    }

    /// Poisson with this mean, by inversion.
    fn events(mean: f64, unit: &mut impl FnMut() -> f64) -> u64 {
        let (mut left, mut chance, mut count) = (unit(), (-mean).exp(), 0);
        while left > chance && count < 10_000 {
            left -= chance;
            count += 1;
            chance *= mean / count as f64;
        }
        count
    }

    #[test]
    fn independent_events_are_hardly_ever_called_bursts() {
        for (n, mean) in [(6, 3.0), (60, 0.3), (60, 5.0), (240, 1.0)] {
            let called = (0..300)
                .filter(|seed| {
                    let mut unit = noise(*seed + 1);
                    let mut arm = || rows((0..n).map(|_| events(mean, &mut unit)));
                    let (control, canary) = (arm(), arm());
                    bursts(&control, &canary, AS_IF).unwrap().is_some()
                })
                .count();
            assert!(called <= 12, "{n} rows of {mean}: {called} of 300");
        }
    }

    /// Twenty events instead of two in a quarter of the rows: ten in a row, or any.
    #[test]
    fn bursts_that_last_are_seen_in_blocks() {
        let lasting = |at: usize| {
            let burst = |row: usize| row % 40 >= at && row % 40 < at + 10;
            rows((0..240).map(|row| if burst(row) { 20 } else { 2 }))
        };
        let scattered = |seed: u64| {
            let mut unit = noise(seed);
            rows((0..240).map(|_| if unit() < 0.25 { 20 } else { 2 }))
        };
        let lasting = bursts(&lasting(0), &lasting(20), AS_IF).unwrap().unwrap();
        let scattered = bursts(&scattered(1), &scattered(2), AS_IF)
            .unwrap()
            .unwrap();
        assert!(
            lasting.ratio > 3.0 * scattered.ratio,
            "{lasting:?} {scattered:?}"
        );
        assert!(lasting.degrees < 60 && scattered.degrees > 100);
    }

    /// What begins and does not end is no burst that is over.
    #[test]
    fn a_treatment_that_fails_from_a_row_on_is_worth_its_rows() {
        let control = rows((0..600).map(|row| 1 + row % 2));
        let canary = rows((0..600).map(|row| if row < 60 { 1 + row % 2 } else { 90 }));
        let found = bursts(&control, &canary, AS_IF).unwrap().unwrap();
        // About the 90 events of a row, so that of the 540 rows nearly each is one.
        assert!(found.ratio < 100.0, "{found:?}");
    }

    #[test]
    fn what_both_go_through_is_no_burst_of_one_unless_rows_cannot_be_paired() {
        let course = |row: u64| if row % 12 == 5 { 80 } else { 2 };
        let arm = rows((0..60).map(course));
        assert_eq!(bursts(&arm, &arm, AS_IF), Ok(None));
        assert!(bursts(&arm, &arm[..59], AS_IF).unwrap().is_some());
        // A row that one of the two lacks is none of either.
        let mut gap = arm.clone();
        gap[5] = None;
        assert_eq!(bursts(&arm, &gap, AS_IF), Ok(None));
        // Hardly any row has an event, and those that have are bursts.
        let seldom = |at: usize| rows((0..60).map(|row| if row % 30 == at { 50 } else { 0 }));
        assert!(bursts(&seldom(3), &seldom(9), AS_IF).unwrap().is_some());
    }

    #[test]
    fn four_rows_tell_what_is_clear_and_fewer_nothing() {
        let (one, other) = (rows([9, 1, 0, 5]), rows([2, 35, 4, 3]));
        assert!(bursts(&one, &other, AS_IF).unwrap().is_some());
        assert_eq!(bursts(&one[..2], &other[1..3], AS_IF), Ok(None));
        assert_eq!(bursts(&one[..1], &other[1..3], AS_IF), Ok(None));
        // The sum of one arm beside the rows of the other.
        assert!(bursts(&one[..1], &other, AS_IF).unwrap().is_some());
        assert_eq!(bursts(&[], &[], AS_IF), Ok(None));
        let bad = [Some(Events {
            count: 1,
            exposure: -1.0,
        }); 5];
        assert_eq!(
            bursts(&bad, &other, AS_IF).unwrap_err().field,
            "rows.exposure"
        );
    }
}
