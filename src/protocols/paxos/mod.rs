//! Single-decree Paxos: of the values that proposers want, one is chosen.
//!
//! - L. Lamport, *Paxos Made Simple*, 2001 (PMS): section 2.1 states the problem, 2.2 derives the
//!   algorithm (P1 to P2c), 2.3 is about learning, 2.4 about progress, 2.5 about stable storage.
//! - L. Lamport, *The Part-Time Parliament*, 1998 (PTP), section 2: the same as the Synod.
//!
//! ```text
//!    proposer P                  acceptors A                     learner L
//!
//!     waiting
//!  force ballot n
//!        |  ------ PREPARE n ------>  |
//!    preparing               force promise of n                  phase 1: who else was here?
//!        |  <--- PROMISE n, last ---  |
//!   a majority promised               |
//!        |  ------ ACCEPT n:v ----->  |
//!    proposing                  force n:v                        phase 2: get it accepted
//!        |                            |  ---- ACCEPTED n:v --->   |
//!        |                                                 a majority accepted
//!        |                                                     force v
//!        |  <------------------ CHOSEN v ----------------------   |
//!      done                                                    learned
//! ```
//!
//! v is the value of the highest-numbered proposal that the promises report; if they report none it
//! is the proposer's own. A value is *chosen* as soon as a majority has accepted it in one ballot,
//! whether anybody knows or not.
//!
//! On purpose different from the paper, or more definite than it is:
//!
//! - A node has one role. (PMS: a process may act as more than one agent.)
//! - A proposer sends PREPARE and ACCEPT to all acceptors. (PMS: to some set of them, and not
//!   necessarily to the same set.)
//! - An acceptor may ignore any request; here it answers all that it may grant, and refuses the
//!   others with a NACK that tells which ballot it promised, so that the proposer abandons its own and
//!   backs off. PMS, 2.2 advises that. `feedback: false` leaves out NACK and CHOSEN, and with them all
//!   that is not in the paper.
//! - An acceptor that accepts ballot n has promised n, too. (P1a bars only what is below a PREPARE
//!   that was answered, and an acceptor remembers the highest-numbered proposal of all that it has
//!   accepted. Here it accepts in ascending order, so the highest is the last.)
//! - A PREPARE that was answered is answered again, and an ACCEPT too: retransmission.
//! - Nothing elects a distinguished proposer (PMS, 2.4 and 2.5): every proposer begins by itself,
//!   and one that is refused waits for a random time.
//! - Learners hear from all acceptors, write down what they learn, and tell the proposers, so that
//!   these come to rest. A learner never asks: a proposer that has not heard from every learner goes
//!   on proposing, and that way the learners find out (PMS, 2.3).
//! - A proposer does not write down that it is done: one that comes back proposes once more, and
//!   finds out what was chosen.
//!
//! This file is the algorithm. It knows nothing of time, faults or properties.

mod bugs;
mod matrix;
mod messages;
mod params;
mod properties;
mod protocol;
mod rules;
mod site;
mod symmetry;
#[cfg(test)]
mod tests;

pub use self::bugs::Mistake;
pub use self::messages::{Msg, Timer, Value};
pub use self::params::{MAX_OF_A_ROLE, Params, RetryWith};
pub use self::site::{Acceptor, Learner, Phase, Proposer, State, Storage};
use crate::model::cluster::index;
use crate::model::{Actor, Id, NodeSet, Out, Start};
use crate::protocols::consensus;
pub use crate::protocols::consensus::Ballot;

pub type Proposal = consensus::Proposal<Value>;
pub type Acceptances = consensus::Acceptances<Value>;
pub type Claim = consensus::Claim<Value>;
pub type History = consensus::History<Value>;

/// Single-decree Paxos. The proposers come first, then the acceptors, then the learners. With P
/// proposers, round r of the i-th is ballot (r - 1) · P + i.
#[derive(Clone, Debug)]
pub struct Paxos {
    params: Params,
    proposers: NodeSet,
    acceptors: NodeSet,
    learners: NodeSet,
}

impl Actor for Paxos {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Storage;
    type Choice = ();
    type Observation = Claim;

