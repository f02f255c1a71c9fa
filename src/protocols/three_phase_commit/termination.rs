//! Termination: somebody is silent, and those who are left finish what it began.
//!
//! The lowest site that is up is the backup. What it does is decided by where the others stand
//! (BHG 7.5, TR1 to TR4):
//!
//! | TR  | somebody is                         | `protocol`                                    |
//! |-----|-------------------------------------|-----------------------------------------------|
//! | 1   | aborted, or has not voted           | abort                                         |
//! | 2   | committed                           | commit                                        |
//! | 3   | nothing but waiting                 | abort                                         |
//! | 4   | pre-committed                       | pre-commit the waiting, then commit           |
//!
//! With `quorum` (Skeen 1982) 1 and 2 are the same. Then: if somebody is pre-committed, and with the
//! waiting they make up a commit quorum, the waiting are pre-committed, and with Vc acknowledgements
//! the backup commits; or else, if the waiting and the pre-aborted make up an abort quorum, the
//! waiting are pre-aborted, and with Va of these it aborts; or else it can only ask again. Nobody
//! goes from pre-committed to pre-aborted or back, and Vc + Va > V.

use super::{
    Census, Decision, Local, Mistake, Msg, Observe, Part, Phase, Ruling, Site, Termination,
    Undecided, coordinator,
};
use crate::model::{Id, NodeSet};

/// What a backup does once it knows enough.
enum Next {
    Settle(Ruling),
    /// Moves the waiting there first, by this rule.
    Move(Local, &'static str),
}

impl Site<'_> {
    pub(super) fn meets_silence(&mut self, mut u: Undecided) {
        if u.tries < self.protocol.params.retries && self.repeats(&u) {
            u.tries += 1;
            self.is_now(Phase::Undecided(u));
            return self.wait(&u);
        }
        u.tries = 0;
        match u.part {
            // Skeen and Stonebraker 1983: the timeout transitions.
            Part::Following if self.acts_alone() => {
                self.decide(u.local.leads_to().by("timeout transition"), u.askers);
            }
            Part::Following => self.suspects(u),
            Part::Asking(census) => {
                if !self.has_quorums() {
                    u.down = u.down.union(self.awaited(&u));
                }
                if !self.follows_rules(u, census) {
                    self.ask(u);
                }
            }
            Part::Moving { .. } if self.has_quorums() => self.ask(u),
            Part::Moving { to, .. } => {
                self.settle(self.without_the_failed(to));
            }
            Part::Recovering { .. } => self.inquire(&u),
        }
    }

    /// Who failed is no reason to abort: all others know, and will commit.
    fn without_the_failed(&self, to: Local) -> Ruling {
        if self.id == coordinator() && self.makes(Mistake::MissingAckAborts) {
            return Decision::Abort.into();
        }
        to.leads_to().by("commit without the failed")
    }

    /// Asks again, whom a lost message may have kept from answering.
    fn repeats(&mut self, u: &Undecided) -> bool {
        let msg = match u.part {
            Part::Following if self.acts_alone() => return false,
            Part::Following => Msg::Inquiry(self.txn),
            Part::Asking(_) => Msg::StateReq(self.txn),
            Part::Moving { to, .. } => Msg::moving(to, self.txn),
            Part::Recovering { .. } => return false,
        };
        self.o.broadcast(self.awaited(u), &msg);
        true
    }

    /// The coordinator has failed: the next in line takes its place.
    fn suspects(&mut self, mut u: Undecided) {
        u.down.insert(self.coordinator_of(&u));
        let next = self.coordinator_of(&u);
        if next == self.id {
            return self.ask(u);
        }
        self.is_now(Phase::Undecided(u));
        self.save_who_failed();
        self.o.send(next, Msg::Inquiry(self.txn));
        self.wait(&u);
    }

    /// The backup's first step: where does everybody stand?
    pub(super) fn ask(&mut self, mut u: Undecided) {
        let elected = !u.leads();
        u.part = Part::Asking(Census::default());
        let others = self.awaited(&u);
        if others.is_empty() && self.follows_rules(u, Census::default()) {
            return;
        }
        if elected {
            self.o.applies("election of a backup");
        }
        self.is_now(Phase::Undecided(u));
        self.save_who_failed();
        self.o.broadcast(others, &Msg::StateReq(self.txn));
        self.wait(&u);
    }

