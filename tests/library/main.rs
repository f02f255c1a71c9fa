//! The library from outside: scenario files, the simulator, what holds across engines, and the rules
//! of the source itself.

mod architecture;
mod asked_again;
mod caller;
#[path = "../suite/cores.rs"]
mod cores;
mod dependencies;
mod hunt;
mod lints;
mod nearest;
mod page;
mod promises;
#[cfg(feature = "cli")]
mod ring;
mod scenario_errors;
mod scenario_file;
mod shrink;
mod simulator;
mod toy;
mod trace_fuzz;
mod unruly;
mod untyped;
