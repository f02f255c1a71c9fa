//! Every part of every world by number, and what was ever asked of it.
//!
//! Invariant: a part is interned once, and what the relation reads of it (who is up, what may be
//! delivered, which timers are armed and whom they await) is worked out at that moment. Handlers
//! and changes are asked of the model the first time, and remembered by the numbers of the part
//! and of the question: that is sound because both depend on these two alone.

use std::rc::Rc;

use super::intern::{Interner, Number};
use super::memo::Memo;
use crate::model::cluster::index;
use crate::model::globals::Globals;
use crate::model::network::Fate;
use crate::model::{
    Channel, Cut, Id, LinkOrder, Node, NodeSet, Observation, Protocol, Reacted, Rules, Vocabulary,
};

/// Not known yet, or nothing.
pub const NONE: Number = Number::MAX;

/// What events are made of here: numbers. A message is numbered on its link, a timer and an
/// option on their node.
#[derive(Clone, Copy, Debug)]
pub enum Numbers {}

impl Vocabulary for Numbers {
    type Msg = Number;
    type Timer = Number;
    /// An option has a number together with what the choice is about.
    type Key = ();
    type Random = Number;
    type Cut = Number;
}

/// A piece of a list that many parts share.
#[derive(Clone, Copy, Default)]
pub struct Piece {
    start: u32,
    len: u32,
}

/// Pieces of one list after another.
struct Pieces<T>(Vec<T>);

impl<T: Copy> Pieces<T> {
    fn add(&mut self, items: impl IntoIterator<Item = T>) -> Piece {
        let start = self.0.len();
        self.0.extend(items);
        let small = |n| u32::try_from(n).expect("a list of fewer than 2^32 items");
        Piece {
            start: small(start),
            len: small(self.0.len() - start),
        }
    }

    #[inline]
    fn get(&self, piece: Piece, nth: usize) -> Option<T> {
        let within = nth < piece.len as usize;
        within.then(|| self.0[piece.start as usize + nth])
    }

    fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<T>()
    }
}

/// What the relation reads of a node.
#[derive(Clone, Copy)]
pub struct NodeFacts {
    pub up: bool,
    pub down: bool,
    /// It has left a choice to the environment.
    pub undecided: bool,
    /// The timers armed, with whom they await.
    timers: Piece,
    /// The options of the first choice.
    options: Piece,
    /// The node after a crash, once it was asked for.
    pub crashed: Number,
}

/// What an input did to a node.
pub struct Remembered {
    pub after: Number,
    pub sends: Vec<(Id, Number)>,
    /// The number of its observations, or none.
    pub observed: Number,
}

/// A reaction that is remembered.
pub struct Recalled(pub Rc<Remembered>);

impl Reacted<Numbers> for Recalled {
    fn sends(&self) -> impl Iterator<Item = (Id, &Number)> {
        self.0.sends.iter().map(|(dst, msg)| (*dst, msg))
    }
}

/// What was asked about one input of one node.
#[derive(Default)]
pub struct Asked {
    /// Whether it is known what withholds it.
    pub is_judged: bool,
    pub withheld: Option<&'static str>,
    pub points: Option<Rc<[usize]>>,
    pub reaction: Option<Rc<Remembered>>,
}

/// All that one node ever was.
pub struct NodeBook<P: Protocol> {
    pub values: Interner<Node<P>>,
    pub facts: Vec<NodeFacts>,
    pub timers: Interner<P::Timer>,
    pub options: Interner<(String, P::Random)>,
    armed: Pieces<(Number, NodeSet)>,
    open: Pieces<Number>,
    /// From part and input to what was asked.
    pub known: Memo,
    pub asked: Vec<Asked>,
    /// From what was asked and where it crashed to reactions.
    pub known_prefixes: Memo,
    pub prefixes: Vec<Rc<Remembered>>,
}

impl<P: Protocol> Default for NodeBook<P> {
    fn default() -> Self {
        NodeBook {
            values: Interner::default(),
            facts: Vec::new(),
            timers: Interner::default(),
            options: Interner::default(),
            armed: Pieces(Vec::new()),
            open: Pieces(Vec::new()),
            known: Memo::default(),
            asked: Vec::new(),
            known_prefixes: Memo::default(),
            prefixes: Vec::new(),
        }
    }
}

impl<P: Protocol> NodeBook<P> {
    pub fn intern(&mut self, protocol: &P, id: Id, node: Node<P>) -> Number {
        let (number, new) = self.values.intern(node);
        if !new {
            return number;
        }
        let mut facts = NodeFacts {
            up: false,
            down: false,
            undecided: false,
            timers: Piece::default(),
            options: Piece::default(),
            crashed: NONE,
        };
        match self.values.get(number) {
            Node::Absent => {}
            Node::Down { .. } => facts.down = true,
            Node::Up(up) => {
                facts.up = true;
                facts.undecided = !up.choices.is_empty();
                let numbers = &mut self.timers;
                facts.timers = self.armed.add(up.timers.iter().map(|timer| {
                    let awaited = protocol.awaits(id, &up.state, timer);
                    (numbers.intern(timer.clone()).0, awaited)
                }));
                if let Some((key, options)) = up.choices.first_key_value() {
                    let numbers = &mut self.options;
                    let option = |value: &P::Random| (key.clone(), value.clone());
                    let options = options.iter().map(|value| numbers.intern(option(value)).0);
                    facts.options = self.open.add(options);
                }
            }
        }
        self.facts.push(facts);
        number
    }

