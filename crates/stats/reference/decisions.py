"""bayesian_effect, beta_binomial, srm, p_adjust, power.

bayesian_effect: gbstats at its head in mpmath; 0.8.0 from PyPI is asserted to agree. beta_binomial: for
whole parameters E. Miller's finite sum ("Formulas for Bayesian A/B testing", 2015) and its moments,
for others the integral, and for heavy priors the Bromwich integral over the moments of the
difference of the logits, all in mpmath. srm: Pearson's χ² in mpmath, scipy asserted. p_adjust:
statsmodels. power: the normal power with both tails in mpmath, statsmodels asserted.
"""

from gbstats.bayesian import tests as gbb
from gbstats.models import statistics as gbs
from mpmath import beta, betainc, exp, findroot, log, log10, loggamma, mp, mpc, mpf, psi, quad, sqrt
from scipy import stats as scipy_stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import normal_power_het

from effects import arms, effect, mean_arm, options, plain_variance, proportion_arm
from reference import cannot, case, chi2_sf, near, normal_pdf, normal_point, normal_sf, refused


def bayesian():
    pairs = [
        ({"x": 100, "n": 1000}, {"x": 120, "n": 1000}),
        ({"x": 500, "n": 10_000}, {"x": 800, "n": 10_000}),
        ({"x": 50_000_000, "n": 10**9}, {"x": 50_010_000, "n": 10**9}),
        ({"n": 40, "sum": 400.0, "sum_sq": 4400.0}, {"n": 60, "sum": 690.0, "sum_sq": 8300.0}),
        ({"n": 40, "sum": -400.0, "sum_sq": 4400.0}, {"n": 60, "sum": -690.0, "sum_sq": 8300.0}),
        ({"n": 1000, "sum": 10.0, "sum_sq": 1000.0}, {"n": 1000, "sum": 400.0, "sum_sq": 1200.0}),
    ]
    priors = [
        None,
        {"proper": False},
        {"proper": True},
        {"proper": True, "mean": 0.1, "variance": 0.01},
        {"proper": True, "mean": -2.0, "variance": 1e-6},
        {"proper": True, "mean": 0.0, "variance": 1e12},
    ]
    for control, treatment in pairs:
        for i, prior in enumerate(priors):
            for relative in (True, False):
                common = {"alpha": [0.05, 0.001, 0.2][i % 3]}
                if not relative:
                    common["difference_type"] = "absolute"
                if prior is not None:
                    common["prior"] = prior
                inverse = i % 2 == 1
                if inverse:
                    common["inverse"] = True
                inputs = arms(control, treatment, common)
                parse = proportion_arm if "x" in control else mean_arm
                c, t = parse(control), parse(treatment)
                est, v = effect(c, t, relative), plain_variance(c, t, relative)
                proper = bool(prior and prior["proper"])
                unit = mpf(1) if relative else abs(c.mean)
                mu, s2 = mpf(0), mpf("0.09")
                if proper:
                    mu = mpf(prior.get("mean", 0.0)) * unit
                    s2 = mpf(prior["variance"] if "variance" in prior else "0.09") * unit**2
                    if "variance" not in prior:
                        s2 = mpf(0.09) * unit**2
                precision = 1 / v + (1 / s2 if proper else 0)
                mean = (est / v + (mu / s2 if proper else 0)) / precision
                sd = sqrt(1 / precision)
                z = mean / sd
                win = normal_sf(z if inverse else -z)
                above = sd * (normal_pdf(z) + z * normal_sf(-z))
                below = sd * (normal_pdf(z) - z * normal_sf(z))
                half = normal_point(mpf(inputs["alpha"]) / 2) * sd
                told = {
                    "chance_to_win": win,
                    "expected": mean,
                    "interval": [mean - half, mean + half],
                    "risk": [below, above] if inverse else [above, below],
                }
                if c.mean > 0:
                    stat = (
                        (lambda a: gbs.ProportionStatistic(n=a["n"], sum=a["x"]))
                        if "x" in control
                        else (lambda a: gbs.SampleMeanStatistic(n=a["n"], sum=a["sum"], sum_squares=a["sum_sq"]))
                    )
                    config = gbb.EffectBayesianConfig(
                        alpha=inputs["alpha"],
                        inverse=inverse,
                        difference_type="relative" if relative else "absolute",
                        prior_effect=gbb.GaussianPrior(
                            mean=prior.get("mean", 0.0) if proper else 0.0,
                            variance=prior.get("variance", 0.09) if proper else 1.0,
                            proper=proper,
                        ),
                    )
                    theirs = gbb.EffectBayesianABTest(stat(control), stat(treatment), config).compute_result()
                    near(mean, theirs.expected, inputs)
                    near(told["interval"][0], theirs.ci[0], inputs)
                    near(told["interval"][1], theirs.ci[1], inputs)
                    if abs(z) < 5:
                        near(win, theirs.chance_to_win, inputs)
                        for ours, other in zip(told["risk"], theirs.risk):
                            near(ours, other, inputs, 1e-6)
                yield case(inputs, told)
    good = {"x": 5, "n": 10}
    yield cannot(arms(good, {"x": 0, "n": 0}, {}), "empty_arm")
    yield cannot(arms({"x": 0, "n": 10}, good, {}), "zero_baseline")
    level = {"n": 2, "sum": 0.0, "sum_sq": 2.0}
    other = {"n": 3, "sum": 6.0, "sum_sq": 14.0}
    proper = {"prior": {"proper": True}, "difference_type": "absolute"}
    yield cannot(arms(level, other, proper), "zero_baseline")
    yield cannot(arms({**level, "sum": 3.0}, other, proper), "negative_variance")
    yield refused(arms(good, good, {"prior": {"proper": True, "variance": 0.0}}), "prior.variance")
    yield refused(arms(good, good, {"prior": {"proper": True, "mean": float("nan")}}), "prior.mean")
    yield refused(arms(good, good, {"prior": {}}), "prior.proper")


