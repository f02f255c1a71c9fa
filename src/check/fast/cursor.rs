//! The carrier of the fast engine: a world is a list of numbers, and its packed words follow
//! every change.
//!
//! Invariants: the words are those of the parts, unless a number has outgrown its field, which
//! [`Cursor::has_outgrown`] tells; [`Cursor::undo`] takes back all changes since the world was
//! loaded. It serves one system.

use std::rc::Rc;

use super::books::{
    Asked, ChannelBook, GlobalsBook, HistoryBook, NONE, NodeBook, Numbers, Recalled, Remembered,
    and_fate, number, with_fate,
};
use super::intern::{Interner, Number};
use super::memo::{Memo, question};
use super::pack::Packer;
use crate::model::cluster::index;
use crate::model::globals::{Globals, GlobalsChange};
use crate::model::network::{ChannelChange, Fate};
use crate::model::{
    Carrier, Channel, Cut, Envelope, Event, Id, Input, Link, LinkOrder, Node, NodeSet, Protocol,
    Rules, System, View, World,
};

/// What every world is made of, by number.
pub struct Books<P: Protocol> {
    nodes: usize,
    node: Vec<NodeBook<P>>,
    channel: Vec<ChannelBook<P::Msg>>,
    globals: GlobalsBook,
    history: HistoryBook<P>,
}

/// The parts of a world in their order: nodes, channels, globals, history.
impl<P: Protocol> Books<P> {
    #[inline]
    fn at_link(&self, link: Link) -> usize {
        index(link.src) * self.nodes + index(link.dst)
    }

    #[inline]
    fn at_globals(&self) -> usize {
        self.nodes + self.nodes * self.nodes
    }

    #[inline]
    pub fn at_history(&self) -> usize {
        self.at_globals() + 1
    }

    fn part_count(&self) -> usize {
        self.at_history() + 1
    }

    /// How many values each part has had.
    pub fn counts(&self) -> Vec<usize> {
        let nodes = self.node.iter().map(|book| book.values.len());
        let channels = self.channel.iter().map(|book| book.values.len());
        let rest = [self.globals.values.len(), self.history.values.len()];
        nodes.chain(channels).chain(rest).collect()
    }

    fn bytes(&self) -> usize {
        let nodes: usize = self.node.iter().map(NodeBook::bytes).sum();
        let channels: usize = self.channel.iter().map(ChannelBook::bytes).sum();
        let globals = self.globals.values.bytes() + self.globals.changes.bytes();
        let history = self.history.values.bytes() + self.history.records.bytes();
        nodes + channels + globals + history
    }

    /// The parts of one world.
    pub fn shelf<'a>(&'a self, parts: &'a [Number]) -> Shelf<'a, P> {
        Shelf { books: self, parts }
    }
}

/// The world that some numbers stand for.
#[derive_where::derive_where(Clone, Copy)]
pub struct Shelf<'a, P: Protocol> {
    books: &'a Books<P>,
    parts: &'a [Number],
}

impl<'a, P: Protocol> Shelf<'a, P> {
    #[inline]
    pub fn at_link(&self, link: Link) -> usize {
        self.books.nodes + self.books.at_link(link)
    }

    #[inline]
    pub fn at_globals(&self) -> usize {
        self.books.at_globals()
    }

    #[inline]
    pub fn at_history(&self) -> usize {
        self.books.at_history()
    }

    pub fn nodes(&self) -> usize {
        self.books.nodes
    }

    pub fn node(&self, id: Id) -> &'a Node<P> {
        self.books.node[index(id)].values.get(self.parts[index(id)])
    }

    pub fn channel(&self, link: Link) -> &'a Channel<P::Msg> {
        let book = &self.books.channel[self.books.at_link(link)];
        book.values.get(self.parts[self.at_link(link)])
    }

    pub fn globals(&self) -> &'a Globals {
        self.books.globals.values.get(self.parts[self.at_globals()])
    }

    pub fn history(&self) -> &'a P::History {
        self.books.history.values.get(self.parts[self.at_history()])
    }
}

