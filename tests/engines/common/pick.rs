//! A protocol in which the environment chooses among nodes: at the start everybody but the first picks
//! one of the others, and pokes it.

use std::sync::Arc;

use jury::model::symmetry::unnamed;
use jury::model::{
    Actor, BadParameter, Cluster, Id, NodeSet, Observation, Out, Property, Protocol, Renaming,
    Start, Symmetry,
};

/// The number of nodes.
pub struct Pick(pub usize);

impl Pick {
    fn others(&self) -> NodeSet {
        NodeSet::first(self.0).without(Id::from(0))
    }
}

impl Actor for Pick {
    type Msg = ();
    type Timer = ();
    type State = u8;
    type Storage = ();
    type Choice = Id;
    type Observation = Observation;

    fn on_start(&self, id: Id, _: Start<'_, ()>, o: &mut Out<Self>) -> u8 {
        if self.others().contains(id) {
            let peers = self.others().without(id).iter();
            o.choose("peer", peers.collect());
        }
        0
    }

    fn on_message(&self, _: Id, state: &mut u8, _: Id, (): (), _: &mut Out<Self>) {
        *state += 1;
    }

    fn on_choice(&self, _: Id, _: &mut u8, peer: &Id, o: &mut Out<Self>) {
        o.send(*peer, ());
    }
}

impl Protocol for Pick {
    const NAME: &'static str = "pick";
    const ABOUT: &'static str = "Picks a peer.";
    const SOURCES: &'static [&'static str] = &[];

    type Params = ();
    type History = ();

    fn new((): &()) -> Result<Self, BadParameter> {
        Ok(Pick(4))
    }

    fn cluster(&self) -> Cluster {
        Cluster::new((0..self.0).map(|i| (format!("N{i}"), "node")))
    }

    fn symmetry(&self) -> Option<Symmetry<Self>> {
        Some(Symmetry {
            alike: vec![self.others()],
            state: Arc::new(unnamed),
            storage: Arc::new(unnamed),
            msg: Arc::new(unnamed),
            timer: Arc::new(unnamed),
            choice: Arc::new(|peer: &Id, by: &Renaming| by.id(*peer)),
            history: Arc::new(unnamed),
        })
    }

    fn properties(&self) -> Vec<Property<Self>> {
        Vec::new()
    }
}
