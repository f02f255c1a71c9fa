//! Log replication: 5.3, and when an entry is committed: 5.4.2.

use super::Mistake;
use super::log::{Content, Entry, Index, Position};
use super::messages::{AppendEntries, AppendResult, Appended, InstallSnapshot, Msg, Timer};
use super::state::{Progress, Role};
use super::turn::Turn;
use crate::model::{Id, NodeSet};

/// *Leaders.*
impl Turn<'_> {
    /// Appends an entry of its own term to its log. (Nothing is sent before it is on the disk.)
    pub(super) fn append(&mut self, content: Content) {
        let term = self.s.stable.current_term;
        self.s.stable.log.append(Entry { term, content });
    }

    /// 5.2: repeat during idle periods to prevent election timeouts.
    pub(super) fn heartbeat(&mut self) {
        if self.s.leading().is_none() {
            return;
        }
        self.begin_lease();
        let entries = if self.raft.params.empty_heartbeats {
            0
        } else {
            usize::MAX
        };
        for id in self.followers().iter() {
            self.send_entries(id, entries);
        }
        self.set_timer(Timer::Heartbeat, self.raft.params.heartbeat);
    }

    pub(super) fn replicate_to_all(&mut self) {
        for id in self.followers().iter() {
            self.replicate_to(id);
        }
    }

    /// 5.3: if last log index ≥ nextIndex for a follower: send `AppendEntries` RPC with log entries
    /// starting at nextIndex.
    pub(super) fn replicate_to(&mut self, id: Id) {
        self.send_entries(id, usize::MAX);
    }

    /// Sends so many entries at most; 7: if those have been discarded, a snapshot.
    fn send_entries(&mut self, id: Id, most: usize) {
        let Role::Leader(leader) = &self.s.role else {
            return;
        };
        let (term, round) = (self.s.stable.current_term, leader.round);
        let log = &self.s.stable.log;
        let next = leader.of(id).next;
        let is_compacted = if self.makes(Mistake::SnapshotBoundaryOffByOne) {
            next < log.compacted()
        } else {
            next <= log.compacted()
        };
        if is_compacted {
            let snapshot = std::sync::Arc::clone(&log.snapshot);
            let install = InstallSnapshot {
                term,
                snapshot,
                round,
            };
            return self.send(id, Msg::InstallSnapshot(install));
        }
        let prev = log.position(next - 1).unwrap_or(Position {
            // Only with the mistake above: nothing is known of the entry before.
            index: next - 1,
            term: log.snapshot.last.term,
        });
        let append = AppendEntries {
            term,
            prev,
            entries: log.from(next).iter().take(most).copied().collect(),
            leader_commit: self.s.commit_index,
            round,
        };
        self.send(id, Msg::AppendEntries(append));
    }

    /// What has become of an `AppendEntries` or `InstallSnapshot`.
    pub(super) fn on_appended(&mut self, src: Id, results: Appended) {
        let current = self.s.stable.current_term;
        let mistaken = self.makes(Mistake::CountsOldAcknowledgements);
        let goes_back = self.makes(Mistake::MatchIndexGoesBack);
        let Role::Leader(leader) = &mut self.s.role else {
            return;
        };
        // An answer to a request of an earlier term says nothing of this one's log, nor of who leads it.
        // Whoever refuses such a request does so in a later term: that may be this one.
        let is_refused = results.result == AppendResult::Outdated;
        if is_refused || (results.term != current && !mistaken) {
            return;
        }
        if self.raft.params.check_quorum {
            leader.heard.insert(src);
        }
        let progress = leader.of_mut(src);
        progress.round = progress.round.max(results.round);
        match results.result {
            // If successful: update nextIndex and matchIndex for follower.
            AppendResult::Matched(index) => {
                progress.matched = if goes_back {
                    index
                } else {
                    progress.matched.max(index)
                };
                progress.next = progress.next.max(index + 1);
                let lacks_some = progress.next <= self.s.stable.log.last_index();
                if lacks_some && self.raft.params.empty_heartbeats {
                    self.replicate_to(src);
                }
                self.advance_commit_index();
                self.new_server_catches_up();
                self.transfer_if_ready(src);
            }
            // If AppendEntries fails because of log inconsistency: decrement nextIndex and retry.
            AppendResult::Conflict(term, first) => {
                // If it has entries of that term, too, they match up to its last one: log matching.
                let last = term.and_then(|term| self.s.stable.log.last_of(term, first));
                self.back_up(src, last.map_or(first, |last| last + 1));
                self.replicate_to(src);
            }
            AppendResult::Outdated => {}
        }
        self.round_answered();
    }

    /// Sends from here next, unless the follower is known to have that. A late answer may make it
    /// send too much, never too little.
    fn back_up(&mut self, id: Id, index: Index) {
        if let Role::Leader(leader) = &mut self.s.role {
            let Progress { next, matched, .. } = leader.of_mut(id);
            *next = index.min(*next - 1).max(*matched + 1);
        }
    }

    /// 5.3, 5.4.2: if there exists an N such that N > commitIndex, a majority of matchIndex[i] ≥ N,
    /// and log[N].term == currentTerm: set commitIndex = N.
    pub(super) fn advance_commit_index(&mut self) {
        let Some(leader) = self.s.leading() else {
            return;
        };
        let log = &self.s.stable.log;
        let has = |id: Id, n: Index| {
            if id == self.id {
                log.last_index() >= n
            } else {
                leader.of(id).matched >= n
            }
        };
        let is_replicated = |n: Index| {
            let who = self.raft.servers.iter().filter(|id| has(*id, n));
            self.is_quorum(who.collect::<NodeSet>())
        };
        let is_own = |n: Index| log.term(n) == Some(self.s.stable.current_term);
        let mut above = (self.s.commit_index + 1..=log.last_index()).rev();
        let found = if self.makes(Mistake::CommitsOldTerms) {
            above.find(|n| is_replicated(*n))
        } else if self.makes(Mistake::CommitScanStops) {
            let mut upwards = self.s.commit_index + 1..=log.last_index();
            upwards
                .find(|n| !is_own(*n) || is_replicated(*n))
                .filter(|n| is_own(*n))
        } else {
            above.find(|n| is_own(*n) && is_replicated(*n))
        };
        if let Some(n) = found {
            self.commit_up_to(n);
        }
    }
}