/// The carrier: stands at one world at a time.
pub struct Cursor<P: Protocol> {
    system: System<P>,
    books: Books<P>,
    parts: Vec<Number>,
    words: Vec<u64>,
    packer: Packer,
    /// The parts that changed since the world was loaded, and what they were.
    changed: Vec<(usize, Number)>,
    outgrown: bool,
    /// The node and the input that were asked about last, and where that is remembered: the same
    /// is asked several times in a row.
    last_asked: (usize, u64, usize),
    /// Of so many known answers one is asked for again, and how many are left until then.
    doubt: (u32, u32),
}

impl<P: Protocol> Cursor<P> {
    /// A carrier that stands at this world.
    pub fn new(system: &System<P>, world: &World<P>, word_bits: u32, doubt: u32) -> Self {
        let nodes = system.cluster.len();
        let mut books = Books {
            nodes,
            node: (0..nodes).map(|_| NodeBook::default()).collect(),
            channel: (0..nodes * nodes).map(|_| ChannelBook::default()).collect(),
            globals: GlobalsBook {
                values: Interner::default(),
                expendable: Vec::new(),
                cuts: Interner::default(),
                changes: Memo::default(),
            },
            history: HistoryBook {
                values: Interner::default(),
                observations: Interner::default(),
                records: Memo::default(),
            },
        };
        let cuts = system.rules.cuts.iter().chain(&world.globals().cuts);
        for cut in cuts {
            books.globals.cuts.intern(cut.clone());
        }
        let mut cursor = Cursor {
            parts: vec![0; books.part_count()],
            words: Vec::new(),
            packer: Packer::new(&books.counts(), word_bits),
            changed: Vec::new(),
            outgrown: false,
            last_asked: (0, u64::MAX, 0),
            doubt: (doubt, doubt),
            system: system.clone(),
            books,
        };
        cursor.stand_at(world);
        cursor.repack(word_bits);
        cursor
    }

    /// Interns a world's parts. The caller packs.
    fn stand_at(&mut self, world: &World<P>) {
        let order = self.system.rules.links.order;
        for id in self.system.cluster.ids() {
            let node = world.node(id).clone();
            let book = &mut self.books.node[index(id)];
            self.parts[index(id)] = book.intern(&self.system.protocol, id, node);
            for dst in self.system.cluster.ids() {
                let link = Link::new(id, dst);
                let channel = world.channel(link).clone();
                let at = self.books.at_link(link);
                let number = self.books.channel[at].intern(order, channel);
                self.parts[self.books.nodes + at] = number;
            }
        }
        let (rules, globals) = (&self.system.rules, world.globals().clone());
        let globals = self.books.globals.intern(self.books.nodes, rules, globals);
        let history = self.books.history.values.intern(world.history().clone());
        let (at_globals, at_history) = (self.books.at_globals(), self.books.at_history());
        self.parts[at_globals] = globals;
        self.parts[at_history] = history.0;
    }

    pub fn books(&self) -> &Books<P> {
        &self.books
    }

    /// The numbers of the world that it stands at.
    pub fn parts(&self) -> &[Number] {
        &self.parts
    }

    pub fn packer(&self) -> &Packer {
        &self.packer
    }

    /// The world as one word.
    #[inline]
    pub fn key(&mut self) -> u64 {
        debug_assert!(!self.outgrown);
        self.packer.fold(&self.words)
    }

    #[inline]
    pub fn load(&mut self, key: u64) {
        self.packer.unfold(key, &mut self.words);
        self.packer.parts(&self.words, &mut self.parts);
        self.changed.clear();
        self.outgrown = false;
    }

    /// Takes back every change since the world was loaded.
    #[inline]
    pub fn undo(&mut self) {
        while let Some((part, before)) = self.changed.pop() {
            let now = std::mem::replace(&mut self.parts[part], before);
            self.packer.replace(&mut self.words, part, now, before);
        }
    }

    /// Whether some number does not fit its field, so that worlds have to be packed again.
    #[inline]
    pub fn has_outgrown(&self) -> bool {
        self.outgrown
    }

