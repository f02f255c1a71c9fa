//! From searches to verdicts: is it a bug, or does it lie outside the assumptions?

use derive_where::derive_where;

use super::blocked::{Blocked, explain, standstill};
use super::checkpoint::{CheckpointError, Folder};
use super::explore::{Finding, explore};
use super::fast::{self, Tuning};
use super::{Account, Limits, Monitor};
use crate::model::{
    Assumption, Event, Expectation, Property, Protocol, Reason, Rules, System, World, facts::Facts,
};
use crate::run::{Schedule, execute};

/// How many worlds a search may hold that looks for what would unblock a blocked world.
const EXPLAIN_STATES_MAX: usize = 200_000;

/// Which engine searches. Both find the same.
#[derive(Clone, Copy, Debug)]
pub enum Engine {
    /// The fast one, which remembers.
    Fast(Tuning),
    /// The plain one: clone, apply, compare.
    Plain,
}

impl Default for Engine {
    fn default() -> Self {
        Engine::Fast(Tuning::default())
    }
}

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
    /// All worlds within these bounds were looked at.
    HoldsWithinBounds(Vec<String>),
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
    /// These bounds left it open.
    Unknown(Vec<String>),
}

/// What a violation says about the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It happens although all that the property assumes holds.
    Bug,
    /// It needs that these of its assumptions break; unless a search under the assumptions, kept
    /// from being exhaustive by these bounds, missed a way without.
    Outside {
        broken: Vec<Assumption>,
        unless: Vec<String>,
    },
}

/// One search.
#[derive(Debug)]
pub struct Search<P: Protocol> {
    /// What was imposed beyond the scenario's rules, by any of the properties it judged.
    pub imposed: Vec<Assumption>,
    pub account: Account,
    pub waiting_for_the_living: Option<Vec<Event<P>>>,
}

/// Judges each property under what the scenario allows *and* the property assumes, and under all
/// that the scenario allows.
pub fn judge<P: Protocol>(
    question: &Question<'_, P>,
    engine: Engine,
    monitor: &mut dyn Monitor,
) -> Trial<P> {
    let trial = judge_from(question, engine, None, monitor);
    trial.expect("only a checkpoint can be wrong")
}

/// The same with checkpoints in a folder, from which it goes on. The plain engine has none.
pub fn judge_from<P: Protocol>(
    question: &Question<'_, P>,
    engine: Engine,
    folder: Option<&Folder>,
    monitor: &mut dyn Monitor,
) -> Result<Trial<P>, CheckpointError> {
    let Question {
        system, properties, ..
    } = question;
    let mut searches = Vec::new();
    let mut first: Vec<Option<Finding<P>>> = vec![None; properties.len()];
    let mut second: Vec<Option<Second<P>>> = vec![None; properties.len()];
    let unconditional: Vec<usize> = (0..properties.len())
        .filter(|&i| !is_conditional(system, &properties[i]) || is_silent(question, &properties[i]))
        .collect();
    let mut ask = |rules: &Rules, imposed: &[Assumption], members: &[usize]| {
        let chosen: Vec<_> = members.iter().map(|&i| properties[i].clone()).collect();
        let restricted = system.under(rules.clone());
        let (search, findings) = search(question, engine, &restricted, &chosen, folder, monitor)?;
        searches.push(Search {
            imposed: imposed.to_vec(),
            ..search
        });
        Ok((searches.len() - 1, findings))
    };
    if !unconditional.is_empty() {
        let (_, findings) = ask(&system.rules, &[], &unconditional)?;
        for (&member, finding) in unconditional.iter().zip(findings) {
            first[member] = Some(finding);
        }
    }
    for (rules, imposed, members) in restrictions(question, &first) {
        let (search, findings) = ask(&rules, &imposed, &members)?;
        for (member, finding) in members.into_iter().zip(findings) {
            let rules = rules.clone();
            second[member] = Some(Second {
                search,
                rules,
                finding,
            });
        }
    }
    let judged = properties
        .iter()
        .zip(first)
        .zip(second)
        .map(|((property, all), second)| {
            decide(question, property, all, second.as_ref(), &searches, monitor)
        })
        .collect();
    Ok(Trial { judged, searches })
}

/// Whether the scenario allows what the premise of the property rules out.
fn is_conditional<P: Protocol>(system: &System<P>, property: &Property<P>) -> bool {
    !impose(system, &property.premise).1.is_empty()
}

/// Whether the events before the search break the premise of the property: then it says nothing of
/// any run that begins with them.
pub fn is_silent<P: Protocol>(question: &Question<'_, P>, property: &Property<P>) -> bool {
    if property.premise.is_empty() || question.after.is_empty() {
        return false;
    }
    let (facts, _) = replay(question.system, question.after);
    let held = |premise: &Assumption| premise.held(&facts, &question.system.cluster);
    !property.premise.iter().all(held)
}