def whole_chance(a, b, c, d):
    """P(Y > X) for X ~ Beta(a, b), Y ~ Beta(c, d) with a whole c: Miller's sum over Y's successes."""
    total = mpf(0)
    for i in range(int(c)):
        total += exp(
            loggamma(a + i) + loggamma(b + d) - loggamma(a + b + d + i)
            - log(d + i)
            - (loggamma(mpf(1) + i) + loggamma(d) - loggamma(d + 1 + i))
            - (loggamma(a) + loggamma(b) - loggamma(a + b))
        )
    return total


def whole(a, b, c, d):
    a, b, c, d = map(mpf, (a, b, c, d))
    win = whole_chance(a, b, c, d)
    ma, mc = a / (a + b), c / (c + d)
    gain = mc * whole_chance(a, b, c + 1, d) - ma * whole_chance(a + 1, b, c, d)
    loss = gain - (mc - ma)
    return win, loss, gain


def integral(a, b, c, d):
    """In t = xᶜ, where the density of Beta(c, d) has no pole at 0."""
    a, b, c, d = map(mpf, (a, b, c, d))
    cdf = lambda p, q, x: betainc(p, q, 0, x, regularized=True)

    def chance(a, b, c, d):
        f = lambda t: (1 - t ** (1 / c)) ** (d - 1) / (c * beta(c, d)) * cdf(a, b, t ** (1 / c))
        return quad(f, [0, mpf("0.01"), mpf("0.3"), mpf("0.8"), 1])

    with mp.workdps(25):
        win = chance(a, b, c, d)
        gain = c / (c + d) * chance(a, b, c + 1, d) - a / (a + b) * chance(a + 1, b, c, d)
    return win, gain - (c / (c + d) - a / (a + b)), gain


def bromwich(a, b, c, d, digits):
    """P(X > Y) of Beta(a, b) against Beta(c, d): (1/2πi)∫ E[exp(sD)]/s ds, D the difference of the logits."""
    before = sum(loggamma(v) for v in (a, b, c, d))
    cumulants = lambda s: loggamma(a + s) + loggamma(b - s) + loggamma(c - s) + loggamma(d + s) - before
    at = min(1 / sqrt(sum(psi(1, v) for v in (a, b, c, d))), b / 2, c / 2)
    step = at / (digits * mpf("0.4") + 4)
    total, k = exp(cumulants(at)) / at / 2, 1
    least = abs(total) * mpf(10) ** -digits
    while True:
        s = mpc(at, k * step)
        term = exp(cumulants(s)) / s
        total += term.real
        if abs(term) < least:
            return total * step / mp.pi
        k += 1


def heavy(a, b, c, d):
    """The treatment is Beta(a, b), the control Beta(c, d)."""
    size = int(log10(max(a, b, c, d)))
    digits = 40 + max(0, int(0.6 * log10(1 / (1 / a + 1 / b))))
    with mp.workdps(2 * max(size, 0) + digits + 30):
        win = bromwich(a, b, c, d, digits)
        ma, mc = a / (a + b), c / (c + d)
        loss = mc * bromwich(c + 1, d, a, b, digits) - ma * bromwich(c, d, a + 1, b, digits)
        return win, loss, loss + ma - mc


