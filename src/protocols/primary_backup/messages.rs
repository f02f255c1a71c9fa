//! What is sent and waited for.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::elected::Report;
use super::{Answer, Command, Copy, Op, View, ViewNumber, name};
use crate::model::Id;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    /// A server, in this incarnation, is up, and in this view. From the primary of that view it is the acknowledgement.
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
    /// The primary of this view, which the servers have elected, has a command appended at this place, and says up to
    /// where it knows its log to be committed (VRR, 4.1).
    Prepare(ViewNumber, u32, Command, u32),
    /// A backup has the log of this view up to this place.
    PrepareOk(ViewNumber, u32),
    /// The primary of this view is there, and knows its log to be committed up to this place.
    Commit(ViewNumber, u32),
    /// A server wants this view to begin (VRR, 4.2).
    StartViewChange(ViewNumber),
    /// What a server has, for the primary of this view.
    DoViewChange(ViewNumber, Report),
    /// This view has begun, with this log, which is committed up to this place.
    StartView(ViewNumber, Arc<Vec<Command>>, u32),
    /// A backup has missed something of the present view (VRR, 5.2).
    GetState,
    /// A server has lost its state (VRR, 4.3).
    Recovery(u32),
    /// The present view, for a server that recovers; from its primary, with the log, and up to where it is committed.
    RecoveryResponse(ViewNumber, u32, Option<(Arc<Vec<Command>>, u32)>),
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
            Msg::Prepare(view, place, command, committed) => {
                write!(
                    f,
                    "Prepare({view:?}, {place}: {command:?}, {committed} committed)"
                )
            }
            Msg::PrepareOk(view, place) => write!(f, "PrepareOk({view:?}, {place})"),
            Msg::Commit(view, committed) => write!(f, "Commit({view:?}, {committed} committed)"),
            Msg::StartViewChange(view) => write!(f, "StartViewChange({view:?})"),
            Msg::DoViewChange(view, report) => write!(f, "DoViewChange({view:?}, {report:?})"),
            Msg::StartView(view, log, committed) => {
                write!(f, "StartView({view:?}, {log:?}, {committed} committed)")
            }
            Msg::GetState => f.write_str("GetState"),
            Msg::Recovery(nonce) => write!(f, "Recovery({nonce})"),
            Msg::RecoveryResponse(view, nonce, None) => {
                write!(f, "RecoveryResponse({view:?}, to {nonce})")
            }
            Msg::RecoveryResponse(view, nonce, Some((log, committed))) => {
                write!(
                    f,
                    "RecoveryResponse({view:?}, to {nonce}, {log:?}, {committed} committed)"
                )
            }
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
