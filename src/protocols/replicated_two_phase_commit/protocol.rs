//! What two-phase commit with a replicated coordinator says of itself: who takes part, who waits for whom, what a check
//! leaves open, and where a node stands.

use super::bugs::Mistake;
use super::properties::{recorded, shown};
use super::rules::RULES;
use super::{
    Claim, Coordinator, History, Msg, Params, Phase, ReplicatedTwoPhaseCommit, Standing, State,
    Storage, TXN, Timer,
};
use crate::model::arms::Told;
use crate::model::cluster::numbered;
use crate::model::{
    BadParameter, Bug, Cluster, Id, Input, KeyState, NodeSet, Property, Protocol, Rule, Size, Step,
    Successes, Variant, View,
};
use crate::protocols::atomic_commitment::{Ballot, claims, coordinator};
use crate::protocols::multi_paxos::{self, MultiPaxos};

impl Protocol for ReplicatedTwoPhaseCommit {
    const NAME: &'static str = "replicated-2pc";
    const ABOUT: &'static str = "Two-phase commit whose coordinator is replicated: a majority chooses the decision before anybody is told.";
    const SOURCES: &'static [&'static str] = &[
        "Gray & Lamport 2006, Consensus on Transaction Commit",
        "Bernstein, Hadzilacos & Goodman 1987, chapter 7",
        "Lamport 2001, Paxos Made Simple",
    ];
    const BUGS: &'static [Bug] = Mistake::BUGS;
    const SIZES: &'static [Size] = &[
        Size::nodes("participants", "P").along(&["votes", "initiators"]),
        Size::of("faults"),
        Size::of("initiators"),
    ];
    /// Heartbeats go on for ever.
    const TIMEOUTS_AT_FIRST: Option<u32> = Some(2);

    type Params = Params;
    type History = History;

    fn new(params: &Params) -> Result<Self, BadParameter> {
        params.check()?;
        let ballot = Ballot::from_node(params.replicas(), params.participants, &params.votes)?;
        Ok(ReplicatedTwoPhaseCommit {
            params: params.clone(),
            ballot,
            log: MultiPaxos::new(&params.log())?,
        })
    }

    fn cluster(&self) -> Cluster {
        let replicas = numbered("C", "coordinator", self.coordinators().len());
        let participants = numbered("P", "participant", self.participants().len());
        Cluster::new(replicas.chain(participants))
    }

    /// What is written was accepted. Whoever holds the decision has made it; a prepared record is the vote, and takes
    /// the locks.
    fn claims(&self, step: &Step<'_, Self>) -> impl Iterator<Item = Claim> {
        let remembered = |state: &State, _| shown(state);
        let commitment = claims(step, TXN..=TXN, remembered, |storage, _| recorded(storage));
        let accepted = step.newly(|_, storage| {
            let stable = storage.and_then(Storage::log);
            let stable = stable.and_then(multi_paxos::Storage::stable);
            let log = stable.into_iter().flat_map(|stable| stable.log.iter());
            let claim = |(slot, proposal)| Claim::Log(multi_paxos::Claim::Accepted(slot, proposal));
            log.map(claim).collect::<Vec<_>>()
        });
        commitment.map(Claim::Commitment).chain(accepted)
    }

    fn record(&self, history: &mut History, id: Id, claim: &Claim) {
        history.record(id, claim);
    }

    /// The leader hears votes from participants that are up and in reach: from those who begin by themselves, and from all
    /// once it has asked. Who has not voted is asked by C1, as long as that is up, and need not be afterwards: it can abort. Replicas wait for each other as the log says; who is prepared waits for time to pass.
    fn awaits(&self, id: Id, state: &State, timer: &Timer) -> NodeSet {
        match (state, timer) {
            (State::Coordinator(c), Timer::Log(timer)) => self.log.awaits(id, &c.log, timer),
            (State::Coordinator(c), _) => match c.standing {
                Standing::Idle => self.initiators(),
                Standing::Collecting { yes } => self.participants().minus(yes),
                Standing::Deciding | Standing::Decided(_) => NodeSet::EMPTY,
            },
            (State::Participant(_), Timer::Prepare) => NodeSet::only(coordinator()),
            (State::Participant(_), _) => NodeSet::EMPTY,
        }
    }

    fn withheld(&self, id: Id, state: &State, input: Input<'_, Self>) -> Option<&'static str> {
        match (state, input) {
            (State::Coordinator(c), Input::Timeout(Timer::Log(timer))) => {
                self.log.withheld(id, &c.log, Input::Timeout(timer))
            }
            _ => None,
        }
    }

    fn rules() -> &'static [Rule] {
        RULES
    }

    fn hears(&self, role: &str, told: Told<'_, Self>) -> bool {
        let (replica, participant) = (role == "coordinator", role == "participant");
        let several = replica && self.params.faults > 0;
        match told {
            Told::Message(Msg::Prepare | Msg::Commit | Msg::Abort)
            | Told::Timer(Timer::Begin | Timer::Prepare | Timer::Outcome) => participant,
            Told::Message(Msg::Yes | Msg::No | Msg::Inquiry) | Told::Timer(Timer::Votes) => replica,
            Told::Message(Msg::Log(msg)) => several && self.log.hears("server", Told::Message(msg)),
            Told::Timer(Timer::Log(timer)) => {
                several && self.log.hears("server", Told::Timer(timer))
            }
        }
    }

    fn status_up(&self, state: &State) -> String {
        match state {
            State::Participant(p) => phase(*p).to_owned(),
            State::Coordinator(c) => replica(c).to_owned(),
        }
    }

    fn status_down(&self, storage: &Storage) -> String {
        match storage {
            Storage::Participant(recorded) => phase(*recorded).to_owned(),
            Storage::Coordinator(log) => self.log.status_down(log),
        }
    }

    /// The phase of a participant; of a replica what its log holds, and its part as a leader.
    fn key_state(&self, state: &State) -> KeyState {
        match state {
            State::Participant(p) => KeyState::default().with("", phase(*p)),
            State::Coordinator(c) => self.log.key_state(&c.log).with("decision", replica(c)),
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

impl ReplicatedTwoPhaseCommit {
    /// Any two majorities have a replica in common.
    pub(super) fn is_majority(&self, set: NodeSet) -> bool {
        set.len() > usize::from(self.params.faults)
    }
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Open | Phase::Working { .. } => "working",
        Phase::Prepared => "prepared",
        Phase::Decided(decision) => decision.outcome(),
    }
}

fn replica(c: &Coordinator) -> &'static str {
    match c.standing {
        Standing::Idle if c.log.leads() => "leads",
        Standing::Idle => "follows",
        Standing::Collecting { .. } => "collecting votes",
        Standing::Deciding => "deciding",
        Standing::Decided(decision) => decision.outcome(),
    }
}
