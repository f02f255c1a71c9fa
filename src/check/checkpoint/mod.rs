//! Checkpoints on disk: how far each search of a check has come, a file for each.
//!
//! Invariants: a file is written beside its place and renamed, so that a kill at any moment leaves
//! the old one or the new one. A file names everything that its search depends on, and is taken for no
//! other search. How it looks inside is the business of `file`, and what a search writes that of the
//! engine.

mod error;
mod file;
mod sum;

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::{fs, io};

pub use error::CheckpointError;
pub use file::{Fact, Reader, Writer};

use self::file::Header;
use self::sum::digest;

const EXTENSION: &str = "checkpoint";

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
        .map(|f| f.name().to_owned())
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
        let mut writer = Writer::create(&part, &self.header)?;
        content(&mut writer)?;
        writer.finish()?;
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
