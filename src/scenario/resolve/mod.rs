//! From a file to a case: every name found, every number checked, every default filled in.
//!
//! Invariant: a [`Resolved`] needs no further checks before it runs, except that a schedule can still
//! diverge and an anchor can still not be reached.

mod check;
mod expect;
mod faults;
mod lines;
mod names;
mod params;
mod run;

use std::sync::Arc;

use derive_where::derive_where;
use serde_json::Value as Json;

use super::Scenario;
use super::error::{Flaw, Span};
use super::file::Counting;
use super::values::Seeds;
use super::verdict::{ExpectedVerdict, RunExpectation};
use crate::model::cluster::MAX_NODES;
use crate::model::{Cluster, Limit, Property, Protocol, Rules, Time, Timing};
use crate::sim::setup::Setup;
use names::Names;
pub use params::recorded_params;

/// Virtual time at which a run ends if the scenario does not say.
pub const UNTIL_DEFAULT: Time = Time::from_millis(10_000);
/// Steps after which a run ends if the scenario does not say, and how many it may ask for.
pub const STEPS_DEFAULT: u64 = 1_000_000;
pub const STEPS_MAX: u64 = 1_000_000_000;
/// How far a clock may run from time, in parts per million.
pub const DRIFT_PPM_MAX: u32 = 500_000;
/// The largest cluster of which halves and bridges are all tried: their number doubles with each
/// node.
pub const FAMILY_NODES_MAX: usize = 12;

/// A scenario and its protocol, ready for both engines.
#[derive_where(Clone)]
pub struct Resolved<P: Protocol> {
    /// How the file was named.
    pub name: String,
    pub about: String,
    pub protocol: Arc<P>,
    pub params: Json,
    pub cluster: Cluster,
    /// All that the protocol states.
    pub properties: Vec<Property<P>>,
    pub run: Option<RunCase>,
    pub check: Option<CheckCase>,
    pub expect: Expectations,
}

/// What the simulator is asked for.
#[derive(Clone, Debug)]
pub struct RunCase {
    pub seeds: Seeds,
    pub rules: Rules,
    pub setup: Setup,
    /// Events that happen first, in order; empty if the seed decides from the start.
    pub schedule: Vec<ScheduleLine>,
    /// When a timer may fire where it is judged whether the run can go on.
    pub timing: Timing,
    /// Whether time and chance decide what follows the schedule (or all, if there is none).
    pub seeded: bool,
    /// The properties that count, by name.
    pub properties: Vec<&'static str>,
}

/// An event in the one notation, with its time if it has one.
pub type ScheduleLine = (Option<Time>, String);

/// What the checker is asked for.
#[derive(Clone, Debug)]
pub struct CheckCase {
    pub rules: Rules,
    /// How many events from where the search starts.
    pub depth: Limit,
    /// The properties to check, by name.
    pub properties: Vec<&'static str>,
    /// Start from where these events lead.
    pub after: Vec<ScheduleLine>,
    /// Where the budgets of the rules are counted from.
    pub counting: Counting,
}

/// What must come of it.
#[derive(Clone, Debug, Default)]
pub struct Expectations {
    pub run: Option<RunExpectation>,
    pub check: Vec<(&'static str, ExpectedVerdict)>,
}

/// The protocol that a scenario is about, and its parameters.
pub(super) fn protocol<P: Protocol>(scenario: &Scenario) -> Result<(Json, P), Flaw> {
    let (values, protocol) = params::protocol::<P>(scenario.tree.get("params"), place(scenario))?;
    let values = serde_json::to_value(values).expect("parameters are plain data");
    Ok((values, protocol))
}

/// Where the parameters are, or would be.
fn place(scenario: &Scenario) -> Span {
    let params = scenario.tree.get("params");
    params.map_or(scenario.file.protocol.span(), |tree| tree.span)
}

pub(super) fn resolve<P: Protocol>(
    scenario: &Scenario,
    protocol: P,
    params: Json,
) -> Result<Resolved<P>, Flaw> {
    let file = &scenario.file;
    let place = place(scenario);
    let cluster = protocol.cluster();
    let properties = protocol.properties();
    let names = Names::of(&protocol, &cluster, &properties);
    let (run, check, expect) = asked_for(scenario, place, &names)?;
    Ok(Resolved {
        name: scenario.name.clone(),
        about: file.about.clone(),
        protocol: Arc::new(protocol),
        params,
        cluster,
        properties,
        run,
        check,
        expect,
    })
}

/// What the engines are asked for, and what must come of it.
fn asked_for(
    scenario: &Scenario,
    place: Span,
    names: &Names<'_>,
) -> Result<(Option<RunCase>, Option<CheckCase>, Expectations), Flaw> {
    let file = &scenario.file;
    named_once(names, file.protocol.span())?;
    size(names.cluster, place)?;
    if file.run.is_none() && file.check.is_none() {
        return Err(Flaw::at(scenario.tree.span, "this scenario does nothing")
            .label("neither `run` nor `check`")
            .advice("add a `run` for the simulator, a `check` for the model checker, or both"));
    }
    let run = file.run.as_ref();
    let run = run.map(|part| run::run(part, names, &scenario.text));
    let check = file.check.as_ref().map(|part| check::check(part, names));
    let (run, check) = (run.transpose()?, check.transpose()?);
    let expect = expect::expect(&file.expect, run.as_ref(), check.as_ref(), names)?;
    Ok((run, check, expect))
}

fn named_once(names: &Names<'_>, place: Span) -> Result<(), Flaw> {
    let properties = &names.properties;
    let named_twice = (1..properties.len()).find(|&at| {
        let (name, _) = properties[at];
        properties[..at].iter().any(|(other, _)| *other == name)
    });
    let Some(at) = named_twice else {
        return Ok(());
    };
    let message = format!(
        "the protocol has two properties called `{}`",
        properties[at].0
    );
    let flaw = Flaw::at(place, message).label("of this protocol");
    Err(flaw.advice("give each a name of its own: verdicts and expectations go by it"))
}

fn size(cluster: &Cluster, place: Span) -> Result<(), Flaw> {
    let flaw = |message: String| Err(Flaw::at(place, message).label("these parameters"));
    if cluster.is_empty() {
        return flaw("these parameters make a cluster without nodes".to_owned());
    }
    if cluster.len() > MAX_NODES {
        return flaw(format!(
            "these parameters make a cluster of more than {MAX_NODES} nodes"
        ));
    }
    Ok(())
}

/// The text at a place, on one line.
fn excerpt(text: &str, span: Span) -> String {
    let text = text.get(span.start..span.end).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Refuses a key whose value would be ignored.
fn pointless(span: Span, message: &str, advice: &str) -> Flaw {
    Flaw::at(span, message).label("no use here").advice(advice)
}
