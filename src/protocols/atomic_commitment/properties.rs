//! AC1 to AC5 (BHG 7.3), read from a history of votes and decisions, and from who is still undecided.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Ballot, History, Outcomes, PlannedVote, Txn, coordinator};
use crate::model::cluster::enumerate;
use crate::model::{
    Answer, Assumption, Cluster, Id, NodeSet, Predicate, Property, Protocol, Reason, View,
};

/// A protocol that solves the problem, and may remember more of it than that.
pub trait AtomicCommitment: Protocol<History: AsRef<History>> {
    fn ballot(&self) -> &Ballot;

    /// What a site waits for in the transactions that it has not decided.
    fn waits(state: &Self::State) -> Vec<Waits>;

    /// Where a site stands in Skeen's model, as long as it has not decided the first transaction; `None`
    /// of a node that has no part in the decision.
    fn stage(id: Id, state: &Self::State) -> Option<Stage>;

    /// The parameters that say how many participants there are, and how they vote.
    fn voters(params: &mut Self::Params) -> (&mut u8, &mut Vec<PlannedVote>);

    /// An instance with these votes, all else as by default.
    fn instance(votes: Vec<PlannedVote>) -> Self::Params {
        let mut params = Self::Params::default();
        let (participants, planned) = Self::voters(&mut params);
        *participants = u8::try_from(votes.len()).unwrap_or(u8::MAX);
        *planned = votes;
        params
    }

    /// The same where nobody fails (Skeen 1981): with nobody to take another's place.
    fn instance_without_failures(votes: Vec<PlannedVote>) -> Self::Params {
        Self::instance(votes)
    }

    /// The site that leads while nobody fails; one of the participants where nobody does.
    fn lead(&self) -> Id {
        coordinator()
    }

    /// The event here at which a moment has come that all of these protocols know.
    fn occasion(&self, moment: Milestone) -> Occasion;
}

/// A moment in the life of a transaction, whatever the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Milestone {
    /// The first vote has been heard by who needs it.
    FirstVote,
    /// Whoever leads has the decision on its disk, and has told nobody.
    DecisionLogged,
    /// Somebody has been told the decision, and others have not.
    MidBroadcast,
}

/// An event by which a moment is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A message of this kind was delivered.
    Delivered(&'static str),
    /// The lead has sent a message of this kind.
    Sent(&'static str),
    /// The lead has saved for the n-th time.
    Saved(u32),
}

/// Where a site may stand that has not decided (Skeen 1981).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// q: has not voted; of a coordinator, has not asked for votes.
    Initial,
    /// w: has voted YES; of a coordinator, has asked for votes.
    Waiting,
    /// p: knows that everybody has voted YES.
    Prepared,
}

/// What an undecided site waits for: a clause, with one site or with several as its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waits {
    /// Its place in sentences.
    pub rank: u8,
    /// `has not voted`.
    pub one: &'static str,
    /// `have not voted`.
    pub several: &'static str,
}

/// Nobody crashes.
pub const NOBODY_FAILS: Assumption = Assumption::MaxCrashes {
    crashes: 0,
    role: None,
};

/// Nothing fails: nobody crashes, all that is sent arrives, and nobody is taken for dead.
pub const NOTHING_FAILS: [Assumption; 4] = [
    Assumption::NoLoss,
    Assumption::NoCut,
    NOBODY_FAILS,
    Assumption::Synchrony,
];

/// Uncertain.
pub const OUTCOME: Waits = Waits {
    rank: 0,
    one: "voted yes and does not know the outcome",
    several: "voted yes and do not know the outcome",
};

/// May still vote either way.
pub const TO_VOTE: Waits = Waits {
    rank: 1,
    one: "has not voted",
    several: "have not voted",
};

/// What holds without assumptions: AC1 to AC4.
pub fn safety<P: AtomicCommitment>(protocol: &P) -> Vec<Property<P>> {
    let mut properties = vec![
        atomicity(),
        irrevocability(),
        validity(),
        commit_without_failures(NOTHING_FAILS),
    ];
    properties.extend(commit_possible(protocol));
    properties
}

