//! What is sent and waited for.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Attempt, Epoch, Operation, Outcome, Proposal, Range, Transaction};
use crate::model::Id;
use crate::protocols::consensus::Ballot;
use crate::protocols::transactions::Txn;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    /// A client asks a coordinator, which it takes to have started so many times.
    Begin {
        attempt: Attempt,
        incarnation: u32,
        epoch: Epoch,
        /// The epoch in which this attempt was first sent.
        since: Epoch,
        transaction: Transaction,
    },
    /// The coordinator tells its client.
    Reply(Txn, Outcome),
    /// The coordinator asks an owner for its vote.
    Prepare(Attempt, Epoch, Vec<Operation>),
    /// A vote, with the values that were to be read.
    Yes(Txn, Values),
    No(Txn, Why),
    Commit(Txn, Epoch),
    Abort(Txn),
    /// An owner acknowledges COMMIT, for all keys that it has in this epoch.
    Ack(Txn, Epoch),
    /// A prepared owner asks for the outcome.
    Inquiry(Txn, Epoch),
    /// An owner asks a coordinator to abort its transaction, which is in the way of an older one.
    Wound(Txn, Attempt),
    /// The master tells those that have to hand over or to get something.
    Configure(Epoch),
    /// They tell the master that nothing is on its way any more.
    Done(Epoch),
    /// What a server has of the keys that another has from this epoch on.
    Transfer(Epoch, Range),
    /// It is on the disk of who has it now.
    Received(Epoch),
    /// A client asks the master.
    WhichEpoch,
    /// The master tells it.
    Epoch(Epoch),
    /// A prepared owner asks the master about a transaction of a coordinator that is no member any more.
    Orphaned(Txn, Id),
    /// What a server that has replicas says, in its so manieth incarnation; the first says nothing of it.
    Of(u32, Box<Msg>),
    /// Among replicas, phase 1a: asks for a promise, and for what was accepted. Answered by `Promise` or `Refused`.
    PrepareBallot(Ballot),
    /// Phase 1b: nothing below the ballot will be accepted; and what was.
    Promise(Ballot, Arc<Proposal>),
    /// Phase 2a: what the leader has done. Answered by `Accepted` or `Refused`.
    Accept(Arc<Proposal>),
    /// Phase 2b, of a version.
    Accepted(Ballot, u32),
    /// A replica keeps the promise that it has given for this ballot.
    Refused(Ballot),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// A client has something to ask.
    Think,
    /// A client waits for an answer.
    Retry,
    /// A client waits before it tries again what has died.
    Backoff,
    /// A coordinator waits for votes.
    Votes(Txn),
    /// A coordinator waits for acknowledgements.
    Acks(Txn),
    /// A prepared owner waits for the outcome.
    Outcome(Txn),
    /// The master waits before it has the ring change.
    Change,
    /// The master waits for one that is not done.
    Announce(Id),
    /// A server waits until another has what is frozen for it.
    Transfer(Id),
    /// A replica waits for a leader, or for promises.
    Election,
    /// A leader waits before it asks the other replicas again to accept what it has done.
    Heartbeat,
}

/// Why an attempt is aborted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Why {
    /// What it asks for cannot be done.
    Refused,
    /// It was in the way of another, or somebody did not vote.
    Died,
    /// Some of its keys have moved, by this epoch.
    Moved(Epoch),
}

impl Msg {
    /// As an incarnation says it.
    pub fn of(self, incarnation: u32) -> Self {
        if incarnation == 1 {
            return self;
        }
        Msg::Of(incarnation, Box::new(self))
    }

    /// What is said, whichever incarnation says it.
    pub fn said(&self) -> &Msg {
        match self {
            Msg::Of(_, msg) => msg,
            msg => msg,
        }
    }

    /// What is said, and by which incarnation.
    pub fn opened(self) -> (u32, Msg) {
        match self {
            Msg::Of(incarnation, msg) => (incarnation, *msg),
            msg => (1, msg),
        }
    }

    /// The epoch that a server goes on to when it hears of it so.
    pub fn epoch(&self) -> Option<Epoch> {
        match self {
            Msg::Begin { epoch, .. }
            | Msg::Prepare(_, epoch, _)
            | Msg::Commit(_, epoch)
            | Msg::Inquiry(_, epoch)
            | Msg::Transfer(epoch, _) => Some(*epoch),
            _ => None,
        }
    }
}

