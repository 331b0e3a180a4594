use crate::guard::{finite_values, positive};
use crate::numeric::{normal_cdf, normal_loss, normal_quantile};
use crate::{Better, CannotCompute, Difference, Estimate, Interval, InvalidInput, Question};

/// What is believed of a relative effect before the data.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Prior {
    /// Nothing: every effect is as likely as any other.
    #[default]
    Flat,
    /// A normal distribution of the relative effect, from [`Prior::normal`].
    Normal(NormalPrior),
}

/// Mean and standard deviation of a believed relative effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormalPrior {
    mean: f64,
    stddev: f64,
}

impl Prior {
    /// The variance that makes 95% of effects fall within ±59%: 0.3², for [`Self::normal`].
    pub const USUAL_VARIANCE: f64 = 0.09;

    /// Relative effects of `mean` ± √`variance`, as shares of the control's mean: 0 and 0.09 for effects
    /// of some ±30%.
    ///
    /// # Errors
    ///
    /// `mean` not finite; `variance` not above 0 or not finite.
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::bayes::Prior;
    /// assert!(Prior::normal(0.0, Prior::USUAL_VARIANCE).is_ok());
    /// assert_eq!(Prior::normal(0.0, 0.0).unwrap_err().field, "variance");
    /// ```
    pub fn normal(mean: f64, variance: f64) -> Result<Self, InvalidInput> {
        finite_values("mean", &[mean])?;
        positive("variance", variance)?;
        Ok(Self::Normal(NormalPrior {
            mean,
            stddev: variance.sqrt(),
        }))
    }
}

/// What is believed of an effect with the data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Posterior {
    /// The chance, from 0 to 1, that the treatment is the better one.
    pub chance_to_win: f64,
    /// The mean of the believed effect, in the unit of the question's difference.
    pub expected: f64,
    /// The standard deviation of the believed effect, in its unit.
    pub stddev: f64,
    /// Holds the effect with a chance of 1 − α, the same chance left out on either side.
    pub interval: Interval,
    /// What is lost on average by staying with the control, in the unit of the effect; 0 or more.
    pub risk_control: f64,
    /// What is lost on average by taking the treatment, in the unit of the effect; 0 or more.
    pub risk_treatment: f64,
}

/// The normal posterior of an effect from [`crate::effect`].
///
/// Precision 1/SE² + 1/σ², mean (effect/SE² + μ/σ²)/precision for a prior N(μ, σ²); with a flat one
/// the effect and its standard error. For an absolute effect the prior is scaled by the control's
/// mean. Chance to win Φ(mean/sd), interval mean ∓ z(1 − α/2)·sd; risk of the control
/// E[max(effect, 0)] = sd·φ(mean/sd) + mean·Φ(mean/sd), of the treatment E[max(−effect, 0)], the other
/// way round where lower is better. `question` is the one that the estimate answers; its side does
/// not matter here.
///
/// Source: gbstats `bayesian/tests.py` (`EffectBayesianABTest`); A. Gelman and others, "Bayesian
/// data analysis", third edition, section 2.5. Units as the estimate's.
///
/// # Errors
///
/// `ZeroBaseline` for an absolute effect over a control mean of 0 with a normal prior; `Overflow`.
///
/// # Examples
///
/// ```
/// use stats::{Better, Question, bayes, effect};
/// let control = effect::Proportion::new(1000, 10_000)?;
/// let treatment = effect::Proportion::new(1100, 10_000)?;
/// let question = Question::default();
/// let estimate = effect::proportion(control, treatment, question).unwrap();
/// let prior = bayes::Prior::normal(0.0, bayes::Prior::USUAL_VARIANCE)?;
/// let belief = bayes::effect(&estimate, prior, Better::Higher, question).unwrap();
/// // SE² = 0.002068 against 0.09: the effect of 0.1 shrinks to 0.1·0.09/0.092068 (scipy `norm`).
/// assert!((belief.expected - 0.097_753_834_123).abs() < 1e-12);
/// assert!((belief.chance_to_win - 0.985_153_464_120).abs() < 1e-12);
/// assert!((belief.risk_treatment - 0.000_236_423_328).abs() < 1e-12);
/// # Ok::<(), stats::InvalidInput>(())
/// ```
pub fn effect(
    estimate: &Estimate,
    prior: Prior,
    better: Better,
    question: Question,
) -> Result<Posterior, CannotCompute> {
    let (expected, stddev) = match prior {
        Prior::Flat => (estimate.effect, estimate.stderr),
        Prior::Normal(prior) => {
            let unit = match question.difference {
                Difference::Relative => 1.0,
                Difference::Absolute if estimate.baseline == 0.0 => {
                    return Err(CannotCompute::ZeroBaseline);
                }
                Difference::Absolute => estimate.baseline.abs(),
            };
            combine(
                (estimate.effect, estimate.stderr),
                (prior.mean * unit, prior.stddev * unit),
            )
        }
    };
    let z = expected / stddev;
    let half_width = -normal_quantile(0.5 * question.alpha.get()) * stddev;
    let above = normal_loss(-z) * stddev;
    let below = normal_loss(z) * stddev;
    let (chance_to_win, risk_control, risk_treatment) = match better {
        Better::Higher => (normal_cdf(z), above, below),
        Better::Lower => (normal_cdf(-z), below, above),
    };
    if !(expected + half_width + risk_control + risk_treatment).is_finite() {
        return Err(CannotCompute::Overflow);
    }
    Ok(Posterior {
        chance_to_win,
        expected,
        stddev,
        interval: Interval {
            lo: expected - half_width,
            hi: expected + half_width,
        },
        risk_control,
        risk_treatment,
    })
}

/// Mean and standard deviation of the product of two normal densities, without squares that could
/// leave the doubles.
fn combine(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    let (narrow, wide) = if a.1 <= b.1 { (a, b) } else { (b, a) };
    let ratio = narrow.1 / wide.1;
    let square = ratio * ratio;
    (
        (narrow.0 + wide.0 * square) / (1.0 + square),
        narrow.1 / (1.0 + square).sqrt(),
    )
}
