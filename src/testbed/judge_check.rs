//! From what the checker found to what people read.

use super::record::record_schedule;
use super::report::{CheckReport, PropertyReport, SearchReport};
use crate::check::{Judged, Question, Search, Standing, Trial, Verdict};
use crate::model::{
    Event, Expectation, Limit, LinkOrder, Property, Protocol, Rules, System, Timing,
    cluster::enumerate,
};
use crate::trace::{Origin, Outcome};

/// Turns the answer of a check into a report, each counterexample and witness recorded as a
/// trace.
pub fn report_check<P: Protocol>(
    question: &Question<'_, P>,
    trial: &Trial<P>,
    params: &P::Params,
    engine: &str,
    origin: &Origin,
) -> CheckReport {
    let searches: Vec<_> = trial
        .searches
        .iter()
        .map(|search| report_search(question.system, search))
        .collect();
    let properties = trial
        .judged
        .iter()
        .zip(question.properties)
        .map(|(judged, property)| {
            report_property(question, judged, property, &trial.searches, params, origin)
        })
        .collect();
    CheckReport {
        engine: engine.to_owned(),
        allowed: allowed(question.system),
        properties,
        searches,
    }
}

fn notation<P: Protocol>(system: &System<P>, schedule: &[Event<P>]) -> Vec<String> {
    let line = |event: &Event<P>| event.notation(&system.cluster).to_string();
    schedule.iter().map(line).collect()
}

fn report_search<P: Protocol>(system: &System<P>, search: &Search<P>) -> SearchReport {
    SearchReport {
        imposed: search.imposed.iter().map(ToString::to_string).collect(),
        distinct: search.progress.distinct,
        generated: search.progress.generated,
        depth: search.progress.depth,
        bounds: search.bounds(),
        absorbed: search.absorbed,
        waiting_for_the_living: search
            .waiting_for_the_living
            .as_ref()
            .map(|schedule| notation(system, schedule)),
    }
}

fn report_property<P: Protocol>(
    question: &Question<'_, P>,
    judged: &Judged<P>,
    property: &Property<P>,
    searches: &[Search<P>],
    params: &P::Params,
    origin: &Origin,
) -> PropertyReport {
    let search = &searches[judged.search];
    let (verdict, standing, schedule, sentences) = words(property, &judged.verdict, search);
    let mut bounds = search.bounds();
    if search.repair_withheld && matches!(property.expectation, Expectation::Recovers { .. }) {
        bounds.push("repairs".to_owned());
    }
    let qualified = match standing {
        Some(Standing::Bug) => format!("{verdict} (a bug)"),
        Some(Standing::Outside(broken)) => {
            let broken = enumerate(broken.iter().map(ToString::to_string));
            format!("{verdict} outside the assumptions: {broken}")
        }
        None if verdict.ends_with("within bounds") => {
            format!("{verdict}: {}", enumerate(bounds))
        }
        None => verdict.to_owned(),
    };
    // What can be said of a witness is said where it ends: behind a schedule after which the goal
    // is out of reach comes what ordinary events make of it.
    let then = match &judged.verdict {
        Verdict::CanBlock { then, .. } => then.as_slice(),
        _ => &[],
    };
    let whole = [schedule, then].concat();
    let trace = (!whole.is_empty()).then(|| {
        let origin = Origin {
            engine: "checker".to_owned(),
            property: Some(property.name.to_owned()),
            ..origin.clone()
        };
        let watched: Vec<_> = question
            .properties
            .iter()
            .filter(|p| p.name == property.name || p.assumes.is_empty())
            .cloned()
            .collect();
        let (_, mut trace) = record_schedule(question.system, params, &watched, origin, &whole);
        trace.verdict = Some(Outcome {
            verdict: qualified.clone(),
            sentences: sentences.clone(),
        });
        trace
    });
    PropertyReport {
        property: property.name.to_owned(),
        about: property.about.to_owned(),
        citation: property.citation.to_owned(),
        expectation: property.expectation.name().to_owned(),
        assumes: property.assumes.iter().map(ToString::to_string).collect(),
        verdict: verdict.to_owned(),
        qualified,
        sentences,
        schedule: notation(question.system, schedule),
        then: notation(question.system, then),
        trace,
        search: judged.search,
    }
}

