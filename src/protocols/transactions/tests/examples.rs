//! Small histories, and what is said of each.

use super::{claims, told};
use crate::model::bytes::{from_bytes, to_bytes};
use crate::protocols::transactions::{Anomaly, History, Level, Phenomenon, Txn};

fn history(text: &str) -> History {
    told(&claims(text))
}

/// It has this order, even if real time matters.
fn accepted(text: &str, order: &[u16]) {
    let history = history(text);
    let order: Vec<Txn> = order.iter().map(|txn| Txn(*txn)).collect();
    assert_eq!(history.judge(Level::Strict), Ok(order));
    history.judge(Level::Serialisable).expect(text);
}

fn refused_at(level: Level, text: &str, words: &str) -> Anomaly {
    let anomaly = history(text).judge(level).expect_err(text);
    assert_eq!(anomaly.to_string(), words);
    anomaly
}

/// It has no order at all.
fn refused(text: &str, words: &str) {
    refused_at(Level::Strict, text, words);
    refused_at(Level::Serialisable, text, words);
}

/// It has no order that respects real time.
fn late(text: &str, words: &str) {
    refused_at(Level::Strict, text, words);
    history(text).judge(Level::Serialisable).expect(text);
}

#[test]
fn nothing_is_serialisable() {
    assert_eq!(History::default().judge(Level::Strict), Ok(Vec::new()));
}

#[test]
fn transfers_one_after_another() {
    accepted(
        "1 begins, 1 reads x 0, 1 reads y 0, 1 installs x 0, 1 installs y 0, 1 commits, \
         2 begins, 2 reads x 1, 2 reads y 1, 2 installs x 1, 2 installs y 1, 2 commits",
        &[1, 2],
    );
    // Side by side, and the second comes first.
    accepted(
        "1 begins, 2 begins, 2 installs x 0, 1 reads x 2, 1 commits, 2 commits",
        &[2, 1],
    );
}

#[test]
fn two_answers() {
    refused(
        "1 begins, 1 commits, 1 aborts",
        "two answers: T1 was said to have committed, and to have aborted",
    );
}

#[test]
fn aborted_read() {
    let words = "aborted read (G1a): T2 read x from T1, which aborted";
    refused("1 writes x, 2 reads x 1, 2 commits, 1 aborts", words);
    refused("1 aborts, 2 reads x 1, 2 installs y 0", words);
    // Of those that did not commit nobody knows it.
    accepted("1 aborts, 2 reads x 1", &[]);
    accepted("1 aborts, 2 reads x 1, 2 aborts", &[]);
}

#[test]
fn aborted_write() {
    let words = "aborted write: T1 wrote x, and aborted";
    refused("1 installs x 0, 1 aborts", words);
    refused("1 aborts, 1 installs x 0", words);
    // It must have been there if somebody wrote over it.
    refused("1 aborts, 2 installs x 1", words);
    accepted("1 writes x, 1 aborts, 2 installs x 0, 2 commits", &[2]);
}

#[test]
fn a_write_that_is_applied_twice() {
    refused(
        "1 installs x 0, 2 installs x 1, 1 installs x 2",
        "write applied twice: T1 wrote x over its initial version, and again over that of T2",
    );
    // What is said twice happened once; and a version over itself is the same version.
    accepted(
        "1 installs x 0, 1 installs x 0, 1 installs x 1, 2 installs x 1",
        &[1, 2],
    );
}

#[test]
fn lost_update() {
    refused(
        "1 reads x 0, 2 reads x 0, 1 installs x 0, 2 installs x 0",
        "lost update: T1 and T2 both wrote x over its initial version",
    );
    refused(
        "3 installs x 0, 1 installs x 3, 2 installs x 3",
        "lost update: T1 and T2 both wrote x over that of T3",
    );
    // The versions are in order, but the second does not build on the first.
    refused(
        "1 reads x 0, 2 reads x 0, 1 installs x 0, 2 installs x 1",
        "lost update: T1 wrote x before T2 wrote it, T2 read x before T1 wrote it",
    );
}

#[test]
fn write_cycle() {
    refused(
        "1 installs x 0, 2 installs x 1, 2 installs y 0, 1 installs y 2",
        "write cycle (G0): T1 wrote x before T2 wrote it, T2 wrote y before T1 wrote it",
    );
}

#[test]
fn circular_information_flow() {
    refused(
        "1 installs x 0, 2 reads x 1, 2 installs y 0, 1 reads y 2",
        "circular information flow (G1c): T1 wrote x before T2 read it, T2 wrote y before T1 read it",
    );
}

