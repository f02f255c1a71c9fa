//! Priorities that rarely change.
//!
//! - S. Burckhardt, P. Kothari, M. Musuvathi, S. Nagarakatte, *A Randomized Scheduler with Probabilistic Guarantees
//!   of Finding Bugs*, ASPLOS 2010: a bug that needs `d` events in a certain order is found with a known
//!   probability by a scheduler that keeps to priorities and changes one of them `d - 1` times.
//! - B. K. Ozkan, R. Majumdar, F. Niksic, M. Tabaei Befrouei, G. Weissenbacher, *Randomized Testing of Distributed
//!   Systems with Probabilistic Guarantees*, OOPSLA 2018: the same for messages, by chains instead of threads.
//!
//! Their change points are steps, drawn from as many as a run has. Here they belong to the n-th message or timer
//! of a kind at a node, so that they stay where they are when something is left out of a run; how many of those
//! are change points is drawn as well, since nobody knows how long a run will be. Faults are no chains: one
//! strikes at every other change point, if any is enabled. A timer that fires draws a priority anew, or it
//! would fire for ever.

use std::collections::BTreeMap;

use super::dice::least;
use super::{Act, Chooser, Offer};
use crate::model::Class;
use crate::sim::course::{Chance, Keyed};

/// The most change points of a run: bugs that need more events in order than one more are rare.
const CHANGES_MAX: u64 = 4;
/// One of so many messages and timers is a change point: two to the power of anything from 2 to so much.
const SPARSE_MAX: u64 = 6;

/// Draws by priorities.
pub struct Priorities {
    chance: Chance,
    /// By chain: the higher comes first.
    chains: BTreeMap<u64, u64>,
    /// How many change points are left.
    changes: u64,
    /// One of so many is one.
    sparse: u64,
    /// Below all that was drawn.
    lowest: u64,
}

impl Priorities {
    pub fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed, 0);
        let (changes, sparse) = (
            chance.word(Keyed::Depth, 0) % (CHANGES_MAX + 1),
            1 << (2 + chance.word(Keyed::Depth, 0) % (SPARSE_MAX - 1)),
        );
        Priorities {
            chance,
            chains: BTreeMap::new(),
            changes,
            sparse,
            lowest: CHANGES_MAX + 1,
        }
    }

    /// Drawn when it is met for the first time.
    fn priority(&mut self, chain: u64) -> u64 {
        if let Some(priority) = self.chains.get(&chain) {
            return *priority;
        }
        let drawn = self.drawn(chain);
        self.chains.insert(chain, drawn);
        drawn
    }

    fn drawn(&mut self, chain: u64) -> u64 {
        // Lower ones are for change points.
        self.chance
            .word(Keyed::Priority, chain)
            .max(CHANGES_MAX + 2)
    }

    /// The next event of the chain with the highest priority.
    fn highest(&mut self, offers: &[Offer]) -> Option<usize> {
        let goes_on = |offer: Offer| offer.class() != Class::Fault;
        let chains = offers.iter().filter(|offer| goes_on(**offer));
        let chains = chains.map(|offer| (self.priority(offer.chain()), offer.chain()));
        let (_, first) = chains.max()?;
        let of_it = |offer: Offer| goes_on(offer) && offer.chain() == first;
        least(&mut self.chance, offers, of_it)
    }

    /// Whether priorities change where this event would come.
    fn is_change_point(&mut self, offer: Offer) -> bool {
        self.changes > 0
            && matches!(offer.act, Act::Deliver | Act::Timeout)
            && self
                .chance
                .word(Keyed::ChangePoint, offer.place())
                .is_multiple_of(self.sparse)
    }
}

impl Chooser for Priorities {
    fn choose(&mut self, offers: &[Offer]) -> usize {
        while let Some(nth) = self.highest(offers) {
            let offer = offers[nth];
            if self.is_change_point(offer) {
                self.changes -= 1;
                let strikes = self.chance.word(Keyed::Depth, 1) & 1 == 1;
                let fault = |offer: Offer| strikes && offer.class() == Class::Fault;
                if let Some(fault) = least(&mut self.chance, offers, fault) {
                    return fault;
                }
                self.lowest -= 1;
                self.chains.insert(offer.chain(), self.lowest);
                continue;
            }
            if offer.act == Act::Timeout {
                let anew = self.drawn(offer.chain());
                self.chains.insert(offer.chain(), anew);
            }
            return nth;
        }
        // Nothing but faults is enabled.
        least(&mut self.chance, offers, |_| true).expect("there is at least one")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Id;

    fn deliver(src: usize, dst: usize) -> Offer {
        Offer::new(Act::Deliver, Id::from(src), Id::from(dst), 0)
    }

    fn crash(id: usize) -> Offer {
        Offer::new(Act::Crash, Id::from(id), Id::from(id), 0)
    }

    /// Two links that always have a message, and a node that may crash.
    fn chosen(seed: u64) -> Vec<usize> {
        let offers = [deliver(0, 1), deliver(1, 0), crash(0)];
        let mut priorities = Priorities::new(seed);
        (0..1_000).map(|_| priorities.choose(&offers)).collect()
    }

    #[test]
    fn whoever_has_priority_keeps_it_until_one_of_few_changes() {
        let (mut changed, mut struck) = ([0; 8], 0);
        for seed in 0..300 {
            let chosen = chosen(seed);
            let crashes = chosen.iter().filter(|nth| **nth == 2).count();
            let chains: Vec<usize> = chosen.into_iter().filter(|nth| *nth != 2).collect();
            let turns = chains.windows(2).filter(|pair| pair[0] != pair[1]).count();
            changed[turns + crashes] += 1;
            struck += crashes;
        }
        assert!(struck > 100, "faults come in at every other change");
        let most = usize::try_from(CHANGES_MAX).unwrap();
        assert!(
            changed[..=most].iter().all(|seeds| *seeds > 10),
            "{changed:?}"
        );
        assert!(
            changed[most + 1..].iter().all(|seeds| *seeds == 0),
            "{changed:?}"
        );
    }

    #[test]
    fn each_of_the_two_has_priority_for_half_of_the_seeds() {
        let first = (0..400).filter(|seed| chosen(*seed)[0] == 0).count();
        assert!((120..280).contains(&first), "{first}");
    }

    #[test]
    fn a_timer_does_not_fire_for_ever_while_a_message_waits() {
        let timer = Offer::new(Act::Timeout, Id::from(0), Id::from(0), 0);
        let offers = [timer, deliver(0, 1)];
        for seed in 0..100 {
            let mut priorities = Priorities::new(seed);
            let delivered = (0..1_000).any(|_| priorities.choose(&offers) == 1);
            assert!(delivered, "seed {seed}");
        }
    }

    #[test]
    fn where_only_a_fault_can_happen_it_does() {
        assert_eq!(Priorities::new(1).choose(&[crash(0)]), 0);
    }
}
