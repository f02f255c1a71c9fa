//! A story that turns out not to be possible: a schedule that names an event which exists, and which
//! cannot happen in the world that the events before it lead to.
//!
//! That is an answer to the scenario, not a mistake in it. A line that no world could read, or that
//! may be several events there, is a mistake.

use serde::Serialize;

use super::record::record_schedule;
use crate::model::event::label;
use crate::model::{Event, Obstacle, Property, Protocol, System, View, World};
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
pub(super) enum Story<P: Protocol> {
    /// All of it happened.
    Happened(Vec<Event<P>>),
    Refuted(Box<RefutedStory>),
}

/// A scripted event that cannot happen where its turn comes, and the world at that point.
#[derive(Debug, Serialize)]
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
    pub trace: Trace,
    /// The same with the text around its place.
    #[serde(skip)]
    pub place: ScenarioError,
}

/// A node, as the events before left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
pub(super) fn play<P: Protocol>(
    scenario: &Scenario,
    system: &System<P>,
    params: &P::Params,
    properties: &[Property<P>],
    told: &Told<'_>,
    origin: Origin,
) -> Result<Story<P>, ScenarioError> {
    let (events, divergence) = events(system, told.lines);
    let Some(divergence) = divergence else {
        return Ok(Story::Happened(events));
    };
    let place = scenario.diverging(&told.path, &divergence);
    let Obstacle::Impossible(obstacle) = divergence.obstacle else {
        return Err(place);
    };
    let mut watched = properties.to_vec();
    // What has a premise says nothing of a single step.
    watched.retain(|property| property.premise.is_empty());
    let (run, trace) = record_schedule(system, params, &watched, origin, &system.spell(&events));
    let (line, column) = place.position().unwrap_or_default();
    Ok(Story::Refuted(Box::new(RefutedStory {
        schedule: told.path.join("."),
        step: divergence.step,
        line,
        column,
        event: divergence.event,
        obstacle,
        nodes: nodes(system, &run.world),
        in_flight: in_flight(system, &run.world),
        cuts: cuts(system, &run.world),
        trace,
        place,
    })))
}

/// The events that lines stand for, up to the first that cannot happen.
fn events<P: Protocol>(
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

fn nodes<P: Protocol>(system: &System<P>, world: &World<P>) -> Vec<NodeStands> {
    let stands = |id| {
        let node = world.node(id);
        let up = node.up();
        let option = |(key, options): (&String, _)| {
            let options: &Vec<P::Choice> = options;
            let labels: Vec<String> = options.iter().map(label).collect();
            format!("{key}: {}", labels.join(" or "))
        };
        NodeStands {
            name: system.cluster.name(id).to_owned(),
            up: node.is_up(),
            status: system.protocol.status(node),
            timers: up.map_or_else(Vec::new, |up| up.timers.iter().map(label).collect()),
            choices: up.map_or_else(Vec::new, |up| up.choices.iter().map(option).collect()),
        }
    };
    system.cluster.ids().map(stands).collect()
}

fn in_flight<P: Protocol>(system: &System<P>, world: &World<P>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut from = 0;
    while let Some((at, link)) = world.next_busy(from) {
        from = at + 1;
        let (src, dst) = (system.cluster.name(link.src), system.cluster.name(link.dst));
        let messages = world.channel(link).iter();
        lines.extend(messages.map(|msg| format!("{src} -> {dst} {}", label(msg))));
    }
    lines
}

fn cuts<P: Protocol>(system: &System<P>, world: &World<P>) -> Vec<String> {
    let cuts = world.globals().cuts.iter();
    cuts.map(|cut| cut.notation(&system.cluster)).collect()
}
