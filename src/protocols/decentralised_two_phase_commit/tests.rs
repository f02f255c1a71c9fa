//! Small instances of decentralised two-phase commit, explored in full by a plain breadth-first search;
//! and what it costs.

use super::*;
use crate::model::facts::Ledger;
use crate::model::{
    Event, Expectation, Input, InsideHandlers, Limit, Predicate, Protocol, Rules, Step, System,
    Time, Timing, View, World,
};
use crate::protocols::small_spaces::{ORDINARY, REPAIRS, Space, broken};

type Sys = System<DecentralisedTwoPhaseCommit>;
type W = World<DecentralisedTwoPhaseCommit>;

fn params(participants: u8, votes: &[PlannedVote]) -> Params {
    Params {
        participants,
        votes: votes.to_vec(),
        ..Params::default()
    }
}

fn open(participants: u8) -> Params {
    let votes = vec![PlannedVote::Open; usize::from(participants)];
    params(participants, &votes)
}

fn system(params: &Params, rules: impl FnOnce(&mut Rules, NodeSet)) -> Sys {
    let protocol = DecentralisedTwoPhaseCommit::new(params).expect("good parameters");
    let mut all = Rules::fault_free();
    all.timing = Timing::Accurate;
    rules(&mut all, protocol.cluster().all());
    System::new(protocol, all)
}

fn crash(of: NodeSet) -> impl FnOnce(&mut Rules, NodeSet) {
    move |rules, _| rules.budgets.crashes = vec![(of, Limit::AtMost(1))]
}

fn goal(
    protocol: &DecentralisedTwoPhaseCommit,
    name: &str,
) -> Predicate<DecentralisedTwoPhaseCommit> {
    let properties = protocol.properties();
    match properties
        .iter()
        .find(|p| p.name == name)
        .map(|p| p.expectation.clone())
    {
        Some(Expectation::NeverBlocked { goal, .. } | Expectation::Recovers { goal }) => goal,
        _ => panic!("{name} has no goal"),
    }
}

/// Where somebody can be stuck: the reasons.
fn reasons(system: &Sys) -> Vec<String> {
    let space = Space::explore(system).sound();
    let goal = goal(&system.protocol, "non-blocking");
    let reason = |w: &&W| {
        goal.ask(&system.protocol, *w)
            .expect_err("it is stuck")
            .text
    };
    let mut reasons: Vec<_> = space
        .stuck(system, &goal, ORDINARY)
        .iter()
        .map(reason)
        .collect();
    reasons.sort();
    reasons.dedup();
    reasons
}

/// Each vote is out or not, and of one that is out each of the n - 1 others may have heard.
/// (A committed site is one that has heard all.)
#[test]
fn nothing_fails_and_everybody_commits() {
    for n in 1..=4 {
        let system = system(&params(n, &[]), |_, _| {});
        assert_eq!(broken(&system), [""; 0]);
        let space = Space::explore(&system).sound();
        let n = u32::from(n);
        assert_eq!(space.worlds.len(), (1 + 2usize.pow(n - 1)).pow(n));
    }
}

#[test]
fn nothing_fails_and_votes_are_open() {
    for begins in [Begins::Everybody, Begins::First] {
        let system = system(&Params { begins, ..open(3) }, |_, _| {});
        assert_eq!(broken(&system), [""; 0], "{begins:?}");
    }
}

/// n(n - 1) messages, counting votes only, which is all that there is; the vote of each to itself, which
/// Skeen counts, is none. Two forced records each. One delay, or two where the first vote asks for the
/// others.
#[test]
fn votes_are_all_it_costs() {
    for (begins, delays) in [(Begins::Everybody, 1), (Begins::First, 2)] {
        for n in 2..=5 {
            let params = Params {
                begins,
                ..params(n, &[])
            };
            let system = system(&params, |_, _| {});
            let mut world = system.initial();
            let mut ledger = Ledger::new(&system);
            // Who is asked begins at once, and nobody later than it is asked.
            while let Some(event) = next(&system, &mut world) {
                let effects = system.apply(&mut world, &event);
                ledger.note(Time::ZERO, &event, &effects, &world);
            }
            assert_eq!(reached(&system, &world), Ok(()));
            let (costs, n) = (&ledger.costs, u64::from(n));
            assert_eq!(costs.messages, n * (n - 1));
            assert!(costs.forced.iter().all(|forced| *forced == 2));
            assert_eq!(costs.delays, delays);
        }
    }
}

/// Timers go first.
fn next(system: &Sys, world: &mut W) -> Option<Event<DecentralisedTwoPhaseCommit>> {
    let mut events = system.enabled(world).events;
    events.sort_by_key(|event| !matches!(event, Event::Timeout { .. }));
    events.into_iter().next()
}

fn reached(system: &Sys, world: &W) -> Result<(), String> {
    let answer = goal(&system.protocol, "recovers").ask(&system.protocol, world);
    answer.map_err(|reason| reason.text)
}

