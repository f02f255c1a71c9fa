//! Keyed randomness: each draw belongs to a place, and is the n-th of its place.
//!
//! The seed is the key of a `ChaCha` cipher, the place (purpose, node or link, kind) is the number
//! of one of its streams, and the n-th draw at that place is a fixed position in that stream.
//! Places map to stream numbers one to one, so no mixing function of our own decides the quality,
//! and streams are read in sequence, so a draw costs a few loads and, every eighth time, four
//! blocks. Invariant: what a place draws depends on the seed, the place and n alone: deleting an
//! event changes no draw elsewhere. (Two choices of one node whose keys have the same 32-bit hash
//! share a place; then n counts both.)
//!
//! All arithmetic is on integers. This file knows neither time nor events.

use std::cell::Cell;
use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde::Serialize;

use crate::model::cluster::index;
use crate::model::{Id, Link};
use crate::sim::setup::{Ratio, common_denominator};

/// Fills the part of the cipher's key that the seed leaves open. A change to how draws are made
/// that changes what a seed means must change it.
const DOMAIN: &[u8; 24] = b"jury: time and chance v1";

/// What a draw is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The latency, loss and duplication of a message.
    Message = 1,
    /// The latency of a second copy.
    Copy = 2,
    /// The duration of a timer.
    Timer = 3,
    /// The option of a choice.
    Choice = 4,
    /// The nemesis crashes a node.
    Crash = 5,
    /// The nemesis makes a cut.
    Cut = 6,
    /// The members of the n-th cut.
    Members = 7,
    /// Where the nemesis strikes inside a handler.
    Point = 8,
    /// Whether a node takes part.
    Start = 9,
}

/// What a single word is for, in runs that no time passes in and in what is drawn before a run.
#[derive(Clone, Copy, Debug)]
pub enum Keyed {
    /// Whether an event comes next.
    Offer = 10,
    /// The priority of a chain of events.
    Priority = 11,
    /// Whether priorities change at an event.
    ChangePoint = 12,
    /// How often they do, and where faults come in.
    Depth = 13,
    /// What a run does without.
    Swarm = 14,
}

/// One draw: as many words as any purpose needs, always the same number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Draw(pub [u64; 4]);

/// So many words of the cipher, which are half as long, make a draw.
const CIPHER_WORDS: u64 = 8;

/// Which draw it was: what for, and the how-manieth of its place, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    pub purpose: Purpose,
    pub nth: u64,
}

/// The draws of the places of one link or node, by their kind.
type Row = Vec<Place>;

/// The draws of one place.
#[derive(Clone, Default)]
struct Place {
    /// The stream, once something was drawn.
    stream: Option<Box<ChaCha8Rng>>,
    /// So many draws lie between the last and the next: nothing depended on them.
    passed: u64,
}

/// All chance of one run.
#[derive(Clone)]
pub struct Chance {
    key: [u8; 32],
    nodes: usize,
    /// From `src` to `dst` at `src * nodes + dst`.
    messages: Vec<Row>,
    timers: Vec<Row>,
    others: BTreeMap<u64, ChaCha8Rng>,
    /// The place that drew last.
    last: Option<(Purpose, u64)>,
}

