//! The worlds in the order in which they were found, each one word, in blocks.
//!
//! Invariant: a world keeps its number, and its level is a range of numbers. Blocks never move, so
//! that adding a world never needs the memory of two lists.

use std::ops::Range;

/// Words in a block.
const BLOCK: usize = 1 << 15;

/// A list of words that only grows.
#[derive(Default)]
pub struct Keys {
    blocks: Vec<Vec<u64>>,
    len: usize,
}

impl Keys {
    pub fn push(&mut self, word: u64) {
        if self.len.is_multiple_of(BLOCK) {
            // Small searches are many, so that their one block grows as it is needed.
            let capacity = if self.len == 0 { 16 } else { BLOCK };
            self.blocks.push(Vec::with_capacity(capacity));
        }
        self.blocks[self.len / BLOCK].push(word);
        self.len += 1;
    }

    pub fn get(&self, at: usize) -> u64 {
        self.blocks[at / BLOCK][at % BLOCK]
    }

    /// Replaces what is in `words` by the words of these worlds.
    pub fn read(&self, range: Range<usize>, words: &mut Vec<u64>) {
        words.clear();
        let Range { mut start, end } = range;
        while start < end {
            let block = &self.blocks[start / BLOCK];
            let within = start % BLOCK..block.len().min(start % BLOCK + (end - start));
            start += within.len();
            words.extend_from_slice(&block[within]);
        }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// Gives every world another word.
    pub fn rewrite(&mut self, mut other: impl FnMut(u64) -> u64) {
        for word in self.blocks.iter_mut().flatten() {
            *word = other(*word);
        }
    }

    /// All words in their order, some at a time.
    pub fn each(&self, mut with: impl FnMut(&[u64])) {
        const AT_ONCE: usize = 256;
        for block in &self.blocks {
            block.chunks(AT_ONCE).for_each(&mut with);
        }
    }

    pub fn bytes(&self) -> usize {
        let words: usize = self.blocks.iter().map(Vec::capacity).sum();
        words * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, Keys};

    #[test]
    fn words_keep_their_order_across_blocks() {
        let mut keys = Keys::default();
        let count = 2 * BLOCK + 3;
        (0..count as u64).for_each(|word| keys.push(word));
        keys.rewrite(|word| word * 2);
        assert_eq!(keys.len(), count);
        assert!((0..count).all(|at| keys.get(at) == 2 * at as u64));
        let mut all = Vec::new();
        keys.each(|words| all.extend_from_slice(words));
        let doubled: Vec<u64> = (0..count as u64).map(|word| word * 2).collect();
        assert_eq!(all, doubled);
        let mut some = vec![7];
        for range in [0..0, 0..count, BLOCK - 1..BLOCK + 1, count - 1..count] {
            keys.read(range.clone(), &mut some);
            assert_eq!(some, doubled[range]);
        }
    }
}
