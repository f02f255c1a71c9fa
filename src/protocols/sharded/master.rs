//! The master: it has the ring change, one change after the other (6.824, lab 4).

use super::{Epoch, Msg, Sharded, State, Storage, Timer};
use crate::model::{Id, NodeSet, Out, Start};
use serde::{Deserialize, Serialize};

/// All that the master knows, which is on its disk as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Master {
    pub epoch: Epoch,
    /// Those that have handed over, and got, all that they had to.
    pub done: NodeSet,
}

impl Sharded {
    pub(super) fn start_master(&self, start: Start<'_, Storage>, o: &mut Out<Self>) -> State {
        let master = match start.storage() {
            Some(Storage::Master(master)) => *master,
            _ => Master::default(),
        };
        self.goes_on(master, o);
        State::Master(master)
    }

    /// Those that are not done.
    pub(super) fn missing(&self, master: Master) -> NodeSet {
        self.participants(master.epoch).minus(master.done)
    }

    /// Whether a server has left, and nobody needs it any more.
    pub(super) fn has_left(&self, master: Master, server: Id) -> bool {
        let needed = self.members(master.epoch).union(self.missing(master));
        !needed.contains(server)
    }

    /// Waits for those that are not done, or to have the ring change again.
    fn goes_on(&self, master: Master, o: &mut Out<Self>) {
        let missing = self.missing(master);
        for server in missing.iter() {
            self.announces(master, server, o);
        }
        if missing.is_empty() && master.epoch < self.last_epoch() {
            o.set_timer(Timer::Change, self.params.change);
        }
    }

    fn announces(&self, master: Master, server: Id, o: &mut Out<Self>) {
        o.send(server, Msg::Configure(master.epoch));
        o.set_timer(Timer::Announce(server), self.params.resend);
    }

    pub(super) fn master_waits_no_longer(
        &self,
        master: &mut Master,
        timer: Timer,
        o: &mut Out<Self>,
    ) {
        match timer {
            Timer::Change => {
                master.epoch += 1;
                master.done = NodeSet::EMPTY;
                o.save(Storage::Master(*master));
                self.goes_on(*master, o);
            }
            Timer::Announce(server) => self.announces(*master, server, o),
            _ => {}
        }
    }

    pub(super) fn master_hears(&self, master: &mut Master, src: Id, msg: &Msg, o: &mut Out<Self>) {
        match *msg {
            // The next change begins when all are done, so that nobody ever hands over what it is still to get.
            Msg::Done(epoch) if epoch == master.epoch && self.missing(*master).contains(src) => {
                master.done.insert(src);
                o.save(Storage::Master(*master));
                o.cancel_timer(Timer::Announce(src));
                if self.missing(*master).is_empty() {
                    self.goes_on(*master, o);
                }
            }
            Msg::WhichEpoch => o.send(src, Msg::Epoch(master.epoch)),
            // It was done only when all that it had committed was acknowledged: this was aborted.
            Msg::Orphaned(txn, coordinator) if self.has_left(*master, coordinator) => {
                o.send(src, Msg::Abort(txn));
            }
            _ => {}
        }
    }
}
