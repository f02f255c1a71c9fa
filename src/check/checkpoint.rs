//! Checkpoints on disk: how far each search of a check has come, a file for each.
//!
//! Invariants: a file is written beside its place and renamed, so that a kill at any moment leaves
//! the old one or the new one. Nothing of a file is believed before its checksum is right. A file
//! names everything that its search depends on, and is taken for no other search. What a search
//! writes is the engine's business.

use std::fmt::Debug;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::cluster::enumerate;

/// What every file begins with.
const MAGIC: [u8; 8] = *b"jurychk\n";

/// Changes whenever the meaning of anything behind it changes.
const FORMAT: u32 = 3;

const EXTENSION: &str = "checkpoint";

/// Why there is no going on from a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    #[error("cannot read the checkpoint {}: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{} is damaged: {what}", path.display())]
    Damaged { path: PathBuf, what: &'static str },
    #[error("{} was written by {by}, and this is jury {}", path.display(), env!("CARGO_PKG_VERSION"))]
    OtherVersion { path: PathBuf, by: String },
    #[error("{} belongs to another check, which differs in {}", path.display(), named(differ))]
    OtherCheck { path: PathBuf, differ: Vec<String> },
    #[error("{} does not fit the protocol as it is now: {what}", path.display())]
    OtherProtocol { path: PathBuf, what: &'static str },
}

fn named(facts: &[String]) -> String {
    enumerate(facts.iter().cloned())
}

impl CheckpointError {
    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            CheckpointError::Unreadable { .. } => "check its permissions, or name another folder",
            CheckpointError::Damaged { .. } => "delete this file: its search begins anew",
            CheckpointError::OtherVersion { .. } => {
                "go on with the jury that wrote it, or delete it to begin anew"
            }
            CheckpointError::OtherCheck { .. } => {
                "go on with the command that began it, name another folder, or delete this one"
            }
            CheckpointError::OtherProtocol { .. } => {
                "the protocol has changed since it was written: delete it to begin anew"
            }
        }
    }
}

/// Something that a check depends on, by the digest of how it prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    name: String,
    digest: u64,
}

impl Fact {
    pub fn new(name: &str, about: &impl Debug) -> Self {
        let digest = digest(&format!("{about:?}"));
        let name = name.to_owned();
        Fact { name, digest }
    }
}

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    jury: String,
    /// What all searches of the check depend on.
    check: Vec<Fact>,
    /// What this search depends on beside that.
    search: u64,
}

/// A folder with the checkpoints of one check.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    facts: Vec<Fact>,
}

impl Folder {
    /// Opens a folder, or makes it in one that is there. What lies in it must be of the check that
    /// depends on these facts.
    pub fn open(path: &Path, facts: Vec<Fact>) -> Result<Self, CheckpointError> {
        let folder = Folder {
            path: path.to_owned(),
            facts,
        };
        let unreadable = |error| CheckpointError::Unreadable {
            path: path.to_owned(),
            error,
        };
        if path.exists() && !path.is_dir() {
            return Err(unreadable(io::Error::other("this is a file, not a folder")));
        }
        match fs::create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.map_err(unreadable)?,
        }
        for file in folder.files(EXTENSION).map_err(unreadable)? {
            let reader = Reader::open(&file)?;
            let header = reader.header;
            let by = |version: &str| format!("jury {version}");
            if header.jury != env!("CARGO_PKG_VERSION") {
                let by = by(&header.jury);
                return Err(CheckpointError::OtherVersion { path: file, by });
            }
            if header.check != folder.facts {
                let differ = differing(&header.check, &folder.facts);
                return Err(CheckpointError::OtherCheck { path: file, differ });
            }
        }
        Ok(folder)
    }

    /// The place of the search that depends on this as well.
    pub fn place(&self, search: &impl Debug) -> Place {
        let search = digest(&format!("{search:?}"));
        Place {
            path: self.path.join(format!("{search:016x}.{EXTENSION}")),
            header: Header {
                jury: env!("CARGO_PKG_VERSION").to_owned(),
                check: self.facts.clone(),
                search,
            },
        }
    }

    /// Whether there is anything to go on from.
    pub fn is_empty(&self) -> bool {
        self.files(EXTENSION).is_ok_and(|files| files.is_empty())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the checkpoints, and the folder if nothing else is in it.
    pub fn clear(&self) -> io::Result<()> {
        let mut files = self.files(EXTENSION)?;
        files.extend(self.files(PART)?);
        files.iter().try_for_each(fs::remove_file)?;
        // A folder in which something else lies stays.
        let _ = fs::remove_dir(&self.path);
        Ok(())
    }

    /// Our files, by how their names end.
    fn files(&self, extension: &str) -> io::Result<Vec<PathBuf>> {
        let entries = fs::read_dir(&self.path)?;
        let paths = entries.map(|entry| Ok(entry?.path()));
        let paths = paths.collect::<io::Result<Vec<PathBuf>>>()?;
        let ours = |path: &PathBuf| path.extension().is_some_and(|e| e == extension);
        let mut paths: Vec<PathBuf> = paths.into_iter().filter(ours).collect();
        paths.sort();
        Ok(paths)
    }
}

