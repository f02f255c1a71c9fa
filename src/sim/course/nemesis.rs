//! Who injects faults at stated rates.
//!
//! [`Adversary`] draws when, whom and how; the events themselves are the simulator's to choose.
//! Invariants: never more nodes down than allowed; after its end it does nothing more, and leaves
//! no node down and no link cut.

use super::chance::{Chance, Draw, below, between, exponential};
use crate::model::{Cut, CutFamily, Id, InsideHandlers, Link, NodeSet, Time};
use crate::sim::setup::Nemesis;

/// The nemesis at work.
#[derive(Clone, Debug)]
pub struct Adversary {
    setup: Nemesis,
    nodes: usize,
    over: bool,
    /// Nodes that it crashes inside the next handler that sends or saves enough.
    ambushed: NodeSet,
    cuts_drawn: u32,
}

/// A crash that was drawn.
pub struct Strike {
    pub victim: Id,
    pub inside: bool,
}

impl Adversary {
    pub fn new(setup: Nemesis, nodes: usize) -> Self {
        Adversary {
            setup,
            nodes,
            over: false,
            ambushed: NodeSet::EMPTY,
            cuts_drawn: 0,
        }
    }

    /// When everything is healed and recovered.
    pub fn until(&self) -> Time {
        self.setup.until
    }

    /// It stops for good.
    pub fn stop(&mut self) {
        self.over = true;
        self.ambushed = NodeSet::EMPTY;
    }

    /// The moment of the next crash, and what was drawn for it.
    pub fn next_crash(&self, chance: &mut Chance, now: Time) -> Option<(Time, Draw)> {
        let every = self.setup.crash_every?;
        let draw = chance.crash();
        self.moment(now, every, draw).map(|at| (at, draw))
    }

    /// The moment of the next cut, and what was drawn for it.
    pub fn next_cut(&self, chance: &mut Chance, now: Time) -> Option<(Time, Draw)> {
        if self.setup.cuts.is_empty() {
            return None;
        }
        let every = self.setup.cut_every?;
        let draw = chance.cut();
        self.moment(now, every, draw).map(|at| (at, draw))
    }

    fn moment(&self, now: Time, every: Time, Draw(words): Draw) -> Option<Time> {
        let at = now.0.saturating_add(exponential(words[0], every.0));
        (!self.over && at < self.setup.until.0).then_some(Time(at))
    }

    /// Whom a crash strikes, if there is anyone that it may strike.
    pub fn strike(&self, Draw(words): Draw, up: NodeSet, down: usize) -> Option<Strike> {
        let ambushed = self.ambushed.len();
        let may = up.intersection(self.setup.crashes).minus(self.ambushed);
        if self.over || may.is_empty() || down + ambushed >= self.setup.down_max as usize {
            return None;
        }
        let nth = below(words[1], may.len() as u64);
        let victim = may.iter().nth(usize::try_from(nth).expect("at most 128"))?;
        Some(Strike {
            victim,
            inside: self.setup.inside_handlers.may() && words[2] & 1 == 1,
        })
    }

    /// Whether messages leave in no order where a crash strikes among them.
    pub fn strikes_in_any_subset(&self) -> bool {
        self.setup.inside_handlers == InsideHandlers::AnySubset
    }

    /// A node still in an ambush when the next crash comes: it sends and saves too little for a
    /// crash inside, and crashes outside, so that the rate is kept.
    pub fn ambushed(&self) -> Option<Id> {
        self.ambushed.iter().next()
    }

    pub fn ambush(&mut self, victim: Id) {
        self.ambushed.insert(victim);
    }

    pub fn is_ambushed(&self, id: Id) -> bool {
        self.ambushed.contains(id)
    }

    /// The node is down: whoever crashed it, the ambush is off.
    pub fn call_off(&mut self, id: Id) {
        self.ambushed.remove(id);
    }

    /// Whether one more node may go down.
    pub fn may_down(&self, down: usize) -> bool {
        !self.over && down < self.setup.down_max as usize
    }

    /// When a node that crashes now recovers.
    pub fn recovers_at(&self, now: Time, word: u64) -> Time {
        self.later(now, word, self.setup.down_for)
    }

    /// When a cut that begins now is healed.
    pub fn heals_at(&self, now: Time, Draw(words): Draw) -> Time {
        self.later(now, words[1], self.setup.cut_for)
    }

    /// Never after the end: then everything is repaired anyway.
    fn later(&self, now: Time, word: u64, (min, max): (Time, Time)) -> Time {
        let at = now.0.saturating_add(between(word, min.0, max.0));
        Time(at).min(self.setup.until)
    }

    /// The cut that begins; empty if the cluster is too small for the family drawn.
    pub fn cut(&mut self, chance: &Chance, Draw(words): Draw) -> Cut {
        self.cuts_drawn += 1;
        let family = below(words[2], self.setup.cuts.len() as u64);
        let family = self.setup.cuts[usize::try_from(family).expect("there are few families")];
        member(family, self.nodes, chance.members(self.cuts_drawn))
    }
}

