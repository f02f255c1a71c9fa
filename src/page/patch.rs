//! What changed of a value: records of nodes are much alike from step to step, and a page has thousands of them.

use serde_json::{Map, Value as Json, json};

/// What makes `new` of `old`; nothing if they are the same.
///
/// `{"v": value}` puts a value in its place; `{"o": {name: patch}, "x": [names]}` changes members of an object, adds
/// some and takes others away; `{"a": [n, ...]}` keeps the first n elements of an array and puts others behind them.
pub(super) fn patch(old: &Json, new: &Json) -> Option<Json> {
    if old == new {
        return None;
    }
    match (old, new) {
        (Json::Object(old), Json::Object(new)) if !old.is_empty() => Some(members(old, new)),
        (Json::Array(old), Json::Array(new)) => {
            let same = old.iter().zip(new).take_while(|(old, new)| old == new);
            let same = same.count();
            let behind = new[same..].iter().cloned();
            let all: Vec<Json> = std::iter::once(Json::from(same)).chain(behind).collect();
            Some(json!({ "a": all }))
        }
        _ => Some(json!({ "v": new })),
    }
}

fn members(old: &Map<String, Json>, new: &Map<String, Json>) -> Json {
    let changed = new.iter().filter_map(|(name, value)| {
        let change = match old.get(name) {
            Some(old) => patch(old, value)?,
            None => json!({ "v": value }),
        };
        Some((name.clone(), change))
    });
    let mut all = Map::new();
    all.insert("o".to_owned(), Json::Object(changed.collect()));
    let gone = old.keys().filter(|name| !new.contains_key(*name));
    let gone: Vec<Json> = gone.map(|name| Json::from(name.as_str())).collect();
    if !gone.is_empty() {
        all.insert("x".to_owned(), Json::Array(gone));
    }
    Json::Object(all)
}

/// Applies a patch; nothing if it is none, or fits no such value.
pub(super) fn apply(old: &Json, patch: &Json) -> Option<Json> {
    let Json::Object(patch) = patch else {
        return None;
    };
    if let Some(value) = patch.get("v") {
        return Some(value.clone());
    }
    if let Some(array) = patch.get("a") {
        let (kept, behind) = array.as_array()?.split_first()?;
        let kept = usize::try_from(kept.as_u64()?).ok()?;
        let mut all = old.as_array()?.get(..kept)?.to_vec();
        all.extend_from_slice(behind);
        return Some(Json::Array(all));
    }
    let mut all = old.as_object()?.clone();
    let gone = patch.get("x").and_then(Json::as_array);
    for name in gone.into_iter().flatten() {
        all.shift_remove(name.as_str()?);
    }
    for (name, change) in patch.get("o")?.as_object()? {
        let value = apply(all.get(name).unwrap_or(&Json::Null), change)?;
        all.insert(name.clone(), value);
    }
    Some(Json::Object(all))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_changed_is_said() {
        let old = json!({ "term": 1, "log": ["a", "b"], "vote": null });
        let new = json!({ "term": 1, "log": ["a", "c", "d"], "leader": "S1" });
        let told = json!({
            "o": { "log": { "a": [1, "c", "d"] }, "leader": { "v": "S1" } },
            "x": ["vote"],
        });
        assert_eq!(patch(&old, &new), Some(told));
        assert_eq!(patch(&old, &old), None);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (old, patch) in [
            (json!(1), json!({ "o": {} })),
            (json!([1]), json!({ "a": [2] })),
            (json!([1]), json!({ "a": [] })),
            (json!({}), json!({})),
            (json!({}), json!(7)),
        ] {
            assert_eq!(apply(&old, &patch), None, "{patch}");
        }
    }

    fn values() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            (0_u8..3).prop_map(Json::from),
            "[ab]?".prop_map(Json::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
                proptest::collection::btree_map("[a-cox]", inner, 0..4)
                    .prop_map(|map| Json::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_patched_is_as_it_was(old in values(), new in values()) {
            let patched = patch(&old, &new).map_or(Some(old.clone()), |patch| apply(&old, &patch));
            prop_assert_eq!(patched, Some(new));
        }
    }
}
