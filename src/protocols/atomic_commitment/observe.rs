//! What handlers say of a transaction, and what they must have said.

use super::{Decision, PerTxn, Ruling, Txn, Vote};
use crate::model::{Actor, Observation, Out};

/// What a handler says that its step means. Each takes effect with the send or save in front of which
/// it is said.
pub trait Observe {
    /// The environment has settled its vote.
    fn intends(&mut self, txn: Txn, vote: Vote);
    fn votes(&mut self, txn: Txn, vote: Vote);
    /// Gives the decision back, without the rule.
    fn decides(&mut self, txn: Txn, ruling: impl Into<Ruling>) -> Decision;
    fn locks(&mut self, txn: Txn);
    fn releases(&mut self, txn: Txn);
    /// Names a rule, once for a step: it may be applied to several transactions.
    fn applies(&mut self, rule: &'static str);
}

impl<A: Actor<Observation = Observation>> Observe for Out<A> {
    fn intends(&mut self, txn: Txn, vote: Vote) {
        let (subject, value) = (txn.into(), vote.word().into());
        self.observe(Observation::Intends { subject, value });
    }

    fn votes(&mut self, txn: Txn, vote: Vote) {
        let (subject, value) = (txn.into(), vote.word().into());
        self.observe(Observation::Voted { subject, value });
    }

    fn decides(&mut self, txn: Txn, ruling: impl Into<Ruling>) -> Decision {
        let Ruling { decision, rule } = ruling.into();
        self.observe(Claim::Decided(decision).of(txn));
        if let Some(rule) = rule {
            self.applies(rule);
        }
        decision
    }

    fn locks(&mut self, txn: Txn) {
        self.observe(Claim::Locked.of(txn));
    }

    fn releases(&mut self, txn: Txn) {
        let subject = txn.into();
        self.observe(Observation::Released { subject });
    }

    fn applies(&mut self, rule: &'static str) {
        let applied = Observation::applied(rule);
        if !self.observed().any(|before| *before == applied) {
            self.observe(applied);
        }
    }
}

/// What a record or a phase shows that its site must have observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    Locked,
    Decided(Decision),
}

impl Claim {
    fn of(self, txn: Txn) -> Observation {
        let subject = txn.into();
        match self {
            Claim::Locked => Observation::Locked { subject },
            Claim::Decided(decision) => Observation::Decided {
                subject,
                value: decision.word().into(),
            },
        }
    }
}

/// What the records, or phases, of a site show that it must have observed.
pub fn claims<T: Copy>(items: &PerTxn<T>, shows: fn(T) -> Option<Claim>) -> Vec<Observation> {
    let claim = |(txn, item): (Txn, &T)| Some(shows(*item)?.of(txn));
    items.iter().filter_map(claim).collect()
}
