//! What was claimed of transactions: when they ran, what they read and wrote, what became of them.

use serde::{Deserialize, Serialize};

use super::graph::Graph;
use super::versions::Versions;
use super::{Anomaly, Txn, Version};
use crate::model::{Few, FewMap};
use crate::protocols::key_value::Key;

/// Something that clients and owners of keys say of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Claim {
    /// Its client begins. What it reads and writes may be known only later. What is tried again after an abort is
    /// another transaction.
    Began(Txn),
    /// It has read this version.
    Read(Txn, Key, Version),
    /// It writes this key if it commits. Nobody needs to say so: but of a write that is lost before it is installed
    /// nothing else tells.
    Writes(Txn, Key),
    /// Its version of this key takes effect, over the one that was the latest.
    Installed(Txn, Key, Version),
    /// Its client is told that it committed.
    Committed(Txn),
    /// Its client is told that it aborted.
    Aborted(Txn),
}

/// What an order of transactions has to respect beside what they read and wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// Nothing.
    Serialisable,
    /// Real time: whoever ended before another began comes first.
    Strict,
}

/// A fold of claims.
///
/// Claims may come in any order, and again, and the same comes of it: but for begins and commits, whose order is that
/// in time. Whom time does not concern leaves the begins out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct History {
    transactions: FewMap<Txn, Record>,
}

/// What was claimed of one transaction. Of one that aborted nothing is kept but what was installed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Record {
    /// One more than the number of the last end before; 0 if nobody said that it began.
    pub began: u16,
    pub fate: Fate,
    /// No version of its own.
    pub reads: Few<(Key, Version)>,
    /// Each key that it writes, with the version over which it was installed: nothing as long as nobody said so, and
    /// twice if something is wrong.
    pub writes: Few<(Key, Option<Version>)>,
}

/// What a client was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Fate {
    #[default]
    Unknown,
    Committed {
        /// The number of the last begin before.
        ended: u16,
    },
    Aborted,
    /// First the one, then the other.
    Both,
}

impl Claim {
    fn txn(self) -> Txn {
        match self {
            Claim::Began(txn)
            | Claim::Read(txn, ..)
            | Claim::Writes(txn, _)
            | Claim::Installed(txn, ..)
            | Claim::Committed(txn)
            | Claim::Aborted(txn) => txn,
        }
    }
}

impl Record {
    pub fn is_aborted(&self) -> bool {
        matches!(self.fate, Fate::Aborted | Fate::Both)
    }

    /// When it ended, if its client was told that it committed.
    pub fn ended(&self) -> Option<u16> {
        match self.fate {
            Fate::Committed { ended } => Some(ended),
            Fate::Unknown | Fate::Aborted | Fate::Both => None,
        }
    }

    /// Each key of which it installed a version, with what that is over.
    pub fn installed(&self) -> impl Iterator<Item = (Key, Version)> {
        let writes = self.writes.iter();
        writes.filter_map(|(key, over)| Some((*key, (*over)?)))
    }

    /// Each version that it read, or was installed over.
    pub fn met(&self) -> impl Iterator<Item = (Key, Version)> {
        self.reads.iter().copied().chain(self.installed())
    }

    fn writes(&mut self, key: Key) {
        if !self.writes.iter().any(|(other, _)| *other == key) {
            self.writes.insert((key, None));
        }
    }

    fn installs(&mut self, key: Key, over: Version) {
        self.writes.remove(&(key, None));
        self.writes.insert((key, Some(over)));
    }

    fn aborts(&mut self, fate: Fate) {
        let mut writes = std::mem::take(&mut self.writes);
        writes.retain(|(_, over)| over.is_some());
        *self = Record {
            fate,
            writes,
            ..Record::default()
        };
    }
}

impl History {
    pub fn record(&mut self, claim: Claim) {
        let record = self.transactions.of(claim.txn());
        match claim {
            Claim::Began(txn) => {
                // Who was asked again, or told already, begins no more.
                if record.began == 0 && record.fate == Fate::Unknown {
                    self.begins(txn);
                }
            }
            Claim::Committed(txn) => match record.fate {
                Fate::Unknown => self.ends(txn),
                Fate::Aborted => record.fate = Fate::Both,
                Fate::Committed { .. } | Fate::Both => {}
            },
            Claim::Aborted(_) => {
                let fate = match record.fate {
                    Fate::Unknown => Fate::Aborted,
                    Fate::Committed { .. } => Fate::Both,
                    Fate::Aborted | Fate::Both => return,
                };
                record.aborts(fate);
                self.renumber();
            }
            // A version over itself is none.
            Claim::Installed(txn, key, over) if over != Version::By(txn) => {
                record.installs(key, over);
            }
            _ if record.is_aborted() => {}
            Claim::Read(txn, key, version) if version != Version::By(txn) => {
                record.reads.insert((key, version));
            }
            // Who reads its own version has written it.
            Claim::Writes(_, key) | Claim::Read(_, key, _) | Claim::Installed(_, key, _) => {
                record.writes(key);
            }
        }
    }

