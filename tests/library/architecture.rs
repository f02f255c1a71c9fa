//! The rules of `ARCHITECTURE.md`, kept by reading the source.
//!
//! The rules are data, each with its reason. Code of tests may print and measure, so it is left
//! out where that is what a rule forbids. Reading is by words, not by syntax: enough for honest
//! code, and a rule that hits something by mistake is easily seen to.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What a module may import of ours.
struct Imports {
    module: &'static str,
    may: &'static [&'static str],
    because: &'static str,
}

const IMPORTS: &[Imports] = &[
    Imports {
        module: "model",
        may: &["model"],
        because: "what can happen depends on nobody who makes it happen",
    },
    Imports {
        module: "protocols",
        may: &["model", "protocols"],
        because: "an algorithm knows no engine, file or picture",
    },
    Imports {
        module: "trace",
        may: &["model", "run", "trace"],
        because: "the record is plain data, and its recorder is a witness of a run",
    },
    Imports {
        module: "run",
        may: &["model", "trace", "run"],
        because: "the one loop does not know which scheduler it serves",
    },
    Imports {
        module: "sim",
        may: &["model", "run", "trace", "sim"],
        because: "time and chance know nothing of the search",
    },
    Imports {
        module: "check",
        may: &["model", "run", "trace", "check"],
        because: "the search knows nothing of time and chance",
    },
    Imports {
        module: "matrix",
        may: &["model", "protocols", "check", "matrix"],
        because: "what is weighed are instances that protocols declare, not files",
    },
    Imports {
        module: "estimate",
        may: &["model", "sim", "estimate"],
        because: "it counts and computes: who runs a scenario, and who draws, is not its business",
    },
    Imports {
        module: "report",
        may: &["model", "trace", "report"],
        because: "a picture is made of a trace and nothing else",
    },
    Imports {
        module: "explain",
        may: &["model", "trace", "report", "explain"],
        because: "an explanation is made of a trace and what is known beforehand",
    },
    Imports {
        module: "diff",
        may: &["model", "trace", "report", "explain", "diff"],
        because: "where two runs part is read off two records",
    },
    Imports {
        module: "export",
        may: &["model", "trace", "report", "explain", "export"],
        because: "a run is taken elsewhere as it was recorded",
    },
    Imports {
        module: "page",
        may: &["model", "trace", "report", "explain", "diff", "page"],
        because: "a page is made of traces and what is known beforehand",
    },
    Imports {
        module: "scenario",
        may: &[
            "model",
            "protocols",
            "run",
            "sim",
            "check",
            "trace",
            "testbed",
            "scenario",
        ],
        because: "reading a file is not the business of a terminal",
    },
    Imports {
        module: "shrink",
        may: &[
            "model", "explain", "model", "registry", "scenario", "shrink", "testbed", "trace",
        ],
        because: "what is left out of a run is tried by whoever runs scenarios",
    },
    Imports {
        module: "registry",
        may: &[
            "model",
            "protocols",
            "trace",
            "explain",
            "scenario",
            "matrix",
            "testbed",
            "registry",
        ],
        because: "it is where all protocols are known, and what asks them is elsewhere",
    },
    Imports {
        module: "testbed",
        may: &[
            "model",
            "protocols",
            "run",
            "sim",
            "check",
            "trace",
            "scenario",
            "estimate",
            "testbed",
        ],
        because: "only the command line draws, prints and exits",
    },
];

/// Words that must not occur in some places.
struct Words {
    /// Each of these.
    all: &'static [&'static str],
    /// Where they must not be: paths in `src` that start so.
    within: &'static [&'static str],
    /// Where they may be all the same.
    except: &'static [&'static str],
    /// Whether code of tests is bound by it.
    tests_too: bool,
    because: &'static str,
}

