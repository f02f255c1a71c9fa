//! What the job manager and the tasks claim.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::StreamingThreePhaseCommit;
use crate::model::{Observation, Observed};
use crate::protocols::streaming_two_phase_commit as flow;

/// What a handler says of its step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Claim {
    /// What is said in two-phase commit, too.
    Flow(flow::Claim),
    /// Follows a rule of three-phase commit.
    Applies(Cow<'static, str>),
}

impl Observed<StreamingThreePhaseCommit> for Claim {
    fn in_words(&self, protocol: &StreamingThreePhaseCommit) -> Observation {
        match self {
            Claim::Flow(claim) => claim.in_words(&protocol.flow),
            Claim::Applies(rule) => Observation::applied(rule.clone()),
        }
    }
}
