//! All that the globals and the history ever were.

use std::sync::Arc;

use super::super::memo::Memo;
use super::super::shared::Shared;
use crate::check::intern::{Interner, NONE, Number, number};
use crate::model::cluster::index;
use crate::model::globals::Globals;
use crate::model::{Breach, Cut, Id, NodeSet, Past, Protocol, Rules};

/// What the relation reads of the globals.
#[derive(Clone, Copy)]
pub struct GlobalsFacts {
    /// The nodes that may crash.
    pub expendable: NodeSet,
    /// Some cut lasts.
    pub is_cut: bool,
}

/// All that the globals ever were, and all cuts that can be made.
#[derive(Default)]
pub struct GlobalsBook {
    pub values: Shared<Arc<Globals>>,
    pub facts: Vec<GlobalsFacts>,
    pub cuts: Interner<Cut>,
    pub changes: Memo,
}

impl GlobalsBook {
    pub fn for_another(&self) -> Self {
        let mut book = GlobalsBook {
            values: self.values.for_another(),
            ..GlobalsBook::default()
        };
        for at in 0..self.cuts.len() {
            book.cuts.intern(self.cuts.get(number(at)).clone());
        }
        book
    }

    pub fn intern(&mut self, nodes: usize, rules: &Rules, globals: Globals) -> Number {
        let number = self.values.intern(globals);
        self.learn(nodes, rules);
        number
    }

    pub fn catch_up(&mut self, nodes: usize, rules: &Rules) {
        self.values.catch_up();
        self.learn(nodes, rules);
    }

    /// Works out what is read of the parts that are new here.
    fn learn(&mut self, nodes: usize, rules: &Rules) {
        while self.facts.len() < self.values.len() {
            let globals = self.values.get(number(self.facts.len()));
            self.facts.push(GlobalsFacts {
                expendable: globals.expendable(nodes, rules),
                is_cut: !globals.cuts.is_empty(),
            });
        }
    }

    pub fn bytes(&self) -> usize {
        let facts = self.facts.capacity() * size_of::<GlobalsFacts>();
        facts + self.values.bytes() + self.cuts.bytes() + self.changes.bytes()
    }
}

/// All histories.
pub struct HistoryBook<P: Protocol> {
    pub values: Shared<Arc<Past<P>>>,
    /// What was observed in one step, of whom, and what it broke.
    pub observations: Interner<(usize, Vec<P::Observation>, Vec<Breach>)>,
    pub records: Memo,
}

impl<P: Protocol> Default for HistoryBook<P> {
    fn default() -> Self {
        HistoryBook::of(Shared::default())
    }
}

impl<P: Protocol> HistoryBook<P> {
    fn of(values: Shared<Arc<Past<P>>>) -> Self {
        HistoryBook {
            values,
            observations: Interner::default(),
            records: Memo::default(),
        }
    }

    pub fn for_another(&self) -> Self {
        HistoryBook::of(self.values.for_another())
    }

    /// The number of what was observed in one step.
    pub fn observed(
        &mut self,
        id: Id,
        observations: Vec<P::Observation>,
        breaches: Vec<Breach>,
    ) -> Number {
        if observations.is_empty() && breaches.is_empty() {
            return NONE;
        }
        let observed = (index(id), observations, breaches);
        self.observations.intern(observed).0
    }

    pub fn bytes(&self) -> usize {
        self.values.bytes() + self.observations.bytes() + self.records.bytes()
    }
}
