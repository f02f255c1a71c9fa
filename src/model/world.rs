//! The world as parts, and who carries them.
//!
//! A world consists of nodes, channels, globals and a past. The relation
//! ([`System`]) reads them through [`View`] and changes them, one part at a time,
//! through [`Carrier`]; each change is a value whose effect depends on that part alone. [`World`]
//! is the plain carrier: it holds the parts, and can be cloned, compared and hashed. A carrier
//! that interns parts and remembers what each change did to them runs the same relation.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use derive_where::derive_where;
use serde::{Deserialize, Serialize};

use super::actor::Input;
use super::assumptions::Rules;
use super::cluster::{Cluster, Link, NodeSet, index};
use super::crash::CrashPoint;
use super::event::{Event, Vocabulary};
use super::globals::{Globals, GlobalsChange};
use super::id::Id;
use super::network::{Channel, ChannelChange, Cut, Fate, LinkOrder};
use super::node::{Node, Reaction};
use super::protocol::Protocol;
use super::step::{Breach, Breaches};
use super::system::{Enabled, System};

/// The parts of one world, to be read.
pub trait View<P: Protocol> {
    /// How many nodes there are; their ids are `0..nodes()`.
    fn nodes(&self) -> usize;
    fn node(&self, id: Id) -> &Node<P>;
    fn channel(&self, link: Link) -> &Channel<P::Msg>;
    fn globals(&self) -> &Globals;
    fn past(&self) -> &Past<P>;

    fn history(&self) -> &P::History {
        &self.past().history
    }

    /// The step properties that were broken.
    fn breaches(&self) -> &Breaches {
        &self.past().breaches
    }

    /// The volatile state of a node, if it is up.
    fn state(&self, id: Id) -> Option<&P::State> {
        self.node(id).state()
    }

    /// What a node last saved, if anything ever.
    fn storage(&self, id: Id) -> Option<&P::Storage> {
        self.node(id).storage()
    }

    fn ids(&self) -> Box<dyn Iterator<Item = Id>> {
        Box::new((0..self.nodes()).map(Id::from))
    }

    fn is_up(&self, id: Id) -> bool {
        self.node(id).is_up()
    }

    /// Whether a node has crashed. One that has not started yet is neither up nor down.
    fn is_down(&self, id: Id) -> bool {
        matches!(self.node(id), Node::Down { .. })
    }

    /// Whether a node has left a choice to the environment.
    fn is_undecided(&self, id: Id) -> bool {
        self.node(id).up().is_some_and(|up| !up.choices.is_empty())
    }

    /// Whether nothing is in flight on a link.
    fn is_silent(&self, link: Link) -> bool {
        self.channel(link).is_empty()
    }

    /// The first link on which something is in flight, and its position, from this position on: the
    /// links of node 0 come first, in the order of their destinations.
    fn next_busy(&self, from: usize) -> Option<(usize, Link)> {
        let nodes = self.nodes();
        (from..nodes * nodes).find_map(|at| {
            let link = Link::new(Id::from(at / nodes), Id::from(at % nodes));
            (!self.is_silent(link)).then_some((at, link))
        })
    }

    /// Whether a cut severs a link.
    fn is_cut(&self, link: Link) -> bool {
        self.globals().is_cut(link)
    }

    /// The nodes that the budget allows to crash (once more).
    fn expendable(&self, rules: &Rules) -> NodeSet {
        self.globals().expendable(self.nodes(), rules)
    }

    /// The nodes that are up.
    fn up(&self) -> NodeSet {
        (0..self.nodes())
            .map(Id::from)
            .filter(|&id| self.is_up(id))
            .collect()
    }
}

/// What has happened, as far as properties ask.
#[derive_where(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Past<P: Protocol> {
    /// What was observed.
    pub history: P::History,
    /// What steps have broken.
    pub breaches: Breaches,
}

