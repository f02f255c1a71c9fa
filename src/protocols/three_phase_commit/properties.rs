//! What must be true of three-phase commit: the atomic commitment problem (BHG 7.3: AC1 to AC5),
//! and that it does not block (BHG 7.5). What each variant assumes for it is the lesson.

use super::{Part, Phase, PlannedVote, Termination, ThreePhaseCommit};
use crate::model::cluster::enumerate;
use crate::model::{Answer, Assumption, Id, Link, NodeSet, Predicate, Property, Reason, View};
use crate::protocols::two_phase_commit::{Ballot, History, problem};

pub fn properties(protocol: &ThreePhaseCommit) -> Vec<Property<ThreePhaseCommit>> {
    let mut properties = vec![
        Property::always(
            "atomicity",
            "No two nodes decide differently.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC1; 7.5",
            Predicate::History(problem::atomicity),
        )
        .assuming(assumed_for_atomicity(protocol)),
        Property::always(
            "irrevocability",
            "No node reverses its decision.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC2",
            Predicate::History(problem::irrevocability),
        ),
        Property::always(
            "validity",
            "Commit is only decided if all participants were for it, and voted YES.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC3",
            Predicate::History(validity),
        ),
        Property::always(
            "commit-without-failures",
            "If nothing fails, nobody aborts unless somebody is for NO.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC4",
            Predicate::History(abort_has_a_reason),
        )
        .given([NOBODY_FAILS.as_slice(), &RELIABLE].concat()),
        Property::reachable(
            "commit-possible",
            "Commit can be decided.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC4",
            Predicate::History(problem::commit_possible),
        ),
    ];
    if protocol.has_quorums() {
        properties.extend(quorum_non_blocking());
    } else {
        properties.push(
            Property::never_blocked(
                "non-blocking",
                "Every node that is up can decide without waiting for a repair.",
                "Skeen 1981; Bernstein, Hadzilacos & Goodman 1987, 7.5",
                None,
                Predicate::World(all_up_decided),
            )
            .assuming([RELIABLE.as_slice(), &[no_total_failure(protocol)]].concat()),
        );
    }
    properties.push(recovers(protocol));
    if protocol.has_quorums() && !protocol.quorums_are_complementary() {
        // Then all may be up and connected, and undecided for ever.
        properties.retain(|property| property.expectation.goal().is_none());
    }
    if protocol.votes.contains(&PlannedVote::No) {
        // Then it cannot, whatever the protocol does.
        properties.retain(|property| property.name != "commit-possible");
    }
    properties
}

/// The network of the papers: it delivers, and whoever is silent has failed.
const RELIABLE: [Assumption; 3] = [Assumption::NoLoss, Assumption::NoCut, Assumption::Synchrony];

const AC5: &str = "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC5";
const AC5_LAST_TO_FAIL: &str =
    "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC5; Skeen 1985 (last to fail)";

const NOBODY_FAILS: [Assumption; 1] = [Assumption::MaxCrashes {
    crashes: 0,
    role: None,
}];

fn assumed_for_atomicity(protocol: &ThreePhaseCommit) -> Vec<Assumption> {
    match protocol.params.termination {
        // Each for itself: one failure, and they may know different things.
        Termination::Timeouts => [NOBODY_FAILS.as_slice(), &RELIABLE].concat(),
        Termination::Protocol => RELIABLE.to_vec(),
        Termination::Quorum => vec![],
    }
}

/// Somebody never fails. In Skeen's sense total failure does not mean that all are down at the
/// same time: one that came back takes no part, and does not stand in for those who stayed.
fn no_total_failure(protocol: &ThreePhaseCommit) -> Assumption {
    Assumption::MaxCrashes {
        crashes: u32::from(protocol.params.participants),
        role: None,
    }
}

fn recovers(protocol: &ThreePhaseCommit) -> Property<ThreePhaseCommit> {
    let (citation, assumes) = match protocol.params.termination {
        // Who comes back asks those who decided, and somebody has to have.
        Termination::Timeouts => (AC5, vec![no_total_failure(protocol)]),
        Termination::Protocol => (AC5_LAST_TO_FAIL, RELIABLE.to_vec()),
        Termination::Quorum => (AC5, vec![]),
    };
    let about = "Once all failures are repaired, every node decides.";
    let goal = Predicate::World(all_decided);
    Property::recovers("recovers", about, citation, goal).assuming(assumes)
}

/// What quorums promise: those decide who are connected with enough others.
fn quorum_non_blocking() -> [Property<ThreePhaseCommit>; 2] {
    [
        Property::never_blocked(
            "non-blocking",
            "While a quorum of participants is up, every node that is up can decide without \
             waiting for a repair.",
            "Skeen 1982",
            Some(Predicate::World(a_quorum_is_up)),
            Predicate::World(all_up_decided),
        )
        // One that comes back may have been moved the other way.
        .assuming([RELIABLE.as_slice(), &[Assumption::CrashStop]].concat()),
        Property::never_blocked(
            "non-blocking-after-a-cut",
            "The side of one cut that has a quorum can decide without waiting for a repair.",
            "Skeen 1982; Keidar & Dolev 1998 (why only one)",
            None,
            Predicate::World(quorums_decided),
        )
        .assuming([
            Assumption::NoLoss,
            Assumption::MaxCuts { cuts: 1 },
            NOBODY_FAILS[0],
            Assumption::Synchrony,
        ]),
    ]
}

