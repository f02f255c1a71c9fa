//! Messages in flight on one link, and cuts of links.
//!
//! A [`Channel`] is one part of the world: what is in flight on one directed link. A
//! [`ChannelChange`] is a value, and what it does depends on the channel and the [`LinkRules`]
//! alone. Whether it may happen is decided elsewhere.

use std::collections::VecDeque;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::assumptions::Limit;
use super::cluster::{Cluster, Link, NodeSet};
use super::id::Id;
use super::symmetry::Renaming;

/// In which order a link delivers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum LinkOrder {
    /// Any message in flight may come next: in flight is a multiset.
    #[default]
    Unordered,
    /// Only the oldest may come next, or be lost; there are no duplicates.
    Fifo,
}

/// How links behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LinkRules {
    pub order: LinkOrder,
    /// How many equal messages may be in flight on a link; a send beyond it is absorbed.
    pub copies: Limit,
    /// In flight is a set from which nothing is ever removed: every amount of loss, duplication
    /// and retransmission at once. Needs unordered links. (Not on the links of nodes to themselves.)
    pub never_forgets: bool,
}

impl LinkRules {
    /// Those of one link: what a node sends to itself is delivered once, whatever the network does.
    #[must_use]
    pub fn on(self, link: Link) -> Self {
        LinkRules {
            never_forgets: self.never_forgets && !link.is_loop(),
            ..self
        }
    }
}

/// A few things in an order; what comes before nothing of the others stays as it was. They are inserted
/// one after the other: as fast as any sort where there are few, and a tenth of its code, which comes
/// anew for every type.
pub fn in_order<T>(
    things: impl IntoIterator<Item = T>,
    is_before: impl Fn(&T, &T) -> bool,
) -> Vec<T> {
    let mut ordered = Vec::new();
    for thing in things {
        let at = ordered.partition_point(|other| !is_before(&thing, other));
        ordered.insert(at, thing);
    }
    ordered
}

/// What is in flight on one link: oldest first if it is FIFO, sorted if it is not. Messages are mostly put at
/// the back and taken near the front, and a queue moves the shorter side.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Channel<M>(VecDeque<M>);

