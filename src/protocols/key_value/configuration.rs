//! What may have happened to one key so far, and what else may have.

use std::borrow::Cow;
use std::collections::BTreeSet;

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
    /// The clients whose pending operation has taken effect, with its answer. Sorted.
    effective: Vec<(u8, Answer)>,
    /// Operations that nobody waits for and that may still take effect. Sorted; two that are equal
    /// cannot be told apart.
    abandoned: Vec<Op>,
}

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

    /// Whether steps lead here from another configuration, so that nothing can come of this one that
    /// could not come of the other.
    pub fn follows_from(&self, other: &Configuration, pending: &[(u8, Op)]) -> bool {
        let other = other.as_seen_from(self, pending);
        if !other.may_become(self) {
            return false;
        }
        let mut search = Search::new(pending);
        search.begin(other.into_owned());
        while let Some(found) = search.next() {
            let at = &found.configuration;
            if at.value == self.value && at.effective == self.effective {
                // What is abandoned there and not here was never to take effect.
                return true;
            }
            search.expand(&found, |next| next.may_become(self));
        }
        false
    }

    /// A pending write that has taken effect, beside an equal one that was abandoned and has not, can
    /// do all that it could if it were the other way round, and then some. So where it has *not* taken
    /// effect there, we take it that the other one has.
    fn as_seen_from(&self, there: &Configuration, pending: &[(u8, Op)]) -> Cow<'_, Self> {
        let mut here = Cow::Borrowed(self);
        for (client, op) in pending {
            if op.never_looks()
                && self.answer_to(*client).is_some()
                && there.answer_to(*client).is_none()
                && let Ok(spare) = here.abandoned.binary_search(op)
            {
                here.to_mut().abandoned.remove(spare);
                here.to_mut().forget(*client);
            }
        }
        here
    }

    /// Whether nothing has happened here that has not happened there.
    fn may_become(&self, there: &Configuration) -> bool {
        is_within(&self.effective, &there.effective) && is_within(&there.abandoned, &self.abandoned)
    }
}

/// Whether one sorted list is part of another, counting repetitions.
fn is_within<T: Ord>(part: &[T], whole: &[T]) -> bool {
    let mut whole = whole.iter();
    part.len() <= whole.len() && part.iter().all(|one| whole.any(|other| other == one))
}

/// A search along steps: each configuration once.
pub(super) struct Search<'a> {
    /// The operations that may take effect.
    pending: &'a [(u8, Op)],
    seen: BTreeSet<Found>,
    open: Vec<Found>,
}

/// A configuration that a search came to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    pub configuration: Configuration,
    /// An abandoned operation has just taken effect. Unless somebody looks at the value next, it
    /// might as well have done nothing: one that overwrites it is not worth trying. This keeps many
    /// abandoned operations from having effects in every order.
    pub is_unseen: bool,
}

impl<'a> Search<'a> {
    pub fn new(pending: &'a [(u8, Op)]) -> Self {
        let (seen, open) = (BTreeSet::new(), Vec::new());
        Search {
            pending,
            seen,
            open,
        }
    }

    pub fn begin(&mut self, configuration: Configuration) {
        self.open.push(Found {
            configuration,
            is_unseen: false,
        });
    }

    pub fn next(&mut self) -> Option<Found> {
        self.open.pop()
    }

    /// Goes on to all that one step leads to, of what is wanted.
    pub fn expand(&mut self, from: &Found, is_wanted: impl Fn(&Configuration) -> bool) {
        let at = &from.configuration;
        let mut meet = |configuration: Configuration, is_unseen: bool| {
            if is_wanted(&configuration) {
                let found = Found {
                    configuration,
                    is_unseen,
                };
                if self.seen.insert(found.clone()) {
                    self.open.push(found);
                }
            }
        };
        for (client, op) in self.pending {
            if let Err(place) = at.place(*client)
                && from.is_worth(*op)
            {
                meet(at.takes_effect(place, *client, *op), false);
            }
        }
        for (i, op) in at.abandoned.iter().enumerate() {
            let is_another = i == 0 || at.abandoned[i - 1] != *op;
            let (value, _) = op.on(at.value);
            if is_another && value != at.value && from.is_worth(*op) {
                meet(at.takes_late_effect(i), true);
            }
        }
    }
}

impl Found {
    /// Whether it makes a difference that this operation takes effect just here.
    pub fn is_worth(&self, op: Op) -> bool {
        !(self.is_unseen && op.never_looks())
    }
}
