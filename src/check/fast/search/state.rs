//! The search forward: level by level, in the order of the plain engine.
//!
//! Invariants: worlds are numbered in the order in which they are found, and expanded in the order
//! of their numbers, some at a time: a round, which never reaches beyond its level. The successors
//! of a round count in the order in which one worker alone would have found them, so that a search
//! that ends within a round ends at the very world at which the plain engine ends. Nothing is kept
//! of the way to a world: it is found again by expanding the level before.

use std::sync::{Mutex, PoisonError};

use super::crew::Crew;
use super::schedule::Way;
use super::sweep::{AT_ONCE, Goal, blocked};
use crate::check::checkpoint::Place;
use crate::check::explore::{Explored, Finding};
use crate::check::fast::Tuning;
use crate::check::fast::expand::worker::{Chunk, End, LookedUp, Seen, Worker};
use crate::check::fast::store::keys::Keys;
use crate::check::fast::store::pack::Packer;
use crate::check::fast::store::visited::Visited;
use crate::check::reduction::Reads;
use crate::check::{Account, Limits, Monitor, Progress, Stopped};
use crate::model::{Expectation, Property, Protocol, Reason, Rules, Sense};

/// One property while the search goes on.
pub struct Inquiry {
    sense: Sense,
    found: Option<(usize, Option<Reason>)>,
}

impl Inquiry {
    pub fn of<P: Protocol>(property: &Property<P>) -> Self {
        Inquiry {
            sense: property.expectation.sense(),
            found: None,
        }
    }
}

/// The worlds that were found, and how to get from one to the next.
pub struct Search<'a> {
    rules: &'a Rules,
    pub limits: &'a Limits,
    pub tuning: Tuning,
    pub crew: Crew,
    pub keys: Keys,
    pub visited: Visited,
    /// The number of the first world of each level, up to the one behind that being expanded.
    pub levels: Vec<usize>,
    /// How many worlds were expanded.
    pub expanded: usize,
    inquiries: Vec<Inquiry>,
    sweeps: bool,
    pub seen: Seen,
    pub generated: u64,
    /// Something is left out, and what predicates have read beside nodes and the history.
    pub is_reduced: bool,
    pub read: Reads,
    /// Events that were applied by a search before this one, which left out too much.
    pub before: Option<u64>,
    pub stopped: Option<Stopped>,
    /// Where checkpoints go.
    pub place: Option<Place>,
    /// The sweep that a checkpoint was written in, and its marks, eight worlds to a word.
    pub swept: Option<(usize, Vec<u64>)>,
    /// The worlds of a round, shared out; there may be more of these than a round needs.
    chunks: Vec<Mutex<Chunk>>,
    /// What became of the keys of each share.
    looked_up: Vec<Mutex<LookedUp>>,
}

impl<'a> Search<'a> {
    pub fn new(
        worker: Box<dyn Worker>,
        inquiries: Vec<Inquiry>,
        rules: &'a Rules,
        limits: &'a Limits,
        tuning: Tuning,
    ) -> Self {
        let key_words = worker.packer().key_words();
        let sweeps = inquiries.iter().any(|i| i.sense.is_of_progress());
        let mut search = Search {
            rules,
            limits,
            tuning,
            crew: Crew::new(worker, tuning.crew(), tuning.shared_from),
            keys: Keys::new(key_words, tuning.block, tuning.blocks_max),
            visited: Visited::new(key_words, tuning.slots, 0),
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
            block,
            blocks_max,
            slots,
            ..
        } = self.tuning;
        let worker = self.crew.first();
        let key_words = worker.packer().key_words();
        self.keys = Keys::new(key_words, block, blocks_max);
        self.visited = Visited::new(key_words, slots, room);
    }

