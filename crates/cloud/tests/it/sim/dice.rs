//! Chance that is the same for the same seed, and how much of it there is.

pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn of(seed: u64) -> Self {
        Self(seed ^ 0x5851_f42d_4c95_7f2d)
    }

    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Seeds of a strategy; `VIRIDIAN_SIM_SEEDS` sets another number, best in release where it is higher.
pub(super) fn seeds() -> u64 {
    match std::env::var("VIRIDIAN_SIM_SEEDS") {
        Ok(asked) => asked.parse().expect("VIRIDIAN_SIM_SEEDS is a number"),
        Err(_) => 10_000,
    }
}

/// Seeds of what is tried beside the main thing.
pub(super) fn side_seeds() -> u64 {
    seeds() / 8
}
