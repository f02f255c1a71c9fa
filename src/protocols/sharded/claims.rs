//! What nodes say of their steps, and what is remembered of that.

use serde::{Deserialize, Serialize};

use super::{Attempt, Decision, Key, Outcome, Sharded, Transaction, Vote};
use crate::model::{FewMap, Id, NodeSet, Observation, Observed, Value};
use crate::protocols::atomic_commitment::Outcomes;
use crate::protocols::transactions::{self, Txn};

/// What a node says of its step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Claim {
    /// A client asks for the n-th of its transactions, with a new number.
    Asked(Txn, u32, Transaction),
    /// A coordinator begins it: who has to vote.
    Begun(Attempt, NodeSet),
    Voted(Txn, Vote),
    Locked(Txn),
    Released(Txn),
    Decided(Txn, Decision),
    /// The first waits for locks of the second.
    Waits(Txn, Txn),
    /// The first is in the way of the second, and gives way.
    GivesWay(Attempt, Attempt),
    /// A server hands over all of its prepared part in it.
    HandsOver(Txn),
    /// A server gets a prepared part in it from another.
    TakesOver(Txn),
    /// A client is told what became of it.
    Told(Attempt, Outcome),
    /// What is said of what it reads and writes.
    Of(transactions::Claim),
    /// What was claimed of a step that replicas have chosen: in which version, and at which place in that.
    Chosen((u32, u32), Box<Claim>),
    /// All that was claimed in a version that a replica has found as it came to lead: nobody may have said so.
    Found(u32, Vec<Claim>),
}

/// A fold of claims.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct History {
    pub attempts: FewMap<Txn, Tried>,
    pub reads_and_writes: transactions::History,
    /// The first that gave way to a younger one.
    pub unjust: Option<(Txn, Txn)>,
    /// The first sum that was read and is wrong, and by whom.
    pub wrong_sum: Option<(Txn, u64)>,
    /// The first locks that were taken when the outcome was known: for what, and by whom.
    pub late_locks: Option<(Txn, Id)>,
    /// Somebody gave way.
    pub gave_way: bool,
    /// Somebody got a prepared part from another.
    pub took_over: bool,
    /// The last that the replicas of each server have said.
    pub chosen: FewMap<Id, (u32, u32)>,
}

/// What was claimed of one attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tried {
    /// What it is an attempt at: which transaction of which client, as soon as that has said it.
    pub at: Option<(Id, u32)>,
    pub owners: NodeSet,
    /// Nobody, as long as nobody has begun it.
    pub coordinator: NodeSet,
    /// Clients count as sites, which are told.
    pub outcomes: Outcomes,
    /// Committed more than once.
    pub again: NodeSet,
    /// Those that have handed over their part.
    pub handed: NodeSet,
    /// Those that have got a part, and not learnt the outcome since.
    pub taken: NodeSet,
}

impl Observed<Sharded> for Claim {
    fn in_words(&self, protocol: &Sharded) -> Observation {
        let subject = |txn: &Txn| u64::from(txn.0);
        match self {
            Claim::Asked(txn, _, transaction) => Observation::Invoked {
                subject: subject(txn),
                value: word(format!("{transaction}")),
            },
            Claim::Begun(attempt, owners) => {
                let names = protocol.names(*owners);
                Observation::noted(format!(
                    "begins {}, of which {names} have a part",
                    attempt.txn
                ))
            }
            Claim::Voted(txn, vote) => Observation::Voted {
                subject: subject(txn),
                value: vote.word().into(),
            },
            Claim::Locked(txn) => Observation::Locked {
                subject: subject(txn),
            },
            Claim::Released(txn) => Observation::Released {
                subject: subject(txn),
            },
            Claim::Decided(txn, decision) => Observation::Decided {
                subject: subject(txn),
                value: decision.word().into(),
            },
            Claim::Waits(who, whom) => Observation::noted(format!("has {who} wait for {whom}")),
            Claim::GivesWay(who, to) => {
                Observation::noted(format!("has {} give way to {}", who.txn, to.txn))
            }
            Claim::HandsOver(txn) => Observation::noted(format!("hands over its part in {txn}")),
            Claim::TakesOver(txn) => Observation::noted(format!("takes over a part in {txn}")),
            Claim::Told(attempt, outcome) => Observation::Returned {
                subject: subject(&attempt.txn),
                value: word(format!("{outcome:?}")),
            },
            Claim::Of(claim) => Observation::noted(of(*claim)),
            Claim::Chosen(_, claim) => claim.in_words(protocol),
            Claim::Found(version, _) => Observation::noted(format!("finds version {version}")),
        }
    }
}

fn word(text: String) -> Value {
    Value::Word(text.into())
}

