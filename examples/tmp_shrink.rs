use jury::check::Patient;
use jury::registry::Registry;
use jury::shrink::{Shrinker, SoFar};
use jury::testbed::{CheckOptions, RunLimits, RunVerdict, Strategy};
use std::path::Path;
use std::time::Instant;

fn main() {
    let registry = Registry::shipped();
    for file in std::env::args().skip(1) {
        let case = match registry.open(Path::new(&file)) {
            Ok(c) => c,
            Err(e) => {
                println!("{file}: {e}");
                continue;
            }
        };
        let mut traces = Vec::new();
        let limits = RunLimits::default();
        if let Some(seeds) = case.seeds() {
            let strategies = case.strategies();
            for by in strategies {
                let mut longest: Option<(u64, u64)> = None;
                for seed in seeds.clone().take(100) {
                    let r = case.hunt(seed, by, false, &limits).report;
                    if matches!(r.verdict, RunVerdict::Violated | RunVerdict::Blocked) {
                        longest = Some((r.facts.steps, seed)).max(longest);
                    }
                }
                if let Some((_, seed)) = longest {
                    traces.push((
                        format!("{by} {seed}"),
                        case.hunt(seed, by, true, &limits).report.trace.unwrap(),
                    ));
                }
            }
        }
        if case.has_check() && std::env::var("CHECK").is_ok() {
            let r = case
                .check(&CheckOptions::default(), None, &mut Patient)
                .unwrap();
            for p in r.properties {
                if let Some(t) = p.trace {
                    if matches!(
                        p.verdict,
                        jury::testbed::CheckVerdict::Violated
                            | jury::testbed::CheckVerdict::CanBlock
                    ) {
                        traces.push((format!("check {}", p.property), t));
                    }
                }
            }
        }
        for (name, trace) in traces {
            let begun = Instant::now();
            let mut s = Shrinker {
                registry: &registry,
                limits: &limits,
                states_max: std::env::var("STATES")
                    .ok()
                    .and_then(|s| s.parse().ok())
                    .unwrap_or(200_000),
                monitor: &mut Patient,
                on_step: &mut |_: SoFar| (),
            };
            match s.shrink(&trace) {
                Ok(s) => {
                    println!(
                        "{file} [{name}] {} ev/{} n -> {} ev/{} n, shortest {:?}, runs {}, {:.2?} {}",
                        s.before.events,
                        s.before.nodes,
                        s.deleted_to.events,
                        s.deleted_to.nodes,
                        s.shortest,
                        s.runs,
                        begun.elapsed(),
                        s.report.property.clone().unwrap_or_default()
                    );
                    if std::env::var("SHOW").is_ok() {
                        println!("{}", s.text());
                    }
                }
                Err(e) => println!(
                    "{file} [{name}] {} ev: {e} ({:?})",
                    trace.steps.len(),
                    trace.verdict.map(|v| v.verdict)
                ),
            }
        }
    }
}
