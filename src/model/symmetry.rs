//! Nodes that can trade names: what a renaming does to the parts of a world.
//!
//! A [`Renaming`] is a permutation of the nodes. If the handlers of a protocol do the same whatever
//! some nodes are called, every world has the same future as the worlds that it becomes by calling
//! these nodes otherwise: its *orbit*. A protocol says so with a [`Symmetry`], which renames what is
//! its own; this file renames the rest.
//!
//! Invariant: renaming changes names and nothing else, so that it can be undone, and one renaming
//! after another is a renaming. Whether a protocol is as symmetric as it says is not known here: the
//! search that relies on it compares.

use std::sync::Arc;

use derive_where::derive_where;

use super::actor::Input;
use super::assumptions::Rules;
use super::cluster::{Cluster, Link, NodeSet, index};
use super::event::Vocabulary;
use super::globals::Globals;
use super::id::Id;
use super::network::{Channel, LinkOrder};
use super::node::{Node, Up};
use super::protocol::Protocol;
use super::world::{Past, View, World};

/// A permutation of the nodes of a cluster: what each of them is called instead.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Renaming {
    to: Vec<Id>,
    /// The nodes that get another name.
    moved: NodeSet,
}

impl Renaming {
    /// Gives node `i` the name `to[i]`.
    ///
    /// # Panics
    /// If two nodes would get the same name.
    pub fn new(to: Vec<Id>) -> Self {
        let names: NodeSet = to.iter().copied().collect();
        assert!(names == NodeSet::first(to.len()), "each name is given once");
        let moved = (0..to.len()).map(Id::from);
        let moved = moved.filter(|id| to[index(*id)] != *id).collect();
        Renaming { to, moved }
    }

    /// Everybody keeps its name.
    pub fn identity(nodes: usize) -> Self {
        Renaming::new((0..nodes).map(Id::from).collect())
    }

    /// Two nodes trade their names.
    pub fn transposition(nodes: usize, a: Id, b: Id) -> Self {
        let mut to: Vec<Id> = (0..nodes).map(Id::from).collect();
        to.swap(index(a), index(b));
        Renaming::new(to)
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.to.len()
    }

    pub fn is_identity(&self) -> bool {
        self.moved.is_empty()
    }

    /// This renaming, and then another.
    #[must_use]
    pub fn then(&self, next: &Renaming) -> Self {
        Renaming::new(self.to.iter().map(|id| next.id(*id)).collect())
    }

    /// The nodes that get another name.
    pub fn moved(&self) -> NodeSet {
        self.moved
    }

    /// What a node is called.
    pub fn id(&self, id: Id) -> Id {
        self.to[index(id)]
    }

    /// What the members of a set are called.
    pub fn set(&self, set: NodeSet) -> NodeSet {
        let moved = set.intersection(self.moved);
        let renamed: NodeSet = moved.iter().map(|id| self.id(id)).collect();
        set.minus(moved).union(renamed)
    }

    pub fn link(&self, link: Link) -> Link {
        Link::new(self.id(link.src), self.id(link.dst))
    }

    /// A list that has something for each node, in the order of their ids. What the items say of
    /// nodes is for the caller to rename.
    pub fn list<T: Clone>(&self, list: &[T]) -> Vec<T> {
        assert_eq!(list.len(), self.to.len(), "something for each node");
        let mut renamed = list.to_vec();
        for id in self.moved.iter() {
            renamed[index(self.id(id))] = list[index(id)].clone();
        }
        renamed
    }
}

/// Which nodes of a protocol can trade names, and how what is its own is renamed.
///
/// Nodes are alike if the protocol treats them alike: the same role, the same parameters. Each
/// function calls the nodes in a value as the renaming does, wherever the value names any, be it by
/// an [`Id`], in a [`NodeSet`] ([`Renaming::set`]), or by its position in a list ([`Renaming::list`]);
/// what is kept in the order of ids has to be put in order again. [`unnamed`] serves for what names
/// nobody. Keys of choices and observations are not renamed, so they must name nobody.
///
/// With it a checker that is asked to takes worlds that differ by such names for one. It asks renamed
/// questions of the handlers to see whether the answers are the same by other names, so a mistake
/// here is found, and wastes a search but proves nothing false.
///
/// A handler that sends something to one node after the other, in the order of their ids, is *not*
/// symmetric where the node may crash inside it: those with the smaller ids are told first.
#[derive_where(Clone)]
pub struct Symmetry<P: Protocol> {
    /// Sets that have no member in common.
    pub alike: Vec<NodeSet>,
    pub state: Rename<P::State>,
    pub storage: Rename<P::Storage>,
    pub msg: Rename<P::Msg>,
    pub timer: Rename<P::Timer>,
    pub choice: Rename<P::Choice>,
    pub history: Rename<P::History>,
}

/// What a renaming makes of a value.
pub type Rename<T> = Arc<dyn Fn(&T, &Renaming) -> T + Send + Sync>;

/// The renaming of what names nobody.
pub fn unnamed<T: Clone>(value: &T, _: &Renaming) -> T {
    value.clone()
}

/// An input that owns what it is made of.
#[derive_where(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OwnedInput<V: Vocabulary> {
    Start,
    Message { src: Id, msg: V::Msg },
    Timeout(V::Timer),
    Choice { key: V::Key, value: V::Choice },
}

