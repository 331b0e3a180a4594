"""proportion, mean, ratio, quantile, cuped, sequential.

Truth is gbstats at the head of growthbook/growthbook (packages/stats/gbstats), its formulas written
down in mpmath. gbstats 0.8.0 from PyPI is asserted to agree wherever it does: not on relative CUPED
(no cross term there), not below a negative baseline (no absolute value there), not on "less"
(its interval has the wrong end), not on one-sided sequences (absent), not far in a tail (1 − cdf).
"""

import random

from gbstats.frequentist import tests as gb
from gbstats.models import statistics as gbs
from mpmath import exp, log, mpf, sqrt
from statsmodels.stats.proportion import proportions_ztest

from reference import cannot, case, near, normal_point, normal_sf, refused, t_point, t_sf

TESTS = {
    "two": gb.TwoSidedTTest,
    "greater": gb.OneSidedTreatmentGreaterTTest,
    "less": gb.OneSidedTreatmentLesserTTest,
}


class Arm:
    """What a comparison needs of an arm: its mean, its variance a unit, its unadjusted mean."""

    def __init__(self, n, mean, variance, unadjusted=None):
        self.n, self.mean, self.variance = n, mean, variance
        self.unadjusted = mean if unadjusted is None else unadjusted


def proportion_arm(arm):
    p = mpf(arm["x"]) / arm["n"]
    return Arm(arm["n"], p, p * (1 - p))


def variance(n, sum_, sum_sq):
    return (mpf(sum_sq) - mpf(sum_) ** 2 / n) / (n - 1)


def mean_arm(arm):
    return Arm(arm["n"], mpf(arm["sum"]) / arm["n"], variance(arm["n"], arm["sum"], arm["sum_sq"]))


def covariance(n, x, y, product):
    return (mpf(product) - mpf(x["sum"]) * mpf(y["sum"]) / n) / (n - 1)


def ratio_arm(arm):
    n, num, den = arm["n"], arm["num"], arm["den"]
    r = mpf(num["sum"]) / mpf(den["sum"])
    d = mpf(den["sum"]) / n
    v = (
        variance(n, num["sum"], num["sum_sq"])
        - 2 * r * covariance(n, num, den, arm["num_den_sum_prod"])
        + r * r * variance(n, den["sum"], den["sum_sq"])
    ) / d**2
    return Arm(n, r, v)


def quantile_arm(arm):
    n = arm["n"]
    half = (mpf(arm["hi"]) - mpf(arm["lo"])) / (2 * normal_point(mpf(1) / 40))
    return Arm(n, mpf(arm["q"]), mpf(arm["n_star"]) / n * (n - 1) * half**2)


def plain_variance(c, t, relative):
    if relative:
        return t.variance / (t.n * c.unadjusted**2) + c.variance * t.unadjusted**2 / (
            c.n * c.unadjusted**4
        )
    return t.variance / t.n + c.variance / c.n


def effect(c, t, relative):
    apart = t.mean - c.mean
    return apart / abs(c.unadjusted) if relative else apart


def welch(c, t):
    a, b = c.variance / c.n, t.variance / t.n
    return (a + b) ** 2 / (a**2 / (c.n - 1) + b**2 / (t.n - 1))


def options(inputs):
    alpha = mpf(inputs.get("alpha", 0.05))
    return alpha, inputs.get("side", "two"), inputs.get("difference_type", "relative") == "relative"


def bounds(centre, half, side):
    lo = mpf("-inf") if side == "less" else centre - half
    hi = mpf("inf") if side == "greater" else centre + half
    return [lo, hi]


def fixed(inputs, c, t, variance_of_effect=None):
    alpha, side, relative = options(inputs)
    est = effect(c, t, relative)
    se = sqrt(variance_of_effect or plain_variance(c, t, relative))
    df = welch(c, t)
    z = est / se
    if side == "two":
        p, tail = 2 * t_sf(abs(z), df), alpha / 2
    else:
        p, tail = t_sf(z if side == "greater" else -z, df), alpha
    return {
        "effect": est,
        "interval": bounds(est, t_point(tail, df) * se, side),
        "p": p,
        "stderr": se,
    }


