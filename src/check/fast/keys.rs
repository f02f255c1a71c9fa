//! The worlds in the order in which they were found, each one word, in blocks.
//!
//! Invariants: a world keeps its number, and its level is a range of numbers. Blocks never move, so
//! that adding a world never needs the memory of two lists. Only so many blocks are kept in memory;
//! the oldest go to a temporary file, each at its place. Where the disk refuses a block, it stays
//! in memory, and so do all later ones. What the disk took it has to give back: if it does not, the
//! search is lost, and panics.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// A list of words that only grows.
pub struct Keys {
    /// Words in a block.
    size: usize,
    /// How many blocks are kept in memory, unless the disk refuses.
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
    Full(Option<Mutex<File>>),
}

impl Keys {
    /// An empty list in blocks of so many words, of which so many are kept in memory.
    pub fn new(size: usize, blocks_max: usize) -> Self {
        Keys {
            size: size.max(1),
            // The last one grows, and is read while it does.
            blocks_max: blocks_max.max(1),
            blocks: Vec::new(),
            len: 0,
            here: 0,
            oldest: 0,
            disk: Disk::Unused,
        }
    }

    #[inline]
    pub fn push(&mut self, word: u64) {
        if self.len.is_multiple_of(self.size) {
            self.add_block();
        }
        let last = self.blocks.last_mut().and_then(Option::as_mut);
        last.expect("the last block is here").push(word);
        self.len += 1;
    }

