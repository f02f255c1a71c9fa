//! Why a history is not serialisable, in words, and the name of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Edge, Txn, Version, Why};
use crate::protocols::key_value::Key;

/// Why no order of the committed transactions explains what they read and wrote.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Anomaly {
    /// A client was told of both outcomes.
    TwoAnswers {
        txn: Txn,
    },
    AbortedRead {
        reader: Txn,
        key: Key,
        writer: Txn,
    },
    AbortedWrite {
        writer: Txn,
        key: Key,
    },
    /// One transaction wrote a key over two versions.
    Twice {
        writer: Txn,
        key: Key,
        over: [Version; 2],
    },
    /// Two transactions wrote a key over one version.
    Fork {
        key: Key,
        over: Version,
        writers: [Txn; 2],
    },
    /// Each comes before the next, and the last before the first. No cycle is shorter.
    Cycle(Vec<Edge>),
}

/// A name for it, if it has one; else the name of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Phenomenon {
    TwoAnswers,
    /// G1a.
    AbortedRead,
    AbortedWrite,
    AppliedTwice,
    /// What a transaction read, or wrote over, is not what it was when it wrote itself (Berenson, P4).
    LostUpdate,
    /// G0.
    WriteCycle,
    /// G1c.
    CircularInformationFlow,
    /// A transaction saw a part of what another wrote (Bailis).
    FracturedRead,
    /// A transaction read two versions of one key.
    NonRepeatableRead,
    /// G-single.
    SingleAntiDependency,
    /// Each of two read what the other wrote, before it did (Berenson, A5B).
    WriteSkew,
    /// G2.
    AntiDependencies,
    /// What was read had been overwritten before its reader began.
    StaleRead,
    /// Anything else in which time has a part.
    RealTime,
}

impl Anomaly {
    pub fn phenomenon(&self) -> Phenomenon {
        match self {
            Anomaly::TwoAnswers { .. } => Phenomenon::TwoAnswers,
            Anomaly::AbortedRead { .. } => Phenomenon::AbortedRead,
            Anomaly::AbortedWrite { .. } => Phenomenon::AbortedWrite,
            Anomaly::Twice { .. } => Phenomenon::AppliedTwice,
            Anomaly::Fork { .. } => Phenomenon::LostUpdate,
            Anomaly::Cycle(edges) => of_cycle(edges),
        }
    }

    /// Those that it is about, each once, in the order in which they are told of.
    pub fn transactions(&self) -> Vec<Txn> {
        match self {
            Anomaly::TwoAnswers { txn } => vec![*txn],
            Anomaly::AbortedRead { reader, writer, .. } => vec![*reader, *writer],
            Anomaly::AbortedWrite { writer, .. } | Anomaly::Twice { writer, .. } => vec![*writer],
            Anomaly::Fork { writers, .. } => writers.to_vec(),
            Anomaly::Cycle(edges) => edges.iter().map(|edge| edge.from).collect(),
        }
    }
}

fn of_cycle(edges: &[Edge]) -> Phenomenon {
    let count = |is: fn(&Why) -> bool| edges.iter().filter(|edge| is(&edge.why)).count();
    let reads = count(|why| matches!(why, Why::ReadWrite(_)));
    let is_in_time = count(|why| matches!(why, Why::RealTime)) > 0;
    // In a cycle of two the order of edges makes no difference.
    let mut two: Vec<Why> = edges.iter().map(|edge| edge.why).collect();
    two.sort_unstable();
    match two[..] {
        [Why::WriteWrite(a), Why::ReadWrite(b)] if a == b => Phenomenon::LostUpdate,
        [Why::WriteRead(a), Why::ReadWrite(b)] if a == b => Phenomenon::NonRepeatableRead,
        [Why::WriteRead(_), Why::ReadWrite(_)] => Phenomenon::FracturedRead,
        [Why::ReadWrite(a), Why::ReadWrite(b)] if a != b => Phenomenon::WriteSkew,
        [Why::ReadWrite(_), Why::RealTime] => Phenomenon::StaleRead,
        _ if is_in_time => Phenomenon::RealTime,
        _ => match reads {
            0 if count(|why| matches!(why, Why::WriteRead(_))) == 0 => Phenomenon::WriteCycle,
            0 => Phenomenon::CircularInformationFlow,
            1 => Phenomenon::SingleAntiDependency,
            _ => Phenomenon::AntiDependencies,
        },
    }
}

impl fmt::Display for Phenomenon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phenomenon::TwoAnswers => "two answers",
            Phenomenon::AbortedRead => "aborted read (G1a)",
            Phenomenon::AbortedWrite => "aborted write",
            Phenomenon::AppliedTwice => "write applied twice",
            Phenomenon::LostUpdate => "lost update",
            Phenomenon::WriteCycle => "write cycle (G0)",
            Phenomenon::CircularInformationFlow => "circular information flow (G1c)",
            Phenomenon::FracturedRead => "fractured read (G-single)",
            Phenomenon::NonRepeatableRead => "non-repeatable read (G-single)",
            Phenomenon::SingleAntiDependency => "read of an old state (G-single)",
            Phenomenon::WriteSkew => "write skew (G2)",
            Phenomenon::AntiDependencies => "reads of old states (G2)",
            Phenomenon::StaleRead => "stale read",
            Phenomenon::RealTime => "real-time violation",
        })
    }
}

/// The name, and behind a colon what happened.
impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.phenomenon())?;
        match self {
            Anomaly::TwoAnswers { txn } => {
                write!(f, "{txn} was said to have committed, and to have aborted")
            }
            Anomaly::AbortedRead {
                reader,
                key,
                writer,
            } => write!(f, "{reader} read {key} from {writer}, which aborted"),
            Anomaly::AbortedWrite { writer, key } => write!(f, "{writer} wrote {key}, and aborted"),
            Anomaly::Twice {
                writer,
                key,
                over: [first, second],
            } => {
                write!(
                    f,
                    "{writer} wrote {key} over {first}, and again over {second}"
                )
            }
            Anomaly::Fork {
                key,
                over,
                writers: [first, second],
            } => {
                write!(f, "{first} and {second} both wrote {key} over {over}")
            }
            Anomaly::Cycle(edges) => {
                for (nth, edge) in edges.iter().enumerate() {
                    let comma = if nth == 0 { "" } else { ", " };
                    write!(f, "{comma}{edge}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Edge { from, to, why } = self;
        match why {
            Why::WriteWrite(key) => write!(f, "{from} wrote {key} before {to} wrote it"),
            Why::WriteRead(key) => write!(f, "{from} wrote {key} before {to} read it"),
            Why::ReadWrite(key) => write!(f, "{from} read {key} before {to} wrote it"),
            Why::RealTime => write!(f, "{from} ended before {to} began"),
        }
    }
}
