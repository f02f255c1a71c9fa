//! `TwoPhase` of Gray and Lamport, "Consensus on Transaction Commit" (2006), as actors.
//!
//! ```text
//!          Prepared(r)            Commit | Abort
//!     RM r ───────────▶ TM      TM ─────────────▶ every RM
//! ```
//!
//! Each disjunct of the specification's `TPNext` is one arm of a handler. What the specification
//! lets happen *spontaneously* is a timer that is armed exactly while the action is enabled, and
//! awaits nobody. What it keeps in one set of messages lies here on the links: an outcome lies on
//! all of the manager's, or on none.
//!
//! The specification's messages are never used up: that is a network that never forgets.

use jury::model::cluster::index;
use jury::model::{
    Actor, Answer, BadParameter, Cluster, Expectation, Id, NodeSet, Observation, Out, Predicate,
    Property, Protocol, Reason, Start, TimerRange, View,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stateright::actor::{ActorModel, ActorModelState, Network};

use crate::theirs::Theirs;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    Prepared(Id),
    Commit,
    Abort,
}

/// The spontaneous actions. (They differ from node to node, as the specification's do.)
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    TmCommit,
    TmAbort,
    RmPrepare(Id),
    RmChooseToAbort(Id),
}

/// `tmState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Tm {
    Init,
    Committed,
    Aborted,
}

/// `rmState[r]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Rm {
    Working,
    Prepared,
    Committed,
    Aborted,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// `tmState` and `tmPrepared`.
    Manager {
        tm: Tm,
        prepared: NodeSet,
    },
    Resource(Rm),
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Resource managers.
    pub rms: u8,
}

impl Default for Params {
    fn default() -> Self {
        Params { rms: 3 }
    }
}

/// The transaction manager is node 0, the resource managers are all others.
#[derive(Clone, Debug)]
pub struct TwoPhase {
    pub rms: NodeSet,
}

pub const MANAGER: usize = 0;

/// When a spontaneous action happens is anybody's guess.
const ANY: TimerRange = TimerRange::millis(1, 2);

impl TwoPhase {
    /// The manager decides: the outcome goes to all, and nothing more happens of itself.
    fn decide(&self, tm: &mut Tm, outcome: Tm, o: &mut Out<Self>) {
        *tm = outcome;
        o.cancel_timer(Timer::TmCommit);
        o.cancel_timer(Timer::TmAbort);
        let msg = match outcome {
            Tm::Committed => Msg::Commit,
            _ => Msg::Abort,
        };
        for rm in self.rms.iter() {
            o.send(rm, msg.clone());
        }
    }
}

/// A resource manager is no longer working.
fn leave(id: Id, rm: &mut Rm, next: Rm, o: &mut Out<TwoPhase>) {
    *rm = next;
    o.cancel_timer(Timer::RmPrepare(id));
    o.cancel_timer(Timer::RmChooseToAbort(id));
}

impl Actor for TwoPhase {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = ();
    type Choice = ();
    type Observation = Observation;

    /// `TPInit`.
    fn on_start(&self, id: Id, _: Start<'_, ()>, o: &mut Out<Self>) -> State {
        if index(id) == MANAGER {
            o.set_timer(Timer::TmAbort, ANY);
            return State::Manager {
                tm: Tm::Init,
                prepared: NodeSet::EMPTY,
            };
        }
        o.set_timer(Timer::RmPrepare(id), ANY);
        o.set_timer(Timer::RmChooseToAbort(id), ANY);
        State::Resource(Rm::Working)
    }

    fn on_message(&self, id: Id, state: &mut State, _: Id, msg: Msg, o: &mut Out<Self>) {
        match (state, msg) {
            // TMRcvPrepared(r). With the last of them TMCommit is enabled.
            (State::Manager { tm, prepared }, Msg::Prepared(rm)) if *tm == Tm::Init => {
                prepared.insert(rm);
                if *prepared == self.rms {
                    o.set_timer(Timer::TmCommit, ANY);
                }
            }
            // RMRcvCommitMsg(r)
            (State::Resource(rm), Msg::Commit) => leave(id, rm, Rm::Committed, o),
            // RMRcvAbortMsg(r)
            (State::Resource(rm), Msg::Abort) => leave(id, rm, Rm::Aborted, o),
            _ => {}
        }
    }

