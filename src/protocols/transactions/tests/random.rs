//! Random histories of few transactions: such as come about, such as nearly do, and any.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::exhaustive::{Facts, Set, worth};
use super::told;
use crate::protocols::key_value::Key;
use crate::protocols::transactions::{Anomaly, Claim, Edge, Level, Txn, Version};

const LEVELS: [Level; 2] = [Level::Serialisable, Level::Strict];

fn keys() -> impl Strategy<Value = Key> {
    (b'x'..=b'z').prop_map(Key)
}

fn txns() -> impl Strategy<Value = Txn> {
    (1..=5_u16).prop_map(Txn)
}

fn versions() -> impl Strategy<Value = Version> {
    prop_oneof![
        2 => Just(Version::Initial),
        3 => txns().prop_map(Version::By),
    ]
}

fn any_claim() -> impl Strategy<Value = Claim> {
    prop_oneof![
        2 => txns().prop_map(Claim::Began),
        4 => (txns(), keys(), versions()).prop_map(|(t, k, v)| Claim::Read(t, k, v)),
        1 => (txns(), keys()).prop_map(|(t, k)| Claim::Writes(t, k)),
        3 => (txns(), keys(), versions()).prop_map(|(t, k, v)| Claim::Installed(t, k, v)),
        3 => txns().prop_map(Claim::Committed),
        1 => txns().prop_map(Claim::Aborted),
    ]
}

/// What one transaction does, and how long before and after it takes effect it begins and ends.
#[derive(Clone, Debug)]
struct Plan {
    reads: BTreeSet<Key>,
    writes: BTreeSet<Key>,
    before: usize,
    after: usize,
    /// How many transactions ago that was current which it reads.
    lag: usize,
    /// Whether its client hears of it, and whether it says what it writes.
    is_told: bool,
    says: bool,
    aborts: bool,
}

fn plans(lag: usize) -> impl Strategy<Value = Plan> {
    let some = || prop::collection::btree_set(keys(), 0..=3);
    let chance = |weight| prop::bool::weighted(weight);
    let time = (0..25_usize, 0..25_usize, 0..=lag);
    let fate = (chance(0.8), chance(0.3), chance(0.1));
    (some(), some(), time, fate).prop_map(
        |(reads, writes, (before, after, lag), (is_told, says, aborts))| Plan {
            reads,
            writes,
            before,
            after,
            lag,
            is_told,
            says,
            aborts,
        },
    )
}

/// What is claimed if they really run one after another, in an order of their own: but each may read what was current
/// so many transactions ago.
fn run(lag: usize) -> impl Strategy<Value = Vec<Claim>> {
    let order = Just((1..=5_u16).collect::<Vec<_>>()).prop_shuffle();
    let lost = prop::bool::weighted(0.2);
    (order, prop::collection::vec(plans(lag), 2..=5), lost).prop_map(|(order, plans, is_lost)| {
        let mut latest: BTreeMap<Key, Version> = BTreeMap::new();
        let mut states = Vec::new();
        let mut claims: Vec<(usize, Claim)> = Vec::new();
        for (nth, (txn, plan)) in order.into_iter().zip(plans).enumerate() {
            let (txn, at) = (Txn(txn), 100 + nth * 10);
            claims.push((at - plan.before, Claim::Began(txn)));
            states.push(latest.clone());
            let state = &states[nth.saturating_sub(plan.lag)];
            for key in plan.reads {
                let version = state.get(&key).copied().unwrap_or_default();
                claims.push((at, Claim::Read(txn, key, version)));
            }
            for key in plan.writes {
                if plan.says {
                    claims.push((at, Claim::Writes(txn, key)));
                }
                if !plan.aborts {
                    let over = latest.insert(key, Version::By(txn));
                    let over = over.unwrap_or_default();
                    claims.push((at, Claim::Installed(txn, key, over)));
                }
            }
            if plan.aborts {
                claims.push((at + plan.after, Claim::Aborted(txn)));
            } else if plan.is_told {
                claims.push((at + plan.after, Claim::Committed(txn)));
            }
        }
        // The last version of a key may not have come to its owner yet.
        if is_lost {
            let lasts: Vec<Version> = latest.into_values().collect();
            claims.retain(|(_, claim)| {
                !matches!(claim, Claim::Installed(txn, ..) if lasts.contains(&Version::By(*txn)))
            });
        }
        claims.sort_by_key(|(at, _)| *at);
        claims.into_iter().map(|(_, claim)| claim).collect()
    })
}

