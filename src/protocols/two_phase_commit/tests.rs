//! Small instances of two-phase commit, explored in full by a plain breadth-first search; and
//! what it costs.

use super::*;
use crate::model::facts::Ledger;
use crate::model::{
    Assumption, Cut, Event, Expectation, Input, InsideHandlers, Limit, Predicate, Property,
    Protocol, Rules, Step, System, Time, Timing, View, World,
};
use crate::protocols::small_spaces::{ORDINARY, REPAIRS, Space, broken};

type Sys = System<TwoPhaseCommit>;
type W = World<TwoPhaseCommit>;
type Faults = fn(&mut Rules, NodeSet);

fn params(participants: u8, votes: &[PlannedVote]) -> Params {
    Params {
        participants,
        votes: votes.to_vec(),
        ..Params::default()
    }
}

fn open(participants: u8) -> Params {
    params(
        participants,
        &vec![PlannedVote::Open; usize::from(participants)],
    )
}

fn system(params: &Params, rules: impl FnOnce(&mut Rules, NodeSet)) -> Sys {
    let protocol = TwoPhaseCommit::new(params).expect("good parameters");
    let mut all = Rules::fault_free();
    all.timing = Timing::Accurate;
    rules(&mut all, protocol.cluster().all());
    System::new(protocol, all)
}

/// One crash, also inside a handler, and as many recoveries.
fn one_crash(rules: &mut Rules, nodes: NodeSet) {
    rules.budgets.crashes = vec![(nodes, Limit::AtMost(1))];
    rules.budgets.recoveries = Limit::AtMost(1);
}

fn asynchronous(rules: &mut Rules) {
    rules.timing = Timing::Asynchronous;
    rules.links.copies = Limit::AtMost(1);
}

fn property(name: &str) -> Property<TwoPhaseCommit> {
    let protocol = TwoPhaseCommit::new(&Params::default()).expect("good parameters");
    let properties = protocol.properties();
    properties
        .into_iter()
        .find(|p| p.name == name)
        .expect("a property")
}

fn goal(name: &str) -> Predicate<TwoPhaseCommit> {
    match property(name).expectation {
        Expectation::NeverBlocked { goal, .. } | Expectation::Recovers { goal } => goal,
        Expectation::Always(_) | Expectation::Reachable(_) => panic!("{name} has no goal"),
    }
}

fn variants() -> impl Iterator<Item = (Presumption, Termination)> {
    let presumptions = [
        Presumption::Abort,
        Presumption::Commit,
        Presumption::Nothing,
    ];
    presumptions
        .into_iter()
        .flat_map(|p| [Termination::Basic, Termination::Cooperative].map(|t| (p, t)))
}

/// What one schedule cost.
#[derive(Debug, PartialEq)]
struct Cost {
    messages: u64,
    /// Of the coordinator, of each participant.
    forced: (u32, u32),
}

/// Runs without failures; `late` fires the vote timer before any vote arrives.
fn cost(presumption: Presumption, late: bool) -> Cost {
    let params = Params {
        presumption,
        ..Params::default()
    };
    let system = system(&params, |rules, _| rules.timing = Timing::Asynchronous);
    let mut world = system.initial();
    let mut ledger = Ledger::new(&system);
    let mut step = |world: &mut W, event: &Event<TwoPhaseCommit>| {
        let effects = system.apply(world, event);
        ledger.note(Time::ZERO, event, &effects, world);
    };
    let timeout = |timer| Event::Timeout {
        id: coordinator(),
        timer,
    };
    step(&mut world, &timeout(Timer::Begin(1)));
    let mut asked = 0;
    loop {
        if late && asked == 3 {
            step(&mut world, &timeout(Timer::Vote(1)));
        }
        let delivery = |e: &Event<_>| matches!(e, Event::Deliver(_));
        let events = system.enabled(&mut world).events;
        let Some(event) = events.into_iter().find(delivery) else {
            break;
        };
        step(&mut world, &event);
        asked += 1;
    }
    assert!(goal("recovers").ask(&system.protocol, &world).is_ok());
    let costs = &ledger.costs;
    assert!(costs.forced[1..].iter().all(|f| *f == costs.forced[1]));
    Cost {
        messages: costs.messages,
        forced: (costs.forced[0], costs.forced[1]),
    }
}

