//! Log compaction: 7, Figure 13; thesis, 5.

use std::sync::Arc;

use crate::model::Id;
use crate::protocols::raft::{
    AppendResult, Configuration, InstallSnapshot, Mistake, Snapshot, Turn,
};

impl Turn<'_> {
    /// Thesis, 5.1: once so many entries have been applied since the last snapshot, a new one takes
    /// their place.
    pub fn compact(&mut self) {
        let Some(after) = self.raft.params.snapshot_after else {
            return;
        };
        let log = &mut self.s.stable.log;
        if self.s.commit_index - log.compacted() < after {
            return;
        }
        let mut configuration = log.configuration_at(self.s.commit_index).1;
        if self.raft.makes(Mistake::JointForgottenInSnapshot) {
            configuration = Configuration::of(configuration.voters());
        }
        let last = log.position(self.s.commit_index).expect("in the log");
        log.compact(Arc::new(Snapshot {
            last,
            configuration,
            applied: self.s.applied.as_ref().clone(),
            proposals: log.proposals_up_to(last.index),
        }));
    }

    /// Figure 13, *`InstallSnapshot` RPC, receiver implementation*.
    pub fn on_install_snapshot(&mut self, src: Id, install: InstallSnapshot) {
        let InstallSnapshot {
            term,
            snapshot,
            round,
        } = install;
        // 1. Reply immediately if term < currentTerm.
        if term < self.s.stable.current_term {
            return self.appended(src, AppendResult::Outdated, round);
        }
        if !self.hears_from_leader(src) {
            return;
        }
        // What is committed here includes it already.
        let last = snapshot.last;
        if last.index > self.s.commit_index {
            self.install(snapshot);
        }
        self.appended(src, AppendResult::Matched(last.index), round);
    }

    fn install(&mut self, snapshot: Arc<Snapshot>) {
        let last = snapshot.last;
        // 8. Reset state machine using snapshot contents (and load snapshot's cluster configuration).
        self.s.commit_index = last.index;
        self.s.applied = Arc::new(snapshot.applied.clone());
        if self.makes(Mistake::TermFromSnapshot) {
            self.s.stable.current_term = last.term;
        }
        let discards = self.makes(Mistake::SnapshotDiscardsSuffix);
        let log = &mut self.s.stable.log;
        // 6. If existing log entry has same index and term as snapshot's last included entry, retain
        //    log entries following it and reply.
        if log.term(last.index) == Some(last.term) && !discards {
            log.compact(snapshot);
        } else {
            // 7. Discard the entire log.
            log.replace(snapshot);
        }
    }
}