/// Something that happens to a channel.
#[derive(Clone, Copy, Debug)]
pub enum ChannelChange<'a, M> {
    /// Puts a message in flight.
    Send(&'a M),
    /// Takes a message out of flight: it was delivered, lost, or reached a node that is down.
    Take(&'a M),
    /// Puts a second copy of a message in flight.
    Copy(&'a M),
    /// Loses everything in flight: a cut began.
    Clear,
}

/// What became of a message that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    InFlight,
    /// There were `copies` equal ones in flight already.
    Absorbed,
    /// The link is cut.
    Cut,
}

impl<M> Default for Channel<M> {
    fn default() -> Self {
        Channel(VecDeque::new())
    }
}

impl<M: Clone + Ord> Channel<M> {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Everything in flight, equal messages next to each other unless the link is FIFO.
    pub fn iter(&self) -> impl Iterator<Item = &M> {
        self.0.iter()
    }

    /// The messages that may be delivered next, equal ones once.
    pub fn distinct(&self, order: LinkOrder) -> impl Iterator<Item = &M> {
        let next = match order {
            LinkOrder::Fifo => self.0.len().min(1),
            LinkOrder::Unordered => self.0.len(),
        };
        let first = |at: &usize| *at == 0 || self.0[*at] != self.0[*at - 1];
        (0..next).filter(first).map(|at| &self.0[at])
    }

    /// How many messages equal to this one are in flight.
    pub fn copies(&self, msg: &M) -> usize {
        self.0.iter().filter(|m| *m == msg).count()
    }

    /// Whether this message may be delivered next.
    pub fn offers(&self, msg: &M, order: LinkOrder) -> bool {
        match order {
            LinkOrder::Fifo => self.0.front() == Some(msg),
            LinkOrder::Unordered => self.0.binary_search(msg).is_ok(),
        }
    }

    /// Applies a change. The answer says what became of a message that was sent or copied.
    pub fn change(&mut self, change: &ChannelChange<'_, M>, rules: LinkRules) -> Fate {
        match *change {
            ChannelChange::Send(msg) | ChannelChange::Copy(msg) => return self.put(msg, rules),
            ChannelChange::Take(_) if rules.never_forgets => {}
            ChannelChange::Take(msg) => {
                let at = match rules.order {
                    LinkOrder::Fifo => self.0.iter().position(|m| m == msg),
                    LinkOrder::Unordered => self.0.binary_search(msg).ok(),
                };
                self.0.remove(at.expect("only what is in flight is taken"));
            }
            ChannelChange::Clear => self.0.clear(),
        }
        Fate::InFlight
    }

    /// The same with every message replaced.
    pub fn map(&self, order: LinkOrder, other: impl FnMut(&M) -> M) -> Self {
        let messages = self.0.iter().map(other);
        Channel(match order {
            LinkOrder::Fifo => messages.collect(),
            LinkOrder::Unordered => in_order(messages, |a, b| a < b).into(),
        })
    }

    /// The same messages, in the same order, by what they are elsewhere.
    pub(super) fn told<N>(&self, elsewhere: impl FnMut(&M) -> N) -> Channel<N> {
        Channel(self.0.iter().map(elsewhere).collect())
    }

    fn put(&mut self, msg: &M, rules: LinkRules) -> Fate {
        let copies = if rules.never_forgets {
            Limit::AtMost(1)
        } else {
            rules.copies
        };
        if !copies.allows(|| self.copies(msg)) {
            // A set holds its member however often it is sent: nothing was withheld.
            return if rules.never_forgets {
                Fate::InFlight
            } else {
                Fate::Absorbed
            };
        }
        match rules.order {
            LinkOrder::Unordered if self.0.back().is_some_and(|last| last > msg) => {
                let at = self.0.partition_point(|m| m <= msg);
                self.0.insert(at, msg.clone());
            }
            LinkOrder::Fifo | LinkOrder::Unordered => self.0.push_back(msg.clone()),
        }
        Fate::InFlight
    }
}

/// A set of directed links on which everything is lost while it lasts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Cut {
    /// For each node, those that its messages do not reach.
    blocked: Vec<NodeSet>,
}

impl Cut {
    /// Cuts every link between nodes of different groups. A node in no group keeps its links.
    pub fn groups(nodes: usize, groups: &[NodeSet]) -> Self {
        let mut blocked = vec![NodeSet::EMPTY; nodes];
        let grouped = groups.iter().fold(NodeSet::EMPTY, |a, &g| a.union(g));
        for &group in groups {
            for id in group.iter() {
                blocked[usize::from(id)] = grouped.minus(group);
            }
        }
        Cut { blocked }
    }

    /// Cuts single directed links.
    pub fn links(nodes: usize, links: impl IntoIterator<Item = Link>) -> Self {
        let mut blocked = vec![NodeSet::EMPTY; nodes];
        for link in links.into_iter().filter(|l| !l.is_loop()) {
            blocked[usize::from(link.src)].insert(link.dst);
        }
        Cut { blocked }
    }

    pub fn contains(&self, link: Link) -> bool {
        self.blocked[usize::from(link.src)].contains(link.dst)
    }

    pub fn is_empty(&self) -> bool {
        self.blocked.iter().all(|b| b.is_empty())
    }

    /// The same cut where nodes have other names.
    pub fn renamed(&self, by: &Renaming) -> Self {
        let blocked = by.list(&self.blocked);
        Cut {
            blocked: blocked.into_iter().map(|set| by.set(set)).collect(),
        }
    }