    fn add_block(&mut self) {
        let mut room = None;
        while self.here >= self.blocks_max && !matches!(self.disk, Disk::Full(_)) {
            room = self.put_away().or(room);
        }
        let room = room.unwrap_or_else(|| {
            // Small searches are many, so that their one block grows as it is needed.
            Vec::with_capacity(if self.len == 0 { 0 } else { self.size })
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
        if self.disk.write(self.oldest * self.size, &words) {
            self.here -= 1;
            words.clear();
            return Some(words);
        }
        self.blocks[self.oldest] = Some(words);
        None
    }

    pub fn get(&self, at: usize) -> u64 {
        if let Some(block) = &self.blocks[at / self.size] {
            return block[at % self.size];
        }
        let mut word = Vec::with_capacity(1);
        self.disk.read(at, 1, &mut word);
        word[0]
    }

    /// Replaces what is in `words` by the words of these worlds.
    pub fn read(&self, range: Range<usize>, words: &mut Vec<u64>) {
        words.clear();
        let Range { mut start, end } = range;
        while start < end {
            let within = start % self.size;
            let count = (self.size - within).min(end - start);
            match &self.blocks[start / self.size] {
                Some(block) => words.extend_from_slice(&block[within..within + count]),
                None => self.disk.read(start, count, words),
            }
            start += count;
        }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// Gives every world another word.
    pub fn rewrite(&mut self, mut other: impl FnMut(u64) -> u64) {
        let mut room = Vec::new();
        for nth in 0..self.blocks.len() {
            if let Some(block) = &mut self.blocks[nth] {
                for word in block {
                    *word = other(*word);
                }
                continue;
            }
            room.clear();
            self.disk.read(nth * self.size, self.size, &mut room);
            for word in &mut room {
                *word = other(*word);
            }
            if !self.disk.write(nth * self.size, &room) {
                self.blocks[nth] = Some(std::mem::take(&mut room));
                self.here += 1;
            }
        }
    }

    /// All words in their order, some at a time.
    pub fn each(&self, mut with: impl FnMut(&[u64])) {
        const AT_ONCE: usize = 256;
        let mut room = Vec::new();
        for (nth, block) in self.blocks.iter().enumerate() {
            let words = block.as_ref().unwrap_or_else(|| {
                room.clear();
                self.disk.read(nth * self.size, self.size, &mut room);
                &room
            });
            words.chunks(AT_ONCE).for_each(&mut with);
        }
    }

    /// What is held in memory.
    pub fn bytes(&self) -> usize {
        let words: usize = self.blocks.iter().flatten().map(Vec::capacity).sum();
        words * size_of::<u64>() + self.blocks.capacity() * size_of::<Option<Vec<u64>>>()
    }
}

/// The bytes that are on their way from or to the disk at a time.
const BUFFER: usize = 1 << 13;

impl Disk {
    /// Writes words to where the n-th word lies; whether the disk took them. If it did not, it is
    /// not asked again.
    fn write(&mut self, nth: usize, words: &[u64]) -> bool {
        if matches!(self, Disk::Unused) {
            *self = tempfile::tempfile().map_or(Disk::Full(None), |f| Disk::Used(Mutex::new(f)));
        }
        let Disk::Used(file) = self else { return false };
        let file = file.get_mut().unwrap_or_else(PoisonError::into_inner);
        let written = write_words(file, nth, words);
        if written.is_err() {
            let used = std::mem::replace(self, Disk::Unused);
            *self = Disk::Full(used.into_file());
        }
        written.is_ok()
    }

    /// Adds the words that lie from the n-th on.
    fn read(&self, nth: usize, count: usize, words: &mut Vec<u64>) {
        let (Disk::Used(file) | Disk::Full(Some(file))) = self else {
            unreachable!("a block that is not here was written");
        };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        read_words(&mut file, nth, count, words)
            .expect("the temporary file gives back what was written to it");
    }

    fn into_file(self) -> Option<Mutex<File>> {
        match self {
            Disk::Unused => None,
            Disk::Used(file) => Some(file),
            Disk::Full(file) => file,
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

fn read_words(file: &mut File, nth: usize, count: usize, words: &mut Vec<u64>) -> io::Result<()> {
    seek(file, nth)?;
    let mut buffer = vec![0; BUFFER.min(count * size_of::<u64>())];
    let mut left = count * size_of::<u64>();
    while left > 0 {
        let some = left.min(BUFFER);
        file.read_exact(&mut buffer[..some])?;
        let (chunks, _) = buffer[..some].as_chunks();
        words.extend(chunks.iter().map(|bytes| u64::from_le_bytes(*bytes)));
        left -= some;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::sync::Mutex;

    use proptest::prelude::*;
    use tempfile::NamedTempFile;

    use super::{Disk, Keys};

    /// What is done to a list.
    #[derive(Clone, Debug)]
    enum Step {
        Push(u16),
        Rewrite(u64),
        Read(prop::sample::Index, prop::sample::Index),
        /// From here on the disk takes nothing.
        Refuse,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            8 => (1..40u16).prop_map(Step::Push),
            2 => any::<u64>().prop_map(Step::Rewrite),
            8 => any::<(prop::sample::Index, prop::sample::Index)>().prop_map(|(a, b)| Step::Read(a, b)),
            1 => Just(Step::Refuse),
        ]
    }

    /// Puts a list's words on a disk that can be told to refuse.
    fn on(file: &NamedTempFile) -> Disk {
        Disk::Used(Mutex::new(file.reopen().unwrap()))
    }

    proptest! {
        #[test]
        fn words_keep_their_order_here_and_on_disk(
            size in 1..9usize,
            blocks_max in 0..4usize,
            steps in prop::collection::vec(step(), 1..60),
        ) {
            let file = NamedTempFile::new().unwrap();
            let mut keys = Keys::new(size, blocks_max);
            keys.disk = on(&file);
            let mut refuses = false;
            let mut list: Vec<u64> = Vec::new();
            let mut words = vec![7];
            for step in steps {
                match step {
                    Step::Push(count) => for _ in 0..count {
                        let word = list.len() as u64 * 0x0101_0101_0101;
                        keys.push(word);
                        list.push(word);
                    },
                    Step::Rewrite(by) => {
                        keys.rewrite(|word| word ^ by);
                        for word in &mut list {
                            *word ^= by;
                        }
                    }
                    Step::Read(a, b) => {
                        let (a, b) = (a.index(list.len() + 1), b.index(list.len() + 1));
                        let range = a.min(b)..a.max(b);
                        keys.read(range.clone(), &mut words);
                        prop_assert_eq!(&words, &list[range]);
                        if a < list.len() {
                            prop_assert_eq!(keys.get(a), list[a]);
                        }
                    }
                    Step::Refuse => {
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
                let mut all = Vec::new();
                keys.each(|words| all.extend_from_slice(words));
                prop_assert_eq!(&all, &list);
            }
        }
    }

    #[test]
    fn what_fits_in_memory_never_touches_the_disk() {
        let mut keys = Keys::new(1 << 10, 4);
        (0..4 << 10).for_each(|word| keys.push(word));
        assert!(matches!(keys.disk, Disk::Unused));
        keys.push(0);
        assert!(matches!(keys.disk, Disk::Used(_)));
        assert_eq!(keys.here, 4);
        assert!(keys.bytes() < (5 << 10) * 8);
    }

    #[test]
    fn large_blocks_go_to_the_disk_and_come_back() {
        let mut keys = Keys::new(5_000, 1);
        (0..30_001).for_each(|word| keys.push(word * 3));
        keys.rewrite(|word| word + 1);
        assert!((0..30_001).all(|at| keys.get(at) == at as u64 * 3 + 1));
        let mut words = Vec::new();
        keys.read(4_999..25_001, &mut words);
        assert!((4_999..).zip(&words).all(|(at, word)| *word == at * 3 + 1));
        assert_eq!(words.len(), 20_002);
    }
}
