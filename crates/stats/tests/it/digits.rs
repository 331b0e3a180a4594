//! The numeric functions to their last digits, at the ends of their domains, and in how few steps.

use stats::numeric::*;
use std::cell::Cell;

fn close(got: f64, want: f64, tolerance: f64) {
    let off = (got / want - 1.0).abs();
    assert!(off <= tolerance, "{got:e}, {want:e}: off by {off:e}");
}

#[test]
fn shapes_of_next_to_nothing_have_an_answer() {
    for df in [5e-324, 1e-310, 1e-300, 1e-200] {
        for t in [0.5, 1.0, 2.0, 1e300] {
            close(student_sf(t, df), 0.5, 1e-13);
        }
    }
    // ½ of a symmetric beta variable is on either side, however near its ends.
    for shape in [1e-300, 1e-155] {
        close(beta_cdf(shape, shape, 0.5), 0.5, 1e-13);
    }
    for (a, b) in [(1e-310, 1e155), (1e155, 1e-310), (5e-324, 5e-324)] {
        assert!((0.0..=1.0).contains(&beta_sf(a, b, 0.3)), "{a:e}, {b:e}");
    }
}

#[test]
fn the_normal_tail_is_exact_to_the_last_digits_as_far_as_doubles_reach() {
    // mpmath, 40 digits. Where z² is rounded, z = 37.3 alone costs 1e-13.
    for (z, tail, density) in [
        (12.3, 4.528_706_956_158_784_6e-35, 5.606_656_926_303_84e-34),
        (
            20.7,
            1.731_851_879_019_737_9e-95,
            3.593_261_220_969_867_5e-94,
        ),
        (
            27.1,
            4.923_185_454_083_107e-162,
            1.335_995_017_702_090_8e-160,
        ),
        (
            30.3,
            5.731_723_503_315_495e-202,
            1.738_599_780_834_906_7e-200,
        ),
        (
            35.9,
            1.527_367_989_009_203_5e-282,
            5.487_499_010_718_669e-281,
        ),
        (37.3, 8.205_494_844_930_773e-305, 3.062_846_290_695_667e-303),
    ] {
        close(normal_sf(z), tail, 2e-15);
        close(normal_cdf(-z), tail, 2e-15);
        close(normal_pdf(z), density, 1e-15);
    }
}

#[test]
fn a_normal_quantile_is_the_inverse_to_the_last_digits() {
    for p in [
        1e-300, 1e-90, 1e-20, 1e-6, 0.001, 0.03, 0.2, 0.249, 0.3, 0.45, 0.499,
    ] {
        let z = normal_quantile(p);
        // What the rounding of z itself makes of p.
        let allowed = 4e-16 * (1.0 + z * normal_pdf(z) / p).abs() + 4e-16;
        close(normal_cdf(z), p, allowed.max(1e-15 + 3e-16 * z * z));
        assert_eq!(normal_quantile(1.0 - 0.25), -normal_quantile(0.25));
    }
    // Relative to itself next to the middle, too: z = √(2π)·(p − ½).
    let beyond = 2f64.powi(-40);
    close(
        normal_quantile(0.5 + beyond),
        beyond * 2.506_628_274_631_000_7,
        3e-16,
    );
}

#[test]
fn chi_squared_is_a_gamma_distribution() {
    // mpmath, 40 digits.
    for (x, df, below) in [
        (3.841_458_820_694_124, 1.0, 0.95),
        (0.3, 5.0, 0.002_356_913_739_471_145),
        (20.0, 9.5, 0.976_949_863_162_021_1),
    ] {
        close(chi_squared_cdf(x, df), below, 1e-14);
        close(chi_squared_sf(x, df), 1.0 - below, 1e-13);
    }
}

