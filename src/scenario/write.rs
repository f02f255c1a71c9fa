//! JSON as a person would lay it out: on one line what fits there.

use serde_json::Value;

/// How long a line may get.
const COLUMNS_MAX: usize = 92;

/// The value over as many lines as it needs; the outermost object is always opened.
pub fn pretty(value: &Value) -> String {
    let mut text = String::new();
    put(value, 0, 0, &mut text);
    text.push('\n');
    text
}

/// Writes a value whose lines are indented by `indent`, behind `before` characters on its line.
fn put(value: &Value, indent: usize, before: usize, text: &mut String) {
    let line = inline(value);
    // A comma may follow.
    if indent > 0 && indent + before + line.chars().count() < COLUMNS_MAX {
        text.push_str(&line);
        return;
    }
    let inner = indent + 2;
    let mut open = |brackets: [char; 2], items: &mut dyn Iterator<Item = (String, &Value)>| {
        text.push(brackets[0]);
        for (at, (key, item)) in items.enumerate() {
            text.push_str(if at == 0 { "\n" } else { ",\n" });
            text.push_str(&" ".repeat(inner));
            text.push_str(&key);
            put(item, inner, key.chars().count(), text);
        }
        text.push('\n');
        text.push_str(&" ".repeat(indent));
        text.push(brackets[1]);
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            open(['[', ']'], &mut items.iter().map(|v| (String::new(), v)));
        }
        Value::Object(map) if !map.is_empty() => {
            let key = |key: &String| format!("{}: ", Value::from(key.as_str()));
            open(['{', '}'], &mut map.iter().map(|(k, v)| (key(k), v)));
        }
        _ => text.push_str(&line),
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) if !map.is_empty() => {
            let entry =
                |(k, v): (&String, &Value)| format!("{}: {}", Value::from(k.as_str()), inline(v));
            let entries: Vec<String> = map.iter().map(entry).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        other => other.to_string(),
    }
}
