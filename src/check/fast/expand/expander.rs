//! The worker of a protocol.

use std::any::Any;
use std::io;
use std::ops::Range;

use super::cursor::{Cursor, Scratch};
use super::reduce::Reducer;
use super::renamings::Renamings;
use super::views::Remembering;
use super::worker::{Chunk, LookedUp, Offsets, Reading, Seen, Settling, Sweep, Tell, Worker, any};
use crate::check::checkpoint::{CheckpointError, Place, Reader, Writer};
use crate::check::fast::store::books::Numbers;
use crate::check::fast::store::pack::{Key, Packer};
use crate::check::fast::store::values::{read_values, write_values};
use crate::check::fast::store::visited::Share;
use crate::check::fast::tuning::Tuning;
use crate::check::reduction::Reads;
use crate::model::arms::Exercised;
use crate::model::promise::Promise;
use crate::model::{
    Carrier, Class, Enabled, Expectation, Predicate, Property, Protocol, System, World,
};

/// A worker that knows its protocol.
pub struct Expander<P: Protocol> {
    system: System<P>,
    cursor: Cursor<P>,
    enabled: Enabled<Numbers>,
    /// By the place of each property: what can settle it.
    inquiries: Vec<Evidence<P>>,
    /// What the sweep asks of every world.
    goals: Vec<GoalTest<P>>,
    /// The worlds being swept, and what goals and conditions have read of them.
    swept: Vec<Key>,
    read: Reads,
    steps_max: usize,
    words: Vec<u64>,
    parts: Vec<u32>,
    scratch: Scratch,
}

/// What can settle a property.
enum Evidence<P: Protocol> {
    /// A single world, in which the predicate gives this answer.
    OnSight(bool, Remembering<P>),
    /// Only all that comes behind a world.
    BySweep(&'static str, Expectation<P>),
}

/// What a property wants to be reachable, and where that matters.
struct GoalTest<P: Protocol> {
    wanted: Remembering<P>,
    condition: Option<Remembering<P>>,
}

impl<P: Protocol> Evidence<P> {
    fn of(property: &Property<P>, steps_max: usize) -> Self {
        let known = |predicate: &Predicate<P>| {
            Remembering::new(property.name, predicate.clone(), steps_max)
        };
        match &property.expectation {
            Expectation::Always(predicate) => Evidence::OnSight(false, known(predicate)),
            Expectation::Reachable(predicate) => Evidence::OnSight(true, known(predicate)),
            Expectation::NeverBlocked { .. } | Expectation::Recovers { .. } => {
                Evidence::BySweep(property.name, property.expectation.clone())
            }
        }
    }

    /// The same, of which nothing is known yet.
    fn afresh(&self) -> Self {
        match self {
            Evidence::OnSight(wanted, known) => Evidence::OnSight(*wanted, known.afresh()),
            Evidence::BySweep(name, expectation) => Evidence::BySweep(name, expectation.clone()),
        }
    }
}

impl<P: Protocol> Expander<P> {
    /// A worker that stands at this world. Worlds that differ by names are one if it is told which do.
    pub fn new(
        system: &System<P>,
        start: &World<P>,
        properties: &[Property<P>],
        tuning: &Tuning,
        reducer: Reducer<P>,
        names: Option<Renamings>,
    ) -> Self {
        let mut cursor = Cursor::new(system, start, tuning, reducer);
        if let Some(names) = names {
            cursor.rename(names);
        }
        let steps_max = tuning.sizes.steps_max;
        let inquiries = properties.iter().map(|p| Evidence::of(p, steps_max));
        Expander::with(system, cursor, inquiries.collect(), steps_max)
    }

