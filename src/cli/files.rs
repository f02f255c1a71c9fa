//! Output files: found writable before the work, written beside their place, renamed when whole.
//!
//! Invariant: whoever reads the place sees the old file or the new one, never a part.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use tempfile::NamedTempFile;

use super::Failure;
use super::output::in_json;

/// A file that will be written once the work is done. Dropped before, it leaves no trace.
pub struct Pending {
    path: PathBuf,
    place: Target,
}

enum Target {
    Beside(NamedTempFile),
    /// A device or a pipe cannot be replaced; it is written to.
    Through(File),
}

impl Pending {
    /// Makes sure that the file can be written.
    pub fn at(path: &Path) -> Result<Self, Failure> {
        let place = Self::place(path).map_err(|error| Failure::file("write", path, &error))?;
        let path = path.to_owned();
        Ok(Pending { path, place })
    }

    fn place(path: &Path) -> io::Result<Target> {
        // A link stays a link: what it points to is replaced.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if let Ok(there) = fs::metadata(&target) {
            if there.is_dir() {
                return Err(io::Error::other("it is a folder"));
            }
            if !there.is_file() {
                return Ok(Target::Through(File::options().write(true).open(&target)?));
            }
            if there.permissions().readonly() {
                return Err(io::Error::other("it is read-only"));
            }
        }
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".jury-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // What other programs would create it with; the process's mask is applied to it.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        Ok(Target::Beside(builder.tempfile_in(folder)?))
    }

    /// Writes the file and puts it in its place.
    pub fn write(self, bytes: &[u8]) -> Result<(), Failure> {
        let written = match self.place {
            Target::Through(mut file) => file.write_all(bytes),
            Target::Beside(mut file) => {
                let target = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
                file.write_all(bytes)
                    .and_then(|()| file.persist(target).map_err(|e| e.error))
                    .map(drop)
            }
        };
        written.map_err(|error| Failure::file("write", &self.path, &error))
    }

    /// What to say if there is nothing to write.
    pub fn unwritten(&self, why: &str, what: &str) -> String {
        let nothing = format!("{why}, so no {what} was written");
        if self.path.is_file() {
            format!("{nothing}: {} is from before.", self.path.display())
        } else {
            format!("{nothing}.")
        }
    }

    pub fn write_json(self, value: &impl Serialize) -> Result<(), Failure> {
        self.write(in_json(value).as_bytes())
    }
}
