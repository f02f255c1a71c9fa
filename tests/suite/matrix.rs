//! The matrix of assumptions: what is committed is what the code says today, its verdicts fit
//! together, and a claim that is not true is found out.

use std::path::Path;

use jury::check::Patient;
use jury::matrix::report::{CellVerdict, CellWord, ClaimOutcome, Matrix, VariantMatrix};
use jury::matrix::{Cell, Effort, FaultSet, Instance, Unhurried, layout, markdown, words};
use jury::model::{Assumption, Fault, FewMap, Limit, Property, Protocol, Variant};
use jury::protocols::two_phase_commit::{Mistake, Params, PlannedVote, TwoPhaseCommit};
use jury::protocols::{Visitor, each};

use crate::shipped::{all_well, compare};

const DATA: &str = "reports/matrix.json";
const PAGE: &str = "reports/matrix.md";

/// Cells with more worlds than this are not searched again.
const DISTINCT_MAX: u64 = 30_000;

fn committed() -> Matrix {
    let text = std::fs::read_to_string(DATA).expect("`jury matrix --write` was run");
    serde_json::from_str(&text).expect("it is a matrix")
}

fn committed_variants() -> Vec<(String, VariantMatrix)> {
    let of = |protocol: jury::matrix::ProtocolMatrix| {
        let name = protocol.name;
        let named = move |variant: VariantMatrix| (format!("{name}, {}", variant.name), variant);
        protocol.variants.into_iter().map(named)
    };
    committed().protocols.into_iter().flat_map(of).collect()
}

/// A wording that changed is rewritten here; what was found, by `jury matrix --write`.
#[test]
fn the_page_says_what_the_data_say() {
    let matrix = committed();
    let mut problems = Vec::new();
    problems.extend(compare(Path::new(DATA), &layout(&matrix)).err());
    problems.extend(compare(Path::new(PAGE), &markdown(&matrix)).err());
    all_well(&problems);
}

/// What a limit left open may be committed, if it says so; what contradicts a claim may not.
#[test]
fn no_claim_is_contradicted() {
    for (name, variant) in committed_variants() {
        for property in &variant.properties {
            let claim = &property.claim;
            let what = format!("{name}: {}", property.property);
            assert_ne!(claim.outcome, ClaimOutcome::Contradicted, "{what}");
            let open = claim.outcome == ClaimOutcome::NotEstablished;
            assert!(!open || !claim.bounds.is_empty(), "{what}");
        }
    }
}

/// All that two-phase commit claims is established, and of what it takes not to block nothing more
/// is claimed than it needs.
#[test]
fn two_phase_commit_needs_what_it_claims() {
    let mut matrix = committed();
    matrix.protocols.retain(|protocol| protocol.name == "2pc");
    assert_eq!(matrix.worst(), ClaimOutcome::Established);
    assert!(!matrix.is_open());
    let variants = &matrix.protocols[0].variants;
    let by_role = variants
        .iter()
        .find(|v| v.name == "presumed abort, by role");
    let properties = &by_role.expect("it is declared").properties;
    let of = |name| properties.iter().find(|p| p.property == name).unwrap();
    let sorted = |words: &[String]| {
        let mut words = words.to_vec();
        words.sort();
        words
    };
    let non_blocking = of("non-blocking");
    assert_eq!(non_blocking.needs.len(), 1);
    let (needs, claimed) = (&non_blocking.needs[0], &non_blocking.claim.assumes);
    assert_eq!(sorted(needs), sorted(claimed));
    let nothing: Vec<Vec<String>> = vec![vec![]];
    for name in [
        "atomicity",
        "irrevocability",
        "validity",
        "recovers",
        "forgets",
    ] {
        assert_eq!(of(name).needs, nothing, "{name}");
    }
}

/// Every variant that is declared is there as it is stated, its cheap cells are found again, and
/// the antichains follow from its cells.
#[test]
fn the_matrix_is_up_to_date() {
    struct Again {
        committed: Matrix,
        problems: Vec<String>,
        searched: usize,
    }

    impl Visitor for Again {
        fn visit<P: Protocol>(&mut self) {
            let protocols = &self.committed.protocols;
            let Some(protocol) = protocols.iter().find(|p| p.name == P::NAME) else {
                self.problems.push(format!("{} is missing", P::NAME));
                return;
            };
            let declared = P::matrix();
            if declared.len() != protocol.variants.len() {
                self.problems.push(format!("{}: other variants", P::NAME));
            }
            for (variant, old) in declared.into_iter().zip(&protocol.variants) {
                let name = format!("{}, {}", P::NAME, variant.name);
                let instance = Instance::new::<P>(variant).expect("it is possible");
                let problems = again(&instance, old, &mut self.searched);
                let named = problems.into_iter().map(|p| format!("{name}: {p}"));
                self.problems.extend(named);
            }
        }
    }

    let mut visitor = Again {
        committed: committed(),
        problems: Vec::new(),
        searched: 0,
    };
    each(&mut visitor);
    let problems = &visitor.problems;
    assert!(
        problems.is_empty(),
        "{}\n\nIf this is meant: cargo run --release -- matrix --write",
        problems.join("\n")
    );
    assert!(visitor.searched >= 80, "only {} cells", visitor.searched);
}

