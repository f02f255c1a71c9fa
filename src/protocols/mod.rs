//! The protocols on trial: one file each, and one line in the registry.

pub mod two_phase_commit;
