//! Jury puts commit and consensus protocols on trial: the handlers that you write are simulated, under
//! delays, loss, duplication, partitions and crashes, and explored, every run of them.
//!
//! # A protocol of your own
//!
//! Two nodes. A asks B to add one to a number that B keeps on its disk, and asks again until it is
//! answered. Handlers get what happened and the state of their node, and say what is to be done: they
//! know no clock, no network and no disk. What a handler sends or saves is done in that order, and a
//! crash may strike behind each.
//!
//! ```
//! use jury::prelude::*;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
//! enum Msg { Add, Added }
//!
//! #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
//! enum Timer { Again }
//!
//! struct Counter;
//!
//! const PATIENCE: TimerRange = TimerRange::millis(20, 30);
//!
//! fn b() -> Id { Id::from(1) }
//!
//! impl Actor for Counter {
//!     type Msg = Msg;
//!     type Timer = Timer;
//!     /// Of A, how often it was answered; of B, the number.
//!     type State = u32;
//!     type Storage = u32;
//!     type Choice = ();
//!     type Observation = Observation;
//!
//!     /// A first start, or one after a crash: then there is what was saved last.
//!     fn on_start(&self, id: Id, start: Start<'_, u32>, o: &mut Out<Self>) -> u32 {
//!         if id != b() {
//!             o.send(b(), Msg::Add);
//!             o.set_timer(Timer::Again, PATIENCE);
//!         }
//!         start.storage().copied().unwrap_or(0)
//!     }
//!
//!     fn on_message(&self, _: Id, number: &mut u32, src: Id, msg: Msg, o: &mut Out<Self>) {
//!         *number += 1;
//!         match msg {
//!             Msg::Add => {
//!                 o.save(*number);
//!                 o.send(src, Msg::Added);
//!             }
//!             Msg::Added => o.cancel_timer(Timer::Again),
//!         }
//!     }
//!
//!     fn on_timeout(&self, _: Id, _: &mut u32, _: &Timer, o: &mut Out<Self>) {
//!         o.send(b(), Msg::Add);
//!         o.set_timer(Timer::Again, PATIENCE);
//!     }
//! }
//!
//! // What it is called, who takes part, and what must be true of it.
//! impl Protocol for Counter {
//!     const NAME: &'static str = "counter";
//!     const ABOUT: &'static str = "A asks B to add one.";
//!     type Params = ();
//!     type History = ();
//!
//!     fn new((): &()) -> Result<Self, BadParameter> {
//!         Ok(Counter)
//!     }
//!
//!     fn cluster(&self) -> Cluster {
//!         Cluster::new([("A", "client"), ("B", "server")])
//!     }
//!
//!     fn properties(&self) -> Vec<Property<Self>> {
//!         let once = Predicate::World(|_, world: &dyn View<Counter>| {
//!             let number = world.state(b()).copied().unwrap_or(0);
//!             Reason::unless(number <= 1, NodeSet::only(b()), || format!("B has {number}"))
//!         });
//!         vec![Property::always("added-once", "What is asked for once is added once.", "this page", once)]
//!     }
//! }
//!
//! // A scenario says what may happen: in a run, by chance, and in a check, at all.
//! let scenario = r#"{
//!     "jury": 1, "about": "Nothing fails.", "protocol": "counter",
//!     "run": { "seeds": "1..100", "until": "1s" },
//!     "check": { "timing": "asynchronous", "bounds": { "timeouts": 2 } }
//! }"#;
//! let trial = Testbed::parse::<Counter>(scenario, "counter.json").expect("a scenario");
//!
//! // Simulated, all goes well: no message takes longer than A waits.
//! for seed in 1..=100 {
//!     let run = trial.run(seed, false, &RunLimits::default());
//!     assert_eq!(run.verdict.word(), "ok");
//! }
//!
//! // Explored, it does not: A may ask again before the answer comes. That is the shortest way to it.
//! let report = trial.check(&CheckOptions::default(), None, &mut Patient).expect("no checkpoints");
//! let once = &report.properties[0];
//! assert_eq!(once.qualified, "violated (a bug)");
//! let shortest = ["deliver A -> B Add", "timeout A Again", "deliver A -> B Add"];
//! assert_eq!(once.schedule, shortest);
//!
//! // And this is a picture of it.
//! let trace = once.trace.as_ref().expect("a violation has a trace");
//! println!("{}", diagram(trace, &Options::default()));
//! ```
//!
//! # From here
//!
//! - `jury new --crate DIR` writes a crate with a protocol that numbers its requests, scenarios and a
//!   test. Its `main` is [`cli::main`], so that it has the whole command line.
//! - [`model::Protocol`] has what else a protocol may say of itself, with defaults: parameters, mistakes to
//!   make on purpose, whom a timer awaits, which nodes are alike, what is to be observed of a step.
//! - [`model::Property`]: what always holds, what can be reached, what is never blocked, what recovers; under
//!   which assumptions.
//! - [`protocols`]: two-phase commit to Raft, each beside its paper.

#[cfg(feature = "stateright-bridge")]
pub mod adapter;
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod diff;
pub mod estimate;
pub mod explain;
pub mod export;
pub mod hunt;
pub mod matrix;
#[macro_use]
pub mod model;
pub mod page;
pub mod prelude;
pub mod protocols;
pub mod registry;
pub mod report;
pub mod run;
pub mod scenario;

pub mod shrink;
pub mod sim;
pub mod testbed;
pub mod testing;
pub mod trace;
