//! Stateright's own `ActorModel` on the same actors: another relation, written by others.
//!
//! The two have the same worlds where their semantics coincide, and this is where:
//!
//! - Without crashes. Theirs bounds only how many nodes are down *at once*, keeps the lost state
//!   as a part of the world, and leaves messages to a node that is down in flight.
//! - Without choices. Ours come before anything else.
//! - On networks that are ordered, or unordered and not duplicating. Their duplicating network
//!   remembers the message delivered last, and has no budget.
//! - With any number of copies in flight. Theirs has no bound.
//! - On unordered networks, if every delivery does something. Theirs leaves out deliveries that
//!   change nothing (and so keeps the message in flight for ever); ours consume the message. On
//!   ordered networks theirs consumes it too.
//! - With losses only where no node sends to itself. Theirs loses such messages as well.
//!
//! - With timers that differ from node to node: its fingerprint of a world runs the sets of timers
//!   together, and takes a timer of one node for the same timer of another.
//!
//! A timeout that does nothing but arm its timer again is no transition there and leads back to
//! the same world here, which makes no difference to the number of worlds.

use std::sync::Arc;

use crate::common::synod::{self, Synod};
use crate::common::table::{Do, Game, MESSAGES, Msg, Params, Row, STATES, Table, game};
use crate::common::{cases, depth, depth_within, plainly};
use crate::theirs::Theirs;
use jury::check::{Finding, Limits};
use jury::model::{Budgets, Limit, LinkOrder, Protocol, Rules, System};
use proptest::prelude::*;
use stateright::actor::{ActorModel, LossyNetwork, Network};
use stateright::{Checker, Expectation, Model};

/// The worlds that Stateright's actor model has, with its depth (counted in worlds) bounded.
fn theirs(params: &Params, order: LinkOrder, lossy: bool, depth_max: Option<u32>) -> u64 {
    let network = match order {
        LinkOrder::Unordered => Network::new_unordered_nonduplicating([]),
        LinkOrder::Fifo => Network::new_ordered([]),
    };
    let lossy = if lossy {
        LossyNetwork::Yes
    } else {
        LossyNetwork::No
    };
    let table = Table::new(params).unwrap();
    let mut checker = ActorModel::new((), ())
        .actors((0..params.nodes).map(|_| Theirs(table.clone())))
        .init_network(network)
        .lossy_network(lossy)
        // It stops once everything is found out, so something must never be.
        .property(Expectation::Always, "true", |_, _| true)
        .checker();
    if let Some(most) = depth_max {
        checker = checker.target_max_depth(most as usize + 1);
    }
    checker.spawn_bfs().join().unique_state_count() as u64
}

fn ours(params: &Params, order: LinkOrder, lossy: bool) -> System<Table> {
    let mut rules = Rules::fault_free();
    rules.links.order = order;
    rules.links.copies = Limit::Unlimited;
    rules.budgets = Budgets::none();
    if lossy {
        rules.budgets.drops = Limit::Unlimited;
    }
    System::new(Arc::new(Table::new(params).unwrap()), rules)
}

/// Two-phase commit as a table. Participants (`other`) vote yes, or give up while they wait for
/// the question. A row that would do nothing stays where it is *by a change*, so that no delivery
/// is a no-op in Stateright's sense.
fn two_phase_commit(participants: u8) -> Params {
    const ASK: Msg = Msg::Ask;
    const YES: Msg = Msg::Tell { what: 0 };
    const NO: Msg = Msg::Tell { what: 1 };
    // The outcome travels the other way, so the same messages can carry it.
    const COMMIT: Msg = YES;
    const ABORT: Msg = NO;

    let to_all = |msg| {
        let send = |to| Do::Send(to, msg);
        (1..=participants).map(send).collect::<Vec<_>>()
    };
    let mut table = Params {
        nodes: participants + 1,
        ..Params::default()
    };
    *table.start(0, None) = Row::to(0, to_all(ASK));
    // The coordinator counts to the last yes; 3 has committed, 4 has aborted.
    for votes in 0..participants {
        let state = usize::from(votes);
        *table.msg(0, state, YES) = if votes + 1 == participants {
            Row::to(3, to_all(COMMIT))
        } else {
            Row::to(votes + 1, [])
        };
        *table.msg(0, state, NO) = Row::to(4, to_all(ABORT));
    }
    *table.msg(0, 4, YES) = Row::to(4, []);
    *table.msg(0, 4, NO) = Row::to(4, []);

    // A participant is working (0), prepared (1), refused (2), aborted (3) or committed (4).
    *table.start(1, None) = Row::to(0, [Do::Arm(0)]);
    *table.timeout(1, 0, 0) = Row::to(2, [Do::Send(0, NO)]);
    *table.msg(1, 0, ASK) = Row::to(1, [Do::Reply(YES), Do::Cancel(0)]);
    *table.msg(1, 0, ABORT) = Row::to(3, [Do::Cancel(0)]);
    *table.msg(1, 1, COMMIT) = Row::to(4, []);
    *table.msg(1, 1, ABORT) = Row::to(3, []);
    *table.msg(1, 2, ASK) = Row::to(2, []);
    *table.msg(1, 2, ABORT) = Row::to(3, []);
    *table.msg(1, 3, ASK) = Row::to(3, []);
    table
}

