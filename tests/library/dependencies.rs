//! What we build on may be used by whoever uses us.

use std::process::Command;

use serde_json::Value;

/// Licences that ask for no more than to be named.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Whether an SPDX expression can be met with the licences allowed: one of each `OR`, all of each
/// `AND`. Older crates write `/` for `OR`.
fn is_allowed(expression: &str) -> bool {
    let expression = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = expression.split_whitespace().collect();
    let mut rest = &words[..];
    let allowed = either(&mut rest);
    assert!(rest.is_empty(), "cannot read the licence `{expression}`");
    allowed
}

fn either(words: &mut &[&str]) -> bool {
    let mut allowed = both(words);
    while take(words, "OR") {
        allowed |= both(words);
    }
    allowed
}

fn both(words: &mut &[&str]) -> bool {
    let mut allowed = one(words);
    while take(words, "AND") {
        allowed &= one(words);
    }
    allowed
}

fn one(words: &mut &[&str]) -> bool {
    if take(words, "(") {
        let allowed = either(words);
        assert!(take(words, ")"), "a parenthesis stays open");
        return allowed;
    }
    let (first, rest) = words.split_first().expect("a licence has a name");
    *words = rest;
    let mut name = (*first).to_owned();
    if take(words, "WITH") {
        let (exception, rest) = words.split_first().expect("an exception has a name");
        *words = rest;
        name = format!("{name} WITH {exception}");
    }
    ALLOWED.contains(&name.as_str())
}

fn take(words: &mut &[&str], word: &str) -> bool {
    let next = words.first() == Some(&word);
    if next {
        *words = &words[1..];
    }
    next
}

#[test]
fn licences_are_read_as_spdx_means_them() {
    assert!(is_allowed("MIT OR Apache-2.0"));
    assert!(is_allowed("MIT/Apache-2.0"));
    assert!(is_allowed("MIT OR LGPL-2.1-or-later"));
    assert!(is_allowed("Apache-2.0 WITH LLVM-exception OR GPL-3.0"));
    assert!(is_allowed("(MIT OR GPL-3.0) AND Unicode-3.0"));
    assert!(!is_allowed("GPL-3.0"));
    assert!(!is_allowed("MIT AND GPL-3.0"));
    assert!(!is_allowed("GPL-3.0 OR MIT AND AGPL-3.0"));
}

/// What cargo knows of the packages: of all platforms if they were ever fetched, or else of this
/// one, whose packages must be there for this test to have been built.
fn metadata() -> Value {
    let run = |more: &[&str]| {
        Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--offline", "--locked"])
            .args(more)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo runs")
    };
    let mut output = run(&[]);
    if !output.status.success() {
        let version = Command::new("rustc")
            .arg("-vV")
            .output()
            .expect("rustc runs");
        let version = String::from_utf8_lossy(&version.stdout).into_owned();
        let host = version.lines().find_map(|line| line.strip_prefix("host: "));
        output = run(&["--filter-platform", host.expect("rustc names its host")]);
    }
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo metadata: {message}");
    serde_json::from_slice(&output.stdout).expect("it writes JSON")
}

#[test]
fn every_dependency_has_a_licence_that_allows_its_use() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("it lists packages");
    assert!(packages.len() > 1, "there are dependencies");
    let refused: Vec<String> = packages
        .iter()
        .filter(|package| !package["license"].as_str().is_some_and(is_allowed))
        .map(|package| format!("{} ({})", package["name"], package["license"]))
        .collect();
    assert!(refused.is_empty(), "not allowed: {}", refused.join(", "));
}
