//! What a checkpoint holds of a search, and a search that goes on from one.
//!
//! Invariant: what a search finds does not depend on whether, where or how often it was stopped
//! and went on. A checkpoint of a search that is under way holds its worlds as words, in order, and
//! all that the words mean: the values behind the numbers, the layout, the folding tables; and, where it
//! was written in a sweep, what was marked by then. What
//! was merely remembered (answers of handlers and predicates, the set of words) is worked out
//! again. A checkpoint of a search that is through holds what it found (`through`). One that a limit on
//! worlds has ended is under way: with a larger limit it goes on.

use std::collections::BTreeSet;
use std::io;

use serde::{Deserialize, Serialize};

use super::seen::SavedSeen;
use super::state::BreadthFirst;
use super::through::Through;
use crate::check::checkpoint::{CheckpointError, Place, Reader, Writer};
use crate::check::fast::expand::worker::{Chunk, Seen};
use crate::check::fast::store::pack::{Key, Packer};
use crate::check::fast::store::visited::{Marks, Visited};
use crate::check::intern::number;
use crate::check::reduction::Reads;
use crate::check::{Monitor, Progress, Stopped};
use crate::model::Reason;

/// What a checkpoint is of.
const UNDER_WAY: u64 = 0;
const THROUGH: u64 = 1;
const LOOK: u64 = 2;

/// How many worlds are expanded once more to see whether the protocol is still the same.
const REPLAYED: usize = 1024;

/// What a checkpoint was found to hold; nothing, if there is none.
#[derive(Default)]
pub struct Opened {
    pub cost: u64,
    /// See [`BreadthFirst::before`].
    pub before: Option<u64>,
    pub under_way: Option<Reader>,
    /// What is under way is a [look](BreadthFirst::is_look).
    pub is_look: bool,
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
    match reader.number()? {
        THROUGH => {
            opened.through = Some(reader.value()?);
            reader.end()?;
        }
        under_way => {
            opened.is_look = under_way == LOOK;
            opened.under_way = Some(reader);
        }
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

impl BreadthFirst<'_> {
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
            writer.number(if self.is_look { LOOK } else { UNDER_WAY })?;
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
        let (found, read, seen) = (self.found(), self.read_so_far(), SavedSeen::of(&self.seen));
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
        let here = count.min(
            self.tuning
                .sizes
                .block
                .saturating_mul(self.tuning.blocks_max),
        );
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
        self.seen = Seen::from(seen);
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