#[test]
fn fractured_read() {
    let words =
        "fractured read (G-single): T1 wrote x before T2 read it, T2 read y before T1 wrote it";
    refused(
        "1 installs x 0, 2 reads x 1, 2 reads y 0, 2 commits, 1 installs y 0",
        words,
    );
    // The other half is lost: that is known if the client said so.
    refused(
        "1 writes x, 1 writes y, 1 installs x 0, 2 reads x 1, 2 reads y 0, 2 commits",
        words,
    );
}

#[test]
fn non_repeatable_read() {
    refused(
        "2 reads x 0, 1 installs x 0, 2 reads x 1, 2 commits",
        "non-repeatable read (G-single): T1 wrote x before T2 read it, T2 read x before T1 wrote it",
    );
}

#[test]
fn a_read_of_an_old_state() {
    refused(
        "1 installs x 0, 2 installs x 1, 2 installs y 0, 3 reads y 2, 3 reads x 0, 3 commits",
        "read of an old state (G-single): T1 wrote x before T2 wrote it, T2 wrote y before T3 read it, \
         T3 read x before T1 wrote it",
    );
}

#[test]
fn write_skew() {
    refused(
        "1 reads x 0, 2 reads y 0, 1 installs y 0, 2 installs x 0",
        "write skew (G2): T1 read x before T2 wrote it, T2 read y before T1 wrote it",
    );
}

#[test]
fn more_of_old_states() {
    refused(
        "1 reads x 0, 2 reads y 0, 3 reads z 0, 2 installs x 0, 3 installs y 0, 1 installs z 0",
        "reads of old states (G2): T1 read x before T2 wrote it, T2 read y before T3 wrote it, \
         T3 read z before T1 wrote it",
    );
}

#[test]
fn stale_read() {
    late(
        "1 begins, 1 installs x 0, 1 commits, 2 begins, 2 reads x 0, 2 commits",
        "stale read: T1 ended before T2 began, T2 read x before T1 wrote it",
    );
    // Side by side it is none.
    accepted(
        "1 begins, 1 installs x 0, 2 begins, 1 commits, 2 reads x 0, 2 commits",
        &[2, 1],
    );
    // The write never came to the owner of the key, and nothing but the client tells of it.
    late(
        "1 begins, 1 writes x, 1 commits, 2 begins, 2 reads x 0, 2 commits",
        "stale read: T1 ended before T2 began, T2 read x before T1 wrote it",
    );
}

#[test]
fn real_time_violation() {
    late(
        "1 begins, 1 commits, 2 begins, 2 installs x 0, 1 installs x 2",
        "real-time violation: T1 ended before T2 began, T2 wrote x before T1 wrote it",
    );
    // Nobody who is in between knows either of them.
    late(
        "1 begins, 1 installs y 0, 2 begins, 2 reads y 0, 1 commits, 3 begins, \
         3 installs x 0, 2 reads x 3, 3 commits, 2 commits",
        "real-time violation: T1 ended before T3 began, T3 wrote x before T2 read it, \
         T2 read y before T1 wrote it",
    );
}

/// Who is in no hurry to be told may come before or after.
#[test]
fn whose_client_hears_nothing_counts_if_it_is_seen() {
    accepted("1 reads x 9, 1 writes y", &[]);
    accepted("1 begins, 1 writes x, 2 reads x 1, 2 commits", &[1, 2]);
    accepted(
        "1 begins, 1 installs x 0, 2 begins, 2 reads x 0, 2 commits",
        &[2, 1],
    );
    // Its own reads count, then, and those that it read from.
    accepted("1 writes x, 2 reads x 1, 2 writes y, 3 reads y 2", &[]);
    accepted(
        "1 writes x, 2 reads x 1, 2 writes y, 3 reads y 2, 3 commits",
        &[1, 2, 3],
    );
}

/// The shortest cycle is told of, not the one that was there first, nor the one with the lowest numbers.
#[test]
fn the_shortest_cycle() {
    refused(
        "1 installs x 0, 2 installs x 1, 3 installs x 2, 3 installs y 0, 1 installs y 3, \
         4 installs z 0, 5 installs z 4, 5 installs w 0, 4 installs w 5",
        "write cycle (G0): T4 wrote z before T5 wrote it, T5 wrote w before T4 wrote it",
    );
    // Of those that are as short, one that breaks less: without time, then without a read that was overwritten, then
    // without any read.
    let both = "1 begins, 1 reads a 0, 1 reads b 0, 1 commits, 2 begins, 2 installs a 0, 2 installs b 0, 2 writes c";
    refused_at(
        Level::Strict,
        &format!("{both}, 1 reads c 2"),
        "fractured read (G-single): T1 read a before T2 wrote it, T2 wrote c before T1 read it",
    );
    refused_at(
        Level::Strict,
        &format!("{both}, 1 installs e 0, 2 reads e 1, 1 reads c 2"),
        "circular information flow (G1c): T1 wrote e before T2 read it, T2 wrote c before T1 read it",
    );
    refused_at(
        Level::Strict,
        &format!("{both}, 1 installs d 0, 2 installs d 1, 2 installs c 0, 1 installs c 2"),
        "write cycle (G0): T1 wrote d before T2 wrote it, T2 wrote c before T1 wrote it",
    );
}

