//! The carrier of the fast engine: a world is a list of numbers, and its packed words follow
//! every change.
//!
//! Invariants: the words are those of the parts, unless a number has outgrown its field, which
//! [`Cursor::has_outgrown`] tells; [`Cursor::undo`] takes back all changes since the world was
//! loaded. It serves one system.

use std::sync::Arc;

use super::Tuning;
use super::books::{
    Answered, Books, NONE, Numbers, Points, Shelf, and_fate, code, number, with_fate,
};
use super::equivariance::{About, Question};
use super::fingerprint::fingerprint;
use super::intern::{Interner, Number};
use super::memo::question;
use super::names::Names;
use super::offers::{Move, Offers};
use super::orbits::Orbits;
use super::pack::{Key, Packer};
use super::reduce::Reducer;
use crate::check::NOT_PURE;
use crate::model::arms::Arm;
use crate::model::cluster::index;
use crate::model::globals::{Globals, GlobalsChange};
use crate::model::network::{ChannelChange, Fate};
use crate::model::symmetry::OwnedInput;
use crate::model::world::{Source, Terms};
use crate::model::{
    Carrier, Channel, Cut, Enabled, Event, Id, Input, Link, LinkOrder, Node, NodeSet, Protocol,
    Rules, System, View, World,
};

/// What was asked lately: the same is asked several times for one world.
const RECENT: usize = 64;

/// The carrier: stands at one world at a time.
pub struct Cursor<P: Protocol> {
    pub(super) system: System<P>,
    pub(super) books: Books<P>,
    pub(super) parts: Vec<Number>,
    words: Vec<u64>,
    packer: Packer,
    /// The parts that changed since the world was loaded, and what they were.
    pub(super) changed: Vec<(usize, Number)>,
    outgrown: bool,
    /// Of each node, where what was asked of it lately is remembered.
    recent: Vec<[(u64, u32); RECENT]>,
    /// The inputs that handlers were ever asked about, by node and code, and how many of them were
    /// told of.
    pub(super) inputs: Interner<(usize, Number)>,
    told: usize,
    /// Of so many known answers one is asked for again, and how many are left until then.
    doubt: (u32, u32),
    pub(super) reducer: Reducer<P>,
    pub(super) offers: Offers,
    /// Renamings, if worlds that differ by names are taken for one.
    orbits: Option<Orbits<P>>,
    /// The words of the world that stands for such worlds.
    class: Vec<u64>,
    /// By how many bits worlds of two words are known, if not exactly.
    fingerprints: Option<u32>,
}

