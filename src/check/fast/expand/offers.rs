//! What may happen on a link or by the timers of a node, remembered; and what it does.
//!
//! The relation says what events come from somewhere (`Carrier::offer_from`): they depend on the
//! parts there and on the terms. So the list of them is remembered by these numbers, without what is
//! left out. When such an event is applied for the first time, what the relation has the carrier do is
//! noted down, on a tape; from then on the tape is played. The relation alone decides what is on it.
//!
//! Invariant: a tape does what the relation does. What becomes of the parts that an event comes from is
//! on it as a number, since they are the same each time; what is done to other parts is on it as a
//! change, since they may be others. While a cut lasts, tapes are neither noted down nor played: the
//! globals are not among the parts that they go by, and messages that are cut off are not sent.

use super::cursor::Cursor;
use crate::check::fast::store::books::{NONE, Numbers, Piece, Pieces, number};
use crate::check::fast::store::intern::Number;
use crate::check::fast::store::memo::Memo;
use crate::model::cluster::index;
use crate::model::globals::GlobalsChange;
use crate::model::network::{ChannelChange, Fate};
use crate::model::world::{Source, Terms};
use crate::model::{Bound, Enabled, Event, Id, Link, Protocol, System};

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
struct Offer {
    event: Event<Numbers>,
    tape: Option<Piece>,
}

/// The events that come from somewhere, and the bounds that withhold others.
struct List {
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
    known: Vec<Memo>,
    lists: Vec<List>,
    all: Vec<Offer>,
    tapes: Pieces<Move>,
    /// For each event that is enabled where the cursor stands, which offer it is, if it is one.
    enabled: Vec<Number>,
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
    fn begin(&mut self) {
        if self.all.len() > self.most {
            *self = Offers::new(self.nodes, self.most);
        }
        self.enabled.clear();
    }

    fn keep(&mut self, fresh: Enabled<Numbers>) -> Number {
        let first = number(self.all.len());
        let offer = |event| Offer { event, tape: None };
        self.all.extend(fresh.events.into_iter().map(offer));
        self.lists.push(List {
            first,
            end: number(self.all.len()),
            withheld: fresh.withheld.into_iter().collect(),
            crowded: fresh.crowded,
        });
        number(self.lists.len() - 1)
    }

    /// Whether a list holds what was offered.
    fn is_what_was(&self, list: Number, offered: &Enabled<Numbers>) -> bool {
        let list = &self.lists[list as usize];
        let offers = &self.all[list.first as usize..list.end as usize];
        let events = offers.iter().map(|offer| &offer.event);
        let is_as_open = list.withheld.iter().eq(&offered.withheld);
        events.eq(&offered.events) && is_as_open && list.crowded == offered.crowded
    }

    #[inline]
    fn offer(&mut self, list: Number, enabled: &mut Enabled<Numbers>) {
        let list = &self.lists[list as usize];
        // Before these come events that are no offers.
        self.enabled.resize(enabled.events.len(), NONE);
        self.enabled.extend(list.first..list.end);
        let offers = &self.all[list.first as usize..list.end as usize];
        let events = offers.iter().map(|offer| offer.event.clone());
        enabled.events.extend(events);
        enabled.withheld.extend(&list.withheld);
        enabled.crowded |= list.crowded;
    }

    pub fn bytes(&self) -> usize {
        let known: usize = self.known.iter().map(Memo::bytes).sum();
        let lists = self.lists.capacity() * size_of::<List>();
        known + lists + self.all.capacity() * size_of::<Offer>() + self.tapes.bytes()
    }
}

impl<P: Protocol> Cursor<P> {
    /// The events enabled in the world just loaded that are not left out.
    #[inline]
    pub fn enable(&mut self, system: &System<P>, enabled: &mut Enabled<Numbers>) {
        self.offers.begin();
        system.enable(self, enabled);
        self.offers.enabled.resize(enabled.events.len(), NONE);
    }

