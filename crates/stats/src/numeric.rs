//! Special functions and distributions the methods stand on.
//!
//! Accurate to about 1e-13 relative (a few times that where a chance is below 1e-100), because every distribution returns its
//! smaller tail directly and never as one minus the larger. All transcendental functions come from
//! the `libm` crate, so that the bits do not depend on the machine.
//!
//! The integrals behind the incomplete gamma, incomplete beta and Student distributions are taken by
//! one double-exponential rule (H. Takahasi and M. Mori, "Double exponential formulas for numerical
//! integration", Publ. RIMS 9, 1974) over a decreasing, positive integrand, times a prefix in the
//! deviance form of C. Loader, "Fast and accurate computation of binomial probabilities" (2000).
//! Neither loses digits when the parameters are large, where continued fractions need many steps
//! and sums of logarithms of the gamma function cancel.
//!
//! Arguments and answers are pure numbers: a chance is between 0 and 1, and what a normal or Student
//! variable takes is in standard deviations or standard errors.
//!
//! Outside their domain the functions of this module return NaN, as `f64::sqrt` does: they are the
//! arithmetic below the typed methods, which check what they are given.

mod beta;
mod gamma;
mod normal;
mod order;
mod quadrature;
mod root;
mod student;
mod versus;

pub use beta::{
    beta_cdf, beta_quantile, beta_sf, binomial_cdf, binomial_pmf, binomial_sf, ln_beta,
};
pub(crate) use gamma::stirling_rest;
pub use gamma::{
    chi_squared_cdf, chi_squared_quantile, chi_squared_sf, gamma_p, gamma_q, ln_gamma, poisson_cdf,
    poisson_sf,
};
pub use normal::{ln_normal_sf, normal_cdf, normal_loss, normal_pdf, normal_quantile, normal_sf};
pub use order::quantile_rank;
pub use root::root_between;
pub use student::{student_cdf, student_pdf, student_quantile, student_sf};
pub(crate) use versus::Beta;

/// ½·ln(2π).
const LN_SQRT_2_PI: f64 = 0.918_938_533_204_672_8;
/// Of 1e-323, the least double whose half is still one.
const LN_SMALLEST: f64 = -744.0;

/// ln(1 + d) − d, without the cancellation near d = 0.
///
/// With r = d/(2 + d), ln(1 + d) = 2·artanh(r) (Loader 2000, section 3, uses the same series for the
/// deviance), so that the difference is −r·d + 2(r³/3 + r⁵/5 + …).
pub(crate) fn ln_1p_minus(d: f64) -> f64 {
    if !(-0.4..=0.6).contains(&d) {
        return libm::log1p(d) - d;
    }
    let r = d / (2.0 + d);
    let square = r * r;
    let mut power = r * square;
    let mut sum = 0.0;
    let mut odd = 3.0;
    loop {
        let next = sum + power / odd;
        if next == sum {
            return 2.0 * sum - r * d;
        }
        sum = next;
        power *= square;
        odd += 2.0;
    }
}

/// eᵛ − 1 − v, without the cancellation near v = 0.
pub(crate) fn exp_minus_1_minus(v: f64) -> f64 {
    if v.is_nan() || v.abs() > 0.5 {
        return libm::expm1(v) - v;
    }
    let mut term = 0.5 * v * v;
    let mut sum = term;
    let mut k = 3.0;
    loop {
        term *= v / k;
        let next = sum + term;
        if next == sum {
            return sum;
        }
        sum = next;
        k += 1.0;
    }
}

