//! Small instances: the scenario in which a search finds what a hunt came upon by luck.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value as Json;

use crate::testbed::RunVerdict;

use super::sources;

/// A scenario whose check is expected to find a property broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Instance {
    pub file: String,
    pub property: String,
}

/// An instance of the same protocol with the same mistake, if there is one beside the file or in a folder next to
/// it: the file itself before others.
pub fn of(file: &Path, property: &str, verdict: RunVerdict) -> Option<Instance> {
    let file = sources::find(file).ok()?;
    let asked = read(&file)?;
    let breaks = |scenario: &Json| {
        let expected = scenario.pointer("/expect/check")?.get(property)?.as_str()?;
        let word = match verdict {
            RunVerdict::Blocked => "can block",
            _ => "violated",
        };
        expected.starts_with(word).then_some(())
    };
    let is_same = |other: &Json| {
        let same = |place: &str| other.pointer(place) == asked.pointer(place);
        same("/protocol") && same("/params/bug") && other.get("check").is_some()
    };
    let fits =
        |other: &PathBuf| read(other).is_some_and(|it| is_same(&it) && breaks(&it).is_some());
    let mut candidates = vec![file.clone()];
    candidates.extend(beside(&file));
    let found = candidates.into_iter().find(fits)?;
    Some(Instance {
        file: found.display().to_string(),
        property: property.to_owned(),
    })
}

/// The scenarios of its folder, and of those in it.
fn beside(file: &Path) -> Vec<PathBuf> {
    let folder = file.parent().unwrap_or_else(|| Path::new("."));
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let mut files = Vec::new();
    list(folder, 1, &mut files);
    files.sort();
    files
}

fn list(folder: &Path, deeper: usize, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        if path.extension().is_some_and(|ending| ending == "json") {
            files.push(path);
        } else if deeper > 0 && path.is_dir() {
            list(&path, deeper - 1, files);
        }
    }
}

fn read(file: &Path) -> Option<Json> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}
