//! One server at work on one input, and how it comes up.
//!
//! Invariant: what is `durable` is on stable storage before anything is sent that reveals it.

use super::{
    Claim, Member, Mistake, Msg, Phase, Primary, PrimaryBackup, Role, Server, Storage, Timer,
};
use crate::model::{Id, Out, Start, TimerRange};

pub struct Turn<'a> {
    pub protocol: &'a PrimaryBackup,
    pub id: Id,
    pub s: &'a mut Server,
    pub out: &'a mut Out<PrimaryBackup>,
    /// What is on stable storage.
    pub saved: Server,
}

impl PrimaryBackup {
    /// Lets a server work on one input, and saves what has changed.
    pub(super) fn turn(
        &self,
        id: Id,
        s: &mut Server,
        out: &mut Out<Self>,
        work: impl FnOnce(&mut Turn),
    ) {
        let saved = s.record();
        let mut turn = Turn {
            protocol: self,
            id,
            s,
            out,
            saved,
        };
        work(&mut turn);
        turn.persist();
    }

    pub(super) fn server_starts(
        &self,
        id: Id,
        start: Start<'_, Storage>,
        o: &mut Out<Self>,
    ) -> Server {
        let record = match start.storage() {
            Some(Storage::Server(record)) => Some(record),
            _ => None,
        };
        let mut server = match start {
            Start::First => self.first_start(id),
            Start::Again(_) if self.params.durable => {
                record.cloned().unwrap_or_else(|| self.first_start(id))
            }
            // It has forgotten its state, and passes for another: what was for its former self it does not take.
            Start::Again(_) => {
                let before = record.map_or(0, |record| record.incarnation);
                let forgets = self.makes(Mistake::ComesBackAsItself);
                let server = Server::blank(if forgets { before } else { before + 1 });
                o.save(Storage::Server(server.clone()));
                server
            }
        };
        o.set_timer(Timer::Ping, self.params.ping);
        if self.is_static() {
            for peer in self.servers.without(id).iter() {
                o.set_timer(Timer::Dead(peer), self.params.patience);
            }
        }
        // It goes on where it stands.
        self.turn(id, &mut server, o, |turn| {
            if turn.s.serves() {
                turn.claims_to_serve();
            }
            turn.resends();
        });
        server
    }

    /// A pair that is set up knows its view, and has nothing to transfer.
    fn first_start(&self, id: Id) -> Server {
        let me = Member::first(id);
        let mut server = Server::blank(0);
        if let Some(view) = self.first_view().filter(|view| view.has(me)) {
            server.view = Some(view);
            server.role = if view.primary == me {
                let phase = Phase::Serving { forwarded: None };
                let line = Vec::new();
                Role::Primary(Primary { phase, line })
            } else {
                Role::Backup
            };
        }
        server
    }
}

impl Turn<'_> {
    pub fn hears(&mut self, src: Id, msg: Msg) {
        match msg {
            Msg::Request(serial, op) => self.on_request(src, serial, op),
            Msg::View(view) => self.learns(view),
            Msg::State(view, copy) => self.on_state(src, view, copy),
            Msg::Synced(view) => self.on_synced(view),
            Msg::Forward(view, place, command) => self.on_forward(src, view, place, command),
            Msg::Forwarded(view, place) => self.on_forwarded(view, place),
            Msg::Ping(view, incarnation) => self.on_peer_ping(src, view, incarnation),
            _ => {}
        }
    }

    pub fn waits_no_longer(&mut self, timer: Timer) {
        match timer {
            Timer::Ping => {
                self.ping();
                self.set_timer(Timer::Ping, self.protocol.params.ping);
            }
            Timer::Resend => self.resends(),
            Timer::Dead(_) => self.suspects_peer(),
            Timer::Think | Timer::Retry => {}
        }
    }

    /// Lab 2A: each server pings, and says which view it is in: a primary the one before until it serves.
    pub fn ping(&mut self) {
        let number = self.s.number();
        let transfers = self.s.primary().is_some() && !self.s.serves();
        let number = if transfers { number.previous() } else { number };
        let whom = self.protocol.service.or_else(|| self.peer());
        if let Some(whom) = whom {
            self.send(whom, Msg::Ping(number, self.s.incarnation));
        }
    }

    pub fn send(&mut self, dst: Id, msg: Msg) {
        self.persist();
        self.out.send(dst, msg);
    }

    fn persist(&mut self) {
        let record = self.s.record();
        if self.protocol.params.durable && record != self.saved {
            self.saved = record.clone();
            self.out.save(Storage::Server(self.on_disk(record)));
        }
    }

    /// What a record has of it.
    fn on_disk(&self, mut record: Server) -> Server {
        if self.makes(Mistake::ForwardsUnsaved)
            && let Role::Primary(primary) = &mut record.role
            && let Phase::Serving { forwarded } = &mut primary.phase
        {
            *forwarded = None;
        }
        record
    }

    /// Says what this turn means. It takes effect with what is saved or sent next.
    pub fn observe(&mut self, claim: Claim) {
        self.out.observe(claim);
    }

    pub fn set_timer(&mut self, timer: Timer, range: TimerRange) {
        self.out.set_timer(timer, range);
    }

    /// This server, as views name it.
    pub fn me(&self) -> Member {
        Member {
            server: self.id,
            incarnation: self.s.incarnation,
        }
    }

    pub fn makes(&self, mistake: Mistake) -> bool {
        self.protocol.makes(mistake)
    }
}
