//! What may happen on a link or by the timers of a node, as it is remembered: lists of events by the parts
//! there, and for each event what it does.
//!
//! The relation says what events come from somewhere (`Carrier::offer_from`): they depend on the
//! parts there and on the terms. So the list of them is remembered by these numbers, without what is
//! left out. How the lists are asked for, and tapes noted down and played, is the cursor's business
//! (`cursor::tapes`).

use crate::check::fast::store::books::Numbers;
use crate::check::fast::store::memo::Memo;
use crate::check::fast::store::pieces::{Piece, Pieces};
use crate::check::intern::{NONE, Number, number};
use crate::model::globals::GlobalsChange;
use crate::model::{Bound, Enabled, Event, Id, Link};

/// Something that the relation has the carrier do.
#[derive(Clone, Copy)]
pub enum Move {
    /// A part that the event comes from becomes this one.
    Becomes {
        part: u32,
        now: Number,
    },
    /// A message is put in flight.
    Sends {
        link: Link,
        msg: Number,
    },
    /// Something is observed of a node.
    Observes {
        id: Id,
        observed: Number,
    },
    Crashes(Id),
    TimesOut,
    Loses(Link),
    Duplicates,
}

impl Move {
    /// The change of globals as a move; none for those of events that come from neither a link nor a
    /// timer.
    pub fn of_globals(change: &GlobalsChange<'_, Number>) -> Option<Self> {
        match change {
            GlobalsChange::Crash(id) => Some(Move::Crashes(*id)),
            GlobalsChange::Timeout => Some(Move::TimesOut),
            GlobalsChange::Drop(link) => Some(Move::Loses(*link)),
            GlobalsChange::Duplicate => Some(Move::Duplicates),
            GlobalsChange::Cut(_) | GlobalsChange::Heal(_) | GlobalsChange::Recover => None,
        }
    }
}

/// An event that may come from somewhere, and its tape once it was applied.
pub struct Offer {
    event: Event<Numbers>,
    pub tape: Option<Piece>,
}

/// The events that come from somewhere, and the bounds that withhold others.
struct OfferList {
    first: Number,
    end: Number,
    withheld: Vec<Bound>,
    crowded: bool,
}

/// What was offered lately.
pub struct Offers {
    nodes: usize,
    /// Where more are known than this, all are forgotten: where each world has parts of its own there
    /// is little to gain by more.
    most: usize,
    /// For each link and behind these for each node: from parts and terms to the list.
    pub known: Vec<Memo>,
    lists: Vec<OfferList>,
    pub all: Vec<Offer>,
    pub tapes: Pieces<Move>,
    /// For each event that is enabled where the cursor stands, which offer it is, if it is one.
    pub enabled: Vec<Number>,
    /// The tape that is being recorded.
    pub recorded: Option<Vec<Move>>,
}

impl Offers {
    pub fn new(nodes: usize, most: usize) -> Self {
        let places = nodes * nodes + nodes;
        Offers {
            nodes,
            most,
            known: (0..places).map(|_| Memo::default()).collect(),
            lists: Vec::new(),
            all: Vec::new(),
            tapes: Pieces::default(),
            enabled: Vec::new(),
            recorded: None,
        }
    }

    /// The same, for another worker. It knows nothing yet.
    pub fn for_another(&self) -> Self {
        Offers::new(self.nodes, self.most)
    }

    /// Begins with the events of another world.
    #[inline]
    pub fn begin(&mut self) {
        if self.all.len() > self.most {
            *self = Offers::new(self.nodes, self.most);
        }
        self.enabled.clear();
    }

    /// Remembers what comes from somewhere; by which number.
    pub fn keep(&mut self, fresh: Enabled<Numbers>) -> Number {
        let first = number(self.all.len());
        let offer = |event| Offer { event, tape: None };
        self.all.extend(fresh.events.into_iter().map(offer));
        self.lists.push(OfferList {
            first,
            end: number(self.all.len()),
            withheld: fresh.withheld.into_iter().collect(),
            crowded: fresh.crowded,
        });
        number(self.lists.len() - 1)
    }

    /// Whether a list holds what was offered.
    pub fn is_what_was(&self, list: Number, offered: &Enabled<Numbers>) -> bool {
        let list = &self.lists[list as usize];
        let offers = &self.all[list.first as usize..list.end as usize];
        let events = offers.iter().map(|offer| &offer.event);
        let is_as_open = list.withheld.iter().eq(&offered.withheld);
        events.eq(&offered.events) && is_as_open && list.crowded == offered.crowded
    }

    /// Offers the events of a list.
    #[inline]
    pub fn offer(&mut self, list: Number, enabled: &mut Enabled<Numbers>) {
        let list = &self.lists[list as usize];
        // Before these come events that are no offers.
        self.enabled.resize(enabled.events.len(), NONE);
        self.enabled.extend(list.first..list.end);
        let offers = &self.all[list.first as usize..list.end as usize];
        let events = offers.iter().map(|offer| offer.event.clone());
        enabled.events.extend(events);
        for bound in &list.withheld {
            enabled.withheld.insert(*bound);
        }
        enabled.crowded |= list.crowded;
    }

    pub fn bytes(&self) -> usize {
        let known: usize = self.known.iter().map(Memo::bytes).sum();
        let lists = self.lists.capacity() * size_of::<OfferList>();
        known + lists + self.all.capacity() * size_of::<Offer>() + self.tapes.bytes()
    }
}
