//! A machine's clock beside the time that really passes: it is set forth and back.

use super::dice::Dice;
use domain::Time;

const HOUR_MS: u64 = 3_600_000;

/// What the clock shows. Real time only passes; the clock is that and what it was set off by.
#[derive(Default)]
pub(super) struct Wall {
    /// Since when it is off by how many milliseconds; the last one counts.
    set: Vec<(Time, i64)>,
    pub(super) jumps: u64,
    pub(super) jumps_back: u64,
}

impl Wall {
    /// What it showed at a moment that really was.
    pub(super) fn at(&self, real: Time) -> Time {
        let off = self.set.iter().rev().find(|(since, _)| *since <= real);
        Time(real.0 + off.map_or(0, |(_, off)| *off))
    }

    fn off(&self) -> i64 {
        self.set.last().map_or(0, |(_, off)| *off)
    }

    /// Perhaps it is set anew, by hours. Once it is behind it comes back soon: a wait that was
    /// begun before would last as long as it is behind.
    pub(super) fn perhaps_jump(&mut self, now: Time, dice: &mut Dice) {
        let most = self
            .set
            .iter()
            .map(|(_, off)| *off)
            .max()
            .unwrap_or(0)
            .max(0);
        let by = i64::try_from(1 + dice.roll(5 * HOUR_MS)).unwrap_or(1);
        let next = match self.off() < most {
            true if dice.roll(40) == 0 => most + by,
            false if dice.roll(80) == 0 && dice.roll(2) == 0 => self.off() + by,
            false if dice.roll(80) == 0 => self.off() - by,
            true | false => return,
        };
        self.jumps += 1;
        self.jumps_back += u64::from(next < self.off());
        self.set.push((now, next));
    }
}
