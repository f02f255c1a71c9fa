//! Who votes, and how: by plan, or as the environment chooses.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Txn;
use crate::model::cluster::numbered;
use crate::model::params::counted;
use crate::model::{Actor, BadParameter, Cluster, Id, NodeSet, Out};

/// Where the coordinator lives, if there is one.
pub fn coordinator() -> Id {
    Id::from(0)
}

/// The largest number of participants.
pub const MAX_PARTICIPANTS: u8 = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Vote {
    Yes,
    No,
}

/// How a participant is going to vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PlannedVote {
    Yes,
    No,
    /// The environment chooses.
    Open,
}

/// The environment's choice of an open vote. (A handler is not told which choice was settled, so
/// the option says it.)
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Choice {
    pub txn: Txn,
    pub vote: Vote,
}

/// The participants, and how they are going to vote in every transaction.
#[derive(Clone, Debug)]
pub struct Ballot {
    pub participants: NodeSet,
    /// In the order of the participants.
    votes: Vec<PlannedVote>,
}

impl Ballot {
    /// Node 0 is the coordinator, and the participants follow. All vote YES if there is no plan.
    pub fn new(participants: u8, votes: &[PlannedVote]) -> Result<Self, BadParameter> {
        Ballot::from_node(1, participants, votes)
    }

    /// There is no coordinator: the participants begin with node 0.
    pub fn of_peers(participants: u8, votes: &[PlannedVote]) -> Result<Self, BadParameter> {
        Ballot::from_node(0, participants, votes)
    }

    /// The participants begin with this node.
    pub fn from_node(
        first: usize,
        participants: u8,
        votes: &[PlannedVote],
    ) -> Result<Self, BadParameter> {
        counted("participants", participants, 1..=MAX_PARTICIPANTS)?;
        let n = usize::from(participants);
        if !votes.is_empty() && votes.len() != n {
            let message = format!(
                "{} votes for {n} participants: write one of `yes`, `no` and `open` for each, \
                 or leave `votes` out and all vote yes",
                votes.len()
            );
            return Err(BadParameter::new("votes", message));
        }
        let all_yes = vec![PlannedVote::Yes; n];
        Ok(Ballot {
            participants: NodeSet::first(first + n).minus(NodeSet::first(first)),
            votes: if votes.is_empty() {
                all_yes
            } else {
                votes.to_vec()
            },
        })
    }

    /// The participants, and the coordinator that not all protocols have.
    pub fn everyone(&self) -> NodeSet {
        self.participants.with(coordinator())
    }

    pub fn cluster(&self) -> Cluster {
        let has_coordinator = !self.participants.contains(coordinator());
        let coordinator = has_coordinator.then(|| ("C".to_owned(), "coordinator"));
        let participants = numbered("P", "participant", self.participants.len());
        Cluster::new(coordinator.into_iter().chain(participants))
    }

    /// The vote that a participant is going to cast, or none yet if that is left to the environment.
    pub fn vote<A: Actor<Choice = Choice>>(
        &self,
        id: Id,
        txn: Txn,
        o: &mut Out<A>,
    ) -> Option<Vote> {
        match self.votes[self.place(id)] {
            PlannedVote::Yes => Some(Vote::Yes),
            PlannedVote::No => Some(Vote::No),
            PlannedVote::Open => {
                let options = [Vote::Yes, Vote::No].map(|vote| Choice { txn, vote });
                o.choose(format!("vote-{txn}"), options.to_vec());
                None
            }
        }
    }

    /// A participant's place in their order.
    fn place(&self, id: Id) -> usize {
        let mut participants = self.participants.iter();
        participants
            .position(|participant| participant == id)
            .expect("only participants vote")
    }

    /// Those whose vote is planned so.
    pub fn planned(&self, vote: PlannedVote) -> NodeSet {
        let planned = self.participants.iter().zip(&self.votes);
        let planned = planned.filter(|(_, planned)| **planned == vote);
        planned.map(|(id, _)| id).collect()
    }
}

impl Vote {
    pub fn word(self) -> &'static str {
        match self {
            Vote::Yes => "yes",
            Vote::No => "no",
        }
    }
}

impl fmt::Debug for Choice {
    /// The key of the choice names the transaction already.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.vote.fmt(f)
    }
}