    /// Begins have one number if nobody ended between them.
    fn begins(&mut self, txn: Txn) {
        let last = self.transactions.values().filter_map(Record::ended).max();
        self.transactions.of(txn).began = last.map_or(1, |last| last + 1);
    }

    /// Ends have one number if nobody began between them.
    fn ends(&mut self, txn: Txn) {
        let last = self.transactions.values().map(|record| record.began).max();
        let ended = last.unwrap_or_default();
        self.transactions.of(txn).fate = Fate::Committed { ended };
    }

    /// Numbers time as if whoever aborted had never begun: so it makes no difference when that was.
    fn renumber(&mut self) {
        let mut moments: Vec<(u16, bool, Txn)> = Vec::new();
        for (txn, record) in self.transactions.iter_mut() {
            if record.began > 0 {
                moments.push((std::mem::take(&mut record.began), false, *txn));
            }
            if let Some(ended) = record.ended() {
                record.fate = Fate::Unknown;
                moments.push((ended, true, *txn));
            }
        }
        // What has the same number began before it ended.
        moments.sort_unstable();
        for (_, is_end, txn) in moments {
            if is_end {
                self.ends(txn);
            } else {
                self.begins(txn);
            }
        }
    }

    /// The committed transactions in an order that explains all that they read and wrote, or why there is none.
    pub fn judge(&self, level: Level) -> Result<Vec<Txn>, Anomaly> {
        let committed = self.committed();
        self.no_aborted_one_is_seen(&committed)?;
        let versions = Versions::of(&committed)?;
        Graph::of(&committed, &versions, level)
            .order()
            .map_err(Anomaly::Cycle)
    }

    /// The transactions that count as committed, with what is known of them.
    fn committed(&self) -> FewMap<Txn, &Record> {
        const NOTHING: &Record = &Record {
            began: 0,
            fate: Fate::Unknown,
            reads: Few::new(),
            writes: Few::new(),
        };
        let mut committed: FewMap<Txn, &Record> = self
            .transactions
            .iter()
            .filter(|(_, record)| !record.is_aborted())
            .filter(|(_, record)| record.ended().is_some() || record.installed().next().is_some())
            .map(|(txn, record)| (*txn, record))
            .collect();
        let mut open: Vec<&Record> = committed.values().copied().collect();
        while let Some(record) = open.pop() {
            for writer in record.met().filter_map(|(_, version)| version.writer()) {
                let written = self.transactions.get(&writer).unwrap_or(NOTHING);
                if !written.is_aborted() && !committed.contains_key(&writer) {
                    committed.insert(writer, written);
                    open.push(written);
                }
            }
        }
        committed
    }

    /// Nothing of a transaction that aborted was read by a committed one, or is there.
    fn no_aborted_one_is_seen(&self, committed: &FewMap<Txn, &Record>) -> Result<(), Anomaly> {
        let of = |fate: Fate| {
            let all = self.transactions.iter();
            all.filter(move |(_, record)| record.fate == fate)
        };
        if let Some((txn, _)) = of(Fate::Both).next() {
            return Err(Anomaly::TwoAnswers { txn: *txn });
        }
        let aborted = |version: Version| {
            let writer = version.writer()?;
            let record = self.transactions.get(&writer)?;
            record.is_aborted().then_some(writer)
        };
        for (&reader, record) in committed {
            let reads = record.reads.iter();
            let mut dirty = reads.filter_map(|(key, version)| Some((*key, aborted(*version)?)));
            if let Some((key, writer)) = dirty.next() {
                return Err(Anomaly::AbortedRead {
                    reader,
                    key,
                    writer,
                });
            }
        }
        for (&writer, record) in of(Fate::Aborted) {
            if let Some((key, _)) = record.installed().next() {
                return Err(Anomaly::AbortedWrite { writer, key });
            }
        }
        for (key, version) in committed.values().flat_map(|record| record.met()) {
            if let Some(writer) = aborted(version) {
                return Err(Anomaly::AbortedWrite { writer, key });
            }
        }
        Ok(())
    }
}
