//! What it takes to find a mistake: what is committed is what the code does today, and every mistake is found by
//! somebody.

use std::path::Path;

use jury::check::{Monitor, Patient};
use jury::hunt::detect::{Asked, Attendant, Detection, detect, grounds, layout, markdown};
use jury::protocols::{Visitor, each};
use jury::registry::Registry;
use jury::testbed::RunLimits;

use crate::shipped::{all_well, compare, find};

const DATA: &str = "reports/detection.json";
const PAGE: &str = "reports/detection.md";

/// What takes a second or two is found out again, the rest by `jury detect --write`.
const CHEAP: [&str; 3] = ["3pc", "d2pc", "paxos"];

/// No check finds these: what they break assumes that clocks hardly drift, and where none runs they drift at will.
const NEEDS_A_CLOCK: [&str; 3] = [
    "lease-survives-transfer",
    "promises-during-lease",
    "grant-forgotten",
];

fn committed() -> Detection {
    let text = std::fs::read_to_string(DATA).expect("`jury detect --write` was run");
    serde_json::from_str(&text).expect("it is what was found out")
}

/// Nobody waits.
struct Unhurried;

impl Attendant for Unhurried {
    fn begins(&mut self, _: &str) {}

    fn hunt(&mut self, hunt: &mut dyn FnMut(&RunLimits<'_>)) -> f64 {
        hunt(&RunLimits::default());
        0.0
    }

    fn check(&mut self, check: &mut dyn FnMut(&mut dyn Monitor)) -> f64 {
        check(&mut Patient);
        0.0
    }

    fn is_over(&self) -> bool {
        false
    }
}

/// A wording that changed is rewritten here; what was found, by `jury detect --write`.
#[test]
fn the_page_of_detection_says_what_the_data_say() {
    let detection = committed();
    let mut problems = Vec::new();
    problems.extend(compare(Path::new(DATA), &layout(&detection)).err());
    problems.extend(compare(Path::new(PAGE), &markdown(&detection)).err());
    all_well(&problems);
}

/// Counts are the same on every machine. (Times are not.)
#[test]
fn what_is_cheap_is_found_again() {
    let committed = committed();
    let mut files = Vec::new();
    find(Path::new("scenarios"), "json", &mut files);
    files.sort();
    let (hunted, instances) = grounds(&files);
    let asked = Asked {
        registry: &Registry::shipped(),
        grounds: hunted,
        instances,
        wanted: &|protocol, _| CHEAP.contains(&protocol),
        seeds: committed.seeds,
        stop_at: committed.stop_at,
    };
    let untimed = |mut detection: Detection| {
        let protocols = &mut detection.protocols;
        protocols.retain(|of| CHEAP.contains(&of.protocol.as_str()));
        for mistake in protocols.iter_mut().flat_map(|of| &mut of.mistakes) {
            for tried in mistake.hunts.values_mut() {
                tried.seconds = None;
            }
            if let Some(check) = &mut mistake.check {
                check.seconds = 0.0;
            }
        }
        detection
    };
    let found = layout(&untimed(detect(&asked, &mut Unhurried)));
    assert_eq!(
        found,
        layout(&untimed(committed)),
        "run `jury detect --write`"
    );
}

/// Protocols and their mistakes, by name.
#[derive(Default)]
struct Mistakes(Vec<(&'static str, &'static str)>);

impl Visitor for Mistakes {
    fn visit<P: jury::model::Protocol>(&mut self) {
        self.0.extend(P::BUGS.iter().map(|bug| (P::NAME, bug.name)));
    }
}

#[test]
fn every_mistake_is_in_the_table_and_is_found() {
    let detection = committed();
    let mut all = Mistakes::default();
    each(&mut all);
    let mut problems = Vec::new();
    for (protocol, mistake) in all.0 {
        let of = detection
            .protocols
            .iter()
            .find(|of| of.protocol == protocol);
        let of = of.and_then(|of| of.mistakes.iter().find(|of| of.mistake == mistake));
        let Some(of) = of else {
            problems.push(format!("{protocol}: {mistake} is not in the table"));
            continue;
        };
        let checked = of.check.is_some();
        if checked == NEEDS_A_CLOCK.contains(&mistake) {
            problems.push(format!(
                "{protocol}: the checker finds {mistake}: {checked}"
            ));
        }
    }
    all_well(&problems);
}
