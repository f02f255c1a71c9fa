//! What is searched, and by whom.

use std::hash::Hash;
use std::path::Path;
use std::time::{Duration, Instant};

use jury::check::fast::{self, Tuning};
use jury::check::stateright::Bridge;
use jury::check::{Finding, Limits, Patient, explore};
use jury::model::{Event, Expectation, Limit, LinkOrder, Property, Protocol, Rules, System};
use jury::protocols::paxos::Paxos;
use jury::protocols::raft::Raft;
use jury::protocols::three_phase_commit::ThreePhaseCommit;
use jury::protocols::two_phase_commit::TwoPhaseCommit;
use jury::scenario::Scenario;
use jury::testbed::Testbed;
use stateright::{Checker, Model};

use crate::synod::{self, Synod};
use crate::two_phase::{self, TwoPhase};
use crate::two_phase_spec::Spec;

/// Who searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Fast,
    Plain,
    /// Stateright's checker on our system, through the bridge.
    BridgeBfs,
    BridgeDfs,
    /// Stateright's checker on Stateright's actor model of the same actors.
    ActorsBfs,
    ActorsDfs,
    /// Stateright's checker on the specification, written by hand as one model.
    SpecBfs,
    SpecDfs,
}

impl Engine {
    const ALL: [Engine; 8] = [
        Engine::Fast,
        Engine::Plain,
        Engine::BridgeBfs,
        Engine::BridgeDfs,
        Engine::ActorsBfs,
        Engine::ActorsDfs,
        Engine::SpecBfs,
        Engine::SpecDfs,
    ];

    pub fn key(self) -> &'static str {
        match self {
            Engine::Fast => "fast",
            Engine::Plain => "plain",
            Engine::BridgeBfs => "bridge-bfs",
            Engine::BridgeDfs => "bridge-dfs",
            Engine::ActorsBfs => "actors-bfs",
            Engine::ActorsDfs => "actors-dfs",
            Engine::SpecBfs => "spec-bfs",
            Engine::SpecDfs => "spec-dfs",
        }
    }

    pub fn about(self) -> &'static str {
        match self {
            Engine::Fast => "fast engine",
            Engine::Plain => "plain engine",
            Engine::BridgeBfs => "Stateright BFS, our system",
            Engine::BridgeDfs => "Stateright DFS, our system",
            Engine::ActorsBfs => "Stateright BFS, its actor model",
            Engine::ActorsDfs => "Stateright DFS, its actor model",
            Engine::SpecBfs => "Stateright BFS, written by hand",
            Engine::SpecDfs => "Stateright DFS, written by hand",
        }
    }

    pub fn named(key: &str) -> Option<Self> {
        Engine::ALL.into_iter().find(|e| e.key() == key)
    }
}

/// What is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A scenario.
    Shipped(Story),
    /// `TwoPhase` over a network that never forgets: the specification's own states.
    NeverForgets { rms: u8 },
    /// `TwoPhase` where every message is delivered once, in any order: there Stateright's actor
    /// model has the same worlds as ours.
    DeliveredOnce { rms: u8 },
    /// Paxos, a ballot for each proposer, likewise.
    Synod { proposers: u8, acceptors: u8 },
}

/// A scenario of each protocol, where what must always hold does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// Three participants with open votes, one crash anywhere (also inside handlers) and one
    /// recovery.
    TwoPhaseCommit,
    /// Everybody dies, and everybody comes back.
    ThreePhaseCommit,
    /// Two proposers, three acceptors, two ballots, one crash and one recovery of an acceptor.
    Paxos,
    /// The same with a learner: not shipped, because of its size.
    PaxosWithLearner,
    /// Three servers, two terms, three elections.
    Raft,
}

impl Story {
    const ALL: [Story; 5] = [
        Story::TwoPhaseCommit,
        Story::ThreePhaseCommit,
        Story::Paxos,
        Story::PaxosWithLearner,
        Story::Raft,
    ];

