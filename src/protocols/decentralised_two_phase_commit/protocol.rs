//! What decentralised two-phase commit says of itself: who takes part, who waits for whom, and where a
//! node stands.

use super::bugs::Mistake;
use super::rules::RULES;
use super::{
    Begins, Claim, DecentralisedTwoPhaseCommit, History, Msg, Params, Phase, Record, State,
    Storage, Timer, first,
};
use crate::model::arms::Told;
use crate::model::{
    BadParameter, Bug, Cluster, Id, KeyState, NodeSet, Property, Protocol, Rule, Size, Step,
    Successes, Symmetry, Variant, View,
};
use crate::protocols::atomic_commitment::{Ballot, Sites, claims};

impl Protocol for DecentralisedTwoPhaseCommit {
    const NAME: &'static str = "d2pc";
    const ABOUT: &'static str = "Decentralised two-phase commit: everybody tells its vote to all others, and counts for itself.";
    const SOURCES: &'static [&'static str] = &[
        "Skeen 1981, Nonblocking Commit Protocols",
        "Bernstein, Hadzilacos & Goodman 1987, 7.4",
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
        let ballot = Ballot::of_peers(params.participants, &params.votes)?;
        let params = params.clone();
        Ok(DecentralisedTwoPhaseCommit { params, ballot })
    }

    fn cluster(&self) -> Cluster {
        self.ballot.cluster()
    }

    /// Whoever holds the decision has made it; a prepared record is the vote, and takes the locks.
    fn claims(&self, step: &Step<'_, Self>) -> impl Iterator<Item = Claim> {
        let remembered = |phases: &State, txn| phases[txn].shows();
        let recorded = |records: &Storage, txn| records[txn].shows();
        claims(step, self.transactions(), remembered, recorded)
    }

    fn record(&self, history: &mut History, id: Id, claim: &Claim) {
        history.record(id, claim);
    }

    /// Everybody who is up and in reach votes, once and to all; where the first begins, it does so
    /// unasked. And whoever knows an outcome knows it by votes that everybody gets.
    fn awaits(&self, _: Id, phases: &State, timer: &Timer) -> NodeSet {
        match (timer, phases[timer.txn()]) {
            (Timer::Vote(_), _) => NodeSet::only(first()),
            (Timer::Inquiry(_), Phase::Prepared { yes }) => self.everyone().minus(yes),
            _ => NodeSet::EMPTY,
        }
    }

    fn rules() -> &'static [Rule] {
        RULES
    }

    fn hears(&self, _: &str, told: Told<'_, Self>) -> bool {
        match told {
            Told::Timer(Timer::Vote(_)) => self.params.begins == Begins::First,
            Told::Message(Msg::Inquiry(_) | Msg::Commit(_) | Msg::Abort(_))
            | Told::Timer(Timer::Inquiry(_)) => self.params.inquiries,
            Told::Message(Msg::Yes(_) | Msg::No(_)) | Told::Timer(Timer::Begin(_)) => true,
        }
    }

    fn status_up(&self, phases: &State) -> String {
        phases.in_words(|phase| match phase {
            Phase::Open | Phase::Working { .. } => "working",
            Phase::Prepared { .. } => "prepared",
            Phase::Decided(decision) => decision.outcome(),
        })
    }

    fn status_down(&self, records: &Storage) -> String {
        records.in_words(|record| match record {
            Record::Nothing => "",
            Record::Prepared => "prepared",
            Record::Decided(decision) => decision.outcome(),
        })
    }

    fn key_state(&self, phases: &State) -> KeyState {
        KeyState::default().with("", self.status_up(phases))
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
