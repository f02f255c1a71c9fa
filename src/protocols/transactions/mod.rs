//! The problem that transactional stores share, stated once: whatever runs side by side looks as if it had run one
//! transaction after another.
//!
//! - A. Adya, B. Liskov, P. O'Neil, *Generalized Isolation Level Definitions*, 2000 (ALO): versions, the direct
//!   serialization graph, and the phenomena G0 to G2; A. Adya, *Weak Consistency*, 1999, section 4.1.1: G-single.
//! - C. Papadimitriou, *The Serializability of Concurrent Database Updates*, 1979; M. Herlihy, J. Wing,
//!   *Linearizability*, 1990, section 3.3: strict serialisability, in which who ended before another began comes first.
//! - H. Berenson et al., *A Critique of ANSI SQL Isolation Levels*, 1995: lost update (P4), write skew (A5B).
//!   P. Bailis et al., *Scalable Atomic Visibility with RAMP Transactions*, 2014: fractured reads.
//! - K. Kingsbury, P. Alvaro, *Elle*, 2020: to tell people of a short cycle, and to have order in time as edges of it.
//!
//! ```text
//!    T1 wrote x before T2 wrote it      T1 --ww--> T2      T2's version is right over that of T1
//!    T1 wrote x before T2 read it       T1 --wr--> T2      T2 read the version of T1
//!    T1 read x before T2 wrote it       T1 --rw--> T2      T2's version is right over the one that T1 read
//!    T1 ended before T2 began           T1 --rt--> T2      only if real time matters
//! ```
//!
//! A [`History`] is a fold of [`Claim`]s. It is serialisable if the committed transactions have an order in which each
//! reads the latest version of every key, and writes over that version over which it was installed. Without a cycle of
//! edges there is such an order; a cycle says why there is none, in words. What is no matter of cycles is found before:
//!
//! | found                                            | name                                             |
//! |--------------------------------------------------|--------------------------------------------------|
//! | a client is told of both outcomes                | two answers                                      |
//! | a committed transaction read from an aborted one | aborted read (G1a)                               |
//! | a version of an aborted transaction is there     | aborted write                                    |
//! | a transaction wrote a key over two versions      | write applied twice                              |
//! | two transactions wrote a key over one version    | lost update                                      |
//! | a cycle of ww                                    | write cycle (G0)                                 |
//! | a cycle of ww and wr                             | circular information flow (G1c)                  |
//! | a cycle with one rw (G-single)                   | fractured read, non-repeatable read, lost update |
//! | a cycle with several rw (G2)                     | write skew                                       |
//! | a cycle with rt                                  | stale read, real-time violation                  |
//!
//! A longer cycle goes by the name of its kind.
//!
//! *A transaction whose client hears nothing* counts as committed if one of its versions is installed anywhere, or read
//! by somebody who committed; else it may as well not have run. So a dirty read is found when its writer aborts.
//!
//! *A version that is not installed yet* stands behind all that are, since each is told with the one that it is over.
//! So writes that were lost are found, too. Only if several such versions of one key wait, and one of them was read or
//! written over, is their own order unknown. Then nothing is found that depends on it (nor anything that is not so),
//! and the order need not explain those reads.
//!
//! *What it costs.* The fold keeps a record of each transaction, with its reads and writes once each. Order in time
//! takes two numbers each and no pairs: a begin is numbered by the ends before it, an end by the begins before it,
//! which is the one least way to write an interval order (Fishburn, *Intransitive Indifference with Unequal
//! Indifference Intervals*, 1970). To judge T transactions with R reads and W writes is to sort a graph of O(T + R + W)
//! edges topologically, since time is a chain of moments in it: that takes as long, times a logarithm. A shortest cycle
//! is looked for only if there is one, and takes T times that.
//!
//! Nothing here knows a node, a message, a lock or a range of keys. A version is known by who wrote it, and a
//! transaction installs what it wrote last: intermediate reads (G1b) cannot be said. Nor can predicates: G2 is that of
//! items.

mod anomaly;
mod graph;
mod history;
#[cfg(test)]
mod tests;
mod versions;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::anomaly::{Anomaly, Phenomenon};
pub use self::graph::{Edge, Why};
pub use self::history::{Claim, History, Level};

/// A transaction. Written `T1`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Txn(pub u16);

/// A version of a key, known by who wrote it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Version {
    /// The one before all writes.
    #[default]
    Initial,
    By(Txn),
}

impl Version {
    pub fn writer(self) -> Option<Txn> {
        match self {
            Version::Initial => None,
            Version::By(writer) => Some(writer),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Version::Initial => f.write_str("its initial version"),
            Version::By(writer) => write!(f, "that of {writer}"),
        }
    }
}

impl fmt::Display for Txn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "T{}", self.0)
    }
}

impl fmt::Debug for Txn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
