use crate::numeric::normal_quantile;
use crate::{Alpha, Interval, InvalidInput};

/// An estimate of how many different things were seen, in 2^precision bytes.
///
/// HyperLogLog (Flajolet, Fusy, Gandouet & Meunier, AofA 2007) with the estimator of O. Ertl, "New cardinality
/// estimation algorithms for HyperLogLog sketches", arXiv 1702.01284, algorithm 6, which needs no table and no
/// switch between ranges. The standard error is 1.04/√(2^precision): 0.81% at precision 14.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistinctCount {
    precision: u32,
    registers: Vec<u8>,
}

/// A number of distinct things and how well it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DistinctEstimate {
    /// How many; 0 where nothing was seen, infinite where every register is full.
    pub estimate: f64,
    /// By the sketch's own error: estimate·(1 ∓ z·1.04/√(2^precision)), never below 0.
    pub interval: Interval,
}

impl DistinctCount {
    /// A sketch of nothing yet, of 2^precision registers of a byte each.
    ///
    /// # Errors
    ///
    /// A precision outside 4 to 18.
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::sketch::DistinctCount;
    /// assert_eq!(DistinctCount::new(14)?.estimate(stats::Alpha::default()).estimate, 0.0);
    /// assert!(DistinctCount::new(19).is_err());
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    pub fn new(precision: u32) -> Result<Self, InvalidInput> {
        if !(4..=18).contains(&precision) {
            return Err(InvalidInput::new(
                "precision",
                "it is not between 4 and 18",
                "give 14 for a standard error of 0.8% in 16 KiB",
            ));
        }
        Ok(Self {
            precision,
            registers: vec![0; 1 << precision],
        })
    }

    /// Takes in a thing by its name; the same name counts once. Names of any length, also none.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut users = stats::sketch::DistinctCount::new(14)?;
    /// for name in ["ada", "grace", "ada"] {
    ///     users.insert(name.as_bytes());
    /// }
    /// assert_eq!(users.estimate(stats::Alpha::default()).estimate.round(), 2.0);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    pub fn insert(&mut self, name: &[u8]) {
        self.insert_hash(hash(name));
    }

    /// Takes in a thing by a hash of it: 64 bits, each as good as random. The highest choose a register, which
    /// keeps the greatest place of the first 1 among the others (Flajolet et al. 2007, section 2).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut seen = stats::sketch::DistinctCount::new(14)?;
    /// seen.insert_hash(0x9e37_79b9_7f4a_7c15);
    /// seen.insert_hash(0x9e37_79b9_7f4a_7c15);
    /// assert_eq!(seen.estimate(stats::Alpha::default()).estimate.round(), 1.0);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    pub fn insert_hash(&mut self, hash: u64) {
        let register = (hash >> (64 - self.precision)) as usize;
        let rest = hash << self.precision;
        let rank = rest.leading_zeros().min(64 - self.precision) as u8 + 1;
        self.registers[register] = self.registers[register].max(rank);
    }

    /// Takes in all that another sketch has seen; the same as having inserted it here, in any order.
    ///
    /// # Errors
    ///
    /// A sketch of another precision.
    ///
    /// # Examples
    ///
    /// ```
    /// use stats::sketch::DistinctCount;
    /// let (mut all, mut part) = (DistinctCount::new(14)?, DistinctCount::new(14)?);
    /// all.insert(b"ada");
    /// part.insert(b"ada");
    /// part.insert(b"grace");
    /// all.merge(&part)?;
    /// assert_eq!(all.estimate(stats::Alpha::default()).estimate.round(), 2.0);
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    pub fn merge(&mut self, other: &Self) -> Result<(), InvalidInput> {
        if self.precision != other.precision {
            return Err(InvalidInput::new(
                "precision",
                "the two sketches have different registers",
                "make both with the same precision",
            ));
        }
        for (mine, theirs) in self.registers.iter_mut().zip(&other.registers) {
            *mine = (*mine).max(*theirs);
        }
        Ok(())
    }

    /// How many different things there were, and the interval that holds it with a chance of about 1 − α
    /// over what hashes come out as: by the normal distribution and a standard error of 1.04/√(2^precision) of
    /// itself (Flajolet et al. 2007, theorem 1). The estimate is Ertl's, algorithm 6.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut units = stats::sketch::DistinctCount::new(14)?;
    /// for unit in 0..50_000_u32 {
    ///     units.insert(&unit.to_le_bytes());
    ///     units.insert(&unit.to_le_bytes());
    /// }
    /// let seen = units.estimate(stats::Alpha::new(0.001)?);
    /// assert!(seen.interval.contains(50_000.0));
    /// # Ok::<(), stats::InvalidInput>(())
    /// ```
    #[must_use]
    pub fn estimate(&self, alpha: Alpha) -> DistinctEstimate {
        let m = self.registers.len() as f64;
        let most = 64 - self.precision as usize;
        let mut multiplicity = [0_u32; 66];
        for register in &self.registers {
            multiplicity[usize::from(*register)] += 1;
        }
        let mut z = m * tau(1.0 - f64::from(multiplicity[most + 1]) / m);
        for k in (1..=most).rev() {
            z = 0.5 * (z + f64::from(multiplicity[k]));
        }
        z += m * sigma(f64::from(multiplicity[0]) / m);
        let estimate = m * m / (2.0 * std::f64::consts::LN_2 * z);
        let off = -normal_quantile(alpha.get() / 2.0) * 1.04 / m.sqrt();
        DistinctEstimate {
            estimate,
            interval: Interval {
                lo: estimate * (1.0 - off).max(0.0),
                hi: estimate * (1.0 + off),
            },
        }
    }
}

