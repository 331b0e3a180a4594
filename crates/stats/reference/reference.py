"""What the recording modules share: cases, and distributions at 50 digits."""

import math

from mpmath import betainc, erfc, erfinv, exp, gammainc, inf, log, loggamma, mp, mpf, quad, sqrt
from scipy import stats as scipy_stats

mp.dps = 50


def wire(value):
    """A number as a request carries it: non-finite ones are words."""
    if isinstance(value, (list, tuple)):
        return [wire(one) for one in value]
    if isinstance(value, dict):
        return {key: wire(one) for key, one in value.items()}
    if isinstance(value, (str, bool, int)) or value is None:
        return value
    number = float(mp.nstr(value, 25)) if isinstance(value, mpf) else float(value)
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return number


def case(inputs, expected, tolerance=None, floor=None):
    """One line: every figure must agree to `tolerance` (1e-9) relative to the expected one, or to
    `floor` (0) where that is larger: for figures that are 0 but for rounding."""
    line = {"inputs": wire(inputs), "expected": wire(expected)}
    if tolerance is not None:
        line["tolerance"] = tolerance
    if floor is not None:
        line["floor"] = floor
    return line


def cannot(inputs, code):
    return {"inputs": wire(inputs), "expected": {"cannot_compute": code}}


def refused(inputs, field):
    return {"inputs": wire(inputs), "expected": {"error": {"field": field}}}


def normal_sf(z):
    return erfc(mpf(z) / sqrt(mpf(2))) / 2


def normal_pdf(z):
    return exp(-mpf(z) ** 2 / 2) / sqrt(2 * mp.pi)


def normal_point(tail):
    """The z with `tail` above it."""
    return sqrt(mpf(2)) * erfinv(1 - 2 * mpf(tail))


def t_sf(t, df):
    t, df = mpf(t), mpf(df)
    if t < 0:
        return 1 - t_sf(-t, df)
    if df < 500:
        return betainc(df / 2, mpf(1) / 2, 0, df / (df + t * t), regularized=True) / 2
    at = log(1 + t * t / df)
    f = lambda u: exp(-(df + 1) / 2 * (log(1 + (t + u) ** 2 / df) - at))
    w = 1 / (t + 1)
    whole = quad(f, [w * k for k in range(0, 160, 5)])
    return whole * t_pdf(t, df)


def t_pdf(t, df):
    t, df = mpf(t), mpf(df)
    constant = exp(loggamma((df + 1) / 2) - loggamma(df / 2)) / sqrt(df * mp.pi)
    return constant * exp(-(df + 1) / 2 * log(1 + t * t / df))


def t_point(tail, df):
    """The t with `tail` above it: scipy's, made exact by Newton's steps."""
    t = mpf(float(scipy_stats.t.isf(float(tail), float(df))))
    for _ in range(3):
        t += (t_sf(t, df) - mpf(tail)) / t_pdf(t, df)
    return t


def chi2_sf(x, df):
    return gammainc(mpf(df) / 2, mpf(x) / 2, inf, regularized=True)


def near(ours, theirs, what, tolerance=1e-7):
    """Asserts that another program's plain doubles agree with the 50 digits."""
    ours, theirs = float(ours), float(theirs)
    scale = max(abs(ours), abs(theirs), 1e-12)
    assert abs(ours - theirs) <= tolerance * scale, f"{what}: {ours} against {theirs}"