impl<P: Protocol> Cursor<P> {
    /// A carrier that stands at this world.
    pub fn new(system: &System<P>, world: &World<P>, tuning: &Tuning, reducer: Reducer<P>) -> Self {
        let Tuning {
            word_bits, doubt, ..
        } = *tuning;
        let nodes = system.cluster.len();
        let mut books = Books::new(nodes);
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
            recent: vec![[(u64::MAX, 0); RECENT]; nodes],
            inputs: Interner::default(),
            told: 0,
            doubt: (doubt, doubt),
            reducer,
            offers: Offers::new(nodes, tuning.offers_max),
            orbits: None,
            class: Vec::new(),
            fingerprints: tuning.fingerprints,
            system: system.clone(),
            books,
        };
        cursor.stand_at(world);
        cursor.repack(word_bits);
        if cursor.bury_all() {
            cursor.repack(word_bits);
        }
        cursor
    }

    /// From now on, worlds that differ by names are one.
    pub fn rename(&mut self, names: Names<P>, word_bits: u32) {
        self.orbits = Some(Orbits::new(Arc::new(names)));
        for id in self.system.cluster.ids() {
            let about = About::Awaited(self.shelf().node(id).clone());
            self.compare(&Question { id, about });
        }
        while {
            self.class();
            self.outgrown
        } {
            self.repack(word_bits);
        }
    }

    /// Whether the set of worlds may know them by other keys than their own.
    #[inline]
    pub fn has_classes(&self) -> bool {
        self.orbits.is_some() || self.class_words() < self.packer.key_words()
    }

    /// Whether no world can be taken for another.
    pub fn is_exact(&self) -> bool {
        self.fingerprints.is_none()
    }

    /// Words of the keys by which the set of worlds knows them.
    pub fn class_words(&self) -> usize {
        match self.fingerprints {
            Some(_) => 1,
            None => self.packer.key_words(),
        }
    }

    /// The key by which the set of worlds knows this one: its own, or that of the world that stands
    /// for all that differ from it by names; or the fingerprint of that. Nothing if a number has
    /// outgrown its field.
    #[inline]
    pub fn class(&mut self) -> Key {
        let key = self.canonical();
        self.kept(key)
    }

    /// The same, for the world with this key.
    #[inline]
    pub fn class_of(&mut self, key: Key) -> Key {
        if self.orbits.is_none() {
            return self.kept(key);
        }
        self.load(key);
        self.class()
    }

    /// What the set keeps of a key.
    #[inline]
    fn kept(&self, key: Key) -> Key {
        match self.fingerprints {
            Some(bits) if self.packer.key_words() > 1 => fingerprint(key, bits),
            _ => key,
        }
    }

    /// The key of the world that stands for all that differ from this one by names.
    #[inline]
    fn canonical(&mut self) -> Key {
        if self.outgrown {
            return Key::default();
        }
        let Some(orbits) = &mut self.orbits else {
            return self.key();
        };
        let parts = orbits.canonical(&self.system, &mut self.books, &self.parts);
        let fits = |(part, number): (usize, &Number)| self.packer.fits(part, *number);
        if !parts.iter().enumerate().all(fits) {
            self.outgrown = true;
            return Key::default();
        }
        self.packer.fill(parts, &mut self.class);
        self.packer.fold(&self.class)
    }

    /// What renaming parts takes.
    pub fn desk(&mut self) -> (&System<P>, &mut Books<P>, Option<&mut Orbits<P>>) {
        (&self.system, &mut self.books, self.orbits.as_mut())
    }

    /// Compares what a question is answered to by all names.
    fn compare(&mut self, question: &Question<P>) {
        if let Some(orbits) = &mut self.orbits {
            orbits.check(&self.system, question);
        }
    }

    /// The same for a question about a node, as it is now, and an input.
    fn compare_input(
        &mut self,
        id: Id,
        input: Input<'_, Numbers>,
        about: impl FnOnce(Node<P>, OwnedInput<P>) -> About<P>,
    ) {
        if self.orbits.is_some() {
            let node = self.shelf().node(id).clone();
            let about = about(node, OwnedInput::of(self.books.spell_input(id, input)));
            self.compare(&Question { id, about });
        }
    }

    /// A carrier of the same system for another worker.
    pub fn for_another(&self) -> Self {
        let mut cursor = Cursor {
            system: self.system.clone(),
            books: self.books.for_another(),
            parts: self.parts.clone(),
            words: self.words.clone(),
            packer: self.packer.for_another(),
            changed: Vec::new(),
            outgrown: false,
            recent: vec![[(u64::MAX, 0); RECENT]; self.books.nodes],
            inputs: Interner::default(),
            told: 0,
            doubt: self.doubt,
            reducer: self.reducer.for_another(),
            offers: self.offers.for_another(),
            orbits: self.orbits.as_ref().map(Orbits::for_another),
            class: Vec::new(),
            fingerprints: self.fingerprints,
        };
        cursor.catch_up();
        cursor
    }

    /// Learns what other workers have found by now: the parts of every world whose word they may
    /// have made.
    pub fn catch_up(&mut self) {
        let System {
            protocol, rules, ..
        } = &self.system;
        let Books {
            nodes,
            node,
            channel,
            globals,
            history,
            ..
        } = &mut self.books;
        for (at, book) in node.iter_mut().enumerate() {
            book.catch_up(protocol, Id::from(at));
        }
        for book in channel {
            book.catch_up(rules.links.order);
        }
        globals.catch_up(*nodes, rules);
        history.values.catch_up();
        self.packer.catch_up();
    }

    /// Fills the books from elsewhere, with the very numbers that words are made of.
    pub fn learn<R>(&mut self, from: impl FnOnce(&System<P>, &mut Books<P>) -> R) -> R {
        from(&self.system, &mut self.books)
    }

    /// Takes a layout with its tables.
    pub fn pack_by(&mut self, packer: Packer) {
        self.packer = packer;
        self.changed.clear();
        self.outgrown = false;
        self.packer.fill(&self.parts, &mut self.words);
    }

    /// Takes over the layout of another worker.
    pub fn adopt(&mut self, packer: &Packer) {
        self.packer = packer.for_another();
        self.catch_up();
        self.changed.clear();
        self.outgrown = false;
        self.packer.fill(&self.parts, &mut self.words);
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
        self.parts[at_history] = history;
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

    #[inline]
    pub fn key(&mut self) -> Key {
        debug_assert!(!self.outgrown);
        self.packer.fold(&self.words)
    }

    #[inline]
    pub fn load(&mut self, key: Key) {
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

    /// A key of an old layout, in the new one.
    pub fn translate(&mut self, old: &Packer, key: Key, scratch: &mut Scratch) -> Key {
        scratch.parts.resize(self.parts.len(), 0);
        old.unfold(key, &mut scratch.words);
        old.parts(&scratch.words, &mut scratch.parts);
        self.packer.fill(&scratch.parts, &mut scratch.words);
        self.packer.fold(&scratch.words)
    }

    pub fn bytes(&self) -> usize {
        let orbits = self.orbits.as_ref().map_or(0, Orbits::bytes);
        let remembered = self.offers.bytes() + self.reducer.bytes();
        self.books.bytes() + self.packer.bytes() + remembered + orbits
    }

    #[inline]
    pub(super) fn set(&mut self, part: usize, now: Number) {
        let before = std::mem::replace(&mut self.parts[part], now);
        if before == now {
            return;
        }
        self.changed.push((part, before));
        self.outgrown |= !self.packer.fits(part, now);
        self.packer.replace(&mut self.words, part, before, now);
    }

    /// Whether some cut lasts.
    #[inline]
    pub(super) fn some_cut_lasts(&self) -> bool {
        let globals = self.parts[self.books.at_globals()];
        self.books.globals.facts[globals as usize].is_cut
    }

    /// Whether the next known answer is to be asked for again. If not, it is one less until then.
    #[inline]
    pub(super) fn is_in_doubt(&mut self) -> bool {
        let in_doubt = self.doubt.1 == 1;
        if !in_doubt {
            self.doubt.1 = self.doubt.1.wrapping_sub(1);
        }
        in_doubt
    }

    fn shelf(&self) -> Shelf<'_, P> {
        self.books.shelf(&self.parts)
    }

    /// Where what is asked about an input of a node, as it is now, is remembered.
    #[inline]
    fn asked(&mut self, id: Id, input: Input<'_, Numbers>) -> usize {
        let (part, code) = (self.parts[index(id)], code(input));
        let question = question(part, code);
        // Inputs of one world differ in their code.
        let recent = (code ^ code >> 6 ^ code >> 9) as usize % RECENT;
        let recent = &mut self.recent[index(id)][recent];
        if recent.0 == question {
            return recent.1 as usize;
        }
        let at = self.books.node[index(id)].asked(question);
        *recent = (question, number(at));
        at
    }

    /// The arms that were exercised by what handlers were asked since this was called last.
    pub fn heard(&mut self) -> Vec<(Id, Arm)> {
        let new = std::mem::replace(&mut self.told, self.inputs.len())..self.inputs.len();
        let arm = |at| {
            let (node, code) = *self.inputs.get(number(at));
            let id = Id::from(node);
            Some((id, self.books.arm(id, code)?))
        };
        new.filter_map(arm).collect()
    }

    /// Runs a handler.
    fn ask(&mut self, id: Id, input: Input<'_, Numbers>, crash_after: Option<usize>) -> Answered {
        self.inputs.intern((index(id), code(input)));
        self.compare_input(id, input, |node, input| About::Reaction {
            node,
            input,
            crash_after,
        });
        let protocol = &*self.system.protocol;
        let before = self.books.node[index(id)].values.get(self.parts[index(id)]);
        let mut node = Node::clone(before);
        let spelt = self.books.spell_input(id, input);
        let reaction = node.react(protocol, id, spelt, crash_after);
        let after = self.books.node[index(id)].intern(protocol, id, node);
        let mut sent = Vec::new();
        for (dst, msg) in reaction.sends() {
            let at = self.books.at_link(Link::new(id, dst));
            let messages = &mut self.books.channel[at].messages;
            sent.push((dst, messages.intern(msg.clone()).0));
        }
        let observed = self.books.history.observed(id, &reaction.observations);
        Answered {
            after,
            observed,
            sent,
        }
    }

    /// Asks once more what is known, and compares.
    fn ask_again(
        &mut self,
        known: Number,
        id: Id,
        input: Input<'_, Numbers>,
        crash_after: Option<usize>,
    ) {
        let again = self.ask(id, input, crash_after);
        assert!(
            self.books.node[index(id)].is_what_was(known, &again),
            "the handler of {} {NOT_PURE}: asked about {:?} a second time, it answered otherwise",
            self.system.cluster.name(id),
            self.books.spell_input(id, input),
        );
    }
}

