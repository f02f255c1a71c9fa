//! A round: some worlds of a level are expanded, their successors looked up, and what is new is counted.
//!
//! Invariant: the successors of a round count in the order in which one worker alone would have found
//! them, so that a search that ends within a round ends at the very world at which the plain engine ends.

use std::sync::Mutex;

use super::state::{BreadthFirst, Inquiry, locked};
use crate::check::fast::expand::worker::{Chunk, LookedUp, Offsets};
use crate::check::fast::store::pack::Packer;
use crate::check::fast::store::visited::Visited;
use crate::check::reduction::Reads;
use crate::check::{Monitor, Progress, Stopped};

impl BreadthFirst<'_> {
    /// Expands the worlds up to this one, unless the monitor stops it: then none of them.
    pub fn round(&mut self, end: usize, monitor: &mut dyn Monitor) -> Result<(), Stopped> {
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
        let size = self.tuning.sizes.chunk.max(1);
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
            self.seen
                .exercised
                .extend(std::mem::take(&mut chunk.seen.exercised));
            let mut taken = vec![0; shares.len()];
            let mut from = Offsets::default();
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
        let (key_words, slots) = (worker.packer().key_words(), self.tuning.sizes.slots);
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
