//! Two databases written one after the other, as if that were one transaction
//! ([`Mistake::WritesInTurn`](super::Mistake)).

use super::{
    Coordinator, CoordinatorSite, Decision, Msg, Observe, ParticipantSite, Timer, TwoPhaseCommit,
    Txn, Vote, coordinator,
};
use crate::model::{NodeSet, Out};

impl TwoPhaseCommit {
    /// Writes the next participant; when all are written, that is a commit.
    pub(super) fn write_next(
        &self,
        c: &mut CoordinatorSite,
        txn: Txn,
        written: NodeSet,
        o: &mut Out<Self>,
    ) {
        let Some(next) = self.participants().minus(written).iter().next() else {
            return self.decide(c, txn, Decision::Commit, NodeSet::EMPTY, o);
        };
        o.send(next, Msg::Commit(txn));
        o.set_timer(Timer::Vote(txn), self.params.vote_timeout);
        c.phase[txn] = Coordinator::Collecting { yes: written };
    }

    /// A write is all there is: it commits, or is refused.
    pub(super) fn is_written(
        &self,
        p: &mut ParticipantSite,
        txn: Txn,
        vote: Vote,
        o: &mut Out<Self>,
    ) {
        o.votes(txn, vote);
        match vote {
            Vote::Yes => {
                self.conclude(p, txn, Decision::Commit, o);
                o.send(coordinator(), Msg::Ack(txn));
            }
            Vote::No => {
                self.conclude(p, txn, Decision::Abort, o);
                o.send(coordinator(), Msg::No(txn));
            }
        }
    }
}
