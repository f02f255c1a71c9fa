//! The carrier of the fast engine: a world is a list of numbers, and its packed words follow
//! every change.
//!
//! Invariants: the words are those of the parts, unless a number has outgrown its field, which
//! [`Cursor::has_outgrown`] tells; [`Cursor::undo`] takes back all changes since the world was
//! loaded. It serves one system.
//!
//! What the model is asked and what it answers is in `answers`, what the relation reads and does in
//! `carrier`, how events are remembered and applied in `tapes`, what is left out in `reduced`, and by which
//! key the set of worlds knows one in `classes`.

mod answers;
mod carrier;
mod classes;
mod reduced;
mod tapes;

use classes::Classes;

use super::offers::Offers;
use super::orbits::Orbits;
use super::reduce::Reducer;
use crate::check::fast::store::books::Books;
use crate::check::fast::store::pack::{Key, Packer};
use crate::check::fast::tuning::Tuning;
use crate::check::intern::{Interner, Number};
use crate::model::cluster::index;
use crate::model::{Id, Link, Protocol, System, View, World};

/// How much is remembered of what was asked lately: the same is asked several times for one world.
const RECENT: usize = 64;

/// The carrier: stands at one world at a time.
pub struct Cursor<P: Protocol> {
    pub(super) system: System<P>,
    pub(super) books: Books<P>,
    pub(super) parts: Vec<Number>,
    words: Vec<u64>,
    packer: Packer,
    /// The bits of a word that fields may fill.
    word_bits: u32,
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
    classes: Classes,
}

impl<P: Protocol> Cursor<P> {
    /// A carrier that stands at this world.
    pub fn new(system: &System<P>, world: &World<P>, tuning: &Tuning, reducer: Reducer<P>) -> Self {
        let (word_bits, doubt) = (tuning.sizes.word_bits, tuning.doubt);
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
            word_bits,
            changed: Vec::new(),
            outgrown: false,
            recent: vec![[(u64::MAX, 0); RECENT]; nodes],
            inputs: Interner::default(),
            told: 0,
            doubt: (doubt, doubt),
            reducer,
            offers: Offers::new(nodes, tuning.sizes.offers_max),
            orbits: None,
            class: Vec::new(),
            classes: Classes::default(),
            system: system.clone(),
            books,
        };
        cursor.stand_at(world);
        cursor.repack();
        if cursor.bury_all() {
            cursor.repack();
        }
        cursor
    }

    /// A carrier of the same system for another worker.
    pub fn for_another(&self) -> Self {
        let mut cursor = Cursor {
            system: self.system.clone(),
            books: self.books.for_another(),
            parts: self.parts.clone(),
            words: self.words.clone(),
            packer: self.packer.for_another(),
            word_bits: self.word_bits,
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
            classes: Classes::default(),
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
        self.classes.clear();
        self.changed.clear();
        self.outgrown = false;
        self.packer.fill(&self.parts, &mut self.words);
    }

    /// Takes over the layout of another worker.
    pub fn adopt(&mut self, packer: &Packer) {
        self.packer = packer.for_another();
        self.classes.clear();
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
        let history = self.books.history.values.intern(world.past().clone());
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

    /// A layout for all that is known by now.
    pub fn next_layout(&self) -> Packer {
        Packer::new(&self.books.counts(), self.word_bits)
    }

    /// Takes a layout for all that is known by now; the old one is what worlds were packed by.
    pub fn repack(&mut self) -> Packer {
        let packer = self.next_layout();
        let old = std::mem::replace(&mut self.packer, packer);
        self.classes.clear();
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
        let classes = orbits + self.classes.bytes();
        self.books.bytes() + self.packer.bytes() + remembered + classes
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
}

/// Buffers for what is packed again.
#[derive(Default)]
pub struct Scratch {
    words: Vec<u64>,
    parts: Vec<Number>,
}