/// The searches under assumptions that are needed beside the one under everything: the rules,
/// what was imposed, and the properties to judge. A property of safety that holds under
/// everything holds under less; one with a premise is judged under its premise and what it assumes.
fn restrictions<P: Protocol>(
    question: &Question<'_, P>,
    first: &[Option<Finding<P>>],
) -> Vec<(Rules, Vec<Assumption>, Vec<usize>)> {
    let mut groups: Vec<(Rules, Vec<Assumption>, Vec<usize>)> = Vec::new();
    for (i, property) in question.properties.iter().enumerate() {
        let needed = match (&first[i], property.expectation) {
            (Some(finding), Expectation::Always(_)) => matches!(finding, Finding::Broken { .. }),
            (Some(_), Expectation::Reachable(_)) => false,
            (None, _) | (_, Expectation::NeverBlocked { .. } | Expectation::Recovers { .. }) => {
                true
            }
        };
        let both = [property.premise.as_slice(), &property.assumes].concat();
        let (rules, imposed) = impose(question.system, &both);
        if !needed || imposed.is_empty() || is_silent(question, property) {
            continue;
        }
        let same = |group: &&mut (Rules, Vec<Assumption>, _)| group.0 == rules;
        match groups.iter_mut().find(same) {
            Some((_, shared, members)) => {
                shared.extend(imposed);
                shared.sort_unstable();
                shared.dedup();
                members.push(i);
            }
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
    engine: Engine,
    system: &System<P>,
    properties: &[Property<P>],
    folder: Option<&Folder>,
    monitor: &mut dyn Monitor,
) -> Result<(Search<P>, Vec<Finding<P>>), CheckpointError> {
    let start = start(&as_before(question, system), question.after);
    let limits = &question.limits;
    let explored = match (engine, folder) {
        (Engine::Fast(tuning), Some(folder)) => {
            let names: Vec<&str> = properties.iter().map(|property| property.name).collect();
            let place = folder.place(&(&system.rules, names));
            fast::explore_from(system, &start, properties, limits, tuning, &place, monitor)?
        }
        (Engine::Fast(tuning), None) => {
            fast::explore(system, &start, properties, limits, tuning, monitor)
        }
        (Engine::Plain, _) => {
            monitor.begins(0);
            let mut world = start.clone();
            explore(system, &mut world, &start, properties, limits, monitor)
        }
    };
    let search = Search {
        imposed: Vec::new(),
        account: explored.account,
        waiting_for_the_living: explored.waiting_for_the_living,
    };
    Ok((search, explored.findings))
}

/// What a search under assumptions found about a property.
#[derive_where(Clone)]
struct Second<P: Protocol> {
    search: usize,
    rules: Rules,
    finding: Finding<P>,
}

impl<P: Protocol> Second<P> {
    fn is_against(&self) -> bool {
        matches!(
            self.finding,
            Finding::Broken { .. } | Finding::Blocked { .. }
        )
    }
}

/// A system under assumptions, with links as the scenario has them: so that what came before the search
/// is possible, though not under the assumptions.
fn as_before<P: Protocol>(question: &Question<'_, P>, restricted: &System<P>) -> System<P> {
    restricted.under(Rules {
        links: question.system.rules.links,
        ..restricted.rules.clone()
    })
}

/// The world to which a schedule leads.
pub fn start<P: Protocol>(system: &System<P>, after: &[Event<P>]) -> World<P> {
    let mut world = system.initial();
    for event in after {
        system.apply(&mut world, event);
    }
    world
}

/// The verdict on one property: what was found under everything, and under its assumptions.
fn decide<P: Protocol>(
    question: &Question<'_, P>,
    property: &Property<P>,
    all: Option<Finding<P>>,
    second: Option<&Second<P>>,
    searches: &[Search<P>],
    monitor: &mut dyn Monitor,
) -> Judged<P> {
    let judged = |search, verdict| Judged {
        property: property.name,
        verdict,
        search,
    };
    let goal = property.expectation.goal();
    if goal.is_some() && question.system.rules.links.never_forgets {
        // There loss is "never delivered", which no schedule shows.
        let why = "a network that never forgets says nothing of progress";
        return judged(0, Verdict::Unknown(vec![why.to_owned()]));
    }
    if is_silent(question, property) {
        return judged(0, Verdict::Holds);
    }
    let conditional = all.is_none();
    let looked_at: Vec<&Search<P>> = match second {
        Some(second) if conditional => vec![&searches[second.search]],
        Some(second) => vec![&searches[0], &searches[second.search]],
        None => vec![&searches[0]],
    };
    let against = second.filter(|second| second.is_against() || conditional);
    let (search, finding, system) = match against {
        Some(second) => (
            second.search,
            second.finding.clone(),
            question.system.under(second.rules.clone()),
        ),
        None => (0, all.unwrap_or(Finding::Nothing), question.system.clone()),
    };
    let trial = |schedule: Vec<Event<P>>| {
        let schedule: Vec<_> = question.after.iter().cloned().chain(schedule).collect();
        let (facts, world) = replay(&as_before(question, &system), &schedule);
        let under_assumptions = second.map(|second| &searches[second.search]);
        let cleared = under_assumptions.filter(|_| against.is_none());
        let standing = standing_of(question.system, property, &facts, cleared);
        (schedule, world, standing)
    };
    let verdict = match (finding, property.expectation) {
        (Finding::Nothing, expectation) => nothing(expectation, &looked_at),
        (Finding::Met { schedule }, _) => Verdict::Reached {
            schedule: question.after.iter().cloned().chain(schedule).collect(),
        },
        (Finding::Broken { schedule, reason }, Expectation::Always(predicate)) => {
            let (schedule, world, standing) = trial(schedule);
            assert!(
                predicate.ask(&system.protocol, &world).is_err(),
                "a counterexample must replay through the real handlers"
            );
            Verdict::Violated {
                schedule,
                reason,
                standing,
            }
        }
        (Finding::Blocked { schedule }, _) => {
            let goal = goal.expect("only a goal can be out of reach");
            let (schedule, world, standing) = trial(schedule);
            let (then, stuck) = standstill(&system, &world, goal, EXPLAIN_STATES_MAX, monitor);
            assert!(
                goal.ask(&system.protocol, &stuck).is_err(),
                "ordinary events cannot reach a goal that is out of reach"
            );
            let timing = system.rules.timing;
            let most = EXPLAIN_STATES_MAX;
            let blocked = explain(&system, &stuck, goal, timing, most, monitor);
            Verdict::CanBlock {
                schedule,
                then,
                blocked,
                standing,
            }
        }
        (Finding::Broken { .. }, _) => unreachable!("only what must always hold is broken"),
    };
    judged(search, verdict)
}

/// The verdict where no search found anything.
fn nothing<P: Protocol>(expectation: Expectation<P>, searches: &[&Search<P>]) -> Verdict<P> {
    let recovers = matches!(expectation, Expectation::Recovers { .. });
    // A property of safety that holds under everything holds under less.
    let counted = match expectation.goal() {
        Some(_) => searches,
        None => &searches[..1],
    };
    let mut bounds: Vec<String> = counted
        .iter()
        .flat_map(|search| search.account.bounds())
        .collect();
    if recovers && counted.iter().any(|search| search.account.repair_withheld) {
        bounds.push("repairs".to_owned());
    }
    bounds.sort();
    bounds.dedup();
    match (expectation, bounds.is_empty()) {
        (Expectation::Reachable(_), true) => Verdict::Unreachable,
        (Expectation::Reachable(_), false) => Verdict::Unknown(bounds),
        (_, true) => Verdict::Holds,
        (_, false) => Verdict::HoldsWithinBounds(bounds),
    }
}

/// What a schedule that goes against a property says of the protocol, if nothing but the schedule
/// is known.
pub fn standing<P: Protocol>(
    system: &System<P>,
    property: &Property<P>,
    schedule: &[Event<P>],
) -> Standing {
    let (facts, _) = replay(system, schedule);
    match standing_of(system, property, &facts, None) {
        Standing::Outside { broken, .. } => Standing::Outside {
            broken,
            unless: vec!["no search under the assumptions".to_owned()],
        },
        Standing::Bug => Standing::Bug,
    }
}

/// The same, where a search under the assumptions may have found nothing.
fn standing_of<P: Protocol>(
    system: &System<P>,
    property: &Property<P>,
    facts: &Facts,
    cleared: Option<&Search<P>>,
) -> Standing {
    let held = |assumption: &Assumption| assumption.held(facts, &system.cluster);
    let assumes = property.assumes.iter().copied();
    let broken: Vec<_> = assumes.filter(|a| !held(a)).collect();
    let unless = cleared.map_or_else(Vec::new, |search| search.account.bounds());
    match (broken.is_empty(), cleared) {
        (false, _) => Standing::Outside { broken, unless },
        // All held in this one, but an exhaustive search where they are imposed found none.
        (true, Some(search)) if unless.is_empty() => Standing::Outside {
            broken: search.imposed.clone(),
            unless,
        },
        (true, _) => Standing::Bug,
    }
}

/// Runs a schedule through the real handlers: what happened in it, and where it ends.
fn replay<P: Protocol>(system: &System<P>, schedule: &[Event<P>]) -> (Facts, World<P>) {
    let system = system.under(Rules {
        remember_failures: true,
        ..system.rules.clone()
    });
    let mut scheduler = Schedule::new(schedule.to_vec());
    let run = execute(&system, &mut scheduler, &mut [])
        .expect("what a search found is possible, step by step");
    let mut facts = run.ledger.facts;
    if facts.timeouts > 0 {
        // Timers without durations run on clocks that drift without bound.
        facts.drift_ppm_max = u32::MAX;
    }
    (facts, run.world)
}