fn again(instance: &Instance, old: &VariantMatrix, searched: &mut usize) -> Vec<String> {
    let mut problems = Vec::new();
    let stated = VariantMatrix {
        properties: Vec::new(),
        cells: Vec::new(),
        ..old.clone()
    };
    if stated != instance.stated() || old.cells.len() != instance.sets().len() {
        return vec!["it is stated otherwise".to_owned()];
    }
    let cells: FewMap<FaultSet, Cell> = instance
        .sets()
        .iter()
        .copied()
        .zip(old.cells.iter().cloned())
        .collect();
    for (&set, cell) in &cells {
        if cell.distinct > DISTINCT_MAX || cell.stopped.is_some() {
            continue;
        }
        *searched += 1;
        let found = instance.cell(set, &Effort::default(), &mut Patient);
        if found != *cell {
            let differences = cell.verdicts.iter().zip(&found.verdicts);
            let differences = differences.filter(|(a, b)| a != b);
            let differences: Vec<String> = differences
                .map(|(a, b)| format!("{a:?}, or {b:?}"))
                .collect();
            problems.push(format!(
                "under {}: {} worlds, or {}; {}",
                words::short(&cell.faults),
                cell.distinct,
                found.distinct,
                differences.join("; ")
            ));
        }
    }
    let names = |sets: &[FaultSet]| -> Vec<Vec<String>> {
        sets.iter().map(|set| instance.names(*set)).collect()
    };
    for (frontier, weighed) in instance.frontiers(&cells).iter().zip(&old.properties) {
        let (holds, fails) = (names(&frontier.holds), names(&frontier.fails));
        if holds != weighed.holds || fails != weighed.fails {
            problems.push(format!("{}: another frontier", weighed.property));
        }
    }
    problems
}

/// More faults make more runs: what is violated stays violated, by a schedule that is no longer; what
/// is reached stays reached; what can block under some timing can block under more with that timing.
#[test]
fn more_faults_never_help() {
    let suspicion = Fault::FalseSuspicion.name();
    let mut compared = 0;
    for (name, variant) in committed_variants() {
        for small in &variant.cells {
            let within = |large: &&Cell| small.faults.iter().all(|f| large.faults.contains(f));
            for large in variant.cells.iter().filter(within) {
                let timing = |cell: &Cell| cell.faults.contains(&suspicion);
                let same_timing = timing(small) == timing(large);
                if same_timing {
                    assert!(small.distinct <= large.distinct, "{name}");
                }
                let pairs = small.verdicts.iter().zip(&large.verdicts);
                for (property, (s, l)) in variant.properties.iter().zip(pairs) {
                    let under = words::short(&large.faults);
                    let what = format!("{name}: {} under {under}", property.property);
                    compared += 1;
                    match &*property.expectation {
                        "always" => no_better(s, l, &what),
                        "reachable" => {
                            let reached = |v: &CellVerdict| v.verdict == CellWord::Reached;
                            assert!(!reached(s) || reached(l), "{what}");
                        }
                        _ if same_timing => no_better(s, l, &what),
                        _ => {}
                    }
                }
            }
        }
    }
    assert!(compared > 10_000);
}

fn no_better(small: &CellVerdict, large: &CellVerdict, what: &str) {
    if small.verdict.is_against() {
        assert!(large.verdict.is_against(), "{what}");
        assert!(large.schedule.len() <= small.schedule.len(), "{what}");
    }
}

/// Two-phase commit in the small, under few kinds of faults.
fn small(faults: &[Fault]) -> Variant<Params> {
    let params = Params {
        participants: 2,
        votes: vec![PlannedVote::Open; 2],
        ..Params::default()
    };
    Variant {
        faults: faults.to_vec(),
        copies: Limit::AtMost(1),
        ..Variant::new("small", "", params)
    }
}

const CRASH: Fault = Fault::Crash { role: None };

/// What follows from other cells where a limit stopped a search is what the search would have
/// found.
#[test]
fn what_follows_is_true() {
    let faults = [CRASH, Fault::Recovery, Fault::Loss, Fault::FalseSuspicion];
    let instance = Instance::new::<TwoPhaseCommit>(small(&faults)).unwrap();
    let full = instance.weigh(&Effort::default(), &mut Unhurried);
    let mut followed = 0;
    for states_max in [150, 600, 2_000] {
        let effort = Effort {
            states_max: Some(states_max),
            ..Effort::default()
        };
        let short = instance.weigh(&effort, &mut Unhurried);
        for (full, short) in full.cells.iter().zip(&short.cells) {
            for (full, short) in full.verdicts.iter().zip(&short.verdicts) {
                if short.verdict == CellWord::NotEstablished {
                    continue;
                }
                followed += usize::from(short.follows_from.is_some());
                let against = |v: &CellVerdict| v.verdict.is_against();
                assert_eq!(against(full), against(short), "{}", full.property);
            }
        }
    }
    assert!(followed > 0);
}

