//! What lasts for more than a step: who is down, holds something, leads, or is stuck; what is cut; and how it is with
//! each property.

use serde::Serialize;

use super::failure::{Failure, Sort, named};
use crate::model::cluster::enumerate;
use crate::model::{Few, KeyValue, Observation};
use crate::report::Telling;
use crate::trace::{Did, NodeRecord, Trace, What};

/// Something that lasts, from one step to another.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Span {
    pub kind: Lasting,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<Vec<(usize, usize)>>,
    /// A clause with its node as its subject, or what is cut.
    pub words: String,
    pub from: usize,
    /// The step that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Lasting {
    Down,
    NotStarted,
    Holds,
    Leads,
    Cut,
    Stuck,
}

/// How it is with a property, from the step on in which that changes.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Strip {
    property: String,
    states: Vec<(usize, &'static str, Option<String>)>,
    /// Who cannot go on in the end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    blocked: Vec<usize>,
}

/// All that lasts, in the order in which it begins.
pub(crate) fn spans(trace: &Trace, telling: &Telling<'_>) -> Vec<Span> {
    let mut lasting = Spans {
        telling,
        all: Vec::new(),
        open: Vec::new(),
        headlines: vec![None; trace.nodes.len()],
    };
    for (node, start) in trace.start.iter().enumerate() {
        if !start.after.up {
            lasting.begins(Lasting::NotStarted, Some(node), 0, "has not started");
        }
        lasting.reacts(node, 0, &start.did, Some(&start.after));
    }
    for (step, nth) in trace.steps.iter().zip(1..) {
        match &step.what {
            What::Cut { links } => lasting.cut(links, nth),
            What::Heal { links } => lasting.ends(nth, |span| span.links.as_ref() == Some(links)),
            _ => {}
        }
        let Some(node) = step.what.actor() else {
            continue;
        };
        let of_node = |span: &Span| span.node == Some(node);
        if matches!(step.what, What::Recover { .. }) {
            let rests = [Lasting::Down, Lasting::NotStarted];
            lasting.ends(nth, |span| of_node(span) && rests.contains(&span.kind));
        }
        lasting.reacts(node, nth, &step.did, step.after.as_ref());
        if step.crash_after.is_some() || matches!(step.what, What::Crash { .. }) {
            lasting.ends(nth, of_node);
            lasting.begins(Lasting::Down, Some(node), nth, "is down");
        }
    }
    lasting.stuck(trace);
    lasting.all.sort_by_key(|span| span.from);
    lasting.all
}

struct Spans<'a> {
    telling: &'a Telling<'a>,
    all: Vec<Span>,
    /// Those that last, by their places.
    open: Vec<usize>,
    /// What each node is first of all: a role, a phase.
    headlines: Vec<Option<String>>,
}