    /// Offers what is known to come from these parts on these terms, or what the relation offers.
    #[inline]
    pub fn offer_what_is_known(
        &mut self,
        source: Source,
        terms: Terms,
        enabled: &mut Enabled<Numbers>,
        relation: impl FnOnce(&mut Self, &mut Enabled<Numbers>),
    ) {
        let nodes = self.books().nodes;
        let (place, channel, node) = match source {
            Source::Link(link) => {
                let at = self.books().at_link(link);
                (at, self.parts[nodes + at], self.parts[index(link.dst)])
            }
            Source::Timers(id) => (nodes * nodes + index(id), 0, self.parts[index(id)]),
        };
        // Numbers have 30 bits.
        let question = u64::from(channel) << 34 | u64::from(node) << 3 | bits(terms);
        let known = self.offers.known[place].get(question);
        let list = match known {
            Some(list) if !self.is_in_doubt() => list,
            _ => {
                let mut fresh = Enabled::default();
                relation(self, &mut fresh);
                self.leave_out(&mut fresh);
                debug_assert!(!fresh.repair_withheld && fresh.held_back == 0);
                if let Some(known) = known {
                    let is_same = self.offers.is_what_was(known, &fresh);
                    assert!(
                        is_same,
                        "other events come from {source:?} than are remembered"
                    );
                    known
                } else {
                    let list = self.offers.keep(fresh);
                    self.offers.known[place].put(question, list);
                    list
                }
            }
        };
        self.offers.offer(list, enabled);
    }

    /// Applies the n-th of the enabled events; whether a send was absorbed in it.
    #[inline]
    pub fn apply(&mut self, system: &System<P>, enabled: &Enabled<Numbers>, nth: usize) -> bool {
        let offer = self.offers.enabled[nth];
        if offer == NONE || self.some_cut_lasts() {
            return absorbs(&system.apply(self, &enabled.events[nth]).unsent);
        }
        if let Some(tape) = self.offers.all[offer as usize].tape {
            if !self.is_in_doubt() {
                return self.play(tape);
            }
            let absorbed = absorbs(&system.apply(self, &enabled.events[nth]).unsent);
            let parts = self.parts.clone();
            self.undo();
            let is_same = self.play(tape) == absorbed && self.parts == parts;
            assert!(
                is_same,
                "{:?} is not what is on its tape",
                enabled.events[nth]
            );
            return absorbed;
        }
        self.offers.recorded = Some(Vec::new());
        let absorbed = absorbs(&system.apply(self, &enabled.events[nth]).unsent);
        let recorded = self.offers.recorded.take().unwrap_or_default();
        let tape = self.offers.tapes.add(recorded);
        self.offers.all[offer as usize].tape = Some(tape);
        absorbed
    }

    /// Does what is on a tape; whether a send was absorbed.
    #[inline]
    fn play(&mut self, tape: Piece) -> bool {
        let mut absorbed = false;
        let mut nth = 0;
        while let Some(what) = self.offers.tapes.get(tape, nth) {
            nth += 1;
            match what {
                Move::Becomes { part, now } => self.set(part as usize, now),
                Move::Sends { link, msg } => {
                    let fate = self.change_on(link, &ChannelChange::Send(&msg));
                    absorbed |= fate == Fate::Absorbed;
                }
                Move::Observes { id, observed } => self.observe(id, observed),
                Move::Crashes(id) => self.change_all(&GlobalsChange::Crash(id)),
                Move::TimesOut => self.change_all(&GlobalsChange::Timeout),
                Move::Loses(link) => self.change_all(&GlobalsChange::Drop(link)),
                Move::Duplicates => self.change_all(&GlobalsChange::Duplicate),
            }
        }
        absorbed
    }

    /// Notes down what is done, if a tape is being recorded.
    #[inline]
    pub fn record_move(&mut self, what: impl FnOnce() -> Move) {
        if let Some(recorded) = &mut self.offers.recorded {
            recorded.push(what());
        }
    }

    /// Notes down what became of a part that the event comes from.
    #[inline]
    pub fn record_part(&mut self, part: usize) {
        let now = self.parts[part];
        let part = number(part);
        self.record_move(|| Move::Becomes { part, now });
    }
}

fn bits(terms: Terms) -> u64 {
    let Terms {
        crashes,
        drops,
        duplicates,
    } = terms;
    [crashes, drops, duplicates]
        .into_iter()
        .fold(0, |bits, term| bits << 1 | u64::from(term))
}

fn absorbs(unsent: &[(usize, Fate)]) -> bool {
    unsent.iter().any(|(_, fate)| *fate == Fate::Absorbed)
}