/// Buffers for what is packed again.
#[derive(Default)]
pub struct Scratch {
    words: Vec<u64>,
    parts: Vec<Number>,
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

    #[inline]
    fn is_cut(&self, link: Link) -> bool {
        self.some_cut_lasts() && self.globals().is_cut(link)
    }

    #[inline]
    fn expendable(&self, _: &Rules) -> NodeSet {
        let globals = self.parts[self.books.at_globals()];
        self.books.globals.facts[globals as usize].expendable
    }

    #[inline]
    fn next_busy(&self, from: usize) -> Option<(usize, Link)> {
        let nodes = self.books.nodes;
        let channels = &self.parts[nodes + from..self.books.at_globals()];
        let at = from + channels.iter().position(|channel| *channel != 0)?;
        Some((at, self.books.link(at)))
    }

    #[inline]
    fn is_silent(&self, link: Link) -> bool {
        self.parts[self.books.nodes + self.books.at_link(link)] == 0
    }
}

impl<P: Protocol> Carrier<P> for Cursor<P> {
    type Vocabulary = Numbers;
    /// Where it is remembered.
    type Reaction = Number;
    type Points = Points;

    #[inline]
    fn offer_from(
        &mut self,
        source: Source,
        terms: Terms,
        enabled: &mut Enabled<Numbers>,
        relation: impl FnOnce(&mut Self, &mut Enabled<Numbers>),
    ) {
        self.offer_what_is_known(source, terms, enabled, relation);
    }

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
        self.compare_input(id, input, |node, input| About::Withheld { node, input });
        let state = self.shelf().node(id).state()?;
        let withheld = protocol.withheld(id, state, self.books.spell_input(id, input));
        let asked = &mut self.books.node[index(id)].asked[at];
        (asked.is_judged, asked.withheld) = (true, withheld);
        withheld
    }

    #[inline]
    fn crash_points(&mut self, protocol: &P, id: Id, input: Input<'_, Numbers>) -> Points {
        let at = self.asked(id, input);
        if let Some(points) = &self.books.node[index(id)].asked[at].points {
            return points.clone();
        }
        self.compare_input(id, input, |node, input| About::CrashPoints { node, input });
        let spelt = self.books.spell_input(id, input);
        let points = self.shelf().node(id).crash_points(protocol, id, spelt);
        let points = Points::new(points);
        self.books.node[index(id)].asked[at].points = Some(points.clone());
        points
    }

    #[inline]
    fn react(
        &mut self,
        _: &P,
        id: Id,
        input: Input<'_, Numbers>,
        crash_after: Option<usize>,
    ) -> Number {
        let at = self.asked(id, input);
        let known = self.books.node[index(id)].known_reaction(at, crash_after);
        let reaction = if let Some(known) = known {
            self.doubt.1 = self.doubt.1.wrapping_sub(1);
            if self.doubt.1 == 0 {
                self.doubt.1 = self.doubt.0;
                self.ask_again(known, id, input, crash_after);
            }
            known
        } else {
            let answer = self.ask(id, input, crash_after);
            self.books.node[index(id)].remember(at, crash_after, &answer)
        };
        let after = self.books.node[index(id)].remembered(reaction).after;
        self.set(index(id), after);
        self.record_part(index(id));
        reaction
    }

    #[inline]
    fn addressee(&self, id: Id, reaction: &Number, nth: usize) -> Option<Id> {
        let sent = self.books.node[index(id)].sent(*reaction, nth);
        sent.map(|(dst, _)| dst)
    }

    #[inline]
    fn send(&mut self, id: Id, reaction: &Number, nth: usize, _: &Rules) -> Fate {
        let sent = self.books.node[index(id)].sent(*reaction, nth);
        let (dst, msg) = sent.expect("it has an addressee");
        let link = Link::new(id, dst);
        self.record_move(|| Move::Sends { link, msg });
        self.change_on(link, &ChannelChange::Send(&msg))
    }

    fn crash(&mut self, id: Id) {
        let before = self.parts[index(id)];
        let book = &mut self.books.node[index(id)];
        let mut after = book.facts[before as usize].crashed;
        if after == NONE {
            let mut node = Node::clone(book.values.get(before));
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
        _: &Rules,
    ) -> Fate {
        let fate = self.change_on(link, change);
        self.record_part(self.books.nodes + self.books.at_link(link));
        fate
    }

    #[inline]
    fn change_globals(&mut self, change: &GlobalsChange<'_, Number>, _: &Rules) {
        if let Some(what) = Move::of_globals(change) {
            self.record_move(|| what);
        }
        self.change_all(change);
    }

    #[inline]
    fn record(&mut self, _: &P, id: Id, reaction: &Number) {
        let observed = self.books.node[index(id)].remembered(*reaction).observed;
        if observed != NONE {
            self.record_move(|| Move::Observes { id, observed });
            self.observe(id, observed);
        }
    }

    fn spell_out(&self, event: &Event<Numbers>) -> Event<P> {
        self.books.spell_out(event)
    }
}