    /// The links cut, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = Link> {
        self.blocked
            .iter()
            .enumerate()
            .flat_map(|(src, dsts)| dsts.iter().map(move |dst| Link::new(Id::from(src), dst)))
    }

    /// The groups that this cut separates, if groups are what made it.
    pub fn as_groups(&self) -> Option<Vec<NodeSet>> {
        let n = self.blocked.len();
        let involved: NodeSet = self.iter().flat_map(|l| [l.src, l.dst]).collect();
        let mut groups = Vec::new();
        let mut rest = involved;
        while let Some(first) = rest.iter().next() {
            let group = rest.minus(self.blocked[usize::from(first)]);
            groups.push(group);
            rest = rest.minus(group);
        }
        (Cut::groups(n, &groups) == *self).then_some(groups)
    }

    /// The one notation: `{C, P1} | {P2, P3}`, or `C -> P1, P2 -> C` if no groups make it.
    pub fn notation(&self, cluster: &Cluster) -> String {
        match self.as_groups() {
            Some(groups) => groups
                .iter()
                .map(|g| {
                    let names: Vec<&str> = g.iter().map(|id| cluster.name(id)).collect();
                    format!("{{{}}}", names.join(", "))
                })
                .collect::<Vec<_>>()
                .join(" | "),
            None => self
                .iter()
                .map(|l| format!("{} -> {}", cluster.name(l.src), cluster.name(l.dst)))
                .collect::<Vec<_>>()
                .join(", "),
        }
    }

    /// Reads [`Self::notation`].
    pub fn parse(text: &str, cluster: &Cluster) -> Result<Self, String> {
        let find = |name: &str| {
            let name = name.trim();
            cluster
                .find(name)
                .ok_or_else(|| format!("there is no node `{name}`"))
        };
        if text.contains("->") {
            let mut links = Vec::new();
            for link in text.split(',') {
                let (src, dst) = link
                    .split_once("->")
                    .ok_or_else(|| format!("`{link}` is not a link: write `A -> B`"))?;
                links.push(Link::new(find(src)?, find(dst)?));
            }
            return Ok(Cut::links(cluster.len(), links));
        }
        let mut groups = Vec::new();
        for group in text.split('|') {
            let inner = group
                .trim()
                .strip_prefix('{')
                .and_then(|g| g.strip_suffix('}'))
                .ok_or_else(|| format!("`{}` is not a group: write `{{A, B}}`", group.trim()))?;
            groups.push(inner.split(',').map(find).collect::<Result<NodeSet, _>>()?);
        }
        Ok(Cut::groups(cluster.len(), &groups))
    }
}

/// A family of cuts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CutFamily {
    /// Two groups whose sizes differ by at most one.
    Halves,
    /// One node on its own.
    IsolateOne,
    /// Nobody hears one node, or one node hears nobody.
    OneWay,
    /// Two groups that meet in one node.
    Bridge,
}

impl CutFamily {
    /// The cuts of this family in a cluster of so many nodes, each once, in a fixed order.
    pub fn cuts(self, nodes: usize) -> Vec<Cut> {
        let all = NodeSet::first(nodes);
        let mut cuts = Vec::new();
        match self {
            CutFamily::Halves => {
                for half in halves(all) {
                    cuts.push(Cut::groups(nodes, &[half, all.minus(half)]));
                }
            }
            CutFamily::IsolateOne => {
                for id in all.iter() {
                    cuts.push(Cut::groups(nodes, &[NodeSet::only(id), all.without(id)]));
                }
            }
            CutFamily::OneWay => {
                for id in all.iter() {
                    let others = || all.without(id).iter();
                    cuts.push(Cut::links(nodes, others().map(|peer| Link::new(id, peer))));
                    cuts.push(Cut::links(nodes, others().map(|peer| Link::new(peer, id))));
                }
            }
            CutFamily::Bridge => {
                for bridge in all.iter() {
                    let rest = all.without(bridge);
                    for half in halves(rest) {
                        cuts.push(Cut::groups(nodes, &[half, rest.minus(half)]));
                    }
                }
            }
        }
        cuts.retain(|cut| !cut.is_empty());
        cuts.sort();
        cuts.dedup();
        cuts
    }
}

/// The subsets with half of the members (rounded down); of two complementary halves only one.
fn halves(all: NodeSet) -> Vec<NodeSet> {
    let members: Vec<Id> = all.iter().collect();
    let half = members.len() / 2;
    let mut found = Vec::new();
    choose(&members, half, NodeSet::EMPTY, &mut found);
    if members.len().is_multiple_of(2) {
        found.retain(|set| members.first().is_some_and(|first| set.contains(*first)));
    }
    found
}

