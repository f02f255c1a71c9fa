//! Fingerprints: worlds of two words, known to the set by the bits of a hash.
//!
//! A set of exact keys takes two words for such a world; one of fingerprints takes one. The price is
//! that a world is missed if its fingerprint is that of another: see
//! [`Fingerprints::odds`](crate::check::Fingerprints::odds). Worlds of one word are their own
//! fingerprints, so that nothing is missed among them. The list of worlds keeps whole keys in any
//! case, so that whatever is found really happens.

use super::pack::Key;

/// The odd number closest to 2^64 divided by the square root of two.
const FACTOR: u64 = 0xb504_f333_f9de_6485;

/// The key by which a set of fingerprints of so many bits, at most 63, knows a world.
#[inline]
pub fn fingerprint(key: Key, bits: u32) -> Key {
    let hash = mix(mix(key.first).wrapping_mul(FACTOR) ^ key.second);
    Key {
        first: hash >> (u64::BITS - bits),
        second: 0,
    }
}

/// Moves every bit of a word to every other: Pelle Evensen's rrmxmx.
#[inline]
fn mix(word: u64) -> u64 {
    let word = word ^ word.rotate_right(49) ^ word.rotate_right(24);
    let word = word.wrapping_mul(0x9fb2_1c65_1e98_df25);
    let word = (word ^ word >> 28).wrapping_mul(0x9fb2_1c65_1e98_df25);
    word ^ word >> 28
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Key, fingerprint};

    /// A million keys that differ by little, and as many fingerprints of as many bits as there are.
    #[test]
    fn what_differs_by_little_is_told_apart() {
        let keys = (0..1u64 << 20).map(|n| Key {
            first: n % 1000,
            second: n / 1000,
        });
        let found: BTreeSet<u64> = keys.map(|key| fingerprint(key, 63).first).collect();
        assert_eq!(found.len(), 1 << 20);
        assert!(found.iter().all(|first| first >> 63 == 0));
    }

    /// Of n keys that fall on as many places, n/e leave a place free: a hash that is no worse than
    /// chance leaves as many, here within one part in a hundred.
    #[test]
    fn few_bits_are_used_evenly() {
        let keys = (0..1u64 << 16).map(|n| Key {
            first: n << 20,
            second: n & 7,
        });
        let found: BTreeSet<u64> = keys.map(|key| fingerprint(key, 16).first).collect();
        let expected = 65_536 - 65_536 * 1_000 / 2_718;
        assert!(found.len().abs_diff(expected) < 656, "{}", found.len());
    }

    #[test]
    fn every_bit_of_a_key_counts() {
        let key = Key {
            first: 0x0123_4567_89ab_cdef,
            second: 0x0fed_cba9_8765_4321,
        };
        for bit in 0..64 {
            let (first, second) = (key.first ^ 1 << bit, key.second ^ 1 << bit);
            for other in [Key { first, ..key }, Key { second, ..key }] {
                let differ = fingerprint(key, 63).first ^ fingerprint(other, 63).first;
                assert!((12..=51).contains(&differ.count_ones()), "bit {bit}");
            }
        }
    }
}
