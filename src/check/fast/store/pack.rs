//! A world as a key of one word or two: the numbers of its parts in fields of just the width they
//! need.
//!
//! Invariant: it is exact, for worlds whose numbers fit their fields: equal worlds give equal
//! keys, and a key gives its world back. Where all fields fit one word or two, these are the key.
//! Where they do not, they fill several; each half of these is folded into one: every word gets a
//! number, so do pairs of numbers, in a tree whose root is a pair of numbers. When a number outgrows
//! its field, worlds are packed again, into a layout that is made for what is known by then.

use super::shared::Shared;
use crate::check::intern::Number;

/// A world in as few words as its layout has: one or two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub first: u64,
    /// 0 where one word is enough.
    pub second: u64,
}

impl Key {
    /// The most words of a key.
    pub const WORDS_MAX: usize = 2;

    /// The only key in these words, which are one or two.
    #[inline]
    pub fn of(words: &[u64]) -> Self {
        Key {
            first: words[0],
            second: words.get(1).copied().unwrap_or(0),
        }
    }

    /// Its words, if keys have so many.
    pub fn words(self, key_words: usize) -> impl Iterator<Item = u64> {
        [self.first, self.second].into_iter().take(key_words)
    }
}

/// Where the number of a part lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct BitField {
    word: u32,
    shift: u32,
    /// No bits if the part never was another than the first.
    width: u32,
}

impl BitField {
    #[inline]
    fn mask(self) -> u64 {
        (1 << self.width) - 1
    }
}

/// A layout, and the tables that fold more than two words into two. All workers share the tables.
pub struct Packer {
    fields: Vec<BitField>,
    /// The fields that have a width.
    active: Vec<usize>,
    /// The words that the fields fill.
    words: usize,
    /// The bits of a word that they may fill.
    word_bits: u32,
    /// If there are more than two words: a table for each, then one for each place at which two
    /// halves of some of them meet.
    folded: Vec<Shared<u64>>,
    /// For each word, the one that was folded last, and its number: neighbours share most.
    last: Vec<(u64, Number)>,
}

/// The bits of a number, at most.
const NUMBER_BITS: u32 = 30;

/// The bits that so many numbers need.
fn bits(count: usize) -> u32 {
    count.max(1).next_power_of_two().trailing_zeros()
}

impl Packer {
    /// A layout for so many numbers of each part, in words of at most so many bits, with
    /// room for more.
    pub fn new(counts: &[usize], word_bits: u32) -> Self {
        let mut widths: Vec<u32> = counts.iter().map(|count| bits(*count)).collect();
        // What never changed is not expected to.
        let changes = |at: &usize| counts[*at] > 1;
        let words = place(&widths, word_bits).1;
        if words <= Key::WORDS_MAX {
            // What is left of these words goes to those that are the fullest.
            let mut may_grow: Vec<usize> = (0..counts.len()).filter(changes).collect();
            loop {
                may_grow.retain(|at| widths[*at] < NUMBER_BITS);
                let fullness = |at: &&usize| (counts[**at] << 32) >> widths[**at];
                let Some(&fullest) = may_grow.iter().max_by_key(fullness) else {
                    break;
                };
                widths[fullest] += 1;
                if place(&widths, word_bits).1 > words {
                    widths[fullest] -= 1;
                    may_grow.retain(|at| *at != fullest);
                }
            }
        } else {
            for at in (0..counts.len()).filter(changes) {
                widths[at] = (widths[at] + 1).min(NUMBER_BITS);
            }
        }
        Packer::of_widths(&widths, word_bits)
    }

    fn of_widths(widths: &[u32], word_bits: u32) -> Self {
        let (fields, words) = place(widths, word_bits);
        let folded = if words > Key::WORDS_MAX { 2 * words } else { 0 };
        let active = (0..fields.len()).filter(|&at| fields[at].width > 0);
        Packer {
            active: active.collect(),
            fields,
            words,
            word_bits,
            folded: (0..folded).map(|_| Shared::default()).collect(),
            last: vec![(u64::MAX, 0); words],
        }
    }

    /// The same layout, for another worker.
    pub fn for_another(&self) -> Self {
        Packer {
            fields: self.fields.clone(),
            active: self.active.clone(),
            words: self.words,
            word_bits: self.word_bits,
            folded: self.folded.iter().map(Shared::for_another).collect(),
            last: vec![(u64::MAX, 0); self.words],
        }
    }

