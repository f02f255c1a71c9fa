//! What handlers say of a transaction, and what they must have said.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Decision, PerTxn, Ruling, Txn, Vote};
use crate::model::{Actor, Observation, Observed, Out};

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

impl<A: Actor<Observation = Claim>> Observe for Out<A> {
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
        let is_said = |before: &Claim| matches!(before, Claim::Applied(known) if known == rule);
        if !self.observed().any(is_said) {
            self.observe(Claim::Applied(rule.into()));
        }
    }
}

/// What a record or a phase shows that its site must have claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owed {
    Locked,
    Decided(Decision),
}

/// What the records, or phases, of a site show that it must have claimed.
pub fn claims<T: Copy>(items: &PerTxn<T>, shows: fn(T) -> Option<Owed>) -> Vec<Claim> {
    let claim = |(txn, item): (Txn, &T)| {
        shows(*item).map(|owed| match owed {
            Owed::Locked => Claim::Locked(txn),
            Owed::Decided(decision) => Claim::Decided(txn, decision),
        })
    };
    items.iter().filter_map(claim).collect()
}