    /// Makes a layout for all that is known by now; the old one is what worlds were packed by.
    pub fn repack(&mut self, word_bits: u32) -> Packer {
        let packer = Packer::new(&self.books.counts(), word_bits);
        let old = std::mem::replace(&mut self.packer, packer);
        self.packer.fill(&self.parts, &mut self.words);
        self.outgrown = false;
        old
    }

    /// A word of an old layout, in the new one.
    pub fn translate(&mut self, old: &Packer, key: u64, scratch: &mut Scratch) -> u64 {
        scratch.parts.resize(self.parts.len(), 0);
        old.unfold(key, &mut scratch.words);
        old.parts(&scratch.words, &mut scratch.parts);
        self.packer.fill(&scratch.parts, &mut scratch.words);
        self.packer.fold(&scratch.words)
    }

    pub fn bytes(&self) -> usize {
        self.books.bytes() + self.packer.bytes()
    }

    #[inline]
    fn set(&mut self, part: usize, now: Number) {
        let before = std::mem::replace(&mut self.parts[part], now);
        if before == now {
            return;
        }
        self.changed.push((part, before));
        self.outgrown |= !self.packer.fits(part, now);
        self.packer.replace(&mut self.words, part, before, now);
    }

    fn shelf(&self) -> Shelf<'_, P> {
        self.books.shelf(&self.parts)
    }

    /// The number of what is asked about an input of a node, as it is now.
    #[inline]
    fn asked(&mut self, id: Id, input: Input<'_, Numbers>) -> usize {
        let question = question(self.parts[index(id)], code(input));
        let (node, last, at) = self.last_asked;
        if (node, last) == (index(id), question) {
            return at;
        }
        let at = self.books.node[index(id)].asked(question);
        self.last_asked = (index(id), question, at);
        at
    }

    /// Runs a handler for the first time.
    fn ask(&mut self, id: Id, input: Input<'_, Numbers>, crash_after: Option<usize>) -> Remembered {
        let protocol = &*self.system.protocol;
        let before = self.books.node[index(id)].values.get(self.parts[index(id)]);
        let mut node = before.clone();
        let spelt = spell_input(&self.books, id, input);
        let reaction = node.react(protocol, id, spelt, crash_after);
        let after = self.books.node[index(id)].intern(protocol, id, node);
        let mut sends = Vec::new();
        for (dst, msg) in reaction.sends() {
            let at = self.books.at_link(Link::new(id, dst));
            let messages = &mut self.books.channel[at].messages;
            sends.push((dst, messages.intern(msg.clone()).0));
        }
        let observed = self.books.history.observed(id, &reaction.observations);
        Remembered {
            after,
            sends,
            observed,
        }
    }

    /// Asks once more what is known, and compares.
    fn ask_again(
        &mut self,
        known: &Remembered,
        id: Id,
        input: Input<'_, Numbers>,
        crash_after: Option<usize>,
    ) {
        let again = self.ask(id, input, crash_after);
        let same = again.after == known.after
            && again.sends == known.sends
            && again.observed == known.observed;
        assert!(
            same,
            "the handler of {} is not pure: asked about {:?} a second time, it answered otherwise",
            self.system.cluster.name(id),
            spell_input(&self.books, id, input),
        );
    }
}

/// Buffers for what is packed again.
#[derive(Default)]
pub struct Scratch {
    words: Vec<u64>,
    parts: Vec<Number>,
}

/// An input in one number: its sort, who sent it, and what.
#[inline]
fn code(input: Input<'_, Numbers>) -> Number {
    let (sort, src, what) = match input {
        Input::Start => (0, 0, 0),
        Input::Message { src, msg } => (1, number(index(src)), *msg),
        Input::Timeout(timer) => (2, 0, *timer),
        Input::Choice { value, .. } => (3, 0, *value),
    };
    assert!(what < 1 << 23, "fewer than 2^23 messages on a link");
    sort | src << 2 | what << 9
}

