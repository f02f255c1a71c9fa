//! What is shipped as files: scenarios, and texts that are compared with what the code says today.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jury::registry::Registry;
use jury::testbed::Case;

/// One shipped scenario.
pub struct Story {
    /// `2pc/bugs/majority-commits`
    pub name: String,
    pub path: PathBuf,
    pub case: Box<dyn Case>,
}

/// Where the comparisons are.
pub const COMPARISONS: &str = "scenarios/compare";

/// Every shipped scenario, folder by folder, in the order of their names.
pub fn stories() -> &'static [Story] {
    static STORIES: LazyLock<Vec<Story>> = LazyLock::new(read);
    &STORIES
}

fn read() -> Vec<Story> {
    let mut paths = Vec::new();
    find(Path::new("scenarios"), "json", &mut paths);
    // Stories for several protocols are no scenarios.
    paths.retain(|path| !path.starts_with(COMPARISONS));
    paths.sort_by(|a, b| (a.parent(), a).cmp(&(b.parent(), b)));
    paths
        .into_iter()
        .map(|path| {
            let case = Registry::shipped()
                .open(&path)
                .unwrap_or_else(|error| panic!("{}", error.render(false)));
            if let Some(story) = case.refuted_run().or(case.refuted_check()) {
                panic!("a story that cannot happen: {}", story.place.render(false));
            }
            Story {
                name: name(&path, "scenarios"),
                case,
                path,
            }
        })
        .collect()
}

/// `2pc/happy-path` for `scenarios/2pc/happy-path.json`.
fn name(path: &Path, root: &str) -> String {
    let inner = path.strip_prefix(root).expect("found below its root");
    let inner = inner.with_extension("");
    let parts = inner
        .iter()
        .map(|part| part.to_str().expect("a plain name"));
    parts.collect::<Vec<_>>().join("/")
}

/// Every file below a folder whose name ends so.
pub fn find(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            find(&path, extension, found);
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
}

/// Whether golden files are rewritten rather than compared.
pub fn blessing() -> bool {
    std::env::var_os("JURY_BLESS").is_some_and(|value| value == "1")
}

/// Compares a text with the file that holds it, or rewrites that; gives what differs.
pub fn compare(path: &Path, found: &str) -> Result<(), String> {
    let old = std::fs::read_to_string(path).unwrap_or_default();
    if old == found {
        return Ok(());
    }
    if blessing() {
        std::fs::create_dir_all(path.parent().expect("a file is in a folder")).unwrap();
        std::fs::write(path, found).unwrap();
        return Ok(());
    }
    Err(format!("{}:\n{}", path.display(), differences(&old, found)))
}

/// The lines in which two texts differ, without those that they begin and end with alike.
fn differences(old: &str, new: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let same = |a: &[&str], b: &[&str]| a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let head = same(&old, &new);
    let (old, new) = (&old[head..], &new[head..]);
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let mut text = format!("  from line {}:\n", head + 1);
    for (sign, lines) in [('-', old), ('+', new)] {
        for line in &lines[..lines.len() - tail] {
            writeln!(text, "  {sign} {line}").expect("writing to a string succeeds");
        }
    }
    text
}

/// Fails with all that went wrong, and says how to accept what changed.
pub fn all_well(problems: &[String]) {
    assert!(
        problems.is_empty(),
        "{}\n\nIf this is meant, run the tests with JURY_BLESS=1 and review the change as text.",
        problems.join("\n")
    );
}

/// Where the exact sizes of all checked scenarios are kept.
pub const COUNTS: &str = "tests/golden/counts.txt";

/// Where the hashes of the first runs of all scenarios are kept.
pub const HASHES: &str = "tests/golden/hashes.txt";