def agree(inputs, told, gb_c, gb_t):
    """Holds gbstats from PyPI against the expectation, where it says the same."""
    alpha, side, relative = options(inputs)
    config = gb.FrequentistConfig(
        alpha=float(alpha), difference_type="relative" if relative else "absolute"
    )
    theirs = TESTS[side](gb_c, gb_t, config).compute_result()
    near(told["effect"], theirs.expected, (inputs, "effect"), 1e-6)
    near(told["stderr"], theirs.uplift.stddev, (inputs, "stderr"), 1e-6)
    if side != "less":
        near(told["interval"][0], theirs.ci[0], (inputs, "lo"), 1e-5)
    if side == "two":
        near(told["interval"][1], theirs.ci[1], (inputs, "hi"), 1e-5)
    if told["p"] > 1e-9:
        near(told["p"], theirs.p_value, (inputs, "p"), 1e-5)


def grid():
    """The common inputs, so that each value of each appears."""
    for i, alpha in enumerate([0.05, 0.001, 0.01, 0.1, 0.2, 0.05]):
        side = ["two", "greater", "less"][i % 3]
        for difference in ["relative", "absolute"]:
            common = {"alpha": alpha, "side": side, "difference_type": difference}
            if alpha == 0.05 and difference == "relative":
                del common["difference_type"]
                if side == "two":
                    del common["alpha"], common["side"]
            yield common


def arms(control, treatment, common):
    return {"control": control, "treatment": treatment, **common}


def proportions():
    pairs = [
        ((100, 1000), (120, 1000)),
        ((12, 100_000), (25, 100_000)),
        ((1, 3), (2, 3)),
        ((1, 2), (1, 2)),
        ((500, 1000), (900, 1000)),
        ((50_000_000, 1_000_000_000), (50_100_000, 1_000_000_000)),
        ((1, 10**12), (4, 10**12)),
        ((999_999, 1_000_000), (999_000, 1_000_000)),
        ((7, 20), (4000, 9000)),
        ((3_000_000, 2**40), (3_001_000, 2**40)),
    ]
    for (xc, nc), (xt, nt) in pairs:
        for common in grid():
            inputs = arms({"x": xc, "n": nc}, {"x": xt, "n": nt}, common)
            c, t = proportion_arm(inputs["control"]), proportion_arm(inputs["treatment"])
            told = fixed(inputs, c, t)
            agree(inputs, told, gbs.ProportionStatistic(n=nc, sum=xc), gbs.ProportionStatistic(n=nt, sum=xt))
            pooled = mpf(xc + xt) / (nc + nt)
            z = (t.mean - c.mean) / sqrt(pooled * (1 - pooled) * (mpf(1) / nc + mpf(1) / nt))
            side = inputs.get("side", "two")
            p = {"two": 2 * normal_sf(abs(z)), "greater": normal_sf(z), "less": normal_sf(-z)}[side]
            names = {"two": "two-sided", "greater": "larger", "less": "smaller"}
            their_z, their_p = proportions_ztest([xt, xc], [nt, nc], alternative=names[side])
            near(z, their_z, inputs)
            if p > 1e-12:
                near(p, their_p, inputs)
            yield case(inputs, {**told, "pooled_z": z, "pooled_p": p})
    p = lambda c, t, **more: arms({"x": c[0], "n": c[1]}, {"x": t[0], "n": t[1]}, more)
    yield cannot(p((0, 0), (1, 10)), "empty_arm")
    yield cannot(p((1, 10), (0, 0)), "empty_arm")
    yield cannot(p((1, 1), (5, 10)), "too_few")
    yield cannot(p((0, 100), (5, 100)), "zero_baseline")
    yield cannot(p((0, 100), (5, 100), difference_type="absolute"), "no_variance")
    yield cannot(p((5, 100), (100, 100)), "no_variance")
    yield refused(p((11, 10), (1, 10)), "control.x")
    yield refused(p((1, 10), (-1, 10)), "treatment.x")
    yield refused(p((1, 10), (1, 10), alpha=0), "alpha")
    yield refused(p((1, 10), (1, 10), alpha=1), "alpha")


def sums(values):
    return {
        "n": len(values),
        "sum": float(sum(map(mpf, values))),
        "sum_sq": float(sum(mpf(v) ** 2 for v in values)),
    }