#[test]
fn outside_a_domain_its_ends_are_no_numbers_either() {
    let (end, huge) = (f64::INFINITY, 1.5e308);
    for nan in [
        beta_cdf(0.0, 1.0, 0.0),
        beta_cdf(1.0, 0.0, 0.0),
        beta_cdf(-1.0, 1.0, 1.0),
        beta_sf(1.0, -1.0, 1.0),
        beta_cdf(huge, huge, 0.0),
        beta_sf(huge, huge, 1.0),
        beta_quantile(0.0, 0.0, 1.0),
        beta_quantile(0.0, 1.0, 0.0),
        beta_quantile(1.0, -1.0, 1.0),
        beta_quantile(0.5, 1.0, 0.0),
        beta_quantile(0.0, huge, huge),
        gamma_p(0.0, 0.0),
        gamma_q(-1.0, 0.0),
        gamma_p(end, 0.0),
        gamma_q(0.0, end),
        student_pdf(0.0, 0.0),
        student_pdf(0.0, f64::NAN),
        student_sf(end, 0.0),
        student_sf(end, f64::NAN),
        student_sf(f64::NAN, 2.0),
        student_cdf(f64::NAN, end),
    ] {
        assert!(nan.is_nan(), "{nan}");
    }
    // Large is not outside.
    close(beta_cdf(1e200, 1e200, 0.5), 0.5, 1e-12);
}

#[test]
fn the_median_of_a_symmetric_beta_variable_is_a_half() {
    // Of many of these the chance below ½ comes out an ulp beside ½.
    for power in 0..=200 {
        let a = 10f64.powi(power);
        close(beta_quantile(0.5, a, a), 0.5, 1e-12);
    }
    for a in (1..400).map(|tenths| f64::from(tenths) / 10.0) {
        close(beta_quantile(0.5, a, a), 0.5, 1e-12);
        // So it is wherever p is what lies below ½, give or take an ulp.
        let p = beta_cdf(a, 2.0 * a, 0.5);
        for p in [p, p * (1.0 - f64::EPSILON), p * (1.0 + f64::EPSILON)] {
            close(beta_quantile(p, a, 2.0 * a), 0.5, 1e-12);
            close(beta_quantile(1.0 - p, 2.0 * a, a), 0.5, 1e-12);
        }
    }
}

#[test]
fn a_quantile_next_to_one_keeps_the_digits_of_what_is_left() {
    let left = 2f64.powi(-40);
    for (a, b) in [(2.0, 3.0), (0.7, 5.0), (40.0, 90.0)] {
        let x = beta_quantile(1.0 - left, a, b);
        close(beta_sf(a, b, x), left, 1e-9);
    }
    for df in [0.8, 3.0, 50.0] {
        let t = student_quantile(1.0 - left, df);
        close(student_sf(t, df), left, 1e-12);
        let x = chi_squared_quantile(1.0 - left, df);
        close(chi_squared_sf(x, df), left, 1e-12);
    }
}

/// The evaluations of `f` until its zero is found.
#[track_caller]
fn steps(lo: f64, hi: f64, zero: f64, f: impl Fn(f64) -> f64) -> u32 {
    let count = Cell::new(0);
    let found = root_between(lo, hi, |x| {
        count.set(count.get() + 1);
        f(x)
    });
    let found = found.unwrap();
    assert!(
        (found - zero).abs() <= 4e-16 * zero.abs().max(0.1),
        "{found}"
    );
    count.get()
}

#[test]
fn a_zero_is_found_in_no_more_steps_than_scipy_needs() {
    // scipy.optimize.elementwise.find_root, which is Chandrupatla's method too, with tolerances of 0 but for
    // xrtol = 2ε, and one step more for what the last digit hangs on.
    for (taken, scipy) in [
        (steps(0.0, 2.0, 2f64.sqrt(), |x| x * x - 2.0), 10),
        (steps(-1e3, 1e6, 2.0, |x| x * x * x - 8.0), 29),
        (steps(-10.0, 10.0, 5f64.ln(), |x| x.exp() - 5.0), 13),
        (steps(0.0, 1.0, 0.739_085_133_215_160_7, |x| x.cos() - x), 8),
        (steps(0.1, 100.0, 1f64.exp(), |x| x.ln() - 1.0), 14),
        (
            steps(2.0, 3.0, 2.094_551_481_542_326_5, |x| {
                x * x * x - 2.0 * x - 5.0
            }),
            9,
        ),
        (
            steps(0.0, 1.0, 0.259_171_101_819_073_8, |x| x * (-x).exp() - 0.2),
            9,
        ),
        (steps(0.2, 5.0, 1.0, |x| 1.0 - 1.0 / (x * x)), 11),
        (steps(0.0, 1.0, 0.3, |x| (20.0 * (x - 0.3)).tanh()), 12),
    ] {
        assert!(
            taken <= scipy + 1,
            "{taken} steps where SciPy takes {scipy}"
        );
    }
}