/// x + Σ x^(2^k)·2^(k−1), k from 1 (Ertl, equation 13).
fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let next = z + x * y;
        if next == z {
            return z;
        }
        z = next;
        y += y;
    }
}

/// ⅓·(1 − x − Σ (1 − x^(2^−k))²·2^(−k)), k from 1 (Ertl, equation 17).
fn tau(mut x: f64) -> f64 {
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        y *= 0.5;
        let next = z - (1.0 - x) * (1.0 - x) * y;
        if next == z {
            return z / 3.0;
        }
        z = next;
    }
}

/// Bytes to 64 well-mixed bits: each word folded in by a multiplication of twice the width.
fn hash(name: &[u8]) -> u64 {
    const ODD: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03];
    let fold = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        (product as u64) ^ (product >> 64) as u64
    };
    let mut state = name.len() as u64 ^ ODD[1];
    for chunk in name.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        state = fold(state ^ u64::from_le_bytes(word) ^ ODD[0], ODD[1]).wrapping_add(ODD[0]);
    }
    let mixed = fold(state ^ (state >> 32), ODD[0]);
    (mixed ^ (mixed >> 29)).wrapping_mul(ODD[1]) ^ (mixed >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(precision: u32, units: std::ops::Range<u64>) -> DistinctCount {
        let mut sketch = DistinctCount::new(precision).unwrap();
        for unit in units {
            sketch.insert(&unit.to_le_bytes());
        }
        sketch
    }

    #[test]
    fn precisions_are_bounded_and_must_agree() {
        assert!(DistinctCount::new(4).is_ok() && DistinctCount::new(18).is_ok());
        for bad in [0, 3, 19, u32::MAX] {
            assert_eq!(DistinctCount::new(bad).unwrap_err().field, "precision");
        }
        assert_eq!(
            of(4, 0..1).merge(&of(5, 0..1)).unwrap_err().field,
            "precision"
        );
    }

    #[test]
    fn names_that_differ_little_have_hashes_that_differ_in_every_bit_half_of_the_time() {
        let names: Vec<[u8; 12]> = (0..4_000_u64)
            .map(|i| {
                let mut name = *b"unit........";
                name[4..].copy_from_slice(&i.to_be_bytes());
                name
            })
            .collect();
        let mut set = [0_u32; 64];
        let mut flipped = [0_u32; 64];
        for (i, name) in names.iter().enumerate() {
            let mut other = *name;
            other[i % 12] ^= 1 << (i % 8);
            let (one, two) = (hash(name), hash(&other));
            for bit in 0..64 {
                set[bit] += (one >> bit & 1) as u32;
                flipped[bit] += ((one ^ two) >> bit & 1) as u32;
            }
        }
        // Half of 4,000 are 2,000 ∓ 32; five times that is out of 64 bits not once in ten thousand.
        for (bit, (set, flipped)) in set.into_iter().zip(flipped).enumerate() {
            assert!(set.abs_diff(2_000) < 160, "bit {bit}: set {set} times");
            assert!(
                flipped.abs_diff(2_000) < 160,
                "bit {bit}: flipped {flipped} times"
            );
        }
    }

    #[test]
    fn each_bit_of_a_name_decides_on_each_bit_of_the_hash_half_of_the_time() {
        let names = 1_000_u64;
        for byte in 0..12 {
            for bit in 0..8 {
                let mut flipped = [0_u32; 64];
                for i in 0..names {
                    let mut name = *b"unit........";
                    name[4..].copy_from_slice(&(i * 0x0001_0000_0100_0001).to_be_bytes());
                    let one = hash(&name);
                    name[byte] ^= 1 << bit;
                    let difference = one ^ hash(&name);
                    for (place, flipped) in flipped.iter_mut().enumerate() {
                        *flipped += (difference >> place & 1) as u32;
                    }
                }
                // 500 ∓ 15.8: six times that is out of 6,144 pairs of bits not once in a hundred thousand.
                for (place, flipped) in flipped.into_iter().enumerate() {
                    assert!(
                        flipped.abs_diff(500) < 95,
                        "bit {bit} of byte {byte}, bit {place} of the hash: {flipped} times"
                    );
                }
            }
        }
    }

    #[test]
    fn a_hundred_thousand_names_have_as_many_hashes() {
        // Two of 64 random bits are equal not once in a thousand million such tries.
        let mut hashes: Vec<u64> = (0..100_000_u64).map(|i| hash(&i.to_le_bytes())).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 100_000);
    }

    #[test]
    fn names_of_zeros_differ_by_their_length() {
        let zeros = [0; 70];
        let mut hashes: Vec<u64> = (0..70).map(|length| hash(&zeros[..length])).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 70);
    }

    #[test]
    fn nothing_is_nothing_and_few_are_counted_closely() {
        let none = of(12, 0..0).estimate(Alpha::default());
        assert_eq!(
            (none.estimate, none.interval.lo, none.interval.hi),
            (0.0, 0.0, 0.0)
        );
        for n in [1, 10, 100] {
            let seen = of(14, 0..n).estimate(Alpha::default()).estimate;
            assert!((seen / n as f64 - 1.0).abs() < 0.02, "{n}: {seen}");
        }
    }

    #[test]
    fn estimates_are_as_good_as_the_interval_says() {
        let mut outside = 0;
        let mut squares = 0.0;
        for part in 0..60_u64 {
            let n = 20_000;
            let found = of(10, part * n..(part + 1) * n).estimate(Alpha::default());
            outside += u32::from(!found.interval.contains(n as f64));
            squares += (found.estimate / n as f64 - 1.0).powi(2);
        }
        assert!(outside <= 8, "{outside} of 60 outside a 95% interval");
        let error = (squares / 60.0).sqrt();
        assert!(
            error > 0.02 && error < 0.045,
            "standard error {error}, expected about 0.0325"
        );
    }

    #[test]
    fn full_registers_are_still_finite() {
        let mut sketch = DistinctCount::new(4).unwrap();
        for register in 0..16_u64 {
            sketch.insert_hash(register << 60);
        }
        assert_eq!(sketch.registers, vec![61; 16]);
        assert!(sketch.estimate(Alpha::default()).estimate.is_infinite());
        sketch.registers[0] = 60;
        assert!(sketch.estimate(Alpha::default()).estimate > 1e18);
    }

    proptest! {
        #[test]
        fn merged_is_as_good_as_whole(a in 0..500_u64, b in 0..500_u64, c in 0..500_u64) {
            let mut ends = [a, b, c];
            ends.sort_unstable();
            let mut merged = of(8, ends[0]..ends[1]);
            merged.merge(&of(8, ends[0]..ends[2])).unwrap();
            prop_assert_eq!(merged, of(8, ends[0]..ends[2]));
        }
    }
}
