//! What a checkpoint holds of a search, and a search that goes on from one.
//!
//! Invariant: what a search finds does not depend on whether, where or how often it was stopped
//! and went on. A checkpoint of a search that is under way holds its worlds as words, in order, and
//! all that the words mean: the values behind the numbers, the layout, the folding tables; and, where it
//! was written in a sweep, what was marked by then. What
//! was merely remembered (answers of handlers and predicates, the set of words) is worked out
//! again. A checkpoint of a search that is through holds what it found; a schedule in it is a list
//! of positions among the enabled events.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::books::Books;
use super::intern::{Number, Shared};
use super::pack::{Key, Packer};
use super::search::Search;
use super::visited::{Marks, Visited};
use super::worker::{Chunk, Seen};
use crate::check::checkpoint::{CheckpointError, Place, Reader, Writer};
use crate::check::explore::{Explored, Finding};
use crate::check::reduction::Reads;
use crate::check::{Account, Monitor, Progress, Stopped};
use crate::model::arms::{Arm, Exercised};
use crate::model::cluster::index;
use crate::model::{
    Bound, Channel, Event, Expectation, Id, Node, Past, Property, Protocol, Reason, System, World,
    globals::Globals,
};

/// What a checkpoint is of.
const UNDER_WAY: u64 = 0;
const THROUGH: u64 = 1;

/// How many worlds are expanded once more to see whether the protocol is still the same.
const REPLAYED: usize = 1024;

/// What a checkpoint was found to hold; nothing, if there is none.
#[derive(Default)]
pub struct Opened {
    pub cost: u64,
    /// See [`Search::before`].
    pub before: Option<u64>,
    pub under_way: Option<Reader>,
    pub through: Option<Through>,
}

impl Opened {
    /// Whether there was no checkpoint.
    pub fn is_empty(&self) -> bool {
        self.before.is_none() && self.under_way.is_none() && self.through.is_none()
    }
}

/// Reads the checkpoint at a place as far as it can be understood without its search.
pub fn open(place: &Place) -> Result<Opened, CheckpointError> {
    let mut opened = Opened::default();
    let Some(mut reader) = place.read()? else {
        return Ok(opened);
    };
    opened.cost = reader.number()?;
    opened.before = reader.number()?.checked_sub(1);
    if reader.number()? == THROUGH {
        opened.through = Some(reader.value()?);
        reader.end()?;
    } else {
        opened.under_way = Some(reader);
    }
    Ok(opened)
}

/// The small things that a search has found out.
#[derive(Serialize, Deserialize)]
struct Outline {
    levels: Vec<usize>,
    expanded: usize,
    generated: u64,
    seen: SavedSeen,
    found: Vec<Option<(usize, Option<Reason>)>>,
    /// What predicates have read.
    read: Reads,
    /// The layout of words.
    widths: Vec<u32>,
    word_bits: u32,
}

#[derive(Serialize, Deserialize)]
struct SavedSeen {
    withheld: Vec<SavedBound>,
    absorbed: bool,
    repair_withheld: bool,
    /// By the position of the node.
    exercised: Vec<(usize, Arm)>,
    waiting: Option<usize>,
}

#[derive(Serialize, Deserialize)]
enum SavedBound {
    Depth,
    Timeouts,
    Protocol(String),
}

impl From<&Bound> for SavedBound {
    fn from(bound: &Bound) -> Self {
        match bound {
            Bound::Depth => SavedBound::Depth,
            Bound::Timeouts => SavedBound::Timeouts,
            Bound::Protocol(name) => SavedBound::Protocol((*name).to_owned()),
        }
    }
}

impl From<SavedBound> for Bound {
    fn from(bound: SavedBound) -> Self {
        match bound {
            SavedBound::Depth => Bound::Depth,
            SavedBound::Timeouts => Bound::Timeouts,
            // The names of bounds are part of the program. These few, read once, live as long.
            SavedBound::Protocol(name) => Bound::Protocol(name.leak()),
        }
    }
}

fn saved(bounds: &BTreeSet<Bound>) -> Vec<SavedBound> {
    bounds.iter().map(SavedBound::from).collect()
}

fn by_position(exercised: &Exercised) -> Vec<(usize, Arm)> {
    let by_position = |(id, arm): &(Id, Arm)| (index(*id), arm.clone());
    exercised.iter().map(by_position).collect()
}

