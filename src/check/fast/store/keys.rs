//! The worlds in the order in which they were found, each one word or two, in blocks.
//!
//! Invariants: a world keeps its number, and its level is a range of numbers. Blocks never move, so
//! that adding a world never needs the memory of two lists. Only so many blocks are kept in memory;
//! the oldest go to a temporary file, each at its place. Where the disk refuses a block, it stays
//! in memory, and so do all later ones. What the disk took it has to give back: if it does not, the
//! search is lost, and panics.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::pack::Key;

/// A list of keys that only grows.
pub struct Keys {
    /// Words in a key.
    key_words: usize,
    /// Keys in a block.
    size: usize,
    /// How many blocks of keys of one word are kept in memory, unless the disk refuses; one at least: the
    /// last one grows, and is read while it does.
    blocks_max: usize,
    /// Those that are not here are on disk.
    blocks: Vec<Option<Vec<u64>>>,
    len: usize,
    /// How many blocks are here.
    here: usize,
    /// Before this block, all are on disk.
    oldest: usize,
    disk: Disk,
}

/// Where old blocks go.
enum Disk {
    /// Nothing was written yet.
    Unused,
    Used(Mutex<File>),
    /// It took some blocks perhaps, and then one no more.
    Full(Option<Mutex<File>>, io::Error),
}

impl Keys {
    /// An empty list of keys of so many words, in blocks of so many keys, of which so many blocks of keys
    /// of one word are kept in memory, or as much of others.
    pub fn new(key_words: usize, size: usize, blocks_max: usize) -> Self {
        Keys {
            key_words,
            size: size.max(1),
            blocks_max,
            blocks: Vec::new(),
            len: 0,
            here: 0,
            oldest: 0,
            disk: Disk::Unused,
        }
    }

    #[inline]
    pub fn push(&mut self, key: Key) {
        if self.len.is_multiple_of(self.size) {
            self.add_block();
        }
        let last = self.blocks.last_mut().and_then(Option::as_mut);
        let last = last.expect("the last block is here");
        last.push(key.first);
        if self.key_words > 1 {
            last.push(key.second);
        }
        self.len += 1;
    }

    fn add_block(&mut self) {
        let mut room = None;
        let here_max = (self.blocks_max / self.key_words).max(1);
        while self.here >= here_max && !matches!(self.disk, Disk::Full(..)) {
            room = self.put_away().or(room);
        }
        let room = room.unwrap_or_else(|| {
            // Small searches are many, so that their one block grows as it is needed.
            let words = self.size * self.key_words;
            Vec::with_capacity(if self.len == 0 { 0 } else { words })
        });
        self.blocks.push(Some(room));
        self.here += 1;
    }

    /// Puts the oldest block that is here on disk; its memory, unless the disk refuses.
    fn put_away(&mut self) -> Option<Vec<u64>> {
        while self.blocks[self.oldest].is_none() {
            self.oldest += 1;
        }
        let mut words = self.blocks[self.oldest].take()?;
        let first = self.oldest * self.size * self.key_words;
        if self.disk.write(first, &words) {
            self.here -= 1;
            words.clear();
            return Some(words);
        }
        self.blocks[self.oldest] = Some(words);
        None
    }

    pub fn get(&self, at: usize) -> Key {
        let mut keys = Vec::with_capacity(1);
        self.read(at..at + 1, &mut keys);
        keys[0]
    }

