//! What the design promises across engines: every simulated run is a path of the checker's graph,
//! every counterexample replays to the same violation, and the same seed gives the same bytes.

use jury::check::{Engine, Patient, Question, Verdict, judge};
use jury::model::{
    Budgets, Cut, Event, Expectation, InsideHandlers, Limit, NodeSet, Property, Protocol, Rules,
    System, Timing, View, World,
};
use jury::protocols::two_phase_commit::{Params, TwoPhaseCommit};
use jury::run::{Divergence, Moment, Next, Schedule, Scheduler, Script, Witness, execute};
use jury::scenario::Scenario;
use jury::testbed::{Case, RunLimits, Testbed};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Lets another scheduler choose, and makes sure that the checker's relation enables every choice.
struct Checked<P: Protocol, S> {
    inner: S,
    /// What the checker explores: asynchronous, with unlimited budgets and the run's cuts.
    graph: System<P>,
    /// The events so far, for another pass.
    events: Vec<Event<P>>,
}

impl<P: Protocol, S: Scheduler<P>> Scheduler<P> for Checked<P, S> {
    fn started(
        &mut self,
        system: &System<P>,
        world: &World<P>,
        starts: &[jury::model::StartEffects<P>],
    ) {
        self.inner.started(system, world, starts);
    }

    fn next(&mut self, system: &System<P>, world: &mut World<P>) -> Result<Next<P>, Divergence> {
        let next = self.inner.next(system, world)?;
        if let Some((_, event)) = &next {
            let enabled = self.graph.enabled(world).events;
            assert!(
                enabled.contains(event),
                "`{}` is not an edge of the checker's graph",
                event.notation(&system.cluster)
            );
            self.events.push(event.clone());
        }
        Ok(next)
    }

    fn happened(&mut self, moment: &Moment<'_, P>) {
        self.inner.happened(moment);
    }
}

/// The rules of a graph that holds every run of this cluster with these cuts and crashes inside handlers.
fn everything(
    rules: &Rules,
    nodes: NodeSet,
    cuts: Vec<Cut>,
    inside_handlers: InsideHandlers,
) -> Rules {
    Rules {
        timing: Timing::Asynchronous,
        budgets: Budgets {
            inside_handlers,
            ..Budgets::unlimited(nodes)
        },
        cuts,
        timeouts: Limit::Unlimited,
        survivors: Vec::new(),
        ..rules.clone()
    }
}

/// A scenario of two-phase commit with any weather.
fn weather() -> impl Strategy<Value = Value> {
    let params = (
        1..=3usize,
        prop_oneof![Just("abort"), Just("commit"), Just("nothing")],
        prop_oneof![Just("basic"), Just("cooperative")],
        any::<bool>(),
    )
        .prop_map(|(n, presumption, termination, open)| {
            let vote = if open { "open" } else { "yes" };
            json!({
                "participants": n, "presumption": presumption, "termination": termination,
                "votes": vec![vote; n],
            })
        });
    let network = (0..=20u32, 0..=20u32, any::<bool>(), any::<bool>()).prop_map(
        |(loss, duplicates, slow, fifo)| {
            let latency = if slow {
                json!({ "long-tailed": { "floor": "1ms", "typical": "20ms", "cap": "500ms" } })
            } else {
                json!({ "uniform": ["1ms", "5ms"] })
            };
            let mut network = json!({ "latency": latency, "loss": [loss, 100] });
            if fifo {
                network["order"] = json!("fifo");
            } else {
                network["duplicates"] = json!([duplicates, 100]);
            }
            network
        },
    );
    let inside = prop_oneof![Just(json!(true)), Just(json!("any-subset"))];
    let nemesis = prop_oneof![
        Just(None),
        (any::<bool>(), any::<bool>(), inside).prop_map(|(crashes, cuts, inside)| {
            let mut nemesis = json!({ "until": "1500ms" });
            if crashes || !cuts {
                nemesis["crashes"] = json!(["coordinator", "participant"]);
                nemesis["crash-every"] = json!("150ms");
                nemesis["inside-handlers"] = inside;
                nemesis["down-for"] = json!("20ms..200ms");
                nemesis["down-max"] = json!(2);
            }
            if cuts {
                nemesis["cuts"] = json!(["halves", "isolate-one", "one-way"]);
                nemesis["cut-every"] = json!("300ms");
                nemesis["cut-for"] = json!("50ms..300ms");
            }
            Some(nemesis)
        }),
    ];
    (params, network, nemesis).prop_map(|(params, network, nemesis)| {
        let mut run = json!({ "seeds": "1", "until": "3s", "steps": 2000, "network": network });
        if let Some(nemesis) = nemesis {
            run["nemesis"] = nemesis;
        }
        json!({ "jury": 1, "about": "weather", "protocol": "2pc", "params": params, "run": run })
    })
}