    fn with(
        system: &System<P>,
        cursor: Cursor<P>,
        inquiries: Vec<Evidence<P>>,
        steps_max: usize,
    ) -> Self {
        Expander {
            system: system.clone(),
            cursor,
            enabled: Enabled::default(),
            inquiries,
            goals: Vec::new(),
            swept: Vec::new(),
            read: Reads::default(),
            steps_max,
            words: Vec::new(),
            parts: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    /// Marks a world if it can be marked by now; whether that was news.
    fn mark(&mut self, sweep: &Sweep<'_>, at: usize, key: Key) -> bool {
        let class = self.cursor.class_of(key);
        let place = sweep.visited.find(class).expect("it was found");
        let before = sweep.marks.get(place);
        if before == sweep.all {
            return false;
        }
        let expanded = at < sweep.expanded;
        if !expanded {
            sweep.marks.add(place, sweep.all);
            return true;
        }
        let mut bits = before;
        self.cursor.load(key);
        if sweep.first {
            let mut goals = std::mem::take(&mut self.goals);
            for (nth, goal) in goals.iter_mut().enumerate() {
                bits |= u8::from(self.holds(&mut goal.wanted)) << nth;
            }
            self.goals = goals;
        }
        if bits != sweep.all {
            bits |= self.reached(sweep, at, bits);
        }
        sweep.marks.add(place, bits);
        bits != before
    }

    /// The bits that what is enabled in a world adds to those that it has.
    fn reached(&mut self, sweep: &Sweep<'_>, at: usize, mut bits: u8) -> u8 {
        let Expander {
            system,
            cursor,
            enabled,
            ..
        } = self;
        cursor.enable(system, enabled);
        let deeper = at < sweep.deeper;
        if !enabled.withheld.is_empty() || (!deeper && any(enabled, Class::Ordinary)) {
            bits |= sweep.all;
        }
        if enabled.repair_withheld || (!deeper && any(enabled, Class::Repair)) {
            bits |= sweep.by_repairs;
        }
        if !deeper {
            return bits;
        }
        for (nth, event) in enabled.events.iter().enumerate() {
            let allowed = match event.class() {
                Class::Ordinary => sweep.all,
                Class::Repair => sweep.by_repairs,
                Class::Fault => 0,
            };
            if allowed & !bits == 0 {
                continue;
            }
            cursor.step(system, enabled, nth);
            let class = cursor.class();
            cursor.undo();
            let Some(place) = sweep.visited.find(class) else {
                let text = "a world leads elsewhere than it did before: a handler or `withheld` is not pure \
                            (`--paranoid` tells which)";
                Promise::Pure.complain(text.to_owned())
            };
            bits |= allowed & sweep.marks.get(place);
        }
        bits
    }

    /// Whether a predicate holds in the world that the cursor stands at.
    fn holds(&mut self, predicate: &mut Remembering<P>) -> bool {
        let parts = self.cursor.parts();
        let known = predicate.known(parts.len(), |part| parts[part]);
        let (holds, read) = known.unwrap_or_else(|| {
            self.parts.clone_from(&self.cursor.parts);
            let (answer, read) = predicate.ask(&mut self.cursor, &self.parts);
            (answer.is_ok(), read)
        });
        if known.is_some() && self.cursor.doubts() {
            self.parts.clone_from(&self.cursor.parts);
            predicate.ask_again(&mut self.cursor, &self.parts, holds);
        }
        self.read = self.read.and(read);
        holds
    }
}

impl<P: Protocol> Worker for Expander<P> {
    fn for_another(&self) -> Box<dyn Worker> {
        let inquiries = self.inquiries.iter().map(Evidence::afresh).collect();
        let cursor = self.cursor.for_another();
        let another = Expander::with(&self.system, cursor, inquiries, self.steps_max);
        Box::new(another)
    }

    fn catch_up(&mut self) {
        self.cursor.catch_up();
    }

    fn here(&mut self) -> (Key, Key) {
        (self.cursor.key(), self.cursor.class())
    }

    fn expand(&mut self, chunk: &mut Chunk, shares: usize) {
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
            self.cursor.enable(&self.system, &mut enabled);
            chunk.see(nth, &enabled);
            if chunk.deeper {
                for event in 0..enabled.events.len() {
                    chunk.seen.absorbed |= self.cursor.step(&self.system, &enabled, event);
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
            chunk.ends.push(Offsets { order, events });
        }
        chunk.seen.exercised.extend(self.cursor.heard());
        self.enabled = enabled;
    }

    fn look_up(
        &mut self,
        chunks: &[(&[Key], &[Key])],
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
            for (&class, &key) in classes.iter().zip(*keys) {
                let new = share.insert(class);
                if new && !still.is_empty() {
                    let nth = looked_up.new.len();
                    self.ask(key, &mut still, &mut |property, read, settled| {
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

    fn ask(&mut self, key: Key, properties: &mut Vec<usize>, tell: &mut Tell<'_>) {
        let Expander {
            cursor,
            inquiries,
            words,
            parts,
            ..
        } = self;
        cursor.packer().unfold(key, words);
        properties.retain(|&property| {
            let Evidence::OnSight(wanted, predicate) = &mut inquiries[property] else {
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

    fn look_for(&mut self, properties: &[usize]) {
        let goal = |&property: &usize| {
            let Evidence::BySweep(name, expectation) = &self.inquiries[property] else {
                unreachable!("a single world settles it");
            };
            let known = |predicate: &Predicate<P>| {
                Remembering::new(name, predicate.clone(), self.steps_max)
            };
            let condition = match expectation {
                Expectation::NeverBlocked { condition, .. } => condition.as_ref(),
                _ => None,
            };
            let wanted = expectation.goal();
            GoalTest {
                wanted: known(wanted.expect("a sweep looks for goals")),
                condition: condition.map(known),
            }
        };
        self.goals = properties.iter().map(goal).collect();
        self.cursor.catch_up();
    }

    fn sweep(&mut self, sweep: &Sweep<'_>, worlds: Range<usize>) -> bool {
        let mut keys = std::mem::take(&mut self.swept);
        sweep.keys.read(worlds.clone(), &mut keys);
        let mut changed = false;
        for (at, key) in worlds.zip(&keys).rev() {
            changed |= self.mark(sweep, at, *key);
        }
        self.swept = keys;
        changed
    }

    fn matters(&mut self, nth: usize, key: Key) -> bool {
        self.cursor.load(key);
        let Some(mut condition) = self.goals[nth].condition.take() else {
            return true;
        };
        let holds = self.holds(&mut condition);
        self.goals[nth].condition = Some(condition);
        holds
    }

    fn read(&self) -> Reads {
        self.read
    }

    fn event_between(&mut self, from: Key, to: Key) -> Option<Box<dyn Any>> {
        let Expander {
            system,
            cursor,
            enabled,
            ..
        } = self;
        cursor.load(from);
        cursor.enable(system, enabled);
        let nth = (0..enabled.events.len()).find(|nth| {
            cursor.step(system, enabled, *nth);
            let leads_there = cursor.key() == to;
            cursor.undo();
            leads_there
        })?;
        Some(Box::new(cursor.spell_out(&enabled.events[nth])))
    }

    fn heard(&mut self) -> Exercised {
        self.cursor.heard().into_iter().collect()
    }

    fn packer(&self) -> &Packer {
        self.cursor.packer()
    }

    fn next_layout(&self) -> Packer {
        self.cursor.next_layout()
    }

    fn repack(&mut self) -> Packer {
        self.cursor.repack()
    }

    fn translate(&mut self, old: &Packer, key: Key) -> Key {
        self.cursor.translate(old, key, &mut self.scratch)
    }

    fn adopt(&mut self, packer: &Packer) {
        self.cursor.adopt(packer);
    }

    fn class_of(&mut self, key: Key) -> Key {
        self.cursor.class_of(key)
    }

    fn write_values(&self, writer: &mut Writer) -> io::Result<()> {
        write_values(writer, &*self.system.protocol, self.cursor.books())
    }

    fn read_values(&mut self, reader: &mut Reader, place: &Place) -> Result<(), CheckpointError> {
        let read = |system: &System<P>, books: &mut _| read_values(reader, place, system, books);
        self.cursor.learn(read)
    }

    fn pack_by(&mut self, packer: Packer) {
        self.cursor.pack_by(packer);
    }

    fn class_if_known(&mut self, key: Key) -> Option<Key> {
        let cursor = &mut self.cursor;
        if !cursor.packer().knows(key) {
            return None;
        }
        cursor.load(key);
        if !cursor.books().know(cursor.parts()) {
            return None;
        }
        let class = cursor.class();
        (!cursor.has_outgrown()).then_some(class)
    }

    fn bytes(&self) -> usize {
        let on_sight = self.inquiries.iter().map(|inquiry| match inquiry {
            Evidence::OnSight(_, known) => known.bytes(),
            Evidence::BySweep(..) => 0,
        });
        self.cursor.bytes() + on_sight.sum::<usize>()
    }
}