#[test]
fn a_zero_between_neighbours_is_the_nearer_of_the_two() {
    // √2 is nearer to the double above 1.414213562373095 than to that below; of a jump either is as good.
    let below = f64::from_bits(2f64.sqrt().to_bits() - 1);
    let exact = |x: f64| x.mul_add(x, -2.0);
    assert!(exact(below).abs() > exact(2f64.sqrt()).abs());
    for (lo, hi) in [(0.0, 2.0), (1.0, 1.5), (-0.5, 7.0), (1.4, 80.0)] {
        assert_eq!(root_between(lo, hi, exact), Some(2f64.sqrt()));
        assert_eq!(root_between(hi, lo, exact), Some(2f64.sqrt()));
        assert_eq!(root_between(lo, hi, |x| -exact(x)), Some(2f64.sqrt()));
    }
    // An end that is no number is no bracket.
    let half = |x: f64| if x < 1.0 { f64::NAN } else { x - 1.5 };
    assert_eq!(root_between(0.0, 2.0, half), None);
    assert_eq!(root_between(2.0, 0.0, half), None);
}

#[test]
fn shape_parameters_near_zero_lose_no_digits() {
    // mpmath, 40 digits. What is left to integrate falls at once, and then for as long as 1/a.
    for (a, b, x, below, above) in [
        (1e-6, 1e-6, 0.5, 0.5, 0.5),
        (
            1e-6,
            1e-6,
            0.25,
            0.499_999_450_694_670_83,
            0.500_000_549_305_329_1,
        ),
        (1e-3, 1e-3, 0.5, 0.5, 0.5),
        (1e-100, 1e-100, 0.5, 0.5, 0.5),
        (
            0.01,
            0.02,
            0.3,
            0.661_178_427_251_107_3,
            0.338_821_572_748_892_7,
        ),
        (
            1e-5,
            2.0,
            1e-6,
            0.999_871_853_045_943_3,
            0.000_128_146_954_056_763_86,
        ),
        (
            1e-6,
            0.3,
            1e-6,
            0.999_983_259_327_011_6,
            1.674_067_298_843_025e-5,
        ),
        (
            1e-9,
            1e-3,
            1e-8,
            0.999_998_981_581_981_6,
            1.018_418_018_413_223_5e-6,
        ),
        (
            1.0,
            1e-6,
            0.9,
            2.302_582_442_047_025_4e-6,
            0.999_997_697_417_558,
        ),
        (
            3.0,
            1e-4,
            0.9999,
            0.000_770_763_093_730_912_6,
            0.999_229_236_906_269_1,
        ),
    ] {
        // Each relative to itself on its own side of the mean, relative to 1 on the other.
        let (up_to, beyond) = if x <= a / (a + b) {
            (below, 1.0)
        } else {
            (1.0, above)
        };
        assert!(
            (beta_cdf(a, b, x) - below).abs() <= 1e-13 * up_to,
            "{a} {b} {x}"
        );
        assert!(
            (beta_sf(a, b, x) - above).abs() <= 1e-13 * beyond,
            "{a} {b} {x}"
        );
    }
    for (a, x, above) in [
        (1e-100, 1e-50, 1.145_520_389_848_007_5e-98),
        (1e-9, 1e-8, 1.784_346_493_067_867_7e-8),
        (1e-6, 0.5, 5.597_738_881_556_345e-7),
        (1e-6, 0.9, 2.601_841_851_662_104e-7),
        (0.001, 0.002, 0.005_624_335_374_432_554),
        (0.1, 0.2, 0.120_580_373_209_943_18),
        (0.3, 0.31, 0.267_384_635_482_711_24),
        (0.4, 1.3, 0.079_682_136_429_835_4),
    ] {
        close(gamma_q(a, x), above, 1e-13);
        close(gamma_p(a, x), 1.0 - above, 1e-13);
    }
}

