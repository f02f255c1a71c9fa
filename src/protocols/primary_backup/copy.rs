//! A copy of the service: what a server has executed, and what came of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Answer, Op};
use crate::protocols::key_value::{Machine, Sessions};

/// An operation of a client. (Clients are counted from 0.)
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Command {
    pub client: u8,
    pub serial: u32,
    pub op: Op,
}

/// A copy of the service.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Copy {
    pub machine: Machine,
    /// The filter of duplicates.
    pub sessions: Sessions,
    /// What was executed, in order; the first is at place 1.
    pub log: Vec<Command>,
}

impl Copy {
    /// The place that is free.
    pub fn next_place(&self) -> u32 {
        u32::try_from(self.log.len() + 1).expect("a short log")
    }

    /// What was executed at a place.
    pub fn at(&self, place: u32) -> Option<Command> {
        let nth = usize::try_from(place).ok()?.checked_sub(1)?;
        self.log.get(nth).copied()
    }

    /// Executes a command; if duplicates are filtered, one that is new.
    pub fn execute(&mut self, command: Command, filtered: bool) -> Option<Answer> {
        let Command { client, serial, op } = command;
        if !filtered {
            self.log.push(command);
            return Some(self.machine.execute(op));
        }
        let executed = self.sessions.apply(&mut self.machine, client, serial, op)?;
        if executed.anew {
            self.log.push(command);
        }
        Some(executed.answer)
    }

    /// The answer to a command that was executed, if it is the client's last.
    pub fn answered(&self, command: &Command) -> Option<Answer> {
        self.sessions.answered(command.client, command.serial)
    }

    /// Whether a command was executed, or its client has gone on to another.
    pub fn has_passed(&self, command: &Command) -> bool {
        self.sessions.has_passed(command.client, command.serial)
    }
}

/// `put x 1 of C1`.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of C{}", self.op, self.client + 1)
    }
}

/// What was executed: `[put x 1, inc x]`.
impl fmt::Debug for Copy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ops: Vec<String> = self
            .log
            .iter()
            .map(|command| command.op.to_string())
            .collect();
        write!(f, "[{}]", ops.join(", "))
    }
}
