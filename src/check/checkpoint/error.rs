//! Why there is no going on from a checkpoint, and what to do about it.

use std::io;
use std::path::PathBuf;

use crate::model::cluster::enumerate;

/// Why there is no going on from a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    #[error("cannot read the checkpoint {}: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{} is damaged: {what}", path.display())]
    Damaged { path: PathBuf, what: &'static str },
    #[error("{} was written by {by}, and this is jury {}", path.display(), env!("CARGO_PKG_VERSION"))]
    OtherVersion { path: PathBuf, by: String },
    #[error("{} belongs to another check, which differs in {}", path.display(), named(differ))]
    OtherCheck { path: PathBuf, differ: Vec<String> },
    #[error("{} does not fit the protocol as it is now: {what}", path.display())]
    OtherProtocol { path: PathBuf, what: &'static str },
}

fn named(facts: &[String]) -> String {
    enumerate(facts.iter().cloned())
}

impl CheckpointError {
    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            CheckpointError::Unreadable { .. } => "check its permissions, or name another folder",
            CheckpointError::Damaged { .. } => "delete this file: its search begins anew",
            CheckpointError::OtherVersion { .. } => {
                "go on with the jury that wrote it, or delete it to begin anew"
            }
            CheckpointError::OtherCheck { .. } => {
                "go on with the command that began it, name another folder, or delete this one"
            }
            CheckpointError::OtherProtocol { .. } => {
                "the protocol has changed since it was written: delete it to begin anew"
            }
        }
    }
}
