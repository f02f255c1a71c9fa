//! A predicate that is asked again of what has changed answers as one that is asked of everything, as long as it
//! was true before: whatever breaks it, and for whatever reason.

use std::collections::BTreeSet;

use jury::model::{
    CutFamily, Expectation, InsideHandlers, LinkOrder, NodeSet, Predicate, Protocol, Rules,
    StartEffects, System, Time, World,
};
use jury::protocols::raft::{Params, Raft};
use jury::run::{Moment, Witness, execute};
use jury::sim::Simulator;
use jury::sim::setup::{Latency, Nemesis, Ratio, Setup};
use proptest::prelude::*;

/// What must always hold, asked in both ways after every step.
struct Twice<P: Protocol> {
    holds: Vec<(&'static str, Predicate<P>)>,
    broken: BTreeSet<&'static str>,
}

impl<P: Protocol> Twice<P> {
    fn of(protocol: &P) -> Self {
        let always = |expectation| match expectation {
            Expectation::Always(predicate) => Some(predicate),
            _ => None,
        };
        let all = protocol.properties().into_iter();
        Twice {
            holds: all
                .filter_map(|p| Some((p.name, always(p.expectation)?)))
                .collect(),
            broken: BTreeSet::new(),
        }
    }
}

impl<P: Protocol> Witness<P> for Twice<P> {
    fn started(&mut self, system: &System<P>, world: &World<P>, _: &[StartEffects<P>]) {
        let holds = |predicate: &Predicate<P>| predicate.ask(&system.protocol, world).is_ok();
        self.holds.retain(|(_, predicate)| holds(predicate));
    }

    fn happened(&mut self, moment: &Moment<'_, P>) {
        let (protocol, world, news) = (&*moment.system.protocol, moment.world, moment.news());
        self.holds.retain(|(name, predicate)| {
            let answer = predicate.ask(protocol, world);
            let again = predicate.ask_again(protocol, world, &news);
            assert_eq!(again, answer, "{name}, after {news:?}");
            if answer.is_err() {
                self.broken.insert(name);
            }
            answer.is_ok()
        });
    }
}

/// Two seconds in which everything fails.
fn setup(nodes: usize) -> Setup {
    let until = Time::from_millis(2_000);
    let ms = Time::from_millis;
    let mut setup = Setup::fault_free(until, Time::ZERO);
    setup.network.latency = Latency::Uniform(ms(1), ms(30));
    setup.network.loss = Ratio {
        times: 1,
        out_of: 10,
    };
    setup.network.duplication = setup.network.loss;
    setup.nemesis = Some(Nemesis {
        crashes: NodeSet::first(nodes),
        crash_every: Some(ms(100)),
        inside_handlers: InsideHandlers::InOrder,
        down_for: (ms(20), ms(100)),
        down_max: 2,
        cuts: vec![
            CutFamily::Halves,
            CutFamily::IsolateOne,
            CutFamily::OneWay,
            CutFamily::Bridge,
        ],
        cut_every: Some(ms(150)),
        cut_for: (ms(50), ms(200)),
        until,
    });
    setup
}

/// Raft with this mistake, of servers that change; `None` if it cannot be made there.
fn raft(bug: Option<&str>, membership: &str) -> Option<Raft> {
    let params = serde_json::json!({
        "servers": 4,
        "members": if membership == "fixed" { 4 } else { 3 },
        "membership": membership,
        "clients": {
            "clients": 2,
            "commands": 10,
            "from": if membership == "fixed" {
                vec!["put x 1", "inc x", "get x"]
            } else {
                vec!["put x 1", "inc x", "get x", "add S4", "remove S1", "remove S4", "add S1"]
            },
        },
        "snapshot-after": 4,
        "think": "1ms..50ms",
        "bug": bug,
    });
    let params: Params = serde_json::from_value(params).expect("parameters");
    Raft::new(&params).ok()
}

/// The properties that one run with this seed broke.
fn broken(raft: Raft, seed: u64) -> BTreeSet<&'static str> {
    let rules = Rules::physics(&raft.cluster(), LinkOrder::Unordered);
    let mut twice = Twice::of(&raft);
    let system = System::new(raft, rules);
    let mut simulator = Simulator::new(&setup(4), seed, &system.cluster);
    execute(&system, &mut simulator, &mut [&mut twice]).expect("no divergence");
    twice.broken
}

const MEMBERSHIPS: [&str; 3] = ["fixed", "single", "joint"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn what_has_changed_is_all_that_is_asked_about(
        seed: u64, bug in 0..=Raft::BUGS.len(), membership in 0..3usize,
    ) {
        let bug = Raft::BUGS.get(bug).map(|bug| bug.name);
        if let Some(raft) = raft(bug, MEMBERSHIPS[membership]) {
            broken(raft, seed);
        }
    }
}

#[test]
fn what_is_asked_about_in_parts_does_break() {
    let mut all = BTreeSet::new();
    for bug in Raft::BUGS {
        for membership in MEMBERSHIPS {
            for seed in 1..=5 {
                if let Some(raft) = raft(Some(bug.name), membership) {
                    all.extend(broken(raft, seed));
                }
            }
        }
    }
    for name in [
        "leader-completeness",
        "log-matching",
        "monotone-terms",
        "state-machine-safety",
    ] {
        assert!(all.contains(name), "{name} is not among {all:?}");
    }
}