#[test]
fn two_phase_commit_has_the_same_worlds() {
    use LinkOrder::{Fifo, Unordered};
    for (participants, order, lossy, worlds) in [
        (2, Unordered, false, 108),
        (2, Unordered, true, 304),
        (2, Fifo, false, 79),
        (2, Fifo, true, 200),
        (3, Unordered, false, 1348),
        (3, Unordered, true, 6616),
        (3, Fifo, false, 789),
        (3, Fifo, true, 3098),
    ] {
        let params = two_phase_commit(participants);
        let system = ours(&params, order, lossy);
        let properties = system.protocol.properties()[..1].to_vec();
        let explored = plainly(&system, &properties, Limits::default());
        let case = format!("{participants} participants, {order}, lossy: {lossy}");
        assert_eq!(explored.account.stopped, None);
        assert_eq!(explored.account.progress.distinct, worlds, "{case}");
        assert_eq!(theirs(&params, order, lossy, None), worlds, "{case}");
    }
}

/// Paxos, too, with the same events: each engine counts what it applies, Stateright the start besides.
#[test]
fn paxos_has_the_same_worlds_and_events() {
    let mut sizes = Vec::new();
    for (proposers, acceptors) in [(1, 3), (1, 5), (2, 2), (2, 3)] {
        let params = synod::Params {
            proposers,
            acceptors,
        };
        let mut rules = Rules::fault_free();
        rules.links.order = LinkOrder::Unordered;
        rules.links.copies = Limit::Unlimited;
        let system = System::new(Synod::new(&params).unwrap(), rules);
        let properties = system.protocol.properties();
        let explored = plainly(&system, &properties, Limits::default());
        assert!(matches!(explored.findings[..], [Finding::Nothing]));
        let theirs = synod::actor_model(&system.protocol).checker();
        let theirs = theirs.spawn_bfs().join();
        theirs.assert_properties();
        assert_eq!(explored.account.stopped, None);
        let ours = (
            explored.account.progress.distinct,
            explored.account.progress.generated,
        );
        let theirs = (theirs.unique_state_count(), theirs.state_count() - 1);
        assert_eq!(ours, (theirs.0 as u64, theirs.1 as u64), "{params:?}");
        sizes.push(ours.0);
    }
    assert_eq!(sizes, [209, 12_585, 481, 100_989]);
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn random_tables_have_the_same_worlds(game in game()) {
        let params = without_differences(&game);
        for order in [LinkOrder::Unordered, LinkOrder::Fifo] {
            let system = ours(&params, order, false);
            let most = depth_within(&system, 500);
            let properties = system.protocol.properties()[..1].to_vec();
            let explored = plainly(&system, &properties, depth(most));
            let worlds = theirs(&params, order, false, Some(most));
            prop_assert_eq!(explored.account.progress.distinct, worlds, "{} links", order);
        }
    }
}

/// Takes out of a table in what the two differ, and the history, which theirs does not have.
fn without_differences(game: &Game) -> Params {
    let mut params = game.params.clone();
    params.observed = vec![false; STATES];
    params.withheld = None;
    for (situation, row) in params.on_msg.iter_mut().enumerate() {
        let state = situation / MESSAGES % STATES;
        row.next.get_or_insert(u8::try_from(state).unwrap());
    }
    for row in [
        &mut params.on_start,
        &mut params.on_msg,
        &mut params.on_timeout,
    ] {
        for row in row {
            row.does
                .retain(|command| !matches!(command, Do::Choose(..)));
        }
    }
    params
}
