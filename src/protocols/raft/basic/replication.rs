//! Log replication: 5.3, and when an entry is committed: 5.4.2.

use std::sync::Arc;

use crate::model::Id;
use crate::protocols::raft::{
    AppendEntries, AppendResult, Appended, Content, Entry, Index, InstallSnapshot, Mistake, Msg,
    Position, Progress, Role, Timer, Turn,
};

/// *Leaders.*
impl Turn<'_> {
    /// Appends an entry of its own term to its log. (Nothing is sent before it is on the disk.)
    pub fn append(&mut self, content: Content) {
        let term = self.s.stable.current_term;
        self.s.stable.log.append(Entry { term, content });
    }

    /// 5.2: repeat during idle periods to prevent election timeouts.
    pub fn heartbeat(&mut self) {
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

    pub fn replicate_to_all(&mut self) {
        for id in self.followers().iter() {
            self.replicate_to(id);
        }
    }

    /// 5.3: if last log index ≥ nextIndex for a follower: send `AppendEntries` RPC with log entries
    /// starting at nextIndex.
    pub fn replicate_to(&mut self, id: Id) {
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
        if self.is_discarded(next) {
            let snapshot = Arc::clone(&log.snapshot);
            let install = InstallSnapshot {
                term,
                snapshot,
                round,
            };
            return self.send(id, Msg::InstallSnapshot(install));
        }
        let prev = log.position(next - 1).unwrap_or(Position {
            // Only with `SnapshotBoundaryOffByOne`: nothing is known of the entry before.
            index: next - 1,
            term: log.snapshot.last.term,
        });
        let lacked = log.from(next);
        let entries = match &lacked[..lacked.len().min(most)] {
            // All share the empty list.
            [] => Arc::default(),
            some => some.into(),
        };
        let append = AppendEntries {
            term,
            prev,
            entries,
            leader_commit: self.s.commit_index,
            round,
        };
        self.send(id, Msg::AppendEntries(append));
    }

    /// Whether a snapshot stands for an entry; by mistake, for one behind it.
    fn is_discarded(&self, next: Index) -> bool {
        let missed = Index::from(self.makes(Mistake::SnapshotBoundaryOffByOne));
        next + missed <= self.s.stable.log.compacted()
    }

    /// What has become of an `AppendEntries` or `InstallSnapshot`.
    pub fn on_appended(&mut self, src: Id, results: Appended) {
        // An answer to a request of an earlier term says nothing of this one's log, nor of who leads it.
        // Whoever refuses such a request does so in a later term: that may be this one.
        let is_refused = results.result == AppendResult::Outdated;
        let is_old = results.term != self.s.stable.current_term;
        if is_refused || (is_old && !self.makes(Mistake::CountsOldAcknowledgements)) {
            return;
        }
        let Some(leader) = self.s.leading() else {
            return;
        };
        let mut progress = *leader.of(src);
        progress.round = progress.round.max(results.round);
        // If successful: update nextIndex and matchIndex for follower.
        if let AppendResult::Matched(index) = results.result {
            if index > progress.matched || self.makes(Mistake::MatchIndexGoesBack) {
                progress.matched = index;
            }
            progress.next = progress.next.max(index + 1);
        }
        self.heard_of(src, progress);
        match results.result {
            AppendResult::Matched(_) => {
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
            AppendResult::Outdated => unreachable!("what was refused is of no interest"),
        }
        self.round_answered();
    }

    /// What a leader knows of a follower now that it has heard from it.
    fn heard_of(&mut self, id: Id, progress: Progress) {
        let Role::Leader(leader) = &mut self.s.role else {
            return;
        };
        let hears = self.raft.params.check_quorum && !leader.heard.contains(id);
        if hears || *leader.of(id) != progress {
            let leader = Arc::make_mut(leader);
            *leader.of_mut(id) = progress;
            if hears {
                leader.heard.insert(id);
            }
        }
    }

    /// Sends from here next, unless the follower is known to have that. A late answer may make it
    /// send too much, never too little.
    fn back_up(&mut self, id: Id, index: Index) {
        if let Some(leader) = self.s.leading_mut() {
            let Progress { next, matched, .. } = leader.of_mut(id);
            *next = index.min(*next - 1).max(*matched + 1);
        }
    }

    /// 5.3, 5.4.2: if there exists an N such that N > commitIndex, a majority of matchIndex[i] ≥ N,
    /// and log[N].term == currentTerm: set commitIndex = N.
    pub fn advance_commit_index(&mut self) {
        let mut above = (self.s.commit_index + 1..=self.s.stable.log.last_index()).rev();
        let found = if self.makes(Mistake::CommitScanStops) {
            self.next_if_replicated()
        } else {
            above.find(|n| self.is_counted(*n) && self.is_replicated(*n))
        };
        if let Some(n) = found {
            self.commit_up_to(n);
        }
    }

    /// Whether a majority have an entry, as far as the leader knows.
    fn is_replicated(&self, n: Index) -> bool {
        let Some(leader) = self.s.leading() else {
            return false;
        };
        let has = |id: &Id| *id == self.id || leader.of(*id).matched >= n;
        self.is_quorum(self.raft.servers.iter().filter(has).collect())
    }

    fn is_own(&self, n: Index) -> bool {
        self.s.stable.log.term(n) == Some(self.s.stable.current_term)
    }

    /// A leader counts the replicas of its own entries; by mistake, of any.
    fn is_counted(&self, n: Index) -> bool {
        self.is_own(n) || self.makes(Mistake::CommitsOldTerms)
    }

    /// By mistake: looks at the next entry, and no further.
    fn next_if_replicated(&self) -> Option<Index> {
        let next = self.s.commit_index + 1;
        (self.is_own(next) && self.is_replicated(next)).then_some(next)
    }
}

/// *`AppendEntries` RPC, receiver implementation.*
impl Turn<'_> {
    pub fn on_append_entries(&mut self, src: Id, append: AppendEntries) {
        let last_new = append.last_new();
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
        if self.makes(Mistake::TruncatesAlways) {
            self.s.stable.log.truncate(prev.index + 1);
        }
        for (index, entry) in (prev.index + 1..).zip(entries.iter()) {
            self.store(index, *entry);
        }
        // 5. If leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last new
        //    entry).
        let known = leader_commit.min(self.or_whole_log(last_new, Mistake::CommitsWholeLog));
        if known > self.s.commit_index {
            self.commit_up_to(known);
        } else if self.makes(Mistake::CommitIndexGoesBack) {
            self.s.commit_index = known;
        }
        let matched = self.or_whole_log(last_new, Mistake::AcknowledgesWholeLog);
        self.appended(src, AppendResult::Matched(matched), round);
    }

    /// The index of the last new entry; by mistake, of the last that it has.
    fn or_whole_log(&self, last_new: Index, mistake: Mistake) -> Index {
        if !self.makes(mistake) {
            return last_new;
        }
        self.s.stable.log.last_index()
    }

    /// Whether this is word from the leader of the term, and what follows from it: the election timer
    /// starts anew, and a candidate converts to follower (5.2).
    pub fn hears_from_leader(&mut self, src: Id) -> bool {
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
        let truncates = !self.makes(Mistake::NeverTruncates);
        let kept = Index::from(self.makes(Mistake::KeepsFirstConflict));
        let log = &mut self.s.stable.log;
        if index <= log.compacted() {
            return;
        }
        // 3. If an existing entry conflicts with a new one (same index but different terms), delete
        //    the existing entry and all that follow it (5.3).
        if truncates && log.term(index).is_some_and(|term| term != entry.term) {
            log.truncate(index + kept);
        }
        // 4. Append any new entries not already in the log.
        if log.last_index() < index {
            log.append(entry);
        }
    }

    pub fn appended(&mut self, src: Id, result: AppendResult, round: u32) {
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
