//! The verdict, the costs and what went wrong on the way, in sentences.
//!
//! Invariant: says what the trace records and counts nothing again.

use super::layout::Clock;
use super::names::DisplayNames;
use super::text::count;
use crate::model::Time;
use crate::model::facts::Costs;
use crate::trace::Trace;

/// What came of it; empty while nobody has judged. As recorded: not yet safe to show.
/// What the verdict says itself is not said again.
pub(super) fn verdict(trace: &Trace) -> Vec<String> {
    let Some(outcome) = &trace.verdict else {
        return Vec::new();
    };
    // The first sentence goes on the verdict's own line.
    let (first, rest) = match outcome.sentences.split_first() {
        Some((first, rest)) => (format!(" {first}"), rest),
        None => (String::new(), &[][..]),
    };
    let mut sentences = vec![format!("Verdict: {}.{first}", outcome.verdict)];
    let is_said = |sentence: &str| {
        let said = sentence.strip_prefix("This lies outside what ");
        let broken = said.and_then(|s| s.split_once(" assumes: "));
        let is_said = |broken: &str| {
            outcome.verdict.contains("outside the assumptions")
                && outcome.verdict.contains(broken.trim_end_matches('.'))
        };
        broken.is_some_and(|(_, broken)| is_said(broken))
    };
    sentences.extend(rest.iter().filter(|s| !is_said(s)).cloned());
    sentences
}

/// What the run cost, and which faults happened in it: sentences that are safe to show.
pub fn facts(trace: &Trace) -> Vec<String> {
    let names = DisplayNames::new(trace, false);
    let mut sentences = vec![costs(trace, &names)];
    sentences.extend(locks(trace, &names));
    sentences.extend(answers(trace));
    sentences.push(faults(trace, &names));
    sentences.extend(suspicions(trace));
    sentences
}

fn costs(trace: &Trace, names: &DisplayNames) -> String {
    let costs = &trace.costs;
    let mut parts = vec![count(costs.messages, "message")];
    if costs.delays > 0 {
        let delays = count(u64::from(costs.delays), "message delay");
        parts.push(format!("{delays} to the last decision"));
    }
    for (kind, each) in [("forced", &costs.forced), ("lazy", &costs.lazy)] {
        let total: u64 = each.iter().map(|n| u64::from(*n)).sum();
        let by_node = per_node(each, names, |n| (*n > 0).then(|| n.to_string()));
        if total > 0 {
            let writes = count(total, &format!("{kind} write"));
            parts.push(format!("{writes} ({by_node})"));
        }
    }
    format!("Cost: {}.", parts.join(", "))
}

/// How many answers clients got, and the longest that one of them waited.
fn answers(trace: &Trace) -> Option<String> {
    let Costs {
        answered, slowest, ..
    } = trace.costs;
    if answered == 0 {
        return None;
    }
    let answers = count(answered, "answer");
    Some(match Clock::of(trace) {
        Some(clock) => format!(
            "Clients got {answers}, the slowest after {}.",
            clock.round(slowest)
        ),
        None => format!("Clients got {answers}."),
    })
}

fn locks(trace: &Trace, names: &DisplayNames) -> Option<String> {
    let clock = Clock::of(trace);
    let locked = trace.costs.locked.iter();
    let locked: Vec<Time> = locked
        .map(|t| clock.as_ref().map_or(*t, |c| c.round(*t)))
        .collect();
    let text = per_node(&locked, names, |t| (*t > Time::ZERO).then(|| t.to_string()));
    (!text.is_empty()).then(|| format!("Locks held: {text}."))
}

/// A number for each node, those of one role together if they are equal.
fn per_node<T: PartialEq>(
    each: &[T],
    names: &DisplayNames,
    show: impl Fn(&T) -> Option<String>,
) -> String {
    let nodes: Vec<(usize, &T)> = each.iter().enumerate().take(names.len()).collect();
    let role = |n: &(usize, &T)| names.role(n.0).to_owned();
    let mut parts = Vec::new();
    for run in nodes.chunk_by(|a, b| role(a) == role(b)) {
        let equal = run.len() > 1 && run.windows(2).all(|w| w[0].1 == w[1].1);
        match (equal, run.first()) {
            (true, Some(first)) => {
                if let Some(text) = show(first.1) {
                    parts.push(format!("{text} at each {}", role(first)));
                }
            }
            _ => parts.extend(run.iter().filter_map(|(node, value)| {
                show(value).map(|text| format!("{text} at {}", names.name(*node)))
            })),
        }
    }
    parts.join(", ")
}

fn faults(trace: &Trace, names: &DisplayNames) -> String {
    let facts = &trace.facts;
    let mut parts = Vec::new();
    let each = facts.crashes.iter().enumerate();
    let crashed: Vec<(usize, u32)> = each.map(|(i, n)| (i, *n)).filter(|c| c.1 > 0).collect();
    match crashed.as_slice() {
        [] => {}
        [(node, 1)] => parts.push(format!("{} crashed", names.name(*node))),
        crashed => {
            let crashed = crashed.iter();
            let crashed = crashed.map(|(node, n)| format!("{} {n}", names.name(*node)));
            parts.push(format!(
                "crashes: {}",
                crashed.collect::<Vec<_>>().join(", ")
            ));
        }
    }
    let mut note = |n: u64, noun: &str, rest: &str| {
        if n > 0 {
            parts.push(format!("{}{rest}", count(n, noun)));
        }
    };
    note(u64::from(facts.cuts), "cut", " of the network");
    note(facts.lost_to_cuts, "message", " lost to a cut");
    note(
        facts.lost_at_down,
        "message",
        " lost at a node that was down",
    );
    note(facts.drops, "message", " dropped");
    note(facts.duplicates, "message", " duplicated");
    note(facts.reorderings, "message", " overtaken by a later one");
    if parts.is_empty() {
        "Nothing went wrong: no crash, no loss, no cut, nothing out of order.".to_owned()
    } else {
        format!("What went wrong: {}.", parts.join("; "))
    }
}

fn suspicions(trace: &Trace) -> Option<String> {
    let s = trace.facts.suspicions;
    let mut wrong = Vec::new();
    if s.falsely > 0 {
        let n = count(s.falsely, "timer");
        wrong.push(format!(
            "{n} fired although a peer that it waited for had not failed"
        ));
    }
    if s.early > 0 {
        let n = count(s.early, "timer");
        wrong.push(format!(
            "{n} fired although messages of the past were still on their way"
        ));
    }
    if trace.facts.missed > 0 {
        let n = count(trace.facts.missed, "message");
        wrong.push(format!("{n} came to a node that had not started"));
    }
    (!wrong.is_empty()).then(|| format!("The run was not synchronous: {}.", wrong.join("; ")))
}
