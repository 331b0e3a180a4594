/// The rank of the quantile `q` of `n` values, from 1: the least k with k/n at or above q, ⌈q·n⌉.
///
/// A decimal such as 0.55 is no double, and 0.55·100 in doubles is above 55; a product that far from a whole
/// number is that number, so that the rank is that of the decimal. `q` from 0 to 1; 1 at least and `n` at most,
/// and 0 of no values or for a `q` outside.
///
/// ```
/// use stats::numeric::quantile_rank;
/// assert_eq!(quantile_rank(0.55, 100), 55);
/// assert_eq!(quantile_rank(0.551, 100), 56);
/// ```
#[must_use]
pub fn quantile_rank(q: f64, n: u64) -> u64 {
    if n == 0 || !(0.0..=1.0).contains(&q) {
        return 0;
    }
    let at = q * n as f64;
    let whole = at.round();
    // Half a unit in the last place for the decimal, and half for the product.
    let rank = if (at - whole).abs() <= f64::EPSILON * at {
        whole
    } else {
        at.ceil()
    };
    (rank as u64).clamp(1, n)
}

#[cfg(test)]
mod tests {
    use super::quantile_rank;

    #[test]
    fn ranks_are_those_of_the_decimals() {
        // ⌈q·n⌉ in whole numbers, of every q of up to four digits.
        for n in (1..400).chain([1_000, 5_524, 9_999, 200_000, 12_345_678]) {
            for parts in 1..10_000_u64 {
                let q = parts as f64 / 1e4;
                assert_eq!(
                    quantile_rank(q, n),
                    (parts * n).div_ceil(10_000),
                    "{q} of {n}"
                );
            }
        }
    }

    #[test]
    fn every_rank_is_one_of_the_values() {
        assert_eq!(quantile_rank(0.5, 0), 0);
        assert_eq!(quantile_rank(f64::NAN, 5), 0);
        assert_eq!(quantile_rank(1e-300, 5), 1);
        assert_eq!(quantile_rank(1.0, 5), 5);
        assert_eq!(quantile_rank(1.0f64.next_down(), 1 << 53), (1 << 53) - 1);
    }
}
