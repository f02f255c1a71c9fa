//! What has happened, as far as properties ask: a fold of claims.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Id, Renaming};
use crate::protocols::clients;
use crate::protocols::key_value::Linearizability;
use crate::protocols::raft::{Claim, Content, Entry, Index, Position, Raft, Term};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct History {
    /// Who led each term.
    pub(super) leaders: BTreeMap<Term, Id>,
    /// What was committed where, first.
    pub(super) committed: BTreeMap<Index, Entry>,
    /// The last entry that was committed in each term.
    committed_in: BTreeMap<Term, Position>,
    /// Where each command was executed, first.
    pub(super) executed: BTreeMap<Content, Index>,
    /// What the clients were told.
    pub(super) clients: Linearizability,
    /// The first breach of election safety: in this term the second was elected after the first.
    pub(super) elected_both: Option<(Term, Id, Id)>,
    /// Of state machine safety: takes this entry for committed there, where another was.
    pub(super) committed_another: Option<(Id, Index, Entry)>,
    /// Of exactly-once: executed this command there, after it was executed elsewhere.
    pub(super) executed_again: Option<(Id, Index, Content)>,
}

impl History {
    /// Adds one observation.
    pub(super) fn record(&mut self, raft: &Raft, id: Id, claim: &Claim) {
        match *claim {
            Claim::Elected(term) => self.elected(term, id),
            Claim::Committed {
                index,
                entry,
                during,
            } => self.committed(id, index, entry, during),
            Claim::Executed { index, command } => self.executed(id, index, command),
            Claim::Invoked { serial, ask } => {
                let claim = clients::Claim::Invoked { serial, ask };
                claim.tell(&mut self.clients, raft.clients.number(id) + 1);
            }
            Claim::Returned { serial, reply } => {
                let claim = clients::Claim::Returned { serial, reply };
                claim.tell(&mut self.clients, raft.clients.number(id) + 1);
            }
        }
    }

    /// With servers by other names, where there are no clients.
    pub(super) fn renamed(&self, by: &Renaming) -> Self {
        let mut renamed = self.clone();
        for leader in renamed.leaders.values_mut() {
            *leader = by.id(*leader);
        }
        if let Some((_, first, second)) = &mut renamed.elected_both {
            (*first, *second) = (by.id(*first), by.id(*second));
        }
        if let Some((who, ..)) = &mut renamed.committed_another {
            *who = by.id(*who);
        }
        if let Some((who, ..)) = &mut renamed.executed_again {
            *who = by.id(*who);
        }
        renamed
    }

    fn elected(&mut self, term: Term, id: Id) {
        let first = *self.leaders.entry(term).or_insert(id);
        if first != id {
            self.elected_both.get_or_insert((term, first, id));
        }
    }

    fn committed(&mut self, id: Id, index: Index, entry: Entry, during: Term) {
        if *self.committed.entry(index).or_insert(entry) != entry {
            self.committed_another.get_or_insert((id, index, entry));
        }
        // Who hears of it later, in a later term, adds nothing.
        let known = self
            .committed_by(during)
            .is_some_and(|last| last.index >= index);
        if !known {
            let term = entry.term;
            self.committed_in.insert(during, Position { index, term });
            self.committed_in
                .retain(|t, last| *t <= during || last.index > index);
        }
    }

    fn executed(&mut self, id: Id, index: Index, command: Content) {
        if *self.executed.entry(command).or_insert(index) != index {
            self.executed_again.get_or_insert((id, index, command));
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
}
