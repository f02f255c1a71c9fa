//! One search in a process of its own: this program once more, told what to search.

use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::search::{Engine, Subject};

/// What one search took.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Measured {
    pub nanos: u64,
    /// The processor time of all threads, in steps of 10 ms; `None` where the system does not
    /// tell.
    pub cpu: Option<u64>,
    pub distinct: u64,
    /// Events applied, as this engine counts them.
    pub generated: u64,
    /// By how much the search raised the process's peak of resident memory; `None` where the
    /// system does not tell.
    pub peak: Option<u64>,
    /// What its tables hold by its own account, if it keeps one.
    pub tables: Option<u64>,
}

const FLAG: &str = "--search";

/// The search that this process was started for.
pub fn asked_for(args: &[String]) -> Option<(Subject, Engine)> {
    let at = args.iter().position(|a| a == FLAG)?;
    let [subject, engine] = &args[at + 1..] else {
        panic!("{FLAG} SUBJECT ENGINE");
    };
    let subject = Subject::named(subject).expect("a subject");
    let engine = Engine::named(engine).expect("an engine");
    Some((subject, engine))
}

/// Searches here, and tells whoever started this process.
pub fn report((subject, engine): (Subject, Engine)) {
    let (peak_before, cpu_before) = (peak(), cpu());
    let counts = subject.search(engine);
    let measured = Measured {
        nanos: u64::try_from(counts.time.as_nanos()).expect("less than five centuries"),
        cpu: cpu().zip(cpu_before).map(|(after, before)| after - before),
        distinct: counts.distinct,
        generated: counts.generated,
        peak: peak()
            .zip(peak_before)
            .map(|(after, before)| after - before),
        tables: counts.tables,
    };
    println!(
        "{}",
        serde_json::to_string(&measured).expect("plain numbers")
    );
}

/// Searches in a process of its own.
pub fn elsewhere(subject: Subject, engine: Engine) -> Measured {
    let this = std::env::current_exe().expect("this program");
    let output = Command::new(this)
        .args([FLAG, &subject.key(), engine.key()])
        .stderr(Stdio::inherit())
        .output()
        .expect("it starts");
    let what = format!("{} by {}", subject.key(), engine.key());
    assert!(output.status.success(), "{what}: {}", output.status);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{what}: {error}"))
}

/// The largest resident memory that this process ever had, in bytes. Linux tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// The processor time of all threads so far, in nanoseconds. Linux tells, in hundredths of a
/// second.
fn cpu() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program may hold anything, so count from behind its last bracket.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some((ticks()? + ticks()?) * 10_000_000)
}
