//! Instances with one thing less.

use serde_json::{Map, Value as Json};

use crate::model::Size;
use crate::model::event::tokens;

/// Parameters of an instance that is smaller by one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Smaller {
    pub params: Map<String, Json>,
    /// The node that is gone, if it is one.
    pub gone: Option<String>,
    /// What the nodes behind it are called now: old name and new one.
    pub renamed: Vec<(String, String)>,
}

impl Smaller {
    /// An event in the new names; nothing if it is one of the node that is gone.
    pub fn told(&self, line: &str) -> Option<String> {
        let gone = self.gone.as_deref();
        let is_gone = tokens(line).any(|token| gone == Some(token));
        (!is_gone).then(|| renamed(line, &self.renamed))
    }
}

/// All instances that are smaller by one thing. Not all of them need make a system.
pub fn smaller(params: &Map<String, Json>, sizes: &[Size]) -> Vec<Smaller> {
    sizes
        .iter()
        .flat_map(|size| by_one(params, *size))
        .collect()
}

fn by_one(params: &Map<String, Json>, size: Size) -> Vec<Smaller> {
    let mut all = Vec::new();
    let Some(value) = at(params, size.parameter) else {
        return all;
    };
    match value {
        Json::Array(entries) => {
            let count = entries.len();
            all.extend(
                (1..=count)
                    .rev()
                    .map(|nth| without(params, size, count, nth)),
            );
            // What one of them has to do may be a list, too.
            for (nth, entry) in entries.iter().enumerate() {
                for place in (0..entry.as_array().map_or(0, Vec::len)).rev() {
                    all.push(changed(params, size, |value| {
                        value[nth].as_array_mut().map(|list| list.remove(place));
                    }));
                }
            }
        }
        Json::Number(number) => {
            let count = number.as_u64().and_then(|n| usize::try_from(n).ok());
            let count = count.unwrap_or_default();
            if size.nodes.is_empty() {
                let fewer = [count / 2, count.saturating_sub(1)];
                let fewer = fewer.into_iter().filter(|fewer| *fewer < count);
                all.extend(fewer.map(|fewer| changed(params, size, |value| *value = fewer.into())));
            } else {
                all.extend(
                    (1..=count)
                        .rev()
                        .map(|nth| without(params, size, count, nth)),
                );
            }
        }
        _ => {}
    }
    all
}

/// The parameters with one of them changed, and no node gone.
fn changed(params: &Map<String, Json>, size: Size, change: impl FnOnce(&mut Json)) -> Smaller {
    let mut params = params.clone();
    change(at_mut(&mut params, size.parameter).expect("it was there"));
    Smaller {
        params,
        gone: None,
        renamed: Vec::new(),
    }
}

/// The parameters without the n-th of so many, counted from 1.
fn without(params: &Map<String, Json>, size: Size, count: usize, nth: usize) -> Smaller {
    let mut smaller = changed(params, size, |value| match value {
        Json::Array(entries) => drop(entries.remove(nth - 1)),
        number => *number = (count - 1).into(),
    });
    for key in size.along {
        match at_mut(&mut smaller.params, key) {
            Some(Json::Array(entries)) if entries.len() == count => {
                entries.remove(nth - 1);
            }
            Some(Json::Array(entries)) if entries.len() + 1 == count && count > 1 => {
                entries.remove(nth.max(2) - 2);
            }
            Some(value) => {
                if let Some(first) = value.as_u64().filter(|first| *first >= nth as u64) {
                    *value = (first - 1).into();
                }
            }
            None => {}
        }
    }
    if !size.nodes.is_empty() {
        let name = |nth: usize| format!("{}{nth}", size.nodes);
        smaller.gone = Some(name(nth));
        smaller.renamed = (nth + 1..=count).map(|n| (name(n), name(n - 1))).collect();
        // A command may name a node.
        for value in smaller.params.values_mut() {
            rename(value, &smaller.renamed);
        }
    }
    smaller
}

fn at<'a>(params: &'a Map<String, Json>, path: &str) -> Option<&'a Json> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let value = params.get(first)?;
    if rest.is_empty() {
        Some(value)
    } else {
        value.get(rest)
    }
}

fn at_mut<'a>(params: &'a mut Map<String, Json>, path: &str) -> Option<&'a mut Json> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let value = params.get_mut(first)?;
    if rest.is_empty() {
        Some(value)
    } else {
        value.get_mut(rest)
    }
}

fn rename(value: &mut Json, names: &[(String, String)]) {
    match value {
        Json::String(text) => *text = renamed(text, names),
        Json::Array(values) => values.iter_mut().for_each(|value| rename(value, names)),
        Json::Object(values) => values.values_mut().for_each(|value| rename(value, names)),
        _ => {}
    }
}

/// A text with other names in it.
fn renamed(text: &str, names: &[(String, String)]) -> String {
    let mut renamed = String::with_capacity(text.len());
    for token in tokens(text) {
        let name = names.iter().find(|(old, _)| old == token);
        renamed.push_str(name.map_or(token, |(_, new)| new));
    }
    renamed
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value as Json, json};

    use super::{Smaller, smaller};
    use crate::model::Size;

    fn params(value: Json) -> Map<String, Json> {
        let Json::Object(params) = value else {
            panic!("parameters are an object");
        };
        params
    }

    #[test]
    fn whoever_goes_takes_along_what_is_said_of_it() {
        let before =
            params(json!({ "participants": 3, "votes": ["yes", "no", "open"], "first": 2 }));
        let sizes = [Size::nodes("participants", "P").along(&["votes", "first"])];
        let all = smaller(&before, &sizes);
        assert_eq!(all.len(), 3);
        let Smaller { params: last, .. } = &all[0];
        assert_eq!(
            Json::Object(last.clone()),
            json!({ "participants": 2, "votes": ["yes", "no"], "first": 2 })
        );
        let second = &all[1];
        assert_eq!(
            Json::Object(second.params.clone()),
            json!({ "participants": 2, "votes": ["yes", "open"], "first": 1 })
        );
        assert_eq!(second.told("deliver C -> P2 Prepare"), None);
        assert_eq!(
            second.told("deliver P1 -> P3 Yes(1)").as_deref(),
            Some("deliver P1 -> P2 Yes(1)")
        );
    }

    #[test]
    fn clients_and_their_commands_are_lists_and_commands_name_servers() {
        let before = params(json!({ "servers": 2, "clients": [["add S2", "get x"], []] }));
        let all = smaller(
            &before,
            &[Size::nodes("clients", "C"), Size::nodes("servers", "S")],
        );
        let clients: Vec<Json> = all.iter().map(|s| s.params["clients"].clone()).collect();
        assert_eq!(
            clients,
            [
                json!([["add S2", "get x"]]),
                json!([[]]),
                json!([["add S2"], []]),
                json!([["get x"], []]),
                json!([["add S2", "get x"], []]),
                json!([["add S1", "get x"], []]),
            ]
        );
    }

    #[test]
    fn what_is_no_node_goes_down_by_half_or_by_one() {
        let before = params(json!({ "clients": { "commands": 10 }, "transactions": 1 }));
        let sizes = [Size::of("clients.commands"), Size::of("transactions")];
        let all = smaller(&before, &sizes);
        let commands: Vec<u64> = all[..2]
            .iter()
            .filter_map(|s| s.params["clients"]["commands"].as_u64())
            .collect();
        assert_eq!(commands, [5, 9]);
        assert_eq!(all[2].params["transactions"], json!(0));
    }
}
