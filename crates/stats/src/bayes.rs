//! What is to be believed of an effect: the chance that it is real, and what a wrong choice costs.
//!
//! A chance to win is not a p: it answers another question, holds at any look only as far as the
//! prior is right, and reaches 0.95 far sooner.

mod beta_binomial;
mod effect;

pub use beta_binomial::{BetaBinomial, BetaPrior, beta_binomial};
pub use effect::{NormalPrior, Posterior, Prior, effect};
