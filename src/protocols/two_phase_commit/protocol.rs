//! What two-phase commit says of itself: who takes part, who waits for whom, which records are
//! forced, and where a node stands.

use super::bugs::Mistake;
use super::observe::claims;
use super::{
    Coordinator, CoordinatorRecord, Decision, History, Msg, Params, Participant, ParticipantRecord,
    PerTxn, State, Storage, Termination, Timer, TwoPhaseCommit, coordinator,
};
use crate::model::arms::Told;
use crate::model::cluster::index;
use crate::model::{
    BadParameter, Bug, Cluster, Id, Node, NodeSet, Observation, Property, Protocol, Symmetry,
    Variant,
};

impl Protocol for TwoPhaseCommit {
    const NAME: &'static str = "2pc";
    const ABOUT: &'static str = "Two-phase commit: a coordinator asks everybody to vote, then tells everybody the decision.";
    const SOURCES: &'static [&'static str] = &[
        "Gray 1978, Notes on Data Base Operating Systems",
        "Bernstein, Hadzilacos & Goodman 1987, ch. 7",
        "Mohan, Lindsay & Obermarck 1986, Transaction Management in R*",
    ];
    const BUGS: &'static [Bug] = Mistake::BUGS;

    type Params = Params;
    type History = History;

    fn new(params: &Params) -> Result<Self, BadParameter> {
        params.check()?;
        let n = usize::from(params.participants);
        Ok(TwoPhaseCommit {
            participants: NodeSet::first(n + 1).without(coordinator()),
            votes: params.planned(),
            params: params.clone(),
        })
    }

    fn cluster(&self) -> Cluster {
        let coordinator = ("C".to_owned(), "coordinator");
        let participant = |i| (format!("P{i}"), "participant");
        let participants = (1..=self.participants.len()).map(participant);
        Cluster::new(std::iter::once(coordinator).chain(participants))
    }

    fn blank(&self, id: Id) -> Storage {
        let transactions = self.params.transactions;
        if id == coordinator() {
            Storage::Coordinator(PerTxn::new(transactions))
        } else {
            Storage::Participant(PerTxn::new(transactions))
        }
    }

    /// Whoever holds the decision has made it, and whoever is prepared has taken its locks. (The
    /// end record does not say what was decided.)
    fn claims(&self, _: Id, node: &Node<Self>) -> Vec<Observation> {
        let mut owed = Vec::new();
        match node.storage() {
            Some(Storage::Coordinator(log)) => owed.extend(claims(log, CoordinatorRecord::shows)),
            Some(Storage::Participant(log)) => owed.extend(claims(log, ParticipantRecord::shows)),
            None => {}
        }
        match node.state() {
            Some(State::Coordinator(c)) => owed.extend(claims(&c.phase, Coordinator::shows)),
            Some(State::Participant(p)) => owed.extend(claims(&p.phase, Participant::shows)),
            None => {}
        }
        owed
    }

    fn record(&self, history: &mut History, id: Id, observation: &Observation) {
        history.record(id, observation);
    }

    /// A coordinator that is up and in reach asks for votes, then sends the decision; and it
    /// answers inquiries, or will send the decision to everybody. A participant that is up and in
    /// reach votes, acknowledges, and answers a peer even if it is uncertain. One that has
    /// answered so is not awaited: it may know no more for as long as the coordinator is down.
    fn awaits(&self, _: Id, state: &State, timer: &Timer) -> NodeSet {
        let txn = timer.txn();
        match (state, timer) {
            (State::Coordinator(c), Timer::Vote(_) | Timer::Resend(_)) => match c.phase[txn] {
                Coordinator::Collecting { yes } => self.participants.minus(yes),
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
        }
    }

    fn status(&self, id: Id, node: &Node<Self>) -> String {
        let record = match node {
            Node::Absent => return "not started".to_owned(),
            Node::Up(up) => return phases(&up.state),
            Node::Down { .. } if id == coordinator() => match node.storage() {
                Some(Storage::Coordinator(log)) => words(log, coordinator_word),
                _ => String::new(),
            },
            Node::Down { .. } => match node.storage() {
                Some(Storage::Participant(log)) => words(log, participant_word),
                _ => String::new(),
            },
        };
        if record.is_empty() {
            return "down".to_owned();
        }
        format!("down ({record})")
    }

    fn symmetry(&self) -> Option<Symmetry<Self>> {
        super::symmetry::symmetry(self)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        super::properties::properties(self)
    }

    fn matrix() -> Vec<Variant<Params>> {
        super::matrix::variants()
    }
}

fn phases(state: &State) -> String {
    match state {
        State::Coordinator(c) => words(&c.phase, |phase| match phase {
            Coordinator::Initial => "initial",
            Coordinator::Collecting { .. } => "collecting votes",
            Coordinator::Decided {
                decision: Decision::Commit,
                ..
            } => "committed",
            Coordinator::Decided {
                decision: Decision::Abort,
                ..
            } => "aborted",
            Coordinator::Forgotten => "forgotten",
        }),
        State::Participant(p) => words(&p.phase, |phase| match phase {
            Participant::Open | Participant::Working { .. } => "working",
            Participant::Prepared { .. } => "prepared",
            Participant::Committed => "committed",
            Participant::Aborted => "aborted",
        }),
    }
}

fn coordinator_word(record: CoordinatorRecord) -> &'static str {
    match record {
        CoordinatorRecord::None => "",
        CoordinatorRecord::Initiation => "collecting votes",
        CoordinatorRecord::Commit => "committed",
        CoordinatorRecord::Abort => "aborted",
        CoordinatorRecord::End => "forgotten",
    }
}

fn participant_word(record: ParticipantRecord) -> &'static str {
    match record {
        ParticipantRecord::None => "",
        ParticipantRecord::Prepared => "prepared",
        ParticipantRecord::Committed => "committed",
        ParticipantRecord::Aborted => "aborted",
    }
}

/// `prepared`, or `1: prepared, 2: aborted` where there are several transactions.
fn words<T: Copy>(items: &PerTxn<T>, word: fn(T) -> &'static str) -> String {
    let words: Vec<_> = items.iter().map(|(txn, item)| (txn, word(*item))).collect();
    match words[..] {
        [(_, only)] => only.to_owned(),
        _ => words
            .iter()
            .filter(|(_, word)| !word.is_empty())
            .map(|(txn, word)| format!("{txn}: {word}"))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// The position of a participant in sentences.
pub fn name(id: Id) -> String {
    match index(id) {
        0 => "C".to_owned(),
        i => format!("P{i}"),
    }
}
