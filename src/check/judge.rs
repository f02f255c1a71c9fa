//! From searches to verdicts: is it a bug, or does it lie outside the assumptions?

use std::collections::BTreeSet;

use derive_where::derive_where;

use super::blocked::{Blocked, explain, standstill};
use super::explore::{Explored, Finding, explore};
use super::{Limits, Monitor, Progress, Stopped};
use crate::model::{
    Assumption, Bound, Event, Expectation, Property, Protocol, Reason, Rules, System, World,
    facts::Facts,
};
use crate::run::{Schedule, execute};

/// How many worlds a search may hold that looks for what would unblock a blocked world.
const EXPLAIN_STATES_MAX: usize = 200_000;

/// What a check asks.
pub struct Question<'a, P: Protocol> {
    /// The protocol under all that the scenario allows.
    pub system: &'a System<P>,
    pub properties: &'a [Property<P>],
    /// Events that lead from the initial world to where the search starts.
    pub after: &'a [Event<P>],
    pub limits: Limits,
}

/// What a check answers.
#[derive(Debug)]
pub struct Trial<P: Protocol> {
    /// In the order in which the properties were given.
    pub judged: Vec<Judged<P>>,
    /// The searches it took, the one under all that the scenario allows first.
    pub searches: Vec<Search<P>>,
}

/// The verdict on one property.
#[derive_where(Debug)]
pub struct Judged<P: Protocol> {
    pub property: &'static str,
    pub verdict: Verdict<P>,
    /// Which of the searches decided it.
    pub search: usize,
}

#[derive_where(Clone, Debug)]
pub enum Verdict<P: Protocol> {
    /// All worlds were looked at.
    Holds,
    /// All worlds within the bounds of its search were looked at.
    HoldsWithinBounds,
    Violated {
        /// A shortest one.
        schedule: Vec<Event<P>>,
        reason: Reason,
        standing: Standing,
    },
    Reached {
        schedule: Vec<Event<P>>,
    },
    Unreachable,
    CanBlock {
        /// A shortest one to a world from which the goal is out of reach.
        schedule: Vec<Event<P>>,
        /// The ordinary events that follow, until nothing more comes of them.
        then: Vec<Event<P>>,
        blocked: Blocked,
        standing: Standing,
    },
    Unknown,
}

/// What a violation says about the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It happens although all that the property assumes holds.
    Bug,
    /// It needs that these of its assumptions break.
    Outside(Vec<Assumption>),
}

/// One search, and what bounded it.
#[derive(Debug)]
pub struct Search<P: Protocol> {
    /// What was imposed beyond the scenario's rules.
    pub imposed: Vec<Assumption>,
    pub progress: Progress,
    pub stopped: Option<Stopped>,
    pub withheld: BTreeSet<Bound>,
    pub absorbed: bool,
    pub repair_withheld: bool,
    pub waiting_for_the_living: Option<Vec<Event<P>>>,
}

impl<P: Protocol> Search<P> {
    /// What kept the search from being exhaustive, in words; empty if it was.
    pub fn bounds(&self) -> Vec<String> {
        let stopped = self.stopped.iter().map(ToString::to_string);
        let withheld = self.withheld.iter().map(ToString::to_string);
        stopped.chain(withheld).collect()
    }
}

/// Judges each property under what the scenario allows *and* the property assumes, and under all
/// that the scenario allows.
pub fn judge<P: Protocol>(question: &Question<'_, P>, monitor: &mut dyn Monitor) -> Trial<P> {
    let Question {
        system, properties, ..
    } = question;
    let mut searches = Vec::new();
    let everything = search(question, system, properties, &[], monitor, &mut searches);
    let mut second: Vec<Option<(usize, Finding<P>)>> = vec![None; properties.len()];
    for (rules, assumes, members) in restrictions(question, &everything) {
        let chosen: Vec<Property<P>> = members.iter().map(|&i| properties[i].clone()).collect();
        let restricted = system.under(rules);
        let findings = search(
            question,
            &restricted,
            &chosen,
            &assumes,
            monitor,
            &mut searches,
        );
        for (member, finding) in members.into_iter().zip(findings) {
            second[member] = Some((searches.len() - 1, finding));
        }
    }
    let judged = properties
        .iter()
        .zip(everything)
        .zip(second)
        .map(|((property, all), under_assumptions)| {
            decide(question, property, all, under_assumptions, &searches)
        })
        .collect();
    Trial { judged, searches }
}

/// The searches under assumptions that are needed beside the one under everything: the rules,
/// what was imposed, and the properties to judge. A property of safety that holds under
/// everything holds under less.
fn restrictions<P: Protocol>(
    question: &Question<'_, P>,
    everything: &[Finding<P>],
) -> Vec<(Rules, Vec<Assumption>, Vec<usize>)> {
    let mut groups: Vec<(Rules, Vec<Assumption>, Vec<usize>)> = Vec::new();
    for (i, property) in question.properties.iter().enumerate() {
        let needed = match property.expectation {
            Expectation::Always(_) => matches!(everything[i], Finding::Broken { .. }),
            Expectation::Reachable(_) => false,
            Expectation::NeverBlocked { .. } | Expectation::Recovers { .. } => true,
        };
        let (rules, imposed) = impose(question.system, &property.assumes);
        if !needed || imposed.is_empty() {
            continue;
        }
        match groups.iter_mut().find(|(known, ..)| *known == rules) {
            Some((_, _, members)) => members.push(i),
            None => groups.push((rules, imposed, vec![i])),
        }
    }
    groups
}

