//! The protocols on trial: one file or folder each, and one line each in the registry; beside them
//! the problems that several of them solve.

use self::atomic_commitment::AtomicCommitment;
use self::key_value::ReplicatedStore;
use crate::model::Protocol;

pub mod atomic_commitment;
pub mod clients;
pub mod consensus;
pub mod consistent_hashing;
pub mod decentralised_two_phase_commit;
pub mod key_value;
pub mod multi_paxos;
pub mod paxos;
pub mod paxos_commit;
pub mod primary_backup;
pub mod raft;
pub mod replicated_two_phase_commit;
pub mod sharded;
#[cfg(test)]
mod small_spaces;
pub mod streaming;
pub mod streaming_three_phase_commit;
pub mod streaming_two_phase_commit;
pub mod three_phase_commit;
pub mod transactions;
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
    visitor.visit::<replicated_two_phase_commit::ReplicatedTwoPhaseCommit>();
}

/// Something to do with each protocol that replicates a key-value store.
pub trait StoreVisitor {
    fn visit<P: ReplicatedStore>(&mut self);
}

/// The protocols of the registry that replicate a key-value store.
pub fn each_replicated_store(visitor: &mut impl StoreVisitor) {
    visitor.visit::<raft::Raft>();
    visitor.visit::<multi_paxos::MultiPaxos>();
    visitor.visit::<primary_backup::PrimaryBackup>();
}

/// The registry.
pub fn each(visitor: &mut impl Visitor) {
    visitor.visit::<two_phase_commit::TwoPhaseCommit>();
    visitor.visit::<three_phase_commit::ThreePhaseCommit>();
    visitor.visit::<decentralised_two_phase_commit::DecentralisedTwoPhaseCommit>();
    visitor.visit::<tree_two_phase_commit::TreeTwoPhaseCommit>();
    visitor.visit::<paxos::Paxos>();
    visitor.visit::<paxos_commit::PaxosCommit>();
    visitor.visit::<replicated_two_phase_commit::ReplicatedTwoPhaseCommit>();
    visitor.visit::<multi_paxos::MultiPaxos>();
    visitor.visit::<raft::Raft>();
    visitor.visit::<primary_backup::PrimaryBackup>();
    visitor.visit::<sharded::Sharded>();
    visitor.visit::<streaming_two_phase_commit::StreamingTwoPhaseCommit>();
    visitor.visit::<streaming_three_phase_commit::StreamingThreePhaseCommit>();
}

/// Whatever a role of it is meant to be told has a rule.
#[cfg(test)]
pub(crate) fn every_arm_has_a_rule<P: Protocol>(protocol: &P) {
    use crate::model::On;
    use crate::model::arms::Arm;
    use crate::model::rule::rule_for;

    for role in protocol.cluster().roles() {
        let has = |on: On<'_>| {
            let followed = rule_for(P::rules(), role, on);
            assert!(
                followed.is_some(),
                "{}: no rule for {role}, {on:?}",
                P::NAME
            );
        };
        has(On::Recovery);
        for arm in protocol.types().heard(protocol, role) {
            has(match &arm {
                Arm::Message(kind) => On::Message(kind),
                Arm::Timer(kind) => On::Timer(kind),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::{Visitor, each, every_arm_has_a_rule};
    use crate::model::kinds::{kinds, specimens};
    use crate::model::{On, Protocol, Rule};

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

    /// Each arm of each handler follows a rule of a paper, and no rule is of an arm that there is not.
    #[test]
    fn there_is_a_rule_for_every_arm() {
        struct Check;

        impl Visitor for Check {
            fn visit<P: Protocol>(&mut self) {
                for variant in P::matrix() {
                    every_arm_has_a_rule(&P::new(&variant.params).expect("it makes a system"));
                }
                let (messages, timers) = (kinds::<P::Msg>(), kinds::<P::Timer>());
                for Rule { on, words, .. } in P::rules() {
                    let is_known = match on {
                        On::Message(kind) => messages.contains(kind),
                        On::Timer(kind) => timers.contains(kind),
                        On::Start | On::Recovery | On::Choice => true,
                    };
                    assert!(is_known, "{}: {on:?}: {words}", P::NAME);
                }
                // What no variant is meant to get has a rule, for some role, all the same.
                let messages = messages.into_iter().map(On::Message);
                for on in messages.chain(timers.into_iter().map(On::Timer)) {
                    let mut rules = P::rules().iter();
                    assert!(rules.any(|rule| rule.on == on), "{}: {on:?}", P::NAME);
                }
            }
        }

        each(&mut Check);
    }
}