def means():
    draw = random.Random(7)
    sample = lambda n, m, s: [draw.gauss(m, s) for _ in range(n)]
    pairs = [
        (sums(sample(40, 10, 3)), sums(sample(60, 11, 4))),
        (sums(sample(3, 1, 1)), sums(sample(2, 3, 1))),
        (sums(sample(200, -5, 2)), sums(sample(150, -4, 2))),
        (sums(sample(100, 0.001, 1)), sums(sample(100, 0.2, 1))),
        (sums(sample(30, 1e-150, 1e-151)), sums(sample(30, 1.1e-150, 1e-151))),
        (sums(sample(30, 1e150, 1e149)), sums(sample(30, 1.5e150, 1e149))),
        ({"n": 10**9, "sum": 5e9, "sum_sq": 3.4e10}, {"n": 10**9, "sum": 5.001e9, "sum_sq": 3.41e10}),
        ({"n": 2 * 10**7, "sum": 1e8, "sum_sq": 7e8}, {"n": 10, "sum": 61.0, "sum_sq": 400.0}),
        (sums(sample(500, 100, 1)), sums(sample(500, 140, 1))),
        (sums(sample(50, 2, 0.5)), sums(sample(50, -2, 0.5))),
    ]
    for control, treatment in pairs:
        for common in grid():
            inputs = arms(control, treatment, common)
            c, t = mean_arm(control), mean_arm(treatment)
            told = fixed(inputs, c, t)
            if 1e-30 < abs(control["sum"]) < 1e30 and control["sum"] > 0:
                theirs = lambda a: gbs.SampleMeanStatistic(n=a["n"], sum=a["sum"], sum_squares=a["sum_sq"])
                agree(inputs, told, theirs(control), theirs(treatment))
            yield case(inputs, told)
    m = lambda c, t, **more: arms(dict(zip(("n", "sum", "sum_sq"), c)), dict(zip(("n", "sum", "sum_sq"), t)), more)
    good = (3, 6.0, 14.0)
    yield cannot(m((0, 0, 0), good), "empty_arm")
    yield cannot(m(good, (1, 2, 4)), "too_few")
    yield cannot(m((2, 0, 2), good), "zero_baseline")
    yield cannot(m((4, 8, 16), good), "no_variance")
    yield cannot(m(good, (4, 8, 15.9)), "negative_variance")
    inputs = m((2, 0, 2), good, difference_type="absolute")
    yield case(inputs, fixed(inputs, mean_arm(inputs["control"]), mean_arm(inputs["treatment"])))
    yield cannot(m(good, (3, 6.0, -1.0)), "negative_variance")
    yield refused(m(good, (3, float("nan"), 14.0)), "treatment.sum")
    yield refused(m((3, 6.0, float("inf")), good), "control.sum_sq")
    yield refused(m((-3, 6.0, 14.0), good), "control.n")


def pair_sums(pairs, x, y, product):
    split = lambda values: {k: v for k, v in sums(values).items() if k != "n"}
    return {
        "n": len(pairs),
        x: split([a for a, _ in pairs]),
        y: split([b for _, b in pairs]),
        product: float(sum(mpf(a) * mpf(b) for a, b in pairs)),
    }


def ratios():
    draw = random.Random(11)

    def orders(n, rate, price, scale=1.0):
        out = []
        for _ in range(n):
            k = sum(draw.random() < rate for _ in range(6))
            out.append((scale * sum(draw.expovariate(1 / price) for _ in range(k)), float(k)))
        return pair_sums(out, "num", "den", "num_den_sum_prod")

    pairs = [
        (orders(50, 0.5, 20), orders(60, 0.5, 22)),
        (orders(5, 0.9, 3), orders(4, 0.9, 3)),
        (orders(400, 0.3, 100), orders(300, 0.35, 90)),
        (orders(80, 0.5, 20, 1e-120), orders(80, 0.5, 20, 1e-120)),
        (orders(80, 0.5, 20, 1e120), orders(80, 0.5, 25, 1e120)),
        (orders(100, 0.5, 20, -1.0), orders(100, 0.5, 25, -1.0)),
    ]
    for control, treatment in pairs:
        for common in grid():
            inputs = arms(control, treatment, common)
            c, t = ratio_arm(control), ratio_arm(treatment)
            told = {**fixed(inputs, c, t), "ratio_control": c.mean, "ratio_treatment": t.mean}
            if 0 < control["num"]["sum"] < 1e30 and control["num"]["sum"] > 1e-30:
                series = lambda n, s: gbs.SampleMeanStatistic(n=n, sum=s["sum"], sum_squares=s["sum_sq"])
                theirs = lambda a: gbs.RatioStatistic(
                    n=a["n"],
                    m_statistic=series(a["n"], a["num"]),
                    d_statistic=series(a["n"], a["den"]),
                    m_d_sum_of_products=a["num_den_sum_prod"],
                )
                agree(inputs, told, theirs(control), theirs(treatment))
            yield case(inputs, told)
    good = pairs[0][0]
    with_ = lambda **change: arms({**good, **change}, good, {})
    zero = {"sum": 0.0, "sum_sq": 0.0}
    yield cannot(with_(n=0, num=zero, den=zero, num_den_sum_prod=0), "empty_arm")
    yield cannot(with_(n=1, num={"sum": 2, "sum_sq": 4}, den={"sum": 1, "sum_sq": 1}, num_den_sum_prod=2), "too_few")
    yield cannot(with_(den=zero, num_den_sum_prod=0), "zero_denominator")
    yield cannot(with_(num=zero, num_den_sum_prod=0), "zero_baseline")
    yield cannot(with_(n=3, num={"sum": 12, "sum_sq": 56}, den={"sum": 6, "sum_sq": 14}, num_den_sum_prod=28), "no_variance")
    yield cannot(with_(num_den_sum_prod=1e9), "negative_variance")
    yield cannot(with_(num={"sum": 1.0, "sum_sq": -1.0}), "negative_variance")
    yield cannot(with_(den={"sum": 50.0, "sum_sq": 49.0}), "negative_variance")
    yield refused(with_(n=0), "control.n")


