//! The arms of a protocol's handlers: what each role does about each kind of message and timer.
//!
//! A proof over runs in which an arm was never exercised says nothing about it. So searches note
//! which were.

use std::fmt;

use derive_where::derive_where;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::actor::Input;
use super::cluster::Cluster;
use super::event::{Vocabulary, kind, label};
use super::few::Few;
use super::id::Id;
use super::kinds::specimens;
use super::protocol::Protocol;
use super::system::System;

/// What a handler is told, by kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Arm {
    Message(String),
    Timer(String),
}

/// The arms that some search has exercised, and at which node.
pub type Exercised = Few<(Id, Arm)>;

impl Arm {
    /// The arm that an input exercises, if it comes to one.
    pub fn of<V: Vocabulary>(input: Input<'_, V>) -> Option<Arm> {
        match input {
            Input::Message { msg, .. } => Some(Arm::Message(kind_of(msg))),
            Input::Timeout(timer) => Some(Arm::Timer(kind_of(timer))),
            Input::Start | Input::Choice { .. } => None,
        }
    }
}

fn kind_of(value: &dyn fmt::Debug) -> String {
    kind(&label(value)).to_owned()
}

/// What a handler can be told. Only its kind matters: all else in it may be nothing.
#[derive_where(Clone, Copy)]
pub enum Told<'a, P: Protocol> {
    Message(&'a P::Msg),
    Timer(&'a P::Timer),
}

/// The kinds that are heard. One of which there is no specimen to ask about counts.
pub(super) fn meant<T: DeserializeOwned + fmt::Debug>(hears: impl Fn(&T) -> bool) -> Vec<String> {
    let mut meant = Vec::new();
    for (kind, specimen) in specimens() {
        if specimen.as_ref().is_none_or(&hears) {
            meant.push(kind.to_owned());
        }
    }
    meant
}

/// The arms that a search left out although their role has them, role by role.
pub fn unexercised<P: Protocol>(
    system: &System<P>,
    exercised: &Exercised,
) -> Vec<(&'static str, Vec<Arm>)> {
    missing(&system.cluster, exercised, &|role| {
        let protocol = &*system.protocol;
        protocol.types().heard(protocol, role)
    })
}

fn missing(
    cluster: &Cluster,
    exercised: &Exercised,
    heard: &dyn Fn(&str) -> Vec<Arm>,
) -> Vec<(&'static str, Vec<Arm>)> {
    let missing = |role: &'static str| {
        let nodes = cluster.with_role(role);
        let at_any = |arm: &Arm| {
            nodes
                .iter()
                .any(|id| exercised.contains(&(id, arm.clone())))
        };
        let mut arms = heard(role);
        arms.retain(|arm| !at_any(arm));
        (role, arms)
    };
    let roles = cluster.roles().into_iter().map(missing);
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

#[cfg(test)]
mod tests {
    use std::num::NonZero;

    use serde::Deserialize;

    use super::meant;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    enum Timer {
        Begin,
        Round(NonZero<u8>),
    }

    #[test]
    fn a_kind_without_a_specimen_counts_as_heard() {
        assert_eq!(meant(|_: &Timer| true), ["Begin", "Round"]);
        assert_eq!(meant(|_: &Timer| false), ["Round"]);
    }
}