def beta_binomials():
    with mp.workdps(120):
        for (xc, nc), (xt, nt), prior in [
            ((100, 1000), (120, 1000), [1, 1]),
            ((100, 1000), (100, 1000), [1, 1]),
            ((0, 10), (0, 10), [1, 1]),
            ((10, 10), (10, 10), [1, 1]),
            ((0, 1), (1, 1), [1, 1]),
            ((5, 10), (1, 1000), [1, 1]),
            ((1, 1000), (5, 10), [1, 1]),
            ((500, 1000), (900, 1000), [1, 1]),
            ((900, 1000), (500, 1000), [1, 1]),
            ((5, 10**6), (25, 10**6), [1, 1]),
            ((25, 10**6), (5, 10**6), [1, 1]),
            ((300, 10**9), (350, 10**9), [1, 1]),
            ((200, 500), (210, 500), [5, 20]),
            ((200, 500), (2100, 5000), [1000, 1000]),
            ((0, 5), (999, 1000), [2, 3]),
            ((3, 4), (1500, 2000), [1, 1]),
            ((50, 60), (5, 10**8), [1, 1]),
            ((999, 1000), (998, 1000), [1, 1]),
            ((2000, 10_000), (2300, 10_000), [1, 1]),
            ((2300, 10_000), (2000, 10_000), [1, 1]),
        ]:
            inputs = arms({"x": xc, "n": nc}, {"x": xt, "n": nt}, {"prior": prior})
            win, loss, gain = whole(prior[0] + xc, prior[1] + nc - xc, prior[0] + xt, prior[1] + nt - xt)
            assert win > 0 and loss > 0 and gain > 0
            yield case(
                inputs,
                {"p_treatment_beats_control": win, "expected_loss_choose_treatment": loss, "expected_loss_choose_control": gain},
            )
    for (xc, nc), (xt, nt), prior in [
        ((3, 10), (6, 10), [0.5, 0.5]),
        ((0, 20), (2, 20), [0.5, 0.5]),
        ((12, 40), (10, 30), [0.7, 2.5]),
        ((0, 3), (0, 5), [0.1, 0.9]),
    ]:
        inputs = arms({"x": xc, "n": nc}, {"x": xt, "n": nt}, {"prior": prior})
        win, loss, gain = integral(prior[0] + xc, prior[1] + nc - xc, prior[0] + xt, prior[1] + nt - xt)
        yield case(
            inputs,
            {"p_treatment_beats_control": win, "expected_loss_choose_treatment": loss, "expected_loss_choose_control": gain},
        )
    good = {"x": 5, "n": 10}
    yield cannot(arms({"x": 0, "n": 0}, good, {}), "empty_arm")
    yield refused(arms(good, good, {"prior": [0, 1]}), "prior[0]")
    yield refused(arms(good, good, {"prior": [1, -1]}), "prior[1]")
    yield refused(arms(good, {"x": 11, "n": 10}, {}), "treatment.x")
    for (xc, nc), (xt, nt), prior in [
        ((100, 1000), (120, 1000), [10000000000.0, 10000000000.0]),
        ((100, 1000), (120, 1000), [10000000000000.0, 30000000000000.0]),
        ((1000000, 10000000), (2000000, 10000000), [10000000000000.0, 30000000000000.0]),
        ((100, 1000), (120, 1000), [1e+16, 1e+16]),
        ((100000000, 1000000000), (200000000, 1000000000), [1e+16, 4e+16]),
        ((100, 1000), (120, 1000), [1e+20, 2e+20]),
        ((1000000000000000, 4000000000000000), (1500000000000000, 4000000000000000), [1e+30, 1e+30]),
        ((100, 1000), (120, 1000), [1e+30, 1e+30]),
        ((100, 1000), (120, 1000), [1e+100, 1e+100]),
        ((100, 1000), (120, 1000), [1e+100, 1.0]),
        ((100, 1000), (120, 1000), [1.0, 1e+100]),
        ((5, 1000), (5, 1000), [2.5, 1e+30]),
        ((100, 1000), (120, 1000), [1e+200, 3e+200]),
        ((100, 1000), (120, 1000), [1e+300, 1e+300]),
        ((1, 1000), (3, 2000), [1e-05, 1e-05]),
    ]:
        inputs = arms({"x": xc, "n": nc}, {"x": xt, "n": nt}, {"prior": prior})
        with mp.workdps(700):
            a, b = map(mpf, prior)
            win, loss, gain = heavy(a + xt, b + nt - xt, a + xc, b + nc - xc)
        yield case(
            inputs,
            {"p_treatment_beats_control": win, "expected_loss_choose_treatment": loss, "expected_loss_choose_control": gain},
        )