def quantiles():
    q = lambda n, nu, q, lo, hi, star=None: {"n": n, "n_star": star or n, "nu": nu, "q": q, "lo": lo, "hi": hi}
    pairs = [
        (q(10_000, 0.99, 250.0, 240.0, 262.0), q(9_000, 0.99, 330.0, 315.0, 347.0)),
        (q(150, 0.5, 7.0, 6.5, 7.25), q(140, 0.5, 7.5, 7.0, 8.0)),
        (q(50_000, 0.9, 1.5, 1.4, 1.7, 40_000), q(52_000, 0.9, 1.45, 1.35, 1.5, 50_000)),
        (q(80, 0.1, 3.0, 1.0, 4.0), q(70, 0.1, 3.5, 2.0, 4.5)),
        (q(10**8, 0.999, 1e3, 999.0, 1001.0, 10**6), q(10**8, 0.999, 1.01e3, 1008.0, 1012.0, 10**6)),
        (q(500, 0.25, 1e200, 0.9e200, 1.1e200), q(500, 0.25, 1.2e200, 1.1e200, 1.3e200)),
        (q(500, 0.25, 1e-200, 0.9e-200, 1.1e-200), q(500, 0.25, 1.2e-200, 1.1e-200, 1.3e-200)),
    ]
    for control, treatment in pairs:
        for common in grid():
            inputs = arms(control, treatment, common)
            told = fixed(inputs, quantile_arm(control), quantile_arm(treatment))
            if 1e-30 < control["q"] < 1e30:
                theirs = lambda a: gbs.QuantileStatistic(
                    n=a["n"], n_star=a["n_star"], nu=a["nu"], quantile_hat=a["q"],
                    quantile_lower=a["lo"], quantile_upper=a["hi"],
                )
                agree(inputs, told, theirs(control), theirs(treatment))
            yield case(inputs, told)
    good = pairs[0][0]
    with_ = lambda **change: arms(good, {**good, **change}, {})
    yield cannot(with_(n=0, n_star=0), "empty_arm")
    yield cannot(with_(n=380), "too_few")
    inputs = with_(n=381)
    yield case(inputs, fixed(inputs, quantile_arm(good), quantile_arm(inputs["treatment"])))
    yield cannot(arms({**good, "nu": 0.01, "n": 380}, {**good, "nu": 0.01}, {}), "too_few")
    yield cannot(with_(lo=250.0, hi=250.0), "degenerate_quantile")
    yield cannot(arms({**good, "q": 0.0, "lo": -1.0, "hi": 1.0}, good, {}), "zero_baseline")
    yield refused(with_(nu=1.0), "treatment.nu")
    yield refused(with_(nu=0.5), "treatment.nu")
    yield refused(with_(lo=300.0), "treatment.lo")
    yield refused(with_(n_star=0), "treatment.n_star")
    yield refused(with_(q=float("nan")), "treatment.q")


