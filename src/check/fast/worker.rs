//! Whoever expands worlds, looks their successors up, and asks predicates of the new ones.
//!
//! Invariant: what a worker hands over depends on the worlds that it was given and not on what it
//! did before. (The numbers in keys do: but keys are the same if and only if worlds are.)

use std::collections::BTreeSet;

use super::books::Numbers;
use super::cursor::Cursor;
use super::lately::Lately;
use super::pack::{Key, Packer};
use super::views::Remembering;
use super::visited::{Share, Visited};
use crate::check::reduction::Reads;
use crate::model::arms::Exercised;
use crate::model::{Bound, Class, Enabled, Expectation, Property, Protocol, Reason, System};

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
    pub ends: Vec<End>,
    pub lately: Lately,
    pub seen: Seen,
    /// A number has outgrown its field, so that nothing here counts.
    pub outgrown: bool,
}

/// Where the successors of a world end in a chunk.
#[derive(Clone, Copy, Debug, Default)]
pub struct End {
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

/// One of those who search.
pub struct Worker<'a, P: Protocol> {
    pub system: &'a System<P>,
    pub cursor: Cursor<P>,
    pub enabled: Enabled<Numbers>,
    /// What the sweep asks of every world.
    pub goals: Vec<Remembering<P>>,
    /// The worlds being swept.
    pub swept: Vec<Key>,
    /// What goals and conditions have read of the worlds that were swept.
    pub read: Reads,
    /// For each property that a single world can settle: the answer that does, and the predicate.
    on_sight: Vec<Option<(bool, Remembering<P>)>>,
    words: Vec<u64>,
    pub parts: Vec<u32>,
}