    /// Replaces what is in `keys` by the keys of these worlds.
    pub fn read(&self, range: Range<usize>, keys: &mut Vec<Key>) {
        keys.clear();
        let Range { mut start, end } = range;
        while start < end {
            let within = start % self.size;
            let count = (self.size - within).min(end - start);
            if let Some(block) = &self.blocks[start / self.size] {
                let words = within * self.key_words..(within + count) * self.key_words;
                add_keys(&block[words], self.key_words, keys);
            } else {
                let (first, count) = (start * self.key_words, count * self.key_words);
                add_keys(&self.disk.read(first, count), self.key_words, keys);
            }
            start += count;
        }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// Gives every world another key, of so many words.
    pub fn rewrite(&mut self, key_words: usize, mut other: impl FnMut(Key) -> Key) {
        let (mut old, mut words) = (Vec::new(), Vec::new());
        let blocks = self.blocks.len();
        for turn in 0..blocks {
            // Where keys get longer, the last first: the new place of a block on disk is that of old
            // ones that come behind it.
            let gets_longer = key_words > self.key_words;
            let nth = if gets_longer { blocks - 1 - turn } else { turn };
            old.clear();
            if let Some(block) = &self.blocks[nth] {
                add_keys(block, self.key_words, &mut old);
            } else {
                let count = self.size * self.key_words;
                add_keys(
                    &self.disk.read(nth * count, count),
                    self.key_words,
                    &mut old,
                );
            }
            let room = self.blocks[nth].take();
            let was_here = room.is_some();
            let mut room = room.unwrap_or_else(|| std::mem::take(&mut words));
            room.clear();
            if was_here {
                // As much as there was place for before.
                let place = room.capacity() / self.key_words * key_words;
                room.reserve_exact(place);
            }
            room.extend(old.iter().flat_map(|key| other(*key).words(key_words)));
            if was_here {
                self.blocks[nth] = Some(room);
            } else if self.disk.write(nth * self.size * key_words, &room) {
                words = room;
            } else {
                self.blocks[nth] = Some(room);
                self.here += 1;
            }
        }
        self.key_words = key_words;
    }

    /// All keys in their order, some at a time.
    pub fn each(&self, mut with: impl FnMut(&[Key])) {
        const AT_ONCE: usize = 256;
        let mut keys = Vec::with_capacity(AT_ONCE);
        for (nth, block) in self.blocks.iter().enumerate() {
            let count = self.size * self.key_words;
            let from_disk = || self.disk.read(nth * count, count);
            let words = block
                .as_ref()
                .map_or_else(|| Cow::Owned(from_disk()), Cow::from);
            for words in words.chunks(AT_ONCE * self.key_words) {
                keys.clear();
                add_keys(words, self.key_words, &mut keys);
                with(&keys);
            }
        }
    }

    /// Why the disk took no more, if it refused a block.
    pub fn refusal(&self) -> Option<&io::Error> {
        match &self.disk {
            Disk::Unused | Disk::Used(_) => None,
            Disk::Full(_, why) => Some(why),
        }
    }

    /// What is held in memory.
    pub fn bytes(&self) -> usize {
        let words: usize = self.blocks.iter().flatten().map(Vec::capacity).sum();
        words * size_of::<u64>() + self.blocks.capacity() * size_of::<Option<Vec<u64>>>()
    }
}

/// Adds the keys that these words are.
fn add_keys(words: &[u64], key_words: usize, keys: &mut Vec<Key>) {
    keys.extend(words.chunks_exact(key_words).map(Key::of));
}

/// The bytes that are on their way from or to the disk at a time.
const BUFFER: usize = 1 << 13;

impl Disk {
    /// Writes words to where the n-th word lies; whether the disk took them. If it did not, it is
    /// not asked again.
    fn write(&mut self, nth: usize, words: &[u64]) -> bool {
        if matches!(self, Disk::Unused) {
            *self = match tempfile::tempfile() {
                Ok(file) => Disk::Used(Mutex::new(file)),
                Err(why) => Disk::Full(None, why),
            };
        }
        let Disk::Used(file) = self else { return false };
        let file = file.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Err(why) = write_words(file, nth, words) else {
            return true;
        };
        let used = std::mem::replace(self, Disk::Unused);
        *self = Disk::Full(used.into_file(), why);
        false
    }

    /// The words that lie from the n-th on.
    fn read(&self, nth: usize, count: usize) -> Vec<u64> {
        let (Disk::Used(file) | Disk::Full(Some(file), _)) = self else {
            unreachable!("a block that is not here was written");
        };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        read_words(&mut file, nth, count)
            .expect("the temporary file gives back what was written to it")
    }