/// AC1.
pub fn atomicity<P: AtomicCommitment>() -> Property<P> {
    Property::always(
        "atomicity",
        "No two nodes decide differently.",
        "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC1",
        Predicate::History(|protocol: &P, history: &P::History| {
            decide_alike(&|set| names(protocol, set), history.as_ref())
        }),
    )
}

pub(super) fn decide_alike(names: &dyn Fn(NodeSet) -> String, history: &History) -> Answer {
    for (txn, outcomes) in history.transactions() {
        if let Some((nodes, text)) = outcomes.differ(names) {
            return refuse(history, txn, nodes, text);
        }
    }
    Ok(())
}

/// AC2. (It is about the history, not about a step: between a decision and its reversal there may be
/// a crash, with nothing on disk that shows the step to be one.)
pub fn irrevocability<P: AtomicCommitment>() -> Property<P> {
    Property::always(
        "irrevocability",
        "No node reverses its decision.",
        "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC2",
        Predicate::History(|protocol: &P, history: &P::History| {
            decide_once(&|set| names(protocol, set), history.as_ref())
        }),
    )
}

pub(super) fn decide_once(names: &dyn Fn(NodeSet) -> String, history: &History) -> Answer {
    for (txn, outcomes) in history.transactions() {
        if let Some((nodes, text)) = outcomes.are_reversed(names) {
            return refuse(history, txn, nodes, text);
        }
    }
    Ok(())
}

/// AC3.
pub fn validity<P: AtomicCommitment>() -> Property<P> {
    Property::always(
        "validity",
        "Commit is only decided if all participants were for it, and voted YES.",
        "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC3",
        Predicate::History(|protocol: &P, history: &P::History| {
            let names = |set| names(protocol, set);
            commit_is_unanimous(&names, protocol.ballot(), history.as_ref())
        }),
    )
}

fn commit_is_unanimous(
    names: &dyn Fn(NodeSet) -> String,
    ballot: &Ballot,
    history: &History,
) -> Answer {
    for (txn, outcomes) in history.transactions() {
        let committed = outcomes.committed;
        let silent = ballot.participants.minus(outcomes.voted_yes);
        // A YES from one who was to vote NO does not make it so.
        let against = opponents(ballot, outcomes);
        let (who, what) = match () {
            () if committed.is_empty() => continue,
            () if !silent.is_empty() => (silent, "never voted yes"),
            () if !against.is_empty() => (against, "was to vote no"),
            () => continue,
        };
        let (committed_by, who_not) = (names(committed), names(who));
        let text = format!("{committed_by} committed but {who_not} {what}");
        return refuse(history, txn, committed.union(who), text);
    }
    Ok(())
}

/// Those who were to vote NO, by plan or by choice. (Votes are what they are whether anybody asks
/// for them or not.)
fn opponents(ballot: &Ballot, outcomes: &Outcomes) -> NodeSet {
    ballot.planned(PlannedVote::No).union(outcomes.chose_no)
}

/// AC4; what a failure is, the protocol says.
pub fn commit_without_failures<P: AtomicCommitment>(
    nothing_fails: impl Into<Vec<Assumption>>,
) -> Property<P> {
    Property::always(
        "commit-without-failures",
        "If nothing fails, nobody aborts unless somebody is for NO.",
        "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC4",
        Predicate::History(|protocol: &P, history: &P::History| {
            let names = |set| names(protocol, set);
            abort_has_a_reason(&names, protocol.ballot(), history.as_ref())
        }),
    )
    .given(nothing_fails)
}

fn abort_has_a_reason(
    names: &dyn Fn(NodeSet) -> String,
    ballot: &Ballot,
    history: &History,
) -> Answer {
    for (txn, outcomes) in history.transactions() {
        let against = opponents(ballot, outcomes).union(outcomes.voted_no);
        if !outcomes.aborted.is_empty() && against.is_empty() {
            let text = format!(
                "{} aborted but nobody was for no, and nothing failed",
                names(outcomes.aborted)
            );
            return refuse(history, txn, outcomes.aborted, text);
        }
    }
    Ok(())
}

/// AC4, as it is guarded against vacuity. Where a NO is planned it cannot hold, whatever the protocol
/// does.
pub fn commit_possible<P: AtomicCommitment>(protocol: &P) -> Option<Property<P>> {
    let property = Property::reachable(
        "commit-possible",
        "Commit can be decided.",
        "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC4",
        Predicate::History(somebody_commits),
    );
    let against = protocol.ballot().planned(PlannedVote::No);
    against.is_empty().then_some(property)
}

