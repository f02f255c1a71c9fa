//! What Paxos says of itself: who takes part, who waits for whom, what a check leaves open, and
//! where a node stands.

use super::bugs::Mistake;
use super::rules::RULES;
use super::{
    Acceptor, Ballot, Claim, History, Learner, Msg, Params, Paxos, Phase, State, Storage, Timer,
};
use crate::model::arms::Told;
use crate::model::cluster::numbered;
use crate::model::{
    BadParameter, Bug, Cluster, Id, Input, KeyState, NodeSet, Property, Protocol, Rule, Size, Step,
    Successes, Symmetry, Variant, View,
};

impl Protocol for Paxos {
    const NAME: &'static str = "paxos";
    const ABOUT: &'static str =
        "Single-decree Paxos: proposers compete, and a majority of acceptors chooses one value.";
    const SOURCES: &'static [&'static str] = &[
        "Lamport 2001, Paxos Made Simple",
        "Lamport 1998, The Part-Time Parliament, section 2",
    ];
    const BUGS: &'static [Bug] = Mistake::BUGS;
    const SIZES: &'static [Size] = &[
        Size::nodes("proposers", "P"),
        Size::nodes("acceptors", "A"),
        Size::nodes("learners", "L"),
    ];

    type Params = Params;
    type History = History;

    fn new(params: &Params) -> Result<Self, BadParameter> {
        params.check()?;
        let [p, a, l] = [params.proposers, params.acceptors, params.learners].map(usize::from);
        let [proposers, most, all] = [p, p + a, p + a + l].map(NodeSet::first);
        Ok(Paxos {
            params: params.clone(),
            proposers,
            acceptors: most.minus(proposers),
            learners: all.minus(most),
        })
    }

    fn cluster(&self) -> Cluster {
        let proposers = numbered("P", "proposer", self.proposers.len());
        let acceptors = numbered("A", "acceptor", self.acceptors.len());
        let learners = numbered("L", "learner", self.learners.len());
        Cluster::new(proposers.chain(acceptors).chain(learners))
    }

    /// What is written was accepted, or learned; and whoever has used a ballot has proposed.
    fn claims(&self, step: &Step<'_, Self>) -> impl Iterator<Item = Claim> {
        step.newly(|_, storage| match storage? {
            Storage::Acceptor(a) => a.accepted.map(Claim::Accepted),
            Storage::Learner(learned) => learned.map(Claim::Learned),
            Storage::Proposer(_) => Some(Claim::Proposed(Self::own_value(step.id))),
        })
    }

    fn record(&self, history: &mut History, id: Id, claim: &Claim) {
        history.record(id, *claim);
    }

    /// An acceptor that is up and in reach grants or refuses every PREPARE; but without `feedback`
    /// it refuses in silence. To ACCEPT nobody owes the proposer an answer: learners speak when a
    /// majority has accepted.
    fn awaits(&self, _: Id, state: &State, timer: &Timer) -> NodeSet {
        match (state, timer) {
            (State::Proposer(p), Timer::Retry) if self.params.feedback => match p.phase {
                Phase::Preparing { promised, .. } => self.acceptors.minus(promised),
                _ => NodeSet::EMPTY,
            },
            _ => NodeSet::EMPTY,
        }
    }

    /// A check looks at so many ballots and no further.
    fn withheld(&self, id: Id, state: &State, input: Input<'_, Self>) -> Option<&'static str> {
        let (State::Proposer(p), Input::Timeout(timer)) = (state, input) else {
            return None;
        };
        let next = match (timer, p.phase) {
            (Timer::Propose, Phase::Waiting { next }) => Some(next),
            (Timer::Retry, phase) => self.abandons_for(id, phase),
            _ => None,
        };
        let beyond = next.is_some_and(|next| next > Ballot(self.params.ballots));
        beyond.then_some("ballots")
    }

    fn rules() -> &'static [Rule] {
        RULES
    }

    fn hears(&self, role: &str, told: Told<'_, Self>) -> bool {
        match told {
            Told::Message(Msg::Promise(..)) | Told::Timer(Timer::Propose | Timer::Retry) => {
                role == "proposer"
            }
            Told::Message(Msg::Nack(..) | Msg::Chosen(_)) => {
                role == "proposer" && self.params.feedback
            }
            Told::Message(Msg::Prepare(_) | Msg::Accept(_)) => role == "acceptor",
            Told::Message(Msg::Accepted(_)) => role == "learner",
        }
    }

    fn status_up(&self, state: &State) -> String {
        match state {
            State::Proposer(p) => match p.phase {
                Phase::Waiting { .. } => "waiting".to_owned(),
                Phase::Preparing { ballot, .. } => format!("preparing {ballot:?}"),
                Phase::Proposing(proposal) => format!("proposing {proposal:?}"),
                Phase::Done => "done".to_owned(),
            },
            State::Acceptor(a) => acceptor(*a),
            State::Learner(Learner::Listening(_)) => "listening".to_owned(),
            State::Learner(Learner::Learned(value)) => format!("learned {value:?}"),
        }
    }

    fn status_down(&self, storage: &Storage) -> String {
        match storage {
            Storage::Proposer(ballot) => format!("used {ballot:?}"),
            Storage::Acceptor(a) => acceptor(*a),
            Storage::Learner(Some(value)) => format!("learned {value:?}"),
            Storage::Learner(None) => String::new(),
        }
    }

    /// Phases, promises, acceptances: PMS, 2.2.
    fn key_state(&self, state: &State) -> KeyState {
        let key = KeyState::default();
        match state {
            State::Acceptor(a) => {
                let accepted = a.accepted.map_or_else(String::new, |p| format!("{p:?}"));
                key.with("promised", ballot(a.promised))
                    .with("accepted", accepted)
            }
            _ => key.with("", self.status_up(state)),
        }
    }

    fn symmetry(&self) -> Option<Symmetry<Self>> {
        Some(super::symmetry::symmetry(self))
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

/// A ballot, if there is one.
fn ballot(ballot: Ballot) -> String {
    match ballot {
        Ballot(0) => String::new(),
        Ballot(n) => n.to_string(),
    }
}

/// `accepted 1:v1`, `promised 2`, or both.
fn acceptor(a: Acceptor) -> String {
    match a.accepted {
        Some(proposal) if proposal.ballot >= a.promised => format!("accepted {proposal:?}"),
        Some(proposal) => format!("accepted {proposal:?}, promised {:?}", a.promised),
        None if a.promised == Ballot::default() => "ready".to_owned(),
        None => format!("promised {:?}", a.promised),
    }
}