/// Values of keys that were read.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Values(pub Vec<(super::Key, u32)>);

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, (key, value)) in self.0.iter().enumerate() {
            let space = if nth == 0 { "" } else { " " };
            write!(f, "{space}{key}={value}")?;
        }
        Ok(())
    }
}

/// `Commit(T1)`, `Commit(T1, epoch 1)`
fn about(f: &mut fmt::Formatter<'_>, kind: &str, txn: Txn, epoch: Epoch) -> fmt::Result {
    write!(f, "{kind}({txn}")?;
    in_epoch(f, epoch)?;
    f.write_str(")")
}

/// Nothing before the ring has changed.
fn in_epoch(f: &mut fmt::Formatter<'_>, epoch: Epoch) -> fmt::Result {
    if epoch == 0 {
        return Ok(());
    }
    write!(f, ", epoch {epoch}")
}

/// `Prepare(T1, take x 1)`, `Yes(T1)`, `Yes(T1, x=10)`, `Reply(T1, committed)`.
impl fmt::Debug for Msg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Msg::Begin {
                attempt,
                incarnation,
                epoch,
                since,
                transaction,
            } => {
                write!(f, "Begin({attempt:?}, {transaction}")?;
                if *incarnation > 1 {
                    write!(f, ", incarnation {incarnation}")?;
                }
                in_epoch(f, *epoch)?;
                if since < epoch {
                    write!(f, ", since {since}")?;
                }
                f.write_str(")")
            }
            Msg::Reply(txn, outcome) => write!(f, "Reply({txn}, {outcome:?})"),
            Msg::Prepare(attempt, epoch, operations) => {
                write!(f, "Prepare({attempt:?}")?;
                let mut operations = operations.iter();
                operations.try_for_each(|operation| write!(f, ", {operation}"))?;
                in_epoch(f, *epoch)?;
                f.write_str(")")
            }
            Msg::Yes(txn, values) if values.0.is_empty() => write!(f, "Yes({txn})"),
            Msg::Yes(txn, values) => write!(f, "Yes({txn}, {values:?})"),
            Msg::No(txn, Why::Refused) => write!(f, "No({txn}, refused)"),
            Msg::No(txn, Why::Died) => write!(f, "No({txn}, died)"),
            Msg::No(txn, Why::Moved(epoch)) => write!(f, "No({txn}, moved {epoch})"),
            Msg::Commit(txn, epoch) => about(f, "Commit", *txn, *epoch),
            Msg::Abort(txn) => write!(f, "Abort({txn})"),
            Msg::Ack(txn, epoch) => about(f, "Ack", *txn, *epoch),
            Msg::Inquiry(txn, epoch) => about(f, "Inquiry", *txn, *epoch),
            Msg::Wound(txn, by) => write!(f, "Wound({txn}, for {by:?})"),
            Msg::Configure(epoch) => write!(f, "Configure({epoch})"),
            Msg::Done(epoch) => write!(f, "Done({epoch})"),
            Msg::Transfer(epoch, range) => {
                let range = format!("{range:?}");
                let comma = if range.is_empty() { "" } else { ", " };
                write!(f, "Transfer({epoch}{comma}{range})")
            }
            Msg::Received(epoch) => write!(f, "Received({epoch})"),
            Msg::WhichEpoch => f.write_str("WhichEpoch"),
            Msg::Epoch(epoch) => write!(f, "Epoch({epoch})"),
            Msg::Orphaned(txn, coordinator) => write!(f, "Orphaned({txn}, {coordinator:?})"),
            // Nobody says that. It stands for the form itself, which is never heard as such: what is in it is.
            Msg::Of(0, msg) => write!(f, "Of({msg:?})"),
            Msg::Of(incarnation, msg) => {
                let msg = format!("{msg:?}");
                let msg = msg.strip_suffix(')').unwrap_or(&msg);
                write!(f, "{msg}, incarnation {incarnation})")
            }
            Msg::PrepareBallot(ballot) => write!(f, "PrepareBallot({ballot:?})"),
            Msg::Promise(ballot, accepted) => write!(f, "Promise({ballot:?}, {accepted:?})"),
            Msg::Accept(proposal) => write!(f, "Accept({proposal:?})"),
            Msg::Accepted(ballot, version) => write!(f, "Accepted({ballot:?}, {version})"),
            Msg::Refused(ballot) => write!(f, "Refused({ballot:?})"),
        }
    }
}