    pub fn run(&mut self, monitor: &mut dyn Monitor) {
        let round = self.tuning.round.max(1);
        while self.expanded < self.keys.len() && !self.is_settled() && !self.is_spoilt() {
            if self.expanded == self.level_ends() {
                self.levels.push(self.keys.len());
            }
            if self.expanded.is_multiple_of(round) {
                let look = monitor.look(&self.progress());
                if look.is_err() || monitor.wants_checkpoint() {
                    self.save(monitor);
                }
                if let Err(stopped) = look {
                    self.stopped = Some(stopped);
                    return;
                }
            }
            if self.is_too_large() {
                self.stopped = Some(Stopped::States);
                return;
            }
            let next_look = (self.expanded + 1).next_multiple_of(round);
            if let Err(stopped) = self.round(self.level_ends().min(next_look), monitor) {
                self.save(monitor);
                self.stopped = Some(stopped);
                return;
            }
        }
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
    fn is_spoilt(&self) -> bool {
        self.is_reduced && self.read.tell_apart(self.rules)
    }

    /// Whether nothing is left to find out.
    fn is_settled(&self) -> bool {
        !self.inquiries.is_empty()
            && !self.sweeps
            && self.inquiries.iter().all(|i| i.found.is_some())
    }

    fn is_too_large(&self) -> bool {
        let too_many = |most| self.keys.len() as u64 > most;
        self.limits.states.is_some_and(too_many)
    }

    /// Where the level that is being expanded ends.
    fn level_ends(&self) -> usize {
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

    /// Expands the worlds up to this one, unless the monitor stops it: then none of them.
    fn round(&mut self, end: usize, monitor: &mut dyn Monitor) -> Result<(), Stopped> {
        let worlds = end - self.expanded;
        let shares = self.crew.call(worlds);
        let chunks = loop {
            let chunks = self.share_out(end);
            let all = &self.chunks;
            self.crew.work(worlds, chunks, &|worker, nth| {
                worker.expand(&mut locked(&all[nth]), shares);
            });
            if all[..chunks].iter().all(|chunk| !locked(chunk).outgrown) {
                break chunks;
            }
            monitor.look(&self.before_repacking())?;
            self.repack();
        };
        self.look_up(worlds, chunks, shares);
        self.count(chunks);
        Ok(())
    }

    /// How far it has come, and what longer keys are about to take.
    fn before_repacking(&mut self) -> Progress {
        let worker = self.crew.first();
        worker.catch_up();
        let (before, next) = (worker.packer().key_words(), worker.next_layout());
        let longer = next.key_words() - before.min(next.key_words());
        let (worlds, set) = (self.keys.bytes() / before, self.visited.bytes() / before);
        Progress {
            ahead: ((worlds + set) * longer) as u64,
            ..self.progress()
        }
    }

    /// Divides the worlds up to this one into chunks; how many.
    fn share_out(&mut self, end: usize) -> usize {
        let size = self.tuning.chunk.max(1);
        let deeper = self.goes_deeper(self.expanded);
        let firsts = (self.expanded..end).step_by(size);
        let chunks = firsts.len();
        if self.chunks.len() < chunks {
            self.chunks.resize_with(chunks, Mutex::default);
        }
        for (first, chunk) in firsts.zip(&self.chunks) {
            let mut chunk = locked(chunk);
            chunk.first = first;
            chunk.deeper = deeper;
            self.keys
                .read(first..end.min(first + size), &mut chunk.worlds);
        }
        chunks
    }

    /// Looks all successors up, every share by itself.
    fn look_up(&mut self, worlds: usize, chunks: usize, shares: usize) {
        self.looked_up.resize_with(shares, Mutex::default);
        let chunks: Vec<_> = self.chunks[..chunks].iter().map(locked).collect();
        let open: Vec<bool> = self.inquiries.iter().map(|i| i.found.is_none()).collect();
        let sets: Vec<_> = self
            .visited
            .shares(shares)
            .into_iter()
            .map(Mutex::new)
            .collect();
        let looked_up = &self.looked_up;
        let chunks: Vec<&Chunk> = chunks.iter().map(|chunk| &**chunk).collect();
        self.crew.work(worlds, shares, &|worker, share| {
            let of_share: Vec<_> = chunks
                .iter()
                .map(|chunk| (chunk.shares[share].as_slice(), chunk.found(share)))
                .collect();
            let mut set = locked(&sets[share]);
            worker.look_up(&of_share, &mut set, &open, &mut locked(&looked_up[share]));
        });
    }

    /// Counts what a round has found, in order. If the search is over before its end, the rest of
    /// it never happened.
    fn count(&mut self, chunks: usize) {
        let looked_up = std::mem::take(&mut self.looked_up);
        let mut shares: Vec<_> = looked_up.iter().map(locked).collect();
        let mut next = vec![0; shares.len()];
        for nth in 0..chunks {
            let mut chunk = std::mem::take(&mut *locked(&self.chunks[nth]));
            self.seen.exercised.append(&mut chunk.seen.exercised);
            let mut taken = vec![0; shares.len()];
            let mut from = End::default();
            for &to in &chunk.ends {
                if self.is_settled() || self.is_too_large() {
                    // Seen up to here is what is seen when these are expanded once more.
                    self.see_again(&chunk);
                    self.hear(chunks);
                    return;
                }
                for &share in &chunk.order[from.order..to.order] {
                    let share = usize::from(share);
                    if shares[share].new[next[share]] {
                        let at = self.keys.len();
                        let read = reads(&self.inquiries, &shares[share], next[share]);
                        self.read = self.read.and(read);
                        self.keys.push(chunk.found(share)[taken[share]]);
                        settle(&mut self.inquiries, &mut shares[share], next[share], at);
                    }
                    next[share] += 1;
                    taken[share] += 1;
                }
                self.generated += to.events - from.events;
                self.expanded += 1;
                from = to;
            }
            self.seen.and(&chunk.seen);
            *locked(&self.chunks[nth]) = chunk;
        }
        drop(shares);
        self.looked_up = looked_up;
    }

    /// Notes what was heard in the rest of a round that never happened. Who is asked first depends on
    /// the threads, so that all counts, or nothing could.
    fn hear(&mut self, chunks: usize) {
        for chunk in &self.chunks[..chunks] {
            let exercised = std::mem::take(&mut locked(chunk).seen.exercised);
            self.seen.exercised.extend(exercised);
        }
    }

    /// Notes what was heard in chunks that had to be expanded again, too.
    pub fn hear_all(&mut self) {
        for worker in self.crew.all() {
            self.seen.exercised.extend(worker.heard());
        }
    }

    /// Expands the worlds of a chunk up to the last one that counts, for what is seen there.
    fn see_again(&mut self, chunk: &Chunk) {
        let mut again = Chunk {
            first: chunk.first,
            worlds: chunk.worlds[..self.expanded - chunk.first].to_vec(),
            deeper: chunk.deeper,
            ..Chunk::default()
        };
        self.crew.first().expand(&mut again, 1);
        debug_assert!(!again.outgrown, "everything is known");
        self.seen.and(&again.seen);
    }

    /// Gives every world a new key, because a number has outgrown its field.
    fn repack(&mut self) {
        let worker = self.crew.first();
        worker.catch_up();
        let old: Packer = worker.repack();
        let (key_words, slots) = (worker.packer().key_words(), self.tuning.slots);
        // The old set goes first: all that it held is in the list.
        self.visited = Visited::new(key_words, slots, 0);
        let translate = |key| worker.translate(&old, key);
        self.keys.rewrite(key_words, translate);
        self.visited = Visited::new(key_words, slots, self.keys.len());
        let mut all = self.visited.shares(1).remove(0);
        self.keys.each(|keys| {
            all.warm(keys);
            for key in keys {
                all.insert(worker.class_of(*key));
            }
        });
        let (first, others) = self.crew.all().split_first_mut().expect("there is a first");
        for other in others {
            other.adopt(first.packer());
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

    /// Whether there is nothing more to find within the limits.
    pub fn is_through(&self) -> bool {
        matches!(self.stopped, None | Some(Stopped::States))
    }

    /// What was found out; nothing if a predicate has read what was changed by what is left out.
    pub fn finish(&mut self, monitor: &mut dyn Monitor) -> Option<Found> {
        if self.is_spoilt() {
            return None;
        }
        self.hear_all();
        if self.sweeps && self.is_through() {
            // What was found so far took its time.
            self.save(monitor);
        }
        let inquiries = self.inquiries.iter().enumerate();
        let goals: Vec<Goal> = inquiries
            .filter(|(_, inquiry)| inquiry.sense.is_of_progress())
            .map(|(property, inquiry)| Goal {
                property,
                by_repairs: inquiry.sense == Sense::Recovers,
            })
            .collect();
        // What is found blocked is found among the worlds that were expanded.
        let progress = self.progress();
        let swept = self.swept.as_ref().map_or(0, |(nth, _)| *nth);
        for (nth, goals) in goals.chunks(AT_ONCE).enumerate().skip(swept) {
            let Some(blocked) = blocked(self, nth, goals, monitor) else {
                break;
            };
            for (goal, at) in goals.iter().zip(blocked) {
                self.inquiries[goal.property].found = at.map(|at| (at, None));
            }
        }
        self.read = self.read_so_far();
        if self.is_spoilt() {
            return None;
        }
        let found = self.found().into_iter();
        let findings = found.map(|found| found.map(|(at, reason)| (self.way(at), reason)));
        let findings = findings.collect();
        let waiting_for_the_living = self.seen.waiting.map(|at| self.way(at));
        Some(Found {
            account: Account {
                settled: self.stopped.is_none() && self.expanded < self.keys.len(),
                progress,
                withheld: self.seen.withheld.clone(),
                absorbed: self.seen.absorbed,
                exercised: Some(self.seen.exercised.clone()),
                repair_withheld: self.seen.repair_withheld,
                stopped: self.stopped,
                ..Account::default()
            },
            findings,
            waiting_for_the_living,
        })
    }
}

/// What a search has found out, whatever the protocol.
pub struct Found {
    pub account: Account,
    /// For each property, the way to a world that settles it, and why it is broken there.
    pub findings: Vec<Option<(Way, Option<Reason>)>>,
    pub waiting_for_the_living: Option<Way>,
}

impl Found {
    /// The same with the protocol that it is about.
    pub fn of<P: Protocol>(self, properties: &[Property<P>]) -> Explored<P> {
        let finding = |(found, property): (Option<(Way, _)>, &Property<P>)| {
            let Some((way, reason)) = found else {
                return Finding::Nothing;
            };
            let schedule = way.events();
            match (property.expectation, reason) {
                (Expectation::Always(_), Some(reason)) => Finding::Broken { schedule, reason },
                (Expectation::Reachable(_), _) => Finding::Met { schedule },
                _ => Finding::Blocked { schedule },
            }
        };
        let findings = self.findings.into_iter().zip(properties);
        Explored {
            account: self.account,
            findings: findings.map(finding).collect(),
            waiting_for_the_living: self.waiting_for_the_living.map(Way::events),
        }
    }
}

/// What the properties that are still open have read of a key, beyond what they had read before.
fn reads(inquiries: &[Inquiry], looked_up: &LookedUp, nth: usize) -> Reads {
    let reading = looked_up
        .reading
        .iter()
        .filter(|reading| reading.nth == nth);
    let open = reading.filter(|reading| inquiries[reading.property].found.is_none());
    open.fold(Reads::default(), |all, reading| all.and(reading.read))
}

/// Notes the properties that this key settles, of those that nothing before it has settled.
fn settle(inquiries: &mut [Inquiry], looked_up: &mut LookedUp, nth: usize, at: usize) {
    for settling in &mut looked_up.settling {
        let found = &mut inquiries[settling.property].found;
        if settling.nth == nth && found.is_none() {
            *found = Some((at, settling.reason.take()));
        }
    }
}

/// A worker that panics takes the search with it, so nothing half done is ever seen.
pub fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
