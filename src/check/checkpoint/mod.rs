//! Checkpoints on disk: how far each search of a check has come, a file for each.
//!
//! Invariants: a file is written beside its place and renamed, so that a kill at any moment leaves
//! the old one or the new one. A file names everything that its search depends on, and is taken for no
//! other search. Only one check at a time is at work in a folder (`lock`). How a file looks inside is the
//! business of `file`, and what a search writes that of the engine.

mod error;
mod file;
mod lock;
mod sum;

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

pub use error::{CheckpointError, Differing};
pub use file::{Fact, Reader, Writer};

use self::file::Header;
use self::lock::Held;
use self::sum::digest;

const EXTENSION: &str = "checkpoint";

/// A folder with the checkpoints of one check, held against others.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    facts: Vec<Fact>,
    held: Arc<Held>,
}

impl Folder {
    /// Opens a folder, or makes it in one that is there. What lies in it must be of the check that
    /// depends on these facts, and nobody else may be at work in it.
    pub fn open(path: &Path, facts: Vec<Fact>) -> Result<Self, CheckpointError> {
        let unusable = |error| CheckpointError::Unusable {
            path: path.to_owned(),
            error,
        };
        if path.exists() && !path.is_dir() {
            return Err(unusable(io::Error::other("this is a file, not a folder")));
        }
        let held = Held::take(path).map_err(unusable)?;
        let held = held.ok_or_else(|| CheckpointError::InUse {
            path: path.to_owned(),
        })?;
        let folder = Folder {
            path: path.to_owned(),
            facts,
            held: Arc::new(held),
        };
        for file in folder.files(EXTENSION).map_err(unusable)? {
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
            held: Arc::clone(&self.held),
            header: Header {
                jury: env!("CARGO_PKG_VERSION").to_owned(),
                check: self.facts.clone(),
                search,
            },
        }
    }

    /// Whether there is nothing to go on from, or not any more.
    pub fn is_empty(&self) -> bool {
        let files = self.files(EXTENSION);
        !self.held.is_in_place() || files.map_or(true, |files| files.is_empty())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the checkpoints, and the folder if nothing else is in it.
    pub fn clear(&self) -> io::Result<()> {
        if self.held.keep().is_err() {
            // It has vanished, and what may be there by now is not ours.
            return Ok(());
        }
        let mut files = self.files(EXTENSION)?;
        files.extend(self.files(PART)?);
        files.iter().try_for_each(fs::remove_file)?;
        self.held.give_up();
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

/// The facts that are not in both.
fn differing(theirs: &[Fact], ours: &[Fact]) -> Vec<Differing> {
    let others = ours.iter().filter(|fact| !theirs.contains(fact));
    let differing = others.map(|fact| {
        let before = theirs.iter().find(|other| other.name() == fact.name());
        fact.differing_from(before)
    });
    let differing: Vec<Differing> = differing.collect();
    if differing.is_empty() {
        return vec![Differing {
            what: "what it asks".to_owned(),
            values: None,
        }];
    }
    differing
}

/// How the name of a file ends that is not whole yet.
const PART: &str = "checkpoint-part";

/// Where one search keeps its checkpoint.
#[derive(Clone, Debug)]
pub struct Place {
    path: PathBuf,
    held: Arc<Held>,
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

    /// Writes a checkpoint, which then takes the place of the one before. A folder that has vanished is made
    /// again.
    pub fn write(&self, content: impl FnOnce(&mut Writer) -> io::Result<()>) -> io::Result<()> {
        self.held.keep()?;
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
    use crate::model::bytes::from_bytes;

    fn facts(seed: u32) -> Vec<Fact> {
        let seed = Fact::new("seed", &seed).told(seed.to_string());
        vec![Fact::new("protocol", &"toy"), seed]
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
            writer.faithful(&Some(5u32), &from_bytes)
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
        let path = folder.path().to_owned();
        drop(folder);
        let told = |facts: Vec<Fact>| Folder::open(&path, facts).unwrap_err().to_string();
        let differs = "belongs to another check, which differs in";
        let error = told(facts(2));
        assert!(
            error.ends_with(&format!("{differs} seed (1 there, 2 here)")),
            "{error}"
        );
        let long = Fact::new("seed", &3).told("3".repeat(100));
        let error = told(vec![Fact::new("protocol", &"toy"), long]);
        assert!(error.ends_with(&format!("{differs} seed")), "{error}");
        let error = told(vec![Fact::new("protocol", &"toy")]);
        assert!(
            error.ends_with(&format!("{differs} what it asks")),
            "{error}"
        );
        let folder = Folder::open(&path, facts(1)).unwrap();
        let file = folder.place(&"first").path;
        fs::rename(&file, folder.place(&"second").path).unwrap();
        assert!(matches!(
            folder.place(&"second").read(),
            Err(CheckpointError::Damaged { .. })
        ));
    }

    #[test]
    fn a_folder_is_for_one_check_at_a_time() {
        let (_here, folder) = written();
        let path = folder.path().to_owned();
        let refused = Folder::open(&path, facts(1)).unwrap_err();
        assert!(matches!(refused, CheckpointError::InUse { .. }));
        fs::remove_dir_all(&path).unwrap();
        assert!(folder.is_empty());
        folder.clear().unwrap();
        folder.place(&"first").write(|_| Ok(())).unwrap();
        assert!(!folder.is_empty());
        fs::remove_dir_all(&path).unwrap();
        let other = Folder::open(&path, facts(1)).unwrap();
        other.place(&"first").write(|_| Ok(())).unwrap();
        assert!(folder.is_empty());
        folder.clear().unwrap();
        assert!(!other.is_empty());
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
        let refused = place.write(|writer| writer.faithful(&Either::Number(1), &from_bytes));
        assert!(refused.unwrap_err().to_string().contains("read back"));
        assert_eq!(fs::read(&place.path).unwrap(), before);
    }

    proptest! {
        #[test]
        fn damage_is_found(cut in any::<prop::sample::Index>(), bit in any::<prop::sample::Index>()) {
            let (_here, folder) = written();
            let place = folder.place(&"first");
            let (file, path) = (place.path.clone(), folder.path().to_owned());
            let is_damaged = || matches!(
                Folder::open(&path, facts(1)),
                Err(CheckpointError::Damaged { .. } | CheckpointError::OtherVersion { .. })
            );
            // Nobody else is at work in it.
            folder.held.give_up();
            let whole = fs::read(&file).unwrap();
            fs::write(&file, &whole[..cut.index(whole.len())]).unwrap();
            prop_assert!(is_damaged());
            let mut flipped = whole.clone();
            let bit = bit.index(whole.len() * 8);
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(&file, &flipped).unwrap();
            prop_assert!(is_damaged());
            prop_assert!(place.read().is_err());
            fs::write(&file, [&whole[..], &[0]].concat()).unwrap();
            prop_assert!(is_damaged());
        }
    }
}