impl Chance {
    pub fn new(seed: u64, nodes: usize) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..].copy_from_slice(DOMAIN);
        Chance {
            key,
            nodes,
            messages: vec![Row::new(); nodes * nodes],
            timers: vec![Row::new(); nodes],
            others: BTreeMap::new(),
            last: None,
        }
    }

    /// The last draw. Which place it was is noted at each; the how-manieth is counted here, from how far its
    /// stream has been read, so that it costs nobody who does not ask.
    pub fn last(&self) -> Option<Drawn> {
        let (purpose, number) = self.last?;
        let [_, a, b, .., kind] = number.to_be_bytes().map(usize::from);
        let nth = match purpose {
            Purpose::Message => self.messages[a * self.nodes + b][kind].made(),
            Purpose::Timer => self.timers[a][kind].made(),
            _ => made(self.others.get(&number)?),
        };
        Some(Drawn { purpose, nth })
    }

    /// For the next message of this kind on this link.
    pub fn message(&mut self, link: Link, kind: u8) -> Draw {
        let (src, dst) = (index(link.src), index(link.dst));
        let number = place(Purpose::Message, src, dst, kind.into());
        self.last = Some((Purpose::Message, number));
        let row = &mut self.messages[index(link.src) * self.nodes + index(link.dst)];
        in_row(row, kind).draw(&self.key, number)
    }

    /// The same, where nothing depends on what is drawn.
    pub fn pass_message(&mut self, link: Link, kind: u8) {
        let (src, dst) = (index(link.src), index(link.dst));
        let number = place(Purpose::Message, src, dst, kind.into());
        self.last = Some((Purpose::Message, number));
        let row = &mut self.messages[index(link.src) * self.nodes + index(link.dst)];
        in_row(row, kind).passed += 1;
    }

    /// For the next second copy of a message of this kind on this link.
    pub fn copy(&mut self, link: Link, kind: u8) -> Draw {
        let (src, dst) = (index(link.src), index(link.dst));
        self.other(Purpose::Copy, src, dst, kind.into())
    }

    /// For the next time this node sets a timer of this kind.
    pub fn timer(&mut self, id: Id, kind: u8) -> Draw {
        let number = place(Purpose::Timer, index(id), 0, kind.into());
        self.last = Some((Purpose::Timer, number));
        in_row(&mut self.timers[index(id)], kind).draw(&self.key, number)
    }

    /// The same, where nothing depends on what is drawn.
    pub fn pass_timer(&mut self, id: Id, kind: u8) {
        let number = place(Purpose::Timer, index(id), 0, kind.into());
        self.last = Some((Purpose::Timer, number));
        in_row(&mut self.timers[index(id)], kind).passed += 1;
    }

    /// For the next time this choice of this node is settled.
    pub fn choice(&mut self, id: Id, key: &str) -> Draw {
        self.other(Purpose::Choice, index(id), 0, fnv(key))
    }

    /// For whether this node takes part.
    pub fn start(&mut self, id: Id) -> Draw {
        self.other(Purpose::Start, index(id), 0, 0)
    }

    /// For the next crash of the nemesis.
    pub fn crash(&mut self) -> Draw {
        self.other(Purpose::Crash, 0, 0, 0)
    }

    /// For the next crash of this node inside a handler.
    pub fn point(&mut self, id: Id) -> Draw {
        self.other(Purpose::Point, index(id), 0, 0)
    }

    /// For the next cut of the nemesis.
    pub fn cut(&mut self) -> Draw {
        self.other(Purpose::Cut, 0, 0, 0)
    }

    /// Words without end, for the n-th cut: how many it takes depends on what it cuts.
    pub fn members(&self, nth: u32) -> impl FnMut() -> u64 + use<> {
        let mut rng = stream(&self.key, place(Purpose::Members, 0, 0, nth));
        move || rng.next_u64()
    }

    /// The next word at a place, a number of at most 56 bits.
    pub fn word(&mut self, purpose: Keyed, place: u64) -> u64 {
        self.stream((purpose as u64) << 56 | place).next_u64()
    }

    fn other(&mut self, purpose: Purpose, a: usize, b: usize, kind: u32) -> Draw {
        let number = place(purpose, a, b, kind);
        self.last = Some((purpose, number));
        draw(self.stream(number))
    }

    fn stream(&mut self, number: u64) -> &mut ChaCha8Rng {
        let key = &self.key;
        let streams = self.others.entry(number);
        streams.or_insert_with(|| stream(key, number))
    }
}

/// The number of a place's stream. Injective, since no cluster has more than 128 nodes.
fn place(purpose: Purpose, a: usize, b: usize, kind: u32) -> u64 {
    (purpose as u64) << 56 | (a as u64) << 48 | (b as u64) << 40 | u64::from(kind)
}

fn stream(key: &[u8; 32], number: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::from_seed(*key);
    rng.set_stream(number);
    rng
}

fn in_row(row: &mut Row, kind: u8) -> &mut Place {
    let at = usize::from(kind);
    if row.len() <= at {
        row.resize_with(at + 1, Place::default);
    }
    &mut row[at]
}

