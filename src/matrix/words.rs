//! The matrix in marks and sentences, for tables of any kind.

use super::report::{Cell, CellVerdict, CellWord, Claim, ClaimOutcome, VariantMatrix, Weighed};
use crate::model::cluster::enumerate;

/// What the marks mean, in the order in which they should be explained.
pub const LEGEND: [(&str, &str); 6] = [
    ("✓", "it holds; of what should be reachable, it is reached"),
    (
        "✓°",
        "it holds within bounds: a bound on messages in flight, or on repairs, kept something back",
    ),
    ("✗ 7", "it is violated; the shortest way there has 7 events"),
    (
        "⊘ 7",
        "it can block: after 7 events its goal is out of reach",
    ),
    ("?", "a limit left it open"),
    (
        "⇐",
        "not searched to its end, but it follows from another set of faults",
    ),
];

/// One verdict in a table.
pub fn mark(verdict: &CellVerdict) -> String {
    let events = verdict.schedule.len();
    let mark = match verdict.verdict {
        CellWord::Holds | CellWord::Reached => "✓".to_owned(),
        CellWord::HoldsWithinBounds => "✓°".to_owned(),
        CellWord::Violated => format!("✗ {events}"),
        CellWord::Unreachable => "✗".to_owned(),
        CellWord::CanBlock => format!("⊘ {events}"),
        CellWord::NotEstablished => "?".to_owned(),
    };
    match verdict.follows_from {
        Some(_) => mark + " ⇐",
        None => mark,
    }
}

/// The name of a set of faults where there is little room: `crash + recovery`.
pub fn short(faults: &[String]) -> String {
    match faults {
        [] => "nothing".to_owned(),
        _ => faults.join(" + "),
    }
}

/// A set of faults in a sentence: `a crash and a recovery`.
pub fn listed(faults: &[String]) -> String {
    match faults {
        [] => "nothing".to_owned(),
        _ => enumerate(faults.iter().map(|fault| format!("a {fault}"))),
    }
}

/// The columns of a table that fits on a page: no fault, each kind alone, nearly all, all.
pub fn columns(variant: &VariantMatrix) -> Vec<(String, &Cell)> {
    let alone = |kind: &str| {
        variant
            .cells
            .iter()
            .find(|c| c.faults.iter().any(|f| f == kind))
    };
    let mut columns: Vec<(String, &Cell)> = Vec::new();
    let nothing = variant.cells.first();
    let each = variant.faults.iter().filter_map(|kind| alone(&kind.name));
    for cell in nothing.into_iter().chain(each) {
        columns.push((short(&cell.faults), cell));
    }
    let Some(all) = variant.cells.last() else {
        return columns;
    };
    let suspects = |cell: &Cell| cell.faults.iter().any(|f| f == SUSPICION);
    let accurate = |cell: &&Cell| {
        suspects(all) && !suspects(cell) && cell.faults.len() + 1 == all.faults.len()
    };
    if let Some(cell) = variant.cells.iter().find(accurate) {
        columns.push((format!("all but {SUSPICION}"), cell));
    }
    columns.push(("all".to_owned(), all));
    let mut known: Vec<&[String]> = Vec::new();
    columns.retain(|(_, cell)| {
        let new = !known.contains(&cell.faults.as_slice());
        known.push(&cell.faults);
        new
    });
    columns
}

const SUSPICION: &str = "false suspicion";

/// What a property needs, in whole sentences.
pub fn needs(variant: &VariantMatrix, of: &Weighed) -> Vec<String> {
    let mut sentences = Vec::new();
    if of.expectation == "reachable" {
        sentences.extend(reached(of));
    } else {
        sentences.extend(holds(variant, of));
        sentences.extend(fails(variant, of));
    }
    if !of.open.is_empty() {
        sentences.push(format!("Left open from here on: {}.", either(&of.open)));
    }
    sentences
}

fn reached(of: &Weighed) -> Option<String> {
    if of.fails.is_empty() {
        return of
            .open
            .is_empty()
            .then(|| "Is reached whatever happens.".to_owned());
    }
    if of.again.is_empty() {
        return Some("Is out of reach whatever happens.".to_owned());
    }
    Some(format!(
        "Is reached as soon as there is {}.",
        either(&of.again)
    ))
}