/// A random cut of a family, each equally likely. (Their number grows exponentially with the
/// cluster, so they are not listed first.)
fn member(family: CutFamily, nodes: usize, mut word: impl FnMut() -> u64) -> Cut {
    let all = NodeSet::first(nodes);
    if nodes == 0 {
        return Cut::links(nodes, []);
    }
    let one = subset(all, 1, &mut word);
    match family {
        CutFamily::Halves => {
            let half = subset(all, nodes / 2, &mut word);
            Cut::groups(nodes, &[half, all.minus(half)])
        }
        CutFamily::IsolateOne => Cut::groups(nodes, &[one, all.minus(one)]),
        CutFamily::OneWay => {
            let hears = word() & 1 == 1;
            let (id, others) = (one.iter().next().expect("one"), all.minus(one));
            let link = |peer| {
                if hears {
                    Link::new(id, peer)
                } else {
                    Link::new(peer, id)
                }
            };
            Cut::links(nodes, others.iter().map(link))
        }
        CutFamily::Bridge => {
            let rest = all.minus(one);
            let half = subset(rest, rest.len() / 2, &mut word);
            Cut::groups(nodes, &[half, rest.minus(half)])
        }
    }
}

/// So many of the first `all` numbers, each choice equally likely, by a single word: what is left of it after a draw
/// decides the next.
pub fn some_of(all: usize, mut wanted: usize, mut word: u64) -> Vec<usize> {
    let mut taken = Vec::new();
    for nth in 0..all {
        let draw = u128::from(word) * (all - nth) as u128;
        word = u64::try_from(draw & u128::from(u64::MAX)).expect("it is masked");
        if draw >> 64 < wanted as u128 {
            taken.push(nth);
            wanted -= 1;
        }
    }
    taken
}

/// So many members of a set, each choice equally likely: goes through the set once, and takes a
/// member with the probability that it is among those still wanted.
fn subset(set: NodeSet, mut wanted: usize, word: &mut impl FnMut() -> u64) -> NodeSet {
    let mut left = set.len();
    let mut taken = NodeSet::EMPTY;
    for id in set.iter() {
        if below(word(), left as u64) < wanted as u64 {
            taken.insert(id);
            wanted -= 1;
        }
        left -= 1;
    }
    taken
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    const FAMILIES: [CutFamily; 4] = [
        CutFamily::Halves,
        CutFamily::IsolateOne,
        CutFamily::OneWay,
        CutFamily::Bridge,
    ];

    #[test]
    fn every_member_of_a_family_is_drawn_and_nothing_else() {
        let chance = Chance::new(1, 5);
        for family in FAMILIES {
            for nodes in 2..6 {
                let drawn: BTreeSet<Cut> = (0..500)
                    .map(|nth| member(family, nodes, chance.members(nth)))
                    .filter(|cut| !cut.is_empty())
                    .collect();
                let all: BTreeSet<Cut> = family.cuts(nodes).into_iter().collect();
                assert_eq!(drawn, all, "{family:?} of {nodes}");
            }
        }
    }

    #[test]
    fn a_single_word_draws_every_choice_about_equally_often() {
        let mut words = Chance::new(1, 5).members(0);
        let mut drawn: BTreeMap<Vec<usize>, u32> = BTreeMap::new();
        for _ in 0..6_000 {
            *drawn.entry(some_of(5, 2, words())).or_default() += 1;
        }
        assert_eq!(drawn.len(), 10);
        for (chosen, times) in drawn {
            assert!((500..700).contains(&times), "{chosen:?}: {times}");
        }
        assert_eq!(some_of(3, 3, 0), [0, 1, 2]);
        assert_eq!(some_of(3, 0, u64::MAX), [0; 0]);
    }

    #[test]
    fn large_and_tiny_clusters_have_cuts_too() {
        let chance = Chance::new(1, 128);
        for family in FAMILIES {
            assert!(!member(family, 128, chance.members(0)).is_empty());
            assert!(member(family, 1, chance.members(0)).is_empty());
            assert!(member(family, 0, chance.members(0)).is_empty());
        }
    }

    #[test]
    fn no_more_nodes_go_down_than_allowed() {
        let mut adversary = Adversary::new(
            Nemesis {
                crashes: NodeSet::first(3),
                crash_every: Some(Time(10)),
                inside_handlers: InsideHandlers::Never,
                down_for: (Time(1), Time(1)),
                down_max: 2,
                cuts: Vec::new(),
                cut_every: None,
                cut_for: (Time(1), Time(1)),
                until: Time(1000),
            },
            3,
        );
        let draw = Draw([5; 4]);
        let up = NodeSet::first(3);
        assert!(adversary.strike(draw, up, 1).is_some());
        assert!(adversary.strike(draw, up, 2).is_none());
        // A node in an ambush is as good as down.
        adversary.ambush(Id::from(0));
        assert!(adversary.strike(draw, up, 0).is_some());
        assert!(adversary.strike(draw, up, 1).is_none());
        adversary.stop();
        assert!(adversary.strike(draw, up, 0).is_none());
    }
}