def srms():
    for observed, weights in [
        ([5013, 4987], [0.5, 0.5]),
        ([5300, 4700], [0.5, 0.5]),
        ([5300, 4700], [50, 50]),
        ([1, 0], [1, 1]),
        ([0, 7], [0.9, 0.1]),
        ([10, 0, 20], [1, 1, 2]),
        ([10, 5, 20], [1, 0, 2]),
        ([999_000_000, 1_001_000_000], [0.5, 0.5]),
        ([10**12, 10**12 + 5 * 10**6], [1, 1]),
        ([90_100, 9_900], [0.9, 0.1]),
        ([33, 33, 34], [1 / 3, 1 / 3, 1 / 3]),
        ([100, 100, 100, 100], [0.25, 0.25, 0.25, 0.25]),
        ([1000] * 20, [1] * 20),
        ([1000 + 13 * i for i in range(20)], [1] * 20),
        ([3, 5], [1e300, 1e300]),
        ([600, 400], [0.5, 0.5]),
        ([10_000, 100], [0.99, 0.01]),
        ([10_000, 300], [0.99, 0.01]),
        ([50, 50, 0], [0.4, 0.4, 0.2]),
    ]:
        inputs = {"observed": observed, "weights": weights}
        counted = [(mpf(o), mpf(w)) for o, w in zip(observed, weights) if w > 0]
        n, total = sum(o for o, _ in counted), sum(w for _, w in counted)
        expected = [w / total * n for _, w in counted]
        chi2 = sum((o - e) ** 2 / e for (o, _), e in zip(counted, expected))
        df = len(counted) - 1
        p = chi2_sf(chi2, df)
        their_chi2, their_p = scipy_stats.chisquare([float(o) for o, _ in counted], [float(e) for e in expected])
        near(chi2, their_chi2, inputs, 1e-6)
        if p > 1e-250:
            near(p, their_p, inputs, 1e-6)
        yield case(inputs, {"chi2": chi2, "df": df, "p": p})
    yield cannot({"observed": [0, 0], "weights": [1, 1]}, "empty_arm")
    yield refused({"observed": [1, 2], "weights": [1]}, "weights")
    yield refused({"observed": [1, 2], "weights": [1, -1]}, "weights")
    yield refused({"observed": [1, 2], "weights": [1, 0]}, "weights")
    yield refused({"observed": [1, -2], "weights": [1, 1]}, "observed[1]")
    yield refused({"observed": [1, 2], "weights": [1, float("inf")]}, "weights")
    # Neither whole parts nor shares of 1.
    yield refused({"observed": [3, 5], "weights": [1e-300, 1e-300]}, "weights")


def p_adjusts():
    for p in [
        [0.05],
        [0.01, 0.04, 0.03, 0.005],
        [0.5, 0.5, 0.5],
        [1.0, 0.0],
        [0.0, 0.0, 1e-300],
        [0.2, 0.8, 0.4, 0.6, 1.0],
        [0.001, 0.001, 0.04, 0.04, 0.9],
        [1e-12, 3e-7, 0.02, 0.021, 0.022, 0.5, 0.97],
        [0.011, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1],
        [0.1, 0.09, 0.08, 0.07, 0.06, 0.05, 0.04, 0.03, 0.02, 0.011],
        [(i * 37 % 101) / 101 for i in range(1, 101)],
        [0.049, 0.051],
        [0.3, 0.2, 0.1],
        [1.0, 1.0],
        [5e-324, 0.5],
        [0.7, 0.01, 0.7, 0.01],
        [0.0251, 0.0249, 0.05],
        [0.9999999, 0.5, 0.25],
        [0.04, 0.01, 0.5],
        [i / 1000 for i in range(50)],
    ]:
        adjusted = {
            name: [float(q) for q in multipletests(p, method=method)[1]]
            for name, method in (("holm", "holm"), ("bh", "fdr_bh"), ("bonferroni", "bonferroni"))
        }
        yield case({"p": p}, adjusted)
    yield case({"p": []}, {"holm": [], "bh": [], "bonferroni": []})
    yield refused({"p": [0.5, 1.5]}, "p")
    yield refused({"p": [-0.1]}, "p")
    yield refused({"p": [0.5, float("nan")]}, "p")