impl Spans<'_> {
    fn begins(&mut self, kind: Lasting, node: Option<usize>, from: usize, words: &str) {
        self.open.push(self.all.len());
        self.all.push(Span {
            kind,
            node,
            links: None,
            words: self.telling.text(words),
            from,
            until: None,
        });
    }

    fn ends(&mut self, step: usize, is_one: impl Fn(&Span) -> bool) {
        let Spans { all, open, .. } = self;
        open.retain(|&at| {
            let ends = is_one(&all[at]);
            if ends {
                all[at].until = Some(step);
            }
            !ends
        });
    }

    fn cut(&mut self, links: &[(usize, usize)], step: usize) {
        let name = |node: usize| self.telling.name(node);
        if let Some(groups) = groups(links) {
            let groups = groups
                .iter()
                .map(|group| enumerate(group.iter().map(|n| name(*n))));
            let words = format!("parts {}", groups.collect::<Vec<_>>().join(" from "));
            self.begins_cut(links, step, &words);
            return;
        }
        let both = |&(a, b): &(usize, usize)| links.contains(&(b, a));
        let each = links.iter().filter(|link| link.0 < link.1 || !both(link));
        let each = each.map(|link| {
            let way = if both(link) { "and" } else { "to" };
            format!("{} {way} {}", name(link.0), name(link.1))
        });
        let words = format!(
            "nothing passes between {}",
            each.collect::<Vec<_>>().join(", ")
        );
        self.begins_cut(links, step, &words);
    }

    fn begins_cut(&mut self, links: &[(usize, usize)], step: usize, words: &str) {
        self.begins(Lasting::Cut, None, step, words);
        if let Some(span) = self.all.last_mut() {
            span.links = Some(links.to_vec());
        }
    }

    fn reacts(&mut self, node: usize, step: usize, did: &Did, after: Option<&NodeRecord>) {
        let headline = after.filter(|after| after.up).and_then(headline);
        for observation in &did.observed {
            let locks = |subject: &u64| format!("holds locks of transaction {subject}");
            let holds = |thing: &str| format!("holds {thing}");
            match observation {
                Observation::Locked { subject } => self.holds(node, step, &locks(subject)),
                Observation::Released { subject } => self.gives_up(node, step, &locks(subject)),
                Observation::Took { thing } => self.holds(node, step, &holds(thing)),
                Observation::Gave { thing } => self.gives_up(node, step, &holds(thing)),
                _ => {}
            }
        }
        let led = self.headlines.get(node).cloned().flatten();
        let leads = |span: &Span| span.node == Some(node) && span.kind == Lasting::Leads;
        if headline != led {
            self.ends(step, leads);
        }
        for observation in &did.observed {
            if let Observation::Elected { subject } = observation {
                self.ends(step, leads);
                let words = format!("leads term {subject}");
                self.begins(Lasting::Leads, Some(node), step, &words);
            }
        }
        if let Some(known) = self.headlines.get_mut(node) {
            *known = headline;
        }
    }

    fn holds(&mut self, node: usize, step: usize, words: &str) {
        self.gives_up(node, step, words);
        self.begins(Lasting::Holds, Some(node), step, words);
    }

    fn gives_up(&mut self, node: usize, step: usize, words: &str) {
        let words = self.telling.text(words);
        self.ends(step, |span| {
            span.node == Some(node) && span.kind == Lasting::Holds && span.words == words
        });
    }

    /// Who is blocked in the end is so since what matters of its state changed last.
    fn stuck(&mut self, trace: &Trace) {
        let Some((nodes, why)) = blocked(trace) else {
            return;
        };
        for node in nodes {
            let mut last = trace.start.get(node).map(|start| standing(&start.after));
            let mut since = 0;
            for (step, nth) in trace.steps.iter().zip(1..) {
                if let Some(after) = step
                    .after
                    .as_ref()
                    .filter(|_| step.what.actor() == Some(node))
                    && last.as_ref() != Some(&standing(after))
                {
                    (last, since) = (Some(standing(after)), nth);
                }
            }
            self.begins(Lasting::Stuck, Some(node), since, &why);
        }
    }
}

/// The groups of nodes that a cut parts from each other altogether, if that is what it does. Nodes with no link in it
/// are in none.
fn groups(links: &[(usize, usize)]) -> Option<Vec<Few<usize>>> {
    let links: Few<(usize, usize)> = links.iter().copied().collect();
    let mut groups: Vec<Few<usize>> = Vec::new();
    let nodes: Few<usize> = links.iter().flat_map(|&(a, b)| [a, b]).collect();
    for node in nodes {
        let parted = |group: &Few<usize>| group.iter().all(|other| links.contains(&(node, *other)));
        if let Some(group) = groups.iter_mut().find(|group| !parted(group)) {
            group.insert(node);
        } else {
            groups.push(Few::from([node]));
        }
    }
    let group_of = |node: usize| groups.iter().position(|group| group.contains(&node));
    let crosses = groups
        .iter()
        .flatten()
        .flat_map(|a| groups.iter().flatten().map(move |b| (*a, *b)));
    let is_one = |(a, b): (usize, usize)| (group_of(a) != group_of(b)) == links.contains(&(a, b));
    crosses.into_iter().all(is_one).then_some(groups)
}

