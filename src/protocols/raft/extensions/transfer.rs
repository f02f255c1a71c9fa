//! Leadership transfer: thesis, 3.10.

use crate::model::Id;
use crate::protocols::raft::{Campaign, Mistake, Msg, Reply, Term, Timer, Turn};

impl Turn<'_> {
    pub fn begin_transfer(&mut self, client: Id, serial: u32, to: Id) {
        if !self.configuration().contains(to) {
            return self.reply(client, serial, Reply::Refused);
        }
        self.reply(client, serial, Reply::Accepted);
        let Some(leader) = self.s.leading_mut() else {
            return;
        };
        if to == self.id {
            return;
        }
        // 1. The prior leader stops accepting new client requests.
        leader.transfer = Some(to);
        self.give_up_leases();
        self.set_timer(Timer::Transfer, self.raft.params.election_timeout);
        // 2. It fully updates the target server's log to match its own.
        if !self.transfer_if_ready(to) {
            self.replicate_to(to);
        }
    }

    /// 3. The prior leader sends a `TimeoutNow` request to the target server.
    pub fn transfer_if_ready(&mut self, to: Id) -> bool {
        let Some(leader) = self.s.leading() else {
            return false;
        };
        let is_ready = leader.of(to).matched == self.s.stable.log.last_index();
        let begins = leader.transfer == Some(to) && is_ready;
        if begins {
            if let Some(leader) = self.s.leading_mut() {
                leader.undefended = true;
            }
            self.send(to, Msg::TimeoutNow(self.s.stable.current_term));
        }
        begins
    }

    /// Thesis, 3.10: the leader has brought this server up to date and asks it to start an election
    /// at once.
    pub fn on_timeout_now(&mut self, term: Term) {
        if term != self.s.stable.current_term || self.s.leading().is_some() {
            return;
        }
        if self.makes(Mistake::TimeoutNowMakesLeader) {
            self.s.stable.current_term = term.next();
            return self.become_leader();
        }
        if self.may_campaign() {
            self.start_election(Campaign::Transfer);
        }
    }

    /// If it does not complete after about an election timeout, the prior leader aborts the transfer.
    pub fn transfer_timeout(&mut self) {
        if let Some(leader) = self.s.leading_mut() {
            leader.transfer = None;
        }
    }

    pub fn transfers(&self) -> bool {
        let leader = self.s.leading();
        leader.is_some_and(|leader| leader.transfer.is_some())
    }
}