/// The table of Mohan, Lindsay & Obermarck, for three participants.
#[test]
fn the_presumptions_cost_what_the_paper_says() {
    let table = [
        (Presumption::Nothing, (12, (1, 2)), (12, (1, 2))),
        (Presumption::Abort, (12, (1, 2)), (9, (0, 1))),
        (Presumption::Commit, (9, (2, 1)), (12, (1, 2))),
    ];
    for (presumption, commit, abort) in table {
        for (late, (messages, forced)) in [(false, commit), (true, abort)] {
            let expected = Cost { messages, forced };
            assert_eq!(cost(presumption, late), expected, "{presumption:?}, {late}");
        }
    }
}

/// Each participant goes through three steps in each phase (asked, voted, counted; told,
/// acknowledged, done), so without failures there are 2·3ⁿ worlds, the initial one for the state
/// in which all are counted and nothing is decided.
#[test]
fn nothing_fails_and_everybody_commits() {
    for n in 1..=4 {
        let system = system(&params(n, &[]), |_, _| {});
        assert_eq!(broken(&system), [""; 0]);
        let space = Space::explore(&system).sound();
        assert_eq!(space.worlds.len(), 2 * 3usize.pow(u32::from(n)));
    }
}

#[test]
fn nothing_fails_and_votes_are_open() {
    for (presumption, termination) in variants() {
        let params = Params {
            presumption,
            termination,
            ..open(2)
        };
        let system = system(&params, |_, _| {});
        assert_eq!(broken(&system), [""; 0], "{presumption:?} {termination:?}");
    }
}

#[test]
fn one_crash_is_survived_and_repaired() {
    for (presumption, termination) in variants() {
        let params = Params {
            presumption,
            termination,
            ..open(2)
        };
        let system = system(&params, one_crash);
        let space = Space::explore(&system).sound();
        for name in ["recovers", "forgets"] {
            let stuck = space.stuck(&system, &goal(name), REPAIRS);
            assert!(
                stuck.is_empty(),
                "{name}, {presumption:?} {termination:?}: {:#?}",
                stuck[0]
            );
        }
    }
}

/// The coordinator that came back tells everybody again, and again if that is lost.
#[test]
fn a_loss_after_a_recovery_is_made_good() {
    for (presumption, termination) in variants() {
        let params = Params {
            presumption,
            termination,
            ..open(1)
        };
        let system = system(&params, |rules, _| {
            one_crash(rules, NodeSet::only(coordinator()));
            rules.budgets.drops = Limit::AtMost(1);
        });
        let space = Space::explore(&system).sound();
        let stuck = space.stuck(&system, &goal("forgets"), REPAIRS);
        assert!(stuck.is_empty(), "{presumption:?}: {:#?}", stuck[0]);
    }
}

/// What accurate timing holds back must never be what everybody waits for.
#[test]
fn nobody_waits_for_the_living() {
    let faults: [(&str, Faults); 4] = [
        ("a crash of a participant", |rules, nodes| {
            rules.budgets.crashes = vec![(nodes.without(coordinator()), Limit::AtMost(1))];
            rules.budgets.recoveries = Limit::AtMost(1);
        }),
        ("a loss", |rules, _| rules.budgets.drops = Limit::AtMost(1)),
        ("a duplicate", |rules, _| {
            rules.budgets.duplicates = Limit::AtMost(1);
        }),
        ("a cut that heals", |rules, nodes| {
            let one = NodeSet::only(Id::from(1));
            rules.cuts = vec![Cut::groups(nodes.len(), &[one, nodes.minus(one)])];
            rules.budgets.cuts = Limit::AtMost(1);
            rules.budgets.heals = Limit::AtMost(1);
        }),
    ];
    for (presumption, termination) in variants() {
        for (what, rules) in faults {
            let params = Params {
                presumption,
                termination,
                ..open(2)
            };
            let system = system(&params, rules);
            let space = Space::explore(&system).sound();
            let classes = if what.contains("cut") {
                REPAIRS
            } else {
                ORDINARY
            };
            for (name, classes) in [("non-blocking", classes), ("forgets", REPAIRS)] {
                let stuck = space.stuck(&system, &goal(name), classes);
                assert!(
                    stuck.is_empty(),
                    "{name}, {what}, {presumption:?} {termination:?}: {:#?}",
                    stuck[0]
                );
            }
        }
    }
}

