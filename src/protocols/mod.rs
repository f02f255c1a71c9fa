//! The protocols on trial: one file or folder each, and one line each in the registry; beside them
//! the problems that several of them solve.

use self::atomic_commitment::AtomicCommitment;
use crate::model::Protocol;

pub mod atomic_commitment;
pub mod consensus;
pub mod decentralised_two_phase_commit;
pub mod key_value;
pub mod paxos;
pub mod paxos_commit;
pub mod raft;
#[cfg(test)]
mod small_spaces;
pub mod three_phase_commit;
pub mod tree_two_phase_commit;
pub mod two_phase_commit;

/// Something to do with each protocol.
pub trait Visitor {
    fn visit<P: Protocol>(&mut self);
}

/// Something to do with each protocol that solves atomic commitment.
pub trait CommitVisitor {
    fn visit<P: AtomicCommitment>(&mut self);
}

/// The protocols of the registry that solve atomic commitment.
pub fn each_commit_protocol(visitor: &mut impl CommitVisitor) {
    visitor.visit::<two_phase_commit::TwoPhaseCommit>();
    visitor.visit::<three_phase_commit::ThreePhaseCommit>();
    visitor.visit::<decentralised_two_phase_commit::DecentralisedTwoPhaseCommit>();
    visitor.visit::<tree_two_phase_commit::TreeTwoPhaseCommit>();
    visitor.visit::<paxos_commit::PaxosCommit>();
}

/// The registry.
pub fn each(visitor: &mut impl Visitor) {
    visitor.visit::<two_phase_commit::TwoPhaseCommit>();
    visitor.visit::<three_phase_commit::ThreePhaseCommit>();
    visitor.visit::<decentralised_two_phase_commit::DecentralisedTwoPhaseCommit>();
    visitor.visit::<tree_two_phase_commit::TreeTwoPhaseCommit>();
    visitor.visit::<paxos::Paxos>();
    visitor.visit::<paxos_commit::PaxosCommit>();
    visitor.visit::<raft::Raft>();
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::{Visitor, each};
    use crate::model::Protocol;
    use crate::model::kinds::specimens;

    /// Without a specimen nobody is asked who hears of a kind.
    #[test]
    fn there_is_a_specimen_of_every_kind() {
        struct Check;

        impl Visitor for Check {
            fn visit<P: Protocol>(&mut self) {
                all(P::NAME, &specimens::<P::Msg>());
                all(P::NAME, &specimens::<P::Timer>());
            }
        }

        fn all<T: Debug>(protocol: &str, specimens: &[(&str, Option<T>)]) {
            assert!(!specimens.is_empty(), "{protocol}");
            for (kind, specimen) in specimens {
                assert!(specimen.is_some(), "{protocol}: {kind}");
            }
        }

        each(&mut Check);
    }
}
