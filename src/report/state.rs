//! What a step changed of the state that matters: `term 3 · log [1:no-op 3:put x 1] · commit 1`.
//!
//! Invariant: what did not change is not told. What comes back is not cleaned yet.

use crate::model::{KeyState, KeyValue};

/// Up to so many characters a log is told as a whole; of a longer one, what is new.
const LOG_WHOLE_MAX: usize = 24;

/// What is new after a step, each thing by itself.
pub(super) fn changes(before: Option<&KeyState>, after: &KeyState) -> Vec<String> {
    let was = |label: &str| before.and_then(|before| before.get(label));
    let new = after
        .iter()
        .filter(|(label, value)| was(label) != Some(value));
    new.map(|(label, value)| match value {
        KeyValue::Word(word) if label.is_empty() => word.clone(),
        KeyValue::Word(word) => format!("{label} {word}"),
        KeyValue::Log(first, entries) => format!("{label} {}", log(was(label), *first, entries)),
    })
    .collect()
}

/// A log, or the end of it that is new.
fn log(before: Option<&KeyValue>, first: u64, entries: &[String]) -> String {
    let whole = listed(first, entries);
    if whole.chars().count() <= LOG_WHOLE_MAX {
        return whole;
    }
    let old = |at: &usize| entry(before, first.saturating_add(*at as u64)) == entries.get(*at);
    let kept = (0..entries.len()).take_while(old).count();
    match entries.get(kept..) {
        Some(new) if !new.is_empty() => listed(first.saturating_add(kept as u64), new),
        _ => {
            let end = first.saturating_add(entries.len() as u64);
            format!("up to {}", end.saturating_sub(1))
        }
    }
}

/// `[1:a1 2:b1]`; of a log that begins later, `[..4 2:b1]`.
fn listed(first: u64, entries: &[String]) -> String {
    let mut parts = Vec::new();
    if first > 1 {
        parts.push(format!("..{}", first - 1));
    }
    parts.extend(entries.iter().cloned());
    format!("[{}]", parts.join(" "))
}

fn entry(log: Option<&KeyValue>, index: u64) -> Option<&String> {
    let Some(KeyValue::Log(first, entries)) = log else {
        return None;
    };
    entries.get(usize::try_from(index.checked_sub(*first)?).ok()?)
}

/// The entries that a step took out of a log: it had them, and has others in their place, or none. What a
/// snapshot stands for is not lost.
pub(super) fn overwritten(before: Option<&KeyState>, after: &KeyState) -> Vec<String> {
    let logs = after.iter().filter_map(|(label, value)| match value {
        KeyValue::Log(first, _) => Some((before?.get(label)?, value, *first)),
        KeyValue::Word(_) => None,
    });
    let lost = logs.flat_map(|(was, is, from)| {
        let (first, entries): (u64, &[String]) = match was {
            KeyValue::Log(first, entries) => (*first, entries),
            KeyValue::Word(_) => (0, &[]),
        };
        let numbered = entries.iter().enumerate();
        let numbered = numbered.map(move |(at, old)| (first.saturating_add(at as u64), old));
        numbered
            .filter(move |(index, old)| *index >= from && entry(Some(is), *index) != Some(*old))
            .map(|(_, old)| old.clone())
    });
    lost.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(term: u32, first: u64, entries: &[&str]) -> KeyState {
        let entries = entries.iter().map(|e| (*e).to_owned()).collect();
        KeyState::default()
            .with("", "follower")
            .with("term", term.to_string())
            .with_log("log", first, entries)
    }

    #[test]
    fn only_what_changed_is_told() {
        let before = state(1, 1, &["1:a"]);
        assert!(changes(Some(&before), &before).is_empty());
        assert_eq!(changes(Some(&before), &state(2, 1, &["1:a"])), ["term 2"]);
        assert_eq!(
            changes(Some(&before), &state(1, 1, &["1:a", "1:b"])),
            ["log [1:a 1:b]"]
        );
        assert_eq!(changes(None, &before).len(), 3);
    }

    #[test]
    fn of_a_long_log_the_new_end_is_told() {
        let before = state(1, 1, &["1:put x 1", "1:put y 1", "1:put z 1"]);
        let after = state(1, 1, &["1:put x 1", "1:put y 1", "2:put w 2", "2:put v 2"]);
        assert_eq!(
            changes(Some(&before), &after),
            ["log [..2 2:put w 2 2:put v 2]"]
        );
    }

    #[test]
    fn what_is_replaced_or_cut_off_is_overwritten_and_what_is_compacted_is_not() {
        let before = state(1, 1, &["1:a", "1:b", "1:c"]);
        assert_eq!(
            overwritten(Some(&before), &state(2, 1, &["1:a", "2:x"])),
            ["1:b", "1:c"]
        );
        assert!(overwritten(Some(&before), &state(2, 3, &["1:c", "2:x"])).is_empty());
        assert!(overwritten(None, &before).is_empty());
    }
}
