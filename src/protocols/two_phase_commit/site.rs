//! What a site (a node, in MLO's word) keeps: for each transaction a phase and a record in its log.
//!
//! Everything is small and `Copy`: a site is cloned, compared and hashed at every step.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Index, IndexMut};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::messages::{Decision, Vote};
use super::observe::Claim;
use crate::model::NodeSet;

/// A transaction, counted from 1.
pub type Txn = u8;

/// The largest number of concurrent transactions.
pub const MAX_TRANSACTIONS: usize = 4;

/// What a site knows while it is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    Coordinator(CoordinatorSite),
    Participant(ParticipantSite),
}

/// What survives a crash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Storage {
    Coordinator(PerTxn<CoordinatorRecord>),
    Participant(PerTxn<ParticipantRecord>),
}

/// The coordinator's part in one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Coordinator {
    #[default]
    Initial,
    /// Asked for votes.
    Collecting { yes: NodeSet },
    /// Decided, and has to hear from these that they know.
    Decided {
        decision: Decision,
        unacknowledged: NodeSet,
    },
    /// Has no information on the transaction: whoever asks is told what that means.
    Forgotten,
}

/// The coordinator's last record of one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CoordinatorRecord {
    #[default]
    None,
    /// Votes may have been asked for. (MLO: *collecting*.)
    Initiation,
    Commit,
    Abort,
    /// Nobody will ask again.
    End,
}

/// A participant's part in one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Participant {
    /// Its vote is still up to the environment.
    #[default]
    Open,
    /// Has not voted, and may still abort unilaterally.
    Working {
        vote: Vote,
    },
    /// Voted YES and does not know the outcome. Holds its locks.
    Prepared {
        /// The peers that it asked and that have not answered yet.
        asked: NodeSet,
    },
    Committed,
    Aborted,
}

/// A participant's last record of one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ParticipantRecord {
    #[default]
    None,
    Prepared,
    Committed,
    Aborted,
}

impl Coordinator {
    pub fn shows(self) -> Option<Claim> {
        match self {
            Coordinator::Decided { decision, .. } => Some(Claim::Decided(decision)),
            Coordinator::Initial | Coordinator::Collecting { .. } | Coordinator::Forgotten => None,
        }
    }
}

impl CoordinatorRecord {
    pub fn shows(self) -> Option<Claim> {
        match self {
            CoordinatorRecord::Commit => Some(Claim::Decided(Decision::Commit)),
            CoordinatorRecord::Abort => Some(Claim::Decided(Decision::Abort)),
            CoordinatorRecord::None | CoordinatorRecord::Initiation | CoordinatorRecord::End => {
                None
            }
        }
    }
}

impl Participant {
    pub fn shows(self) -> Option<Claim> {
        match self {
            Participant::Prepared { .. } => Some(Claim::Locked),
            Participant::Committed => Some(Claim::Decided(Decision::Commit)),
            Participant::Aborted => Some(Claim::Decided(Decision::Abort)),
            Participant::Open | Participant::Working { .. } => None,
        }
    }
}

impl ParticipantRecord {
    pub fn shows(self) -> Option<Claim> {
        match self {
            ParticipantRecord::Prepared => Some(Claim::Locked),
            ParticipantRecord::Committed => Some(Claim::Decided(Decision::Commit)),
            ParticipantRecord::Aborted => Some(Claim::Decided(Decision::Abort)),
            ParticipantRecord::None => None,
        }
    }
}

pub type CoordinatorSite = Site<Coordinator, CoordinatorRecord>;
pub type ParticipantSite = Site<Participant, ParticipantRecord>;

/// One thing for each transaction.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct PerTxn<T> {
    len: u8,
    /// Beyond `len` there are only defaults.
    items: [T; MAX_TRANSACTIONS],
}

/// The phases and the log of one site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound(deserialize = "PerTxn<Phase>: Deserialize<'de>, PerTxn<Record>: Deserialize<'de>"))]
pub struct Site<Phase, Record> {
    pub phase: PerTxn<Phase>,
    /// As it is on storage. (A log is written as a whole, so its site has to know all of it.)
    pub log: PerTxn<Record>,
}

impl<Phase: Copy + Default, Record: Copy + Default> Site<Phase, Record> {
    /// A site with this log, which knows nothing else yet.
    pub fn new(log: PerTxn<Record>) -> Self {
        let phase = PerTxn::new(log.len);
        Site { phase, log }
    }
}

impl<T: Copy + Default> PerTxn<T> {
    pub fn new(transactions: u8) -> Self {
        PerTxn {
            len: transactions,
            items: [T::default(); MAX_TRANSACTIONS],
        }
    }

    /// The same with something done to each.
    pub fn map(mut self, mut other: impl FnMut(T) -> T) -> Self {
        for item in &mut self.items[..usize::from(self.len)] {
            *item = other(*item);
        }
        self
    }

    /// Makes room for a transaction.
    pub fn entry(&mut self, txn: Txn) -> &mut T {
        self.len = self.len.max(txn);
        &mut self[txn]
    }
}

impl<T> PerTxn<T> {
    pub fn iter(&self) -> impl Iterator<Item = (Txn, &T)> {
        (1..).zip(&self.items[..usize::from(self.len)])
    }
}

impl<T> Index<Txn> for PerTxn<T> {
    type Output = T;

    fn index(&self, txn: Txn) -> &T {
        &self.items[usize::from(txn) - 1]
    }
}

impl<T> IndexMut<Txn> for PerTxn<T> {
    fn index_mut(&mut self, txn: Txn) -> &mut T {
        &mut self.items[usize::from(txn) - 1]
    }
}

impl<T: Hash> Hash for PerTxn<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // What lies beyond `len` is the same for all.
        self.items[..usize::from(self.len)].hash(state);
    }
}

/// As people read it: a record alone, or one for each of several transactions.
impl<T: fmt::Debug> fmt::Debug for PerTxn<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.items[..usize::from(self.len)] {
            [only] => only.fmt(f),
            items => {
                f.write_str("Log")?;
                f.debug_list().entries(items).finish()
            }
        }
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Storage::Coordinator(log) => log.fmt(f),
            Storage::Participant(log) => log.fmt(f),
        }
    }
}

impl<T: Serialize> Serialize for PerTxn<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|(_, item)| item))
    }
}

impl<'de, T: Copy + Default + Deserialize<'de>> Deserialize<'de> for PerTxn<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = Vec::<T>::deserialize(deserializer)?;
        let mut items = [T::default(); MAX_TRANSACTIONS];
        let place = items.get_mut(..list.len());
        place
            .ok_or_else(|| D::Error::custom("too many transactions"))?
            .copy_from_slice(&list);
        let len = u8::try_from(list.len()).expect("there are few");
        Ok(PerTxn { len, items })
    }
}
