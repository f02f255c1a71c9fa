//! The fast engine: the same relation over numbers, every world one word.
//!
//! Parts of worlds are interned (`intern`, `books`), what the model says of them is
//! remembered (`memo`), and `cursor` makes that a carrier, so that the relation is the very
//! same. A world is packed into a word (`pack`), the words seen are a set (`visited`) and a
//! list in the order of their discovery (`keys`). `search` goes through them level by level, a
//! round of worlds at a time, and has them expanded and looked up by workers (`worker`, `crew`); a
//! way to a world is found again by expanding what lies before it (`schedule`); what can still be
//! reached is found out backwards (`sweep`); predicates are asked once for what they read (`views`).
//!
//! Invariant: it finds what the plain engine finds, world by world in the same order, so counts,
//! verdicts and schedules are equal, at any number of threads. It knows nothing of any protocol.
//!
//! Where it is asked to, it takes worlds that differ by names for one (`names`, `orbits`): the set has
//! the word of the world that stands for all of them, and the list that of the world that was found,
//! so that schedules are what really happens. Questions are asked by all names (`equivariance`).
//!
//! One thing differs: a search that its monitor stopped may be stopped again while it looks for
//! blocked worlds. Then it reports none, and the search says that it was stopped.

mod books;
mod crew;
mod cursor;
mod equivariance;
mod intern;
mod keys;
mod memo;
mod names;
mod orbits;
mod pack;
mod schedule;
mod search;
mod sweep;
mod views;
mod visited;
mod worker;

pub use search::explore;

/// How the engine goes about it. None of it changes what is found, but how many worlds it takes.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// How many threads search, at most 32; 0 stands for as many as the machine has cores.
    pub threads: usize,
    /// The bits of a word that fields may fill, at most 63.
    pub word_bits: u32,
    /// The slots with which each segment of the set of words begins.
    pub slots: usize,
    /// How many worlds a worker expands in a row.
    pub chunk: usize,
    /// From how many worlds in a round on more than one thread is worth while.
    pub shared_from: usize,
    /// The steps that are remembered for each predicate.
    pub steps_max: usize,
    /// Of so many known answers of handlers, one is asked for again and compared: every one if it
    /// is 1, none if it is 0. A handler that answers differently is named in a panic.
    pub doubt: u32,
    /// Take worlds that differ by the names of nodes that are alike for one; see
    /// [`Symmetry`](crate::model::Symmetry). Verdicts are the same, and schedules as long; of worlds
    /// those are counted that are left.
    pub symmetry: bool,
}

impl Tuning {
    /// How many threads that are.
    pub fn crew(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = match self.threads {
            0 => cores(),
            threads => threads,
        };
        threads.min(visited::Visited::SHARES_MAX)
    }
}

impl Default for Tuning {
    fn default() -> Self {
        Tuning {
            threads: 0,
            word_bits: 63,
            slots: 64,
            chunk: 128,
            shared_from: 512,
            steps_max: 1 << 22,
            doubt: 1 << 14,
            symmetry: false,
        }
    }
}
