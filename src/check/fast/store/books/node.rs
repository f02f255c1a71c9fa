//! All that one node ever was, and what its handlers answered.

use std::sync::Arc;

use smallvec::SmallVec;

use super::super::memo::{Memo, question};
use super::super::pieces::{Piece, Pieces};
use super::super::shared::Shared;
use crate::check::intern::{Interner, NONE, Number, number};
use crate::model::{CrashPoint, Id, Node, NodeSet, Protocol};

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
#[derive(Clone, Copy)]
pub struct Remembered {
    pub after: Number,
    /// The number of its observations, or none.
    pub observed: Number,
    sent: Piece,
}

/// What was asked about one input of one node.
pub struct AskedInput {
    /// Whether it is known what withholds it.
    pub is_judged: bool,
    pub withheld: Option<&'static str>,
    pub points: Option<Points>,
    /// Where the reaction is remembered, or none.
    pub reaction: Number,
}

/// Where a crash inside a handler makes a difference.
pub type Points = SmallVec<[Number; 4]>;

/// All that one node ever was.
pub struct NodeBook<P: Protocol> {
    pub values: Shared<Arc<Node<P>>>,
    pub facts: Vec<NodeFacts>,
    pub timers: Interner<P::Timer>,
    pub options: Interner<(String, P::Choice)>,
    pub points: Interner<CrashPoint>,
    armed: Pieces<(Number, NodeSet)>,
    open: Pieces<Number>,
    /// From part and input to what was asked.
    known: Memo,
    pub asked: Vec<AskedInput>,
    /// From what was asked and where it crashed to reactions.
    known_crashes: Memo,
    remembered: Vec<Remembered>,
    sent: Pieces<(Id, Number)>,
}

impl<P: Protocol> Default for NodeBook<P> {
    fn default() -> Self {
        NodeBook::of(Shared::default())
    }
}

impl<P: Protocol> NodeBook<P> {
    fn of(values: Shared<Arc<Node<P>>>) -> Self {
        NodeBook {
            values,
            facts: Vec::new(),
            timers: Interner::default(),
            options: Interner::default(),
            points: Interner::default(),
            armed: Pieces::default(),
            open: Pieces::default(),
            known: Memo::default(),
            asked: Vec::new(),
            known_crashes: Memo::default(),
            remembered: Vec::new(),
            sent: Pieces::default(),
        }
    }

    pub fn for_another(&self) -> Self {
        NodeBook::of(self.values.for_another())
    }

    pub fn intern(&mut self, protocol: &P, id: Id, node: Node<P>) -> Number {
        let number = self.values.intern(node);
        self.learn(protocol, id);
        number
    }

    pub fn catch_up(&mut self, protocol: &P, id: Id) {
        self.values.catch_up();
        self.learn(protocol, id);
    }

    /// Works out what is read of the parts that are new here.
    fn learn(&mut self, protocol: &P, id: Id) {
        while self.facts.len() < self.values.len() {
            let node = Arc::clone(self.values.get(number(self.facts.len())));
            let facts = self.facts_of(protocol, id, &node);
            self.facts.push(facts);
        }
    }

    fn facts_of(&mut self, protocol: &P, id: Id, node: &Node<P>) -> NodeFacts {
        let mut facts = NodeFacts {
            up: false,
            down: false,
            undecided: false,
            timers: Piece::default(),
            options: Piece::default(),
            crashed: NONE,
        };
        match node {
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
                    let option = |value: &P::Choice| (key.clone(), value.clone());
                    let options = options.iter().map(|value| numbers.intern(option(value)).0);
                    facts.options = self.open.add(options);
                }
            }
        }
        facts
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
        self.asked.push(AskedInput {
            is_judged: false,
            withheld: None,
            points: None,
            reaction: NONE,
        });
        self.known.put(question, number(at));
        at
    }

    /// Where the reaction to what was asked is remembered, if it is.
    #[inline]
    pub fn known_reaction(&self, asked: usize, crash: Option<Number>) -> Option<Number> {
        match crash {
            None => {
                let reaction = self.asked[asked].reaction;
                (reaction != NONE).then_some(reaction)
            }
            Some(point) => self.known_crashes.get(question(number(asked), point)),
        }
    }

    #[inline]
    pub fn remembered(&self, reaction: Number) -> Remembered {
        self.remembered[reaction as usize]
    }

    /// The n-th message that was sent in a reaction, and to whom.
    #[inline]
    pub fn sent(&self, reaction: Number, nth: usize) -> Option<(Id, Number)> {
        self.sent.get(self.remembered[reaction as usize].sent, nth)
    }

    /// Remembers a reaction.
    pub fn remember(&mut self, asked: usize, crash: Option<Number>, answer: &Answered) -> Number {
        let reaction = number(self.remembered.len());
        self.remembered.push(Remembered {
            after: answer.after,
            observed: answer.observed,
            sent: self.sent.add(answer.sent.iter().copied()),
        });
        match crash {
            None => self.asked[asked].reaction = reaction,
            Some(point) => {
                let question = question(number(asked), point);
                self.known_crashes.put(question, reaction);
            }
        }
        reaction
    }

    /// Whether what is remembered is what was answered.
    pub fn is_what_was(&self, reaction: Number, answer: &Answered) -> bool {
        let known = self.remembered(reaction);
        let sent = (0..).map_while(|nth| self.sent(reaction, nth));
        known.after == answer.after
            && known.observed == answer.observed
            && sent.eq(answer.sent.iter().copied())
    }

    pub fn bytes(&self) -> usize {
        let lists = self.facts.capacity() * size_of::<NodeFacts>()
            + self.asked.capacity() * size_of::<AskedInput>()
            + self.remembered.capacity() * size_of::<Remembered>();
        let tables =
            self.values.bytes() + self.timers.bytes() + self.options.bytes() + self.points.bytes();
        let memos = self.known.bytes() + self.known_crashes.bytes();
        lists + tables + memos + self.armed.bytes() + self.open.bytes() + self.sent.bytes()
    }
}

/// What a handler answered, before it is remembered.
pub struct Answered {
    pub after: Number,
    pub observed: Number,
    pub sent: Vec<(Id, Number)>,
}
