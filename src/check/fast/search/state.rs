//! A breadth-first search under way: the worlds found so far, and what is known of each property.
//!
//! Invariant: worlds are numbered in the order in which they are found, and expanded in the order of their
//! numbers. So the worlds of a level are next to each other, and so are those that are not expanded yet.

use std::sync::{Mutex, PoisonError};

use super::crew::Crew;
use crate::check::checkpoint::Place;
use crate::check::fast::expand::worker::{Chunk, LookedUp, Seen, Worker};
use crate::check::fast::store::keys::Keys;
use crate::check::fast::store::visited::Visited;
use crate::check::fast::tuning::{Sizes, Tuning};
use crate::check::reduction::Reads;
use crate::check::{Limits, Progress, Stopped};
use crate::model::{Reason, Rules, Sense};

/// One property while the search goes on.
pub struct Inquiry {
    pub sense: Sense,
    /// The world that settles it, and why it is broken there.
    pub found: Option<(usize, Option<Reason>)>,
}

impl Inquiry {
    pub fn of(sense: Sense) -> Self {
        Inquiry { sense, found: None }
    }
}

/// A search under way: the worlds that were found, and how to get from one to the next.
pub struct BreadthFirst<'a> {
    pub rules: &'a Rules,
    pub limits: &'a Limits,
    pub tuning: Tuning,
    pub crew: Crew,
    pub keys: Keys,
    pub visited: Visited,
    /// The number of the first world of each level, up to the one behind that being expanded.
    pub levels: Vec<usize>,
    /// How many worlds were expanded.
    pub expanded: usize,
    pub inquiries: Vec<Inquiry>,
    /// Some property asks for possible progress, which is found out backwards.
    pub sweeps: bool,
    pub seen: Seen,
    pub generated: u64,
    /// Something is left out, and what predicates have read beside nodes and the history.
    pub is_reduced: bool,
    pub read: Reads,
    /// Events that were applied by a search before this one, which left out too much.
    pub before: Option<u64>,
    pub stopped: Option<Stopped>,
    /// It only looks, so that it becomes clear what may be left out.
    pub is_look: bool,
    /// Where checkpoints go.
    pub place: Option<Place>,
    /// The sweep that a checkpoint was written in, and its marks, eight worlds to a word.
    pub swept: Option<(usize, Vec<u64>)>,
    /// The worlds of a round, shared out; there may be more of these than a round needs.
    pub chunks: Vec<Mutex<Chunk>>,
    /// What became of the keys of each share.
    pub looked_up: Vec<Mutex<LookedUp>>,
}

impl<'a> BreadthFirst<'a> {
    pub fn new(
        worker: Box<dyn Worker>,
        inquiries: Vec<Inquiry>,
        rules: &'a Rules,
        limits: &'a Limits,
        tuning: Tuning,
    ) -> Self {
        let key_words = worker.packer().key_words();
        let sweeps = inquiries.iter().any(|i| i.sense.is_of_progress());
        let mut search = BreadthFirst {
            rules,
            limits,
            tuning,
            crew: Crew::new(worker, tuning.crew(), tuning.sizes.shared_from),
            keys: Keys::new(key_words, tuning.sizes.block, tuning.blocks_max),
            visited: Visited::new(key_words, tuning.sizes.slots, 0),
            levels: vec![0, 1],
            expanded: 0,
            inquiries,
            sweeps,
            seen: Seen::default(),
            generated: 0,
            is_reduced: false,
            read: Reads::default(),
            before: None,
            stopped: None,
            is_look: false,
            place: None,
            swept: None,
            chunks: Vec::new(),
            looked_up: Vec::new(),
        };
        let worker = search.crew.first();
        let (start, class) = worker.here();
        let mut properties = (0..search.inquiries.len()).collect();
        let (inquiries, all_read) = (&mut search.inquiries, &mut search.read);
        worker.ask(start, &mut properties, &mut |property, read, settled| {
            *all_read = all_read.and(read);
            if let Some(reason) = settled {
                inquiries[property].found = Some((0, reason));
            }
        });
        search.visited.shares(1)[0].insert(class);
        search.keys.push(start);
        search
    }

