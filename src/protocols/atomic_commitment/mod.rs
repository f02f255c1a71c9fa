//! The atomic commitment problem (BHG 7.3), stated once: a transaction that ran at several sites
//! commits at all of them, or at none.
//!
//! - P. Bernstein, V. Hadzilacos, N. Goodman, *Concurrency Control and Recovery in Database
//!   Systems*, 1987, section 7.3 (BHG).
//!
//! Each participant has one vote, YES or NO, and each site (a coordinator, too, if there is one) comes to one
//! decision, COMMIT or ABORT:
//!
//! | rule | says                                                                          | property |
//! |------|-------------------------------------------------------------------------------|----------|
//! | AC1  | All sites that reach a decision reach the same one.                           | `atomicity` |
//! | AC2  | A site cannot reverse its decision.                                           | `irrevocability` |
//! | AC3  | COMMIT can only be reached if all voted YES.                                  | `validity` |
//! | AC4  | If nothing failed and all voted YES, it is reached.                           | `commit-without-failures`, `commit-possible` |
//! | AC5  | Once all failures are repaired, and for long enough, all reach a decision.    | `recovers` |
//!
//! A participant is *uncertain* from its YES until it knows the decision. It holds its locks for as
//! long; there is no table of locks.
//!
//! A protocol that solves the problem implements [`AtomicCommitment`], takes the
//! [`properties`] from here, and has its handlers say with [`Observe`] who votes, decides and holds
//! locks. Nothing here knows a message, a timer or a record of any of them.

mod ballot;
mod decision;
mod history;
mod observe;
pub mod properties;
mod site;
pub mod successes;
#[cfg(test)]
mod tests;
mod transaction;

pub use self::ballot::{Ballot, Choice, MAX_PARTICIPANTS, PlannedVote, Vote, coordinator};
pub use self::decision::{Decision, Ruling};
pub use self::history::{History, Outcomes};
pub use self::observe::{Claim, Observe, Shown, claims};
pub use self::properties::{AtomicCommitment, Milestone, Occasion, Stage};
pub use self::site::{Site, Sites};
pub use self::transaction::{MAX_TRANSACTIONS, PerTxn, Txn};
