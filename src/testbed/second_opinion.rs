//! Stateright's own checker on the same relation: slower, and it judges only what is a predicate
//! over one world, but it shares no line of search with ours.

use std::time::Duration;

use stateright::{Checker, Model};

use super::judge_check::report_check;
use super::report::CheckReport;
use crate::check::reduction::Reduced;
use crate::check::stateright::{Bridge, PROPERTIES_MAX};
use crate::check::{
    Judged, Monitor, Progress, Question, Search, Stopped, Trial, Verdict, standing, start,
};
use crate::model::{Bound, Expectation, Limit, Property, Protocol};
use crate::trace::Origin;

/// How often the monitor is asked while Stateright searches.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Checks under all that the scenario allows, without a second search under assumptions: whether
/// a violation is a bug is told from its schedule alone.
pub fn check<P: Protocol>(
    question: &Question<'_, P>,
    params: &P::Params,
    origin: &Origin,
    monitor: &mut dyn Monitor,
) -> CheckReport {
    let judged_there = |p: &&Property<P>| p.expectation.goal().is_none() && p.premise.is_empty();
    let properties: Vec<Property<P>> = question
        .properties
        .iter()
        .filter(judged_there)
        .take(PROPERTIES_MAX)
        .cloned()
        .collect();
    let from = start(question.system, question.after);
    let bridge = Bridge::new(question.system.clone(), &properties, from);
    let depth = match question.limits.depth {
        Limit::Unlimited => usize::MAX,
        Limit::AtMost(depth) => depth as usize + 1,
    };
    let mut builder = bridge.checker().target_max_depth(depth);
    if let Some(most) = question.limits.states {
        builder = builder.target_state_count(usize::try_from(most).unwrap_or(usize::MAX));
    }
    monitor.begins(0);
    let checker = builder.spawn_bfs();
    let mut stopped = None;
    while !checker.is_done() {
        if let Err(why) = monitor.look(&progress(&checker)) {
            stopped = Some(why);
            break;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    let progress = progress(&checker);
    if question
        .limits
        .states
        .is_some_and(|most| progress.generated >= most)
    {
        stopped.get_or_insert(Stopped::States);
    }
    let is_found = |property: &Property<P>| checker.discovery(property.name).is_some();
    let settled = stopped.is_none() && !properties.is_empty() && properties.iter().all(is_found);
    let mut seen = checker.model().seen();
    if question.limits.depth != Limit::Unlimited {
        // Stateright does not say whether anything lay deeper.
        seen.withheld.insert(Bound::Depth);
    }
    let mut bounds: Vec<String> = stopped.iter().map(ToString::to_string).collect();
    bounds.extend(seen.withheld.iter().map(ToString::to_string));
    let judged = properties
        .iter()
        .map(|property| Judged {
            property: property.name,
            verdict: verdict(question, property, &checker, &bounds),
            search: 0,
        })
        .collect();
    let trial = Trial {
        judged,
        searches: vec![Search {
            imposed: Vec::new(),
            progress,
            stopped,
            settled,
            withheld: seen.withheld,
            absorbed: seen.absorbed,
            repair_withheld: false,
            exercised: None,
            reduced: Reduced::default(),
            waiting_for_the_living: None,
            symmetry: None,
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
        bytes: 0,
        ahead: 0,
    }
}

fn verdict<P: Protocol>(
    question: &Question<'_, P>,
    property: &Property<P>,
    checker: &impl Checker<Bridge<P>>,
    bounds: &[String],
) -> Verdict<P> {
    let found = checker.discovery(property.name);
    let complete = bounds.is_empty();
    match (property.expectation, found) {
        (Expectation::Reachable(_), Some(path)) => {
            let schedule = question.after.iter().cloned().chain(path.into_actions());
            Verdict::Reached {
                schedule: schedule.collect(),
            }
        }
        (Expectation::Reachable(_), None) if complete => Verdict::Unreachable,
        (Expectation::Reachable(_), None) => Verdict::Unknown(bounds.to_vec()),
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
        _ => Verdict::HoldsWithinBounds(bounds.to_vec()),
    }
}