    /// A first start, or recovery from what is on disk, if anything is (PMS, 2.5).
    fn on_start(&self, id: Id, start: Start<'_, Storage>, o: &mut Out<Self>) -> State {
        match start.storage().copied().unwrap_or_else(|| self.nothing(id)) {
            Storage::Proposer(used) => {
                o.set_timer(Timer::Propose, self.params.start);
                let next = self.ballot_above(used, id);
                State::Proposer(Proposer {
                    phase: Phase::Waiting { next },
                    told: NodeSet::EMPTY,
                })
            }
            Storage::Acceptor(remembered) => State::Acceptor(remembered),
            Storage::Learner(Some(value)) => State::Learner(Learner::Learned(value)),
            Storage::Learner(None) => State::Learner(Learner::Listening(Acceptances::default())),
        }
    }

    fn on_message(&self, id: Id, state: &mut State, src: Id, msg: Msg, o: &mut Out<Self>) {
        match state {
            State::Proposer(p) => self.proposer_hears(id, p, src, msg, o),
            State::Acceptor(a) => self.acceptor_hears(a, src, msg, o),
            State::Learner(l) => self.learner_hears(l, src, msg, o),
        }
    }

    fn on_timeout(&self, id: Id, state: &mut State, timer: &Timer, o: &mut Out<Self>) {
        if let State::Proposer(p) = state {
            self.proposer_waits_no_longer(id, p, *timer, o);
        }
    }
}

/// The proposer: phases 1 (a) and 2 (a) of PMS, 2.2.
impl Paxos {
    fn proposer_waits_no_longer(&self, id: Id, p: &mut Proposer, timer: Timer, o: &mut Out<Self>) {
        match (timer, p.phase) {
            (Timer::Propose, Phase::Waiting { next }) => self.prepare(id, p, next, o),
            (Timer::Retry, phase) => {
                if let Some(next) = self.abandons_for(id, phase) {
                    self.prepare(id, p, next, o);
                } else {
                    self.ask_again(phase, o);
                }
            }
            _ => {}
        }
    }

    /// Phase 1 (a): asks all acceptors for a promise. The number is on stable storage first: a
    /// proposer that comes back must never use it again (PMS, 2.5).
    fn prepare(&self, id: Id, p: &mut Proposer, ballot: Ballot, o: &mut Out<Self>) {
        if ballot == self.ballot_above(Ballot::default(), id) {
            o.observe(Claim::Proposed(Self::own_value(id)));
        }
        if !self.makes(Mistake::BallotInMemory) {
            o.save(Storage::Proposer(ballot));
        }
        p.phase = Phase::Preparing {
            ballot,
            promised: NodeSet::EMPTY,
            reported: None,
        };
        self.ask_again(p.phase, o);
    }

    fn proposer_hears(&self, id: Id, p: &mut Proposer, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (p.phase, msg) {
            (
                Phase::Preparing {
                    ballot,
                    promised,
                    reported,
                },
                Msg::Promise(n, accepted),
            ) if n == ballot => {
                let promised = promised.with(src);
                let reported = self.prevailing(reported, accepted);
                p.phase = Phase::Preparing {
                    ballot,
                    promised,
                    reported,
                };
                let all = promised == self.acceptors;
                if self.is_quorum(promised) && (all || !self.makes(Mistake::WaitsForAll)) {
                    let value = self.pick(id, reported);
                    self.propose(id, p, Proposal { ballot, value }, o);
                }
            }

            // The value of a ballot is settled: a late promise does not change it.
            (Phase::Proposing(Proposal { ballot, value }), Msg::Promise(n, Some(accepted)))
                if n == ballot
                    && accepted.value != value
                    && self.makes(Mistake::LatePromiseRepicks) =>
            {
                let value = accepted.value;
                self.propose(id, p, Proposal { ballot, value }, o);
            }

            // 2.2: whoever learns that a higher ballot has begun should abandon its own.
            (
                Phase::Preparing { ballot, .. } | Phase::Proposing(Proposal { ballot, .. }),
                Msg::Nack(n, promised),
            ) if n == ballot => {
                let next = self.ballot_above(promised, id);
                p.phase = Phase::Waiting { next };
                o.cancel_timer(Timer::Retry);
                o.set_timer(Timer::Propose, self.params.back_off);
            }

            // 2.3: once all learners know, there is nothing left to propose for.
            (phase, Msg::Chosen(_)) if phase != Phase::Done => {
                p.told.insert(src);
                if p.told == self.learners {
                    p.phase = Phase::Done;
                    o.cancel_timer(Timer::Propose);
                    o.cancel_timer(Timer::Retry);
                }
            }

            // What is said about another ballot is of no interest.
            _ => {}
        }
    }

