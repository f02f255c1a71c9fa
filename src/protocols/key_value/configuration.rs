//! What may have happened to one key so far, and what else may have.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Answer, Op};

/// One of the ways in which things may stand with a key: an order of operations leads here in which
/// everybody was told the truth. What has returned is part of the value and otherwise forgotten.
///
/// A *step* leads from one configuration to another: a pending operation takes effect; or one that
/// was abandoned does, or never will, and is forgotten. Every step uses something up, so steps never
/// lead back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Configuration {
    pub value: u32,
    effective: Effective,
    abandoned: Abandoned,
}

/// The clients whose pending operation has taken effect, with its answer. Sorted.
type Effective = Vec<(u8, Answer)>;

/// Operations that nobody waits for and that may still take effect. Sorted; two that are equal cannot
/// be told apart.
type Abandoned = Vec<Op>;

impl Configuration {
    /// Whether what comes next depends on the value alone.
    pub fn is_settled(&self) -> bool {
        self.effective.is_empty() && self.abandoned.is_empty()
    }

    /// The answer to a client's pending operation, if it has taken effect.
    pub fn answer_to(&self, client: u8) -> Option<Answer> {
        let place = self.place(client).ok()?;
        Some(self.effective[place].1)
    }

    /// The effect of a client's operation is part of the value: it need not be known any longer.
    pub fn forget(&mut self, client: u8) {
        if let Ok(place) = self.place(client) {
            self.effective.remove(place);
        }
    }

    /// A client stops waiting for its pending operation. What never writes leaves no trace.
    pub fn abandon(&mut self, client: u8, op: Op) {
        if self.answer_to(client).is_some() {
            self.forget(client);
        } else if !op.never_writes() {
            let place = self.abandoned.partition_point(|other| *other < op);
            self.abandoned.insert(place, op);
        }
    }

    fn place(&self, client: u8) -> Result<usize, usize> {
        self.effective
            .binary_search_by_key(&client, |(client, _)| *client)
    }

    /// A pending operation takes effect.
    fn takes_effect(&self, place: usize, client: u8, op: Op) -> Self {
        let (value, answer) = op.on(self.value);
        let mut next = self.clone();
        next.value = value;
        next.effective.insert(place, (client, answer));
        next
    }

    /// An abandoned operation takes effect, of which nothing is left but the value.
    fn takes_late_effect(&self, i: usize) -> Self {
        let mut next = self.clone();
        (next.value, _) = next.abandoned.remove(i).on(self.value);
        next
    }

    /// What one step leads to.
    fn steps(&self, pending: &[(u8, Op)], mut meet: impl FnMut(Configuration)) {
        for (client, op) in pending {
            if let Err(place) = self.place(*client) {
                meet(self.takes_effect(place, *client, *op));
            }
        }
        for (i, op) in self.abandoned.iter().enumerate() {
            let is_another = i == 0 || self.abandoned[i - 1] != *op;
            let (value, _) = op.on(self.value);
            if is_another && value != self.value {
                meet(self.takes_late_effect(i));
            }
        }
    }

    /// A pending write that has taken effect, beside an equal one that was abandoned and has not, can
    /// do all that it could if it were the other way round, and then some.
    fn exchanges(&self, pending: &[(u8, Op)], mut meet: impl FnMut(Configuration)) {
        for (client, op) in pending {
            if op.never_looks()
                && self.answer_to(*client).is_some()
                && let Ok(spare) = self.abandoned.binary_search(op)
            {
                let mut other = self.clone();
                other.abandoned.remove(spare);
                other.forget(*client);
                meet(other);
            }
        }
    }
}

/// Whether one sorted list is part of another, counting repetitions.
fn is_within<T: Ord>(part: &[T], whole: &[T]) -> bool {
    let mut whole = whole.iter();
    part.len() <= whole.len() && part.iter().all(|one| whole.any(|other| other == one))
}

/// All that some given configurations lead to: each once, and before those that it leads to itself.
///
/// One is left out if it is like another that came before, only that fewer abandoned operations may
/// still take effect: nothing can come of it that could not come of the other.
pub(super) struct Unfolding<'a> {
    pending: &'a [(u8, Op)],
    open: BTreeSet<Priority>,
    /// What was abandoned, for each value and what was effective with it.
    met: BTreeMap<(u32, Effective), Vec<Abandoned>>,
    /// How many of those that are open were given.
    given: usize,
}

/// A place in the order: a step uses up an abandoned operation, or else one more is effective.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Priority {
    abandoned: Reverse<usize>,
    effective: usize,
    /// Whether it was given: it comes last, so that it is left out if something leads to it.
    is_given: bool,
    configuration: Configuration,
}

impl<'a> Unfolding<'a> {
    pub fn new(pending: &'a [(u8, Op)]) -> Self {
        Unfolding {
            pending,
            open: BTreeSet::new(),
            met: BTreeMap::new(),
            given: 0,
        }
    }

    pub fn give(&mut self, configuration: Configuration) {
        if self.open.insert(Priority::of(configuration, true)) {
            self.given += 1;
        }
    }

    /// The next, and whether it was given.
    pub fn next(&mut self) -> Option<(Configuration, bool)> {
        while let Some(place) = self.open.pop_first() {
            let Priority {
                configuration: next,
                is_given,
                ..
            } = place;
            self.given -= usize::from(is_given);
            let like = (next.value, next.effective.clone());
            let met = self.met.entry(like).or_default();
            if !met.iter().any(|more| is_within(&next.abandoned, more)) {
                met.push(next.abandoned.clone());
                return Some((next, is_given));
            }
        }
        None
    }

    /// Goes on to what one step leads to.
    pub fn expand(&mut self, from: &Configuration) {
        from.steps(self.pending, |next| {
            self.open.insert(Priority::of(next, false));
        });
    }

    /// Those of the given ones that do not follow from another.
    pub fn sources(mut self) -> Vec<Configuration> {
        let mut sources = Vec::new();
        while self.given > 0
            && let Some((next, is_given)) = self.next()
        {
            self.expand(&next);
            next.exchanges(self.pending, |other| {
                self.open.insert(Priority::of(other, false));
            });
            if is_given {
                sources.push(next);
            }
        }
        sources.sort_unstable();
        sources
    }
}

impl Priority {
    fn of(configuration: Configuration, is_given: bool) -> Self {
        Priority {
            abandoned: Reverse(configuration.abandoned.len()),
            effective: configuration.effective.len(),
            is_given,
            configuration,
        }
    }
}
