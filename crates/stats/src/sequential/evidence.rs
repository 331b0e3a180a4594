//! Evidence against a split of counts, on which the counting methods stand.

use crate::numeric::{deviance, stirling_rest};

/// `ln E`, the log of the Dirichlet-multinomial likelihood of `counts` under a prior with parameters
/// `prior`, over their multinomial likelihood under `shares` (which add up to 1).
///
/// `ln E = ln Γ(Σα) − ln Γ(Σα + Σn) + Σ[ln Γ(αᵢ + nᵢ) − ln Γ(αᵢ)] − Σ nᵢ ln ρᵢ` (Lindon & Malek, NeurIPS
/// 2022, eq. 9). The counts need not be whole: the two-sided beta-binomial mixture is the same
/// expression. By Stirling's formula with the large terms cancelled on paper it is a sum of
/// deviances and small rests, which keeps its digits at thousands of millions of counts where the
/// sum above has lost them.
pub(crate) fn log_evidence<const K: usize>(
    prior: [f64; K],
    counts: [f64; K],
    shares: [f64; K],
) -> f64 {
    let zipped = (0..K).map(|i| (prior[i], counts[i], shares[i]));
    log_evidence_of(zipped)
}

/// As [`log_evidence`], over (prior, count, share) of each arm.
pub(crate) fn log_evidence_of(arms: impl Iterator<Item = (f64, f64, f64)> + Clone) -> f64 {
    let before: f64 = arms.clone().map(|(prior, _, _)| prior).sum();
    let after: f64 = before + arms.clone().map(|(_, count, _)| count).sum::<f64>();
    let each: f64 = arms
        .map(|(prior, count, share)| {
            let now = prior + count;
            let seen = deviance(now, after * share, share.mul_add(after, -now));
            let assumed = deviance(prior, before * share, share.mul_add(before, -prior));
            let rest = stirling_rest(now) - stirling_rest(prior);
            seen - assumed + rest - 0.5 * libm::log(now / prior)
        })
        .sum();
    each + 0.5 * libm::log(after / before) - stirling_rest(after) + stirling_rest(before)
}

/// `Σ nᵢ ln(nᵢ/(N·ρᵢ))`: how much less likely the counts are under `shares` than under their own.
pub(crate) fn divergence<const K: usize>(counts: [f64; K], shares: [f64; K]) -> f64 {
    let total: f64 = counts.iter().sum();
    (0..K)
        .map(|i| {
            let expected = total * shares[i];
            if counts[i] == 0.0 {
                expected
            } else {
                deviance(counts[i], expected, shares[i].mul_add(total, -counts[i]))
            }
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::ln_gamma;
    use proptest::prelude::*;

    fn plain(prior: &[f64], counts: &[f64], shares: &[f64]) -> f64 {
        let a: f64 = prior.iter().sum();
        let n: f64 = counts.iter().sum();
        let mut e = ln_gamma(a) - ln_gamma(a + n);
        for i in 0..prior.len() {
            e += ln_gamma(prior[i] + counts[i]) - ln_gamma(prior[i]);
            e -= counts[i] * shares[i].ln();
        }
        e
    }

    proptest! {
        #[test]
        fn it_is_the_plain_sum_where_that_keeps_its_digits(
            prior in prop::array::uniform3(0.01..50.0_f64),
            counts in prop::array::uniform3(0..200_u32),
            parts in prop::array::uniform3(0.05..1.0_f64),
        ) {
            let total: f64 = parts.iter().sum();
            let shares = parts.map(|part| part / total);
            let counts = counts.map(f64::from);
            let want = plain(&prior, &counts, &shares);
            let got = log_evidence(prior, counts, shares);
            prop_assert!((got - want).abs() < 1e-11 * (1.0 + want.abs() + counts.iter().sum::<f64>()), "{got} {want}");
        }

        #[test]
        fn the_likeliest_split_diverges_from_nothing(counts in prop::array::uniform2(0..1000_u32), other in 0.01..0.99_f64) {
            let counts = counts.map(f64::from);
            let total = counts[0] + counts[1];
            prop_assume!(total > 0.0);
            let own = [counts[0] / total, counts[1] / total];
            prop_assert!(divergence(counts, own).abs() < 1e-9);
            prop_assert!(divergence(counts, [other, 1.0 - other]) >= -1e-12);
        }
    }

    #[test]
    fn digits_survive_thousands_of_millions_of_counts() {
        // mpmath, 60 digits.
        let got = log_evidence(
            [5_000.0, 5_000.0],
            [1_000_050_000.0, 999_950_000.0],
            [0.5, 0.5],
        );
        assert!((got / LARGE - 1.0).abs() < 1e-12, "{got:e}");
    }

    const LARGE: f64 = -3.603_076_320_279_657_6;
}
