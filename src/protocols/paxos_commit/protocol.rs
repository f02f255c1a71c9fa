//! What Paxos Commit says of itself: who takes part, who waits for whom, what a check leaves open, and where
//! a node stands.

use super::acceptor::THEIRS;
use super::bugs::Mistake;
use super::rules::RULES;
use super::{
    Acceptor, Ballot, Claim, History, Leader, Msg, Params, Participant, PaxosCommit, Phase, State,
    Storage, TXN, Timer, Votes,
};
use crate::model::arms::Told;
use crate::model::cluster::numbered;
use crate::model::{
    BadParameter, Bug, Cluster, Id, Input, KeyState, NodeSet, Property, Protocol, Rule, Size, Step,
    Successes, Variant, View,
};
use crate::protocols::atomic_commitment::{self, Shown, claims};

impl Protocol for PaxosCommit {
    const NAME: &'static str = "paxos-commit";
    const ABOUT: &'static str = "Paxos Commit: each vote is chosen by a majority of acceptors, so that no single failure hides the outcome.";
    const SOURCES: &'static [&'static str] = &[
        "Gray & Lamport 2006, Consensus on Transaction Commit",
        "Lamport 2001, Paxos Made Simple",
        "Bernstein, Hadzilacos & Goodman 1987, 7.3",
    ];
    const BUGS: &'static [Bug] = Mistake::BUGS;
    const SIZES: &'static [Size] = &[
        Size::nodes("participants", "P").along(&["votes", "initiators"]),
        Size::of("faults"),
        Size::of("initiators"),
    ];

    type Params = Params;
    type History = History;

    fn new(params: &Params) -> Result<Self, BadParameter> {
        let votes = atomic_commitment::Ballot::of_peers(params.participants, &params.votes)?;
        params.check()?;
        let n = usize::from(params.participants);
        let all = NodeSet::first(n + 2 * usize::from(params.faults) + 1);
        Ok(PaxosCommit {
            params: params.clone(),
            acceptors: all.minus(votes.participants),
            votes,
        })
    }

    fn cluster(&self) -> Cluster {
        let participants = numbered("P", "participant", self.participants().len());
        let acceptors = numbered("A", "acceptor", self.acceptors.len());
        Cluster::new(participants.chain(acceptors))
    }

    /// What is written was accepted. Whoever holds the decision has made it; a prepared record is the
    /// vote, and takes the locks.
    fn claims(&self, step: &Step<'_, Self>) -> impl Iterator<Item = Claim> {
        let remembered = |state: &State, _| shown(state);
        let commitment = claims(step, TXN..=TXN, remembered, |storage, _| recorded(storage));
        let accepted = step.newly(|_, storage| match storage {
            Some(Storage::Acceptor(record)) => record.accepted.claims().collect(),
            _ => Vec::new(),
        });
        commitment.map(Claim::Commitment).chain(accepted)
    }

    fn record(&self, history: &mut History, id: Id, claim: &Claim) {
        history.record(id, claim);
    }

    /// An acceptor that is up and in reach answers a leader. The first leader asks for votes once there is
    /// one, hears what became of them, and tells everybody; so does whoever is asked for the outcome, or
    /// was promised to, if there is a majority.
    fn awaits(&self, id: Id, state: &State, timer: &Timer) -> NodeSet {
        match (state, timer) {
            (_, Timer::Begin) => NodeSet::EMPTY,
            (State::Participant(p), Timer::Outcome) => self.awaited(p),
            (State::Participant(_), _) => NodeSet::only(self.first_leader()),
            (State::Acceptor(a), Timer::Votes) => match a.votes() {
                none if none == Votes::default() => self.initiators(),
                some => self.participants().minus(some.voters()),
            },
            (State::Acceptor(a), _) => self.awaited_by_leader(id, a),
        }
    }

    /// A check looks at so many ballots and no further.
    fn withheld(&self, id: Id, state: &State, input: Input<'_, Self>) -> Option<&'static str> {
        let State::Acceptor(a) = state else {
            return None;
        };
        let begins = match (&a.leader, input) {
            (Leader::Decided(_), _) => false,
            (_, Input::Timeout(Timer::Votes)) => id == self.first_leader(),
            (Leader::Idle | Leader::Overtaken, Input::Timeout(Timer::Retry)) => true,
            (Leader::Proposing { ballot, .. }, Input::Timeout(Timer::Retry)) => *ballot == THEIRS,
            (Leader::Idle | Leader::Overtaken, Input::Message { msg, .. }) => *msg == Msg::Inquiry,
            _ => false,
        };
        let next = self.ballot_above(a.record.promised, id);
        (begins && next > Ballot(self.params.ballots)).then_some("ballots")
    }

    fn rules() -> &'static [Rule] {
        RULES
    }

    fn hears(&self, role: &str, told: Told<'_, Self>) -> bool {
        let participant = role == "participant";
        let several = self.params.faults > 0;
        match told {
            Told::Message(Msg::Prepare) => participant && self.initiators() != self.participants(),
            Told::Message(Msg::Commit | Msg::Abort) => participant || several,
            Told::Timer(Timer::Begin | Timer::Prepare | Timer::Outcome) => participant,
            Told::Message(Msg::Phase2b(..)) => {
                if participant {
                    self.params.faster
                } else {
                    several
                }
            }
            Told::Message(Msg::Vote(_) | Msg::Inquiry) | Told::Timer(Timer::Votes) => !participant,
            // What the node of a leader asks its own acceptor is no message.
            Told::Message(
                Msg::Phase1a(_) | Msg::Phase1b(..) | Msg::Phase2a(..) | Msg::Refused(..),
            )
            | Told::Timer(Timer::Retry) => !participant && several,
        }
    }

    fn status_up(&self, state: &State) -> String {
        match state {
            State::Participant(p) => phase(p.phase).to_owned(),
            State::Acceptor(a) => match &a.leader {
                Leader::Idle | Leader::Overtaken => record(a),
                Leader::Preparing { ballot, .. } => format!("preparing {ballot:?}"),
                Leader::Proposing { ballot, .. } if *ballot == THEIRS => {
                    "collecting votes".to_owned()
                }
                Leader::Proposing { ballot, .. } => format!("proposing {ballot:?}"),
                Leader::Decided(decision) => decision.outcome().to_owned(),
            },
        }
    }

    fn status_down(&self, storage: &Storage) -> String {
        match storage {
            Storage::Participant(recorded) => phase(*recorded).to_owned(),
            Storage::Acceptor(_) => String::new(),
        }
    }

    /// The phase of a participant; of an acceptor what it promised and accepted, and its part as a leader.
    fn key_state(&self, state: &State) -> KeyState {
        let key = KeyState::default();
        match state {
            State::Participant(p) => key.with("", phase(p.phase)),
            State::Acceptor(a) => {
                let leads = !matches!(a.leader, Leader::Idle | Leader::Overtaken);
                let part = leads.then(|| self.status_up(state));
                let (promised, accepted) = (a.record.promised, a.record.accepted);
                let votes = accepted.votes.iter().count();
                let accepted = (votes > 0).then(|| format!("{votes} in {:?}", accepted.ballot));
                key.with("", part.unwrap_or_default())
                    .with("promised", format!("{promised:?}"))
                    .with("accepted", accepted.unwrap_or_default())
            }
        }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        super::properties::properties(self)
    }

    fn successes(&self, after: Option<&dyn View<Self>>) -> Successes<Self> {
        super::properties::successes(self, after.is_none())
    }

    fn matrix() -> Vec<Variant<Params>> {
        super::matrix::variants()
    }
}

