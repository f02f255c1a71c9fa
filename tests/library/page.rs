//! Pages: what is packed into one is there again.

use std::path::{Path, PathBuf};

use jury::page::{Page, Run, trace_of};
use jury::registry::Registry;
use jury::testbed::RunLimits;

use crate::cores::on_all_cores;

/// It is mailed, put on sticks and into learning platforms.
#[test]
fn a_page_without_its_run_is_small() {
    let bytes = Page::new("nothing", Vec::new()).html().len();
    assert!((50_000..300_000).contains(&bytes), "{bytes}");
}

/// The run of each shipped scenario with its first seed.
#[test]
fn every_run_is_in_its_page_as_it_was() {
    let registry = Registry::shipped();
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in std::fs::read_dir("scenarios").expect("it is there") {
        let folder = folder.expect("it is read").path();
        for folder in [folder.clone(), folder.join("bugs")] {
            let entries = std::fs::read_dir(folder).into_iter().flatten();
            files.extend(entries.map(|entry| entry.expect("it is read").path()));
        }
    }
    let there = on_all_cores(&files, |file| is_in_its_page(&registry, file));
    let pages = there.iter().filter(|is_there| **is_there).count();
    assert!(pages > 250, "{pages}");
}

/// Whether there is a run in this file; then it is the same when it is read from its page.
fn is_in_its_page(registry: &Registry, file: &Path) -> bool {
    let Ok(case) = registry.open(file) else {
        return false;
    };
    let Some(seeds) = case.seeds() else {
        return false;
    };
    if case.refuted_run().is_some() {
        return false;
    }
    let report = case.run(*seeds.start(), true, &RunLimits::default());
    let trace = report.trace.expect("it was asked for");
    if trace.steps.len() > 5_000 {
        return false;
    }
    let run = Run::of("run", &trace, &registry.background(&trace));
    let html = Page::new("a page", vec![run]).html();
    let again = trace_of(&html).expect("it has a run");
    // As a file has it: what is left out there means the default.
    let [was, is] = [&trace, &again].map(|t| serde_json::to_value(t).expect("it is plain data"));
    assert_eq!(was, is, "{}", file.display());
    true
}
