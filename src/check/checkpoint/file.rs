//! One checkpoint file: what it begins with, values one after the other, and a checksum.
//!
//! Invariant: nothing of a file is believed before its checksum is right.

use std::fmt::Debug;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::{CheckpointError, Differing};
use super::sum::{Sum, digest};
use crate::model::bytes::{from_bytes, to_bytes};

/// What every file begins with.
const MAGIC: [u8; 8] = *b"jurychk\n";

/// Changes whenever the meaning of anything behind it changes.
const FORMAT: u32 = 4;

/// Something that a check depends on, by the digest of how it prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    name: String,
    digest: u64,
    /// The same in words, if it was told.
    told: String,
}

/// What is longer is not told where checks differ.
const TOLD_MAX: usize = 60;

impl Fact {
    pub fn new(name: &str, about: &dyn Debug) -> Self {
        let digest = digest(&format!("{about:?}"));
        let name = name.to_owned();
        Fact {
            name,
            digest,
            told: String::new(),
        }
    }

    /// The same, which people know by these words.
    #[must_use]
    pub fn told(mut self, words: impl Into<String>) -> Self {
        self.told = words.into();
        self
    }

    /// How it differs from what was written of it.
    pub(super) fn differing_from(&self, before: Option<&Fact>) -> Differing {
        let is_short = |fact: &Fact| (1..=TOLD_MAX).contains(&fact.told.chars().count());
        let before = before.filter(|before| is_short(before) && is_short(self));
        let values = before.map(|before| (before.told.clone(), self.told.clone()));
        Differing {
            what: self.name.clone(),
            values: values.filter(|(there, here)| there != here),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub jury: String,
    /// What all searches of the check depend on.
    pub check: Vec<Fact>,
    /// What this search depends on beside that.
    pub search: u64,
}

/// Writes values one after the other.
pub struct Writer {
    file: BufWriter<File>,
    sum: Sum,
}

impl Writer {
    /// Begins a file of which this is said.
    pub(super) fn create(path: &Path, header: &Header) -> io::Result<Self> {
        let mut writer = Writer {
            file: BufWriter::new(File::create(path)?),
            sum: Sum::default(),
        };
        writer.bytes(&MAGIC)?;
        writer.bytes(&FORMAT.to_le_bytes())?;
        writer.value(header)?;
        Ok(writer)
    }

    /// Ends it with the checksum, and waits until it is on the disk.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let sum = self.sum.finish().to_le_bytes();
        self.file.write_all(&sum)?;
        let file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.sync_data()
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.add(bytes);
        self.file.write_all(bytes)
    }

    pub fn number(&mut self, number: u64) -> io::Result<()> {
        self.bytes(&number.to_le_bytes())
    }

    pub fn value(&mut self, value: &impl Serialize) -> io::Result<()> {
        let bytes = to_bytes(value).map_err(io::Error::other)?;
        self.counted(&bytes)
    }

    fn counted(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.number(bytes.len() as u64)?;
        self.bytes(bytes)
    }

    /// Writes a value of a protocol, which has to be the same when it is read back.
    pub fn faithful<T: Serialize + PartialEq>(
        &mut self,
        value: &T,
        read: &dyn Fn(&[u8]) -> postcard::Result<T>,
    ) -> io::Result<()> {
        let bytes = to_bytes(value);
        let read = bytes.as_ref().ok().map(|bytes| read(bytes));
        let is_same = read.is_some_and(|read| read.as_ref() == Ok(value));
        self.if_same(bytes, is_same)
    }

    fn if_same(&mut self, bytes: postcard::Result<Vec<u8>>, is_same: bool) -> io::Result<()> {
        let bytes = bytes.map_err(io::Error::other)?;
        if !is_same {
            let why = "a state of this protocol is not the same once it was written and read back";
            return Err(io::Error::other(why));
        }
        self.counted(&bytes)
    }
}

/// Reads what was written, in the same order.
pub struct Reader {
    path: PathBuf,
    file: BufReader<File>,
    pub(super) header: Header,
    /// How many bytes are left before the checksum.
    left: u64,
    buffer: Vec<u8>,
}

impl Reader {
    /// Opens a file, and makes sure that it is whole.
    pub(super) fn open(path: &Path) -> Result<Self, CheckpointError> {
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
        self.value_by(&from_bytes)
    }

    /// The same, read by whoever knows how.
    pub fn value_by<T>(
        &mut self,
        read: &dyn Fn(&[u8]) -> postcard::Result<T>,
    ) -> Result<T, CheckpointError> {
        let count = self.number()?;
        self.bytes(count)?;
        read(&self.buffer).map_err(|_| self.damaged("a value in it makes no sense"))
    }

    /// That nothing is left.
    pub fn end(&self) -> Result<(), CheckpointError> {
        match self.left {
            0 => Ok(()),
            _ => Err(self.damaged("it goes on behind its end")),
        }
    }
}
