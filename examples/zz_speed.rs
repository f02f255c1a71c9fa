//! Scratch.
use jury::check::fast::{self, Tuning};
use jury::check::stateright::Bridge;
use jury::check::{Limits, Patient, explore};
use jury::model::*;
use jury::protocols::two_phase_commit::{Params, TwoPhaseCommit};
use stateright::{Checker, Model};
use std::time::Instant;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let n: usize = args[2].parse().unwrap();
    let mode = args[3].as_str();
    let params: Params = serde_json::from_value(serde_json::json!({
        "participants": n, "votes": vec!["open"; n],
        "termination": if mode.contains("coop") {"cooperative"} else {"basic"},
    }))
    .unwrap();
    let protocol = TwoPhaseCommit::new(&params).unwrap();
    let nodes = protocol.cluster().all();
    let mut rules = Rules::fault_free();
    rules.links.copies = Limit::AtMost(1);
    if mode.contains("acc") {
        rules.timing = Timing::Accurate;
    }
    if mode.contains("crash") {
        rules.budgets.crashes = vec![(nodes, Limit::AtMost(1))];
        rules.budgets.recoveries = Limit::AtMost(1);
    }
    if mode.contains("drop") {
        rules.budgets.drops = Limit::AtMost(2);
    }
    let system = System::new(protocol, rules);
    let mut properties = system.protocol.properties();
    if !mode.contains("sweep") {
        properties.retain(|p| matches!(p.expectation, Expectation::Always(_)));
    }
    let start = system.initial();
    let limits = Limits::default();
    let began = Instant::now();
    let (d, g, depth, bytes) = match args[1].as_str() {
        "fast" => {
            let e = fast::explore(
                &system,
                &start,
                &properties,
                &limits,
                Tuning::default(),
                &mut Patient,
            );
            println!("{:?} {:?}", e.stopped, e.withheld);
            (
                e.progress.distinct,
                e.progress.generated,
                e.progress.depth,
                e.progress.bytes,
            )
        }
        "plain" => {
            let mut w = start.clone();
            let e = explore(&system, &mut w, &start, &properties, &limits, &mut Patient);
            (
                e.progress.distinct,
                e.progress.generated,
                e.progress.depth,
                0,
            )
        }
        _ => {
            let c = Bridge::new(system.clone(), &properties, start.clone())
                .checker()
                .spawn_bfs()
                .join();
            (
                c.unique_state_count() as u64,
                c.state_count() as u64 - 1,
                c.max_depth() as u64,
                0,
            )
        }
    };
    let t = began.elapsed();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    println!(
        "{d} distinct {g} generated depth {depth} in {t:?}: {} ns/gen, {} B/state told, {peak}",
        t.as_nanos() as u64 / g,
        bytes / d
    );
}
