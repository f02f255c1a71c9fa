//! Skeen's criterion, computed: who may stand where while a site stands here.
//!
//! - D. Skeen, *Nonblocking Commit Protocols*, SIGMOD 1981 (concurrency sets; the fundamental
//!   nonblocking theorem).
//!
//! The *concurrency set* of a local state is what other sites may be in while a site is in it, in
//! runs without failures. A local state is *committable* if being in it implies that everybody has voted YES.
//! The theorem: a protocol lets whoever survives decide alone, whatever fails, if and only if no local state has
//! both a commit and an abort in its concurrency set, and none that is not committable has a commit there.

use std::fmt::Write;

use serde::{Serialize, Serializer};

use crate::check::intern::number;
use crate::check::worlds::{Found, Worlds, find_all};
use crate::model::cluster::enumerate;
use crate::model::{Few, FewMap, Id, NodeSet, Rules, System, Timing, View, World};
use crate::protocols::atomic_commitment::{
    AtomicCommitment, History, Outcomes, PlannedVote, Stage,
};
use crate::protocols::{CommitVisitor, each_commit_protocol};

const INTRODUCTION: &str = "# Skeen's criterion

Computed by `jury skeen` from every world of two participants, each free to vote, in which nothing fails and nobody's
patience ends: what other sites may be in while a site is in a local state. A state is *committable* if whoever is in it can be sure
that everybody has voted YES.

| | |
|---|---|
| q | has not voted; a coordinator: has not asked |
| w | has voted YES, and knows no more; a coordinator: has asked |
| p | knows that everybody has voted YES |
| a, c | has aborted, has committed |

Skeen's theorem (1981): whoever survives can decide alone, whatever failed, if and only if no state has both *c* and
*a* beside it, and none that is not committable has *c* beside it. Two-phase commit fails by *w*: the last who is left in
it may stand beside either. Three-phase commit puts *p* between.

The theorem is about a lone survivor who decides by where it stands. Paxos Commit fails the criterion by the same *w*, and
yet does not block while a majority of its acceptors lives: who is in doubt asks them, and what a majority has not
accepted nobody can have acted on. It buys with messages to nodes that have no vote what three-phase commit buys with a
state and a message more, and keeps it when the network falls apart, where three-phase commit splits.
";

/// How many participants vote, each as it likes.
const PARTICIPANTS: usize = 2;

/// A local state of a site, by Skeen's letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LocalState {
    Undecided(Stage),
    Aborted,
    Committed,
}

impl LocalState {
    pub fn letter(self) -> &'static str {
        match self {
            LocalState::Undecided(Stage::Initial) => "q",
            LocalState::Undecided(Stage::Waiting) => "w",
            LocalState::Undecided(Stage::Prepared) => "p",
            LocalState::Aborted => "a",
            LocalState::Committed => "c",
        }
    }
}

impl Serialize for LocalState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.letter())
    }
}

/// The concurrency sets of a protocol.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ConcurrencySets {
    pub protocol: &'static str,
    /// How many worlds there are without failures, and without timeouts of anybody who waits.
    pub worlds: usize,
    pub states: Vec<Concurrent>,
}

/// A local state of the sites in some role, and what may stand beside it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Concurrent {
    pub role: &'static str,
    #[cfg_attr(test, schemars(with = "String"))]
    pub local: LocalState,
    /// Whoever is in it knows that everybody has voted YES.
    pub committable: bool,
    /// By role.
    #[cfg_attr(test, schemars(with = "FewMap<String, Vec<String>>"))]
    pub beside: FewMap<&'static str, Few<LocalState>>,
}

impl Concurrent {
    fn may_stand_beside(&self, local: LocalState) -> bool {
        self.beside.values().any(|locals| locals.contains(&local))
    }

    /// Whoever is left in it alone cannot tell which of the two was decided.
    pub fn is_beside_both(&self) -> bool {
        self.may_stand_beside(LocalState::Committed) && self.may_stand_beside(LocalState::Aborted)
    }

    /// Whoever is left in it alone does not know that it may commit, though somebody may have.
    pub fn is_left_behind(&self) -> bool {
        !self.committable && self.may_stand_beside(LocalState::Committed)
    }
}

impl ConcurrencySets {
    /// Whether whoever survives can always decide alone.
    pub fn is_nonblocking(&self) -> bool {
        let fails = |state: &Concurrent| state.is_beside_both() || state.is_left_behind();
        !self.states.iter().any(fails)
    }
}

/// The concurrency sets of the commit protocols that are wanted.
pub fn concurrency_sets(wanted: &dyn Fn(&str) -> bool) -> Vec<ConcurrencySets> {
    struct Find<'a>(&'a dyn Fn(&str) -> bool, Vec<ConcurrencySets>);

    impl CommitVisitor for Find<'_> {
        fn visit<P: AtomicCommitment>(&mut self) {
            if (self.0)(P::NAME) {
                self.1.push(of_protocol::<P>());
            }
        }
    }

    let mut find = Find(wanted, Vec::new());
    each_commit_protocol(&mut find);
    find.1
}

