//! How the engine goes about it: what its users can set, and what only its tests do.

use super::store::visited::Visited;
use crate::check::LOOK_EVERY;
use crate::check::reduction::{ByOrbits, Reduce};

/// What can be set. None of it changes a verdict. How many worlds there are depends on what may be left
/// out ([`reduce`](Self::reduce), [`first_look`](Self::first_look), [`questions_max`](Sizes::questions_max))
/// and on [`symmetry`](Self::symmetry); on nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// How many threads search, at most 32; 0 stands for as many as the machine has cores.
    pub threads: usize,
    /// How many blocks of the list of worlds are kept in memory. Older ones go to a temporary file.
    pub blocks_max: usize,
    /// Of so many known answers of the protocol (of handlers, of predicates, of what withholds, of what
    /// is recorded and whom timers await), one is asked for again and compared: every one if it is 1,
    /// none if it is 0. Whoever answers differently is named in a panic.
    pub doubt: u32,
    /// What may be left out.
    pub reduce: Reduce,
    /// Where a search is through within so many worlds, it leaves out nothing, and takes no worlds for one, unless it
    /// was told just that, and the number of questions to find out what it may leave out goes by how far it has
    /// looked; if 0, it asks at once.
    pub first_look: u64,
    /// Whether worlds that differ by the names of nodes that are alike are taken for one.
    pub symmetry: ByOrbits,
    /// What only tests change.
    pub sizes: Sizes,
}

/// Sizes of tables and portions of work. The defaults are good for every search; tests make them small, so
/// that what happens in large searches happens in theirs.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// The bits of a word that fields may fill, at most 63.
    pub word_bits: u32,
    /// The slots with which each segment of the set of keys begins.
    pub slots: usize,
    /// How many worlds are expanded between two looks at the monitor.
    pub round: usize,
    /// How many worlds a worker expands in a row.
    pub chunk: usize,
    /// From how many worlds in a round on more than one thread is worth while.
    pub shared_from: usize,
    /// How many events that may come from a link or a timer are remembered, more or less.
    pub offers_max: usize,
    /// The steps that are remembered for each predicate.
    pub steps_max: usize,
    /// The keys in a block of the list of worlds.
    pub block: usize,
    /// How many questions about handlers may be asked at most to find out which messages are dead. Where it
    /// takes more, no message counts as dead.
    pub questions_max: usize,
}

impl Tuning {
    /// Nothing is left out: every world is counted.
    pub fn unreduced() -> Self {
        Tuning {
            reduce: Reduce::NONE,
            ..Tuning::default()
        }
    }

    /// How many threads that are.
    pub fn crew(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = match self.threads {
            0 => cores(),
            threads => threads,
        };
        threads.min(Visited::SHARES_MAX)
    }

    /// What of it changes which worlds there are: a search goes on only with the same. Reductions, symmetry,
    /// and how it is found out what may be left out.
    pub fn of_worlds(&self) -> (Reduce, ByOrbits, impl std::fmt::Debug + use<>) {
        // All of it is named, so that whatever comes new has to be decided on here.
        let Tuning {
            threads: _,
            blocks_max: _,
            doubt: _,
            reduce,
            first_look,
            symmetry,
            sizes:
                Sizes {
                    word_bits: _,
                    slots: _,
                    round: _,
                    chunk: _,
                    shared_from: _,
                    offers_max: _,
                    steps_max: _,
                    block: _,
                    questions_max,
                },
        } = *self;
        (reduce, symmetry, (first_look, questions_max))
    }
}

impl Default for Tuning {
    fn default() -> Self {
        Tuning {
            threads: 0,
            blocks_max: usize::MAX,
            doubt: 1 << 14,
            reduce: Reduce::Auto,
            first_look: 1 << 13,
            symmetry: ByOrbits::Auto,
            sizes: Sizes::default(),
        }
    }
}

impl Default for Sizes {
    fn default() -> Self {
        Sizes {
            word_bits: 63,
            slots: 64,
            round: LOOK_EVERY,
            chunk: 128,
            shared_from: 512,
            offers_max: 1 << 16,
            steps_max: 1 << 22,
            block: 1 << 15,
            questions_max: 4_000_000,
        }
    }
}
