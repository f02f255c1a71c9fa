//! What two-phase commit says of itself: who takes part, what records show that was claimed, who waits
//! for whom, and where a node stands.

use super::bugs::Mistake;
use super::rules::RULES;
use super::{
    Coordinator, CoordinatorRecord, Decision, History, Msg, Params, Participant, ParticipantRecord,
    State, Storage, Termination, Timer, TwoPhaseCommit,
};
use crate::model::arms::Told;
use crate::model::{
    BadParameter, Bug, Cluster, Id, KeyState, NodeSet, Property, Protocol, Rule, Size, Step,
    Successes, Symmetry, Variant, View,
};
use crate::protocols::atomic_commitment::{Ballot, Claim, claims, coordinator};

impl Protocol for TwoPhaseCommit {
    const NAME: &'static str = "2pc";
    const ABOUT: &'static str = "Two-phase commit: a coordinator asks everybody to vote, then tells everybody the decision.";
    const SOURCES: &'static [&'static str] = &[
        "Gray 1978, Notes on Data Base Operating Systems",
        "Bernstein, Hadzilacos & Goodman 1987, ch. 7",
        "Mohan, Lindsay & Obermarck 1986, Transaction Management in R*",
    ];
    const BUGS: &'static [Bug] = Mistake::BUGS;
    const SIZES: &'static [Size] = &[
        Size::nodes("participants", "P").along(&["votes"]),
        Size::of("transactions"),
    ];

    type Params = Params;
    type History = History;

    fn new(params: &Params) -> Result<Self, BadParameter> {
        params.check()?;
        let ballot = Ballot::new(params.participants, &params.votes)?;
        let params = params.clone();
        Ok(TwoPhaseCommit { params, ballot })
    }

    fn cluster(&self) -> Cluster {
        self.ballot.cluster()
    }

    /// Whoever holds the decision has made it; a prepared record is the vote, and takes the locks.
    /// (Neither the end record nor *forgotten* says what was decided, so an abort without a record is not
    /// audited.)
    fn claims(&self, step: &Step<'_, Self>) -> impl Iterator<Item = Claim> {
        claims(step, self.transactions(), State::shows, Storage::shows)
    }

    fn record(&self, history: &mut History, id: Id, claim: &Claim) {
        history.record(id, claim);
    }

    /// A coordinator that is up and in reach asks for votes, then sends the decision; and it
    /// answers inquiries, or will send the decision to everybody. A participant that is up and in
    /// reach votes, acknowledges, and answers a peer even if it is uncertain. One that has
    /// answered so is not awaited: it may know no more for as long as the coordinator is down.
    fn awaits(&self, _: Id, state: &State, timer: &Timer) -> NodeSet {
        let txn = timer.txn();
        match (state, timer) {
            (State::Coordinator(c), Timer::Vote(_) | Timer::Resend(_)) => match c.phase[txn] {
                Coordinator::Querying { able: answered }
                | Coordinator::Collecting { yes: answered } => self.participants().minus(answered),
                Coordinator::Decided { unacknowledged, .. } => unacknowledged,
                Coordinator::Initial | Coordinator::Forgotten => NodeSet::EMPTY,
            },
            (State::Participant(p), Timer::Prepare(_) | Timer::Inquiry(_)) => match p.phase[txn] {
                Participant::Prepared { asked } => asked.with(coordinator()),
                _ => NodeSet::only(coordinator()),
            },
            _ => NodeSet::EMPTY,
        }
    }

    fn rules() -> &'static [Rule] {
        RULES
    }

    fn hears(&self, role: &str, told: Told<'_, Self>) -> bool {
        let coordinator = role == "coordinator";
        let asks_peers = self.params.termination == Termination::Cooperative;
        match told {
            Told::Message(Msg::Yes(_) | Msg::No(_) | Msg::Ack(_))
            | Told::Timer(Timer::Begin(_) | Timer::Vote(_) | Timer::Resend(_)) => coordinator,
            Told::Message(Msg::Prepare(_) | Msg::Commit(_) | Msg::Abort(_))
            | Told::Timer(Timer::Prepare(_) | Timer::Inquiry(_)) => !coordinator,
            Told::Message(Msg::Inquiry(_)) => coordinator || asks_peers,
            Told::Message(Msg::Uncertain(_)) => !coordinator && asks_peers,
            Told::Message(Msg::Query(_)) => !coordinator && self.params.query,
            Told::Message(Msg::Able(_)) => coordinator && self.params.query,
        }
    }

    fn status_up(&self, state: &State) -> String {
        match state {
            State::Coordinator(c) => c.phase.in_words(|phase| match phase {
                Coordinator::Initial => "initial",
                Coordinator::Querying { .. } => "querying",
                Coordinator::Collecting { .. } => "collecting votes",
                Coordinator::Decided { decision, .. } => decision.outcome(),
                Coordinator::Forgotten => "forgotten",
            }),
            State::Participant(p) => p.phase.in_words(|phase| match phase {
                Participant::Open | Participant::Working { .. } => "working",
                Participant::Prepared { .. } => "prepared",
                Participant::Committed => Decision::Commit.outcome(),
                Participant::Aborted => Decision::Abort.outcome(),
            }),
        }
    }

    fn status_down(&self, storage: &Storage) -> String {
        match storage {
            Storage::Coordinator(log) => log.in_words(|record| match record {
                CoordinatorRecord::None => "",
                CoordinatorRecord::Initiation => "collecting votes",
                CoordinatorRecord::Commit => Decision::Commit.outcome(),
                CoordinatorRecord::Abort => Decision::Abort.outcome(),
                CoordinatorRecord::End => "forgotten",
            }),
            Storage::Participant(log) => log.in_words(|record| match record {
                ParticipantRecord::None => "",
                ParticipantRecord::Prepared => "prepared",
                ParticipantRecord::Committed => Decision::Commit.outcome(),
                ParticipantRecord::Aborted => Decision::Abort.outcome(),
            }),
        }
    }

    fn key_state(&self, state: &State) -> KeyState {
        KeyState::default().with("", self.status_up(state))
    }

    fn symmetry(&self) -> Option<Symmetry<Self>> {
        super::symmetry::symmetry(self)
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
