//! Linearizability, judged as a fold: one invocation or answer at a time.
//!
//! A history is linearizable if each operation can be given a moment between its invocation and its
//! return at which it takes effect, so that one copy of the machine would have answered just that.
//!
//! For every key there is a set of *configurations*, the ways in which things may stand (see
//! `configuration`). An operation that returns must have taken effect: those in which it cannot have,
//! with this answer, are left out. Where none is left, the history is not linearizable, nor is
//! anything that begins with it.
//!
//! Nothing is remembered but what can still make a difference, and in one form only. So worlds that
//! differ in how their clients came here, and not in what they may be told from now on, stay equal,
//! and a search need not look at both. An operation with no other beside it costs a look at the value
//! of its key. Many at a time on one key cost more: in the worst case exponentially many.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::register::{Impossible, Register};
use super::{Answer, Key, Op};

/// The judge of a history.
///
/// It is told in the order in which things happen. Clients must keep to the rules: one that waits
/// does not invoke, and one that does not wait neither returns nor gives up. Otherwise it panics,
/// unless the history is broken: then it listens to nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Linearizability {
    /// By key; those that are as if never used are left out.
    keys: Vec<(Key, Register)>,
    /// Once it is broken it stays so, and nothing else is of interest.
    broken: Option<Broken>,
}

/// A client was told what no order of operations explains.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Broken {
    pub client: u8,
    pub op: Op,
    pub answer: Answer,
    /// What it might have been told. Sorted, and never empty.
    pub possible: Vec<Answer>,
}

impl Linearizability {
    /// A client asks for something.
    pub fn invoke(&mut self, client: u8, op: Op) {
        if self.broken.is_some() {
            return;
        }
        assert!(
            self.asked(client).is_none(),
            "client {client} waits for one operation at a time"
        );
        let key = op.key();
        let place = match self.keys.binary_search_by_key(&key, |(key, _)| *key) {
            Ok(place) => place,
            Err(place) => {
                self.keys.insert(place, (key, Register::default()));
                place
            }
        };
        self.keys[place].1.invoke(client, op);
    }

    /// A client gets its answer.
    pub fn returns(&mut self, client: u8, answer: Answer) {
        if self.broken.is_some() {
            return;
        }
        let place = self.awaited(client);
        match self.keys[place].1.returns(client, answer) {
            Ok(()) => self.tidy(place),
            Err(Impossible { op, possible }) => {
                self.keys.clear();
                self.broken = Some(Broken {
                    client,
                    op,
                    answer,
                    possible,
                });
            }
        }
    }

    /// A client no longer waits: nobody knows whether its operation took effect, or ever will. It may
    /// ask for something else.
    pub fn gives_up(&mut self, client: u8) {
        if self.broken.is_some() {
            return;
        }
        let place = self.awaited(client);
        self.keys[place].1.gives_up(client);
        self.tidy(place);
    }

    /// Whether a client waits for an answer, as long as nothing is broken.
    pub fn waits(&self, client: u8) -> bool {
        self.asked(client).is_some()
    }

    /// Whether the history is linearizable so far.
    pub fn verdict(&self) -> Result<(), &Broken> {
        self.broken.as_ref().map_or(Ok(()), Err)
    }

    /// Where the operation is that a client waits for.
    fn asked(&self, client: u8) -> Option<usize> {
        self.keys
            .iter()
            .position(|(_, register)| register.waits(client))
    }

    fn awaited(&self, client: u8) -> usize {
        self.asked(client)
            .unwrap_or_else(|| panic!("client {client} waits for something"))
    }

    fn tidy(&mut self, place: usize) {
        if self.keys[place].1.is_blank() {
            self.keys.remove(place);
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Broken {
            client, op, answer, ..
        } = self;
        write!(f, "client {client} was told {op} = {answer}, possible ")?;
        match &self.possible[..] {
            [most @ .., last, end] => {
                f.write_str("were only ")?;
                for one in most {
                    write!(f, "{one}, ")?;
                }
                write!(f, "{last} and {end}")
            }
            [only] => write!(f, "was only {only}"),
            [] => unreachable!("an operation can always take effect"),
        }
    }
}
