//! Which scenario is meant: a path, `-` for standard input, or the name of one below `scenarios`.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::{Failure, edge};
use crate::model::Few;

/// What standard input is called on the command line, and in errors.
const STDIN: &str = "-";
pub const STDIN_NAME: &str = "standard input";

/// Where scenarios are that can be named without their folder.
pub const SHIPPED: &str = "scenarios";

/// No file is larger, but for one that is refused for that.
const BYTES_MAX: u64 = crate::scenario::BYTES_MAX as u64 + 1;

/// How many names a complaint lists.
const LISTED_MAX: usize = 8;

pub fn is_stdin(path: &Path) -> bool {
    path == Path::new(STDIN)
}

/// All of standard input. It can be read once, and is asked for by every part of a command.
pub fn stdin() -> Result<&'static [u8], Failure> {
    static READ: OnceLock<Result<Vec<u8>, String>> = OnceLock::new();
    let read = READ.get_or_init(|| {
        let mut bytes = Vec::new();
        let input = io::stdin().lock();
        let read = input.take(BYTES_MAX).read_to_end(&mut bytes);
        read.map(|_| bytes).map_err(|error| error.to_string())
    });
    read.as_deref().map_err(|error| {
        Failure::new(
            format!("standard input cannot be read: {error}"),
            "name a file instead of `-`",
        )
    })
}

/// The file that is meant. What is no path may be the name of a scenario: `figure-8`, or
/// `raft/figure-8` where there are several.
pub fn find(named: &Path) -> Result<PathBuf, Failure> {
    let unreadable = match fs::metadata(named) {
        Ok(_) => return Ok(named.to_owned()),
        Err(error) => Failure::file("read", named, &error),
    };
    let wanted = stem(named);
    let mut files = json_files(&[PathBuf::from(SHIPPED)]);
    files.unreadable.clear();
    let is_meant = |path: &&PathBuf| {
        let name = stem(path);
        name == wanted || name.ends_with(&format!("/{wanted}"))
    };
    let meant: Vec<&PathBuf> = files.paths.iter().filter(is_meant).collect();
    match meant[..] {
        [one] => Ok(one.clone()),
        [] => Err(nearest(&wanted, &files.paths).unwrap_or(unreadable)),
        _ => Err(Failure::new(
            format!(
                "`{}` may be any of {} scenarios",
                named.display(),
                meant.len()
            ),
            format!("write {}", listed(meant.into_iter().map(|path| stem(path)))),
        )),
    }
}

/// A path without what every scenario's has.
fn stem(path: &Path) -> String {
    let path = path.strip_prefix(SHIPPED).unwrap_or(path);
    let name = path.to_string_lossy().replace('\\', "/");
    name.strip_suffix(".json").unwrap_or(&name).to_owned()
}

/// A complaint that names scenarios that are called nearly so.
fn nearest(wanted: &str, paths: &[PathBuf]) -> Option<Failure> {
    let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let names: Vec<(String, String)> = paths
        .iter()
        .map(|path| (last(&stem(path)), stem(path)))
        .collect();
    let short: Vec<&str> = names.iter().map(|(short, _)| short.as_str()).collect();
    let wanted_short = last(wanted);
    let close = edge::nearest(&wanted_short, &short);
    let near = names.iter().filter(|(short, _)| {
        close == Some(short.as_str()) || (wanted_short.len() > 3 && short.contains(&wanted_short))
    });
    let near: Vec<String> = near.map(|(_, name)| name.clone()).collect();
    (!near.is_empty()).then(|| {
        Failure::new(
            format!("there is no file and no scenario `{wanted}`"),
            format!("did you mean {}?", listed(near)),
        )
    })
}

fn listed(names: impl IntoIterator<Item = String>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(LISTED_MAX);
    let shown = names[..names.len() - more].join(", ");
    match more {
        0 => shown,
        _ => format!("{shown} or one of {more} more"),
    }
}

/// JSON files below some folders, each real file once, in the order of their names.
#[derive(Debug, Default)]
pub struct JsonFiles {
    pub paths: Vec<PathBuf>,
    /// Folders that could not be read, and why.
    pub unreadable: Vec<(PathBuf, io::Error)>,
    /// What was seen, by its real path: links may lead to it more than once, and in circles.
    seen: Few<PathBuf>,
}

/// Files are taken as they are named; folders are looked through.
pub fn json_files(paths: &[PathBuf]) -> JsonFiles {
    let mut files = JsonFiles::default();
    for path in paths {
        if path.is_dir() {
            files.walk(path);
        } else {
            files.add(path);
        }
    }
    files
}

impl JsonFiles {
    /// Whether it is seen for the first time.
    fn is_new(&mut self, path: &Path) -> bool {
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        self.seen.insert(real)
    }

    fn add(&mut self, path: &Path) {
        if self.is_new(path) {
            self.paths.push(path.to_owned());
        }
    }

    fn walk(&mut self, folder: &Path) {
        if !self.is_new(folder) {
            return;
        }
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.unreadable.push((folder.to_owned(), error)),
        };
        let visible =
            |entry: &fs::DirEntry| !entry.file_name().as_encoded_bytes().starts_with(b".");
        let entries = entries.into_iter().filter(visible);
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            let path = path.strip_prefix("./").map_or(path.clone(), Path::to_owned);
            if path.is_dir() {
                self.walk(&path);
            } else if path.extension().is_some_and(|e| e == "json") {
                self.add(&path);
            }
        }
    }
}