fn somebody_commits<P: AtomicCommitment>(_: &P, history: &P::History) -> Answer {
    let history = history.as_ref();
    let committed = |(_, outcomes): (Txn, &Outcomes)| !outcomes.committed.is_empty();
    if history.transactions().any(committed) {
        return Ok(());
    }
    Err(Reason::new(NodeSet::EMPTY, "nobody committed"))
}

/// AC5.
pub fn recovers<P: AtomicCommitment>() -> Property<P> {
    Property::recovers(
        "recovers",
        "Once all failures are repaired, every node decides.",
        "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC5",
        Predicate::World(all_decided),
    )
}

/// More than AC5 asks for: nobody who is up has to wait for a repair.
pub fn non_blocking<P: AtomicCommitment>(citation: &'static str) -> Property<P> {
    Property::never_blocked(
        "non-blocking",
        "Every node that is up can decide without waiting for a repair.",
        citation,
        None,
        Predicate::World(all_up_decided),
    )
}

/// What participants without a coordinator promise. If they ask each other, what was lost is sent again, and
/// what nobody can tell is waited for; if not, whoever misses something misses it for good.
pub fn progress_of_peers<P: AtomicCommitment>(
    they_ask: bool,
    citation: &'static str,
) -> [Property<P>; 2] {
    let mut blocks = vec![Assumption::NoCut, NOBODY_FAILS];
    let mut is_for_good = Vec::new();
    if !they_ask {
        blocks.push(Assumption::NoLoss);
        is_for_good.clone_from(&blocks);
    }
    [
        non_blocking(citation).assuming(blocks),
        recovers().assuming(is_for_good),
    ]
}

/// Whether everybody is up and has decided.
pub fn all_decided<P: AtomicCommitment>(protocol: &P, world: &dyn View<P>) -> Answer {
    let down = NodeSet::first(world.nodes()).minus(world.up());
    if !down.is_empty() {
        let are = if down.len() == 1 { "is" } else { "are" };
        let text = format!("{} {are} down", names(protocol, down));
        return Err(Reason::new(down, text));
    }
    all_up_decided(protocol, world)
}

/// Whether everybody who is up has decided.
pub fn all_up_decided<P: AtomicCommitment>(protocol: &P, world: &dyn View<P>) -> Answer {
    these_decided(protocol, world, world.up())
}

/// Whether everybody of these who is up has decided; if not, who waits for what.
pub fn these_decided<P: AtomicCommitment>(
    protocol: &P,
    world: &dyn View<P>,
    whom: NodeSet,
) -> Answer {
    let mut undecided: BTreeMap<Waits, NodeSet> = BTreeMap::new();
    for id in whom.iter() {
        let waits = world.state(id).map_or_else(Vec::new, P::waits);
        wait(&mut undecided, id, &waits);
    }
    if undecided.is_empty() {
        return Ok(());
    }
    Err(undecided_are(&undecided, &protocol.cluster()))
}

fn wait(undecided: &mut BTreeMap<Waits, NodeSet>, id: Id, waits: &[Waits]) {
    for waits in waits {
        undecided.entry(*waits).or_default().insert(id);
    }
}

fn undecided_are(undecided: &BTreeMap<Waits, NodeSet>, cluster: &Cluster) -> Reason {
    let clause = |(waits, who): (&Waits, &NodeSet)| match who.len() {
        1 => format!("{} {}", cluster.names(*who), waits.one),
        _ => format!("{} {}", cluster.names(*who), waits.several),
    };
    let text = enumerate(undecided.iter().map(clause));
    let nodes = undecided.values().copied();
    Reason::new(nodes.fold(NodeSet::EMPTY, NodeSet::union), text)
}

fn names<P: Protocol>(protocol: &P, set: NodeSet) -> String {
    protocol.cluster().names(set)
}

/// A reason, with the transaction where there are several.
pub fn refuse(history: &History, txn: Txn, nodes: NodeSet, text: String) -> Answer {
    let several = history.transactions().count() > 1;
    let text = if several {
        format!("in transaction {txn} {text}")
    } else {
        text
    };
    Err(Reason::new(nodes, text))
}
