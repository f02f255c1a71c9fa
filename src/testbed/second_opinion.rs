//! Stateright's own checker on the same relation: slower, and it judges only what is a predicate
//! over one world, but it shares no line of search with ours.

use std::time::Duration;

use stateright::{Checker, Model};

use super::judge_check::report_check;
use super::report::CheckReport;
use crate::check::stateright::Bridge;
use crate::check::{Judged, Monitor, Progress, Question, Search, Trial, Verdict, standing};
use crate::model::{Event, Expectation, Limit, Property, Protocol, System, World};
use crate::trace::Origin;

/// How often the monitor is asked while Stateright searches.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Checks under all that the scenario allows. Whether a violation is a bug is not asked here.
pub fn check<P: Protocol>(
    question: &Question<'_, P>,
    params: &P::Params,
    origin: &Origin,
    monitor: &mut dyn Monitor,
) -> CheckReport {
    let judged_there = |p: &&Property<P>| p.expectation.goal().is_none();
    let properties: Vec<Property<P>> = question
        .properties
        .iter()
        .filter(judged_there)
        .cloned()
        .collect();
    let from = start(question.system, question.after);
    let bridge = Bridge::new(question.system.clone(), &properties, from);
    let depth = match question.limits.depth {
        Limit::Unlimited => usize::MAX,
        Limit::AtMost(depth) => depth as usize + 1,
    };
    let checker = bridge.checker().target_max_depth(depth).spawn_bfs();
    let mut stopped = None;
    while !checker.is_done() {
        if let Err(why) = monitor.look(&progress(&checker)) {
            stopped = Some(why);
            break;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    let progress = progress(&checker);
    let judged = properties
        .iter()
        .map(|property| Judged {
            property: property.name,
            verdict: verdict(question, property, &checker, stopped.is_some()),
            search: 0,
        })
        .collect();
    let trial = Trial {
        judged,
        searches: vec![Search {
            imposed: Vec::new(),
            progress,
            stopped,
            withheld: std::collections::BTreeSet::new(),
            absorbed: false,
            repair_withheld: false,
            waiting_for_the_living: None,
        }],
    };
    let asked = Question {
        system: question.system,
        properties: &properties,
        after: question.after,
        limits: question.limits,
    };
    report_check(&asked, &trial, params, "stateright", origin)
}

fn progress<P: Protocol>(checker: &impl Checker<Bridge<P>>) -> Progress {
    let count = |n: usize| n as u64;
    Progress {
        distinct: count(checker.unique_state_count()),
        // Stateright counts the start, and its depth is a number of worlds.
        generated: count(checker.state_count()).saturating_sub(1),
        depth: count(checker.max_depth()).saturating_sub(1),
        frontier: 0,
    }
}

fn verdict<P: Protocol>(
    question: &Question<'_, P>,
    property: &Property<P>,
    checker: &impl Checker<Bridge<P>>,
    cut_short: bool,
) -> Verdict<P> {
    let found = checker.discovery(property.name);
    let complete = !cut_short && question.limits.depth == Limit::Unlimited;
    match (property.expectation, found) {
        (Expectation::Reachable(_), Some(path)) => {
            let schedule = question.after.iter().cloned().chain(path.into_actions());
            Verdict::Reached {
                schedule: schedule.collect(),
            }
        }
        (Expectation::Reachable(_), None) if complete => Verdict::Unreachable,
        (Expectation::Reachable(_), None) => Verdict::Unknown,
        (Expectation::Always(predicate), Some(path)) => {
            let reason = predicate.ask(&question.system.protocol, path.last_state());
            let schedule = question.after.iter().cloned().chain(path.into_actions());
            let schedule: Vec<_> = schedule.collect();
            Verdict::Violated {
                reason: reason.expect_err("Stateright found it broken here"),
                standing: standing(question.system, property, &schedule),
                schedule,
            }
        }
        _ if complete => Verdict::Holds,
        _ => Verdict::HoldsWithinBounds,
    }
}

/// The world to which a schedule leads.
pub(super) fn start<P: Protocol>(system: &System<P>, after: &[Event<P>]) -> World<P> {
    let mut world = system.initial();
    for event in after {
        system.apply(&mut world, event);
    }
    world
}
