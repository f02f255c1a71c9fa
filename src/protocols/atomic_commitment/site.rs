//! One site's part in one transaction, behind [`Actor`]: for protocols whose sites keep a phase of each
//! transaction and nothing else.

use std::ops::RangeInclusive;

use super::{PerTxn, Txn};
use crate::model::{Actor, Id, Out, Start};

/// A protocol of such sites.
pub trait Sites:
    Actor<State = PerTxn<<Self as Sites>::Phase>, Storage = PerTxn<<Self as Sites>::Record>>
{
    /// A site's part in one transaction, while it is up.
    type Phase: Copy + Default;
    /// What of it survives a crash.
    type Record: Copy + Default;

    fn transactions(&self) -> RangeInclusive<Txn>;

    /// What of a phase belongs on disk.
    fn record(&self, phase: Self::Phase) -> Self::Record;

    /// Where a site is that comes back with this record, and has not looked further.
    fn restored(record: Self::Record) -> Self::Phase;

    fn site<'a>(
        &'a self,
        id: Id,
        txn: Txn,
        phases: &'a mut Self::State,
        o: &'a mut Out<Self>,
    ) -> Site<'a, Self> {
        Site {
            protocol: self,
            id,
            txn,
            phases,
            o,
        }
    }

    /// A first start, or recovery from what is on disk, if anything is: in each transaction by itself. `begin`
    /// is given the record where it is a recovery.
    fn starts(
        &self,
        id: Id,
        start: Start<'_, Self::Storage>,
        o: &mut Out<Self>,
        begin: impl Fn(Site<'_, Self>, Option<Self::Record>),
    ) -> Self::State {
        let nothing = PerTxn::new(*self.transactions().end());
        let records = start.storage().copied().unwrap_or(nothing);
        let mut phases = records.map(Self::restored);
        for txn in self.transactions() {
            let record = match start {
                Start::First => None,
                Start::Again(_) => Some(records[txn]),
            };
            begin(self.site(id, txn, &mut phases, o), record);
        }
        phases
    }
}

/// One site's part in one transaction, while one of its handlers runs.
pub struct Site<'a, P: Sites> {
    pub protocol: &'a P,
    pub id: Id,
    pub txn: Txn,
    pub o: &'a mut Out<P>,
    phases: &'a mut P::State,
}

impl<P: Sites> Site<'_, P> {
    pub fn phase(&self) -> P::Phase {
        self.phases[self.txn]
    }

    pub fn is_now(&mut self, phase: P::Phase) {
        self.phases[self.txn] = phase;
    }

    /// Forces where it stands.
    pub fn save(&mut self) {
        let records = self.phases.map(|phase| self.protocol.record(phase));
        self.o.save(records);
    }
}
