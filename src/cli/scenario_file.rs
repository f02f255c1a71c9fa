//! Scenario files as they are written: where they stand, and which schema they name.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::Failure;
use super::files::Pending;

/// What `jury schema -o` is told to write.
const SCHEMA: &str = "schema.json";

/// How far above a scenario its schema is looked for.
const LEVELS_MAX: usize = 5;

/// Writes a scenario, in a folder that is made if there is none. A file that is there is replaced only by `force`.
pub fn write(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    if !force && path.symlink_metadata().is_ok() {
        return Err(Failure::new(
            format!("{} exists already", path.display()),
            "name another file, or replace it with --force",
        ));
    }
    let folder = folder_of(path);
    fs::create_dir_all(folder).map_err(|e| Failure::file("write", path, &e))?;
    let schema = schema_near(folder);
    Pending::at(path)?.write(with_schema(text, schema.as_deref()).as_bytes())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The schema of scenarios in this folder or one above it, as a file in this folder names it.
fn schema_near(folder: &Path) -> Option<String> {
    let folder = fs::canonicalize(folder).ok()?;
    let mut above = folder.ancestors().take(LEVELS_MAX + 1);
    let levels = above.position(|folder| is_ours(&folder.join(SCHEMA)))?;
    Some(match levels {
        0 => format!("./{SCHEMA}"),
        _ => format!("{}{SCHEMA}", "../".repeat(levels)),
    })
}

/// Other programs have schemas of the same name.
fn is_ours(path: &Path) -> bool {
    let Ok(text) = fs::read_to_string(path) else {
        return false;
    };
    let schema: Option<Value> = serde_json::from_str(&text).ok();
    schema.is_some_and(|schema| schema.pointer("/properties/jury").is_some())
}

/// The scenario, naming this schema or none.
pub fn with_schema(text: &str, schema: Option<&str>) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        match (line.trim_start().starts_with("\"$schema\":"), schema) {
            (false, _) => lines.push(line.to_owned()),
            (true, Some(schema)) => lines.push(format!("  \"$schema\": \"{schema}\",")),
            (true, None) => {}
        }
    }
    lines.push(String::new());
    lines.join("\n")
}
