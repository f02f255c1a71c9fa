//! Which messages are dead, as far as it was looked up, and what is left of channels without them.
//!
//! What is left of a channel is remembered by the channel and by which messages are dead.

use std::sync::Arc;

use super::Prospect;
use crate::check::fast::store::books::NodeBook;
use crate::check::fast::store::memo::Memo;
use crate::check::intern::{NONE, Number};
use crate::model::promise::Promise;
use crate::model::{Id, Protocol};

/// Which messages are dead, by the numbers of a worker.
pub struct Dead<P: Protocol> {
    prospects: Arc<[Prospect<P>]>,
    /// For each node and each of its parts, the set of its dead messages, or none if it was not
    /// looked up yet.
    classes: Vec<Vec<Number>>,
    /// For each link, from a channel and such a set to what is left.
    pub left: Vec<Memo>,
}

impl<P: Protocol> Dead<P> {
    pub fn new(prospects: Arc<[Prospect<P>]>) -> Self {
        let nodes = prospects.len();
        Dead {
            classes: vec![Vec::new(); nodes],
            left: (0..nodes * nodes).map(|_| Memo::default()).collect(),
            prospects,
        }
    }

    pub fn for_another(&self) -> Self {
        Dead::new(Arc::clone(&self.prospects))
    }

    /// The set of the messages that are dead for a node that is this part, by its number.
    pub fn class(&mut self, node: usize, part: Number, book: &NodeBook<P>) -> Number {
        let classes = &mut self.classes[node];
        let known = classes.len().max(part as usize + 1);
        classes.resize(known, NONE);
        let class = &mut classes[part as usize];
        if *class == NONE {
            let foreseen = self.prospects[node].class(book.values.get(part));
            *class = foreseen.unwrap_or_else(|| impure());
        }
        *class
    }

    /// Whether a message to a node is in one of these sets.
    pub fn is_dead(&self, node: usize, class: Number, src: Id, msg: &P::Msg) -> bool {
        let foreseen = self.prospects[node].is_dead(class, src, msg);
        foreseen.unwrap_or_else(|| impure())
    }

    pub fn bytes(&self) -> usize {
        let classes: usize = self.classes.iter().map(Vec::capacity).sum();
        let left: usize = self.left.iter().map(Memo::bytes).sum();
        classes * size_of::<Number>() + left
    }
}

/// Complains that what was found out before the search turns out otherwise in it.
fn impure() -> ! {
    let message = "a handler is not pure: asked a second time, it answered otherwise";
    Promise::Pure.complain(message.to_owned())
}