impl<P: Protocol> Past<P> {
    pub fn record(
        &mut self,
        protocol: &P,
        id: Id,
        observations: &[P::Observation],
        breaches: &[Breach],
    ) {
        for observation in observations {
            protocol.record(&mut self.history, id, observation);
        }
        for breach in breaches {
            self.breaches.add(breach);
        }
    }
}

/// Where an event may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// What is in flight on a link, and the node at its end.
    Link(Link),
    /// The timers of a node.
    Timers(Id),
}

/// What else has a say in which events come from there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// The node may crash inside its handlers.
    pub crashes: bool,
    /// Messages may be lost.
    pub drops: bool,
    /// Messages may be duplicated.
    pub duplicates: bool,
}

/// The parts of one world, to be changed one at a time.
///
/// What the relation asks of a part, it asks here, so that a carrier may remember the answer. The
/// n-th of something is asked for, rather than all of it, so that nothing has to be collected.
pub trait Carrier<P: Protocol>: View<P> {
    /// What this carrier knows messages, timers, choices and cuts by.
    type Vocabulary: Vocabulary;

    /// How this carrier hands out a reaction: whole, or as where it remembers it.
    type Reaction;

    type Points: IntoIterator<Item = PointOf<P, Self>>;

    /// Has the relation offer what comes from a source. That depends on the parts that the source
    /// names and on the terms alone. What such an event does depends on them, too; beyond
    /// them it puts messages in flight on links that no cut severs, changes the globals, and is
    /// observed. So a carrier may remember all of it.
    #[inline]
    fn offer_from(
        &mut self,
        source: Source,
        terms: Terms,
        enabled: &mut Enabled<Self::Vocabulary>,
        relation: &dyn Fn(&mut Self, &mut Enabled<Self::Vocabulary>),
    ) where
        Self: Sized,
    {
        let _ = (source, terms);
        relation(self, enabled);
    }

    /// The n-th of the distinct messages that may be delivered next on a link.
    fn deliverable(&self, link: Link, order: LinkOrder, nth: usize) -> Option<MsgOf<P, Self>>;

    /// The n-th of all messages in flight on a link.
    fn in_flight(&self, link: Link, nth: usize) -> Option<MsgOf<P, Self>>;

    /// How many messages equal to this one are in flight on a link.
    fn copies(&self, link: Link, msg: &MsgOf<P, Self>) -> usize;

    /// The n-th timer that is armed on a node.
    fn armed(&self, id: Id, nth: usize) -> Option<TimerOf<P, Self>>;

    /// The peers that an armed timer waits for; see [`Protocol::awaits`].
    fn awaits(&self, protocol: &P, id: Id, timer: &TimerOf<P, Self>) -> NodeSet;

    /// The n-th option of the first choice that a node leaves to the environment.
    fn option(&self, id: Id, nth: usize) -> Option<(KeyOf<P, Self>, ChoiceOf<P, Self>)>;

    /// What this carrier knows a cut by, and the links that it cuts.
    fn cut(&self, cut: &Cut) -> CutOf<P, Self>;
    fn severed(&self, cut: &CutOf<P, Self>) -> Vec<Link>;

    /// Why an input does not happen to a node that is up; see [`Protocol::withheld`].
    fn withheld(
        &mut self,
        protocol: &P,
        id: Id,
        input: Input<'_, Self::Vocabulary>,
    ) -> Option<&'static str>;

    /// Where a crash inside the handler would make a difference; see [`Lasting::points`](super::crash::Lasting::points).
    fn crash_points(
        &mut self,
        system: &System<P>,
        id: Id,
        input: Input<'_, Self::Vocabulary>,
    ) -> Self::Points;

    /// Runs a handler and lets the node carry out its commands; see [`System::react`].
    fn react(
        &mut self,
        system: &System<P>,
        id: Id,
        input: Input<'_, Self::Vocabulary>,
        crash: Option<&PointOf<P, Self>>,
    ) -> Self::Reaction;

    /// The first message that a node sent in a reaction from some place on: its own place, and whom it is for. What a
    /// place is, is up to the carrier; they begin with 0.
    fn addressee(&self, id: Id, reaction: &Self::Reaction, from: usize) -> Option<(usize, Id)>;

