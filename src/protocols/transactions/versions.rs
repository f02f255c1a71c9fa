//! The versions of each key, in the order in which they were installed.

use super::history::Record;
use super::{Anomaly, Txn, Version};
use crate::model::{Few, FewMap};
use crate::protocols::key_value::Key;

/// The versions that committed transactions wrote.
pub(super) struct Versions {
    keys: FewMap<Key, OfKey>,
}

#[derive(Default)]
struct OfKey {
    /// Who wrote right over a version.
    next: FewMap<Version, Txn>,
    /// Those that wrote it, whose versions are behind all others as far as anybody knows: they were not installed yet.
    loose: Few<Txn>,
    /// The last version that follows from the initial one.
    last: Version,
}

impl Versions {
    /// The order that was told, unless it is none: then a key was written over one version by two transactions, or by
    /// one over two.
    pub fn of(committed: &FewMap<Txn, &Record>) -> Result<Self, Anomaly> {
        let mut keys: FewMap<Key, OfKey> = FewMap::new();
        for (&writer, record) in committed {
            let mut before: Option<(Key, Version)> = None;
            for &(key, over) in &record.writes {
                let of = keys.of(key);
                let Some(over) = over else {
                    of.loose.insert(writer);
                    continue;
                };
                if let Some((_, first)) = before.filter(|(other, _)| *other == key) {
                    let over = [first, over];
                    return Err(Anomaly::Twice { writer, key, over });
                }
                if let Some(&other) = of.next.get(&over) {
                    let writers = [other, writer];
                    return Err(Anomaly::Fork { key, over, writers });
                }
                of.next.insert(over, writer);
                before = Some((key, over));
            }
        }
        // Whose version was read or written over has written it, whether anybody said so or not.
        for (key, version) in committed.values().flat_map(|record| record.met()) {
            if let Some(writer) = version.writer()
                && !committed[&writer].installed().any(|(k, _)| k == key)
            {
                keys.of(key).loose.insert(writer);
            }
        }
        for of in keys.values_mut() {
            let mut last = Version::Initial;
            while let Some(next) = of.next.get(&last) {
                last = Version::By(*next);
            }
            of.last = last;
        }
        Ok(Versions { keys })
    }

    /// Each version of each key with one that was written right over it.
    pub fn pairs(&self) -> impl Iterator<Item = (Key, Version, Txn)> {
        self.keys.iter().flat_map(|(key, of)| {
            let told = of.next.iter().map(|(over, writer)| (*over, *writer));
            let loose = of.loose.iter().map(|writer| (of.last, *writer));
            told.chain(loose)
                .map(move |(over, writer)| (*key, over, writer))
        })
    }

    /// Who wrote right over a version.
    pub fn over(&self, key: Key, version: Version) -> impl Iterator<Item = Txn> {
        let of = self.keys.get(&key);
        let told = of.and_then(|of| of.next.get(&version));
        let loose = of.filter(|of| of.last == version);
        let loose = loose.into_iter().flat_map(|of| of.loose.iter());
        told.into_iter().chain(loose).copied()
    }
}