/// Fischer, Lynch & Paterson's network: nothing is known about time.
#[test]
fn time_is_no_matter_for_safety() {
    for (presumption, termination) in variants() {
        let params = Params {
            presumption,
            termination,
            ..open(2)
        };
        // Peers that ask each other at any time make up most of a space.
        let cooperative = termination == Termination::Cooperative;
        if cooperative && presumption != Presumption::Abort {
            continue;
        }
        let system = system(&params, |rules, nodes| {
            asynchronous(rules);
            if !cooperative {
                one_crash(rules, nodes);
            }
        });
        Space::explore(&system).sound();
    }
}

/// The window of uncertainty, and what cooperation makes of it: BHG 7.4.
#[test]
fn a_crash_of_the_coordinator_blocks() {
    let blocked = |termination| {
        let params = Params {
            termination,
            ..params(2, &[])
        };
        let system = system(&params, |rules, _| {
            let c = NodeSet::only(coordinator());
            rules.budgets.crashes = vec![(c, Limit::AtMost(1))];
        });
        let space = Space::explore(&system).sound();
        let reason = |w: &&W| {
            let answer = goal("non-blocking").ask(&system.protocol, *w);
            answer.expect_err("it is stuck").text
        };
        let stuck = space.stuck(&system, &goal("non-blocking"), ORDINARY);
        let mut reasons: Vec<String> = stuck.iter().map(reason).collect();
        reasons.sort();
        reasons.dedup();
        reasons
    };
    let basic = blocked(Termination::Basic);
    assert!(basic.contains(&"P2 voted yes and does not know the outcome".to_owned()));
    assert!(basic.contains(&"P1 and P2 voted yes and do not know the outcome".to_owned()));
    let cooperative = blocked(Termination::Cooperative);
    assert!(cooperative.contains(&"P1 and P2 voted yes and do not know the outcome".to_owned()));
    assert!(!cooperative.contains(&"P2 voted yes and does not know the outcome".to_owned()));
}

#[test]
fn concurrent_transactions_do_not_mix() {
    let params = Params {
        transactions: 2,
        ..params(1, &[PlannedVote::Open])
    };
    let system = system(&params, one_crash);
    let space = Space::explore(&system).sound();
    assert!(space.stuck(&system, &goal("recovers"), REPAIRS).is_empty());
}

/// The smallest instance on which each mistake shows.
fn instance(bug: Mistake) -> Sys {
    let yes_and_no = params(2, &[PlannedVote::Yes, PlannedVote::No]);
    let params = match bug {
        Mistake::MajorityCommits => {
            params(3, &[PlannedVote::Yes, PlannedVote::Yes, PlannedVote::No])
        }
        Mistake::VotesCounted
        | Mistake::TimeoutCountsAsYes
        | Mistake::VotesUnread
        | Mistake::FirstAnswerDecides
        | Mistake::WritesInTurn => yes_and_no,
        Mistake::NoInitiationRecord => Params {
            presumption: Presumption::Commit,
            ..yes_and_no
        },
        Mistake::AllUncertainAbort => Params {
            termination: Termination::Cooperative,
            ..params(2, &[])
        },
        _ => params(2, &[]),
    };
    let params = Params {
        bug: Some(bug),
        ..params
    };
    system(&params, |rules, nodes| match bug {
        Mistake::VotesCounted => rules.budgets.duplicates = Limit::AtMost(1),
        Mistake::CommitBeforeRecord
        | Mistake::PreparedInMemory
        | Mistake::NoInitiationRecord
        | Mistake::AllUncertainAbort => one_crash(rules, nodes),
        Mistake::VotesAfterAmnesia => {
            asynchronous(rules);
            one_crash(rules, NodeSet::only(Id::from(1)));
        }
        Mistake::MajorityCommits
        | Mistake::VotesUnread
        | Mistake::FirstAnswerDecides
        | Mistake::WritesInTurn
        | Mistake::CommitsThenRollsBack => {}
        Mistake::ErrorInMidCommit => rules.budgets.drops = Limit::AtMost(1),
        Mistake::UncertainAborts
        | Mistake::LateYesCommits
        | Mistake::InquiryAbortsCollecting
        | Mistake::RollbackDoesNothing
        | Mistake::TimeoutCountsAsYes
        | Mistake::PrepareAfterDecision => asynchronous(rules),
    })
}

