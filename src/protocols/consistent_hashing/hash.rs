//! The stated hash: 64-bit FNV-1a, then the finalizer of `SplitMix64`, of which the high bits are kept.
//!
//! - G. Fowler, L. Noll, K. Vo, D. Eastlake, T. Hansen, *The FNV Non-Cryptographic Hash Algorithm*, RFC 9923, 2026.
//! - G. Steele, D. Lea, C. Flood, *Fast Splittable Pseudorandom Number Generators*, OOPSLA 2014: the finalizer
//!   (`mix64`), with constants by D. Stafford (*mix 13*).
//!
//! FNV alone will not do. The last byte is multiplied only once, by 2^40 + 435, so keys that differ in nothing else lie
//! within 1/65,536 of the ring, and most of them have the same owner. The finalizer lets every bit bear on all others. It
//! is a bijection, so nothing collides that did not before.
//!
//! There is no seed. Whoever is free to choose keys can choose some that collide.

use std::fmt::{self, Display, Write};

/// The hashes of a ring: all numbers of so many bits.
///
/// A hash in a small space is the beginning of the same hash in a larger one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Space {
    bits: u8,
}

impl Space {
    /// All numbers of 64 bits.
    pub const WHOLE: Space = Space { bits: 64 };

    /// # Panics
    ///
    /// If the bits are not 1 to 64.
    pub const fn new(bits: u8) -> Self {
        assert!(1 <= bits && bits <= 64, "a hash has 1 to 64 bits");
        Space { bits }
    }

    pub const fn bits(self) -> u8 {
        self.bits
    }

    /// The largest hash.
    pub const fn last(self) -> u64 {
        u64::MAX >> (64 - self.bits)
    }

    /// The number of hashes.
    pub const fn size(self) -> u128 {
        1 << self.bits
    }

    /// The hash of a key.
    pub fn key(self, key: impl AsRef<[u8]>) -> u64 {
        self.cut(fnv1a(key.as_ref()))
    }

    /// The hash of a virtual node: of the node as it is displayed, and then the number in four bytes, the lowest first.
    pub fn virtual_node(self, node: &impl Display, number: u32) -> u64 {
        let mut digest = Digest::EMPTY;
        write!(digest, "{node}").expect("a digest takes all, and so a node can be displayed");
        digest.feed(&number.to_le_bytes());
        self.cut(digest.0)
    }

    const fn cut(self, digest: u64) -> u64 {
        mix(digest) >> (64 - self.bits)
    }
}

/// 64-bit FNV-1a of some bytes.
pub fn fnv1a(bytes: &[u8]) -> u64 {
    let mut digest = Digest::EMPTY;
    digest.feed(bytes);
    digest.0
}

/// The finalizer of `SplitMix64`.
pub const fn mix(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// FNV-1a of the bytes so far.
struct Digest(u64);

impl Digest {
    /// FNV's offset basis.
    const EMPTY: Digest = Digest(0xcbf2_9ce4_8422_2325);
    /// FNV's prime, 2^40 + 2^8 + 0xb3.
    const PRIME: u64 = 0x0000_0100_0000_01b3;

    fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(Digest::PRIME);
        }
    }
}

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.feed(text.as_bytes());
        Ok(())
    }
}