/// The same, if they read nothing that is old.
fn serial() -> impl Strategy<Value = Vec<Claim>> {
    run(0)
}

/// The same, but for a few claims: one is another, or missing, or elsewhere.
fn nearly_serial() -> impl Strategy<Value = Vec<Claim>> {
    let places = || any::<prop::sample::Index>();
    let change = (0..6_u8, places(), places(), versions(), any_claim());
    (serial(), prop::collection::vec(change, 1..=4)).prop_map(|(mut claims, changes)| {
        for (kind, one, other, version, claim) in changes {
            if claims.is_empty() {
                continue;
            }
            let (one, other) = (one.index(claims.len()), other.index(claims.len()));
            match (kind, &mut claims[one]) {
                (0..=2, Claim::Read(_, _, old) | Claim::Installed(_, _, old)) => *old = version,
                (3, _) => {
                    claims.remove(one);
                }
                (4, _) => claims.insert(one, claim),
                _ => claims.swap(one, other),
            }
        }
        claims
    })
}

fn histories() -> impl Strategy<Value = Vec<Claim>> {
    prop_oneof![
        1 => serial(),
        3 => run(3),
        4 => nearly_serial(),
        2 => prop::collection::vec(any_claim(), 0..14),
    ]
}

/// Whether the judge and the search agree, and whether what the judge says is so.
fn agree(claims: &[Claim], level: Level) -> Result<Option<Anomaly>, TestCaseError> {
    let facts = Facts(claims);
    let verdict = told(claims).judge(level);
    let has_order = facts.have_an_order(level);
    if has_order {
        prop_assert!(verdict.is_ok(), "there is an order: {verdict:?}");
    }
    // What is not known may be in no order, and nobody says so.
    if !facts.is_vague() {
        prop_assert!(has_order || verdict.is_err(), "there is none: {verdict:?}");
        if let Ok(order) = &verdict {
            prop_assert!(facts.is_explained(order, level), "{order:?}");
        }
    }
    match &verdict {
        Ok(order) => {
            let order: Set = order.iter().copied().collect();
            prop_assert_eq!(order, facts.committed());
        }
        Err(Anomaly::Cycle(cycle)) => {
            is_a_cycle(cycle, &facts.edges(level))?;
            prop_assert_eq!(Some(worth(cycle)), facts.best_cycle(level));
        }
        Err(anomaly) => prop_assert!(is_found(anomaly, claims), "{anomaly}"),
    }
    Ok(verdict.err())
}

fn is_a_cycle(cycle: &[Edge], edges: &[Edge]) -> Result<(), TestCaseError> {
    for (nth, edge) in cycle.iter().enumerate() {
        prop_assert!(edges.contains(edge), "{edge} is no edge");
        prop_assert_eq!(edge.to, cycle[(nth + 1) % cycle.len()].from);
    }
    Ok(())
}

