//! What everybody simulates, and what must come of it.
//!
//! *Echo*: a client asks two servers, and each sends back what it was asked. Requests are numbered from 0;
//! request `n` goes to server `n mod 2`. The first `window` are sent at once, and the reply to `n` is followed by
//! request `n + window`: so there are always as many in flight. A message takes 1 to 10 ms.
//!
//! *Idle*: nodes that do nothing but arm a timer of 150 to 300 ms, again and again.

use std::ops::Range;

use serde::{Deserialize, Serialize};

pub const SERVERS: u64 = 2;
/// Which of the servers is asked this.
pub fn server(number: u64) -> usize {
    usize::try_from(number % SERVERS).expect("few servers")
}

pub const LATENCY_MS: (u64, u64) = (1, 10);

pub const IDLE_NODES: usize = 100;
pub const IDLE_MS: Range<u64> = 150..300;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Echo {
    pub window: u64,
    pub requests: u64,
}

impl Echo {
    pub fn at_first(&self) -> Range<u64> {
        0..self.window.min(self.requests)
    }

    /// What is asked when this was answered.
    pub fn after(&self, number: u64) -> Option<u64> {
        Some(number + self.window).filter(|next| *next < self.requests)
    }

    /// A request and a reply for each.
    pub fn messages(&self) -> u64 {
        2 * self.requests
    }
}

/// The echoes that a client got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tally {
    pub echoes: u64,
    sum: u64,
}

impl Tally {
    pub fn take(&mut self, number: u64) {
        self.echoes += 1;
        self.sum += number;
    }

    /// Whether each request was answered once.
    pub fn is_all_of(&self, echo: &Echo) -> bool {
        let sum = echo.requests * (echo.requests - 1) / 2;
        self.echoes == echo.requests && self.sum == sum
    }
}

/// Fails unless timers fired about as often as they must: every 225 ms in the mean, at each node, but for the one that
/// is under way at the end.
pub fn check_idle(timeouts: u64, until_ms: u64) {
    let mean_ms = u64::midpoint(IDLE_MS.start, IDLE_MS.end);
    let nodes = IDLE_NODES as u64;
    let expected = nodes * until_ms / mean_ms - nodes / 2;
    assert!(
        timeouts.abs_diff(expected) <= expected / 20,
        "{timeouts} timeouts, where about {expected} were expected"
    );
}

/// Chance for those who bring none along (`SplitMix64`).
pub struct Draws(pub u64);

impl Draws {
    pub fn within(&mut self, range: Range<u64>) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        range.start + (z ^ (z >> 31)) % (range.end - range.start)
    }
}
