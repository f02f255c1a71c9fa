//! Three-phase commit: between the votes and the decision everybody learns how everybody voted, so
//! that those who are left can finish what a coordinator that failed began.
//!
//! - D. Skeen, *Nonblocking Commit Protocols*, SIGMOD 1981.
//! - D. Skeen, *A Quorum-Based Commit Protocol*, Berkeley Workshop 1982.
//! - D. Skeen, *Determining the Last Process to Fail*, TOCS 1985.
//! - P. Bernstein, V. Hadzilacos, N. Goodman, *Concurrency Control and Recovery in Database
//!   Systems*, 1987, section 7.5 (BHG).
//!
//! ```text
//!      coordinator C                        participant P
//!
//!         initial                               working (q)
//!            |   --------- CAN-COMMIT -------->   |
//!       collecting                          force *waiting*        phase 1: vote
//!         votes      <--------- YES ----------    |
//!            |                                  waiting (w)        P is uncertain
//!  force *pre-committed*                          |
//!            |   --------- PRE-COMMIT -------->   |
//!      pre-committed                     force *pre-committed*     phase 2: everybody knows
//!            |       <--------- ACK ----------    |                that everybody is for it
//!     force *committed*                     pre-committed (p)
//!            |   ----------- COMMIT ---------->   |
//!        committed                         force *committed*       phase 3: decide
//! ```
//!
//! A NO, or a vote that does not come in time, makes the decision ABORT. Nobody commits while
//! anybody that is up is uncertain (with quorums: before enough of them are not), so those who are
//! left know enough. What they do when their coordinator is silent is the parameter `termination`:
//!
//! | waits too long | `timeouts`          | `protocol` and `quorum`                              |
//! |----------------|---------------------|------------------------------------------------------|
//! | C, for votes   | abort               | abort                                                |
//! | P in q         | abort               | abort                                                |
//! | P in w         | abort               | the lowest site that is up becomes the backup, and asks all others where they stand |
//! | P in p         | commit              | the same                                             |
//! | C, for ACKs    | commit without them | `protocol`: commit without them; `quorum`: ask all   |
//!
//! What a backup does is decided by where the others stand:
//!
//! | TR  | somebody is                         | `protocol`                                    |
//! |-----|-------------------------------------|-----------------------------------------------|
//! | 1   | aborted, or has not voted           | abort                                         |
//! | 2   | committed                           | commit                                        |
//! | 3   | nothing but waiting                 | abort                                         |
//! | 4   | pre-committed                       | pre-commit the waiting, then commit           |
//!
//! With `quorum` 1 and 2 are the same. Then: if somebody is pre-committed, and with the waiting
//! they make up a commit quorum, the waiting are pre-committed, and with Vc acknowledgements the
//! backup commits; or else, if the waiting and the pre-aborted make up an abort quorum, the waiting
//! are pre-aborted, and with Va of these it aborts; or else it can only ask again. Nobody goes from
//! pre-committed to pre-aborted or back, and Vc + Va > V.
//!
//! A site that comes back without a record aborts. One that comes back undecided asks, and takes
//! no part; unless all have failed (`protocol`): see `Site::last_to_fail`. With `quorum` it takes
//! part at once, for what it promised is on disk.
//!
//! On purpose different from the papers:
//!
//! - The coordinator has no vote of its own, and does not count in quorums; each vote weighs one.
//! - It forces no record before it asks for votes: without one it aborts, and nobody has committed.
//! - A backup that has decided does not announce it to all: whoever misses the coordinator asks the
//!   next in line before it goes on to the one after.
//! - Records say who was *down*; who was up are the others. They are written when somebody is
//!   found to have failed.
//! - After a total failure only the states of those count who failed last, not of all who are back:
//!   one that failed earlier may be pre-committed where the others have aborted.
//! - One that has decided does not ignore PRE-COMMIT but answers with the decision, so that a
//!   coordinator that was suspected wrongly, and has not committed yet, is put right.
//! - COMMIT is not acknowledged, and nobody forgets: there is no end record, no log is cut.
//! - Nothing is sent again while nobody is missed. `retries` makes room for lost messages, which
//!   the papers rule out.
//!
//! This file is the algorithm, and in it a transaction's whole life at a site is one `match`.
//! It knows nothing of time, faults or properties.

