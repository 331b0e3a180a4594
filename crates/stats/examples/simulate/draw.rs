//! Randomness from a seed, and the shapes of data that are drawn with it.

/// xoshiro256++ (D. Blackman and S. Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS
/// 47, 2021), its state filled by splitmix64.
#[derive(Clone, Debug)]
pub(crate) struct Draw {
    state: [u64; 4],
    /// The second of the two normal figures that one round makes.
    spare: Option<f64>,
}

impl Draw {
    /// Two runs with different numbers have nothing in common, whatever thread they are on.
    pub(crate) fn of(seed: u64, run: u64) -> Self {
        let mut at = seed ^ run.wrapping_mul(0xd134_2543_de82_ef95);
        let mut next = || {
            at = at.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (at ^ (at >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        };
        Self {
            state: [next(), next(), next(), next()],
            spare: None,
        }
    }

    fn bits(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// Above 0, below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Marsaglia's polar method.
    pub(crate) fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (x, y) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let square = x * x + y * y;
            if square < 1.0 {
                let stretch = (-2.0 * square.ln() / square).sqrt();
                self.spare = Some(y * stretch);
                return x * stretch;
            }
        }
    }

    pub(crate) fn exponential(&mut self) -> f64 {
        -self.unit().ln()
    }

    /// What a buyer spends.
    pub(crate) fn amount(&mut self) -> f64 {
        20.0 * self.normal().exp()
    }

    pub(crate) fn poisson(&mut self, mean: f64) -> u64 {
        let (mut count, mut time) = (0, self.exponential());
        while time < mean {
            count += 1;
            time += self.exponential();
        }
        count
    }
}

/// A distribution whose mean and quantiles are known.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Mean 10, standard deviation 3.
    Normal,
    /// Mean 1.
    Exponential,
    /// A lognormal latency in ms: median 100, σ 0.6.
    Latency,
    /// Heavy: Pareto with index 3, mean 1.5; a variance, but no third moment.
    Pareto,
    /// Of both signs: mean 1, standard deviation 1.
    Signed,
    /// Two modes: 80 to 120 ms, and 1.5% of 900 to 1,100 ms, as time-outs make them.
    Modes,
    /// 0 or 1.
    Bernoulli(f64),
    /// Revenue a visitor: nothing of most; of this share a lognormal amount, median 20, σ 1.
    Revenue(f64),
}

/// The share of the slow mode.
const SLOW: f64 = 0.015;

impl Shape {
    pub(crate) fn draw(self, draw: &mut Draw) -> f64 {
        match self {
            Self::Normal => 10.0 + 3.0 * draw.normal(),
            Self::Exponential => draw.exponential(),
            Self::Latency => 100.0 * (0.6 * draw.normal()).exp(),
            Self::Pareto => draw.unit().powf(-1.0 / 3.0),
            Self::Signed => 1.0 + draw.normal(),
            Self::Modes if draw.chance(SLOW) => 900.0 + 200.0 * draw.unit(),
            Self::Modes => 80.0 + 40.0 * draw.unit(),
            Self::Bernoulli(p) => f64::from(u8::from(draw.chance(p))),
            Self::Revenue(p) if draw.chance(p) => draw.amount(),
            Self::Revenue(_) => 0.0,
        }
    }

    pub(crate) fn mean(self) -> f64 {
        match self {
            Self::Normal => 10.0,
            Self::Exponential | Self::Signed => 1.0,
            Self::Modes => 100.0 + 900.0 * SLOW,
            Self::Latency => 100.0 * 0.18_f64.exp(),
            Self::Pareto => 1.5,
            Self::Bernoulli(p) => p,
            Self::Revenue(p) => p * 20.0 * 0.5_f64.exp(),
        }
    }

    pub(crate) fn stddev(self) -> f64 {
        match self {
            Self::Normal => 3.0,
            Self::Exponential | Self::Signed => 1.0,
            Self::Modes => {
                let within =
                    (1.0 - SLOW) * 40.0_f64.powi(2) / 12.0 + SLOW * 200.0_f64.powi(2) / 12.0;
                (within + SLOW * (1.0 - SLOW) * 900.0_f64.powi(2)).sqrt()
            }
            Self::Latency => self.mean() * 0.36_f64.exp_m1().sqrt(),
            Self::Pareto => 0.75_f64.sqrt(),
            Self::Bernoulli(p) => (p * (1.0 - p)).sqrt(),
            Self::Revenue(p) => (p * 400.0 * 2.0_f64.exp() - self.mean().powi(2)).sqrt(),
        }
    }

    /// Only of the shapes whose quantiles are compared.
    pub(crate) fn quantile(self, q: f64) -> f64 {
        match self {
            Self::Normal => 10.0 + 3.0 * stats::numeric::normal_quantile(q),
            Self::Exponential => -(1.0 - q).ln(),
            Self::Latency => 100.0 * (0.6 * stats::numeric::normal_quantile(q)).exp(),
            Self::Pareto => (1.0 - q).powf(-1.0 / 3.0),
            Self::Signed => 1.0 + stats::numeric::normal_quantile(q),
            Self::Modes if q > 1.0 - SLOW => 900.0 + 200.0 * (q - 1.0 + SLOW) / SLOW,
            Self::Modes => 80.0 + 40.0 * q / (1.0 - SLOW),
            Self::Bernoulli(p) => f64::from(u8::from(q > 1.0 - p)),
            Self::Revenue(p) if q > 1.0 - p => {
                20.0 * stats::numeric::normal_quantile((q - 1.0 + p) / p).exp()
            }
            Self::Revenue(_) => 0.0,
        }
    }

    pub(crate) fn name(self) -> String {
        match self {
            Self::Normal => "normal".to_owned(),
            Self::Exponential => "exponential".to_owned(),
            Self::Latency => "lognormal latency".to_owned(),
            Self::Pareto => "Pareto, index 3".to_owned(),
            Self::Signed => "normal, of both signs".to_owned(),
            Self::Modes => "two modes, 1.5% slow".to_owned(),
            Self::Bernoulli(p) => format!("Bernoulli {}%", p * 100.0),
            Self::Revenue(p) => format!("revenue, {}% buy", p * 100.0),
        }
    }
}