/// Changes to one part, remembered.
impl<P: Protocol> Cursor<P> {
    #[inline]
    pub(super) fn change_on(&mut self, link: Link, change: &ChannelChange<'_, Number>) -> Fate {
        let rules = &self.system.rules;
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
            let mut channel = Channel::clone(book.values.get(before));
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
    pub(super) fn change_all(&mut self, change: &GlobalsChange<'_, Number>) {
        let rules = &self.system.rules;
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
            let mut globals = Globals::clone(book.values.get(before));
            globals.change(&spelt, rules);
            let after = book.intern(nodes, rules, globals);
            book.changes.put(question, after);
            after
        });
        self.set(part, after);
    }

    /// Adds what was observed of a node to the history.
    #[inline]
    pub(super) fn observe(&mut self, id: Id, observed: Number) {
        let part = self.books.at_history();
        let before = self.parts[part];
        let question = question(before, observed);
        if self.orbits.is_some() && self.books.history.records.get(question).is_none() {
            let history = P::History::clone(self.books.history.values.get(before));
            let observations = self.books.history.observations.get(observed).1.clone();
            let about = About::Record {
                history,
                observations,
            };
            self.compare(&Question { id, about });
        }
        let book = &mut self.books.history;
        let after = book.records.get(question).unwrap_or_else(|| {
            let mut history = P::History::clone(book.values.get(before));
            for observation in &book.observations.get(observed).1 {
                self.system.protocol.record(&mut history, id, observation);
            }
            let after = book.values.intern(history);
            book.records.put(question, after);
            after
        });
        self.set(part, after);
    }
}
