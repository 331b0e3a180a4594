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
    let total: f64 = arms.clone().map(|(_, count, _)| count).sum();
    let after = before + total;
    let assumed = |(prior, _, share): (f64, f64, f64)| {
        deviance(prior, before * share, share.mul_add(before, -prior))
    };
    let own: f64 = arms.clone().map(assumed).sum();
    // NaN where an arm's prior is beyond all doubles beside its share.
    if own.is_nan() || own > total {
        return log_evidence_by_counts(arms, before, total);
    }
    let each: f64 = arms
        .map(|(prior, count, share)| {
            let now = prior + count;
            let seen = deviance(now, after * share, share.mul_add(after, -now));
            let assumed = assumed((prior, count, share));
            let rest = stirling_rest(now) - stirling_rest(prior);
            seen - assumed + rest - 0.5 * ln_ratio(now, prior)
        })
        .sum();
    each + 0.5 * ln_ratio(after, before) - stirling_rest(after) + stirling_rest(before)
}

/// The same, grouped by counts: for a prior that is heavy and far from the shares, whose own deviance
/// would swallow the digits.
fn log_evidence_by_counts(
    arms: impl Iterator<Item = (f64, f64, f64)>,
    before: f64,
    total: f64,
) -> f64 {
    let after = before + total;
    let each: f64 = arms
        .map(|(prior, count, share)| {
            let now = prior + count;
            let likely = count * (ln_ratio(now, after) - libm::log(share));
            let learnt = prior * libm::log1p(count / prior);
            likely + learnt + stirling_rest(now) - stirling_rest(prior) - 0.5 * ln_ratio(now, prior)
        })
        .sum();
    each - before * libm::log1p(total / before) + 0.5 * ln_ratio(after, before)
        - stirling_rest(after)
        + stirling_rest(before)
}

/// ln(a/b), also where the ratio is more or less than a double can hold.
fn ln_ratio(a: f64, b: f64) -> f64 {
    let ratio = a / b;
    if ratio.is_normal() {
        libm::log(ratio)
    } else {
        libm::log(a) - libm::log(b)
    }
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

    #[test]
    fn a_heavy_prior_far_from_the_shares_keeps_the_digits_of_the_counts() {
        // mpmath, 80 digits; the third is n·ln(share of the prior/share) but for 1e-297.
        for (prior, counts, shares, want) in [
            (
                [1e16, 0.002],
                [1000.0, 0.0],
                [1e-9, 1.0 - 1e-9],
                20_723.265_836_946_41,
            ),
            (
                [1e15, 1.0],
                [10.0, 40.0],
                [0.5, 0.5],
                -1_236.573_057_053_674,
            ),
            (
                [1e300, 1e299],
                [100.0, 40.0],
                [0.5, 0.5],
                -8.406_223_613_974_964,
            ),
            ([1e9, 1e3], [1e6, 1e6], [0.5, 0.5], -6_515_056.949_294_687),
            (
                [1e-155, 1e300],
                [0.0, 20.0],
                [0.5, 0.5],
                13.862_943_611_198_906,
            ),
        ] {
            let got = log_evidence(prior, counts, shares);
            assert!((got / want - 1.0).abs() < 1e-12, "{prior:?}: {got:e}");
        }
        assert_eq!(
            ln_ratio(1e300, 1e-300),
            libm::log(1e300) - libm::log(1e-300)
        );
    }

    const LARGE: f64 = -3.603_076_320_279_657_6;
}