impl<V: Vocabulary> OwnedInput<V> {
    pub fn of(input: Input<'_, V>) -> Self
    where
        V::Msg: Clone,
        V::Timer: Clone,
        V::Key: Clone,
        V::Choice: Clone,
    {
        match input {
            Input::Start => OwnedInput::Start,
            Input::Message { src, msg } => OwnedInput::Message {
                src,
                msg: msg.clone(),
            },
            Input::Timeout(timer) => OwnedInput::Timeout(timer.clone()),
            Input::Choice { key, value } => OwnedInput::Choice {
                key: key.clone(),
                value: value.clone(),
            },
        }
    }

    pub fn as_input(&self) -> Input<'_, V> {
        match self {
            OwnedInput::Start => Input::Start,
            OwnedInput::Message { src, msg } => Input::Message { src: *src, msg },
            OwnedInput::Timeout(timer) => Input::Timeout(timer),
            OwnedInput::Choice { key, value } => Input::Choice { key, value },
        }
    }
}

impl<P: Protocol> Symmetry<P> {
    /// That of a protocol in which nothing but states and the history names anybody.
    pub fn of_states(
        alike: Vec<NodeSet>,
        state: fn(&P::State, &Renaming) -> P::State,
        history: fn(&P::History, &Renaming) -> P::History,
    ) -> Self {
        Symmetry {
            alike,
            state: Arc::new(state),
            storage: Arc::new(unnamed),
            msg: Arc::new(unnamed),
            timer: Arc::new(unnamed),
            choice: Arc::new(unnamed),
            history: Arc::new(history),
        }
    }

    /// The sets of nodes that can trade names under these rules too: what the rules or the roles tell
    /// apart is parted. Sets of one are left out.
    pub fn sets(&self, cluster: &Cluster, rules: &Rules) -> Vec<NodeSet> {
        let trade = |a: Id, b: Id| {
            let trade = Renaming::transposition(cluster.len(), a, b);
            cluster.role(a) == cluster.role(b) && rules.are_blind_to(&trade)
        };
        let mut sets: Vec<NodeSet> = Vec::new();
        for alike in &self.alike {
            // If a and b can trade, and b and c, so can a and c.
            let mut parted: Vec<NodeSet> = Vec::new();
            for id in alike.iter() {
                let first = |set: &NodeSet| set.iter().next().expect("no set is empty");
                match parted.iter_mut().find(|set| trade(first(set), id)) {
                    Some(set) => set.insert(id),
                    None => parted.push(NodeSet::only(id)),
                }
            }
            sets.extend(parted.into_iter().filter(|set| set.len() > 1));
        }
        sets
    }

    pub fn node(&self, node: &Node<P>, by: &Renaming) -> Node<P> {
        let storage =
            |storage: &Option<P::Storage>| storage.as_ref().map(|s| (self.storage)(s, by));
        match node {
            Node::Absent => Node::Absent,
            Node::Down { storage: saved } => Node::Down {
                storage: storage(saved),
            },
            Node::Up(up) => {
                let timers = up.timers.iter();
                let mut renamed = Up {
                    state: (self.state)(&up.state, by),
                    timers: timers.map(|timer| (self.timer)(timer, by)).collect(),
                    choices: up.choices.clone(),
                    storage: storage(&up.storage),
                };
                for option in renamed.choices.values_mut().flatten() {
                    *option = (self.choice)(option, by);
                }
                Node::Up(renamed)
            }
        }
    }

    pub fn channel(
        &self,
        channel: &Channel<P::Msg>,
        order: LinkOrder,
        by: &Renaming,
    ) -> Channel<P::Msg> {
        channel.map(order, |msg| (self.msg)(msg, by))
    }

    pub fn input(&self, input: &OwnedInput<P>, by: &Renaming) -> OwnedInput<P> {
        match input {
            OwnedInput::Start => OwnedInput::Start,
            OwnedInput::Message { src, msg } => OwnedInput::Message {
                src: by.id(*src),
                msg: (self.msg)(msg, by),
            },
            OwnedInput::Timeout(timer) => OwnedInput::Timeout((self.timer)(timer, by)),
            OwnedInput::Choice { key, value } => OwnedInput::Choice {
                key: key.clone(),
                value: (self.choice)(value, by),
            },
        }
    }

    pub fn past(&self, past: &Past<P>, by: &Renaming) -> Past<P> {
        Past {
            history: (self.history)(&past.history, by),
            breaches: past.breaches.renamed(by),
        }
    }

    /// A whole world by other names.
    pub fn world(&self, world: &World<P>, order: LinkOrder, by: &Renaming) -> World<P> {
        World::of(
            &by.list(&world.ids().collect::<Vec<_>>()),
            |id| self.node(world.node(id), by),
            |link| self.channel(world.channel(link), order, by),
            world.globals().renamed(by),
            self.past(world.past(), by),
        )
    }
}

impl Rules {
    /// Whether a renaming changes nothing in these rules.
    ///
    /// The nodes that join later may well differ: they are part of the first world, and are not asked
    /// about again.
    pub fn are_blind_to(&self, by: &Renaming) -> bool {
        // Crashes are counted by group, so that groups cannot trade places.
        let groups = self.budgets.crashes.iter();
        let crashes = groups.map(|(group, _)| *group);
        let mut survivors = self.survivors.clone();
        for (set, _) in &mut survivors {
            *set = by.set(*set);
        }
        let kept = |pair: &(NodeSet, usize)| {
            let count = |all: &[(NodeSet, usize)]| all.iter().filter(|p| *p == pair).count();
            count(&survivors) == count(&self.survivors)
        };
        crashes.into_iter().all(|group| by.set(group) == group)
            && self.survivors.iter().all(kept)
            && self.cuts.iter().all(|cut| {
                let renamed = cut.renamed(by);
                self.cuts.contains(&renamed)
            })
    }
}

impl Globals {
    /// The same by other names.
    pub fn renamed(&self, by: &Renaming) -> Self {
        Globals {
            spent: self.spent.clone(),
            cuts: self.cuts.iter().map(|cut| cut.renamed(by)).collect(),
            failures: self.failures.renamed(by),
        }
    }
}
