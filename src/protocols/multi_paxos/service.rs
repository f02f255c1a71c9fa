//! What a server does for clients: commands, and reads that are not in the log.

use super::{Command, Leader, Lease, Mistake, Msg, Read, Reads, Timer, Turn, Waiting};
use crate::model::cluster::index;
use crate::model::{Id, NodeSet};
use crate::protocols::clients::{Ask, Reply};
use crate::protocols::key_value::{Answer, Op};

/// *Commands.*
impl Turn<'_> {
    /// The leader proposes what a client asks for (PMS, 3). Others say who leads.
    pub fn on_request(&mut self, client: Id, serial: u32, ask: Ask) {
        if self.s.leading().is_none() {
            return self.reply(client, serial, Reply::NotLeader(self.s.leader));
        }
        match ask {
            Ask::Operation(op) if op.is_read() && self.paxos.params.reads != Reads::Log => {
                self.read(client, serial, op);
            }
            Ask::Operation(_) => self.begin(Waiting {
                client,
                serial,
                ask,
            }),
            Ask::Members(_) | Ask::Transfer(_) => self.reply(client, serial, Reply::Refused),
        }
    }

    fn begin(&mut self, asked: Waiting) {
        // What was executed is answered from the table (Ongaro, 6.3).
        let number = self.paxos.clients.number(asked.client);
        let answered = self.s.applied.sessions.answered(number, asked.serial);
        if let Some(answer) = answered.filter(|_| self.paxos.params.sessions) {
            return self.reply(asked.client, asked.serial, Reply::Answer(answer));
        }
        // What is in flight already will be answered when it is executed.
        let own = self.s.stable.log.from(self.s.executed + 1).iter();
        let is_same = |command| matches!(command, Command::Of(c, n, _) if (c, n) == (asked.client, asked.serial));
        if own.clone().any(|(_, proposal)| is_same(proposal.value)) {
            return;
        }
        if let Some(leader) = self.s.leading_mut() {
            leader.waiting.insert(asked);
        }
        self.propose_what_waits();
    }

    /// The leader gets so many commands ahead of what it has executed, and no more (PMS, 3).
    pub fn propose_what_waits(&mut self) {
        while self.has_room()
            && let Some(leader) = self.s.leading_mut()
            && let Some(asked) = leader.waiting.iter().next().copied()
        {
            leader.waiting.remove(&asked);
            if let Ask::Operation(op) = asked.ask {
                self.propose(Command::Of(asked.client, asked.serial, op));
            }
        }
    }

    fn has_room(&self) -> bool {
        let ahead = self.s.last() - self.s.executed;
        self.paxos.params.window.is_none_or(|most| ahead < most)
    }

    fn reply(&mut self, client: Id, serial: u32, reply: Reply) {
        self.send(client, Msg::Reply(serial, reply));
    }

    /// Proposes a command that nobody asked for.
    pub fn propose_own(&mut self) {
        if self.s.leading().is_none() || self.own_left() == 0 {
            return;
        }
        if self.has_room() {
            let by = u8::try_from(index(self.id)).expect("few servers");
            let made = self.s.stable.log.own_up_to(self.s.last());
            self.propose(Command::Own(
                by,
                u8::try_from(made + 1).expect("few of them"),
            ));
        }
        self.propose_later();
    }

    /// Arms the timer for that, as long as there are not enough of them in the log.
    pub fn propose_later(&mut self) {
        if self.own_left() > 0 {
            self.set_timer(Timer::Propose, self.paxos.params.propose);
        }
    }

    fn own_left(&self) -> u32 {
        let made = self.s.stable.log.own_up_to(self.s.last());
        self.paxos.params.proposals.saturating_sub(made)
    }
}

/// *Reads.* A leader that has executed what was reported to it in phase 1, and that a majority follows still, has
/// executed all that any client was told of (as Ongaro's read index, 6.4).
impl Turn<'_> {
    fn read(&mut self, client: Id, serial: u32, op: Op) {
        let may_rely = self.holds_lease() && self.has_recovered();
        if may_rely || self.makes(Mistake::ReadsUnconfirmed) {
            return self.answer_read(client, serial, op);
        }
        let Some(leader) = self.s.leading_mut() else {
            return;
        };
        // A request that comes late does not take the place of a newer one.
        let is_newer = |read: &Read| read.client == client && read.serial > serial;
        if leader.reads.iter().any(is_newer) {
            return;
        }
        leader.round += 1;
        let round = leader.round;
        leader.reads.retain(|read| read.client != client);
        leader.reads.push(Read {
            client,
            serial,
            op,
            round,
        });
        self.accept_all();
        self.round_answered();
    }

    /// Answers the reads, and counts the leases, whose round a majority has answered.
    pub fn round_answered(&mut self) {
        let Some(leader) = self.s.leading() else {
            return;
        };
        let answered = |round: u32| {
            let others = self.others().iter();
            let who: NodeSet = others
                .filter(|id| leader.answered[index(*id)] >= round)
                .collect();
            self.is_majority(who.with(self.id))
        };
        let grant = |lease: Lease| Lease {
            granted: lease.granted || answered(lease.round),
            ..lease
        };
        let leases = leader.leases.map(|lease| lease.map(grant));
        let knows = self.has_recovered();
        let is_ready = |read: &Read| knows && answered(read.round);
        let ready: Vec<Read> = leader.reads.iter().copied().filter(is_ready).collect();
        if ready.is_empty() && leases == leader.leases {
            return;
        }
        if let Some(leader) = self.s.leading_mut() {
            leader.leases = leases;
            leader.reads.retain(|read| !ready.contains(read));
        }
        for read in ready {
            self.answer_read(read.client, read.serial, read.op);
        }
    }

    /// Whether it has executed all that was chosen before it led: that was reported to it.
    fn has_recovered(&self) -> bool {
        let executed = self.s.executed;
        let all = |leader: &Leader| executed >= leader.recovered;
        self.s.leading().is_some_and(all) || self.makes(Mistake::ReadsBeforeRecovery)
    }

    fn answer_read(&mut self, client: Id, serial: u32, op: Op) {
        let answer = Answer::Value(self.s.applied.machine.read(op.key()));
        self.reply(client, serial, Reply::Answer(answer));
    }
}
