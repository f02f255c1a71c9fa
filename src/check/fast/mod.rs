//! The fast engine: the same relation over numbers, every world one word or two.
//!
//! Parts of worlds are interned (`intern`, `books`), what the model says of them is
//! remembered (`memo`, `offers`), and `cursor` makes that a carrier, so that the relation is the very
//! same. A world is packed into a key of a word or two (`pack`), the keys seen are a set (`visited`)
//! and a list in the order of their discovery (`keys`). `search` goes through them level by level, a
//! round of worlds at a time, and has them expanded and looked up by workers (`worker`, `crew`, `expander`),
//! but for those that came a moment ago (`lately`); a
//! way to a world is found again by expanding what lies before it (`schedule`); what can still be
//! reached is found out backwards (`sweep`); predicates are asked once for what they read (`views`).
//! How far it has come can be written down, and it goes on from there (`saved`).
//!
//! Invariant: it finds what the plain engine finds, world by world in the same order, so counts,
//! verdicts and schedules are equal, at any number of threads. It knows nothing of any protocol.
//!
//! Where it is asked to, it takes worlds that differ by names for one (`names`, `orbits`): the set has
//! the key of the world that stands for all of them, and the list that of the world that was found,
//! so that schedules are what really happens. Questions are asked by all names (`equivariance`).
//!
//! One thing differs: a search that its monitor stopped may be stopped again while it looks for
//! blocked worlds. Then it reports none, and the search says that it was stopped.
//!
//! Unless it is told otherwise it leaves out what changes no verdict (`reduce`). Then it finds less
//! than the plain engine: the same verdicts, by schedules as short, in fewer worlds.

mod attempt;
mod books;
mod crew;
mod cursor;
mod equivariance;
mod expander;
mod intern;
mod keys;
mod lately;
mod memo;
mod names;
mod offers;
mod orbits;
mod pack;
mod reduce;
mod saved;
mod schedule;
mod search;
mod sweep;
mod views;
mod visited;
mod worker;

pub use attempt::explore;

use super::LOOK_EVERY;
use super::reduction::Reduce;

/// How the engine goes about it. None of it changes a verdict. How many worlds there are depends on what may be left
/// out ([`reduce`](Self::reduce), [`first_look`](Self::first_look), [`questions_max`](Self::questions_max))
/// and on [`symmetry`](Self::symmetry); on nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// How many threads search, at most 32; 0 stands for as many as the machine has cores.
    pub threads: usize,
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
    /// How many of these blocks are kept in memory. Older ones go to a temporary file.
    pub blocks_max: usize,
    /// Of so many known answers of the protocol (of handlers, of predicates, of what withholds, of what
    /// is recorded and whom timers await), one is asked for again and compared: every one if it is 1,
    /// none if it is 0. Whoever answers differently is named in a panic.
    pub doubt: u32,
    /// What may be left out.
    pub reduce: Reduce,
    /// Where a search is through within so many worlds, it leaves out nothing unless it was told just what to
    /// leave out, and the number of questions to find out what it may leave out goes by how far it has
    /// looked; if 0, it asks at once.
    pub first_look: u64,
    /// How many questions about handlers may be asked at most to find out which messages are dead. Where it
    /// takes more, no message counts as dead.
    pub questions_max: usize,
    /// Take worlds that differ by the names of nodes that are alike for one; see
    /// [`Symmetry`](crate::model::Symmetry). Verdicts are the same, and schedules as long; of worlds
    /// those are counted that are left.
    pub symmetry: bool,
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
        threads.min(visited::Visited::SHARES_MAX)
    }

    /// What of it changes which worlds there are: a search goes on only with the same.
    pub fn of_worlds(&self) -> impl std::fmt::Debug + use<> {
        // All of it is named, so that whatever comes new has to be decided on here.
        let Tuning {
            threads: _,
            word_bits: _,
            slots: _,
            round: _,
            chunk: _,
            shared_from: _,
            offers_max: _,
            steps_max: _,
            block: _,
            blocks_max: _,
            doubt: _,
            reduce,
            first_look,
            questions_max,
            symmetry,
        } = *self;
        (reduce, first_look, questions_max, symmetry)
    }
}

impl Default for Tuning {
    fn default() -> Self {
        Tuning {
            threads: 0,
            word_bits: 63,
            slots: 64,
            round: LOOK_EVERY,
            chunk: 128,
            shared_from: 512,
            offers_max: 1 << 16,
            steps_max: 1 << 22,
            block: 1 << 15,
            blocks_max: usize::MAX,
            doubt: 1 << 14,
            reduce: Reduce::Auto,
            first_look: 1 << 13,
            questions_max: 4_000_000,
            symmetry: false,
        }
    }
}
