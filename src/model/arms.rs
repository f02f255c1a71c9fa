//! The arms of a protocol's handlers: what each role does about each kind of message and timer.
//!
//! A proof over runs in which an arm was never exercised says nothing about it. So searches note
//! which were.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::actor::Input;
use super::event::{Vocabulary, kind, label};
use super::id::Id;
use super::kinds::kinds;
use super::protocol::Protocol;
use super::system::System;

/// What a handler is told, by kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Arm {
    Message(String),
    Timer(String),
}

/// The arms that some search has exercised, and at which node.
pub type Exercised = BTreeSet<(Id, Arm)>;

impl Arm {
    /// The arm that an input exercises, if it comes to one.
    pub fn of<V: Vocabulary>(input: Input<'_, V>) -> Option<Arm> {
        match input {
            Input::Message { msg, .. } => Some(Arm::Message(kind(&label(msg)).to_owned())),
            Input::Timeout(timer) => Some(Arm::Timer(kind(&label(timer)).to_owned())),
            Input::Start | Input::Choice { .. } => None,
        }
    }

    /// All that the types of a protocol declare.
    fn all<P: Protocol>() -> impl Iterator<Item = Arm> {
        let owned = |kind: &str| kind.to_owned();
        let messages = kinds::<P::Msg>().into_iter().map(owned).map(Arm::Message);
        let timers = kinds::<P::Timer>().into_iter().map(owned).map(Arm::Timer);
        messages.chain(timers)
    }
}

/// The arms that a search left out although their role has them, role by role.
pub fn unexercised<P: Protocol>(
    system: &System<P>,
    exercised: &Exercised,
) -> Vec<(&'static str, Vec<Arm>)> {
    let missing = |role: &'static str| {
        let nodes = system.cluster.with_role(role);
        let at_any = |arm: &Arm| {
            nodes
                .iter()
                .any(|id| exercised.contains(&(id, arm.clone())))
        };
        let arms = Arm::all::<P>();
        let arms = arms.filter(|arm| system.protocol.hears(role, arm) && !at_any(arm));
        (role, arms.collect::<Vec<_>>())
    };
    let roles = system.cluster.roles().into_iter().map(missing);
    roles.filter(|(_, arms)| !arms.is_empty()).collect()
}

impl fmt::Display for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Arm::Message(kind) => f.write_str(kind),
            Arm::Timer(kind) => write!(f, "timer {kind}"),
        }
    }
}
