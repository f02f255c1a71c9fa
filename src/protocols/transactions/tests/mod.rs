//! Histories: each phenomenon in its words, and random ones, which are held against a search through all orders.

mod examples;
mod exhaustive;
mod random;

use super::{Claim, History, Txn, Version};
use crate::protocols::key_value::Key;

/// Reads claims: `1 begins, 1 reads x 0, 1 installs x 0, 1 commits`. A version is the number of who wrote it, or 0.
fn claims(text: &str) -> Vec<Claim> {
    let claims = text.split(", ").map(|claim| {
        let words: Vec<&str> = claim.split(' ').collect();
        let txn = Txn(words[0].parse().unwrap());
        let key = |nth: usize| Key(words[nth].as_bytes()[0]);
        let version = || match words[3].parse().unwrap() {
            0 => Version::Initial,
            writer => Version::By(Txn(writer)),
        };
        match words[1] {
            "begins" => Claim::Began(txn),
            "reads" => Claim::Read(txn, key(2), version()),
            "writes" => Claim::Writes(txn, key(2)),
            "installs" => Claim::Installed(txn, key(2), version()),
            "commits" => Claim::Committed(txn),
            "aborts" => Claim::Aborted(txn),
            other => panic!("{other}"),
        }
    });
    claims.collect()
}

fn told(claims: &[Claim]) -> History {
    let mut history = History::default();
    for claim in claims {
        history.record(*claim);
    }
    history
}
