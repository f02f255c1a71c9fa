//! What two-phase commit on a tree says of itself: who takes part, who waits for whom, and where a node
//! stands.

use super::bugs::Mistake;
use super::rules::RULES;
use super::{
    Claim, History, Msg, Params, Phase, Record, State, Storage, Termination, Timer,
    TreeTwoPhaseCommit,
};
use crate::model::arms::Told;
use crate::model::{
    BadParameter, Bug, Cluster, Id, KeyState, NodeSet, Property, Protocol, Rule, Size, Step,
    Successes, Variant, View,
};
use crate::protocols::atomic_commitment::{Ballot, Sites, claims};

impl Protocol for TreeTwoPhaseCommit {
    const NAME: &'static str = "tree-2pc";
    const ABOUT: &'static str = "Dynamic two-phase commit: votes travel along a tree, and where the last one arrives is decided.";
    const SOURCES: &'static [&'static str] = &[
        "Raz 1995, The Dynamic Two Phase Commitment (D2PC) Protocol",
        "Bernstein, Hadzilacos & Goodman 1987, 7.4",
    ];
    const BUGS: &'static [Bug] = Mistake::BUGS;
    const SIZES: &'static [Size] = &[
        Size::nodes("participants", "P").along(&["votes", "tree"]),
        Size::of("transactions"),
    ];

    type Params = Params;
    type History = History;

    fn new(params: &Params) -> Result<Self, BadParameter> {
        params.check()?;
        let ballot = Ballot::of_peers(params.participants, &params.votes)?;
        let neighbours = params.neighbours()?;
        let params = params.clone();
        Ok(TreeTwoPhaseCommit {
            params,
            ballot,
            neighbours,
        })
    }

    fn cluster(&self) -> Cluster {
        self.ballot.cluster()
    }

    /// Whoever holds the decision has made it; a ready record is the vote, and takes the locks.
    fn claims(&self, step: &Step<'_, Self>) -> impl Iterator<Item = Claim> {
        let remembered = |phases: &State, txn| phases[txn].shows();
        let recorded = |records: &Storage, txn| records[txn].shows();
        claims(step, self.transactions(), remembered, recorded)
    }

    fn record(&self, history: &mut History, id: Id, claim: &Claim) {
        history.record(id, claim);
    }

    /// A neighbour that is up and in reach sends READY, unless it gets READY itself or tells ABORT. Whoever
    /// got READY last decides or asks on behalf of those behind it, and passes on what it learns.
    /// One that has said that it is uncertain may be so for long.
    fn awaits(&self, _: Id, phases: &State, timer: &Timer) -> NodeSet {
        match (timer, phases[timer.txn()]) {
            (Timer::Silence(_, neighbour), _) => NodeSet::only(Timer::neighbour(*neighbour)),
            (Timer::Inquiry(_), Phase::Ready { awaited, .. }) => awaited,
            _ => NodeSet::EMPTY,
        }
    }

    fn rules() -> &'static [Rule] {
        RULES
    }

    fn hears(&self, _: &str, told: Told<'_, Self>) -> bool {
        let asks_all = self.params.termination == Termination::Cooperative;
        match told {
            Told::Message(Msg::Inquiry(_)) => self.params.inquiries && asks_all,
            Told::Message(Msg::ReadyAgain(_) | Msg::Uncertain(_))
            | Told::Timer(Timer::Inquiry(_)) => self.params.inquiries,
            // Only one with several neighbours waits for READY before it sends it.
            Told::Timer(Timer::Silence(..)) => self.neighbours.iter().any(|n| n.len() > 1),
            Told::Message(Msg::Ready(_) | Msg::Commit(_) | Msg::Abort(_))
            | Told::Timer(Timer::Done(_)) => true,
        }
    }

    fn status_up(&self, phases: &State) -> String {
        phases.in_words(|phase| match phase {
            Phase::Open | Phase::Working { .. } => "working",
            Phase::Done { .. } => "done",
            Phase::Ready { .. } => "ready",
            Phase::Decided(decision) => decision.outcome(),
        })
    }

    fn status_down(&self, records: &Storage) -> String {
        records.in_words(|record| match record {
            Record::Nothing => "",
            Record::Ready { .. } => "ready",
            Record::Decided(decision) => decision.outcome(),
        })
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
