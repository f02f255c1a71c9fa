//! What is committed is applied (5.3), and clients are answered (8).

use std::sync::Arc;

use crate::protocols::raft::{Claim, Content, Entry, Index, Msg, Reply, Turn};

impl Turn<'_> {
    /// *Rules for Servers*: if commitIndex > lastApplied: increment lastApplied, apply
    /// log[lastApplied] to state machine.
    pub fn commit_up_to(&mut self, n: Index) {
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
        let number = self.raft.clients.number(client);
        let executed = if self.raft.params.sessions {
            applied.once(number, serial, op)
        } else {
            Some(applied.anyway(op))
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
}
