use super::Beta;
use crate::numeric::tests::close;

#[test]
fn equal_variables_are_even() {
    for (a, b) in [(1.0, 1.0), (0.5, 0.5), (3.0, 900.0), (1e5, 1e6)] {
        let beta = Beta { a, b };
        assert!((beta.chance_below(beta) - 0.5).abs() < 1e-12, "{a} {b}");
    }
}

#[test]
fn what_no_double_can_hold_is_zero() {
    let (low, high) = (Beta { a: 1e6, b: 9e6 }, Beta { a: 9e6, b: 1e6 });
    assert_eq!(high.chance_below(low), 0.0);
    assert!((low.chance_below(high) - 1.0).abs() < 1e-12);
    assert_eq!(high.mean_shortfall_to(low), 0.0);
    assert!((low.mean_shortfall_to(high) - 0.8).abs() < 1e-12);
}

#[test]
fn uniform_variables_by_hand() {
    let uniform = Beta { a: 1.0, b: 1.0 };
    assert!((uniform.mean_shortfall_to(uniform) - 1.0 / 6.0).abs() < 1e-13);
    // P(U < X) = mean of X.
    let other = Beta { a: 2.0, b: 6.0 };
    assert!((uniform.chance_below(other) - 0.25).abs() < 1e-13);
    assert!((other.chance_below(uniform) - 0.75).abs() < 1e-13);
}

#[test]
fn chances_and_shortfalls_are_those_of_mpmath() {
    // The low one's b is whole, so both are finite sums of beta functions: mpmath, 30 digits. One inside
    // the other, far apart, next to an end.
    for (low, high, chance, shortfall) in [
        ((1.0, 1.0), (2.0, 6.0), 0.25, 0.041_666_666_666_666_664),
        (
            (0.3, 2.0),
            (0.2, 5.0),
            0.305_834_666_666_666_64,
            0.021_187_781_493_868_45,
        ),
        (
            (0.05, 3.0),
            (0.05, 9.0),
            0.471_813_066_646_806_44,
            0.004_917_489_428_010_522,
        ),
        (
            (3.0, 900.0),
            (30.0, 9000.0),
            0.565_840_256_773_642_9,
            0.000_779_159_733_874_864_1,
        ),
        (
            (300.0, 9000.0),
            (2.0, 90.0),
            0.205_527_908_294_320_94,
            0.002_720_493_691_222_693,
        ),
        (
            (50.0, 50.0),
            (20.0, 80.0),
            2.975_574_393_239_439_4e-6,
            4.121_261_189_301_542_6e-8,
        ),
        (
            (20.0, 80.0),
            (50.0, 50.0),
            0.999_997_024_425_606_8,
            0.300_000_041_212_611_87,
        ),
        (
            (0.1, 7.0),
            (7.0, 0.1),
            0.999_999_683_957_981,
            0.971_831_004_921_500_3,
        ),
        ((400.0, 600.0), (1.0, 1.0), 0.6, 0.180_119_880_119_880_12),
        (
            (0.001, 2.0),
            (0.02, 4.0),
            0.951_608_287_926_649_8,
            0.004_964_408_261_398_144_5,
        ),
        (
            (1e-6, 1.0),
            (0.3, 1e-6),
            0.999_999_999_987_754_7,
            0.999_995_666_680_976_8,
        ),
        (
            (2.0, 1.0),
            (0.001, 0.001),
            0.499_500_998_003_992,
            0.166_417_165_668_662_7,
        ),
    ] {
        let (low, high) = (
            Beta { a: low.0, b: low.1 },
            Beta {
                a: high.0,
                b: high.1,
            },
        );
        close(low.chance_below(high), chance, 1e-12);
        close(low.mean_shortfall_to(high), shortfall, 1e-12);
        let turned = low.mirrored().chance_below(high.mirrored());
        assert!((turned + chance - 1.0).abs() < 1e-13, "{turned}");
    }
}

#[test]
fn a_coin_that_hardly_lands_is_above_any_other_half_the_time() {
    // Its chance of success is next to 0 or to 1, and each as often.
    let coin = Beta { a: 1e-6, b: 1e-6 };
    for n in [1.0, 900.0, 1e15, 1e100] {
        let other = Beta { a: n, b: n };
        close(coin.chance_below(other), 0.5, 1e-12);
        close(other.chance_below(coin), 0.5, 1e-12);
        // Half the time ½ is missing, but for the rare times the coin lands between.
        close(other.mean_shortfall_to(coin), 0.25, 1e-5);
    }
}

#[test]
fn nothing_is_lost_next_to_an_end() {
    // Where b is small, nearly all of a variable may be nearer to 1 than a double can tell: how far from it
    // is the same beta variable turned around. By the means, to the digits of what is missing to 1.
    for (a, b, c, d) in [
        (1e15, 0.01, 1e15, 0.02),
        (1e15, 0.3, 1e12, 0.01),
        (1e9, 0.02, 7.0, 1e-3),
        (0.5, 1e-6, 1e8, 0.04),
        (3.0, 0.01, 0.01, 5.0),
        (1e5, 0.01, 0.02, 1e4),
    ] {
        let (one, other) = (Beta { a, b }, Beta { a: c, b: d });
        for (low, high) in [(one, other), (other.mirrored(), one.mirrored())] {
            let sum = low.chance_below(high) + high.chance_below(low);
            close(sum, 1.0, 1e-12);
            let (up, down) = (low.mean_shortfall_to(high), high.mean_shortfall_to(low));
            close(up - down, b / (a + b) - d / (c + d), 1e-10);
        }
    }
}

#[test]
fn shortfalls_differ_by_the_means_and_chances_make_one() {
    for (a, b, c, d) in [
        (3.0, 9.0, 4.0, 8.0),
        (0.5, 200.0, 7.0, 7e5),
        (1e6, 2e6, 1e6, 2.001e6),
        (0.02, 0.7, 30.0, 0.4),
        (1e4, 1.0, 1e3, 0.01),
    ] {
        let (one, other) = (Beta { a, b }, Beta { a: c, b: d });
        let sum = one.chance_below(other) + other.chance_below(one);
        assert!((sum - 1.0).abs() < 1e-12, "{sum}");
        let apart = one.mean_shortfall_to(other) - other.mean_shortfall_to(one);
        let means = c / (c + d) - a / (a + b);
        assert!((apart - means).abs() < 1e-12, "{apart} {means}");
    }
}