/// Two-phase commit has one site whose crash blocks; here each will do. One that has not voted yet is
/// lost as well: its part will be done, and then it is in doubt.
#[test]
fn a_crash_of_anybody_blocks() {
    for (id, other) in [(0, "P2"), (1, "P1")] {
        let crash = crash(NodeSet::only(Id::from(id)));
        let stuck = reasons(&system(&params(2, &[]), crash));
        let stuck_is = ["has not voted", "voted yes and does not know the outcome"];
        assert_eq!(stuck, stuck_is.map(|what| format!("{other} {what}")));
    }
}

/// Who may not ask is stuck by a loss alone, and knows no better when the voter has decided.
#[test]
fn without_inquiries_a_loss_is_for_good() {
    let params = Params {
        inquiries: false,
        ..params(2, &[])
    };
    let system = system(&params, |rules, _| rules.budgets.drops = Limit::AtMost(1));
    let stuck = reasons(&system);
    let both = "P1 and P2 voted yes and do not know the outcome";
    assert_eq!(
        stuck.len(),
        5,
        "each, with the other in any place: {stuck:?}"
    );
    assert_eq!(stuck[0], both, "before any vote arrives");
    assert_eq!(broken(&system), [""; 0]);
}

#[test]
fn one_crash_is_survived_and_repaired() {
    for begins in [Begins::Everybody, Begins::First] {
        let system = system(&Params { begins, ..open(2) }, |rules, nodes| {
            crash(nodes)(rules, nodes);
            rules.budgets.recoveries = Limit::AtMost(1);
            rules.budgets.drops = Limit::AtMost(1);
        });
        let space = Space::explore(&system).sound();
        let goal = goal(&system.protocol, "recovers");
        let stuck = space.stuck(&system, &goal, REPAIRS);
        assert!(stuck.is_empty(), "{begins:?}: {:#?}", stuck[0]);
    }
}

/// Fischer, Lynch & Paterson's network: nothing is known about time.
#[test]
fn time_is_no_matter_for_safety() {
    for begins in [Begins::Everybody, Begins::First] {
        let system = system(&Params { begins, ..open(2) }, |rules, _| {
            rules.timing = Timing::Asynchronous;
            rules.links.copies = Limit::AtMost(1);
        });
        assert_eq!(broken(&system), [""; 0], "{begins:?}");
    }
}

/// The smallest instance on which each mistake shows.
fn instance(bug: Mistake) -> Sys {
    let params = match bug {
        Mistake::LastVoteAssumed => params(2, &[PlannedVote::Yes, PlannedVote::No]),
        Mistake::VotesCounted => params(3, &[PlannedVote::Yes, PlannedVote::Yes, PlannedVote::No]),
        _ => params(2, &[]),
    };
    let params = Params {
        bug: Some(bug),
        ..params
    };
    system(&params, |rules, nodes| match bug {
        Mistake::LastVoteAssumed => {}
        Mistake::UncertainAborts | Mistake::AnswersWithoutAborting => {
            rules.timing = Timing::Asynchronous;
            rules.links.copies = Limit::AtMost(1);
        }
        Mistake::PreparedInMemory | Mistake::VoteBeforeRecord => {
            crash(nodes)(rules, nodes);
            rules.budgets.recoveries = Limit::AtMost(1);
        }
        Mistake::VotesCounted => rules.budgets.duplicates = Limit::AtMost(1),
        Mistake::UncertainKeepsSilent => rules.budgets.drops = Limit::AtMost(2),
    })
}

#[test]
fn every_mistake_breaks_what_it_says() {
    for bug in DecentralisedTwoPhaseCommit::BUGS {
        let mistake: Mistake = serde_json::from_value(bug.name.into()).expect("a mistake");
        let mut found = broken(&instance(mistake));
        found.sort_unstable();
        assert_eq!(found, bug.breaks, "{}", bug.name);
    }
}

#[test]
fn parameters_that_make_no_system_are_refused() {
    let refused = |params: &Params| {
        let error = DecentralisedTwoPhaseCommit::new(params);
        error.expect_err("no system").parameter
    };
    assert_eq!(refused(&params(0, &[])), "participants");
    assert_eq!(refused(&params(9, &[])), "participants");
    assert_eq!(refused(&params(3, &[PlannedVote::Yes])), "votes");
    let alone = Params {
        bug: Some(Mistake::LastVoteAssumed),
        ..params(1, &[])
    };
    assert_eq!(refused(&alone), "bug");
    for bug in [
        Mistake::AnswersWithoutAborting,
        Mistake::UncertainAborts,
        Mistake::UncertainKeepsSilent,
    ] {
        let silent = Params {
            inquiries: false,
            bug: Some(bug),
            ..Params::default()
        };
        assert_eq!(refused(&silent), "bug");
    }
}

/// The prepared record is the vote, and takes the locks: whoever crashes right behind it has claimed both.
#[test]
fn a_prepared_record_is_held_against_the_vote() {
    let two = system(&params(2, &[]), |_, _| {});
    let (id, world) = (Id::from(0), two.initial());
    let (before, timer) = (world.node(id), Timer::Begin(1));
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
