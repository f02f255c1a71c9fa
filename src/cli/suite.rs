//! The scenario files of a folder.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::{Failure, sources};

/// A byte-order mark, with which some editors begin a text.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// What was found, in the order of the names.
#[derive(Debug, Default)]
pub struct Suite {
    pub scenarios: Vec<PathBuf>,
    /// JSON files that are no scenarios, each with what they are.
    pub skipped: Vec<(PathBuf, &'static str)>,
}

/// Finds the scenarios among files and, recursively, in folders. A file that is named is taken
/// for a scenario whatever is in it. So is one that cannot be read: it fails by itself, and keeps no
/// other from being tried.
pub fn find(paths: &[PathBuf]) -> Result<Suite, Failure> {
    let named = |path: &PathBuf| {
        if sources::is_stdin(path) {
            return Ok(path.clone());
        }
        sources::find(path)
    };
    let paths: Vec<PathBuf> = paths.iter().map(named).collect::<Result<_, _>>()?;
    let files = sources::json_files(&paths);
    let mut found = Suite::default();
    for path in files.paths {
        let is_named = paths.contains(&path);
        let bytes = fs::read(&path).ok().filter(|_| !is_named);
        match bytes.and_then(|bytes| other_than_scenario(&bytes)) {
            None => found.scenarios.push(path),
            Some(what) => found.skipped.push((path, what)),
        }
    }
    // A folder that cannot be read may hold scenarios: whoever opens it is told so.
    let unreadable = files.unreadable.into_iter().map(|(folder, _)| folder);
    found.scenarios.extend(unreadable);
    Ok(found)
}

/// What a file is, if it is not meant as a scenario. A broken one may have been meant: skipping it
/// would hide the mistake.
fn other_than_scenario(bytes: &[u8]) -> Option<&'static str> {
    let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
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
        assert_eq!(other_than_scenario(b"\xef\xbb\xbf{\"jury\": 1}"), None);
        assert!(other_than_scenario(b"\xef\xbb\xbf{\"jury_trace\": 1}").is_some());
        assert_eq!(
            other_than_scenario(br#"{"juri": 1, "protocol": "2pc"}"#),
            None
        );
        assert!(other_than_scenario(br#"{"jury_trace": 1, "protocol": "2pc"}"#).is_some());
        assert!(other_than_scenario(b"[]").is_some());
    }
}