    /// Of two reported proposals the one to take over: P2c wants that with the highest number.
    fn prevailing(&self, one: Option<Proposal>, other: Option<Proposal>) -> Option<Proposal> {
        if self.makes(Mistake::AdoptsLowest) {
            return one.into_iter().chain(other).min_by_key(|p| p.ballot);
        }
        one.into_iter().chain(other).max_by_key(|p| p.ballot)
    }

    /// The value to propose after a majority has promised (P2c).
    fn pick(&self, id: Id, reported: Option<Proposal>) -> Value {
        match reported {
            Some(proposal) if !self.makes(Mistake::IgnoresPromises) => proposal.value,
            _ => Self::own_value(id),
        }
    }

    /// Phase 2 (a): asks all acceptors to accept.
    fn propose(&self, id: Id, p: &mut Proposer, proposal: Proposal, o: &mut Out<Self>) {
        if proposal.value != Self::own_value(id) {
            o.observe(Claim::Adopted);
        }
        p.phase = Phase::Proposing(proposal);
        self.ask_again(p.phase, o);
    }

    /// Sends the request of the phase to all whose answer is missing, and waits.
    fn ask_again(&self, phase: Phase, o: &mut Out<Self>) {
        match phase {
            Phase::Preparing {
                ballot, promised, ..
            } => o.broadcast(self.acceptors.minus(promised), &Msg::Prepare(ballot)),
            // The answers go to the learners.
            Phase::Proposing(proposal) => o.broadcast(self.acceptors, &Msg::Accept(proposal)),
            Phase::Waiting { .. } | Phase::Done => return,
        }
        o.set_timer(Timer::Retry, self.params.retry);
    }

    /// The ballot for which a proposer that has waited too long abandons the one under way.
    fn abandons_for(&self, id: Id, phase: Phase) -> Option<Ballot> {
        let (Phase::Preparing { ballot, .. } | Phase::Proposing(Proposal { ballot, .. })) = phase
        else {
            return None;
        };
        (self.params.retry_with == RetryWith::NextBallot).then(|| self.ballot_above(ballot, id))
    }
}

/// The acceptor: phases 1 (b) and 2 (b) of PMS, 2.2.
impl Paxos {
    fn acceptor_hears(&self, a: &mut Acceptor, src: Id, msg: Msg, o: &mut Out<Self>) {
        match msg {
            // P1a: it keeps its promise.
            Msg::Prepare(n)
                if n < a.promised && !self.makes(Mistake::StalePrepareLowersPromise) =>
            {
                self.refuse(src, n, *a, o);
            }
            Msg::Accept(proposal)
                if proposal.ballot < a.promised && !self.makes(Mistake::AcceptsBelowPromise) =>
            {
                self.refuse(src, proposal.ballot, *a, o);
            }

            // Phase 1 (b). A promise that was given before is given again.
            Msg::Prepare(n) => {
                if n != a.promised {
                    a.promised = n;
                    self.force(*a, o);
                }
                o.send(src, Msg::Promise(n, a.accepted));
            }

            // Phase 2 (b). So is word of an acceptance.
            Msg::Accept(proposal) => {
                let news = a.accepted != Some(proposal);
                if news {
                    a.promised = a.promised.max(proposal.ballot);
                    a.accepted = Some(proposal);
                    o.observe(Claim::Accepted(proposal));
                    self.force(*a, o);
                }
                if !news && self.makes(Mistake::TellsOnce) {
                    return;
                }
                o.broadcast(self.learners, &Msg::Accepted(proposal));
            }
            _ => {}
        }
    }

    fn refuse(&self, proposer: Id, ballot: Ballot, a: Acceptor, o: &mut Out<Self>) {
        if self.params.feedback {
            o.observe(Claim::Refused);
            o.send(proposer, Msg::Nack(ballot, a.promised));
        }
    }