mod bugs;
mod matrix;
mod messages;
mod observations;
mod params;
mod properties;
mod protocol;
mod site;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use self::bugs::Mistake;
pub use self::messages::{Choice, Decision, Msg, Timer, Txn, Vote};
pub use self::params::{MAX_PARTICIPANTS, Params, PlannedVote, Termination};
pub use self::site::{Census, Local, Log, Part, Phase, State, Storage, Undecided};
use super::two_phase_commit::{PerTxn, coordinator};
use crate::model::{Actor, Id, NodeSet, Out};

/// Three-phase commit with one coordinator, node 0, and participants from node 1 on.
#[derive(Clone, Debug)]
pub struct ThreePhaseCommit {
    params: Params,
    /// The participants.
    participants: NodeSet,
    /// Their votes, from node 1 on.
    votes: Vec<PlannedVote>,
}

impl Actor for ThreePhaseCommit {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Storage;
    type Random = Choice;

    /// A first start without storage, recovery with it.
    fn on_start(&self, id: Id, storage: &Option<Storage>, o: &mut Out<Self>) -> State {
        let mut phases = PerTxn::new(self.params.transactions);
        if let Some(logs) = storage {
            for (txn, log) in logs.iter() {
                phases[txn] = Phase::restored(*log);
            }
        }
        for txn in self.transactions() {
            let mut site = self.site(id, txn, &mut phases, o);
            match storage {
                None => site.start(),
                Some(_) => site.recover(),
            }
        }
        phases
    }

    fn on_msg(&self, id: Id, state: &mut Cow<State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let mut next = **state;
        self.site(id, msg.txn(), &mut next, o).hears(src, msg);
        replace(state, &next);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<State>, timer: &Timer, o: &mut Out<Self>) {
        let mut next = **state;
        let mut site = self.site(id, timer.txn(), &mut next, o);
        site.waits_no_longer(*timer);
        replace(state, &next);
    }

    fn on_random(&self, _: Id, state: &mut Cow<State>, choice: &Choice, _: &mut Out<Self>) {
        let mut next = **state;
        if next[choice.txn] == Phase::Open {
            next[choice.txn] = Phase::Working { vote: choice.vote };
        }
        replace(state, &next);
    }
}

/// One site's part in one transaction, while one of its handlers runs.
struct Site<'a> {
    protocol: &'a ThreePhaseCommit,
    id: Id,
    txn: Txn,
    phases: &'a mut State,
    o: &'a mut Out<ThreePhaseCommit>,
}

