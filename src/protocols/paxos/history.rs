//! What agents claim, and what has happened: who proposed, accepted and learned what.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Acceptances, Paxos, Proposal, Value};
use crate::model::{Id, NodeSet, Observation, Observed};

/// What an agent says of a step. An acceptance takes effect when it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Claim {
    /// A proposer has begun: it has a value to propose.
    Proposed(Value),
    Accepted(Proposal),
    Learned(Value),
    /// An acceptor kept its promise, and refused (P1a).
    Refused,
    /// A proposer took over a value that was reported to it (P2c).
    Adopted,
}

impl Observed<Paxos> for Claim {
    fn in_words(&self, _: &Paxos) -> Observation {
        // There is only one choice.
        let subject = 1;
        match *self {
            Claim::Proposed(value) => Observation::Invoked {
                subject,
                value: value.into(),
            },
            Claim::Accepted(Proposal { ballot, value }) => Observation::Accepted {
                subject: ballot.0.into(),
                value: value.into(),
            },
            Claim::Learned(value) => Observation::Chosen {
                subject,
                value: value.into(),
            },
            Claim::Refused => Observation::applied("P1a"),
            Claim::Adopted => Observation::applied("P2c"),
        }
    }
}

/// A fold of claims.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct History {
    /// What those wanted that have begun.
    pub(super) proposed: BTreeSet<Value>,
    pub(super) accepted: Acceptances,
    pub(super) learned: BTreeSet<(Value, Id)>,
}

impl History {
    pub(super) fn record(&mut self, id: Id, claim: Claim) {
        match claim {
            Claim::Proposed(value) => {
                self.proposed.insert(value);
            }
            Claim::Accepted(proposal) => self.accepted.add(proposal, id),
            Claim::Learned(value) => {
                self.learned.insert((value, id));
            }
            Claim::Refused | Claim::Adopted => {}
        }
    }

    /// The proposals that a majority has accepted: their values are chosen (PMS, 2.2), whoever
    /// knows it.
    pub(super) fn chosen(&self, paxos: &Paxos) -> impl Iterator<Item = (Proposal, NodeSet)> {
        let proposals = self.accepted.iter();
        proposals.filter(|(_, who)| paxos.is_majority(*who))
    }

    pub(super) fn is_chosen(&self, paxos: &Paxos, value: Value) -> bool {
        self.chosen(paxos).any(|(p, _)| p.value == value)
    }
}
