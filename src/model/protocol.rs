//! What a protocol says of itself beside its handlers: who takes part, what must be true of it, and
//! what its users can set.

use std::fmt::Debug;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::actor::{Actor, Data, Input};
use super::arms::Told;
use super::cluster::{Cluster, NodeSet};
use super::id::Id;
use super::key_state::KeyState;
use super::mistake::Bug;
use super::node::Node;
use super::operation::{Linearization, Operations};
use super::params::BadParameter;
use super::property::Property;
use super::rule::Rule;
use super::size::Size;
use super::step::Step;
use super::success::Successes;
use super::symmetry::Symmetry;
use super::types::{Own, Types};
use super::variant::Variant;
use super::world::View;

/// A protocol on trial: its algorithm is the [`Actor`], the rest of what Jury needs is here.
pub trait Protocol: Actor {
    /// What scenario files call it: `2pc`.
    const NAME: &'static str;
    /// One line for lists.
    const ABOUT: &'static str;
    /// The papers and chapters that specify it.
    const SOURCES: &'static [&'static str] = &[];
    /// Mistakes that can be switched on by the parameter `bug`, for scenarios that expect them to be
    /// found. See [`mistakes!`](crate::mistakes).
    const BUGS: &'static [Bug] = &[];

    /// The parameters that say how many of something there are: what a failure is shown with may be fewer.
    const SIZES: &'static [Size] = &[];

    /// How many timeouts a first check looks at, with the default parameters. A bound for protocols
    /// whose timers never come to rest; without one there is no such bound.
    const TIMEOUTS_AT_FIRST: Option<u32> = None;

    /// What a scenario can set. The defaults must make a system.
    type Params: Clone + Debug + Default + Serialize + DeserializeOwned + JsonSchema + Send + Sync;

    /// A fold of observations, and nothing else.
    type History: Data + Default;

    /// The protocol with these parameters, or which of them is wrong and why.
    fn new(params: &Self::Params) -> Result<Self, BadParameter>;

    /// Who takes part. Node `i` has `Id` `i`.
    fn cluster(&self) -> Cluster;

    /// What the handler of this step must have observed, by what the step brought about: a commit record
    /// means that its node decided, a leader that it was elected. Every check and every run holds
    /// handlers to it. See [`Step::newly`].
    fn claims(&self, step: &Step<'_, Self>) -> impl Iterator<Item = Self::Observation> {
        let _ = step;
        std::iter::empty()
    }

    /// What is asked of its types, which answer for themselves.
    #[doc(hidden)]
    fn types(&self) -> &dyn Types<Self> {
        &Own::TYPES
    }

    /// Adds one observation to the history.
    fn record(&self, history: &mut Self::History, id: Id, observation: &Self::Observation) {
        let _ = (history, id, observation);
    }

    /// The peers that an armed timer waits for in this state: only peers bound to answer when
    /// they are up and connected, and everyone whom the timer would ask again and who has not
    /// answered. Under accurate timing it fires once *all* of them have failed, and not if one is up: who
    /// cannot tell which of several is to blame awaits nobody. A timer that awaits nobody may fire at any
    /// time, even under accurate timing; if none awaits anybody, synchrony cannot be judged.
    fn awaits(&self, id: Id, state: &Self::State, timer: &Self::Timer) -> NodeSet {
        let _ = (id, state, timer);
        NodeSet::EMPTY
    }

    /// The bound of the protocol's own (rounds, terms, log length) that keeps this input from
    /// happening, if one does.
    fn withheld(
        &self,
        id: Id,
        state: &Self::State,
        input: Input<'_, Self>,
    ) -> Option<&'static str> {
        let _ = (id, state, input);
        None
    }

    /// Whether a role is ever meant to get messages and timers of this kind. What it is not meant to
    /// get is not missed where a search never saw it. (A match without `_` cannot forget a kind.)
    fn hears(&self, role: &str, told: Told<'_, Self>) -> bool {
        let _ = (role, told);
        true
    }

    /// Which nodes can trade names without making a difference, and what that does to states, messages
    /// and the history; `None` if no two can. See [`Symmetry`].
    fn symmetry(&self) -> Option<Symmetry<Self>> {
        None
    }

    /// Where a node that is up stands, in a few words of the paper: `prepared`, `leader of term 3`.
    fn status_up(&self, state: &Self::State) -> String {
        format!("{state:?}")
    }

    /// Where a node that is down will go on from, in the same words; empty if that is not worth a word.
    fn status_down(&self, storage: &Self::Storage) -> String {
        let _ = storage;
        String::new()
    }

    /// What of its state matters to whoever looks at a picture, shown there when it changes: a role or phase,
    /// a term, a ballot, a log. Nothing, unless a protocol says what.
    fn key_state(&self, state: &Self::State) -> KeyState {
        let _ = state;
        KeyState::default()
    }

    /// Where a node stands: by its state while it is up, by its storage while it is down.
    fn status(&self, node: &Node<Self>) -> String {
        match node {
            Node::Absent => "not started".to_owned(),
            Node::Up(up) => self.status_up(&up.state),
            Node::Down { storage } => {
                let words = storage.as_ref().map(|s| self.status_down(s));
                match words.filter(|words| !words.is_empty()) {
                    Some(words) => format!("down ({words})"),
                    None => "down".to_owned(),
                }
            }
        }
    }

    /// What must be true of it.
    fn properties(&self) -> Vec<Property<Self>>;

    /// The rules of its papers that its handlers follow: one for each kind of message and timer that a role is
    /// meant to get, for starts and for recoveries. An explanation of a run names them.
    fn rules() -> &'static [Rule] {
        &[]
    }

    /// An order that explains what its clients were told, if they have one copy of something to use; see
    /// [`Linearization`]. A picture of a run shows it.
    fn linearize(operations: &Operations) -> Option<Linearization> {
        let _ = operations;
        None
    }

    /// What its runs may come to, and how likely that is where it is known. If the run has a schedule,
    /// `after` is the world that it leads to, and likelihoods are counted from there.
    fn successes(&self, after: Option<&dyn View<Self>>) -> Successes<Self> {
        let _ = after;
        Successes::of_properties(self.properties())
    }

    /// The instances on which the matrix of assumptions looks at it: small enough to be explored
    /// under every set of faults.
    fn matrix() -> Vec<Variant<Self::Params>> {
        let params = Self::Params::default();
        vec![Variant::new("default", "The default parameters.", params)]
    }
}
