//! The part of the world that belongs to no node and no link: what was spent of the budgets,
//! which cuts last, and who has failed for whom.
//!
//! Invariant: what is unlimited is not counted, and failures are remembered only where the rules
//! ask for them; neither makes two worlds differ that behave alike.

use serde::{Deserialize, Serialize};

use super::assumptions::{Limit, Rules};
use super::cluster::{Link, NodeSet, index};
use super::few::Few;
use super::id::Id;
use super::network::Cut;
use super::symmetry::Renaming;

#[derive(Clone, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Globals {
    pub spent: Spent,
    /// The cuts that last.
    pub cuts: Few<Cut>,
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

/// A budget or bound that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Of a group of nodes.
    Crashes(NodeSet),
    Recoveries,
    Drops,
    Duplicates,
    Cuts,
    Heals,
    Timeouts,
}

impl Spent {
    /// The budgets and bounds that allowed something, and of which nothing is left; each with its limit.
    pub fn used_up(&self, rules: &Rules) -> Vec<(Counted, Limit)> {
        let budgets = &rules.budgets;
        let groups = budgets.crashes.iter().zip(&self.crashes);
        let crashes = groups.map(|((group, limit), n)| (Counted::Crashes(*group), *limit, *n));
        let others = [
            (Counted::Recoveries, budgets.recoveries, self.recoveries),
            (Counted::Drops, budgets.drops, self.drops),
            (Counted::Duplicates, budgets.duplicates, self.duplicates),
            (Counted::Cuts, budgets.cuts, self.cuts),
            (Counted::Heals, budgets.heals, self.heals),
            (Counted::Timeouts, rules.timeouts, self.timeouts),
        ];
        let gone = |(_, limit, n): &(Counted, Limit, u32)| {
            *limit != Limit::NONE && !limit.allows(|| *n as usize)
        };
        let all = crashes.chain(others).filter(gone);
        all.map(|(counted, limit, _)| (counted, limit)).collect()
    }

    /// Rules that leave as much once this was spent as the given ones allow at the start. Limits grow
    /// rather than counters shrink: an assumption counts what happened in the whole run.
    pub fn on_top_of(&self, rules: &Rules) -> Rules {
        // What is never allowed stays that way.
        let more = |limit: &mut Limit, spent: u32| match limit {
            Limit::AtMost(most) if *most > 0 => *most = most.saturating_add(spent),
            _ => {}
        };
        let mut rules = rules.clone();
        let budgets = &mut rules.budgets;
        for ((_, limit), spent) in budgets.crashes.iter_mut().zip(&self.crashes) {
            more(limit, *spent);
        }
        more(&mut budgets.recoveries, self.recoveries);
        more(&mut budgets.drops, self.drops);
        more(&mut budgets.duplicates, self.duplicates);
        more(&mut budgets.cuts, self.cuts);
        more(&mut budgets.heals, self.heals);
        more(&mut rules.timeouts, self.timeouts);
        rules
    }
}

/// Who has failed for whom. A peer has failed for a node if it is or ever was down (or had not started,
/// where no time passes in which it could), or if a link between the two is or ever was cut or has lost
/// a message: it may have forgotten the question, or never have heard it.
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
        if rules.tracks_failures() && !rules.time_passes {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Assumption, Cluster};

    /// What may still happen is what the rules gave; an assumption still counts the whole run.
    #[test]
    fn limits_on_top_of_what_was_spent_leave_what_they_gave() {
        let mut rules = Rules::fault_free();
        rules.budgets.crashes = vec![(NodeSet::first(2), Limit::AtMost(1))];
        rules.budgets.cuts = Limit::AtMost(1);
        rules.budgets.drops = Limit::Unlimited;
        let spent = Spent {
            crashes: vec![2],
            recoveries: 1,
            cuts: 1,
            ..Spent::default()
        };
        let gone = [
            (Counted::Crashes(NodeSet::first(2)), Limit::AtMost(1)),
            (Counted::Cuts, Limit::AtMost(1)),
        ];
        assert_eq!(spent.used_up(&rules), gone);
        let mut more = spent.on_top_of(&rules);
        assert_eq!(spent.used_up(&more), []);
        assert_eq!(more.budgets.crashes[0].1, Limit::AtMost(3));
        assert_eq!(more.budgets.cuts, Limit::AtMost(2));
        assert_eq!(more.budgets.drops, Limit::Unlimited);
        // What was never allowed is not, whoever came back before.
        assert_eq!(more.budgets.recoveries, Limit::NONE);
        let cluster = Cluster::new(Vec::<(String, _)>::new());
        Assumption::MaxCuts { cuts: 1 }.impose(&mut more, &cluster);
        assert_eq!(spent.used_up(&more), [(Counted::Cuts, Limit::AtMost(1))]);
    }
}
