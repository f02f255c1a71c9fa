//! Who owns which key, who coordinates what, and which attempt is whose.

use super::{Begun, Epoch, Operation, Sharded, Transaction};
use crate::model::cluster::index;
use crate::model::{Id, NodeSet};
use crate::protocols::transactions::Txn;

impl Sharded {
    pub(super) fn all(&self) -> NodeSet {
        let others = self.client_count() + usize::from(self.master().is_some());
        NodeSet::first(self.groups.nodes() + others)
    }

    pub(super) fn clients(&self) -> NodeSet {
        let all = NodeSet::first(self.groups.nodes() + self.client_count());
        all.minus(self.replicas())
    }

    fn client_count(&self) -> usize {
        self.params.clients.clients().into()
    }

    /// Who has the ring change, if it does.
    pub(super) fn master(&self) -> Option<Id> {
        let others = self.groups.nodes() + self.client_count();
        (self.last_epoch() > 0).then(|| Id::from(others))
    }

    pub(super) fn owners(&self, epoch: Epoch, transaction: &Transaction) -> NodeSet {
        let keys = transaction.keys();
        keys.map(|key| self.owner(epoch, key)).collect()
    }

    /// The owner of its first key: it has a part in it anyway.
    pub(super) fn coordinator_of(&self, epoch: Epoch, transaction: &Transaction) -> Id {
        self.owner(epoch, transaction.first_key())
    }

    /// What a transaction does at one owner.
    pub(super) fn operations_of(
        &self,
        epoch: Epoch,
        transaction: &Transaction,
        owner: Id,
    ) -> Vec<Operation> {
        let mut all = transaction.operations();
        all.retain(|operation| self.owner(epoch, operation.key()) == owner);
        all
    }

    /// The number of a client among the clients, from 0 on.
    fn number(&self, client: Id) -> usize {
        index(client) - self.groups.nodes()
    }

    /// How many transactions a client has.
    pub(super) fn workload_of(&self, client: Id) -> u32 {
        let number = u8::try_from(self.number(client)).expect("few clients");
        self.params.clients.commands_of(number)
    }

    /// What a client asks for that has asked for so many, if that is written down.
    pub(super) fn next_of(&self, client: Id, begun: u32) -> Option<Transaction> {
        let script = self.scripts.get(self.number(client))?;
        script.get(begun as usize).cloned()
    }

    /// The number of the next attempt: clients count in turn, so that no two have the same, and who asks earlier is
    /// older, roughly.
    pub(super) fn next_number(&self, client: Id, begun: Begun) -> Txn {
        let number = usize::from(begun.attempts) * self.client_count() + self.number(client) + 1;
        Txn(u16::try_from(number).expect("few attempts"))
    }

    /// The client whose attempt it is, by its number among them.
    pub(super) fn client_of(&self, txn: Txn) -> u8 {
        let number = (usize::from(txn.0) - 1) % self.client_count();
        u8::try_from(number).expect("few clients")
    }

    /// What all accounts have together as long as nobody puts anything.
    pub(super) fn total(&self) -> u64 {
        u64::from(self.params.balance) * self.accounts.len() as u64
    }

    pub(super) fn names(&self, set: NodeSet) -> String {
        let name = |id| {
            if let Some(name) = self.server_name(id) {
                name
            } else if self.master() == Some(id) {
                "M".to_owned()
            } else {
                format!("C{}", self.number(id) + 1)
            }
        };
        crate::model::cluster::enumerate(set.iter().map(name))
    }
}
