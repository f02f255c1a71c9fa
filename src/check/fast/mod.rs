//! The fast engine: the same relation over numbers, every world one word.
//!
//! Parts of worlds are interned (`intern`, `books`), what the model says of them is
//! remembered (`memo`), and `cursor` makes that a carrier, so that the relation is the very
//! same. A world is packed into a word (`pack`), the words seen are a set (`visited`) and a
//! list in the order of their discovery (`keys`). `search` goes through them level by level;
//! what can still be reached is found out backwards (`sweep`); predicates are asked once for
//! what they read (`views`).
//!
//! Invariant: it finds what the plain engine finds, world by world in the same order, so counts,
//! verdicts and schedules are equal. It knows nothing of any protocol.
//!
//! One thing differs: a search that its monitor stopped may be stopped again while it looks for
//! blocked worlds. Then it reports none, and the search says that it was stopped.

mod books;
mod cursor;
mod intern;
mod keys;
mod memo;
mod pack;
mod search;
mod sweep;
mod views;
mod visited;

pub use search::explore;

/// What the engine may be told, for tests: none of it changes what is found.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// The bits of a word that fields may fill, at most 63.
    pub word_bits: u32,
    /// The slots with which each segment of the set of words begins.
    pub slots: usize,
    /// How many successors are gathered before they are looked up together.
    pub batch: usize,
    /// The steps that are remembered for each predicate.
    pub steps_max: usize,
    /// Of so many known answers of handlers, one is asked for again and compared: every one if it
    /// is 1, none if it is 0. A handler that answers differently is named in a panic.
    pub doubt: u32,
}

impl Default for Tuning {
    fn default() -> Self {
        Tuning {
            word_bits: 63,
            slots: 64,
            batch: 128,
            steps_max: 1 << 22,
            doubt: 1 << 14,
        }
    }
}
