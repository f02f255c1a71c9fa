//! All that is enabled is equally likely, or nearly.

use super::{Act, Chooser, Offer};
use crate::model::Class;
use crate::sim::course::{Chance, Keyed};

/// Faults take part in a draw once in so many times: two to the power of anything from 0 to this.
const RARE_FAULTS: u64 = 7;
/// So do timers.
const RARE_TIMEOUTS: u64 = 5;

/// Draws evenly: the event with the least word comes, where each has the next one of its own place. (What TLC calls
/// simulation, with draws that stay where they are when an event is left out of a run.)
///
/// Of ten events that are enabled five may be faults, and a run that spends its budgets on the first of them never comes
/// to what it takes for a fault to do harm. So each seed draws how seldom faults take part, and how seldom timers, from
/// always to hardly ever: some walks are TLC's, others are nearly without.
pub struct Dice {
    chance: Chance,
    /// One in so many offers of each takes part.
    faults: u64,
    timeouts: u64,
}

impl Dice {
    pub fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed, 0);
        let mut rare = |most| 1_u64 << (chance.word(Keyed::Depth, 0) % (most + 1));
        let (faults, timeouts) = (rare(RARE_FAULTS), rare(RARE_TIMEOUTS));
        Dice {
            chance,
            faults,
            timeouts,
        }
    }
}

impl Chooser for Dice {
    fn choose(&mut self, offers: &[Offer]) -> usize {
        let (mut first, mut other) = (None, None);
        for (nth, offer) in offers.iter().enumerate() {
            let word = self.chance.word(Keyed::Offer, offer.place());
            let rare = match (offer.class(), offer.act) {
                (Class::Fault, _) => self.faults,
                (_, Act::Timeout) => self.timeouts,
                _ => 1,
            };
            // The lowest bits say whether it takes part, and the others when it comes.
            let among = if word.is_multiple_of(rare) {
                &mut first
            } else {
                &mut other
            };
            if among.is_none_or(|(least, _)| word < least) {
                *among = Some((word, nth));
            }
        }
        let (_, nth) = first.or(other).expect("there is at least one");
        nth
    }
}

/// The position of the event with the least word, among those that are wanted.
pub fn least(
    chance: &mut Chance,
    offers: &[Offer],
    is_wanted: impl Fn(Offer) -> bool,
) -> Option<usize> {
    let wanted = offers.iter().enumerate();
    let wanted = wanted.filter(|(_, offer)| is_wanted(**offer));
    let drawn = wanted.map(|(nth, offer)| (chance.word(Keyed::Offer, offer.place()), nth));
    drawn.min().map(|(_, nth)| nth)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Id;

    fn node(act: Act, id: usize) -> Offer {
        Offer::new(act, Id::from(id), Id::from(id), 0)
    }

    #[test]
    fn the_same_seed_draws_the_same_whatever_else_is_offered() {
        let offers = [0, 1, 2].map(|id| node(Act::Choose, id));
        let order = |offers: &[Offer]| {
            let mut dice = Dice::new(3);
            (0..50)
                .map(|_| offers[dice.choose(offers)])
                .collect::<Vec<_>>()
        };
        let (all, fewer) = (order(&offers), order(&offers[..2]));
        // Where one of the two was drawn among three, it is drawn between two.
        for (among_three, among_two) in all.iter().zip(&fewer) {
            assert!(*among_three == offers[2] || among_three == among_two);
        }
    }

    #[test]
    fn everything_comes_sooner_or_later() {
        let offers = [
            node(Act::Choose, 0),
            node(Act::Timeout, 1),
            node(Act::Crash, 2),
        ];
        let mut count = [0; 3];
        for seed in 0..500 {
            let mut dice = Dice::new(seed);
            for _ in 0..20 {
                count[dice.choose(&offers)] += 1;
            }
        }
        assert!(count[0] > count[1] && count[1] > count[2], "{count:?}");
        assert!(count[2] > 500, "{count:?}");
    }

    #[test]
    fn what_is_alone_comes() {
        let mut dice = Dice::new(1);
        assert_eq!(dice.choose(&[node(Act::Crash, 0)]), 0);
    }
}
