//! The lock on a folder of checkpoints: whoever holds it is alone in there.
//!
//! Invariant: the system gives the lock up with the process that holds it, however that ends. A lock file
//! that nobody holds says nothing.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

const NAME: &str = "lock";

/// How often a lock, or its folder, may vanish while it is being taken.
const TRIES: usize = 100;

/// A folder that is held, and is taken again if it vanishes.
#[derive(Debug)]
pub struct Held {
    folder: PathBuf,
    lock: Mutex<Option<Lock>>,
}

impl Held {
    /// Takes a folder, which is made if need be; nothing if somebody else has it.
    pub fn take(folder: &Path) -> io::Result<Option<Self>> {
        let taken = Lock::take(folder)?;
        Ok(taken.map(|lock| Held {
            folder: folder.to_owned(),
            lock: Mutex::new(Some(lock)),
        }))
    }

    /// Makes sure that the folder is there, and ours.
    pub fn keep(&self) -> io::Result<()> {
        let mut lock = self.lock();
        if lock.as_ref().is_some_and(Lock::is_in_place) {
            return Ok(());
        }
        let taken = Lock::take(&self.folder)?;
        let why = "it had vanished, and by now another check is at work in it";
        *lock = Some(taken.ok_or_else(|| io::Error::other(why))?);
        Ok(())
    }

    /// Whether the folder is there, and ours.
    pub fn is_in_place(&self) -> bool {
        self.lock().as_ref().is_some_and(Lock::is_in_place)
    }

    pub fn give_up(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Lock>> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A lock file, and the right to it. The file goes with it.
#[derive(Debug)]
struct Lock {
    path: PathBuf,
    file: File,
}

impl Lock {
    fn take(folder: &Path) -> io::Result<Option<Self>> {
        for _ in 0..TRIES {
            match fs::create_dir(folder) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => made?,
            }
            let path = folder.join(NAME);
            let mut options = File::options();
            let file = match options.write(true).create(true).truncate(false).open(&path) {
                // Whoever was here before has just removed the folder.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                file => file?,
            };
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => return Ok(None),
                // A file system without locks keeps nobody out.
                Err(TryLockError::Error(error)) if error.kind() != ErrorKind::Unsupported => {
                    return Err(error);
                }
                _ => {}
            }
            let lock = Lock { path, file };
            // If not, it is the file of somebody who has just removed it.
            if lock.is_in_place() {
                return Ok(Some(lock));
            }
        }
        Err(io::Error::other("its lock file comes and goes"))
    }

    /// Whether the file that is held is the one that others see.
    fn is_in_place(&self) -> bool {
        let both = (self.file.metadata(), fs::metadata(&self.path));
        matches!(both, (Ok(held), Ok(seen)) if is_same(&held, &seen))
    }
}

#[cfg(unix)]
fn is_same(held: &fs::Metadata, seen: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;

    (held.dev(), held.ino()) == (seen.dev(), seen.ino())
}

/// Elsewhere nothing that is stable tells files apart.
#[cfg(not(unix))]
fn is_same(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    true
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.is_in_place() {
            // It may as well stay.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::{Held, NAME};

    #[test]
    fn one_at_a_time() {
        let here = TempDir::new().unwrap();
        let folder = here.path().join("kept");
        let first = Held::take(&folder).unwrap().expect("nobody has it");
        assert!(Held::take(&folder).unwrap().is_none());
        assert!(folder.join(NAME).exists());
        drop(first);
        assert!(!folder.join(NAME).exists());
        // What a kill leaves behind is in nobody's way.
        fs::write(folder.join(NAME), "").unwrap();
        assert!(Held::take(&folder).unwrap().is_some());
    }

    #[test]
    fn a_folder_that_vanished_is_taken_again_unless_another_was_faster() {
        let here = TempDir::new().unwrap();
        let folder = here.path().join("kept");
        let first = Held::take(&folder).unwrap().expect("nobody has it");
        fs::remove_dir_all(&folder).unwrap();
        first.keep().unwrap();
        assert!(Held::take(&folder).unwrap().is_none());
        fs::remove_dir_all(&folder).unwrap();
        let second = Held::take(&folder).unwrap().expect("it is another one");
        let refused = first.keep().unwrap_err();
        assert!(refused.to_string().contains("another check"), "{refused}");
        // What is no longer its own it leaves alone.
        drop(first);
        assert!(folder.join(NAME).exists());
        second.keep().unwrap();
    }
}
