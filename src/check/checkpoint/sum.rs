//! Checksums.

use std::io::{self, Read};

/// A checksum, eight bytes at a time. Every change of a single word changes it.
#[derive(Clone, Copy, Default)]
pub struct Sum {
    state: u64,
    pending: u64,
    len: u64,
}

impl Sum {
    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.pending |= u64::from(*byte) << (8 * (self.len % 8));
            self.len += 1;
            if self.len.is_multiple_of(8) {
                self.state = stir(self.state ^ self.pending);
                self.pending = 0;
            }
        }
    }

    /// The sum with the next bytes of a file added.
    pub fn over(mut self, file: &mut impl Read, mut left: u64) -> io::Result<u64> {
        let mut buffer = vec![0; 1 << 16];
        while left > 0 {
            let some = usize::try_from(left)
                .unwrap_or(usize::MAX)
                .min(buffer.len());
            file.read_exact(&mut buffer[..some])?;
            self.add(&buffer[..some]);
            left -= some as u64;
        }
        Ok(self.finish())
    }

    pub fn finish(self) -> u64 {
        stir(stir(self.state ^ self.pending) ^ self.len)
    }
}

/// A bijection that spreads every bit (the finaliser of `SplitMix64`).
fn stir(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

/// A digest of a text.
pub fn digest(text: &str) -> u64 {
    let mut sum = Sum::default();
    sum.add(text.as_bytes());
    sum.finish()
}
