//! The three phases, without failures: votes, knowledge of the votes, decision.

use super::{
    Census, Decision, Local, Mistake, Msg, Observe, Part, Phase, Ruling, Site, Timer, Undecided,
    Vote, coordinator,
};
use crate::model::{Id, NodeSet};

impl Site<'_> {
    /// Phase 1: asks everybody to vote.
    pub(super) fn begin(&mut self) {
        let (txn, params) = (self.txn, &self.protocol.params);
        self.o
            .broadcast(self.protocol.participants(), &Msg::CanCommit(txn));
        let timeout = params.vote_timeout;
        self.o.set_timer(Timer::Vote(txn), timeout);
        let yes = NodeSet::EMPTY;
        self.is_now(Phase::Collecting { yes });
    }

    /// Phase 1: forces that it waits, which makes its vote YES last, then tells it.
    pub(super) fn vote_yes(&mut self) {
        let u = Undecided::new(Local::Waiting, Part::Following);
        self.o.cancel_timer(Timer::CanCommit(self.txn));
        self.is_now(Phase::Undecided(u));
        self.o.locks(self.txn);
        self.o.votes(self.txn, Vote::Yes);
        self.save();
        self.o.send(coordinator(), Msg::Yes(self.txn));
        self.wait(&u);
    }

    /// Phase 2, once all have voted YES: it is known to C, and must not be lost with it.
    pub(super) fn count(&mut self, yes: NodeSet) {
        self.is_now(Phase::Collecting { yes });
        if yes == self.protocol.participants() {
            self.o.cancel_timer(Timer::Vote(self.txn));
            let u = Undecided::new(Local::PreCommitted, Part::Following);
            let census = Census {
                waiting: yes,
                ..Census::default()
            };
            self.move_others(u, Local::PreCommitted, census, None);
        }
    }

    /// Phase 2, also of a backup, which does it by a rule: goes first, then moves those who are
    /// uncertain.
    pub(super) fn move_others(
        &mut self,
        mut u: Undecided,
        to: Local,
        census: Census,
        rule: Option<&'static str>,
    ) {
        if u.local == Local::Waiting {
            u.local = to;
        }
        let missing = census.waiting.without(self.id);
        let moved = census.movable(to).minus(missing);
        u.part = Part::Moving { to, moved, missing };
        if self.is_enough(to, moved, missing) {
            let decision = to.leads_to();
            return self.settle(Ruling { decision, rule });
        }
        if let Some(rule) = rule {
            self.o.applies(rule);
        }
        self.is_now(Phase::Undecided(u));
        self.save();
        self.o.broadcast(missing, &Msg::moving(to, self.txn));
        self.wait(&u);
    }

    fn is_enough(&self, to: Local, moved: NodeSet, missing: NodeSet) -> bool {
        if self.has_quorums() {
            return moved.len() >= self.quorum(to);
        }
        missing.is_empty()
    }

    /// Phase 2: forces where it stands now, then acknowledges it. It never turns back.
    pub(super) fn moves(&mut self, mut u: Undecided, src: Id, to: Local) {
        if u.local == Local::Waiting {
            u.local = to;
            u.tries = 0;
            self.is_now(Phase::Undecided(u));
            self.save();
        }
        self.o.send(src, Msg::Ack(self.txn, u.local));
        if u.part == Part::Following {
            self.wait(&u);
        }
    }

    /// Phase 3: once all that are up have acknowledged (or a quorum), nobody can decide otherwise.
    pub(super) fn is_acknowledged(&mut self, mut u: Undecided, src: Id, local: Local) {
        let Part::Moving { to, moved, missing } = u.part else {
            return;
        };
        if local != to {
            // It has gone the other way: another backup was there before.
            return self.ask(u);
        }
        let (moved, missing) = (moved.with(src), missing.without(src));
        u.part = Part::Moving { to, moved, missing };
        if self.is_enough(to, moved, missing) || self.makes(Mistake::FirstAckCommits) {
            return self.settle(to.leads_to());
        }
        self.is_now(Phase::Undecided(u));
    }

    /// Forces the decision, then tells it.
    pub(super) fn decide(&mut self, ruling: impl Into<Ruling>, tell: NodeSet) {
        let (txn, phase) = (self.txn, self.phase());
        match phase {
            Phase::Collecting { .. } => self.o.cancel_timer(Timer::Vote(txn)),
            Phase::Working { .. } => self.o.cancel_timer(Timer::CanCommit(txn)),
            Phase::Undecided(_) => self.o.cancel_timer(Timer::Silence(txn)),
            Phase::Initial | Phase::Open | Phase::Decided(_) => {}
        }
        let decision = self.o.decides(txn, ruling);
        if self.id != coordinator() && matches!(phase, Phase::Undecided(_)) {
            self.o.releases(txn);
        }
        self.is_now(Phase::Decided(decision));
        self.save();
        self.o.broadcast(tell, &Msg::announce(decision, txn));
    }

    /// A coordinator or backup decides, for all.
    pub(super) fn settle(&mut self, ruling: impl Into<Ruling>) {
        self.decide(ruling, self.others());
    }

    /// Is told the decision, and tells those who asked for it, or whom it led.
    pub(super) fn learns(&mut self, u: &Undecided, src: Id, decision: Decision) {
        let tell = if u.leads() { self.others() } else { u.askers };
        let ruling = match (u.part, decision) {
            (Part::Asking(_), Decision::Abort) => decision.by("TR1"),
            (Part::Asking(_), Decision::Commit) => decision.by("TR2"),
            _ => decision.into(),
        };
        self.decide(ruling, tell.without(src));
    }
}
