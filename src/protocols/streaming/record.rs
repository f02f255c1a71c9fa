//! What flows.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A record, which is known by where it comes from: a source can read it again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Record {
    /// Which source, from 0 on.
    pub source: u8,
    /// Its place in the input of that source, from 0 on.
    pub offset: u32,
}

/// The most sources: each has a letter.
pub const SOURCES_MAX: u8 = 26;

/// `a1`: the first of the first source.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = char::from(b'a' + self.source % SOURCES_MAX);
        write!(f, "{letter}{}", self.offset + 1)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `a1 a2 b1`
pub fn listed<T: fmt::Display>(things: impl IntoIterator<Item = T>) -> String {
    let things: Vec<String> = things.into_iter().map(|it| it.to_string()).collect();
    things.join(" ")
}

/// Records in their order, in few words: `a1 a2 b1..b9`.
pub fn ranges(records: &[Record]) -> String {
    let mut runs: Vec<(Record, Record)> = Vec::new();
    for record in records {
        match runs.last_mut() {
            Some((_, last)) if last.source == record.source && last.offset + 1 == record.offset => {
                *last = *record;
            }
            _ => runs.push((*record, *record)),
        }
    }
    listed(
        runs.into_iter()
            .map(|(first, last)| match last.offset - first.offset {
                0 => first.to_string(),
                1 => format!("{first} {last}"),
                _ => format!("{first}..{last}"),
            }),
    )
}

#[cfg(test)]
mod tests {
    use super::{Record, ranges};

    #[test]
    fn what_follows_each_other_is_told_in_few_words() {
        let record = |source, offset| Record { source, offset };
        let records: Vec<Record> = (0..4)
            .map(|offset| record(0, offset))
            .chain([record(1, 0), record(1, 1), record(1, 1), record(2, 7)])
            .collect();
        assert_eq!(ranges(&records), "a1..a4 b1 b2 b2 c8");
        assert_eq!(ranges(&[]), "");
    }
}