    fn key(self) -> &'static str {
        match self {
            Story::TwoPhaseCommit => "2pc",
            Story::ThreePhaseCommit => "3pc",
            Story::Paxos => "paxos",
            Story::PaxosWithLearner => "learner",
            Story::Raft => "raft",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Story::TwoPhaseCommit => "scenarios/2pc/one-crash-one-recovery-asynchronous.json",
            Story::ThreePhaseCommit => "scenarios/3pc/total-failure.json",
            Story::Paxos => "scenarios/paxos/one-crash-one-recovery.json",
            Story::PaxosWithLearner => "benches/checker/paxos-with-learner.json",
            Story::Raft => "scenarios/raft/two-elections.json",
        }
    }

    fn search(self, engine: Engine) -> Counts {
        match self {
            Story::TwoPhaseCommit => shipped::<TwoPhaseCommit>(self.path(), engine),
            Story::ThreePhaseCommit => shipped::<ThreePhaseCommit>(self.path(), engine),
            Story::Paxos | Story::PaxosWithLearner => shipped::<Paxos>(self.path(), engine),
            Story::Raft => shipped::<Raft>(self.path(), engine),
        }
    }
}

/// What a search took and counts.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    pub time: Duration,
    pub distinct: u64,
    /// Events applied, as this engine counts them.
    pub generated: u64,
    /// What the tables hold by the engine's own account, if it keeps one.
    pub tables: Option<u64>,
}

fn timed<T>(search: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let found = search();
    (start.elapsed(), found)
}

impl Subject {
    pub fn key(self) -> String {
        match self {
            Subject::Shipped(story) => story.key().to_owned(),
            Subject::NeverForgets { rms } => format!("never-forgets-{rms}"),
            Subject::DeliveredOnce { rms } => format!("delivered-once-{rms}"),
            Subject::Synod {
                proposers,
                acceptors,
            } => format!("synod-{proposers}-{acceptors}"),
        }
    }

    pub fn named(key: &str) -> Option<Self> {
        let story = Story::ALL.into_iter().find(|story| story.key() == key);
        if let Some(story) = story {
            return Some(Subject::Shipped(story));
        }
        let (name, last) = key.rsplit_once('-')?;
        let rms = last.parse().ok()?;
        if let Some(proposers) = name.strip_prefix("synod-") {
            return Some(Subject::Synod {
                proposers: proposers.parse().ok()?,
                acceptors: rms,
            });
        }
        match name {
            "never-forgets" => Some(Subject::NeverForgets { rms }),
            "delivered-once" => Some(Subject::DeliveredOnce { rms }),
            _ => None,
        }
    }

    pub fn about(self) -> String {
        match self {
            Subject::Shipped(story) => story.path().to_owned(),
            Subject::NeverForgets { rms } => {
                format!("TwoPhase, {rms} resource managers, a network that never forgets")
            }
            Subject::DeliveredOnce { rms } => {
                format!("TwoPhase, {rms} resource managers, each message delivered once")
            }
            Subject::Synod {
                proposers,
                acceptors,
            } => format!(
                "Paxos, {proposers} proposers with a ballot each, {acceptors} acceptors, each message \
                 delivered once"
            ),
        }
    }

    /// How many worlds everybody must find.
    pub fn distinct(self) -> u64 {
        match self {
            Subject::Shipped(Story::TwoPhaseCommit) => 243_326,
            Subject::Shipped(Story::ThreePhaseCommit) => 184_713,
            Subject::Shipped(Story::Paxos) => 206_291,
            Subject::Shipped(Story::PaxosWithLearner) => 1_524_166,
            Subject::Shipped(Story::Raft) => 1_043_860,
            // As TLC counts the states of the specification.
            Subject::NeverForgets { rms: 4 } => 1_568,
            Subject::NeverForgets { rms: 8 } => 1_745_408,
            Subject::DeliveredOnce { rms: 4 } => 4_368,
            Subject::DeliveredOnce { rms: 6 } => 266_304,
            Subject::DeliveredOnce { rms: 7 } => 2_113_664,
            Subject::Synod {
                proposers: 2,
                acceptors: 2,
            } => 481,
            Subject::Synod {
                proposers: 2,
                acceptors: 4,
            } => 1_943_953,
            _ => panic!("not counted yet: {}", self.key()),
        }
    }

