//! JSON that can be reviewed: what fits on a line stays on one.

use serde::Serialize;
use serde_json::Value as Json;

/// The longest line that is not broken, if it can be.
const WIDTH: usize = 100;

/// A value as text.
pub fn layout(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).expect("what we write is plain data");
    let mut text = String::new();
    write(&value, 0, 0, &mut text);
    text.push('\n');
    text
}

/// Writes a value behind `before` characters of its line.
fn write(value: &Json, indent: usize, before: usize, text: &mut String) {
    let flat = value.to_string();
    let fits = indent + before + flat.chars().count() <= WIDTH;
    let inner = indent + 2;
    let next = |first: bool, text: &mut String| {
        text.push_str(if first { "\n" } else { ",\n" });
        text.extend(std::iter::repeat_n(' ', inner));
    };
    let end = |bracket: char, text: &mut String| {
        text.push('\n');
        text.extend(std::iter::repeat_n(' ', indent));
        text.push(bracket);
    };
    match value {
        Json::Array(items) if !fits => {
            text.push('[');
            for (nth, item) in items.iter().enumerate() {
                next(nth == 0, text);
                write(item, inner, 1, text);
            }
            end(']', text);
        }
        Json::Object(entries) if !fits => {
            text.push('{');
            for (nth, (key, item)) in entries.iter().enumerate() {
                next(nth == 0, text);
                let key = Json::String(key.clone()).to_string() + ": ";
                text.push_str(&key);
                write(item, inner, key.chars().count() + 1, text);
            }
            end('}', text);
        }
        _ => text.push_str(&flat),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::layout;

    #[test]
    fn what_fits_stays_on_a_line() {
        let long = "x".repeat(60);
        let value = json!({ "a": [1, 2, { "b": "c" }], "d": [long, long], "e": {} });
        let text = layout(&value);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            value
        );
        let first: Vec<&str> = text.lines().take(3).collect();
        assert_eq!(first, ["{", r#"  "a": [1,2,{"b":"c"}],"#, r#"  "d": ["#]);
        assert!(text.ends_with("  \"e\": {}\n}\n"));
    }
}