/// All ways to add `more` of `members` to a set.
fn choose(members: &[Id], more: usize, set: NodeSet, found: &mut Vec<NodeSet>) {
    if more == 0 {
        found.push(set);
    } else if let Some((first, rest)) = members.split_first()
        && members.len() >= more
    {
        choose(rest, more - 1, set.with(*first), found);
        choose(rest, more, set, found);
    }
}

impl fmt::Display for LinkOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LinkOrder::Unordered => "unordered",
            LinkOrder::Fifo => "fifo",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAG: LinkRules = LinkRules {
        order: LinkOrder::Unordered,
        copies: Limit::AtMost(2),
        never_forgets: false,
    };

    fn cluster() -> Cluster {
        Cluster::new(["C", "P1", "P2", "P3"].map(|n| (n.to_owned(), "node")))
    }

    #[test]
    fn an_unordered_channel_is_a_multiset() {
        let mut a = Channel::default();
        let mut b = Channel::default();
        for m in [3, 1, 2] {
            a.change(&ChannelChange::Send(&m), BAG);
        }
        for m in [1, 2, 3] {
            b.change(&ChannelChange::Send(&m), BAG);
        }
        assert_eq!(a, b);
        a.change(&ChannelChange::Take(&2), BAG);
        assert!(!a.offers(&2, LinkOrder::Unordered));
    }

    #[test]
    fn a_send_beyond_the_copies_is_absorbed() {
        let mut c = Channel::default();
        let fates = [(); 3].map(|()| c.change(&ChannelChange::Send(&7), BAG));
        assert_eq!(fates, [Fate::InFlight, Fate::InFlight, Fate::Absorbed]);
        assert_eq!(c.len(), 2);
    }

    #[test]
    fn only_the_oldest_leaves_a_fifo_channel() {
        let rules = LinkRules {
            order: LinkOrder::Fifo,
            ..BAG
        };
        let mut c = Channel::default();
        c.change(&ChannelChange::Send(&9), rules);
        c.change(&ChannelChange::Send(&1), rules);
        assert!(c.distinct(LinkOrder::Fifo).eq(&[9]));
        c.change(&ChannelChange::Take(&9), rules);
        assert!(c.distinct(LinkOrder::Fifo).eq(&[1]));
    }

    #[test]
    fn a_network_that_never_forgets_keeps_what_was_delivered() {
        let rules = LinkRules {
            never_forgets: true,
            ..BAG
        };
        let mut c = Channel::default();
        c.change(&ChannelChange::Send(&1), rules);
        c.change(&ChannelChange::Send(&1), rules);
        c.change(&ChannelChange::Take(&1), rules);
        assert_eq!(c.len(), 1);
    }

    #[test]
    fn cuts_read_back_what_they_print() {
        let cluster = cluster();
        for text in [
            "{C, P1} | {P2, P3}",
            "{C} | {P1, P2, P3}",
            "{C} | {P1}",
            "{C} | {P1} | {P2, P3}",
            "C -> P1",
            "C -> P1, P2 -> C",
        ] {
            let cut = Cut::parse(text, &cluster).unwrap();
            assert_eq!(cut.notation(&cluster), text);
        }
        assert!(Cut::parse("{C} | {P9}", &cluster).is_err());
    }

    #[test]
    fn families_of_cuts_are_complete() {
        let sizes = |family: CutFamily| [2, 3, 4, 5].map(|n| family.cuts(n).len());
        assert_eq!(sizes(CutFamily::Halves), [1, 3, 3, 10]);
        assert_eq!(sizes(CutFamily::IsolateOne), [1, 3, 4, 5]);
        assert_eq!(sizes(CutFamily::OneWay), [2, 6, 8, 10]);
        assert_eq!(sizes(CutFamily::Bridge), [0, 3, 12, 15]);
    }

    #[test]
    fn a_bridge_is_a_node_in_no_group() {
        let cluster = cluster();
        let cut = Cut::parse("{C, P1} | {P3}", &cluster).unwrap();
        let bridge = cluster.find("P2").unwrap();
        assert!(cluster.ids().all(|id| !cut.contains(Link::new(id, bridge))));
        assert!(cluster.ids().all(|id| !cut.contains(Link::new(bridge, id))));
    }
}