/// The names of the facts that are not in both.
fn differing(theirs: &[Fact], ours: &[Fact]) -> Vec<String> {
    let missing = |fact: &&Fact| !theirs.contains(fact);
    let names: Vec<String> = ours
        .iter()
        .filter(missing)
        .map(|f| f.name.clone())
        .collect();
    if names.is_empty() {
        return vec!["what it asks".to_owned()];
    }
    names
}

/// How the name of a file ends that is not whole yet.
const PART: &str = "checkpoint-part";

/// Where one search keeps its checkpoint.
#[derive(Clone, Debug)]
pub struct Place {
    path: PathBuf,
    header: Header,
}

impl Place {
    /// What was written here, if anything was.
    pub fn read(&self) -> Result<Option<Reader>, CheckpointError> {
        if !self.path.exists() {
            return Ok(None);
        }
        let reader = Reader::open(&self.path)?;
        if reader.header != self.header {
            return Err(self.damaged("it is not at its place"));
        }
        Ok(Some(reader))
    }

    /// Writes a checkpoint, which then takes the place of the one before.
    pub fn write(&self, content: impl FnOnce(&mut Writer) -> io::Result<()>) -> io::Result<()> {
        let part = self.path.with_extension(PART);
        let mut writer = Writer {
            file: BufWriter::new(File::create(&part)?),
            sum: Sum::default(),
        };
        writer.bytes(&MAGIC)?;
        writer.bytes(&FORMAT.to_le_bytes())?;
        writer.value(&self.header)?;
        content(&mut writer)?;
        let sum = writer.sum.finish().to_le_bytes();
        writer.file.write_all(&sum)?;
        let file = writer
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.sync_data()?;
        drop(file);
        fs::rename(&part, &self.path)
    }

    pub fn damaged(&self, what: &'static str) -> CheckpointError {
        let path = self.path.clone();
        CheckpointError::Damaged { path, what }
    }

    pub fn of_another_protocol(&self, what: &'static str) -> CheckpointError {
        let path = self.path.clone();
        CheckpointError::OtherProtocol { path, what }
    }
}

/// Writes values one after the other.
pub struct Writer {
    file: BufWriter<File>,
    sum: Sum,
}

impl Writer {
    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.add(bytes);
        self.file.write_all(bytes)
    }

    pub fn number(&mut self, number: u64) -> io::Result<()> {
        self.bytes(&number.to_le_bytes())
    }

    pub fn value(&mut self, value: &impl Serialize) -> io::Result<()> {
        let bytes = postcard::to_extend(value, Vec::new()).map_err(io::Error::other)?;
        self.number(bytes.len() as u64)?;
        self.bytes(&bytes)
    }

    /// Writes a value of a protocol, which has to be the same when it is read back.
    pub fn faithful<T: Serialize + DeserializeOwned + PartialEq>(
        &mut self,
        value: &T,
    ) -> io::Result<()> {
        let bytes = postcard::to_extend(value, Vec::new()).map_err(io::Error::other)?;
        if postcard::from_bytes::<T>(&bytes).ok().as_ref() != Some(value) {
            let why = "a state of this protocol is not the same once it was written and read back";
            return Err(io::Error::other(why));
        }
        self.number(bytes.len() as u64)?;
        self.bytes(&bytes)
    }
}

/// Reads what was written, in the same order.
pub struct Reader {
    path: PathBuf,
    file: BufReader<File>,
    header: Header,
    /// How many bytes are left before the checksum.
    left: u64,
    buffer: Vec<u8>,
}

