//! SPIN on a model written by hand, where SPIN and a C compiler are installed.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::measure::{self, Measured};
use crate::search::{Engine, Subject};
use crate::table::{self, Row};

/// The same worlds as the actors have over links that deliver each message once.
const MODEL: &str = "benches/spin/two_phase.pml";
const RMS: u8 = 7;
const ROUNDS: usize = 3;

/// As SPIN's manual has it for an exhaustive search for violated assertions. No reduction: we
/// have none either.
const COMPILE: &[&str] = &[
    "-O2",
    "-DSAFETY",
    "-DNOREDUCE",
    "-DMEMLIM=4000",
    "-o",
    "pan",
    "pan.c",
];
/// 2^21 slots: about one for each world.
const SEARCH: &[&str] = &["-w21"];

/// Prints the comparison, or why there is none.
pub fn compete() {
    // Other programs are called `spin`, too.
    if !says("spin", "-V").is_some_and(|version| version.contains("Spin Version")) {
        println!("SPIN is left out: there is no `spin` here.");
        return;
    }
    if says("cc", "--version").is_none() {
        println!("SPIN is left out: there is no C compiler `cc` here.");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join(MODEL);
    let model = model.to_str().expect("a path in UTF-8");
    run(folder.path(), "spin", &["-a", &format!("-DN={RMS}"), model]);
    run(folder.path(), "cc", COMPILE);

    let subject = Subject::DeliveredOnce { rms: RMS };
    let mut rows = [
        Row::new(Engine::Fast.about()),
        Row::new("SPIN, no reduction"),
    ];
    for _ in 0..ROUNDS {
        rows[0].runs.push(measure::elsewhere(subject, Engine::Fast));
        rows[1].runs.push(search(folder.path()));
    }
    table::print(&subject.about(), &rows);
    println!("\nSPIN stores {} states.", rows[1].runs[0].distinct);
}

fn search(folder: &Path) -> Measured {
    let start = Instant::now();
    let pan = folder.join("pan");
    let said = run(folder, pan.to_str().expect("a path in UTF-8"), SEARCH);
    let took = start.elapsed();
    assert!(said.contains("errors: 0"), "SPIN found something:\n{said}");
    Measured {
        nanos: u64::try_from(took.as_nanos()).expect("less than five centuries"),
        cpu: cpu(&said),
        distinct: whole(before(&said, " states, stored")),
        // SPIN counts the start.
        generated: whole(before(&said, " transitions (=")) - 1,
        peak: Some(whole(
            before(&said, "\ttotal actual memory usage") * 1_048_576.0,
        )),
        tables: None,
    }
}

/// What SPIN calls elapsed is the user time of its one thread. It leaves out what is too short.
fn cpu(said: &str) -> Option<u64> {
    let line = said
        .lines()
        .find_map(|l| l.strip_prefix("pan: elapsed time "))?;
    let seconds: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(whole(seconds * 1e9))
}

/// SPIN prints large numbers as `2.1e+08`.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

/// The number in front of these words.
fn before(said: &str, words: &str) -> f64 {
    let line = said.lines().find(|l| l.contains(words));
    let line = line.unwrap_or_else(|| panic!("SPIN does not tell{words}:\n{said}"));
    let number = line.split(words).next().unwrap_or_default();
    let number = number.trim().parse();
    number.unwrap_or_else(|_| panic!("no number in `{line}`"))
}

/// What a program answers to a flag, if there is such a program.
fn says(program: &str, flag: &str) -> Option<String> {
    let output = Command::new(program).arg(flag).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a program in a folder; what it prints.
fn run(folder: &Path, program: &str, args: &[&str]) -> String {
    let output = Command::new(program)
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} failed:\n{said}{wrong}");
    said
}
