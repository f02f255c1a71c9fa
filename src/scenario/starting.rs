//! The scenario that a newcomer starts from.

use serde_json::Value;

use super::file::{BoundsPart, CheckPart, Expect, FaultBudgets, File, NetworkPart, RunPart};
use super::spanned::Entries;
use super::values::Seeds;
use super::verdict::{ExpectedRun, ExpectedVerdict, RunExpectation};
use super::{Scenario, VERSION, to_text};
use crate::model::{Expectation, Limit, Protocol, Time, Timing};
use crate::sim::setup::Latency;

impl Scenario {
    /// A scenario without faults for this protocol with its default parameters: a run, a check,
    /// and what to expect of a protocol that keeps its promises.
    pub fn starting_for<P: Protocol>() -> String {
        let params = serde_json::to_value(P::Params::default());
        let Ok(Value::Object(params)) = params else {
            panic!("the parameters of {} are an object", P::NAME);
        };
        let properties = P::new(&P::Params::default()).map(|p| p.properties());
        let expected = properties.unwrap_or_default().into_iter().map(|property| {
            let verdict = match property.expectation {
                Expectation::Reachable(_) => ExpectedVerdict::Reached,
                _ if P::TIMEOUTS_AT_FIRST.is_some() => ExpectedVerdict::HoldsWithinBounds,
                _ => ExpectedVerdict::Holds,
            };
            (property.name.into(), verdict.into())
        });
        to_text(&File {
            schema: Some("../../schema.json".to_owned()),
            jury: VERSION.into(),
            about: format!(
                "{} Nothing fails yet: add faults to `run` and budgets to `check.faults`, and say \
                 in `expect` what should come of them.",
                P::ABOUT
            ),
            protocol: P::NAME.into(),
            params,
            run: Some(run().into()),
            check: Some(check(P::TIMEOUTS_AT_FIRST).into()),
            expect: Expect {
                run: Some(RunExpectation::Each(ExpectedRun::Ok).into()),
                check: Entries(expected.collect()),
            },
        })
    }
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
