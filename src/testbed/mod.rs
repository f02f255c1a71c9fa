//! The testbed: a scenario becomes a trial. Generic inside, `dyn` at the edge.
//!
//! This is the one place where simulator and checker meet: it runs the one, asks the other
//! whether a run that did not reach its goals is blocked, and compares both with what the scenario
//! expects.

mod case;
mod judge_check;
mod judge_run;
pub mod record;
pub mod report;

pub use case::{BugInfo, Case, CheckOptions, Engine, ParameterInfo, PropertyInfo, ProtocolInfo};
pub use judge_check::report_check;
pub use judge_run::judge_run;
pub use report::{CheckReport, Expected, ExpectedOutcome, PropertyReport, RunReport, RunVerdict};
