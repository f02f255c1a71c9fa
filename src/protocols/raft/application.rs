//! What is committed is applied (5.3), clients are answered (8), and the log is compacted (7).

use std::sync::Arc;

use super::Mistake;
use super::ask::Reply;
use super::claim::Claim;
use super::configuration::Configuration;
use super::log::{Content, Entry, Index, Snapshot, Term};
use super::messages::{AppendResult, InstallSnapshot, Msg};
use super::turn::Turn;
use crate::model::Id;
use crate::protocols::key_value::Executed;

impl Turn<'_> {
    /// *Rules for Servers*: if commitIndex > lastApplied: increment lastApplied, apply
    /// log[lastApplied] to state machine.
    pub(super) fn commit_up_to(&mut self, n: Index) {
        while self.s.commit_index < n {
            let index = self.s.commit_index + 1;
            let Some(entry) = self.s.stable.log.get(index).copied() else {
                return;
            };
            self.s.commit_index = index;
            self.observe(Claim::Committed {
                index,
                entry,
                during: self.s.stable.current_term,
            });
            self.apply(index, entry);
        }
        self.compact();
        self.read_what_waits();
        self.configuration_committed();
    }

    fn apply(&mut self, index: Index, entry: Entry) {
        let Content::Command(client, serial, op) = entry.content else {
            return;
        };
        let applied = Arc::make_mut(&mut self.s.applied);
        let executed = if self.raft.params.sessions {
            let number = self.raft.client_number(client);
            applied
                .sessions
                .apply(&mut applied.machine, number, serial, op)
        } else {
            Some(Executed {
                answer: applied.machine.execute(op),
                anew: true,
            })
        };
        if executed.is_some_and(|executed| executed.anew) {
            let command = entry.content;
            self.observe(Claim::Executed { index, command });
        }
        // Leader: respond after entry applied to state machine (5.3). Whoever asked an earlier leader
        // has to ask again.
        let is_mine = self.s.leading().is_some() && entry.term == self.s.stable.current_term;
        if let (true, Some(executed)) = (is_mine, executed) {
            self.send(client, Msg::Reply(serial, Reply::Answer(executed.answer)));
        }
    }

    /// Thesis, 5.1: once so many entries have been applied since the last snapshot, a new one takes
    /// their place.
    fn compact(&mut self) {
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
            applied: Arc::clone(&self.s.applied).as_ref().clone(),
            proposals: log.proposals_up_to(last.index),
        }));
    }

    /// Figure 13, *`InstallSnapshot` RPC, receiver implementation*.
    pub(super) fn on_install_snapshot(&mut self, src: Id, install: InstallSnapshot) {
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

    /// Whether the leader has committed an entry of its term, and so knows what is committed (8).
    pub(super) fn has_committed_own_term(&self) -> bool {
        let committed: Option<Term> = self.s.stable.log.term(self.s.commit_index);
        committed == Some(self.s.stable.current_term)
    }
}
