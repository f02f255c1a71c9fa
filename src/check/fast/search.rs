//! The search forward: level by level, in the order of the plain engine.
//!
//! Invariants: worlds are numbered in the order in which they are found, and expanded in the order
//! of their numbers; what is gathered in a batch counts only when it is looked up, so that a search
//! that ends within a batch ends at the very world at which the plain engine ends. Nothing is kept
//! of the way to a world: it is found again by expanding the level before.

use std::collections::BTreeSet;

use super::books::Numbers;
use super::cursor::{Cursor, Scratch};
use super::keys::Keys;
use super::sweep::{Goal, blocked};
use super::views::Remembering;
use super::visited::Visited;
use super::{Tuning, pack::Packer};
use crate::check::explore::{Explored, Finding};
use crate::check::{Limits, Monitor, Progress, Stopped};
use crate::model::network::Fate;
use crate::model::{
    Bound, Class, Enabled, Event, Expectation, Property, Protocol, Reason, System, World,
};

/// How many worlds are expanded between two looks at the monitor.
pub const LOOK_EVERY: usize = 1024;

/// Explores every world that can be reached from `start`; see
/// [`check::explore`](crate::check::explore()), of which it is the equal.
pub fn explore<P: Protocol>(
    system: &System<P>,
    start: &World<P>,
    properties: &[Property<P>],
    limits: &Limits,
    tuning: Tuning,
    monitor: &mut dyn Monitor,
) -> Explored<P> {
    let mut search = Search::new(system, start, properties, limits, tuning);
    search.run(monitor);
    search.finish(monitor)
}

/// What was seen on the way, beside worlds.
#[derive(Clone, Default)]
struct Seen {
    withheld: BTreeSet<Bound>,
    absorbed: bool,
    repair_withheld: bool,
    waiting: Option<usize>,
}

/// The successors of some worlds in a row, not yet looked up.
#[derive(Default)]
struct Batch {
    /// The number of the first world that was expanded.
    first: usize,
    words: Vec<u64>,
    /// Where the successors of each world end.
    ends: Vec<usize>,
    /// What had been seen before.
    before: Seen,
}

/// One property while the search goes on.
struct Inquiry<P: Protocol> {
    expectation: Expectation<P>,
    /// The predicate that decides it on sight, if one does.
    on_sight: Option<Remembering<P>>,
    found: Option<(usize, Option<Reason>)>,
}

/// The worlds that were found, and how to get from one to the next.
pub struct Search<'a, P: Protocol> {
    pub system: &'a System<P>,
    pub limits: &'a Limits,
    pub tuning: Tuning,
    pub cursor: Cursor<P>,
    pub keys: Keys,
    pub visited: Visited,
    /// The number of the first world of each level, up to the one behind that being expanded.
    levels: Vec<usize>,
    /// How many worlds were expanded.
    pub expanded: usize,
    inquiries: Vec<Inquiry<P>>,
    sweeps: bool,
    batch: Batch,
    seen: Seen,
    generated: u64,
    pub stopped: Option<Stopped>,
    enabled: Enabled<Numbers>,
    scratch: Scratch,
    words: Vec<u64>,
    parts: Vec<u32>,
}

impl<'a, P: Protocol> Search<'a, P> {
    fn new(
        system: &'a System<P>,
        start: &World<P>,
        properties: &[Property<P>],
        limits: &'a Limits,
        tuning: Tuning,
    ) -> Self {
        let inquiries: Vec<_> = properties
            .iter()
            .map(|property| Inquiry {
                expectation: property.expectation,
                on_sight: match property.expectation {
                    Expectation::Always(predicate) | Expectation::Reachable(predicate) => {
                        Some(Remembering::new(predicate, tuning.steps_max))
                    }
                    _ => None,
                },
                found: None,
            })
            .collect();
        let sweeps = inquiries.iter().any(|i| i.expectation.goal().is_some());
        let mut search = Search {
            system,
            limits,
            tuning,
            cursor: Cursor::new(system, start, tuning.word_bits, tuning.doubt),
            keys: Keys::default(),
            visited: Visited::new(tuning.slots, 0),
            levels: vec![0, 1],
            expanded: 0,
            inquiries,
            sweeps,
            batch: Batch::default(),
            seen: Seen::default(),
            generated: 0,
            stopped: None,
            enabled: Enabled::default(),
            scratch: Scratch::default(),
            words: Vec::new(),
            parts: Vec::new(),
        };
        let start = search.cursor.key();
        search.visited.insert(start);
        search.discover(start);
        search
    }