/// An input by its contents.
fn spell_input<'a, P: Protocol>(
    books: &'a Books<P>,
    id: Id,
    input: Input<'_, Numbers>,
) -> Input<'a, P> {
    let book = &books.node[index(id)];
    match input {
        Input::Start => Input::Start,
        Input::Message { src, msg } => Input::Message {
            src,
            msg: books.channel[books.at_link(Link::new(src, id))]
                .messages
                .get(*msg),
        },
        Input::Timeout(timer) => Input::Timeout(book.timers.get(*timer)),
        Input::Choice { value, .. } => {
            let (key, value) = book.options.get(*value);
            Input::Choice { key, value }
        }
    }
}

impl<P: Protocol> View<P> for Cursor<P> {
    fn nodes(&self) -> usize {
        self.books.nodes
    }

    fn node(&self, id: Id) -> &Node<P> {
        self.shelf().node(id)
    }

    fn channel(&self, link: Link) -> &Channel<P::Msg> {
        self.shelf().channel(link)
    }

    fn globals(&self) -> &Globals {
        self.shelf().globals()
    }

    fn history(&self) -> &P::History {
        self.shelf().history()
    }

    #[inline]
    fn is_up(&self, id: Id) -> bool {
        let at = index(id);
        self.books.node[at].facts[self.parts[at] as usize].up
    }

    #[inline]
    fn is_down(&self, id: Id) -> bool {
        let at = index(id);
        self.books.node[at].facts[self.parts[at] as usize].down
    }

    #[inline]
    fn is_undecided(&self, id: Id) -> bool {
        let at = index(id);
        self.books.node[at].facts[self.parts[at] as usize].undecided
    }

    fn expendable(&self, _: &Rules) -> NodeSet {
        let globals = self.parts[self.books.at_globals()];
        self.books.globals.expendable[globals as usize]
    }

    #[inline]
    fn is_silent(&self, link: Link) -> bool {
        self.parts[self.books.nodes + self.books.at_link(link)] == 0
    }
}

impl<P: Protocol> Carrier<P> for Cursor<P> {
    type Vocabulary = Numbers;
    type Reaction = Recalled;
    type Points = Points;

    #[inline]
    fn deliverable(&self, link: Link, order: LinkOrder, nth: usize) -> Option<Number> {
        debug_assert_eq!(order, self.system.rules.links.order);
        let at = self.books.at_link(link);
        let channel = self.parts[self.books.nodes + at];
        if channel == 0 {
            return None;
        }
        self.books.channel[at].deliverable(channel, nth)
    }

    fn in_flight(&self, link: Link, nth: usize) -> Option<Number> {
        let at = self.books.at_link(link);
        self.books.channel[at].in_flight(self.parts[self.books.nodes + at], nth)
    }

    fn copies(&self, link: Link, msg: &Number) -> usize {
        let all = (0..).map_while(|nth| self.in_flight(link, nth));
        all.filter(|other| other == msg).count()
    }

    #[inline]
    fn armed(&self, id: Id, nth: usize) -> Option<Number> {
        self.books.node[index(id)].armed(self.parts[index(id)], nth)
    }

    fn awaits(&self, _: &P, id: Id, timer: &Number) -> NodeSet {
        self.books.node[index(id)].awaited(self.parts[index(id)], *timer)
    }

    #[inline]
    fn option(&self, id: Id, nth: usize) -> Option<((), Number)> {
        let option = self.books.node[index(id)].option(self.parts[index(id)], nth);
        option.map(|option| ((), option))
    }

    fn cut(&self, cut: &Cut) -> Number {
        let known = self.books.globals.cuts.find(cut);
        known.expect("cuts are those of the rules, or of the first world")
    }

    fn severed(&self, cut: &Number) -> Vec<Link> {
        self.books.globals.cuts.get(*cut).iter().collect()
    }

