//! What the simulator is asked for.

use super::names::Names;
use super::{DRIFT_PPM_MAX, RunCase, STEPS_DEFAULT, STEPS_MAX, UNTIL_DEFAULT, pointless};
use super::{faults, lines};
use crate::model::cluster::index;
use crate::model::{LinkOrder, NodeSet, Rules, Time, Timing};
use crate::scenario::error::Flaw;
use crate::scenario::file::{NetworkPart, NodePart, RunPart};
use crate::scenario::spanned::{Entries, Spanned};
use crate::scenario::values::Seeds;
use crate::sim::setup::{Latency, Network, NodeSetup, Ratio, Setup, common_denominator};

const LATENCY_DEFAULT: Latency = Latency::Uniform(Time::from_millis(1), Time::from_millis(10));

pub fn run(part: &Spanned<RunPart>, names: &Names<'_>, text: &str) -> Result<RunCase, Flaw> {
    let until = match &part.until {
        None => UNTIL_DEFAULT,
        Some(until) if **until == Time::ZERO => {
            return Err(Flaw::at(until.span(), "a run needs some time"));
        }
        Some(until) => **until,
    };
    let steps_max = match &part.steps {
        None => STEPS_DEFAULT,
        Some(steps) if **steps == 0 || **steps > STEPS_MAX => {
            let message = format!("a run takes between 1 and {STEPS_MAX} steps");
            return Err(Flaw::at(steps.span(), message));
        }
        Some(steps) => **steps,
    };
    let no_network = NetworkPart::default();
    let network_part = part.network.as_ref().unwrap_or(&no_network);
    let order = network_part.order.unwrap_or_default();
    let (nodes, absent) = machines(&part.nodes, names)?;
    let plan = part.faults.iter();
    let plan = plan.map(|fault| faults::planned(fault, names, text));
    let nemesis = part.nemesis.as_ref();
    let nemesis = nemesis.map(|nemesis| faults::nemesis(nemesis, names, until));
    let setup = Setup {
        until,
        steps_max,
        network: network(network_part, order, names)?,
        nodes,
        plan: plan.collect::<Result<_, _>>()?,
        nemesis: nemesis.transpose()?,
    };
    let seeded = seeded(part)?;
    let schedule = lines::lines(&part.schedule, names)?;
    // A story that says nowhere when anything happens is told without clocks.
    let time_passes = seeded || schedule.iter().any(|(at, _)| at.is_some());
    let timing = part.timing.as_ref();
    if let Some(timing) = timing.filter(|_| time_passes) {
        return Err(pointless(
            timing.span(),
            "clocks say when timers fire in this run",
            "leave out `timing`; or write a `schedule` without times, and nothing that follows it",
        ));
    }
    Ok(RunCase {
        timing: timing.map_or_else(Timing::default, |timing| **timing),
        seeds: part.seeds.as_ref().map_or(Seeds::one(1), |seeds| **seeds),
        rules: Rules {
            absent,
            time_passes,
            ..Rules::physics(names.cluster, order)
        },
        setup,
        schedule,
        properties: names.wanted(part.properties.as_deref())?,
        seeded,
    })
}

/// Whether the seed decides anything; what it alone decides must not be set if it does not.
fn seeded(part: &RunPart) -> Result<bool, Flaw> {
    match (&part.then, part.schedule.is_empty()) {
        (Some(then), true) => Err(pointless(
            then.span(),
            "there is no schedule for this to follow",
            "without a `schedule` every run is seeded: remove `then`",
        )),
        (None, false) => {
            let fault = part.faults.first().map(Spanned::span);
            match fault.or(part.nemesis.as_ref().map(Spanned::span)) {
                Some(span) => Err(pointless(
                    span,
                    "the run ends with its schedule, so this never happens",
                    "write it as a line of the schedule, or let \"then\": \"seeded\" follow",
                )),
                None => Ok(false),
            }
        }
        _ => Ok(true),
    }
}