fn holds(variant: &VariantMatrix, of: &Weighed) -> Option<String> {
    let within = match variant.qualified(&of.property, &of.holds) {
        bounds if bounds.is_empty() => String::new(),
        bounds => format!(", within bounds ({})", enumerate(bounds)),
    };
    if of.fails.is_empty() && of.open.is_empty() {
        return Some(format!("Holds whatever happens{within}."));
    }
    if of.holds.is_empty() {
        return None;
    }
    let than = |set: &Vec<String>| match &set[..] {
        [] => "nothing fails".to_owned(),
        set => format!("nothing worse happens than {}", listed(set)),
    };
    let than: Vec<String> = of.holds.iter().map(than).collect();
    let holds = format!("holds whenever {}{within}", than.join("; or "));
    if !of.open.is_empty() {
        return Some(format!("It {holds}."));
    }
    // Only where nothing was left open is it known what is needed.
    let needs = of
        .needs
        .iter()
        .map(|assumptions| enumerate(assumptions.clone()));
    let needs: Vec<String> = needs.collect();
    Some(format!("Needs {}: it {holds}.", needs.join("; or ")))
}

fn fails(variant: &VariantMatrix, of: &Weighed) -> Option<String> {
    if of.fails.is_empty() {
        return None;
    }
    let again = match &of.again[..] {
        [] => String::new(),
        sets => format!(" It holds again with {}.", either(sets)),
    };
    if of.fails.iter().any(Vec::is_empty) {
        return Some(format!("Fails even if nothing happens.{again}"));
    }
    let events = |set: &Vec<String>| {
        let verdict = variant.cell(set)?.verdict(&of.property)?;
        Some(match verdict.schedule.len() {
            1 => " (1 event)".to_owned(),
            n => format!(" ({n} events)"),
        })
    };
    let set = |set: &Vec<String>| listed(set) + &events(set).unwrap_or_default();
    let sets: Vec<String> = of.fails.iter().map(set).collect();
    let word = if of.again.is_empty() {
        "Fails as soon as there is"
    } else {
        "Can fail with"
    };
    Some(format!("{word} {}.{again}", sets.join(", or ")))
}

fn either(sets: &[Vec<String>]) -> String {
    let sets: Vec<String> = sets.iter().map(|set| listed(set)).collect();
    sets.join(", or ")
}

/// What the protocol's file claims, and how that turned out.
pub fn claim(claim: &Claim) -> String {
    let with = match &claim.assumes[..] {
        [] => "without any assumption".to_owned(),
        words => format!("with {}", enumerate(words.to_vec())),
    };
    let came_to = match claim.outcome {
        ClaimOutcome::Established => {
            let worlds = enumerate(claim.distinct.iter().map(|n| number(*n)));
            let within = match &claim.bounds[..] {
                [] => String::new(),
                bounds => format!(" within bounds ({})", enumerate(bounds.to_vec())),
            };
            let timing = match claim.distinct.len() {
                2 => " with either timing",
                _ => "",
            };
            format!("established{within}{timing}, {worlds} worlds")
        }
        ClaimOutcome::NotEstablished => {
            format!("not established: {}", enumerate(claim.bounds.clone()))
        }
        ClaimOutcome::Contradicted => {
            let found = claim.sentences.join(" ");
            return format!("Claimed {with}: contradicted. {found}");
        }
    };
    format!("Claimed {with}: {came_to}.")
}

/// The instance in a few lines.
pub fn instance(variant: &VariantMatrix) -> Vec<String> {
    let fault = |kind: &super::report::FaultKind| format!("{} ({})", kind.name, kind.how_often);
    let params = match variant.params.as_object() {
        Some(params) if !params.is_empty() => {
            let param = |(key, value): (&String, &serde_json::Value)| format!("{key}: {value}");
            let params: Vec<String> = params.iter().map(param).collect();
            format!("; {}", params.join(", "))
        }
        _ => String::new(),
    };
    vec![
        format!("Instance: {}{params}.", enumerate(variant.nodes.clone())),
        format!("Faults: {}.", enumerate(variant.faults.iter().map(fault))),
        format!("Bounds: {}.", enumerate(variant.bounds.clone())),
    ]
}

/// How many worlds a search saw; more if it was not through.
pub fn worlds(cell: &Cell) -> String {
    let least = if cell.stopped.is_some() { "≥ " } else { "" };
    format!("{least}{}", number(cell.distinct))
}

/// `1,234,567`
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).expect("digits"))
        .collect();
    groups.join(",")
}
