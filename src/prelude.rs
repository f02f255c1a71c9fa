//! What a protocol of one's own is written with, and put on trial.

pub use crate::check::Patient;
pub use crate::model::arms::Told;
pub use crate::model::{
    Actor, Answer, Assumption, BadParameter, Bug, Cluster, Disks, Id, Input, KeyState, Node,
    NodeSet, Nodes, Observation, Observed, OneNode, Out, Predicate, Property, Protocol, Reason,
    Start, Step, StepAnswer, TimerRange, TwoDisks, TwoNodes, Value, View,
};
pub use crate::report::{Options, diagram};
pub use crate::testbed::{Case, CheckOptions, RunLimits, Testbed};