    /// Learns what other workers have folded by now.
    pub fn catch_up(&mut self) {
        self.folded.iter_mut().for_each(Shared::catch_up);
    }

    /// The layout that was once made of these, its tables empty.
    pub fn restored(widths: &[u32], word_bits: u32) -> Option<Self> {
        let sound = (1..64).contains(&word_bits) && widths.iter().all(|w| *w <= NUMBER_BITS);
        sound.then(|| Packer::of_widths(widths, word_bits))
    }

    pub fn widths(&self) -> impl Iterator<Item = u32> {
        self.fields.iter().map(|field| field.width)
    }

    pub fn word_bits(&self) -> u32 {
        self.word_bits
    }

    /// How many words a key has.
    pub fn key_words(&self) -> usize {
        self.words.min(Key::WORDS_MAX)
    }

    /// The tables that fold words into two; none while two are enough.
    pub fn folded(&self) -> &[Shared<u64>] {
        &self.folded
    }

    pub fn folded_mut(&mut self) -> &mut [Shared<u64>] {
        &mut self.folded
    }

    /// Whether a key can be one of this layout's.
    pub fn knows(&self, key: Key) -> bool {
        if self.words <= Key::WORDS_MAX {
            return true;
        }
        let middle = self.middle();
        [(key.first, 0, middle), (key.second, middle, self.words)]
            .into_iter()
            .all(|(word, from, to)| to - from == 1 || self.knows_pair(word, from, to))
    }

    /// The word that begins the second half.
    fn middle(&self) -> usize {
        self.words / 2
    }

    fn knows_pair(&self, pair: u64, from: usize, to: usize) -> bool {
        let middle = from.midpoint(to);
        [(pair >> 32, from, middle), (pair & 0xffff_ffff, middle, to)]
            .into_iter()
            .all(|(number, from, to)| {
                let leaf = to - from == 1;
                let table = if leaf {
                    from
                } else {
                    self.words + from.midpoint(to)
                };
                let table = &self.folded[table];
                number < table.len() as u64 && {
                    let number = Number::try_from(number).expect("half a word");
                    leaf || self.knows_pair(*table.get(number), from, to)
                }
            })
    }

    /// How many parts a world has.
    pub fn part_count(&self) -> usize {
        self.fields.len()
    }

    /// Whether a number fits the field of its part.
    #[inline]
    pub fn fits(&self, part: usize, number: Number) -> bool {
        u64::from(number) <= self.fields[part].mask()
    }

    /// Puts a number into words where another was. Both fit.
    #[inline]
    pub fn replace(&self, words: &mut [u64], part: usize, old: Number, new: Number) {
        let BitField { word, shift, .. } = self.fields[part];
        words[word as usize] ^= u64::from(old ^ new) << shift;
    }

    /// Fills words from numbers, all of which fit.
    pub fn fill(&self, parts: &[Number], words: &mut Vec<u64>) {
        words.clear();
        words.resize(self.words, 0);
        for &part in &self.active {
            self.replace(words, part, 0, parts[part]);
        }
    }

    /// The number of one part.
    #[inline]
    pub fn part(&self, words: &[u64], part: usize) -> Number {
        let field = self.fields[part];
        let number = words[field.word as usize] >> field.shift & field.mask();
        Number::try_from(number).expect("a field is as wide as a number, at most")
    }

    /// The numbers of all parts.
    #[inline]
    pub fn parts(&self, words: &[u64], parts: &mut [Number]) {
        parts.fill(0);
        for &part in &self.active {
            parts[part] = self.part(words, part);
        }
    }

    /// Words into a key.
    #[inline]
    pub fn fold(&mut self, words: &[u64]) -> Key {
        if words.len() <= Key::WORDS_MAX {
            return Key::of(words);
        }
        let middle = self.middle();
        Key {
            first: self.half(words, 0, middle),
            second: self.half(words, middle, words.len()),
        }
    }

    fn half(&mut self, words: &[u64], from: usize, to: usize) -> u64 {
        if to - from == 1 {
            words[from]
        } else {
            self.pair(words, from, to)
        }
    }

    fn pair(&mut self, words: &[u64], from: usize, to: usize) -> u64 {
        let middle = from.midpoint(to);
        let left = self.number(words, from, middle);
        let right = self.number(words, middle, to);
        u64::from(left) << 32 | u64::from(right)
    }

