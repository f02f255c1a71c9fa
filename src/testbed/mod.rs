//! The testbed: a scenario becomes a trial, of whatever protocol: nothing here knows its types, but for `runs`.
//!
//! This is the one place where simulator and checker meet: it runs the one, asks the other
//! whether a run that did not reach its goals is blocked, and compares both with what the scenario
//! expects.

mod bench;
mod budgets;
mod case;
mod compare;
mod comparison;
mod estimate;
mod judge_check;
mod judge_run;
mod one_run;
pub mod record;
pub mod report;
mod retell;
mod runs;
#[cfg(feature = "stateright-bridge")]
mod second_opinion;
mod seen;
mod signature;
mod story;
mod strategy;
pub mod verify;

pub use bench::{Testbed, run_seeds, within_bounds};
pub use case::{
    BugInfo, Case, CheckOptions, EngineKind, Hunted, Near, ParameterInfo, PropertyInfo,
    ProtocolInfo, RUN_STATES, RunLimits,
};
pub use compare::summary;
pub use comparison::{Compared, Ended, Trials, markdown as comparison_markdown, replicated_stores};
pub use estimate::estimate;
pub use judge_check::report_check;
pub use judge_run::judge_run;
pub use record::{Certainty, Replayed};
pub use report::{
    Blame, CheckReport, CheckVerdict, Expected, ExpectedOutcome, PropertyReport, RunReport,
    RunVerdict, SearchReport,
};
pub use retell::{Course, Retold, is_timed};
pub use seen::{Seen, Sights};
pub use signature::{Signature, shape};
pub use story::{NodeStands, RefutedStory};
pub use strategy::Strategy;
pub use verify::{Mismatch, verified};
