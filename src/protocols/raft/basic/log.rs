//! The replicated log (5.3), the snapshot that may stand for its beginning (7), and what both hold.
//!
//! Invariants: the first index is 1; `entries` follow the snapshot without a gap, and `configuration` is
//! the latest of both. Copies share their entries until one of them changes.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::Id;
use crate::protocols::key_value::{Applied, Op};
use crate::protocols::raft::Configuration;

/// A term (5.1). No server is ever in term 0 and leads it.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Term(pub u32);

impl Term {
    pub fn next(self) -> Self {
        Term(self.0 + 1)
    }
}

/// A place in the log; zero is before the first.
pub type Index = u32;

/// The index and term of an entry. Written `3@2`: entry 3, of term 2.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    pub index: Index,
    pub term: Term,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Entry {
    /// When the entry was received by the leader.
    pub term: Term,
    pub content: Content,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Content {
    /// What a leader begins its term with (8).
    NoOp,
    /// A client's command, under the client's serial number (thesis, 6.3).
    Command(Id, u32, Op),
    /// A command that a leader made up itself; see `Params::proposals`. Who, by its place among the
    /// servers, and which of those in its log, so that no two in a log are alike: in few bytes. Written `a1`,
    /// the first of S1.
    Proposal(u8, u8),
    /// Who takes part from here on (6).
    Configuration(Configuration),
}

/// What a snapshot holds (Figure 12; thesis, 5): the state as of its last entry, and the latest
/// configuration up to there.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Snapshot {
    pub last: Position,
    pub configuration: Configuration,
    pub applied: Applied,
    /// How many commands it stands for that leaders made up; see `Params::proposals`.
    pub proposals: u32,
}

#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Log {
    pub snapshot: Arc<Snapshot>,
    entries: Arc<Vec<Entry>>,
    /// The latest configuration among them, and where it is: the snapshot's, if there is none. Servers
    /// ask for it all the time.
    configuration: (Index, Configuration),
}

impl Log {
    /// A log in which nothing happened but that the cluster was set up with this configuration.
    pub fn new(configuration: Configuration) -> Self {
        let snapshot = Snapshot {
            configuration,
            ..Snapshot::default()
        };
        Log {
            snapshot: Arc::new(snapshot),
            entries: Arc::default(),
            configuration: (0, configuration),
        }
    }

    /// The last entry.
    pub fn last(&self) -> Position {
        match self.entries.last() {
            Some(entry) => Position {
                index: self.last_index(),
                term: entry.term,
            },
            None => self.snapshot.last,
        }
    }

    pub fn last_index(&self) -> Index {
        let entries = Index::try_from(self.entries.len()).expect("a short log");
        self.snapshot.last.index + entries
    }

    /// The last entry that the snapshot stands for.
    pub fn compacted(&self) -> Index {
        self.snapshot.last.index
    }

    /// The entry, if the log goes so far and the snapshot does not stand for it.
    pub fn get(&self, index: Index) -> Option<&Entry> {
        let at = index.checked_sub(self.compacted() + 1)?;
        self.entries.get(at as usize)
    }

    /// The term of an entry, of the snapshot's last one, or of the place before the first.
    pub fn term(&self, index: Index) -> Option<Term> {
        if index == self.compacted() {
            return Some(self.snapshot.last.term);
        }
        self.get(index).map(|entry| entry.term)
    }

    /// The entry at this index with its term, if the log knows it.
    pub fn position(&self, index: Index) -> Option<Position> {
        let term = self.term(index)?;
        Some(Position { index, term })
    }

    /// Whether the log has this entry, or a snapshot of what was committed that stands for it.
    pub fn holds(&self, entry: Position) -> bool {
        entry.index <= self.compacted() || self.term(entry.index) == Some(entry.term)
    }