/// The system's rules with assumptions imposed, and those that made a difference.
fn impose<P: Protocol>(system: &System<P>, assumes: &[Assumption]) -> (Rules, Vec<Assumption>) {
    let mut rules = system.rules.clone();
    let mut imposed = Vec::new();
    for assumption in assumes {
        let before = rules.clone();
        assumption.impose(&mut rules, &system.cluster);
        if rules != before {
            imposed.push(*assumption);
        }
    }
    (rules, imposed)
}

fn search<P: Protocol>(
    question: &Question<'_, P>,
    system: &System<P>,
    properties: &[Property<P>],
    imposed: &[Assumption],
    monitor: &mut dyn Monitor,
    searches: &mut Vec<Search<P>>,
) -> Vec<Finding<P>> {
    let mut world = start(system, question.after);
    let key = world.clone();
    let limits = &question.limits;
    let Explored {
        progress,
        findings,
        withheld,
        absorbed,
        repair_withheld,
        stopped,
        waiting_for_the_living,
    } = explore(system, &mut world, &key, properties, limits, monitor);
    searches.push(Search {
        imposed: imposed.to_vec(),
        progress,
        stopped,
        withheld,
        absorbed,
        repair_withheld,
        waiting_for_the_living,
    });
    findings
}

fn start<P: Protocol>(system: &System<P>, after: &[Event<P>]) -> World<P> {
    let mut world = system.initial();
    for event in after {
        system.apply(&mut world, event);
    }
    world
}

fn decide<P: Protocol>(
    question: &Question<'_, P>,
    property: &Property<P>,
    all: Finding<P>,
    under_assumptions: Option<(usize, Finding<P>)>,
    searches: &[Search<P>],
) -> Judged<P> {
    let restricted = matches!(
        under_assumptions,
        Some((_, Finding::Broken { .. } | Finding::Blocked { .. }))
    );
    let (search, finding) = match under_assumptions {
        Some(found) if restricted => found,
        _ => (0, all),
    };
    let complete = |search: &Search<P>| search.bounds().is_empty();
    // Where the assumptions take nothing away from the scenario, all it finds is a bug.
    let (_, imposed) = impose(question.system, &property.assumes);
    // The events after which the check starts may have broken an assumption before it began.
    let (before, _) = replay(question.system, question.after);
    let bug = (restricted || imposed.is_empty())
        && outside(question.system, property, &before) == Standing::Bug;
    let verdict = match finding {
        Finding::Nothing => match property.expectation {
            Expectation::Reachable(_) if complete(&searches[search]) => Verdict::Unreachable,
            Expectation::Reachable(_) => Verdict::Unknown,
            Expectation::Recovers { .. } if searches[search].repair_withheld => {
                Verdict::HoldsWithinBounds
            }
            _ if complete(&searches[search]) => Verdict::Holds,
            _ => Verdict::HoldsWithinBounds,
        },
        Finding::Met { schedule } => Verdict::Reached {
            schedule: whole(question, schedule),
        },
        Finding::Broken { schedule, reason } => {
            let schedule = whole(question, schedule);
            let (facts, world) = replay(question.system, &schedule);
            let Expectation::Always(predicate) = property.expectation else {
                unreachable!("only what must always hold is broken");
            };
            assert!(
                predicate.ask(&question.system.protocol, &world).is_err(),
                "a counterexample must replay through the real handlers"
            );
            let standing = if bug {
                Standing::Bug
            } else {
                outside(question.system, property, &facts)
            };
            Verdict::Violated {
                schedule,
                reason,
                standing,
            }
        }
        Finding::Blocked { schedule } => {
            let schedule = whole(question, schedule);
            let (facts, world) = replay(question.system, &schedule);
            let goal = property.expectation.goal().expect("it asks for a goal");
            let (then, stuck) = standstill(question.system, &world, goal, EXPLAIN_STATES_MAX);
            let blocked = explain(question.system, &stuck, goal, EXPLAIN_STATES_MAX);
            let standing = if bug {
                Standing::Bug
            } else {
                outside(question.system, property, &facts)
            };
            Verdict::CanBlock {
                schedule,
                then,
                blocked,
                standing,
            }
        }
    };
    Judged {
        property: property.name,
        verdict,
        search,
    }
}

/// The schedule from the initial world on.
fn whole<P: Protocol>(question: &Question<'_, P>, found: Vec<Event<P>>) -> Vec<Event<P>> {
    question.after.iter().cloned().chain(found).collect()
}

/// What a schedule that breaks a property says of the protocol: nothing beyond a bug if all that
/// the property assumes held in it.
pub fn standing<P: Protocol>(
    system: &System<P>,
    property: &Property<P>,
    schedule: &[Event<P>],
) -> Standing {
    let (facts, _) = replay(system, schedule);
    outside(system, property, &facts)
}

fn outside<P: Protocol>(system: &System<P>, property: &Property<P>, facts: &Facts) -> Standing {
    let held = |assumption: &Assumption| assumption.held(facts, &system.cluster);
    let broken: Vec<_> = property
        .assumes
        .iter()
        .copied()
        .filter(|a| !held(a))
        .collect();
    if broken.is_empty() {
        Standing::Bug
    } else {
        Standing::Outside(broken)
    }
}

/// Runs a schedule through the real handlers: what happened in it, and where it ends.
pub(crate) fn replay<P: Protocol>(system: &System<P>, schedule: &[Event<P>]) -> (Facts, World<P>) {
    let system = system.under(Rules {
        remember_failures: true,
        ..system.rules.clone()
    });
    let mut scheduler = Schedule::new(schedule.to_vec());
    let run = execute(&system, &mut scheduler, &mut [])
        .expect("what a search found is possible, step by step");
    (run.ledger.facts, run.world)
}
