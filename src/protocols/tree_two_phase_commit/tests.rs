//! Small instances of two-phase commit on a tree, explored in full by a plain breadth-first search; and
//! what it costs.

use super::*;
use crate::model::facts::{Costs, Ledger};
use crate::model::{
    Event, Expectation, Input, InsideHandlers, Limit, Predicate, Protocol, Rules, Step, System,
    Time, Timing, View, World,
};
use crate::protocols::small_spaces::{ORDINARY, REPAIRS, Space, broken};

type Sys = System<TreeTwoPhaseCommit>;
type W = World<TreeTwoPhaseCommit>;

fn params(tree: &[u8], votes: &[PlannedVote]) -> Params {
    Params {
        participants: u8::try_from(tree.len() + 1).expect("a small tree"),
        tree: tree.to_vec(),
        votes: votes.to_vec(),
        ..Params::default()
    }
}

fn open(tree: &[u8]) -> Params {
    params(tree, &vec![PlannedVote::Open; tree.len() + 1])
}

/// Trees of two to five participants: paths, stars, and what is between.
const TREES: [&[u8]; 6] = [
    &[1],
    &[1, 2],
    &[1, 1],
    &[1, 2, 3],
    &[1, 1, 1],
    &[1, 1, 2, 2],
];

fn terminations() -> [Termination; 2] {
    [Termination::Basic, Termination::Cooperative]
}

fn system(params: &Params, rules: impl FnOnce(&mut Rules, NodeSet)) -> Sys {
    let protocol = TreeTwoPhaseCommit::new(params).expect("good parameters");
    let mut all = Rules::fault_free();
    all.timing = Timing::Accurate;
    rules(&mut all, protocol.cluster().all());
    System::new(protocol, all)
}

fn crash(rules: &mut Rules, of: NodeSet) {
    rules.budgets.crashes = vec![(of, Limit::AtMost(1))];
}

fn one_crash(rules: &mut Rules, nodes: NodeSet) {
    crash(rules, nodes);
    rules.budgets.recoveries = Limit::AtMost(1);
}

fn asynchronous(rules: &mut Rules, _: NodeSet) {
    rules.timing = Timing::Asynchronous;
    rules.links.copies = Limit::AtMost(1);
}

fn goal(protocol: &TreeTwoPhaseCommit, name: &str) -> Predicate<TreeTwoPhaseCommit> {
    let properties = protocol.properties();
    let property = properties.iter().find(|p| p.name == name);
    match property.map(|p| p.expectation.clone()) {
        Some(Expectation::NeverBlocked { goal, .. } | Expectation::Recovers { goal }) => goal,
        _ => panic!("{name} has no goal"),
    }
}

#[test]
fn nothing_fails_and_votes_are_open() {
    for tree in TREES {
        let system = system(&open(tree), |_, _| {});
        assert_eq!(broken(&system), [""; 0], "{tree:?}");
    }
}

/// What it costs in every order of events: the costs are part of what tells worlds apart.
fn costs(tree: &[u8]) -> Vec<Costs> {
    let system = system(&params(tree, &[]), |_, _| {});
    let mut due = vec![(system.initial(), Ledger::new(&system))];
    let mut found = Vec::new();
    while let Some((mut world, ledger)) = due.pop() {
        let events = system.enabled(&mut world).events;
        if events.is_empty() {
            found.push(ledger.costs);
            continue;
        }
        for event in events {
            let (mut world, mut ledger) = (world.clone(), ledger.clone());
            let effects = system.apply(&mut world, &event);
            ledger.note(Time::ZERO, &event, &effects, &world);
            due.push((world, ledger));
        }
    }
    found
}

/// In whatever order parts are done and messages arrive: 2(n - 1) messages, one READY and one COMMIT over
/// each edge, or two READYs. (Acknowledgements are not counted, for there are none.) Whoever coordinates
/// without having sent READY forces one record, all others two.
#[test]
fn it_costs_the_same_whether_they_cross_or_not() {
    for tree in [[1].as_slice(), &[1, 2], &[1, 1], &[1, 1, 1]] {
        let edges = u32::try_from(tree.len()).expect("a small tree");
        let all = costs(tree);
        let forced = |cost: &Costs| cost.forced.iter().sum::<u32>();
        for cost in &all {
            assert_eq!(cost.messages, u64::from(2 * edges), "{tree:?}");
            assert!([2 * edges + 1, 2 * edges + 2].contains(&forced(cost)));
        }
        let crossed = all
            .iter()
            .filter(|cost| forced(cost) == 2 * edges + 2)
            .count();
        assert!((1..all.len()).contains(&crossed), "{tree:?}: {crossed}");
    }
}