    /// The entries with their indices.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Index, &Entry)> + ExactSizeIterator {
        let first = self.compacted() + 1;
        let numbered = self.entries.iter().enumerate();
        numbered.map(move |(at, entry)| (first + Index::try_from(at).expect("short"), entry))
    }

    /// The entries from an index on.
    pub fn from(&self, index: Index) -> &[Entry] {
        let at = index.saturating_sub(self.compacted() + 1) as usize;
        self.entries.get(at..).unwrap_or_default()
    }

    pub fn append(&mut self, entry: Entry) {
        Arc::make_mut(&mut self.entries).push(entry);
        if let Content::Configuration(configuration) = entry.content {
            self.configuration = (self.last_index(), configuration);
        }
    }

    /// Deletes the entry and all that follow it.
    pub fn truncate(&mut self, from: Index) {
        let kept = from.saturating_sub(self.compacted() + 1) as usize;
        if kept < self.entries.len() {
            Arc::make_mut(&mut self.entries).truncate(kept);
            self.configuration = self.configuration_at(self.last_index());
        }
    }

    /// Lets a snapshot stand for all entries up to its last. Those behind it are kept.
    pub fn compact(&mut self, snapshot: Arc<Snapshot>) {
        let kept = self.from(snapshot.last.index + 1).to_vec();
        self.entries = Arc::new(kept);
        self.snapshot = snapshot;
        self.configuration = self.configuration_at(self.last_index());
    }

    /// Discards the entire log in favour of a snapshot.
    pub fn replace(&mut self, snapshot: Arc<Snapshot>) {
        self.entries = Arc::default();
        self.snapshot = snapshot;
        self.configuration = self.configuration_at(self.last_index());
    }

    /// Takes every C-old,new for C-old. (A mistake.)
    pub fn forget_joint(&mut self) {
        for entry in Arc::make_mut(&mut self.entries) {
            if let Content::Configuration(configuration) = &mut entry.content {
                *configuration = Configuration::of(configuration.voters());
            }
        }
        self.configuration = self.configuration_at(self.last_index());
    }

    /// The first entry of a term that it stores.
    pub fn first_of(&self, term: Term) -> Index {
        let first = self.iter().find(|(_, entry)| entry.term == term);
        first.map_or(self.last_index() + 1, |(index, _)| index)
    }

    /// The last entry of a term, if that is at this index or behind it.
    pub fn last_of(&self, term: Term, from: Index) -> Option<Index> {
        let last = self.iter().rev().find(|(_, entry)| entry.term == term);
        last.map(|(index, _)| index).filter(|index| *index >= from)
    }

    /// The latest configuration in the log, whether committed or not: a server always uses that (6);
    /// and where it is.
    pub fn configuration(&self) -> (Index, Configuration) {
        self.configuration
    }

    /// The latest configuration up to an index.
    pub fn configuration_at(&self, index: Index) -> (Index, Configuration) {
        let mut entries = self.iter().rev().skip_while(|(at, _)| *at > index);
        let found = entries.find_map(|(at, entry)| match entry.content {
            Content::Configuration(configuration) => Some((at, configuration)),
            _ => None,
        });
        found.unwrap_or((self.compacted(), self.snapshot.configuration))
    }

    /// The latest configuration up to an index, and all that follow it.
    pub fn configurations_from(&self, index: Index) -> impl Iterator<Item = Configuration> {
        let (from, first) = self.configuration_at(index);
        let later = self.iter().filter(move |(at, _)| *at > from);
        let later = later.filter_map(|(_, entry)| match entry.content {
            Content::Configuration(configuration) => Some(configuration),
            _ => None,
        });
        std::iter::once(first).chain(later)
    }

    /// How many commands leaders have made up, those included that the snapshot stands for.
    pub fn proposals(&self) -> u32 {
        self.proposals_up_to(self.last_index())
    }

    pub fn proposals_up_to(&self, index: Index) -> u32 {
        let entries = self.iter().take_while(|(at, _)| *at <= index);
        let made = entries.filter(|(_, entry)| matches!(entry.content, Content::Proposal(..)));
        self.snapshot.proposals + Index::try_from(made.count()).expect("a short log")
    }
}

impl fmt::Debug for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{:?}", self.index, self.term)
    }
}

/// `2:put x 1`: a command of term 2.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}:{}", self.term, self.content)
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Content::NoOp => f.write_str("no-op"),
            Content::Command(_, _, op) => write!(f, "{op}"),
            Content::Proposal(by, number) => {
                write!(f, "{}{number}", char::from(b'a' + by % 26))
            }
            Content::Configuration(configuration) => write!(f, "{configuration}"),
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `[1:no-op 1:put x 1]`, behind what a snapshot stands for.
impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        if self.compacted() > 0 {
            write!(f, "..{:?}|", self.snapshot.last)?;
        }
        for (at, (_, entry)) in self.iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            write!(f, "{space}{entry:?}")?;
        }
        f.write_str("]")
    }
}
