//! How likely it is: what is known of a scenario, and what its seeds show.

use std::ops::RangeInclusive;

use rayon::prelude::*;

use super::case::{Case, RunLimits};
use crate::estimate::{Confidence, Estimate, Forecast, Odds, Outlook, Reached};
use crate::model::{ClosedForm, Cluster, Id, Likelihood, Successes, Time, Untyped};
use crate::sim::setup::{NodeSetup, Setup};

/// Counts what runs come to, on all cores, until it has to end: then of fewer runs.
///
/// # Panics
/// If the scenario has no run, or its story is refuted.
pub fn estimate(
    case: &dyn Case,
    seeds: RangeInclusive<u64>,
    confidence: Confidence,
    limits: &RunLimits<'_>,
    on_done: &(dyn Fn() + Sync),
) -> Estimate {
    let seeds: Vec<u64> = seeds.collect();
    let reached: Vec<Option<Reached>> = seeds
        .par_iter()
        .map(|&seed| {
            if (limits.watch)().is_err() {
                return None;
            }
            let reached = case.outcome(seed, limits);
            on_done();
            reached
        })
        .collect();
    let reached: Vec<Reached> = reached.into_iter().flatten().collect();
    Estimate::new(
        case.protocol(),
        case.about(),
        case.outlook(),
        confidence,
        &reached,
    )
}

/// What a protocol knows of its successes, in numbers.
pub fn outlook(successes: &Successes<Untyped>, setup: &Setup, cluster: &Cluster) -> Outlook {
    let mut known = Vec::new();
    for success in &successes.all {
        let form = success.closed_form.as_ref();
        known.push((success.name, success.about, success.is_wanted, form));
    }
    foreseen(
        &known,
        &successes.members,
        successes.patience,
        setup,
        cluster,
    )
}

/// What is known of a success: its name, a sentence about it, whether it is wanted, and the closed form.
type Known<'a> = (&'static str, &'static str, bool, Option<&'a ClosedForm>);

fn foreseen(
    successes: &[Known<'_>],
    members: &[Likelihood],
    patience: Time,
    setup: &Setup,
    cluster: &Cluster,
) -> Outlook {
    let odds = Odds::of_setup(setup);
    let mean = odds.mean(members);
    let knows = successes.iter().any(|(.., form)| form.is_some());
    let obstacle = obstacle(setup, patience).filter(|_| knows);
    let expected = successes.iter().map(|&(name, about, is_wanted, form)| {
        let form = form.filter(|_| obstacle.is_none());
        Forecast {
            name,
            about,
            formula: form.map(|form| form.formula),
            closed_form: form.map(|form| odds.of(&form.likelihood)),
            mean: mean.filter(|_| is_wanted),
        }
    });
    let options = setup.nodes.iter().enumerate().flat_map(|(at, node)| {
        let name =
            |(option, _): &(String, _)| format!("{option} of {}", cluster.name(Id::from(at)));
        node.choices.iter().map(name).collect::<Vec<_>>()
    });
    Outlook {
        successes: expected.collect(),
        options: options.collect(),
        notes: obstacle.iter().cloned().collect(),
    }
}

/// What happens in runs that no closed form knows of.
fn obstacle(setup: &Setup, patience: Time) -> Option<String> {
    let disturbed = |node: &NodeSetup| node.start_delay > Time::ZERO || node.drift_ppm != 0;
    let what = match () {
        () if setup.nemesis.is_some() => "the nemesis strikes".to_owned(),
        () if !setup.plan.is_empty() => "faults are planned".to_owned(),
        () if setup.network.duplication.times > 0 => "messages are duplicated".to_owned(),
        () if setup.nodes.iter().any(disturbed) => {
            "nodes start late, or their clocks drift".to_owned()
        }
        () if patience < setup.until => format!(
            "a timer may run out after {patience}, and the run goes on until {}",
            setup.until
        ),
        () => return None,
    };
    Some(format!(
        "No closed form is known where {what}: they are about one attempt, in which messages are lost and \
         nodes take no part, and nothing else."
    ))
}