impl Site<'_> {
    fn start(&mut self) {
        let (txn, params) = (self.txn, &self.protocol.params);
        if self.id == coordinator() {
            self.o
                .set_timer(Timer::Begin(txn), params.start.durations());
            return;
        }
        let phase = match self.protocol.votes[usize::from(self.id) - 1] {
            PlannedVote::Yes => Phase::Working { vote: Vote::Yes },
            PlannedVote::No => Phase::Working { vote: Vote::No },
            PlannedVote::Open => {
                let options = [Vote::Yes, Vote::No].map(|vote| Choice { txn, vote });
                self.o
                    .choose_random(format!("vote-{txn}"), options.to_vec());
                Phase::Open
            }
        };
        self.is_now(phase);
        let timeout = params.can_commit_timeout.durations();
        self.o.set_timer(Timer::CanCommit(txn), timeout);
    }

    fn hears(&mut self, src: Id, msg: Msg) {
        let txn = self.txn;
        match (self.phase(), msg) {
            // Phase 1, C: one NO aborts (and so does a backup, if C is only slow); the last YES lets
            // everybody know.
            (Phase::Collecting { .. }, Msg::No(_) | Msg::Abort(_)) => {
                self.decide(Decision::Abort, self.protocol.participants.without(src));
            }
            (Phase::Collecting { yes }, Msg::Yes(_)) => self.count(yes.with(src)),

            // Phase 1, P: YES is a promise that has to outlive a crash. NO is a decision.
            (Phase::Working { vote: Vote::Yes }, Msg::CanCommit(_)) => self.vote_yes(),
            (Phase::Working { vote: Vote::No }, Msg::CanCommit(_)) => {
                self.decide(Decision::Abort, NodeSet::EMPTY);
                self.o.send(src, Msg::No(txn));
            }
            // CAN-COMMIT may be a duplicate, or come late: what was said stays said.
            (Phase::Undecided(_), Msg::CanCommit(_)) => self.o.send(src, Msg::Yes(txn)),
            (Phase::Decided(Decision::Abort), Msg::CanCommit(_)) => {
                self.o.send(src, Msg::No(txn));
            }

            // Phase 2, and what a backup does in its place.
            (Phase::Undecided(u), Msg::PreCommit(_)) if self.obeys(&u, src) => {
                self.moves(u, src, Local::PreCommitted);
            }
            (Phase::Undecided(u), Msg::PreAbort(_)) if self.obeys(&u, src) => {
                self.moves(u, src, Local::PreAborted);
            }
            (Phase::Undecided(u), Msg::Ack(_, local)) => self.is_acknowledged(u, src, local),

            // Phase 3: the decision, from whoever knows it. The first counts.
            (Phase::Undecided(u), Msg::Commit(_)) => self.learns(&u, src, Decision::Commit),
            (Phase::Undecided(u), Msg::Abort(_)) => self.learns(&u, src, Decision::Abort),
            (Phase::Working { .. }, Msg::Abort(_)) => self.decide(Decision::Abort, NodeSet::EMPTY),

            // Termination, asked: one that has not voted can abort, and must have done so before
            // it says so.
            (Phase::Working { .. }, Msg::StateReq(_) | Msg::Inquiry(_)) => {
                self.decide(Decision::Abort, NodeSet::only(src));
            }
            (Phase::Undecided(u), Msg::StateReq(_)) => self.reports(u, src),
            (Phase::Undecided(u), Msg::Inquiry(_)) => self.is_asked(u, src),
            // TR1, TR2: and whoever would move somebody that has decided is told as well.
            (
                Phase::Decided(decision),
                Msg::StateReq(_) | Msg::Inquiry(_) | Msg::PreCommit(_) | Msg::PreAbort(_),
            ) => self.o.send(src, Msg::announce(decision, txn)),

            // One that came back may answer what it was asked before it failed, and follow.
            (Phase::Decided(decision), Msg::State(..)) if self.has_quorums() => {
                self.o.send(src, Msg::announce(decision, txn));
            }

            // Termination, asking.
            (Phase::Undecided(u), Msg::State(_, local)) => self.is_told(u, src, local),
            (Phase::Undecided(u), Msg::Recovered(_, local, down)) => {
                self.meets(u, src, local, down);
            }

            // A vote or an answer that comes after the decision does not change it.
            _ => {}
        }
    }

    fn waits_no_longer(&mut self, timer: Timer) {
        match (timer, self.phase()) {
            (Timer::Begin(_), Phase::Initial) => self.begin(),
            // Somebody did not vote in time.
            (Timer::Vote(_), Phase::Collecting { .. }) => {
                self.decide(Decision::Abort, self.protocol.participants);
            }
            // Until it votes a participant may abort unilaterally.
            (Timer::CanCommit(_), Phase::Working { .. }) => {
                self.decide(Decision::Abort, NodeSet::EMPTY);
            }
            (Timer::Silence(_), Phase::Undecided(u)) => self.meets_silence(u),
            _ => {}
        }
    }
}

