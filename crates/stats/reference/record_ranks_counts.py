"""Records the truth for ranks, counts, anytime-valid counts, boundaries and Kayenta's rules.

Writes one `<method>.jsonl` a method beside this file, of lines {"id", "method", "inputs", "expected", "tolerance"?}.
Run in the environment that record.py makes (scipy, statsmodels, mpmath, numpy).

Where each figure comes from:
  mann_whitney        scipy.stats.mannwhitneyu; the shift and its interval by numpy over all differences, with the
                      critical rank of R's wilcox.test (qwilcox counted in whole numbers, else the jump of the
                      corrected normal statistic, found by trying every difference)
  poisson_rates       statsmodels test_poisson_2indep ("exact-cond", "score"); the score interval by bisection on the test at 60 digits
  srm_sequential, counts_sequential, boundary
                      mpmath at 30 to 60 digits from the formulas of the papers
  kayenta_*           Kayenta's published rules (spinnaker/spinnaker, kayenta-judge) written again in numpy, its interval
                      by bisection on wilcoxonDiff to the last digit in place of a root finder that stops at 1e-4
"""

import json
import math
import os
import sys

import numpy as np
from mpmath import mp, mpf
import mpmath
from scipy import stats
from statsmodels.stats import rates as smrates

mp.dps = 60
HERE = os.path.dirname(os.path.abspath(__file__))