    fn into_file(self) -> Option<Mutex<File>> {
        match self {
            Disk::Unused => None,
            Disk::Used(file) => Some(file),
            Disk::Full(file, _) => file,
        }
    }
}

fn seek(file: &mut File, nth: usize) -> io::Result<()> {
    let start = nth as u64 * size_of::<u64>() as u64;
    file.seek(SeekFrom::Start(start)).map(drop)
}

fn write_words(file: &mut File, nth: usize, words: &[u64]) -> io::Result<()> {
    seek(file, nth)?;
    let mut buffer = Vec::with_capacity(BUFFER.min(size_of_val(words)));
    for some in words.chunks(BUFFER / size_of::<u64>()) {
        buffer.clear();
        buffer.extend(some.iter().flat_map(|word| word.to_le_bytes()));
        file.write_all(&buffer)?;
    }
    Ok(())
}

fn read_words(file: &mut File, nth: usize, count: usize) -> io::Result<Vec<u64>> {
    seek(file, nth)?;
    let mut words = Vec::with_capacity(count);
    let mut buffer = vec![0; BUFFER.min(count * size_of::<u64>())];
    let mut left = count * size_of::<u64>();
    while left > 0 {
        let some = left.min(BUFFER);
        file.read_exact(&mut buffer[..some])?;
        let (chunks, _) = buffer[..some].as_chunks();
        words.extend(chunks.iter().map(|bytes| u64::from_le_bytes(*bytes)));
        left -= some;
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::sync::Mutex;

    use proptest::prelude::*;
    use tempfile::NamedTempFile;

    use super::{Disk, Key, Keys};

    /// What is done to a list.
    #[derive(Clone, Debug)]
    enum Action {
        Push(u16),
        /// From here on keys have so many words.
        Rewrite(u64, usize),
        Read(prop::sample::Index, prop::sample::Index),
        /// From here on the disk takes nothing.
        Refuse,
    }

    fn step() -> impl Strategy<Value = Action> {
        prop_oneof![
            8 => (1..40u16).prop_map(Action::Push),
            3 => (any::<u64>(), 1..=2usize).prop_map(|(by, words)| Action::Rewrite(by, words)),
            8 => any::<(prop::sample::Index, prop::sample::Index)>().prop_map(|(a, b)| Action::Read(a, b)),
            1 => Just(Action::Refuse),
        ]
    }

    fn one(first: u64) -> Key {
        Key { first, second: 0 }
    }

    /// Puts a list's words on a disk that can be told to refuse.
    fn on(file: &NamedTempFile) -> Disk {
        Disk::Used(Mutex::new(file.reopen().unwrap()))
    }

    proptest! {
        #[test]
        fn keys_keep_their_order_here_and_on_disk(
            size in 1..9usize,
            blocks_max in 0..4usize,
            steps in prop::collection::vec(step(), 1..60),
        ) {
            let file = NamedTempFile::new().unwrap();
            let mut keys = Keys::new(1, size, blocks_max);
            keys.disk = on(&file);
            let mut refuses = false;
            let mut list: Vec<Key> = Vec::new();
            let mut some = vec![one(7)];
            let mut key_words = 1;
            for step in steps {
                match step {
                    Action::Push(count) => for _ in 0..count {
                        let first = list.len() as u64 * 0x0101_0101_0101;
                        let second = if key_words > 1 { !first } else { 0 };
                        let key = Key { first, second };
                        keys.push(key);
                        list.push(key);
                    },
                    Action::Rewrite(by, words) => {
                        key_words = words;
                        let other = |key: Key| Key {
                            first: key.first ^ by,
                            second: if words > 1 { key.second ^ !by } else { 0 },
                        };
                        keys.rewrite(key_words, other);
                        for key in &mut list {
                            *key = other(*key);
                        }
                    }
                    Action::Read(a, b) => {
                        let (a, b) = (a.index(list.len() + 1), b.index(list.len() + 1));
                        let range = a.min(b)..a.max(b);
                        keys.read(range.clone(), &mut some);
                        prop_assert_eq!(&some, &list[range]);
                        if a < list.len() {
                            prop_assert_eq!(keys.get(a), list[a]);
                        }
                    }
                    // Once is enough: it is not asked again.
                    Action::Refuse if refuses => {}
                    Action::Refuse => {
                        // A file that was opened for reading takes nothing, and gives back all.
                        let file = Mutex::new(File::open(file.path()).unwrap());
                        keys.disk = Disk::Used(file);
                        refuses = true;
                    }
                }
                prop_assert_eq!(keys.len(), list.len());
                let here = keys.blocks.iter().flatten().count();
                prop_assert_eq!(here, keys.here);
                prop_assert!(refuses || here <= blocks_max.max(1));
                prop_assert!(refuses || keys.refusal().is_none());
                // The list told why it keeps more than it should.
                prop_assert!(here <= blocks_max.max(1) || keys.refusal().is_some());
                let mut all = Vec::new();
                keys.each(|some| all.extend_from_slice(some));
                prop_assert_eq!(&all, &list);
            }
        }
    }

    #[test]
    fn what_fits_in_memory_never_touches_the_disk() {
        let mut keys = Keys::new(1, 1 << 10, 4);
        (0..4 << 10).for_each(|word| keys.push(one(word)));
        assert!(matches!(keys.disk, Disk::Unused));
        keys.push(one(0));
        assert!(matches!(keys.disk, Disk::Used(_)));
        assert_eq!(keys.here, 4);
        assert!(keys.bytes() < (5 << 10) * 8);
    }

    #[test]
    fn large_blocks_go_to_the_disk_and_come_back() {
        let mut keys = Keys::new(1, 5_000, 1);
        (0..30_001).for_each(|word| keys.push(one(word * 3)));
        for key_words in 1..=2 {
            keys.rewrite(key_words, |key| one(key.first + 1));
            let is = |at: u64| one(at * 3 + key_words as u64);
            assert!((0..30_001).all(|at| keys.get(at) == is(at as u64)));
            let mut some = Vec::new();
            keys.read(4_999..25_001, &mut some);
            assert!((4_999..).zip(&some).all(|(at, key)| *key == is(at)));
            assert_eq!(some.len(), 20_002);
        }
    }
}
