//! What agents claim, and what has happened: who proposed, accepted and learned what.

use derive_where::derive_where;
use serde::{Deserialize, Serialize};

use super::{Acceptances, Consensus, Proposal};
use crate::model::actor::Data;
use crate::model::{Few, Id, NodeSet, Observation, Observed, Renaming, Value as Word};

/// What an agent says of a step. An acceptance takes effect when it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Claim<V> {
    /// A proposer has begun: it has a value to propose.
    Proposed(V),
    Accepted(Proposal<V>),
    Learned(V),
    /// An acceptor kept its promise, and refused (P1a).
    Refused,
    /// A proposer took over a value that was reported to it (P2c).
    Adopted,
}

impl<A, V: Data + Copy + Into<Word>> Observed<A> for Claim<V> {
    fn in_words(&self, _: &A) -> Observation {
        self.told(V::into)
    }
}

impl<V: Copy> Claim<V> {
    /// The same in words, with values as one likes to put them.
    pub fn told(&self, word: impl Fn(V) -> Word) -> Observation {
        // There is only one choice, or its values tell which.
        let subject = 1;
        match *self {
            Claim::Proposed(value) => Observation::Invoked {
                subject,
                value: word(value),
            },
            Claim::Accepted(Proposal { ballot, value }) => Observation::Accepted {
                subject: ballot.0.into(),
                value: word(value),
            },
            Claim::Learned(value) => Observation::Chosen {
                subject,
                value: word(value),
            },
            Claim::Refused => Observation::applied("P1a"),
            Claim::Adopted => Observation::applied("P2c"),
        }
    }
}

/// A fold of claims.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[derive_where(Default)]
#[serde(bound(deserialize = "V: Deserialize<'de> + Ord"))]
pub struct History<V> {
    /// What those wanted that have begun.
    pub proposed: Few<V>,
    pub accepted: Acceptances<V>,
    pub learned: Few<(V, Id)>,
}

impl<V: Copy + Ord> History<V> {
    pub fn record(&mut self, id: Id, claim: Claim<V>) {
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

    /// With acceptors by other names.
    pub fn renamed(&self, by: &Renaming) -> Self {
        History {
            accepted: self.accepted.renamed(by),
            ..self.clone()
        }
    }

    /// The proposals that a majority has accepted: their values are chosen (PMS, 2.2), whoever
    /// knows it.
    pub fn chosen<P: Consensus<Value = V>>(
        &self,
        protocol: &P,
        instance: P::Instance,
    ) -> impl Iterator<Item = (Proposal<V>, NodeSet)> {
        let proposals = self.accepted.iter();
        proposals.filter(move |(_, who)| protocol.chooses(instance, *who))
    }

    pub fn is_chosen<P: Consensus<Value = V>>(
        &self,
        protocol: &P,
        instance: P::Instance,
        value: V,
    ) -> bool {
        let mut chosen = self.chosen(protocol, instance);
        chosen.any(|(p, _)| p.value == value)
    }
}
