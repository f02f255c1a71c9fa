//! What is sent and waited for.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Answer, Command, Copy, Op, View, ViewNumber, name};
use crate::model::Id;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    /// A server, in this incarnation, is up, and ready in this view. From the primary of that view it is the
    /// acknowledgement.
    Ping(ViewNumber, u32),
    /// A client asks who is primary.
    GetView,
    /// The present view.
    View(View),
    /// The primary's state, for its new backup.
    State(View, Arc<Copy>),
    /// The backup of this view has the state.
    Synced(ViewNumber),
    /// The primary of this view has an operation executed, at this place of the order.
    Forward(ViewNumber, u32, Command),
    /// The backup of this view has executed the operation at this place.
    Forwarded(ViewNumber, u32),
    /// A client asks for an operation, under this serial number.
    Request(u32, Op),
    Reply(u32, Answer),
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// A server pings again: the view service, or the other one of a pair.
    Ping,
    /// This server has been silent for too long.
    Dead(Id),
    /// A primary waits for its backup.
    Resend,
    /// A client thinks before its next command.
    Think,
    /// A client has waited too long for an answer.
    Retry,
}

/// As a schedule has it: `Forward(1, 2: put x 1 of C1)`.
impl fmt::Debug for Msg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Msg::Ping(view, 0) => write!(f, "Ping({view:?})"),
            Msg::Ping(view, incarnation) => write!(f, "Ping({view:?}, incarnation {incarnation})"),
            Msg::GetView => f.write_str("GetView"),
            Msg::View(view) => write!(f, "View({view:?})"),
            Msg::State(view, copy) => write!(f, "State({view:?}, {copy:?})"),
            Msg::Synced(view) => write!(f, "Synced({view:?})"),
            Msg::Forward(view, place, command) => {
                write!(f, "Forward({view:?}, {place}: {command:?})")
            }
            Msg::Forwarded(view, place) => write!(f, "Forwarded({view:?}, {place})"),
            Msg::Request(serial, op) => write!(f, "Request({serial}, {op})"),
            Msg::Reply(serial, answer) => write!(f, "Reply({serial}, {answer})"),
        }
    }
}

/// As a schedule has it: `Dead(S1)`.
impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Timer::Ping => f.write_str("Ping"),
            Timer::Dead(server) => write!(f, "Dead({})", name(*server)),
            Timer::Resend => f.write_str("Resend"),
            Timer::Think => f.write_str("Think"),
            Timer::Retry => f.write_str("Retry"),
        }
    }
}
