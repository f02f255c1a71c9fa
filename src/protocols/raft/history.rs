//! What has happened, as far as properties ask: a fold of observations.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Raft;
use super::ask::{Ask, name};
use super::log::{Index, Position, Term};
use crate::model::{Id, NodeSet, Observation, Value};
use crate::protocols::key_value::Linearizability;

/// What a client is told that gave up, or crashed, before it got its answer.
pub const UNKNOWN: &str = "unknown";

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct History {
    /// Who led each term.
    leaders: BTreeMap<Term, Id>,
    /// What was committed where.
    committed: BTreeMap<Index, Settled>,
    /// The last entry that was committed in each term.
    committed_in: BTreeMap<Term, Position>,
    /// Where each command was executed.
    executed: BTreeMap<Value, Index>,
    /// What the clients were told.
    pub(super) clients: Linearizability,
    /// The first breach of each rule, in the words of the reason.
    pub(super) breaches: BTreeMap<Rule, (NodeSet, String)>,
}

/// An entry, and the first term in which somebody knew that it was committed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Settled {
    term: Term,
    value: Value,
}

/// What a history shows when it is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Rule {
    ElectionSafety,
    StateMachineSafety,
    ExactlyOnce,
}

impl History {
    /// Adds one observation.
    pub(super) fn record(&mut self, raft: &Raft, id: Id, observation: &Observation) {
        match observation {
            Observation::Elected { subject } => self.elected(term(*subject), id),
            Observation::Committed {
                subject,
                value,
                term: of,
                during,
            } => self.committed(id, index(*subject), term(*of), value, term(*during)),
            Observation::Executed { subject, value } => self.executed(id, index(*subject), value),
            Observation::Invoked { value, .. } => {
                if let Some(Ask::Operation(op)) = word(value).and_then(|w| w.parse().ok()) {
                    self.clients.invoke(raft.client_number(id) + 1, op);
                }
            }
            Observation::Returned { value, .. } => {
                let client = raft.client_number(id) + 1;
                if !self.clients.waits(client) {
                    // It was told about something else than the state machine.
                } else if *value == Value::from(UNKNOWN) {
                    self.clients.gives_up(client);
                } else if let Some(answer) = word(value).and_then(|w| w.parse().ok()) {
                    self.clients.returns(client, answer);
                }
            }
            _ => {}
        }
    }

    fn breach(&mut self, rule: Rule, who: NodeSet, what: String) {
        self.breaches.entry(rule).or_insert((who, what));
    }

    fn elected(&mut self, term: Term, id: Id) {
        let first = *self.leaders.entry(term).or_insert(id);
        if first != id {
            let who = NodeSet::only(first).with(id);
            let text = format!(
                "{} and {} were both elected in term {term:?}",
                name(first),
                name(id)
            );
            self.breach(Rule::ElectionSafety, who, text);
        }
    }

    fn committed(&mut self, id: Id, at: Index, term: Term, value: &Value, during: Term) {
        let settled = self.committed.entry(at).or_insert_with(|| Settled {
            term,
            value: value.clone(),
        });
        if settled.term != term || settled.value != *value {
            let text = format!(
                "{} takes {value} (term {term:?}) for committed at {at}, where {} (term {:?}) was",
                name(id),
                settled.value,
                settled.term
            );
            self.breach(Rule::StateMachineSafety, NodeSet::only(id), text);
        }
        // Who hears of it later, in a later term, adds nothing.
        let known = self
            .committed_by(during)
            .is_some_and(|last| last.index >= at);
        if !known {
            self.committed_in
                .insert(during, Position { index: at, term });
            self.committed_in
                .retain(|t, last| *t <= during || last.index > at);
        }
    }

    fn executed(&mut self, id: Id, at: Index, command: &Value) {
        let first = *self.executed.entry(command.clone()).or_insert(at);
        if first != at {
            let text = format!(
                "{} executed {command} at {at}, after it was at {first}",
                name(id)
            );
            self.breach(Rule::ExactlyOnce, NodeSet::only(id), text);
        }
    }

    /// The last entry that was known to be committed in this term, or before.
    pub(super) fn committed_by(&self, term: Term) -> Option<Position> {
        let (_, last) = self.committed_in.range(..=term).next_back()?;
        Some(*last)
    }

    /// The last entry that is committed at all.
    pub(super) fn last_committed(&self) -> Option<Position> {
        let (_, last) = self.committed_in.last_key_value()?;
        Some(*last)
    }

    /// What was committed there.
    pub(super) fn value_at(&self, index: Index) -> Option<&Value> {
        self.committed.get(&index).map(|settled| &settled.value)
    }

    /// The last term that a server was elected in, if that is behind this one.
    pub(super) fn led_after(&self, id: Id, term: Term) -> Option<Term> {
        // Nearly always nobody was elected in a later term.
        self.leaders
            .last_key_value()
            .filter(|(last, _)| **last > term)?;
        let later = self.leaders.range(term.next()..);
        let mut led = later.rev().filter(|(_, who)| **who == id);
        led.next().map(|(term, _)| *term)
    }

    pub(super) fn has_leader(&self) -> bool {
        !self.leaders.is_empty()
    }

    pub(super) fn has_committed(&self) -> bool {
        !self.committed.is_empty()
    }
}

fn term(subject: u64) -> Term {
    Term(u32::try_from(subject).expect("a term"))
}

fn index(subject: u64) -> Index {
    Index::try_from(subject).expect("an index")
}

fn word(value: &Value) -> Option<&str> {
    match value {
        Value::Word(word) => Some(word),
        Value::Number(_) => None,
    }
}
