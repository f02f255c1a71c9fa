//! How short a failure can get: a search of what deletion has left.

use serde_json::{Map, Value as Json, json};

use super::{Counter, Failure, Shrinker, Version};
use crate::model::InsideHandlers;
use crate::model::facts::Facts;
use crate::scenario::ScheduleLine;
use crate::testbed::{CheckOptions, CheckVerdict, RunVerdict};

/// The shortest schedule that fails so, and the search that found it.
pub struct Shortest {
    pub lines: Vec<ScheduleLine>,
    pub check: Check,
}

/// A search as scenarios have it, with what comes of it.
#[derive(Clone, Debug)]
pub struct Check {
    pub part: Json,
    pub verdict: String,
}

impl Shrinker<'_> {
    /// Searches all runs with the same faults and as many timeouts, but no longer ones. Nothing if that takes too many
    /// worlds, or if what is found fails in another way.
    pub(super) fn shortest(
        &mut self,
        failure: &Failure,
        version: &Version,
        count: &Counter,
    ) -> Option<Shortest> {
        if count.is_over {
            return None;
        }
        let Version { case, draft } = version;
        let limits = self.with(failure.states);
        let facts = case
            .retell(&draft.lines, draft.timing, false, &limits)
            .report
            .facts;
        let property = failure.signature.property.clone()?;
        let is_safety = failure.signature.verdict == RunVerdict::Violated;
        let part = part(draft, &facts, &property, is_safety);
        let others = super::Others {
            check: Some(part.clone()),
            ..super::Others::default()
        };
        let file = draft.scenario(&others).ok()?;
        let text = crate::scenario::to_text(&file);
        let case = self.registry.open_text(&text, "the shrunk scenario").ok()?;
        let options = CheckOptions {
            properties: vec![property],
            states_max: Some(self.states_max),
            ..CheckOptions::default()
        };
        let report = case.check(&options, None, &mut limits.monitor()).ok()?;
        let found = report.properties.into_iter().next()?;
        let is_against = matches!(
            found.verdict,
            CheckVerdict::Violated | CheckVerdict::CanBlock
        );
        let lines: Vec<ScheduleLine> = found
            .schedule
            .into_iter()
            .map(|line| (None, line))
            .collect();
        if !is_against || report.cut_short {
            return None;
        }
        let lines = self.fails(failure, &*case, &lines, &draft.nodes)?;
        let verdict = found.verdict.word().to_owned();
        Some(Shortest {
            lines,
            check: Check { part, verdict },
        })
    }
}

/// All that happened, and no more of it.
fn part(draft: &super::Draft, facts: &Facts, property: &str, is_safety: bool) -> Json {
    let lines = || draft.lines.iter().map(|(_, line)| line.as_str());
    let count = |verb: &str| lines().filter(|line| line.starts_with(verb)).count();
    let mut faults = Map::new();
    let mut put = |key: &str, value: Json| faults.insert(key.to_owned(), value);
    let crashes = draft.nodes.iter().zip(&facts.crashes);
    let crashes: Map<String, Json> = crashes
        .filter(|(_, times)| **times > 0)
        .map(|(name, times)| (name.clone(), json!(times)))
        .collect();
    if !crashes.is_empty() {
        let inside =
            |how: &str| lines().any(|line| line.starts_with("crash") && line.contains(how));
        let inside_handlers = match (inside(" of "), inside(" and to ")) {
            (false, _) => InsideHandlers::Never,
            (true, false) => InsideHandlers::InOrder,
            (true, true) => InsideHandlers::AnySubset,
        };
        put("crashes", crashes.into());
        put("inside-handlers", json!(inside_handlers));
    }
    let recovered = lines().filter_map(|line| line.strip_prefix("recover "));
    let recoveries = recovered.filter(|name| !draft.joins_later(name)).count();
    let counts = [
        ("recoveries", recoveries),
        ("drops", count("drop ")),
        ("duplicates", count("duplicate ")),
        ("heals", count("heal ")),
    ];
    for (key, times) in counts.into_iter().filter(|(_, times)| *times > 0) {
        put(key, times.into());
    }
    let mut cuts: Vec<Json> = lines()
        .filter_map(|line| cut(line.strip_prefix("cut ")?))
        .collect();
    let most = cuts.len();
    cuts.dedup();
    if !cuts.is_empty() {
        put("cuts", json!({ "most": most, "which": cuts }));
    }
    let mut part = Map::new();
    if facts.is_synchronous() {
        part.insert("timing".to_owned(), "accurate".into());
    }
    if !faults.is_empty() {
        part.insert("faults".to_owned(), faults.into());
    }
    if is_safety {
        // What blocks must not be bounded.
        let bounds = json!({ "depth": draft.lines.len(), "timeouts": facts.timeouts });
        part.insert("bounds".to_owned(), bounds);
    }
    if !draft.late.is_empty() {
        part.insert("joins-later".to_owned(), json!(draft.late));
    }
    part.insert("properties".to_owned(), json!([property]));
    part.into()
}

/// A cut of the one notation, as scenarios have it.
fn cut(notation: &str) -> Option<Json> {
    if notation.contains("->") {
        let links: Vec<&str> = notation.split(',').map(str::trim).collect();
        return Some(json!(links));
    }
    let groups: Option<Vec<Vec<&str>>> = notation
        .split('|')
        .map(|group| {
            let names = group.trim().strip_prefix('{')?.strip_suffix('}')?;
            Some(names.split(',').map(str::trim).collect())
        })
        .collect();
    groups.map(|groups| json!(groups))
}
