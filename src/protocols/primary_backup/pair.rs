//! A static pair: each server is its own view service, and takes silence for failure (Alsberg & Day 1976).

use super::{Member, Msg, PrimaryBackup, Server, Timer, Turn, View, ViewNumber};
use crate::model::{Id, Input, Out};

impl Turn<'_> {
    /// The other one of a static pair.
    pub fn peer(&self) -> Option<Id> {
        let servers = self.protocol.servers.without(self.id);
        self.protocol.is_static().then(|| servers.single())?
    }

    /// As long as the other is in its view it must not be silent.
    pub fn waits_for_peer(&mut self, view: View) {
        let patience = self.protocol.params.patience;
        if let Some(peer) = self.peer()
            && view.members().iter().any(|member| member.server == peer)
        {
            self.out.set_timer(Timer::Dead(peer), patience);
        }
    }

    /// The other is silent: whoever has the state goes on alone.
    pub fn suspects_peer(&mut self) {
        let number = self.s.number().next();
        let primary = self.me();
        if self.s.has_state() {
            let backup = None;
            self.learns(View {
                number,
                primary,
                backup,
            });
        }
    }

    /// The other is up. If it came back with nothing, it is the new backup of whoever has the state.
    pub fn on_peer_ping(&mut self, src: Id, number: ViewNumber, incarnation: u32) {
        let other = Member {
            server: src,
            incarnation,
        };
        let is_member = self.s.view.is_some_and(|view| view.has(other));
        if number == ViewNumber(0) && self.s.has_state() && !is_member {
            self.learns(View {
                number: self.s.number().next(),
                primary: self.me(),
                backup: Some(other),
            });
        }
        if self.s.view.is_some_and(|view| view.has(other)) {
            self.out
                .set_timer(Timer::Dead(src), self.protocol.params.patience);
        }
    }
}

impl PrimaryBackup {
    /// The number of the view that an input makes a server of a static pair go to, if it does.
    pub(super) fn next_of_pair(
        &self,
        id: Id,
        server: &Server,
        input: Input<'_, Self>,
    ) -> Option<ViewNumber> {
        let mut after = server.clone();
        let mut out = Out::default();
        self.turn(id, &mut after, &mut out, |turn| match input {
            Input::Timeout(timer @ Timer::Dead(_)) => turn.waits_no_longer(*timer),
            Input::Message {
                src,
                msg: msg @ Msg::Ping(..),
            } => turn.hears(src, msg.clone()),
            _ => {}
        });
        (after.number() > server.number()).then(|| after.number())
    }
}