/// The verdict in one word or two, its standing, its schedule, and whole sentences.
fn words<'a, P: Protocol>(
    property: &Property<P>,
    verdict: &'a Verdict<P>,
    search: &Search<P>,
) -> (
    &'static str,
    Option<&'a Standing>,
    &'a [Event<P>],
    Vec<String>,
) {
    let name = property.name;
    match verdict {
        Verdict::Holds => ("holds", None, &[], Vec::new()),
        Verdict::HoldsWithinBounds => ("holds within bounds", None, &[], Vec::new()),
        Verdict::Unreachable => (
            "unreachable",
            None,
            &[],
            vec![format!("No run reaches what {name} asks for.")],
        ),
        Verdict::Unknown => (
            "unknown within bounds",
            None,
            &[],
            vec![format!(
                "Nothing within the bounds ({}) reaches what {name} asks for.",
                enumerate(search.bounds())
            )],
        ),
        Verdict::Reached { schedule } => ("reached", None, schedule, Vec::new()),
        Verdict::Violated {
            schedule,
            reason,
            standing,
        } => {
            let mut sentences = vec![format!("{name} is violated: {}.", reason.text)];
            sentences.extend(standing_sentence(name, standing));
            ("violated", Some(standing), schedule, sentences)
        }
        Verdict::CanBlock {
            schedule,
            blocked,
            standing,
            ..
        } => {
            let mut sentences = blocked.sentences.clone();
            sentences.extend(standing_sentence(name, standing));
            ("can block", Some(standing), schedule, sentences)
        }
    }
}

fn standing_sentence(property: &str, standing: &Standing) -> Option<String> {
    match standing {
        Standing::Bug => Some(format!(
            "Everything that {property} assumes holds here: this is a bug."
        )),
        Standing::Outside(broken) if broken.is_empty() => None,
        Standing::Outside(broken) => {
            let broken = enumerate(broken.iter().map(ToString::to_string));
            Some(format!(
                "This lies outside what {property} assumes: {broken}."
            ))
        }
    }
}

/// What the rules allow, in words.
fn allowed<P: Protocol>(system: &System<P>) -> Vec<String> {
    let Rules {
        links,
        timing,
        budgets,
        timeouts,
        cuts,
        ..
    } = &system.rules;
    let cluster = &system.cluster;
    let mut words = vec![match timing {
        Timing::Asynchronous => "asynchronous timing".to_owned(),
        Timing::Accurate => "accurate timing".to_owned(),
    }];
    words.push(match links.order {
        LinkOrder::Unordered => "unordered links".to_owned(),
        LinkOrder::Fifo => "fifo links".to_owned(),
    });
    if links.never_forgets {
        words.push("a network that never forgets".to_owned());
    } else if let Limit::AtMost(n) = links.copies {
        let s = if n == 1 { "y" } else { "ies" };
        words.push(format!("at most {n} cop{s} of a message in flight"));
    }
    let mut count = |limit: Limit, one: &str, many: &str| match limit {
        Limit::AtMost(0) => {}
        Limit::AtMost(1) => words.push(format!("1 {one}")),
        limit => words.push(format!("{limit} {many}")),
    };
    for (group, limit) in &budgets.crashes {
        let (one, many) = if *group == cluster.all() {
            ("crash".to_owned(), "crashes".to_owned())
        } else {
            let names = cluster.names(*group);
            (format!("crash of {names}"), format!("crashes of {names}"))
        };
        count(*limit, &one, &many);
    }
    count(budgets.recoveries, "recovery", "recoveries");
    count(budgets.drops, "lost message", "lost messages");
    count(
        budgets.duplicates,
        "duplicated message",
        "duplicated messages",
    );
    if !cuts.is_empty() {
        let n = cuts.len();
        let of = if n == 1 {
            String::new()
        } else {
            format!(" (of {n} possible)")
        };
        count(budgets.cuts, &format!("cut{of}"), &format!("cuts{of}"));
        count(budgets.heals, "heal", "heals");
    }
    if let Limit::AtMost(n) = timeouts {
        words.push(format!("at most {n} timeouts"));
    }
    if budgets.crashes.iter().any(|(_, l)| *l != Limit::NONE) && !budgets.inside_handlers {
        words.push("crashes only between events".to_owned());
    }
    words
}