/// The three phases, without failures.
impl Site<'_> {
    /// Phase 1: asks everybody to vote.
    fn begin(&mut self) {
        let (txn, params) = (self.txn, &self.protocol.params);
        self.send_all(self.protocol.participants, Msg::CanCommit(txn));
        let timeout = params.vote_timeout.durations();
        self.o.set_timer(Timer::Vote(txn), timeout);
        let yes = NodeSet::EMPTY;
        self.is_now(Phase::Collecting { yes });
    }

    /// Phase 1: forces that it waits, then votes YES.
    fn vote_yes(&mut self) {
        let u = Undecided::new(Local::Waiting, Part::Following);
        self.o.cancel_timer(Timer::CanCommit(self.txn));
        self.is_now(Phase::Undecided(u));
        self.save();
        self.o.send(coordinator(), Msg::Yes(self.txn));
        self.wait(&u);
    }

    /// Phase 2, once all have voted YES: it is known to C, and must not be lost with it.
    fn count(&mut self, yes: NodeSet) {
        self.is_now(Phase::Collecting { yes });
        if yes == self.protocol.participants {
            self.o.cancel_timer(Timer::Vote(self.txn));
            let u = Undecided::new(Local::PreCommitted, Part::Following);
            let census = Census {
                waiting: yes,
                ..Census::default()
            };
            self.move_others(u, Local::PreCommitted, census);
        }
    }

    /// Phase 2: forces where it stands now, then acknowledges it. It never turns back.
    fn moves(&mut self, mut u: Undecided, src: Id, to: Local) {
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
    fn is_acknowledged(&mut self, mut u: Undecided, src: Id, local: Local) {
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
    fn decide(&mut self, decision: Decision, tell: NodeSet) {
        match self.phase() {
            Phase::Collecting { .. } => self.o.cancel_timer(Timer::Vote(self.txn)),
            Phase::Working { .. } => self.o.cancel_timer(Timer::CanCommit(self.txn)),
            Phase::Undecided(_) => self.o.cancel_timer(Timer::Silence(self.txn)),
            Phase::Initial | Phase::Open | Phase::Decided(_) => {}
        }
        self.is_now(Phase::Decided(decision));
        self.save();
        self.send_all(tell, Msg::announce(decision, self.txn));
    }

    /// A coordinator or backup decides, for all.
    fn settle(&mut self, decision: Decision) {
        self.decide(decision, self.others());
    }

    /// Is told the decision, and tells those who asked for it, or whom it led.
    fn learns(&mut self, u: &Undecided, src: Id, decision: Decision) {
        let tell = if u.leads() { self.others() } else { u.askers };
        self.decide(decision, tell.without(src));
    }
}

/// Termination: somebody is silent.
impl Site<'_> {
    fn meets_silence(&mut self, mut u: Undecided) {
        if u.tries < self.protocol.params.retries && self.repeats(&u) {
            u.tries += 1;
            self.is_now(Phase::Undecided(u));
            return self.wait(&u);
        }
        u.tries = 0;
        match u.part {
            // Skeen 1981: the timeout transitions.
            Part::Following if self.acts_alone() => self.decide(u.local.leads_to(), u.askers),
            Part::Following => self.suspects(u),
            Part::Asking(census) => {
                if !self.has_quorums() {
                    u.down = u.down.union(self.awaited(&u));
                }
                if !self.applies_rules(u, census) {
                    self.ask(u);
                }
            }
            Part::Moving { .. } if self.has_quorums() => self.ask(u),
            Part::Moving { .. }
                if self.id == coordinator() && self.makes(Mistake::MissingAckAborts) =>
            {
                self.settle(Decision::Abort);
            }
            // Who failed is no reason to abort: all others know, and will commit.
            Part::Moving { to, .. } => self.settle(to.leads_to()),
            Part::Recovering { .. } => self.inquire(&u),
        }
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
        self.send_all(self.awaited(u), msg);
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
        self.save_who_is_up();
        self.o.send(next, Msg::Inquiry(self.txn));
        self.wait(&u);
    }

    /// The backup's first step: where does everybody stand?
    fn ask(&mut self, mut u: Undecided) {
        u.part = Part::Asking(Census::default());
        let others = self.awaited(&u);
        if others.is_empty() && self.applies_rules(u, Census::default()) {
            return;
        }
        self.is_now(Phase::Undecided(u));
        self.save_who_is_up();
        self.send_all(others, Msg::StateReq(self.txn));
        self.wait(&u);
    }

    /// Says where it stands, and follows who asked.
    fn reports(&mut self, mut u: Undecided, src: Id) {
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
                self.save_who_is_up();
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
    fn is_told(&mut self, mut u: Undecided, src: Id, local: Local) {
        if !self.awaited(&u).contains(src) {
            return;
        }
        match u.part {
            Part::Asking(census) => {
                let census = census.with(src, local);
                u.part = Part::Asking(census);
                if self.awaited(&u).is_empty() && self.applies_rules(u, census) {
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
    fn applies_rules(&mut self, u: Undecided, census: Census) -> bool {
        let census = if self.id == coordinator() {
            census
        } else {
            census.with(self.id, u.local)
        };
        let to = if self.has_quorums() {
            match self.quorum_rule(&u, &census) {
                Some(to) => to,
                None => return false,
            }
        } else if census.pre_committed.is_empty() {
            // TR3: nobody can have committed, for nobody does before all are pre-committed.
            self.settle(if self.makes(Mistake::AllUncertainCommit) {
                Decision::Commit
            } else {
                Decision::Abort
            });
            return true;
        } else if self.makes(Mistake::CommitsWithoutMoving) {
            self.settle(Decision::Commit);
            return true;
        } else if self.makes(Mistake::PreCommittedAborts) {
            self.settle(Decision::Abort);
            return true;
        } else {
            // TR4: the next backup, should this one fail, must not find them all uncertain.
            Local::PreCommitted
        };
        self.move_others(u, to, census);
        true
    }

    /// Skeen 1982: where to move the waiting.
    fn quorum_rule(&self, u: &Undecided, census: &Census) -> Option<Local> {
        let (commit, abort) = (Local::PreCommitted, Local::PreAborted);
        let known = u.local == commit || !census.pre_committed.is_empty();
        let suffices = |to| census.movable(to).len() >= self.quorum(to);
        if known && suffices(commit) {
            Some(commit)
        } else if suffices(abort) {
            Some(abort)
        } else {
            None
        }
    }

    /// Phase 2, also of a backup: goes first, then moves those who are uncertain.
    fn move_others(&mut self, mut u: Undecided, to: Local, census: Census) {
        if u.local == Local::Waiting {
            u.local = to;
        }
        let missing = census.waiting.without(self.id);
        let moved = census.movable(to).minus(missing);
        u.part = Part::Moving { to, moved, missing };
        if self.is_enough(to, moved, missing) {
            return self.settle(to.leads_to());
        }
        self.is_now(Phase::Undecided(u));
        self.save();
        self.send_all(missing, Msg::moving(to, self.txn));
        self.wait(&u);
    }

    fn is_enough(&self, to: Local, moved: NodeSet, missing: NodeSet) -> bool {
        if self.has_quorums() {
            return moved.len() >= self.quorum(to);
        }
        missing.is_empty()
    }

    /// Is asked for the outcome, and will tell when it knows.
    fn is_asked(&mut self, mut u: Undecided, src: Id) {
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
    fn obeys(&self, u: &Undecided, src: Id) -> bool {
        // There it is bound by where it stands, whoever moved it there.
        self.has_quorums()
            || u.part == Part::Following
                && (src == self.coordinator_of(u)
                    || src == coordinator() && self.makes(Mistake::ObeysTheReplaced))
    }
}

/// Recovery.
impl Site<'_> {
    /// Recovery from each record.
    fn recover(&mut self) {
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
    fn inquire(&mut self, u: &Undecided) {
        self.is_now(Phase::Undecided(*u));
        self.send_all(self.others(), Msg::Inquiry(self.txn));
        self.wait(u);
    }

    /// Somebody else came back.
    fn meets(&mut self, mut u: Undecided, src: Id, local: Local, missed: NodeSet) {
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
    fn last_to_fail(&self, u: &Undecided) -> Option<Decision> {
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

impl Site<'_> {
    fn phase(&self) -> Phase {
        self.phases[self.txn]
    }

    fn is_now(&mut self, phase: Phase) {
        self.phases[self.txn] = phase;
    }

    /// Forces where it stands.
    fn save(&mut self) {
        let mut logs = PerTxn::new(self.protocol.params.transactions);
        let remembers = self.protocol.params.termination == Termination::Protocol;
        for (txn, phase) in self.phases.iter() {
            logs[txn] = phase.log(remembers);
        }
        self.o.save(logs);
    }

    /// Forces who is up, for the day when nobody is. (Nobody needs it anywhere else.)
    fn save_who_is_up(&mut self) {
        if self.protocol.params.termination == Termination::Protocol {
            self.save();
        }
    }

    /// Waits for those whom it awaits, but not for ever.
    fn wait(&mut self, u: &Undecided) {
        let params = &self.protocol.params;
        let timeout = match u.part {
            Part::Following => params.coordinator_timeout,
            Part::Asking(_) | Part::Moving { .. } => params.answer_timeout,
            Part::Recovering { .. } => params.inquiry,
        };
        self.o
            .set_timer(Timer::Silence(self.txn), timeout.durations());
    }

    fn awaited(&self, u: &Undecided) -> NodeSet {
        self.protocol.awaited(self.id, u)
    }

    fn send_all(&mut self, whom: NodeSet, msg: Msg) {
        for id in whom.iter() {
            self.o.send(id, msg);
        }
    }

    fn others(&self) -> NodeSet {
        self.protocol.everyone().without(self.id)
    }

    /// The first in line.
    fn coordinator_of(&self, u: &Undecided) -> Id {
        u.coordinator(self.protocol.everyone())
    }

    fn acts_alone(&self) -> bool {
        self.protocol.params.termination == Termination::Timeouts
            || self.makes(Mistake::TimeoutsOnly)
    }

    fn has_quorums(&self) -> bool {
        self.protocol.has_quorums()
    }

    fn quorum(&self, to: Local) -> usize {
        match to.leads_to() {
            Decision::Commit => self.protocol.params.commit_quorum(),
            Decision::Abort => self.protocol.params.abort_quorum(),
        }
    }

    /// Whether this mistake is switched on.
    fn makes(&self, mistake: Mistake) -> bool {
        self.protocol.params.bug == Some(mistake)
    }
}

impl ThreePhaseCommit {
    fn site<'a>(
        &'a self,
        id: Id,
        txn: Txn,
        phases: &'a mut State,
        o: &'a mut Out<Self>,
    ) -> Site<'a> {
        Site {
            protocol: self,
            id,
            txn,
            phases,
            o,
        }
    }

    fn transactions(&self) -> impl Iterator<Item = Txn> + use<> {
        1..=self.params.transactions
    }

    /// All sites.
    fn everyone(&self) -> NodeSet {
        self.participants.with(coordinator())
    }

    fn has_quorums(&self) -> bool {
        self.params.termination == Termination::Quorum
    }

    /// Whom a site that may not decide alone waits for.
    fn awaited(&self, id: Id, u: &Undecided) -> NodeSet {
        match u.part {
            Part::Following => NodeSet::only(u.coordinator(self.everyone())),
            // A quorum may be made up of any, also of those who were missed before.
            Part::Asking(census) if self.has_quorums() => {
                self.participants.without(id).minus(census.heard())
            }
            Part::Asking(census) => {
                let up = self.everyone().minus(u.down);
                up.without(id).minus(census.heard())
            }
            Part::Moving { missing, .. } => missing,
            Part::Recovering { census, .. } => self.everyone().without(id).minus(census.heard()),
        }
    }
}

/// Replaces the state only if it differs, so that a handler that did nothing can be told.
fn replace(state: &mut Cow<State>, next: &State) {
    if **state != *next {
        *state = Cow::Owned(*next);
    }
}