fn by_id(exercised: Vec<(usize, Arm)>) -> Exercised {
    let by_id = |(node, arm)| (Id::from(node), arm);
    exercised.into_iter().map(by_id).collect()
}

impl Search<'_> {
    /// Writes down how far the search has come, if it has a place for that.
    pub fn save(&mut self, monitor: &mut dyn Monitor) {
        if self.swept.is_none() {
            // Otherwise nothing is new since it was read.
            self.save_with(None, monitor);
        }
    }

    /// The same within a sweep.
    pub fn save_sweep(&mut self, nth: usize, marks: &Marks, monitor: &mut dyn Monitor) {
        self.save_with(Some((nth, marks)), monitor);
    }

    fn save_with(&mut self, sweep: Option<(usize, &Marks)>, monitor: &mut dyn Monitor) {
        let Some(place) = self.place.clone() else {
            return;
        };
        self.crew.first().catch_up();
        self.hear_all();
        let cost = monitor.cost();
        let written = place.write(|writer| {
            writer.number(cost)?;
            writer.number(self.before.map_or(0, |before| before + 1))?;
            writer.number(UNDER_WAY)?;
            self.write(writer)?;
            self.write_marks(sweep, writer)
        });
        monitor.wrote_checkpoint(written.map_err(|error| error.to_string()));
    }

    /// Writes down what was found, if the search is through and has a place for that.
    pub fn save_through(&self, found: &dyn Fn() -> Through, monitor: &mut dyn Monitor) {
        let Some(place) = self.place.as_ref().filter(|_| self.is_through()) else {
            return;
        };
        let cost = monitor.cost();
        let written = place.write(|writer| {
            writer.number(cost)?;
            writer.number(self.before.map_or(0, |before| before + 1))?;
            writer.number(THROUGH)?;
            writer.value(&found())
        });
        monitor.wrote_checkpoint(written.map_err(|error| error.to_string()));
    }

    fn write(&mut self, writer: &mut Writer) -> io::Result<()> {
        let (found, read, seen) = (self.found(), self.read_so_far(), &self.seen);
        let seen = SavedSeen {
            withheld: saved(&seen.withheld),
            absorbed: seen.absorbed,
            repair_withheld: seen.repair_withheld,
            exercised: by_position(&seen.exercised),
            waiting: seen.waiting,
        };
        let (levels, expanded, generated) = (self.levels.clone(), self.expanded, self.generated);
        let worker = self.crew.first();
        let packer = worker.packer();
        writer.value(&Outline {
            levels,
            expanded,
            generated,
            seen,
            found,
            read,
            widths: packer.widths().collect(),
            word_bits: packer.word_bits(),
        })?;
        worker.write_values(writer)?;
        for table in packer.folded() {
            writer.number(table.len() as u64)?;
            (0..table.len()).try_for_each(|nth| writer.number(*table.get(number(nth))))?;
        }
        writer.number(self.keys.len() as u64)?;
        let mut written = Ok(());
        let key_words = packer.key_words();
        self.keys.each(|keys| {
            let mut words = keys.iter().flat_map(|key| key.words(key_words));
            if written.is_ok() {
                written = words.try_for_each(|word| writer.number(word));
            }
        });
        written
    }

    /// Writes a byte for each world, eight in a word.
    fn write_marks(
        &mut self,
        sweep: Option<(usize, &Marks)>,
        writer: &mut Writer,
    ) -> io::Result<()> {
        let Some((nth, marks)) = sweep else {
            return writer.number(0);
        };
        writer.number(nth as u64 + 1)?;
        let mut written = Ok(());
        let mut bytes = Vec::with_capacity(size_of::<u64>());
        let mut add = |byte| {
            bytes.push(byte);
            if let Ok(word) = <[u8; 8]>::try_from(bytes.as_slice()) {
                bytes.clear();
                if written.is_ok() {
                    written = writer.number(u64::from_le_bytes(word));
                }
            }
        };
        let worker = self.crew.first();
        self.keys.each(|keys| {
            for key in keys {
                let class = worker.class_of(*key);
                add(marks.get(self.visited.find(class).expect("it was found")));
            }
        });
        // The last word is filled up.
        (self.keys.len()..self.keys.len().next_multiple_of(8)).for_each(|_| add(0));
        written
    }

    /// Takes over the marks of the sweep that a checkpoint was written in.
    pub fn mark_again(&mut self, marks: &Marks) {
        let Some((_, bytes)) = self.swept.take() else {
            return;
        };
        let mut bytes = bytes.iter().flat_map(|word| word.to_le_bytes());
        let worker = self.crew.first();
        self.keys.each(|keys| {
            for (key, bits) in keys.iter().zip(&mut bytes) {
                let class = worker.class_of(*key);
                marks.add(self.visited.find(class).expect("it was found"), bits);
            }
        });
    }

    /// Goes back to where a checkpoint was written, unless the monitor, which is told how much memory that
    /// takes, is against it. Then this search is of no use any more.
    pub fn restore(
        &mut self,
        place: &Place,
        reader: &mut Reader,
        monitor: &mut dyn Monitor,
    ) -> Result<Result<(), Stopped>, CheckpointError> {
        let outline: Outline = reader.value()?;
        let worker = self.crew.first();
        worker.read_values(reader, place)?;
        let nonsense = || place.damaged("its layout makes no sense");
        let parts = worker.packer().part_count();
        let layout = Packer::restored(&outline.widths, outline.word_bits);
        let mut packer = layout
            .filter(|packer| packer.part_count() == parts)
            .ok_or_else(nonsense)?;
        for table in packer.folded_mut() {
            for nth in 0..reader.count(size_of::<u64>() as u64)? {
                if table.intern(reader.number()?) != number(nth) {
                    return Err(nonsense());
                }
            }
        }
        let key_words = packer.key_words();
        worker.pack_by(packer);
        let count = reader.count((key_words * size_of::<u64>()) as u64)?;
        let here = count.min(self.tuning.block.saturating_mul(self.tuning.blocks_max));
        let words = (here + Visited::slots_for(count)) * key_words;
        let progress = Progress {
            ahead: (words * size_of::<u64>()) as u64,
            ..Progress::default()
        };
        if let Err(stopped) = monitor.look(&progress) {
            return Ok(Err(stopped));
        }
        self.forget_worlds(count);
        let worker = self.crew.first();
        let mut all = self.visited.shares(1).remove(0);
        for _ in 0..count {
            let mut words = [0; Key::WORDS_MAX];
            for word in &mut words[..key_words] {
                *word = reader.number()?;
            }
            let key = Key::of(&words);
            let class = worker.class_if_known(key);
            if !class.is_some_and(|class| all.insert(class)) {
                return Err(place.damaged("a world in it makes no sense"));
            }
            self.keys.push(key);
        }
        if let Some(nth) = reader.number()?.checked_sub(1) {
            let nonsense = |_| place.damaged("its sweep makes no sense");
            let nth = usize::try_from(nth).map_err(nonsense)?;
            let words = (0..count.div_ceil(8)).map(|_| reader.number());
            self.swept = Some((nth, words.collect::<Result<_, _>>()?));
        }
        reader.end()?;
        self.take_over(outline)
            .ok_or_else(|| place.damaged("its numbers make no sense"))?;
        if !self.replays() {
            return Err(place.of_another_protocol("the first worlds are others"));
        }
        Ok(Ok(()))
    }

    /// Takes over what makes sense, beside worlds.
    fn take_over(&mut self, outline: Outline) -> Option<()> {
        let worlds = self.keys.len();
        let Outline {
            levels,
            expanded,
            generated,
            seen,
            found,
            read,
            ..
        } = outline;
        let &[.., last, end] = levels.as_slice() else {
            return None;
        };
        let rising = levels[0] == 0 && levels.is_sorted_by(|a, b| a < b);
        let within = last <= expanded && expanded <= end && end <= worlds;
        let mut named = found
            .iter()
            .flatten()
            .map(|(at, _)| *at)
            .chain(seen.waiting);
        if !rising || !within || named.any(|at| at >= worlds) || !self.take_found(found) {
            return None;
        }
        self.levels = levels;
        self.expanded = expanded;
        self.generated = generated;
        self.read = read;
        self.seen = Seen {
            withheld: seen.withheld.into_iter().map(Bound::from).collect(),
            absorbed: seen.absorbed,
            repair_withheld: seen.repair_withheld,
            exercised: by_id(seen.exercised),
            waiting: seen.waiting,
        };
        Some(())
    }

    /// Whether expanding the first worlds still gives those that come next.
    fn replays(&mut self) -> bool {
        let start = self.keys.get(0);
        let mut known = BTreeSet::from([self.crew.first().class_of(start)]);
        let mut next = 1;
        for level in 1..self.levels.len() {
            let first = self.levels[level - 1];
            let end = self.levels[level].min(self.expanded).min(REPLAYED);
            if first >= end {
                break;
            }
            let mut chunk = Chunk {
                first,
                deeper: self.goes_deeper(first),
                ..Chunk::default()
            };
            self.keys.read(first..end, &mut chunk.worlds);
            self.crew.first().expand(&mut chunk, 1);
            if chunk.outgrown {
                return false;
            }
            for (class, &key) in chunk.shares[0].iter().zip(chunk.found(0)) {
                if known.insert(*class) {
                    if next == self.keys.len() || self.keys.get(next) != key {
                        return false;
                    }
                    next += 1;
                }
            }
        }
        true
    }
}