def word(x):
    if isinstance(x, dict):
        return {k: word(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [word(v) for v in x]
    if isinstance(x, mpmath.mpf):
        x = float(x)
    if isinstance(x, np.generic):
        x = x.item()
    if isinstance(x, float) and not math.isfinite(x):
        return "NaN" if math.isnan(x) else ("Infinity" if x > 0 else "-Infinity")
    return x


class Out:
    def __init__(self, method):
        self.method, self.lines = method, []

    def add(self, name, inputs, expected, tolerance=None, floor=None):
        line = {"id": f"{self.method}/{name}", "method": self.method, "inputs": word(inputs), "expected": word(expected)}
        if tolerance is not None:
            line["tolerance"] = tolerance
        if floor is not None:
            line["floor"] = floor
        self.lines.append(json.dumps(line))

    def write(self):
        with open(os.path.join(HERE, self.method + ".jsonl"), "w") as f:
            f.write("\n".join(self.lines) + "\n")
        print(f"{self.method}: {len(self.lines)} cases")


# ---- ranks

def u_counts(m, n):
    c = [1] + [0] * (m * n)
    for i in range(1, m + 1):
        for u in range(m * n, n + i - 1, -1):
            c[u] -= c[u - n - i]
        for u in range(i, m * n + 1):
            c[u] += c[u - i]
    return c


def rejected(tail, m, n):
    """How many values of U, from 0 on, have no more than `tail` at or below them."""
    total, s = math.comb(m + n, m), 0
    for u, c in enumerate(u_counts(m, n)):
        s += c
        if s / total > tail + 10 * sys.float_info.epsilon:
            return u


def ties_term(v):
    _, t = np.unique(v, return_counts=True)
    return sum(int(k) ** 3 - int(k) for k in t)


def shift(a, b, alpha, side):
    a, b = np.asarray(a, float), np.asarray(b, float)
    m, n = len(a), len(b)
    d = np.sort((a[:, None] - b[None, :]).ravel())
    tail = alpha / 2 if side == "two" else alpha
    both = np.concatenate([a, b])
    everything = float(np.median(d)), [-math.inf, math.inf]
    if m < 50 and n < 50 and len(np.unique(both)) == len(both):
        # As R, but where the level cannot be reached (there R takes the widest interval there is, with a
        # warning) and where it is reached exactly (there p is not above it).
        k = rejected(tail, m, n)
        if k == 0:
            return everything
    else:
        z = stats.norm.isf(tail)
        big = m + n
        sigma = math.sqrt(m * n / 12 * (big + 1 - (ties_term(a) + ties_term(b)) / (big * (big - 1))))
        if (m * n / 2 - 0.5) / sigma <= z:
            return everything
        # The statistic on each plateau between two neighbouring ranks; the bound is where it passes z.
        k = m * n
        for rank in range(1, m * n + 1):
            dz = (m * n - rank) - m * n / 2
            if (dz - 0.5 * np.sign(dz)) / sigma <= z:
                k = rank
                break
    lo, hi = d[k - 1], d[m * n - k]
    if side == "greater":
        hi = math.inf
    if side == "less":
        lo = -math.inf
    return float(np.median(d)), [lo, hi]


def mann_whitney():
    out = Out("mann_whitney")
    rng = np.random.default_rng(1)

    def case(name, a, b, alpha=None, side=None):
        a, b = [float(x) for x in a], [float(x) for x in b]
        inputs = {"a": a, "b": b}
        if alpha is not None:
            inputs["alpha"] = alpha
        if side is not None:
            inputs["side"] = side
        if len(set(a + b)) == 1:
            out.add(name, inputs, {"cannot_compute": "no_variance"})
            return
        p = {s: stats.mannwhitneyu(a, b, alternative=s, method="asymptotic") for s in ("two-sided", "greater", "less")}
        u = p["two-sided"].statistic
        exact = None
        if len(set(a + b)) == len(a + b) and len(a) * len(b) <= 10_000 and math.comb(len(a) + len(b), len(a)) < 2**126:
            s = {None: "two-sided", "two": "two-sided"}.get(side, side)
            exact = stats.mannwhitneyu(a, b, alternative=s, method="exact").pvalue
        est, interval = shift(a, b, alpha or 0.05, side or "two")
        out.add(name, inputs, {
            "u_a": u, "p_two_sided": p["two-sided"].pvalue, "p_greater": p["greater"].pvalue, "p_less": p["less"].pvalue,
            "p_exact": exact, "cles": u / (len(a) * len(b)), "hodges_lehmann": est, "interval": interval})

    case("one_each", [1], [2])
    case("one_against_many", [5], range(20))
    case("two_each", [1, 2], [3, 5])
    case("five_each", [1, 2, 4, 8, 16], [0.1, 0.3, 0.7, 1.5, 3.1])
    case("apart", range(10), range(20, 32))
    case("ties_between", [1, 2, 3, 4], [3, 4, 5, 6])
    case("ties_within", [1, 1, 2, 2, 3], [0.5, 0.5, 2.5, 2.5])
    case("all_equal", [3] * 6, [3] * 9)
    case("constants_apart", [10] * 5, [1] * 5)
    case("one_value_differs", [1] * 30 + [2], [1] * 30)
    case("signed_zero", [-0.0, 1.0, 2.0], [0.0, -1.0, 3.0])
    case("sparse_counts", [0] * 55 + [1] * 4 + [3], [0] * 57 + [1] * 3)
    for name, scale in [("tiny", 1e-300), ("small", 1e-6), ("huge", 1e300)]:
        case("scale_" + name, rng.normal(0, 1, 12) * scale, rng.normal(1, 1, 15) * scale)
    case("far_offset", 1e6 + rng.normal(0, 1, 20), 1e6 + rng.normal(0.5, 1, 20))
    for m, n in [(7, 9), (20, 30), (49, 49), (50, 20), (60, 60), (64, 64), (120, 80)]:
        case(f"normal_{m}_{n}", rng.normal(0.4, 1, m), rng.normal(0, 1.3, n))
    for m, n in [(30, 40), (100, 90)]:
        case(f"rounded_{m}_{n}", np.round(rng.gamma(2, 3, m)), np.round(rng.gamma(2.5, 3, n)))
    for side in ("greater", "less"):
        case(f"side_{side}_exact", rng.normal(0.4, 1, 15), rng.normal(0, 1, 18), 0.05, side)
        case(f"side_{side}_ties", np.round(rng.gamma(2, 3, 40)), np.round(rng.gamma(2, 3, 50)), 0.1, side)
    for alpha in (0.001, 0.02, 0.5):
        case(f"alpha_{alpha}", rng.exponential(1, 35), rng.exponential(1.5, 45), alpha)
        case(f"alpha_{alpha}_large", rng.exponential(1, 70), rng.exponential(1.5, 65), alpha)
    case("far_apart_tail", range(60), range(1000, 1060))
    out.write()


# ---- counts at one look

def poisson_rates():
    out = Out("poisson_rates")

    def case(y_c, e_c, y_t, e_t, alpha=None, side=None):
        inputs = {"control": {"count": y_c, "exposure": e_c}, "treatment": {"count": y_t, "exposure": e_t}}
        if alpha is not None:
            inputs["alpha"] = alpha
        if side is not None:
            inputs["side"] = side
        name = f"{y_c}_{e_c}_{y_t}_{e_t}" + (f"_{alpha}" if alpha else "") + (f"_{side}" if side else "")
        if y_c + y_t == 0:
            out.add(name, inputs, {"cannot_compute": "too_few"})
            return
        alternative = {None: "two-sided", "greater": "larger", "less": "smaller"}[side]
        with np.errstate(all="ignore"):
            score = smrates.test_poisson_2indep(y_t, e_t, y_c, e_c, method="score", alternative=alternative).pvalue
            p = e_t / (e_t + e_c)
            exact = smrates.test_poisson_2indep(y_t, e_t, y_c, e_c, method="exact-cond", alternative=alternative).pvalue
        z = stats.norm.isf((alpha or 0.05) / 2)

        over = mpf(e_t) / mpf(e_c)
        z = mpmath.sqrt(2) * mpmath.erfinv(1 - mpf(alpha or 0.05))

        def beyond(log_ratio):
            """How far the score test rejects the ratio that has this logarithm."""
            r = mpmath.exp(log_ratio) * over
            return (y_t - y_c * r) ** 2 / ((y_t + y_c) * r) - z * z

        middle = mpmath.log(mpf(y_t or 1) / (y_c or 1) / over)
        lo = mpf(0) if y_t == 0 else mpmath.exp(bisect(beyond, middle - 60, middle if y_c else middle + 60))
        hi = mpf("inf") if y_c == 0 else mpmath.exp(-bisect(lambda x: beyond(-x), -middle - 60, -middle if y_t else 60 - middle))
        out.add(name, inputs, {
            "p_exact": exact, "p_score": score, "rate_ratio": (y_t / e_t) / (y_c / e_c) if y_c else math.inf,
            "interval_score": [lo, hi]}, 1e-10)

    for args in [(10, 1000, 25, 1000), (12, 100000, 25, 100000), (25, 100000, 12, 100000), (5, 1, 5, 1), (0, 10, 0, 10),
                 (0, 10, 4, 10), (4, 10, 0, 10), (1, 1, 0, 1), (0, 1, 1, 1), (3, 7.5, 11, 2.5), (100, 1, 130, 1.5),
                 (1000, 0.001, 1100, 0.001), (1000000, 1e6, 1003000, 1e6), (20, 1e-300, 40, 1e-300), (20, 1e300, 40, 1e300),
                 (7, 99, 7, 1), (7, 1, 7, 99), (60, 417.404, 30, 410.1), (41, 28010, 15, 19017), (1, 1000, 14, 1000),
                 (50, 10, 50, 10.5), (10**9, 1.0, 10**9 + 100000, 1.0)]:
        case(*args)
    for side in ("greater", "less"):
        for args in [(10, 1000, 25, 1000), (25, 1000, 10, 1000), (0, 10, 4, 10), (4, 10, 0, 10), (3, 7.5, 11, 2.5)]:
            case(*args, side=side)
    case(10, 1000, 25, 1000, alpha=0.001)
    case(10, 1000, 25, 1000, alpha=0.5)
    out.write()


# ---- looking at any moment

def log_e(prior, counts, shares):
    lg, total, n = mpmath.loggamma, sum(prior), sum(counts)
    return (lg(total) - lg(total + n) + sum(lg(a + k) - lg(a) for a, k in zip(prior, counts))
            - sum(k * mpmath.log(s) for k, s in zip(counts, shares) if k))


def bisect(f, lo, hi):
    """The zero of a function that is positive at lo and negative at hi."""
    for _ in range(160):
        middle = (lo + hi) / 2
        if f(middle) > 0:
            lo = middle
        else:
            hi = middle
    return (lo + hi) / 2


def srm_sequential():
    out = Out("srm_sequential")
    rng = np.random.default_rng(2)

    def case(name, increments, shares, concentration=None):
        inputs = {"increments": increments, "null_probabilities": shares}
        if concentration is not None:
            inputs["dirichlet_concentration"] = concentration
        c = mpf(concentration or 10000)
        kept = [i for i, s in enumerate(shares) if s > 0]
        counts, factors, chances, p = [0] * len(shares), [], [], mpf(1)
        for look in increments:
            counts = [int(a) + int(b) for a, b in zip(counts, look)]
            if any(counts[i] for i in range(len(shares)) if i not in kept):
                e = mpf("inf")
            else:
                e = log_e([c * mpf(shares[i]) for i in kept], [mpf(counts[i]) for i in kept], [mpf(shares[i]) for i in kept])
            p = min(p, mpmath.exp(-e))
            factors.append(e)
            chances.append(p)
        out.add(name, inputs, {"log_bayes_factor": factors, "p": chances}, 1e-9, 1e-3)

    case("nothing_yet", [[0, 0]], [0.5, 0.5])
    case("one_unit", [[1, 0], [0, 1], [0, 1]], [0.5, 0.5])
    case("fair", [[50, 50]] * 5, [0.5, 0.5])
    case("mismatch", [[1000, 1300], [1000, 1000], [1300, 1000]], [0.5, 0.5])
    case("unequal_shares", [[90, 10], [180, 25]], [0.9, 0.1])
    case("three_arms", [[30, 30, 45], [31, 29, 44]], [0.25, 0.25, 0.5])
    case("tenth_arms", [[10] * 10, [12] * 9 + [3]], [0.1] * 10)
    case("weak_prior", [[10, 20], [10, 20]], [0.5, 0.5], 1)
    case("strong_prior", [[1000, 2000]], [0.5, 0.5], 1e8)
    case("tiny_prior", [[3, 4]], [0.5, 0.5], 1e-6)
    case("large", [[500_100_000, 499_900_000]], [0.5, 0.5])
    case("large_mismatch", [[501_000_000, 499_000_000]], [0.5, 0.5])
    case("zero_share_unused", [[10, 0, 12]], [0.5, 0, 0.5])
    case("zero_share_used", [[10, 0, 12], [0, 1, 0]], [0.5, 0, 0.5])
    case("small_share", [[100_000, 0], [0, 3]], [0.9999, 0.0001])
    case("one_arm_only", [[100, 0]], [0.5, 0.5])
    case("no_looks", [], [0.5, 0.5])
    for i in range(5):
        case(f"random_{i}", rng.multinomial(500, [0.4, 0.35, 0.25], 8).tolist(), [0.4, 0.35, 0.25], [100, 10000, 5, 1000, 20][i])
    out.write()


def counts_sequential():
    out = Out("counts_sequential")

    def case(name, counts, prior, shares, alpha=None):
        inputs = {"counts": counts, "dirichlet_alpha": prior, "assignment_share": shares}
        if alpha is not None:
            inputs["alpha"] = alpha
        c, t = [mpf(x) for x in counts]
        prior_, shares_ = [mpf(x) for x in prior], [mpf(x) for x in shares]
        threshold = -mpmath.log(mpf(alpha or 0.05))
        at = lambda theta: log_e(prior_, [c, t], [1 - theta, theta]) - threshold
        centre = t / (c + t) if c + t else mpf("0.5")
        # In log odds, so that bounds next to 0 and 1 keep their digits.
        theta = lambda x: 1 / (1 + mpmath.exp(-x))
        middle = mpmath.log(t / c) if c and t else (mpf(-400) if not t and c else mpf(400) if t else mpf(0))
        lo = mpf(0) if t == 0 else theta(bisect(lambda x: at(theta(x)), mpf(-2000), middle))
        hi = mpf(1) if c == 0 else theta(-bisect(lambda x: at(theta(-x)), mpf(-2000), -middle))
        per = shares_[0] / shares_[1]
        e = log_e(prior_, [c, t], shares_)
        ratio = lambda x: mpf("inf") if x == 1 else x / (1 - x) * per
        out.add(name, inputs, {
            "log_e": e, "p": min(mpf(1), mpmath.exp(-e)), "share_interval": [lo, hi],
            "rate_ratio_interval": [ratio(lo), ratio(hi)]}, 1e-9)

    case("nothing", [0, 0], [1, 1], [0.5, 0.5])
    case("one_each", [1, 1], [1, 1], [0.5, 0.5])
    case("only_treatment", [0, 5], [1, 1], [0.5, 0.5])
    case("only_control", [5, 0], [1, 1], [0.5, 0.5])
    case("four_times", [10, 40], [1, 1], [0.5, 0.5])
    case("equal", [1000, 1000], [1, 1], [0.5, 0.5])
    case("small_canary", [950, 50], [9.5, 0.5], [0.95, 0.05])
    case("small_canary_bad", [950, 120], [9.5, 0.5], [0.95, 0.05])
    case("flat_prior", [30, 45], [0.01, 0.01], [0.5, 0.5])
    case("strong_prior", [300, 450], [5000, 5000], [0.5, 0.5])
    case("uneven_prior", [30, 45], [3, 11], [0.3, 0.7])
    case("large", [500_000_000, 500_200_000], [10, 10], [0.5, 0.5])
    case("large_uneven", [984_375_000, 15_725_000], [63, 1], [0.984375, 0.015625])
    case("one_event", [0, 1], [1, 1], [0.99, 0.01])
    case("one_event_control", [1, 0], [1, 1], [0.01, 0.99])
    for alpha in (0.001, 0.2, 0.9):
        case(f"alpha_{alpha}", [17, 29], [2, 2], [0.5, 0.5], alpha)
        case(f"alpha_{alpha}_none", [0, 29], [2, 2], [0.5, 0.5], alpha)
    case("tiny_share", [100000, 3], [1, 1], [0.99999, 0.00001])
    case("certain", [0, 1000000], [1, 1], [0.5, 0.5])
    out.write()


def boundary():
    out = Out("boundary")
    log, lg = mpmath.log, mpmath.loggamma

    mp.dps = 30

    def rho2(v, a):
        v, a = mpf(v), mpf(a)
        return v / (2 * log(1 / a) + log(1 + 2 * log(1 / a)))

    def rho1(v, a):
        return rho2(v, 2 * mpf(a))

    def ln_reg_gamma(a, lo, hi):
        """ln of the regularised incomplete gamma integral, after t = a*exp(u), by quadrature in steps of its width."""
        a = mpf(a)
        if a < 50:
            return log(mpmath.gammainc(a, lo, hi, regularized=True))
        width = 1 / mpmath.sqrt(a) + 1 / a
        from_ = -mpmath.inf if lo == 0 else log(lo / a)
        to = mpmath.inf if hi == mpmath.inf else log(hi / a)
        peak = min(max(mpf(0), from_), to)
        points = [peak]
        for step in (1, 2, 4, 8, 16):
            if points[0] > from_:
                points.insert(0, max(from_, peak - step * width))
            if points[-1] < to:
                points.append(min(to, peak + step * width))
        top = peak + 1 - mpmath.exp(peak)
        integral = mpmath.quad(lambda u: mpmath.exp(a * (u + 1 - mpmath.exp(u) - top)), points)
        return a * log(a) - a - lg(a) + a * top + log(integral)

    def two_normal(rho):
        return lambda s, v: log(rho / (v + rho)) / 2 + s * s / (2 * (v + rho))

    def one_normal(rho):
        return lambda s, v: log(4 * rho / (v + rho)) / 2 + s * s / (2 * (v + rho)) + log(mpmath.ncdf(s / mpmath.sqrt(v + rho)))

    def gamma_exponential(rho, c):
        k = rho / c**2
        lead = k * log(k) - lg(k) - ln_reg_gamma(k, 0, k)
        def f(s, v):
            x, y = (c * s + v) / c**2, (v + rho) / c**2
            return lead + lg(y) + ln_reg_gamma(y, 0, x + k) - y * log(x + k) + x
        return f

    def gamma_poisson(rho, c):
        k = rho / c**2
        lead = k * log(k) - lg(k) - ln_reg_gamma(k, k, mpmath.inf)
        def f(s, v):
            y = (v + rho) / c**2
            x = s / c + y
            return lead + lg(x) + ln_reg_gamma(x, y, mpmath.inf) - x * log(y) + v / c**2
        return f

    def beta_binomial(r, g, h, one):
        x = h / (g + h) if one else mpf(1)
        lb = lambda a, b: lg(a) + lg(b) - lg(a + b) + (log(mpmath.betainc(a, b, 0, x, regularized=True)) if one else 0)
        norm = lb(r / (g * (g + h)), r / (h * (g + h)))
        return lambda s, v: (v / (g * h) * log(g + h) - (v + h * s) / (h * (g + h)) * log(g) - (v - g * s) / (g * (g + h)) * log(h)
                             + lb((r + v - g * s) / (g * (g + h)), (r + v + h * s) / (h * (g + h))) - norm)

    def mixture(family, a):
        one = a.get("is_one_sided", True)
        ao = a.get("alpha_opt", 0.05)
        g, h, c = (mpf(a[k]) if k in a else None for k in "ghc")
        if family == "normal":
            family = "one_sided_normal" if one else "two_sided_normal"
        if family == "two_sided_normal":
            return two_normal(mpf(a["rho"]) if "rho" in a else rho2(a["v_opt"], ao))
        if family == "one_sided_normal":
            return one_normal(mpf(a["rho"]) if "rho" in a else rho1(a["v_opt"], ao))
        if family == "gamma_exponential":
            return gamma_exponential(rho1(a["v_opt"], ao), c)
        if family == "gamma_poisson":
            return gamma_poisson(rho1(a["v_opt"], ao), c)
        rho = rho1(a["v_opt"], ao) if one else rho2(a["v_opt"], ao)
        return beta_binomial(max(rho - g * h, mpf("1e-3") * g * h), g, h, one)

    def case(function, args, tolerance=1e-9):
        a = dict(args)
        name = function + "_" + "_".join(f"{k}{v}" for k, v in a.items())
        if function == "poly_stitching_bound":
            v, v_min, alpha = mpf(a["v"]), mpf(a["v_min"]), mpf(a["alpha"])
            c, s, eta = mpf(a.get("c", 0)), mpf(a.get("s", 1.4)), mpf(a.get("eta", 2))
            ell = s * log(log(eta * max(v, v_min) / v_min)) + log(mpmath.zeta(s) / log(eta) ** s) + log(1 / alpha)
            k1, k2 = (eta ** mpf("0.25") + eta ** mpf("-0.25")) / mpmath.sqrt(2), (mpmath.sqrt(eta) + 1) / 2
            value = mpmath.sqrt(k1**2 * max(v, v_min) * ell + (k2 * c * ell) ** 2) + k2 * c * ell
        elif function == "bernoulli_confidence_interval":
            alpha = mpf(a["alpha"])

            def lowest(k, n):
                """Below p the evidence falls: the lowest p that is not beyond the threshold, in log odds."""
                def at(x):
                    p = 1 / (1 + mpmath.exp(-x))
                    q = 1 / (1 + mpmath.exp(x))
                    r = max(rho2(p * q * mpf(a["t_opt"]), a.get("alpha_opt", 0.05)) - p * q, mpf("1e-3") * p * q)
                    return beta_binomial(r, p, q, False)(k - p * n, p * q * n) - log(1 / alpha)
                middle = log(mpf(k) / (n - k)) if 0 < k < n else mpf(20)
                if k == 0 or at(mpf(-60)) < 0:
                    return mpf(0)
                return 1 / (1 + mpmath.exp(-bisect(at, mpf(-60), middle)))

            k, n = a["num_successes"], a["num_trials"]
            lo, hi = lowest(k, n), 1 - lowest(n - k, n)
            value = [lo, hi]
        else:
            family = function
            for suffix in ("_log_mixture", "_mixture_bound", "_mixture"):
                if family.endswith(suffix):
                    family = family[: -len(suffix)]
                    break
            f, v = mixture(family, a), mpf(a["v"])
            if function.endswith("_log_mixture") or (not function.endswith("_bound") and "s" in a):
                value = f(mpf(a["s"]), v)
            else:
                threshold = log(1 / mpf(a["alpha"]))
                if family == "beta_binomial" and f(v / mpf(a["g"]), v) < threshold:
                    value = v / mpf(a["g"])
                else:
                    hi = v / mpf(a["g"]) if family == "beta_binomial" else max(mpf(1), v)
                    while f(hi, v) < threshold:
                        hi *= 2
                    value = mpmath.findroot(lambda s: f(s, v) - threshold, (mpf(0), hi), solver="anderson", tol=mpf("1e-20"), maxsteps=200)
        out.add(name, {"function": function, "args": a}, {"value": value}, tolerance)

    base = {"v": 100, "v_opt": 100, "alpha_opt": 0.05}
    for family, more in [("two_sided_normal", {}), ("one_sided_normal", {}), ("gamma_exponential", {"c": 2}),
                         ("gamma_poisson", {"c": 2}), ("beta_binomial", {"g": 0.2, "h": 0.8, "is_one_sided": False}),
                         ("beta_binomial", {"g": 0.2, "h": 0.8, "is_one_sided": True})]:
        case(family + "_log_mixture", {"s": 10, **base, **more})
        case(family + "_log_mixture", {"s": -3.5, **base, **more})
        case(family + "_log_mixture", {"s": 40, "v": 250, "v_opt": 30, "alpha_opt": 0.01, **more})
        case(family + "_mixture_bound", {"alpha": 0.05, **base, **more})
        case(family + "_mixture_bound", {"alpha": 0.001, "v": 5000, "v_opt": 100, **more})
        case(family + "_mixture_bound", {"alpha": 0.2, "v": 0.5, "v_opt": 100, **more})
    case("two_sided_normal_mixture", {"alpha": 0.05, **base})
    case("two_sided_normal_mixture", {"alpha": 0.05, "v": 100, "rho": 12.6})
    case("two_sided_normal_mixture", {"s": 25, "v": 100, "rho": 12.6})
    case("one_sided_normal_mixture", {"alpha": 0.05, **base})
    case("one_sided_normal_mixture", {"s": -60, **base})
    case("normal_mixture_bound", {"alpha": 0.05, "is_one_sided": False, **base})
    case("normal_log_mixture", {"s": 10, **base})
    case("gamma_exponential", {"alpha": 0.05, "c": 1, **base})
    case("gamma_exponential", {"s": 300, "c": 0.01, "v": 10000, "v_opt": 10000})
    case("gamma_exponential", {"s": 5, "c": 30, **base})
    case("gamma_poisson", {"alpha": 0.05, "c": 1, **base})
    case("gamma_poisson", {"s": 300, "c": 0.1, "v": 10000, "v_opt": 10000})
    case("beta_binomial_log_mixture", {"s": 2e4, "v": 2.5e8, "v_opt": 2.5e8, "g": 0.5, "h": 0.5, "is_one_sided": False})
    case("beta_binomial_log_mixture", {"s": 5, "v": 0.2, "v_opt": 10, "g": 0.01, "h": 0.99, "is_one_sided": False})
    case("beta_binomial_mixture_bound", {"alpha": 0.05, "v": 0.3, "v_opt": 10, "g": 0.5, "h": 0.5, "is_one_sided": False})
    for scale in (1e-12, 1e12):
        case("two_sided_normal_mixture", {"alpha": 0.05, "v": 100 * scale, "v_opt": 100 * scale})
        case("one_sided_normal_mixture", {"alpha": 0.05, "v": 100 * scale, "v_opt": 100 * scale})
    for args in [{"v": 100, "v_min": 10, "c": 3}, {"v": 100, "v_min": 10, "c": -1}, {"v": 5, "v_min": 10}, {"v": 1e9, "v_min": 1, "s": 2, "eta": 1.5},
                 {"v": 1e3, "v_min": 1, "s": 1.05}]:
        case("poly_stitching_bound", {"alpha": 0.05, **args})
    for k, n in [(20, 1000), (0, 100), (100, 100), (1, 10), (1, 1), (500, 1000), (3, 1000000), (999999, 1000000)]:
        case("bernoulli_confidence_interval", {"num_successes": k, "num_trials": n, "alpha": 0.05, "t_opt": 1000})
    case("bernoulli_confidence_interval", {"num_successes": 20, "num_trials": 1000, "alpha": 0.001, "t_opt": 100, "alpha_opt": 0.01})
    out.write()


# ---- Kayenta

def kayenta_interval(x, y, level):
    """wilcoxonDiff's zero for either quantile, by bisection over the differences."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    m, n = len(x), len(y)
    big = m + n
    d = np.sort((x[:, None] - y[None, :]).ravel())

    def statistic(mu):
        both = np.concatenate([x - mu, y])
        r = stats.rankdata(both)
        dz = r[:m].sum() - m * (m + 1) / 2 - m * n / 2
        sigma = math.sqrt(m * n / 12 * (big + 1 - ties_term(r) / (big * (big - 1))))
        return (dz - 0.5 * np.sign(dz)) / sigma

    def root(z):
        if statistic(d[0]) - z <= 0:
            return d[0]
        if statistic(d[-1]) - z >= 0:
            return d[-1]
        u = np.unique(d)
        # Between two neighbouring differences nothing moves: the sign changes at a difference.
        for i in range(len(u) - 1):
            if statistic((u[i] + u[i + 1]) / 2) - z <= 0:
                return u[i]
        return u[-1]

    q = stats.norm.isf((1 - level) / 2)
    return root(q), root(-q), float(np.median(d))


def kayenta_classify():
    out = Out("kayenta_classify")
    rng = np.random.default_rng(3)
    nan = math.nan

    def percentile(v, p):
        return np.percentile(v, p)

    def rule(control, experiment, direction="either", nan_strategy="remove", critical=False, must_have_data=False, tolerance=0.25,
             conf_level=0.98, effect_size=None, critical_thresholds=None, measure="meanRatio", outlier_factor=None):
        def prepare(v):
            v = [x for x in v if not math.isnan(x)] if nan_strategy == "remove" else [0.0 if math.isnan(x) else x for x in v]
            if outlier_factor is not None and v:
                q1, q3 = percentile(v, 25), percentile(v, 75)
                lo, hi = min(percentile(v, 1), q1 - outlier_factor * (q3 - q1)), max(percentile(v, 99), q3 + outlier_factor * (q3 - q1))
                v = [x for x in v if lo <= x <= hi]
            return v

        c, e = prepare(control), prepare(experiment)
        if not c or not e:
            if nan_strategy == "remove":
                if must_have_data and not critical:
                    return "NodataFailMetric", False, 1.0
                return "Nodata", critical, 1.0
            return "Pass", False, 1.0
        if sorted(c) == sorted(e) or len(set(c + e)) == 1:
            return "Pass", False, 1.0
        mc, me = np.mean(c), np.mean(e)
        ratio = nan if mc == 0 or me == 0 else me / mc
        r = stats.rankdata(e + c)[: len(e)].sum()
        size = (2 * r - len(e) * (len(e) + 1)) / (2 * len(e) * len(c)) if measure == "cles" else ratio
        default = 0.5 if measure == "cles" else 1.0
        allowed = effect_size or [default, default]
        fatal = critical_thresholds or [default, default]
        if len(set(c)) == 1 and len(set(e)) == 1:
            # Kayenta adds noise of a hundred-thousandth here, so that every difference is about the one there is.
            lo = hi = estimate = e[0] - c[0]
        else:
            lo, hi, estimate = kayenta_interval(e, c, conf_level)
        margin = tolerance * abs(estimate)
        high = direction != "decrease" and lo > margin and (math.isnan(size) or size >= allowed[1])
        low = direction != "increase" and hi < -margin and (math.isnan(size) or size <= allowed[0])
        if high:
            return "High", bool(critical and (math.isnan(size) or size >= fatal[1])), ratio
        if low:
            return "Low", bool(critical and (math.isnan(size) or size <= fatal[0])), ratio
        return "Pass", False, ratio

    def case(name, control, experiment, **config):
        control, experiment = [float(x) for x in control], [float(x) for x in experiment]
        label, critical, deviation = rule(control, experiment, **config)
        inputs = {"control": control, "experiment": experiment, **{k: v for k, v in config.items() if v is not None}}
        out.add(name, inputs, {"classification": label, "critical": critical, "deviation": deviation})

    base, up = [1.0, 2.2, 1.1, 2.5, 3.0], [20.0, 22.0, 21.0, 25.0, 30.0]
    kayentas = {"tolerance": 0.1, "conf_level": 0.95}
    case("defaults_high", base, up)
    case("critical_default", base, up, critical=True, **kayentas)
    case("critical_reached", base, up, critical=True, critical_thresholds=[1.0, 1.2], **kayentas)
    case("critical_not_reached", base, up, critical=True, effect_size=[1.0, 5.0], critical_thresholds=[1.0, 13.0], **kayentas)
    case("effect_not_reached", base, up, critical=True, effect_size=[1.0, 13.0], critical_thresholds=[1.0, 15.0], **kayentas)
    case("critical_low", [10.0, 20.2, 10.1, 20.5, 30.0], [2.0, 2.0, 2.0, 2.0, 3.0], critical=True, critical_thresholds=[1.2, 1.0], **kayentas)
    case("tied", [1, 1], [1, 1, 1], direction="decrease", **kayentas)
    case("identical", [5, 4, 3, 2, 1], [1, 2, 3, 4, 5], direction="decrease", **kayentas)
    case("leading_zero", [1] * 5, [0, 1, 1, 1, 1], direction="decrease", **kayentas)
    case("majority_tied", [1] * 5, [1, 1, 1, 1, 10], **kayentas)
    case("constants", [1] * 5, [10] * 5, **kayentas)
    case("constants_down", [10] * 5, [1] * 5, **kayentas)
    case("constants_from_zero", [0] * 5, [10] * 5, **kayentas)
    case("zero_mean", [0] * 5, [54.9, 54.5, 55.1, 55.6, 57.4], effect_size=[1.0, 1.25], **kayentas)
    case("to_zero", [54.9, 54.5, 55.1, 55.6, 57.4], [0] * 5, critical=True, **kayentas)
    for direction in ("increase", "decrease", "either"):
        case(f"direction_{direction}_up", base, up, direction=direction)
        case(f"direction_{direction}_down", up, base, direction=direction)
    for strategy in ("remove", "replace"):
        for critical in (False, True):
            for must in (False, True):
                case(f"empty_{strategy}_{critical}_{must}", base, [], nan_strategy=strategy, critical=critical, must_have_data=must)
        case(f"all_nan_{strategy}", [9.0] * 8, [nan] * 8, nan_strategy=strategy)
        case(f"some_nan_{strategy}", [9.0, nan, 8.5, 8.8, 9.4, nan], [11.0, 12.5, nan, 13.1, 12.2, 10.9], nan_strategy=strategy)
    case("empty_both", [], [])
    for i, (shift_, m, n) in enumerate([(0, 30, 30), (0.3, 60, 60), (0.6, 60, 60), (1.0, 30, 40), (-0.5, 60, 60), (-1.0, 40, 40), (3, 5, 5), (3, 3, 3)]):
        case(f"normal_{i}", 10 + rng.normal(0, 1, m), 10 + shift_ + rng.normal(0, 1, n))
        case(f"normal_cles_{i}", 10 + rng.normal(0, 1, m), 10 + shift_ + rng.normal(0, 1, n), measure="cles", effect_size=[0.4, 0.6])
    for unit in (1e-6, 1e-300, 1e300):
        case(f"unit_{unit}", [x * unit for x in base], [x * unit for x in up])
    case("sparse", [0] * 57 + [1] * 3, [0] * 50 + [1] * 9 + [3])
    case("seven_of_ten", [1 + i / 100 for i in range(10)], [100 + i for i in range(7)] + [1.07, 1.08, 1.09])
    case("outliers_kept", [10 + i % 5 / 10 for i in range(30)], [10 + i % 5 / 10 for i in range(29)] + [1e6])
    case("outliers_removed", [10 + i % 5 / 10 for i in range(30)], [10 + i % 5 / 10 for i in range(29)] + [1e6], outlier_factor=3.0)
    case("tolerance_none", base, up, tolerance=0.0)
    case("tolerance_large", base, up, tolerance=0.99)
    case("cles_default_critical", base, up, measure="cles", critical=True)
    out.write()


def kayenta_score():
    from decimal import Decimal, ROUND_HALF_UP
    out = Out("kayenta_score")
    rng = np.random.default_rng(4)

    def case(name, metrics, weights):
        groups = {}
        for m in metrics:
            for g in m["groups"]:
                groups.setdefault(g, []).append(m["classification"])
        scores, empty = {}, set()
        for g, labels in groups.items():
            counted = [x for x in labels if x != "Nodata"]
            scores[g] = counted.count("Pass") / len(counted) * 100 if counted else 0.0
            if not counted:
                empty.add(g)
        if any(m["critical"] and m["classification"] != "Pass" for m in metrics):
            summary = 0.0
        elif metrics and sum(m["classification"] == "Nodata" for m in metrics) / len(metrics) * 100 >= 50:
            summary = 0.0
        else:
            rest = [g for g in groups if g not in weights]
            left = (100 - sum(weights.values())) / len(rest) if rest else 0.0
            total = sum((100.0 if g in empty else scores[g]) * (weights.get(g, left) / 100) for g in sorted(groups))
            summary = float(Decimal(repr(float(total))).quantize(Decimal("0.01"), ROUND_HALF_UP))
        out.add(name, {"results": metrics, "group_weights": weights}, {"summary_score": summary, "group_scores": scores})

    def metric(label, *groups, critical=False):
        return {"name": "m", "classification": label, "critical": critical, "groups": list(groups)}

    case("pass", [metric("Pass", "g")], {})
    case("high", [metric("High", "g")], {})
    case("low", [metric("Low", "g")], {})
    case("nodata", [metric("Nodata", "g")], {})
    case("must_have_data", [metric("Pass", "g"), metric("NodataFailMetric", "g")], {})
    case("third", [metric("Pass", "g"), metric("High", "g"), metric("Low", "g")], {})
    case("two_thirds", [metric("Pass", "g"), metric("Pass", "g"), metric("Low", "g")], {})
    case("weights", [metric("Pass", "a"), metric("Pass", "a"), metric("High", "b")], {"a": 75.0, "b": 25.0})
    case("nodata_group_passes", [metric("Pass", "a"), metric("Pass", "a"), metric("Nodata", "b")], {})
    case("half_nodata", [metric("Pass", "a"), metric("Nodata", "a")], {})
    case("critical", [metric("Pass", "a"), metric("High", "a", critical=True)], {})
    case("critical_pass", [metric("Low", "a"), metric("Pass", "a", critical=True)], {})
    case("critical_nodata", [metric("Pass", "a"), metric("Pass", "a"), metric("Nodata", "a", critical=True)], {})
    case("no_metrics", [], {})
    case("no_groups", [metric("Pass"), metric("High")], {})
    case("several_groups", [metric("Pass", "a", "b"), metric("High", "b", "c")], {"a": 20.0})
    case("weights_over_hundred", [metric("Pass", "a"), metric("Pass", "b")], {"a": 120.0})
    case("weight_of_absent_group", [metric("Pass", "a")], {"a": 60.0, "z": 40.0})
    labels = ["Pass", "Pass", "Pass", "High", "Low", "Nodata", "NodataFailMetric"]
    for i in range(12):
        metrics = [metric(str(rng.choice(labels)), *[str(g) for g in rng.choice(["a", "b", "c"], rng.integers(1, 3), replace=False)])
                   for _ in range(int(rng.integers(3, 14)))]
        case(f"random_{i}", metrics, {"a": 35.0, "b": 21.5} if i % 2 else {})
    out.write()


if __name__ == "__main__":
    wanted = sys.argv[1:] or ["mann_whitney", "poisson_rates", "srm_sequential", "counts_sequential", "boundary", "kayenta_classify", "kayenta_score"]
    for name in wanted:
        globals()[name]()
