//! What three-phase commit says of itself: who takes part, who waits for whom, and where a node
//! stands.

use super::bugs::Mistake;
use super::rules::RULES;
use super::{
    Census, History, Log, Msg, Params, Part, Phase, State, Storage, Termination, ThreePhaseCommit,
    Timer, Undecided,
};
use crate::model::arms::Told;
use crate::model::{
    BadParameter, Bug, Cluster, Id, KeyState, NodeSet, Property, Protocol, Rule, Size, Step,
    Successes, Variant, View,
};
use crate::protocols::atomic_commitment::{Ballot, Claim, Sites, claims, coordinator};

impl Protocol for ThreePhaseCommit {
    const NAME: &'static str = "3pc";
    const ABOUT: &'static str = "Three-phase commit: before anybody commits, everybody learns that everybody is for it, so that those who are left can finish.";
    const SOURCES: &'static [&'static str] = &[
        "Skeen 1981, Nonblocking Commit Protocols",
        "Skeen 1982, A Quorum-Based Commit Protocol",
        "Skeen & Stonebraker 1983, A Formal Model of Crash Recovery in a Distributed System",
        "Skeen 1985, Determining the Last Process to Fail",
        "Bernstein, Hadzilacos & Goodman 1987, 7.5",
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
        Ok(ThreePhaseCommit { params, ballot })
    }

    fn cluster(&self) -> Cluster {
        self.ballot.cluster()
    }

    /// Whoever holds the decision has made it. A participant's record that it waits is its vote, and a
    /// participant that may not decide alone has taken its locks; the coordinator has neither.
    fn claims(&self, step: &Step<'_, Self>) -> impl Iterator<Item = Claim> {
        let decides = step.id == coordinator();
        let remembered = |phases: &State, txn| phases[txn].shows();
        let recorded = |logs: &Storage, txn| logs[txn].shows();
        let owed = claims(step, self.transactions(), remembered, recorded);
        owed.filter(move |claim| !decides || matches!(claim, Claim::Decided(..)))
    }

    fn record(&self, history: &mut History, id: Id, claim: &Claim) {
        history.record(id, claim);
    }

    /// A participant that is up and in reach votes, follows whoever is first in line, and says
    /// where it stands when it is asked to say so or to move. Who is first in line is bound to act
    /// sooner or later: it decides, or misses its own coordinator, or was found to have failed. One
    /// that came back is answered by all who decide, for they were asked; those who came back
    /// themselves have said what they know.
    fn awaits(&self, id: Id, state: &State, timer: &Timer) -> NodeSet {
        match (timer, state[timer.txn()]) {
            (Timer::Vote(_), Phase::Collecting { yes }) => self.participants().minus(yes),
            (Timer::CanCommit(_), _) => NodeSet::only(coordinator()),
            (Timer::Silence(_), Phase::Undecided(u)) => self.awaited(id, &u),
            _ => NodeSet::EMPTY,
        }
    }

    fn rules() -> &'static [Rule] {
        RULES
    }

    fn hears(&self, role: &str, told: Told<'_, Self>) -> bool {
        let (coordinator, participant) = (role == "coordinator", role == "participant");
        let asks_states = self.params.termination != Termination::Timeouts;
        match told {
            Told::Message(Msg::Yes(_) | Msg::No(_))
            | Told::Timer(Timer::Begin(_) | Timer::Vote(_)) => coordinator,
            // The coordinator goes first and is first in line: nobody asks where it stands, or
            // moves it.
            Told::Message(Msg::CanCommit(_) | Msg::PreCommit(_))
            | Told::Timer(Timer::CanCommit(_)) => participant,
            Told::Message(Msg::PreAbort(_)) => participant && self.has_quorums(),
            Told::Message(Msg::StateReq(_)) => participant && asks_states,
            // It asks only with quorums; but who is asked again for the outcome shows that it lives.
            Told::Message(Msg::State(..)) => {
                self.has_quorums() || participant && asks_states || self.params.retries > 0
            }
            // Only a total failure is a matter of who failed last.
            Told::Message(Msg::Recovered(..)) => self.params.termination == Termination::Protocol,
            // A participant hears of it as a backup.
            Told::Message(Msg::Ack(..)) => coordinator || asks_states,
            Told::Message(Msg::Commit(_) | Msg::Abort(_) | Msg::Inquiry(_))
            | Told::Timer(Timer::Silence(_)) => true,
        }
    }

    fn status_up(&self, phases: &State) -> String {
        phases.in_words(phase_word)
    }

    fn status_down(&self, logs: &Storage) -> String {
        logs.in_words(log_word)
    }

    fn key_state(&self, phases: &State) -> KeyState {
        KeyState::default().with("", self.status_up(phases))
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

fn phase_word(phase: Phase) -> String {
    match phase {
        Phase::Initial => "initial".to_owned(),
        Phase::Collecting { .. } => "collecting votes".to_owned(),
        Phase::Open | Phase::Working { .. } => "working".to_owned(),
        Phase::Undecided(u) => undecided_words(&u),
        Phase::Decided(decision) => decision.outcome().to_owned(),
    }
}

fn undecided_words(u: &Undecided) -> String {
    let part = match u.part {
        Part::Following => "",
        Part::Asking(_) => ", backup",
        Part::Moving { moved, .. } if moved.is_empty() => "",
        Part::Moving { .. } => ", moving the others",
        Part::Recovering { census, .. } if census == Census::default() => ", came back",
        Part::Recovering { .. } => ", came back with others",
    };
    format!("{}{part}", u.local.word())
}

fn log_word(log: Log) -> &'static str {
    match log {
        Log::Nothing => "",
        Log::Undecided { local, .. } => local.word(),
        Log::Decided(decision) => decision.outcome(),
    }
}