impl PaxosCommit {
    /// From whom a prepared participant is to hear the outcome.
    fn awaited(&self, p: &Participant) -> NodeSet {
        match p.tries {
            0 => self.tellers().minus(p.heard.from()),
            tries => NodeSet::only(self.acceptor(usize::from(tries) - 1)),
        }
    }

    fn awaited_by_leader(&self, id: Id, a: &Acceptor) -> NodeSet {
        match &a.leader {
            Leader::Idle | Leader::Overtaken => {
                NodeSet::only(self.leader_of(a.record.promised)).without(id)
            }
            Leader::Preparing { promised, .. } => self.acceptors.minus(*promised),
            Leader::Proposing { ballot, heard } if *ballot == THEIRS => {
                self.quick().minus(heard.from())
            }
            Leader::Proposing { heard, .. } => self.acceptors.minus(heard.from()),
            Leader::Decided(_) => NodeSet::EMPTY,
        }
    }
}

/// What a state shows that its node must have claimed.
fn shown(state: &State) -> Shown {
    match state {
        State::Participant(p) => match p.phase {
            Phase::Open | Phase::Working { .. } => Shown::NOTHING,
            Phase::Prepared => Shown::LOCKED,
            Phase::Decided(decision) => Shown::decided(decision),
        },
        State::Acceptor(a) => match a.leader {
            Leader::Decided(decision) => Shown::decided(decision),
            _ => Shown::NOTHING,
        },
    }
}

/// What a record shows that its node must have claimed.
fn recorded(storage: &Storage) -> Shown {
    match storage {
        Storage::Participant(Phase::Prepared) => Shown::VOTED_YES.and(Shown::LOCKED),
        Storage::Participant(Phase::Decided(decision)) => Shown::decided(*decision),
        Storage::Participant(_) | Storage::Acceptor(_) => Shown::NOTHING,
    }
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Open | Phase::Working { .. } => "working",
        Phase::Prepared => "prepared",
        Phase::Decided(decision) => decision.outcome(),
    }
}

fn record(a: &Acceptor) -> String {
    let (promised, accepted) = (a.record.promised, a.record.accepted);
    match () {
        () if accepted.votes == Votes::default() && promised == THEIRS => "ready".to_owned(),
        () if accepted.ballot == promised => format!("accepted in {promised:?}"),
        () => format!("promised {promised:?}"),
    }
}