fn number(n: usize) -> Number {
    Number::try_from(n).expect("numbers are small")
}

/// Writes what the numbers of parts stand for.
pub fn write_values<P: Protocol>(writer: &mut Writer, books: &Books<P>) -> io::Result<()> {
    fn all<T>(writer: &mut Writer, values: &Shared<Arc<T>>) -> io::Result<()>
    where
        T: Serialize + DeserializeOwned + PartialEq,
    {
        writer.number(values.len() as u64)?;
        (0..values.len()).try_for_each(|nth| writer.faithful(&**values.get(number(nth))))
    }
    for book in &books.node {
        all(writer, &book.values)?;
    }
    for book in &books.channel {
        all(writer, &book.values)?;
    }
    all(writer, &books.globals.values)?;
    all(writer, &books.history.values)
}

/// Interns values in the order in which they were, so that they get the same numbers.
pub fn read_values<P: Protocol>(
    reader: &mut Reader,
    place: &Place,
    system: &System<P>,
    books: &mut Books<P>,
) -> Result<(), CheckpointError> {
    fn all<T: DeserializeOwned>(
        reader: &mut Reader,
        place: &Place,
        mut intern: impl FnMut(T) -> Number,
    ) -> Result<(), CheckpointError> {
        for nth in 0..reader.count(size_of::<u64>() as u64)? {
            if intern(reader.value()?) != number(nth) {
                return Err(place.of_another_protocol("it begins with another world"));
            }
        }
        Ok(())
    }
    let (nodes, rules) = (books.nodes, &system.rules);
    for (at, book) in books.node.iter_mut().enumerate() {
        let protocol = &*system.protocol;
        let intern = |node: Node<P>| book.intern(protocol, Id::from(at), node);
        all(reader, place, intern)?;
    }
    for book in &mut books.channel {
        let order = rules.links.order;
        all(reader, place, |channel: Channel<P::Msg>| {
            book.intern(order, channel)
        })?;
    }
    let book = &mut books.globals;
    all(reader, place, |globals: Globals| {
        book.intern(nodes, rules, globals)
    })?;
    let book = &mut books.history;
    all(reader, place, |past: Past<P>| book.values.intern(past))
}

