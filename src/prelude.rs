//! What a protocol of one's own is written with, and put on trial.

pub use crate::check::Patient;
pub use crate::model::{
    Actor, Answer, BadParameter, Bug, Cluster, Id, Node, NodeSet, Observation, Out, Predicate,
    Property, Protocol, Reason, Start, TimerRange, View,
};
pub use crate::report::{Options, diagram};
pub use crate::testbed::{Case, CheckOptions, Testbed};
