//! The part of the world that belongs to no node and no link: what was spent of the budgets,
//! which cuts last, and who has failed for whom.
//!
//! Invariant: what is unlimited is not counted, and failures are remembered only where the rules
//! ask for them; neither makes two worlds differ that behave alike.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::assumptions::{Limit, Rules};
use super::cluster::{Link, NodeSet, index};
use super::id::Id;
use super::network::Cut;
use super::symmetry::Renaming;

#[derive(Clone, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Globals {
    pub spent: Spent,
    /// The cuts that last.
    pub cuts: BTreeSet<Cut>,
    pub failures: Failures,
}

/// How much of each limited budget and bound is spent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Spent {
    /// For each group of [`Budgets::crashes`](super::assumptions::Budgets::crashes).
    pub crashes: Vec<u32>,
    pub recoveries: u32,
    pub drops: u32,
    pub duplicates: u32,
    pub cuts: u32,
    pub heals: u32,
    pub timeouts: u32,
}

/// Who has failed for whom. A peer has failed for a node if it is or ever was down, or if a link
/// between the two is or ever was cut or has lost a message: it may have forgotten the question,
/// or never have heard it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Failures {
    down: NodeSet,
    /// For each node, the peers that a link to or from has failed; empty until one has.
    links: Vec<NodeSet>,
}

impl Failures {
    /// Whether `peer` has failed for `node`.
    pub fn failed(&self, node: Id, peer: Id) -> bool {
        self.down.contains(peer)
            || self
                .links
                .get(index(node))
                .is_some_and(|l| l.contains(peer))
    }

    /// The same where nodes have other names.
    pub(super) fn renamed(&self, by: &Renaming) -> Self {
        let mut links = self.links.clone();
        if !links.is_empty() {
            links.resize(by.nodes(), NodeSet::EMPTY);
            links = by.list(&links).into_iter().map(|set| by.set(set)).collect();
            // It is as long as the last node needs for which a link has failed.
            while links.last().is_some_and(|set| set.is_empty()) {
                links.pop();
            }
        }
        Failures {
            down: by.set(self.down),
            links,
        }
    }

    fn fail_link(&mut self, link: Link) {
        let nodes = index(link.src).max(index(link.dst)) + 1;
        if self.links.len() < nodes {
            self.links.resize(nodes, NodeSet::EMPTY);
        }
        self.links[index(link.src)].insert(link.dst);
        self.links[index(link.dst)].insert(link.src);
    }
}

/// What an event changes in the globals. Generic over what a cut is known by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GlobalsChange<'a, C = Cut> {
    Timeout,
    Crash(Id),
    Drop(Link),
    Duplicate,
    Cut(&'a C),
    Recover,
    Heal(&'a C),
}

impl Globals {
    /// Before anything happened.
    pub fn new(rules: &Rules) -> Self {
        let mut globals = Globals::default();
        globals.spent.crashes = rules.budgets.crashes.iter().map(|_| 0).collect();
        if rules.tracks_failures() {
            globals.failures.down = rules.absent;
        }
        globals
    }

    pub fn is_cut(&self, link: Link) -> bool {
        !self.cuts.is_empty() && !link.is_loop() && self.cuts.iter().any(|cut| cut.contains(link))
    }

    pub fn change(&mut self, change: &GlobalsChange<'_>, rules: &Rules) {
        let spent = &mut self.spent;
        let budgets = &rules.budgets;
        let count = |limit: Limit, spent: &mut u32| {
            if limit.is_limited() {
                *spent += 1;
            }
        };
        match *change {
            GlobalsChange::Timeout => count(rules.timeouts, &mut spent.timeouts),
            GlobalsChange::Crash(id) => {
                for (i, (group, limit)) in budgets.crashes.iter().enumerate() {
                    if group.contains(id) {
                        count(*limit, &mut spent.crashes[i]);
                    }
                }
                if rules.tracks_failures() {
                    self.failures.down.insert(id);
                }
            }
            GlobalsChange::Drop(link) => {
                count(budgets.drops, &mut spent.drops);
                if rules.tracks_failures() {
                    self.failures.fail_link(link);
                }
            }
            GlobalsChange::Duplicate => count(budgets.duplicates, &mut spent.duplicates),
            GlobalsChange::Cut(cut) => {
                count(budgets.cuts, &mut spent.cuts);
                if rules.tracks_failures() {
                    for link in cut.iter() {
                        self.failures.fail_link(link);
                    }
                }
                self.cuts.insert(cut.clone());
            }
            GlobalsChange::Recover => count(budgets.recoveries, &mut spent.recoveries),
            GlobalsChange::Heal(cut) => {
                count(budgets.heals, &mut spent.heals);
                self.cuts.remove(cut);
            }
        }
    }

    /// The nodes that the budget allows to crash (once more).
    pub fn expendable(&self, nodes: usize, rules: &Rules) -> NodeSet {
        let all = NodeSet::first(nodes).iter();
        all.filter(|&id| self.may_crash(id, rules)).collect()
    }

    /// Whether the budget allows a node to crash (once more).
    pub fn may_crash(&self, id: Id, rules: &Rules) -> bool {
        let mut groups = rules
            .budgets
            .crashes
            .iter()
            .zip(&self.spent.crashes)
            .filter(|((group, _), _)| group.contains(id))
            .peekable();
        groups.peek().is_some() && groups.all(|((_, limit), n)| limit.allows(|| *n as usize))
    }
}
