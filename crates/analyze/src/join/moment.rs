//! A time as one whole number, for its order.

/// As far from 0 a plain time keeps its millionths, which leaves room for seconds since 1970.
const MILLIONTHS: u64 = 100_000_000_000;
/// And as far its thousandths, which leaves room for milliseconds.
const THOUSANDTHS: u64 = 100_000_000_000_000;

/// A number that is no less for a later time: of whole numbers up to 9·10¹⁸, and of fractions as far as
/// a clock that is written in seconds or milliseconds has them, it is greater.
pub(super) fn moment(whole: i64, micros: u32) -> i64 {
    match (whole < 0, micros) {
        (false, micros) => from_zero(whole.unsigned_abs(), micros),
        (true, 0) => -from_zero(whole.unsigned_abs(), 0),
        // The millionths are those above the floor.
        (true, micros) => -from_zero(whole.unsigned_abs() - 1, 1_000_000 - micros),
    }
}

fn from_zero(whole: u64, micros: u32) -> i64 {
    let micros = u64::from(micros);
    let distance = if whole < MILLIONTHS {
        whole * 1_000_000 + micros
    } else if whole < THOUSANDTHS {
        MILLIONTHS * 1_000_000 + (whole - MILLIONTHS) * 1_000 + micros / 1_000
    } else {
        MILLIONTHS * 1_000_000 + (THOUSANDTHS - MILLIONTHS) * 1_000 + (whole - THOUSANDTHS)
    };
    i64::try_from(distance).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{MILLIONTHS, THOUSANDTHS, moment};

    #[test]
    fn a_later_time_is_a_greater_number() {
        let edges = [
            100_000_000_000,
            100_000_000_000_000,
            9_000_000_000_000_000_000,
        ];
        let mut wholes: Vec<i64> = [
            0,
            1,
            1_767_225_600,
            1_767_225_600_000,
            1_767_225_600_000_000,
        ]
        .into_iter()
        .chain(edges.iter().flat_map(|edge| [edge - 1, *edge]))
        .flat_map(|whole| [whole, -whole, -whole - 1])
        .collect();
        wholes.sort_unstable();
        wholes.dedup();
        let known: &dyn Fn(i64) -> Vec<u32> = &|whole| match whole.unsigned_abs() {
            near if near + 1 < MILLIONTHS => vec![0, 1, 500_000, 999_999],
            near if near + 1 < THOUSANDTHS => vec![0, 1_000, 500_000, 999_000],
            _ => vec![0],
        };
        let all: Vec<i64> = wholes
            .into_iter()
            .flat_map(|whole| {
                known(whole)
                    .into_iter()
                    .map(move |micros| moment(whole, micros))
            })
            .collect();
        assert!(all.is_sorted_by(|one, two| one < two), "{all:?}");
        // Beyond, times are not told apart, but never turned around.
        assert!(moment(i64::MAX, 0) >= moment(i64::MAX - 1, 0));
        assert!(moment(i64::MIN, 0) <= moment(i64::MIN + 1, 0));
    }
}