#[test]
fn the_logarithm_of_a_normal_tail_keeps_its_digits_on_either_side() {
    // mpmath, 30 digits.
    for (z, want) in [
        (-10.0, -7.619_853_024_160_526e-24),
        (-3.0, -0.001_350_809_964_748_193_8),
        (-0.5, -0.368_946_415_288_656_4),
        (0.0, -std::f64::consts::LN_2),
        (0.5, -1.175_911_761_593_618_6),
        (1.0, -1.841_021_645_009_263_5),
        (2.5, -5.081_648_277_278_69),
        (2.999, -6.604_443_587_570_581),
        (3.5, -8.366_065_308_344_093),
    ] {
        close(ln_normal_sf(z), want, 1e-15);
    }
    assert_eq!(ln_normal_sf(f64::NEG_INFINITY), 0.0);
    assert_eq!((normal_loss(f64::INFINITY), normal_loss(50.0)), (0.0, 0.0));
    assert_eq!(normal_loss(f64::NEG_INFINITY), f64::INFINITY);
    assert!(normal_loss(f64::NAN).is_nan());
    // Below 0 the loss is that above, and −z more.
    for z in [0.1, 0.9, 1.1, 6.0] {
        close(normal_loss(-z), normal_loss(z) + z, 1e-15);
    }
}

#[test]
fn student_tails_are_exact_where_squares_overflow_and_df_vanishes() {
    // mpmath, 60 digits.
    for (t, df, tail) in [
        (1e200, 1.0, 3.183_098_861_837_907e-201),
        (1e180, 0.3, 3.495_007_233_838_575e-55),
        (1e11, 2.0, 5e-23),
        (3e10, 5.0, 3.905_418_619_572_988e-52),
        (2.0, 0.001, 0.497_585_934_740_858_04),
        (0.5, 0.01, 0.488_590_176_684_679_7),
    ] {
        close(student_sf(t, df), tail, 1e-13);
    }
    // The smaller df, the more digits of t hang on one of p.
    close(
        student_quantile(0.4, 0.001),
        -1.285_764_641_292_127e95,
        2e-12,
    );
    close(student_quantile(0.3, 0.05), -3_119.219_146_032_931_4, 1e-13);
    assert_eq!(student_quantile(5e-324, 1.0), f64::NEG_INFINITY);
}

#[test]
fn quantiles_are_exact_for_chances_that_doubles_hardly_hold() {
    // mpmath, 50 digits, of the doubles as they are.
    for (p, z) in [
        (1e-307, -37.479_332_564_321_574),
        (5e-309, -37.559_121_220_014_27),
        (1e-320, -38.269_125_343_032_65),
        (5e-324, -38.467_405_617_144_344),
    ] {
        close(normal_quantile(p), z, 1e-15);
    }
    for (p, df, t) in [
        (1e-307, 1600.0, -47.439_142_328_270_066),
        (5e-311, 1600.0, -47.824_827_892_682_03),
        (1e-320, 1600.0, -48.961_316_621_400_435),
        (5e-324, 1600.0, -49.349_912_272_235_85),
        (1e-307, 10.0, -1.285_307_550_645_638_9e31),
        (5e-324, 10.0, -5.490_711_096_791_307e32),
    ] {
        close(student_quantile(p, df), t, 1e-13);
    }
}

#[test]
fn a_quantile_smaller_than_any_double_is_zero() {
    // ½ = (x/2)^a/Γ(a + 1) has its x near 2^(−1/a).
    assert_eq!(chi_squared_quantile(0.5, 0.001), 0.0);
    assert_eq!(chi_squared_quantile(1e-300, 0.5), 0.0);
    assert_eq!(beta_quantile(0.25, 0.001, 1.0), 0.0);
    close(beta_quantile(0.5, 0.001, 1.0), 2f64.powi(-1000), 1e-12);
    // Nothing at all, or everything, however little is on the other side of ½.
    assert_eq!(beta_quantile(1.0, 1.0, 1e4), 1.0);
    assert_eq!(beta_quantile(0.0, 1e4, 1.0), 0.0);
    // Two degrees of freedom are an exponential of mean 2.
    for p in [1e-300, 1e-9, 0.3, 0.5, 0.7, 0.999] {
        close(chi_squared_quantile(p, 2.0), -2.0 * f64::ln_1p(-p), 2e-13);
    }
    close(chi_squared_quantile(0.5, 1e300), 1e300, 1e-12);
}
