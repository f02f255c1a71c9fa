//! How long a message takes, by integer arithmetic.
//!
//! Invariant: a latency is a function of its law and one draw, and stays within the law's limits.
//! Which link has which law, and what order links keep, is not known here.

use super::chance::{Draw, below, between, happens};
use crate::model::Time;
use crate::sim::setup::Latency;

impl Latency {
    /// The latency that this draw means. Takes the first two words.
    pub fn drawn(self, Draw([first, second, ..]): Draw) -> Time {
        match self {
            Latency::Constant(time) => time,
            Latency::Uniform(min, max) => Time(between(first, min.0, max.0)),
            Latency::LongTailed {
                floor,
                typical,
                cap,
            } => Time(long_tailed(floor.0, typical.0, cap.0, first, second)),
            Latency::Bimodal {
                fast,
                slow,
                slow_ratio,
            } => {
                if happens(first, slow_ratio) {
                    slow
                } else {
                    fast
                }
            }
        }
    }
}

/// Half of all messages exceed the floor by less than the typical excess, a quarter by less than
/// twice that but not less than once, an eighth by two to four times, and so on; within such a
/// stretch all are equally likely.
fn long_tailed(floor: u64, typical: u64, cap: u64, first: u64, second: u64) -> u64 {
    let excess = u128::from(typical.saturating_sub(floor));
    // Each further trailing zero is half as likely.
    let doublings = first.trailing_zeros();
    let (start, length) = match doublings {
        0 => (0, excess),
        n => (excess << (n - 1), excess << (n - 1)),
    };
    let room = u128::from(cap.saturating_sub(floor));
    // No stretch is longer than the room, so its length fits a word.
    let length = u64::try_from(length.min(room)).expect("the room fits a word");
    let within = if length == 0 {
        0
    } else {
        below(second, length)
    };
    let over = (start + u128::from(within)).min(room);
    floor + u64::try_from(over).expect("the room fits a word")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::chance::Chance;
    use super::*;
    use crate::sim::setup::Ratio;

    fn draws(n: usize) -> impl Iterator<Item = Draw> {
        let mut words = Chance::new(11, 1).members(0);
        (0..n).map(move |_| Draw([(); 4].map(|()| words())))
    }

    #[test]
    fn a_long_tail_has_its_shape() {
        let law = Latency::LongTailed {
            floor: Time(1_000),
            typical: Time(3_000),
            cap: Time(1_000_000),
        };
        let times: Vec<u64> = draws(80_000).map(|d| law.drawn(d).0).collect();
        let share =
            |range: std::ops::Range<u64>| times.iter().filter(|t| range.contains(t)).count();
        assert!((39_500..40_500).contains(&share(1_000..3_000)));
        assert!((19_500..20_500).contains(&share(3_000..5_000)));
        assert!((9_700..10_300).contains(&share(5_000..9_000)));
        assert!(times.iter().any(|&t| t > 100_000));
    }

    #[test]
    fn two_modes_come_in_their_ratio() {
        let law = Latency::Bimodal {
            fast: Time(1),
            slow: Time(50),
            slow_ratio: Ratio {
                times: 1,
                out_of: 4,
            },
        };
        let slow = draws(40_000).filter(|d| law.drawn(*d) == Time(50)).count();
        assert!((9_800..10_200).contains(&slow), "{slow}");
    }

    proptest! {
        #[test]
        fn a_long_tail_stays_between_floor_and_cap(
            floor in 0u64..1_000_000,
            more in 0u64..1_000_000_000,
            tail in 0u64..10_000_000_000_000_000,
            words: [u64; 4],
        ) {
            let (typical, cap) = (floor + more, floor + more + tail);
            let law = Latency::LongTailed {
                floor: Time(floor),
                typical: Time(typical),
                cap: Time(cap),
            };
            let Time(drawn) = law.drawn(Draw(words));
            prop_assert!((floor..=cap).contains(&drawn));
        }

        #[test]
        fn an_even_spread_stays_in_its_range(min in 0u64..1000, more in 0u64..1000, words: [u64; 4]) {
            let law = Latency::Uniform(Time(min), Time(min + more));
            let Time(drawn) = law.drawn(Draw(words));
            prop_assert!((min..=min + more).contains(&drawn));
        }
    }
}
