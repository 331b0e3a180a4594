use super::mean::{arm, mean};
use super::{Arm, baseline, conclude, enough, without_spread};
use crate::{CannotCompute, Difference, Estimate, PairMoments, Question};

/// What [`cuped`] says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cuped {
    /// The adjusted difference; its baseline is the control's mean after, unadjusted.
    pub estimate: Estimate,
    /// What one unit of the metric before is worth after; 0 where nothing was adjusted.
    pub theta: f64,
    /// The control's mean after − θ·mean before, in the unit of the metric after.
    pub adjusted_mean_control: f64,
    /// The treatment's mean after − θ·mean before, in the unit of the metric after.
    pub adjusted_mean_treatment: f64,
}

/// The difference of two means, freed of what the units' behaviour before the experiment explains;
/// x is the metric after exposure, y before.
///
/// θ = cov(after, before)/var(before) over both arms together; adjusted means a = after − θ·before.
/// Absolute: a_t − a_c. Relative: (a_t − a_c)/|m_c| with m_c the control's unadjusted mean, and the
/// variance [var(x_t − θ·y_t)/n_t + var(k·x_c − θ·y_c)/n_c]/m_c² with k = m_t/m_c. Where before or
/// after does not vary, unadjusted as [`effect::mean`](super::mean). Student's t with the degrees of
/// freedom of the adjusted variances.
///
/// Before must be from before the first exposure: what the treatment can reach makes the adjustment a
/// bias.
///
/// Source: A. Deng, Y. Xu, R. Kohavi and T. Walker, "Improving the sensitivity of online controlled
/// experiments by utilizing pre-experiment data", WSDM 2013, section 3; gbstats `models/tests.py`
/// (`frequentist_variance_relative_cuped`, `compute_theta`). Units as in `effect::mean`.
///
/// # Errors
///
/// As `effect::mean`, of the metric after; `NoVariance` also where before explains after entirely;
/// `LostPrecision` also where sums cannot tell whether before varies.
///
/// # Examples
///
/// ```
/// use stats::{PairMoments, Question, effect};
/// let control = PairMoments::of([(10.0, 9.0), (14.0, 13.5), (12.0, 12.0), (9.0, 8.0)]);
/// let treatment = PairMoments::of([(12.0, 9.5), (15.0, 12.0), (14.0, 12.5), (11.0, 9.0)]);
/// let question = Question::default().absolute();
/// let adjusted = effect::cuped(&control, &treatment, question).unwrap();
/// // The slope over all eight pairs, as `numpy.cov` has it.
/// assert!((adjusted.theta - 0.908_306_364_617).abs() < 1e-12);
/// // 13 − 11.25 − 0.9083·(10.75 − 10.625), with a standard error of 0.37 instead of 1.44.
/// assert!((adjusted.estimate.effect - 1.636_461_704_423).abs() < 1e-12);
/// assert!((adjusted.estimate.stderr - 0.367_329_888_171).abs() < 1e-12);
/// let plain = effect::mean(&control.x(), &treatment.x(), question).unwrap();
/// assert!((plain.stderr - 1.436_140_661_635).abs() < 1e-12);
/// ```
pub fn cuped(
    control: &PairMoments,
    treatment: &PairMoments,
    question: Question,
) -> Result<Cuped, CannotCompute> {
    enough(control.n(), treatment.n())?;
    let base = control.x().mean();
    baseline(base, question.difference)?;
    let theta = theta(control, treatment);
    if theta == 0.0 && (control.y().lost() || treatment.y().lost()) {
        return Err(CannotCompute::LostPrecision);
    }
    if theta == 0.0 {
        return Ok(Cuped {
            estimate: mean(&control.x(), &treatment.x(), question)?,
            theta,
            adjusted_mean_control: base,
            adjusted_mean_treatment: treatment.x().mean(),
        });
    }
    let (before, after) = (adjusted(control, theta), adjusted(treatment, theta));
    if before.stderr <= 0.0 || after.stderr <= 0.0 {
        return Err(without_spread([&control.x(), &treatment.x()]));
    }
    let apart = after.mean - before.mean;
    let (effect, stderr) = match question.difference {
        Difference::Absolute => (apart, libm::hypot(after.stderr, before.stderr)),
        Difference::Relative => {
            let moved = control.stderr_of(treatment.x().mean() / base, theta);
            let stderr = libm::hypot(after.stderr / base.abs(), moved / base.abs());
            (apart / base.abs(), stderr)
        }
    };
    // What is divided by is the metric as it is, not as it is adjusted.
    let signal = [control, treatment].map(|pairs| arm(&pairs.x()).signal());
    Ok(Cuped {
        estimate: Estimate {
            signal: signal[0].min(signal[1]),
            ..conclude(effect, stderr, before, after, base, question)?
        },
        theta,
        adjusted_mean_control: before.mean,
        adjusted_mean_treatment: after.mean,
    })
}

/// The pooled slope; 0 where there is nothing to adjust by.
fn theta(control: &PairMoments, treatment: &PairMoments) -> f64 {
    // A metric that is constant within each arm before says nothing of the units.
    if !(control.y().varies() || treatment.y().varies()) {
        return 0.0;
    }
    let mut both = *control;
    both.merge(treatment);
    both.slope()
}

fn adjusted(pairs: &PairMoments, theta: f64) -> Arm {
    Arm {
        mean: pairs.x().mean() - theta * pairs.y().mean(),
        stderr: pairs.stderr_of(1.0, theta),
        ..arm(&pairs.x())
    }
}
