//! Servers that elect their primary: B. Liskov, J. Cowling, *Viewstamped Replication Revisited*, 2012 (VRR).
//!
//! A majority must agree before anything is answered, before a view ends, and before a server that has lost its state
//! takes part again. Any two majorities have a server in common, which knows: so no view service is needed, and silence
//! need not mean failure.
//!
//! ```text
//!    client           S1, primary of view 1        S2, backup              S3, backup
//!
//!      | -- Request -->  append                       |                        |
//!      |                  | -- Prepare 1 ---------->  append                   |        4.1
//!      |                  | -- Prepare 1 ----------------------------------> append
//!      |                  | <--------- PrepareOk 1 -- |                        |
//!      | <- Reply ----- execute                       |                        |
//!                         ╳                           | -- StartViewChange 2 ->|        4.2
//!                                                     | <- StartViewChange 2 --|
//!                                                     | <-- DoViewChange 2 ----|   its log
//!                                               primary of view 2,             |
//!                                            with the best log of a majority   |
//!                                                     | -- StartView 2 ------->|
//! ```
//!
//! More definite than the paper:
//!
//! - The primary of view v is the v-th server, and round again. Views begin with 1.
//! - Logs are sent whole. A backup that lacks something, or hears of a view that it has missed, asks for it (5.2), and
//!   is sent the present view as if it had just begun.
//! - The number of the incarnation is on the disk: it is the nonce of a recovery (4.3).
//!
//! Different from it: the paper has nothing else on a disk. Then a vote for a view counts when it is late, although the
//! server that cast it has recovered meanwhile and forgotten it, and the view begins without what was answered since
//! (Michael et al. 2017 have such runs; here the mistake `votes-unsaved` shows one). So a server writes down which view it
//! wants before it says so, and still wants it when it has recovered.

mod normal;
mod recovery;
mod replica;
mod view_change;

pub use self::replica::{Replica, Report, Response, Status};
use super::{Claim, Command, Mistake, Msg, PrimaryBackup, Storage, Timer, ViewNumber};
use crate::model::{Id, NodeSet, Out, Start};

/// One server at work on one input.
pub struct Seat<'a> {
    pub protocol: &'a PrimaryBackup,
    pub id: Id,
    pub r: &'a mut Replica,
    pub out: &'a mut Out<PrimaryBackup>,
}

impl PrimaryBackup {
    /// In view 1 all begin with nothing. One that was down begins with its recovery.
    pub(super) fn replica_starts(
        &self,
        id: Id,
        start: Start<'_, Storage>,
        out: &mut Out<Self>,
    ) -> Replica {
        let mut r = Replica::first(id == self.primary_of(ViewNumber(1)));
        if let Start::Again(record) = start {
            let (before, wanted) = match record {
                Some(Storage::Replica { nonce, wanted }) => (*nonce, *wanted),
                _ => (0, ViewNumber(0)),
            };
            let nonce = before + 1;
            out.save(Storage::Replica { nonce, wanted });
            self.seat(id, &mut r, out).begins_recovery(nonce, wanted);
        } else {
            self.seat(id, &mut r, out).follows_timers();
            if r.is_primary() {
                out.observe(Claim::Leads(r.view));
            }
        }
        r
    }

    pub(super) fn seat<'a>(
        &'a self,
        id: Id,
        r: &'a mut Replica,
        out: &'a mut Out<Self>,
    ) -> Seat<'a> {
        let protocol = self;
        Seat {
            protocol,
            id,
            r,
            out,
        }
    }

    /// Each in turn (VRR, 4).
    pub(super) fn primary_of(&self, view: ViewNumber) -> Id {
        let turns = usize::try_from(view.0.saturating_sub(1)).expect("few views");
        Id::from(turns % self.servers.len())
    }

    /// Any two have a server in common.
    pub(super) fn is_majority(&self, servers: usize) -> bool {
        2 * servers > self.servers.len()
    }
}

impl Seat<'_> {
    pub fn hears(&mut self, src: Id, msg: Msg) {
        // 4.3: while it recovers a server takes part in nothing else.
        if let Status::Recovering { .. } = self.r.status {
            if let Msg::RecoveryResponse(view, nonce, state) = msg {
                self.on_recovery_response(src, view, nonce, state);
            } else if self.makes(Mistake::VotesWhileRecovering)
                && matches!(msg, Msg::StartViewChange(_) | Msg::DoViewChange(..))
            {
                self.takes_part_again();
                self.hears(src, msg);
            }
            return;
        }
        match msg {
            Msg::Request(serial, op) => {
                let client = self.protocol.client_number(src);
                self.on_request(Command { client, serial, op });
            }
            Msg::Prepare(view, place, command, committed) => {
                self.on_prepare(src, view, place, command, committed);
            }
            Msg::PrepareOk(view, place) => self.on_prepare_ok(src, view, place),
            Msg::Commit(view, committed) => self.on_commit(src, view, committed),
            Msg::StartViewChange(view) => self.on_start_view_change(src, view),
            Msg::DoViewChange(view, report) => self.on_do_view_change(src, view, report),
            Msg::StartView(view, log, committed) => self.on_start_view(src, view, log, committed),
            Msg::GetState => self.on_get_state(src),
            Msg::Recovery(nonce) => self.on_recovery(src, nonce),
            _ => {}
        }
    }

    pub fn waits_no_longer(&mut self, timer: Timer) {
        match timer {
            // 4.1: a primary that has nothing to ask says what is committed.
            Timer::Ping if self.r.is_primary() => {
                let msg = Msg::Commit(self.r.view, self.r.committed());
                self.out.broadcast(self.others(), &msg);
                self.out.set_timer(Timer::Ping, self.protocol.params.ping);
            }
            Timer::Dead(_) => self.begins_view_change(self.r.view.next()),
            Timer::Resend => self.sends_again(),
            _ => {}
        }
    }

    /// What is not answered is sent again.
    fn sends_again(&mut self) {
        match &self.r.status {
            Status::Primary { .. } => self.prepares_again(),
            Status::Backup => {}
            Status::ViewChange { .. } => self.votes(),
            Status::Recovering { .. } => self.asks_for_recovery(),
        }
    }

    /// A backup waits for its primary; a primary lets its backups know that it is there.
    pub fn follows_timers(&mut self) {
        let params = &self.protocol.params;
        for server in self.others().iter() {
            self.out.cancel_timer(Timer::Dead(server));
        }
        if self.r.is_primary() {
            self.out.set_timer(Timer::Ping, params.ping);
        } else {
            self.out.cancel_timer(Timer::Ping);
            self.out
                .set_timer(Timer::Dead(self.primary()), params.patience);
        }
    }

    pub fn resend_later(&mut self) {
        self.out
            .set_timer(Timer::Resend, self.protocol.params.resend);
    }

    /// The primary of its view.
    pub fn primary(&self) -> Id {
        self.protocol.primary_of(self.r.view)
    }

    pub fn others(&self) -> NodeSet {
        self.protocol.servers.without(self.id)
    }

    pub fn leads(&self, view: ViewNumber) -> bool {
        self.protocol.primary_of(view) == self.id
    }

    pub fn makes(&self, mistake: Mistake) -> bool {
        self.protocol.makes(mistake)
    }
}
