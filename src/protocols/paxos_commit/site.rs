//! Votes, and what each node keeps of them, in memory and on stable storage.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Ballot, Decision, Vote};
use crate::model::{FewMap, Id, NodeSet};

/// What an instance chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Value {
    Prepared,
    Aborted,
}

/// A value in each of some instances, which go by their participants.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Votes {
    pub prepared: NodeSet,
    pub aborted: NodeSet,
}

/// What an acceptor has accepted last: in ballot 0 some of the votes, in any other all.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Accepted {
    pub ballot: Ballot,
    pub votes: Votes,
}

/// What acceptors say that they have accepted in one ballot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Heard(FewMap<Id, Votes>);

/// What a node knows while it is up.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    Participant(Participant),
    Acceptor(Acceptor),
}

/// What survives a crash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Storage {
    Participant(Phase),
    Acceptor(Record),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Participant {
    pub phase: Phase,
    /// How many acceptors it has asked for the outcome, in vain; and round again.
    pub tries: u8,
    /// What acceptors have told it, with `faster`.
    pub heard: Heard,
}

/// A participant's part in the transaction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// Its vote is still up to the environment.
    Open,
    /// Has not voted, and may still abort by itself.
    Working {
        vote: Vote,
    },
    /// Voted *prepared*, and does not know the outcome. Holds its locks.
    Prepared,
    Decided(Decision),
}

/// An acceptor, and the leader on its node.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Acceptor {
    /// As it is on stable storage.
    pub record: Record,
    /// Votes that have come and are to be accepted with the others.
    pub pending: Votes,
    pub leader: Leader,
}

/// What an acceptor must not forget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Record {
    /// It accepts nothing below this ballot, in any instance.
    pub promised: Ballot,
    pub accepted: Accepted,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Leader {
    /// Leads nobody, and never did.
    Idle,
    /// Led a ballot that is overtaken. Others may still wait for it.
    Overtaken,
    /// Phase 1: collects promises for just this ballot.
    Preparing {
        ballot: Ballot,
        promised: NodeSet,
        /// What prevails of what the promises reported.
        reported: Accepted,
    },
    /// Phase 2: has asked to accept in this ballot; in ballot 0 the participants have.
    Proposing {
        ballot: Ballot,
        heard: Heard,
    },
    Decided(Decision),
}

impl Votes {
    pub fn only(participant: Id, value: Value) -> Self {
        let mut votes = Votes::default();
        votes.add(participant, value);
        votes
    }

    pub fn add(&mut self, participant: Id, value: Value) {
        match value {
            Value::Prepared => self.prepared.insert(participant),
            Value::Aborted => self.aborted.insert(participant),
        }
    }

    pub fn union(self, other: Self) -> Self {
        Votes {
            prepared: self.prepared.union(other.prepared),
            aborted: self.aborted.union(other.aborted),
        }
    }

    /// Whose instances have a value here.
    pub fn voters(self) -> NodeSet {
        self.prepared.union(self.aborted)
    }

    pub fn has(self, participant: Id, value: Value) -> bool {
        match value {
            Value::Prepared => self.prepared.contains(participant),
            Value::Aborted => self.aborted.contains(participant),
        }
    }

    /// These, and not those.
    pub fn minus(self, other: Self) -> Self {
        Votes {
            prepared: self.prepared.minus(other.prepared),
            aborted: self.aborted.minus(other.aborted),
        }
    }

    pub fn iter(self) -> impl Iterator<Item = (Id, Value)> {
        let prepared = self.prepared.iter().map(|id| (id, Value::Prepared));
        prepared.chain(self.aborted.iter().map(|id| (id, Value::Aborted)))
    }

    /// What the transaction comes to if these are chosen, if that is clear (GL, 4.2).
    pub fn outcome(self, participants: NodeSet) -> Option<Decision> {
        if !self.aborted.is_empty() {
            return Some(Decision::Abort);
        }
        (self.prepared == participants).then_some(Decision::Commit)
    }
}

impl Accepted {
    /// Of two reports what a leader has to heed: in each instance the value of the highest ballot. (In a ballot
    /// above 0 there is one in every instance, and in ballot 0 only the participant's own.)
    pub fn prevailing(self, other: Self) -> Self {
        if self.ballot == other.ballot {
            let votes = self.votes.union(other.votes);
            return Accepted { votes, ..self };
        }
        if self.ballot > other.ballot {
            self
        } else {
            other
        }
    }
}

impl Heard {
    pub fn add(&mut self, acceptor: Id, votes: Votes) {
        let before = self.0.of(acceptor);
        *before = before.union(votes);
    }

    pub fn from(&self) -> NodeSet {
        self.0.iter().map(|(acceptor, _)| *acceptor).collect()
    }

    /// The values that enough acceptors have accepted.
    pub fn chosen(&self, is_enough: impl Fn(NodeSet) -> bool) -> Votes {
        let heard = self.0.iter();
        let all = heard.fold(Votes::default(), |all, (_, votes)| all.union(*votes));
        let mut chosen = Votes::default();
        for (id, value) in all.iter() {
            let did = self.0.iter().filter(|(_, votes)| votes.has(id, value));
            if is_enough(did.map(|(acceptor, _)| *acceptor).collect()) {
                chosen.add(id, value);
            }
        }
        chosen
    }
}

impl Value {
    pub fn word(self) -> &'static str {
        match self {
            Value::Prepared => "prepared",
            Value::Aborted => "aborted",
        }
    }
}

/// As people read it: whose.
fn numbers(set: NodeSet) -> String {
    let numbers = set.iter().map(|id| format!("P{}", usize::from(id) + 1));
    numbers.collect::<Vec<_>>().join(" ")
}

/// `P1 P2 prepared, P3 aborted`.
impl fmt::Debug for Votes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sets = [
            (self.prepared, Value::Prepared),
            (self.aborted, Value::Aborted),
        ];
        let sets = sets.iter().filter(|(set, _)| !set.is_empty());
        let words: Vec<_> = sets
            .map(|(set, value)| format!("{} {}", numbers(*set), value.word()))
            .collect();
        let text = if words.is_empty() {
            "none".to_owned()
        } else {
            words.join(", ")
        };
        f.write_str(&text)
    }
}

/// `0: P1 prepared`.
impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {:?}", self.ballot, self.votes)
    }
}

impl fmt::Debug for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Open => "Open",
            Phase::Working { .. } => "Working",
            Phase::Prepared => "Prepared",
            Phase::Decided(Decision::Commit) => "Committed",
            Phase::Decided(Decision::Abort) => "Aborted",
        })
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Storage::Participant(phase) => phase.fmt(f),
            Storage::Acceptor(Record { promised, accepted }) => {
                write!(f, "Promised({promised:?})")?;
                if accepted.votes != Votes::default() {
                    write!(f, ", accepted {accepted:?}")?;
                }
                Ok(())
            }
        }
    }
}