impl Reader {
    /// Opens a file, and makes sure that it is whole.
    fn open(path: &Path) -> Result<Self, CheckpointError> {
        let unreadable = |error| CheckpointError::Unreadable {
            path: path.to_owned(),
            error,
        };
        let damaged = |what| CheckpointError::Damaged {
            path: path.to_owned(),
            what,
        };
        let mut file = File::open(path).map_err(unreadable)?;
        let len = file.metadata().map_err(unreadable)?.len();
        let mut start = [0; MAGIC.len() + size_of::<u32>()];
        file.read_exact(&mut start)
            .map_err(|_| damaged("it is too short"))?;
        let (magic, format) = start.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(damaged("it does not begin as a checkpoint does"));
        }
        let format = u32::from_le_bytes(format.try_into().expect("four bytes"));
        if format != FORMAT {
            return Err(CheckpointError::OtherVersion {
                path: path.to_owned(),
                by: format!("a jury whose checkpoints have format {format}"),
            });
        }
        let left = (len - start.len() as u64).checked_sub(size_of::<u64>() as u64);
        let left = left.ok_or_else(|| damaged("it is too short"))?;
        let mut sum = Sum::default();
        sum.add(&start);
        let sum = sum
            .over(&mut BufReader::new(&mut file), left)
            .map_err(unreadable)?;
        let mut written = [0; size_of::<u64>()];
        file = File::open(path).map_err(unreadable)?;
        let skip = |file: &mut File, to| io::Seek::seek(file, io::SeekFrom::Start(to)).map(drop);
        skip(&mut file, start.len() as u64 + left).map_err(unreadable)?;
        file.read_exact(&mut written).map_err(unreadable)?;
        if sum != u64::from_le_bytes(written) {
            return Err(damaged("its checksum is wrong"));
        }
        skip(&mut file, start.len() as u64).map_err(unreadable)?;
        let mut reader = Reader {
            path: path.to_owned(),
            file: BufReader::new(file),
            header: Header {
                jury: String::new(),
                check: Vec::new(),
                search: 0,
            },
            left,
            buffer: Vec::new(),
        };
        reader.header = reader.value()?;
        Ok(reader)
    }

    fn damaged(&self, what: &'static str) -> CheckpointError {
        let path = self.path.clone();
        CheckpointError::Damaged { path, what }
    }

    /// Reads so many bytes into the buffer.
    fn bytes(&mut self, count: u64) -> Result<(), CheckpointError> {
        let left = self.left.checked_sub(count);
        self.left = left.ok_or_else(|| self.damaged("it ends too soon"))?;
        let count = usize::try_from(count).map_err(|_| self.damaged("it is too large"))?;
        self.buffer.resize(count, 0);
        let read = self.file.read_exact(&mut self.buffer);
        read.map_err(|error| CheckpointError::Unreadable {
            path: self.path.clone(),
            error,
        })
    }

    pub fn number(&mut self) -> Result<u64, CheckpointError> {
        self.bytes(size_of::<u64>() as u64)?;
        let bytes = self.buffer[..]
            .try_into()
            .expect("a number has eight bytes");
        Ok(u64::from_le_bytes(bytes))
    }

    /// How many things come next, each of at least so many bytes.
    pub fn count(&mut self, bytes: u64) -> Result<usize, CheckpointError> {
        let count = self.number()?;
        if count > self.left / bytes {
            return Err(self.damaged("it ends too soon"));
        }
        usize::try_from(count).map_err(|_| self.damaged("it is too large"))
    }

    pub fn value<T: DeserializeOwned>(&mut self) -> Result<T, CheckpointError> {
        let count = self.number()?;
        self.bytes(count)?;
        match postcard::take_from_bytes(&self.buffer) {
            Ok((value, [])) => Ok(value),
            _ => Err(self.damaged("a value in it makes no sense")),
        }
    }

    /// That nothing is left.
    pub fn end(&self) -> Result<(), CheckpointError> {
        match self.left {
            0 => Ok(()),
            _ => Err(self.damaged("it goes on behind its end")),
        }
    }
}

