//! Whoever expands worlds, looks their successors up, and asks predicates of the new ones: what a
//! search asks of its workers, whatever the protocol.
//!
//! Invariant: what a worker hands over depends on the worlds that it was given and not on what it
//! did before. (The numbers in keys do: but keys are the same if and only if worlds are.)
//!
//! A search asks for a chunk of worlds or a share of the set at a time, so that it costs nothing that
//! the protocol is erased here. What is asked of single worlds is asked seldom.

use std::any::Any;
use std::collections::BTreeSet;
use std::io;
use std::ops::Range;

use crate::check::checkpoint::{CheckpointError, Place, Reader, Writer};
use crate::check::fast::store::books::Numbers;
use crate::check::fast::store::keys::Keys;
use crate::check::fast::store::lately::Lately;
use crate::check::fast::store::pack::{Key, Packer};
use crate::check::fast::store::visited::{Marks, Share, Visited};
use crate::check::reduction::Reads;
use crate::model::arms::Exercised;
use crate::model::{Bound, Class, Enabled, Reason};

/// One of those who search.
pub trait Worker: Send {
    /// Another one, who has yet to learn everything.
    fn for_another(&self) -> Box<dyn Worker>;

    /// Learns what other workers have found by now.
    fn catch_up(&mut self);

    /// The keys of the world that it stands at: its own, and that by which the set knows it.
    fn here(&mut self) -> (Key, Key);

    /// Expands the worlds of a chunk, and divides the successors into so many shares.
    fn expand(&mut self, chunk: &mut Chunk, shares: usize);

    /// Adds the keys of one share to the set, and asks the predicates that are still `open` of those that
    /// are new. Chunks have each key by which the set knows a world with that of the world itself.
    fn look_up(
        &mut self,
        chunks: &[(&[Key], &[Key])],
        share: &mut Share<'_>,
        open: &[bool],
        looked_up: &mut LookedUp,
    );

    /// Asks predicates of a world, and strikes off those that it settles. `tell` is told of each that
    /// is settled, and of each that reads more than nodes and the history.
    fn ask(&mut self, key: Key, properties: &mut Vec<usize>, tell: &mut Tell<'_>);

    /// From now on, sweeps are for the goals of these properties.
    fn look_for(&mut self, properties: &[usize]);

    /// Marks those of some worlds that can be marked by now, from the last to the first; whether
    /// that was news.
    fn sweep(&mut self, sweep: &Sweep<'_>, worlds: Range<usize>) -> bool;

    /// Whether the n-th goal matters in a world: it meets the condition, if there is one.
    fn matters(&mut self, nth: usize, key: Key) -> bool;

    /// What goals and conditions have read of the worlds that were swept.
    fn read(&self) -> Reads;

    /// The first event that leads from one world to another, if one does; an event of its protocol.
    fn event_between(&mut self, from: Key, to: Key) -> Option<Box<dyn Any>>;

    /// The arms of handlers that ran, as far as nobody was told yet.
    fn heard(&mut self) -> Exercised;

    fn packer(&self) -> &Packer;

    /// A layout for all that is known by now.
    fn next_layout(&self) -> Packer;

    /// Takes a layout for all that is known by now; the old one is what worlds were packed by.
    fn repack(&mut self) -> Packer;

    /// A key of an old layout, in the new one.
    fn translate(&mut self, old: &Packer, key: Key) -> Key;

    /// Takes over the layout of another worker.
    fn adopt(&mut self, packer: &Packer);

    /// The key by which the set knows the world with this one.
    fn class_of(&mut self, key: Key) -> Key;

    /// Writes what the numbers of parts stand for.
    fn write_values(&self, writer: &mut Writer) -> io::Result<()>;

    /// Takes over what the numbers of parts stand for.
    fn read_values(&mut self, reader: &mut Reader, place: &Place) -> Result<(), CheckpointError>;

    /// Takes a layout with its tables.
    fn pack_by(&mut self, packer: Packer);

    /// Whether a key stands for parts that are known, and what it leads to fits its fields; if so, the
    /// key by which the set knows that world.
    fn class_if_known(&mut self, key: Key) -> Option<Key>;

    /// The bytes of all that it remembers.
    fn bytes(&self) -> usize;
}

/// Who is told what becomes of a predicate: its property, what it has read, and, if a world settles it,
/// why it is broken there.
pub type Tell<'a> = dyn FnMut(usize, Reads, Option<Option<Reason>>) + 'a;

/// One pass over some worlds, from the last to the first.
pub struct Sweep<'s> {
    pub keys: &'s Keys,
    /// For each world, a bit for each goal that can be reached from it.
    pub marks: &'s Marks,
    pub visited: &'s Visited,
    pub all: u8,
    pub by_repairs: u8,
    /// Whether it is the first pass.
    pub first: bool,
    /// How many worlds were expanded.
    pub expanded: usize,
    /// How many worlds lie so shallow that worlds behind them were looked at.
    pub deeper: usize,
}

/// What was seen on the way, beside worlds.
#[derive(Clone, Default)]
pub struct Seen {
    pub withheld: BTreeSet<Bound>,
    pub absorbed: bool,
    pub repair_withheld: bool,
    /// The arms of handlers that ran for the first time, as far as one worker knows.
    pub exercised: Exercised,
    /// The first world in which timers wait for the living, and nothing else can happen.
    pub waiting: Option<usize>,
}

/// Some worlds in a row, and their successors once they are expanded.
#[derive(Default)]
pub struct Chunk {
    /// The number of the first of them.
    pub first: usize,
    pub worlds: Vec<Key>,
    /// Whether they are expanded, or lie too deep.
    pub deeper: bool,
    /// The successors that are to be looked up, in the order of the events, by the share of the set in
    /// which they belong: not those that came [lately](Lately) in this chunk.
    pub shares: Vec<Vec<Key>>,
    /// Where the set knows worlds by other keys than their own: those are above, and here are those
    /// of the worlds themselves. Nothing otherwise.
    pub found: Vec<Vec<Key>>,
    /// For each of them in the order of the events, its share.
    pub order: Vec<u8>,
    /// Where the successors of each world end.
    pub ends: Vec<Offsets>,
    pub lately: Lately,
    pub seen: Seen,
    /// A number has outgrown its field, so that nothing here counts.
    pub outgrown: bool,
}

/// Where the successors of a world end in a chunk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Offsets {
    /// Of those that are to be looked up.
    pub order: usize,
    /// Of all: the events.
    pub events: u64,
}

