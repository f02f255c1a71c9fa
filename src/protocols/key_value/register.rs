//! The judge of one key: all the ways in which things may stand with it.

use serde::{Deserialize, Serialize};

use super::configuration::{Configuration, Unfolding};
use super::{Answer, Op};

/// What is known of one key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Register {
    /// The operations that clients wait for, by client.
    pending: Vec<(u8, Op)>,
    /// How things may stand. Sorted; never empty. None [follows](Unfolding::sources) from another,
    /// so that what has the same future is the same list.
    possible: Vec<Configuration>,
}

/// A client was told something that cannot be.
pub(super) struct Impossible {
    pub op: Op,
    /// What it might have been told, in order.
    pub possible: Vec<Answer>,
}

impl Default for Register {
    fn default() -> Self {
        Register {
            pending: Vec::new(),
            possible: vec![Configuration::default()],
        }
    }
}

impl Register {
    /// Whether it is as if nobody had ever used the key.
    pub fn is_blank(&self) -> bool {
        let is_unset = |c: &Configuration| c.value == 0 && c.is_settled();
        self.pending.is_empty() && self.possible.iter().all(is_unset)
    }

    pub fn waits(&self, client: u8) -> bool {
        self.place(client).is_ok()
    }

    /// An operation begins. It need not take effect before something that returns makes it.
    pub fn invoke(&mut self, client: u8, op: Op) {
        let place = self.place(client);
        let place = place.expect_err("a client waits for one operation at a time");
        self.pending.insert(place, (client, op));
    }

    /// An operation ends: it has taken effect by now, with this answer.
    pub fn returns(&mut self, client: u8, answer: Answer) -> Result<(), Impossible> {
        let op = self.no_longer_pending(client);
        if self.pending.is_empty()
            && let [only] = &mut self.possible[..]
            && only.is_settled()
        {
            return settled(only, op, answer);
        }

        let (mut kept, mut others) = (Vec::new(), Vec::new());
        let mut unfolding = Unfolding::new(&self.pending);
        for mut configuration in std::mem::take(&mut self.possible) {
            match configuration.answer_to(client) {
                None => unfolding.give(configuration),
                Some(given) if given == answer => {
                    configuration.forget(client);
                    kept.push(configuration);
                }
                Some(given) => others.push(given),
            }
        }
        while let Some((mut at, _)) = unfolding.next() {
            let (value, given) = op.on(at.value);
            // Whatever could take effect before what writes nothing could do so behind it.
            if given != answer || !writes_nothing(op, answer) {
                unfolding.expand(&at);
            }
            if given == answer {
                at.value = value;
                kept.push(at);
            } else {
                others.push(given);
            }
        }
        if kept.is_empty() {
            others.sort_unstable();
            others.dedup();
            let possible = others;
            return Err(Impossible { op, possible });
        }
        self.possible = kept;
        self.reduce();
        Ok(())
    }

    /// The client no longer waits. Its operation may take effect at any later time, or never.
    pub fn gives_up(&mut self, client: u8) {
        let op = self.no_longer_pending(client);
        for configuration in &mut self.possible {
            configuration.abandon(client, op);
        }
        self.reduce();
    }

    /// Leaves out what follows from something else.
    fn reduce(&mut self) {
        if self.possible.len() > 1 {
            let mut unfolding = Unfolding::new(&self.pending);
            for configuration in self.possible.drain(..) {
                unfolding.give(configuration);
            }
            self.possible = unfolding.sources();
        }
    }

    fn no_longer_pending(&mut self, client: u8) -> Op {
        let place = self.place(client);
        self.pending.remove(place.expect("a client that waits")).1
    }

    fn place(&self, client: u8) -> Result<usize, usize> {
        self.pending
            .binary_search_by_key(&client, |(client, _)| *client)
    }
}

/// What happens most often: there is nothing to choose.
fn settled(only: &mut Configuration, op: Op, answer: Answer) -> Result<(), Impossible> {
    let (value, given) = op.on(only.value);
    if given != answer {
        let possible = vec![given];
        return Err(Impossible { op, possible });
    }
    only.value = value;
    Ok(())
}

/// Whether an operation that gave this answer has left the value as it was.
fn writes_nothing(op: Op, answer: Answer) -> bool {
    op.never_writes() || answer == Answer::Swapped(false)
}