    fn run(&mut self, monitor: &mut dyn Monitor) {
        while self.expanded < self.keys.len() && !self.is_settled() {
            let at = self.expanded;
            if at == self.level_ends() {
                self.levels.push(self.keys.len());
            }
            if at.is_multiple_of(LOOK_EVERY)
                && let Err(stopped) = monitor.look(&self.progress())
            {
                self.stopped = Some(stopped);
                return;
            }
            if self.is_too_large() {
                self.stopped = Some(Stopped::States);
                return;
            }
            self.expand(at, true);
            self.expanded += 1;
            let due = self.batch.words.len() >= self.tuning.batch
                || self.expanded == self.level_ends()
                || self.expanded.is_multiple_of(LOOK_EVERY);
            if due {
                self.look_up();
            }
        }
    }

    pub fn progress(&self) -> Progress {
        let inquiries = self.inquiries.iter().filter_map(|i| i.on_sight.as_ref());
        let predicates: usize = inquiries.map(Remembering::bytes).sum();
        let bytes = self.cursor.bytes() + self.keys.bytes() + self.visited.bytes() + predicates;
        Progress {
            distinct: self.keys.len() as u64,
            generated: self.generated,
            depth: self.levels.len() as u64 - 2,
            frontier: (self.keys.len() - self.expanded) as u64,
            bytes: bytes as u64,
        }
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
    fn depth(&self, at: usize) -> usize {
        self.levels.partition_point(|first| *first <= at) - 1
    }

    /// Whether worlds as deep as this one are expanded.
    pub fn goes_deeper(&self, at: usize) -> bool {
        self.limits.depth.allows(|| self.depth(at))
    }

    /// Looks at what is enabled in a world, and applies it. The successors go to the batch if
    /// they are to be `kept`.
    fn expand(&mut self, at: usize, kept: bool) {
        if self.batch.ends.is_empty() {
            self.batch.first = at;
            self.batch.before.clone_from(&self.seen);
        }
        self.cursor.load(self.keys.get(at));
        let mut enabled = std::mem::take(&mut self.enabled);
        self.system.enable(&mut self.cursor, &mut enabled);
        let deeper = self.goes_deeper(at);
        if !deeper && !enabled.events.is_empty() {
            self.seen.withheld.insert(Bound::Depth);
        }
        if enabled.held_back > 0 && enabled.withheld.is_empty() && !any(&enabled, Class::Ordinary) {
            self.seen.waiting.get_or_insert(at);
        }
        self.seen.repair_withheld |= enabled.repair_withheld;
        self.seen.withheld.extend(&enabled.withheld);
        if deeper {
            for event in &enabled.events {
                let effects = self.system.apply(&mut self.cursor, event);
                self.seen.absorbed |= effects.unsent.iter().any(|(_, f)| *f == Fate::Absorbed);
                if self.cursor.has_outgrown() {
                    self.repack();
                }
                if kept {
                    self.batch.words.push(self.cursor.key());
                }
                self.cursor.undo();
            }
        }
        if kept {
            self.batch.ends.push(self.batch.words.len());
        }
        self.enabled = enabled;
    }

    /// Gives every world a new word, because a number has outgrown its field.
    fn repack(&mut self) {
        let old: Packer = self.cursor.repack(self.tuning.word_bits);
        let (cursor, scratch) = (&mut self.cursor, &mut self.scratch);
        // The old set goes first: all that it held is in the list.
        self.visited = Visited::new(self.tuning.slots, 0);
        self.visited = Visited::new(self.tuning.slots, self.keys.len());
        self.keys
            .rewrite(|word| cursor.translate(&old, word, scratch));
        for words in self.keys.chunks(self.tuning.batch) {
            self.visited.warm(words);
            for word in words {
                self.visited.insert(*word);
            }
        }
        for word in &mut self.batch.words {
            *word = cursor.translate(&old, *word, scratch);
        }
    }

    /// Looks up what the batch has gathered. If the search is over before its end, the rest of it
    /// never happened.
    fn look_up(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        self.visited.warm(&batch.words);
        let mut from = 0;
        for (nth, &to) in batch.ends.iter().enumerate() {
            for &word in &batch.words[from..to] {
                if self.visited.insert(word) {
                    self.discover(word);
                }
            }
            self.generated += (to - from) as u64;
            from = to;
            let expanded = batch.first + nth + 1;
            if expanded < self.expanded && (self.is_settled() || self.is_too_large()) {
                self.expanded = expanded;
                self.seen = batch.before;
                for at in batch.first..expanded {
                    self.expand(at, false);
                }
                self.batch = Batch::default();
                return;
            }
        }
        self.batch.words = batch.words;
        self.batch.words.clear();
        self.batch.ends = batch.ends;
        self.batch.ends.clear();
    }

    /// Numbers a new world, and asks the properties of it.
    fn discover(&mut self, word: u64) {
        let at = self.keys.len();
        self.keys.push(word);
        let (protocol, books) = (&*self.system.protocol, self.cursor.books());
        let packer = self.cursor.packer();
        let words = &mut self.words;
        packer.unfold(word, words);
        for inquiry in &mut self.inquiries {
            let Some(predicate) = &mut inquiry.on_sight else {
                continue;
            };
            if inquiry.found.is_some() {
                continue;
            }
            let wanted = matches!(inquiry.expectation, Expectation::Reachable(_));
            if predicate.known(packer.part_count(), |part| packer.part(words, part))
                == Some(!wanted)
            {
                continue;
            }
            self.parts.resize(packer.part_count(), 0);
            packer.parts(words, &mut self.parts);
            let answer = predicate.ask(protocol, books, &self.parts);
            if answer.is_ok() == wanted {
                inquiry.found = Some((at, answer.err()));
            }
        }
    }

    fn finish(mut self, monitor: &mut dyn Monitor) -> Explored<P> {
        let goals: Vec<(usize, Goal<P>)> = self
            .inquiries
            .iter()
            .enumerate()
            .filter_map(|(nth, inquiry)| Some((nth, Goal::of(inquiry.expectation)?)))
            .collect();
        // What is found blocked is found among the worlds that were expanded.
        let progress = self.progress();
        for some in goals.chunks(Goal::<P>::AT_ONCE) {
            let (members, goals): (Vec<usize>, Vec<Goal<P>>) = some.iter().cloned().unzip();
            for (member, at) in members.into_iter().zip(blocked(&mut self, &goals, monitor)) {
                self.inquiries[member].found = at.map(|at| (at, None));
            }
        }
        let found: Vec<_> = self
            .inquiries
            .iter()
            .map(|inquiry| (inquiry.expectation, inquiry.found.clone()))
            .collect();
        let findings = found
            .into_iter()
            .map(|(expectation, found)| {
                let Some((at, reason)) = found else {
                    return Finding::Nothing;
                };
                let schedule = self.schedule(at);
                match (expectation, reason) {
                    (Expectation::Always(_), Some(reason)) => Finding::Broken { schedule, reason },
                    (Expectation::Reachable(_), _) => Finding::Met { schedule },
                    _ => Finding::Blocked { schedule },
                }
            })
            .collect();
        let waiting_for_the_living = self.seen.waiting.map(|at| self.schedule(at));
        Explored {
            settled: self.stopped.is_none() && self.expanded < self.keys.len(),
            progress,
            findings,
            withheld: self.seen.withheld,
            absorbed: self.seen.absorbed,
            repair_withheld: self.seen.repair_withheld,
            stopped: self.stopped,
            waiting_for_the_living,
        }
    }

    /// The events on a shortest path to a world: of all such paths, the one whose events come
    /// first among those enabled, from the start on.
    fn schedule(&mut self, at: usize) -> Vec<Event<P>> {
        let mut schedule = Vec::new();
        let mut word = self.keys.get(at);
        for level in (0..self.depth(at)).rev() {
            let mut worlds = self.levels[level]..self.levels[level + 1];
            let (before, event) = worlds
                .find_map(|at| self.event_to(at, word))
                .expect("a world was found from one of the level before");
            word = before;
            schedule.push(event);
        }
        schedule.reverse();
        schedule
    }

    /// The first event that leads from one world to the other, if one does.
    fn event_to(&mut self, at: usize, word: u64) -> Option<(u64, Event<P>)> {
        use crate::model::Carrier;

        let from = self.keys.get(at);
        let mut enabled = std::mem::take(&mut self.enabled);
        self.cursor.load(from);
        self.system.enable(&mut self.cursor, &mut enabled);
        let event = enabled.events.iter().find(|event| {
            self.system.apply(&mut self.cursor, event);
            let leads_there = self.cursor.key() == word;
            self.cursor.undo();
            leads_there
        });
        let event = event.map(|event| (from, self.cursor.spell_out(event)));
        self.enabled = enabled;
        event
    }
}

/// Whether an event of some class is enabled.
pub fn any(enabled: &Enabled<Numbers>, class: Class) -> bool {
    enabled.events.iter().any(|event| event.class() == class)
}
