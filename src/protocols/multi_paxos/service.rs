//! What a server does for clients: commands, and reads that are not in the log.

use super::configurations::is_majority;
use super::learner::told;
use super::{Command, Leader, Mistake, Msg, Read, Reads, Timer, Turn, Waiting};
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
            Ask::Operation(_) | Ask::Members(_) => self.begin(Waiting {
                client,
                serial,
                ask,
            }),
            Ask::Transfer(_) => self.reply(client, serial, Reply::Refused),
        }
    }

    fn begin(&mut self, asked: Waiting) {
        // What was executed is answered from the table (Ongaro, 6.3).
        let number = self.paxos.clients.number(asked.client);
        let answered = self.s.applied.sessions.answered(number, asked.serial);
        if let Some(answer) = answered.filter(|_| self.paxos.params.sessions) {
            let is_change = matches!(asked.ask, Ask::Members(_));
            return self.reply(asked.client, asked.serial, told(answer, is_change));
        }
        // What is in flight already will be answered when it is executed.
        let log = &self.s.stable.log;
        let origin = Some((asked.client, asked.serial));
        let Some(leader) = self.s.leading() else {
            return;
        };
        let proposed = leader.accepted.keys().filter_map(|slot| log.get(*slot));
        let reported = leader.reported.values().copied();
        let mut in_flight = proposed.chain(reported);
        if in_flight.any(|proposal| proposal.value.origin() == origin) {
            return;
        }
        if let Some(leader) = self.s.leading_mut() {
            leader.waiting.insert(asked);
        }
        self.go_on();
    }

    fn reply(&mut self, client: Id, serial: u32, reply: Reply) {
        self.send(client, Msg::Reply(serial, reply));
    }

    /// Proposes a command that nobody asked for.
    pub fn propose_own(&mut self) {
        if self.s.leading().is_none() || self.own_left() == 0 {
            return;
        }
        let by = u8::try_from(index(self.id)).expect("few servers");
        let made = self.s.stable.log.own_up_to(self.s.last());
        let number = u8::try_from(made + 1).expect("few of them");
        self.propose_made_up(Command::Own(by, number));
        self.propose_later();
    }

    /// Arms the timer for that, as long as there are not enough of them in the log.
    pub fn propose_later(&mut self) {
        if self.s.leading().is_some() && self.own_left() > 0 {
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

    /// Answers the reads whose round a majority has answered.
    pub fn round_answered(&mut self) {
        let Some(leader) = self.s.leading() else {
            return;
        };
        let knows = self.has_recovered();
        let is_ready = |read: &Read| knows && self.is_confirmed(read.round);
        let ready: Vec<Read> = leader.reads.iter().copied().filter(is_ready).collect();
        if ready.is_empty() {
            return;
        }
        if let Some(leader) = self.s.leading_mut() {
            leader.reads.retain(|read| !ready.contains(read));
        }
        for read in ready {
            self.answer_read(read.client, read.serial, read.op);
        }
    }

    /// Whether a majority of those who decide the next slot has answered a round of heartbeats.
    ///
    /// They are enough, whoever decides the slots after that. For a client to have been told of a slot that this
    /// leader has not executed, the next slot must have been chosen, by a majority of the same servers. One of them
    /// has answered the round: so it was not in a higher ballot (it would have promised that, and refused). And one of
    /// them has promised this ballot: so it was not in a lower one, or it would have been reported, and
    /// `has_recovered` waits for it.
    pub fn is_confirmed(&self, round: u32) -> bool {
        let Some(leader) = self.s.leading() else {
            return false;
        };
        let others = self.paxos.servers.without(self.id).iter();
        let answered = others.filter(|id| leader.answered[index(*id)] >= round);
        let who: NodeSet = answered.collect();
        is_majority(self.s.configurations.next(), who.with(self.id))
    }

    /// Whether it has executed all that was chosen before it led: that was reported to it, by those who decide the
    /// next slot.
    fn has_recovered(&self) -> bool {
        let executed = self.s.executed;
        let all = |leader: &Leader| executed >= leader.recovered && self.is_promised(executed + 1);
        self.s.leading().is_some_and(all) || self.makes(Mistake::ReadsBeforeRecovery)
    }

    fn answer_read(&mut self, client: Id, serial: u32, op: Op) {
        let answer = Answer::Value(self.s.applied.machine.read(op.key()));
        self.reply(client, serial, Reply::Answer(answer));
    }
}
