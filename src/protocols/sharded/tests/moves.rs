//! Which keys move as the ring changes, and what moves with them.

use super::*;
use crate::model::NodeSet;
use crate::protocols::sharded::state::{Cell, Session};
use crate::protocols::transactions::{Txn, Version};

/// What the ring does is what keys do: who joins gets some, and from whoever leaves they go.
#[test]
fn keys_move_with_the_ring() {
    let protocol = made(&Params {
        servers: 3,
        changes: ["S3 joins", "S1 leaves", "S1 joins"]
            .map(str::to_owned)
            .to_vec(),
        ..with(&[&["read x y z"]])
    });
    let [x, y, z] = [b'x', b'y', b'z'].map(Key);
    let [s1, s2, s3] = [0, 1, 2].map(Id::from);
    let owners = |epoch| [x, y, z].map(|key| protocol.owner(epoch, key));
    assert_eq!(
        [0, 1, 2, 3].map(owners),
        [[s1, s2, s1], [s1, s2, s3], [s3, s2, s3], [s1, s2, s3]]
    );
    assert_eq!([x, y, z].map(|key| protocol.since(3, key)), [3, 0, 1]);
    assert_eq!(protocol.came_from(2, x), Some(s1));
    assert_eq!(protocol.sources(2, s3), NodeSet::only(s1));
    assert_eq!(protocol.targets(2, s1), NodeSet::only(s3));
    assert_eq!(protocol.targets(2, s2), NodeSet::EMPTY);
    assert_eq!(protocol.participants(2), NodeSet::first(3));
}

/// About one key in three moves as the third server joins, all to it (Karger et al. 1997): 6 of 26.
#[test]
fn few_keys_move() {
    let letters: Vec<String> = (b'a'..=b'z').map(|key| Key(key).to_string()).collect();
    let protocol = made(&Params {
        servers: 3,
        changes: vec!["S3 joins".to_owned()],
        ..with(&[&[&format!("read {}", letters.join(" "))]])
    });
    let has_moved = |key: &&Key| protocol.came_from(1, **key).is_some();
    let moved: Vec<&Key> = protocol.accounts.iter().filter(has_moved).collect();
    assert_eq!((protocol.accounts.len(), moved.len()), (26, 6));
    let mut owners = moved.iter().map(|key| protocol.owner(1, **key));
    assert!(owners.all(|owner| owner == Id::from(2)));
}

#[test]
fn a_scenario_is_told_which_change_makes_no_sense() {
    for (changes, advice) in [
        (&["S3 comes"][..], "write `S3 joins` or `S1 leaves`"),
        (&["S4 joins"], "there is no S4 among 3 servers"),
        (&["C1 leaves"], "there is no C1"),
        (&["S0 joins"], "there is no S0"),
        (&["S3 joins", "S3 joins"], "is one of the members by then"),
        (
            &["S1 leaves", "S1 leaves"],
            "is none of the members by then",
        ),
        (&["S1 leaves", "S2 leaves", "S3 leaves"], "nobody is left"),
        (&["S1 joins", "S2 joins", "S3 joins"], "nobody is left"),
    ] {
        let params = Params {
            servers: 3,
            changes: changes.iter().map(|line| (*line).to_owned()).collect(),
            ..Params::default()
        };
        let refused = Sharded::new(&params).expect_err("it is bad");
        assert_eq!(refused.parameter, "changes");
        assert!(refused.message.contains(advice), "{}", refused.message);
    }
    let mistake = Params {
        bug: Some(Mistake::ServesFrozen),
        ..Params::default()
    };
    assert_eq!(
        Sharded::new(&mistake).expect_err("nothing moves").parameter,
        "bug"
    );
}

/// A part in several keys goes where they go, and is one again where they meet.
#[test]
fn a_range_is_cut_out_and_put_in() {
    let [x, y] = [b'x', b'y'].map(Key);
    let (txn, other) = (Txn(1), Txn(2));
    let cell = |value| Cell {
        value,
        version: Version::Initial,
    };
    let part = Part {
        request: Request {
            attempt: Attempt {
                txn,
                timestamp: txn,
            },
            coordinator: Id::from(3),
            operations: vec![Operation::Take(x, 1), Operation::Give(y, 1)],
        },
        reads: vec![(x, Version::Initial), (y, Version::Initial)],
        writes: vec![(x, 9), (y, 11)],
    };
    let session = |txn| Session {
        txn,
        values: Values::default(),
    };
    let mut from = Disk {
        values: [(x, cell(10)), (y, cell(7))].into_iter().collect(),
        prepared: [(txn, part.clone())].into_iter().collect(),
        sessions: [(0, session(other)), (1, session(txn))]
            .into_iter()
            .collect(),
        ..Disk::default()
    };
    let all = from.clone();
    let range = from.cut(|key| key == y);
    assert_eq!(format!("{range:?}"), "y=7, prepared T1");
    assert_eq!(from.in_words(), "x=10, prepared T1");
    assert_eq!(range.prepared[&txn].writes, [(y, 11)]);
    from.put(range.clone());
    assert_eq!(from, all);

    let later = session(Txn(3));
    let mut to = Disk {
        sessions: [(0, later.clone())].into_iter().collect(),
        ..Disk::default()
    };
    to.put(range);
    assert_eq!(to.sessions[&0], later);
    assert_eq!(to.sessions[&1], session(txn));
}

/// Whoever gives up a prepared part holds its locks no more, and says so: as it hands it over, votes NO with its own part,
/// or is told to abort.
#[test]
fn locks_end_with_the_part() {
    let params = Params {
        servers: 3,
        changes: vec!["S2 leaves".to_owned()],
        ..with(&[&["transfer x y 1"]])
    };
    let protocol = made(&params);
    let (s1, s2) = (Id::from(0), Id::from(1));
    let txn = Txn(1);
    let request = Request {
        attempt: Attempt {
            txn,
            timestamp: txn,
        },
        coordinator: s1,
        operations: vec![Operation::Give(Key(b'y'), 1)],
    };
    let part = Part {
        request: request.clone(),
        reads: Vec::new(),
        writes: Vec::new(),
    };
    let gives_up: [&dyn Fn(&mut Shard<'_>); 3] = [
        &|shard| shard.goes_on_to(1),
        &|shard| shard.says_no(&request, Why::Refused),
        &|shard| shard.aborts_here(txn),
    ];
    for (nth, gives_up) in gives_up.iter().enumerate() {
        let mut o = Out::default();
        let mut s = protocol.start_server(s2, Start::First, &mut o);
        s.disk.prepared.insert(txn, part.clone());
        gives_up(&mut Shard {
            protocol: &protocol,
            id: s2,
            s: &mut s,
            o: &mut o,
        });
        assert!(s.disk.prepared.is_empty(), "{nth}");
        let released = o.observed().filter(|claim| **claim == Claim::Released(txn));
        assert_eq!(released.count(), 1, "{nth}");
    }
}