#[test]
fn every_mistake_breaks_what_it_says() {
    let mut problems = Vec::new();
    for bug in TwoPhaseCommit::BUGS {
        let name = format!("{:?}", bug.name);
        let mistake: Mistake = serde_json::from_str(&name).expect("the name of a mistake");
        let mut breaks = bug.breaks.to_vec();
        let mut found = broken(&instance(mistake));
        breaks.sort_unstable();
        found.sort_unstable();
        if found != breaks {
            problems.push(format!("{} breaks {breaks:?}, or {found:?}", bug.name));
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn parameters_that_make_no_system_are_refused() {
    let refused = |params: &Params| {
        TwoPhaseCommit::new(params)
            .expect_err("no system")
            .parameter
    };
    assert_eq!(refused(&params(0, &[])), "participants");
    assert_eq!(refused(&params(9, &[])), "participants");
    assert_eq!(refused(&params(3, &[PlannedVote::Yes])), "votes");
    let none = Params {
        transactions: 0,
        ..Params::default()
    };
    assert_eq!(refused(&none), "transactions");
    let pointless = Params {
        bug: Some(Mistake::NoInitiationRecord),
        ..Params::default()
    };
    assert_eq!(refused(&pointless), "bug");
    let few = [
        (Mistake::MajorityCommits, 3, Termination::Basic),
        (Mistake::VotesCounted, 2, Termination::Basic),
        (Mistake::AllUncertainAbort, 2, Termination::Cooperative),
    ];
    for (mistake, least, termination) in few {
        let of = |participants| Params {
            bug: Some(mistake),
            termination,
            ..params(participants, &[])
        };
        assert_eq!(refused(&of(least - 1)), "bug");
        assert!(TwoPhaseCommit::new(&of(least)).is_ok());
    }
    let unknown = serde_json::from_str::<Params>(r#"{"bug": "colour"}"#).expect_err("unknown");
    for bug in TwoPhaseCommit::BUGS {
        assert!(unknown.to_string().contains(bug.name), "{unknown}");
    }
}

#[test]
fn parameters_read_as_they_are_written() {
    let text =
        r#"{"votes": ["yes", "no", "open"], "vote-timeout": "5ms", "presumption": "nothing"}"#;
    let params: Params = serde_json::from_str(text).expect("good parameters");
    assert_eq!(params.votes.len(), 3);
    let back = serde_json::to_string(&params).expect("a text");
    assert_eq!(serde_json::from_str::<Params>(&back).unwrap(), params);
}

/// What an assumption imposes is meant for these roles.
#[test]
fn the_assumptions_name_roles_that_there_are() {
    let system = system(&Params::default(), |_, _| {});
    for property in system.protocol.properties() {
        for assumption in property.assumes {
            if let Assumption::MaxCrashes {
                role: Some(role), ..
            } = assumption
            {
                assert!(!system.cluster.with_role(role).is_empty());
            }
        }
    }
}

/// The prepared record is the vote, and takes the locks: whoever crashes right behind it has claimed both,
/// and would be found out if it had not.
#[test]
fn a_prepared_record_is_held_against_the_vote() {
    let two = system(&params(2, &[PlannedVote::Yes; 2]), |_, _| {});
    let participant = Id::from(1);
    let world = two.initial();
    let before = world.node(participant);
    let (src, msg) = (coordinator(), &Msg::Prepare(1));
    let input = Input::Message { src, msg };
    let saved = before
        .lasting(&two.protocol, participant, input)
        .points(InsideHandlers::InOrder)
        .remove(0);
    let reaction = before
        .clone()
        .react(&two.protocol, participant, input, Some(&saved));
    assert_eq!(reaction.sends().count(), 0);
    let id = participant;
    let step = Step::new(id, before, input, &reaction, None);
    let owed: Vec<Claim> = two.protocol.claims(&step).collect();
    assert_eq!(owed, [Claim::Voted(1, Vote::Yes), Claim::Locked(1)]);
    assert!(
        owed.iter()
            .all(|claim| reaction.observations.contains(claim))
    );
}