/// Where READYs cross, both ends of the edge have READY from everybody else, and neither aborts whatever
/// comes: a crash, a loss, a timer that fires at will.
#[test]
fn crossing_is_harmless() {
    for termination in terminations() {
        let params = Params {
            termination,
            ..params(&[1], &[])
        };
        let faults: [fn(&mut Rules, NodeSet); 3] = [
            one_crash,
            |rules, _| rules.budgets.drops = Limit::AtMost(2),
            asynchronous,
        ];
        for faults in faults {
            let system = system(&params, faults);
            let mut crossing = system.initial();
            for id in [0, 1].map(Id::from) {
                let timer = Timer::Done(1);
                system.apply(&mut crossing, &Event::Timeout { id, timer });
            }
            let space = Space::explore_from(&system, crossing).sound();
            let aborted = |w: &&W| {
                let up = [0, 1].map(|id| w.node(Id::from(id)).state().copied());
                up.iter()
                    .flatten()
                    .any(|s| s[1] == Phase::Decided(Decision::Abort))
            };
            assert_eq!(space.worlds.iter().find(aborted), None);
            let stuck = space.stuck(&system, &goal(&system.protocol, "recovers"), REPAIRS);
            assert!(stuck.is_empty(), "{:#?}", stuck[0]);
        }
    }
}

/// Where somebody can be stuck when one participant has crashed for good: the reasons.
fn reasons(params: &Params, of: NodeSet) -> Vec<String> {
    let system = system(params, |rules, _| crash(rules, of));
    let space = Space::explore(&system).sound();
    let goal = goal(&system.protocol, "non-blocking");
    let reason = |w: &&W| {
        goal.ask(&system.protocol, *w)
            .expect_err("it is stuck")
            .text
    };
    let mut reasons: Vec<_> = space
        .stuck(&system, &goal, ORDINARY)
        .iter()
        .map(reason)
        .collect();
    reasons.sort();
    reasons.dedup();
    reasons
}

/// The one in the middle of a path crashes, and those at its ends cannot reach each other along the path. If
/// they may ask each other all the same, they are stuck together or not at all.
#[test]
fn a_crash_in_the_middle_blocks() {
    let middle = NodeSet::only(Id::from(1));
    let alone = "P1 voted yes and does not know the outcome".to_owned();
    let together = "P1 and P3 voted yes and do not know the outcome".to_owned();
    let of = |termination| {
        let params = Params {
            termination,
            ..params(&[1, 2], &[])
        };
        reasons(&params, middle)
    };
    let (basic, cooperative) = (of(Termination::Basic), of(Termination::Cooperative));
    assert!(
        basic.contains(&alone) && basic.contains(&together),
        "{basic:?}"
    );
    assert!(
        !cooperative.contains(&alone) && cooperative.contains(&together),
        "{cooperative:?}"
    );
}

#[test]
fn one_crash_is_survived_and_repaired() {
    for tree in [[1].as_slice(), &[1, 2], &[1, 1]] {
        for termination in terminations() {
            let params = Params {
                termination,
                ..open(tree)
            };
            let system = system(&params, one_crash);
            let space = Space::explore(&system).sound();
            let goal = goal(&system.protocol, "recovers");
            let stuck = space.stuck(&system, &goal, REPAIRS);
            assert!(
                stuck.is_empty(),
                "{tree:?}, {termination:?}: {:#?}",
                stuck[0]
            );
        }
    }
}

/// Fischer, Lynch & Paterson's network: nothing is known about time.
#[test]
fn time_is_no_matter_for_safety() {
    for tree in [[1].as_slice(), &[1, 2]] {
        let system = system(&open(tree), asynchronous);
        assert_eq!(broken(&system), [""; 0], "{tree:?}");
    }
}

