//! The scenario that a newcomer starts from.

use serde_json::{Map, Value};

use super::file::{BoundsPart, CheckPart, Expect, FaultBudgets, File, NetworkPart, RunPart};
use super::spanned::Entries;
use super::values::Seeds;
use super::verdict::{ExpectedRun, ExpectedVerdict, RunExpectation};
use super::{Scenario, VERSION, to_text};
use crate::model::{Limit, Protocol, Sense, Time, Timing};
use crate::sim::setup::Latency;

impl Scenario {
    /// A scenario without faults for this protocol with its default parameters: a run, a check,
    /// and what to expect of a protocol that keeps its promises.
    ///
    /// Of the properties that are bounded, bounds keep a check from proving more. A goal among them takes a fault to be
    /// reached, and nothing is expected of it.
    pub fn starting_for<P: Protocol>(bounded: &[String]) -> String {
        let params = P::Params::default();
        let properties = P::new(&params).map(|p| p.properties());
        let properties = properties.unwrap_or_default();
        let senses = properties.iter().map(|p| (p.name, p.expectation.sense()));
        let params = serde_json::to_value(params);
        let Ok(Value::Object(params)) = params else {
            panic!("the parameters of {} are an object", P::NAME);
        };
        let senses = senses.collect();
        let timeouts = P::TIMEOUTS_AT_FIRST;
        starting(P::NAME, P::ABOUT, timeouts, params, senses, bounded)
    }
}

fn starting(
    protocol: &str,
    about: &str,
    timeouts: Option<u32>,
    params: Map<String, Value>,
    properties: Vec<(&'static str, Sense)>,
    bounded: &[String],
) -> String {
    let expected = properties.into_iter().filter_map(|(property, sense)| {
        let is_bounded = bounded.iter().any(|name| name == property);
        let verdict = match sense {
            Sense::Reachable if is_bounded => return None,
            Sense::Reachable => ExpectedVerdict::Reached,
            _ if timeouts.is_some() || is_bounded => ExpectedVerdict::HoldsWithinBounds,
            _ => ExpectedVerdict::Holds,
        };
        Some((property.into(), verdict.into()))
    });
    to_text(&File {
        schema: Some("../../schema.json".to_owned()),
        jury: VERSION.into(),
        about: format!(
            "{about} Nothing fails yet: add faults to `run` and budgets to `check.faults`, and say \
             in `expect` what should come of them."
        ),
        protocol: protocol.into(),
        params,
        run: Some(run().into()),
        check: Some(check(timeouts).into()),
        expect: Expect {
            run: Some(RunExpectation::Each(ExpectedRun::Ok).into()),
            check: Entries(expected.collect()),
        },
    })
}

fn run() -> RunPart {
    let latency = Latency::Uniform(Time::from_millis(1), Time::from_millis(10));
    RunPart {
        seeds: Seeds::parse("1..100").ok().map(Into::into),
        until: Some(Time::from_millis(5_000).into()),
        network: Some(NetworkPart {
            latency: Some(latency.into()),
            ..NetworkPart::default()
        }),
        ..RunPart::default()
    }
}

fn check(timeouts: Option<u32>) -> CheckPart {
    CheckPart {
        timing: Some(Timing::Accurate.into()),
        faults: Some(FaultBudgets {
            crashes: Some(super::CrashBudget::Any(Limit::NONE)),
            drops: Some(Limit::NONE.into()),
            ..FaultBudgets::default()
        }),
        bounds: Some(BoundsPart {
            copies: Some(Limit::AtMost(2).into()),
            timeouts: timeouts.map(Limit::AtMost),
            ..BoundsPart::default()
        }),
        ..CheckPart::default()
    }
}