    /// Says where it stands, and follows who asked.
    pub(super) fn reports(&mut self, mut u: Undecided, src: Id) {
        let replaced = self.protocol.everyone().iter().filter(|&id| id < src);
        let replaced: NodeSet = replaced.collect();
        if self.has_quorums() {
            // What binds is where it is moved, not whom it follows; so it may follow anybody.
            if src < self.id {
                u.down = replaced;
            }
        } else {
            // Those in line before the one who asks have failed for it; but this site has not.
            let in_line = self.coordinator_of(&u) <= src && src < self.id;
            if !in_line || matches!(u.part, Part::Recovering { .. }) {
                return;
            }
            if !replaced.is_subset(u.down) {
                u.down = u.down.union(replaced);
                self.is_now(Phase::Undecided(u));
                self.save_who_failed();
            }
        }
        if src < self.id {
            if u.leads() {
                // Those who followed this one do not know better.
                u.askers = self.others();
            }
            u.part = Part::Following;
            u.tries = 0;
            self.is_now(Phase::Undecided(u));
            self.wait(&u);
        }
        self.o.send(src, Msg::State(self.txn, u.local));
    }

    /// Is told where somebody stands that it waits for.
    pub(super) fn is_told(&mut self, mut u: Undecided, src: Id, local: Local) {
        if !self.awaited(&u).contains(src) {
            return;
        }
        match u.part {
            Part::Asking(census) => {
                let census = census.with(src, local);
                u.part = Part::Asking(census);
                if self.awaited(&u).is_empty() && self.follows_rules(u, census) {
                    return;
                }
                self.is_now(Phase::Undecided(u));
            }
            // Its coordinator knows no more, but is alive.
            Part::Following => {
                u.tries = 0;
                self.is_now(Phase::Undecided(u));
                self.wait(&u);
            }
            Part::Moving { .. } | Part::Recovering { .. } => {}
        }
    }

    /// TR3 and TR4, or the rules of Skeen 1982. False if they leave it open.
    fn follows_rules(&mut self, u: Undecided, census: Census) -> bool {
        let census = if self.id == coordinator() {
            census
        } else {
            census.with(self.id, u.local)
        };
        let next = if self.has_quorums() {
            self.quorum_rule(&u, &census)
        } else {
            Some(self.termination_rule(&census))
        };
        match next {
            Some(Next::Settle(ruling)) => self.settle(ruling),
            Some(Next::Move(to, rule)) => self.move_others(u, to, census, Some(rule)),
            None => return false,
        }
        true
    }

    /// TR3 and TR4.
    fn termination_rule(&self, census: &Census) -> Next {
        let bug = self.protocol.params.bug;
        if census.pre_committed.is_empty() {
            return Next::Settle(match bug {
                Some(Mistake::AllUncertainCommit) => Decision::Commit.into(),
                // Nobody can have committed, for nobody does before all are pre-committed.
                _ => Decision::Abort.by("TR3"),
            });
        }
        match bug {
            Some(Mistake::CommitsWithoutMoving) => Next::Settle(Decision::Commit.into()),
            Some(Mistake::PreCommittedAborts) => Next::Settle(Decision::Abort.into()),
            // The next backup, should this one fail, must not find them all uncertain.
            _ => Next::Move(Local::PreCommitted, "TR4"),
        }
    }

    /// Skeen 1982: where to move the waiting.
    fn quorum_rule(&self, u: &Undecided, census: &Census) -> Option<Next> {
        let (commit, abort) = (Local::PreCommitted, Local::PreAborted);
        let known = u.local == commit || !census.pre_committed.is_empty();
        let suffices = |to| census.movable(to).len() >= self.quorum(to);
        if known && suffices(commit) {
            Some(Next::Move(commit, "commit quorum"))
        } else if suffices(abort) {
            Some(Next::Move(abort, "abort quorum"))
        } else {
            None
        }
    }

    /// Is asked for the outcome, and will tell when it knows.
    pub(super) fn is_asked(&mut self, mut u: Undecided, src: Id) {
        u.askers.insert(src);
        self.is_now(Phase::Undecided(u));
        match u.part {
            Part::Recovering { .. }
                if self.protocol.params.termination == Termination::Protocol =>
            {
                let recovered = Msg::Recovered(self.txn, u.local, u.down);
                self.o.send(src, recovered);
            }
            // Where messages are lost, whoever asks may have missed something, and takes it for a
            // failure if it asks again in vain.
            _ if self.protocol.params.retries == 0 => {}
            Part::Asking(_) if self.awaited(&u).contains(src) => {
                self.o.send(src, Msg::StateReq(self.txn));
            }
            Part::Moving { to, missing, .. } if missing.contains(src) => {
                self.o.send(src, Msg::moving(to, self.txn));
            }
            _ => self.o.send(src, Msg::State(self.txn, u.local)),
        }
    }

    /// Whether it lets itself be moved by `src`. A coordinator that failed may have sent
    /// PRE-COMMIT just before, and a backup has been told since that this site is uncertain.
    pub(super) fn obeys(&self, u: &Undecided, src: Id) -> bool {
        // There it is bound by where it stands, whoever moved it there.
        self.has_quorums()
            || u.part == Part::Following
                && (src == self.coordinator_of(u)
                    || src == coordinator() && self.makes(Mistake::ObeysTheReplaced))
    }
}
