//! The worlds in the order in which they were found, each one word, in blocks.
//!
//! Invariant: a world keeps its number, and its level is a range of numbers. Blocks never move, so
//! that adding a world never needs the memory of two lists.

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

    #[inline]
    pub fn get(&self, at: usize) -> u64 {
        self.blocks[at / BLOCK][at % BLOCK]
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
    pub fn chunks(&self, words: usize) -> impl Iterator<Item = &[u64]> {
        self.blocks
            .iter()
            .flat_map(move |block| block.chunks(words))
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
        let all: Vec<u64> = keys.chunks(100).flatten().copied().collect();
        assert_eq!(
            all,
            (0..count as u64).map(|word| word * 2).collect::<Vec<_>>()
        );
    }
}