/// A checksum, eight bytes at a time. Every change of a single word changes it.
#[derive(Clone, Copy, Default)]
struct Sum {
    state: u64,
    pending: u64,
    len: u64,
}

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.pending |= u64::from(*byte) << (8 * (self.len % 8));
            self.len += 1;
            if self.len.is_multiple_of(8) {
                self.state = stir(self.state ^ self.pending);
                self.pending = 0;
            }
        }
    }

    /// The sum with the next bytes of a file added.
    fn over(mut self, file: &mut impl Read, mut left: u64) -> io::Result<u64> {
        let mut buffer = vec![0; 1 << 16];
        while left > 0 {
            let some = usize::try_from(left)
                .unwrap_or(usize::MAX)
                .min(buffer.len());
            file.read_exact(&mut buffer[..some])?;
            self.add(&buffer[..some]);
            left -= some as u64;
        }
        Ok(self.finish())
    }

    fn finish(self) -> u64 {
        stir(stir(self.state ^ self.pending) ^ self.len)
    }
}

/// A bijection that spreads every bit (the finaliser of `SplitMix64`).
fn stir(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

fn digest(text: &str) -> u64 {
    let mut sum = Sum::default();
    sum.add(text.as_bytes());
    sum.finish()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::{CheckpointError, Fact, Folder};

    fn facts(seed: u32) -> Vec<Fact> {
        vec![Fact::new("protocol", &"toy"), Fact::new("seed", &seed)]
    }

    fn written() -> (TempDir, Folder) {
        let here = TempDir::new().unwrap();
        let folder = Folder::open(&here.path().join("a"), facts(1)).unwrap();
        let place = folder.place(&"first");
        assert!(place.read().unwrap().is_none());
        let write = place.write(|writer| {
            writer.number(3)?;
            [7, 8, u64::MAX]
                .iter()
                .try_for_each(|word| writer.number(*word))?;
            writer.value(&("text", vec![1u8, 2]))?;
            writer.faithful(&Some(5u32))
        });
        write.unwrap();
        (here, folder)
    }

    #[test]
    fn what_was_written_is_read() {
        let (_here, folder) = written();
        let mut reader = folder.place(&"first").read().unwrap().unwrap();
        assert_eq!(reader.count(8).unwrap(), 3);
        assert_eq!([reader.number().unwrap(), reader.number().unwrap()], [7, 8]);
        assert_eq!(reader.number().unwrap(), u64::MAX);
        let value: (String, Vec<u8>) = reader.value().unwrap();
        assert_eq!(value, ("text".to_owned(), vec![1, 2]));
        assert!(reader.end().is_err());
        assert_eq!(reader.value::<Option<u32>>().unwrap(), Some(5));
        reader.end().unwrap();
        assert!(reader.number().is_err());
        assert!(folder.place(&"second").read().unwrap().is_none());
        assert!(!folder.is_empty());
        folder.clear().unwrap();
        assert!(!folder.path().exists());
    }

    #[test]
    fn another_check_is_not_taken_for_this_one() {
        let (_here, folder) = written();
        let error = Folder::open(folder.path(), facts(2)).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("belongs to another check, which differs in seed")
        );
        let file = folder.place(&"first").path;
        fs::rename(&file, folder.place(&"second").path).unwrap();
        assert!(matches!(
            folder.place(&"second").read(),
            Err(CheckpointError::Damaged { .. })
        ));
    }

    #[test]
    fn values_that_cannot_be_read_back_are_not_written() {
        #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(u64),
        }
        let (_here, folder) = written();
        let place = folder.place(&"first");
        let before = fs::read(&place.path).unwrap();
        let refused = place.write(|writer| writer.faithful(&Either::Number(1)));
        assert!(refused.unwrap_err().to_string().contains("read back"));
        assert_eq!(fs::read(&place.path).unwrap(), before);
    }

    proptest! {
        #[test]
        fn damage_is_found(cut in any::<prop::sample::Index>(), bit in any::<prop::sample::Index>()) {
            let (_here, folder) = written();
            let file = folder.place(&"first").path;
            let whole = fs::read(&file).unwrap();
            fs::write(&file, &whole[..cut.index(whole.len())]).unwrap();
            prop_assert!(Folder::open(folder.path(), facts(1)).is_err());
            let mut flipped = whole.clone();
            let bit = bit.index(whole.len() * 8);
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(&file, &flipped).unwrap();
            prop_assert!(Folder::open(folder.path(), facts(1)).is_err());
            prop_assert!(folder.place(&"first").read().is_err());
            fs::write(&file, [&whole[..], &[0]].concat()).unwrap();
            prop_assert!(Folder::open(folder.path(), facts(1)).is_err());
        }
    }
}