/// What a node is first of all.
fn headline(record: &NodeRecord) -> Option<String> {
    match record.key_state.get("") {
        Some(KeyValue::Word(word)) => Some(word.clone()),
        _ => None,
    }
}

/// What has to change for a node to get on.
fn standing(record: &NodeRecord) -> (bool, String) {
    (record.up, record.status.clone())
}

/// Who is blocked in the end, and why.
fn blocked(trace: &Trace) -> Option<(Vec<usize>, String)> {
    let failure = Failure::of(trace).filter(|failure| failure.sort == Sort::Blocked)?;
    let (who, why) = [" are blocked: ", " is blocked: "]
        .iter()
        .find_map(|between| failure.reason.split_once(between))?;
    let nodes: Vec<usize> = named(trace, who).into_iter().collect();
    Some((nodes, format!("cannot go on: {why}")))
}

/// How it is with each property over time. A goal, or what a search was asked for, is open until the end.
pub(crate) fn strips(trace: &Trace, telling: &Telling<'_>) -> Vec<Strip> {
    let text = |text: &str| telling.text(text);
    let mut strips: Vec<Strip> = Vec::new();
    let steps = trace.steps.iter().map(|step| &step.properties);
    for (properties, nth) in std::iter::once(&trace.properties).chain(steps).zip(0..) {
        for status in properties {
            let state = if status.holds { "holds" } else { "violated" };
            let state = (nth, state, status.reason.as_deref().map(text));
            let property = text(&status.property);
            match strips.iter_mut().find(|strip| strip.property == property) {
                Some(strip) => strip.states.push(state),
                None => strips.push(Strip {
                    property,
                    states: vec![state],
                    blocked: Vec::new(),
                }),
            }
        }
    }
    let Some(failure) = Failure::of(trace) else {
        return strips;
    };
    let state = match failure.sort {
        Sort::Violated => "violated",
        Sort::Blocked => "blocked",
        Sort::Missed => "missed",
        Sort::Reached => "reached",
    };
    let property = match &failure.property {
        Some(property) => text(property),
        None if failure.sort == Sort::Violated => return strips,
        None => "progress".to_owned(),
    };
    if strips.iter().all(|strip| strip.property != property) {
        let reason = Some(text(&failure.reason)).filter(|reason| !reason.is_empty());
        strips.push(Strip {
            property,
            states: vec![(0, "pending", None), (failure.step, state, reason)],
            blocked: blocked(trace).map_or_else(Vec::new, |(nodes, _)| nodes),
        });
    }
    strips
}

#[cfg(test)]
mod tests {
    use super::groups;

    /// All links between the groups of a set.
    fn between(parts: &[&[usize]]) -> Vec<(usize, usize)> {
        let of = |node: usize| parts.iter().position(|part| part.contains(&node));
        let all = || parts.iter().flat_map(|part| part.iter().copied());
        let pairs = all().flat_map(|a| all().map(move |b| (a, b)));
        pairs.filter(|(a, b)| of(*a) != of(*b)).collect()
    }

    #[test]
    fn a_cut_that_parts_nodes_altogether_is_told_by_its_groups() {
        for parts in [
            &[&[0, 1][..], &[2, 3]][..],
            &[&[0, 3], &[1, 2, 4]],
            &[&[0], &[1], &[2, 3]],
        ] {
            let told = groups(&between(parts)).expect("it parts them");
            let told: Vec<Vec<usize>> = told.iter().map(|g| g.iter().copied().collect()).collect();
            assert_eq!(told, parts);
        }
    }

    #[test]
    fn any_other_cut_is_told_by_its_links() {
        // One way only; and a node that still reaches both sides.
        assert_eq!(groups(&[(0, 1)]), None);
        assert_eq!(groups(&[(0, 1), (1, 0), (1, 2), (2, 1), (0, 2)]), None);
        let mut links = between(&[&[0, 1], &[2, 3]]);
        links.retain(|link| *link != (3, 0));
        assert_eq!(groups(&links), None);
    }
}
