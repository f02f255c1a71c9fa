//! What is searched, and by whom.

use std::hash::Hash;
use std::path::Path;
use std::time::{Duration, Instant};

use jury::check::fast::{self, Tuning};
use jury::check::stateright::Bridge;
use jury::check::{Finding, Limits, Patient, explore};
use jury::model::{Expectation, Limit, LinkOrder, Property, Protocol, Rules, System};
use jury::protocols::two_phase_commit::TwoPhaseCommit;
use jury::scenario::Scenario;
use jury::testbed::Testbed;
use stateright::{Checker, Model};

use crate::two_phase::{Params, TwoPhase, actor_model};
use crate::two_phase_spec::Spec;

/// Two-phase commit, three participants with open votes, one crash anywhere (also inside
/// handlers) and one recovery.
const ONE_CRASH: &str = "scenarios/2pc/one-crash-one-recovery-asynchronous.json";

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
    /// A shipped scenario.
    OneCrashOneRecovery,
    /// `TwoPhase` over a network that never forgets: the specification's own states.
    NeverForgets { rms: u8 },
    /// `TwoPhase` where every message is delivered once, in any order: there Stateright's actor
    /// model has the same worlds as ours.
    DeliveredOnce { rms: u8 },
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
            Subject::OneCrashOneRecovery => "one-crash-one-recovery".to_owned(),
            Subject::NeverForgets { rms } => format!("never-forgets-{rms}"),
            Subject::DeliveredOnce { rms } => format!("delivered-once-{rms}"),
        }
    }

    pub fn named(key: &str) -> Option<Self> {
        if key == Subject::OneCrashOneRecovery.key() {
            return Some(Subject::OneCrashOneRecovery);
        }
        let (name, rms) = key.rsplit_once('-')?;
        let rms = rms.parse().ok()?;
        match name {
            "never-forgets" => Some(Subject::NeverForgets { rms }),
            "delivered-once" => Some(Subject::DeliveredOnce { rms }),
            _ => None,
        }
    }

    pub fn about(self) -> String {
        match self {
            Subject::OneCrashOneRecovery => ONE_CRASH.to_owned(),
            Subject::NeverForgets { rms } => {
                format!("TwoPhase, {rms} resource managers, a network that never forgets")
            }
            Subject::DeliveredOnce { rms } => {
                format!("TwoPhase, {rms} resource managers, each message delivered once")
            }
        }
    }

    /// How many worlds everybody must find.
    pub fn distinct(self) -> u64 {
        match self {
            Subject::OneCrashOneRecovery => 257_438,
            // As TLC counts the states of the specification.
            Subject::NeverForgets { rms: 4 } => 1_568,
            Subject::NeverForgets { rms: 8 } => 1_745_408,
            Subject::DeliveredOnce { rms: 4 } => 4_368,
            Subject::DeliveredOnce { rms: 6 } => 266_304,
            Subject::DeliveredOnce { rms: 7 } => 2_113_664,
            _ => panic!("not counted yet: {}", self.key()),
        }
    }

    /// Searches with an engine. Only the search itself is timed.
    pub fn search(self, engine: Engine) -> Counts {
        let rms = match self {
            Subject::OneCrashOneRecovery => {
                let (system, properties) = one_crash();
                return ours(&system, &properties, engine);
            }
            Subject::NeverForgets { rms } | Subject::DeliveredOnce { rms } => rms,
        };
        let two_phase = TwoPhase::new(&Params { rms }).expect("good parameters");
        match engine {
            Engine::SpecBfs => theirs(Spec::new(rms), true),
            Engine::SpecDfs => theirs(Spec::new(rms), false),
            Engine::ActorsBfs => theirs(actor_model(&two_phase), true),
            Engine::ActorsDfs => theirs(actor_model(&two_phase), false),
            _ => {
                let mut rules = Rules::fault_free();
                rules.links.copies = Limit::Unlimited;
                rules.links.order = LinkOrder::Unordered;
                rules.links.never_forgets = matches!(self, Subject::NeverForgets { .. });
                let properties = always(&two_phase);
                ours(&System::new(two_phase, rules), &properties, engine)
            }
        }
    }
}

fn one_crash() -> (System<TwoPhaseCommit>, Vec<Property<TwoPhaseCommit>>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(ONE_CRASH);
    let scenario = Scenario::load(path).expect("a shipped scenario");
    let testbed = Testbed::<TwoPhaseCommit>::new(&scenario).expect("a shipped scenario");
    let system = testbed.check_system().expect("it has a check");
    let properties = always(&*system.protocol);
    (system, properties)
}

/// What is never violated, so that nobody stops early: a property with a premise may be, in
/// worlds that it says nothing of.
fn always<P: Protocol>(protocol: &P) -> Vec<Property<P>> {
    let mut properties = protocol.properties();
    let always = |p: &Property<P>| matches!(p.expectation, Expectation::Always(_));
    properties.retain(|p| always(p) && p.premise.is_empty());
    properties
}

/// Searches our system.
fn ours<P: Protocol>(system: &System<P>, properties: &[Property<P>], engine: Engine) -> Counts {
    let start = system.initial();
    let limits = Limits::default();
    let (time, explored) = match engine {
        Engine::Fast => timed(|| {
            let tuning = Tuning::unreduced();
            fast::explore(system, &start, properties, &limits, tuning, &mut Patient)
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
    let nothing = |f: &Finding<P>| matches!(f, Finding::Nothing);
    assert!(explored.findings.iter().all(nothing), "nothing is violated");
    let progress = explored.progress;
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