    /// Puts the message at such a place in flight.
    fn send(&mut self, id: Id, reaction: &Self::Reaction, at: usize, rules: &Rules) -> Fate;

    /// The node loses everything volatile.
    fn crash(&mut self, id: Id);

    fn change_channel(
        &mut self,
        link: Link,
        change: &ChannelChange<'_, MsgOf<P, Self>>,
        rules: &Rules,
    ) -> Fate;

    fn change_globals(&mut self, change: &GlobalsChange<'_, CutOf<P, Self>>, rules: &Rules);

    /// Adds to the past what was observed in a reaction, and what it broke.
    fn record(&mut self, protocol: &P, id: Id, reaction: &Self::Reaction);

    /// An event by its contents, as everybody else knows it.
    fn spell_out(&self, event: &Event<Self::Vocabulary>) -> Event<P>;
}

/// What a carrier knows a message by.
pub type MsgOf<P, C> = <<C as Carrier<P>>::Vocabulary as Vocabulary>::Msg;
/// What a carrier knows a timer by.
pub type TimerOf<P, C> = <<C as Carrier<P>>::Vocabulary as Vocabulary>::Timer;
/// What a carrier knows the subject of a choice by.
pub type KeyOf<P, C> = <<C as Carrier<P>>::Vocabulary as Vocabulary>::Key;
/// What a carrier knows an option by.
pub type ChoiceOf<P, C> = <<C as Carrier<P>>::Vocabulary as Vocabulary>::Choice;
/// What a carrier knows it by where inside a handler a node crashes.
pub type PointOf<P, C> = <<C as Carrier<P>>::Vocabulary as Vocabulary>::Point;
/// What a carrier knows a cut by.
pub type CutOf<P, C> = <<C as Carrier<P>>::Vocabulary as Vocabulary>::Cut;

/// The plain carrier. Parts are shared between worlds until one of them changes a part.
#[derive_where(Clone, Debug, PartialEq, Eq)]
pub struct World<P: Protocol> {
    nodes: Vec<Arc<Node<P>>>,
    /// From `src` to `dst` at `src * nodes + dst`.
    channels: Vec<Arc<Channel<P::Msg>>>,
    globals: Arc<Globals>,
    past: Arc<Past<P>>,
}

/// Whoever hashes whole worlds does it seldom: one way is enough.
impl<P: Protocol> Hash for World<P> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let mut hasher: &mut dyn Hasher = hasher;
        let World {
            nodes,
            channels,
            globals,
            past,
        } = self;
        nodes.hash(&mut hasher);
        channels.hash(&mut hasher);
        globals.hash(&mut hasher);
        past.hash(&mut hasher);
    }
}

impl<P: Protocol> World<P> {
    /// The world in which no node has started.
    pub fn unstarted(protocol: &P, cluster: &Cluster, rules: &Rules) -> Self {
        let n = cluster.len();
        let empty = Arc::new(Channel::default());
        World {
            nodes: (0..n).map(|_| Arc::new(Node::Absent)).collect(),
            channels: vec![empty; n * n],
            globals: Arc::new(Globals::new(rules)),
            past: Arc::new(protocol.types().nothing_yet()),
        }
    }

    /// A world in which each node stands at the place of another, and so do the channels: `was` says,
    /// for each place, whose part it gets.
    pub(in crate::model) fn of(
        was: &[Id],
        node: impl Fn(Id) -> Node<P>,
        channel: impl Fn(Link) -> Channel<P::Msg>,
        globals: Globals,
        past: Past<P>,
    ) -> Self {
        let links = was
            .iter()
            .flat_map(|src| was.iter().map(|dst| Link::new(*src, *dst)));
        World {
            nodes: was.iter().map(|id| Arc::new(node(*id))).collect(),
            channels: links.map(|link| Arc::new(channel(link))).collect(),
            globals: Arc::new(globals),
            past: Arc::new(past),
        }
    }

