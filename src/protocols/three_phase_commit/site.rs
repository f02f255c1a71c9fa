//! What a site keeps of each transaction: where it stands, and what of that is on disk.
//!
//! The coordinator is a site like the others, as in Skeen's papers: from PRE-COMMIT on, it and a
//! backup do the same. What is on disk follows from where the site stands, so a site need not know
//! its log beside.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Decision, Vote};
use crate::model::{Id, NodeSet};
use crate::protocols::atomic_commitment::{PerTxn, Shown};

/// What a site knows while it is up.
pub type State = PerTxn<Phase>;

/// What survives a crash.
pub type Storage = PerTxn<Log>;

/// A site's part in one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// C has not begun; or somebody came back without a record.
    #[default]
    Initial,
    /// C has asked for votes.
    Collecting {
        yes: NodeSet,
    },
    /// The vote of P is still up to the environment.
    Open,
    /// P has not voted, and may still abort unilaterally. (Skeen: q.)
    Working {
        vote: Vote,
    },
    /// May not decide alone any more. Holds its locks.
    Undecided(Undecided),
    Decided(Decision),
}

/// Where a site stands that may not decide alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, PartialOrd, Ord)]
pub enum Local {
    /// Voted YES: uncertain. (Skeen: w.)
    Waiting,
    /// Knows that everybody voted YES. (Skeen: p.)
    PreCommitted,
    /// Knows that an abort quorum may be forming. (Skeen 1982.)
    PreAborted,
}

/// A site that may not decide alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Undecided {
    /// On disk.
    pub local: Local,
    /// The sites that it found to have failed; the others are up for all it knows, and the
    /// lowest of them is its coordinator. On disk with the termination protocol.
    pub down: NodeSet,
    pub part: Part,
    /// Asked for the outcome, and are told when there is one.
    pub askers: NodeSet,
    /// How often it has asked the same again.
    pub tries: u8,
}

/// A site's part in bringing the transaction to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Part {
    /// Waits for its coordinator: C, or a backup.
    Following,
    /// A backup: has asked where the others stand.
    Asking(Census),
    /// A coordinator or backup: moves the others to where they can neither be misunderstood nor
    /// turn back.
    Moving {
        to: Local,
        moved: NodeSet,
        missing: NodeSet,
    },
    /// Came back from a crash: takes no part, but asks.
    Recovering {
        /// Where others stand that came back as well.
        census: Census,
        /// Whom they found to have failed.
        down: NodeSet,
    },
}

/// Who stands where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Census {
    pub waiting: NodeSet,
    pub pre_committed: NodeSet,
    pub pre_aborted: NodeSet,
}

/// The last record of one transaction.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Log {
    #[default]
    Nothing,
    Undecided {
        local: Local,
        /// Who was not up any more (Skeen 1985).
        down: NodeSet,
    },
    Decided(Decision),
}

impl Phase {
    /// What of it belongs on disk; who is down only where somebody `remembers` it.
    pub(super) fn log(self, remembers: bool) -> Log {
        match self {
            Phase::Initial | Phase::Collecting { .. } | Phase::Open | Phase::Working { .. } => {
                Log::Nothing
            }
            Phase::Undecided(Undecided { local, down, .. }) => Log::Undecided {
                local,
                down: if remembers { down } else { NodeSet::EMPTY },
            },
            Phase::Decided(decision) => Log::Decided(decision),
        }
    }

    /// What it shows that the site must have claimed.
    pub fn shows(self) -> Shown {
        match self {
            Phase::Undecided(_) => Shown::LOCKED,
            Phase::Decided(decision) => Shown::decided(decision),
            Phase::Initial | Phase::Collecting { .. } | Phase::Open | Phase::Working { .. } => {
                Shown::NOTHING
            }
        }
    }

    /// Where a site is that comes back with this record.
    pub(super) fn restored(log: Log) -> Self {
        match log {
            Log::Nothing => Phase::Initial,
            Log::Undecided { local, down } => Phase::Undecided(Undecided {
                down,
                ..Undecided::new(local, Part::recovering())
            }),
            Log::Decided(decision) => Phase::Decided(decision),
        }
    }
}

impl Log {
    /// What it shows that the site must have claimed.
    pub fn shows(self) -> Shown {
        match self {
            Log::Nothing => Shown::NOTHING,
            Log::Undecided { .. } => Shown::VOTED_YES.and(Shown::LOCKED),
            Log::Decided(decision) => Shown::decided(decision),
        }
    }
}

impl Local {
    /// The decision that everybody moves towards who stands there.
    pub(super) fn leads_to(self) -> Decision {
        match self {
            Local::PreCommitted => Decision::Commit,
            Local::Waiting | Local::PreAborted => Decision::Abort,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Local::Waiting => "waiting",
            Local::PreCommitted => "pre-committed",
            Local::PreAborted => "pre-aborted",
        }
    }
}

impl Part {
    fn recovering() -> Self {
        Part::Recovering {
            census: Census::default(),
            down: NodeSet::EMPTY,
        }
    }
}

impl Undecided {
    pub(super) fn new(local: Local, part: Part) -> Self {
        Undecided {
            local,
            down: NodeSet::EMPTY,
            part,
            askers: NodeSet::EMPTY,
            tries: 0,
        }
    }

    /// The lowest site that is up for all this one knows.
    pub(super) fn coordinator(&self, everyone: NodeSet) -> Id {
        let lowest = everyone.minus(self.down).iter().next();
        lowest.expect("a site never holds itself to be down")
    }

    /// Whether others do what it says.
    pub(super) fn leads(&self) -> bool {
        matches!(self.part, Part::Asking(_) | Part::Moving { .. })
    }
}

impl Census {
    pub(super) fn with(mut self, id: Id, local: Local) -> Self {
        for (set, whose) in [
            (&mut self.waiting, Local::Waiting),
            (&mut self.pre_committed, Local::PreCommitted),
            (&mut self.pre_aborted, Local::PreAborted),
        ] {
            if local == whose {
                set.insert(id);
            } else {
                set.remove(id);
            }
        }
        self
    }

    pub(super) fn heard(&self) -> NodeSet {
        let undecided = self.waiting.union(self.pre_committed);
        undecided.union(self.pre_aborted)
    }

    /// Those who stand there.
    pub(super) fn at(&self, local: Local) -> NodeSet {
        match local {
            Local::Waiting => self.waiting,
            Local::PreCommitted => self.pre_committed,
            Local::PreAborted => self.pre_aborted,
        }
    }

    /// Those of them who are, or can still be moved, there.
    pub(super) fn movable(&self, to: Local) -> NodeSet {
        self.waiting.union(self.at(to))
    }

    /// Only what these said.
    pub(super) fn of(&self, whom: NodeSet) -> Self {
        Census {
            waiting: self.waiting.intersection(whom),
            pre_committed: self.pre_committed.intersection(whom),
            pre_aborted: self.pre_aborted.intersection(whom),
        }
    }
}

/// As people read it: where the site stood, and whom it missed.
impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Log::Nothing => f.write_str("Nothing"),
            Log::Undecided { local, down } => {
                local.fmt(f)?;
                if !down.is_empty() {
                    write!(f, " without {down:?}")?;
                }
                Ok(())
            }
            Log::Decided(Decision::Commit) => f.write_str("Committed"),
            Log::Decided(Decision::Abort) => f.write_str("Aborted"),
        }
    }
}
