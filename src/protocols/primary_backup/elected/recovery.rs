//! Recovery of a server that has lost its state: VRR, 4.3.

use std::sync::Arc;

use super::super::{Command, Msg, Timer, ViewNumber};
use super::{Replica, Response, Seat, Status};
use crate::model::{FewMap, Id};

impl Seat<'_> {
    pub fn begins_recovery(&mut self, nonce: u32, wanted: ViewNumber) {
        *self.r = Replica {
            nonce,
            status: Status::Recovering {
                wanted,
                responses: FewMap::new(),
            },
            view: ViewNumber(0),
            last_normal: ViewNumber(0),
            ..Replica::first(false)
        };
        self.asks_for_recovery();
    }

    pub fn asks_for_recovery(&mut self) {
        let msg = Msg::Recovery(self.r.nonce);
        self.out.broadcast(self.others(), &msg);
        self.resend_later();
    }

    /// Whoever is in normal status answers; the primary with its log.
    pub fn on_recovery(&mut self, src: Id, nonce: u32) {
        if self.r.is_normal() {
            let log = || (Arc::clone(&self.r.log), self.r.committed());
            let state = self.r.is_primary().then(log);
            self.out
                .send(src, Msg::RecoveryResponse(self.r.view, nonce, state));
        }
    }

    /// It needs the answers of a majority, and of the primary of the latest view that they know of: one of them has
    /// heard of each view that has begun. Of one that it has voted for, and that has not, its disk knows.
    pub fn on_recovery_response(
        &mut self,
        src: Id,
        view: ViewNumber,
        asked: u32,
        state: Option<(Arc<Vec<Command>>, u32)>,
    ) {
        let nonce = self.r.nonce;
        let Status::Recovering { wanted, responses } = &mut self.r.status else {
            return;
        };
        if asked != nonce {
            return;
        }
        let wanted = *wanted;
        let known = responses.get(&src);
        if known.is_none_or(|response| response.view <= view) {
            responses.insert(src, Response { view, state });
        }
        let latest = responses.iter().map(|(_, response)| response.view).max();
        let Some(latest) = latest.filter(|_| self.protocol.is_majority(responses.iter().count()))
        else {
            return;
        };
        let primary = responses.get(&self.protocol.primary_of(latest));
        let primary = primary.filter(|response| response.view == latest);
        if let Some((log, committed)) = primary.and_then(|response| response.state.clone()) {
            self.r.view = latest;
            self.becomes_backup(log);
            self.executes(committed);
            if wanted > latest {
                self.begins_view_change(wanted);
            }
        }
    }

    /// By mistake: it goes on with what it has, which is nothing.
    pub fn takes_part_again(&mut self) {
        self.r.status = Status::Backup;
        self.out.cancel_timer(Timer::Resend);
    }
}
