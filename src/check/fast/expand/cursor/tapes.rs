//! What the cursor remembers of events that come from links and timers, and how it applies them.
//!
//! When such an event is applied for the first time, what the relation has the carrier do is noted down, on
//! a tape; from then on the tape is played. The relation alone decides what is on it.
//!
//! Invariant: a tape does what the relation does. What becomes of the parts that an event comes from is
//! on it as a number, since they are the same each time; what is done to other parts is on it as a
//! change, since they may be others. While a cut lasts, tapes are neither noted down nor played: the
//! globals are not among the parts that they go by, and messages that are cut off are not sent.

use super::Cursor;
use crate::check::fast::expand::offers::Move;
use crate::check::fast::store::books::Numbers;
use crate::check::fast::store::pieces::Piece;
use crate::check::intern::{NONE, number};
use crate::model::cluster::index;
use crate::model::globals::GlobalsChange;
use crate::model::network::{ChannelChange, Fate};
use crate::model::world::{Source, Terms};
use crate::model::{Enabled, Protocol, System};

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
        relation: &dyn Fn(&mut Self, &mut Enabled<Numbers>),
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
            Some(known) => {
                let fresh = self.what_the_relation_offers(relation);
                let is_same = self.offers.is_what_was(known, &fresh);
                assert!(
                    is_same,
                    "other events come from {source:?} than are remembered"
                );
                known
            }
            None => {
                let fresh = self.what_the_relation_offers(relation);
                let list = self.offers.keep(fresh);
                self.offers.known[place].put(question, list);
                list
            }
        };
        self.offers.offer(list, enabled);
    }

    #[cold]
    fn what_the_relation_offers(
        &mut self,
        relation: &dyn Fn(&mut Self, &mut Enabled<Numbers>),
    ) -> Enabled<Numbers> {
        let mut fresh = Enabled::default();
        relation(self, &mut fresh);
        self.leave_out(&mut fresh);
        debug_assert!(!fresh.repair_withheld && fresh.held_back == 0);
        fresh
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