def theta(c, t):
    n = c["n"] + t["n"]
    total = lambda name, part: mpf(c[name][part]) + mpf(t[name][part])
    product = mpf(c["post_pre_sum_prod"]) + mpf(t["post_pre_sum_prod"])
    pre = total("pre", "sum_sq") - total("pre", "sum") ** 2 / n
    post = total("post", "sum_sq") - total("post", "sum") ** 2 / n
    if pre == 0 or post == 0:
        return mpf(0)
    return (product - total("post", "sum") * total("pre", "sum") / n) / pre


def cuped_parts(arm):
    n = arm["n"]
    v = lambda s: variance(n, s["sum"], s["sum_sq"])
    return v(arm["post"]), v(arm["pre"]), covariance(n, arm["post"], arm["pre"], arm["post_pre_sum_prod"])


def cupeds():
    draw = random.Random(13)

    def visits(n, base, lift, keep, scale=1.0):
        out = []
        for _ in range(n):
            own = draw.gauss(base, 3)
            out.append((scale * (keep * own + draw.gauss(lift, 2)), scale * (own + draw.gauss(0, 1))))
        return pair_sums(out, "post", "pre", "post_pre_sum_prod")

    pairs = [
        (visits(100, 10, 0, 1), visits(120, 10, 1, 1)),
        (visits(4, 10, 0, 1), visits(3, 10, 4, 1)),
        (visits(300, 10, 0, 0), visits(300, 10, 0.5, 0)),
        (visits(300, 10, 2, -0.8), visits(250, 10, 3, -0.8)),
        (visits(100, 10, 0, 1, 1e-120), visits(100, 10, 1, 1, 1e-120)),
        (visits(100, 10, 0, 1, 1e120), visits(100, 10, 1, 1, 1e120)),
        (visits(200, -10, 0, 1), visits(200, -10, 1, 1)),
    ]
    for control, treatment in pairs:
        for common in grid():
            inputs = arms(control, treatment, common)
            th = theta(control, treatment)
            cut = {}
            for name, arm in (("c", control), ("t", treatment)):
                post, pre, cov = cuped_parts(arm)
                m = mpf(arm["post"]["sum"]) / arm["n"]
                cut[name] = Arm(arm["n"], m - th * mpf(arm["pre"]["sum"]) / arm["n"], post + th**2 * pre - 2 * th * cov, m)
            c, t = cut["c"], cut["t"]
            _, _, relative = options(inputs)
            v = None
            if relative:
                post, pre, cov = cuped_parts(control)
                k = t.unadjusted / c.unadjusted
                moved = post * k**2 - 2 * th * cov * k + th**2 * pre
                v = t.variance / (t.n * c.unadjusted**2) + moved / (c.n * c.unadjusted**2)
            told = {**fixed(inputs, c, t, v), "theta": th, "adjusted_mean_control": c.mean, "adjusted_mean_treatment": t.mean}
            if not relative and 1e-30 < abs(control["post"]["sum"]) < 1e30:
                series = lambda n, s: gbs.SampleMeanStatistic(n=n, sum=s["sum"], sum_squares=s["sum_sq"])
                theirs = lambda a: gbs.RegressionAdjustedStatistic(
                    n=a["n"], post_statistic=series(a["n"], a["post"]), pre_statistic=series(a["n"], a["pre"]),
                    post_pre_sum_of_products=a["post_pre_sum_prod"], theta=0.0,
                )
                agree(inputs, told, theirs(control), theirs(treatment))
            yield case(inputs, told)
    good, other = pairs[0]
    flat = lambda arm: {**arm, "pre": {"sum": 2.0 * arm["n"], "sum_sq": 4.0 * arm["n"]}, "post_pre_sum_prod": 2 * arm["post"]["sum"]}
    inputs = arms(flat(good), flat(other), {})
    plain = lambda arm: mean_arm({"n": arm["n"], **arm["post"]})
    c, t = plain(good), plain(other)
    yield case(inputs, {**fixed(inputs, c, t), "theta": 0, "adjusted_mean_control": c.mean, "adjusted_mean_treatment": t.mean})
    zero = {"sum": 0.0, "sum_sq": 0.0}
    yield cannot(arms({"n": 0, "post": zero, "pre": zero, "post_pre_sum_prod": 0}, good, {}), "empty_arm")
    one = {"sum": 1.0, "sum_sq": 1.0}
    yield cannot(arms(good, {"n": 1, "post": one, "pre": one, "post_pre_sum_prod": 1}, {}), "too_few")
    yield cannot(arms({**good, "post": zero, "post_pre_sum_prod": 0}, other, {}), "zero_baseline")
    same = {**good, "post": good["pre"], "post_pre_sum_prod": good["pre"]["sum_sq"]}
    yield cannot(arms(same, same, {}), "no_variance")
    yield cannot(arms({**good, "post_pre_sum_prod": 1e12}, other, {}), "negative_variance")
    yield cannot(arms(good, {**other, "pre": {"sum": 1200.0, "sum_sq": 11_999.0}}, {}), "negative_variance")