impl<'a, P: Protocol> Worker<'a, P> {
    pub fn new(
        system: &'a System<P>,
        cursor: Cursor<P>,
        properties: &[Property<P>],
        steps_max: usize,
    ) -> Self {
        let on_sight = properties
            .iter()
            .map(|property| match property.expectation {
                Expectation::Always(predicate) => {
                    let name = property.name;
                    Some((false, Remembering::new(name, predicate, steps_max)))
                }
                Expectation::Reachable(predicate) => {
                    let name = property.name;
                    Some((true, Remembering::new(name, predicate, steps_max)))
                }
                _ => None,
            });
        Worker {
            system,
            cursor,
            enabled: Enabled::default(),
            goals: Vec::new(),
            swept: Vec::new(),
            read: Reads::default(),
            on_sight: on_sight.collect(),
            words: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// Another one, who has yet to learn everything.
    pub fn for_another(&self) -> Self {
        let fresh = |(wanted, known): &(bool, Remembering<P>)| (*wanted, known.afresh());
        Worker {
            system: self.system,
            cursor: self.cursor.for_another(),
            enabled: Enabled::default(),
            goals: Vec::new(),
            swept: Vec::new(),
            read: Reads::default(),
            on_sight: self
                .on_sight
                .iter()
                .map(|p| p.as_ref().map(fresh))
                .collect(),
            words: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// Expands the worlds of a chunk, and divides the successors into so many shares.
    pub fn expand(&mut self, chunk: &mut Chunk, shares: usize) {
        chunk.shares.resize_with(shares, Vec::new);
        chunk.shares.iter_mut().for_each(Vec::clear);
        let found = if self.cursor.has_classes() { shares } else { 0 };
        chunk.found.resize_with(found, Vec::new);
        chunk.found.iter_mut().for_each(Vec::clear);
        chunk.order.clear();
        chunk.ends.clear();
        chunk.lately.clear();
        let mut events = 0;
        // Whoever has been heard in vain has been heard.
        chunk.seen = Seen {
            exercised: std::mem::take(&mut chunk.seen.exercised),
            ..Seen::default()
        };
        chunk.outgrown = false;
        self.cursor.catch_up();
        let mut enabled = std::mem::take(&mut self.enabled);
        for nth in 0..chunk.worlds.len() {
            self.cursor.load(chunk.worlds[nth]);
            self.cursor.enable(self.system, &mut enabled);
            chunk.see(nth, &enabled);
            if chunk.deeper {
                for event in 0..enabled.events.len() {
                    chunk.seen.absorbed |= self.cursor.step(self.system, &enabled, event);
                    let class = self.cursor.class();
                    if self.cursor.has_outgrown() {
                        self.cursor.undo();
                        chunk.outgrown = true;
                        self.enabled = enabled;
                        return;
                    }
                    if chunk.lately.is_new(class) {
                        let found = self.cursor.has_classes().then(|| self.cursor.key());
                        chunk.add(class, found);
                    }
                    self.cursor.undo();
                }
                events += enabled.events.len() as u64;
            }
            let order = chunk.order.len();
            chunk.ends.push(End { order, events });
        }
        chunk.seen.exercised.extend(self.cursor.heard());
        self.enabled = enabled;
    }

    /// Adds the keys of one share to the set, each with that of the world it stands for, and asks the
    /// predicates that are still `open` of those that are new.
    pub fn look_up<'c>(
        &mut self,
        chunks: impl Iterator<Item = (&'c [Key], &'c [Key])>,
        share: &mut Share<'_>,
        open: &[bool],
        looked_up: &mut LookedUp,
    ) {
        self.cursor.catch_up();
        looked_up.new.clear();
        looked_up.settling.clear();
        looked_up.reading.clear();
        let mut noted = vec![Reads::default(); open.len()];
        let mut still: Vec<usize> = (0..open.len()).filter(|&i| open[i]).collect();
        for (classes, keys) in chunks {
            share.warm(classes);
            for (&class, &key) in classes.iter().zip(keys) {
                let new = share.insert(class);
                if new && !still.is_empty() {
                    let nth = looked_up.new.len();
                    self.ask(key, &mut still, |property, read, settled| {
                        if noted[property].and(read) != noted[property] {
                            noted[property] = noted[property].and(read);
                            looked_up.reading.push(Reading {
                                property,
                                nth,
                                read,
                            });
                        }
                        if let Some(reason) = settled {
                            looked_up.settling.push(Settling {
                                property,
                                nth,
                                reason,
                            });
                        }
                    });
                }
                looked_up.new.push(new);
            }
        }
    }

    /// Asks predicates of a world, and strikes off those that it settles. `tell` is told of each that
    /// is settled, and of each that reads more than nodes and the history.
    pub fn ask(
        &mut self,
        key: Key,
        properties: &mut Vec<usize>,
        mut tell: impl FnMut(usize, Reads, Option<Option<Reason>>),
    ) {
        let Worker {
            cursor,
            on_sight,
            words,
            parts,
            ..
        } = self;
        cursor.packer().unfold(key, words);
        properties.retain(|&property| {
            let Some((wanted, predicate)) = &mut on_sight[property] else {
                return false;
            };
            let packer: &Packer = cursor.packer();
            let known = predicate.known(packer.part_count(), |part| packer.part(words, part));
            parts.resize(packer.part_count(), 0);
            if let Some((answer, read)) = known
                && answer != *wanted
            {
                if read.any() {
                    tell(property, read, None);
                }
                if cursor.doubts() {
                    cursor.packer().parts(words, parts);
                    predicate.ask_again(cursor, parts, answer);
                }
                return true;
            }
            packer.parts(words, parts);
            let (answer, read) = predicate.ask(cursor, parts);
            let settled = answer.is_ok() == *wanted;
            if settled || read.any() {
                tell(property, read, settled.then(|| answer.err()));
            }
            !settled
        });
    }

    pub fn bytes(&self) -> usize {
        let on_sight = self.on_sight.iter().flatten();
        self.cursor.bytes() + on_sight.map(|(_, known)| known.bytes()).sum::<usize>()
    }
}

impl Chunk {
    /// Notes what is enabled in a world, beside its events.
    fn see(&mut self, nth: usize, enabled: &Enabled<Numbers>) {
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
    fn add(&mut self, key: Key, found: Option<Key>) {
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
        let ends = self.ends.capacity() * size_of::<End>() + self.order.capacity();
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