/// In few words, since pictures have room for no more: an initial version goes without saying.
fn of(claim: transactions::Claim) -> String {
    use transactions::{Claim, Version};
    match claim {
        Claim::Began(txn) => format!("begins {txn}"),
        Claim::Read(txn, key, Version::Initial) => format!("reads {key} for {txn}"),
        Claim::Read(txn, key, Version::By(writer)) => format!("reads {key} of {writer} for {txn}"),
        Claim::Writes(txn, key) => format!("has {txn} write {key}"),
        Claim::Installed(txn, key, Version::Initial) => format!("writes {key} for {txn}"),
        Claim::Installed(txn, key, Version::By(writer)) => {
            format!("writes {key} for {txn} over {writer}'s")
        }
        Claim::Committed(txn) => format!("commits {txn}"),
        Claim::Aborted(txn) => format!("aborts {txn}"),
    }
}

impl History {
    pub fn record(&mut self, protocol: &Sharded, id: Id, claim: &Claim) {
        let id = protocol.stands_for(id);
        match claim {
            Claim::Asked(txn, nth, _) => {
                self.of(*txn).at = Some((id, *nth));
                let began = transactions::Claim::Began(*txn);
                self.reads_and_writes.record(began);
            }
            Claim::Begun(attempt, owners) => {
                let tried = self.of(attempt.txn);
                tried.owners = *owners;
                tried.coordinator = NodeSet::only(id);
            }
            Claim::Voted(txn, Vote::Yes) => self.of(*txn).outcomes.voted_yes.insert(id),
            Claim::Voted(txn, Vote::No) => self.of(*txn).outcomes.voted_no.insert(id),
            Claim::Decided(txn, decision) => self.decided(id, *txn, *decision),
            Claim::GivesWay(who, to) => {
                self.gave_way = true;
                if self.first(who.txn) < self.first(to.txn) {
                    self.unjust.get_or_insert((who.txn, to.txn));
                }
            }
            Claim::Told(attempt, outcome) => self.told(protocol, id, attempt.txn, outcome),
            Claim::Of(claim) => self.reads_and_writes.record(*claim),
            Claim::Locked(txn) => {
                let Tried {
                    outcomes, taken, ..
                } = self.of(*txn);
                let knows = outcomes.committed.union(outcomes.aborted).minus(*taken);
                if knows.contains(id) {
                    self.late_locks.get_or_insert((*txn, id));
                }
            }
            Claim::HandsOver(txn) => {
                let tried = self.of(*txn);
                tried.handed.insert(id);
                tried.taken.remove(id);
            }
            Claim::TakesOver(txn) => {
                self.took_over = true;
                let tried = self.of(*txn);
                tried.handed.remove(id);
                tried.taken.insert(id);
            }
            Claim::Released(_) | Claim::Waits(..) => {}
            Claim::Chosen(at, claim) => self.chosen(protocol, id, *at, claim),
            Claim::Found(version, claims) => {
                for (place, claim) in (0..).zip(claims) {
                    self.chosen(protocol, id, (*version, place), claim);
                }
            }
        }
    }

    /// Whoever comes to know it says it: what counts is the first time.
    fn chosen(&mut self, protocol: &Sharded, server: Id, at: (u32, u32), claim: &Claim) {
        if self.chosen.get(&server).is_none_or(|last| *last < at) {
            self.chosen.insert(server, at);
            self.record(protocol, server, claim);
        }
    }

    /// The first attempt at the same transaction.
    fn first(&self, txn: Txn) -> Txn {
        let at = |txn| self.attempts.get(txn).and_then(|tried| tried.at);
        let of = at(&txn);
        let mut attempts = self.attempts.keys();
        let first = attempts.find(|other| of.is_some() && at(other) == of);
        first.copied().unwrap_or(txn)
    }

    fn of(&mut self, txn: Txn) -> &mut Tried {
        self.attempts.of(txn)
    }

    fn decided(&mut self, id: Id, txn: Txn, decision: Decision) {
        let tried = self.of(txn);
        let knows = tried.outcomes.committed.minus(tried.taken);
        tried.taken.remove(id);
        match decision {
            Decision::Commit if knows.contains(id) => tried.again.insert(id),
            Decision::Commit => tried.outcomes.committed.insert(id),
            Decision::Abort => tried.outcomes.aborted.insert(id),
        }
    }

    fn told(&mut self, protocol: &Sharded, id: Id, txn: Txn, outcome: &Outcome) {
        let (decision, claim) = match outcome {
            Outcome::Committed(values) => {
                if let Some(sum) = protocol.wrong_sum(&values.0) {
                    self.wrong_sum.get_or_insert((txn, sum));
                }
                (Decision::Commit, transactions::Claim::Committed(txn))
            }
            Outcome::Aborted(_) | Outcome::Restarted(_) => {
                (Decision::Abort, transactions::Claim::Aborted(txn))
            }
        };
        self.decided(id, txn, decision);
        self.reads_and_writes.record(claim);
    }
}

impl Sharded {
    /// The sum of what was read of all accounts, if it is not what they had at first.
    pub(super) fn wrong_sum(&self, read: &[(Key, u32)]) -> Option<u64> {
        let is_read = |account: &Key| read.iter().any(|(key, _)| key == account);
        let is_of_all = self.accounts.iter().all(is_read);
        let sum: u64 = read.iter().map(|(_, value)| u64::from(*value)).sum();
        (self.keeps_the_sum && is_of_all && sum != self.total()).then_some(sum)
    }
}
