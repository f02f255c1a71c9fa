//! What servers tell each other, what passes between clients and servers, and what each waits for.
//!
//! Each answer names the ballot of what it answers.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::log::entry;
use super::{Ballot, Command, Proposal, Slot, Snapshot};
use crate::protocols::clients::{Ask, Reply};

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    /// Phase 1a, for all instances at once: asks for a promise, and for what was accepted from a slot on, the
    /// first that the server does not know to be chosen (PMS, 3). Answered by `Promise` or `Refused`.
    Prepare(Ballot, Slot),
    /// Phase 1b: nothing below the ballot will be accepted, in any instance; and what was.
    Promise(Ballot, Report),
    /// Phase 2a, of several instances, and what is chosen. Answered by `Accepted` or `Refused`.
    Accept(Accept),
    /// Phase 2b.
    Accepted(Accepted),
    /// The acceptor keeps a promise: what was asked for, and the ballot that it has promised (PMS, 2.2).
    Refused(Ballot, Ballot),
    /// From the leader to a server that lacks what the leader has compacted: the state that stands for it
    /// (Paxos Made Live, 5.5). It acknowledges nothing.
    State(Ballot, Arc<Snapshot>),
    /// From a client to a server, under the serial number of its command. It asks again, elsewhere, until it is
    /// told. Answered by `Reply`, once that is done.
    Request(u32, Ask),
    /// From a server to a client, under the serial number of the request: an answer, or whom to ask.
    Reply(u32, Reply),
}

/// What an acceptor has accepted from a slot on. Where it has compacted some of that, it has the state instead:
/// a compacted slot is not an empty one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Report {
    pub accepted: Arc<[(Slot, Proposal)]>,
    pub state: Option<Arc<Snapshot>>,
}

/// Without commands it is a heartbeat.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Accept {
    pub ballot: Ballot,
    pub commands: Arc<[(Slot, Command)]>,
    /// Up to here the leader knows all slots to be chosen.
    pub chosen: Slot,
    /// Which round of heartbeats this belongs to, so that an answer shows that it was sent after a read was
    /// asked for. Zero where nobody asks.
    pub round: u32,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Accepted {
    pub ballot: Ballot,
    pub slots: Arc<[Slot]>,
    /// The first slot that is chosen, and of which the server has not accepted what this leader proposed.
    pub lacks: Option<Slot>,
    /// That of the request.
    pub round: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// A server has not heard from a leader, or has not come to lead, for too long.
    Election,
    /// A leader sends its next heartbeat.
    Heartbeat,
    /// A server that prepares asks again those who have not promised.
    PrepareRetry,
    /// A leader proposes a command that no client asked for; see `Params::proposals`.
    Propose,
    /// A lease that began with a round of heartbeats is over. Two overlap.
    Lease(u8),
    /// The lease that an acceptor has granted is over.
    Grant,
    /// A client thinks before its next command.
    Think,
    /// A client has waited too long for an answer.
    Retry,
}

impl fmt::Debug for Msg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Msg::Prepare(ballot, from) => write!(f, "Prepare({ballot:?}, from {from})"),
            Msg::Promise(ballot, report) => {
                write!(f, "Promise({ballot:?}")?;
                if let Some(state) = &report.state {
                    write!(f, ", state {}", state.last)?;
                }
                for (slot, proposal) in report.accepted.iter() {
                    write!(f, " +{}", entry(*slot, *proposal))?;
                }
                f.write_str(")")
            }
            Msg::Accept(accept) => {
                write!(f, "Accept({:?}", accept.ballot)?;
                for (slot, command) in accept.commands.iter() {
                    write!(f, " +{slot}:{command}")?;
                }
                write!(f, ", chosen {}", accept.chosen)?;
                told_round(accept.round, f)
            }
            Msg::Accepted(accepted) => {
                write!(f, "Accepted({:?}", accepted.ballot)?;
                for slot in accepted.slots.iter() {
                    write!(f, " +{slot}")?;
                }
                if let Some(lacks) = accepted.lacks {
                    write!(f, ", lacks {lacks}")?;
                }
                told_round(accepted.round, f)
            }
            Msg::Refused(ballot, promised) => {
                write!(f, "Refused({ballot:?}, promised {promised:?})")
            }
            Msg::State(ballot, state) => write!(f, "State({ballot:?}, {})", state.last),
            Msg::Request(serial, ask) => write!(f, "Request({serial}, {ask})"),
            Msg::Reply(serial, reply) => write!(f, "Reply({serial}, {reply})"),
        }
    }
}

fn told_round(round: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match round {
        0 => f.write_str(")"),
        round => write!(f, ", round {round})"),
    }
}
