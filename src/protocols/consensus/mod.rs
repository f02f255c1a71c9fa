//! Consensus by ballots (PMS, 2.1 and 2.2), stated once: of the values that are proposed, a majority of
//! acceptors chooses one.
//!
//! - L. Lamport, *Paxos Made Simple*, 2001 (PMS): section 2.1 states the problem, 2.2 what the choice
//!   of a value asks of ballots.
//! - L. Lamport, *The Part-Time Parliament*, 1998 (PTP), 2.1: the same as B1 to B3.
//!
//! | stated in         | says                                                          | property |
//! |-------------------|---------------------------------------------------------------|----------|
//! | PMS, 2.1          | Only a value that has been proposed may be chosen.            | `non-triviality` |
//! | PMS, 2.1          | Only a single value is chosen.                                | `consistency` |
//! | PMS, 2.1          | A process never learns that a value has been chosen unless it has been. | `learning` |
//! | PMS, 2.2, P2b     | What is proposed after a value was chosen has that value.     | `stability` |
//! | PMS, 2.2, P2c; B3 | A proposal has the value that some majority leaves open.      | `p2c` |
//! | PTP, 2.1, B1      | Each ballot has a number of its own.                          | `one-value-per-ballot` |
//!
//! A value is *chosen* as soon as a majority has accepted it in one ballot, whether anybody knows or not.
//!
//! A protocol that solves the problem implements [`Consensus`], takes the [`properties`] from here, and
//! has its handlers observe [`Claim`]s. One that makes several choices keeps a [`History`] of each. Who proposes when, and who learns how, is no matter here: nothing here
//! knows a message, a timer or a state of any protocol.

mod ballots;
mod history;
pub mod properties;

pub use self::ballots::{Acceptances, Ballot, Proposal};
pub use self::history::{Claim, History};
pub use self::properties::Consensus;