    fn on_timeout(&self, id: Id, state: &mut State, timer: &Timer, o: &mut Out<Self>) {
        match (state, timer) {
            // TMCommit
            (State::Manager { tm, .. }, Timer::TmCommit) => self.decide(tm, Tm::Committed, o),
            // TMAbort
            (State::Manager { tm, .. }, Timer::TmAbort) => self.decide(tm, Tm::Aborted, o),
            // RMPrepare(r)
            (State::Resource(rm), Timer::RmPrepare(_)) => {
                leave(id, rm, Rm::Prepared, o);
                o.send(Id::from(MANAGER), Msg::Prepared(id));
            }
            // RMChooseToAbort(r)
            (State::Resource(rm), Timer::RmChooseToAbort(_)) => leave(id, rm, Rm::Aborted, o),
            (state, timer) => unreachable!("{timer:?} is not armed in {state:?}"),
        }
    }
}

impl Protocol for TwoPhase {
    const NAME: &'static str = "two-phase";
    const ABOUT: &'static str = "TwoPhase of Gray and Lamport.";
    const SOURCES: &'static [&'static str] = &["Gray & Lamport 2006, TwoPhase.tla"];

    type Params = Params;
    /// The specification has none.
    type History = ();

    fn new(params: &Params) -> Result<Self, BadParameter> {
        let rms = usize::from(params.rms);
        if !(1..=100).contains(&rms) {
            return Err(BadParameter::new("rms", "from 1 to 100"));
        }
        Ok(TwoPhase {
            rms: NodeSet::first(rms + 1).without(Id::from(MANAGER)),
        })
    }

    fn cluster(&self) -> Cluster {
        let manager = ("TM".to_owned(), "manager");
        let resource = |rm| (format!("R{}", index(rm)), "resource");
        Cluster::new(std::iter::once(manager).chain(self.rms.iter().map(resource)))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let property = |name, about, expectation| Property {
            name,
            about,
            citation: "Gray & Lamport 2006, section 3",
            premise: vec![],
            assumes: vec![],
            expectation,
        };
        vec![
            property(
                "consistent",
                "No resource manager commits while another one aborts (TCConsistent).",
                Expectation::Always(Predicate::World(consistent)),
            ),
            property(
                "all-commit",
                "All may commit.",
                Expectation::Reachable(Predicate::World(|p, w| all(p, w, Rm::Committed))),
            ),
            property(
                "all-abort",
                "All may abort.",
                Expectation::Reachable(Predicate::World(|p, w| all(p, w, Rm::Aborted))),
            ),
        ]
    }
}

/// The resource managers in a state.
pub fn those(protocol: &TwoPhase, world: &dyn View<TwoPhase>, rm: Rm) -> NodeSet {
    let is = |id: &Id| world.node(*id).state() == Some(&State::Resource(rm));
    protocol.rms.iter().filter(is).collect()
}

fn consistent(protocol: &TwoPhase, world: &dyn View<TwoPhase>) -> Answer {
    let committed = those(protocol, world, Rm::Committed);
    let aborted = those(protocol, world, Rm::Aborted);
    if committed.is_empty() || aborted.is_empty() {
        return Ok(());
    }
    let cluster = protocol.cluster();
    let (c, a) = (cluster.names(committed), cluster.names(aborted));
    let both = committed.union(aborted);
    Err(Reason::new(both, format!("{c} committed but {a} aborted")))
}

fn all(protocol: &TwoPhase, world: &dyn View<TwoPhase>, rm: Rm) -> Answer {
    let others = protocol.rms.minus(those(protocol, world, rm));
    if others.is_empty() {
        return Ok(());
    }
    let names = protocol.cluster().names(others);
    Err(Reason::new(others, format!("not {rm:?}: {names}")))
}

/// Stateright's own actor model of the same actors, with each message delivered once and in any
/// order. There it has our worlds and our events: every delivery changes something in its sense
/// too, and no two nodes have equal timers; `second_opinion.rs` says why it needs both.
///
/// (Over its duplicating network it has not: that remembers which message was delivered last.)
pub fn actor_model(two_phase: &TwoPhase) -> ActorModel<Theirs<TwoPhase>> {
    fn consistent(
        _: &ActorModel<Theirs<TwoPhase>>,
        world: &ActorModelState<Theirs<TwoPhase>>,
    ) -> bool {
        let some = |rm| {
            world
                .actor_states
                .iter()
                .any(|s| **s == State::Resource(rm))
        };
        !(some(Rm::Committed) && some(Rm::Aborted))
    }
    let nodes = two_phase.rms.len() + 1;
    ActorModel::new((), ())
        .actors((0..nodes).map(|_| Theirs(two_phase.clone())))
        .init_network(Network::new_unordered_nonduplicating([]))
        .property(stateright::Expectation::Always, "consistent", consistent)
}
