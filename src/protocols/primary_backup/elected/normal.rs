//! Normal operation: VRR, 4.1.

use std::sync::Arc;

use super::super::{Answer, Claim, Command, Mistake, Msg, Timer, ViewNumber};
use super::{Seat, Status};
use crate::model::Id;

impl Seat<'_> {
    /// The primary appends what is new, and asks the backups. What was executed is answered from the table.
    pub fn on_request(&mut self, command: Command) {
        if !self.r.is_primary() {
            return;
        }
        let filtered = !self.makes(Mistake::NoDuplicateFilter);
        if command.op.is_read() && self.makes(Mistake::ReadsLocally) {
            let value = self.r.copy.machine.read(command.op.key());
            return self.reply(command, Answer::Value(value));
        }
        if let Some(answer) = self.r.copy.answered(&command).filter(|_| filtered) {
            return self.reply(command, answer);
        }
        let is_old = |c: &Command| c.client == command.client && c.serial >= command.serial;
        if filtered && self.r.log.iter().any(is_old) {
            return;
        }
        Arc::make_mut(&mut self.r.log).push(command);
        self.prepare(self.r.length());
        if self.makes(Mistake::RepliesBeforeBackup) {
            self.executes(self.r.length());
        }
    }

    fn prepare(&mut self, place: u32) {
        let nth = usize::try_from(place).expect("a short log") - 1;
        let (view, committed) = (self.r.view, self.r.committed());
        let msg = Msg::Prepare(view, place, self.r.log[nth], committed);
        self.out.broadcast(self.others(), &msg);
        self.resend_later();
    }

    /// Asks again for what is not committed.
    pub fn prepares_again(&mut self) {
        for place in self.r.committed() + 1..=self.r.length() {
            self.prepare(place);
        }
    }

    /// A backup appends in order, and says up to where it has the log.
    pub fn on_prepare(
        &mut self,
        src: Id,
        view: ViewNumber,
        place: u32,
        command: Command,
        committed: u32,
    ) {
        if view < self.r.view && self.makes(Mistake::AcceptsOldForwards) {
            return self.out.send(src, Msg::PrepareOk(view, place));
        }
        if !self.follows(src, view) {
            return;
        }
        let next = self.r.length() + 1;
        if place > next {
            return self.out.send(src, Msg::GetState);
        }
        if place == next {
            Arc::make_mut(&mut self.r.log).push(command);
        }
        self.out.send(src, Msg::PrepareOk(view, self.r.length()));
        self.executes(committed);
    }

    /// The primary has nothing to ask, and is there.
    pub fn on_commit(&mut self, src: Id, view: ViewNumber, committed: u32) {
        if !self.follows(src, view) {
            return;
        }
        if committed > self.r.length() {
            return self.out.send(src, Msg::GetState);
        }
        self.executes(committed);
    }

    /// Whether it is backup in this view. Of one that has begun without it it wants to be told (5.2).
    fn follows(&mut self, src: Id, view: ViewNumber) -> bool {
        let waits = matches!(self.r.status, Status::ViewChange { .. });
        if view > self.r.view || view == self.r.view && waits {
            self.out.send(src, Msg::GetState);
        }
        let follows = view == self.r.view && self.r.status == Status::Backup;
        if follows {
            let patience = self.protocol.params.patience;
            self.out.set_timer(Timer::Dead(src), patience);
        }
        follows
    }

    /// Committed is what a majority has, the primary with it.
    pub fn on_prepare_ok(&mut self, src: Id, view: ViewNumber, place: u32) {
        if view != self.r.view {
            return;
        }
        let length = self.r.length();
        let Status::Primary { acknowledged } = &mut self.r.status else {
            return;
        };
        let before = acknowledged.of(src);
        *before = place.max(*before);
        let acknowledged = &*acknowledged;
        let is_committed = |place: &u32| {
            let have = acknowledged.iter().filter(|(_, up_to)| *up_to >= place);
            self.protocol.is_majority(1 + have.count())
        };
        let committed = (1..=length).rev().find(is_committed);
        self.executes(committed.unwrap_or(0));
        if self.r.committed() == self.r.length() {
            self.out.cancel_timer(Timer::Resend);
        }
    }

    /// Executes what is committed, in order; the primary answers.
    pub fn executes(&mut self, committed: u32) {
        let filtered = !self.makes(Mistake::NoDuplicateFilter);
        while self.r.committed() < committed.min(self.r.length()) {
            let place = self.r.copy.next_place();
            let command = self.r.log[self.r.copy.log.len()];
            let answer = Arc::make_mut(&mut self.r.copy).execute(command, filtered);
            if self.r.copy.next_place() == place {
                // Its client has gone on to another. (Only by mistake: the log has each once.)
                return;
            }
            self.out.observe(Claim::Executed(place, command));
            if let (true, Some(answer)) = (self.r.is_primary(), answer) {
                self.reply(command, answer);
            }
        }
    }

    fn reply(&mut self, command: Command, answer: Answer) {
        self.out.observe(Claim::Answered(command));
        let client = self.protocol.client(command.client);
        self.out.send(client, Msg::Reply(command.serial, answer));
    }
}
