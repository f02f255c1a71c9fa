//! JSON text as a tree in which every value knows its place.
//!
//! Syntax is judged by `serde_json`; this module finds out where everything stands, words the
//! complaints, and refuses what JSON leaves open: keys that appear twice, nesting without end.
//! It knows nothing of scenarios.

use serde::de::IgnoredAny;
use serde_json::Number;

use super::error::{Flaw, Span};
use crate::model::Few;

/// How deep lists and objects may be nested.
pub const DEPTH_MAX: usize = 64;

/// A JSON value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    pub span: Span,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    List(Vec<Tree>),
    /// Each key is a string.
    Object(Vec<(Tree, Tree)>),
}

impl Tree {
    pub fn parse(text: &str) -> Result<Self, Flaw> {
        if text.trim().is_empty() {
            return Err(Flaw::new("the file is empty")
                .advice("`jury new PROTOCOL` writes a scenario to start from"));
        }
        if text.starts_with('\u{feff}') {
            let span = Span { start: 0, end: 0 };
            return Err(Flaw::at(span, "the file starts with a byte order mark")
                .advice("save it as plain UTF-8"));
        }
        serde_json::from_str::<IgnoredAny>(text).map_err(|error| syntax(text, &error))?;
        let mut scanner = Scanner {
            text,
            at: 0,
            depth: 0,
        };
        scanner.value()
    }

    /// The value under a key, if this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Tree> {
        let Kind::Object(entries) = &self.kind else {
            return None;
        };
        let entry = entries.iter().find(|(k, _)| k.as_str() == Some(key));
        entry.map(|(_, value)| value)
    }

    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }
}

/// Walks text that is known to be JSON.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Scanner<'_> {
    fn peek(&mut self) -> u8 {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        bytes.get(self.at).copied().unwrap_or(0)
    }

    fn value(&mut self) -> Result<Tree, Flaw> {
        let first = self.peek();
        let start = self.at;
        let kind = match first {
            b'{' | b'[' => self.nested(first)?,
            b'"' => Kind::String(self.string()?),
            _ => self.plain()?,
        };
        let end = self.at;
        Ok(Tree {
            span: Span { start, end },
            kind,
        })
    }

    fn nested(&mut self, open: u8) -> Result<Kind, Flaw> {
        let start = self.at;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let span = Span {
                start,
                end: start + 1,
            };
            return Err(
                Flaw::at(span, format!("nested more than {DEPTH_MAX} levels deep"))
                    .label("too deep"),
            );
        }
        self.at += 1;
        let kind = if open == b'{' {
            self.object()?
        } else {
            self.list()?
        };
        self.depth -= 1;
        Ok(kind)
    }

    fn list(&mut self) -> Result<Kind, Flaw> {
        let mut items = Vec::new();
        while self.peek() != b']' {
            items.push(self.value()?);
            self.comma();
        }
        self.at += 1;
        Ok(Kind::List(items))
    }

    fn object(&mut self) -> Result<Kind, Flaw> {
        let mut entries = Vec::new();
        let mut seen = Few::new();
        while self.peek() != b'}' {
            let key = self.value()?;
            let name = key.as_str().unwrap_or_default();
            if !seen.insert(name.to_owned()) {
                let message = format!("the key `{name}` appears twice in this object");
                return Err(Flaw::at(key.span, message)
                    .label("again here")
                    .advice("keep one of the two"));
            }
            self.peek();
            self.at += 1;
            entries.push((key, self.value()?));
            self.comma();
        }
        self.at += 1;
        Ok(Kind::Object(entries))
    }

    fn comma(&mut self) {
        if self.peek() == b',' {
            self.at += 1;
        }
    }

    fn string(&mut self) -> Result<String, Flaw> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        self.at += 1;
        while bytes[self.at] != b'"' {
            self.at += if bytes[self.at] == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        self.decode(start)
    }

    fn plain(&mut self) -> Result<Kind, Flaw> {
        let start = self.at;
        let rest = &self.text[start..];
        let ends = |c: char| c.is_ascii_whitespace() || matches!(c, ',' | ']' | '}');
        self.at += rest.find(ends).unwrap_or(rest.len());
        Ok(match &self.text[start..self.at] {
            "null" => Kind::Null,
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            _ => Kind::Number(self.decode(start)?),
        })
    }

    /// What passes as JSON may still name no character and no number that exists.
    fn decode<T: serde::de::DeserializeOwned>(&self, start: usize) -> Result<T, Flaw> {
        let span = Span {
            start,
            end: self.at,
        };
        serde_json::from_str(&self.text[start..self.at])
            .map_err(|error| Flaw::at(span, format!("cannot be read: {}", message(&error))))
    }
}

/// What `serde_json` says, without the place that we show better.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text[..end].to_owned()
}

/// A complaint about syntax, with advice for the usual slips.
fn syntax(text: &str, error: &serde_json::Error) -> Flaw {
    let line = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1));
    let line_start: usize = line.map(str::len).sum();
    let start = (line_start + error.column().saturating_sub(1)).min(text.len());
    let start = (0..=start)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    let next = text[start..].chars().next();
    let span = Span {
        start,
        end: start + next.map_or(0, char::len_utf8),
    };
    let said = message(error);
    if error.is_eof() {
        let end = text.trim_end().len();
        let start = text[..end].char_indices().last().map_or(0, |(at, _)| at);
        let span = Span { start, end };
        return Flaw::at(span, "the file ends too early: something is left open")
            .label("the end")
            .advice("close every `{`, `[` and `\"`");
    }
    let flaw = |message: &str, label: &str, advice: &str| {
        Flaw::at(span, message).label(label).advice(advice)
    };
    match next {
        Some('/' | '#') => flaw(
            "JSON has no comments",
            "a comment?",
            "say it in `about` instead",
        ),
        Some('\'') => flaw(
            "JSON strings stand in double quotes",
            "a single quote",
            "write \"...\"",
        ),
        Some('}' | ']') if text[..start].trim_end().ends_with(',') => flaw(
            "JSON has no comma behind the last element",
            "nothing follows the comma",
            "remove the comma before this bracket",
        ),
        _ if said == "trailing characters" => flaw(
            "something follows the scenario",
            "left over",
            "one file holds one scenario, a single JSON object",
        ),
        _ if said.starts_with("expected `,`") => flaw(
            "a comma or a closing bracket is missing",
            "expected before this",
            "separate elements by commas",
        ),
        _ if said == "key must be a string" => flaw(
            "a key stands in double quotes",
            "not a key",
            "write \"key\": value",
        ),
        _ => Flaw::at(span, format!("this is not JSON: {said}")),
    }
}