fn ballot(protocol: &ThreePhaseCommit) -> Ballot<'_> {
    Ballot {
        participants: protocol.participants,
        votes: &protocol.votes,
    }
}

fn validity(protocol: &ThreePhaseCommit, history: &History) -> Answer {
    problem::validity(&ballot(protocol), history)
}

fn abort_has_a_reason(protocol: &ThreePhaseCommit, history: &History) -> Answer {
    problem::abort_has_a_reason(&ballot(protocol), history)
}

fn all_up_decided(_: &ThreePhaseCommit, world: &dyn View<ThreePhaseCommit>) -> Answer {
    decided(world, world.up())
}

fn all_decided(_: &ThreePhaseCommit, world: &dyn View<ThreePhaseCommit>) -> Answer {
    let down = NodeSet::first(world.nodes()).minus(world.up());
    if !down.is_empty() {
        let text = format!("{} {} down", names(down), are(down));
        return Err(Reason::new(down, text));
    }
    decided(world, world.up())
}

/// Whether these are enough for either decision. The coordinator does not count.
fn is_quorum(protocol: &ThreePhaseCommit, group: NodeSet) -> bool {
    let params = &protocol.params;
    let quorum = params.commit_quorum().max(params.abort_quorum());
    group.intersection(protocol.participants).len() >= quorum
}

fn a_quorum_is_up(protocol: &ThreePhaseCommit, world: &dyn View<ThreePhaseCommit>) -> Answer {
    if is_quorum(protocol, world.up()) {
        return Ok(());
    }
    let text = "there are too few participants up for a quorum";
    Err(Reason::new(NodeSet::EMPTY, text))
}

fn quorums_decided(protocol: &ThreePhaseCommit, world: &dyn View<ThreePhaseCommit>) -> Answer {
    let groups = world.up().iter().filter_map(|id| side_of(world, id));
    let within = groups
        .filter(|group| is_quorum(protocol, *group))
        .fold(NodeSet::EMPTY, NodeSet::union);
    decided(world, within)
}

/// Those with whom a node is connected, if they are all connected with each other, both ways, and
/// with nobody else, either way. (Whoever has a link across a cut, even in one direction, is on no
/// side.)
fn side_of(world: &dyn View<ThreePhaseCommit>, id: Id) -> Option<NodeSet> {
    let cut = |a, b| world.globals().is_cut(Link::new(a, b));
    let connected = |a, b| !cut(a, b) && !cut(b, a);
    let separated = |a, b| cut(a, b) && cut(b, a);
    let up = world.up();
    let side: NodeSet = up.iter().filter(|&peer| connected(id, peer)).collect();
    let outside = up.minus(side);
    let is_whole =
        |a| side.iter().all(|b| connected(a, b)) && outside.iter().all(|b| separated(a, b));
    side.iter().all(is_whole).then_some(side)
}

/// Whether all of these have decided; if not, who waits for what.
fn decided(world: &dyn View<ThreePhaseCommit>, whom: NodeSet) -> Answer {
    let mut uncertain = [NodeSet::EMPTY; 5];
    let words = [
        "not begun, or not counted the votes",
        "not voted",
        "voted yes and not decided",
        "pre-committed or pre-aborted, and not decided",
        "come back undecided",
    ];
    for id in whom.iter() {
        let Some(state) = world.node(id).state() else {
            continue;
        };
        for (_, phase) in state.iter() {
            let kind = match phase {
                Phase::Initial | Phase::Collecting { .. } => 0,
                Phase::Open | Phase::Working { .. } => 1,
                Phase::Undecided(u) => match (u.part, u.local) {
                    (Part::Recovering { .. }, _) => 4,
                    (_, super::Local::Waiting) => 2,
                    _ => 3,
                },
                Phase::Decided(_) => continue,
            };
            uncertain[kind].insert(id);
        }
    }
    let kinds = uncertain
        .iter()
        .zip(words)
        .filter(|(set, _)| !set.is_empty());
    let clause = |(set, word): (&NodeSet, &str)| {
        let have = if set.len() == 1 { "has" } else { "have" };
        format!("{} {have} {word}", names(*set))
    };
    let clauses: Vec<_> = kinds.map(clause).collect();
    if clauses.is_empty() {
        return Ok(());
    }
    let nodes = uncertain
        .iter()
        .fold(NodeSet::EMPTY, |all, set| all.union(*set));
    Err(Reason::new(nodes, enumerate(clauses)))
}

fn names(set: NodeSet) -> String {
    enumerate(set.iter().map(crate::protocols::two_phase_commit::name))
}

fn are(set: NodeSet) -> &'static str {
    if set.len() == 1 { "is" } else { "are" }
}
