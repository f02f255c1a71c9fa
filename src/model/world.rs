//! The world as parts, and who carries them.
//!
//! A world consists of nodes, channels, globals and a history. The relation
//! ([`System`](super::System)) reads them through [`View`] and changes them, one part at a time,
//! through [`Carrier`]; each change is a value whose effect depends on that part alone. [`World`]
//! is the plain carrier: it holds the parts, and can be cloned, compared and hashed. A carrier
//! that interns parts and remembers what each change did to them runs the same relation.

use std::ops::Deref;
use std::sync::Arc;

use derive_where::derive_where;

use super::actor::{Id, Input, Node, Reaction};
use super::assumptions::Rules;
use super::cluster::{Cluster, Link, NodeSet, index};
use super::globals::{Globals, GlobalsChange};
use super::network::{Channel, ChannelChange, Fate};
use super::protocol::Protocol;

/// The parts of one world, to be read.
pub trait View<P: Protocol> {
    /// How many nodes there are; their ids are `0..nodes()`.
    fn nodes(&self) -> usize;
    fn node(&self, id: Id) -> &Node<P>;
    fn channel(&self, link: Link) -> &Channel<P::Msg>;
    fn globals(&self) -> &Globals;
    fn history(&self) -> &P::History;

    fn ids(&self) -> Box<dyn Iterator<Item = Id>> {
        Box::new((0..self.nodes()).map(Id::from))
    }

    /// The nodes that are up.
    fn up(&self) -> NodeSet {
        (0..self.nodes())
            .map(Id::from)
            .filter(|&id| self.node(id).is_up())
            .collect()
    }
}

/// The parts of one world, to be changed one at a time.
pub trait Carrier<P: Protocol>: View<P> {
    /// How this carrier hands out a reaction: owned, or shared with those it remembers.
    type Reaction: Deref<Target = Reaction<P>>;

    /// Runs a handler and lets the node carry out its commands; see [`Node::react`].
    fn react(
        &mut self,
        protocol: &P,
        id: Id,
        input: Input<'_, P>,
        crash_after: Option<usize>,
    ) -> Self::Reaction;

    /// Where a crash inside the handler would make a difference; see [`Node::crash_points`].
    fn crash_points(&mut self, protocol: &P, id: Id, input: Input<'_, P>) -> Vec<usize>;

    /// The node loses everything volatile.
    fn crash(&mut self, id: Id);

    fn change_channel(
        &mut self,
        link: Link,
        change: &ChannelChange<'_, P::Msg>,
        rules: &Rules,
    ) -> Fate;

    fn change_globals(&mut self, change: &GlobalsChange<'_>, rules: &Rules);

    /// Adds the observations of a reaction to the history.
    fn record(&mut self, protocol: &P, id: Id, reaction: &Self::Reaction);
}

/// The plain carrier. Parts are shared between worlds until one of them changes a part.
#[derive_where(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World<P: Protocol> {
    nodes: Vec<Arc<Node<P>>>,
    /// From `src` to `dst` at `src * nodes + dst`.
    channels: Vec<Arc<Channel<P::Msg>>>,
    globals: Arc<Globals>,
    history: Arc<P::History>,
}

impl<P: Protocol> World<P> {
    /// The world in which no node has started.
    pub fn unstarted(cluster: &Cluster, rules: &Rules) -> Self {
        let n = cluster.len();
        let empty = Arc::new(Channel::default());
        World {
            nodes: (0..n).map(|_| Arc::new(Node::Absent)).collect(),
            channels: vec![empty; n * n],
            globals: Arc::new(Globals::new(rules)),
            history: Arc::new(P::History::default()),
        }
    }

    fn at(&self, link: Link) -> usize {
        index(link.src) * self.nodes.len() + index(link.dst)
    }
}

impl<P: Protocol> View<P> for World<P> {
    fn nodes(&self) -> usize {
        self.nodes.len()
    }

    fn node(&self, id: Id) -> &Node<P> {
        &self.nodes[index(id)]
    }

    fn channel(&self, link: Link) -> &Channel<P::Msg> {
        &self.channels[self.at(link)]
    }

    fn globals(&self) -> &Globals {
        &self.globals
    }

    fn history(&self) -> &P::History {
        &self.history
    }
}

/// A value that belongs to whoever asked for it.
#[derive(Debug)]
pub struct Owned<T>(pub T);

impl<T> Deref for Owned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<P: Protocol> Carrier<P> for World<P> {
    type Reaction = Owned<Reaction<P>>;

    fn react(
        &mut self,
        protocol: &P,
        id: Id,
        input: Input<'_, P>,
        crash_after: Option<usize>,
    ) -> Self::Reaction {
        let node = Arc::make_mut(&mut self.nodes[index(id)]);
        Owned(node.react(protocol, id, input, crash_after))
    }

    fn crash_points(&mut self, protocol: &P, id: Id, input: Input<'_, P>) -> Vec<usize> {
        self.node(id).crash_points(protocol, id, input)
    }

    fn crash(&mut self, id: Id) {
        Arc::make_mut(&mut self.nodes[index(id)]).crash();
    }

    fn change_channel(
        &mut self,
        link: Link,
        change: &ChannelChange<'_, P::Msg>,
        rules: &Rules,
    ) -> Fate {
        let at = self.at(link);
        Arc::make_mut(&mut self.channels[at]).change(change, rules.links)
    }

    fn change_globals(&mut self, change: &GlobalsChange<'_>, rules: &Rules) {
        Arc::make_mut(&mut self.globals).change(change, rules);
    }

    fn record(&mut self, protocol: &P, id: Id, reaction: &Self::Reaction) {
        if reaction.observations.is_empty() {
            return;
        }
        let history = Arc::make_mut(&mut self.history);
        for observation in &reaction.observations {
            protocol.record(history, id, observation);
        }
    }
}