def power_of(shift, alpha, side):
    if side == "two":
        z = normal_point(mpf(alpha) / 2)
        return normal_sf(z - shift) + normal_sf(z + shift)
    z = normal_point(mpf(alpha))
    return normal_sf(z - shift if side == "greater" else z + shift)


def powers():
    plans = [
        ("proportion", 0.1, None, "relative", 0.1),
        ("proportion", 0.001, None, "relative", 0.05),
        ("proportion", 0.5, None, "absolute", 0.02),
        ("proportion", 0.9, None, "absolute", -0.01),
        ("mean", 10.0, 3.0, "relative", 0.02),
        ("mean", -10.0, 3.0, "relative", 0.02),
        ("mean", 0.0, 1.0, "absolute", 0.5),
        ("mean", 1e200, 1e201, "relative", 0.3),
        ("mean", 1e-200, 1e-201, "absolute", 1e-202),
    ]
    for i, (metric, baseline, stddev, difference, size) in enumerate(plans):
        for alpha, side, power, n in [(0.05, "two", 0.8, 5000), (0.001, "two", 0.95, 100), (0.2, "two", 0.21, 3), (0.05, "greater", 0.9, 20_000), (0.1, "less", 0.5, 700)]:
            common = {"metric": metric, "baseline": baseline, "alpha": alpha, "side": side, "difference_type": difference}
            if stddev is not None:
                common["stddev"] = stddev
            signed = size
            if (side == "less") != (size < 0) and side != "two":
                signed = -size
            unit = abs(mpf(baseline)) if difference == "relative" else mpf(1)
            delta = mpf(signed) * unit
            p1, p2 = mpf(baseline), mpf(baseline) + delta
            v = p1 * (1 - p1) + p2 * (1 - p2) if metric == "proportion" else 2 * mpf(stddev) ** 2
            told = power_of(delta / sqrt(v / n), alpha, side)
            if metric == "proportion" or abs(baseline) < 100:
                names = {"two": "two-sided", "greater": "larger", "less": "smaller"}
                sd = float(sqrt(v))
                theirs = normal_power_het(float(delta), n, alpha, std_null=sd, std_alternative=sd, alternative=names[side])
                near(told, theirs[0] if isinstance(theirs, tuple) else theirs, common)
            yield case({**common, "effect": signed, "n_per_arm": n}, {"power": told})
            start = normal_point(1 - mpf(power)) + normal_point(mpf(alpha) / (2 if side == "two" else 1))
            towards = -1 if side == "less" else 1
            shift = findroot(lambda s: power_of(towards * s, alpha, side) - power, start)
            needed = max(2, int(mp.ceil((shift / delta) ** 2 * v)))
            yield case({**common, "effect": signed, "power": power}, {"n_per_arm": needed})
            sign = -1 if side == "less" else 1
            if metric == "mean":
                found = sign * shift * sqrt(mpf(2) / n) * mpf(stddev)
            else:
                s = shift**2 / n
                half = s * (1 - 2 * p1) / 2
                root = sqrt(half**2 + (1 + s) * 2 * s * p1 * (1 - p1))
                found = (half + sign * root) / (1 + s)
                if not 0 <= p1 + found <= 1:
                    yield cannot({**common, "n_per_arm": n, "power": power}, "too_few")
                    continue
            yield case({**common, "n_per_arm": n, "power": power}, {"minimum_effect": found / unit})
    base = {"metric": "proportion", "baseline": 0.1}
    yield refused({**base, "baseline": 0.0, "effect": 0.1}, "baseline")
    yield refused({**base, "effect": 0.0}, "effect")
    yield refused({**base, "effect": 10.0}, "effect")
    yield refused({**base, "effect": -0.1, "side": "greater"}, "effect")
    yield refused({**base, "effect": 0.1, "power": 1.0}, "power")
    yield refused({**base, "effect": 0.1, "power": 0.05}, "power")
    yield refused({**base, "effect": 0.1, "power": 0.8, "n_per_arm": 10}, "power")
    yield refused(base, "effect")
    yield refused({**base, "n_per_arm": 0}, "n_per_arm")
    yield refused({**base, "stddev": 1.0, "effect": 0.1}, "stddev")
    yield refused({"metric": "mean", "baseline": 1.0, "effect": 0.1}, "stddev")
    yield refused({"metric": "mean", "baseline": 0.0, "stddev": 1.0, "effect": 0.1}, "baseline")
    yield cannot({**base, "effect": 1e-12}, "overflow")


METHODS = {
    "bayesian_effect": bayesian,
    "beta_binomial": beta_binomials,
    "srm": srms,
    "p_adjust": p_adjusts,
    "power": powers,
}