/// The smallest instance on which each mistake shows.
fn instance(bug: Mistake) -> Sys {
    let params = match bug {
        Mistake::ReadyToAll => params(
            &[1, 2],
            &[PlannedVote::Yes, PlannedVote::Yes, PlannedVote::No],
        ),
        Mistake::KeepsDecision => params(&[1, 2], &[]),
        Mistake::AllUncertainAbort => Params {
            termination: Termination::Cooperative,
            ..params(&[1, 2], &[])
        },
        _ => params(&[1], &[]),
    };
    let params = Params {
        bug: Some(bug),
        ..params
    };
    system(&params, |rules, nodes| match bug {
        Mistake::ReadyToAll
        | Mistake::CrossingAborts
        | Mistake::CrossingWaits
        | Mistake::KeepsDecision => {}
        Mistake::UncertainAborts => asynchronous(rules, nodes),
        Mistake::AllUncertainAbort | Mistake::ReadyInMemory | Mistake::ReadyBeforeRecord => {
            one_crash(rules, nodes);
        }
    })
}

#[test]
fn every_mistake_breaks_what_it_says() {
    for bug in TreeTwoPhaseCommit::BUGS {
        let mistake: Mistake = serde_json::from_value(bug.name.into()).expect("a mistake");
        let mut found = broken(&instance(mistake));
        found.sort_unstable();
        assert_eq!(found, bug.breaks, "{}", bug.name);
    }
}

#[test]
fn a_tree_is_read_as_it_is_written() {
    let neighbours = |params: &Params| {
        let lists = params.neighbours().expect("a tree");
        let numbers = |set: &NodeSet| set.iter().map(|id| index(id) + 1).collect();
        lists.iter().map(numbers).collect::<Vec<Vec<_>>>()
    };
    let three = Params::default();
    assert_eq!(neighbours(&three), [vec![2], vec![1, 3], vec![2]]);
    assert_eq!(
        neighbours(&params(&[1, 1], &[])),
        [vec![2, 3], vec![1], vec![1]]
    );
    assert_eq!(neighbours(&params(&[], &[])), [[0; 0]]);
}

#[test]
fn parameters_that_make_no_system_are_refused() {
    let refused = |params: &Params| {
        let error = TreeTwoPhaseCommit::new(params);
        error.expect_err("no system").parameter
    };
    let default = Params::default;
    let of = |participants| Params {
        participants,
        ..default()
    };
    let tree = |tree: &[u8]| Params {
        tree: tree.to_vec(),
        ..default()
    };
    let bug = |bug| Params {
        bug: Some(bug),
        ..default()
    };
    assert_eq!(refused(&of(0)), "participants");
    assert_eq!(refused(&of(9)), "participants");
    for bad in [[1].as_slice(), &[0, 1], &[2, 1], &[1, 3], &[1, 1, 1]] {
        assert_eq!(refused(&tree(bad)), "tree", "{bad:?}");
    }
    assert_eq!(refused(&params(&[1], &[PlannedVote::Yes])), "votes");
    assert_eq!(refused(&bug(Mistake::AllUncertainAbort)), "bug");
    let few = Params {
        participants: 2,
        ..bug(Mistake::ReadyToAll)
    };
    assert_eq!(refused(&few), "bug");
    let silent = Params {
        inquiries: false,
        ..bug(Mistake::UncertainAborts)
    };
    assert_eq!(refused(&silent), "bug");
}

/// The ready record is the vote, and takes the locks: whoever crashes right behind it has claimed both.
#[test]
fn a_ready_record_is_held_against_the_vote() {
    let two = system(&params(&[1], &[]), |_, _| {});
    let (id, world) = (Id::from(0), two.initial());
    let (before, timer) = (world.node(id), Timer::Done(1));
    let input = Input::Timeout(&timer);
    let saved = before
        .lasting(&two.protocol, id, input)
        .points(InsideHandlers::InOrder)
        .remove(0);
    let reaction = before.clone().react(&two.protocol, id, input, Some(&saved));
    assert_eq!(reaction.sends().count(), 0);
    let step = Step::new(id, before, input, &reaction, None);
    let owed: Vec<Claim> = two.protocol.claims(&step).collect();
    assert_eq!(owed, [Claim::Voted(1, Vote::Yes), Claim::Locked(1)]);
    assert!(
        owed.iter()
            .all(|claim| reaction.observations.contains(claim))
    );
}
