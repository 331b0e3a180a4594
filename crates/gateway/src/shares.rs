//! How weights become turns and hashes become shares.

/// A schedule of this length still gives every weight to a ten-thousandth.
const SCHEDULE_MAX: u64 = 10_000;

/// Smooth weighted turns: each step goes to the entry that is furthest behind its share, so that
/// every stretch of the schedule has the shares, not only the whole.
pub(crate) fn schedule(weights: impl IntoIterator<Item = (u16, u32)>) -> Vec<u16> {
    let mut entries: Vec<(u16, u64)> = weights
        .into_iter()
        .filter(|(_, weight)| *weight > 0)
        .map(|(entry, weight)| (entry, u64::from(weight)))
        .collect();
    let total: u64 = entries.iter().map(|(_, weight)| weight).sum();
    if total > SCHEDULE_MAX {
        for (_, weight) in &mut entries {
            *weight = (*weight * SCHEDULE_MAX / total).max(1);
        }
    }
    let divisor = entries
        .iter()
        .fold(0, |divisor, (_, weight)| gcd(divisor, *weight))
        .max(1);
    let total: u64 = entries.iter().map(|(_, weight)| weight / divisor).sum();
    let mut behind = vec![0i64; entries.len()];
    (0..total)
        .map(|_| {
            for (behind, (_, weight)) in behind.iter_mut().zip(&entries) {
                *behind += (weight / divisor) as i64;
            }
            let next = (0..behind.len()).max_by_key(|at| (behind[*at], std::cmp::Reverse(*at)));
            let next = next.expect("a total above 0 has an entry");
            behind[next] -= total as i64;
            entries[next].0
        })
        .collect()
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// FNV-1a, then mixed. Stable for ever: a visitor's arm depends on it.
pub(crate) fn hash_of(bytes: &[u8]) -> u64 {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    mix(bytes.iter().fold(0xcbf2_9ce4_8422_2325, fold))
}

/// The finaliser of SplitMix64.
pub(crate) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Weighted rendezvous hashing (Schindelhauer and Schomaker, 2005): a unit belongs to the entry with
/// the highest `-weight / ln(h)`. A change of weights moves only as many units as the weights move.
pub(crate) fn rendezvous(unit: u64, entry: u64, weight: u32) -> f64 {
    let hash = mix(unit ^ entry) >> 11;
    let uniform = (hash as f64 + 0.5) / (1u64 << 53) as f64;
    -f64::from(weight) / uniform.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact_over_the_whole_and_even_within_it() {
        for weights in [
            [50, 50, 0],
            [95, 5, 0],
            [1, 99, 0],
            [33, 33, 34],
            [1, 24, 75],
        ] {
            let turns = schedule((0..).zip(weights));
            let total: u32 = weights.iter().sum();
            let mut given = [0u32; 3];
            for (at, entry) in turns.iter().enumerate() {
                given[usize::from(*entry)] += 1;
                for (given, weight) in given.iter().zip(weights) {
                    let due = f64::from(weight) * (at + 1) as f64 / f64::from(total);
                    assert!((f64::from(*given) - due).abs() < 1.5, "{weights:?} at {at}");
                }
            }
            for (given, weight) in given.iter().zip(weights) {
                assert_eq!(given * total, weight * turns.len() as u32);
            }
        }
    }

    #[test]
    fn huge_weights_are_scaled() {
        let turns = schedule([(0, u32::MAX), (1, 1)]);
        assert!(turns.len() <= SCHEDULE_MAX as usize + 1);
        assert!(turns.contains(&1));
    }

    #[test]
    fn the_hash_is_the_same_for_ever() {
        assert_eq!(hash_of(b""), mix(0xcbf2_9ce4_8422_2325));
        assert_eq!(hash_of(b"user-1"), 0xc499_b5f8_a721_df58);
    }
}
