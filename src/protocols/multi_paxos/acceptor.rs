//! The acceptor: phases 1b and 2b (PMS, 2.2), with one promise for all instances (PMS, 3).

use std::sync::Arc;

use super::{Accept, Accepted, Ballot, Claim, Command, Mistake, Msg, Proposal, Report, Slot, Turn};
use crate::model::Id;

impl Turn<'_> {
    /// Phase 1b: it promises to accept nothing below, and reports what it has accepted.
    pub fn on_prepare(&mut self, src: Id, ballot: Ballot, from: Slot) {
        // Who takes part no more, and does not know that, could lead only where all is chosen: it is told.
        if from <= self.s.executed && !self.s.takes_part(src) {
            return self.send_state(src);
        }
        // What it has promised already it may say again.
        if ballot != self.ballot() && self.is_bound(src) {
            return;
        }
        if ballot < self.ballot() {
            return self.refuse(src, ballot);
        }
        if ballot > self.ballot() {
            self.promise(ballot);
            self.follow(None);
        }
        let log = &self.s.stable.log;
        let is_compacted = from <= log.compacted();
        let report = Report {
            accepted: log.from(from).into(),
            state: is_compacted.then(|| Arc::clone(&log.snapshot)),
        };
        self.send(src, Msg::Promise(ballot, report));
    }

    pub fn promise(&mut self, ballot: Ballot) {
        self.s.stable.promised = ballot;
        self.s.seen = self.s.seen.max(ballot);
    }

    /// Phase 2b: it accepts, unless it has promised not to. What is chosen it learns from what it has accepted.
    pub fn on_accept(&mut self, src: Id, accept: Accept) {
        let Accept {
            ballot,
            commands,
            chosen,
            round,
        } = accept;
        if ballot < self.ballot() && !self.overlooks_promise(&commands) {
            return self.refuse(src, ballot);
        }
        if ballot > self.ballot() {
            // Whoever leads slots of other servers may not know of the lease.
            if self.is_bound(src) {
                return;
            }
            self.promise(ballot);
        }
        if ballot == self.ballot() {
            self.follow(Some(src));
            self.grant();
        }
        for (slot, value) in commands.iter() {
            let (slot, value) = (*slot, *value);
            self.accept(slot, Proposal { ballot, value });
        }
        let lacks = self.learn(ballot, chosen);
        let slots = commands.iter().map(|(slot, _)| *slot).collect();
        let accepted = Accepted {
            ballot,
            slots,
            lacks,
            round,
        };
        self.send(src, Msg::Accepted(accepted));
    }

    /// By mistake: accepts below its promise, everywhere, or in slots that it has nothing of.
    fn overlooks_promise(&self, commands: &[(Slot, Command)]) -> bool {
        let is_new = |(slot, _): &(Slot, Command)| self.s.stable.log.get(*slot).is_none();
        let all_are_new = !commands.is_empty() && commands.iter().all(is_new);
        self.makes(Mistake::AcceptsBelowPromise)
            || self.makes(Mistake::PromisesPerSlot) && all_are_new
    }

    pub fn accept(&mut self, slot: Slot, proposal: Proposal) {
        if self.s.stable.log.compacted() < slot && self.s.stable.log.get(slot) != Some(proposal) {
            self.s.stable.log.accept(slot, proposal);
            self.observe(Claim::Accepted(slot, proposal));
        }
    }

    /// P1a: it keeps its promise, and says so (PMS, 2.2).
    fn refuse(&mut self, src: Id, ballot: Ballot) {
        self.observe(Claim::Refused);
        self.send(src, Msg::Refused(ballot, self.ballot()));
    }
}
