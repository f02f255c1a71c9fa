//! The scenario files of a folder.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Failure;

/// Folders nested deeper are not looked into: links may go in circles.
const DEPTH_MAX: usize = 32;

/// What was found, in the order of the names.
#[derive(Debug, Default)]
pub struct Suite {
    pub scenarios: Vec<PathBuf>,
    /// JSON files that are no scenarios, each with what they are.
    pub skipped: Vec<(PathBuf, &'static str)>,
}

/// Finds the scenarios among files and, recursively, in folders. A file that is named is taken
/// for a scenario whatever is in it.
pub fn find(paths: &[PathBuf]) -> Result<Suite, Failure> {
    let mut found = Suite::default();
    for path in paths {
        let there = fs::metadata(path).map_err(|e| Failure::file("read", path, &e))?;
        if there.is_dir() {
            walk(path, 0, &mut found)?;
        } else {
            found.scenarios.push(path.clone());
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    found.scenarios.retain(|path| seen.insert(path.clone()));
    Ok(found)
}

fn walk(folder: &Path, depth: usize, found: &mut Suite) -> Result<(), Failure> {
    if depth > DEPTH_MAX {
        return Ok(());
    }
    let unreadable = |error| Failure::file("read", folder, &error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        paths.push(
            path.strip_prefix("./")
                .map(Path::to_path_buf)
                .unwrap_or(path),
        );
    }
    paths.sort();
    for path in paths {
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if hidden {
            continue;
        }
        if path.is_dir() {
            walk(&path, depth + 1, found)?;
        } else if path.extension().is_some_and(|e| e == "json") {
            let bytes = fs::read(&path).map_err(|e| Failure::file("read", &path, &e))?;
            match other_than_scenario(&bytes) {
                None => found.scenarios.push(path),
                Some(what) => found.skipped.push((path, what)),
            }
        }
    }
    Ok(())
}

/// What a file is, if it is not meant as a scenario. A broken one may have been meant: skipping it
/// would hide the mistake.
fn other_than_scenario(bytes: &[u8]) -> Option<&'static str> {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(value) if value.get("jury").is_some() => None,
        Ok(value) if value.get("jury_trace").is_some() => Some("a trace"),
        Ok(value) if value.get("jury_comparison").is_some() => Some("a comparison"),
        Ok(value) if value.get("$defs").is_some() => Some("a schema"),
        Ok(value) if value.get("protocol").is_some() => None,
        Ok(_) => Some("it does not declare \"jury\""),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::other_than_scenario;

    #[test]
    fn a_broken_scenario_is_not_skipped() {
        assert_eq!(other_than_scenario(br#"{"jury": 1}"#), None);
        assert_eq!(other_than_scenario(br#"{"jury": 1,"#), None);
        assert_eq!(other_than_scenario(b"{"), None);
        assert_eq!(other_than_scenario(b"\xff"), None);
        assert_eq!(
            other_than_scenario(br#"{"juri": 1, "protocol": "2pc"}"#),
            None
        );
        assert!(other_than_scenario(br#"{"jury_trace": 1, "protocol": "2pc"}"#).is_some());
        assert!(other_than_scenario(b"[]").is_some());
    }
}