/// Whether somebody claimed what is said to be wrong.
fn is_found(anomaly: &Anomaly, claims: &[Claim]) -> bool {
    let has = |claim: Claim| claims.contains(&claim);
    match *anomaly {
        Anomaly::TwoAnswers { txn } => has(Claim::Committed(txn)) && has(Claim::Aborted(txn)),
        Anomaly::AbortedRead {
            reader,
            key,
            writer,
        } => has(Claim::Read(reader, key, Version::By(writer))) && has(Claim::Aborted(writer)),
        Anomaly::AbortedWrite { writer, key } => {
            let is_there = claims.iter().any(|claim| match *claim {
                Claim::Installed(txn, k, over) => {
                    k == key && (txn == writer || over == Version::By(writer))
                }
                _ => false,
            });
            is_there && has(Claim::Aborted(writer))
        }
        Anomaly::Twice { writer, key, over } => {
            over[0] != over[1] && over.iter().all(|v| has(Claim::Installed(writer, key, *v)))
        }
        Anomaly::Fork { key, over, writers } => {
            let mut both = writers.iter();
            writers[0] != writers[1] && both.all(|w| has(Claim::Installed(*w, key, over)))
        }
        Anomaly::Cycle(_) => false,
    }
}

/// Whether it makes no difference which of two neighbours is claimed first: unless it is about time, it never does.
fn are_independent(one: Claim, other: Claim) -> bool {
    !matches!(
        (one, other),
        (Claim::Began(_), Claim::Committed(_)) | (Claim::Committed(_), Claim::Began(_))
    )
}

proptest! {
    #![proptest_config(Config::with_cases(3_000))]

    #[test]
    fn the_judge_agrees_with_a_search_through_all_orders(claims in histories()) {
        for level in LEVELS {
            agree(&claims, level)?;
        }
    }

    /// Whatever runs one after another is serialisable, however long anybody waits for the answer.
    #[test]
    fn what_runs_serially_is_serialisable(claims in serial()) {
        for level in LEVELS {
            prop_assert_eq!(agree(&claims, level)?, None);
        }
    }

    /// What is independent is not told apart by the accident of its order; and what is said again says nothing.
    #[test]
    fn the_fold_forgets_the_order_of_what_is_independent(
        claims in histories(),
        swaps in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
        again in any::<prop::sample::Index>(),
    ) {
        let mut others = claims.clone();
        for swap in swaps {
            if others.len() > 1 {
                let at = swap.index(others.len() - 1);
                if are_independent(others[at], others[at + 1]) {
                    others.swap(at, at + 1);
                }
            }
        }
        if !others.is_empty() {
            others.push(others[again.index(others.len())]);
        }
        prop_assert_eq!(told(&claims), told(&others));
    }

    /// Nothing that is claimed later makes good what was wrong.
    #[test]
    fn what_is_wrong_stays_wrong(claims in histories()) {
        for level in LEVELS {
            let mut was_wrong = false;
            for upto in 0..=claims.len() {
                let is_wrong = told(&claims[..upto]).judge(level).is_err();
                prop_assert!(is_wrong || !was_wrong, "{:?}", &claims[..upto]);
                was_wrong = is_wrong;
            }
        }
    }
}

/// The histories are worth something: many have an order and many have none, everything that has a name occurs, and
/// little is vague.
#[test]
fn random_histories_are_of_all_kinds() {
    let found: RefCell<BTreeMap<String, usize>> = RefCell::default();
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::with_cases(10_000), rng);
    let run = runner.run(&histories(), |claims| {
        let anomaly = told(&claims).judge(Level::Strict).err();
        let name = anomaly.map(|anomaly| anomaly.phenomenon().to_string());
        let vague = Facts(&claims).is_vague().then(|| "vague".to_owned());
        for name in name.into_iter().chain(vague) {
            *found.borrow_mut().entry(name).or_default() += 1;
        }
        Ok(())
    });
    run.unwrap();
    let mut found = found.into_inner();
    let vague = found.remove("vague").unwrap_or_default();
    assert!((100..1_000).contains(&vague), "{vague} are vague");
    let bad: usize = found.values().sum();
    assert!((3_000..7_000).contains(&bad), "{bad} have no order");
    assert_eq!(found.len(), 14, "{found:?}");
    assert!(found.values().all(|often| *often >= 10), "{found:?}");
}