    /// Searches with an engine. Only the search itself is timed.
    pub fn search(self, engine: Engine) -> Counts {
        match self {
            Subject::Shipped(story) => story.search(engine),
            Subject::NeverForgets { rms } | Subject::DeliveredOnce { rms } => {
                let params = two_phase::Params { rms };
                let two_phase = TwoPhase::new(&params).expect("good parameters");
                match engine {
                    Engine::SpecBfs => theirs(Spec::new(rms), true),
                    Engine::SpecDfs => theirs(Spec::new(rms), false),
                    Engine::ActorsBfs => theirs(two_phase::actor_model(&two_phase), true),
                    Engine::ActorsDfs => theirs(two_phase::actor_model(&two_phase), false),
                    _ => {
                        let forgets = matches!(self, Subject::DeliveredOnce { .. });
                        actors(two_phase, forgets, engine)
                    }
                }
            }
            Subject::Synod {
                proposers,
                acceptors,
            } => {
                let params = synod::Params {
                    proposers,
                    acceptors,
                };
                let synod = Synod::new(&params).expect("good parameters");
                match engine {
                    Engine::ActorsBfs => theirs(synod::actor_model(&synod), true),
                    Engine::ActorsDfs => theirs(synod::actor_model(&synod), false),
                    _ => actors(synod, true, engine),
                }
            }
        }
    }
}

/// Actors where messages arrive in any order, nothing fails, and any number of equal messages may be in
/// flight.
fn actors<P: Protocol>(protocol: P, forgets: bool, engine: Engine) -> Counts {
    let mut rules = Rules::fault_free();
    rules.links.copies = Limit::Unlimited;
    rules.links.order = LinkOrder::Unordered;
    rules.links.never_forgets = !forgets;
    let properties = always(&protocol);
    ours(&System::new(protocol, rules), &properties, engine)
}

fn shipped<P: Protocol>(path: &str, engine: Engine) -> Counts {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let scenario = Scenario::load(path).expect("a scenario");
    let testbed = Testbed::new::<P>(&scenario).expect("a scenario");
    let system = testbed.check_system().expect("it has a check");
    let properties = always(&*system.protocol);
    ours(&system, &properties, engine)
}

/// What is never violated, so that nobody stops early: a property with a premise may be, in
/// worlds that it says nothing of.
fn always<P: Protocol>(protocol: &P) -> Vec<Property<P>> {
    let mut properties = protocol.properties();
    let always = |p: &Property<P>| matches!(p.expectation, Expectation::Always(_));
    properties.retain(|p| always(p) && p.premise.is_empty());
    properties
}

/// Searches our system, on one thread.
fn ours<P: Protocol>(system: &System<P>, properties: &[Property<P>], engine: Engine) -> Counts {
    let start = system.initial();
    let limits = Limits::default();
    let (time, explored) = match engine {
        Engine::Fast => timed(|| {
            let tuning = Tuning {
                threads: 1,
                ..Tuning::unreduced()
            };
            fast::explore(
                system,
                &start,
                properties,
                &limits,
                tuning,
                None,
                &mut Patient,
            )
            .expect("without checkpoints none can be wrong")
        }),
        Engine::Plain => {
            let mut world = start.clone();
            timed(|| {
                explore(
                    system,
                    &mut world,
                    &start,
                    properties,
                    &limits,
                    &mut Patient,
                )
            })
        }
        Engine::BridgeBfs | Engine::BridgeDfs => {
            let bridge = Bridge::new(system.clone(), properties, start);
            return theirs(bridge, engine == Engine::BridgeBfs);
        }
        _ => panic!("{engine:?} does not search our system"),
    };
    let nothing = |f: &Finding<Event<P>>| matches!(f, Finding::Nothing);
    assert!(explored.findings.iter().all(nothing), "nothing is violated");
    let progress = explored.account.progress;
    Counts {
        time,
        distinct: progress.distinct,
        generated: progress.generated,
        tables: (progress.bytes > 0).then_some(progress.bytes),
    }
}

/// Searches with Stateright, on one thread.
fn theirs<M>(model: M, breadth_first: bool) -> Counts
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + PartialEq + Hash + Send + Sync + 'static,
    M::Action: Clone + PartialEq,
{
    fn counted<M: Model>((time, checker): (Duration, impl Checker<M>)) -> Counts
    where
        M::State: Clone + PartialEq + Hash,
        M::Action: Clone + PartialEq,
    {
        assert!(checker.discoveries().is_empty(), "nothing is violated");
        Counts {
            time,
            distinct: checker.unique_state_count() as u64,
            // Stateright counts the start.
            generated: checker.state_count() as u64 - 1,
            tables: None,
        }
    }
    let builder = model.checker();
    if breadth_first {
        counted(timed(|| builder.spawn_bfs().join()))
    } else {
        counted(timed(|| builder.spawn_dfs().join()))
    }
}
