//! Recovery: a site comes back from a crash, with its last record.
//!
//! One that comes back without a record aborts. One that comes back undecided asks, and takes
//! no part; unless all have failed (`protocol`): see `Site::last_to_fail`. With `quorum` it takes
//! part at once, for what it promised is on disk.

use super::{
    Decision, Local, Mistake, Msg, Part, Phase, Site, Termination, Undecided, coordinator,
};
use crate::model::{Id, NodeSet};

impl Site<'_> {
    /// Recovery from each record.
    pub(super) fn recover(&mut self) {
        match self.phase() {
            // It had not voted YES; or, if it is C, nobody has been told to pre-commit.
            Phase::Initial => self.decide(Decision::Abort, NodeSet::EMPTY),
            Phase::Undecided(u)
                if u.local == Local::Waiting && self.makes(Mistake::RecoveredUncertainAborts) =>
            {
                self.decide(Decision::Abort, NodeSet::EMPTY);
            }
            Phase::Undecided(u)
                if u.local == Local::PreCommitted
                    && self.makes(Mistake::RecoveredPreCommittedCommits) =>
            {
                self.decide(Decision::Commit, NodeSet::EMPTY);
            }
            // Skeen 1982: what it promised is on disk, so it may go on as if it had only been slow.
            Phase::Undecided(u) if self.has_quorums() => {
                let u = Undecided::new(u.local, Part::Following);
                if self.id == coordinator() {
                    return self.ask(u);
                }
                self.is_now(Phase::Undecided(u));
                self.o.send(coordinator(), Msg::Inquiry(self.txn));
                self.wait(&u);
            }
            // The others may have decided without it, and either way.
            Phase::Undecided(u) => self.ends_total_failure_or(u, Self::inquire),
            Phase::Decided(_) => {}
            Phase::Collecting { .. } | Phase::Open | Phase::Working { .. } => {
                unreachable!("none of it is on disk")
            }
        }
    }

    /// Asks everybody for the outcome, and will ask again.
    pub(super) fn inquire(&mut self, u: &Undecided) {
        self.is_now(Phase::Undecided(*u));
        self.send_all(self.others(), Msg::Inquiry(self.txn));
        self.wait(u);
    }

    /// Somebody else came back.
    pub(super) fn meets(&mut self, mut u: Undecided, src: Id, local: Local, missed: NodeSet) {
        if let Part::Recovering { census, down } = u.part {
            u.part = Part::Recovering {
                census: census.with(src, local),
                down: down.union(missed),
            };
            self.ends_total_failure_or(u, |site, u| site.is_now(Phase::Undecided(*u)));
        }
    }

    fn ends_total_failure_or(&mut self, u: Undecided, go_on: fn(&mut Self, &Undecided)) {
        match self.last_to_fail(&u) {
            Some(decision) => self.decide(decision, u.askers),
            None => go_on(self, &u),
        }
    }

    /// Skeen 1985, BHG 7.5: whom nobody of those who are back found to have failed, failed last;
    /// and if all of these are back, nobody is left who could have decided since. Where they
    /// stood is what the last backup would have found, so TR3 and TR4 say what it would have done.
    pub(super) fn last_to_fail(&self, u: &Undecided) -> Option<Decision> {
        let Part::Recovering { census, down } = u.part else {
            return None;
        };
        if self.protocol.params.termination != Termination::Protocol {
            return None;
        }
        let back = census.with(self.id, u.local);
        let last = if self.makes(Mistake::FirstBackDecides) {
            back.heard()
        } else {
            self.protocol.everyone().minus(u.down.union(down))
        };
        if last.is_empty() || !last.is_subset(back.heard()) {
            return None;
        }
        Some(if back.of(last).pre_committed.is_empty() {
            Decision::Abort
        } else {
            Decision::Commit
        })
    }
}