    fn at(&self, link: Link) -> usize {
        index(link.src) * self.nodes.len() + index(link.dst)
    }
}

impl<P: Protocol> View<P> for World<P> {
    #[inline]
    fn nodes(&self) -> usize {
        self.nodes.len()
    }

    #[inline]
    fn node(&self, id: Id) -> &Node<P> {
        &self.nodes[index(id)]
    }

    #[inline]
    fn channel(&self, link: Link) -> &Channel<P::Msg> {
        &self.channels[self.at(link)]
    }

    #[inline]
    fn globals(&self) -> &Globals {
        &self.globals
    }

    #[inline]
    fn past(&self) -> &Past<P> {
        &self.past
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
    type Vocabulary = P;
    type Reaction = Owned<Reaction<P>>;
    type Points = Vec<CrashPoint>;

    fn deliverable(&self, link: Link, order: LinkOrder, nth: usize) -> Option<P::Msg> {
        self.channel(link).distinct(order).nth(nth).cloned()
    }

    fn in_flight(&self, link: Link, nth: usize) -> Option<P::Msg> {
        self.channel(link).iter().nth(nth).cloned()
    }

    fn copies(&self, link: Link, msg: &P::Msg) -> usize {
        self.channel(link).copies(msg)
    }

    fn armed(&self, id: Id, nth: usize) -> Option<P::Timer> {
        self.node(id).up()?.timers.iter().nth(nth).cloned()
    }

    fn awaits(&self, protocol: &P, id: Id, timer: &P::Timer) -> NodeSet {
        let state = self.node(id).state();
        state.map_or(NodeSet::EMPTY, |state| protocol.awaits(id, state, timer))
    }

    fn option(&self, id: Id, nth: usize) -> Option<(String, P::Choice)> {
        let (key, value) = self.node(id).option(nth)?;
        Some((key.to_owned(), value.clone()))
    }

    fn cut(&self, cut: &Cut) -> Cut {
        cut.clone()
    }

    fn severed(&self, cut: &Cut) -> Vec<Link> {
        cut.iter().collect()
    }

    fn withheld(&mut self, protocol: &P, id: Id, input: Input<'_, P>) -> Option<&'static str> {
        protocol.withheld(id, self.node(id).state()?, input)
    }

    fn crash_points(&mut self, system: &System<P>, id: Id, input: Input<'_, P>) -> Vec<CrashPoint> {
        let lasting = self.node(id).lasting(&system.protocol, id, input);
        lasting.points(system.rules.budgets.inside_handlers)
    }

    fn react(
        &mut self,
        system: &System<P>,
        id: Id,
        input: Input<'_, P>,
        crash: Option<&CrashPoint>,
    ) -> Self::Reaction {
        let node = Arc::make_mut(&mut self.nodes[index(id)]);
        Owned(system.react(node, id, input, crash))
    }

    fn addressee(&self, _: Id, reaction: &Self::Reaction, from: usize) -> Option<(usize, Id)> {
        reaction.next_send(from).map(|(at, dst, _)| (at, dst))
    }

    fn send(&mut self, id: Id, reaction: &Self::Reaction, at: usize, rules: &Rules) -> Fate {
        let (_, dst, msg) = reaction.next_send(at).expect("it has an addressee");
        self.change_channel(Link::new(id, dst), &ChannelChange::Send(msg), rules)
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
        Arc::make_mut(&mut self.channels[at]).change(change, rules.links.on(link))
    }

    fn change_globals(&mut self, change: &GlobalsChange<'_>, rules: &Rules) {
        Arc::make_mut(&mut self.globals).change(change, rules);
    }

    fn record(&mut self, protocol: &P, id: Id, reaction: &Self::Reaction) {
        let Reaction {
            observations,
            breaches,
            ..
        } = &reaction.0;
        if !observations.is_empty() || !breaches.is_empty() {
            Arc::make_mut(&mut self.past).record(protocol, id, observations, breaches);
        }
    }

    fn spell_out(&self, event: &Event<P>) -> Event<P> {
        event.clone()
    }
}