    fn number(&mut self, words: &[u64], from: usize, to: usize) -> Number {
        if to - from > 1 {
            let pair = self.pair(words, from, to);
            let middle = from.midpoint(to);
            return self.folded[self.words + middle].intern(pair);
        }
        let (word, number) = self.last[from];
        if word == words[from] {
            return number;
        }
        let number = self.folded[from].intern(words[from]);
        self.last[from] = (words[from], number);
        number
    }

    /// A key into the words it was folded from.
    #[inline]
    pub fn unfold(&self, key: Key, words: &mut Vec<u64>) {
        words.clear();
        words.resize(self.words, 0);
        match &mut words[..] {
            [only] => *only = key.first,
            [first, second] => (*first, *second) = (key.first, key.second),
            words => {
                let middle = self.middle();
                for (word, from, to) in [(key.first, 0, middle), (key.second, middle, self.words)] {
                    if to - from == 1 {
                        words[from] = word;
                    } else {
                        self.spread(word, words, from, to);
                    }
                }
            }
        }
    }

    fn spread(&self, pair: u64, words: &mut [u64], from: usize, to: usize) {
        let middle = from.midpoint(to);
        let left = Number::try_from(pair >> 32).expect("half a word");
        let right = Number::try_from(pair & 0xffff_ffff).expect("half a word");
        for (number, from, to) in [(left, from, middle), (right, middle, to)] {
            if to - from > 1 {
                let pair = *self.folded[self.words + from.midpoint(to)].get(number);
                self.spread(pair, words, from, to);
            } else {
                words[from] = *self.folded[from].get(number);
            }
        }
    }

    pub fn bytes(&self) -> usize {
        self.folded.iter().map(Shared::bytes).sum()
    }
}

/// Fields of these widths, each in the first word that has room for it; how many words they take.
fn place(widths: &[u32], word_bits: u32) -> (Vec<BitField>, usize) {
    let mut filled = vec![0];
    let field = |&width: &u32| {
        let has_room = |filled: &u32| width == 0 || *filled == 0 || filled + width <= word_bits;
        let word = filled.iter().position(has_room).unwrap_or(filled.len());
        if word == filled.len() {
            filled.push(0);
        }
        let shift = filled[word];
        filled[word] += width;
        let word = u32::try_from(word).expect("few words");
        BitField { word, shift, width }
    };
    (widths.iter().map(field).collect(), filled.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Key, Packer};

    fn worlds() -> impl Strategy<Value = (Vec<usize>, Vec<Vec<u32>>)> {
        prop::collection::vec(1..300usize, 1..12).prop_flat_map(|counts| {
            let numbers: Vec<_> = counts
                .iter()
                .map(|count| 0..u32::try_from(*count).unwrap())
                .collect();
            (Just(counts), prop::collection::vec(numbers, 1..40))
        })
    }

    proptest! {
        #[test]
        fn a_word_gives_its_world_back((counts, worlds) in worlds(), word_bits in 1..64u32) {
            let mut packer = Packer::new(&counts, word_bits);
            let mut words = Vec::new();
            let mut keys = Vec::new();
            for parts in &worlds {
                for (part, number) in parts.iter().enumerate() {
                    prop_assert!(packer.fits(part, *number));
                }
                packer.fill(parts, &mut words);
                keys.push(packer.fold(&words));
            }
            let mut back = vec![0; counts.len()];
            for (parts, key) in worlds.iter().zip(&keys) {
                packer.unfold(*key, &mut words);
                packer.parts(&words, &mut back);
                prop_assert_eq!(&back, parts);
                prop_assert_ne!(key.first, u64::MAX);
                prop_assert!(packer.knows(*key));
                let words: Vec<u64> = key.words(packer.key_words()).collect();
                prop_assert_eq!(Key::of(&words), *key);
            }
            for (a, left) in worlds.iter().zip(&keys) {
                for (b, right) in worlds.iter().zip(&keys) {
                    prop_assert_eq!(a == b, left == right);
                }
            }
        }

        #[test]
        fn replacing_numbers_is_filling_anew((counts, worlds) in worlds(), word_bits in 1..64u32) {
            let packer = Packer::new(&counts, word_bits);
            let (mut words, mut anew) = (Vec::new(), Vec::new());
            packer.fill(&worlds[0], &mut words);
            for pair in worlds.windows(2) {
                for (part, (old, new)) in pair[0].iter().zip(&pair[1]).enumerate() {
                    packer.replace(&mut words, part, *old, *new);
                }
                packer.fill(&pair[1], &mut anew);
                prop_assert_eq!(&words, &anew);
            }
        }
    }
}