/// *`AppendEntries` RPC, receiver implementation.*
impl Turn<'_> {
    pub(super) fn on_append_entries(&mut self, src: Id, append: AppendEntries) {
        let AppendEntries {
            term,
            prev,
            entries,
            leader_commit,
            round,
        } = append;
        // 1. Reply false if term < currentTerm (5.1).
        if term < self.s.stable.current_term && !self.makes(Mistake::AcceptsOldAppend) {
            return self.appended(src, AppendResult::Outdated, round);
        }
        if !self.hears_from_leader(src) {
            return;
        }
        // 2. Reply false if log doesn't contain an entry at prevLogIndex whose term matches
        //    prevLogTerm (5.3).
        if let Some(conflict) = self.conflict(prev) {
            return self.appended(src, conflict, round);
        }
        let last_new = prev.index + Index::try_from(entries.len()).expect("a short log");
        if self.makes(Mistake::TruncatesAlways) {
            self.s.stable.log.truncate(prev.index + 1);
        }
        for (index, entry) in (prev.index + 1..).zip(entries.iter()) {
            self.store(index, *entry);
        }
        // 5. If leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last new
        //    entry).
        let known = if self.makes(Mistake::CommitsWholeLog) {
            leader_commit.min(self.s.stable.log.last_index())
        } else {
            leader_commit.min(last_new)
        };
        if known > self.s.commit_index {
            self.commit_up_to(known);
        } else if self.makes(Mistake::CommitIndexGoesBack) {
            self.s.commit_index = known;
        }
        let matched = if self.makes(Mistake::AcknowledgesWholeLog) {
            self.s.stable.log.last_index()
        } else {
            last_new
        };
        self.appended(src, AppendResult::Matched(matched), round);
    }

    /// Whether this is word from the leader of the term, and what follows from it: the election timer
    /// starts anew, and a candidate converts to follower (5.2).
    pub(super) fn hears_from_leader(&mut self, src: Id) -> bool {
        // Two leaders of a term would be a violation; they ignore each other.
        if self.s.leading().is_some() {
            return false;
        }
        self.follow(Some(src));
        self.set_election_timer();
        if self.raft.params.leaders_are_defended() {
            self.s.hears_leader = true;
            self.set_timer(
                Timer::LeaderHeard,
                self.raft.params.minimum_election_timeout(),
            );
        }
        true
    }

    /// What stands in the way of appending behind an entry (5.3).
    fn conflict(&self, prev: Position) -> Option<AppendResult> {
        let log = &self.s.stable.log;
        // What a snapshot stands for is committed, so the leader has the same.
        if prev.index < log.compacted() {
            return None;
        }
        let Some(term) = log.term(prev.index) else {
            return Some(AppendResult::Conflict(None, log.last_index() + 1));
        };
        if term == prev.term || self.makes(Mistake::PrevTermUnchecked) {
            return None;
        }
        Some(AppendResult::Conflict(Some(term), log.first_of(term)))
    }

    fn store(&mut self, index: Index, entry: Entry) {
        let keeps_conflicts = self.makes(Mistake::NeverTruncates);
        let keeps_first = self.makes(Mistake::KeepsFirstConflict);
        let log = &mut self.s.stable.log;
        if index <= log.compacted() {
            return;
        }
        // 3. If an existing entry conflicts with a new one (same index but different terms), delete
        //    the existing entry and all that follow it (5.3).
        if log.term(index).is_some_and(|term| term != entry.term) && !keeps_conflicts {
            log.truncate(if keeps_first { index + 1 } else { index });
        }
        // 4. Append any new entries not already in the log.
        if log.last_index() < index {
            log.append(entry);
        }
    }

    pub(super) fn appended(&mut self, src: Id, result: AppendResult, round: u32) {
        let term = self.s.stable.current_term;
        self.send(
            src,
            Msg::Appended(Appended {
                term,
                result,
                round,
            }),
        );
    }
}
