//! What a protocol of one's own is written with, and put on trial.

pub use crate::check::Patient;
pub use crate::model::arms::Told;
pub use crate::model::{
    Actor, Answer, BadParameter, Bug, Cluster, Id, Input, Node, NodeSet, Observation, Observed,
    Out, Predicate, Property, Protocol, Reason, Start, Step, StepAnswer, TimerRange, Value, View,
};
pub use crate::report::{Options, diagram};
pub use crate::testbed::{Case, CheckOptions, RunLimits, Testbed};