const WORDS: &[Words] = &[
    Words {
        all: &[".on_start(", ".on_message(", ".on_timeout(", ".on_choice("],
        within: &[""],
        except: &["model/actor.rs"],
        tests_too: false,
        because: "handlers are called from one file, so a fault means the same everywhere",
    },
    Words {
        all: &[
            "println!",
            "print!",
            "eprintln!",
            "eprint!",
            "dbg!",
            "stdout()",
            "stderr()",
        ],
        within: &[""],
        except: &["cli/", "main.rs"],
        tests_too: false,
        because: "only the command line prints",
    },
    Words {
        all: &["Instant", "SystemTime"],
        within: &[""],
        except: &["cli/", "main.rs"],
        tests_too: false,
        because: "only the command line reads the clock of the machine",
    },
    Words {
        all: &["process::exit", "ExitCode"],
        within: &[""],
        except: &["cli/", "main.rs"],
        tests_too: false,
        because: "only the command line decides an exit code",
    },
    Words {
        all: &["f32", "f64"],
        within: &["model/", "sim/", "check/", "run.rs", "trace"],
        // It names them to say that it has none.
        except: &["model/kinds.rs"],
        tests_too: false,
        because: "floats are not the same on every platform",
    },
    Words {
        all: &["HashMap", "HashSet", "RandomState"],
        within: &["model/", "sim/", "check/", "run.rs", "trace"],
        except: &[],
        tests_too: true,
        because: "the order of a hash map differs from run to run",
    },
    Words {
        all: &["FxHashMap", "FxHashSet"],
        within: &[""],
        except: &["check/", "protocols/"],
        tests_too: false,
        because: "only a search needs one, and only to ask whether it has seen something",
    },
    Words {
        all: &[
            "thread_rng",
            "rand::random",
            "OsRng",
            "from_entropy",
            "from_os_rng",
        ],
        within: &[""],
        except: &[],
        tests_too: true,
        because: "all chance comes from the seed",
    },
    Words {
        all: &[
            "System",
            "World",
            "Carrier",
            "Scheduler",
            "Actor",
            "Protocol",
            "execute",
        ],
        within: &["report/", "explain/", "export/", "page/", "diff.rs"],
        except: &[],
        tests_too: false,
        because: "a report reads traces and runs no actor",
    },
    Words {
        all: &["Protocol", "System", "World", "Actor"],
        within: &["sim/course/"],
        except: &[],
        tests_too: true,
        because: "it is compiled once, and not once for each protocol",
    },
    Words {
        all: &["fast::expand", "fast::search"],
        within: &["check/fast/store/"],
        except: &[],
        tests_too: true,
        because: "what is known of worlds does not depend on what happens in them",
    },
    Words {
        all: &["fast::search"],
        within: &["check/fast/expand/"],
        except: &[],
        tests_too: true,
        because: "what a world leads to does not depend on who looks for it",
    },
];

/// One source file.
struct Source {
    /// Below `src`, with `/` between names.
    path: String,
    text: String,
    is_test: bool,
}

impl Source {
    /// The code, without comments; without the tests at its end, unless they are asked for.
    fn code(&self, tests_too: bool) -> String {
        if self.is_test && !tests_too {
            return String::new();
        }
        let end = self.text.find("#[cfg(test)]\nmod tests {");
        let code = match end {
            Some(end) if !tests_too => &self.text[..end],
            _ => &self.text,
        };
        let without_comment = |line: &str| {
            let comment = line.find("//").unwrap_or(line.len());
            line[..comment].to_owned() + "\n"
        };
        code.lines().map(without_comment).collect()
    }

    fn module(&self) -> &str {
        let first = self.path.split('/').next().expect("a path has a part");
        first.trim_end_matches(".rs")
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<PathBuf> = fs::read_dir(&folder)
            .expect("a folder of sources can be read")
            .map(|entry| entry.expect("so can its entries").path())
            .collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
    let source = |file: &PathBuf| {
        let path = file.strip_prefix(&root).expect("it is below the root");
        let names: Vec<&str> = path
            .iter()
            .map(|n| n.to_str().expect("plain names"))
            .collect();
        Source {
            is_test: names.contains(&"tests.rs") || names.contains(&"tests"),
            path: names.join("/"),
            text: fs::read_to_string(file).expect("a source can be read"),
        }
    };
    files.iter().map(source).collect()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a word occurs that is not a part of a longer one.
fn mentions(code: &str, word: &str) -> bool {
    let starts_free = !word.starts_with(is_word);
    let ends_free = !word.ends_with(is_word);
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        (starts_free || !before.is_some_and(is_word)) && (ends_free || !after.is_some_and(is_word))
    })
}