    #[inline]
    fn withheld(
        &mut self,
        protocol: &P,
        id: Id,
        input: Input<'_, Numbers>,
    ) -> Option<&'static str> {
        let at = self.asked(id, input);
        let asked = &self.books.node[index(id)].asked[at];
        if asked.is_judged {
            return asked.withheld;
        }
        let state = self.shelf().node(id).state()?;
        let withheld = protocol.withheld(id, state, spell_input(&self.books, id, input));
        let asked = &mut self.books.node[index(id)].asked[at];
        (asked.is_judged, asked.withheld) = (true, withheld);
        withheld
    }

    #[inline]
    fn crash_points(&mut self, protocol: &P, id: Id, input: Input<'_, Numbers>) -> Points {
        let at = self.asked(id, input);
        if let Some(points) = &self.books.node[index(id)].asked[at].points {
            return Points::of(points);
        }
        let spelt = spell_input(&self.books, id, input);
        let points = self.shelf().node(id).crash_points(protocol, id, spelt);
        let points: Rc<[usize]> = points.into();
        let of = Points::of(&points);
        self.books.node[index(id)].asked[at].points = Some(points);
        of
    }

    #[inline]
    fn react(
        &mut self,
        _: &P,
        id: Id,
        input: Input<'_, Numbers>,
        crash_after: Option<usize>,
    ) -> Recalled {
        let at = self.asked(id, input);
        let prefix = crash_after.map(|after| question(number(at), number(after)));
        let book = &self.books.node[index(id)];
        let known = match prefix {
            None => book.asked[at].reaction.as_ref(),
            Some(prefix) => {
                let at = book.known_prefixes.get(prefix);
                at.map(|at| &book.prefixes[at as usize])
            }
        };
        let reaction = if let Some(known) = known {
            let known = Rc::clone(known);
            self.doubt.1 = self.doubt.1.wrapping_sub(1);
            if self.doubt.1 == 0 {
                self.doubt.1 = self.doubt.0;
                self.ask_again(&known, id, input, crash_after);
            }
            known
        } else {
            let new = Rc::new(self.ask(id, input, crash_after));
            let book = &mut self.books.node[index(id)];
            let remembered = Rc::clone(&new);
            if let Some(prefix) = prefix {
                book.known_prefixes.put(prefix, number(book.prefixes.len()));
                book.prefixes.push(remembered);
            } else {
                let Asked { reaction, .. } = &mut book.asked[at];
                *reaction = Some(remembered);
            }
            new
        };
        self.set(index(id), reaction.after);
        Recalled(reaction)
    }

    fn crash(&mut self, id: Id) {
        let before = self.parts[index(id)];
        let book = &mut self.books.node[index(id)];
        let mut after = book.facts[before as usize].crashed;
        if after == NONE {
            let mut node = book.values.get(before).clone();
            node.crash();
            after = book.intern(&self.system.protocol, id, node);
            book.facts[before as usize].crashed = after;
        }
        self.set(index(id), after);
    }

    #[inline]
    fn change_channel(
        &mut self,
        link: Link,
        change: &ChannelChange<'_, Number>,
        rules: &Rules,
    ) -> Fate {
        let at = self.books.at_link(link);
        let part = self.books.nodes + at;
        let before = self.parts[part];
        let asked = match change {
            ChannelChange::Send(msg) => *msg << 2,
            ChannelChange::Take(msg) => 1 | *msg << 2,
            ChannelChange::Copy(msg) => 2 | *msg << 2,
            ChannelChange::Clear => 3,
        };
        let question = question(before, asked);
        let book = &mut self.books.channel[at];
        let answer = book.changes.get(question).unwrap_or_else(|| {
            let mut channel = book.values.get(before).clone();
            let spelt = match change {
                ChannelChange::Send(msg) => ChannelChange::Send(book.messages.get(**msg)),
                ChannelChange::Take(msg) => ChannelChange::Take(book.messages.get(**msg)),
                ChannelChange::Copy(msg) => ChannelChange::Copy(book.messages.get(**msg)),
                ChannelChange::Clear => ChannelChange::Clear,
            };
            let fate = channel.change(&spelt, rules.links);
            let answer = with_fate(book.intern(rules.links.order, channel), fate);
            book.changes.put(question, answer);
            answer
        });
        let (after, fate) = and_fate(answer);
        self.set(part, after);
        fate
    }

    #[inline]
    fn change_globals(&mut self, change: &GlobalsChange<'_, Number>, rules: &Rules) {
        let part = self.books.at_globals();
        let before = self.parts[part];
        let (sort, what) = match change {
            GlobalsChange::Timeout => (0, 0),
            GlobalsChange::Crash(id) => (1, number(index(*id))),
            GlobalsChange::Drop(link) => (2, number(self.books.at_link(*link))),
            GlobalsChange::Duplicate => (3, 0),
            GlobalsChange::Cut(cut) => (4, **cut),
            GlobalsChange::Recover => (5, 0),
            GlobalsChange::Heal(cut) => (6, **cut),
        };
        let question = question(before, sort | what << 3);
        let nodes = self.books.nodes;
        let book = &mut self.books.globals;
        let after = book.changes.get(question).unwrap_or_else(|| {
            let spelt = match change {
                GlobalsChange::Timeout => GlobalsChange::Timeout,
                GlobalsChange::Crash(id) => GlobalsChange::Crash(*id),
                GlobalsChange::Drop(link) => GlobalsChange::Drop(*link),
                GlobalsChange::Duplicate => GlobalsChange::Duplicate,
                GlobalsChange::Cut(cut) => GlobalsChange::Cut(book.cuts.get(**cut)),
                GlobalsChange::Recover => GlobalsChange::Recover,
                GlobalsChange::Heal(cut) => GlobalsChange::Heal(book.cuts.get(**cut)),
            };
            let mut globals = book.values.get(before).clone();
            globals.change(&spelt, rules);
            let after = book.intern(nodes, rules, globals);
            book.changes.put(question, after);
            after
        });
        self.set(part, after);
    }

    #[inline]
    fn record(&mut self, protocol: &P, id: Id, reaction: &Recalled) {
        let observed = reaction.0.observed;
        if observed == NONE {
            return;
        }
        let part = self.books.at_history();
        let before = self.parts[part];
        let question = question(before, observed);
        let book = &mut self.books.history;
        let after = book.records.get(question).unwrap_or_else(|| {
            let mut history = book.values.get(before).clone();
            for observation in &book.observations.get(observed).1 {
                protocol.record(&mut history, id, observation);
            }
            let after = book.values.intern(history).0;
            book.records.put(question, after);
            after
        });
        self.set(part, after);
    }

    fn spell_out(&self, event: &Event<Numbers>) -> Event<P> {
        let envelope = |e: &Envelope<Numbers>| Envelope {
            src: e.src,
            dst: e.dst,
            msg: self.books.channel[self.books.at_link(e.link())]
                .messages
                .get(e.msg)
                .clone(),
        };
        let cut = |cut: &Number| self.books.globals.cuts.get(*cut).clone();
        match event {
            Event::Deliver(e) => Event::Deliver(envelope(e)),
            Event::Drop(e) => Event::Drop(envelope(e)),
            Event::Duplicate(e) => Event::Duplicate(envelope(e)),
            Event::Timeout { id, timer } => Event::Timeout {
                id: *id,
                timer: self.books.node[index(*id)].timers.get(*timer).clone(),
            },
            Event::Choose { id, value, .. } => {
                let (key, value) = self.books.node[index(*id)].options.get(*value).clone();
                Event::Choose {
                    id: *id,
                    key,
                    value,
                }
            }
            Event::CrashInside { event, after } => Event::CrashInside {
                event: Box::new(self.spell_out(event)),
                after: *after,
            },
            Event::Crash(id) => Event::Crash(*id),
            Event::Recover(id) => Event::Recover(*id),
            Event::Cut(c) => Event::Cut(cut(c)),
            Event::Heal(c) => Event::Heal(cut(c)),
        }
    }
}

/// Positions at which a crash inside a handler makes a difference.
pub struct Points {
    all: Option<Rc<[usize]>>,
    next: usize,
}

impl Points {
    fn of(all: &Rc<[usize]>) -> Self {
        let all = (!all.is_empty()).then(|| Rc::clone(all));
        Points { all, next: 0 }
    }
}

impl Iterator for Points {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let point = self.all.as_ref()?.get(self.next).copied();
        self.next += 1;
        point
    }
}