/// What a search found that is through.
#[derive(Serialize, Deserialize)]
pub struct Through {
    distinct: u64,
    generated: u64,
    depth: u64,
    frontier: u64,
    findings: Vec<SavedFinding>,
    seen: SavedSeen,
    too_many: bool,
    settled: bool,
    waiting: Option<Positions>,
}

/// A schedule: which of the enabled events came, each time.
type Positions = Vec<usize>;

#[derive(Serialize, Deserialize)]
enum SavedFinding {
    Nothing,
    Broken(Positions, Reason),
    Met(Positions),
    Blocked(Positions),
}

impl Through {
    pub fn of<P: Protocol>(explored: &Explored<P>, system: &System<P>, start: &World<P>) -> Self {
        let positions = |schedule: &[Event<P>]| positions(system, start, schedule);
        let finding = |finding: &Finding<Event<P>>| match finding {
            Finding::Nothing => SavedFinding::Nothing,
            Finding::Broken { schedule, reason } => {
                SavedFinding::Broken(positions(schedule), reason.clone())
            }
            Finding::Met { schedule } => SavedFinding::Met(positions(schedule)),
            Finding::Blocked { schedule } => SavedFinding::Blocked(positions(schedule)),
        };
        let Progress {
            distinct,
            generated,
            depth,
            frontier,
            ..
        } = explored.account.progress;
        Through {
            distinct,
            generated,
            depth,
            frontier,
            findings: explored.findings.iter().map(finding).collect(),
            seen: SavedSeen {
                withheld: saved(&explored.account.withheld),
                absorbed: explored.account.absorbed,
                repair_withheld: explored.account.repair_withheld,
                exercised: by_position(
                    explored
                        .account
                        .exercised
                        .as_ref()
                        .expect("this engine can tell"),
                ),
                waiting: None,
            },
            too_many: explored.account.stopped == Some(Stopped::States),
            settled: explored.account.settled,
            waiting: explored.waiting_for_the_living.as_deref().map(positions),
        }
    }