/// The names of the commit protocols.
pub fn commit_protocols() -> Vec<&'static str> {
    struct Names(Vec<&'static str>);

    impl CommitVisitor for Names {
        fn visit<P: AtomicCommitment>(&mut self) {
            self.0.push(P::NAME);
        }
    }

    let mut names = Names(Vec::new());
    each_commit_protocol(&mut names);
    names.0
}

fn of_protocol<P: AtomicCommitment>() -> ConcurrencySets {
    let votes = vec![PlannedVote::Open; PARTICIPANTS];
    let protocol =
        P::new(&P::instance_without_failures(votes)).expect("so many participants are possible");
    let rules = Rules {
        timing: Timing::Accurate,
        ..Rules::fault_free()
    };
    let system = System::new(protocol, rules);
    let start = system.initial();
    let mut carrier = start.clone();
    let mut worlds = Found::new(&system, &mut carrier, &start, Vec::new());
    find_all(&mut worlds);
    let mut states = States::default();
    for nth in 0..worlds.len() {
        let world = worlds.world(number(nth));
        let mut sites = Vec::new();
        for id in system.cluster.ids() {
            if let Some(local) = local(world, id) {
                sites.push((id, system.cluster.role(id), local));
            }
        }
        let participants = system.protocol.ballot().participants;
        let unanimous = is_unanimous(participants, world.history().as_ref());
        states.note(&sites, unanimous);
    }
    ConcurrencySets {
        protocol: P::NAME,
        worlds: worlds.len(),
        states: states.0.into_values().collect(),
    }
}

/// By role and local state.
#[derive(Default)]
struct States(FewMap<(&'static str, LocalState), Concurrent>);

impl States {
    /// Notes who stands where in one world, and whether everybody has voted YES there.
    fn note(&mut self, sites: &[(Id, &'static str, LocalState)], unanimous: bool) {
        for &(id, role, local) in sites {
            let state = self.0.of_or((role, local), || Concurrent {
                role,
                local,
                committable: true,
                beside: FewMap::new(),
            });
            state.committable &= unanimous;
            for &(_, role, local) in sites.iter().filter(|site| site.0 != id) {
                state.beside.of(role).insert(local);
            }
        }
    }
}

/// Where a site stands in the first transaction.
fn local<P: AtomicCommitment>(world: &World<P>, id: Id) -> Option<LocalState> {
    let stage = P::stage(id, world.node(id).state()?)?;
    Some(stands(id, stage, world.history().as_ref()))
}

fn stands(id: Id, stage: Stage, history: &History) -> LocalState {
    let outcomes = history.transactions().next();
    let decided = |locals: fn(&Outcomes) -> NodeSet| {
        outcomes.is_some_and(|(_, outcomes)| locals(outcomes).contains(id))
    };
    match () {
        () if decided(|o| o.committed) => LocalState::Committed,
        () if decided(|o| o.aborted) => LocalState::Aborted,
        () => LocalState::Undecided(stage),
    }
}

fn is_unanimous(participants: NodeSet, history: &History) -> bool {
    let mut transactions = history.transactions();
    transactions.any(|(_, outcomes)| participants.minus(outcomes.voted_yes).is_empty())
}

/// A page of them.
pub fn markdown(all: &[ConcurrencySets]) -> String {
    let mut page = INTRODUCTION.to_owned();
    for sets in all {
        let ConcurrencySets {
            protocol,
            worlds,
            states,
        } = sets;
        let verdict = if sets.is_nonblocking() {
            "fulfils the criterion"
        } else {
            "does not fulfil the criterion"
        };
        write!(
            page,
            "\n## {protocol}\n\n{worlds} worlds. It {verdict}.\n\n"
        )
        .unwrap();
        page += "| site | stands in | while others may stand in | committable | |\n|---|---|---|---|---|\n";
        for state in states {
            let committable = if state.committable { "yes" } else { "no" };
            let (role, local) = (state.role, state.local.letter());
            let (beside, against) = (beside(state), against(state));
            writeln!(
                page,
                "| {role} | {local} | {beside} | {committable} | {against} |"
            )
            .unwrap();
        }
    }
    page
}

/// What may stand beside a state: `coordinator w, a; participant q, w`.
pub fn beside(state: &Concurrent) -> String {
    let letters = |locals: &Few<LocalState>| {
        let letters: Vec<_> = locals.iter().map(|local| local.letter()).collect();
        letters.join(", ")
    };
    let of_role = |(role, locals): (&&str, &Few<LocalState>)| format!("{role} {}", letters(locals));
    let all: Vec<_> = state.beside.iter().map(of_role).collect();
    all.join("; ")
}

/// What speaks against a state; nothing if it is as the criterion wants it.
pub fn against(state: &Concurrent) -> String {
    let both = state.is_beside_both().then_some("c and a beside it");
    let behind = state
        .is_left_behind()
        .then_some("c beside it, and not committable");
    enumerate(both.into_iter().chain(behind).map(str::to_owned))
}
