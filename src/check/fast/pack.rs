//! A world as one word: the numbers of its parts in fields of just the width they need.
//!
//! Invariant: it is exact, for worlds whose numbers fit their fields: equal worlds give equal
//! words, and a word gives its world back. Where all fields fit one word, that is the word. Where
//! they do not, they fill several, each of which gets a number; so do pairs of numbers, in a tree
//! whose root is the pair of numbers that is the word. When a number outgrows its field, worlds
//! are packed again, into a layout that is made for what is known by then.

use super::intern::{Number, Shared};

/// Where the number of a part lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Field {
    word: u32,
    shift: u32,
    /// No bits if the part never was another than the first.
    width: u32,
}

impl Field {
    #[inline]
    fn mask(self) -> u64 {
        (1 << self.width) - 1
    }
}

/// A layout, and the tables that fold several words into one. The tables are shared by all workers.
pub struct Packer {
    fields: Vec<Field>,
    /// The fields that have a width.
    active: Vec<usize>,
    /// The words that the fields fill.
    words: usize,
    /// The bits of a word that they may fill.
    word_bits: u32,
    /// A table for each word, then one for each place at which two halves of the words meet.
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
        if widths.iter().sum::<u32>() <= word_bits {
            // All fit one word. What is left of it goes to those that are the fullest.
            for _ in widths.iter().sum::<u32>()..word_bits {
                let fullness = |at: &usize| (counts[*at] << 32) >> widths[*at];
                let Some(fullest) = (0..counts.len()).filter(changes).max_by_key(fullness) else {
                    break;
                };
                widths[fullest] += 1;
            }
        } else {
            for at in (0..counts.len()).filter(changes) {
                widths[at] += 1;
            }
        }
        for width in &mut widths {
            *width = (*width).min(NUMBER_BITS);
        }
        Packer::of_widths(&widths, word_bits)
    }

    fn of_widths(widths: &[u32], word_bits: u32) -> Self {
        let mut fields = Vec::with_capacity(widths.len());
        let (mut word, mut shift) = (0, 0);
        for &width in widths {
            if shift > 0 && shift + width > word_bits {
                (word, shift) = (word + 1, 0);
            }
            fields.push(Field { word, shift, width });
            shift += width;
        }
        let words = word as usize + 1;
        let active = (0..fields.len()).filter(|&at| fields[at].width > 0);
        Packer {
            active: active.collect(),
            fields,
            words,
            word_bits,
            folded: (0..2 * words).map(|_| Shared::default()).collect(),
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
        if self.words > 1 {
            self.folded.iter_mut().for_each(Shared::catch_up);
        }
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

    /// The tables that fold words into one; empty while one is enough.
    pub fn folded(&self) -> &[Shared<u64>] {
        &self.folded
    }

    pub fn folded_mut(&mut self) -> &mut [Shared<u64>] {
        &mut self.folded
    }

    /// Whether a word can be one of this layout's.
    pub fn knows(&self, word: u64) -> bool {
        self.words == 1 || self.knows_pair(word, 0, self.words)
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
        let Field { word, shift, .. } = self.fields[part];
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

    /// Words into one.
    #[inline]
    pub fn fold(&mut self, words: &[u64]) -> u64 {
        match words {
            [word] => *word,
            words => self.pair(words, 0, words.len()),
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

    /// One word into those it was folded from.
    #[inline]
    pub fn unfold(&self, word: u64, words: &mut Vec<u64>) {
        words.clear();
        words.resize(self.words, 0);
        match &mut words[..] {
            [only] => *only = word,
            words => self.spread(word, words, 0, words.len()),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Packer;

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
                prop_assert_ne!(*key, u64::MAX);
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
