//! A replica of the coordinator: two-phase commit (BHG 7.4) as long as it leads, and what it decides goes through the
//! log (GL, 4.2).

use super::{
    Coordinator, Decision, Mistake, Msg, ReplicatedTwoPhaseCommit, Standing, Storage, Timer,
};
use crate::model::actor::answer;
use crate::model::{Id, Input, NodeSet, Out, Start};
use crate::protocols::multi_paxos::{self, MultiPaxos};

impl ReplicatedTwoPhaseCommit {
    /// C1 leads from the beginning, and waits for those who begin. Who comes back has what is in its log, and hears
    /// how far that is chosen.
    pub(super) fn start_coordinator(
        &self,
        id: Id,
        start: Start<'_, Storage>,
        o: &mut Out<Self>,
    ) -> Coordinator {
        let mut part = Out::default();
        let log = match start {
            Start::First => self.log.set_up(id, &mut part),
            Start::Again(record) => {
                let record = record.and_then(Storage::log);
                self.log.comes_back(record, &mut part)
            }
        };
        o.take_over(part, Storage::Coordinator);
        if log.leads() {
            o.set_timer(Timer::Votes, self.params.vote_timeout);
        }
        let standing = Standing::Idle;
        Coordinator { log, standing }
    }

    pub(super) fn coordinator_hears(
        &self,
        id: Id,
        c: &mut Coordinator,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        match (c.standing, msg) {
            (_, Msg::Log(msg)) => {
                let input = Input::Message { src, msg: &msg };
                self.work(id, c, o, |log, state, o| answer(log, id, state, input, o));
            }

            // Phase 1, where it leads: a first vote says that the transaction is to begin.
            (Standing::Idle, Msg::Yes) if c.log.leads() => {
                self.collect(id, c, NodeSet::only(src), o);
            }
            (Standing::Collecting { yes }, Msg::Yes) => self.count(id, c, yes.with(src), o),
            (Standing::Idle | Standing::Collecting { .. }, Msg::No) if c.log.leads() => {
                self.decide(id, c, Decision::Abort, o);
            }

            // Phase 2: whoever knows the decision tells it who asks.
            (Standing::Decided(decision), Msg::Inquiry) => o.send(src, Msg::announce(decision)),
            _ => {}
        }
    }

    pub(super) fn coordinator_waits_no_longer(
        &self,
        id: Id,
        c: &mut Coordinator,
        timer: Timer,
        o: &mut Out<Self>,
    ) {
        match (timer, c.standing) {
            (Timer::Log(timer), _) => {
                let input = Input::Timeout(&timer);
                self.work(id, c, o, |log, state, o| answer(log, id, state, input, o));
            }
            // Nobody has begun, as far as it knows: somebody may have voted all the same.
            (Timer::Votes, Standing::Idle) => self.collect(id, c, NodeSet::EMPTY, o),
            (Timer::Votes, Standing::Collecting { .. }) => self.decide(id, c, Decision::Abort, o),
            _ => {}
        }
    }

    /// Phase 1: asks all for their votes but those who have given them.
    fn collect(&self, id: Id, c: &mut Coordinator, yes: NodeSet, o: &mut Out<Self>) {
        o.broadcast(self.participants().minus(yes), &Msg::Prepare);
        o.set_timer(Timer::Votes, self.params.vote_timeout);
        self.count(id, c, yes, o);
    }

    fn count(&self, id: Id, c: &mut Coordinator, yes: NodeSet, o: &mut Out<Self>) {
        c.standing = Standing::Collecting { yes };
        let all = self.participants();
        let majority = self.makes(Mistake::MajorityCommits) && yes.len() > all.len() / 2;
        if yes == all || majority {
            self.decide(id, c, Decision::Commit, o);
        }
    }

    /// GL, 4.2: the decision is made when a majority of the replicas has accepted it, and by no one of them.
    fn decide(&self, id: Id, c: &mut Coordinator, decision: Decision, o: &mut Out<Self>) {
        o.cancel_timer(Timer::Votes);
        c.standing = Standing::Deciding;
        self.work(id, c, o, |log, state, o| {
            log.propose(id, state, decision, o);
        });
        if self.makes(Mistake::TellsUnchosen) && c.standing == Standing::Deciding {
            o.broadcast(self.participants(), &Msg::announce(decision));
            c.standing = Standing::Decided(decision);
        }
    }

    /// Lets the log work on an input, and acts on what that has come to.
    fn work(
        &self,
        id: Id,
        c: &mut Coordinator,
        o: &mut Out<Self>,
        work: impl FnOnce(&MultiPaxos, &mut multi_paxos::State, &mut Out<MultiPaxos>),
    ) {
        let led = c.log.leads();
        let mut part = Out::default();
        work(&self.log, &mut c.log, &mut part);
        o.take_over(part, Storage::Coordinator);
        let leads = c.log.leads();
        let decided = self.decision(&c.log);
        match (decided, c.standing) {
            (Some(decision), before) if before != Standing::Decided(decision) => {
                o.cancel_timer(Timer::Votes);
                c.standing = Standing::Decided(decision);
                // Once: who does not hear it asks.
                if leads {
                    o.broadcast(self.participants(), &Msg::announce(decision));
                }
            }
            // It does not know what was voted.
            (None, _) if leads && !led && !self.makes(Mistake::LeavesItUndecided) => {
                self.collect(id, c, NodeSet::EMPTY, o);
            }
            // What it has collected means nothing any more.
            (None, _) if !leads && led => {
                o.cancel_timer(Timer::Votes);
                c.standing = Standing::Idle;
            }
            _ => {}
        }
    }

    /// The first decision that this replica has executed counts.
    fn decision(&self, log: &multi_paxos::State) -> Option<Decision> {
        let mut decisions = log.decisions();
        if self.makes(Mistake::LastDecisionCounts) {
            return decisions.last();
        }
        decisions.next()
    }
}
