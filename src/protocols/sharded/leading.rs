//! A leader among replicas is the server: it does what that does, and what is written has to be chosen before anything
//! leaves it.

use std::sync::Arc;

use super::claims::Claim;
use super::owner::Shard;
use super::paxos::Acceptor;
use super::replica::{Proposal, Role, Said, Step, add};
use super::state::Server;
use super::{Attempt, Mistake, Sharded, Storage};
use crate::model::actor::Done;
use crate::model::{Command, Out, Start};

impl Acceptor<'_> {
    /// Lets out what waited for something to be chosen.
    pub fn says(&mut self, says: Vec<Said>) {
        let accepted = Arc::clone(&self.r.record.accepted);
        for said in says {
            match said {
                Said::Chosen(place) => {
                    let claim = Box::new(accepted.claims[place as usize].clone());
                    let claim = Claim::Chosen((accepted.version, place), claim);
                    self.o.observe(claim);
                }
                Said::Claimed(claim) => self.o.observe(claim),
                Said::Sent(to, msg) => self.o.broadcast(self.protocol.nodes_of(to), &msg),
            }
        }
    }

    /// It is the server from now on, which comes back with what is on its disk.
    pub fn takes_over(&mut self) {
        let Role::Leader(leader) = &mut self.r.role else {
            return;
        };
        if leader.server.is_some() {
            return;
        }
        let disk = self.r.record.accepted.disk.clone();
        let server = self.protocol.stands_for(self.id);
        let mut done = Out::default();
        let start = Start::Again(Some(&Storage::Server(disk)));
        leader.server = Some(self.protocol.start_server(server, start, &mut done));
        self.notes(done);
    }

    /// Lets the server work on one input, if it leads and is the server.
    pub fn serves(&mut self, work: impl FnOnce(&mut Shard<'_>)) {
        let Role::Leader(leader) = &mut self.r.role else {
            return;
        };
        let Some(server) = &mut leader.server else {
            return;
        };
        let mut done = Out::default();
        work(&mut Shard {
            protocol: self.protocol,
            id: self.protocol.stands_for(self.id),
            s: server,
            o: &mut done,
        });
        self.notes(done);
        self.goes_on();
    }

    /// What the server has done: if it has written anything, that is accepted next. What it says waits for all that it has
    /// written before. Its timers are armed at once.
    fn notes(&mut self, done: Out<Sharded>) {
        let Role::Leader(leader) = &mut self.r.role else {
            return;
        };
        let incarnation = leader.server.as_ref().map_or(1, |s| s.disk.incarnation);
        let (mut disk, mut says) = (None, Vec::new());
        done.each_in_order(&mut |done| match done {
            Done::Observed(claim) => says.push(Said::Claimed(claim)),
            Done::Gave(Command::Send(to, msg)) => says.push(Said::Sent(to, msg.of(incarnation))),
            Done::Gave(Command::Save {
                record: Storage::Server(record),
                ..
            }) => disk = Some(record),
            Done::Gave(command) => self.o.give(command),
        });
        if let Some(disk) = disk {
            leader.next.get_or_insert_default().disk = disk;
        }
        if let Some(next) = &mut leader.next {
            next.add(says);
        } else if let Some(writing) = &mut leader.writing {
            add(&mut writing.says, says);
        } else {
            self.says(says);
        }
    }

    /// Proposes what the server has done, unless something is on its way to be accepted.
    pub fn goes_on(&mut self) {
        let Role::Leader(leader) = &mut self.r.role else {
            return;
        };
        if leader.writing.is_some() {
            return;
        }
        let Some(Step { disk, claims, says }) = leader.next.take() else {
            return;
        };
        let Proposal {
            ballot, version, ..
        } = *self.r.record.accepted;
        let proposal = Proposal {
            ballot,
            version: version + 1,
            disk,
            claims,
        };
        if self.makes(Mistake::SaysUnchosen) {
            self.r.record.accepted = Arc::new(proposal.clone());
            self.says(says);
            return self.proposes(proposal, Vec::new());
        }
        self.proposes(proposal, says);
    }

    /// It is the server no more: it waits for nothing, and holds nothing.
    pub fn gives_up(&mut self, server: &Server) {
        for timer in self.protocol.timers_of(server) {
            self.o.cancel_timer(timer);
        }
        for part in server.parts() {
            let Attempt { txn, .. } = part.request.attempt;
            self.o.observe(Claim::Released(txn));
        }
    }
}
