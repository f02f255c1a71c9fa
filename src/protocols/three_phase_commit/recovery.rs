//! Recovery: a site comes back from a crash, with its last record.
//!
//! One that comes back without a record aborts. One that comes back undecided asks, and takes
//! no part; unless all have failed (`protocol`). With `quorum` it takes part at once, for what it
//! promised is on disk.
//!
//! Total failure (Skeen 1985; BHG 7.5). Let R be those who are back and undecided, and *last* all
//! whom nobody in R had found to have failed. The one that failed last, T, was never found to
//! have failed by anybody. So T is in *last*, whoever R are; and if *last* is in R, then T is back
//! and undecided. Each site sees an R of its own, and decides alone:
//!
//! 1. If all in *last* stand where T stands, by where that is: TR3 or TR4. What somebody decided
//!    before it failed, it decided while T was up and moved with it, so it is the same.
//! 2. If they stand in different places, who of them is T cannot be told, and another R may leave
//!    out some of them. So it waits until R is everybody. Then nobody has decided, and *last* is
//!    the smallest there is: part of that of any other R. If somebody decides by 1, whatever its R,
//!    then *last* of everybody stands where its *last* stood, and comes to the same.
//!
//! BHG let the sites of R elect a backup as soon as *last* is in R. That ends some total failures
//! earlier, but only one backup may lead at a time, and here nothing keeps others from coming back.

use super::{
    Decision, Local, Mistake, Msg, Observe, Part, Phase, Site, Termination, Undecided, coordinator,
};
use crate::model::{Id, NodeSet};

impl Site<'_> {
    /// Recovery from each record.
    pub(super) fn recover(&mut self) {
        match self.phase() {
            // It had not voted YES; or, if it is C, nobody has been told to pre-commit.
            Phase::Initial => {
                self.decide(Decision::Abort.by("independent recovery"), NodeSet::EMPTY);
            }
            Phase::Undecided(u) => {
                // It holds them as before.
                if self.id != coordinator() {
                    self.o.locks(self.txn);
                }
                if self.has_quorums() {
                    self.goes_on(u.local);
                } else {
                    self.ends_total_failure_or(u, Self::comes_back);
                }
            }
            Phase::Decided(_) => {}
            Phase::Collecting { .. } | Phase::Open | Phase::Working { .. } => {
                unreachable!("none of it is on disk")
            }
        }
    }

    /// The others may have decided without it, and either way: it has to ask.
    fn comes_back(&mut self, u: &Undecided) {
        match self.decides_unasked(u.local) {
            None => self.inquire(u),
            Some(decision) => self.decide(decision, NodeSet::EMPTY),
        }
    }

    /// The same by mistake: one that comes back takes itself for the last that failed, on no grounds.
    fn decides_unasked(&self, local: Local) -> Option<Decision> {
        let mistake = match local {
            Local::Waiting => Mistake::RecoveredUncertainAborts,
            Local::PreCommitted => Mistake::RecoveredPreCommittedCommits,
            Local::PreAborted => return None,
        };
        self.makes(mistake).then_some(local.leads_to())
    }

    /// Skeen 1982: what it promised is on disk, so it may go on as if it had only been slow.
    fn goes_on(&mut self, local: Local) {
        let u = Undecided::new(local, Part::Following);
        if self.id == coordinator() {
            return self.ask(u);
        }
        self.is_now(Phase::Undecided(u));
        self.o.send(coordinator(), Msg::Inquiry(self.txn));
        self.wait(&u);
    }

    /// Asks everybody for the outcome, and will ask again.
    pub(super) fn inquire(&mut self, u: &Undecided) {
        self.is_now(Phase::Undecided(*u));
        self.o.broadcast(self.others(), &Msg::Inquiry(self.txn));
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
            Some(decision) => self.decide(decision.by("last to fail"), u.askers),
            None => go_on(self, &u),
        }
    }

    /// What to decide if all have failed, and those are back who failed last.
    pub(super) fn last_to_fail(&self, u: &Undecided) -> Option<Decision> {
        let Part::Recovering { census, down } = u.part else {
            return None;
        };
        if self.protocol.params.termination != Termination::Protocol {
            return None;
        }
        let back = census.with(self.id, u.local);
        let everyone = self.protocol.everyone();
        let last = if self.makes(Mistake::FirstBackDecides) {
            back.heard()
        } else {
            everyone.minus(u.down.union(down))
        };
        // Only a wrong suspicion makes everybody miss everybody.
        if last.is_empty() {
            return None;
        }
        // Whoever of them is not back stands nowhere, and so not with the others.
        let stand = back.of(last);
        let alike = stand.waiting == last || stand.pre_committed == last;
        if !alike && back.heard() != everyone && !self.makes(Mistake::FirstBackDecides) {
            return None;
        }
        Some(if stand.pre_committed.is_empty() {
            Decision::Abort
        } else {
            Decision::Commit
        })
    }
}
