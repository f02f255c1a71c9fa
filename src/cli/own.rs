//! `jury new --crate`: a cargo project for a protocol of one's own.

use std::fs;
use std::path::Path;

use super::output::remark;
use super::{Failure, Outcome, words};

/// The files of the project, each with what is in it but for names.
const FILES: [(&str, &str); 8] = [
    (".gitignore", "/target\n"),
    ("Cargo.toml", include_str!("own/Cargo.toml.in")),
    ("README.md", include_str!("own/README.md.in")),
    ("src/lib.rs", include_str!("own/lib.rs.in")),
    ("src/main.rs", include_str!("own/main.rs.in")),
    ("tests/scenarios.rs", include_str!("own/scenarios.rs.in")),
    (
        "scenarios/crashes.json",
        include_str!("own/crashes.json.in"),
    ),
    (
        "scenarios/old-releases-count.json",
        include_str!("own/bug.json.in"),
    ),
];

/// Writes the project into a folder that is not there yet, or empty.
pub fn write(folder: &Path, jury: Option<&Path>) -> Result<Outcome, Failure> {
    let shown = folder.display();
    let is_taken = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if is_taken || folder.is_file() {
        return Err(Failure::new(
            format!("{shown} exists already"),
            "name a folder that does not exist yet",
        ));
    }
    let name = folder.file_name().and_then(|name| name.to_str());
    let name = name.filter(|name| is_crate_name(name)).ok_or_else(|| {
        Failure::new(
            format!("{shown} is no name for a crate"),
            "write a word of letters, digits, `-` and `_` that begins with a letter",
        )
    })?;
    let dependency = match jury {
        None => format!("\"{}\"", env!("CARGO_PKG_VERSION")),
        Some(path) => {
            let found = fs::canonicalize(path).map_err(|e| Failure::file("read", path, &e))?;
            format!("{{ path = {:?} }}", found.display().to_string())
        }
    };
    for (path, text) in FILES {
        let text = text.replace("JURY", &dependency);
        let text = text.replace("LIB", &name.replace('-', "_"));
        let text = text
            .replace("NAME\"", &format!("{name}\""))
            .replace("# NAME", &format!("# {name}"));
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|e| Failure::file("write", parent, &e))?;
        fs::write(&path, text).map_err(|e| Failure::file("write", &path, &e))?;
    }
    let typed = words::typed(&shown.to_string());
    remark(format!(
        "Wrote {typed}. Now: cd {typed} && cargo run -- try old-releases-count"
    ));
    Ok(Outcome::AsExpected)
}

/// As cargo takes it, and as it can be written in a path.
fn is_crate_name(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(is_part)
}