    #[inline]
    pub fn armed(&self, node: Number, nth: usize) -> Option<Number> {
        let timers = self.facts[node as usize].timers;
        self.armed.get(timers, nth).map(|(timer, _)| timer)
    }

    pub fn awaited(&self, node: Number, timer: Number) -> NodeSet {
        let timers = self.facts[node as usize].timers;
        let armed = (0..).map_while(|nth| self.armed.get(timers, nth));
        let mut awaited = armed.filter(|(armed, _)| *armed == timer);
        awaited
            .next()
            .map_or(NodeSet::EMPTY, |(_, awaited)| awaited)
    }

    #[inline]
    pub fn option(&self, node: Number, nth: usize) -> Option<Number> {
        self.open.get(self.facts[node as usize].options, nth)
    }

    /// Where what was asked of an input is remembered.
    #[inline]
    pub fn asked(&mut self, question: u64) -> usize {
        if let Some(at) = self.known.get(question) {
            return at as usize;
        }
        let at = self.asked.len();
        self.asked.push(Asked::default());
        self.known.put(question, number(at));
        at
    }

    pub fn bytes(&self) -> usize {
        let lists = self.facts.capacity() * size_of::<NodeFacts>()
            + self.asked.capacity() * (size_of::<Asked>() + size_of::<Remembered>())
            + self.prefixes.capacity() * size_of::<Remembered>();
        let tables = self.values.bytes() + self.timers.bytes() + self.options.bytes();
        let memos = self.known.bytes() + self.known_prefixes.bytes();
        lists + tables + memos + self.armed.bytes() + self.open.bytes()
    }
}

/// All that was ever in flight on one link. Nothing in flight is number 0.
pub struct ChannelBook<M> {
    pub values: Interner<Channel<M>>,
    pub messages: Interner<M>,
    /// What is in flight, and what of it may be delivered next.
    facts: Vec<(Piece, Piece)>,
    lists: Pieces<Number>,
    /// From part and change to the new part and what became of a message.
    pub changes: Memo,
}

impl<M: Clone + Ord + std::hash::Hash> Default for ChannelBook<M> {
    fn default() -> Self {
        let mut values = Interner::default();
        values.intern(Channel::default());
        ChannelBook {
            values,
            messages: Interner::default(),
            facts: vec![(Piece::default(), Piece::default())],
            lists: Pieces(Vec::new()),
            changes: Memo::default(),
        }
    }
}

impl<M: Clone + Ord + std::hash::Hash> ChannelBook<M> {
    pub fn intern(&mut self, order: LinkOrder, channel: Channel<M>) -> Number {
        let (number, new) = self.values.intern(channel);
        if new {
            let channel = self.values.get(number);
            let messages = &mut self.messages;
            let mut known = |msg: &M| messages.intern(msg.clone()).0;
            let all = self.lists.add(channel.iter().map(&mut known));
            let next = self.lists.add(channel.distinct(order).map(&mut known));
            self.facts.push((all, next));
        }
        number
    }

    #[inline]
    pub fn in_flight(&self, channel: Number, nth: usize) -> Option<Number> {
        if channel == 0 {
            return None;
        }
        self.lists.get(self.facts[channel as usize].0, nth)
    }

    #[inline]
    pub fn deliverable(&self, channel: Number, nth: usize) -> Option<Number> {
        self.lists.get(self.facts[channel as usize].1, nth)
    }

    pub fn bytes(&self) -> usize {
        let facts = self.facts.capacity() * size_of::<(Piece, Piece)>();
        let tables = self.values.bytes() + self.messages.bytes();
        facts + tables + self.lists.bytes() + self.changes.bytes()
    }
}

/// The new part and what became of a message, in one word.
pub fn with_fate(part: Number, fate: Fate) -> Number {
    let fate = match fate {
        Fate::InFlight => 0,
        Fate::Absorbed => 1,
        Fate::Cut => 2,
    };
    part << 2 | fate
}

#[inline]
pub fn and_fate(answer: Number) -> (Number, Fate) {
    let fate = match answer & 3 {
        0 => Fate::InFlight,
        1 => Fate::Absorbed,
        _ => Fate::Cut,
    };
    (answer >> 2, fate)
}

/// All that the globals ever were, and all cuts that can be made.
pub struct GlobalsBook {
    pub values: Interner<Globals>,
    /// The nodes that may crash under each.
    pub expendable: Vec<NodeSet>,
    pub cuts: Interner<Cut>,
    pub changes: Memo,
}

impl GlobalsBook {
    pub fn intern(&mut self, nodes: usize, rules: &Rules, globals: Globals) -> Number {
        let (number, new) = self.values.intern(globals);
        if new {
            let expendable = self.values.get(number).expendable(nodes, rules);
            self.expendable.push(expendable);
        }
        number
    }
}

/// All histories.
pub struct HistoryBook<P: Protocol> {
    pub values: Interner<P::History>,
    /// What was observed in one step, and of whom.
    pub observations: Interner<(usize, Vec<Observation>)>,
    pub records: Memo,
}

impl<P: Protocol> HistoryBook<P> {
    /// The number of what was observed in one step.
    pub fn observed(&mut self, id: Id, observations: &[Observation]) -> Number {
        if observations.is_empty() {
            return NONE;
        }
        let observed = (index(id), observations.to_vec());
        self.observations.intern(observed).0
    }
}

pub fn number(n: usize) -> Number {
    Number::try_from(n).expect("small numbers only")
}
