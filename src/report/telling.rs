//! What of a message has to be told even where there is room for little more than its kind: that a vote is
//! granted or denied, that an append carries entries.
//!
//! Invariant: read off the label, which is the `Debug` text of some value but may be anything.

use crate::model::FewMap;

/// The longest of it.
const TELLING_MAX: usize = 80;

/// The arguments of a label that may be telling.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Arguments {
    /// Words alone: `granted`, `pre-vote denied`; of a field that is true or false its name; what a message brings: `+1:put x 1`.
    always: Vec<String>,
    /// A word with a number, `matched 2`: telling if others of its kind have another word there.
    perhaps: Vec<String>,
}

impl Arguments {
    pub fn of(label: &str) -> Self {
        let mut arguments = Arguments::default();
        for argument in split(label) {
            let argument = argument.trim();
            let (name, value) = match argument.split_once(": ") {
                Some((name, value)) if is_word(name) => (name, value),
                _ => ("", argument),
            };
            match value {
                "true" if !name.is_empty() => arguments.always.push(name.to_owned()),
                "false" if !name.is_empty() => arguments.always.push(format!("not {name}")),
                "None" | "true" | "false" => {}
                value => arguments.add(value),
            }
        }
        arguments
    }

    fn add(&mut self, value: &str) {
        if let Some(brought) = value.find(" +") {
            self.always.push(value[brought + 1..].to_owned());
        } else if !value.is_empty() && value.split(' ').all(is_word) {
            self.always.push(value.to_owned());
        } else if let Some((word, _)) = value.split_once(' ')
            && is_word(word)
        {
            self.perhaps.push(value.to_owned());
        }
    }

    /// The words in front of numbers, each once.
    fn words(&self) -> impl Iterator<Item = &str> {
        self.perhaps.iter().map(|value| first(value))
    }
}

/// What the kinds of a trace have in common.
#[derive(Debug, Default)]
pub(super) struct Common {
    labels: FewMap<String, usize>,
    words: FewMap<(String, String), usize>,
}

impl Common {
    /// Takes in a label that was not seen before.
    pub fn see(&mut self, kind: &str, label: &str) {
        *self.labels.of(kind.to_owned()) += 1;
        for word in Arguments::of(label).words() {
            let key = (kind.to_owned(), word.to_owned());
            *self.words.of(key) += 1;
        }
    }

    /// What tells this message from others of its kind, in words: ` granted`; empty if nothing does.
    pub fn telling(&self, kind: &str, label: &str) -> String {
        let Arguments { always, perhaps } = Arguments::of(label);
        let perhaps = perhaps.iter().filter(|value| self.differs(kind, value));
        let mut told = String::new();
        for value in always.iter().chain(perhaps) {
            told.push(' ');
            told.extend(value.chars().take(TELLING_MAX));
        }
        told
    }

    /// The words of that alone, without what a message brings and without numbers: what sort of answer it is.
    pub fn sort_of_answer(&self, kind: &str, label: &str) -> Option<String> {
        let Arguments { always, perhaps } = Arguments::of(label);
        let mut words: Vec<&str> = always.iter().map(String::as_str).collect();
        words.retain(|word| !word.starts_with('+'));
        let differing = perhaps.iter().filter(|value| self.differs(kind, value));
        words.extend(differing.map(|value| first(value)));
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// Whether others of its kind have another word there.
    fn differs(&self, kind: &str, value: &str) -> bool {
        let all = self.labels.get(kind).copied().unwrap_or(0);
        let key = (kind.to_owned(), first(value).to_owned());
        self.words.get(&key).copied().unwrap_or(0) < all
    }
}

fn first(value: &str) -> &str {
    value.split(' ').next().unwrap_or(value)
}

fn is_word(text: &str) -> bool {
    let of_word = |c: char| c.is_alphabetic() || c == '-' || c == '_';
    text.starts_with(char::is_alphabetic) && text.chars().all(of_word)
}

/// What stands in the outer brackets of a label, at its commas.
fn split(label: &str) -> Vec<&str> {
    let Some(open) = label.find(['(', '{']) else {
        return Vec::new();
    };
    let inside = &label[open + 1..];
    let (mut depth, mut from) = (0_usize, 0);
    let mut parts = Vec::new();
    for (at, c) in inside.char_indices() {
        match c {
            '(' | '{' | '[' => depth += 1,
            ')' | '}' | ']' if depth == 0 => {
                parts.push(&inside[from..at]);
                return parts;
            }
            ')' | '}' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inside[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn telling(labels: &[&str]) -> Vec<String> {
        let mut common = Common::default();
        let kind = |label: &str| label[..label.find(['(', ' ']).unwrap_or(label.len())].to_owned();
        for label in labels {
            common.see(&kind(label), label);
        }
        let told = labels
            .iter()
            .map(|label| common.telling(&kind(label), label));
        told.collect()
    }

    #[test]
    fn a_word_alone_is_always_told() {
        assert_eq!(telling(&["Vote(1, granted)"]), [" granted"]);
        assert_eq!(
            telling(&["Vote { term: 1, granted: false }"]),
            [" not granted"]
        );
        assert_eq!(telling(&["State(1, Waiting)"]), [" Waiting"]);
        assert_eq!(
            telling(&["Promise(2, None)", "Prepare(1)", "Yes"]),
            ["", "", ""]
        );
    }

    #[test]
    fn a_word_with_a_number_is_told_where_others_have_another() {
        assert_eq!(telling(&["Appended(1, matched 2)"]), [""]);
        assert_eq!(
            telling(&["Appended(1, matched 2)", "Appended(1, conflict 1@2)"]),
            [" matched 2", " conflict 1@2"]
        );
    }

    #[test]
    fn what_a_message_brings_is_always_told() {
        assert_eq!(
            telling(&[
                "Append(1, 0@0, commit 0)",
                "Append(1, 0@0 +1:put x 1 +1:b, commit 0)"
            ]),
            ["", " +1:put x 1 +1:b"]
        );
    }

    #[test]
    fn whatever_a_label_says_is_answered() {
        for label in ["", "(", "A(", "A)", "A((,),", "é(投票, +)", "A(x: )"] {
            telling(&[label]);
        }
    }
}
