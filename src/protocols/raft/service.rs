//! What a server does for clients (5.3, 8; thesis, 6).

use crate::model::Id;
use crate::model::cluster::index;
use crate::protocols::key_value::Op;
use crate::protocols::raft::{Ask, Content, Mistake, Msg, Reads, Reply, Timer, Turn};

impl Turn<'_> {
    pub fn on_request(&mut self, client: Id, serial: u32, ask: Ask) {
        let Some(leader) = self.s.leading() else {
            // 8: it rejects the request and supplies information about the most recent leader.
            let leader = self.s.leader;
            return self.reply(client, serial, Reply::NotLeader(leader));
        };
        // Thesis, 3.10: whoever transfers leadership stops accepting requests.
        let relies_on_lease = self.makes(Mistake::LeaseSurvivesTransfer)
            && matches!(ask, Ask::Operation(op) if op.is_read());
        if leader.transfer.is_some() && !relies_on_lease {
            return self.reply(client, serial, Reply::NotLeader(None));
        }
        match ask {
            Ask::Operation(op) => self.operate(client, serial, op),
            Ask::Members(members) => self.change_membership(client, serial, members),
            Ask::Transfer(to) => self.begin_transfer(client, serial, to),
        }
    }

    /// 5.3: if command received from client: append entry to local log.
    fn operate(&mut self, client: Id, serial: u32, op: Op) {
        if op.is_read() && self.raft.params.reads != Reads::Log {
            return self.read(client, serial, op);
        }
        // Thesis, 6.3: what was executed is answered from the table.
        if self.raft.params.sessions {
            let number = self.raft.clients.number(client);
            if let Some(answer) = self.s.applied.sessions.answered(number, serial) {
                return self.reply(client, serial, Reply::Answer(answer));
            }
        }
        // What this leader has appended already will be answered when it is applied.
        let is_same =
            |content| matches!(content, Content::Command(c, n, _) if (c, n) == (client, serial));
        let (log, term) = (&self.s.stable.log, self.s.stable.current_term);
        let own = log.from(self.s.commit_index + 1).iter();
        let mut own = own.filter(|entry| entry.term == term);
        if own.any(|entry| is_same(entry.content)) {
            return;
        }
        self.append(Content::Command(client, serial, op));
        self.replicate_to_all();
        self.advance_commit_index();
    }

    pub fn reply(&mut self, client: Id, serial: u32, reply: Reply) {
        self.send(client, Msg::Reply(serial, reply));
    }

    /// Appends a command that nobody asked for.
    pub fn propose(&mut self) {
        if self.s.leading().is_none() || self.proposals_left() == 0 {
            return;
        }
        let by = u8::try_from(index(self.id)).expect("few servers");
        let number = u8::try_from(self.s.stable.log.proposals() + 1).expect("few proposals");
        self.append(Content::Proposal(by, number));
        self.replicate_to_all();
        self.advance_commit_index();
        self.propose_later();
    }

    /// Arms the timer for that, as long as there are not enough of them in the log.
    pub fn propose_later(&mut self) {
        if self.proposals_left() > 0 {
            self.set_timer(Timer::Propose, self.raft.params.propose);
        }
    }

    fn proposals_left(&self) -> u32 {
        let made = self.s.stable.log.proposals();
        self.raft.params.proposals.saturating_sub(made)
    }
}