fn testbed(scenario: &Value) -> Testbed {
    let scenario = Scenario::parse(&scenario.to_string(), "weather.json")
        .unwrap_or_else(|error| panic!("{error}"));
    Testbed::new::<TwoPhaseCommit>(&scenario).unwrap_or_else(|error| panic!("{error}"))
}

/// Collects the cuts that a run makes.
struct CutsMade(Vec<Cut>);

impl<P: Protocol> Witness<P> for CutsMade {
    fn happened(&mut self, moment: &Moment<'_, P>) {
        if let Event::Cut(cut) = moment.event
            && !self.0.contains(cut)
        {
            self.0.push(cut.clone());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn every_simulated_run_is_a_path_of_the_checkers_graph(
        scenario in weather(),
        seed in 0..1_000_000u64,
    ) {
        let testbed = testbed(&scenario);
        let system = testbed.run_system().expect("it has a run");
        let run = testbed.case().run.as_ref().expect("it has a run");
        let simulator = || jury::sim::Simulator::new(&run.setup, seed, &system.cluster);

        let inside = run.setup.nemesis.as_ref();
        let inside = inside.map_or(InsideHandlers::InOrder, |nemesis| nemesis.inside_handlers);

        // A first pass tells which cuts there are; the second takes the same steps.
        let mut cuts = CutsMade(Vec::new());
        execute(&system, &mut simulator(), &mut [&mut cuts]).unwrap();
        let all = system.cluster.all();
        let mut checked = Checked {
            inner: simulator(),
            graph: system.under(everything(&system.rules, all, cuts.0.clone(), inside)),
            events: Vec::new(),
        };
        let done = execute(&system, &mut checked, &mut []).unwrap();

        // A run without an early or false suspicion is a path of the accurate graph too.
        if done.facts.is_synchronous() {
            let accurate = system.under(Rules {
                timing: Timing::Accurate,
                ..everything(&system.rules, all, cuts.0, inside)
            });
            let mut checked = Checked {
                inner: Schedule::new(checked.events),
                graph: accurate.clone(),
                events: Vec::new(),
            };
            execute(&accurate, &mut checked, &mut []).unwrap();
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes(scenario in weather(), seed in 0..1_000_000u64) {
        let bytes = || {
            let report = testbed(&scenario).run(seed, true, &RunLimits::default());
            serde_json::to_vec(&report).expect("a report is plain data")
        };
        prop_assert_eq!(bytes(), bytes());
    }

    #[test]
    fn a_recorded_run_replays_to_the_same_steps(scenario in weather(), seed in 0..1_000_000u64) {
        let trace = testbed(&scenario).run(seed, true, &RunLimits::default()).trace.expect("it was recorded");
        let text = serde_json::to_string(&trace).expect("a trace is plain data");
        let read = serde_json::from_str(&text).expect("a trace reads back");
        match jury::registry::Registry::shipped().replay(&read) {
            Ok(jury::testbed::Replayed::Same(again, _)) => {
                prop_assert_eq!(&again.hash, &trace.hash);
                prop_assert_eq!(&again.steps, &trace.steps);
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }
}

/// The weather above is worth something only if it makes all kinds of runs.
#[test]
fn the_weather_has_synchronous_and_asynchronous_runs_with_every_fault() {
    let calm = json!({
        "jury": 1, "about": "calm", "protocol": "2pc",
        "run": { "seeds": "1", "until": "3s", "network": { "latency": { "uniform": ["1ms", "5ms"] } } }
    });
    assert!(
        testbed(&calm)
            .run(1, false, &RunLimits::default())
            .facts
            .is_synchronous()
    );
    let mut stormy = calm.clone();
    stormy["run"]["network"]["loss"] = json!([20, 100]);
    stormy["run"]["network"]["duplicates"] = json!([20, 100]);
    stormy["run"]["nemesis"] = json!({
        "crashes": ["coordinator", "participant"], "crash-every": "100ms", "inside-handlers": true,
        "down-for": "20ms..100ms", "down-max": 2,
        "cuts": ["halves", "isolate-one", "one-way", "bridge"], "cut-every": "200ms",
        "cut-for": "50ms..100ms", "until": "1500ms"
    });
    let storm = testbed(&stormy);
    let runs: Vec<_> = (1..=50)
        .map(|seed| storm.run(seed, true, &RunLimits::default()))
        .collect();
    assert!(runs.iter().any(|r| r.facts.drops > 0));
    assert!(runs.iter().any(|r| r.facts.duplicates > 0));
    assert!(runs.iter().any(|r| r.facts.cuts > 0));
    assert!(runs.iter().any(|r| r.facts.recoveries > 0));
    assert!(runs.iter().any(|r| r.facts.suspicions.truly > 0));
    assert!(runs.iter().any(|r| !r.facts.is_synchronous()));
    let inside = |r: &jury::testbed::RunReport| {
        let trace = r.trace.as_ref().expect("it was recorded");
        trace.steps.iter().any(|step| step.crash_after.is_some())
    };
    assert!(runs.iter().any(inside));
}

#[test]
fn every_counterexample_replays_to_the_same_violation() {
    for bug in TwoPhaseCommit::BUGS {
        // A majority of two is both.
        let n = if bug.name == "majority-commits" { 3 } else { 2 };
        let params = json!({
            "participants": n, "bug": bug.name,
            "presumption": if bug.name == "no-initiation-record" { "commit" } else { "abort" },
            "termination": if bug.name == "all-uncertain-abort" { "cooperative" } else { "basic" },
            "votes": vec!["open"; n],
        });
        let params: Params = serde_json::from_value(params).expect("parameters");
        let protocol = TwoPhaseCommit::new(&params).expect("a protocol");
        let all = protocol.cluster().all();
        let mut rules = Rules::fault_free();
        rules.budgets = Budgets {
            crashes: vec![(all, Limit::AtMost(1))],
            recoveries: Limit::AtMost(1),
            duplicates: Limit::AtMost(1),
            ..Budgets::none()
        };
        let system = System::new(protocol, rules);
        let broken: Vec<Property<_>> = system
            .protocol
            .properties()
            .into_iter()
            .filter(|p| bug.breaks.contains(&p.name))
            .filter(|p| matches!(p.expectation, Expectation::Always(_)))
            .collect();
        if broken.is_empty() {
            // What it breaks is progress, of which no schedule is a counterexample.
            assert!(bug.breaks.contains(&"non-blocking"), "{}", bug.name);
            continue;
        }
        let question = Question {
            system: &system,
            properties: &broken,
            after: &[],
            limits: jury::check::Limits::default(),
        };
        let mut violations = 0;
        let trial = judge(&question, Engine::default(), None, &mut Patient).unwrap();
        for judged in trial.judged {
            let Verdict::Violated {
                schedule, reason, ..
            } = judged.verdict
            else {
                continue;
            };
            violations += 1;
            let mut script = Script::new(schedule.into_iter().map(|line| (None, line)));
            let run = execute(&system, &mut script, &mut []).expect("it replays as text");
            let property = broken.iter().find(|p| p.name == judged.property).unwrap();
            let Expectation::Always(predicate) = &property.expectation else {
                panic!("only what must always hold is violated");
            };
            let again = predicate.ask(&system.protocol, &run.world);
            assert_eq!(again, Err(reason), "{}", bug.name);
            assert_eq!(run.world.nodes(), n + 1);
        }
        assert!(violations > 0, "{} breaks nothing", bug.name);
    }
}