/// The modules of ours that code names by `crate::`, also in a group.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, prefix) in code.match_indices("crate::") {
        let rest = &code[at + prefix.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.insert(rest.chars().take_while(|c| is_word(*c)).collect());
            continue;
        };
        let mut depth = 0;
        let mut name = String::new();
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    found.insert(std::mem::take(&mut name));
                }
                c if depth == 0 && !c.is_whitespace() => name.push(c),
                _ => {}
            }
        }
        found.insert(name);
    }
    let first = |path: &String| path.split("::").next().unwrap_or_default().to_owned();
    found
        .iter()
        .map(first)
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn modules_import_only_what_they_may() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(rule) = IMPORTS.iter().find(|rule| rule.module == source.module()) else {
            continue;
        };
        for import in imports(&source.code(true)) {
            if !rule.may.contains(&import.as_str()) {
                wrong.push(format!(
                    "{} imports {import}, but {}",
                    source.path, rule.because
                ));
            }
        }
        // From the top file of a module, `super` is the whole crate.
        let depth = source.path.trim_end_matches("/mod.rs").matches('/').count();
        let out = "super::".repeat(depth + 1);
        if source.path.contains('/') && source.code(false).contains(&out) {
            wrong.push(format!("{} leaves its module by `super`", source.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn words_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for source in sources() {
        let starts = |paths: &[&str]| paths.iter().any(|path| source.path.starts_with(path));
        for rule in WORDS {
            if !starts(rule.within) || starts(rule.except) {
                continue;
            }
            let code = source.code(rule.tests_too);
            for word in rule.all.iter().filter(|word| mentions(&code, word)) {
                wrong.push(format!("{} says {word}, but {}", source.path, rule.because));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A set of what was seen answers questions; what it would list has no order.
#[test]
fn hash_sets_are_never_iterated() {
    for source in sources() {
        let code = source.code(false);
        for (at, _) in code.match_indices("FxHashSet::default()") {
            let line = code[..at].lines().next_back().unwrap_or_default();
            let name = line
                .trim()
                .trim_start_matches("let mut ")
                .trim_start_matches("let ");
            let name: String = name.chars().take_while(|c| is_word(*c)).collect();
            for way in [".iter()", ".into_iter()", ".drain()", ".retain("] {
                let call = format!("{name}{way}");
                assert!(!mentions(&code, &call), "{} says {call}", source.path);
            }
            for pattern in [format!("in {name} "), format!("in &{name} ")] {
                assert!(!code.contains(&pattern), "{} iterates {name}", source.path);
            }
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for source in sources() {
        assert!(
            source.text.starts_with("//! "),
            "{} does not start with a sentence about itself",
            source.path
        );
    }
}

/// The reading itself, since nothing else would notice if it saw nothing.
#[test]
fn the_reading_sees() {
    let sources = sources();
    assert!(sources.iter().any(|s| s.path == "model/actor.rs"));
    let code = "use crate::{check::Limits, model::{Id, World}};\nfn f() { crate::run::g() }";
    let found: Vec<String> = imports(code).into_iter().collect();
    assert_eq!(found, ["check", "model", "run"]);
    assert!(mentions("let x: f64 = y;", "f64"));
    assert!(!mentions("let xf64 = y;", "f64"));
    assert!(mentions("protocol.on_message(id)", ".on_message("));
    assert!(!mentions("fn on_message(&self)", ".on_message("));
    let actor = sources.iter().find(|s| s.path == "model/actor.rs").unwrap();
    assert!(mentions(&actor.code(false), ".on_message("));
}