    /// An empty list and an empty set, with room for so many worlds, for keys as they are now.
    pub fn forget_worlds(&mut self, room: usize) {
        let Tuning {
            blocks_max,
            sizes: Sizes { block, slots, .. },
            ..
        } = self.tuning;
        let worker = self.crew.first();
        let key_words = worker.packer().key_words();
        self.keys = Keys::new(key_words, block, blocks_max);
        self.visited = Visited::new(key_words, slots, room);
    }

    pub fn progress(&self) -> Progress {
        let chunks = self.chunks.iter().map(|chunk| locked(chunk).bytes());
        let bytes = self.crew.bytes() + self.keys.bytes() + self.visited.bytes();
        Progress {
            distinct: self.keys.len() as u64,
            generated: self.generated,
            depth: self.levels.len() as u64 - 2,
            frontier: (self.keys.len() - self.expanded) as u64,
            bytes: (bytes + chunks.sum::<usize>()) as u64,
            ahead: 0,
        }
    }

    /// What predicates have read so far, those that sweeps ask as well.
    pub fn read_so_far(&mut self) -> Reads {
        let workers = self.crew.all().iter();
        workers.fold(self.read, |all, worker| all.and(worker.read()))
    }

    /// Whether a predicate has read what was changed by what is left out.
    pub fn is_spoilt(&self) -> bool {
        self.is_reduced && self.read.tell_apart(self.rules)
    }

    /// Whether nothing is left to find out.
    pub fn is_settled(&self) -> bool {
        !self.inquiries.is_empty()
            && !self.sweeps
            && self.inquiries.iter().all(|i| i.found.is_some())
    }

    pub fn is_too_large(&self) -> bool {
        let too_many = |most| self.keys.len() as u64 > most;
        self.limits.states.is_some_and(too_many)
    }

    /// Where the level that is being expanded ends.
    pub fn level_ends(&self) -> usize {
        self.levels[self.levels.len() - 1]
    }

    /// The number of events that lead to a world.
    pub fn depth(&self, at: usize) -> usize {
        self.levels.partition_point(|first| *first <= at) - 1
    }

    /// Whether worlds as deep as this one are expanded.
    pub fn goes_deeper(&self, at: usize) -> bool {
        self.limits.depth.allows(|| self.depth(at))
    }

    /// How many worlds lie so shallow that they are expanded, sooner or later.
    pub fn shallow(&self) -> usize {
        let too_deep = |level: &usize| !self.limits.depth.allows(|| *level);
        let level = (0..self.levels.len()).find(too_deep);
        level.map_or(usize::MAX, |level| self.levels[level])
    }

    /// Notes what was heard in chunks that had to be expanded again, too.
    pub fn hear_all(&mut self) {
        for worker in self.crew.all() {
            self.seen.exercised.extend(worker.heard());
        }
    }

    /// What was found of each property.
    pub fn found(&self) -> Vec<Option<(usize, Option<Reason>)>> {
        self.inquiries.iter().map(|i| i.found.clone()).collect()
    }

    /// Takes over what was found of each property, if it can have been.
    pub fn take_found(&mut self, found: Vec<Option<(usize, Option<Reason>)>>) -> bool {
        let fits = found.len() == self.inquiries.len();
        self.inquiries
            .iter_mut()
            .zip(found)
            .all(|(inquiry, found)| {
                let broken = inquiry.sense == Sense::Always;
                let explained = |(_, reason): &(usize, Option<Reason>)| reason.is_some() == broken;
                let sound = found.as_ref().is_none_or(explained);
                inquiry.found = found;
                sound
            })
            && fits
    }

    /// Whether there is nothing more to find, whatever the limit on worlds.
    pub fn is_through(&self) -> bool {
        self.stopped.is_none()
    }
}

/// A worker that panics takes the search with it, so nothing half done is ever seen.
pub fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