/// What becomes of a claim about one property of two-phase commit.
fn claim(variant: &Variant<Params>, name: &str, assumes: &[Assumption]) -> jury::matrix::Claim {
    let instance = Instance::new::<TwoPhaseCommit>(variant.clone()).unwrap();
    let protocol = TwoPhaseCommit::new(&variant.params).unwrap();
    let mut properties = protocol.properties();
    properties.retain(|property| property.name == name);
    let claimed = |property: Property<TwoPhaseCommit>| Property {
        premise: Vec::new(),
        assumes: assumes.to_vec(),
        ..property
    };
    let instance = instance.judged_by(
        properties
            .into_iter()
            .map(claimed)
            .map(Property::untyped)
            .collect(),
    );
    let mut matrix = instance.weigh(&Effort::default(), &mut Unhurried);
    matrix.properties.remove(0).claim
}

#[test]
fn a_false_claim_is_found_out() {
    let no_crash = |role| Assumption::MaxCrashes { crashes: 0, role };
    let coordinator = || no_crash(Some("coordinator"));
    let variant = small(&[CRASH, Fault::Cut]);
    let name = "non-blocking";

    let truth = claim(&variant, name, &[Assumption::NoCut, coordinator()]);
    assert_eq!(truth.outcome, ClaimOutcome::Established);

    for assumes in [
        vec![],
        vec![Assumption::NoCut],
        vec![coordinator()],
        vec![no_crash(None)],
        vec![Assumption::NoCut, no_crash(Some("participant"))],
    ] {
        let found = claim(&variant, name, &assumes);
        assert_eq!(found.outcome, ClaimOutcome::Contradicted, "{assumes:?}");
        assert!(!found.schedule.is_empty(), "{assumes:?}");
    }
    let found = claim(&variant, name, &[Assumption::NoCut]);
    let sentences = words::claim(&found);
    let beginning = "Claimed with no cut: contradicted. Under everything that this leaves, \
                     non-blocking can block. ";
    assert!(sentences.starts_with(beginning), "{sentences}");
}

/// The claims of an honest protocol are false of one that makes a mistake.
#[test]
fn a_mistake_contradicts_what_is_claimed() {
    let honest = small(&[CRASH, Fault::Recovery]);
    let mut mistaken = honest.clone();
    mistaken.params.bug = Some(Mistake::CommitBeforeRecord);
    let atomicity = |variant| claim(variant, "atomicity", &[]).outcome;
    assert_eq!(atomicity(&honest), ClaimOutcome::Established);
    assert_eq!(atomicity(&mistaken), ClaimOutcome::Contradicted);
}

/// Sentences for what two-phase commit does not show.
#[test]
fn every_frontier_has_its_words() {
    let set = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    let (nothing, loss) = (set(&[]), set(&["loss"]));
    let (suspicion, both) = (set(&["false suspicion"]), set(&["loss", "false suspicion"]));
    let instance = Instance::new::<TwoPhaseCommit>(small(&[Fault::Loss, Fault::FalseSuspicion]));
    let mut variant = instance.unwrap().weigh(&Effort::default(), &mut Unhurried);
    let mut says = |expectation: &str, lists: [&[&Vec<String>]; 4]| {
        let property = &mut variant.properties[0];
        let owned = |list: &[&Vec<String>]| list.iter().map(|set| (*set).clone()).collect();
        property.expectation = expectation.to_owned();
        [
            property.holds,
            property.fails,
            property.again,
            property.open,
        ] = lists.map(owned);
        property.needs = vec![vec!["synchrony".to_owned()]; property.holds.len()];
        let property = property.clone();
        words::needs(&variant, &property).join(" ")
    };
    let all = [
        (
            "reachable",
            says("reachable", [&[], &[&nothing], &[&loss, &suspicion], &[]]),
        ),
        ("reachable", says("reachable", [&[], &[&nothing], &[], &[]])),
        ("reachable", says("reachable", [&[&both], &[], &[], &[]])),
        ("always", says("always", [&[], &[&nothing], &[], &[]])),
        (
            "always",
            says("always", [&[&nothing], &[&loss], &[], &[&suspicion]]),
        ),
        (
            "never blocked",
            says("never blocked", [&[&loss], &[&suspicion], &[&both], &[]]),
        ),
    ];
    let lines: Vec<String> = all
        .iter()
        .map(|(what, says)| format!("{what}: {says}"))
        .collect();
    insta::assert_snapshot!("sentences", lines.join("\n"));
}

/// A claim that a limit left open is not established.
#[test]
fn what_was_not_searched_is_not_established() {
    let mut variant = small(&[CRASH, Fault::Loss]);
    variant.states_max = 100;
    let found = claim(&variant, "atomicity", &[]);
    assert_eq!(found.outcome, ClaimOutcome::NotEstablished);
    assert!(found.bounds.contains(&"states".to_owned()));
    assert!(words::claim(&found).contains("not established"));
}
