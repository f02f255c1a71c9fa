//! A setup with less in it.
//!
//! - A. Groce, C. Zhang, E. Eide, Y. Chen, J. Regehr, *Swarm Testing*, ISSTA 2012: many setups, each of which leaves
//!   out half of the features, find more than one that has them all: features suppress each other.

use super::course::{Chance, Keyed, below};
use super::setup::{Ratio, Setup};
use crate::model::{InsideHandlers, Time};

/// The most that a message may be lost or doubled, in halves: of more nothing comes but noise.
const RATIO_MAX: Ratio = Ratio {
    times: 1,
    out_of: 2,
};

/// The setup of one run: of the faults that come at stated rates each kind is left out by half of all seeds, and the
/// others come up to four times as often, or as seldom. What is planned stays, and all that is no fault.
pub fn drawn(setup: &Setup, seed: u64) -> Setup {
    let mut words = Words {
        chance: Chance::new(seed, 0),
        next: 0,
    };
    let mut setup = setup.clone();
    let network = &mut setup.network;
    for ratio in [&mut network.loss, &mut network.duplication] {
        *ratio = words.some_of(*ratio);
    }
    if let Some(nemesis) = &mut setup.nemesis {
        nemesis.crash_every = words.some(nemesis.crash_every);
        if !words.coin() {
            nemesis.inside_handlers = InsideHandlers::Never;
        }
        nemesis.cuts.retain(|_| words.coin());
        nemesis.cut_every = words.some(nemesis.cut_every);
    }
    setup
}

/// Whether anything in a setup comes at a rate, so that a swarm of it differs from it.
pub fn has_rates(setup: &Setup) -> bool {
    let rates = setup.nemesis.as_ref();
    let strikes = rates.is_some_and(|n| n.crash_every.is_some() || n.cut_every.is_some());
    let (loss, duplication) = (setup.network.loss, setup.network.duplication);
    strikes || loss.times > 0 || duplication.times > 0
}

/// A word for each thing that is drawn, whatever comes of those before.
struct Words {
    chance: Chance,
    next: u64,
}

impl Words {
    fn word(&mut self) -> u64 {
        self.next += 1;
        self.chance.word(Keyed::Swarm, self.next)
    }

    fn coin(&mut self) -> bool {
        self.word() & 1 == 1
    }

    /// From a quarter to four times, in powers of two: a multiplier and a divisor.
    fn factor(&mut self) -> (u32, u32) {
        [(1, 4), (1, 2), (1, 1), (2, 1), (4, 1)]
            [usize::try_from(below(self.word(), 5)).expect("one of five")]
    }

    /// A mean time between faults.
    fn some(&mut self, every: Option<Time>) -> Option<Time> {
        let (stays, (times, part)) = (self.coin(), self.factor());
        let drawn = |Time(every)| {
            Time(
                (every / u64::from(part))
                    .saturating_mul(times.into())
                    .max(1),
            )
        };
        every.filter(|_| stays).map(drawn)
    }

    fn some_of(&mut self, ratio: Ratio) -> Ratio {
        let (stays, (times, part)) = (self.coin(), self.factor());
        if !stays {
            return Ratio::NEVER;
        }
        let (Some(times), Some(out_of)) = (
            ratio.times.checked_mul(times),
            ratio.out_of.checked_mul(part),
        ) else {
            return ratio;
        };
        let is_much = u64::from(times) * u64::from(RATIO_MAX.out_of)
            > u64::from(out_of) * u64::from(RATIO_MAX.times);
        if is_much && ratio.times > 0 {
            RATIO_MAX
        } else {
            Ratio { times, out_of }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CutFamily, NodeSet};
    use crate::sim::setup::Nemesis;

    fn stormy() -> Setup {
        let mut setup = Setup::fault_free(Time::from_millis(10_000), Time::from_millis(1));
        setup.network.loss = Ratio {
            times: 3,
            out_of: 10,
        };
        setup.nemesis = Some(Nemesis {
            crashes: NodeSet::first(3),
            crash_every: Some(Time(1_000)),
            inside_handlers: InsideHandlers::InOrder,
            down_for: (Time(1), Time(1)),
            down_max: 1,
            cuts: vec![CutFamily::Halves, CutFamily::OneWay],
            cut_every: Some(Time(1_000)),
            cut_for: (Time(1), Time(1)),
            until: Time(5_000),
        });
        setup
    }

    #[test]
    fn each_kind_of_fault_is_left_out_by_about_half_of_all_seeds() {
        let mut without = [0; 6];
        for seed in 0..2_000 {
            let drawn = drawn(&stormy(), seed);
            let nemesis = drawn.nemesis.expect("it stays");
            let gone = [
                drawn.network.loss.times == 0,
                nemesis.crash_every.is_none(),
                !nemesis.inside_handlers.may(),
                !nemesis.cuts.contains(&CutFamily::Halves),
                !nemesis.cuts.contains(&CutFamily::OneWay),
                nemesis.cut_every.is_none(),
            ];
            for (count, is_gone) in without.iter_mut().zip(gone) {
                *count += u32::from(is_gone);
            }
        }
        assert!(
            without.iter().all(|gone| (900..1_100).contains(gone)),
            "{without:?}"
        );
    }

    #[test]
    fn rates_stay_within_four_times_and_nothing_is_lost_more_often_than_not() {
        for seed in 0..200 {
            let drawn = drawn(&stormy(), seed);
            let Ratio { times, out_of } = drawn.network.loss;
            assert!(times * 2 <= out_of, "{times} of {out_of}");
            let every = drawn.nemesis.and_then(|nemesis| nemesis.crash_every);
            assert!(every.is_none_or(|Time(every)| (250..=4_000).contains(&every)));
        }
    }

    #[test]
    fn what_never_came_does_not_come_now() {
        let quiet = Setup::fault_free(Time(1), Time(1));
        assert!(!has_rates(&quiet) && has_rates(&stormy()));
        for seed in 0..100 {
            let drawn = drawn(&quiet, seed);
            assert!(!has_rates(&drawn));
        }
    }
}