def anytime(inputs, told, n):
    alpha, side, _ = options(inputs)
    tuning = mpf(inputs.get("tuning", 5000))
    spent = alpha if side == "two" else 2 * alpha
    rho2 = (-2 * log(spent) + log(1 - 2 * log(spent))) / tuning
    t = n * rho2 + 1
    est, se = told["effect"], told["stderr"]
    if side == "two":
        edge = log(sqrt(t) / alpha)
        p = sqrt(t) / exp(rho2 * est**2 * n / (2 * se**2 * t))
    else:
        edge = log(1 + sqrt(t) / (2 * alpha))
        towards = est if side == "greater" else -est
        p = sqrt(t) / (2 * (exp(rho2 * est**2 * n / (2 * se**2 * t)) - 1)) if towards > 0 else mpf(1)
    half = se * sqrt(n) * sqrt(2 * t / (n**2 * rho2) * edge)
    return {"effect": est, "interval": bounds(est, half, side), "p": min(p, mpf(1)), "stderr": se}


def sequentials():
    pairs = [
        ({"x": 100, "n": 1000}, {"x": 120, "n": 1000}),
        ({"x": 500, "n": 10_000}, {"x": 700, "n": 10_000}),
        ({"x": 50_000_000, "n": 10**9}, {"x": 50_400_000, "n": 10**9}),
        ({"n": 40, "sum": 400.0, "sum_sq": 4400.0}, {"n": 60, "sum": 690.0, "sum_sq": 8300.0}),
        ({"n": 40, "sum": -400.0, "sum_sq": 4400.0}, {"n": 60, "sum": -290.0, "sum_sq": 1900.0}),
    ]
    for control, treatment in pairs:
        for i, common in enumerate(grid()):
            inputs = arms(control, treatment, common)
            if i % 3:
                inputs["tuning"] = [1, 200, 5000, 10**6][i % 4]
            parse = proportion_arm if "x" in control else mean_arm
            c, t = parse(control), parse(treatment)
            told = anytime(inputs, fixed(inputs, c, t), c.n + t.n)
            if "x" in control and inputs.get("side", "two") == "two":
                config = gb.SequentialConfig(
                    alpha=inputs.get("alpha", 0.05),
                    difference_type=inputs.get("difference_type", "relative"),
                    sequential_tuning_parameter=inputs.get("tuning", 5000),
                )
                stat = lambda a: gbs.ProportionStatistic(n=a["n"], sum=a["x"])
                theirs = gb.SequentialTwoSidedTTest(stat(control), stat(treatment), config).compute_result()
                near(told["interval"][0], theirs.ci[0], inputs)
                near(told["interval"][1], theirs.ci[1], inputs)
                if told["p"] > 1e-200:
                    near(told["p"], theirs.p_value, inputs)
            yield case(inputs, told)
    good = {"x": 5, "n": 10}
    yield cannot(arms(good, {"x": 0, "n": 0}, {}), "empty_arm")
    yield cannot(arms({"x": 0, "n": 5}, good, {}), "zero_baseline")
    yield cannot(arms({"n": 3, "sum": 6.0, "sum_sq": 14.0}, {"n": 3, "sum": 6.0, "sum_sq": 11.9}, {}), "negative_variance")
    yield refused(arms(good, good, {"tuning": 0}), "tuning")
    yield refused(arms(good, good, {"tuning": -5}), "tuning")
    yield refused(arms(good, good, {"alpha": 0.5, "side": "less"}), "alpha")
    yield refused(arms(good, {"n": 3, "sum": 1.0, "sum_sq": 1.0}, {}), "treatment")
    yield refused(arms({"n": 3, "sum": 1.0}, {"n": 3, "sum": 1.0, "sum_sq": 1.0}, {}), "control")


METHODS = {
    "proportion": proportions,
    "mean": means,
    "ratio": ratios,
    "quantile": quantiles,
    "cuped": cupeds,
    "sequential": sequentials,
}
