//! What handlers say of a transaction, and what they must have said.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::{Decision, Ruling, Txn, Vote};
use crate::model::{Actor, Observation, Observed, Out, Protocol, Step};

/// What a site says of its step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Claim {
    /// The environment has settled its vote.
    Intends(Txn, Vote),
    Voted(Txn, Vote),
    Decided(Txn, Decision),
    Locked(Txn),
    Released(Txn),
    /// It applied a rule that has a name.
    Applied(Cow<'static, str>),
}

impl<A> Observed<A> for Claim {
    fn in_words(&self, _: &A) -> Observation {
        match self {
            Claim::Intends(txn, vote) => Observation::Intends {
                subject: (*txn).into(),
                value: vote.word().into(),
            },
            Claim::Voted(txn, vote) => Observation::Voted {
                subject: (*txn).into(),
                value: vote.word().into(),
            },
            Claim::Decided(txn, decision) => Observation::Decided {
                subject: (*txn).into(),
                value: decision.word().into(),
            },
            Claim::Locked(txn) => Observation::Locked {
                subject: (*txn).into(),
            },
            Claim::Released(txn) => Observation::Released {
                subject: (*txn).into(),
            },
            Claim::Applied(rule) => Observation::applied(rule.clone()),
        }
    }
}

/// How a handler says it. Each takes effect with the send or save in front of which it is said, or at the
/// end of the handler if none follows.
pub trait Observe {
    fn intends(&mut self, txn: Txn, vote: Vote);
    fn votes(&mut self, txn: Txn, vote: Vote);
    /// Gives the decision back, without the rule.
    fn decides(&mut self, txn: Txn, ruling: impl Into<Ruling>) -> Decision;
    fn locks(&mut self, txn: Txn);
    fn releases(&mut self, txn: Txn);
    /// Names a rule, once for a step: it may be applied to several transactions.
    fn applies(&mut self, rule: &'static str);
}

impl<A: Actor<Observation: From<Claim>>> Observe for Out<A> {
    fn intends(&mut self, txn: Txn, vote: Vote) {
        self.observe(Claim::Intends(txn, vote));
    }

    fn votes(&mut self, txn: Txn, vote: Vote) {
        self.observe(Claim::Voted(txn, vote));
    }

    fn decides(&mut self, txn: Txn, ruling: impl Into<Ruling>) -> Decision {
        let Ruling { decision, rule } = ruling.into();
        self.observe(Claim::Decided(txn, decision));
        if let Some(rule) = rule {
            self.applies(rule);
        }
        decision
    }

    fn locks(&mut self, txn: Txn) {
        self.observe(Claim::Locked(txn));
    }

    fn releases(&mut self, txn: Txn) {
        self.observe(Claim::Released(txn));
    }

    fn applies(&mut self, rule: &'static str) {
        let claim = A::Observation::from(Claim::Applied(rule.into()));
        if !self.observed().any(|before| *before == claim) {
            self.observe(claim);
        }
    }
}

/// What a record or a phase shows that its site must have claimed: a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown(u8);

impl Shown {
    pub const NOTHING: Self = Shown(0);
    pub const VOTED_YES: Self = Shown(1);
    pub const LOCKED: Self = Shown(2);
    pub const COMMITTED: Self = Shown(4);
    pub const ABORTED: Self = Shown(8);

    pub fn decided(decision: Decision) -> Self {
        match decision {
            Decision::Commit => Shown::COMMITTED,
            Decision::Abort => Shown::ABORTED,
        }
    }

    pub const fn and(self, other: Self) -> Self {
        Shown(self.0 | other.0)
    }

    fn minus(self, other: Self) -> Self {
        Shown(self.0 & !other.0)
    }

    fn claims(self, txn: Txn) -> impl Iterator<Item = Claim> {
        let claims = [
            (Shown::VOTED_YES, Claim::Voted(txn, Vote::Yes)),
            (Shown::LOCKED, Claim::Locked(txn)),
            (Shown::COMMITTED, Claim::Decided(txn, Decision::Commit)),
            (Shown::ABORTED, Claim::Decided(txn, Decision::Abort)),
        ];
        let claims = claims.into_iter();
        claims.filter_map(move |(one, claim)| (self.minus(one) != self).then_some(claim))
    }
}

/// What a step must have claimed of each transaction: what its site shows after it, remembered or
/// recorded, and did not show before.
pub fn claims<P: Protocol>(
    step: &Step<'_, P>,
    transactions: RangeInclusive<Txn>,
    remembered: impl Fn(&P::State, Txn) -> Shown,
    recorded: impl Fn(&P::Storage, Txn) -> Shown,
) -> impl Iterator<Item = Claim> {
    let [before, after] = step.contents();
    let shows = move |contents: (Option<&P::State>, Option<&P::Storage>), txn| {
        let remembered = contents.0.map(|state| remembered(state, txn));
        let recorded = contents.1.map(|storage| recorded(storage, txn));
        remembered
            .unwrap_or_default()
            .and(recorded.unwrap_or_default())
    };
    let new = transactions.map(move |txn| (txn, shows(after, txn).minus(shows(before, txn))));
    new.filter(|(_, shown)| *shown != Shown::NOTHING)
        .flat_map(|(txn, shown)| shown.claims(txn))
}