impl Place {
    fn draw(&mut self, key: &[u8; 32], number: u64) -> Draw {
        let new = || Box::new(stream(key, number));
        let rng = self.stream.get_or_insert_with(new);
        if self.passed > 0 {
            let words = u128::from(self.passed) * u128::from(CIPHER_WORDS);
            rng.set_word_pos(rng.get_word_pos() + words);
            self.passed = 0;
        }
        draw(rng)
    }

    /// So many draws were made, those included on which nothing depended.
    fn made(&self) -> u64 {
        self.stream.as_deref().map_or(0, made) + self.passed
    }
}

fn draw(rng: &mut ChaCha8Rng) -> Draw {
    Draw([(); 4].map(|()| rng.next_u64()))
}

/// So many draws were made out of a stream.
fn made(rng: &ChaCha8Rng) -> u64 {
    let draws = rng.get_word_pos() / u128::from(CIPHER_WORDS);
    u64::try_from(draws).unwrap_or(u64::MAX)
}

/// FNV-1a, 32 bits.
fn fnv(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// A number in `0..n`, each equally likely, out of a random word. `n` is not zero.
///
/// The high half of the product of word and `n`. A word from the short, over-represented end is
/// rejected, and replaced by its successor under a fixed mixing function instead of the next word
/// of the stream: so each draw takes the same number of words, and those after it keep their
/// place.
pub fn below(mut word: u64, n: u64) -> u64 {
    loop {
        let low = word.wrapping_mul(n);
        if low >= n || low >= n.wrapping_neg() % n {
            let high = (u128::from(word) * u128::from(n)) >> 64;
            return u64::try_from(high).expect("the high half of a product is a word");
        }
        word = successor(word);
    }
}

/// One step of `SplitMix64`: a permutation of the words.
fn successor(word: u64) -> u64 {
    let mut z = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number from `min` to `max`, both included.
pub fn between(word: u64, min: u64, max: u64) -> u64 {
    min + below(word, max.saturating_sub(min) + 1)
}

/// Whether something of this probability happens.
pub fn happens(word: u64, ratio: Ratio) -> bool {
    ratio.times > 0 && below(word, ratio.out_of.into()) < u64::from(ratio.times)
}

/// The position of an option among these that is drawn with its ratio, where it has one; the others
/// share alike what is left. If nothing is left for any, all are alike.
///
/// The ratios have a common denominator.
pub fn inclined(word: u64, ratios: &[(String, Ratio)], options: &[String]) -> usize {
    let whole = common_denominator(ratios.iter().map(|(_, ratio)| *ratio));
    let whole = whole.expect("they have a common denominator");
    let given = |option: &String| ratios.iter().find(|(name, _)| name == option);
    let others = options.iter().filter(|o| given(o).is_none()).count() as u64;
    let taken: u64 = ratios.iter().map(|(_, ratio)| ratio.parts(whole)).sum();
    // In parts of the whole, each divided by how many share what is left.
    let weight = |option: &String| match given(option) {
        Some((_, ratio)) => ratio.parts(whole) * others.max(1),
        None => u64::from(whole).saturating_sub(taken),
    };
    let all: u64 = options.iter().map(weight).sum();
    if all == 0 {
        return position(below(word, options.len() as u64));
    }
    let mut drawn = below(word, all);
    let reached = options.iter().position(|option| {
        let weight = weight(option);
        let is_reached = drawn < weight;
        drawn = drawn.saturating_sub(weight);
        is_reached
    });
    reached.expect("it is below the sum of all")
}

/// A position in a list in memory.
pub fn position(drawn: u64) -> usize {
    usize::try_from(drawn).expect("a list fits in memory")
}

/// The natural logarithm of two, in units of 2^-32.
const LN_2: u128 = 2_977_044_472;

/// An interval between events that come at random, so many apart in the mean: exponentially
/// distributed. At most 45 times the mean, and at least 1.
///
/// It is minus the logarithm of a uniform number. The logarithm to base 2 has the position of the
/// leading one as its whole part; squaring the rest again and again gives the bits behind the
/// point, one each.
pub fn exponential(word: u64, mean: u64) -> u64 {
    let word = word | 1;
    let zeros = word.leading_zeros();
    let mut log = u128::from(63 - zeros);
    let mut rest = word << zeros;
    for _ in 0..32 {
        let square = (u128::from(rest) * u128::from(rest)) >> 63;
        let bit = square >> 64;
        log = log << 1 | bit;
        rest = u64::try_from(square >> bit).expect("less than two");
    }
    let nats = (((64 << 32) - log) * LN_2) >> 32;
    let interval = (u128::from(mean) * nats) >> 32;
    u64::try_from(interval).unwrap_or(u64::MAX).max(1)
}

/// What sort of value this is, cheaply: the first byte of its canonical bytes. For an enum that is
/// the number of its variant; it is the same on every platform.
pub fn kind<T: Serialize>(value: &T) -> u8 {
    let first = Cell::new(None);
    // The flavor stops the serializer at the first byte by refusing it.
    let _ = postcard::serialize_with_flavor(value, First(&first));
    first.get().unwrap_or(0)
}

struct First<'a>(&'a Cell<Option<u8>>);

impl postcard::ser_flavors::Flavor for First<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.set(Some(byte));
        Err(postcard::Error::SerializeBufferFull)
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn link(src: usize, dst: usize) -> Link {
        Link::new(src.into(), dst.into())
    }

    #[test]
    fn a_place_draws_the_same_whatever_is_drawn_elsewhere() {
        let mut alone = Chance::new(7, 3);
        let alone: Vec<Draw> = (0..20).map(|_| alone.message(link(0, 1), 2)).collect();
        let mut among = Chance::new(7, 3);
        let among: Vec<Draw> = (0..20)
            .map(|_| {
                among.message(link(1, 0), 2);
                among.message(link(0, 1), 1);
                among.timer(Id::from(0), 2);
                among.choice(Id::from(0), "vote");
                among.message(link(0, 1), 2)
            })
            .collect();
        assert_eq!(alone, among);
    }

    #[test]
    fn the_last_draw_is_known_by_its_place() {
        let mut chance = Chance::new(7, 3);
        assert_eq!(chance.last(), None);
        // Beyond what the cipher makes at once.
        for nth in 1..=20 {
            let mut last = |purpose| {
                match purpose {
                    Purpose::Message => chance.message(link(2, 1), 3),
                    Purpose::Timer => chance.timer(Id::from(2), 3),
                    Purpose::Copy => chance.copy(link(2, 1), 3),
                    _ => chance.choice(Id::from(2), "vote"),
                };
                chance.members(1)();
                assert_eq!(chance.last(), Some(Drawn { purpose, nth }));
            };
            last(Purpose::Message);
            last(Purpose::Timer);
            last(Purpose::Copy);
            last(Purpose::Choice);
        }
    }

    #[test]
    fn what_is_passed_over_counts_as_drawn() {
        let draws = |passed: &[usize]| {
            let mut chance = Chance::new(7, 2);
            let mut draw = |nth: usize| {
                if passed.contains(&nth) {
                    chance.pass_message(link(0, 1), 2);
                    chance.pass_timer(Id::from(1), 0);
                    return None;
                }
                Some((chance.message(link(0, 1), 2), chance.timer(Id::from(1), 0)))
            };
            (0..40).map(&mut draw).collect::<Vec<_>>()
        };
        let all = draws(&[]);
        for passed in [&[0, 1, 2][..], &[5], &[7, 8, 9, 10, 30], &[1, 38, 39]] {
            let some = draws(passed);
            for (nth, draw) in some.iter().enumerate() {
                assert!(draw.is_none() || *draw == all[nth], "draw {nth}");
                assert_eq!(draw.is_none(), passed.contains(&nth));
            }
        }
    }

    #[test]
    fn places_and_seeds_differ() {
        let mut a = Chance::new(1, 3);
        let mut b = Chance::new(2, 3);
        let draws = [
            a.message(link(0, 1), 0),
            a.message(link(1, 0), 0),
            a.message(link(0, 1), 1),
            a.copy(link(0, 1), 0),
            a.timer(Id::from(0), 0),
            a.timer(Id::from(1), 0),
            a.choice(Id::from(0), "vote"),
            a.choice(Id::from(0), "leader"),
            a.crash(),
            a.cut(),
            a.point(Id::from(0)),
            a.start(Id::from(0)),
            b.message(link(0, 1), 0),
        ];
        for (i, x) in draws.iter().enumerate() {
            assert!(draws[..i].iter().all(|y| x != y), "draw {i}");
        }
    }

    #[test]
    fn a_seed_means_the_same_for_ever() {
        let mut chance = Chance::new(1, 2);
        let words = chance.message(link(0, 1), 0).0;
        assert_eq!(words.map(|w| below(w, 1_000_000)), GOLDEN);
    }

    /// Computed apart from this code, by the definition of the cipher.
    const GOLDEN: [u64; 4] = [52_096, 194_900, 230_784, 980_915];

    #[test]
    fn the_first_byte_is_the_variant() {
        #[derive(Serialize)]
        enum Msg {
            Ask,
            Answer(u64),
        }
        assert_eq!(kind(&Msg::Ask), 0);
        assert_eq!(kind(&Msg::Answer(99)), 1);
        assert_eq!(kind(&()), 0);
    }

    #[test]
    fn an_exponential_has_its_mean_and_its_median() {
        let mut words = Chance::new(3, 1).members(0);
        let n = 100_000;
        let draws: Vec<u64> = (0..n).map(|_| exponential(words(), 1_000_000)).collect();
        let mean = draws.iter().sum::<u64>() / n;
        assert!((990_000..1_010_000).contains(&mean), "{mean}");
        // The median is the mean times the logarithm of two.
        let short = draws.iter().filter(|&&d| d < 693_147).count();
        assert!((49_500..50_500).contains(&short), "{short}");
    }

    #[test]
    fn an_exponential_is_exact_where_it_is_known() {
        // Half of all words: one bit, which is ln 2 nats.
        assert_eq!(exponential(1 << 63, 1_000_000_000), 693_147_180);
        assert_eq!(exponential(u64::MAX, 1_000), 1);
        assert_eq!(exponential(0, 1_000_000_000) / 1_000_000, 44_361);
    }

    proptest! {
        #[test]
        fn below_stays_below(word: u64, n in 1..u64::MAX) {
            prop_assert!(below(word, n) < n);
        }

        #[test]
        fn between_includes_both_ends(word: u64, min in 0u64..1000, more in 0u64..1000) {
            let drawn = between(word, min, min + more);
            prop_assert!((min..=min + more).contains(&drawn));
        }
    }

    #[test]
    fn an_option_comes_as_often_as_it_is_said_to() {
        let ratio = |times, out_of| Ratio { times, out_of };
        let ratios = [("a".to_owned(), ratio(1, 2)), ("b".to_owned(), ratio(1, 5))];
        let options = ["d", "b", "c", "a"].map(str::to_owned);
        let mut words = Chance::new(11, 1).members(0);
        let mut counts = [0u32; 4];
        for _ in 0..100_000 {
            counts[inclined(words(), &ratios, &options)] += 1;
        }
        // Three tenths are left for `c` and `d`.
        for (count, expected) in counts.iter().zip([15_000, 20_000, 15_000, 50_000]) {
            assert!(count.abs_diff(expected) < 600, "{counts:?}");
        }
    }

    #[test]
    fn an_option_that_is_alone_is_taken() {
        let never = [("a".to_owned(), Ratio::NEVER)];
        let only = ["a".to_owned()];
        assert_eq!(inclined(7, &never, &only), 0);
        let both = ["a", "b"].map(str::to_owned);
        assert_eq!(inclined(u64::MAX, &never, &both), 1);
        assert_eq!(inclined(0, &never, &both), 1);
    }

    #[test]
    fn each_number_is_equally_likely() {
        let mut words = Chance::new(5, 1).members(0);
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[usize::try_from(below(words(), 7)).unwrap()] += 1;
        }
        assert!(
            counts.iter().all(|c| (9_700..10_300).contains(c)),
            "{counts:?}"
        );
    }
}
