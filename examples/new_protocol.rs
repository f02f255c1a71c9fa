//! A whole protocol in one screen, simulated and checked: a lock server whose messages carry no
//! number, so that an old one passes for a new one.
//!
//! `cargo run --example new_protocol`

use jury::check::Patient;
use jury::model::{
    Actor, Answer, BadParameter, Cluster, Id, Input, Node, NodeSet, Observation, Out, Predicate,
    Property, Protocol, Reaction, Reason, TimerRange,
};
use jury::report::{Options, diagram};
use jury::scenario::Scenario;
use jury::testbed::{Case, CheckOptions, Testbed};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
enum Msg {
    Acquire,
    Granted,
    Release,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
enum Timer {
    Want,
    Done,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum State {
    Server { holder: Option<Id> },
    Client { holds: bool },
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Params {}

struct Lock;

const SERVER: usize = 0;
const PAUSE: TimerRange = TimerRange::millis(10, 20);

impl Actor for Lock {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = ();
    type Choice = ();
    type Observation = Observation;

    fn on_start(&self, id: Id, _: Option<&()>, o: &mut Out<Self>) -> State {
        if usize::from(id) == SERVER {
            return State::Server { holder: None };
        }
        o.set_timer(Timer::Want, PAUSE);
        State::Client { holds: false }
    }

    fn on_message(&self, _: Id, state: &mut State, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (&*state, msg) {
            (State::Server { holder: None }, Msg::Acquire) => {
                *state = State::Server { holder: Some(src) };
                o.send(src, Msg::Granted);
            }
            // The mistake: this may be an old one, and so may a GRANTED.
            (State::Server { .. }, Msg::Release) => *state = State::Server { holder: None },
            (State::Client { .. }, Msg::Granted) => {
                *state = State::Client { holds: true };
                o.cancel_timer(Timer::Want);
                o.set_timer(Timer::Done, PAUSE);
            }
            _ => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut State, timer: &Timer, o: &mut Out<Self>) {
        let msg = match timer {
            Timer::Want => Msg::Acquire,
            Timer::Done => Msg::Release,
        };
        *state = State::Client { holds: false };
        o.send(Id::from(SERVER), msg);
        o.set_timer(Timer::Want, PAUSE);
    }
}

impl Protocol for Lock {
    const NAME: &'static str = "lock";
    const ABOUT: &'static str = "A lock server and two clients.";
    const SOURCES: &'static [&'static str] = &["this file"];
    type Params = Params;
    /// Who holds the lock.
    type History = NodeSet;

    fn new(_: &Params) -> Result<Self, BadParameter> {
        Ok(Lock)
    }

    fn cluster(&self) -> Cluster {
        let names = [("S", "server"), ("A", "client"), ("B", "client")];
        Cluster::new(names.map(|(name, role)| (name.to_owned(), role)))
    }

    fn blank(&self, _: Id) {}

    fn observe(
        &self,
        _: Id,
        before: &Node<Self>,
        _: Input<'_, Self>,
        reaction: &Reaction<Self>,
        observations: &mut Vec<Observation>,
    ) {
        let held = matches!(before.state(), Some(State::Client { holds: true }));
        match reaction.state {
            Some(State::Client { holds: true }) if !held => {
                observations.push(Observation::Locked { subject: 0 });
            }
            Some(State::Client { holds: false }) if held => {
                observations.push(Observation::Released { subject: 0 });
            }
            _ => {}
        }
    }

    fn record(&self, holders: &mut NodeSet, id: Id, observation: &Observation) {
        match observation {
            Observation::Locked { .. } => holders.insert(id),
            _ => holders.remove(id),
        }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always(
            "mutual-exclusion",
            "At most one client holds the lock.",
            "Dijkstra 1965",
            Predicate::History(one_holder),
        )]
    }
}

fn one_holder(lock: &Lock, holders: &NodeSet) -> Answer {
    if holders.len() <= 1 {
        return Ok(());
    }
    let names = lock.cluster().names(*holders);
    Err(Reason::new(*holders, format!("{names} hold the lock")))
}

fn main() {
    let scenario = r#"{
        "jury": 1, "about": "A message that is delivered twice.", "protocol": "lock",
        "run": { "seeds": "1", "until": "100ms" },
        "check": { "faults": { "duplicates": 1 } },
        "expect": { "run": "ok", "check": { "mutual-exclusion": "violated (a bug)" } }
    }"#;
    let scenario = Scenario::parse(scenario, "lock.json").expect("a scenario");
    let lock = Testbed::<Lock>::new(&scenario).expect("a scenario for a lock server");

    let run = lock.run(1, true);
    println!(
        "{}",
        diagram(&run.trace.expect("recorded"), &Options::default())
    );

    let report = lock.check(&CheckOptions::default(), &mut Patient);
    for property in &report.properties {
        println!("{}: {}", property.property, property.qualified);
        if let Some(trace) = &property.trace {
            println!("{}", diagram(trace, &Options::default()));
        }
    }
}
