use crate::{Alpha, Estimate, Interval, InvalidInput, Question, Side};

/// The number of observations at which the sequence is tightest, where nothing better is known.
pub const DEFAULT_TUNING: f64 = 5000.0;

/// The same comparison, valid however often one looks: an asymptotic confidence sequence around an
/// effect from [`crate::effect`].
///
/// With N observations in both arms, ρ² = (−2·ln α + ln(1 − 2·ln α))/N*, t = N·ρ² + 1: half-width
/// SE·√(2t/(N·ρ²)·ln(√t/α)), and p = min(1, 1/E) with E = exp(ρ²·effect²·N/(2·SE²·t))/√t.
/// One-sided: ρ² with 2α for α, the logarithm ln(1 + √t/(2α)), and p the α at which the bound, with
/// ρ kept, reaches 0 (1 for an effect on the other side).
///
/// This is the formula alone. "Asymptotic" is a restriction: the level is kept from some sample size on, at which
/// means behave like normal ones. Ask [`super::effect`], which refuses a relative difference of so little that the
/// level would be broken; of means ask [`super::may_answer`] first.
///
/// Source: Waudby-Smith et al., equations 9, 155 and 161 (two-sided), appendix B (one-sided); gbstats
/// `frequentist/tests.py`, whose one-sided p is the same but only sought between 1e-5 and 0.4999.
///
/// `tuning` is N*, in observations of both arms, to be fixed before the first look. Effect, interval and
/// standard error are in the estimate's unit; p is a chance, up to 1.
///
/// # Errors
///
/// `tuning` not between 1e-6 and 1e300; `alpha` of 0.5 or more for a one-sided question.
///
/// # Examples
///
/// ```
/// use stats::{Question, effect, sequential};
/// let control = effect::Proportion::new(500, 10_000)?;
/// let treatment = effect::Proportion::new(620, 10_000)?;
/// let question = Question::default();
/// let fixed = effect::proportion(control, treatment, question).unwrap();
/// let any_time = sequential::asymptotic(&fixed, question, sequential::DEFAULT_TUNING)?;
/// // The formula above in mpmath: an effect of 0.24 with a standard error of 0.072441.
/// assert!((any_time.p - 0.027_982_782).abs() < 1e-9);
/// assert!((any_time.interval.lo - 0.013_469_123).abs() < 1e-9);
/// assert!(any_time.interval.lo < fixed.interval.lo && any_time.p > fixed.p);
/// # Ok::<(), stats::InvalidInput>(())
/// ```
pub fn asymptotic(
    estimate: &Estimate,
    question: Question,
    tuning: f64,
) -> Result<Estimate, InvalidInput> {
    let critical = reach(estimate.n, question, tuning, question.alpha)?;
    let spent = spent(question.side, question.alpha)?;
    let time = time(estimate.n as f64, spent, tuning);
    let t = time + 1.0;
    let half_ln_t = 0.5 * libm::log1p(time);
    let z = estimate.effect / estimate.stderr;
    let weight = |z: f64| 0.5 * z * z * (time / t);
    // Nothing on the other side counts: the logarithm of 0 makes the chance 1.
    let one_sided = |towards: f64| {
        let weight = weight(towards.max(0.0));
        let ln_expm1 = weight + libm::log(-libm::expm1(-weight));
        libm::exp(half_ln_t - std::f64::consts::LN_2 - ln_expm1)
    };
    let p = match question.side {
        Side::Two => libm::exp(half_ln_t - weight(z)),
        Side::Greater => one_sided(z),
        Side::Less => one_sided(-z),
    };
    let half_width = estimate.stderr * critical;
    Ok(Estimate {
        interval: Interval::around(estimate.effect, half_width, question.side),
        p: p.min(1.0),
        df: f64::INFINITY,
        ..*estimate
    })
}

/// How many standard errors the sequence of [`asymptotic`] reaches over `n` observations of both arms: at
/// the level `alpha`, tuned for the question's own. With another level than the question's it is what goes
/// with a p that was corrected for several comparisons: the p of the question stays what it was.
///
/// The half-width there without SE: √(2t/(N·ρ²)·ln(√t/α)), with the question's level in ρ² and `alpha` in
/// the logarithm; one-sided with ln(1 + √t/(2α)). Source as there. A pure number above 0; infinite for an
/// `n` of 0.
///
/// # Errors
///
/// As [`asymptotic`], of `alpha` too.
///
/// # Examples
///
/// ```
/// use stats::{Alpha, Question, sequential};
/// let question = Question::default();
/// let one = sequential::reach(10_000, question, 5_000.0, question.alpha)?;
/// let of_ten = sequential::reach(10_000, question, 5_000.0, Alpha::new(0.005)?)?;
/// assert!((one - 3.061_477).abs() < 1e-6 && (of_ten - 3.777_294).abs() < 1e-6);
/// # Ok::<(), stats::InvalidInput>(())
/// ```
pub fn reach(n: u64, question: Question, tuning: f64, alpha: Alpha) -> Result<f64, InvalidInput> {
    if !(1e-6..=1e300).contains(&tuning) {
        return Err(InvalidInput::new(
            "tuning",
            "it is out of the range from 1e-6 to 1e300",
            "give the number of observations at which the sequence is to be tightest, as 5000",
        ));
    }
    let time = time(n as f64, spent(question.side, question.alpha)?, tuning);
    spent(question.side, alpha)?;
    Ok(match question.side {
        Side::Two => critical(time, alpha.get()),
        Side::Greater | Side::Less => {
            let boundary = libm::log1p((time + 1.0).sqrt() / (2.0 * alpha.get()));
            (2.0 * ((time + 1.0) / time) * boundary).sqrt()
        }
    })
}

/// The level that tunes the sequence.
fn spent(side: Side, alpha: Alpha) -> Result<f64, InvalidInput> {
    match (side, alpha.get()) {
        (Side::Two, alpha) => Ok(alpha),
        (Side::Greater | Side::Less, alpha) if alpha < 0.5 => Ok(2.0 * alpha),
        (Side::Greater | Side::Less, _) => Err(InvalidInput::new(
            "alpha",
            "a one-sided sequence needs it below 0.5",
            "give a number above 0 and below 0.5, as 0.05",
        )),
    }
}

/// N·ρ² with ρ² = (−2·ln α + ln(1 − 2·ln α))/N*: where a sequence over `n` observations stands, on the
/// clock on which it is tightest at −2·ln α + ln(1 − 2·ln α).
pub(crate) fn time(n: f64, alpha: f64, tuning: f64) -> f64 {
    let ln = -2.0 * libm::log(alpha);
    n / tuning * (ln + libm::log1p(ln))
}

/// The value that a standardised mean, looked at all the time, exceeds ever with a chance of at most
/// `alpha`: √(2(t + 1)/t·ln(√(t + 1)/α)) at [`time`] t.
pub(crate) fn critical(time: f64, alpha: f64) -> f64 {
    let boundary = 0.5 * libm::log1p(time) - libm::log(alpha);
    (2.0 * ((time + 1.0) / time) * boundary).sqrt()
}
