//! Lists of various lengths, one after another in a single list.

use crate::check::intern::number;

/// A piece of a list that many parts share.
#[derive(Clone, Copy, Default)]
pub struct Piece {
    start: u32,
    len: u32,
}

/// Pieces of one list after another.
pub struct Pieces<T>(Vec<T>);

impl<T> Default for Pieces<T> {
    fn default() -> Self {
        Pieces(Vec::new())
    }
}

impl<T: Copy> Pieces<T> {
    pub fn add(&mut self, items: impl IntoIterator<Item = T>) -> Piece {
        let start = self.0.len();
        self.0.extend(items);
        Piece {
            start: number(start),
            len: number(self.0.len() - start),
        }
    }

    #[inline]
    pub fn get(&self, piece: Piece, nth: usize) -> Option<T> {
        let within = nth < piece.len as usize;
        within.then(|| self.0[piece.start as usize + nth])
    }

    pub fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<T>()
    }
}
