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

    pub fn bytes(&self) -> usize {
        let words: usize = self.blocks.iter().map(Vec::capacity).sum();
        words * size_of::<u64>()
    }
}
