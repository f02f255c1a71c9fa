//! How fast the checker is, and how little it holds, beside others that search the same.
//!
//! Everybody must find the same number of worlds. Each search runs in a process of its own, so
//! that its peak of memory is its own; in every round all take their turns, and the table shows
//! medians. `cargo bench --bench checker -- plain` leaves out every search without `plain` in
//! its name, or in that of its subject.

mod measure;
mod search;
mod spin;
mod table;

#[path = "../../tests/engines/common/synod.rs"]
#[allow(dead_code)]
mod synod;
#[path = "../../tests/engines/common/theirs.rs"]
mod theirs;
#[path = "../../tests/engines/common/two_phase.rs"]
#[allow(dead_code)]
mod two_phase;
#[path = "../../tests/engines/common/two_phase_spec.rs"]
mod two_phase_spec;

use search::{Engine, Story, Subject};
use table::Row;

/// What is searched, by whom, and how often.
struct Contest {
    subject: Subject,
    engines: &'static [Engine],
    rounds: usize,
}

/// Some ten minutes in all. Where all take part the space is small.
const CONTESTS: &[Contest] = &[
    Contest {
        subject: Subject::Shipped(Story::TwoPhaseCommit),
        engines: &[
            Engine::Fast,
            Engine::Plain,
            Engine::BridgeBfs,
            Engine::BridgeDfs,
        ],
        rounds: 3,
    },
    Contest {
        subject: Subject::Shipped(Story::ThreePhaseCommit),
        engines: &[
            Engine::Fast,
            Engine::Plain,
            Engine::BridgeBfs,
            Engine::BridgeDfs,
        ],
        rounds: 3,
    },
    Contest {
        subject: Subject::Shipped(Story::Paxos),
        engines: &[
            Engine::Fast,
            Engine::Plain,
            Engine::BridgeBfs,
            Engine::BridgeDfs,
        ],
        rounds: 3,
    },
    Contest {
        subject: Subject::Shipped(Story::PaxosWithLearner),
        engines: &[Engine::Fast, Engine::BridgeBfs, Engine::BridgeDfs],
        rounds: 2,
    },
    Contest {
        subject: Subject::Shipped(Story::Raft),
        engines: &[Engine::Fast, Engine::BridgeBfs, Engine::BridgeDfs],
        rounds: 2,
    },
    Contest {
        subject: Subject::NeverForgets { rms: 8 },
        engines: &[Engine::Fast, Engine::SpecBfs, Engine::SpecDfs],
        rounds: 3,
    },
    Contest {
        subject: Subject::DeliveredOnce { rms: 6 },
        engines: &[
            Engine::Fast,
            Engine::Plain,
            Engine::BridgeBfs,
            Engine::BridgeDfs,
            Engine::ActorsBfs,
            Engine::ActorsDfs,
        ],
        rounds: 3,
    },
    Contest {
        subject: Subject::DeliveredOnce { rms: 7 },
        engines: &[
            Engine::Fast,
            Engine::BridgeBfs,
            Engine::ActorsBfs,
            Engine::ActorsDfs,
        ],
        rounds: 2,
    },
    Contest {
        subject: Subject::Synod {
            proposers: 2,
            acceptors: 4,
        },
        engines: &[
            Engine::Fast,
            Engine::BridgeBfs,
            Engine::ActorsBfs,
            Engine::ActorsDfs,
        ],
        rounds: 2,
    },
];

/// What `cargo test --benches` runs, so that this program keeps working: everybody once.
const SMALL: &[Contest] = &[
    Contest {
        subject: Subject::NeverForgets { rms: 4 },
        engines: &[
            Engine::Fast,
            Engine::Plain,
            Engine::BridgeBfs,
            Engine::BridgeDfs,
            Engine::SpecBfs,
            Engine::SpecDfs,
        ],
        rounds: 1,
    },
    Contest {
        subject: Subject::DeliveredOnce { rms: 4 },
        engines: &[Engine::Fast, Engine::ActorsBfs, Engine::ActorsDfs],
        rounds: 1,
    },
    Contest {
        subject: Subject::Synod {
            proposers: 2,
            acceptors: 2,
        },
        engines: &[Engine::Fast, Engine::ActorsBfs, Engine::ActorsDfs],
        rounds: 1,
    },
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Some(search) = measure::asked_for(&args) {
        return measure::report(search);
    }
    // `cargo bench` passes this flag, `cargo test` does not.
    let is_bench = args.iter().any(|a| a == "--bench");
    let contests = if is_bench { CONTESTS } else { SMALL };
    let filters: Vec<_> = args.iter().filter(|a| !a.starts_with("--")).collect();
    let wanted = |subject: Subject, engine: Engine| {
        let names = format!("{} {}", subject.key(), engine.key());
        filters.is_empty() || filters.iter().any(|f| names.contains(f.as_str()))
    };
    for contest in contests {
        let engines = contest.engines.iter().copied();
        let engines: Vec<_> = engines.filter(|e| wanted(contest.subject, *e)).collect();
        if engines.is_empty() {
            continue;
        }
        let rows = compete(contest, &engines);
        if is_bench {
            table::print(&contest.subject.about(), &rows);
        }
    }
    if is_bench && (filters.is_empty() || filters.iter().any(|f| *f == "spin")) {
        println!();
        spin::compete();
    }
}

/// Lets them take turns.
fn compete(contest: &Contest, engines: &[Engine]) -> Vec<Row> {
    let mut rows: Vec<Row> = engines.iter().map(|e| Row::new(e.about())).collect();
    for _ in 0..contest.rounds {
        for (row, engine) in rows.iter_mut().zip(engines) {
            row.runs.push(measure::elsewhere(contest.subject, *engine));
        }
    }
    let (subject, expected) = (contest.subject.key(), contest.subject.distinct());
    for row in &rows {
        for run in &row.runs {
            assert_eq!(run.distinct, expected, "{} on {subject}", row.name);
        }
    }
    rows
}
