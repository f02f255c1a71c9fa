//! The protocols on trial: one file or folder each, and one line each in the registry.

use crate::model::Protocol;

pub mod key_value;
pub mod paxos;
#[cfg(test)]
mod small_spaces;
pub mod three_phase_commit;
pub mod two_phase_commit;

/// Something to do with each protocol.
pub trait Visitor {
    fn visit<P: Protocol>(&mut self);
}

/// The registry.
pub fn each(visitor: &mut impl Visitor) {
    visitor.visit::<two_phase_commit::TwoPhaseCommit>();
    visitor.visit::<three_phase_commit::ThreePhaseCommit>();
    visitor.visit::<paxos::Paxos>();
}
