use super::*;
use crate::Alpha;

mod continuous;
mod events;
mod laws;
mod periods;
mod quantile;
mod samples;
mod tail;

/// A deterministic source of numbers, uniform on (0, 1).
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0 + 1e-17
    }

    /// Latencies around 100 with a long tail.
    fn latencies(&mut self, n: usize) -> Vec<f64> {
        (0..n)
            .map(|_| {
                let normal = crate::numeric::normal_quantile(self.uniform());
                100.0 * libm::exp(0.3 * normal)
            })
            .collect()
    }
}

fn continuous(control: &[f64], canary: &[f64], rule: &Rule) -> Judgement {
    judge(&Observed::Continuous { control, canary }, rule).unwrap()
}

pub(super) fn rates(control: (u64, u64), canary: (u64, u64), rule: &Rule) -> Judgement {
    let trials = |(x, n)| Trials { x, n };
    judge(
        &Observed::Rate {
            control: trials(control),
            canary: trials(canary),
        },
        rule,
    )
    .unwrap()
}

pub(super) fn counted(control: (u64, f64), canary: (u64, f64), rule: &Rule) -> Judgement {
    let events = |(count, exposure)| Events { count, exposure };
    judge(
        &Observed::Count {
            control: events(control),
            canary: events(canary),
        },
        rule,
    )
    .unwrap()
}

fn once() -> Rule {
    Rule {
        looks: Looks::One,
        ..Rule::default()
    }
}
