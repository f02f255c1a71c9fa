//! Who is what, and who sends to whom: the job manager is node 0, then come sources, operators and sinks.

use super::{Checkpoint, Part};
use crate::model::cluster::numbered;
use crate::model::{Cluster, Id, NodeSet};

pub const MANAGER: &str = "job manager";
pub const SOURCE: &str = "source";
pub const OPERATOR: &str = "operator";
pub const SINK: &str = "sink";

/// How many there are of each. Every source has a channel to every operator, and every operator to every sink; where there
/// are no operators, every source to every sink.
#[derive(Clone, Copy, Debug)]
pub struct Dataflow {
    pub sources: u8,
    pub operators: u8,
    pub sinks: u8,
}

/// The job manager.
pub fn manager() -> Id {
    Id::from(0usize)
}

/// The place of a node in a set, from 0 on.
pub fn nth(of: NodeSet, id: Id) -> usize {
    of.iter().take_while(|other| *other < id).count()
}

impl Dataflow {
    pub fn cluster(self) -> Cluster {
        let manager = std::iter::once(("JM".to_owned(), MANAGER));
        let sources = numbered("S", SOURCE, self.sources.into());
        let operators = numbered("O", OPERATOR, self.operators.into());
        let sinks = numbered("K", SINK, self.sinks.into());
        Cluster::new(manager.chain(sources).chain(operators).chain(sinks))
    }

    pub fn names(self, set: NodeSet) -> String {
        self.cluster().names(set)
    }

    pub fn name(self, id: Id) -> String {
        self.names(NodeSet::only(id))
    }

    fn nodes(from: usize, how_many: u8) -> NodeSet {
        (from..from + usize::from(how_many)).map(Id::from).collect()
    }

    pub fn sources(self) -> NodeSet {
        Self::nodes(1, self.sources)
    }

    pub fn operators(self) -> NodeSet {
        Self::nodes(1 + self.sources().len(), self.operators)
    }

    pub fn sinks(self) -> NodeSet {
        let before = 1 + self.sources().len() + self.operators().len();
        Self::nodes(before, self.sinks)
    }

    /// All but the job manager.
    pub fn tasks(self) -> NodeSet {
        self.sources().union(self.operators()).union(self.sinks())
    }

    /// Those from whom a task has a channel.
    pub fn upstream(self, id: Id) -> NodeSet {
        let (sources, operators) = (self.sources(), self.operators());
        if sources.contains(id) {
            return NodeSet::EMPTY;
        }
        if operators.contains(id) || operators.is_empty() {
            return sources;
        }
        operators
    }

    /// Those to whom a task has a channel.
    pub fn downstream(self, id: Id) -> NodeSet {
        let (operators, sinks) = (self.operators(), self.sinks());
        if sinks.contains(id) {
            return NodeSet::EMPTY;
        }
        if operators.contains(id) || operators.is_empty() {
            return sinks;
        }
        operators
    }

    /// Which of the operators takes the record at this offset of a source, from 0 on.
    pub fn dealt_to(self, offset: u32) -> u32 {
        offset % u32::from(self.operators.max(1))
    }

    /// What a task has in a checkpoint.
    pub fn part(self, checkpoint: &Checkpoint, id: Id) -> Part {
        let part = checkpoint.parts.get(nth(self.tasks(), id));
        part.cloned().unwrap_or_else(|| self.part_at_first(id))
    }

    /// What a task has before anything has happened.
    pub fn part_at_first(self, id: Id) -> Part {
        if self.sources().contains(id) {
            Part::Offset(0)
        } else if self.operators().contains(id) {
            Part::Count(0)
        } else {
            Part::Pending(Vec::new())
        }
    }
}
