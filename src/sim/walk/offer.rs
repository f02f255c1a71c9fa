//! What may come next, as far as draws are concerned.

use super::number;
use crate::model::cluster::index;
use crate::model::{Class, CrashPoint, Id, Link};

/// What an event does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    Deliver,
    Timeout,
    Choose,
    Crash,
    Drop,
    Duplicate,
    Cut,
    Recover,
    Heal,
}

/// An event that is enabled, as far as draws are concerned: what it does, to whom, and the kind of the message or
/// timer. So a draw belongs to the n-th offer of that sort, and not to the n-th step of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offer {
    pub act: Act,
    /// Of a node alone: from it to itself.
    pub link: Link,
    pub kind: u8,
    /// The node crashes inside its handler.
    pub is_interrupted: bool,
    /// What else tells such events apart: behind how many commands a node crashes, or which cut it is.
    detail: u8,
    /// To whom messages have left as well, where a node crashes among them: a bit for each, or few.
    and_to: u16,
}

impl Offer {
    pub fn new(act: Act, src: Id, dst: Id, kind: u8) -> Self {
        Offer {
            act,
            link: Link::new(src, dst),
            kind,
            is_interrupted: false,
            detail: 0,
            and_to: 0,
        }
    }

    /// The same with something that tells it apart. From 255 on nothing does.
    pub fn in_detail(self, detail: usize) -> Self {
        let detail = u8::try_from(detail).unwrap_or(u8::MAX);
        Offer { detail, ..self }
    }

    /// The same, with a crash inside the handler.
    pub fn interrupted(self, point: &CrashPoint) -> Self {
        let bit = |(dst, many): (&Id, &usize)| 1 << ((index(*dst) + (many - 1) * 5) % 16);
        Offer {
            is_interrupted: true,
            and_to: point.and_to.iter().fold(0, |bits, to| bits ^ bit(to)),
            ..self.in_detail(point.after)
        }
    }

    pub fn class(self) -> Class {
        match self.act {
            _ if self.is_interrupted => Class::Fault,
            Act::Deliver | Act::Timeout | Act::Choose => Class::Ordinary,
            Act::Crash | Act::Drop | Act::Duplicate | Act::Cut => Class::Fault,
            Act::Recover | Act::Heal => Class::Repair,
        }
    }

    /// Its number among all that there may be: 56 bits.
    pub fn place(self) -> u64 {
        let act = (self.act as u64) << 1 | u64::from(self.is_interrupted);
        let what = number(self.link) << 24 | act << 16 | u64::from(self.kind) << 8;
        u64::from(self.and_to) << 40 | what | u64::from(self.detail)
    }

    /// The number of what it comes from, the events of which keep an order of their own in a program with threads: a
    /// link, the timers of a node, or what else befalls it.
    pub fn chain(self) -> u64 {
        number(self.link) << 8 | self.act as u64
    }
}
