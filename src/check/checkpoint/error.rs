//! Why there is no going on from a checkpoint, and what to do about it.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::model::cluster::enumerate;

/// Why there is no going on from a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    #[error("another check is at work in the checkpoint folder {}", path.display())]
    InUse { path: PathBuf },
    #[error("cannot keep checkpoints in {}: {error}", path.display())]
    Unusable { path: PathBuf, error: io::Error },
    #[error("cannot read the checkpoint {}: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{} is damaged: {what}", path.display())]
    Damaged { path: PathBuf, what: &'static str },
    #[error("{} was written by {by}, and this is jury {}", path.display(), env!("CARGO_PKG_VERSION"))]
    OtherVersion { path: PathBuf, by: String },
    #[error("{} belongs to another check, which differs in {}", path.display(), named(differ))]
    OtherCheck {
        path: PathBuf,
        differ: Vec<Differing>,
    },
    #[error("{} does not fit the protocol as it is now: {what}", path.display())]
    OtherProtocol { path: PathBuf, what: &'static str },
}

fn named(differ: &[Differing]) -> String {
    enumerate(differ.iter().map(ToString::to_string))
}

/// Something in which two checks differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    /// A flag, or a part of the scenario.
    pub what: String,
    /// What it is in the checkpoint, and what in this check, where both are short.
    pub values: Option<(String, String)>,
}

impl fmt::Display for Differing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Differing { what, values } = self;
        match values {
            None => f.write_str(what),
            Some((there, here)) => write!(f, "{what} ({there} there, {here} here)"),
        }
    }
}

impl CheckpointError {
    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            CheckpointError::InUse { .. } => "wait until it is over, or name another folder",
            CheckpointError::Unusable { error, .. } if error.kind() == io::ErrorKind::NotFound => {
                "what it is to lie in does not exist: create that, or name another folder"
            }
            CheckpointError::Unusable { .. } | CheckpointError::Unreadable { .. } => {
                "check its permissions, or name another folder"
            }
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