    /// An acceptor remembers both on stable storage before it answers (PMS, 2.5).
    fn force(&self, a: Acceptor, o: &mut Out<Self>) {
        let mut record = a;
        if self.makes(Mistake::AcceptanceInMemory) {
            record.accepted = None;
        }
        if self.makes(Mistake::PromiseInMemory) {
            record.promised = a.accepted.map_or(Ballot::default(), |p| p.ballot);
        }
        o.save(Storage::Acceptor(record));
    }
}

/// The learner: PMS, 2.3.
impl Paxos {
    fn learner_hears(&self, l: &mut Learner, src: Id, msg: Msg, o: &mut Out<Self>) {
        let Msg::Accepted(proposal) = msg else { return };
        match l {
            Learner::Listening(heard) => {
                let src = self.count(heard, proposal, src);
                heard.add(proposal, src);
                if self.is_quorum(self.supporters(heard, proposal)) {
                    // Before anybody is told, so that it still knows after a crash.
                    o.observe(Claim::Learned(proposal.value));
                    o.save(Storage::Learner(Some(proposal.value)));
                    self.inform(self.proposers, proposal.value, o);
                    *l = Learner::Learned(proposal.value);
                }
            }
            // Somebody goes on proposing: it may not have heard.
            Learner::Learned(value) => {
                let proposer = NodeSet::only(self.owner(proposal.ballot));
                self.inform(proposer, *value, o);
            }
        }
    }

    fn inform(&self, proposers: NodeSet, value: Value, o: &mut Out<Self>) {
        if self.params.feedback {
            o.broadcast(proposers, &Msg::Chosen(value));
        }
    }

    /// Those who count for the choice of a proposal: who accepted just this, in its ballot.
    fn supporters(&self, heard: &Acceptances, proposal: Proposal) -> NodeSet {
        let across = self.makes(Mistake::CountsAcrossBallots);
        if across || self.makes(Mistake::AcceptancesCounted) {
            let same = heard.iter().filter(|(p, _)| p.value == proposal.value);
            return same.fold(NodeSet::EMPTY, |all, (_, who)| all.union(who));
        }
        heard.of(proposal)
    }

    /// Whom an acceptance counts for.
    fn count(&self, heard: &Acceptances, proposal: Proposal, src: Id) -> Id {
        let counted = self.supporters(heard, proposal);
        if self.makes(Mistake::AcceptancesCounted) && counted.contains(src) {
            // A counter cannot tell who accepted: it stands for any set of its size.
            return self.acceptors.minus(counted).iter().next().unwrap_or(src);
        }
        src
    }
}

impl Paxos {
    /// Any two majorities have an acceptor in common.
    fn is_quorum(&self, set: NodeSet) -> bool {
        if self.makes(Mistake::HalfIsAQuorum) {
            return set.len() >= self.acceptors.len() / 2;
        }
        self.is_majority(set)
    }

    fn is_majority(&self, set: NodeSet) -> bool {
        set.len() > self.acceptors.len() / 2
    }

    /// The lowest ballot of a proposer that is above another.
    fn ballot_above(&self, ballot: Ballot, id: Id) -> Ballot {
        let (p, i) = (self.params.proposers, index(id));
        let (p, i) = (u32::from(p), u32::try_from(i).expect("few proposers"));
        // Of the first numbers above it, p in a row, just one is of this proposer.
        let of_id = |n: &u32| (n - 1) % p == i;
        let mut above = ballot.0 + 1..=ballot.0 + p;
        Ballot(above.find(of_id).expect("one in p"))
    }

    /// The proposer that a ballot belongs to.
    fn owner(&self, ballot: Ballot) -> Id {
        let of = (ballot.0 - 1) % u32::from(self.params.proposers);
        Id::from(of as usize)
    }

    /// What a proposer proposes if it is free to.
    fn own_value(id: Id) -> Value {
        let i = u8::try_from(index(id)).expect("few proposers");
        Value(i + 1)
    }

    /// What is on the storage of a node that has never saved anything.
    fn nothing(&self, id: Id) -> Storage {
        if self.proposers.contains(id) {
            Storage::Proposer(Ballot::default())
        } else if self.acceptors.contains(id) {
            Storage::Acceptor(Acceptor::default())
        } else {
            Storage::Learner(None)
        }
    }

    fn makes(&self, mistake: Mistake) -> bool {
        self.params.bug == Some(mistake)
    }
}
