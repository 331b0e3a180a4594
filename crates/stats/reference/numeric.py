"""Special functions at 40 digits or more (mpmath): the truth for `stats::numeric`, far tails included."""

from mpmath import mp, mpf, betainc, gammainc, beta, erfc, erfinv, loggamma, log, findroot, sqrt, pi, exp, binomial, quad, inf
from scipy import stats as scipy_stats

mp.dps = 40


def number(x):
    return float(mp.nstr(x, 25))


def beta_tail(a, b, x):
    """Below x, relative accuracy also where betainc cancels: both tails by their own integral."""
    a, b, x = mpf(a), mpf(b), mpf(x)
    return betainc(a, b, 0, x, regularized=True)


def t_sf(t, df):
    t, df = mpf(t), mpf(df)
    x = df / (df + t * t)
    if t >= 0:
        return beta_tail(df / 2, mpf(1) / 2, x) / 2
    return 1 - beta_tail(df / 2, mpf(1) / 2, x) / 2


def t_sf_direct(t, df):
    """By quadrature of the density over its value at t: for df where the series is too slow."""
    t, df = mpf(t), mpf(df)
    at = log(1 + t * t / df)
    f = lambda u: exp(-(df + 1) / 2 * (log(1 + (t + u) ** 2 / df) - at))
    w = 1 / (t + 1)
    return quad(f, [w * k for k in range(0, 160, 5)]) * exp(-(df + 1) / 2 * at) / (sqrt(df) * beta(mpf(1) / 2, df / 2))


def beta_below_direct(a, b, x):
    """Below x by quadrature of the density over its value at x, for large a + b and x below the mean."""
    a, b, x = mpf(a), mpf(b), mpf(x)
    f = lambda v: exp(-a * v + (b - 1) * (log(1 - x * exp(-v)) - log(1 - x)))
    slope = a - (b - 1) * x / (1 - x)
    w = 1 / (abs(slope) + sqrt(b * x))
    points = [w * k for k in range(0, 200, 4)]
    return quad(f, points) * exp(a * log(x) + (b - 1) * log(1 - x) - log(beta(a, b)))


def normal_sf(z):
    return erfc(mpf(z) / sqrt(mpf(2))) / 2


def quantile(sf, tail, start):
    """The point with `tail` above it, by secant on the logarithm."""
    return findroot(lambda x: log(sf(x)) - log(tail), (start, start * mpf("1.01") + mpf("1e-3")), tol=mpf("1e-45"))


def bisect(f, low, high):
    """Between two points of opposite sign, to 25 digits."""
    up = f(high) > 0
    while high - low > mpf("1e-24"):
        middle = (low + high) / 2
        if (f(middle) > 0) == up:
            high = middle
        else:
            low = middle
    return (low + high) / 2