/// Its own version is none that a transaction reads from another: but it says that there is one.
#[test]
fn what_a_transaction_wrote_itself() {
    accepted(
        "1 reads x 0, 1 installs x 0, 1 reads x 1, 2 installs x 1",
        &[1, 2],
    );
    late(
        "1 begins, 1 reads x 1, 1 commits, 2 begins, 2 reads x 0, 2 commits",
        "stale read: T1 ended before T2 began, T2 read x before T1 wrote it",
    );
}

/// Of two versions that were read before they were installed nobody knows the order: it is told with the first of them.
#[test]
fn versions_that_wait_side_by_side() {
    let text = "1 writes x, 2 writes x, 3 reads x 1, 4 reads x 2, 3 commits, 4 commits";
    history(text).judge(Level::Strict).expect(text);
    let text = &format!("{text}, 2 installs x 0, 1 installs x 2");
    accepted(text, &[2, 4, 1, 3]);
}

#[test]
fn who_is_named() {
    let anomaly = refused_at(
        Level::Serialisable,
        "1 reads x 0, 2 reads y 0, 1 installs y 0, 2 installs x 0",
        "write skew (G2): T1 read x before T2 wrote it, T2 read y before T1 wrote it",
    );
    assert_eq!(anomaly.transactions(), [Txn(1), Txn(2)]);
}

/// Order in time takes two numbers each, and what aborted leaves no trace in them.
#[test]
fn when_somebody_aborted_makes_no_difference() {
    let told = |text: &str| history(text);
    assert_eq!(
        told("1 begins, 1 commits, 3 begins, 2 begins, 2 commits, 3 aborts, 4 begins"),
        told("3 begins, 3 aborts, 1 begins, 1 commits, 2 begins, 2 commits, 4 begins"),
    );
    assert_eq!(
        told("1 begins, 2 begins, 1 commits, 3 begins, 2 commits, 4 begins, 3 aborts"),
        told("3 aborts, 2 begins, 1 begins, 2 commits, 1 commits, 4 begins"),
    );
    assert_eq!(
        told("1 begins, 1 reads x 0, 1 writes y, 1 aborts"),
        told("1 aborts, 1 reads z 0"),
    );
    // But who ended before whom does.
    assert_ne!(
        told("1 begins, 1 commits, 2 begins"),
        told("1 begins, 2 begins, 1 commits"),
    );
}

/// Hundreds of transactions, as in a long run: one after another, and in the end one that reads what was long gone.
#[test]
fn a_long_history() {
    let one = |txn: u16| {
        let before = txn - 1;
        let reads = format!("{txn} begins, {txn} reads x {before}");
        let writes = format!("{txn} installs x {before}, {txn} installs y {before}");
        format!("{reads}, {writes}, {txn} commits")
    };
    let mut text = (1..=500).map(one).collect::<Vec<_>>().join(", ");
    accepted(&text, &(1..=500).collect::<Vec<_>>());
    late(
        &(text.clone() + ", 501 begins, 501 reads x 7, 501 commits"),
        "stale read: T8 ended before T501 began, T501 read x before T8 wrote it",
    );
    // The shortest way round takes time for a short cut, if it may.
    text += ", 501 reads y 500, 501 reads x 1, 501 installs z 0";
    refused_at(
        Level::Strict,
        &text,
        "real-time violation: T2 ended before T500 began, T500 wrote y before T501 read it, \
         T501 read x before T2 wrote it",
    );
    let anomaly = history(&text).judge(Level::Serialisable).unwrap_err();
    assert_eq!(anomaly.transactions().len(), 500);
    assert_eq!(anomaly.phenomenon(), Phenomenon::SingleAntiDependency);
}

#[test]
fn it_is_written_and_read_back() {
    let told = history(
        "1 begins, 1 reads x 0, 1 writes y, 1 installs x 0, 1 commits, 2 begins, 2 aborts, 3 reads x 1",
    );
    let json = serde_json::to_string(&told).unwrap();
    assert_eq!(serde_json::from_str::<History>(&json).unwrap(), told);
    let bytes = to_bytes(&told).unwrap();
    assert_eq!(from_bytes::<History>(&bytes).unwrap(), told);
}