/// The deviance a·ln(a/m) + m − a of Loader (2000), from m and from δ = m − a, which the caller
/// knows more exactly than the difference of the rounded figures.
pub(crate) fn deviance(a: f64, m: f64, delta: f64) -> f64 {
    let d = delta / a;
    if (-0.4..=0.6).contains(&d) {
        -a * ln_1p_minus(d)
    } else {
        a * (libm::log(a) - libm::log(m)) + delta
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asserts a relative difference of at most `tolerance`.
    #[track_caller]
    pub(crate) fn close(got: f64, want: f64, tolerance: f64) {
        let scale = want.abs().max(f64::MIN_POSITIVE);
        let off = (got - want).abs() / scale;
        assert!(
            off <= tolerance,
            "got {got:e}, want {want:e}, off by {off:e}"
        );
    }

    #[test]
    fn small_differences_keep_their_digits() {
        // mpmath 1.4, 40 digits.
        close(ln_1p_minus(1e-9), -4.999_999_996_666_667e-19, 1e-15);
        close(ln_1p_minus(0.5), -0.094_534_891_891_835_62, 1e-14);
        close(ln_1p_minus(-0.35), -0.080_782_916_092_454_27, 1e-14);
        close(ln_1p_minus(3.0), -1.613_705_638_880_109_4, 1e-15);
        close(exp_minus_1_minus(1e-9), 5.000_000_001_666_667e-19, 1e-15);
        close(exp_minus_1_minus(-0.4), 0.070_320_046_035_639_3, 1e-14);
        close(exp_minus_1_minus(2.0), 4.389_056_098_930_65, 1e-15);
        assert_eq!(ln_1p_minus(0.0), 0.0);
        assert_eq!(exp_minus_1_minus(0.0), 0.0);
    }

    #[test]
    fn the_rest_of_stirlings_formula_is_exact_from_ten_on() {
        // mpmath 1.4, 50 digits.
        for (x, want) in [
            (10.0, 0.008_330_563_433_362_87),
            (10.5, 0.007_934_114_564_314_02),
            (11.0, 0.007_573_675_487_951_841),
            (12.5, 0.006_665_247_032_707_682),
            (15.0, 0.005_554_733_551_962_801),
            (30.0, 0.002_777_674_929_752_693_6),
            (100.0, 0.000_833_330_555_634_914_7),
        ] {
            close(stirling_rest(x), want, 1e-15);
        }
    }
}

#[cfg(test)]
mod recorded {
    use super::*;

    /// Every line of `reference/numeric.tsv` (mpmath at 40 digits or more), to the relative tolerance
    /// that this module promises.
    #[test]
    fn functions_agree_with_mpmath() {
        let mut worst: std::collections::BTreeMap<&str, (f64, String)> = Default::default();
        for line in include_str!("../reference/numeric.tsv").lines().skip(1) {
            let mut fields = line.split('\t');
            let name = fields.next().unwrap();
            let figures: Vec<f64> = fields.map(|f| f.parse().unwrap()).collect();
            let (want, x) = figures.split_last().unwrap();
            let got = match name {
                "normal_sf" => normal_sf(x[0]),
                "normal_pdf" => normal_pdf(x[0]),
                "ln_normal_sf" => ln_normal_sf(x[0]),
                "normal_quantile" => normal_quantile(x[0]),
                "ln_gamma" => ln_gamma(x[0]),
                "ln_beta" => ln_beta(x[0], x[1]),
                "student_sf" => student_sf(x[0], x[1]),
                "student_tail_point" => -student_quantile(x[0], x[1]),
                "gamma_p" => gamma_p(x[0], x[1]),
                "gamma_q" => gamma_q(x[0], x[1]),
                "chi_squared_quantile" => chi_squared_quantile(x[0], x[1]),
                "beta_cdf" => beta_cdf(x[0], x[1], x[2]),
                "beta_sf" => beta_sf(x[0], x[1], x[2]),
                "beta_quantile" => beta_quantile(x[0], x[1], x[2]),
                "binomial_pmf" => binomial_pmf(x[0] as u64, x[1] as u64, x[2]),
                "binomial_cdf" => binomial_cdf(x[0] as u64, x[1] as u64, x[2]),
                "binomial_sf" => binomial_sf(x[0] as u64, x[1] as u64, x[2]),
                other => panic!("unknown function {other}"),
            };
            // A chance of e^(-600) comes from an exponent whose own rounding is 600 units of 1e-16.
            let mut allowed = 1e-13 + 6e-16 * libm::log(want.abs()).abs();
            if name == "gamma_q" && x[1] <= x[0] {
                // Promised relative to 1 only.
                allowed /= want;
            }
            let off = if got == *want {
                0.0
            } else {
                ((got - want) / want).abs() / allowed * 1e-13
            };
            let entry = worst.entry(name).or_insert((-1.0, String::new()));
            if off.is_nan() || off > entry.0 {
                *entry = (off, format!("{x:?}: got {got:e}, want {want:e}"));
            }
        }
        for (name, (off, at)) in &worst {
            println!("{name:22} {off:9.1e}  {at}");
        }
        for (name, (off, at)) in worst {
            assert!(off <= 1e-13, "{name}: off by {off:e} at {at}");
        }
    }
}

#[cfg(test)]
mod domains {
    use super::*;

    #[test]
    fn outside_its_domain_a_function_is_not_a_number() {
        for nan in [
            ln_gamma(0.0),
            ln_gamma(-1.5),
            ln_beta(0.0, 1.0),
            ln_beta(1.0, -1.0),
            ln_beta(f64::INFINITY, 1.0),
            gamma_p(0.0, 1.0),
            gamma_q(1.0, -1.0),
            gamma_p(f64::INFINITY, 1.0),
            gamma_p(1.0, f64::NAN),
            beta_cdf(0.0, 1.0, 0.5),
            beta_sf(1.0, 0.0, 0.5),
            beta_cdf(1.0, 1.0, 1.1),
            beta_cdf(1.0, 1.0, -0.1),
            beta_cdf(f64::INFINITY, 1.0, 0.5),
            beta_quantile(-0.1, 1.0, 1.0),
            beta_quantile(0.5, 0.0, 1.0),
            beta_quantile(0.5, 1.0, f64::INFINITY),
            chi_squared_quantile(1.1, 1.0),
            chi_squared_quantile(0.5, 0.0),
            chi_squared_quantile(0.5, f64::INFINITY),
            binomial_pmf(1, 2, 1.5),
            binomial_cdf(1, 2, -0.5),
            binomial_sf(1, 2, f64::NAN),
            student_sf(1.0, 0.0),
            student_sf(f64::NAN, 2.0),
            student_sf(1.0, f64::NAN),
            student_pdf(1.0, -1.0),
            student_quantile(0.5, 0.0),
            student_quantile(1.5, 3.0),
            normal_quantile(-0.1),
            normal_quantile(f64::NAN),
            normal_sf(f64::NAN),
        ] {
            assert!(nan.is_nan(), "{nan}");
        }
    }

    #[test]
    fn the_ends_of_each_domain_are_exact() {
        assert_eq!((gamma_p(2.0, 0.0), gamma_q(2.0, 0.0)), (0.0, 1.0));
        let end = f64::INFINITY;
        assert_eq!((gamma_p(2.0, end), gamma_q(2.0, end)), (1.0, 0.0));
        assert_eq!(
            (beta_cdf(2.0, 3.0, 0.0), beta_sf(2.0, 3.0, 0.0)),
            (0.0, 1.0)
        );
        assert_eq!(
            (beta_cdf(2.0, 3.0, 1.0), beta_sf(2.0, 3.0, 1.0)),
            (1.0, 0.0)
        );
        assert_eq!(
            (beta_quantile(0.0, 2.0, 3.0), beta_quantile(1.0, 2.0, 3.0)),
            (0.0, 1.0)
        );
        assert_eq!(chi_squared_quantile(0.0, 3.0), 0.0);
        assert_eq!(chi_squared_quantile(1.0, 3.0), end);
        assert_eq!(
            (binomial_pmf(0, 0, 0.3), binomial_pmf(3, 2, 0.3)),
            (1.0, 0.0)
        );
        assert_eq!(
            (binomial_pmf(0, 2, 1.0), binomial_pmf(2, 2, 1.0)),
            (0.0, 1.0)
        );
        assert_eq!(
            (binomial_pmf(1, 2, 1.0), binomial_pmf(1, 2, 0.0)),
            (0.0, 0.0)
        );
        assert_eq!(
            (binomial_pmf(0, 2, 0.0), binomial_pmf(2, 2, 0.0)),
            (1.0, 0.0)
        );
        assert_eq!(
            (binomial_cdf(2, 2, 0.3), binomial_sf(2, 2, 0.3)),
            (1.0, 0.0)
        );
        assert_eq!((normal_sf(end), normal_cdf(end)), (0.0, 1.0));
        assert_eq!((normal_sf(-end), normal_pdf(end)), (1.0, 0.0));
        assert_eq!((normal_pdf(1e200), ln_normal_sf(end)), (0.0, -end));
        assert_eq!((normal_quantile(0.0), normal_quantile(1.0)), (-end, end));
        assert_eq!(normal_quantile(0.5), 0.0);
        assert_eq!((student_sf(end, 3.0), student_cdf(-end, 3.0)), (0.0, 0.0));
        assert_eq!(
            (student_quantile(0.0, 3.0), student_quantile(1.0, 3.0)),
            (-end, end)
        );
        assert_eq!(student_quantile(0.5, 3.0), 0.0);
        assert_eq!(student_sf(1.5, end), normal_sf(1.5));
        assert_eq!(student_cdf(1.5, end), normal_cdf(1.5));
        assert_eq!(student_pdf(1.5, end), normal_pdf(1.5));
        assert_eq!(student_quantile(0.9, end), normal_quantile(0.9));
        assert_eq!(student_quantile(0.125, 4.0), -student_quantile(0.875, 4.0));
        assert!(student_quantile(1e-300, 0.5).is_infinite());
    }

    #[test]
    fn a_quantile_is_the_inverse_at_every_size() {
        for df in [0.4, 1.0, 3.0, 47.0, 1e5, 1e9] {
            for p in [1e-30, 1e-9, 0.01, 0.2, 0.26, 0.45, 0.499_999] {
                let t = student_quantile(p, df);
                let back = student_cdf(t, df);
                assert!((back / p - 1.0).abs() < 1e-12, "{df} {p}: {t} {back}");
            }
        }
        for (a, b) in [(0.5, 0.5), (1.0, 30.0), (200.0, 7.0), (1e4, 1e5)] {
            for p in [1e-30, 1e-3, 0.3, 0.5, 0.77, 0.999] {
                let x = beta_quantile(p, a, b);
                assert!(
                    (beta_cdf(a, b, x) / p - 1.0).abs() < 1e-9,
                    "{a} {b} {p}: {x}"
                );
            }
        }
        assert_eq!(beta_quantile(1e-300, 0.5, 10.0), 0.0);
    }

    #[test]
    fn rare_outcomes_of_likely_events_keep_their_digits() {
        // 20·0.9·0.1¹⁹ and 20·0.1·0.9¹⁹: far from the middle on either side.
        let rare = binomial_pmf(1, 20, 0.9);
        assert!((rare / 1.8e-18 - 1.0).abs() < 1e-13, "{rare:e}");
        let usual = binomial_pmf(19, 20, 0.9);
        assert!(
            (usual / 0.270_170_343_534_598_6 - 1.0).abs() < 1e-13,
            "{usual}"
        );
        let sum: f64 = (0..=30).map(|k| binomial_pmf(k, 30, 0.37)).sum();
        assert!((sum - 1.0).abs() < 1e-14);
        assert!((binomial_cdf(11, 30, 0.37) + binomial_sf(11, 30, 0.37) - 1.0).abs() < 1e-15);
        assert!((poisson_cdf(4, 2.5) - 0.891_178_018_914_151_2).abs() < 1e-14);
    }

    #[test]
    fn the_density_is_the_slope_of_the_distribution() {
        for df in [0.7, 2.0, 30.0, 1e8] {
            for t in [0.2, 1.3, 4.0] {
                let slope = (student_sf(t - 1e-5, df) - student_sf(t + 1e-5, df)) / 2e-5;
                assert!((slope / student_pdf(t, df) - 1.0).abs() < 1e-7, "{df} {t}");
            }
        }
        let far = student_pdf(1e12, 2.0);
        assert!((far / 1e-36 - 1.0).abs() < 1e-12, "{far}");
    }
}
