//! A fingerprint of a run over canonical bytes.

use serde::Serialize;

use crate::model::cluster::index;
use crate::model::{Cut, Envelope, Event, Id, Protocol, Time};

/// A fingerprint of a run: FNV-1a over the canonical bytes of its events and their times. The
/// same on every platform, since it does not go through `std::hash`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceHash(u64);

impl Default for TraceHash {
    fn default() -> Self {
        TraceHash(0xcbf2_9ce4_8422_2325)
    }
}

impl TraceHash {
    fn byte(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.byte(*byte);
        }
    }

    fn number(&mut self, number: usize) {
        self.bytes(&(number as u64).to_le_bytes());
    }

    fn id(&mut self, id: Id) {
        self.byte(u8::try_from(index(id)).expect("at most 128 nodes"));
    }

    fn value<T: Serialize>(&mut self, value: &T) {
        *self = postcard::serialize_with_flavor(value, Feed(*self))
            .expect("messages, timers and options are plain data");
    }

    fn envelope<P: Protocol>(&mut self, e: &Envelope<P>) {
        self.id(e.src);
        self.id(e.dst);
        self.value(&e.msg);
    }

    fn cut(&mut self, cut: &Cut) {
        for link in cut.iter() {
            self.id(link.src);
            self.id(link.dst);
        }
    }

    /// Takes in one step.
    pub fn step<P: Protocol>(&mut self, now: Time, event: &Event<P>) {
        self.bytes(&now.nanos().to_le_bytes());
        self.event(event);
    }

    fn event<P: Protocol>(&mut self, event: &Event<P>) {
        match event {
            Event::Deliver(e) => {
                self.byte(0);
                self.envelope(e);
            }
            Event::Timeout { id, timer } => {
                self.byte(1);
                self.id(*id);
                self.value(timer);
            }
            Event::Choose { id, key, value } => {
                self.byte(2);
                self.id(*id);
                self.value(key);
                self.value(value);
            }
            Event::Crash(id) => {
                self.byte(3);
                self.id(*id);
            }
            Event::CrashInside { event, point } if point.and_to.is_empty() => {
                self.byte(4);
                self.number(point.after);
                self.event(event);
            }
            Event::CrashInside { event, point } => {
                self.byte(10);
                self.number(point.after);
                self.number(point.and_to.len());
                for (dst, many) in &point.and_to {
                    self.id(*dst);
                    self.number(*many);
                }
                self.event(event);
            }
            Event::Drop(e) => {
                self.byte(5);
                self.envelope(e);
            }
            Event::Duplicate(e) => {
                self.byte(6);
                self.envelope(e);
            }
            Event::Cut(cut) => {
                self.byte(7);
                self.cut(cut);
            }
            Event::Recover(id) => {
                self.byte(8);
                self.id(*id);
            }
            Event::Heal(cut) => {
                self.byte(9);
                self.cut(cut);
            }
        }
    }
}

impl std::fmt::Display for TraceHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Where postcard puts its bytes.
struct Feed(TraceHash);

impl postcard::ser_flavors::Flavor for Feed {
    type Output = TraceHash;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.byte(byte);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<TraceHash> {
        Ok(self.0)
    }
}
