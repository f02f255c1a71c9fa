//! A story that turns out not to be possible: a schedule that names an event which exists, and which
//! cannot happen in the world that the events before it lead to.
//!
//! That is an answer to the scenario, not a mistake in it. A line that no world could read, or that
//! may be several events there, is a mistake.

use serde::Serialize;
use serde_json::Value as Json;

use super::record::record_schedule;
use crate::model::event::label;
use crate::model::{
    Cluster, Cut, Event, Few, Link, Obstacle, Property, Protocol, System, Untyped, View, World,
};
use crate::run::{Divergence, Moment, Script, Witness, execute};
use crate::scenario::{Scenario, ScenarioError, ScheduleLine};
use crate::trace::{Origin, Trace};

/// A schedule of a scenario: where it stands, and its lines.
pub(super) struct Told<'a> {
    /// The keys that lead to it.
    pub path: [&'static str; 2],
    pub lines: &'a [ScheduleLine],
}

/// A schedule, played.
pub(super) enum Story {
    /// All of it happened.
    Happened(Vec<Event<Untyped>>),
    Refuted(Box<RefutedStory>),
}

/// A scripted event that cannot happen where its turn comes, and the world at that point.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct RefutedStory {
    /// The schedule that has it: `run.schedule` or `check.after`.
    pub schedule: String,
    /// The number of the event in the schedule, from 1.
    pub step: usize,
    /// Its place in the file, both from 1.
    pub line: usize,
    pub column: usize,
    pub event: String,
    /// Why it cannot happen.
    pub obstacle: String,
    pub nodes: Vec<NodeStands>,
    /// Every message in flight: `C -> P1 Prepare(1)`.
    pub in_flight: Vec<String>,
    /// The cuts that last.
    pub cuts: Vec<String>,
    /// The events before it.
    #[serde(skip)]
    pub trace: Trace,
    /// The same with the text around its place.
    #[serde(skip)]
    pub place: ScenarioError,
}

/// A node, as the events before left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct NodeStands {
    pub name: String,
    pub up: bool,
    /// Where it stands, in a few words.
    pub status: String,
    /// The timers that are armed.
    pub timers: Vec<String>,
    /// The choices that are open, each with its options.
    pub choices: Vec<String>,
}

/// Plays a schedule from the start of a system. The error is a line that is no event, or may be
/// several.
pub(super) fn play(
    scenario: &Scenario,
    system: &System<Untyped>,
    params: &Json,
    properties: &[Property<Untyped>],
    told: &Told<'_>,
    origin: Origin,
) -> Result<Story, ScenarioError> {
    let (events, divergence) = events(system, told.lines);
    let Some(divergence) = divergence else {
        return Ok(Story::Happened(events));
    };
    let place = scenario.diverging(&told.path, &divergence);
    let Obstacle::Impossible(obstacle) = divergence.obstacle else {
        return Err(place);
    };
    // What has a premise says nothing of a single step.
    let watched = Property::without_premise(properties);
    let (run, trace) = record_schedule(system, params, &watched, origin, &system.spell(&events));
    let stands = Stands {
        nodes: nodes(system, &run.world),
        in_flight: in_flight(system, &run.world),
        cuts: cuts(&system.cluster, &run.world.globals().cuts),
    };
    let refuted = refuted(
        told,
        (divergence.step, divergence.event, obstacle),
        stands,
        trace,
        place,
    );
    Ok(Story::Refuted(Box::new(refuted)))
}

/// A world, in words.
struct Stands {
    nodes: Vec<NodeStands>,
    in_flight: Vec<String>,
    cuts: Vec<String>,
}

fn refuted(
    told: &Told<'_>,
    (step, event, obstacle): (usize, String, String),
    stands: Stands,
    trace: Trace,
    place: ScenarioError,
) -> RefutedStory {
    let (line, column) = place.position().unwrap_or_default();
    RefutedStory {
        schedule: told.path.join("."),
        step,
        line,
        column,
        event,
        obstacle,
        nodes: stands.nodes,
        in_flight: stands.in_flight,
        cuts: stands.cuts,
        trace,
        place,
    }
}

/// The events that lines stand for, up to the first that cannot happen.
pub(super) fn events<P: Protocol>(
    system: &System<P>,
    lines: &[ScheduleLine],
) -> (Vec<Event<P>>, Option<Divergence>) {
    struct Keep<P: Protocol>(Vec<Event<P>>);

    impl<P: Protocol> Witness<P> for Keep<P> {
        fn happened(&mut self, moment: &Moment<'_, P>) {
            self.0.push(moment.event.clone());
        }
    }

    let mut kept = Keep(Vec::new());
    let mut script = Script::new(lines.iter().cloned());
    let played = execute(system, &mut script, &mut [&mut kept]);
    (kept.0, played.err())
}

fn nodes(system: &System<Untyped>, world: &World<Untyped>) -> Vec<NodeStands> {
    let mut nodes = Vec::new();
    for id in system.cluster.ids() {
        let node = world.node(id);
        let mut stands = NodeStands {
            name: system.cluster.name(id).to_owned(),
            up: node.is_up(),
            status: system.protocol.status(node),
            timers: Vec::new(),
            choices: Vec::new(),
        };
        if let Some(up) = node.up() {
            stands.timers.extend(up.timers.iter().map(label));
            for (key, options) in &up.choices {
                let labels: Vec<String> = options.iter().map(label).collect();
                stands.choices.push(choice(key, &labels));
            }
        }
        nodes.push(stands);
    }
    nodes
}

fn choice(key: &str, options: &[String]) -> String {
    format!("{key}: {}", options.join(" or "))
}

fn in_flight(system: &System<Untyped>, world: &World<Untyped>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut from = 0;
    while let Some((at, link)) = world.next_busy(from) {
        from = at + 1;
        for msg in world.channel(link).iter() {
            lines.push(message(&system.cluster, link, &label(msg)));
        }
    }
    lines
}

fn message(cluster: &Cluster, link: Link, label: &str) -> String {
    let (src, dst) = (cluster.name(link.src), cluster.name(link.dst));
    format!("{src} -> {dst} {label}")
}

fn cuts(cluster: &Cluster, cuts: &Few<Cut>) -> Vec<String> {
    cuts.iter().map(|cut| cut.notation(cluster)).collect()
}