fn network(part: &NetworkPart, order: LinkOrder, names: &Names<'_>) -> Result<Network, Flaw> {
    let ratio = |ratio: &Option<Spanned<Ratio>>| ratio.as_ref().map_or(Ratio::NEVER, |r| **r);
    let mut links = Vec::new();
    for (name, link) in &part.links {
        let id = names.link(name)?;
        if links.iter().any(|(other, _)| *other == id) {
            return Err(Flaw::at(name.span(), "this link is set twice").label("again here"));
        }
        links.push((id, latency(&link.latency)?));
    }
    if let Some(duplicates) = &part.duplicates
        && order == LinkOrder::Fifo
        && duplicates.times > 0
    {
        return Err(pointless(
            duplicates.span(),
            "there are no duplicates on fifo links",
            "remove `duplicates`, or let links be \"unordered\"",
        ));
    }
    Ok(Network {
        latency: part.latency.as_ref().map_or(Ok(LATENCY_DEFAULT), latency)?,
        links,
        loss: ratio(&part.loss),
        duplication: ratio(&part.duplicates),
    })
}

fn latency(latency: &Spanned<Latency>) -> Result<Latency, Flaw> {
    let ascends = match **latency {
        Latency::Constant(_) => true,
        Latency::Uniform(min, max) => min <= max,
        Latency::LongTailed {
            floor,
            typical,
            cap,
        } => floor <= typical && typical <= cap,
        Latency::Bimodal { fast, slow, .. } => fast <= slow,
    };
    if ascends {
        return Ok(**latency);
    }
    Err(Flaw::at(latency.span(), "this latency runs backwards")
        .label("not ascending")
        .advice("write the shorter duration first"))
}

fn machines(
    parts: &Entries<NodePart>,
    names: &Names<'_>,
) -> Result<(Vec<NodeSetup>, NodeSet), Flaw> {
    let mut nodes = vec![NodeSetup::default(); names.cluster.len()];
    let mut absent = NodeSet::EMPTY;
    for (name, part) in parts {
        let id = names.node(name)?;
        let node = &mut nodes[index(id)];
        if let Some(drift) = &part.drift_ppm {
            if drift.unsigned_abs() > DRIFT_PPM_MAX {
                let message = format!("a clock drifts by at most {DRIFT_PPM_MAX} ppm");
                return Err(Flaw::at(drift.span(), message).label("too much"));
            }
            node.drift_ppm = **drift;
        }
        if let Some(delay) = &part.start_delay {
            if part.joins_later {
                return Err(pointless(
                    delay.span(),
                    "a node that joins later starts when a `recover` brings it in",
                    "remove `start-delay` or `joins-later`",
                ));
            }
            node.start_delay = **delay;
        }
        if let Some(up) = &part.up {
            if part.joins_later {
                return Err(pointless(
                    up.span(),
                    "a node that joins later takes part when a `recover` brings it in",
                    "remove `up` or `joins-later`",
                ));
            }
            node.up = **up;
        }
        node.choices = choices(&part.choices)?;
        if part.joins_later || node.start_delay > Time::ZERO || !node.up.is_certain() {
            absent.insert(id);
        }
    }
    Ok((nodes, absent))
}

/// How often a node takes which option.
fn choices(parts: &Entries<Spanned<Ratio>>) -> Result<Vec<(String, Ratio)>, Flaw> {
    let mut choices: Vec<(String, Ratio)> = Vec::new();
    for (name, ratio) in parts {
        if choices.iter().any(|(other, _)| *other == **name) {
            return Err(Flaw::at(name.span(), "this option is set twice").label("again here"));
        }
        choices.push(((**name).clone(), **ratio));
        let Some(whole) = common_denominator(choices.iter().map(|(_, ratio)| *ratio)) else {
            let message = "these ratios have no common denominator below 2^32";
            return Err(Flaw::at(ratio.span(), message).advice("write them out of the same number"));
        };
        let taken: u64 = choices.iter().map(|(_, ratio)| ratio.parts(whole)).sum();
        if taken > whole.into() {
            let message = "these options come more often than there are choices";
            return Err(Flaw::at(ratio.span(), message).label("together more than all"));
        }
    }
    Ok(choices)
}