/// What became of the keys of one share.
#[derive(Default)]
pub struct LookedUp {
    /// For each, in order of the chunks: whether it is new.
    pub new: Vec<bool>,
    /// For each property, the first key that settles it.
    pub settling: Vec<Settling>,
    /// For each property and each sort of parts, the first key of which it reads more than nodes
    /// and the history.
    pub reading: Vec<Reading>,
}

/// A key of which a property reads more than nodes and the history.
pub struct Reading {
    pub property: usize,
    /// Which of the keys it is.
    pub nth: usize,
    pub read: Reads,
}

/// A key that settles a property.
pub struct Settling {
    pub property: usize,
    /// Which of the keys it is.
    pub nth: usize,
    pub reason: Option<Reason>,
}

impl Chunk {
    /// Notes what is enabled in a world, beside its events.
    pub fn see(&mut self, nth: usize, enabled: &Enabled<Numbers>) {
        let seen = &mut self.seen;
        if !self.deeper && !enabled.events.is_empty() {
            seen.withheld.insert(Bound::Depth);
        }
        if enabled.held_back > 0 && enabled.withheld.is_empty() && !any(enabled, Class::Ordinary) {
            seen.waiting.get_or_insert(self.first + nth);
        }
        seen.repair_withheld |= enabled.repair_withheld;
        seen.absorbed |= enabled.crowded;
        seen.withheld.extend(&enabled.withheld);
    }

    #[inline]
    pub fn add(&mut self, key: Key, found: Option<Key>) {
        let share = match self.shares.len() {
            1 => 0,
            shares => Visited::share_of(key, shares),
        };
        self.shares[share].push(key);
        if let Some(found) = found {
            self.found[share].push(found);
        }
        self.order.push(u8::try_from(share).expect("few shares"));
    }

    /// The keys of a share, as worlds were found.
    pub fn found(&self, share: usize) -> &[Key] {
        self.found.get(share).unwrap_or(&self.shares[share])
    }

    pub fn bytes(&self) -> usize {
        let keys = self.shares.iter().chain(&self.found).chain([&self.worlds]);
        let keys: usize = keys.map(Vec::capacity).sum();
        let ends = self.ends.capacity() * size_of::<Offsets>() + self.order.capacity();
        keys * size_of::<Key>() + ends + self.lately.bytes()
    }
}

impl Seen {
    /// Adds what was seen later.
    pub fn and(&mut self, later: &Seen) {
        self.withheld.extend(&later.withheld);
        self.absorbed |= later.absorbed;
        self.repair_withheld |= later.repair_withheld;
        self.exercised.extend(later.exercised.iter().cloned());
        self.waiting = self.waiting.or(later.waiting);
    }
}

/// Whether an event of some class is enabled.
pub fn any(enabled: &Enabled<Numbers>, class: Class) -> bool {
    enabled.events.iter().any(|event| event.class() == class)
}