def lines(yieldrow):

    def add(fn, args, value):
        assert mp.isfinite(value), (fn, args)
        yieldrow((fn, [float(a) for a in args], number(value)))

    for z in [-38.0, -8.25, -1.0, -1e-8, 0.0, 1e-300, 0.3, 0.7, 1.0, 1.5, 1.96, 3.3, 5.0, 8.1, 12.7, 20.0, 27.3, 37.5, 38.0]:
        add("normal_sf", [z], normal_sf(z))
        add("normal_pdf", [z], exp(-mpf(z) ** 2 / 2) / sqrt(2 * pi))
    for z in [-40.0, -3.0, -0.5, 0.0, 1.0, 2.999, 3.0, 6.5, 20.0, 38.0, 100.0, 1e4, 1e8]:
        add("ln_normal_sf", [z], log(normal_sf(z)) if z < 1e3 else -mpf(z) ** 2 / 2 - log(mpf(z) * sqrt(2 * pi)) + log(1 - 1 / mpf(z) ** 2 + 3 / mpf(z) ** 4))
    for p in [1e-300, 1e-100, 1e-17, 1e-5, 0.001, 0.0249, 0.05, 0.2, 0.249999, 0.2500001, 0.3, 0.4999999, 0.5000001, 0.6, 0.7499, 0.7501, 0.8, 0.95, 0.975, 0.999, 1 - 2.0**-40, 1 - 2.0**-53]:
        mp.dps = 400 if p < 1e-50 else 40
        add("normal_quantile", [p], sqrt(mpf(2)) * erfinv(2 * mpf(p) - 1))
        mp.dps = 40
    for x in [1e-300, 1e-10, 0.3, 0.999999, 1.0000001, 1.5, 2.0000001, 5.5, 9.99, 10.0, 171.5, 1e5, 1e12, 1e300]:
        add("ln_gamma", [x], loggamma(mpf(x)))
    for a, b in [(1e-300, 1.0), (1e-5, 1e-5), (0.5, 0.5), (2.5, 3.5), (9.5, 9.9), (9.9, 10.1), (0.5, 1e3), (0.5, 5e7), (3.0, 1e15), (12.0, 15.0), (10.0, 1e9), (1e6, 1e6), (1e12, 3e12), (1e200, 2e200), (1e5, 20.0)]:
        a_, b_ = mpf(a), mpf(b)
        mp.dps = 450 if max(a, b) > 1e100 else 90
        add("ln_beta", [a, b], loggamma(a_) + loggamma(b_) - loggamma(a_ + b_))
        mp.dps = 40
    # Student.
    for df in [0.3, 0.5, 1.0, 1.5, 2.0, 3.7, 10.0, 29.5, 200.0, 5000.0]:
        for t in [-2.5, 1e-12, 0.01, 0.5, 0.99, 1.0, 1.01, 1.7, 2.5, 6.0, 20.0, 300.0, 1e10]:
            if df >= 200 and t > 300:
                continue
            add("student_sf", [t, df], t_sf(t, df))
    for df in [1e4, 3e5, 1e6, 1e7, 4e7, 1e9, 1e15, 1e30]:
        for t in [1e-3, 0.7, 1.0, 1.0001, 1.96, 4.2, 9.0, 20.0, 36.0]:
            add("student_sf", [t, df], t_sf_direct(t, df))
    for df in [0.3, 1.0, 1.5, 2.0, 3.3, 7.0, 30.0, 100.0, 4000.5]:
        for tail in [1e-100, 1e-20, 1e-9, 0.0005, 0.025, 0.1, 0.24, 0.26, 0.4, 0.4999]:
            if df == 0.3 and tail < 1e-80:
                continue
            t0 = mpf(float(scipy_stats.t.isf(tail, df)))
            g = lambda y: log(t_sf(exp(y), df)) - log(mpf(tail))
            y = findroot(g, (log(t0), log(t0) + mpf("0.01")), tol=mpf("1e-50"))
            add("student_tail_point", [tail, df], exp(y))
    for df in [1e4, 1e6, 1e7, 4e7, 1e12, 1e300]:
        for tail in [1e-12, 0.0005, 0.025, 0.1, 0.3]:
            z = sqrt(mpf(2)) * erfinv(1 - 2 * mpf(tail))
            if df > 1e11:
                v = z + (z**3 + z) / (4 * mpf(df))
            else:
                v = findroot(lambda u: log(t_sf_direct(u, df)) - log(mpf(tail)), (z, z * mpf("1.00001")), tol=mpf("1e-45"))
            add("student_tail_point", [tail, df], v)
    # Gamma and chi squared.
    for a in [1e-3, 0.5, 1.0, 2.5, 10.0, 99.5, 1e4, 1e6]:
        for r in [1e-6, 0.1, 0.5, 0.9, 0.99, 1.0, 1.01, 1.1, 2.0, 5.0, 30.0]:
            x = a * r
            low = gammainc(mpf(a), 0, mpf(x), regularized=True) if a < 1e4 else None
            if a >= 1e4:
                f = lambda s: exp((mpf(a) - 1) * log(s / mpf(x)) - (s - mpf(x)))
                w = sqrt(mpf(a))
                pre = exp((mpf(a) - 1) * log(mpf(x)) - mpf(x) - loggamma(mpf(a)))
                if pre < mpf("1e-290"):
                    continue
                if r > 1:
                    hi = pre * quad(f, [mpf(x) + w * k / 8 for k in range(0, 400)])
                    low = 1 - hi
                else:
                    low = pre * quad(f, [max(mpf(x) - w * k / 8, mpf(0)) for k in range(400, -1, -1)])
                    hi = 1 - low
            else:
                hi = gammainc(mpf(a), mpf(x), inf, regularized=True)
            for name, v in (("gamma_p", low), ("gamma_q", hi)):
                if v > mpf("1e-290"):
                    add(name, [a, x], v)
    for df in [0.5, 1.0, 2.0, 9.0, 100.0]:
        for p in [1e-40, 1e-5, 0.05, 0.5, 0.95, 0.999999]:
            half = mpf(df) / 2
            if p <= 0.5:
                low, high = mpf(-400), log(mpf(df) * 20)
                g = lambda y: gammainc(half, 0, exp(y) / 2, regularized=True) - mpf(p)
            else:
                low, high = mpf(-3), log(mpf(df) * 100)
                g = lambda y: gammainc(half, exp(y) / 2, inf, regularized=True) - (1 - mpf(p))
            add("chi_squared_quantile", [p, df], exp(bisect(g, low, high)))
    # Beta and binomial.
    cases = [(0.5, 0.5), (1.0, 1.0), (0.5, 20.0), (2.0, 3.0), (7.5, 0.8), (30.0, 40.0), (100.0, 3.0), (1000.0, 1500.0)]
    for a, b in cases:
        m = a / (a + b)
        for x in sorted({1e-300, 1e-9, m * 0.01, m * 0.3, m * 0.9, m, m + (1 - m) * 0.05, m + (1 - m) * 0.5, min(m * 3, 0.999), 0.999999}):
            low = betainc(mpf(a), mpf(b), 0, mpf(x), regularized=True)
            high = betainc(mpf(b), mpf(a), 0, 1 - mpf(x), regularized=True)
            for name, v in (("beta_cdf", low), ("beta_sf", high)):
                if v > mpf("1e-290"):
                    add(name, [a, b, x], v)
    for a, b in [(1.0, 1e6), (20.0, 5e5), (2e5, 3e5), (40.0, 1e9)]:
        for z in [-30.0, -6.0, -2.0, -0.5]:
            x = a / (a + b) * (1 + z / a**0.5) if z / a**0.5 > -1 else a / (a + b) * 10.0**z
            add("beta_cdf", [a, b, x], beta_below_direct(a, b, x))
    for k, n, p in [(0, 10, 0.1), (3, 10, 0.1), (10, 10, 0.1), (500, 1000, 0.5), (300, 1000, 0.5), (12, 100000, 1e-4), (50, 100000, 1e-4), (1, 10**6, 1e-12), (5000, 10**4, 0.3), (10**6, 3 * 10**6, 1 / 3.0)]:
        pm = binomial(n, k) * mpf(p) ** k * (1 - mpf(p)) ** (n - k)
        add("binomial_pmf", [k, n, p], pm)
        def total(ks):
            return sum((binomial(n, j) * mpf(p) ** j * (1 - mpf(p)) ** (n - j) for j in ks), mpf(0))
        if n <= 1000 and k < n:
            add("binomial_cdf", [k, n, p], total(range(0, k + 1)))
            add("binomial_sf", [k, n, p], total(range(k + 1, n + 1)))
    for a, b in [(0.5, 0.5), (1.0, 9.0), (3.0, 8.0), (40.0, 2.0), (200.0, 300.0), (0.7, 50.0)]:
        for p in [1e-12, 0.005, 0.3, 0.5, 0.9, 0.975]:
            f = lambda u: betainc(mpf(a), mpf(b), 0, 1 / (1 + exp(-u)), regularized=True) - mpf(p)
            add("beta_quantile", [p, a, b], 1 / (1 + exp(-bisect(f, mpf(-70), mpf(70)))))
