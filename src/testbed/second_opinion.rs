//! Stateright's own checker on the same relation: slower, and it judges only what is a predicate
//! over one world, but it shares no line of search with ours.

use serde_json::Value as Json;
use std::time::Duration;

use stateright::{Checker, Model};

use super::judge_check::report_check;
use super::report::CheckReport;
use crate::check::stateright::{Bridge, Limitations, PROPERTIES_MAX};
use crate::check::{
    Account, Judged, Limits, Monitor, Progress, Question, Search, Standing, Stopped, Trial,
    Verdict, standing, start,
};
use crate::model::{Bound, Limit, Property, Reason, Sense, Statement, Untyped, World};
use crate::trace::Origin;

/// How often the monitor is asked while Stateright searches.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Checks under all that the scenario allows, without a second search under assumptions: whether
/// a violation is a bug is told from its schedule alone.
pub fn check(
    question: &Question<'_, Untyped>,
    params: &Json,
    origin: &Origin,
    monitor: &mut dyn Monitor,
) -> CheckReport {
    let judged_there =
        |p: &Property<Untyped>| p.expectation.goal().is_none() && p.premise.is_empty();
    let mut properties = Property::those(question.properties, &judged_there);
    properties.truncate(PROPERTIES_MAX);
    let stated: Vec<Statement> = Property::all_stated(&properties);
    let system = question.system;
    let from = start(system, question.after);
    let bridge = Bridge::new(system.clone(), &properties, from);
    let found = search(bridge, &stated, &question.limits, monitor);
    let before = system.spell(question.after);
    let trial = trial(found, &stated, &before, &|property, discovery, schedule| {
        let predicate = properties[property].expectation.predicate();
        let reason = predicate.ask(&system.protocol, &discovery.world);
        let reason = reason.expect_err("Stateright found it broken here");
        (reason, standing(system, &properties[property], schedule))
    });
    let asked = Question {
        system,
        properties: &properties,
        after: question.after,
        limits: question.limits,
    };
    report_check(&asked, &trial, params, "stateright", origin)
}

/// Why the property at a place is broken in a world that was found, and what that says of the
/// protocol.
type Standings<'a> = dyn Fn(usize, &Discovery, &[String]) -> (Reason, Standing) + 'a;

/// What was found, as a search of ours would tell it.
fn trial(
    found: SecondOpinion,
    properties: &[Statement],
    before: &[String],
    standings: &Standings<'_>,
) -> Trial {
    let mut bounds: Vec<String> = found.stopped.iter().map(ToString::to_string).collect();
    bounds.extend(found.seen.withheld.iter().map(ToString::to_string));
    let complete = bounds.is_empty();
    let whole = |discovery: &Discovery| [before, &discovery.events].concat();
    let verdict = |nth: usize, sense, found: Option<&Discovery>| match (sense, found) {
        (Sense::Reachable, Some(discovery)) => Verdict::Reached {
            schedule: whole(discovery),
        },
        (Sense::Reachable, None) if complete => Verdict::Unreachable,
        (Sense::Reachable, None) => Verdict::Unknown(bounds.clone()),
        (Sense::Always, Some(discovery)) => {
            let schedule = whole(discovery);
            let (reason, standing) = standings(nth, discovery, &schedule);
            Verdict::Violated {
                reason,
                standing,
                schedule,
            }
        }
        _ if complete => Verdict::Holds,
        _ => Verdict::HoldsWithinBounds(bounds.clone()),
    };
    let properties = properties.iter().zip(&found.discoveries).enumerate();
    let judged = properties.map(|(nth, (property, discovery))| Judged {
        property: property.name,
        verdict: verdict(nth, property.sense, discovery.as_ref()),
        search: 0,
        silent: false,
        idle: false,
    });
    Trial {
        judged: judged.collect(),
        searches: vec![Search {
            imposed: Vec::new(),
            account: Account {
                progress: found.progress,
                stopped: found.stopped,
                settled: found.settled,
                withheld: found.seen.withheld,
                absorbed: found.seen.absorbed,
                ..Account::default()
            },
            waiting_for_the_living: None,
        }],
    }
}

/// What Stateright found.
struct SecondOpinion {
    progress: Progress,
    stopped: Option<Stopped>,
    /// Whether it ended because nothing was left to find out.
    settled: bool,
    seen: Limitations,
    /// For each property, the way to a world that settles it.
    discoveries: Vec<Option<Discovery>>,
}

/// A way to a world, and the world.
struct Discovery {
    /// In the one notation.
    events: Vec<String>,
    world: World<Untyped>,
}

fn search(
    bridge: Bridge<Untyped>,
    properties: &[Statement],
    limits: &Limits,
    monitor: &mut dyn Monitor,
) -> SecondOpinion {
    let depth = match limits.depth {
        Limit::Unlimited => usize::MAX,
        Limit::AtMost(depth) => depth as usize + 1,
    };
    let mut builder = bridge.checker().target_max_depth(depth);
    if let Some(most) = limits.states {
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
    if limits.states.is_some_and(|most| progress.generated >= most) {
        stopped.get_or_insert(Stopped::States);
    }
    let discovery = |property: &Statement| {
        let path = checker.discovery(property.name)?;
        let world = path.last_state().clone();
        let events = path.into_actions();
        let told = |event| checker.model().format_action(event);
        let events = events.iter().map(told).collect();
        Some(Discovery { events, world })
    };
    let discoveries: Vec<_> = properties.iter().map(discovery).collect();
    let all_found = !discoveries.is_empty() && discoveries.iter().all(Option::is_some);
    let mut seen = checker.model().seen();
    if limits.depth != Limit::Unlimited {
        // Stateright does not say whether anything lay deeper.
        seen.withheld.insert(Bound::Depth);
    }
    SecondOpinion {
        progress,
        settled: stopped.is_none() && all_found,
        stopped,
        seen,
        discoveries,
    }
}

fn progress(checker: &impl Checker<Bridge<Untyped>>) -> Progress {
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
