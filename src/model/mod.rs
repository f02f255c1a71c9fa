//! What can happen: the parts of a world, the relation over them, and what is said about both.
//!
//! This module imports nothing else of ours. It has no clock, no randomness, no search and no
//! I/O; whoever drives the relation (time and chance, a record, a search, a person) lives
//! elsewhere.

pub mod actor;
pub mod arms;
pub mod assumptions;
pub(crate) mod bytes;
pub mod cluster;
pub mod crash;
pub mod event;
pub mod facts;
pub mod few;
pub mod globals;
pub mod id;
pub mod key_state;
pub mod kinds;
#[macro_use]
pub mod mistake;
pub mod network;
pub mod node;
pub mod observation;
pub mod operation;
#[macro_use]
pub mod params;
pub mod predicate;
pub mod promise;
pub mod property;
pub mod protocol;
mod reading;
pub mod rule;
mod size;
pub mod step;
pub mod success;
pub mod symmetry;
mod system;
pub mod time;
pub mod types;
pub mod untyped;
mod variant;
pub mod world;

pub use actor::{Actor, Command, Data, Input, Out, Start};
pub use assumptions::{Assumption, Budgets, Limit, Rules, Timing};
pub use cluster::{Cluster, Link, NodeSet};
pub use crash::{CrashPoint, InsideHandlers, Lasting};
pub use event::{Class, Envelope, Event, Obstacle, Vocabulary};
pub use few::{Few, FewMap};
pub use id::Id;
pub use key_state::{KeyState, KeyValue};
pub use mistake::Bug;
pub use network::{Channel, Cut, CutFamily, LinkOrder, LinkRules};
pub use node::{Node, Reaction, Up};
pub use observation::{Observation, Observed, Tally, Value};
pub use params::BadParameter;
pub use predicate::{
    Answer, Disks, Kinds, News, Nodes, OneNode, Predicate, Reason, TwoDisks, TwoNodes, Whom,
};
pub use property::{Expectation, Property, Sense, Statement};
pub use protocol::Protocol;
pub use rule::{On, Rule};
pub use size::Size;
pub use step::{Breach, Breaches, Contents, Step, StepAnswer};
pub use success::{ClosedForm, Likelihood, Success, Successes};
pub use symmetry::{Renaming, Symmetry};
pub use system::{Bound, Effects, Enabled, StartEffects, Suspicion, System};
pub use time::{Time, TimerRange};
pub use untyped::Untyped;
pub use variant::{Fault, Variant};
pub use world::{Carrier, Past, View, World};