    /// The same by contents; nothing if the protocol does not know such a schedule.
    pub fn spelt_out<P: Protocol>(
        self,
        system: &System<P>,
        start: &World<P>,
        properties: &[Property<P>],
    ) -> Option<Explored<P>> {
        let events = |positions: &Positions| events(system, start, positions);
        let finding = |(finding, property): (SavedFinding, &Property<P>)| {
            Some(match (finding, property.expectation) {
                (SavedFinding::Nothing, _) => Finding::Nothing,
                (SavedFinding::Broken(positions, reason), Expectation::Always(predicate)) => {
                    let (schedule, world) = events(&positions)?;
                    predicate.ask(&system.protocol, &world).err()?;
                    Finding::Broken { schedule, reason }
                }
                (SavedFinding::Met(positions), Expectation::Reachable(predicate)) => {
                    let (schedule, world) = events(&positions)?;
                    predicate.ask(&system.protocol, &world).ok()?;
                    Finding::Met { schedule }
                }
                (SavedFinding::Blocked(positions), expectation) => {
                    let (schedule, world) = events(&positions)?;
                    expectation.goal()?.ask(&system.protocol, &world).err()?;
                    Finding::Blocked { schedule }
                }
                _ => return None,
            })
        };
        let count = self.findings.len();
        let findings = self.findings.into_iter().zip(properties).map(finding);
        let findings: Vec<Finding<Event<P>>> = findings.collect::<Option<_>>()?;
        let waiting_for_the_living = match &self.waiting {
            Some(positions) => Some(events(positions)?.0),
            None => None,
        };
        let progress = Progress {
            distinct: self.distinct,
            generated: self.generated,
            depth: self.depth,
            frontier: self.frontier,
            bytes: 0,
            ahead: 0,
        };
        (count == properties.len()).then(|| Explored {
            account: Account {
                progress,
                withheld: self.seen.withheld.into_iter().map(Bound::from).collect(),
                absorbed: self.seen.absorbed,
                repair_withheld: self.seen.repair_withheld,
                exercised: Some(by_id(self.seen.exercised)),
                stopped: self.too_many.then_some(Stopped::States),
                settled: self.settled,
                ..Account::default()
            },
            findings,
            waiting_for_the_living,
        })
    }
}

fn positions<P: Protocol>(
    system: &System<P>,
    start: &World<P>,
    schedule: &[Event<P>],
) -> Positions {
    let mut world = start.clone();
    let mut position = |event| {
        let enabled = system.enabled(&mut world).events;
        system.apply(&mut world, event);
        let position = enabled.iter().position(|other| other == event);
        position.expect("what was found is possible")
    };
    schedule.iter().map(&mut position).collect()
}

/// The events at these positions, and where they lead.
fn events<P: Protocol>(
    system: &System<P>,
    start: &World<P>,
    positions: &Positions,
) -> Option<(Vec<Event<P>>, World<P>)> {
    let mut world = start.clone();
    let mut event = |position: &usize| {
        let event = system
            .enabled(&mut world)
            .events
            .into_iter()
            .nth(*position)?;
        system.apply(&mut world, &event);
        Some(event)
    };
    let schedule = positions.iter().map(&mut event).collect::<Option<_>>()?;
    Some((schedule, world))
}
